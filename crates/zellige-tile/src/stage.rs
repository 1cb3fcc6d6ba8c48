//! What recipes do to the features of one tile, step by step.
//!
//! In:     staged features of one layer in source order; the tile stage of its zoom.
//! Out:    fewer, other or merged features in output order.
//! Keeps:  source order where nothing sorts.
//! Source: recipe 2.8, steps 9 to 15: limit, union, filter, set, order, `remove_filled`, id.

use zellige_model::{Extent, FindingCode, Geometry, GeometryKind, Grid, Value, World, Zoom};
use zellige_recipe::expression::{Bindings, EvalError, Evaluator, Scope};
use zellige_recipe::plan::{Simplification, Switch, TileIds, TileStage, UnionStage};
use zellige_recipe::{LayerPlan, ZoomPlan};

use crate::borders::Borders;
use crate::id::numeric_id;
use crate::limit::limit;
use crate::order::OrderKey;
use crate::select::{evaluate_simplification, switch};
use crate::simplify::{Weighted, simplify, simplify_outward};
use crate::staged::StagedFeature;
use crate::union::union;
use crate::validate::{Validator, fills};
use crate::weigh::Weigher;

/// Runs the tile stage of one layer, in buffers that stay.
#[derive(Debug)]
pub struct Stage<'p> {
    layer: &'p LayerPlan,
    bindings: Bindings,
    evaluator: Evaluator,
    smoother: Smoother,
    notes: StageNotes,
}

/// What was odd, over all tiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageNotes {
    /// Features that limits dropped, counted in every tile.
    pub n_limited: u64,
    /// Tiles in which a limit ranked values of several types.
    pub n_limit_mixed: u64,
    /// Values that could not be aggregated.
    pub n_ignored: u64,
    /// Lines and polygons that were to be clustered.
    pub n_unclustered: u64,
    /// Features that a simplification after merging left without a shape, counted in every tile.
    pub n_vanished: u64,
    /// Numbers that could not be written, counted in every tile.
    pub n_not_finite: u64,
    /// Ids that tiles compute and that are booleans, arrays or objects, counted in every tile.
    pub n_id_unusable: u64,
    /// Ids that tiles compute and that are above 2^53 - 1, counted in every tile.
    pub n_id_inexact: u64,
    /// Which kinds of order values were seen, a bit each.
    pub order_kinds: u8,
}

impl StageNotes {
    /// Adds those of another worker.
    pub const fn merge(&mut self, other: Self) {
        self.n_limited += other.n_limited;
        self.n_limit_mixed += other.n_limit_mixed;
        self.n_ignored += other.n_ignored;
        self.n_unclustered += other.n_unclustered;
        self.n_vanished += other.n_vanished;
        self.n_not_finite += other.n_not_finite;
        self.n_id_unusable += other.n_id_unusable;
        self.n_id_inexact += other.n_id_inexact;
        self.order_kinds |= other.order_kinds;
    }
}

/// A program met a value that it cannot use, at the feature of this place.
#[derive(Clone, Debug, PartialEq)]
pub struct StageFault {
    /// The position in the source.
    pub place: u64,
    /// The reason.
    pub error: Box<EvalError>,
}

impl<'p> Stage<'p> {
    /// Returns a stage for a layer.
    #[must_use]
    pub fn new(layer: &'p LayerPlan) -> Self {
        Self {
            layer,
            bindings: Bindings::new(layer.names.clone()),
            evaluator: Evaluator::default(),
            smoother: Smoother::default(),
            notes: StageNotes::default(),
        }
    }

    /// Notes numbers that could not be written.
    pub const fn note_not_finite(&mut self, numbers: u64) {
        self.notes.n_not_finite += numbers;
    }

    /// Returns what was odd so far.
    #[must_use]
    pub const fn notes(&self) -> StageNotes {
        self.notes
    }

    /// Returns what is left of the features of a tile, in output order.
    ///
    /// # Errors
    ///
    /// When a program meets a value that it cannot use.
    pub fn run(
        &mut self,
        mut features: Vec<StagedFeature>,
        zoom: Zoom,
        plan: &ZoomPlan,
    ) -> Result<Vec<StagedFeature>, StageFault> {
        let TileStage { limits, unions, filter, set: _, remove_filled: _, id: _ } = &plan.tiles;
        for (applies, rule) in limits.iter().filter(|(applies, _)| *applies != Switch::Never) {
            let matches = self.switches(&features, zoom, applies)?;
            let notes = limit(&mut features, &matches, rule, plan.extent);
            self.notes.n_limited += notes.n_dropped;
            self.notes.n_limit_mixed += u64::from(notes.is_mixed);
        }
        for stage in unions.iter().filter(|stage| stage.takes_part != Switch::Never) {
            features = self.unite(features, zoom, plan, stage)?;
        }
        if *filter != Switch::Always {
            let mut kept = self.switches(&features, zoom, filter)?.into_iter();
            features.retain(|_| kept.next().unwrap_or(false));
        }
        self.compute(&mut features, zoom, &plan.tiles)?;
        self.sort(&mut features);
        if self.is_removed(&features, zoom, &plan.tiles.remove_filled)? {
            return Ok(Vec::new());
        }
        self.number(&mut features, zoom, &plan.tiles.id)?;
        Ok(features)
    }

    /// Evaluates a switch for each feature.
    pub(crate) fn switches(
        &mut self,
        features: &[StagedFeature],
        zoom: Zoom,
        by: &Switch,
    ) -> Result<Vec<bool>, StageFault> {
        let mut all = Vec::with_capacity(features.len());
        for feature in features {
            self.bindings.bind(feature.attributes.iter());
            let scope = scope(feature, zoom, &self.bindings);
            all.push(switch(by, &scope, &mut self.evaluator).map_err(at(feature))?);
        }
        Ok(all)
    }

    /// Merges those that take part, and simplifies what was merged.
    pub(crate) fn unite(
        &mut self,
        features: Vec<StagedFeature>,
        zoom: Zoom,
        plan: &ZoomPlan,
        stage: &UnionStage,
    ) -> Result<Vec<StagedFeature>, StageFault> {
        let takes_part = self.switches(&features, zoom, &stage.takes_part)?;
        let passing: Vec<u64> = (features.iter().zip(&takes_part))
            .filter(|(_, takes_part)| !**takes_part)
            .map(|(feature, _)| feature.place)
            .collect();
        let (mut features, notes) = union(features, &takes_part, &stage.union, plan.extent);
        self.notes.n_ignored += notes.n_ignored;
        self.notes.n_unclustered += notes.n_unclustered;
        for feature in &mut features {
            if passing.binary_search(&feature.place).is_ok() {
                continue;
            }
            if let Some(simplification) = &stage.simplification {
                self.smooth(feature, zoom, simplification)?;
            }
            feature.fills = fills_window(&feature.geometry, plan.extent, plan.buffer_units);
        }
        let n_before = features.len();
        features.retain(|feature| !feature.geometry.is_empty());
        self.notes.n_vanished += (n_before - features.len()) as u64;
        Ok(features)
    }

    /// Simplifies what was merged, in units of the tile.
    fn smooth(
        &mut self,
        feature: &mut StagedFeature,
        zoom: Zoom,
        simplification: &Simplification,
    ) -> Result<(), StageFault> {
        self.bindings.bind(feature.attributes.iter());
        let scope = scope(feature, zoom, &self.bindings);
        let (units, is_grown) =
            evaluate_simplification(simplification, &scope, &mut self.evaluator).map_err(at(feature))?;
        self.smoother.smooth(&mut feature.geometry, units, is_grown);
        Ok(())
    }

    /// Computes attributes, all from the values as they are, then writes them.
    pub(crate) fn compute(
        &mut self,
        features: &mut [StagedFeature],
        zoom: Zoom,
        stage: &TileStage,
    ) -> Result<(), StageFault> {
        if stage.set.is_empty() {
            return Ok(());
        }
        for feature in features {
            self.bindings.bind(feature.attributes.iter());
            let mut computed = Vec::with_capacity(stage.set.len());
            for (_, program) in &stage.set {
                let scope = scope(feature, zoom, &self.bindings);
                let value = self.evaluator.value(program, &scope).map_err(at(feature))?;
                computed.push(value.to_owned());
            }
            let names = stage.set.iter().map(|(name, _)| name.as_str());
            feature.attributes.write_all(names.zip(computed.iter().map(Value::as_ref)));
        }
        Ok(())
    }

    fn sort(&mut self, features: &mut [StagedFeature]) {
        let Some(name) = &self.layer.order else { return };
        let kinds = features.iter().map(|feature| OrderKey::of(feature.attributes.get(name)).kind());
        self.notes.order_kinds |= kinds.fold(0, |all, kind| all | kind);
        features.sort_by(|a, b| {
            OrderKey::of(a.attributes.get(name)).compare(OrderKey::of(b.attributes.get(name)))
        });
    }

    /// Whether every feature covers the whole window and wants such tiles removed.
    fn is_removed(
        &mut self,
        features: &[StagedFeature],
        zoom: Zoom,
        remove_filled: &Switch,
    ) -> Result<bool, StageFault> {
        if *remove_filled == Switch::Never || !features.iter().all(|feature| feature.fills) {
            return Ok(false);
        }
        Ok(self.switches(features, zoom, remove_filled)?.into_iter().all(|is_removed| is_removed))
    }

    /// Gives each feature its id in the tile.
    pub(crate) fn number(
        &mut self,
        features: &mut [StagedFeature],
        zoom: Zoom,
        ids: &TileIds,
    ) -> Result<(), StageFault> {
        for feature in features {
            match ids {
                TileIds::Feature => {}
                TileIds::None => feature.id = None,
                TileIds::Computed(program) => {
                    self.bindings.bind(feature.attributes.iter());
                    let scope = scope(feature, zoom, &self.bindings);
                    let value = self.evaluator.value(program, &scope).map_err(at(feature))?.to_owned();
                    let numeric = numeric_id(&value);
                    feature.id = numeric.id;
                    self.notes.n_id_unusable += u64::from(numeric.finding == Some(FindingCode::IdUnusable));
                    self.notes.n_id_inexact += u64::from(numeric.finding == Some(FindingCode::IdInexact));
                }
            }
        }
        Ok(())
    }
}

fn scope<'a>(feature: &'a StagedFeature, zoom: Zoom, attributes: &'a Bindings) -> Scope<'a> {
    Scope { zoom: zoom.get(), geometry: feature.geometry.kind, id: feature.id_value.as_ref(), attributes }
}

fn at(feature: &StagedFeature) -> impl FnOnce(Box<EvalError>) -> StageFault + use<> {
    let place = feature.place;
    move |error| StageFault { place, error }
}

pub(crate) fn fills_window(geometry: &Geometry<Grid>, extent: Extent, buffer_units: u32) -> bool {
    fills(geometry, -(buffer_units as i32), (extent.get() + buffer_units) as i32)
}

/// Simplifies shapes on the grid, as `weigh` and `simplify` do in the world.
#[derive(Debug, Default)]
struct Smoother {
    weigher: Weigher,
    weighted: Weighted,
    grown: Geometry<World>,
    validator: Validator,
}

impl Smoother {
    fn smooth(&mut self, geometry: &mut Geometry<Grid>, units: f64, is_grown: bool) {
        if geometry.kind == GeometryKind::Point || units <= 0.0 {
            return;
        }
        let is_grown = is_grown && geometry.kind == GeometryKind::Polygon;
        let shape = &mut self.weighted.geometry;
        shape.reset(geometry.kind);
        shape.part_ends.extend_from_slice(&geometry.part_ends);
        shape.polygon_ends.extend_from_slice(&geometry.polygon_ends);
        shape.points.extend(geometry.points.iter().map(|point| World::new(point.x.into(), point.y.into())));
        let Weighted { geometry: shape, weights } = &mut self.weighted;
        self.weigher.weigh(shape, units, Borders::default(), weights);
        let left = if is_grown {
            simplify_outward(&self.weighted, units, &mut self.grown);
            &self.grown
        } else {
            simplify(&mut self.weighted, units);
            &self.weighted.geometry
        };
        geometry.reset(left.kind);
        geometry.part_ends.extend_from_slice(&left.part_ends);
        geometry.polygon_ends.extend_from_slice(&left.polygon_ends);
        geometry.points.extend(left.points.iter().map(|point| Grid::new(point.x as i32, point.y as i32)));
        if is_grown {
            self.validator.unite(geometry);
        } else {
            self.validator.validate(geometry);
        }
    }
}
