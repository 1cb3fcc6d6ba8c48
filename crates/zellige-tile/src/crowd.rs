//! Gathers the small polygons of a tile that share borders, until all of them are known.
//!
//! In:     pieces of one layer in one tile, from the first polygon on that is to be rounded in its tile.
//! Out:    the same pieces; of each such polygon its rounded shape, or that it stands for others.
//! Keeps:  the order of the pieces, since what stands between such polygons waits with them.
//! Source: –
//!
//! How they are rounded is the matter of `snap_round`.

use zellige_model::{Geometry, Grid};
use zellige_recipe::ZoomPlan;

use crate::diffuse::{PARTS_PER_UNIT, Placeholder};
use crate::piece::Body;
use crate::snap_round::{Fine, HotUnits, take_fine};
use crate::validate::Validator;
use crate::waiting::{Piece, Waiting};

/// So many bytes of polygons and what stands between them wait for their neighbours in a tile; then they are rounded
/// without those that come after them.
const CROWD_BYTES_MAX: usize = 6 << 20;

/// Crowds whose area is less than so many square units have no borders that anybody sees: those of them that are
/// smaller than a unit stand for each other like tiny polygons without neighbours.
const CROWD_UNITS_MIN: i64 = 256;

/// Polygons that wait to be rounded together, and the pieces between them.
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    waiting: Waiting,
    /// Their area as far as it is accounted for, in parts of a unit.
    whole: i64,
    /// Whether the tile at hand has such polygons.
    has_begun: bool,
    hot: HotUnits,
    fine: Geometry<Fine>,
    rounded: Geometry<Grid>,
    validator: Validator,
}

impl Crowd {
    /// Starts a tile.
    pub(crate) fn begin(&mut self) {
        self.has_begun = false;
        self.waiting.clear();
        self.whole = 0;
    }

    /// Whether a piece has to wait: it is to be rounded, or something before it is.
    pub(crate) fn wants(&mut self, body: &Body<'_>, zoom_plan: &ZoomPlan) -> bool {
        let is_first = !self.has_begun && body.to_round.is_some();
        if is_first {
            self.has_begun = true;
            self.waiting.reserve(CROWD_BYTES_MAX);
            self.hot.begin(zoom_plan.extent, zoom_plan.buffer_units);
        }
        body.to_round.is_some() || !self.is_empty()
    }

    /// Takes a piece that has to wait; `body` is its body, opened.
    pub(crate) fn push(&mut self, piece: Piece<'_>, body: &Body<'_>) {
        if body.to_round.is_some() {
            take_fine(body.commands, &mut self.fine);
            self.hot.mark(&self.fine);
            self.whole += i64::from(body.head.owed);
        }
        self.waiting.push(piece);
    }

    /// Takes the pieces that wait, to be handed back by [`Crowd::restore`]; what is known of them stays until then.
    pub(crate) fn take(&mut self) -> Waiting {
        std::mem::take(&mut self.waiting)
    }

    /// Takes back the pieces, and forgets them, but not which units are hot.
    pub(crate) fn restore(&mut self, waiting: Waiting) {
        self.waiting = waiting;
        self.waiting.clear();
        self.whole = 0;
    }

    /// Returns what stands for a polygon that waits, whose tile this is, if it is smaller than a unit and the crowd is
    /// small; nothing near the edges, since tiles beside this one do not know how large the crowd is.
    pub(crate) fn placeholder(&mut self, body: &Body<'_>, zoom_plan: &ZoomPlan) -> Option<Placeholder> {
        let is_small = self.whole < CROWD_UNITS_MIN * i64::from(PARTS_PER_UNIT);
        if !is_small || !(1..PARTS_PER_UNIT).contains(&body.head.owed) {
            return None;
        }
        take_fine(body.commands, &mut self.fine);
        let corner = self.fine.points.first().copied().unwrap_or_default();
        let (mut min, mut max) = (corner, corner);
        for point in &self.fine.points {
            min = Fine::new(min.x.min(point.x), min.y.min(point.y));
            max = Fine::new(max.x.max(point.x), max.y.max(point.y));
        }
        let units = |from: i32, to: i32| ((to - from) as u32).div_ceil(1 << Fine::BITS).max(1);
        let unit = |from: i32, to: i32| i32::midpoint(from, to) >> Fine::BITS;
        let placeholder = Placeholder {
            at: Grid::new(unit(min.x, max.x), unit(min.y, max.y)),
            box_units: (units(min.x, max.x), units(min.y, max.y)),
            is_shared: false,
            decided: None,
        };
        let is_near = placeholder.may_be_beside(zoom_plan.extent, zoom_plan.buffer_units);
        (!is_near).then_some(placeholder)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether no more should wait.
    pub(crate) const fn is_full(&self) -> bool {
        CROWD_BYTES_MAX <= self.waiting.len_bytes()
    }

    /// Returns polygons that are to be rounded as legal ones.
    pub(crate) fn round(&mut self, body: &Body<'_>) -> &Geometry<Grid> {
        take_fine(body.commands, &mut self.fine);
        self.hot.round(&self.fine, &mut self.rounded);
        self.validator.validate(&mut self.rounded);
        &self.rounded
    }
}
