//! Finds room in a tile for squares that stand for tiny polygons.
//!
//! In:     small shapes of one layer in one tile as they are drawn, then squares, one after another.
//! Out:    for each square its own place or, when that is taken, the next free one.
//! Keeps:  squares where they are that tiles beside this one show as well, and those around which nothing is free.
//! Source: –
//!
//! Squares begin at multiples of their side, so two of them have the same place or nothing in common, and a place
//! takes a bit:
//!
//! ```text
//!     · · ┌───┬───┬ ·      b belongs where a is: it moves to c, the first place beside it that is free.
//!     · · │ c │ ▒▒│        ▒ is a shape of a few units; what its box touches is taken.
//!     · · ├───┼──▒┼ ·
//!     · · │ab │   │
//! ```

use zellige_model::{Extent, Geometry, Grid, GridBounds};

/// With more places than this in a tile squares stay where they are: their bits would take more than 4 MiB.
const PLACES_MAX: usize = 1 << 25;
/// A square moves by at most so many of its sides.
const STEPS_MAX: i32 = 2;
/// Shapes in a box of at most so many units a side keep squares off; in larger ones few squares belong.
const SHAPE_UNITS_MAX: i32 = 8;

/// The places of one layer in one tile.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room {
    /// The side of a square in units.
    side: i32,
    /// Places along the side of the tile; none when squares do not move.
    n_along: i32,
    /// A bit a place, row after row; empty until a place is taken.
    taken: Vec<u64>,
}

impl Room {
    /// Starts a tile with squares of so many units a side; those of a single unit do not move.
    pub(crate) fn begin(&mut self, extent: Extent, side: u32) {
        self.side = side as i32;
        let n_along = if side > 1 { (extent.get() / side) as usize } else { 0 };
        self.n_along = if n_along * n_along <= PLACES_MAX { n_along as i32 } else { 0 };
        self.taken.clear();
    }

    /// Takes the places that the box around a shape touches, if it is small.
    pub(crate) fn add(&mut self, shape: &Geometry<Grid>) {
        if self.n_along == 0 {
            return;
        }
        let Some(GridBounds { min, max }) = GridBounds::of(&shape.points) else { return };
        if (max.x - min.x).max(max.y - min.y) > SHAPE_UNITS_MAX {
            return;
        }
        let places = |min: i32, max: i32| min.div_euclid(self.side)..=(max - 1).div_euclid(self.side);
        let (columns, rows) = (places(min.x, max.x), places(min.y, max.y));
        for row in rows {
            for column in columns.clone() {
                self.take_place(column, row);
            }
        }
    }

    /// Returns where a square that begins at `start`, a multiple of its side, is drawn.
    ///
    /// It may move if nothing of it is within `margin` units of the edges of the tile then.
    pub(crate) fn take(&mut self, start: Grid, margin: Option<u32>) -> Grid {
        let (column, row) = (start.x.div_euclid(self.side), start.y.div_euclid(self.side));
        if self.take_place(column, row) || self.n_along == 0 {
            return start;
        }
        let Some(margin) = margin else { return start };
        let first = (margin.max(1) as i32 + self.side - 1) / self.side;
        let inside = first..self.n_along - first;
        for steps in 1..=STEPS_MAX {
            for down in -steps..=steps {
                for right in -steps..=steps {
                    let (column, row) = (column + right, row + down);
                    let is_next = down.abs().max(right.abs()) == steps;
                    if is_next
                        && inside.contains(&column)
                        && inside.contains(&row)
                        && self.take_place(column, row)
                    {
                        return Grid::new(column * self.side, row * self.side);
                    }
                }
            }
        }
        start
    }

    /// Takes a place of the tile; returns whether it was free.
    fn take_place(&mut self, column: i32, row: i32) -> bool {
        let along = 0..self.n_along;
        if !along.contains(&column) || !along.contains(&row) {
            return false;
        }
        if self.taken.is_empty() {
            let n_places = self.n_along as usize * self.n_along as usize;
            self.taken.resize(n_places.div_ceil(64), 0);
        }
        let place = row as usize * self.n_along as usize + column as usize;
        let (bits, bit) = (&mut self.taken[place / 64], 1 << (place % 64));
        let is_free = *bits & bit == 0;
        *bits |= bit;
        is_free
    }
}

#[cfg(test)]
mod tests {
    use zellige_model::GeometryKind;

    use super::*;

    /// Puts squares of two units in a tile of 32 units with one shape, and compares where they are drawn.
    fn check(shape: &[(i32, i32)], margin: Option<u32>, squares: &[(i32, i32)], expected: &[(i32, i32)]) {
        let mut room = Room::default();
        room.begin(Extent::new(32).unwrap(), 2);
        let mut geometry = Geometry::default();
        geometry.reset(GeometryKind::Polygon);
        geometry.points.extend(shape.iter().map(|(x, y)| Grid::new(*x, *y)));
        room.add(&geometry);
        let drawn: Vec<_> = squares.iter().map(|(x, y)| room.take(Grid::new(*x, *y), margin)).collect();
        assert_eq!(drawn.iter().map(|at| (at.x, at.y)).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn squares_move_off_each_other_and_off_small_shapes() {
        check(&[], Some(0), &[(10, 10), (10, 10), (12, 10)], &[(10, 10), (8, 8), (12, 10)]);
        check(&[(9, 9), (13, 9), (13, 11)], Some(0), &[(10, 10)], &[(8, 12)]);
        check(&[(10, 10), (11, 10), (11, 11)], Some(0), &[(10, 10), (12, 10)], &[(8, 8), (12, 10)]);
        check(&[(0, 0), (9, 0), (9, 9)], Some(0), &[(4, 4)], &[(4, 4)]);
    }

    #[test]
    fn squares_stay_that_tiles_beside_show_or_that_have_no_room() {
        check(&[], None, &[(10, 10), (10, 10)], &[(10, 10), (10, 10)]);
        check(&[], Some(8), &[(8, 8), (8, 8), (22, 22), (22, 22)], &[(8, 8), (10, 8), (22, 22), (20, 20)]);
        let many = [(14, 14); 26];
        let mut room = Room::default();
        room.begin(Extent::new(32).unwrap(), 2);
        let mut drawn: Vec<_> = many.iter().map(|(x, y)| room.take(Grid::new(*x, *y), Some(0))).collect();
        assert_eq!(drawn[25], drawn[0]);
        drawn.truncate(25);
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 25);
    }

    #[test]
    fn squares_of_one_unit_and_those_of_the_next_tile_stay() {
        let mut room = Room::default();
        room.begin(Extent::new(32).unwrap(), 2);
        assert_eq!(room.take(Grid::new(10, 10), Some(0)), Grid::new(10, 10));
        room.begin(Extent::new(32).unwrap(), 2);
        assert_eq!(room.take(Grid::new(10, 10), Some(0)), Grid::new(10, 10));
        room.begin(Extent::new(32).unwrap(), 1);
        assert_eq!([(); 2].map(|()| room.take(Grid::new(3, 3), Some(0))), [Grid::new(3, 3); 2]);
    }
}
