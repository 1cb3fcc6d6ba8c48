//! What a layer does to one feature, step by step.
//!
//! In:     a feature in degrees, the plan of a layer.
//! Out:    an [`Explanation`]: for every zoom what each option did, and what came of it.
//! Keeps:  the order of the pipeline. Each step is the function that slicing and emitting call; only the
//!         other features of a tile are missing, so limits, unions and sizes say what they would look at.
//! Source: recipe 2.8.

use zellige_model::{
    Attributes, Feature, FindingCode, Geometry, GeometryKind, TileCoord, Value, World, WorldBounds, Zoom,
};
use zellige_recipe::expression::EvalError;
use zellige_recipe::plan::{Limit, TileIds};
use zellige_recipe::{LayerPlan, ZoomPlan};

use crate::block::{self, Block};
use crate::borders::Borders;
use crate::clip::{self, Pieces};
use crate::executor::Serial;
use crate::id::numeric_id;
use crate::key::{KeyCache, Keys};
use crate::piece::{Body, PieceKey, PieceSink};
use crate::project::project;
use crate::select::Selector;
use crate::simplify::{Weighted, simplify, simplify_outward};
use crate::slice::{drop_points_outside, floor_world, tolerance_world, world_box, zoom_plans};
use crate::spread::{Origin, Reach, Spread, Spreader};
use crate::stage::{Stage, StageFault};
use crate::staged::{StagedFeature, open_geometry};
use crate::tiny::{Settled, Settler, Tiny, UnitGrid};
use crate::weigh::Weigher;

/// So many tiles of a zoom are listed; all are counted.
pub const TILES_LISTED_MAX: usize = 1_000;
/// A polygon whose box meets more tiles than this is not cut.
pub const TILES_CUT_MAX: u64 = 1 << 22;

/// What a layer makes of one feature.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// What the feature draws.
    pub kind: GeometryKind,
    /// Its vertices in the source, without closing points of rings.
    pub n_vertices: usize,
    /// Points beyond the latitudes of Web Mercator, which are dropped.
    pub n_outside: usize,
    /// What `features.bbox` leaves of its vertices, if the layer has one.
    pub n_vertices_in_bbox: Option<usize>,
    /// What happens at each zoom of the layer, from the lowest.
    pub zooms: Vec<AtZoom>,
}

/// What happens to a feature at one zoom; what was not reached is empty or none.
#[derive(Clone, Debug, PartialEq)]
pub struct AtZoom {
    /// The zoom.
    pub zoom: Zoom,
    /// The id that `features.id` or the source gives.
    pub id: Option<Id>,
    /// Attributes that changed, in the order of the steps.
    pub changes: Vec<Change>,
    /// What `features.filter` says.
    pub is_kept: Option<bool>,
    /// What `features.simplification` does.
    pub shape: Option<Shape>,
    /// In how many tiles it is.
    pub n_tiles: u64,
    /// How many of these windows it covers whole.
    pub n_filled: u64,
    /// The tiles by x and y, up to [`TILES_LISTED_MAX`] of them.
    pub tiles: Vec<InTile>,
    /// What happens among the features of a tile.
    pub stage: InStage,
    /// The attributes that are written, in order.
    pub written: Attributes,
    /// What comes of it.
    pub fate: Fate,
}

/// An id before and after hashing.
#[derive(Clone, Debug, PartialEq)]
pub struct Id {
    /// As expressions see it.
    pub value: Value,
    /// As tiles carry it.
    pub number: Option<u64>,
    /// What is odd about it.
    pub finding: Option<FindingCode>,
}

/// An attribute that became another.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The option that did it.
    pub by: Step,
    /// The name.
    pub name: String,
    /// The value before, if it was there.
    pub before: Option<Value>,
    /// The value afterwards, if it is still there.
    pub after: Option<Value>,
}

/// A shape before and after it was simplified.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Distance below which vertices may go, in units.
    pub tolerance_units: f64,
    /// Whether the polygon may only grow.
    pub is_outward: bool,
    /// Vertices before.
    pub n_before: usize,
    /// Vertices afterwards.
    pub n_after: usize,
}

/// The part of a feature in one tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InTile {
    /// The tile.
    pub tile: TileCoord,
    /// Vertices in its window, on its grid.
    pub n_vertices: usize,
    /// Whether it covers the whole window.
    pub fills: bool,
}

/// What happens among the features of a tile, as far as the feature alone decides it.
///
/// No option sees which tile it is in, so this holds for all tiles of the zoom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InStage {
    /// The rules of `limit`, and whether each applies to the feature.
    pub limits: Vec<(Limit, bool)>,
    /// Whether the feature takes part in each entry of `union`.
    pub unions: Vec<bool>,
    /// What `tiles.filter` says.
    pub is_kept: Option<bool>,
    /// Whether `remove_filled` lets this feature go where it covers the whole window.
    pub removes_filled: Option<bool>,
    /// The id that is written.
    pub id: Option<u64>,
}

impl InStage {
    /// Whether an option compares or merges the feature with others of its tile.
    #[must_use]
    pub fn depends_on_others(&self) -> bool {
        self.limits.iter().any(|(_, applies)| *applies) || self.unions.contains(&true)
    }
}

/// An option of the recipe, in the order of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// `features.id`
    Id,
    /// `features.attributes.zoom_element`
    ZoomElement,
    /// `features.attributes.set`
    Set,
    /// `features.filter`
    Filter,
    /// `features.simplification`
    Simplification,
    /// `tiles.limit`
    Limit,
    /// `tiles.union`
    Union,
    /// `tiles.filter`
    TileFilter,
    /// `tiles.attributes.set`
    TileSet,
    /// `tiles.remove_filled`
    RemoveFilled,
    /// `tiles.id`
    TileId,
}

impl Step {
    /// Returns the option as a path in the layer.
    #[must_use]
    pub const fn option(self) -> &'static str {
        match self {
            Self::Id => "features.id",
            Self::ZoomElement => "features.attributes.zoom_element",
            Self::Set => "features.attributes.set",
            Self::Filter => "features.filter",
            Self::Simplification => "features.simplification",
            Self::Limit => "tiles.limit",
            Self::Union => "tiles.union",
            Self::TileFilter => "tiles.filter",
            Self::TileSet => "tiles.attributes.set",
            Self::RemoveFilled => "tiles.remove_filled",
            Self::TileId => "tiles.id",
        }
    }
}

/// What comes of a feature at one zoom.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It is in tiles, if the others of each tile let it.
    Written,
    /// A filter drops it.
    Filtered(Step),
    /// `features.bbox` or the latitudes of the map leave nothing to draw.
    Outside,
    /// It lies in no tile that is made.
    Elsewhere,
    /// It is too small for the grid.
    Vanished,
    /// It is a polygon too small to have a shape: in its tile it stands for others as a square, or others stand for it.
    Tiny,
    /// It could be in so many tiles that it was not cut to see in which.
    NotCut(u64),
    /// An expression met a value that it cannot use; this ends the whole job.
    Fails(Step, Box<EvalError>),
}

/// Explains what `layer` makes of `feature`.
#[must_use]
pub fn explain(feature: &Feature, layer: &LayerPlan) -> Explanation {
    let n_vertices = feature.geometry.points.len();
    let mut shape = Geometry::default();
    project(&feature.geometry, &mut shape);
    drop_points_outside(&mut shape);
    let n_outside = n_vertices - shape.points.len();
    if let Some(bbox) = layer.features_bbox {
        let mut cut = Geometry::default();
        clip::window(&shape, &world_box(bbox), &mut Pieces::default(), &mut cut);
        shape = cut;
    }
    let n_vertices_in_bbox = layer.features_bbox.map(|_| shape.points.len());
    let mut selector = Selector::new(layer);
    selector.begin(feature);
    let mut explainer = Explainer {
        feature,
        layer,
        selector,
        bounds: WorldBounds::of(&shape.points),
        tiles_box: layer.tiles_bbox.map(world_box),
        weighted: Weighted::default(),
        spreader: Spreader::new(&Serial),
        settler: Settler::new(Tiny::Keep),
        stage: Stage::new(layer),
    };
    let weights = &mut explainer.weighted.weights;
    Weigher::default().weigh(&shape, floor_world(layer), Borders::default(), weights);
    explainer.settler.measure(&shape, &[]);
    explainer.weighted.geometry = shape;
    explainer.spreader.begin_feature();
    let mut zooms: Vec<AtZoom> = zoom_plans(layer).map(|(zoom, plan)| explainer.at(zoom, plan)).collect();
    zooms.reverse();
    Explanation { kind: feature.geometry.kind, n_vertices, n_outside, n_vertices_in_bbox, zooms }
}

/// A feature on its way through a layer.
#[derive(Debug)]
struct Explainer<'e> {
    feature: &'e Feature,
    layer: &'e LayerPlan,
    selector: Selector<'e>,
    bounds: WorldBounds,
    tiles_box: Option<WorldBounds>,
    weighted: Weighted,
    spreader: Spreader<'e>,
    settler: Settler,
    stage: Stage<'e>,
}

/// An expression that failed.
type Failed = (Step, Box<EvalError>);

impl Explainer<'_> {
    fn at(&mut self, zoom: Zoom, plan: &ZoomPlan) -> AtZoom {
        let mut at = AtZoom {
            zoom,
            id: None,
            changes: Vec::new(),
            is_kept: None,
            shape: None,
            n_tiles: 0,
            n_filled: 0,
            tiles: Vec::new(),
            stage: InStage::default(),
            written: Attributes::default(),
            fate: Fate::Written,
        };
        at.fate = self.run(plan, &mut at).unwrap_or_else(|(step, error)| Fate::Fails(step, error));
        at
    }

    /// Goes on to the step where the feature ends.
    fn run(&mut self, plan: &ZoomPlan, at: &mut AtZoom) -> Result<Fate, Failed> {
        if !self.select(plan, at)? {
            return Ok(Fate::Filtered(Step::Filter));
        }
        let simplified = self.simplify(plan, at)?;
        if simplified.is_empty() {
            return Ok(Fate::Outside);
        }
        let shape = at.shape.map_or((false, 0.0), |shape| (shape.is_outward, shape.tolerance_units));
        let (is_grown, tolerance) = (shape.0, tolerance_world(at.zoom, plan, shape.1));
        let is_deepest = at.zoom == self.layer.maxzoom;
        let grid = UnitGrid { zoom: at.zoom, extent: plan.extent, is_deepest };
        let small = self.settler.small(grid);
        let tiles_box = self.tiles_box.as_ref();
        let spread =
            |bounds| Spread::new(at.zoom, plan, bounds, tiles_box).grown(is_grown).small(small, bounds);
        let n_tiles_max = spread(&self.bounds).n_tiles_max();
        if simplified.kind == GeometryKind::Polygon && TILES_CUT_MAX < n_tiles_max {
            return Ok(Fate::NotCut(n_tiles_max));
        }
        let id = at.id.as_ref().and_then(|id| id.number).filter(|_| plan.tiles.id != TileIds::None);
        let mut cut = Cut::default();
        let origin = Origin { layer: 0, place: 0, id };
        let is_tiny = small.is_some() && self.settler.is_tiny(&self.weighted.geometry, grid);
        let settled = if is_grown {
            Settled::Same
        } else {
            self.settler.settle(&self.weighted.geometry, (&simplified, tolerance), grid)
        };
        let reach = match settled {
            _ if is_tiny => self.spreader.hold_place(&spread(&self.bounds), origin, &mut cut),
            Settled::Same => self.spreader.spread(&simplified, &spread(&self.bounds), origin, &mut cut),
            Settled::Nothing => Reach::Merged,
            Settled::Changed(shape, _) => {
                let bounds = WorldBounds::of(&shape.points);
                self.spreader.spread(shape, &spread(&bounds), origin, &mut cut)
            }
        };
        cut.tiles.sort_by_key(|part| part.tile);
        (at.n_tiles, at.n_filled) = (cut.n_tiles, cut.n_filled);
        at.tiles = cut.tiles;
        match reach {
            Reach::Elsewhere => Ok(Fate::Elsewhere),
            Reach::Vanished => Ok(Fate::Vanished),
            Reach::Merged | Reach::Placeholder => Ok(Fate::Tiny),
            Reach::Tiles => {
                let id_value = at.id.as_ref().map_or(Value::Null, |id| id.value.clone());
                let attributes = self.selector.attributes().clone();
                self.emit(plan, StagedFeature { id, id_value, attributes, ..cut.largest }, at)
            }
        }
    }

    /// Decides whether the feature is in the layer, and with which id and attributes.
    fn select(&mut self, plan: &ZoomPlan, at: &mut AtZoom) -> Result<bool, Failed> {
        let Self { feature, selector, .. } = self;
        let value = selector.identify(feature, at.zoom, plan).map_err(during(Step::Id))?.clone();
        let numeric = numeric_id(&value);
        at.id = Some(Id { value, number: numeric.id, finding: numeric.finding });
        selector.take_elements(feature, at.zoom);
        let taken = selector.attributes().clone();
        note_changes(Step::ZoomElement, &feature.attributes, &taken, &mut at.changes);
        selector.compute(feature, at.zoom, &plan.features.set).map_err(during(Step::Set))?;
        note_changes(Step::Set, &taken, selector.attributes(), &mut at.changes);
        let is_kept = selector.is_kept(feature, at.zoom, plan).map_err(during(Step::Filter))?;
        at.is_kept = Some(is_kept);
        Ok(is_kept)
    }

    fn simplify(&mut self, plan: &ZoomPlan, at: &mut AtZoom) -> Result<Geometry<World>, Failed> {
        let (tolerance_units, is_outward) = self
            .selector
            .simplification(self.feature, at.zoom, &plan.simplification)
            .map_err(during(Step::Simplification))?;
        let tolerance = tolerance_world(at.zoom, plan, tolerance_units);
        let is_outward = is_outward && self.weighted.geometry.kind == GeometryKind::Polygon;
        let simplified = if is_outward {
            let mut grown = Geometry::default();
            simplify_outward(&self.weighted, tolerance, &mut grown);
            grown
        } else {
            let mut shape = self.weighted.clone();
            simplify(&mut shape, tolerance);
            shape.geometry
        };
        let (n_before, n_after) = (self.weighted.geometry.points.len(), simplified.points.len());
        at.shape = Some(Shape { tolerance_units, is_outward, n_before, n_after });
        Ok(simplified)
    }

    /// Asks the options of tiles about the feature alone; its geometry is the largest of its pieces.
    fn emit(&mut self, plan: &ZoomPlan, feature: StagedFeature, at: &mut AtZoom) -> Result<Fate, Failed> {
        let (stage, zoom) = (&mut self.stage, at.zoom);
        let mut alone = vec![feature];
        for (applies, rule) in &plan.tiles.limits {
            let applies = stage.switches(&alone, zoom, applies).map_err(in_tile(Step::Limit))?;
            at.stage.limits.push((rule.clone(), applies[0]));
        }
        for union in &plan.tiles.unions {
            let before = alone[0].attributes.clone();
            let takes_part = stage.switches(&alone, zoom, &union.takes_part).map_err(in_tile(Step::Union))?;
            at.stage.unions.push(takes_part[0]);
            alone = stage.unite(alone, zoom, plan, union).map_err(in_tile(Step::Union))?;
            let Some(feature) = alone.first() else { return Ok(Fate::Vanished) };
            note_changes(Step::Union, &before, &feature.attributes, &mut at.changes);
        }
        let is_kept = stage.switches(&alone, zoom, &plan.tiles.filter).map_err(in_tile(Step::TileFilter))?[0];
        at.stage.is_kept = Some(is_kept);
        if !is_kept {
            return Ok(Fate::Filtered(Step::TileFilter));
        }
        let before = alone[0].attributes.clone();
        stage.compute(&mut alone, zoom, &plan.tiles).map_err(in_tile(Step::TileSet))?;
        note_changes(Step::TileSet, &before, &alone[0].attributes, &mut at.changes);
        if at.n_filled > 0 {
            let removes = stage.switches(&alone, zoom, &plan.tiles.remove_filled);
            at.stage.removes_filled = Some(removes.map_err(in_tile(Step::RemoveFilled))?[0]);
        }
        stage.number(&mut alone, zoom, &plan.tiles.id).map_err(in_tile(Step::TileId))?;
        at.stage.id = alone[0].id;
        at.written = written(&alone[0].attributes, self.layer);
        Ok(Fate::Written)
    }
}

fn during(step: Step) -> impl FnOnce(Box<EvalError>) -> Failed {
    move |error| (step, error)
}

fn in_tile(step: Step) -> impl FnOnce(StageFault) -> Failed {
    move |fault| (step, fault.error)
}

/// Returns the attributes that a tile carries.
fn written(attributes: &Attributes, layer: &LayerPlan) -> Attributes {
    let keys = Keys::default();
    let mut packed = Vec::new();
    block::pack(attributes, layer, &mut KeyCache::new(&keys), &mut packed);
    let names = keys.names();
    let mut out = Attributes::default();
    for entry in Block::open(&packed).entries() {
        let name = &names[entry.key as usize];
        if let Some(value) = attributes.get(name) {
            out.push(name, value);
        }
    }
    out
}

/// Appends what differs between two lists of attributes: what stays or goes, then what is new.
fn note_changes(by: Step, before: &Attributes, after: &Attributes, out: &mut Vec<Change>) {
    for (name, old) in before.iter() {
        let new = after.get(name);
        if new != Some(old) {
            let (before, after) = (Some(old.to_owned()), new.map(zellige_model::ValueRef::to_owned));
            out.push(Change { by, name: name.to_owned(), before, after });
        }
    }
    for (name, new) in after.iter().filter(|(name, _)| before.get(name).is_none()) {
        out.push(Change { by, name: name.to_owned(), before: None, after: Some(new.to_owned()) });
    }
}

/// Counts pieces and keeps the largest of those that are listed.
#[derive(Debug, Default)]
struct Cut {
    n_tiles: u64,
    n_filled: u64,
    tiles: Vec<InTile>,
    largest: StagedFeature,
}

impl PieceSink for Cut {
    fn attributes(&mut self, _block: &[u8]) {}

    fn id(&mut self, _layer: u8, _zoom: Option<Zoom>, _id: u64, _place: u64) {}

    fn piece(&mut self, key: PieceKey, body: &[u8]) {
        let body = Body::open(body);
        if body.placeholder.is_some() {
            return;
        }
        self.n_tiles += 1;
        self.n_filled += u64::from(body.head.fills);
        if TILES_LISTED_MAX <= self.tiles.len() {
            return;
        }
        let mut geometry = Geometry::default();
        open_geometry(body, &mut geometry);
        let n_vertices = geometry.points.len();
        self.tiles.push(InTile { tile: key.tile().coord(), n_vertices, fills: body.head.fills });
        if self.largest.geometry.points.len() < n_vertices {
            self.largest.geometry = geometry;
            self.largest.fills = body.head.fills;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use zellige_model::{LonLat, ValueRef};
    use zellige_recipe::{Options, Plan, check};

    use super::*;
    use crate::decode::decode;
    use crate::emit::Emitter;
    use crate::slice::Slicer;

    /// Returns the plan of a layer with zooms 0 to 4 and these options.
    fn plan(options: &str) -> Plan {
        let recipe = format!(
            r#"{{"version": 1, "layers": {{"roads": {{
                "source": "mapbox://tileset-source/me/roads", "minzoom": 0, "maxzoom": 4 {options}}}}}}}"#
        );
        check(recipe.as_bytes(), &Options::default()).plan.unwrap()
    }

    /// A zigzag over half of the world, with lanes and a list of ranks.
    fn road() -> Feature {
        let mut feature = Feature { id: Value::String("a7".into()), ..Feature::default() };
        feature.geometry.reset(GeometryKind::LineString);
        feature.geometry.points.extend(
            [(-90.0, 10.0), (-30.0, 11.0), (0.5, 10.0), (0.6, 10.1), (50.0, -40.0)]
                .map(|(lon, lat)| LonLat::new(lon, lat)),
        );
        feature.geometry.end_part();
        feature.attributes.push("lanes", ValueRef::Int(2));
        feature.attributes.push("rank", ValueRef::Json("[5,6,7]"));
        feature
    }

    fn square(side: f64) -> Feature {
        let mut feature = Feature::default();
        feature.geometry.reset(GeometryKind::Polygon);
        feature.geometry.points.extend(
            [(0.0, 0.0), (0.0, side), (side, side), (side, 0.0)].map(|(lon, lat)| LonLat::new(lon, lat)),
        );
        feature.geometry.end_part();
        feature.geometry.end_polygon();
        feature
    }

    /// Says what comes of the feature at each zoom, in a word.
    fn check_fates(feature: &Feature, options: &str, expected: &str) {
        let plan = plan(options);
        let fates: Vec<String> = explain(feature, &plan.layers[0])
            .zooms
            .iter()
            .map(|at| match &at.fate {
                Fate::Written => format!("{}:{}", at.zoom, at.n_tiles),
                Fate::Filtered(step) | Fate::Fails(step, _) => format!("{}:{}", at.zoom, step.option()),
                fate => format!("{}:{fate:?}", at.zoom),
            })
            .collect();
        assert_eq!(fates.join(" "), expected, "{options}");
    }

    #[test]
    fn every_step_may_be_the_last() {
        check_fates(&road(), "", "0:1 1:3 2:4 3:6 4:10");
        check_fates(
            &road(),
            r#", "features": {"filter": [">=", ["zoom"], 3]}"#,
            "0:features.filter 1:features.filter 2:features.filter 3:6 4:10",
        );
        check_fates(
            &road(),
            r#", "tiles": {"filter": ["!=", ["zoom"], 1]}"#,
            "0:1 1:tiles.filter 2:4 3:6 4:10",
        );
        check_fates(
            &road(),
            r#", "features": {"filter": ["case", [">", ["zoom"], 0], [">", ["get", "rank"], 1], true]}"#,
            "0:1 1:features.filter 2:features.filter 3:features.filter 4:features.filter",
        );
        check_fates(
            &road(),
            r#", "features": {"bbox": [100, 10, 110, 20]}"#,
            "0:Outside 1:Outside 2:Outside 3:Outside 4:Outside",
        );
        check_fates(
            &road(),
            r#", "tiles": {"bbox": [100, 50, 110, 60]}"#,
            "0:1 1:1 2:Elsewhere 3:Elsewhere 4:Elsewhere",
        );
        check_fates(&square(0.01), "", "0:Tiny 1:Tiny 2:Tiny 3:Tiny 4:4");
    }

    #[test]
    fn changes_come_in_the_order_of_the_steps() {
        let plan = plan(
            r#", "features": {"attributes": {"zoom_element": ["rank"], "set": {"wide": [">", ["get", "lanes"], 1]}}},
               "tiles": {"attributes": {"set": {"rank": ["+", ["get", "rank"], ["zoom"]], "lanes": null}}}"#,
        );
        let at = &explain(&road(), &plan.layers[0]).zooms[1];
        let changes: Vec<_> = at.changes.iter().map(|change| (change.by, change.name.as_str())).collect();
        let expected = [
            (Step::ZoomElement, "rank"),
            (Step::Set, "wide"),
            (Step::TileSet, "lanes"),
            (Step::TileSet, "rank"),
        ];
        assert_eq!(changes, expected);
        let written: Vec<_> = at.written.iter().collect();
        assert_eq!(written, [("rank", ValueRef::Int(7)), ("wide", ValueRef::Bool(true))]);
    }

    #[test]
    fn huge_polygons_are_not_cut() {
        let plan = plan("");
        let mut layer = plan.layers[0].clone();
        layer.maxzoom = Zoom::new(8).unwrap();
        layer.zooms.resize(9, layer.zooms[0].clone());
        let fates = explain(&square(80.0), &layer).zooms;
        assert_eq!(fates[4].tiles.len(), fates[4].n_tiles as usize);
        assert_eq!(fates[8].tiles.len(), TILES_LISTED_MAX);
        assert!(fates[8].n_tiles > TILES_LISTED_MAX as u64);
        layer.maxzoom = Zoom::new(14).unwrap();
        layer.minzoom = Zoom::new(14).unwrap();
        layer.zooms.truncate(1);
        let fates = explain(&square(80.0), &layer).zooms;
        assert!(matches!(fates[0].fate, Fate::NotCut(n) if n > TILES_CUT_MAX), "{:?}", fates[0].fate);
    }

    /// All pieces of one feature, by tile.
    #[derive(Debug, Default)]
    struct Sorted {
        block: Vec<u8>,
        pieces: BTreeMap<TileCoord, (PieceKey, Vec<u8>, Vec<u8>)>,
    }

    impl PieceSink for Sorted {
        fn attributes(&mut self, block: &[u8]) {
            self.block = block.to_vec();
        }

        fn id(&mut self, _layer: u8, _zoom: Option<Zoom>, _id: u64, _place: u64) {}

        fn piece(&mut self, key: PieceKey, body: &[u8]) {
            self.pieces.insert(key.tile().coord(), (key, self.block.clone(), body.to_vec()));
        }
    }

    /// What a tile has of the feature: vertices, id, attributes.
    type Seen = (usize, Option<u64>, Vec<(String, Value)>);

    /// Returns the tiles that a job makes of the feature alone.
    fn made(feature: &Feature, plan: &Plan) -> BTreeMap<TileCoord, Seen> {
        let keys = Keys::for_plan(plan);
        let mut sorted = Sorted::default();
        Slicer::new(plan, &keys, None, Tiny::Keep).slice(
            feature,
            (0, zellige_model::Place::default()),
            &[0],
            &mut sorted,
        );
        let names = keys.names();
        let mut emitter = Emitter::new(plan, &keys, &names, 512_000);
        let (mut bytes, mut made) = (Vec::new(), BTreeMap::new());
        for (tile, (key, block, body)) in sorted.pieces {
            emitter.begin(tile);
            emitter.push(key, &block, &body);
            emitter.finish(&mut bytes);
            let decoded = decode(&bytes).unwrap();
            for layer in &decoded.layers {
                let feature = &layer.features[0];
                let attributes = layer.attributes(feature);
                let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
                made.insert(tile, (feature.geometry.points.len(), feature.id, attributes.collect()));
            }
        }
        made
    }

    /// Compares what is explained with the tiles that a job makes of the feature alone.
    fn check_against_job(feature: &Feature, options: &str) {
        let plan = plan(options);
        let mut expected = made(feature, &plan);
        for at in explain(feature, &plan.layers[0]).zooms {
            let written: Vec<_> =
                at.written.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            if at.fate == Fate::Tiny {
                expected.retain(|tile, _| tile.zoom() != at.zoom);
            }
            let is_written = at.fate == Fate::Written;
            for part in at.tiles.iter().filter(|_| is_written) {
                if part.fills && at.stage.removes_filled == Some(true) {
                    continue;
                }
                let seen = (part.n_vertices, at.stage.id, written.clone());
                assert_eq!(expected.remove(&part.tile), Some(seen), "{:?} {options}", part.tile);
            }
        }
        assert_eq!(expected, BTreeMap::new(), "{options}");
    }

    #[test]
    fn tiles_are_those_of_a_job() {
        for options in [
            "",
            r#", "features": {"bbox": [-10, -30, 20, 60]}"#,
            r#", "features": {"simplification": {"distance": 900, "outward_only": true}}"#,
            r#", "features": {"simplification": ["*", ["zoom"], 300], "id": ["get", "lanes"]}"#,
            r#", "features": {"filter": ["<", ["zoom"], 3]}, "tiles": {"id": null, "buffer_size": 0}"#,
            r#", "tiles": {"bbox": [-20, 0, 20, 20], "extent": 512}"#,
            r#", "features": {"attributes": {"zoom_element": ["rank"], "allowed_output": ["rank", "b"]}},
                "tiles": {"attributes": {"set": {"b": ["concat", "z", ["to-string", ["zoom"]]]}}, "id": ["zoom"]}"#,
            r#", "tiles": {"remove_filled": true}"#,
            r#", "tiles": {"remove_filled": [">", ["zoom"], 3], "filter": ["!=", ["zoom"], 2]}"#,
            r#", "tiles": {"limit": [["lowest_where_in_distance", true, 3, "lanes"]],
                "union": [{"group_by": ["lanes"], "aggregate": {"rank": "arbitrary"}}]}"#,
            r#", "tiles": {"union": [{"where": ["==", ["zoom"], 3], "group_by": ["rank"]}]}"#,
        ] {
            for feature in [road(), square(0.01), square(3.0), square(170.0)] {
                check_against_job(&feature, options);
            }
        }
    }
}
