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
