//! Tells polygons that cross themselves more often than a tile can show; `redraw` draws them.
//!
//! In:     tidy polygons that are not legal.
//! Out:    how crowded they are.
//! Keeps:  an allowance for all tiles of a feature.
//! Source: edges bucketed into blocks, their meetings counted.
//!
//! An exact overlay takes some microseconds and a hundred bytes for each meeting of two edges: 50,000 spikes in a
//! tile took 85 seconds and 24 GB. What so many meetings enclose is smaller than a unit or fits no tile. The same
//! spikes over hundreds of tiles took minutes, so that all tiles of a feature have an allowance together.

use std::ops::{ControlFlow, RangeInclusive};

use zellige_model::{Geometry, Grid, GridBounds};

use super::edge::Edge;

/// More pairs of edges than this that meet in a tile are noise.
const MEETINGS_MAX: u64 = 200_000;
/// So many pairs that meet are mended of one feature, in all its tiles together.
const MEETINGS_OF_FEATURE_MAX: u64 = 500_000;
/// More than this are noise once that is used up.
const MEETINGS_AFTER_MAX: u64 = 2_000;
/// More than this are dense.
const DENSE_MIN: u64 = 1_000;
/// Pairs of edges that are tried; with more of them in common blocks, they are noise untried.
const PAIRS_MAX: u64 = 16_000_000;
/// So many edges are compared with a new one in the time in which a meeting is mended.
const COMPARISONS_PER_MEETING: usize = 1_000;
/// An overlay looks at so many pairs in common blocks in the time in which it mends a meeting: spikes that lie beside
/// each other are dear though they do not meet.
const PAIRS_IN_TIME_OF_MEETING: u64 = 256;
/// So many pairs in common blocks are taken for one that meets, as long as there are few and the feature has an
/// allowance: neighbours in a ring stand in common blocks, and counting exactly takes longer than most mending.
const PAIRS_PER_MEETING: u64 = 8;
const PAIRS_UNCOUNTED_MAX: u64 = 16_000;
/// Blocks along a side of the box.
const BLOCKS: usize = 64;

/// How many meetings of edges may still be mended.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    /// Of the feature at hand; nothing when shapes of several features are looked at.
    left: Option<u64>,
}

/// How crowded the edges of a shape are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crowding {
    /// Few edges meet.
    Sparse,
    /// Many may meet, but a tile can show them.
    Dense,
    /// They meet too often for an exact overlay.
    Noise,
}

impl Allowance {
    /// Starts a feature.
    pub(super) fn begin_feature(&mut self) {
        self.left = Some(MEETINGS_OF_FEATURE_MAX);
    }

    /// Parts with what is left, by the numbers of vertices of shapes; they have together what is lacking here then.
    pub(super) fn lend(&mut self, n_vertices: &[usize]) -> Vec<Self> {
        let n_all = n_vertices.iter().sum::<usize>().max(1);
        let share = |left: u64, n: usize| (u128::from(left) * n as u128 / n_all as u128) as u64;
        let lent: Vec<Self> =
            n_vertices.iter().map(|n| Self { left: self.left.map(|left| share(left, *n)) }).collect();
        let n_lent: u64 = lent.iter().filter_map(|allowance| allowance.left).sum();
        self.left = self.left.map(|left| left - n_lent);
        lent
    }

    /// Takes back what is left of a part.
    pub(super) fn take_back(&mut self, lent: &Self) {
        self.left = self.left.zip(lent.left).map(|(left, rest)| left + rest);
    }

    /// Says how crowded the edges of `geometry` are, and takes off what is to be mended.
    pub(super) fn crowding(&mut self, geometry: &Geometry<Grid>) -> Crowding {
        let n_max = self.left.map_or(MEETINGS_MAX, |left| left.clamp(MEETINGS_AFTER_MAX, MEETINGS_MAX));
        let Some(Meetings { n_meetings, price }) = meetings(geometry, n_max) else { return Crowding::Noise };
        self.left = self.left.map(|left| left.saturating_sub(price));
        if DENSE_MIN < n_meetings { Crowding::Dense } else { Crowding::Sparse }
    }

    /// Takes off the time that so many comparisons of edges took.
    pub(super) fn take_comparisons(&mut self, n_compared: usize) {
        let n_meetings = (n_compared / COMPARISONS_PER_MEETING) as u64;
        self.left = self.left.map(|left| left.saturating_sub(n_meetings));
    }

    /// Whether the feature at hand has used up what it had.
    pub(super) fn is_spent(&self) -> bool {
        self.left == Some(0)
    }
}

/// How often edges of a shape meet.
#[derive(Clone, Copy, Debug, Default)]
struct Meetings {
    /// About how many pairs meet; none when they are few.
    n_meetings: u64,
    /// How many meetings are mended in the time in which the shape is.
    price: u64,
}

/// Returns how often edges of `geometry` meet; nothing when that, or the price, is more than `n_max`.
fn meetings(geometry: &Geometry<Grid>, n_max: u64) -> Option<Meetings> {
    let free = Some(Meetings::default());
    // So few edges cannot meet so often.
    let n_edges = geometry.points.len() as u64;
    if n_edges * n_edges / 2 <= MEETINGS_AFTER_MAX {
        return free;
    }
    let Some(blocks) = Blocks::around(&geometry.points) else { return free };
    let mut n_in_block = vec![0; BLOCKS * BLOCKS];
    let mut n_pairs = 0;
    for edge in edges(geometry) {
        let counted = blocks.met(edge, &mut |block| {
            n_pairs += u64::from(n_in_block[block]);
            n_in_block[block] += 1_u32;
            if n_pairs <= PAIRS_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        if counted.is_break() {
            return None;
        }
    }
    let price = n_pairs / PAIRS_IN_TIME_OF_MEETING;
    let n_meetings = if n_pairs <= MEETINGS_AFTER_MAX {
        return free;
    } else if n_max < price {
        return None;
    } else if n_pairs <= PAIRS_UNCOUNTED_MAX && MEETINGS_AFTER_MAX < n_max {
        n_pairs / PAIRS_PER_MEETING
    } else {
        counted(geometry, blocks, &n_in_block, n_max)?
    };
    Some(Meetings { n_meetings, price: price.max(n_meetings) })
}

/// Returns the edges of all rings.
fn edges(geometry: &Geometry<Grid>) -> impl Iterator<Item = Edge> {
    geometry.parts().enumerate().flat_map(|(ring, part)| Edge::of_ring(ring as u32, part))
}

/// Counts the pairs of edges in common blocks that meet; nothing when there are more than `n_max`.
fn counted(geometry: &Geometry<Grid>, blocks: Blocks, n_in_block: &[u32], n_max: u64) -> Option<u64> {
    // Edges block after block; where those of each block end, as far as they are known.
    let mut ends: Vec<usize> = starts(n_in_block).collect();
    let mut in_block = vec![Edge::default(); n_in_block.iter().map(|n| *n as usize).sum()];
    for edge in edges(geometry) {
        let _ = blocks.met(edge, &mut |block| {
            in_block[ends[block]] = edge;
            ends[block] += 1;
            ControlFlow::Continue(())
        });
    }
    let mut n_meetings = 0;
    for (block, (start, end)) in starts(n_in_block).zip(ends).enumerate() {
        let edges = &mut in_block[start..end];
        edges.sort_unstable_by_key(|edge| (edge.west.x, edge.ring, edge.nth));
        for (nth, edge) in edges.iter().enumerate() {
            let others = edges[nth + 1..].iter().take_while(|other| other.west.x <= edge.east.x);
            // Edges side by side have several blocks in common; where they meet is one of them.
            let met = others.filter(|other| {
                !edge.is_neighbour(**other)
                    && edge.meets(**other)
                    && blocks.block(meeting(*edge, **other)) == block
            });
            n_meetings += met.count() as u64;
        }
        if n_max < n_meetings {
            return None;
        }
    }
    Some(n_meetings)
}

/// Returns where the edges of each block start when they stand block after block.
fn starts(n_in_block: &[u32]) -> impl Iterator<Item = usize> {
    n_in_block.iter().scan(0, |sum, n| {
        let start = *sum;
        *sum += *n as usize;
        Some(start)
    })
}

/// Returns about where two edges meet that do; where they begin to, if they lie on each other.
fn meeting(a: Edge, b: Edge) -> (f64, f64) {
    // The same place in each block, whichever edge comes first.
    let (a, b) = if (a.ring, a.nth) < (b.ring, b.nth) { (b, a) } else { (a, b) };
    let place = |point: Grid| (f64::from(point.x), f64::from(point.y));
    let ((ax, ay), (bx, by)) = (place(a.west), place(b.west));
    let way = |edge: Edge| (f64::from(edge.east.x - edge.west.x), f64::from(edge.east.y - edge.west.y));
    let ((a_width, a_height), (b_width, b_height)) = (way(a), way(b));
    let turn = a_width * b_height - a_height * b_width;
    if turn == 0.0 {
        return place(a.west.max(b.west));
    }
    let share = ((bx - ax) * b_height - (by - ay) * b_width) / turn;
    (ax + share * a_width, ay + share * a_height)
}

/// Squares that cover a box.
#[derive(Clone, Copy, Debug)]
struct Blocks {
    min: Grid,
    side: i32,
}

impl Blocks {
    /// Returns the squares of which [`BLOCKS`] stand along the longer side of the box around points.
    fn around(points: &[Grid]) -> Option<Self> {
        let GridBounds { min, max } = GridBounds::of(points)?;
        let longer = (max.x - min.x).max(max.y - min.y);
        Some(Self { min, side: longer / BLOCKS as i32 + 1 })
    }

    /// Returns the number of the block that holds a point of the box.
    fn block(self, (x, y): (f64, f64)) -> usize {
        let nth = |distance: f64| ((distance / f64::from(self.side)) as usize).min(BLOCKS - 1);
        nth(y - f64::from(self.min.y)) * BLOCKS + nth(x - f64::from(self.min.x))
    }

    /// Calls `visit` with every square that may hold a part of `edge`, until it breaks off.
    fn met(self, edge: Edge, visit: &mut dyn FnMut(usize) -> ControlFlow<()>) -> ControlFlow<()> {
        let (north, south) = (edge.west.y.min(edge.east.y), edge.west.y.max(edge.east.y));
        let row = |y: i32| (y - self.min.y) / self.side;
        for row in row(north)..=row(south) {
            let top = self.min.y + row * self.side;
            let rows = north.max(top)..=south.min(top + self.side);
            for column in self.columns(edge, rows) {
                visit(row as usize * BLOCKS + column as usize)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Returns the columns that `edge` may meet within some rows of the grid.
    fn columns(self, edge: Edge, rows: RangeInclusive<i32>) -> RangeInclusive<i32> {
        let Edge { west, east, .. } = edge;
        let column = |x: i64| ((x - i64::from(self.min.x)) / i64::from(self.side)) as i32;
        let height = i64::from(east.y - west.y);
        if height == 0 {
            return column(west.x.into())..=column(east.x.into());
        }
        let width = i64::from(east.x - west.x);
        let at = |y: i32| i64::from(west.x) + (width * i64::from(y - west.y)).div_euclid(height);
        let (a, b) = (at(*rows.start()), at(*rows.end()));
        column(a.min(b).max(west.x.into()))..=column((a.max(b) + 1).min(east.x.into()))
    }
}

#[cfg(test)]
mod tests {
    use zellige_testkit::polygon::polygon;

    use super::*;

    /// Returns vertices that are all over a square of `side`, without a pattern.
    fn scattered(n_vertices: usize, side: i32) -> Vec<(i32, i32)> {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) as i32).rem_euclid(side + 1)
        };
        (0..n_vertices).map(|_| (next(), next())).collect()
    }

    /// Spikes from the middle of a square of side 4,096.
    fn spikes(n_spikes: u32) -> Vec<(i32, i32)> {
        let vertex = |nth: u32| {
            let turn = f64::from(nth) / f64::from(2 * n_spikes) * std::f64::consts::TAU;
            let radius = if nth.is_multiple_of(2) { 2_000.0 } else { 100.0 };
            ((2_048.0 + radius * turn.cos()) as i32, (2_048.0 + radius * turn.sin()) as i32)
        };
        (0..2 * n_spikes).map(vertex).collect()
    }

    fn check_crowding(ring: Vec<(i32, i32)>, expected: Crowding) {
        let n_vertices = ring.len();
        let crowding = Allowance::default().crowding(&polygon(&[ring]));
        assert_eq!(crowding, expected, "{n_vertices} vertices");
    }

    #[test]
    fn noise_is_told_by_how_often_edges_meet() {
        use Crowding::{Dense, Noise, Sparse};
        check_crowding(scattered(60, 4_096), Sparse);
        check_crowding(scattered(300, 4_096), Dense);
        check_crowding(scattered(900, 4_096), Dense);
        check_crowding(scattered(3_000, 4_096), Noise);
        check_crowding(scattered(20_000, 4_096), Noise);
        check_crowding(scattered(20_000, 40), Noise);
        check_crowding(spikes(1_000), Sparse);
        check_crowding(spikes(50_000), Noise);
        // A comb whose teeth stand a unit apart is tight, but no two of them meet.
        let tooth = |nth: i32| [(2 * nth, 0), (2 * nth, 4_096), (2 * nth + 1, 4_096), (2 * nth + 1, 0)];
        let back = [(4_000, -10), (0, -10)];
        check_crowding((0..2_000).flat_map(tooth).chain(back).collect(), Sparse);
    }

    #[test]
    fn a_feature_that_is_crowded_everywhere_becomes_noise() {
        let shape = polygon(&[scattered(900, 4_096)]);
        let mut allowance = Allowance::default();
        let n_mended = |allowance: &mut Allowance| {
            (0..20).take_while(|_| allowance.crowding(&shape) == Crowding::Dense).count()
        };
        assert_eq!(n_mended(&mut allowance), 20, "shapes of different features");
        allowance.begin_feature();
        let n_first = n_mended(&mut allowance);
        assert!((3..10).contains(&n_first), "{n_first} tiles of one feature");
        assert_eq!(allowance.crowding(&polygon(&[scattered(60, 4_096)])), Crowding::Sparse);
        allowance.begin_feature();
        assert_eq!(n_mended(&mut allowance), n_first);
    }

    #[test]
    fn spikes_side_by_side_have_their_price() {
        let shape = polygon(&[spikes(1_000)]);
        let mut allowance = Allowance::default();
        allowance.begin_feature();
        let n_mended = (0..1_000).take_while(|_| allowance.crowding(&shape) == Crowding::Sparse).count();
        assert!((20..500).contains(&n_mended), "{n_mended} tiles of one feature");
    }

    #[test]
    fn shares_add_up_to_what_there_was() {
        let mut allowance = Allowance { left: Some(1_000) };
        let lent = allowance.lend(&[0, 10, 20]);
        let left = |allowance: &Allowance| allowance.left.unwrap();
        assert_eq!((left(&allowance), lent.iter().map(left).collect::<Vec<_>>()), (1, vec![0, 333, 666]));
        for share in &lent {
            allowance.take_back(share);
        }
        assert_eq!(left(&allowance), 1_000);
    }
}
