//! Says whether polygons are legal as they are.
//!
//! In:     tidy polygons (see `tidy`).
//! Out:    yes, or that edges meet at points of the grid and where, or that they cross between them.
//! Source: a ring that goes once around a point, and never back, is legal. Otherwise edges of a small ring each with
//!         each; edges of others bucketed by rows, each row swept from west to east; all tests exact in integers. What
//!         was bent is looked at again only where edges met.
//!
//! Polygons whose edges lie beside each other so long that sweeping would compare each with thousands of others, such
//! as a comb that stands aslant, pass for crowded.

use std::ops::ControlFlow;

use zellige_model::{Geometry, GeometryKind, Grid, GridBounds};

use super::boxes::Boxes;
use super::edge::{Edge, turn};
use super::locate::Locator;
use super::nest::Rings;
use super::polygonize::{Polygonizer, Touch};
use super::rows::Rows;

/// Edges that an edge is compared with, on average at most.
const COMPARED_MAX: usize = 64;
/// In a ring of so many edges, each is compared with each: that is cheaper than putting them into rows.
const FEW_EDGES_MAX: usize = 128;
/// Rings of so many edges may be stars; more seldom are.
const STAR_EDGES_MAX: usize = 256;
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
    /// The edges that are compared, each row from west to east.
    rows: Rows,
    /// Whether these are all edges.
    rows_are_whole: bool,
    /// The row at hand.
    lane: Vec<Span>,
    /// All edges, when there are few.
    boxes: Boxes,
    /// Where edges met that were bent.
    bent: Blocks,
    /// The numbers of edges that are there.
    near: Vec<usize>,
    locator: Locator,
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
        if is_star(geometry) {
            return Found::Legal;
        }
        self.load(geometry);
        let is_small = geometry.part_ends.len() < 2 && self.edges.len() <= FEW_EDGES_MAX;
        if is_small && self.compare_all(geometry) {
            return self.found(ControlFlow::Continue(()), geometry);
        }
        self.rows.fill(self.edges.iter().copied().enumerate());
        self.rows_are_whole = true;
        let compared = self.compare_in_rows();
        self.found(compared, geometry)
    }

    /// Says the same of `geometry` that was bent, and tidied, since it was examined last.
    ///
    /// Where no edge met another one then, none does now: what became of those that did lies within their boxes. So
    /// only edges that come near these are compared.
    pub(super) fn examine_bent(&mut self, geometry: &Geometry<Grid>) -> Found {
        self.load(geometry);
        let Self { edges, bent, near, rows, .. } = self;
        near.clear();
        near.extend((0..edges.len()).filter(|edge| bent.meet(edges[*edge])));
        rows.fill(near.iter().map(|edge| (*edge, edges[*edge])));
        let compared = self.compare_in_rows();
        self.found(compared, geometry)
    }

    /// Says what was found when edges were compared.
    fn found(&mut self, compared: ControlFlow<()>, geometry: &Geometry<Grid>) -> Found {
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
        self.load_locator(geometry);
        let Self { edges, rows, touches, locator, .. } = self;
        let is_inside = |point: Grid| {
            let mut is_odd = false;
            locator.around(point, (edges, rows), |edge| is_odd ^= edge.is_west_of(point));
            is_odd
        };
        polygonizer.polygonize(geometry, touches, is_inside, rings);
    }

    /// Makes `out` of `geometry`, which was examined last: edges that meet others lead through the points of the grid
    /// nearest to that.
    pub(super) fn bend(&mut self, geometry: &Geometry<Grid>, out: &mut Geometry<Grid>) {
        self.touches.sort_unstable();
        self.touches.dedup();
        let mut touches = self.touches.chunk_by_mut(|a, b| a.edge == b.edge).peekable();
        let mut edges = (0..).zip(&self.edges);
        self.bent.begin(&geometry.points);
        out.reset(GeometryKind::Polygon);
        for rings in geometry.polygons() {
            for ring in rings {
                for (end, (nth, edge)) in geometry.part(ring).iter().zip(edges.by_ref()) {
                    if let Some(bends) = touches.next_if(|bends| bends[0].edge == nth) {
                        self.bent.mark(*edge);
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

    fn compare_in_rows(&mut self) -> ControlFlow<()> {
        self.rows.sort();
        let (rows, mut lane) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.lane));
        let compared = self.compare_each(&rows, &mut lane);
        (self.rows, self.lane) = (rows, lane);
        compared
    }

    /// Compares the edges of each row.
    fn compare_each(&mut self, rows: &Rows, lane: &mut Vec<Span>) -> ControlFlow<()> {
        let mut comparisons_left = self.edges.len() * COMPARED_MAX;
        for (row, standing) in rows.iter().enumerate() {
            lane.clear();
            lane.extend(standing.iter().map(|standing| Span::of(standing.edge(), &self.edges)));
            for (nth, one) in lane.iter().enumerate() {
                let beside = lane[nth + 1..].iter().take_while(|other| other.west <= one.east);
                let mut n_compared = 0;
                for other in beside {
                    n_compared += 1;
                    // Long edges have several rows in common; the first one tells.
                    if one.may_meet(*other) && rows.row_of(one.north.max(other.north)) == row {
                        self.compare(one.edge as usize, other.edge as usize)?;
                    }
                }
                let Some(left) = comparisons_left.checked_sub(n_compared) else {
                    return ControlFlow::Break(());
                };
                comparisons_left = left;
            }
        }
        ControlFlow::Continue(())
    }

    /// Compares each edge with each, but for those whose boxes are apart; says whether that is all. If not, it is as if
    /// nothing had been compared: in rows the edges might pass for crowded.
    fn compare_all(&mut self, geometry: &Geometry<Grid>) -> bool {
        let mut boxes = std::mem::take(&mut self.boxes);
        boxes.load(&self.edges);
        let compared = boxes.pairs(|one, other| self.compare(one, other));
        // Rows are higher than twice the mean of edges, so each edge stands in so many at most, and in no more of them
        // is a pair met that a plumb line meets.
        let (highest, all) = boxes.heights();
        self.boxes = boxes;
        let n_edges = self.edges.len();
        let rows_max = (highest * n_edges as i64 / (2 * all).max(1)) as usize + 2;
        let is_all = matches!(compared, ControlFlow::Continue(n) if n * rows_max <= n_edges * COMPARED_MAX);
        if !is_all {
            self.load(geometry);
        }
        is_all
    }

    /// Notes where two edges meet that stand beside each other, if they do.
    fn compare(&mut self, one: usize, other: usize) -> ControlFlow<()> {
        if self.edges[one].is_apart(self.edges[other]) {
            ControlFlow::Continue(())
        } else {
            self.touch(one, other)
        }
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
        self.rows_are_whole = false;
        self.has_touched = false;
        self.touches.clear();
        self.touched.clear();
        self.touched.resize(geometry.part_ends.len(), false);
        self.n_crossings = 0;
        for (ring, part) in geometry.parts().enumerate() {
            self.edges.extend(Edge::of_ring(ring as u32, part));
        }
    }

    /// Makes ready to find the edges of `geometry`, which was examined last, beside points.
    fn load_locator(&mut self, geometry: &Geometry<Grid>) {
        let rows = Some(&self.rows).filter(|_| self.rows_are_whole);
        self.locator.load(geometry, &self.edges, rows);
    }

    /// Whether holes lie in their outer ring and in no other hole, and polygons outside of each other.
    ///
    /// Only meaningful when the edges are apart; then one vertex stands for its ring.
    fn rings_nest(&mut self, geometry: &Geometry<Grid>) -> bool {
        if geometry.part_ends.len() < 2 {
            return true;
        }
        self.load_locator(geometry);
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
        let Self { around, edges, rows, locator, .. } = self;
        around.clear();
        locator.around(vertex, (edges, rows), |edge| {
            if edge.ring != ring && edge.is_east_of(vertex) {
                around.push(edge.ring);
            }
        });
        around.sort_unstable();
        // One of each ring that is met an odd number of times.
        let mut n_kept = 0;
        for at in 0..around.len() {
            if n_kept > 0 && around[n_kept - 1] == around[at] {
                n_kept -= 1;
            } else {
                around[n_kept] = around[at];
                n_kept += 1;
            }
        }
        around.truncate(n_kept);
    }
}

/// Whether the only ring there is, wound as an outer one, goes once around the mean of its vertices and never back:
/// then each ray from there meets it once, and so it does not meet itself.
fn is_star(geometry: &Geometry<Grid>) -> bool {
    let ring = &geometry.points[..];
    if geometry.part_ends.len() != 1 || ring.len() > STAR_EDGES_MAX {
        return false;
    }
    let (x, y) = ring.iter().fold((0, 0), |(x, y), point| (x + i64::from(point.x), y + i64::from(point.y)));
    let n_vertices = ring.len() as i64;
    let middle = Grid::new((x / n_vertices) as i32, (y / n_vertices) as i32);
    let Some(mut a) = ring.last() else { return false };
    let mut n_turns = 0;
    for b in ring {
        if turn(middle, *a, *b) <= 0 {
            return false;
        }
        n_turns += u32::from(a.y < middle.y && middle.y <= b.y);
        a = b;
    }
    n_turns == 1
}

/// The box of an edge, beside others of a row.
#[derive(Clone, Copy, Debug)]
struct Span {
    west: i32,
    east: i32,
    north: i32,
    south: i32,
    /// The number of the edge.
    edge: u32,
    /// Whether it is the first one of its ring.
    is_first: bool,
}

impl Span {
    fn of(number: usize, edges: &[Edge]) -> Self {
        let edge = edges[number];
        Self {
            west: edge.west.x,
            east: edge.east.x,
            north: edge.north(),
            south: edge.south(),
            edge: number as u32,
            is_first: edge.nth == 0,
        }
    }

    /// Whether a level line meets both, and neither leads to the other.
    ///
    /// Which of the four says no has no pattern, so nothing branches on one alone: a sixth of the time of a row.
    #[expect(clippy::needless_bitwise_bool, reason = "the lazy form is slower, as said above")]
    const fn may_meet(self, other: Self) -> bool {
        (self.north <= other.south)
            & (other.north <= self.south)
            & !self.leads_to(other)
            & !other.leads_to(self)
    }

    /// Whether the other edge comes next in their ring: most of those beside an edge do, or come before it.
    #[expect(clippy::needless_bitwise_bool, reason = "as for what asks")]
    const fn leads_to(self, other: Self) -> bool {
        (self.edge + 1 == other.edge) & !other.is_first
    }
}

/// Which blocks of a box hold something, a bit each.
#[derive(Debug, Default)]
struct Blocks {
    min: Grid,
    /// A block is as wide, and as high, as two to the power of these.
    width_log2: u32,
    height_log2: u32,
    rows: Vec<u64>,
}

impl Blocks {
    /// Blocks side by side, and rows of them.
    const COLUMNS: i32 = u64::BITS as i32;
    const ROWS: i32 = 256;

    /// Empties the blocks of the box around some points.
    fn begin(&mut self, points: &[Grid]) {
        let Some(GridBounds { min, max }) = GridBounds::of(points) else { return };
        let log2 = |length: i32, n: i32| ((length / n + 1) as u32).next_power_of_two().trailing_zeros();
        self.min = min;
        self.width_log2 = log2(max.x - min.x, Self::COLUMNS);
        self.height_log2 = log2(max.y - min.y, Self::ROWS);
        self.rows.clear();
        self.rows.resize(self.row(max.y) + 1, 0);
    }

    /// Marks the blocks of the box around `edge`, which lies in that of all.
    fn mark(&mut self, edge: Edge) {
        let columns = self.columns(edge);
        let (first, last) = (self.row(edge.north()), self.row(edge.south()));
        self.rows[first..=last].iter_mut().for_each(|row| *row |= columns);
    }

    /// Whether the box around `edge`, which lies in that of all, has a block that is marked.
    fn meet(&self, edge: Edge) -> bool {
        let columns = self.columns(edge);
        let (first, last) = (self.row(edge.north()), self.row(edge.south()));
        self.rows[first..=last].iter().any(|row| row & columns != 0)
    }

    const fn row(&self, y: i32) -> usize {
        ((y - self.min.y) >> self.height_log2) as usize
    }

    /// Returns the bits of the columns in which `edge` lies.
    const fn columns(&self, edge: Edge) -> u64 {
        let first = (edge.west.x - self.min.x) >> self.width_log2;
        let last = (edge.east.x - self.min.x) >> self.width_log2;
        (u64::MAX >> (Self::COLUMNS - 1 - last)) & (u64::MAX << first)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{BENDS_MAX, tidy};
    use super::*;

    /// Returns the number and the place of each touch, once and in order.
    fn touches(examiner: &Examiner) -> Vec<Touch> {
        let mut touches = examiner.touches.clone();
        touches.sort_unstable();
        touches.dedup();
        touches
    }

    /// Returns a tidy polygon.
    fn tidied(rings: &[Vec<Grid>]) -> Geometry<Grid> {
        let mut geometry = Geometry::default();
        geometry.reset(GeometryKind::Polygon);
        for ring in rings {
            geometry.points.extend_from_slice(ring);
            geometry.end_part();
        }
        geometry.end_polygon();
        tidy::tidy(&mut geometry, &mut Geometry::default());
        geometry
    }

    /// Examines a polygon of one ring by its rows, however few edges it has; what is found has to be found by the way
    /// that is taken. Returns whether it is a star.
    fn check_in_rows(ring: Vec<Grid>) -> bool {
        let geometry = tidied(&[ring]);
        let (mut examiner, mut by_rows) = (Examiner::default(), Examiner::default());
        by_rows.load(&geometry);
        by_rows.rows.fill(by_rows.edges.iter().copied().enumerate());
        let compared = by_rows.compare_in_rows();
        let found = by_rows.found(compared, &geometry);
        assert_eq!(examiner.examine(&geometry), found, "{geometry:?}");
        if found != Found::Crowded {
            assert_eq!(touches(&examiner), touches(&by_rows), "{geometry:?}");
        }
        is_star(&geometry)
    }

    /// Bends a polygon until nothing crosses; what is found near bends has to be all that is found anywhere.
    fn check(rings: &[Vec<Grid>], n_bends_min: usize) {
        let (mut geometry, mut scratch) = (tidied(rings), Geometry::default());
        let (mut examiner, mut everywhere) = (Examiner::default(), Examiner::default());
        let mut found = examiner.examine(&geometry);
        let mut n_bends = 0;
        while found == Found::Crossing && n_bends < BENDS_MAX {
            examiner.bend(&geometry, &mut scratch);
            std::mem::swap(&mut geometry, &mut scratch);
            tidy::tidy_bent(&mut geometry, &mut scratch);
            found = examiner.examine_bent(&geometry);
            assert_eq!(found, everywhere.examine(&geometry), "{geometry:?}");
            assert_eq!(touches(&examiner), touches(&everywhere), "{geometry:?}");
            n_bends += 1;
        }
        assert!(n_bends_min <= n_bends, "{rings:?}");
    }

    #[test]
    fn bow_tie_is_bent_once() {
        let bow_tie = [(0, 0), (9, 9), (9, 0), (0, 8)];
        check(&[bow_tie.map(|(x, y)| Grid::new(x, y)).to_vec()], 1);
    }

    #[test]
    fn ring_once_around_its_middle_is_a_star_and_one_twice_around_is_none() {
        let ring = |corners: &[(i32, i32)]| corners.iter().map(|(x, y)| Grid::new(*x, *y)).collect();
        assert!(check_in_rows(ring(&[(0, -9), (2, -2), (9, 0), (2, 2), (0, 9), (-2, 2), (-9, 0), (-2, -2)])));
        assert!(!check_in_rows(ring(&[(0, -10), (6, 8), (-10, -3), (10, -3), (-6, 8)])));
    }

    /// Rings once around the same middle, whose vertices stand a little beside a circle.
    fn frayed() -> impl Strategy<Value = Vec<Grid>> {
        (100..400_i32, prop::collection::vec((-9..9_i32, -9..9_i32), 20..300)).prop_map(|(radius, shifts)| {
            let step = std::f64::consts::TAU / shifts.len() as f64;
            let vertex = |(nth, (right, down)): (usize, &(i32, i32))| {
                let (sin, cos) = (step * nth as f64).sin_cos();
                let along = |share: f64| (f64::from(radius) * share) as i32;
                Grid::new(along(cos) + right, along(sin) + down)
            };
            shifts.iter().enumerate().map(vertex).collect()
        })
    }

    /// Rings of vertices anywhere.
    fn scrawled() -> impl Strategy<Value = Vec<Grid>> {
        let vertex = (-20..20_i32, -20..20_i32).prop_map(|(x, y)| Grid::new(x, y));
        prop::collection::vec(vertex, 3..2 * FEW_EDGES_MAX)
    }

    proptest! {
        #[test]
        fn whatever_way_is_taken_finds_the_same(ring in prop_oneof![frayed(), scrawled()]) {
            check_in_rows(ring);
        }

        #[test]
        fn nothing_is_missed_where_nothing_met(rings in prop::collection::vec(frayed(), 1..4)) {
            check(&rings, 0);
        }
    }
}
