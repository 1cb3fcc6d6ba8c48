//! A checked recipe to a plan: every default filled in, every expression compiled for every zoom.
//!
//! In:     a [`Recipe`] without problems.
//! Out:    a [`Plan`], or why a tile size cannot be computed.
//! Keeps:  layers in document order; no option is left out without a word.
//! Source: recipe 2; `layer_size` is 500 KiB unless it is given.

use std::sync::Arc;

use zellige_model::{Extent, GeometryKind, ValueRef, Zoom};

use crate::expression::{Bindings, Evaluator, Expression, Names, Program, Scope, compile};
use crate::lint::TILE_KIB_MAX;
use crate::plan::{
    Amount, FeatureStage, LayerPlan, Limit, Output, Plan, RankOrder, Simplification, Switch, TileIds,
    TileStage, Union, UnionStage, ZoomPlan,
};
use crate::problem::Problem;
use crate::raw::{Document, NodeId, Value};
use crate::recipe::{self, Assignment, At, Layer, LimitRule, Recipe};

/// Distance below which vertices may go unless the recipe says otherwise, units.
const TOLERANCE_UNITS: f64 = 4.0;
/// The largest distance; expressions beyond it mean this one.
const TOLERANCE_UNITS_MAX: f64 = 4_096.0;
/// Buffer around a tile unless the recipe says otherwise, percent of the tile side.
const BUFFER_PERCENT: f64 = 0.5;
/// Upper bound of a layer in a tile unless the recipe says otherwise, KiB.
const LAYER_KIB: u32 = TILE_KIB_MAX;
/// How many regions a tile has for clusters unless the recipe says otherwise.
const REGION_COUNT: u32 = 64;

/// Fills the plan.
///
/// # Errors
///
/// One problem for each `extent` or `buffer_size` whose expression cannot be evaluated without a feature.
pub(crate) fn resolve(
    document: &Document<'_>,
    written: Value<'_, '_>,
    recipe: &Recipe,
) -> Result<Plan, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut layers = Vec::new();
    for layer in &recipe.layers {
        let compiled = Compiled::new(layer);
        let faults = compiled.size_faults(layer);
        problems.extend(faults.into_iter().map(|fault| fault.problem(document, layer)));
        layers.extend(compiled.layer_plan(layer));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Plan {
        layers,
        fillzoom: recipe.fillzoom.map(|fillzoom| fillzoom.value),
        incremental: recipe.incremental.is_some_and(|incremental| incremental.value),
        recipe: written.to_json(),
    })
}

/// A tile size that could not be computed.
struct SizeFault {
    option: &'static str,
    origin: NodeId,
    zoom: Zoom,
    reason: String,
}

impl SizeFault {
    fn problem(self, document: &Document<'_>, layer: &Layer) -> Problem {
        let value = document.value(self.origin);
        Problem {
            message: format!("layers.{}.tiles.{} has an invalid expression.", layer.name, self.option),
            reason: Some(self.reason),
            pointer: value.pointer(),
            span: value.key_span().map_or(value.span(), |key| key.start..value.span().end),
            found: value.describe(),
            expected: format!("a number at zoom {}, where there is no feature", self.zoom),
            hint: Some("use `zoom` and constants only".to_owned()),
        }
    }
}

/// All expressions of a layer, compiled but not yet folded for a zoom.
struct Compiled {
    names: Names,
    id: Option<Program>,
    set: Vec<(String, Program)>,
    filter: Option<Program>,
    simplification: Option<CompiledSimplification>,
    extent: Size,
    buffer_percent: Size,
    limits: Vec<(Program, Limit)>,
    unions: Vec<CompiledUnion>,
    tile_filter: Option<Program>,
    tile_set: Vec<(String, Program)>,
    remove_filled: Option<Program>,
    tile_id: Option<Program>,
}

struct CompiledUnion {
    takes_part: Option<Program>,
    union: Union,
    simplification: Option<CompiledSimplification>,
}

#[derive(Clone)]
struct CompiledSimplification {
    distance: CompiledAmount,
    outward_only: Option<Program>,
}

#[derive(Clone)]
enum CompiledAmount {
    Number(f64),
    Program(Program),
}

/// A number that belongs to the tile and not to a feature.
struct Size {
    option: &'static str,
    origin: Option<NodeId>,
    amount: CompiledAmount,
}

impl Compiled {
    fn new(layer: &Layer) -> Self {
        let (features, tiles) = (&layer.features, &layer.tiles);
        let mut names = Names::default();
        let mut make = |expression: &Expression| compile(expression, &mut names);
        let set = |set: &Option<At<Vec<Assignment>>>, make: &mut dyn FnMut(&Expression) -> Program| {
            let all = set.iter().flat_map(|set| &set.value);
            all.map(|assignment| (assignment.name.clone(), make(&assignment.value.value))).collect::<Vec<_>>()
        };
        let id = features.id.as_ref().map(|id| make(&id.value));
        let feature_set = set(&features.set, &mut make);
        let filter = features.filter.as_ref().map(|filter| make(&filter.value));
        let simplification =
            features.simplification.as_ref().map(|at| compile_simplification(&at.value, &mut make));
        let extent =
            tiles.extent.as_ref().map_or(Size::fixed("extent", f64::from(Extent::DEFAULT.get())), |at| {
                let amount = match &at.value {
                    recipe::Amount::Number(extent) => CompiledAmount::Number(f64::from(extent.get())),
                    recipe::Amount::Expression(expression) => CompiledAmount::Program(make(expression)),
                };
                Size { option: "extent", origin: Some(at.origin), amount }
            });
        let buffer_percent =
            tiles.buffer_size.as_ref().map_or(Size::fixed("buffer_size", BUFFER_PERCENT), |at| Size {
                option: "buffer_size",
                origin: Some(at.origin),
                amount: amount(&at.value, &mut make),
            });
        let limits = tiles.limit.iter().flat_map(|limits| &limits.value);
        let limits = limits.map(|limit| (make(&limit.filter.value), limit_rule(limit))).collect();
        let unions = tiles.union.iter().flat_map(|unions| &unions.value);
        let unions = unions.map(|union| CompiledUnion {
            takes_part: union.filter.as_ref().map(|filter| make(&filter.value)),
            union: union_rule(union),
            simplification: union
                .simplification
                .as_ref()
                .map(|at| compile_simplification(&at.value, &mut make)),
        });
        let unions = unions.collect();
        let tile_filter = tiles.filter.as_ref().map(|filter| make(&filter.value));
        let tile_set = set(&tiles.set, &mut make);
        let remove_filled = tiles.remove_filled.as_ref().map(|filled| make(&filled.value));
        let tile_id = tiles.id.as_ref().map(|id| make(&id.value));
        Self {
            names,
            id,
            set: feature_set,
            filter,
            simplification,
            extent,
            buffer_percent,
            limits,
            unions,
            tile_filter,
            tile_set,
            remove_filled,
            tile_id,
        }
    }

    /// Returns the sizes that cannot be computed, each at the first zoom where it fails.
    fn size_faults(&self, layer: &Layer) -> Vec<SizeFault> {
        let names = Arc::new(self.names.clone());
        let first =
            |size: &Size| layer.minzoom.to(layer.maxzoom).find_map(|zoom| size.at(zoom, &names).err());
        [&self.extent, &self.buffer_percent].into_iter().filter_map(first).collect()
    }

    /// Returns the plan, unless a size has faults.
    fn layer_plan(self, layer: &Layer) -> Option<LayerPlan> {
        let names = Arc::new(self.names.clone());
        let (minzoom, maxzoom) = (layer.minzoom, layer.maxzoom);
        let zooms = minzoom.to(maxzoom).map(|zoom| self.zoom_plan(zoom, &names)).collect::<Option<_>>()?;
        Some(LayerPlan {
            name: layer.name.clone(),
            source: layer.source.value.clone(),
            minzoom,
            maxzoom,
            zooms,
            names,
            zoom_element: layer
                .features
                .zoom_element
                .as_ref()
                .map_or_else(Vec::new, |names| names.value.clone()),
            features_bbox: layer.features.bbox,
            tiles_bbox: layer.tiles.bbox,
            output: layer.features.allowed_output.clone().map_or(Output::All, Output::Only),
            order: layer.tiles.order.clone(),
            layer_bytes_max: layer.tiles.layer_size.map_or(LAYER_KIB, |size| size.value) * 1024,
        })
    }

    fn zoom_plan(&self, zoom: Zoom, names: &Arc<Names>) -> Option<ZoomPlan> {
        let level = zoom.get();
        let set = |set: &[(String, Program)]| {
            set.iter().map(|(name, program)| (name.clone(), program.at_zoom(level))).collect()
        };
        let switch = |program: &Option<Program>, default| {
            program.as_ref().map_or(default, |program| Switch::of(program.at_zoom(level)))
        };
        let extent = self.extent.at(zoom, names).ok()?.round().clamp(1.0, 65_536.0);
        let extent = Extent::new(extent as u32).unwrap_or(Extent::DEFAULT);
        let buffer_percent = self.buffer_percent.at(zoom, names).ok()?.clamp(0.0, 100.0);
        let tile_id = self.tile_id.as_ref().map(|id| id.at_zoom(level));
        Some(ZoomPlan {
            extent,
            buffer_units: (f64::from(extent.get()) * buffer_percent / 100.0).round() as u32,
            features: FeatureStage {
                id: self.id.as_ref().map(|id| id.at_zoom(level)),
                set: set(&self.set),
                filter: switch(&self.filter, Switch::Always),
            },
            simplification: (self.simplification.as_ref())
                .map_or(Simplification::by(TOLERANCE_UNITS), |simplification| simplification.at(level)),
            tiles: TileStage {
                limits: (self.limits.iter())
                    .map(|(applies, limit)| (Switch::of(applies.at_zoom(level)), limit.clone()))
                    .collect(),
                unions: (self.unions.iter())
                    .map(|union| UnionStage {
                        takes_part: switch(&union.takes_part, Switch::Always),
                        union: union.union.clone(),
                        simplification: union.simplification.as_ref().map(|written| written.at(level)),
                    })
                    .collect(),
                filter: switch(&self.tile_filter, Switch::Always),
                set: set(&self.tile_set),
                remove_filled: switch(&self.remove_filled, Switch::Never),
                id: match tile_id {
                    None => TileIds::Feature,
                    Some(id) if id.constant() == Some(zellige_model::Value::Null) => TileIds::None,
                    Some(id) => TileIds::Computed(id),
                },
            },
        })
    }
}

impl CompiledSimplification {
    fn at(&self, level: u8) -> Simplification {
        let distance = match &self.distance {
            CompiledAmount::Number(units) => Amount::Constant(*units),
            CompiledAmount::Program(program) => {
                let program = program.at_zoom(level);
                let constant = program.constant().and_then(|value| as_number(value.as_ref()));
                constant.map_or(Amount::Computed(program), |units| Amount::Constant(clamp_tolerance(units)))
            }
        };
        let outward_only = self.outward_only.as_ref();
        Simplification {
            distance,
            outward_only: outward_only.map_or(Switch::Never, |program| Switch::of(program.at_zoom(level))),
        }
    }
}

/// Returns a computed tolerance within its range; what is not a number keeps every vertex.
#[must_use]
pub fn clamp_tolerance(units: f64) -> f64 {
    if units.is_nan() { 0.0 } else { units.clamp(0.0, TOLERANCE_UNITS_MAX) }
}

impl Size {
    const fn fixed(option: &'static str, number: f64) -> Self {
        Self { option, origin: None, amount: CompiledAmount::Number(number) }
    }

    /// Returns the size at a zoom, evaluated without a feature.
    fn at(&self, zoom: Zoom, names: &Arc<Names>) -> Result<f64, SizeFault> {
        let program = match &self.amount {
            CompiledAmount::Number(number) => return Ok(*number),
            CompiledAmount::Program(program) => program,
        };
        let bindings = Bindings::new(Arc::clone(names));
        let scope = Scope {
            zoom: zoom.get(),
            geometry: GeometryKind::Point,
            id: ValueRef::Null,
            attributes: &bindings,
        };
        let fault = |reason| SizeFault {
            option: self.option,
            origin: self.origin.expect("only a written size is computed"),
            zoom,
            reason,
        };
        match Evaluator::default().number(program, &scope) {
            Ok(number) if number.is_finite() => Ok(number),
            Ok(number) => Err(fault(format!("[expression] expected a finite number but found {number}"))),
            Err(error) => Err(fault(error.to_string())),
        }
    }
}

fn compile_simplification(
    written: &recipe::Simplification,
    make: &mut impl FnMut(&Expression) -> Program,
) -> CompiledSimplification {
    CompiledSimplification {
        distance: (written.distance.as_ref())
            .map_or(CompiledAmount::Number(TOLERANCE_UNITS), |distance| amount(&distance.value, make)),
        outward_only: written.outward_only.as_ref().map(|outward| make(&outward.value)),
    }
}

fn amount(written: &recipe::Amount<f64>, make: &mut impl FnMut(&Expression) -> Program) -> CompiledAmount {
    match written {
        recipe::Amount::Number(number) => CompiledAmount::Number(*number),
        recipe::Amount::Expression(expression) => CompiledAmount::Program(make(expression)),
    }
}

fn as_number(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::Int(number) => Some(number as f64),
        ValueRef::UInt(number) => Some(number as f64),
        ValueRef::Double(number) => Some(number),
        _ => None,
    }
}

fn limit_rule(written: &recipe::Limit) -> Limit {
    let (order, in_distance) = match written.rule {
        LimitRule::Lowest => (RankOrder::Lowest, false),
        LimitRule::Highest => (RankOrder::Highest, false),
        LimitRule::LowestInDistance => (RankOrder::Lowest, true),
        LimitRule::HighestInDistance => (RankOrder::Highest, true),
    };
    Limit { order, in_distance, number: written.number, attribute: written.attribute.clone() }
}

fn union_rule(written: &recipe::Union) -> Union {
    let is_clustered = written.cluster.is_some_and(|cluster| cluster.value);
    Union {
        group_by: written.group_by.as_ref().map(|names| names.value.clone()),
        aggregate: written
            .aggregate
            .iter()
            .map(|(name, operation)| (name.value.clone(), *operation))
            .collect(),
        maintain_direction: written.maintain_direction.unwrap_or(true),
        cluster: is_clustered.then(|| written.region_count.map_or(REGION_COUNT, |count| count.value)),
    }
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
        assert_eq!(checked.wire_messages(), [""; 0]);
        checked.plan.unwrap().layers.remove(0)
    }

    /// Compares extent, buffer and tolerance at the three zooms.
    fn check_sizes(options: &str, expected: [(u32, u32, f64); 3]) {
        let sizes = |zoom: &ZoomPlan| match zoom.simplification.distance {
            Amount::Constant(units) => (zoom.extent.get(), zoom.buffer_units, units),
            Amount::Computed(_) => panic!("the tolerance depends on features"),
        };
        assert_eq!(plan(options).zooms.iter().map(sizes).collect::<Vec<_>>(), expected, "{options}");
    }

    #[test]
    fn defaults_are_filled_in() {
        let zoom = ZoomPlan {
            extent: Extent::DEFAULT,
            buffer_units: 20,
            features: FeatureStage::NOTHING,
            simplification: Simplification::by(4.0),
            tiles: TileStage::NOTHING,
        };
        let expected = LayerPlan {
            name: zellige_model::LayerName::new("a").unwrap(),
            source: "mapbox://tileset-source/acme/data".to_owned(),
            minzoom: Zoom::new(2).unwrap(),
            maxzoom: Zoom::new(4).unwrap(),
            zooms: vec![zoom; 3],
            names: Arc::default(),
            zoom_element: Vec::new(),
            features_bbox: None,
            tiles_bbox: None,
            output: Output::All,
            order: None,
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
    fn plain_options_reach_the_plan() {
        let made = plan(
            r#", "features": {"bbox": [1, 2, 3, 4], "simplification": 0.5, "attributes": {"allowed_output": ["n"]}},
            "tiles": {"bbox": [5, 6, 7, 8], "extent": 1024, "buffer_size": 1.5, "order": "n", "remove_filled": true,
            "id": null, "layer_size": 2}"#,
        );
        assert_eq!(made.zooms[0].extent.get(), 1024);
        assert_eq!(made.zooms[0].tiles.remove_filled, Switch::Always);
        assert_eq!(made.zooms[0].tiles.id, TileIds::None);
        assert!(made.zooms[0].tiles.is_plain());
        assert_eq!(
            made.features_bbox.map(|bbox| [bbox.west, bbox.south, bbox.east, bbox.north]),
            Some([1.0, 2.0, 3.0, 4.0])
        );
        assert_eq!(made.tiles_bbox.map(|bbox| bbox.north), Some(8.0));
        assert_eq!((made.output, made.order), (Output::Only(vec!["n".to_owned()]), Some("n".to_owned())));
        assert_eq!(made.layer_bytes_max, 2_048);
    }

    #[test]
    fn sizes_follow_the_zoom() {
        let sizes = r#", "features": {"simplification": ["*", ["zoom"], 2000]},
            "tiles": {"extent": ["case", ["<", ["zoom"], 3], 1024, 4096], "buffer_size": ["match", ["zoom"], 4, 0, 1.5]}"#;
        check_sizes(sizes, [(1024, 15, 4000.0), (4096, 61, 4096.0), (4096, 0, 4096.0)]);
        check_sizes(r#", "features": {"simplification": ["-", 0, 1]}"#, [(4096, 20, 0.0); 3]);
        check_sizes(r#", "tiles": {"extent": ["*", 1e9, ["zoom"]]}"#, [(65_536, 328, 4.0); 3]);
    }

    #[test]
    fn switches_that_the_zoom_decides_are_decided() {
        let made = plan(
            r#", "features": {"filter": [">", ["zoom"], 2]},
            "tiles": {"union": [{"where": ["<", ["zoom"], 4]}], "filter": ["any", [">", ["zoom"], 3], ["has", "a"]]}"#,
        );
        let filters: Vec<&Switch> = made.zooms.iter().map(|zoom| &zoom.features.filter).collect();
        assert_eq!(filters, [&Switch::Never, &Switch::Always, &Switch::Always]);
        let unions: Vec<&Switch> = made.zooms.iter().map(|zoom| &zoom.tiles.unions[0].takes_part).collect();
        assert_eq!(unions, [&Switch::Always, &Switch::Always, &Switch::Never]);
        assert!(matches!(made.zooms[0].tiles.filter, Switch::When(_)));
        assert_eq!(made.zooms[2].tiles.filter, Switch::Always);
        assert!(made.zooms[2].tiles.is_plain());
    }

    #[test]
    fn tile_size_that_needs_a_feature_is_a_problem() {
        let text = layer(r#", "tiles": {"extent": ["+", ["get", "a"], 1]}"#);
        let checked = check_recipe(text.as_bytes(), &Options::default());
        assert_eq!(
            checked.wire_messages(),
            [
                "layers.a.tiles.extent has an invalid expression.",
                "[expression] + operator can not use a value of type 'null'"
            ]
        );
        assert!(checked.plan.is_none() && checked.recipe.is_none());
        assert!(text[checked.problems[0].span.clone()].starts_with("\"extent\""));
    }

    #[test]
    fn both_sizes_are_problems_and_infinity_is_no_size() {
        let text = layer(r#", "tiles": {"extent": ["/", 0, 0], "buffer_size": ["get", "a"]}"#);
        let checked = check_recipe(text.as_bytes(), &Options::default());
        assert_eq!(
            checked.wire_messages(),
            [
                "layers.a.tiles.extent has an invalid expression.",
                "[expression] expected a finite number but found NaN",
                "layers.a.tiles.buffer_size has an invalid expression.",
                "[expression] expected value to be of type 'number' but found 'null'",
            ]
        );
    }

    #[test]
    fn limits_and_unions_reach_the_plan() {
        let made = plan(
            r#", "tiles": {"limit": [["highest_where_in_distance", ["has", "b"], 9, "n"]],
            "union": [{"group_by": ["k"], "aggregate": {"n": "sum"}, "maintain_direction": false, "cluster": true,
            "simplification": 2}]}"#,
        );
        let tiles = &made.zooms[0].tiles;
        let limit =
            Limit { order: RankOrder::Highest, in_distance: true, number: 9, attribute: Some("n".into()) };
        assert_eq!(tiles.limits[0].1, limit);
        let union = Union {
            group_by: Some(vec!["k".into()]),
            aggregate: vec![("n".into(), recipe::Aggregation::Sum)],
            maintain_direction: false,
            cluster: Some(64),
        };
        assert_eq!(tiles.unions[0].union, union);
        assert_eq!(tiles.unions[0].simplification, Some(Simplification::by(2.0)));
    }

    #[test]
    fn fillzoom_incremental_and_recipe_are_handed_on() {
        let text = layer("").replacen('{', "{\"fillzoom\": 1, \"incremental\": true, ", 1);
        let plan = check_recipe(text.as_bytes(), &Options::default()).plan.unwrap();
        assert_eq!((plan.fillzoom, plan.incremental), (Zoom::new(1), true));
        assert_eq!(plan.recipe["fillzoom"], 1);
    }
}
