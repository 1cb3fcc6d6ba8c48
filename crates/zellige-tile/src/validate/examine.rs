//! Says whether polygons are legal as they are.
//!
//! In:     tidy polygons (see `tidy`).
//! Out:    yes, or that an edge meets another one, or a ring lies where it must not.
//! Source: edges bucketed by rows, each row swept from west to east; all tests exact in integers.
//!
//! Rings that touch at a point are sent to `mend` too: some of them are legal, but telling which costs
//! more than mending. So are those whose edges lie beside each other so long that sweeping would compare
//! each with thousands of others, such as a comb that stands aslant.

use std::ops::RangeInclusive;

use zellige_model::{Geometry, Grid};

use super::edge::Edge;

/// Edges that an edge is compared with, and rows that it stands in, on average at most.
const COMPARED_MAX: usize = 256;
const ROWS_PER_EDGE: i64 = 16;

/// Looks for what is illegal, in buffers that stay.
#[derive(Debug, Default)]
pub(super) struct Examiner {
    edges: Vec<Edge>,
    /// Edge numbers, row after row, each row sorted by the western end.
    rows: Vec<u32>,
    row_starts: Vec<u32>,
    scale: RowScale,
    /// Rings whose inside holds the vertex that is looked at.
    around: Vec<u32>,
}

impl Examiner {
    /// Whether `geometry` is legal.
    pub(super) fn is_legal(&mut self, geometry: &Geometry<Grid>) -> bool {
        self.edges_are_apart(geometry) && self.rings_nest(geometry)
    }

    /// Whether no two edges share a point, but for neighbours in a ring and their common vertex.
    fn edges_are_apart(&mut self, geometry: &Geometry<Grid>) -> bool {
        self.load(geometry);
        let mut comparisons_left = self.edges.len() * COMPARED_MAX;
        self.row_starts.windows(2).all(|bounds| {
            let row = &self.rows[bounds[0] as usize..bounds[1] as usize];
            row.iter().enumerate().all(|(nth, edge_idx)| {
                let edge = self.edges[*edge_idx as usize];
                let mut n_compared = 0;
                let is_apart = row[nth + 1..]
                    .iter()
                    .map(|other_idx| self.edges[*other_idx as usize])
                    .take_while(|other| other.west.x <= edge.east.x)
                    .take(comparisons_left + 1)
                    .inspect(|_| n_compared += 1)
                    .all(|other| edge.is_neighbour(other) || !edge.meets(other));
                let is_affordable = n_compared <= comparisons_left;
                comparisons_left = comparisons_left.saturating_sub(n_compared);
                is_apart && is_affordable
            })
        })
    }

    /// Buckets the edges of `geometry` by rows.
    fn load(&mut self, geometry: &Geometry<Grid>) {
        self.edges.clear();
        for (ring, part) in geometry.parts().enumerate() {
            let ends = part.iter().zip(part.iter().cycle().skip(1));
            self.edges.extend(ends.enumerate().map(|(nth, (a, b))| {
                let (west, east) = if a <= b { (*a, *b) } else { (*b, *a) };
                Edge { west, east, ring: ring as u32, nth: nth as u32, ring_len: part.len() as u32 }
            }));
        }
        let top = geometry.points.iter().map(|point| point.y).min().unwrap_or(0);
        let bottom = geometry.points.iter().map(|point| point.y).max().unwrap_or(0);
        let row_count = (self.edges.len() as f64).sqrt() as i32 + 1;
        // Long edges stand in many rows; then rows are higher, and fewer.
        let lengths: i64 = self.edges.iter().map(|edge| i64::from((edge.west.y - edge.east.y).abs())).sum();
        let long = lengths / (self.edges.len() as i64 * ROWS_PER_EDGE).max(1);
        let height = ((bottom - top) / row_count).max(long as i32) + 1;
        self.scale = RowScale { top, height };
        self.bucket(row_count as usize);
    }

    fn bucket(&mut self, row_count: usize) {
        let scale = self.scale;
        self.row_starts.clear();
        self.row_starts.resize(row_count + 2, 0);
        for edge in &self.edges {
            for row in scale.rows(*edge) {
                self.row_starts[row + 2] += 1;
            }
        }
        for row in 2..self.row_starts.len() {
            self.row_starts[row] += self.row_starts[row - 1];
        }
        self.rows.clear();
        self.rows.resize(self.row_starts[row_count + 1] as usize, 0);
        for (edge_idx, edge) in self.edges.iter().enumerate() {
            for row in scale.rows(*edge) {
                let next = &mut self.row_starts[row + 1];
                self.rows[*next as usize] = edge_idx as u32;
                *next += 1;
            }
        }
        self.row_starts.pop();
        let edges = &self.edges;
        for bounds in self.row_starts.windows(2) {
            self.rows[bounds[0] as usize..bounds[1] as usize]
                .sort_unstable_by_key(|edge_idx| (edges[*edge_idx as usize].west.x, *edge_idx));
        }
    }

    /// Whether holes lie in their outer ring and in no other hole, and polygons outside of each other.
    ///
    /// Only meaningful when the edges are apart; then one vertex stands for its ring.
    fn rings_nest(&mut self, geometry: &Geometry<Grid>) -> bool {
        if geometry.part_ends.len() < 2 {
            return true;
        }
        geometry.polygons().enumerate().all(|(polygon_idx, rings)| {
            rings.clone().all(|ring| {
                self.look_around(geometry.part(ring)[0], ring as u32);
                let is_shell = ring == rings.start;
                self.around_is_legal(
                    geometry,
                    polygon_idx,
                    if is_shell { None } else { Some(rings.start as u32) },
                )
            })
        })
    }

    /// Whether the rings in `self.around` may lie around a ring of polygon `polygon_idx`: of its own
    /// polygon only the outer ring and only around a hole, of every other polygon an even number.
    fn around_is_legal(
        &mut self,
        geometry: &Geometry<Grid>,
        polygon_idx: usize,
        own_shell: Option<u32>,
    ) -> bool {
        let polygon_of = |ring: u32| geometry.polygon_ends.partition_point(|end| *end <= ring);
        self.around.sort_unstable();
        let mut own = None;
        for rings in self.around.chunk_by(|a, b| polygon_of(*a) == polygon_of(*b)) {
            if polygon_of(rings[0]) != polygon_idx {
                if rings.len() % 2 == 1 {
                    return false;
                }
            } else if rings.len() > 1 {
                return false;
            } else {
                own = Some(rings[0]);
            }
        }
        own == own_shell
    }

    /// Collects the rings, other than `ring`, that hold `vertex` inside, in `self.around`.
    fn look_around(&mut self, vertex: Grid, ring: u32) {
        let row = self.scale.row(vertex.y);
        self.around.clear();
        for edge_idx in &self.rows[self.row_starts[row] as usize..self.row_starts[row + 1] as usize] {
            let edge = self.edges[*edge_idx as usize];
            if edge.ring == ring || !edge.is_east_of(vertex) {
                continue;
            }
            match self.around.iter().position(|other| *other == edge.ring) {
                Some(known) => {
                    self.around.swap_remove(known);
                }
                None => self.around.push(edge.ring),
            }
        }
    }
}

/// Rows of equal height that edges are sorted into.
#[derive(Clone, Copy, Debug, Default)]
struct RowScale {
    top: i32,
    height: i32,
}

impl RowScale {
    const fn row(self, y: i32) -> usize {
        ((y - self.top) / self.height) as usize
    }

    fn rows(self, edge: Edge) -> RangeInclusive<usize> {
        let (north, south) = (edge.west.y.min(edge.east.y), edge.west.y.max(edge.east.y));
        self.row(north)..=self.row(south)
    }
}
