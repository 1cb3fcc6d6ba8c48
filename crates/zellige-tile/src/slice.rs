//! One feature to its pieces in all tiles of all zooms.
//!
//! In:     a feature in degrees, its place in the source, the layers that take it.
//! Out:    pieces into a [`PieceSink`], zooms from the deepest up; findings and counters.
//! Keeps:  nothing between features but buffers.
//!
//! Once a feature: project, weigh. Once a zoom: select, unless the answer is that of the deeper zoom;
//! simplify; then per tile clip, quantize, validate. Bounds decide first: a feature within one tile and
//! its buffer is never clipped.

use zellige_model::{
    Example, Feature, FindingCode, Findings, Geometry, GeometryKind, LonLat, LonLatBounds, Place, World,
    WorldBounds, Zoom,
};
use zellige_recipe::expression::EvalError;
use zellige_recipe::plan::{Amount, Switch, TileIds};
use zellige_recipe::{LayerPlan, Plan, ZoomPlan};

use crate::block;
use crate::borders::{Borders, Junctions};
use crate::clip::{self, Pieces};
use crate::executor::{Executor, Serial};
use crate::fault::Fault;
use crate::id::numeric_id;
use crate::key::{KeyCache, Keys};
use crate::piece::PieceSink;
use crate::precision::TileCover;
use crate::project::{project, project_point};
use crate::select::Selector;
use crate::sieve::Sieve;
use crate::simplify::{Weighted, simplify, simplify_into, simplify_outward};
use crate::snap_round::{CROWDED_POINTS_MAX, CROWDED_UNITS};
use crate::spread::{Origin, Reach, Spread, Spreader};
use crate::staged;
use crate::stats::SliceStats;
use crate::tiny::{Settled, Settler, Tiny, UnitGrid};
use crate::weigh::Weigher;

/// How many zooms there are.
pub const N_ZOOMS: usize = Zoom::MAX.get() as usize + 1;

/// Slices features of one worker.
#[derive(Debug)]
pub struct Slicer<'p> {
    layers: Vec<LayerSlicer<'p>>,
    projected: Geometry<World>,
    work: Work<'p>,
    fault: Option<Fault>,
}

/// A layer and what is found out about it.
#[derive(Debug)]
struct LayerSlicer<'p> {
    plan: &'p LayerPlan,
    number: u8,
    selector: Selector<'p>,
    features_box: Option<WorldBounds>,
    tiles_box: Option<WorldBounds>,
    ids_vary: bool,
    /// Whether later changes will name features by their ids.
    needs_ids: bool,
    stats: SliceStats,
    cover: Option<TileCover>,
}

/// What all layers of one worker share.
#[derive(Debug)]
struct Work<'p> {
    keys: KeyCache<'p>,
    junctions: Option<&'p Junctions>,
    findings: Findings,
    /// Source and place of the feature at hand.
    at: (u32, Place),
    weigher: Weigher,
    weighted: Weighted,
    simplified: Weighted,
    grown: Geometry<World>,
    settler: Settler,
    cut: Geometry<World>,
    columns: Pieces,
    rows: Pieces,
    spreader: Spreader<'p>,
    block: Vec<u8>,
    /// By zoom, which tiles are made.
    sieves: [Sieve; N_ZOOMS],
}

/// What all workers together found while slicing.
#[derive(Debug, Default)]
pub struct Sliced {
    /// By layer of the plan.
    pub layers: Vec<SliceStats>,
    /// By layer of the plan: the tiles that its features touch at the zoom that measures its area.
    pub covers: Vec<Option<TileCover>>,
    /// What was odd about features, with their places.
    pub findings: Findings,
    /// The first expression that could not be evaluated; then pieces are missing.
    pub fault: Option<Fault>,
}

impl Sliced {
    /// Adds what another worker found.
    pub fn merge(&mut self, other: Self) {
        if self.layers.is_empty() {
            *self = other;
            return;
        }
        self.findings.merge(other.findings);
        Fault::keep_first(&mut self.fault, other.fault);
        for (ours, theirs) in self.layers.iter_mut().zip(other.layers) {
            ours.merge(theirs);
        }
        for (ours, theirs) in self.covers.iter_mut().zip(other.covers) {
            if let (Some(ours), Some(theirs)) = (ours, theirs) {
                ours.merge(&theirs);
            }
        }
    }
}

impl<'p> Slicer<'p> {
    /// Returns a slicer for all layers of `plan`; without `junctions` each outline is simplified alone, and `tiny`
    /// says what becomes of polygons that are too small.
    #[must_use]
    pub fn new(plan: &'p Plan, keys: &'p Keys, junctions: Option<&'p Junctions>, tiny: Tiny) -> Self {
        let layers = plan.layers.iter().enumerate();
        Self {
            layers: layers
                .map(|(number, layer)| LayerSlicer::new(layer, number as u8, plan.incremental))
                .collect(),
            projected: Geometry::default(),
            work: Work {
                keys: KeyCache::new(keys),
                junctions,
                findings: Findings::default(),
                at: (0, Place::default()),
                weigher: Weigher::default(),
                weighted: Weighted::default(),
                simplified: Weighted::default(),
                grown: Geometry::default(),
                settler: Settler::new(tiny),
                cut: Geometry::default(),
                columns: Pieces::default(),
                rows: Pieces::default(),
                spreader: Spreader::new(&Serial),
                block: Vec::new(),
                sieves: [Sieve::ALL; N_ZOOMS],
            },
            fault: None,
        }
    }

    /// Returns the same slicer, but one that has parts of giant features done by `executor`.
    #[must_use]
    pub fn shared(mut self, executor: &'p dyn Executor) -> Self {
        self.work.spreader = Spreader::new(executor);
        self
    }

    /// Returns the same slicer, but one that makes only those tiles of each zoom that a sieve chooses, and measures no
    /// area.
    #[must_use]
    pub fn sieved(mut self, sieves: [Sieve; N_ZOOMS]) -> Self {
        self.work.sieves = sieves;
        self.layers.iter_mut().for_each(|layer| layer.cover = None);
        self
    }

    /// Slices `feature` of this `source` number for the layers with these numbers.
    pub fn slice(
        &mut self,
        feature: &Feature,
        (source, place): (u32, Place),
        layer_numbers: &[usize],
        sink: &mut dyn PieceSink,
    ) {
        self.work.at = (source, place);
        project(&feature.geometry, &mut self.projected);
        let n_outside = drop_points_outside(&mut self.projected);
        self.work.note(FindingCode::OutsideMercator, n_outside);
        for (nth, number) in layer_numbers.iter().enumerate() {
            let shape = &mut self.work.weighted.geometry;
            if nth + 1 < layer_numbers.len() {
                shape.clone_from(&self.projected);
            } else {
                std::mem::swap(shape, &mut self.projected);
            }
            let fault = self.layers[*number].slice(feature, &mut self.work, sink);
            Fault::keep_first(&mut self.fault, fault.err());
        }
    }

    /// Returns what was found out.
    #[must_use]
    pub fn finish(self) -> Sliced {
        let (layers, covers) = self.layers.into_iter().map(|layer| (layer.stats, layer.cover)).unzip();
        Sliced { layers, covers, findings: self.work.findings, fault: self.fault }
    }
}

impl Work<'_> {
    /// Whether the feature at hand has borders in common with others.
    fn has_borders(&self) -> bool {
        self.weigher.shares().iter().any(|share| share.is_some())
    }

    /// Whether the feature at hand, which has borders in common with others, is so small on a grid that they may jump.
    fn is_crowded(&self, bounds: &WorldBounds, grid: UnitGrid) -> bool {
        let longest = (bounds.max.x - bounds.min.x).max(bounds.max.y - bounds.min.y);
        longest as f64 <= CROWDED_UNITS * grid.unit()
            && self.simplified.geometry.points.len() <= CROWDED_POINTS_MAX
    }

    /// Adds cases of a finding about the feature at hand.
    fn note(&mut self, code: FindingCode, cases: u64) {
        let (source, place) = self.at;
        if cases > 0 {
            self.findings.count(code, cases - 1);
            let example =
                || Example { source, place, reason: code.sentence().to_owned(), text: String::new() };
            self.findings.add(code, source, place, example);
        }
    }

    /// Shows the feature at hand as one that no zoom of a layer is deep enough for.
    fn show_vanished(&mut self, layer: &LayerPlan) {
        let (source, place) = self.at;
        self.findings.show(FindingCode::FeatureVanished, source, place, || Example {
            source,
            place,
            reason: format!(
                "Feature is smaller than a grid unit at zoom {}, the deepest",
                layer.maxzoom.get()
            ),
            text: String::new(),
        });
    }
}

/// Drops points beyond the latitudes of the square, and everything of a line or polygon that lies wholly
/// beyond them; returns how many points or shapes went. What crosses the edge is cut with its tiles.
pub(crate) fn drop_points_outside(geometry: &mut Geometry<World>) -> u64 {
    let before = geometry.points.len();
    if geometry.kind == GeometryKind::Point {
        geometry.points.retain(|point| (0..=World::SIDE).contains(&point.y));
        // The southern edge belongs to the last row.
        geometry.points.iter_mut().for_each(|point| point.y = point.y.min(World::SIDE - 1));
        return (before - geometry.points.len()) as u64;
    }
    let is_north = geometry.points.iter().all(|point| point.y < 0);
    let is_south = geometry.points.iter().all(|point| point.y > World::SIDE);
    if before > 0 && (is_north || is_south) {
        geometry.reset(geometry.kind);
        return 1;
    }
    0
}

impl<'p> LayerSlicer<'p> {
    fn new(plan: &'p LayerPlan, number: u8, needs_ids: bool) -> Self {
        Self {
            plan,
            number,
            selector: Selector::new(plan),
            features_box: plan.features_bbox.map(world_box),
            tiles_box: plan.tiles_bbox.map(world_box),
            ids_vary: plan.ids_vary_by_zoom(),
            needs_ids,
            stats: SliceStats::default(),
            cover: TileCover::for_maxzoom(plan.maxzoom),
        }
    }

    /// Slices a feature, whose shape is the one to be weighed; the error is the fault at the lowest zoom.
    fn slice(
        &mut self,
        feature: &Feature,
        work: &mut Work<'p>,
        sink: &mut dyn PieceSink,
    ) -> Result<(), Fault> {
        self.stats.features += 1;
        self.selector.begin(feature);
        if let Some(window) = self.features_box {
            clip::window(&work.weighted.geometry, &window, &mut work.columns, &mut work.cut);
            std::mem::swap(&mut work.weighted.geometry, &mut work.cut);
        }
        let bounds = WorldBounds::of(&work.weighted.geometry.points);
        let place = work.at.1.key();
        let mut each = EachZoom {
            feature,
            place,
            bounds,
            is_weighed: false,
            last_tolerance: None,
            kept: None,
            is_plain: None,
            has_not_finite: false,
        };
        work.spreader.begin_feature();
        let mut first_fault = Ok(());
        for (zoom, plan) in zoom_plans(self.plan) {
            // Five million vertices keep a worker for half a minute.
            if work.spreader.is_cancelled() {
                break;
            }
            match self.slice_zoom((zoom, plan), &mut each, work, sink) {
                Ok(Reach::Tiles | Reach::Placeholder) => self.stats.bounds.merge(&each.bounds),
                Ok(Reach::Vanished) => {
                    *self.stats.vanished.entry(zoom).or_default() += 1;
                    if zoom == self.plan.maxzoom {
                        work.show_vanished(self.plan);
                    }
                }
                Ok(Reach::Merged) => *self.stats.merged.entry(zoom).or_default() += 1,
                Ok(Reach::Elsewhere) => {}
                Err(error) => {
                    let tile = Spread::first_tile(&bounds, zoom);
                    first_fault = Err(Fault { tile, layer: self.number, place, error });
                    each.kept = None;
                }
            }
        }
        let n_redrawn = work.spreader.take_redrawn();
        work.note(FindingCode::NoiseRedrawn, n_redrawn);
        work.note(FindingCode::NumberNotFinite, u64::from(each.has_not_finite));
        first_fault
    }

    fn slice_zoom(
        &mut self,
        (zoom, plan): (Zoom, &ZoomPlan),
        each: &mut EachZoom<'_>,
        work: &mut Work<'p>,
        sink: &mut dyn PieceSink,
    ) -> Result<Reach, Box<EvalError>> {
        let is_plain = plan.tiles.is_plain();
        let is_settled = self.selector.is_as_below(zoom) && !self.ids_vary;
        if each.kept.is_none() || each.is_plain != Some(is_plain) || !is_settled {
            each.is_plain = Some(is_plain);
            each.kept = Some(self.select((zoom, plan), each, work, sink)?);
        }
        let Some(Kept { is_kept: true, id }) = each.kept else { return Ok(Reach::Elsewhere) };
        let (units, is_grown) = self.selector.simplification(each.feature, zoom, &plan.simplification)?;
        if work.weighted.geometry.is_empty() {
            return Ok(Reach::Elsewhere);
        }
        let sieve = work.sieves[usize::from(zoom.get())];
        let spread = Spread::new(zoom, plan, &each.bounds, self.tiles_box.as_ref()).sieved(sieve);
        if !sieve.is_all() {
            // Small rings may grow out of their box, see `tiny`.
            let asked =
                Spread::new(zoom, plan, &widened(&each.bounds), self.tiles_box.as_ref()).sieved(sieve);
            if !asked.may_have_tiles() {
                return Ok(Reach::Elsewhere);
            }
        }
        if !each.is_weighed {
            each.is_weighed = true;
            self.weigh(&each.bounds, work);
        }
        let origin = Origin { layer: self.number, place: each.place, id };
        if work.weighted.geometry.kind == GeometryKind::Point {
            return Ok(work.spreader.spread(&work.weighted.geometry, &spread, origin, sink));
        }
        let grid = UnitGrid { zoom, extent: plan.extent, is_deepest: zoom == self.plan.maxzoom };
        let small = work.settler.small(grid);
        let has_borders = work.has_borders();
        let spread = spread.small(small, &each.bounds).bordered(has_borders);
        if small.is_some() && work.settler.is_tiny(&work.weighted.geometry, grid) {
            return Ok(work.spreader.hold_place(&spread, origin, sink));
        }
        let tolerance = tolerance_world(zoom, plan, units);
        let is_grown = is_grown && work.weighted.geometry.kind == GeometryKind::Polygon;
        if is_grown {
            simplify_outward(&work.weighted, tolerance, &mut work.grown);
            return Ok(work.spreader.spread(&work.grown, &spread.grown(true), origin, sink));
        }
        // Each zoom starts from what the deeper one left, unless the recipe asks for more detail here.
        if each.last_tolerance.is_none_or(|last| tolerance < last) {
            simplify_into(&work.weighted, tolerance, &mut work.simplified);
        } else {
            simplify(&mut work.simplified, tolerance);
        }
        each.last_tolerance = Some(tolerance);
        let is_crowded = has_borders && work.is_crowded(&each.bounds, grid);
        let geometry = &work.simplified.geometry;
        let settled = work.settler.settle(&work.weighted.geometry, (geometry, tolerance), grid);
        Ok(match settled {
            Settled::Same => {
                let spread = spread.crowded(is_crowded, &each.bounds);
                work.spreader.spread(geometry, &spread, origin, sink)
            }
            Settled::Nothing if has_borders => work.spreader.hold_place(&spread, origin, sink),
            Settled::Nothing => Reach::Merged,
            Settled::Changed(shape, transfers) => {
                let bounds = WorldBounds::of(&shape.points);
                let spread = Spread::new(zoom, plan, &bounds, self.tiles_box.as_ref()).sieved(sieve);
                let spread = spread.small(small, &bounds);
                let spread = spread.bordered(has_borders).crowded(is_crowded, &bounds).transferred(transfers);
                work.spreader.spread(shape, &spread, origin, sink)
            }
        })
    }

    /// Weighs the feature, and notes the tiles that it would be billed for.
    fn weigh(&mut self, bounds: &WorldBounds, work: &mut Work<'p>) {
        let Weighted { geometry, weights } = &mut work.weighted;
        let borders = Borders { junctions: work.junctions, window: self.features_box };
        work.weigher.weigh(geometry, floor_world(self.plan), borders, weights);
        work.settler.measure(geometry, work.weigher.shares());
        if let Some(cover) = &mut self.cover {
            cover.add(geometry, bounds, &mut work.columns, &mut work.rows);
        }
    }

    /// Asks whether the feature is in the layer at a zoom; if so, its attributes and its id go to the sink.
    fn select(
        &mut self,
        (zoom, plan): (Zoom, &ZoomPlan),
        each: &mut EachZoom<'_>,
        work: &mut Work<'p>,
        sink: &mut dyn PieceSink,
    ) -> Result<Kept, Box<EvalError>> {
        let numeric = numeric_id(self.selector.identify(each.feature, zoom, plan)?);
        let ids_vary = self.ids_vary;
        let is_first = each.kept.is_none();
        if is_first || ids_vary {
            // Ids count before the filter does, and whatever becomes of the feature.
            if let Some(id) = numeric.id {
                sink.id(self.number, ids_vary.then_some(zoom), id, each.place);
            }
            let is_missed = self.needs_ids && numeric.id.is_none();
            let finding = numeric.finding.or(is_missed.then_some(FindingCode::IdMissing));
            if let Some(code) = finding.filter(|_| is_first) {
                work.note(code, 1);
            }
        }
        let Some(selected) = self.selector.at(each.feature, zoom, plan)? else {
            return Ok(Kept { is_kept: false, id: None });
        };
        let id = numeric.id.filter(|_| plan.tiles.id != TileIds::None);
        if plan.tiles.is_plain() {
            let not_finite = block::pack(selected.attributes, self.plan, &mut work.keys, &mut work.block);
            each.has_not_finite |= not_finite > 0;
        } else {
            staged::pack(selected, &mut work.keys, &mut work.block);
        }
        sink.attributes(&work.block);
        Ok(Kept { is_kept: true, id })
    }
}

/// What is carried from zoom to zoom of one feature.
#[derive(Debug)]
struct EachZoom<'f> {
    feature: &'f Feature,
    place: u64,
    bounds: WorldBounds,
    is_weighed: bool,
    /// The tolerance that the simplified shape has, world units.
    last_tolerance: Option<f64>,
    kept: Option<Kept>,
    /// Whether the latest block is a plain one.
    is_plain: Option<bool>,
    /// Whether a number could not be written at some zoom.
    has_not_finite: bool,
}

/// Whether a feature is in the layer, and with which id.
#[derive(Clone, Copy, Debug)]
struct Kept {
    is_kept: bool,
    id: Option<u64>,
}

/// Returns the zooms of a layer from the deepest up.
pub(crate) fn zoom_plans(layer: &LayerPlan) -> impl Iterator<Item = (Zoom, &ZoomPlan)> {
    layer.minzoom.to(layer.maxzoom).rev().zip(layer.zooms.iter().rev())
}

/// Returns the distance in world units below which no zoom asks for vertices.
pub(crate) fn floor_world(layer: &LayerPlan) -> f64 {
    let floor = |(zoom, plan): (Zoom, &ZoomPlan)| match (
        &plan.simplification.distance,
        &plan.simplification.outward_only,
    ) {
        (Amount::Constant(units), Switch::Never) => tolerance_world(zoom, plan, *units),
        _ => 0.0,
    };
    zoom_plans(layer).map(floor).fold(f64::INFINITY, f64::min)
}

/// Returns a tolerance in units at `zoom` in world units.
pub(crate) fn tolerance_world(zoom: Zoom, plan: &ZoomPlan, units: f64) -> f64 {
    units * World::tile_side(zoom) as f64 / f64::from(plan.extent.get())
}

/// Returns a box three times as wide and high around the same middle.
const fn widened(bounds: &WorldBounds) -> WorldBounds {
    let (width, height) = (bounds.max.x - bounds.min.x, bounds.max.y - bounds.min.y);
    WorldBounds {
        min: World::new(bounds.min.x - width, bounds.min.y - height),
        max: World::new(bounds.max.x + width, bounds.max.y + height),
    }
}

pub(crate) fn world_box(bounds: LonLatBounds) -> WorldBounds {
    let upper_left = project_point(LonLat::new(bounds.west, bounds.north));
    let lower_right = project_point(LonLat::new(bounds.east, bounds.south));
    WorldBounds { min: upper_left, max: lower_right }
}
