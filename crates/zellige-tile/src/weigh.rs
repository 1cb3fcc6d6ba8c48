//! Gives every vertex the squared distance at which it begins to matter.
//!
//! In:     `Geometry<World>`, the distance below which nobody will ask, where borders part.
//! Out:    one number a vertex, in squared world units; a vertex stays at a tolerance below its root.
//! Keeps:  ends of lines and junctions weigh infinity, and so do corners without which a shape would vanish.
//! Source: Ramer 1972, Douglas and Peucker 1973, with the distance to the segment.
//!
//! The farthest vertex splits a run in two, whatever the tolerance; so one pass knows the answer for
//! all tolerances, if no vertex outweighs the one whose split made its run. Selecting by
//! `weight > tolerance²` then gives exactly the line that the textbook recursion gives.
//!
//! A ring is cut at its junctions into *arcs*, and the weights of an arc follow from its vertices alone: it is
//! read in the direction in which it sorts first, whichever way the ring runs. A ring without junctions is an
//! arc from its least vertex round to itself. Two polygons with a common arc therefore keep the same
//! vertices of it at every tolerance.
//!
//! ```text
//!     j ────────── k      flat: may become its chord
//!     j ──┐    ┌── k      bulging: vertices that weigh much for its length stay, since a whole house or
//!         └────┘          parish may hang on it, which would vanish with it
//!     j ◯                 closed: its end and its three weightiest vertices stay
//! ```
//!
//! A zigzag of millions of equal teeth gives away one tooth a split, which is quadratic. So runs that are
//! the result of more than `SPLITS_MAX` splits are split in their middle instead: what stays is then a
//! little more than the textbook keeps, and what goes still lies within the tolerance.

use zellige_model::{Geometry, GeometryKind, World};

use crate::borders::{Borders, in_first_world};

/// A vertex stays for ever when its distance is more than this part of the length of its arc's chord.
///
/// With an eighth, archives of France's parishes are a hundredth larger; with three twentieths a thin parish lies
/// across its neighbours at zoom 2 often enough to be measured. Nobody gets what rows of houses lose on their outside:
/// Monaco's keep 0.992 of their area at zoom 11, where they lose most.
const BULGE: f64 = 0.14;
/// So many vertices of a closed arc stay for ever beside its end.
const CORNERS: usize = 3;

/// So many splits one after another may look for the farthest vertex; coasts of 20,000 vertices
/// need 35.
const SPLITS_MAX: u32 = 256;

/// Buffers of [`Weigher::weigh`], kept from feature to feature.
#[derive(Debug, Default)]
pub struct Weigher {
    /// The vertices of one line or arc relative to its first one.
    local: Vec<(f64, f64)>,
    /// The weights of an arc.
    weights: Vec<f64>,
    /// The vertices of a ring at which borders part.
    cuts: Vec<usize>,
    /// Whether borders part somewhere on a ring, part by part.
    shares: Vec<bool>,
    runs: Vec<Run>,
}

/// Vertices `first + 1 .. last` wait to be weighed against the segment from `first` to `last`.
#[derive(Clone, Copy, Debug)]
struct Run {
    first: usize,
    last: usize,
    /// The weight of the vertex whose split made this run.
    weight_max: f64,
    /// How many splits made this run, one after another.
    n_splits: u32,
}

/// Vertices of a ring from one place where it is cut to the next.
#[derive(Clone, Copy, Debug)]
struct Arc<'r> {
    ring: &'r [World],
    /// The first vertex in the direction of the ring.
    start: usize,
    /// Edges, at most as many as the ring has.
    n_edges: usize,
    is_reversed: bool,
}

impl<'r> Arc<'r> {
    /// Returns the arc in the direction in which it sorts first.
    fn new(ring: &'r [World], start: usize, n_edges: usize) -> Self {
        let along = Self { ring, start, n_edges, is_reversed: false };
        let back = Self { is_reversed: true, ..along };
        let vertices = |arc: Self| (0..=n_edges).map(move |nth| in_first_world(ring[arc.vertex(nth)]));
        if vertices(back).lt(vertices(along)) { back } else { along }
    }

    /// Returns the place in the ring of vertex `nth` of the arc.
    const fn vertex(self, nth: usize) -> usize {
        let along = if self.is_reversed { self.n_edges - nth } else { nth };
        let vertex = self.start + along;
        if vertex < self.ring.len() { vertex } else { vertex - self.ring.len() }
    }
}

impl Weigher {
    /// Appends the weights of all vertices of `geometry` to the emptied `weights`.
    ///
    /// Runs that stay within `floor` world units of their segment are not looked at more closely:
    /// their vertices weigh nothing. `borders` says where rings are cut; lines are not.
    pub fn weigh(
        &mut self,
        geometry: &Geometry<World>,
        floor: f64,
        borders: Borders<'_>,
        weights: &mut Vec<f64>,
    ) {
        weights.clear();
        self.shares.clear();
        if geometry.kind == GeometryKind::Point {
            return;
        }
        let floor_squared = floor * floor;
        for part in geometry.parts() {
            let start = weights.len();
            weights.resize(start + part.len(), 0.0);
            let weights = &mut weights[start..];
            match geometry.kind {
                GeometryKind::LineString => self.weigh_line(part, floor_squared, weights),
                _ => self.weigh_ring(part, floor_squared, borders, weights),
            }
        }
    }

    /// Returns for each ring of the polygons weighed last whether it has parts in common with others.
    #[must_use]
    pub fn shares(&self) -> &[bool] {
        &self.shares
    }

    fn weigh_line(&mut self, line: &[World], floor_squared: f64, weights: &mut [f64]) {
        let [.., last] = weights else { return };
        *last = f64::INFINITY;
        weights[0] = f64::INFINITY;
        self.load(line[0], line.iter());
        self.split(floor_squared, weights);
    }

    fn weigh_ring(&mut self, ring: &[World], floor_squared: f64, borders: Borders<'_>, weights: &mut [f64]) {
        let mut cuts = std::mem::take(&mut self.cuts);
        cuts.clear();
        cuts.extend((0..ring.len()).filter(|vertex| borders.part_at(ring[*vertex])));
        self.shares.push(!cuts.is_empty());
        if cuts.is_empty() {
            cuts.extend((0..ring.len()).min_by_key(|vertex| in_first_world(ring[*vertex])));
        }
        for (nth, start) in cuts.iter().enumerate() {
            let end = cuts.get(nth + 1).copied().unwrap_or(cuts[0] + ring.len());
            self.weigh_arc(Arc::new(ring, *start, end - start), floor_squared, weights);
        }
        self.cuts = cuts;
    }

    /// Weighs the vertices of an arc; `weights` are those of its ring.
    fn weigh_arc(&mut self, arc: Arc<'_>, floor_squared: f64, weights: &mut [f64]) {
        let ring = arc.ring;
        self.load(ring[arc.vertex(0)], (0..=arc.n_edges).map(|nth| &ring[arc.vertex(nth)]));
        let mut own = std::mem::take(&mut self.weights);
        own.clear();
        own.resize(self.local.len(), 0.0);
        let (dx, dy) = self.local[arc.n_edges];
        let lasting = BULGE * BULGE * (dx * dx + dy * dy);
        if lasting > 0.0 {
            self.split(floor_squared.min(lasting), &mut own);
            own.iter_mut().filter(|weight| **weight > lasting).for_each(|weight| *weight = f64::INFINITY);
        } else {
            self.split(floor_squared, &mut own);
            // Corners are asked for when the shape is small; then the floor must not hide them.
            if own.iter().filter(|weight| **weight > 0.0).count() < CORNERS {
                self.split(0.0, &mut own);
            }
            keep_corners(&mut own[1..arc.n_edges]);
        }
        own[0] = f64::INFINITY;
        own[arc.n_edges] = f64::INFINITY;
        for (nth, weight) in own.iter().enumerate() {
            weights[arc.vertex(nth)] = *weight;
        }
        self.weights = own;
    }

    fn load<'p>(&mut self, origin: World, points: impl Iterator<Item = &'p World>) {
        self.local.clear();
        self.local.extend(points.map(|point| ((point.x - origin.x) as f64, (point.y - origin.y) as f64)));
    }

    /// Weighs the vertices between the ends.
    fn split(&mut self, floor_squared: f64, weights: &mut [f64]) {
        let last = self.local.len() - 1;
        self.runs.clear();
        self.runs.push(Run { first: 0, last, weight_max: f64::INFINITY, n_splits: 0 });
        while let Some(Run { first, last, weight_max, n_splits }) = self.runs.pop() {
            let Some((farthest, distance_squared)) = farthest(&self.local, first, last) else { continue };
            if distance_squared <= floor_squared {
                continue;
            }
            let vertex = if n_splits < SPLITS_MAX { farthest } else { first.midpoint(last) };
            let weight = distance_squared.min(weight_max);
            weights[vertex] = weight;
            let half = Run { first, last, weight_max: weight, n_splits: n_splits + 1 };
            self.runs.push(Run { last: vertex, ..half });
            self.runs.push(Run { first: vertex, ..half });
        }
    }
}

/// Returns the vertex between `first` and `last` that lies farthest from their segment, the first of
/// equals, with its squared distance.
fn farthest(points: &[(f64, f64)], first: usize, last: usize) -> Option<(usize, f64)> {
    let (ax, ay) = points[first];
    let (bx, by) = points[last];
    let (dx, dy) = (bx - ax, by - ay);
    let length_squared = dx * dx + dy * dy;
    let inverse = if length_squared > 0.0 { 1.0 / length_squared } else { 0.0 };
    let mut best = None;
    let mut best_squared = -1.0;
    for (offset, (px, py)) in points.get(first + 1..last)?.iter().enumerate() {
        let (ux, uy) = (px - ax, py - ay);
        let t = ((ux * dx + uy * dy) * inverse).clamp(0.0, 1.0);
        let (ex, ey) = (ux - t * dx, uy - t * dy);
        let squared = ex * ex + ey * ey;
        if squared > best_squared {
            best_squared = squared;
            best = Some(first + 1 + offset);
        }
    }
    best.map(|vertex| (vertex, best_squared))
}

/// Returns the squared distance of `point` from the segment from `a` to `b`.
pub(crate) fn distance_squared(a: World, b: World, point: World) -> f64 {
    let local = |other: World| ((other.x - a.x) as f64, (other.y - a.y) as f64);
    farthest(&[(0.0, 0.0), local(point), local(b)], 0, 2).map_or(0.0, |(_, squared)| squared)
}

/// Makes the [`CORNERS`] weightiest vertices stay for ever, the first of equals; all when there are no more.
fn keep_corners(weights: &mut [f64]) {
    let mut corners = [(f64::NEG_INFINITY, usize::MAX); CORNERS];
    for (vertex, weight) in weights.iter().enumerate() {
        if *weight > corners[CORNERS - 1].0 {
            corners[CORNERS - 1] = (*weight, vertex);
            corners.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        }
    }
    for (_, vertex) in corners {
        if let Some(weight) = weights.get_mut(vertex) {
            *weight = f64::INFINITY;
        }
    }
}

#[cfg(test)]
mod tests {
    use zellige_model::WorldBounds;

    use super::*;
    use crate::borders::Junctions;

    fn weights(kind: GeometryKind, points: &[(i64, i64)]) -> Vec<f64> {
        let mut geometry = Geometry::default();
        geometry.reset(kind);
        geometry.points.extend(points.iter().map(|(x, y)| World::new(*x, *y)));
        geometry.end_part();
        let mut out = Vec::new();
        Weigher::default().weigh(&geometry, 0.0, Borders::default(), &mut out);
        out
    }

    /// The textbook: split at the farthest vertex while it is farther than the tolerance.
    fn textbook(points: &[(f64, f64)], tolerance: f64, first: usize, last: usize, keep: &mut [bool]) {
        if let Some((vertex, squared)) = farthest(points, first, last)
            && squared > tolerance * tolerance
        {
            keep[vertex] = true;
            textbook(points, tolerance, first, vertex, keep);
            textbook(points, tolerance, vertex, last, keep);
        }
    }

    #[test]
    fn ends_weigh_infinity_and_a_straight_vertex_nothing() {
        let inf = f64::INFINITY;
        assert_eq!(weights(GeometryKind::LineString, &[(0, 0), (5, 0), (9, 0)]), [inf, 0.0, inf]);
        assert_eq!(weights(GeometryKind::LineString, &[(0, 0), (5, 3), (9, 0)]), [inf, 9.0, inf]);
    }

    #[test]
    fn no_vertex_outweighs_the_split_that_made_its_run() {
        // The spike at 8,7 is nearer to the long segment than to the one beside the tip.
        let line = [(0, 0), (4, 10), (5, 0), (6, 9), (20, 0)];
        let weights = weights(GeometryKind::LineString, &line);
        assert!(weights[1] >= weights[2] && weights[2] >= weights[3], "{weights:?}");
    }

    #[test]
    fn selecting_by_weight_is_the_textbook_recursion() {
        let line: Vec<(i64, i64)> = (0..200).map(|i| (i * 7, (i * i * 37) % 101 - (i % 13) * 5)).collect();
        let floats: Vec<(f64, f64)> = line.iter().map(|(x, y)| (*x as f64, *y as f64)).collect();
        let weights = weights(GeometryKind::LineString, &line);
        for tolerance in [0.5, 1.0, 3.0, 10.0, 40.0, 200.0] {
            let mut keep = vec![false; line.len()];
            textbook(&floats, tolerance, 0, line.len() - 1, &mut keep);
            (keep[0], keep[line.len() - 1]) = (true, true);
            let selected: Vec<bool> = weights.iter().map(|weight| *weight > tolerance * tolerance).collect();
            assert_eq!(selected, keep, "tolerance {tolerance}");
        }
    }

    /// Returns the vertices that stay for ever of a ring with two junctions: its first vertex and vertex `cut`,
    /// which alone lie on the sides of the box between them.
    fn corners(points: &[(i64, i64)], cut: usize) -> Vec<usize> {
        let ring: Vec<World> = points.iter().map(|(x, y)| World::new(*x, *y)).collect();
        let mut geometry = Geometry::default();
        geometry.reset(GeometryKind::Polygon);
        geometry.points.extend_from_slice(&ring);
        geometry.end_part();
        let junctions = Junctions::default();
        let window = WorldBounds { min: ring[0], max: ring[cut] };
        let borders = Borders { junctions: Some(&junctions), window: Some(window) };
        let mut weights = Vec::new();
        Weigher::default().weigh(&geometry, 100.0, borders, &mut weights);
        (0..ring.len()).filter(|vertex| weights[*vertex].is_infinite()).collect()
    }

    #[test]
    fn a_bulging_arc_keeps_corners_and_a_flat_one_none() {
        let house = [(0, 0), (-7, 7), (-2, 11), (1, 15), (8, 8)];
        assert_eq!(corners(&house, 4), [0, 1, 3, 4]);
        let flat = [(0, 0), (5, 8), (9, 12), (12, 14), (20, 20)];
        assert_eq!(corners(&flat, 4), [0, 4]);
    }

    #[test]
    fn teeth_without_end_are_weighed_in_time_and_stay_within_the_tolerance() {
        // Textbook recursion takes 10^10 steps here.
        let teeth: Vec<(i64, i64)> = (0..200_000).map(|tooth| (tooth, tooth % 2 * 10)).collect();
        let weights = weights(GeometryKind::LineString, &teeth);
        let kept = |tolerance: f64| weights.iter().filter(|weight| **weight > tolerance * tolerance).count();
        assert_eq!((kept(11.0), kept(1.0)), (2, 200_000));
    }

    #[test]
    fn a_ring_keeps_four_corners_for_ever() {
        let square = [(0, 0), (5, 1), (10, 0), (10, 10), (5, 9), (0, 10)];
        let heavy: Vec<usize> = weights(GeometryKind::Polygon, &square)
            .iter()
            .enumerate()
            .filter_map(|(vertex, weight)| weight.is_infinite().then_some(vertex))
            .collect();
        assert_eq!(heavy, [0, 2, 3, 5]);
    }
}
