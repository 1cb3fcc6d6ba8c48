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

use std::ops::Range;

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
/// So many vertices are compared at a time.
const BLOCK: usize = 8;
/// So many vertices one after another have a box around them, by which they are passed over together.
const BOXED: usize = 32;
/// Longer runs are looked through box by box.
const UNBOXED_MAX: usize = 4 * BOXED;
/// Distances in the world are off by a hundredth of a unit at most, since they are rounded; so the square of one may
/// be off by this part of it and by so much.
const ROUNDING_SHARE: f64 = 1e-6;
const ROUNDING_SQUARED: f64 = 128.0;

/// Buffers of [`Weigher::weigh`], kept from feature to feature.
#[derive(Debug, Default)]
pub struct Weigher {
    /// The vertices of one line or arc relative to its first one.
    local: Local,
    /// The vertices of a ring at which borders part.
    cuts: Vec<usize>,
    /// What each ring shares.
    shares: Vec<Share>,
    runs: Vec<Run>,
}

/// Vertices relative to one of them, by coordinate: several are compared at a time.
#[derive(Debug, Default)]
struct Local {
    x: Vec<f64>,
    y: Vec<f64>,
    /// West and east, north and south of [`BOXED`] vertices each; nothing when there are few.
    boxes: Vec<((f64, f64), (f64, f64))>,
}

/// What a ring has in common with those of other polygons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Share {
    /// Nothing, as far as anybody knows.
    #[default]
    Nothing,
    /// All of it: it fills a hole, or it is a hole that is filled by one ring.
    ///
    /// So does a ring that meets others at its least vertex and nowhere else; that happens seldom.
    Whole,
    /// Parts of it, or all of it with several others.
    Parts,
}

impl Share {
    /// Whether it has anything in common with others.
    #[must_use]
    pub const fn is_some(self) -> bool {
        !matches!(self, Self::Nothing)
    }
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

    /// Returns for each ring of the polygons weighed last what it has in common with others.
    #[must_use]
    pub fn shares(&self) -> &[Share] {
        &self.shares
    }

    fn weigh_line(&mut self, line: &[World], floor_squared: f64, weights: &mut [f64]) {
        let [.., last] = weights else { return };
        *last = f64::INFINITY;
        weights[0] = f64::INFINITY;
        self.local.load(line[0], line.iter());
        self.split(floor_squared, |vertex, weight| weights[vertex] = weight);
    }

    fn weigh_ring(&mut self, ring: &[World], floor_squared: f64, borders: Borders<'_>, weights: &mut [f64]) {
        let mut cuts = std::mem::take(&mut self.cuts);
        cuts.clear();
        cuts.extend((0..ring.len()).filter(|vertex| borders.part_at(ring[*vertex])));
        let share = match cuts[..] {
            [] => Share::Nothing,
            // See `borders` for the one junction that a hole has in common with what fills it.
            [only] if least_vertex(ring) == Some(only) => Share::Whole,
            _ => Share::Parts,
        };
        self.shares.push(share);
        if cuts.is_empty() {
            cuts.extend(least_vertex(ring));
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
        self.local.load(ring[arc.vertex(0)], (0..=arc.n_edges).map(|nth| &ring[arc.vertex(nth)]));
        let (dx, dy) = (self.local.x[arc.n_edges], self.local.y[arc.n_edges]);
        let lasting = BULGE * BULGE * (dx * dx + dy * dy);
        let inner = 1..arc.n_edges;
        if lasting > 0.0 {
            self.split(floor_squared.min(lasting), |nth, weight| {
                weights[arc.vertex(nth)] = if weight > lasting { f64::INFINITY } else { weight };
            });
        } else {
            self.split(floor_squared, |nth, weight| weights[arc.vertex(nth)] = weight);
            // Corners are asked for when the shape is small; then the floor must not hide them.
            if inner.clone().filter(|nth| weights[arc.vertex(*nth)] > 0.0).take(CORNERS).count() < CORNERS {
                self.split(0.0, |nth, weight| weights[arc.vertex(nth)] = weight);
            }
            keep_corners(inner.map(|nth| arc.vertex(nth)), weights);
        }
        weights[arc.vertex(0)] = f64::INFINITY;
        weights[arc.vertex(arc.n_edges)] = f64::INFINITY;
    }

    /// Weighs the vertices between the ends, and calls `set` for each that weighs something.
    fn split(&mut self, floor_squared: f64, mut set: impl FnMut(usize, f64)) {
        let last = self.local.x.len() - 1;
        self.runs.clear();
        self.runs.push(Run { first: 0, last, weight_max: f64::INFINITY, n_splits: 0 });
        while let Some(Run { first, last, weight_max, n_splits }) = self.runs.pop() {
            let Some((farthest, distance_squared)) = self.local.farthest(first, last) else { continue };
            if distance_squared <= floor_squared {
                continue;
            }
            let vertex = if n_splits < SPLITS_MAX { farthest } else { first.midpoint(last) };
            let weight = distance_squared.min(weight_max);
            set(vertex, weight);
            let half = Run { first, last, weight_max: weight, n_splits: n_splits + 1 };
            // Half of all runs have nothing between their ends.
            if first + 1 < vertex {
                self.runs.push(Run { last: vertex, ..half });
            }
            if vertex + 1 < last {
                self.runs.push(Run { first: vertex, ..half });
            }
        }
    }
}

impl Local {
    fn load<'p>(&mut self, origin: World, points: impl Iterator<Item = &'p World> + Clone) {
        self.x.clear();
        self.x.extend(points.clone().map(|point| (point.x - origin.x) as f64));
        self.y.clear();
        self.y.extend(points.map(|point| (point.y - origin.y) as f64));
        self.boxes.clear();
        if UNBOXED_MAX < self.x.len() {
            let boxes = self.x.chunks(BOXED).zip(self.y.chunks(BOXED));
            self.boxes.extend(boxes.map(|(xs, ys)| (span(xs), span(ys))));
        }
    }

    /// Returns the vertex between `first` and `last` that lies farthest from their segment, the first of
    /// equals, with its squared distance.
    fn farthest(&self, first: usize, last: usize) -> Option<(usize, f64)> {
        let segment = Segment::new((self.x[first], self.y[first]), (self.x[last], self.y[last]));
        let mut best = Best { vertex: None, squared: -1.0 };
        if last - first <= UNBOXED_MAX {
            self.look(segment, first + 1..last, &mut best);
            return best.vertex.map(|vertex| (vertex, best.squared));
        }
        let (first_box, last_box) = (first / BOXED + 1, last / BOXED);
        self.look(segment, first + 1..first_box * BOXED, &mut best);
        for (nth, (across, down)) in (first_box..last_box).zip(&self.boxes[first_box..last_box]) {
            // No vertex is farther than the farthest corner of the box.
            let corners = [(across.0, down.0), (across.0, down.1), (across.1, down.0), (across.1, down.1)];
            let squared = corners.map(|(x, y)| segment.distance_squared(x, y));
            let bound = squared[0].max(squared[1]).max(squared[2]).max(squared[3]);
            if best.squared < bound * (1.0 + ROUNDING_SHARE) + ROUNDING_SQUARED {
                self.look(segment, nth * BOXED..(nth + 1) * BOXED, &mut best);
            }
        }
        self.look(segment, last_box * BOXED..last, &mut best);
        best.vertex.map(|vertex| (vertex, best.squared))
    }

    /// Looks for vertices that are farther from a segment than the best one.
    fn look(&self, segment: Segment, vertices: Range<usize>, best: &mut Best) {
        let (xs, ys) = (&self.x[vertices.clone()], &self.y[vertices.clone()]);
        let (x_blocks, y_blocks) = (xs.as_chunks::<BLOCK>(), ys.as_chunks::<BLOCK>());
        for (nth, (x, y)) in x_blocks.0.iter().zip(y_blocks.0).enumerate() {
            let squared: [f64; BLOCK] =
                std::array::from_fn(|lane| segment.distance_squared(x[lane], y[lane]));
            let largest =
                squared.iter().fold(-1.0, |largest, one| if *one > largest { *one } else { largest });
            if largest > best.squared {
                best.squared = largest;
                let lane = squared.iter().position(|one| *one >= largest);
                best.vertex = lane.map(|lane| vertices.start + BLOCK * nth + lane);
            }
        }
        let rest = vertices.start + BLOCK * x_blocks.0.len();
        for (nth, (x, y)) in x_blocks.1.iter().zip(y_blocks.1).enumerate() {
            let squared = segment.distance_squared(*x, *y);
            if squared > best.squared {
                *best = Best { vertex: Some(rest + nth), squared };
            }
        }
    }
}

/// Returns the least and the largest of some numbers.
fn span(numbers: &[f64]) -> (f64, f64) {
    let widen = |(min, max): (f64, f64), number: &f64| {
        (if *number < min { *number } else { min }, if *number > max { *number } else { max })
    };
    numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), widen)
}

/// The farthest vertex so far.
#[derive(Clone, Copy, Debug)]
struct Best {
    vertex: Option<usize>,
    squared: f64,
}

/// A segment to which distances are measured.
#[derive(Clone, Copy, Debug)]
struct Segment {
    start: (f64, f64),
    /// From the start to the end.
    course: (f64, f64),
    /// One by the square of its length; 0 when that is 0.
    inverse: f64,
}

impl Segment {
    fn new(start: (f64, f64), end: (f64, f64)) -> Self {
        let (dx, dy) = (end.0 - start.0, end.1 - start.1);
        let length_squared = dx * dx + dy * dy;
        let inverse = if length_squared > 0.0 { 1.0 / length_squared } else { 0.0 };
        Self { start, course: (dx, dy), inverse }
    }

    fn distance_squared(self, x: f64, y: f64) -> f64 {
        let (ux, uy) = (x - self.start.0, y - self.start.1);
        let (dx, dy) = self.course;
        // Two machine instructions; `clamp` would look for what is not a number.
        let t = (ux * dx + uy * dy) * self.inverse;
        let t = if t > 0.0 { t } else { 0.0 };
        let t = if t < 1.0 { t } else { 1.0 };
        let (ex, ey) = (ux - t * dx, uy - t * dy);
        ex * ex + ey * ey
    }
}

/// Returns the squared distance of `point` from the segment from `a` to `b`.
pub(crate) fn distance_squared(a: World, b: World, point: World) -> f64 {
    let local = |other: World| ((other.x - a.x) as f64, (other.y - a.y) as f64);
    let (x, y) = local(point);
    Segment::new((0.0, 0.0), local(b)).distance_squared(x, y)
}

/// Makes the [`CORNERS`] weightiest of these vertices stay for ever, the first of equals; all when there are no more.
fn keep_corners(vertices: impl Iterator<Item = usize>, weights: &mut [f64]) {
    let mut corners = [(f64::NEG_INFINITY, None); CORNERS];
    for vertex in vertices {
        let weight = weights[vertex];
        if weight > corners[CORNERS - 1].0 {
            corners[CORNERS - 1] = (weight, Some(vertex));
            // Equals stay in order.
            corners.sort_by(|a, b| b.0.total_cmp(&a.0));
        }
    }
    for (_, vertex) in corners {
        if let Some(vertex) = vertex {
            weights[vertex] = f64::INFINITY;
        }
    }
}

/// Returns the place in a ring of the vertex that sorts first in the first world, wherever the ring starts.
fn least_vertex(ring: &[World]) -> Option<usize> {
    (0..ring.len()).min_by_key(|vertex| in_first_world(ring[*vertex]))
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

    /// Returns the first of the vertices that lie farthest from the segment around them, one by one.
    fn farthest(points: &[(f64, f64)], first: usize, last: usize) -> Option<(usize, f64)> {
        let segment = Segment::new(points[first], points[last]);
        let distance = |vertex: usize| segment.distance_squared(points[vertex].0, points[vertex].1);
        let distances = (first + 1..last).map(|vertex| (vertex, distance(vertex)));
        distances.reduce(|best, other| if other.1 > best.1 { other } else { best })
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
    fn boxes_pass_over_nothing_that_is_farther() {
        let wave = |nth: i64| (nth * 5, (nth * nth * 37) % 1009 - (nth % 130) * 50);
        let mut local = Local::default();
        let points: Vec<World> = (0..2000).map(wave).map(|(x, y)| World::new(x, y)).collect();
        local.load(points[0], points.iter());
        let floats: Vec<(f64, f64)> = local.x.iter().copied().zip(local.y.iter().copied()).collect();
        for (first, last) in [(0, 1999), (1, 129), (31, 161), (32, 1984), (33, 1000), (700, 1703)] {
            assert_eq!(local.farthest(first, last), farthest(&floats, first, last), "{first} {last}");
        }
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
