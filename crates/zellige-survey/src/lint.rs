//! What a recipe gets wrong about the data it is for.
//!
//! In:     a checked recipe with its text; samples of its sources.
//! Out:    all [`Lint`]s in document order: those of the recipe alone, less those that the data refutes, and those that
//!         need data.
//! Keeps:  layers whose source was not sampled as they are.
//! Source: recipe 9, the lints that need data; recipe 3.6 for the texts of failing expressions.

use zellige_model::GeometryKind;
use zellige_recipe::expression::{Expression, Op, Term};
use zellige_recipe::raw::{self, NodeId, Value};
use zellige_recipe::recipe::{At, Layer, Recipe};
use zellige_recipe::{Checked, LayerPlan, Lint, LintCode};

use crate::forecast::Forecast;
use crate::is_same_source;
use crate::profile::Profile;
use crate::sample::Sample;
use crate::trial::{self, Trial};

mod blame;
mod names;

/// With fewer features a filter may keep all of them by chance.
const FEATURES_FOR_A_RULE: u64 = 10;

/// Looks for everything odd about a valid recipe and these samples.
#[must_use]
pub fn lint(text: &[u8], checked: &Checked, samples: &[Sample]) -> Vec<Lint> {
    let mut lints = checked.lints.clone();
    let (Ok(document), Some(recipe), Some(plan)) = (raw::parse(text), &checked.recipe, &checked.plan) else {
        return lints;
    };
    for (layer, plan) in recipe.layers.iter().zip(&plan.layers) {
        let Some(sample) = samples.iter().find(|sample| is_same_source(&plan.source, &sample.id)) else {
            continue;
        };
        let mut linter = Linter {
            value: document.value(layer.origin),
            layer,
            plan,
            sample,
            profile: Profile::of(sample),
            lints: Vec::new(),
        };
        linter.all();
        lints.retain(|lint| !linter.refutes(lint));
        lints.append(&mut linter.lints);
    }
    lints.sort_by_key(|lint| (lint.span.start, lint.code));
    lints
}

/// Adds to `lints` what is odd about a recipe in the light of a forecast.
#[must_use]
pub fn lint_forecast(text: &[u8], checked: &Checked, forecast: &Forecast, mut lints: Vec<Lint>) -> Vec<Lint> {
    let (Ok(document), Some(recipe)) = (raw::parse(text), &checked.recipe) else { return lints };
    for (layer, zooms) in recipe.layers.iter().zip(&forecast.layers) {
        let value = document.value(layer.origin);
        let order = value.member("tiles").and_then(|tiles| tiles.member("order"));
        let full: Vec<_> = zooms.iter().filter(|(_, zoom)| zoom.capped > 0).map(|(zoom, _)| *zoom).collect();
        let (Some(order), Some(name), Some((first, last))) =
            (order, &layer.tiles.order, full.first().zip(full.last()))
        else {
            continue;
        };
        lints.push(Lint {
            code: LintCode::OrderInFullTiles,
            message: format!(
                "tiles are full at zooms {first} to {last}, and order is ascending: \
                 features with the highest `{name}` are left out first"
            ),
            pointer: order.pointer(),
            span: order.span(),
            found: order.describe(),
            expected: "an attribute that is low where features matter, or tiles with room".to_owned(),
            hint: Some(format!(
                "when high numbers matter, order by their negative, made by features.attributes.set: [\"-\", [\"get\", {}]]",
                serde_json::Value::from(name.as_str())
            )),
        });
    }
    lints.sort_by_key(|lint| (lint.span.start, lint.code));
    lints
}

/// One layer and its data.
struct Linter<'l, 'd, 'a> {
    /// The JSON object of the layer.
    value: Value<'d, 'a>,
    layer: &'l Layer,
    plan: &'l LayerPlan,
    sample: &'l Sample,
    profile: Profile,
    lints: Vec<Lint>,
}

impl<'d, 'a> Linter<'_, 'd, 'a> {
    fn all(&mut self) {
        if self.is_empty() {
            return;
        }
        self.unknown_attributes();
        self.kinds();
        let trial = trial::run(self.plan, self.sample);
        for failure in &trial.failures {
            self.failure(failure, trial.n_tried);
        }
        self.filters(&trial);
    }

    fn at(&self, origin: NodeId) -> Value<'d, 'a> {
        self.value.other(origin)
    }

    fn add(&mut self, code: LintCode, value: Value<'_, '_>, message: String, expected: &str) -> &mut Lint {
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

    /// Returns how to call the features that were looked at: "of the source" or "of the sample".
    fn scope(&self) -> &'static str {
        if self.sample.is_whole() { "source" } else { "sample" }
    }

    /// Whether nothing of the source can reach the layer; says so.
    fn is_empty(&mut self) -> bool {
        let boxes = [("features.bbox", self.plan.features_bbox), ("tiles.bbox", self.plan.tiles_bbox)];
        let scope = self.scope();
        let outside = |bounds: zellige_model::LonLatBounds| {
            self.profile.bounds.is_some_and(|ours| {
                bounds.east < ours.west
                    || ours.east < bounds.west
                    || bounds.north < ours.south
                    || ours.north < bounds.south
            })
        };
        let missed = boxes.into_iter().find(|(_, bounds)| bounds.is_some_and(outside));
        let reason = match missed {
            None if self.profile.n_features > 0 => return false,
            None if self.sample.n_faults > 0 => "no line of its source is a feature".to_owned(),
            None => "its source has no features".to_owned(),
            Some((option, _)) => format!("the features of the {scope} lie outside of its {option}"),
        };
        let message = format!("layer `{}` would be empty: {reason}", self.layer.name);
        let value = self.value;
        let lint = self.add(LintCode::LayerWithoutFeatures, value, message, "features");
        lint.span = value.key_span().unwrap_or(lint.span.clone());
        "none".clone_into(&mut lint.found);
        true
    }

    fn filters(&mut self, trial: &Trial) {
        let layer = self.layer;
        if !trial.failures.is_empty() {
            return;
        }
        let n_kept = trial.n_kept.iter().sum();
        if let Some(filter) = &layer.features.filter {
            self.filter("filter", filter, trial.n_tried * trial.n_kept.len() as u64, n_kept);
        }
        if let (Some(filter), None) = (&layer.tiles.filter, &layer.tiles.union) {
            self.filter("tiles.filter", filter, n_kept, trial.n_kept_in_tiles.iter().sum());
        }
    }

    /// Judges a filter by how many features came in and went out, counted at every zoom.
    fn filter(&mut self, name: &str, filter: &At<Expression>, n_in: u64, n_out: u64) {
        let (value, scope) = (self.at(filter.origin), self.scope());
        if n_in > 0 && n_out == 0 {
            let message = format!("{name} keeps no feature of the {scope} at any zoom");
            self.add(LintCode::FilterKeepsNothing, value, message, "a filter that some features pass");
            return;
        }
        let asks = filter.value.literal().is_none() && !asks_kind_alone(&filter.value);
        if asks && n_in >= FEATURES_FOR_A_RULE && n_out == n_in {
            let message = format!("{name} keeps every feature of the {scope} at all zooms");
            self.add(LintCode::FilterKeepsEverything, value, message, "a filter that some features fail");
        }
    }

    /// Names options that do nothing to features of the kinds that there are.
    fn kinds(&mut self) {
        let (layer, scope) = (self.layer, self.scope());
        let (has_points, has_polygons) = (self.profile.n_points > 0, self.profile.n_polygons > 0);
        let unions = layer.tiles.union.iter().flat_map(|unions| &unions.value);
        let clusters = unions.clone().filter_map(|union| union.cluster).filter(|cluster| cluster.value);
        for cluster in clusters.filter(|_| !has_points) {
            let value = self.at(cluster.origin);
            let message = format!("cluster does nothing: no feature of the {scope} is a point");
            self.add(LintCode::ClusterWithoutPoints, value, message, "points");
        }
        let ours = layer.features.simplification.iter();
        let all = ours.chain(unions.filter_map(|union| union.simplification.as_ref()));
        let outward = all.filter_map(|it| it.value.outward_only.as_ref());
        for outward in outward.filter(|_| !has_polygons) {
            let value = self.at(outward.origin);
            let message = format!("outward_only does nothing: no feature of the {scope} is a polygon");
            self.add(LintCode::OutwardOnlyWithoutPolygons, value, message, "polygons");
        }
    }

    /// Whether the data shows that a lint of the recipe alone does not matter, or says the same again.
    fn refutes(&self, lint: &Lint) -> bool {
        let is_ours = lint.pointer == self.value.pointer()
            || lint.pointer.starts_with(&format!("{}/", self.value.pointer()));
        let is_moot = match lint.code {
            LintCode::CoarseAtMaxzoom => {
                self.sample.is_whole() && self.profile.only_kind() == Some(GeometryKind::Point)
            }
            LintCode::ClusterWithoutPoints | LintCode::OutwardOnlyWithoutPolygons => {
                self.lints.iter().any(|ours| ours.code == lint.code && ours.pointer == lint.pointer)
            }
            _ => false,
        };
        is_ours && is_moot
    }
}

/// Whether a filter compares the kind of geometry and nothing else.
fn asks_kind_alone(filter: &Expression) -> bool {
    let Term::Call { op: Op::Equal, args } = &filter.root().term else { return false };
    args.iter().any(|arg| matches!(filter.node(*arg).term, Term::Call { op: Op::GeometryType, .. }))
}

/// Returns the layers of a recipe whose source was not sampled.
#[must_use]
pub fn without_sample<'r>(recipe: &'r Recipe, samples: &[Sample]) -> Vec<&'r str> {
    let has_sample =
        |layer: &&Layer| samples.iter().any(|sample| is_same_source(&layer.source.value, &sample.id));
    let layers = recipe.layers.iter().filter(|layer| !has_sample(layer));
    layers.map(|layer| layer.name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use zellige_ingest::Source;
    use zellige_recipe::{Options, check as check_recipe};

    use super::*;
    use crate::sample::SAMPLE_BYTES_MAX;

    /// Twelve roads, of which the first has neither name nor lanes and the second has lanes as a text; all have a
    /// class.
    fn roads() -> Vec<u8> {
        let road = |n: usize| {
            let rest = match n {
                0 => String::new(),
                1 => r#", "name": "A", "lanes": "2""#.to_owned(),
                n => format!(r#", "name": "B", "lanes": {n}"#),
            };
            format!(
                r#"{{"type": "Feature", "properties": {{"class": "road"{rest}}},
                    "geometry": {{"type": "LineString", "coordinates": [[{n}, 0], [10, 10]]}}}}"#
            )
            .replace('\n', " ")
        };
        (0..12).map(road).collect::<Vec<_>>().join("\n").into_bytes()
    }

    fn lints(options: &str, data: Vec<u8>) -> (String, Vec<Lint>) {
        let text = format!(
            r#"{{"version": 1, "layers": {{"a": {{
                "source": "mapbox://tileset-source/acme/roads", "minzoom": 2, "maxzoom": 5, {options}}}}}}}"#
        );
        let checked = check_recipe(text.as_bytes(), &Options::default());
        assert_eq!(checked.wire_messages(), Vec::<&str>::new(), "{text}");
        let source = Source::new("roads").reader("roads.geojsonl", Box::new(std::io::Cursor::new(data)));
        let sample = Sample::take(source, SAMPLE_BYTES_MAX).unwrap();
        let lints = lint(text.as_bytes(), &checked, &[sample]);
        (text, lints)
    }

    /// Compares code, underlined text and hint of every lint about the roads.
    fn check(features: &str, tiles: &str, expected: &[[&str; 3]]) {
        let comma = if features.is_empty() { "" } else { ", " };
        let options =
            format!(r#""features": {{"simplification": 1{comma}{features}}}, "tiles": {{{tiles}}}"#);
        let (text, lints) = lints(&options, roads());
        let found: Vec<[&str; 3]> = lints
            .iter()
            .map(|it| [it.code.code(), &text[it.span.clone()], it.hint.as_deref().unwrap_or_default()])
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn recipe_that_suits_its_data_raises_no_question() {
        check("", "", &[]);
        check(
            r#""filter": ["==", ["get", "name"], "B"], "attributes": {"set": {"wide": [">", ["to-number", ["get", "lanes"], 0], 3]}}"#,
            r#""order": "wide", "limit": [["lowest_where", true, 5, "lanes"]]"#,
            &[],
        );
    }

    #[test]
    fn attributes_that_no_feature_has_are_named_once() {
        let all = "the attributes are \"class\", \"lanes\", \"name\"";
        check(
            r#""filter": ["any", ["has", "lane"], ["==", ["get", "lane"], 1], ["has", "name"]], "attributes": {"allowed_output": ["name", "clas"]}"#,
            r#""order": "potato""#,
            &[
                ["unknown-attribute", "[\"has\", \"lane\"]", "did you mean \"lanes\"?"],
                ["unknown-attribute", "\"clas\"", "did you mean \"class\"?"],
                ["unknown-attribute", "\"potato\"", all],
            ],
        );
        check(
            "",
            r#""limit": [["lowest_where", true, 5, "nam"]], "union": [{"group_by": ["names"], "aggregate": {"lines": "sum"}}]"#,
            &[
                ["unknown-attribute", "\"nam\"", "did you mean \"name\"?"],
                ["unknown-attribute", "\"names\"", "did you mean \"name\"?"],
                ["unknown-attribute", "\"lines\"", "did you mean \"lanes\"?"],
            ],
        );
    }

    #[test]
    fn expressions_that_would_end_the_job_are_blamed_and_guarded() {
        let ask = "ask first: [\"all\", [\"has\", \"lanes\"], …], or say what stands in: [\"coalesce\", [\"get\", \"lanes\"], 0]";
        check(
            r#""filter": ["any", false, ["<", ["get", "lanes"], 2]]"#,
            "",
            &[["expression-fails", "[\"<\", [\"get\", \"lanes\"], 2]", ask]],
        );
        check(
            r#""filter": ["all", ["has", "lanes"], ["<", ["get", "lanes"], 20]]"#,
            "",
            &[[
                "expression-fails",
                "[\"<\", [\"get\", \"lanes\"], 20]",
                "read the text as a number: [\"to-number\", [\"get\", \"lanes\"], 0]",
            ]],
        );
        check(
            "",
            r#""attributes": {"set": {"a": 1, "b": ["+", 1, ["get", "lanes"]]}}"#,
            &[["expression-fails", "[\"+\", 1, [\"get\", \"lanes\"]]", ask]],
        );
    }

    #[test]
    fn failing_expression_says_where_and_how_often() {
        let (_, lints) = lints(
            r#""features": {"simplification": 1, "filter": ["case", [">", ["zoom"], 3], [">", ["get", "lanes"], 1], true]}"#,
            roads(),
        );
        let [lint] = lints.as_slice() else { panic!("{lints:?}") };
        assert_eq!(
            lint.message,
            "features.filter would end the job: \
             [expression] greater than operator can not compare values of type 'null' and 'number'"
        );
        assert_eq!(
            lint.found,
            "no \"lanes\" in line 1 of roads.geojsonl, zoom 4; 2 of 12 features of the source"
        );
    }

    #[test]
    fn filters_that_decide_nothing_are_named() {
        let nothing = r#"["==", ["get", "class"], "rail"]"#;
        check(&format!(r#""filter": {nothing}"#), "", &[["filter-keeps-nothing", nothing, ""]]);
        check("", &format!(r#""filter": {nothing}"#), &[["filter-keeps-nothing", nothing, ""]]);
        let all = r#"["==", ["get", "class"], "road"]"#;
        check(&format!(r#""filter": {all}"#), "", &[["filter-keeps-everything", all, ""]]);
        check("", &format!(r#""filter": {all}"#), &[["filter-keeps-everything", all, ""]]);
        check(r#""filter": ["==", ["geometry-type"], "LineString"]"#, "", &[]);
        check(r#""filter": ["any", [">", ["zoom"], 3], ["has", "name"]]"#, "", &[]);
    }

    #[test]
    fn layers_that_nothing_can_reach_are_named() {
        check(r#""bbox": [-20, -20, -10, -10]"#, "", &[["layer-without-features", "\"a\"", ""]]);
        check("", r#""bbox": [20, 0, 30, 10]"#, &[["layer-without-features", "\"a\"", ""]]);
        let (_, lints) = lints(r#""features": {"simplification": 1}"#, b"no feature\n".to_vec());
        assert_eq!(lints[0].message, "layer `a` would be empty: no line of its source is a feature");
    }

    #[test]
    fn options_for_other_kinds_are_named() {
        check(
            "",
            r#""union": [{"cluster": true, "simplification": {"distance": 1, "outward_only": true}}]"#,
            &[["cluster-without-points", "true", ""], ["outward-only-without-polygons", "true", ""]],
        );
    }

    #[test]
    fn coarse_points_do_not_matter() {
        let point =
            br#"{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [1, 1]}}"#;
        assert_eq!(lints(r#""tiles": {}"#, point.to_vec()).1, []);
        assert_eq!(lints(r#""tiles": {}"#, roads()).1[0].code, LintCode::CoarseAtMaxzoom);
    }
}
