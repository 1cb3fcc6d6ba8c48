//! Finds which of a few edges have boxes that meet.
//!
//! In:     the edges of one ring.
//! Out:    pairs of them whose boxes share a point, but for those that follow each other; how many stand above or
//!         below each other.
//! Source: each with each. Several are compared at a time, and nothing branches but on what they say together: that
//!         takes two thirds of the time of sorting 50 edges by where they are.

use std::ops::ControlFlow;

use super::edge::Edge;

/// So many boxes are compared at a time.
const BLOCK: usize = 8;

/// The boxes of edges, side by side, in buffers that stay.
#[derive(Debug, Default)]
pub(super) struct Boxes {
    n_edges: usize,
    west: Vec<i32>,
    east: Vec<i32>,
    north: Vec<i32>,
    south: Vec<i32>,
}

impl Boxes {
    /// Takes the edges of one ring, in order.
    pub(super) fn load(&mut self, edges: &[Edge]) {
        self.n_edges = edges.len();
        fill(&mut self.west, edges, |edge| edge.west.x);
        fill(&mut self.east, edges, |edge| edge.east.x);
        fill(&mut self.north, edges, Edge::north);
        fill(&mut self.south, edges, Edge::south);
    }

    /// Calls `visit` with the numbers of each two edges whose boxes meet, the lesser one first, until it breaks off.
    ///
    /// Returns how many pairs a plumb line meets, those that follow each other included.
    pub(super) fn pairs(
        &self,
        mut visit: impl FnMut(usize, usize) -> ControlFlow<()>,
    ) -> ControlFlow<(), usize> {
        let mut n_plumb = [0; BLOCK];
        for one in 0..self.n_edges {
            let mut start = one + 2;
            while start < self.n_edges {
                let meets = self.meets(one, start, &mut n_plumb);
                if meets.iter().fold(0, |any, meets| any | meets) != 0 {
                    for (nth, meets) in meets.iter().enumerate() {
                        if *meets != 0 {
                            visit(one, start + nth)?;
                        }
                    }
                }
                start += BLOCK;
            }
        }
        ControlFlow::Continue(self.n_edges + n_plumb.iter().sum::<i32>() as usize)
    }

    /// Returns the height of the highest box, and that of all together.
    pub(super) fn heights(&self) -> (i64, i64) {
        let heights = self.south[..self.n_edges].iter().zip(&self.north);
        heights.fold((0, 0), |(highest, all), (south, north)| {
            let height = i64::from(*south) - i64::from(*north);
            (highest.max(height), all + height)
        })
    }

    /// Returns for each of the edges from `start` on whether its box meets that of edge `one`, 1 or 0; adds to
    /// `n_plumb` whether a plumb line meets both.
    fn meets(&self, one: usize, start: usize, n_plumb: &mut [i32; BLOCK]) -> [i32; BLOCK] {
        let (west, east) = (self.west[one], self.east[one]);
        let (north, south) = (self.north[one], self.south[one]);
        let (wests, easts) = (block(&self.west, start), block(&self.east, start));
        let (norths, souths) = (block(&self.north, start), block(&self.south, start));
        let plumb: [i32; BLOCK] =
            std::array::from_fn(|nth| i32::from(wests[nth] <= east) & i32::from(west <= easts[nth]));
        for (n_plumb, is_plumb) in n_plumb.iter_mut().zip(plumb) {
            *n_plumb += is_plumb;
        }
        std::array::from_fn(|nth| {
            plumb[nth] & i32::from(norths[nth] <= south) & i32::from(north <= souths[nth])
        })
    }
}

/// Fills `sides` with one side of each box, and behind them with a block of what lies beyond every edge on the grid of
/// a tile.
fn fill(sides: &mut Vec<i32>, edges: &[Edge], side: impl Fn(Edge) -> i32) {
    sides.clear();
    sides.extend(edges.iter().map(|edge| side(*edge)));
    sides.extend([i32::MAX; BLOCK]);
}

/// Returns the sides of as many boxes as are compared at a time.
fn block(sides: &[i32], start: usize) -> &[i32; BLOCK] {
    sides[start..].first_chunk().expect("a block follows the last edge")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zellige_model::Grid;

    use super::*;

    /// Compares the pairs that are found among the edges of a ring with those that are found one by one.
    fn check(ring: &[Grid]) {
        let edges: Vec<Edge> = Edge::of_ring(0, ring).collect();
        let mut expected = Vec::new();
        let mut n_plumb = edges.len();
        for (one, edge) in edges.iter().enumerate() {
            for (other, against) in edges.iter().enumerate().skip(one + 2) {
                let is_beside = against.west.x <= edge.east.x && edge.west.x <= against.east.x;
                n_plumb += usize::from(is_beside);
                if is_beside && against.north() <= edge.south() && edge.north() <= against.south() {
                    expected.push((one, other));
                }
            }
        }
        let mut boxes = Boxes::default();
        // What was there before must not count.
        boxes.load(&[Edge::between(Grid::new(-9, -9), Grid::new(9, 9)); 64]);
        boxes.load(&edges);
        let mut found = Vec::new();
        let counted = boxes.pairs(|one, other| {
            found.push((one, other));
            ControlFlow::Continue(())
        });
        assert_eq!((counted, found), (ControlFlow::Continue(n_plumb), expected), "{ring:?}");
        let heights = edges.iter().map(|edge| i64::from(edge.south() - edge.north()));
        assert_eq!(boxes.heights(), (heights.clone().max().unwrap_or(0), heights.sum()));
    }

    #[test]
    fn opposite_edges_of_a_sliver_meet_and_those_of_a_square_do_not() {
        check(&[(0, 0), (9, 9), (0, 8)].map(|(x, y)| Grid::new(x, y)));
        check(&[(0, 0), (9, 0), (9, 9), (0, 9)].map(|(x, y)| Grid::new(x, y)));
        check(&[]);
    }

    proptest! {
        #[test]
        fn no_pair_is_missed(ring in prop::collection::vec((-20..20_i32, -20..20_i32), 3..60)) {
            check(&ring.into_iter().map(|(x, y)| Grid::new(x, y)).collect::<Vec<_>>());
        }
    }
}
