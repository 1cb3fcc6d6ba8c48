//! A checked recipe to a plan: every default filled in, every number resolved for every zoom.
//!
//! In:     a [`Recipe`] without problems.
//! Out:    a [`Plan`], or one refusal for each option that the engine does not do yet.
//! Keeps:  layers in document order; no option is left out without a word.
//! Source: recipe 2; `layer_size` is 500 KiB unless it is given.

use zellige_model::{Extent, Value as Constant, Zoom};

use crate::expression::{Expression, as_number};
use crate::lint::TILE_KIB_MAX;
use crate::plan::{Ids, LayerPlan, Output, Plan, ZoomPlan};
use crate::problem::Problem;
use crate::raw::{Document, NodeId, Value};
use crate::recipe::{Amount, At, Features, Layer, Recipe, Simplification, Tiles};

/// Distance below which vertices may go unless the recipe says otherwise, units.
const TOLERANCE_UNITS: f64 = 4.0;
/// The largest distance; expressions beyond it mean this one.
const TOLERANCE_UNITS_MAX: f64 = 4_096.0;
/// Buffer around a tile unless the recipe says otherwise, percent of the tile side.
const BUFFER_PERCENT: f64 = 0.5;
/// Upper bound of a layer in a tile unless the recipe says otherwise, KiB.
const LAYER_KIB: u32 = TILE_KIB_MAX;

/// Fills the plan.
///
/// # Errors
///
/// What the engine does not do yet, in document order.
pub(crate) fn resolve(
    document: &Document<'_>,
    written: Value<'_, '_>,
    recipe: &Recipe,
) -> Result<Plan, Vec<Problem>> {
    let mut resolver = Resolver { document, refusals: Vec::new() };
    if let Some(At { value: true, origin }) = recipe.incremental {
        resolver.refuse("incremental", origin, "false");
    }
    let layers = recipe.layers.iter().map(|layer| resolver.layer(layer)).collect();
    if resolver.refusals.is_empty() {
        return Ok(Plan {
            layers,
            fillzoom: recipe.fillzoom.map(|fillzoom| fillzoom.value),
            recipe: written.to_json(),
        });
    }
    resolver.refusals.sort_by_key(|refusal| refusal.span.start);
    Err(resolver.refusals)
}

struct Resolver<'d, 'a> {
    document: &'d Document<'a>,
    refusals: Vec<Problem>,
}

impl Resolver<'_, '_> {
    fn refuse(&mut self, what: &str, origin: NodeId, expected: &str) {
        let value = self.document.value(origin);
        self.refusals.push(Problem {
            message: format!("{what} is not supported yet"),
            reason: None,
            pointer: value.pointer(),
            span: value.key_span().map_or(value.span(), |key| key.start..value.span().end),
            found: value.describe(),
            expected: expected.to_owned(),
            hint: None,
        });
    }

    fn layer(&mut self, layer: &Layer) -> LayerPlan {
        let Layer { name, origin: _, source, minzoom, maxzoom, features, tiles } = layer;
        let path = format!("layers.{name}");
        let tolerance_units = self.features(features, &format!("{path}.features"));
        let tile_sizes = self.tiles(tiles, &format!("{path}.tiles"));
        let output = features.allowed_output.clone().map_or(Output::All, Output::Only);
        LayerPlan {
            name: name.clone(),
            source: source.value.clone(),
            minzoom: *minzoom,
            maxzoom: *maxzoom,
            zooms: minzoom.to(*maxzoom).map(|zoom| zoom_plan(zoom, tile_sizes, tolerance_units)).collect(),
            features_bbox: features.bbox,
            tiles_bbox: tiles.bbox,
            output,
            order: tiles.order.clone(),
            remove_filled: tiles.remove_filled.as_ref().is_some_and(|filled| is_constant(filled, true)),
            ids: if tiles.id.is_some() { Ids::None } else { Ids::Feature },
            layer_bytes_max: tiles.layer_size.map_or(LAYER_KIB, |size| size.value) * 1024,
        }
    }

    /// Returns the tolerance in units.
    fn features(&mut self, features: &Features, path: &str) -> f64 {
        let Features { id, bbox: _, zoom_element, set, allowed_output: _, filter, simplification } = features;
        if let Some(id) = id {
            self.refuse(
                &format!("{path}.id"),
                id.origin,
                "no id option, so that the id of the feature is written",
            );
        }
        if let Some(names) = zoom_element.as_ref().filter(|names| !names.value.is_empty()) {
            self.refuse(&format!("{path}.attributes.zoom_element"), names.origin, "[]");
        }
        if let Some(set) = set.as_ref().filter(|set| !set.value.is_empty()) {
            self.refuse(&format!("{path}.attributes.set"), set.origin, "{}");
        }
        self.filter(filter.as_ref(), path);
        simplification.as_ref().map_or(TOLERANCE_UNITS, |written| self.simplification(written, path))
    }

    fn simplification(&mut self, written: &At<Simplification>, path: &str) -> f64 {
        let Simplification { distance, outward_only } = &written.value;
        if let Some(outward) = outward_only.as_ref().filter(|outward| !is_constant(outward, false)) {
            self.refuse(&format!("{path}.simplification.outward_only"), outward.origin, "false");
        }
        let Some(At { value: amount, origin }) = distance else { return TOLERANCE_UNITS };
        let constant = self.number(amount, *origin, &format!("{path}.simplification"));
        constant.map_or(TOLERANCE_UNITS, |units| units.clamp(0.0, TOLERANCE_UNITS_MAX))
    }

    fn tiles(&mut self, tiles: &Tiles, path: &str) -> TileSizes {
        let Tiles {
            bbox: _,
            extent,
            buffer_size,
            limit,
            union,
            filter,
            set,
            order: _,
            remove_filled,
            id,
            layer_size: _,
        } = tiles;
        if let Some(limit) = limit.as_ref().filter(|limit| !limit.value.is_empty()) {
            self.refuse(&format!("{path}.limit"), limit.origin, "[]");
        }
        if let Some(union) = union.as_ref().filter(|union| !union.value.is_empty()) {
            self.refuse(&format!("{path}.union"), union.origin, "[]");
        }
        self.filter(filter.as_ref(), path);
        if let Some(set) = set.as_ref().filter(|set| !set.value.is_empty()) {
            self.refuse(&format!("{path}.attributes.set"), set.origin, "{}");
        }
        if let Some(filled) = remove_filled.as_ref().filter(|filled| filled.value.literal().is_none()) {
            self.refuse(&format!("{path}.remove_filled as an expression"), filled.origin, "true or false");
        }
        if let Some(id) = id.as_ref().filter(|id| id.value.literal() != Some(&Constant::Null)) {
            self.refuse(&format!("{path}.id"), id.origin, "null");
        }
        TileSizes {
            extent: self.extent(extent.as_ref(), path),
            buffer_percent: self.buffer_percent(buffer_size.as_ref(), path),
        }
    }

    fn extent(&mut self, written: Option<&At<Amount<Extent>>>, path: &str) -> Extent {
        let Some(At { value: amount, origin }) = written else { return Extent::DEFAULT };
        let units = match amount {
            Amount::Number(extent) => return *extent,
            Amount::Expression(expression) => expression.literal().and_then(as_number),
        };
        let extent = units.filter(|units| units.fract() == 0.0).and_then(|units| Extent::new(units as u32));
        if extent.is_none() {
            self.refuse(&format!("{path}.extent as an expression"), *origin, "a number");
        }
        extent.unwrap_or(Extent::DEFAULT)
    }

    fn buffer_percent(&mut self, written: Option<&At<Amount<f64>>>, path: &str) -> f64 {
        let Some(At { value: amount, origin }) = written else { return BUFFER_PERCENT };
        self.number(amount, *origin, &format!("{path}.buffer_size"))
            .map_or(BUFFER_PERCENT, |percent| percent.clamp(0.0, 100.0))
    }

    /// Returns a number that is the same for every zoom and feature.
    fn number(&mut self, amount: &Amount<f64>, origin: NodeId, path: &str) -> Option<f64> {
        let number = match amount {
            Amount::Number(number) => Some(*number),
            Amount::Expression(expression) => expression.literal().and_then(as_number),
        };
        if number.is_none() {
            self.refuse(&format!("{path} as an expression"), origin, "a number");
        }
        number
    }

    fn filter(&mut self, filter: Option<&At<Expression>>, path: &str) {
        if let Some(filter) = filter.filter(|filter| !is_constant(filter, true)) {
            self.refuse(&format!("{path}.filter"), filter.origin, "true");
        }
    }
}

/// What the tiles of a layer have in common.
#[derive(Clone, Copy)]
struct TileSizes {
    extent: Extent,
    buffer_percent: f64,
}

/// Resolves one zoom; the numbers that the plan covers are the same at all of them.
fn zoom_plan(_zoom: Zoom, sizes: TileSizes, tolerance_units: f64) -> ZoomPlan {
    let side = f64::from(sizes.extent.get());
    ZoomPlan {
        extent: sizes.extent,
        buffer_units: (side * sizes.buffer_percent / 100.0).round() as u32,
        tolerance_units,
    }
}

fn is_constant(expression: &At<Expression>, value: bool) -> bool {
    expression.value.literal() == Some(&Constant::Bool(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, check as check_recipe};

    fn layer(options: &str) -> String {
        format!(
            r#"{{"version": 1, "layers": {{"a": {{
                "source": "mapbox://tileset-source/acme/data", "minzoom": 2, "maxzoom": 4{options}
            }}}}}}"#
        )
    }

    fn plan(options: &str) -> LayerPlan {
        let checked = check_recipe(layer(options).as_bytes(), &Options::default());
        assert_eq!(checked.unsupported, []);
        checked.plan.unwrap().layers.remove(0)
    }

    /// Compares the refusals of an option.
    fn check(options: &str, expected: &[&str]) {
        let checked = check_recipe(layer(options).as_bytes(), &Options::default());
        assert!(checked.is_valid() && checked.plan.is_none(), "{options}");
        let found: Vec<&str> = checked.unsupported.iter().map(|refusal| refusal.message.as_str()).collect();
        assert_eq!(found, expected, "{options}");
    }

    #[test]
    fn defaults_are_filled_in() {
        let zoom = ZoomPlan { extent: Extent::DEFAULT, buffer_units: 20, tolerance_units: 4.0 };
        let expected = LayerPlan {
            name: zellige_model::LayerName::new("a").unwrap(),
            source: "mapbox://tileset-source/acme/data".to_owned(),
            minzoom: Zoom::new(2).unwrap(),
            maxzoom: Zoom::new(4).unwrap(),
            zooms: vec![zoom; 3],
            features_bbox: None,
            tiles_bbox: None,
            output: Output::All,
            order: None,
            remove_filled: false,
            ids: Ids::Feature,
            layer_bytes_max: 512_000,
        };
        assert_eq!(plan(""), expected);
    }

    #[test]
    fn options_that_mean_nothing_change_nothing() {
        let nothing = r#", "features": {"filter": true, "attributes": {"zoom_element": [], "set": {}},
            "simplification": {"outward_only": false}},
            "tiles": {"limit": [], "union": [], "filter": true, "attributes": {"set": {}}, "remove_filled": false}"#;
        assert_eq!(plan(nothing), plan(""));
    }

    #[test]
    fn covered_options_reach_the_plan() {
        let made = plan(
            r#", "features": {"bbox": [1, 2, 3, 4], "simplification": 0.5, "attributes": {"allowed_output": ["n"]}},
            "tiles": {"bbox": [5, 6, 7, 8], "extent": 1024, "buffer_size": 1.5, "order": "n", "remove_filled": true,
            "id": null, "layer_size": 2}"#,
        );
        let zoom = ZoomPlan { extent: Extent::new(1024).unwrap(), buffer_units: 15, tolerance_units: 0.5 };
        assert_eq!(made.zooms, [zoom; 3]);
        assert_eq!(
            made.features_bbox.map(|bbox| [bbox.west, bbox.south, bbox.east, bbox.north]),
            Some([1.0, 2.0, 3.0, 4.0])
        );
        assert_eq!(made.tiles_bbox.map(|bbox| bbox.north), Some(8.0));
        assert_eq!((made.output, made.order), (Output::Only(vec!["n".to_owned()]), Some("n".to_owned())));
        assert_eq!((made.remove_filled, made.ids, made.layer_bytes_max), (true, Ids::None, 2_048));
    }

    #[test]
    fn constants_written_as_expressions_count() {
        let made = plan(
            r#", "features": {"simplification": ["literal", 9999]},
            "tiles": {"extent": ["literal", 512], "buffer_size": ["literal", 10]}"#,
        );
        let zoom = ZoomPlan { extent: Extent::new(512).unwrap(), buffer_units: 51, tolerance_units: 4_096.0 };
        assert_eq!(made.zooms, [zoom; 3]);
    }

    #[test]
    fn what_is_not_done_yet_is_refused_by_name() {
        check(
            r#", "features": {"id": ["get", "a"], "filter": false, "simplification": ["zoom"],
            "attributes": {"zoom_element": ["a"], "set": {"b": 1}}}"#,
            &[
                "layers.a.features.id is not supported yet",
                "layers.a.features.filter is not supported yet",
                "layers.a.features.simplification as an expression is not supported yet",
                "layers.a.features.attributes.zoom_element is not supported yet",
                "layers.a.features.attributes.set is not supported yet",
            ],
        );
        check(
            r#", "tiles": {"extent": ["zoom"], "buffer_size": ["zoom"], "limit": [["lowest_where", true, 1, null]],
            "union": [{}], "filter": ["has", "a"], "attributes": {"set": {"b": 1}}, "remove_filled": ["has", "a"],
            "id": 5}"#,
            &[
                "layers.a.tiles.extent as an expression is not supported yet",
                "layers.a.tiles.buffer_size as an expression is not supported yet",
                "layers.a.tiles.limit is not supported yet",
                "layers.a.tiles.union is not supported yet",
                "layers.a.tiles.filter is not supported yet",
                "layers.a.tiles.attributes.set is not supported yet",
                "layers.a.tiles.remove_filled as an expression is not supported yet",
                "layers.a.tiles.id is not supported yet",
            ],
        );
        check(
            r#", "features": {"simplification": {"distance": 1, "outward_only": true}}"#,
            &["layers.a.features.simplification.outward_only is not supported yet"],
        );
    }

    #[test]
    fn fillzoom_and_recipe_are_handed_on() {
        let text = layer("").replacen('{', "{\"fillzoom\": 1, \"incremental\": false, ", 1);
        let plan = check_recipe(text.as_bytes(), &Options::default()).plan.unwrap();
        assert_eq!(plan.fillzoom, Zoom::new(1));
        assert_eq!(plan.recipe["fillzoom"], 1);
        let text = text.replace("false", "true");
        let refused = check_recipe(text.as_bytes(), &Options::default()).unsupported;
        assert_eq!(refused[0].message, "incremental is not supported yet");
        assert_eq!(&text[refused[0].span.clone()], "\"incremental\": true");
    }
}
