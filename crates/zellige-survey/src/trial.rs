//! Runs the options of a layer on sampled features, as a job would, without cutting them.
//!
//! In:     the plan of a layer, a [`Sample`].
//! Out:    a [`Trial`]: how many features each filter keeps, and which option fails on which feature.
//! Keeps:  the order of the pipeline: a feature that fails at one option does not reach the next.
//! Source: recipe 2.8. Options of tiles look at each feature as if it were alone in a tile that it fills; a union then
//!         changes nothing but attributes.

use zellige_model::{Feature, Geometry, GeometryKind, Grid, Zoom};
use zellige_recipe::expression::EvalError;
use zellige_recipe::plan::{Amount, Simplification, Switch, TileIds, TileStage};
use zellige_recipe::{LayerPlan, ZoomPlan};
use zellige_tile::explain::Step;
use zellige_tile::select::Selector;
use zellige_tile::stage::Stage;
use zellige_tile::staged::StagedFeature;

use crate::sample::Sample;

/// So many times a feature is tried at a zoom, for one layer.
const TRIALS_MAX: usize = 2_000_000;

/// What options did to features.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Trial {
    /// Features that were tried.
    pub(crate) n_tried: u64,
    /// How many of them `features.filter` keeps, by zoom of the layer.
    pub(crate) n_kept: Vec<u64>,
    /// How many of those `tiles.filter` keeps, by zoom of the layer.
    pub(crate) n_kept_in_tiles: Vec<u64>,
    /// What failed, each option once, in the order in which they were found.
    pub(crate) failures: Vec<Failure>,
}

/// An option that met a value that it cannot use.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    /// The option.
    pub(crate) step: Step,
    /// The number of the first feature in the sample that it fails on.
    pub(crate) feature_idx: usize,
    /// The lowest zoom at which it does.
    pub(crate) zoom: Zoom,
    /// The reason.
    pub(crate) error: EvalError,
    /// On how many features it fails.
    pub(crate) n_features: u64,
    /// The latest of them.
    last_idx: usize,
}

/// What came of a feature at one zoom.
#[derive(Clone, Debug)]
enum Outcome {
    Filtered,
    FilteredInTiles,
    Kept,
    Fails(Step, Box<EvalError>),
}

/// Tries all options of a layer.
pub(crate) fn run(layer: &LayerPlan, sample: &Sample) -> Trial {
    let n_zooms = layer.zooms.len();
    let mut runner = Runner::new(layer);
    let mut trial = Trial { n_kept: vec![0; n_zooms], n_kept_in_tiles: vec![0; n_zooms], ..Trial::default() };
    let n_different = runner.is_as_below.iter().filter(|is_same| !**is_same).count();
    let step = (sample.features.len() * n_different).div_ceil(TRIALS_MAX).max(1);
    for (feature_idx, sampled) in sample.features.iter().enumerate().step_by(step) {
        trial.n_tried += 1;
        runner.selector.begin(&sampled.feature);
        let mut last = None;
        for (zoom, zoom_idx) in layer.minzoom.to(layer.maxzoom).rev().zip((0..n_zooms).rev()) {
            let outcome = match last.take() {
                Some(outcome) if runner.is_as_below[zoom_idx] => outcome,
                _ => runner.at(&sampled.feature, zoom, zoom_idx),
            };
            trial.note(&outcome, feature_idx, zoom, zoom_idx);
            last = Some(outcome);
        }
    }
    trial
}

impl Trial {
    fn note(&mut self, outcome: &Outcome, feature_idx: usize, zoom: Zoom, zoom_idx: usize) {
        match outcome {
            Outcome::Filtered => {}
            Outcome::FilteredInTiles => self.n_kept[zoom_idx] += 1,
            Outcome::Kept => {
                self.n_kept[zoom_idx] += 1;
                self.n_kept_in_tiles[zoom_idx] += 1;
            }
            Outcome::Fails(step, error) => match self.failures.iter_mut().find(|it| it.step == *step) {
                // Zooms come from the deepest up.
                Some(known) if known.feature_idx == feature_idx => known.zoom = zoom,
                Some(known) => {
                    known.n_features += u64::from(known.last_idx != feature_idx);
                    known.last_idx = feature_idx;
                }
                None => self.failures.push(Failure {
                    step: *step,
                    feature_idx,
                    zoom,
                    error: (**error).clone(),
                    n_features: 1,
                    last_idx: feature_idx,
                }),
            },
        }
    }
}

/// The stages of a layer, with one plan for each option of tiles that may fail.
struct Runner<'p> {
    layer: &'p LayerPlan,
    selector: Selector<'p>,
    stage: Stage<'p>,
    /// By zoom of the layer: whether everything is as at the next deeper zoom.
    is_as_below: Vec<bool>,
    /// By zoom of the layer.
    tests: Vec<Vec<(Step, ZoomPlan)>>,
}

impl<'p> Runner<'p> {
    fn new(layer: &'p LayerPlan) -> Self {
        let selector = Selector::new(layer);
        let zooms: Vec<Zoom> = layer.minzoom.to(layer.maxzoom).collect();
        let is_as_below = zooms.iter().enumerate().map(|(idx, zoom)| {
            let (Some(here), Some(below)) = (layer.zooms.get(idx), layer.zooms.get(idx + 1)) else {
                return false;
            };
            let is_same = here.simplification == below.simplification && here.tiles == below.tiles;
            selector.is_as_below(*zoom) && is_same
        });
        let is_as_below = is_as_below.collect();
        let tests = layer.zooms.iter().map(tests).collect();
        Self { layer, selector, stage: Stage::new(layer), is_as_below, tests }
    }

    fn at(&mut self, feature: &Feature, zoom: Zoom, zoom_idx: usize) -> Outcome {
        self.try_at(feature, zoom, zoom_idx).unwrap_or_else(|(step, error)| Outcome::Fails(step, error))
    }

    fn try_at(
        &mut self,
        feature: &Feature,
        zoom: Zoom,
        zoom_idx: usize,
    ) -> Result<Outcome, (Step, Box<EvalError>)> {
        let Self { layer, selector, stage, tests, .. } = self;
        let (plan, tests) = (&layer.zooms[zoom_idx], &tests[zoom_idx]);
        selector.identify(feature, zoom, plan).map_err(|error| (Step::Id, error))?;
        let mut staged = None;
        match selector.at(feature, zoom, plan) {
            Ok(None) => return Ok(Outcome::Filtered),
            Ok(Some(selected)) if !tests.is_empty() => {
                staged = Some(StagedFeature {
                    id_value: selected.id.clone(),
                    attributes: selected.attributes.clone(),
                    geometry: filling(feature.geometry.kind, plan),
                    fills: feature.geometry.kind == GeometryKind::Polygon,
                    ..StagedFeature::default()
                });
            }
            Ok(Some(_)) => {}
            Err(error) => return Err((set_or_filter(selector, feature, zoom, plan), error)),
        }
        let simplification = selector.simplification(feature, zoom, &plan.simplification);
        simplification.map_err(|error| (Step::Simplification, error))?;
        let Some(staged) = staged else { return Ok(Outcome::Kept) };
        let mut outcome = Outcome::Kept;
        for (step, plan) in tests {
            let left = stage.run(vec![staged.clone()], zoom, plan).map_err(|fault| (*step, fault.error))?;
            if *step == Step::TileFilter && left.is_empty() {
                outcome = Outcome::FilteredInTiles;
            }
        }
        Ok(outcome)
    }
}

/// Returns which of the two options failed, that are evaluated in one go.
fn set_or_filter(selector: &mut Selector<'_>, feature: &Feature, zoom: Zoom, plan: &ZoomPlan) -> Step {
    let mut without = plan.clone();
    without.features.filter = Switch::Always;
    if selector.identify(feature, zoom, &without).is_err() || selector.at(feature, zoom, &without).is_err() {
        Step::Set
    } else {
        Step::Filter
    }
}

/// Returns for each option of tiles that may fail the plan that ends with it.
fn tests(plan: &ZoomPlan) -> Vec<(Step, ZoomPlan)> {
    let whole = &plan.tiles;
    let may_fail = |switch: &Switch| matches!(switch, Switch::When(_));
    let computes =
        |it: &Simplification| matches!(it.distance, Amount::Computed(_)) || may_fail(&it.outward_only);
    let limits = TileStage { limits: whole.limits.clone(), ..TileStage::NOTHING };
    let unions = TileStage { unions: whole.unions.clone(), ..TileStage::NOTHING };
    let filter = TileStage { filter: whole.filter.clone(), ..unions.clone() };
    let set = TileStage { set: whole.set.clone(), ..filter.clone() };
    let remove = TileStage { remove_filled: whole.remove_filled.clone(), ..set.clone() };
    let id = TileStage { id: whole.id.clone(), ..set.clone() };
    let unites = |it: &zellige_recipe::plan::UnionStage| {
        may_fail(&it.takes_part) || it.simplification.as_ref().is_some_and(computes)
    };
    let all = [
        (Step::Limit, whole.limits.iter().any(|(applies, _)| may_fail(applies)), limits),
        (Step::Union, whole.unions.iter().any(unites), unions),
        (Step::TileFilter, may_fail(&whole.filter), filter),
        (Step::TileSet, !whole.set.is_empty(), set),
        (Step::RemoveFilled, may_fail(&whole.remove_filled), remove),
        (Step::TileId, matches!(whole.id, TileIds::Computed(_)), id),
    ];
    let needed = all.into_iter().filter(|(_, is_needed, _)| *is_needed);
    needed.map(|(step, _, tiles)| (step, ZoomPlan { tiles, ..plan.clone() })).collect()
}

/// Returns a legal geometry of a kind, a polygon that covers the whole window.
fn filling(kind: GeometryKind, plan: &ZoomPlan) -> Geometry<Grid> {
    let mut geometry = Geometry::default();
    geometry.reset(kind);
    let (low, high) = (-(plan.buffer_units as i32), (plan.extent.get() + plan.buffer_units) as i32);
    match kind {
        GeometryKind::Point => geometry.points.push(Grid::new(0, 0)),
        GeometryKind::LineString => {
            geometry.points.extend([Grid::new(low, low), Grid::new(high, high)]);
            geometry.end_part();
        }
        GeometryKind::Polygon => {
            let ring = [(low, low), (high, low), (high, high), (low, high)];
            geometry.points.extend(ring.map(|(x, y)| Grid::new(x, y)));
            geometry.end_part();
            geometry.end_polygon();
        }
    }
    geometry
}
