//! Lists the edges that pass through each bin, by which positions are matched to roads.
//!
//! In:     the graph, ids of its arms.
//! Out:    for each tile of the finest level, the edges of all levels in each of its 25 bins.
//! Keeps:  one direction of an edge stands for both; every bin that an edge touches has it, once.
//! Source: bins of graph tiles, version 3: 0.05 degrees, row after row from the south-west.

use std::collections::BTreeMap;

use super::error::Error;
use super::geometry::{UNITS_PER_DEGREE, Vertex};
use super::graph::Graph;
use super::layout::{BINS, BINS_SIDE};
use super::level::{FINEST, GraphId, columns, rows, side};
use super::road::ALONG;
use crate::progress::Counter;

/// The side of a bin in units of a [`Vertex`].
const SIDE: i64 = side(FINEST) / BINS_SIDE as i64;
/// Bins from west to east.
const COLUMNS: i64 = columns(FINEST) as i64 * BINS_SIDE as i64;
/// Bins from south to north.
const ROWS: i64 = rows(FINEST) as i64 * BINS_SIDE as i64;

/// So many entries all bins have at most, 8 bytes each.
const ENTRIES_MAX: usize = 1 << 28;
/// So many times a road passes from one bin to the next at most: nine times around the world. A line that does so more
/// often is a mistake, and would fill the bins alone.
pub(super) const STEPS_MAX: u64 = 1 << 16;

/// The edges in each bin of a tile.
pub(super) type Bins = [Vec<GraphId>; BINS];

/// Returns the bins by number of their tile; each edge is a step.
///
/// # Errors
///
/// [`Error::TooManyBins`] when edges are so many and so long that their lists would be too large, [`Error::Stopped`].
pub(super) fn of(
    graph: &Graph,
    arms: &[GraphId],
    counter: &mut Counter<'_>,
) -> Result<BTreeMap<u32, Bins>, Error> {
    within(ENTRIES_MAX, graph, arms, counter)
}

/// Returns how many times a line passes from one bin to the next, rows and columns each for themselves.
pub(super) fn n_steps(line: &[Vertex]) -> u64 {
    let steps = |pair: &[Vertex]| {
        let [(ax, ay), (bx, by)] = from_corner(pair[0], pair[1]);
        let bins = |a: i64, b: i64| a.div_euclid(SIDE).abs_diff(b.div_euclid(SIDE));
        bins(ax, bx) + bins(ay, by)
    };
    line.windows(2).map(steps).sum()
}

/// Returns the bins with `n_entries_max` entries at most.
fn within(
    n_entries_max: usize,
    graph: &Graph,
    arms: &[GraphId],
    counter: &mut Counter<'_>,
) -> Result<BTreeMap<u32, Bins>, Error> {
    let mut tiles: BTreeMap<u32, Bins> = BTreeMap::new();
    // Few are touched by an edge: its road has at most `STEPS_MAX` steps, and it has few vertices itself.
    let (mut touched, mut n_entries) = (Vec::new(), 0);
    for edge in &graph.edges {
        counter.add(1)?;
        touched.clear();
        for pair in graph.shape(edge).windows(2) {
            touch(pair[0], pair[1], &mut touched);
        }
        touched.sort_unstable();
        touched.dedup();
        n_entries += touched.len();
        if n_entries > n_entries_max {
            return Err(Error::TooManyBins { n_entries_max });
        }
        for (row, column) in &touched {
            let tile = row / BINS_SIDE as i64 * i64::from(columns(FINEST)) + column / BINS_SIDE as i64;
            let bin = row % BINS_SIDE as i64 * BINS_SIDE as i64 + column % BINS_SIDE as i64;
            tiles.entry(tile as u32).or_default()[bin as usize].push(arms[edge.arms[ALONG] as usize]);
        }
    }
    Ok(tiles)
}

/// Returns the ends of a segment as x and y from the south-western corner of the world; the second lies beyond the
/// world where that is the shorter way round.
fn from_corner(a: Vertex, b: Vertex) -> [(i64, i64); 2] {
    const TURN: i64 = 360 * UNITS_PER_DEGREE;
    let from_corner =
        |at: Vertex| (i64::from(at.lon) + 180 * UNITS_PER_DEGREE, i64::from(at.lat) + 90 * UNITS_PER_DEGREE);
    let ((ax, ay), (mut bx, by)) = (from_corner(a), from_corner(b));
    if bx - ax > TURN / 2 {
        bx -= TURN;
    } else if ax - bx > TURN / 2 {
        bx += TURN;
    }
    [(ax, ay), (bx, by)]
}

/// Appends row and column of each bin that a segment touches, the shorter way round the world: three a row, and one a
/// step from column to column, at most.
fn touch(a: Vertex, b: Vertex, out: &mut Vec<(i64, i64)>) {
    let [(ax, ay), (bx, by)] = from_corner(a, b);
    let [(south_x, south_y), (north_x, north_y)] =
        if ay <= by { [(ax, ay), (bx, by)] } else { [(bx, by), (ax, ay)] };
    for row in south_y / SIDE..=north_y / SIDE {
        // The part of the segment in this row, a unit wider for rounding.
        let x_at = |y: i64| {
            let share = (y.clamp(south_y, north_y) - south_y) as f64 / (north_y - south_y).max(1) as f64;
            south_x + ((north_x - south_x) as f64 * share).round() as i64
        };
        let (mut low, mut high) = (x_at(row * SIDE), x_at((row + 1) * SIDE));
        if south_y == north_y {
            (low, high) = (south_x, north_x);
        }
        let (low, high) = (low.min(high) - 1, low.max(high) + 1);
        for column in low.div_euclid(SIDE)..=high.div_euclid(SIDE) {
            out.push((row.min(ROWS - 1), column.rem_euclid(COLUMNS)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use zellige_model::LonLat;

    use super::*;
    use crate::navigation::drawn;
    use crate::progress::{Phase, Watch};

    /// Checks the bins of a segment, as hundredths of degrees of their south-western corners.
    fn check(a: (f64, f64), b: (f64, f64), expected: &[(i64, i64)]) {
        let at = |(lon, lat)| Vertex::of(LonLat::new(lon, lat));
        let mut touched = Vec::new();
        touch(at(a), at(b), &mut touched);
        let corners: Vec<_> =
            touched.iter().map(|(row, column)| (column * 5 - 18000, row * 5 - 9000)).collect();
        assert_eq!(corners, expected);
    }

    #[test]
    fn segments_touch_what_they_pass() {
        check((0.01, 0.01), (0.02, 0.02), &[(0, 0)]);
        check((0.01, 0.01), (0.12, 0.01), &[(0, 0), (5, 0), (10, 0)]);
        check((0.01, 0.01), (0.09, 0.06), &[(0, 0), (5, 0), (5, 5)]);
        check((0.09, 0.06), (0.01, 0.01), &[(0, 0), (5, 0), (5, 5)]);
        check((0.01, 0.12), (0.01, 0.01), &[(0, 0), (0, 5), (0, 10)]);
    }

    #[test]
    fn steps_from_bin_to_bin_are_counted() {
        let n_steps = |line: &[(f64, f64)]| {
            let line: Vec<Vertex> =
                line.iter().map(|(lon, lat)| Vertex::of(LonLat::new(*lon, *lat))).collect();
            n_steps(&line)
        };
        assert_eq!(n_steps(&[(0.01, 0.01), (0.02, 0.02), (0.04, 0.01)]), 0);
        assert_eq!(n_steps(&[(0.01, 0.01), (0.12, 0.01), (0.01, 0.06)]), 5);
        assert_eq!(n_steps(&[(179.99, 0.01), (-179.99, 0.01), (179.99, -0.01)]), 3);
    }

    #[test]
    fn segments_touch_no_more_than_their_steps_allow() {
        for (a, b) in [((0, 0), (3000, 2000)), ((0, 0), (-170_000, 89_999)), ((49, 50), (51, 50))] {
            let (a, b) = (drawn::at(a), drawn::at(b));
            let mut touched = Vec::new();
            touch(a, b, &mut touched);
            assert!(touched.len() as u64 <= 3 * (n_steps(&[a, b]) + 1), "{a:?} {b:?}");
        }
    }

    #[test]
    fn too_many_entries_are_refused() {
        let graph = drawn::graph(&[("highway=track", &[(10, 10), (120, 10)])]);
        let within = |n_entries_max: usize| {
            let watch: Watch<'_> = &mut |_| ControlFlow::Continue(());
            let mut counter = Counter::begin(watch, Phase::Weights, None).unwrap();
            within(n_entries_max, &graph, &[GraphId::NONE; 2], &mut counter)
        };
        assert!(within(3).is_ok());
        let error = within(2).unwrap_err();
        assert!(matches!(error, Error::TooManyBins { n_entries_max: 2 }), "{error}");
    }

    #[test]
    fn corners_belong_to_all_bins_around() {
        check((0.05, 0.01), (0.05, 0.02), &[(0, 0), (5, 0)]);
    }

    #[test]
    fn antimeridian_is_crossed_the_short_way() {
        check((179.99, 0.01), (-179.99, 0.01), &[(17995, 0), (-18000, 0)]);
    }
}
