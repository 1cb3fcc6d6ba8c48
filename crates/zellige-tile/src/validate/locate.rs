//! Says on which side of a point the edges of rings lie.
//!
//! In:     the edges of rings, ring after ring, and points.
//! Out:    for a point, edges that a level line through it crosses; an even number of crossings on either side may be
//!         missing of each ring.
//! Source: the even-odd rule: a ring whose box does not hold a point has an even number of edges on either side of it.
//!
//! The edges that stand in the row of a point are few, as a rule. Where rings stand side by side by the thousand, they
//! have their boxes in an R-tree: each would otherwise be asked for each of them.

use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use zellige_model::{Geometry, Grid};

use super::edge::Edge;
use super::rows::{Rows, Standing};

/// So many rings are asked edge by edge.
const FEW_RINGS_MAX: usize = 4;
/// So many edges of a row are asked one by one.
const ROW_EDGES_MAX: usize = 256;

/// The box of a ring, and its number.
type Boxed = GeomWithData<Rectangle<[i64; 2]>, usize>;

/// How edges beside a point are found.
#[derive(Clone, Copy, Debug, Default)]
enum Way {
    /// All edges are asked.
    #[default]
    All,
    /// Those are asked that stand in the row of the point.
    Row,
    /// Those are asked whose rings have boxes that hold the point.
    Boxes,
}

/// Finds edges beside points, in buffers that stay.
#[derive(Debug, Default)]
pub(super) struct Locator {
    way: Way,
    boxes: RTree<Boxed>,
    /// By ring, where its edges end.
    ends: Vec<u32>,
    /// All edges, in order.
    ordered: Rows,
}

impl Locator {
    /// Takes the rings of `geometry`, whose edges are `edges`; these may stand in `rows`, in any order.
    pub(super) fn load(&mut self, geometry: &Geometry<Grid>, edges: &[Edge], rows: Option<&Rows>) {
        self.way = match rows {
            Some(rows) if rows.longest() <= ROW_EDGES_MAX => Way::Row,
            _ if geometry.part_ends.len() <= FEW_RINGS_MAX => Way::All,
            _ => Way::Boxes,
        };
        if !matches!(self.way, Way::Boxes) {
            return;
        }
        let boxed = |(nth, ring): (usize, &[Grid])| {
            let corners: Vec<[i64; 2]> = ring.iter().map(|point| [point.x.into(), point.y.into()]).collect();
            Boxed::new(Rectangle::from_aabb(AABB::from_points(&corners)), nth)
        };
        self.boxes = RTree::bulk_load(geometry.parts().enumerate().map(boxed).collect());
        self.ends.clone_from(&geometry.part_ends);
        self.ordered.fill(edges.iter().copied().enumerate());
    }

    /// Calls `visit` with edges of those that were taken: all that a level line through `point` crosses of the rings
    /// whose boxes hold it, and others.
    pub(super) fn around(&self, point: Grid, (edges, rows): (&[Edge], &Rows), mut visit: impl FnMut(Edge)) {
        match self.way {
            Way::All => edges.iter().copied().for_each(visit),
            Way::Row => {
                for standing in rows.at(point.y) {
                    visit(edges[standing.edge()]);
                }
            }
            Way::Boxes => {
                let row = self.ordered.at(point.y);
                for boxed in self.boxes.locate_all_at_point([point.x.into(), point.y.into()]) {
                    let ring = boxed.data;
                    let first = if ring == 0 { 0 } else { self.ends[ring - 1] };
                    let before =
                        |end: u32| row.partition_point(|standing: &Standing| standing.edge() < end as usize);
                    let own = &row[before(first)..before(self.ends[ring])];
                    for standing in own {
                        visit(edges[standing.edge()]);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use zellige_model::GeometryKind;

    use super::*;

    /// Compares whether the left of a point lies in an odd number of so many squares within each other, eight units
    /// apart, and in those of as many such stacks, side by side.
    fn check(n_within: i32, n_beside: i32, point: (i32, i32), expected: bool) {
        let mut geometry = Geometry::default();
        geometry.reset(GeometryKind::Polygon);
        for stack in 0..n_beside {
            for nth in 0..n_within {
                let (first, last) = (8 * nth, 16 * n_within - 8 * nth);
                let corners = [(first, first), (last, first), (last, last), (first, last)];
                geometry.points.extend(corners.map(|(x, y)| Grid::new(16 * n_within * stack + x, y)));
                geometry.end_part();
            }
        }
        let edges: Vec<Edge> =
            geometry.parts().enumerate().flat_map(|(ring, part)| Edge::of_ring(ring as u32, part)).collect();
        let mut rows = Rows::default();
        rows.fill(edges.iter().copied().enumerate());
        rows.sort();
        let point = Grid::new(point.0, point.1);
        for known in [None, Some(&rows)] {
            let mut locator = Locator::default();
            locator.load(&geometry, &edges, known);
            let mut n_west = 0;
            locator.around(point, (&edges, &rows), |edge| n_west += i32::from(edge.is_west_of(point)));
            assert_eq!(n_west % 2 == 1, expected, "{n_within} {n_beside} {point:?}");
        }
    }

    #[test]
    fn few_rings_and_many_are_counted_alike() {
        for n_beside in [1, 2, 40] {
            check(1, n_beside, (4, 4), true);
            check(1, n_beside, (16, 4), true);
            check(1, n_beside, (-1, 4), false);
            check(1, n_beside, (0, 4), false);
            check(1, n_beside, (4, 99), false);
            check(3, n_beside, (12, 20), false);
            check(3, n_beside, (17, 20), true);
        }
    }
}
