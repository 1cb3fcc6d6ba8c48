//! Rounds small polygons that share borders to the grid of their tile, so that nobody overlaps a neighbour.
//!
//! In:     such polygons of one layer in one tile, in sixteenths of a unit, as they were simplified and cut.
//! Out:    each in whole units, not legal yet; borders that were common still are.
//! Keeps:  every vertex where `quantize` puts it; edges move by less than 0.71 units.
//! Source: snap rounding (Hobby 1999; Guibas and Marimont 1998): a unit with a vertex in it is *hot*, and an edge
//!         that passes through a hot unit is bent through its middle.
//!
//! Rounding vertices one by one lets edges of a unit or two jump over vertices beside them. Each polygon is
//! then made legal on its own, and where two of them disagree about what that means they overlap or leave a gap:
//! a four-hundredth of France's area, cut into its parishes, at zoom 0.
//!
//! ```text
//!      ·   b──────c             Rounded one by one, b jumps over the edge a–c.
//!      · ╱ · · ╱  ·
//!      a ─ ─ b′─ ─ c            Rounded together, the edge a–c is bent through the unit that b is in.
//! ```
//!
//! Edges that cross each other, because the data overlap or simplification made them, still do.

use zellige_model::{Extent, Geometry, GeometryKind, Grid};

use crate::encode::{push_varint, push_zigzag, take_varint, take_zigzag};
use crate::quantize::end_ring;

/// Features up to so many units wide and high are rounded together.
///
/// Of larger ones few edges are short: France's parishes, whose sides are about 52 units at zoom 7, overlap by
/// less than a hundred-thousandth there when each is rounded alone.
pub const CROWDED_UNITS: f64 = 64.0;

/// What has more vertices than this in so little room is noise, which is redrawn when its feature is known.
pub const CROWDED_POINTS_MAX: usize = 1024;

/// Edges longer than so many units are not bent: a larger neighbour, which is rounded alone, would not bend them.
const BENT_UNITS: i32 = 10;

/// A window with more units than this is rounded vertex by vertex: its hot units would take more than 16 MiB.
const UNITS_MAX: usize = 1 << 27;

/// A position in one tile in sixteenths of a unit: x to the east, y to the south.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fine {
    /// Eastward from the left edge of the tile.
    pub x: i32,
    /// Southward from the upper edge of the tile.
    pub y: i32,
}

impl Fine {
    /// Bits behind the point.
    pub const BITS: u32 = 4;

    /// Returns the point at `x`, `y`.
    #[must_use]
    pub const fn new(x: i32, y: i32) -> Self {
        Self { x, y }
    }

    /// Returns the nearest grid point, halves to the south and east.
    #[must_use]
    pub const fn snap(self) -> Grid {
        Grid::new(snap(self.x as i64), snap(self.y as i64))
    }
}

const fn snap(fine: i64) -> i32 {
    ((fine + (1 << (Fine::BITS - 1))) >> Fine::BITS) as i32
}

/// Appends polygons: for each the number of its rings, for each ring the number of its points, then steps.
pub(crate) fn push_fine(geometry: &Geometry<Fine>, out: &mut Vec<u8>) {
    let mut last = Fine::default();
    for rings in geometry.polygons() {
        push_varint(out, rings.len() as u64);
        for ring in rings.map(|ring| geometry.part(ring)) {
            push_varint(out, ring.len() as u64);
            for point in ring {
                push_zigzag(out, point.x - last.x);
                push_zigzag(out, point.y - last.y);
                last = *point;
            }
        }
    }
}

/// Reads polygons that [`push_fine`] wrote into the emptied `out`.
pub(crate) fn take_fine(mut bytes: &[u8], out: &mut Geometry<Fine>) {
    out.reset(GeometryKind::Polygon);
    let mut last = Fine::default();
    while !bytes.is_empty() {
        for _ in 0..take_varint(&mut bytes) {
            for _ in 0..take_varint(&mut bytes) {
                last = Fine::new(last.x + take_zigzag(&mut bytes), last.y + take_zigzag(&mut bytes));
                out.points.push(last);
            }
            out.end_part();
        }
        out.end_polygon();
    }
}

/// The hot units of one layer in one tile.
#[derive(Debug, Default)]
pub struct HotUnits {
    /// A bit a unit of the window, row after row, in whole words.
    bits: Vec<u64>,
    words_per_row: usize,
    /// Units from the left and upper edge of the window to those of the tile.
    buffer: i32,
    /// Rows with hot units.
    rows: std::ops::Range<usize>,
    found: Vec<Grid>,
}

impl HotUnits {
    /// Starts a tile whose window reaches `buffer` units beyond its sides; no unit is hot.
    pub fn begin(&mut self, extent: Extent, buffer: u32) {
        let row = self.words_per_row;
        self.bits[self.rows.start * row..self.rows.end * row].fill(0);
        let side = (extent.get() + 2 * buffer) as usize + 1;
        self.words_per_row = side.div_ceil(64);
        self.buffer = buffer as i32;
        let len = if side * side <= UNITS_MAX { side * self.words_per_row } else { 0 };
        self.bits.resize(len, 0);
        self.rows = 0..0;
    }

    /// Returns word and bit of a unit of the window.
    fn place(&self, unit: Grid) -> Option<(usize, u64)> {
        let column = usize::try_from(unit.x + self.buffer).ok()?;
        let row = usize::try_from(unit.y + self.buffer).ok()?;
        let word = column / 64;
        (word < self.words_per_row).then_some((row * self.words_per_row + word, 1 << (column % 64)))
    }

    fn is_hot(&self, unit: Grid) -> bool {
        self.place(unit).is_some_and(|(word, bit)| self.bits.get(word).is_some_and(|bits| bits & bit != 0))
    }

    /// Makes the units hot that have a vertex in them.
    pub fn mark(&mut self, geometry: &Geometry<Fine>) {
        for unit in geometry.points.iter().map(|point| point.snap()) {
            let Some((word, bit)) = self.place(unit) else { continue };
            let Some(bits) = self.bits.get_mut(word) else { continue };
            *bits |= bit;
            let row = word / self.words_per_row;
            let rows = if self.rows.is_empty() { row..row + 1 } else { self.rows.clone() };
            self.rows = rows.start.min(row)..rows.end.max(row + 1);
        }
    }

    /// Writes `geometry` in whole units to the emptied `out`, its edges bent through hot units; parts that became too
    /// short are gone.
    pub fn round(&mut self, geometry: &Geometry<Fine>, out: &mut Geometry<Grid>) {
        out.reset(GeometryKind::Polygon);
        for mut rings in geometry.polygons() {
            let Some(shell) = rings.next() else { continue };
            self.round_ring(geometry.part(shell), out);
            if !end_ring(out) {
                continue;
            }
            for hole in rings {
                self.round_ring(geometry.part(hole), out);
                end_ring(out);
            }
            out.end_polygon();
        }
    }

    fn round_ring(&mut self, ring: &[Fine], out: &mut Geometry<Grid>) {
        let Some(mut last) = ring.last().copied() else { return };
        let mut found = std::mem::take(&mut self.found);
        for point in ring {
            found.clear();
            let longest = (point.x - last.x).abs().max((point.y - last.y).abs());
            let (start, end) = (last.snap(), point.snap());
            if start.x.abs_diff(end.x) + start.y.abs_diff(end.y) <= 1 {
                // Nothing lies between a unit and the next one.
                found.push(start);
            } else if longest <= BENT_UNITS << Fine::BITS {
                self.find(last, *point, &mut found);
            }
            for unit in found.iter().copied().chain([end]) {
                if out.open_part_len() == 0 || out.points.last() != Some(&unit) {
                    out.points.push(unit);
                }
            }
            last = *point;
        }
        self.found = found;
    }

    /// Appends the hot units through which the edge from `a` to `b` passes, in that order.
    ///
    /// The edge is walked southward or else eastward, whatever its direction, so both of its sides find the same.
    fn find(&self, a: Fine, b: Fine, found: &mut Vec<Grid>) {
        let (from, to) = if (a.y, a.x) <= (b.y, b.x) { (a, b) } else { (b, a) };
        let (width, height) = (i64::from(to.x) - i64::from(from.x), i64::from(to.y) - i64::from(from.y));
        let x_at = |y: i64| i64::from(from.x) + (width * (y - i64::from(from.y))).div_euclid(height.max(1));
        let half = 1 << (Fine::BITS - 1);
        let mut start = i64::from(from.x);
        for row in from.snap().y..=to.snap().y {
            let south = (i64::from(row) << Fine::BITS) + half;
            let end = if south < to.y.into() { x_at(south) } else { to.x.into() };
            let (west, east) = (snap(start.min(end)), snap(start.max(end)));
            let n_found = found.len();
            found
                .extend((west..=east).map(|column| Grid::new(column, row)).filter(|unit| self.is_hot(*unit)));
            if end < start {
                found[n_found..].reverse();
            }
            start = end;
        }
        if (from, to) != (a, b) {
            found.reverse();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fine(rings: &[&[(i32, i32)]]) -> Geometry<Fine> {
        let mut geometry = Geometry::default();
        geometry.reset(GeometryKind::Polygon);
        for ring in rings {
            geometry.points.extend(ring.iter().map(|(x, y)| Fine::new(*x, *y)));
            geometry.end_part();
            geometry.end_polygon();
        }
        geometry
    }

    /// Rounds polygons of one ring each, in sixteenths, and compares them with those expected, in units.
    fn check(rings: &[&[(i32, i32)]], expected: &[&[(i32, i32)]]) {
        let geometry = fine(rings);
        let mut hot = HotUnits::default();
        // What another tile left does not matter.
        hot.begin(Extent::new(32).unwrap(), 4);
        hot.mark(&fine(&[&[(48, 16), (160, 16), (160, 160)]]));
        hot.begin(Extent::new(16).unwrap(), 2);
        hot.mark(&geometry);
        let mut out = Geometry::default();
        hot.round(&geometry, &mut out);
        let rounded: Vec<Vec<(i32, i32)>> =
            out.parts().map(|ring| ring.iter().map(|unit| (unit.x, unit.y)).collect()).collect();
        assert_eq!(rounded, expected, "{rings:?}");
    }

    #[test]
    fn an_edge_is_bent_through_units_with_a_vertex_whichever_way_it_runs() {
        // The last vertex lies half a unit beside the common edge; then its unit is beside it, too.
        check(
            &[&[(96, 0), (0, 0), (0, 96)], &[(0, 96), (96, 0), (52, 52)]],
            &[&[(0, 6), (3, 3), (6, 0), (0, 0)], &[(3, 3), (0, 6), (3, 3), (6, 0)]],
        );
        check(
            &[&[(96, 0), (0, 0), (0, 96)], &[(0, 96), (96, 0), (57, 57)]],
            &[&[(0, 6), (6, 0), (0, 0)], &[(4, 4), (0, 6), (6, 0)]],
        );
    }

    #[test]
    fn long_edges_stay_straight() {
        check(
            &[&[(192, 0), (0, 0), (0, 192)], &[(96, 96), (100, 160), (160, 100)]],
            &[&[(12, 0), (0, 0), (0, 12)], &[(10, 6), (6, 6), (6, 10)]],
        );
    }

    #[test]
    fn what_fits_into_a_unit_is_gone() {
        check(&[&[(0, 0), (6, 0), (6, 6)]], &[]);
    }

    #[test]
    fn edges_along_rows_and_columns_find_their_units() {
        check(
            &[&[(0, 0), (128, 0), (128, 128)], &[(80, -4), (32, 0), (32, -32)]],
            &[&[(8, 8), (0, 0), (2, 0), (5, 0), (8, 0)], &[(2, -2), (5, 0), (2, 0)]],
        );
    }

    #[test]
    fn fine_polygons_come_back() {
        let geometry = fine(&[&[(-5, 7), (70_000, 0), (3, 3)], &[(1, 1), (1, 2), (2, 2), (2, 1)]]);
        let (mut bytes, mut out) = (Vec::new(), Geometry::default());
        push_fine(&geometry, &mut bytes);
        take_fine(&bytes, &mut out);
        assert_eq!(out, geometry);
    }
}
