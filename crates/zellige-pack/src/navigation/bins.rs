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
/// So many times an edge touches a bin at most, 16 bytes each: a thousand times what the longest roads do.
const TOUCHES_MAX: usize = 1 << 22;

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
    let mut tiles: BTreeMap<u32, Bins> = BTreeMap::new();
    let (mut touched, mut n_entries) = (Vec::new(), 0);
    for edge in &graph.edges {
        counter.add(1)?;
        touched.clear();
        for pair in graph.shape(edge).windows(2) {
            touch(pair[0], pair[1], &mut touched);
            if touched.len() > TOUCHES_MAX {
                return Err(Error::TooManyBins { n_entries_max: TOUCHES_MAX });
            }
        }
        touched.sort_unstable();
        touched.dedup();
        n_entries += touched.len();
        if n_entries > ENTRIES_MAX {
            return Err(Error::TooManyBins { n_entries_max: ENTRIES_MAX });
        }
        for (row, column) in &touched {
            let tile = row / BINS_SIDE as i64 * i64::from(columns(FINEST)) + column / BINS_SIDE as i64;
            let bin = row % BINS_SIDE as i64 * BINS_SIDE as i64 + column % BINS_SIDE as i64;
            tiles.entry(tile as u32).or_default()[bin as usize].push(arms[edge.arms[ALONG] as usize]);
        }
    }
    Ok(tiles)
}

/// Appends row and column of each bin that a segment touches, the shorter way round the world.
fn touch(a: Vertex, b: Vertex, out: &mut Vec<(i64, i64)>) {
    const TURN: i64 = 360 * UNITS_PER_DEGREE;
    let from_corner =
        |at: Vertex| (i64::from(at.lon) + 180 * UNITS_PER_DEGREE, i64::from(at.lat) + 90 * UNITS_PER_DEGREE);
    let ((ax, ay), (mut bx, by)) = (from_corner(a), from_corner(b));
    if bx - ax > TURN / 2 {
        bx -= TURN;
    } else if ax - bx > TURN / 2 {
        bx += TURN;
    }
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
    use zellige_model::LonLat;

    use std::ops::ControlFlow;

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
    fn edge_that_goes_round_the_world_again_and_again_is_refused() {
        let line: Vec<(i32, i32)> = (0..6000).map(|x| (x % 2 * 170_000 + x, x % 2 * 80_000)).collect();
        let graph = drawn::graph(&[("highway=track", &line)]);
        let watch: Watch<'_> = &mut |_| ControlFlow::Continue(());
        let mut counter = Counter::begin(watch, Phase::Weights, None).unwrap();
        let error = of(&graph, &[GraphId::NONE; 2], &mut counter).unwrap_err();
        assert!(matches!(error, Error::TooManyBins { n_entries_max: TOUCHES_MAX }), "{error}");
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
