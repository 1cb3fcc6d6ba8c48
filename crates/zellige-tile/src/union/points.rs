//! Points of a group: one multipoint in member order, or one point a region.
//!
//! In:     the points of a member, or of all members.
//! Out:    the region of the member; one point in the middle of them all.
//! Keeps:  –
//! Source: recipe 4.2, `cluster` and `region_count`.
//!
//! Regions are squares that go on beyond the tile: a tile of two by two regions with a buffer has
//!
//! ```text
//!  -1 -1 |  0 -1   1 -1 |  2 -1
//! -------+--------------+-------
//!  -1  0 |  0  0   1  0 |  2  0
//!  -1  1 |  0  1   1  1 |  2  1
//! -------+--------------+-------
//!  -1  2 |  0  2   1  2 |  2  2
//! ```
//!
//! so that 2 0 is what the neighbour to the east calls 0 0. Both tiles put a point into the same
//! region, and where both see all of its points they also put the cluster in the same place.

use zellige_model::{Extent, Grid};

/// A square grid of regions over a tile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Regions {
    per_side: i64,
    extent: i64,
}

impl Regions {
    /// Returns at least `region_count` regions that lie in the tile, as many to a row as to a column.
    pub(super) fn new(region_count: u32, extent: Extent) -> Self {
        let floor = region_count.isqrt();
        let per_side = i64::from(floor) + i64::from(u64::from(floor).pow(2) < u64::from(region_count));
        Self { per_side, extent: extent.get().into() }
    }

    /// Returns column and row of the region that holds the middle of `points`.
    pub(super) fn region(self, points: &[Grid]) -> [i64; 2] {
        let count = points.len().max(1) as i64;
        sums(points).map(|sum| (sum * self.per_side).div_euclid(count * self.extent))
    }
}

/// Leaves one point in place of all: their mean, halves to the south and east.
pub(super) fn shrink(points: &mut Vec<Grid>) {
    let count = points.len().max(1) as i64;
    let [x, y] = sums(points).map(|sum| (2 * sum + count).div_euclid(2 * count) as i32);
    points.clear();
    points.push(Grid::new(x, y));
}

fn sums(points: &[Grid]) -> [i64; 2] {
    points.iter().fold([0, 0], |[x, y], point| [x + i64::from(point.x), y + i64::from(point.y)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(region_count: u32, point: (i32, i32), expected: [i64; 2]) {
        let regions = Regions::new(region_count, Extent::new(100).unwrap());
        assert_eq!(regions.region(&[Grid::new(point.0, point.1)]), expected, "{point:?}");
    }

    #[test]
    fn regions_go_on_beyond_the_tile() {
        check(4, (49, 50), [0, 1]);
        check(4, (-1, 100), [-1, 2]);
        check(1, (99, -1), [0, -1]);
    }

    #[test]
    fn sides_are_rounded_up() {
        // Three to a side, since two make four regions only.
        check(5, (33, 34), [0, 1]);
        check(9, (66, 67), [1, 2]);
    }

    #[test]
    fn means_are_rounded_as_vertices_are() {
        let mut points = vec![Grid::new(0, 0), Grid::new(1, -1)];
        shrink(&mut points);
        assert_eq!(points, [Grid::new(1, 0)]);
    }
}
