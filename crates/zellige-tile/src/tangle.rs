//! Redraws polygons whose edges lead through more tiles than anybody can cut.
//!
//! In:     simplified lines or polygons of one feature, and the tiles of a zoom.
//! Out:    polygons that are a tangle as about the same area in cells, at most [`CELLS_MAX`] along a side of its box,
//!         legal ones; of what is left, the columns that can be cut at once.
//! Keeps:  the area under the even-odd rule, several polygons by union.
//! Source: edges that cross the seams between tiles are counted; what is a tangle is sampled as a whole, as what is too
//!         crowded in one tile is there (`validate/redraw`).
//!
//! Five million vertices all over a continent have edges that lead through 66 tiles each at zoom 8: cut, these are
//! 330 million pieces, and every tile has 26,000 of them. What they enclose is smaller than a unit.

use std::borrow::Cow;

use zellige_model::{Geometry, GeometryKind, Grid, World, WorldBounds};

use crate::clip::Stripes;
use crate::validate::Validator;

/// Polygons with no more crossings of edges and seams are cut as they are.
const CROSSINGS_MAX: u64 = 1 << 21;
/// So are those with no more than this for each tile around them: shapes of as many tiles in which there is a pattern to
/// be seen have far fewer.
const CROSSINGS_PER_TILE_MAX: u64 = 64;
/// Columns are cut at once as long as about so many crossings lie in them; each takes up to 64 bytes.
const CROSSINGS_AT_ONCE_MAX: u64 = 1 << 22;
/// Cells along a side of the box; a power of two.
const CELLS_MAX: usize = 1 << 10;
/// The box is sampled on a grid of so many bits.
const GRID_BITS: u32 = 22;

/// Stripes of columns and rows that a shape touches: how many of them there are, and how they lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touched {
    pub(crate) stripes: Stripes,
    /// First and last column.
    pub(crate) columns: (i64, i64),
    /// First and last row.
    pub(crate) rows: (i64, i64),
}

impl Touched {
    /// Counts how often edges of `geometry` cross the seams between stripes; or tells at most how often, when that is
    /// seldom.
    fn count_crossings(self, geometry: &Geometry<World>) -> u64 {
        let n_seams = self.columns.0.abs_diff(self.columns.1) + self.rows.0.abs_diff(self.rows.1);
        let n_most = geometry.points.len() as u64 * n_seams;
        if n_most <= CROSSINGS_MAX {
            return n_most;
        }
        let is_closed = geometry.kind == GeometryKind::Polygon;
        let apart = |a: i64, b: i64| self.stripes.stripe(a).abs_diff(self.stripes.stripe(b));
        let in_part = |part: &[World]| {
            let Some(mut a) = (if is_closed { part.last() } else { part.first() }) else { return 0 };
            let mut n_crossings = 0;
            for b in part {
                n_crossings += apart(a.x, b.x) + apart(a.y, b.y);
                a = b;
            }
            n_crossings
        };
        geometry.parts().map(in_part).sum()
    }

    /// Whether polygons whose edges cross so many seams are a tangle.
    const fn is_tangle(self, n_crossings: u64) -> bool {
        let n_columns = self.columns.0.abs_diff(self.columns.1) + 1;
        let n_tiles = n_columns.saturating_mul(self.rows.0.abs_diff(self.rows.1) + 1);
        CROSSINGS_MAX < n_crossings && CROSSINGS_PER_TILE_MAX.saturating_mul(n_tiles) < n_crossings
    }

    /// Returns `geometry`, or legal polygons of about the same area if it is a tangle; and how often edges of that cross
    /// seams; 0 for such polygons, which cross few.
    pub(crate) fn untangle<'g>(
        self,
        geometry: &'g Geometry<World>,
        validator: &mut Validator,
    ) -> (Cow<'g, Geometry<World>>, u64) {
        let n_crossings = self.count_crossings(geometry);
        if geometry.kind == GeometryKind::Polygon && self.is_tangle(n_crossings) {
            (Cow::Owned(redraw(geometry, validator)), 0)
        } else {
            (Cow::Borrowed(geometry), n_crossings)
        }
    }

    /// Returns groups of columns, first and last, that can be cut at once when edges cross so many seams.
    pub(crate) fn groups(self, n_crossings: u64) -> impl Iterator<Item = (i64, i64)> {
        let (first, last) = self.columns;
        let n_groups = (n_crossings / CROSSINGS_AT_ONCE_MAX) as i64 + 1;
        let n_at_once = (last - first) / n_groups + 1;
        (first..=last).step_by(n_at_once as usize).map(move |first| (first, last.min(first + n_at_once - 1)))
    }
}

/// Returns polygons in cells.
fn redraw(geometry: &Geometry<World>, validator: &mut Validator) -> Geometry<World> {
    let WorldBounds { min, max } = WorldBounds::of(&geometry.points);
    let longer = (max.x - min.x).max(max.y - min.y).unsigned_abs();
    let shift = (u64::BITS - longer.leading_zeros()).saturating_sub(GRID_BITS);
    let mut grid = mapped(geometry, |point| {
        Grid::new(((point.x - min.x) >> shift) as i32, ((point.y - min.y) >> shift) as i32)
    });
    validator.redraw(&mut grid, CELLS_MAX);
    let back = |at: i32| i64::from(at) << shift;
    mapped(&grid, |point| World::new(min.x + back(point.x), min.y + back(point.y)))
}

/// Returns polygons whose points are others.
fn mapped<P, Q>(polygons: &Geometry<P>, other: impl Fn(&P) -> Q) -> Geometry<Q> {
    Geometry {
        kind: polygons.kind,
        points: polygons.points.iter().map(other).collect(),
        part_ends: polygons.part_ends.clone(),
        polygon_ends: polygons.polygon_ends.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: i64 = 1 << 20;

    /// Returns a ring that leads through a square of 64 tiles so often.
    fn chords(n_chords: i64) -> Geometry<World> {
        let mut geometry = Geometry::default();
        geometry.reset(GeometryKind::Polygon);
        for nth in 0..n_chords {
            let along = 8 * SIDE * nth / n_chords;
            let (from, to) = if nth % 2 == 0 { (0, 8 * SIDE - 1) } else { (8 * SIDE - 1, 0) };
            geometry.points.extend([World::new(along, from), World::new(along, to)]);
        }
        geometry.end_part();
        geometry.end_polygon();
        geometry
    }

    const TOUCHED: Touched =
        Touched { stripes: Stripes { side: SIDE, buffer: 0 }, columns: (0, 7), rows: (0, 7) };

    /// Counts crossings, and says whether they make a tangle; if so, compares the area with a half of the square.
    fn check(n_chords: i64, expected_crossings: u64, expected: bool) {
        let geometry = chords(n_chords);
        let n_crossings = TOUCHED.count_crossings(&geometry);
        let mut validator = Validator::default();
        let (untangled, n_left) = TOUCHED.untangle(&geometry, &mut validator);
        assert_eq!((n_crossings, n_left == 0), (expected_crossings, expected));
        assert_eq!(validator.take_redrawn(), u64::from(expected));
        let Cow::Owned(untangled) = untangled else { return };
        let area_doubled = |ring: &[World]| -> f64 {
            let next = ring.iter().cycle().skip(1);
            ring.iter().zip(next).map(|(a, b)| (a.x * b.y - b.x * a.y) as f64 / (SIDE * SIDE) as f64).sum()
        };
        let area = untangled.parts().map(area_doubled).sum::<f64>() / 2.0;
        assert!((area - 32.0).abs() < 0.3, "{area}");
    }

    #[test]
    fn edges_through_many_tiles_are_a_tangle() {
        // At most so many: 16 for each vertex; 7 for each chord, and those between chords.
        check(100, 200 * 14, false);
        check(280_000, 280_000 * 7 + 14, false);
        check(320_000, 320_000 * 7 + 14, true);
    }

    #[test]
    fn many_crossings_in_many_tiles_are_none() {
        let wide = Touched { columns: (0, 1 << 15), ..TOUCHED };
        assert!(!wide.is_tangle(CROSSINGS_MAX + 1));
        assert!(TOUCHED.is_tangle(CROSSINGS_MAX + 1));
    }

    #[test]
    fn columns_are_cut_at_once_unless_edges_cross_many_seams() {
        let groups = |n_crossings| TOUCHED.groups(n_crossings).collect::<Vec<_>>();
        assert_eq!(groups(CROSSINGS_AT_ONCE_MAX - 1), [(0, 7)]);
        assert_eq!(groups(2 * CROSSINGS_AT_ONCE_MAX), [(0, 2), (3, 5), (6, 7)]);
        assert_eq!(groups(1 << 40), (0..8).map(|column| (column, column)).collect::<Vec<_>>());
    }
}
