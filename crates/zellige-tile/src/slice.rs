//! One feature to its pieces in all tiles of all zooms.
//!
//! In:     a feature in degrees, its place in the source, the layers that take it.
//! Out:    pieces into a [`PieceSink`], zooms from the deepest up; findings and counters.
//! Keeps:  nothing between features but buffers.
//!
//! Once a feature: project, weigh, select. Once a zoom: simplify, then per tile clip, quantize,
//! validate. Bounds decide first: a feature within one tile and its buffer is never clipped.

use zellige_model::{
    Feature, FindingCode, Findings, Geometry, GeometryKind, LonLat, LonLatBounds, World, WorldBounds, Zoom,
};
use zellige_recipe::{Ids, LayerPlan, Plan, ZoomPlan};

use crate::clip::{self, Pieces};
use crate::id::numeric_id;
use crate::key::{KeyCache, Keys};
use crate::piece::PieceSink;
use crate::precision::TileCover;
use crate::project::{project, project_point};
use crate::select::select;
use crate::simplify::{Weighted, simplify};
use crate::spread::{Origin, Reach, Spread, Spreader};
use crate::stats::SliceStats;
use crate::weigh::Weigher;

/// Slices features of one worker.
#[derive(Debug)]
pub struct Slicer<'p> {
    layers: Vec<LayerSlicer<'p>>,
    projected: Geometry<World>,
    work: Work,
    keys: KeyCache<'p>,
    findings: Findings,
}

/// A layer and what is found out about it.
#[derive(Debug)]
struct LayerSlicer<'p> {
    plan: &'p LayerPlan,
    number: u8,
    features_box: Option<WorldBounds>,
    tiles_box: Option<WorldBounds>,
    stats: SliceStats,
    cover: Option<TileCover>,
}

/// Buffers of one worker.
#[derive(Debug, Default)]
struct Work {
    weigher: Weigher,
    weighted: Weighted,
    simplified: Weighted,
    cut: Geometry<World>,
    columns: Pieces,
    rows: Pieces,
    spreader: Spreader,
    block: Vec<u8>,
}

/// What all workers together found while slicing.
#[derive(Debug, Default)]
pub struct Sliced {
    /// By layer of the plan.
    pub layers: Vec<SliceStats>,
    /// By layer of the plan: the tiles that its features touch at the zoom that measures its area.
    pub covers: Vec<Option<TileCover>>,
    /// Cases without an example; the caller knows the lines.
    pub findings: Findings,
}

impl Sliced {
    /// Adds what another worker found.
    pub fn merge(&mut self, other: Self) {
        if self.layers.is_empty() {
            *self = other;
            return;
        }
        self.findings.merge(other.findings);
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
    /// Returns a slicer for all layers of `plan`.
    #[must_use]
    pub fn new(plan: &'p Plan, keys: &'p Keys) -> Self {
        let layers = plan.layers.iter().enumerate();
        Self {
            layers: layers.map(|(number, layer)| LayerSlicer::new(layer, number as u8)).collect(),
            projected: Geometry::default(),
            work: Work::default(),
            keys: KeyCache::new(keys),
            findings: Findings::default(),
        }
    }

    /// Slices `feature` for the layers with these numbers; returns its numeric id.
    ///
    /// `place` is the position of the feature in its source.
    pub fn slice(
        &mut self,
        feature: &Feature,
        place: u64,
        layer_numbers: &[usize],
        sink: &mut dyn PieceSink,
    ) -> Option<u64> {
        let numeric = numeric_id(&feature.id);
        if let Some(code) = numeric.finding {
            self.findings.count(code, 1);
        }
        project(&feature.geometry, &mut self.projected);
        drop_points_outside(&mut self.projected, &mut self.findings);
        if self.projected.is_empty() {
            return numeric.id;
        }
        for number in layer_numbers {
            let layer = &mut self.layers[*number];
            let id = match layer.plan.ids {
                Ids::Feature => numeric.id,
                Ids::None => None,
            };
            let not_finite = select(&feature.attributes, layer.plan, &mut self.keys, &mut self.work.block);
            self.findings.count(FindingCode::NumberNotFinite, not_finite);
            sink.attributes(&self.work.block);
            layer.slice(&self.projected, Origin { layer: layer.number, place, id }, &mut self.work, sink);
        }
        numeric.id
    }

    /// Returns what was found out.
    #[must_use]
    pub fn finish(self) -> Sliced {
        let (layers, covers) = self.layers.into_iter().map(|layer| (layer.stats, layer.cover)).unzip();
        Sliced { layers, covers, findings: self.findings }
    }
}

/// Drops points beyond the latitudes of the square; lines and polygons are cut with their tiles.
fn drop_points_outside(geometry: &mut Geometry<World>, findings: &mut Findings) {
    if geometry.kind == GeometryKind::Point {
        let before = geometry.points.len();
        geometry.points.retain(|point| (0..=World::SIDE).contains(&point.y));
        findings.count(FindingCode::OutsideMercator, (before - geometry.points.len()) as u64);
    }
}

impl<'p> LayerSlicer<'p> {
    fn new(plan: &'p LayerPlan, number: u8) -> Self {
        Self {
            plan,
            number,
            features_box: plan.features_bbox.map(world_box),
            tiles_box: plan.tiles_bbox.map(world_box),
            stats: SliceStats::default(),
            cover: TileCover::for_maxzoom(plan.maxzoom),
        }
    }

    fn slice(
        &mut self,
        projected: &Geometry<World>,
        origin: Origin,
        work: &mut Work,
        sink: &mut dyn PieceSink,
    ) {
        self.stats.features += 1;
        let source = match self.features_box {
            None => projected,
            Some(window) => {
                clip::window(projected, &window, &mut work.columns, &mut work.cut);
                &work.cut
            }
        };
        if source.is_empty() {
            return;
        }
        let bounds = WorldBounds::of(&source.points);
        let floor =
            self.zoom_plans().map(|(zoom, plan)| tolerance_world(zoom, plan)).fold(f64::INFINITY, f64::min);
        work.weighted.geometry.clone_from(source);
        work.weigher.weigh(source, floor, &mut work.weighted.weights);
        if let Some(cover) = &mut self.cover {
            cover.add(source, &bounds, &mut work.columns, &mut work.rows);
        }
        let mut reached = false;
        let mut last_tolerance = f64::INFINITY;
        for (zoom, plan) in self.zoom_plans() {
            let tolerance = tolerance_world(zoom, plan);
            // Each zoom starts from what the deeper one left, unless the recipe asks for more detail here.
            if last_tolerance.is_infinite() || tolerance < last_tolerance {
                work.simplified.copy_from(&work.weighted);
            }
            last_tolerance = tolerance;
            simplify(&mut work.simplified, tolerance);
            let spread = Spread::new(zoom, plan, &bounds, self.tiles_box.as_ref());
            match work.spreader.spread(&work.simplified.geometry, spread, origin, sink) {
                Reach::Tiles => reached = true,
                Reach::Vanished => *self.stats.vanished.entry(zoom).or_default() += 1,
                Reach::Elsewhere => {}
            }
        }
        if reached {
            self.stats.bounds.merge(&bounds);
        }
    }

    /// Returns the zooms of the layer from the deepest up.
    fn zoom_plans(&self) -> impl Iterator<Item = (Zoom, &'p ZoomPlan)> + use<'p> {
        self.plan.minzoom.to(self.plan.maxzoom).rev().zip(self.plan.zooms.iter().rev())
    }
}

/// Returns the tolerance at `zoom` in world units.
fn tolerance_world(zoom: Zoom, plan: &ZoomPlan) -> f64 {
    plan.tolerance_units * World::tile_side(zoom) as f64 / f64::from(plan.extent.get())
}

fn world_box(bounds: LonLatBounds) -> WorldBounds {
    let upper_left = project_point(LonLat::new(bounds.west, bounds.north));
    let lower_right = project_point(LonLat::new(bounds.east, bounds.south));
    WorldBounds { min: upper_left, max: lower_right }
}
