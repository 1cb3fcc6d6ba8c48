//! Keeps a ring that was cut from running along the edges of its window again and again.
//!
//! In:     a ring cut to a stripe, which runs along the edges of the stripe wherever it had left it.
//! Out:    the same ring, if its runs lie on each other little; otherwise a ring whose runs hardly overlap.
//! Keeps:  the area under the even-odd rule, and every vertex inside but the tips of spikes, which have no area.
//! Source: two runs on each other cancel out under the even-odd rule, so only ends of runs count: sorted, the first
//!         is joined to the second, the third to the fourth. The loops that this makes are strung on a thread that
//!         leads along the edges from one to the next, and back.
//!
//! As rings of their own, loops would be holes of the first one, wherever it is: what has nothing of an outer ring gets
//! nothing of its holes.
//!
//! A ring of 5,000 vertices all over a country passes each deep tile 2,000 times on either side. Without this every
//! tile gets that many runs of its full height, and what mends the tile compares each with each.

use zellige_model::{Geometry, World};

use super::Axis;

/// Rings with fewer runs stay as they are.
const RUNS_MIN: usize = 64;
/// Rings stay as they are whose runs together are at most so many times as long as the part of the edge they lie on.
const DEPTH_MAX: i64 = 4;

/// An end of a path in the stripe or of a run: edge of the stripe, place along it, number of the end.
type End = (usize, i64, usize);

/// Unwinds the open part of `piece` between the edges `low` and `high` of its stripe, and ends it if anything is left.
pub(super) fn end_ring<A: Axis>(piece: &mut Geometry<World>, edges: (i64, i64)) {
    let start = piece.points.len() - piece.open_part_len();
    if is_wound::<A>(&piece.points[start..], edges) {
        let ring = piece.points.split_off(start);
        unwind::<A>(&ring, edges, piece);
    } else {
        piece.end_part();
    }
}

/// Returns the edge of the stripe that a run lies on, or nothing when it is no run.
fn edge_of<A: Axis>(from: World, to: World, (low, high): (i64, i64)) -> Option<usize> {
    if A::along(from) != A::along(to) {
        return None;
    }
    [low, high].iter().position(|edge| *edge == A::along(from))
}

/// Returns the sides of a ring, from the first vertex on.
fn sides(ring: &[World]) -> impl Iterator<Item = (World, World)> {
    ring.iter().copied().zip(ring.iter().copied().cycle().skip(1))
}

/// Whether the runs of a ring lie on each other several times.
fn is_wound<A: Axis>(ring: &[World], edges: (i64, i64)) -> bool {
    if ring.len() < 2 * RUNS_MIN {
        return false;
    }
    let (mut n_runs, mut length) = (0, [0; 2]);
    let (mut min, mut max) = ([i64::MAX; 2], [i64::MIN; 2]);
    for (from, to) in sides(ring) {
        let Some(edge) = edge_of::<A>(from, to, edges) else { continue };
        let (from, to) = (A::across(from), A::across(to));
        n_runs += 1;
        length[edge] += (to - from).abs();
        min[edge] = min[edge].min(from.min(to));
        max[edge] = max[edge].max(from.max(to));
    }
    n_runs >= RUNS_MIN && (0..2).any(|edge| length[edge] / DEPTH_MAX > max[edge].saturating_sub(min[edge]))
}

fn unwind<A: Axis>(ring: &[World], edges: (i64, i64), out: &mut Geometry<World>) {
    // The ring from the end of a run on: paths, each followed by one run or several.
    let is_run = |(from, to): (World, World)| edge_of::<A>(from, to, edges).is_some();
    let Some(first) = sides(ring).position(is_run) else { return };
    let at = |nth: usize| ring[(first + 1 + nth) % ring.len()];
    let mut paths: Vec<Vec<World>> = Vec::new();
    let mut path = vec![at(0)];
    let mut ends_of_runs: [Vec<i64>; 2] = [Vec::new(), Vec::new()];
    for nth in 0..ring.len() {
        let (from, to) = (at(nth), at(nth + 1));
        match edge_of::<A>(from, to, edges) {
            None => path.push(to),
            Some(edge) => {
                ends_of_runs[edge].extend([A::across(from), A::across(to)]);
                paths.push(std::mem::replace(&mut path, vec![to]));
            }
        }
    }
    paths.retain(|path| path.len() > 1);
    for (edge, ends) in ends_of_runs.iter_mut().enumerate() {
        let along = [edges.0, edges.1][edge];
        ends.sort_unstable();
        let odd = ends.chunk_by(|a, b| a == b).filter(|same| same.len() % 2 == 1).map(|same| same[0]);
        let odd: Vec<World> = odd.map(|across| A::point(along, across)).collect();
        paths.extend(odd.chunks_exact(2).map(<[World]>::to_vec));
    }
    join::<A>(&paths, edges, out);
}

/// Appends the ring that paths make, of which an even number meets in each of their ends.
fn join<A: Axis>(paths: &[Vec<World>], edges: (i64, i64), out: &mut Geometry<World>) {
    let mut loops = loops::<A>(paths, edges);
    // Up along one edge and down along the other one.
    let place = |round: &[World]| {
        let is_high = A::along(round[0]) != edges.0;
        let across = A::across(round[0]);
        (is_high, if is_high { -across } else { across })
    };
    loops.sort_by_key(|round| place(round));
    let n_low = loops.partition_point(|round| !place(round).0);
    for round in &loops {
        out.points.extend(round);
        out.points.push(round[0]);
    }
    // Back to the first loop; the way along its edge is that on which the ring closes.
    let turns = if n_low == 0 { &[][..] } else { loops.get(n_low - 1..=n_low).unwrap_or_default() };
    out.points.extend(turns.iter().rev().map(|round| round[0]));
    if !loops.is_empty() {
        out.end_part();
    }
}

/// Returns the loops that paths make; each begins on an edge.
fn loops<A: Axis>(paths: &[Vec<World>], (low, _): (i64, i64)) -> Vec<Vec<World>> {
    let end = |point: World, number: usize| (usize::from(A::along(point) != low), A::across(point), number);
    let mut ends: Vec<End> = Vec::with_capacity(2 * paths.len());
    for (nth, path) in paths.iter().enumerate() {
        let [first, .., last] = path[..] else { continue };
        ends.extend([end(first, 2 * nth), end(last, 2 * nth + 1)]);
    }
    ends.sort_unstable();
    let mut partners = vec![0; ends.len()];
    for pair in ends.chunks_exact(2) {
        debug_assert_eq!((pair[0].0, pair[0].1), (pair[1].0, pair[1].1), "paths meet in pairs");
        (partners[pair[0].2], partners[pair[1].2]) = (pair[1].2, pair[0].2);
    }
    let mut is_joined = vec![false; paths.len()];
    let mut loops = Vec::new();
    for start in 0..paths.len() {
        let mut round = Vec::new();
        let mut from = 2 * start;
        while !is_joined[from / 2] {
            is_joined[from / 2] = true;
            let path = &paths[from / 2];
            // The last vertex of a path is the first of the next.
            let n_vertices = path.len() - 1;
            if from.is_multiple_of(2) {
                round.extend(&path[..n_vertices]);
            } else {
                round.extend(path[1..].iter().rev());
            }
            from = partners[from ^ 1];
        }
        if round.len() >= 3 {
            loops.push(round);
        }
    }
    loops
}

#[cfg(test)]
mod tests {
    use zellige_model::GeometryKind;

    use super::super::X;
    use super::*;

    /// Ends a ring in the stripe from 0 to 10, and compares how long its runs are together, and its area by the even-odd
    /// rule.
    fn check(ring: &[(i64, i64)], expected_runs: i64, expected_area: usize) {
        let mut piece = Geometry::default();
        piece.reset(GeometryKind::Polygon);
        piece.points.extend(ring.iter().map(|(x, y)| World::new(*x, *y)));
        end_ring::<X>(&mut piece, (0, 10));
        assert!(piece.part_ends.len() <= 1, "{piece:?}");
        let runs = sides(&piece.points).filter(|(a, b)| edge_of::<X>(*a, *b, (0, 10)).is_some());
        assert_eq!(runs.map(|(a, b)| (a.y - b.y).abs()).sum::<i64>(), expected_runs, "{piece:?}");
        let n_west = |x: i64, y: i64| {
            let is_west = |a: World, b: World| (a.y <= y) != (b.y <= y) && a.x.min(b.x) <= x;
            sides(&piece.points).filter(|(a, b)| is_west(*a, *b)).count()
        };
        let squares = (0..10).flat_map(|x| (0..400).map(move |y| (x, y)));
        assert_eq!(squares.filter(|(x, y)| n_west(*x, *y) % 2 == 1).count(), expected_area);
    }

    #[test]
    fn plain_rings_stay() {
        check(&[(0, 0), (10, 0), (10, 5), (0, 5)], 10, 50);
    }

    #[test]
    fn runs_on_each_other_cancel_out() {
        // Chords at heights 0, 400, 1, 399, 2, 398, …: to the right, up, to the left, down, ….
        let chord = |nth| [(0, nth), (10, nth), (10, 400 - nth), (0, 400 - nth)];
        let ring: Vec<(i64, i64)> = (0..80).flat_map(chord).collect();
        // Between chords 2n and 2n + 1 there is an area of 10 by 1, counted from below and from above. The thread leads
        // from 1 to 78 along one edge, from 400 to 322 along the other one, and back.
        check(&ring, 2 * 80 + 2 * (77 + 78), 80 * 10);
    }

    #[test]
    fn loops_on_both_edges_hang_together() {
        // A rectangle with 70 notches on either side, and its whole side after each of them.
        let notch = |nth: i64| [(0, 4 * nth), (3, 4 * nth), (3, 4 * nth + 2), (0, 4 * nth + 2), (0, 300)];
        let west: Vec<(i64, i64)> = (0..70).flat_map(notch).collect();
        let east = west.iter().rev().map(|(x, y)| (10 - x, *y));
        let ring: Vec<(i64, i64)> = west.iter().copied().chain(east).collect();
        check(&ring, 2 * (300 - 70 * 2), 10 * 300 - 2 * 70 * 3 * 2);
    }

    #[test]
    fn ring_without_paths_is_nothing() {
        let ring: Vec<(i64, i64)> = (0..140).map(|nth| (0, nth % 7 * 50)).collect();
        check(&ring, 0, 0);
    }
}
