//! Says whether polygons are legal as they are.
//!
//! In:     tidy polygons (see `tidy`).
//! Out:    yes, or that edges meet at points of the grid and where, or that they cross between them.
//! Source: edges of a small ring each with each; edges of others bucketed by rows, each row swept from west to east;
//!         all tests exact in integers.
//!
//! Polygons whose edges lie beside each other so long that sweeping would compare each with thousands of others, such
//! as a comb that stands aslant, pass for crowded.

use std::ops::{ControlFlow, Range, RangeInclusive};

use zellige_model::{Geometry, GeometryKind, Grid};

use super::edge::Edge;
use super::nest::Rings;
use super::polygonize::{Polygonizer, Touch};

/// Edges that an edge is compared with, and rows that it stands in, on average at most.
const COMPARED_MAX: usize = 256;
const ROWS_PER_EDGE: i64 = 16;
/// In a ring of so many edges, each is compared with each: that is cheaper than putting them into rows.
const FEW_EDGES_MAX: usize = 12;
/// Points at which an edge meets other ones, on average at most; those that are found several times count so.
const TOUCHES_PER_EDGE_MAX: usize = 32;
/// And in all.
const TOUCHES_MAX: usize = 1 << 22;
/// Crossings between points of the grid for each edge, on average at most.
const CROSSINGS_MAX: usize = 2;

/// Looks for what is illegal, in buffers that stay.
#[derive(Debug, Default)]
pub(super) struct Examiner {
    edges: Vec<Edge>,
    /// Row after row, each sorted by the western end.
    rows: Vec<Standing>,
    row_starts: Vec<u32>,
    scale: RowScale,
    /// Whether the edges stand in rows.
    is_bucketed: bool,
    /// Whether two edges meet that are no neighbours in a ring.
    has_touched: bool,
    /// Where edges meet other ones; some several times.
    touches: Vec<Touch>,
    /// By ring, whether an edge of it meets another one that is no neighbour.
    touched: Vec<bool>,
    /// How often edges cross between points of the grid; some count several times.
    n_crossings: usize,
    /// Rings whose inside holds the vertex that is looked at.
    around: Vec<u32>,
}

/// What is found in polygons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// They are legal.
    Legal,
    /// Edges meet at points of the grid only, or rings lie where they must not.
    Touching,
    /// Edges cross between points of the grid.
    Crossing,
    /// So many edges meet or lie beside each other that it was not looked at to the end.
    Crowded,
}

impl Examiner {
    /// Whether `geometry` is legal.
    pub(super) fn is_legal(&mut self, geometry: &Geometry<Grid>) -> bool {
        self.examine(geometry) == Found::Legal
    }

    /// Says whether `geometry` is legal, or what is wrong with it.
    pub(super) fn examine(&mut self, geometry: &Geometry<Grid>) -> Found {
        self.load(geometry);
        self.is_bucketed = geometry.part_ends.len() > 1 || FEW_EDGES_MAX < self.edges.len();
        let compared = if self.is_bucketed {
            self.bucket(geometry);
            self.compare_in_rows()
        } else {
            self.compare_all()
        };
        match compared {
            ControlFlow::Break(()) => Found::Crowded,
            ControlFlow::Continue(()) if self.n_crossings > 0 => Found::Crossing,
            ControlFlow::Continue(()) if self.has_touched => Found::Touching,
            ControlFlow::Continue(()) if self.rings_nest(geometry) => Found::Legal,
            ControlFlow::Continue(()) => Found::Touching,
        }
    }

    /// Returns by ring whether it meets itself or another one.
    pub(super) fn touched(&self) -> &[bool] {
        &self.touched
    }

    /// Makes rings of the edges of `geometry`, which was examined last and does not cross itself, by the even-odd rule.
    pub(super) fn polygonize(
        &mut self,
        geometry: &Geometry<Grid>,
        polygonizer: &mut Polygonizer,
        rings: &mut Rings,
    ) {
        let mut touches = std::mem::take(&mut self.touches);
        polygonizer.polygonize(geometry, &mut touches, |point| self.is_inside(point), rings);
        self.touches = touches;
    }

    /// Makes `out` of `geometry`, which was examined last: edges that meet others lead through the points of the grid
    /// nearest to that.
    pub(super) fn bend(&mut self, geometry: &Geometry<Grid>, out: &mut Geometry<Grid>) {
        self.touches.sort_unstable();
        self.touches.dedup();
        let mut touches = self.touches.chunk_by_mut(|a, b| a.edge == b.edge).peekable();
        let mut edges = (0..).zip(&self.edges);
        out.reset(GeometryKind::Polygon);
        for rings in geometry.polygons() {
            for ring in rings {
                for (end, (nth, edge)) in geometry.part(ring).iter().zip(edges.by_ref()) {
                    if let Some(bends) = touches.next_if(|bends| bends[0].edge == nth) {
                        // From west to east as the edge leads, then as the ring does.
                        let south = if edge.west.y <= edge.east.y { 1 } else { -1 };
                        bends.sort_unstable_by_key(|bend| (bend.at.x, south * bend.at.y));
                        if *end == edge.west {
                            bends.reverse();
                        }
                        out.points.extend(bends.iter().map(|bend| bend.at));
                    }
                    out.points.push(*end);
                }
                out.end_part();
            }
            out.end_polygon();
        }
    }

    /// Whether the left of `point` lies inside by the even-odd rule.
    fn is_inside(&self, point: Grid) -> bool {
        let is_odd = |n: usize| n % 2 == 1;
        if !self.is_bucketed {
            return is_odd(self.edges.iter().filter(|edge| edge.is_west_of(point)).count());
        }
        let row = &self.rows[self.row(point.y)];
        let standing = row.iter().take_while(|standing| standing.west() < point.x);
        is_odd(standing.filter(|standing| self.edges[standing.edge()].is_west_of(point)).count())
    }

    fn compare_in_rows(&mut self) -> ControlFlow<()> {
        let mut comparisons_left = self.edges.len() * COMPARED_MAX;
        for row in 1..self.row_starts.len() {
            let (start, end) = (self.row_starts[row - 1] as usize, self.row_starts[row] as usize);
            for nth in start..end {
                let one = self.rows[nth].edge();
                let edge = self.edges[one];
                for other in nth + 1..end {
                    if edge.east.x < self.rows[other].west() {
                        break;
                    }
                    let Some(left) = comparisons_left.checked_sub(1) else { return ControlFlow::Break(()) };
                    comparisons_left = left;
                    let other = self.rows[other].edge();
                    // Long edges have several rows in common; the first one tells.
                    if !edge.is_apart(self.edges[other]) && self.is_first_common(row - 1, one, other) {
                        self.touch(one, other)?;
                    }
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Whether `row` is the first one in which both edges stand.
    fn is_first_common(&self, row: usize, one: usize, other: usize) -> bool {
        let first = |edge: usize| *self.scale.rows(self.edges[edge]).start();
        row == first(one).max(first(other))
    }

    fn compare_all(&mut self) -> ControlFlow<()> {
        for one in 0..self.edges.len() {
            let edge = self.edges[one];
            for other in one + 1..self.edges.len() {
                let against = self.edges[other];
                let is_beside = against.east.x < edge.west.x || edge.east.x < against.west.x;
                if !is_beside && !edge.is_apart(against) {
                    self.touch(one, other)?;
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Notes where two edges meet; breaks off if too many do.
    fn touch(&mut self, one: usize, other: usize) -> ControlFlow<()> {
        self.has_touched = true;
        for edge in [one, other] {
            self.touched[self.edges[edge].ring as usize] = true;
        }
        let mut touches = false;
        for (on, of) in [(one, other), (other, one)] {
            let edge = self.edges[on];
            for at in [self.edges[of].west, self.edges[of].east] {
                if !edge.holds(at) {
                    continue;
                }
                touches = true;
                self.touches.extend([on, of].map(|edge| Touch { edge: edge as u32, at }));
            }
        }
        if !touches {
            let (at, is_exact) = self.edges[one].crossing(self.edges[other]);
            self.touches.extend([one, other].map(|edge| Touch { edge: edge as u32, at }));
            self.n_crossings += usize::from(!is_exact);
        }
        let n_edges = self.edges.len();
        let touches_max = (n_edges * TOUCHES_PER_EDGE_MAX).min(TOUCHES_MAX);
        if self.touches.len() <= touches_max && self.n_crossings <= n_edges * CROSSINGS_MAX {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }

    /// Takes the edges of `geometry`.
    fn load(&mut self, geometry: &Geometry<Grid>) {
        self.edges.clear();
        self.has_touched = false;
        self.touches.clear();
        self.touched.clear();
        self.touched.resize(geometry.part_ends.len(), false);
        self.n_crossings = 0;
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

    /// Returns which of the rows' edges may meet a level line.
    fn row(&self, y: i32) -> Range<usize> {
        let row = self.scale.row(y);
        self.row_starts[row] as usize..self.row_starts[row + 1] as usize
    }

    /// Collects the rings, other than `ring`, that hold `vertex` inside, in `self.around`.
    fn look_around(&mut self, vertex: Grid, ring: u32) {
        self.around.clear();
        for standing in &self.rows[self.row(vertex.y)] {
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
