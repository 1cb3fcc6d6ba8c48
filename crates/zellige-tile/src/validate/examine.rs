//! Says whether polygons are legal as they are.
//!
//! In:     tidy polygons (see `tidy`).
//! Out:    yes, or that an edge meets another one, or a ring lies where it must not.
//! Source: edges of a small ring each with each; edges of others bucketed by rows, each row swept from west to east;
//!         all tests exact in integers.
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
/// In a ring of so many edges, each is compared with each: that is cheaper than putting them into rows.
const FEW_EDGES_MAX: usize = 12;

/// Looks for what is illegal, in buffers that stay.
#[derive(Debug, Default)]
pub(super) struct Examiner {
    edges: Vec<Edge>,
    /// Row after row, each sorted by the western end.
    rows: Vec<Standing>,
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
        if geometry.part_ends.len() == 1 && self.edges.len() <= FEW_EDGES_MAX {
            return self.few_edges_are_apart();
        }
        self.bucket(geometry);
        let mut comparisons_left = self.edges.len() * COMPARED_MAX;
        self.row_starts.windows(2).all(|bounds| {
            let row = &self.rows[bounds[0] as usize..bounds[1] as usize];
            row.iter().enumerate().all(|(nth, standing)| {
                let edge = self.edges[standing.edge()];
                let mut n_compared = 0;
                let is_apart = row[nth + 1..]
                    .iter()
                    .take_while(|other| other.west() <= edge.east.x)
                    .take(comparisons_left + 1)
                    .inspect(|_| n_compared += 1)
                    .all(|other| edge.is_apart(self.edges[other.edge()]));
                let is_affordable = n_compared <= comparisons_left;
                comparisons_left = comparisons_left.saturating_sub(n_compared);
                is_apart && is_affordable
            })
        })
    }

    fn few_edges_are_apart(&self) -> bool {
        self.edges.iter().enumerate().all(|(nth, edge)| {
            let mut others = self.edges[nth + 1..].iter();
            others.all(|other| {
                let is_beside = other.east.x < edge.west.x || edge.east.x < other.west.x;
                is_beside || edge.is_apart(*other)
            })
        })
    }

    /// Takes the edges of `geometry`.
    fn load(&mut self, geometry: &Geometry<Grid>) {
        self.edges.clear();
        for (ring, part) in geometry.parts().enumerate() {
            self.edges.extend(Edge::of_ring(ring as u32, part));
        }
    }

    /// Puts the edges into rows.
    fn bucket(&mut self, geometry: &Geometry<Grid>) {
        let ys = || geometry.points.iter().map(|point| point.y);
        let (top, bottom) = (ys().min().unwrap_or(0), ys().max().unwrap_or(0));
        let row_count_max = (self.edges.len() as f64).sqrt() as i32 + 1;
        // Long edges stand in many rows; then rows are higher, and fewer.
        let lengths: i64 = self.edges.iter().map(|edge| i64::from((edge.west.y - edge.east.y).abs())).sum();
        let long = lengths / (self.edges.len() as i64 * ROWS_PER_EDGE).max(1);
        self.scale = RowScale::new(top, ((bottom - top) / row_count_max).max(long as i32) + 1);
        let scale = self.scale;
        let row_count = scale.row(bottom) + 1;
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
        self.rows.resize(self.row_starts[row_count + 1] as usize, Standing::default());
        for (edge_idx, edge) in self.edges.iter().enumerate() {
            for row in scale.rows(*edge) {
                let next = &mut self.row_starts[row + 1];
                self.rows[*next as usize] = Standing::new(edge.west.x, edge_idx);
                *next += 1;
            }
        }
        self.row_starts.pop();
        for bounds in self.row_starts.windows(2) {
            self.rows[bounds[0] as usize..bounds[1] as usize].sort_unstable();
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
        for standing in &self.rows[self.row_starts[row] as usize..self.row_starts[row + 1] as usize] {
            let edge = self.edges[standing.edge()];
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

/// An edge in a row: the x of its western end above its number, so that numbers sort as edges do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Standing(u64);

impl Standing {
    /// What is added to an x for the order of signed numbers to be that of unsigned ones.
    const BIAS: u32 = 1 << 31;

    const fn new(west: i32, edge_idx: usize) -> Self {
        Self(((west as u32 ^ Self::BIAS) as u64) << 32 | edge_idx as u64)
    }

    const fn west(self) -> i32 {
        ((self.0 >> 32) as u32 ^ Self::BIAS) as i32
    }

    const fn edge(self) -> usize {
        self.0 as u32 as usize
    }
}

/// Rows of equal height that edges are sorted into.
#[derive(Clone, Copy, Debug, Default)]
struct RowScale {
    top: i32,
    /// The height is two to the power of this.
    height_log2: u32,
}

impl RowScale {
    /// Returns rows of at least this height, which is positive.
    const fn new(top: i32, height_min: i32) -> Self {
        Self { top, height_log2: (height_min as u32).next_power_of_two().trailing_zeros() }
    }

    const fn row(self, y: i32) -> usize {
        ((y - self.top) >> self.height_log2) as usize
    }

    fn rows(self, edge: Edge) -> RangeInclusive<usize> {
        let (north, south) = (edge.west.y.min(edge.east.y), edge.west.y.max(edge.east.y));
        self.row(north)..=self.row(south)
    }
}
