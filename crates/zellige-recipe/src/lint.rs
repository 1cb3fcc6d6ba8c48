//! What a recipe may do but seldom means; needs the recipe alone, no data.
//!
//! In:     a checked [`Recipe`] and the document it was read from.
//! Out:    [`Lint`]s in document order.
//! Source: recipe 9, the lints that need no data.

use zellige_model::Value as Constant;

use crate::expression::{Expression, Node, Op, Term, as_number};
use crate::problem::{Lint, LintCode};
use crate::raw::{Document, NodeId, Value};
use crate::recipe::{Amount, At, Layer, Recipe, Simplification, Union};

/// A `layer_size` below this many KiB makes ordinary tiles lose features.
const LAYER_KIB_ORDINARY: u32 = 250;

/// Upper bound of a whole tile unless the job raises it, KiB.
pub(crate) const TILE_KIB_MAX: u32 = 500;

/// Looks for everything odd.
pub(crate) fn lint(document: &Document<'_>, recipe: Option<&Recipe>) -> Vec<Lint> {
    let mut linter = Linter { document, lints: Vec::new() };
    linter.duplicates();
    if let Some(recipe) = recipe {
        linter.fillzoom(recipe);
        for layer in &recipe.layers {
            linter.layer(layer);
        }
    }
    linter.lints.sort_by_key(|lint| (lint.span.start, lint.code));
    linter.lints
}

struct Linter<'d, 'a> {
    document: &'d Document<'a>,
    lints: Vec<Lint>,
}

impl<'d, 'a> Linter<'d, 'a> {
    fn value(&self, origin: NodeId) -> Value<'d, 'a> {
        self.document.value(origin)
    }

    fn add(&mut self, code: LintCode, origin: NodeId, message: String, expected: &str) -> &mut Lint {
        let value = self.value(origin);
        self.lints.push(Lint {
            code,
            message,
            pointer: value.pointer(),
            span: value.span(),
            found: value.describe(),
            expected: expected.to_owned(),
            hint: None,
        });
        let last = self.lints.len() - 1;
        &mut self.lints[last]
    }

    fn duplicates(&mut self) {
        for value in self.document.duplicates() {
            let pointer = value.pointer();
            let span = value.key_span().unwrap_or(value.span());
            let lint = self.add(
                LintCode::DuplicateKey,
                value.id(),
                format!("`{pointer}` stands twice; the last one counts"),
                "each key once",
            );
            lint.span = span;
        }
    }

    fn fillzoom(&mut self, recipe: &Recipe) {
        let Some(fillzoom) = &recipe.fillzoom else { return };
        let Some(layer) = recipe.layers.iter().find(|layer| layer.maxzoom <= fillzoom.value) else { return };
        let message = format!(
            "fillzoom `{}` is not below maxzoom `{}` of layer `{}`",
            fillzoom.value, layer.maxzoom, layer.name
        );
        self.add(LintCode::FillzoomNotBelowMaxzoom, fillzoom.origin, message, "a zoom below every maxzoom");
    }

    fn layer(&mut self, layer: &Layer) {
        if layer.source.value.contains('{') {
            let message = format!("source `{}` has a placeholder", layer.source.value);
            self.add(LintCode::PlaceholderSource, layer.source.origin, message, "a user name");
        }
        for expression in layer.expressions() {
            self.expression(layer, expression);
        }
        self.hidden_filter_attributes(layer);
        self.unwritten_attributes(layer);
        for union in layer.tiles.union.iter().flat_map(|unions| &unions.value) {
            self.union(layer, union);
        }
        self.simplification(layer);
        self.tile_sizes(layer);
    }

    fn expression(&mut self, layer: &Layer, expression: &Expression) {
        for node in expression.nodes() {
            if let Term::Interpolate { .. } = node.term {
                self.undocumented(node, Op::Interpolate);
            }
            let Term::Call { op, args } = &node.term else { continue };
            if !op.is_documented() {
                self.undocumented(node, *op);
            }
            if let ([left, right], Some(compare)) = (args.as_slice(), comparison(*op)) {
                let sides = [expression.node(*left), expression.node(*right)];
                self.constants(node, sides);
                self.zoom_band(layer, node, sides, compare);
            }
        }
    }

    fn undocumented(&mut self, node: &Node, op: Op) {
        let message = format!("operator `{}` is not documented for recipes", op.name());
        let lint = self.add(LintCode::UndocumentedOperator, node.origin, message, "a documented operator");
        lint.hint = Some("a hosted service may refuse it".to_owned());
    }

    fn constants(&mut self, node: &Node, sides: [&Node; 2]) {
        let [Term::Literal(left), Term::Literal(right)] = sides.map(|side| &side.term) else { return };
        let text = [left, right].into_iter().find_map(|side| match side {
            Constant::String(text) => Some(text.as_str()),
            _ => None,
        });
        let is_number = [left, right].into_iter().any(|side| as_number(side).is_some());
        if text == Some("zoom") && is_number {
            let message = "the text `zoom` is compared with a number".to_owned();
            let lint = self.add(LintCode::ZoomAsText, node.origin, message, "the zoom of the tile");
            lint.hint = Some("write [\"zoom\"] for the zoom".to_owned());
            return;
        }
        let message = "two constants are compared, so the result is always the same".to_owned();
        let lint = self.add(LintCode::ConstantComparison, node.origin, message, "an attribute or the zoom");
        lint.hint = match text {
            Some("$type") => Some("write [\"geometry-type\"] for the kind of geometry".to_owned()),
            Some("$id") => Some("write [\"id\"] for the id".to_owned()),
            Some(text) => Some(format!("write [\"get\", \"{text}\"] for the attribute")),
            None => None,
        };
    }

    fn zoom_band(&mut self, layer: &Layer, node: &Node, sides: [&Node; 2], compare: fn(f64, f64) -> bool) {
        let number = |side: &Node| match &side.term {
            Term::Literal(value) => as_number(value),
            _ => None,
        };
        let is_zoom = |side: &Node| matches!(side.term, Term::Call { op: Op::Zoom, .. });
        let [left, right] = sides;
        let result = |zoom: f64| match (number(left), number(right)) {
            (None, Some(right)) if is_zoom(left) => Some(compare(zoom, right)),
            (Some(left), None) if is_zoom(right) => Some(compare(left, zoom)),
            _ => None,
        };
        let mut zooms = layer.minzoom.to(layer.maxzoom).map(|zoom| result(f64::from(zoom.get())));
        let Some(Some(first)) = zooms.next() else { return };
        // A layer of one zoom compares with constants because a generator wrote it.
        if layer.minzoom == layer.maxzoom || zooms.any(|result| result != Some(first)) {
            return;
        }
        let message = format!(
            "the comparison is {first} at all zooms of the layer, {} to {}",
            layer.minzoom, layer.maxzoom
        );
        self.add(LintCode::ZoomOutsideLayer, node.origin, message, "a zoom between minzoom and maxzoom");
    }

    fn hidden_filter_attributes(&mut self, layer: &Layer) {
        let Some(filter) = &layer.features.filter else { return };
        for assignment in layer.features.set.iter().flat_map(|set| &set.value) {
            let is_constant = assignment.value.value.literal().is_some();
            if is_constant && filter.value.attributes().any(|name| name == assignment.name) {
                let message =
                    format!("attribute `{}` is a constant before the filter asks for it", assignment.name);
                let lint = self.add(
                    LintCode::SetHidesFilterAttribute,
                    assignment.value.origin,
                    message,
                    "an attribute that the filter does not use",
                );
                lint.hint = Some("leave it, and choose what is written with \"allowed_output\"".to_owned());
            }
        }
    }

    fn unwritten_attributes(&mut self, layer: &Layer) {
        let Some(allowed) = &layer.features.allowed_output else { return };
        let sets = layer.tiles.set.iter().flat_map(|set| &set.value);
        let mut made: Vec<(&str, NodeId)> =
            sets.map(|entry| (entry.name.as_str(), entry.value.origin)).collect();
        for union in layer.tiles.union.iter().flat_map(|unions| &unions.value) {
            if let Some(names) = &union.group_by {
                made.extend(names.value.iter().map(|name| (name.as_str(), names.origin)));
            }
            made.extend(union.aggregate.iter().map(|(name, _)| (name.value.as_str(), name.origin)));
        }
        for (name, origin) in made {
            if !allowed.iter().any(|allowed| allowed == name) {
                let message = format!("attribute `{name}` is not in allowed_output, so it is not written");
                let lint =
                    self.add(LintCode::AttributeNotWritten, origin, message, "a name of allowed_output");
                lint.hint = Some("add it to \"allowed_output\" unless it is a means only".to_owned());
            }
        }
    }

    fn union(&mut self, layer: &Layer, union: &Union) {
        let grouped = union.group_by.iter().flat_map(|names| &names.value);
        for name in grouped {
            if let Some((aggregate, _)) =
                union.aggregate.iter().find(|(aggregate, _)| &aggregate.value == name)
            {
                let message =
                    format!("attribute `{name}` is grouped by and aggregated; the aggregate is written");
                self.add(LintCode::GroupedAndAggregated, aggregate.origin, message, "one of the two");
            }
        }
        let is_cluster = union.cluster.is_some_and(|cluster| cluster.value);
        if let Some(count) = union.region_count.filter(|_| !is_cluster) {
            let message = "region_count does nothing without cluster".to_owned();
            self.add(
                LintCode::RegionCountWithoutCluster,
                count.origin,
                message,
                "\"cluster\": true beside it",
            );
        }
        let kind = only_kind(union.filter.as_ref()).or_else(|| only_kind(layer.features.filter.as_ref()));
        if let (Some(cluster), true, Some(kind)) = (union.cluster, is_cluster, kind)
            && kind != "Point"
        {
            let message = format!("cluster does nothing to features that are all {kind}");
            self.add(LintCode::ClusterWithoutPoints, cluster.origin, message, "points");
        }
    }

    fn simplification(&mut self, layer: &Layer) {
        let kind = only_kind(layer.features.filter.as_ref());
        let written = layer.features.simplification.as_ref();
        if let Some(written) = written {
            self.long_form(written, kind);
        }
        for union in layer.tiles.union.iter().flat_map(|unions| &unions.value) {
            if let Some(written) = &union.simplification {
                self.long_form(written, kind);
            }
        }
        if kind == Some("Point") {
            return;
        }
        let (units, origin) = match written.map(|written| (&written.value.distance, written.origin)) {
            None => (4.0, layer.origin),
            Some((None, origin)) => (4.0, origin),
            Some((Some(At { value: Amount::Number(units), origin }), _)) => (*units, *origin),
            Some((Some(At { value: Amount::Expression(_), .. }), _)) => return,
        };
        if 1.0 < units {
            let by_default = if written.is_none() { " by default" } else { "" };
            let message = format!(
                "simplification is {units} units{by_default} at maxzoom `{}`, which overzoomed tiles show",
                layer.maxzoom
            );
            let key = self.value(origin).key_span();
            let lint = self.add(LintCode::CoarseAtMaxzoom, origin, message, "at most 1 at maxzoom");
            lint.span = key.unwrap_or(lint.span.clone());
            if written.is_none() {
                "no simplification".clone_into(&mut lint.found);
            }
            lint.hint = Some("write 1 or less, or an expression that is so at maxzoom".to_owned());
        }
    }

    fn long_form(&mut self, written: &At<Simplification>, kind: Option<&str>) {
        if written.value.distance.is_none() {
            let message = "simplification without distance takes the default of 4 units".to_owned();
            self.add(LintCode::DistanceByDefault, written.origin, message, "a distance");
        }
        if let (Some(outward), Some(kind)) = (&written.value.outward_only, kind)
            && kind != "Polygon"
        {
            let message = format!("outward_only does nothing to features that are all {kind}");
            self.add(LintCode::OutwardOnlyWithoutPolygons, outward.origin, message, "polygons");
        }
    }

    fn tile_sizes(&mut self, layer: &Layer) {
        let tiles = &layer.tiles;
        if let Some(size) = tiles.layer_size {
            let kib = size.value;
            if kib < LAYER_KIB_ORDINARY {
                let message =
                    format!("layer_size `{kib}` is below 250 KiB, so ordinary tiles may lose features");
                self.add(LintCode::SmallLayerSize, size.origin, message, "250 or more");
            }
            if TILE_KIB_MAX < kib {
                let message = format!("layer_size `{kib}` is above the tile limit of {TILE_KIB_MAX} KiB");
                let lint = self.add(LintCode::LayerSizeAboveTileLimit, size.origin, message, "500 or less");
                lint.hint = Some(format!("it helps only when the job raises the tile limit to {kib} KiB"));
            }
        }
        if let Some(At { value: Amount::Number(extent), origin }) = &tiles.extent
            && !extent.get().is_power_of_two()
        {
            let message = format!("extent `{}` is no power of two", extent.get());
            self.add(LintCode::ExtentNotPowerOfTwo, *origin, message, "1024, 2048, 4096 or 8192");
        }
        let extent = tiles.extent.as_ref().map(|at| (at.value.expression(), at.origin));
        let buffer = tiles.buffer_size.as_ref().map(|at| (at.value.expression(), at.origin));
        for (name, option) in [("extent", extent), ("buffer_size", buffer)] {
            if let Some((Some(expression), origin)) = option
                && expression.uses_feature()
            {
                let message = format!("{name} asks for a feature, and a tile has none of its own");
                self.add(LintCode::FeatureInTileSize, origin, message, "an expression of the zoom");
            }
        }
    }
}

/// Returns the kind of geometry that a filter lets pass, when it is one kind and nothing else is asked.
fn only_kind(filter: Option<&At<Expression>>) -> Option<&str> {
    let expression = &filter?.value;
    let Term::Call { op: Op::Equal, args } = &expression.root().term else { return None };
    let [left, right] = args.as_slice() else { return None };
    let is_kind = |term: &Term| matches!(term, Term::Call { op: Op::GeometryType, .. });
    if is_kind(&expression.node(*left).term) {
        expression.text(*right)
    } else if is_kind(&expression.node(*right).term) {
        expression.text(*left)
    } else {
        None
    }
}

/// Returns what a comparing operator does to numbers.
fn comparison(op: Op) -> Option<fn(f64, f64) -> bool> {
    match op {
        Op::Equal => Some(|a, b| (a - b).abs() == 0.0),
        Op::NotEqual => Some(|a, b| (a - b).abs() != 0.0),
        Op::Less => Some(|a, b| a < b),
        Op::Greater => Some(|a, b| a > b),
        Op::LessOrEqual => Some(|a, b| a <= b),
        Op::GreaterOrEqual => Some(|a, b| a >= b),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::{Options, check as check_recipe};

    /// Compares code and underlined text of every lint.
    fn check(text: &str, expected: &[(&str, &str)]) {
        let checked = check_recipe(text.as_bytes(), &Options::default());
        assert_eq!(checked.wire_messages(), Vec::<&str>::new(), "{text}");
        let found: Vec<_> =
            checked.lints.iter().map(|lint| (lint.code.code(), &text[lint.span.clone()])).collect();
        assert_eq!(found, expected, "{text}");
    }

    fn layer(features: &str, tiles: &str) -> String {
        format!(
            r#"{{"version": 1, "layers": {{"a": {{
                "source": "mapbox://tileset-source/acme/data", "minzoom": 2, "maxzoom": 5,
                "features": {{{features}}}, "tiles": {{{tiles}}}
            }}}}}}"#
        )
    }

    /// Checks a layer whose simplification raises no question.
    fn check_fine(features: &str, tiles: &str, expected: &[(&str, &str)]) {
        let comma = if features.is_empty() { "" } else { ", " };
        check(&layer(&format!(r#""simplification": 1{comma}{features}"#), tiles), expected);
    }

    #[test]
    fn plain_layer_raises_no_question() {
        check_fine("", "", &[]);
    }

    #[test]
    fn comparisons_of_constants() {
        check_fine(
            r#""filter": ["==", "class", "rail"]"#,
            "",
            &[("constant-comparison", r#"["==", "class", "rail"]"#)],
        );
        check_fine(r#""filter": ["==", "zoom", 3]"#, "", &[("zoom-as-text", r#"["==", "zoom", 3]"#)]);
        check_fine(r#""filter": ["==", ["get", "class"], "rail"]"#, "", &[]);
    }

    #[test]
    fn zoom_bands_outside_the_layer() {
        check_fine(r#""filter": [">", ["zoom"], 5]"#, "", &[("zoom-outside-layer", r#"[">", ["zoom"], 5]"#)]);
        check_fine(
            r#""filter": ["<=", 2, ["zoom"]]"#,
            "",
            &[("zoom-outside-layer", r#"["<=", 2, ["zoom"]]"#)],
        );
        check_fine(
            r#""filter": ["==", ["zoom"], 9]"#,
            "",
            &[("zoom-outside-layer", r#"["==", ["zoom"], 9]"#)],
        );
        check_fine(r#""filter": [">", ["zoom"], 4]"#, "", &[]);
    }

    #[test]
    fn undocumented_operators() {
        check_fine(
            r#""filter": ["in", "a", ["get", "b"]]"#,
            "",
            &[("undocumented-operator", r#"["in", "a", ["get", "b"]]"#)],
        );
        check_fine(
            "",
            r#""buffer_size": ["interpolate", ["linear"], ["zoom"], 0, 1, 5, 2]"#,
            &[("undocumented-operator", r#"["interpolate", ["linear"], ["zoom"], 0, 1, 5, 2]"#)],
        );
    }

    #[test]
    fn attributes_that_come_too_late_or_go_too_early() {
        check_fine(
            r#""filter": ["has", "low"], "attributes": {"set": {"low": null, "n": ["get", "low"]}}"#,
            "",
            &[("set-hides-filter-attribute", "null")],
        );
        check_fine(
            r#""attributes": {"allowed_output": ["n"]}"#,
            r#""union": [{"group_by": ["k"], "aggregate": {"n": "sum", "m": "max"}}], "attributes": {"set": {"t": 1}}"#,
            &[
                ("attribute-not-written", r#"["k"]"#),
                ("attribute-not-written", "\"max\""),
                ("attribute-not-written", "1"),
            ],
        );
    }

    #[test]
    fn unions_that_do_less_than_they_say() {
        check_fine(
            "",
            r#""union": [{"group_by": ["n"], "aggregate": {"n": "sum"}, "region_count": 16}]"#,
            &[("grouped-and-aggregated", "\"sum\""), ("region-count-without-cluster", "16")],
        );
        check_fine(
            "",
            r#""union": [{"where": ["==", ["geometry-type"], "LineString"], "cluster": true}]"#,
            &[("cluster-without-points", "true")],
        );
    }

    #[test]
    fn simplification_that_is_coarse_or_does_nothing() {
        check(&layer("", ""), &[("coarse-at-maxzoom", "\"a\"")]);
        check(&layer(r#""simplification": 2"#, ""), &[("coarse-at-maxzoom", "\"simplification\"")]);
        check(&layer(r#""filter": ["==", ["geometry-type"], "Point"]"#, ""), &[]);
        check(
            &layer(
                r#""filter": ["==", "Point", ["geometry-type"]], "simplification": {"outward_only": true}"#,
                "",
            ),
            &[
                ("distance-by-default", r#"{"outward_only": true}"#),
                ("outward-only-without-polygons", "true"),
            ],
        );
    }

    #[test]
    fn sizes_of_tiles() {
        check_fine("", r#""layer_size": 249"#, &[("small-layer-size", "249")]);
        check_fine("", r#""layer_size": 500"#, &[]);
        check_fine("", r#""layer_size": 501"#, &[("layer-size-above-tile-limit", "501")]);
        check_fine("", r#""extent": 4000"#, &[("extent-not-power-of-two", "4000")]);
        check_fine(
            "",
            r#""extent": ["coalesce", ["get", "n"], 4096]"#,
            &[("feature-in-tile-size", r#"["coalesce", ["get", "n"], 4096]"#)],
        );
    }

    #[test]
    fn oddities_of_the_whole_recipe() {
        let text = layer(r#""simplification": 1"#, "").replace("\"version\"", "\"fillzoom\": 5, \"version\"");
        check(&text, &[("fillzoom-not-below-maxzoom", "5")]);
        let text = layer(r#""simplification": 1, "simplification": 0"#, "");
        check(&text, &[("duplicate-key", "\"simplification\"")]);
        let text = layer(r#""simplification": 1"#, "").replace("acme", "{username}");
        check(&text, &[("placeholder-source", "\"mapbox://tileset-source/{username}/data\"")]);
    }
}
