//! Gives every vertex the squared distance at which it begins to matter.
//!
//! In:     `Geometry<World>`, and the distance below which nobody will ask.
//! Out:    one number a vertex, in squared world units; a vertex stays at a tolerance below its root.
//! Keeps:  ends of lines, the first vertex of a ring and its three weightiest others weigh infinity,
//!         so lines never vanish here and a ring keeps four corners until the grid is too coarse for it.
//! Source: Ramer 1972, Douglas and Peucker 1973, with the distance to the segment.
//!
//! The farthest vertex splits a run in two, whatever the tolerance; so one pass knows the answer for
//! all tolerances, if no vertex outweighs the one whose split made its run. Selecting by
//! `weight > tolerance²` then gives exactly the line that the textbook recursion gives.

use zellige_model::{Geometry, GeometryKind, World};

/// Buffers of [`Weigher::weigh`], kept from feature to feature.
#[derive(Debug, Default)]
pub struct Weigher {
    /// The vertices of one part relative to its first one, closed for rings.
    local: Vec<(f64, f64)>,
    runs: Vec<Run>,
}

/// Vertices `first + 1 .. last` wait to be weighed against the segment from `first` to `last`.
#[derive(Clone, Copy, Debug)]
struct Run {
    first: usize,
    last: usize,
    /// The weight of the vertex whose split made this run.
    weight_max: f64,
}

impl Weigher {
    /// Appends the weights of all vertices of `geometry` to the emptied `weights`.
    ///
    /// Runs that stay within `floor` world units of their segment are not looked at more closely:
    /// their vertices weigh nothing.
    pub fn weigh(&mut self, geometry: &Geometry<World>, floor: f64, weights: &mut Vec<f64>) {
        weights.clear();
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
                _ => self.weigh_ring(part, floor_squared, weights),
            }
        }
    }

    fn weigh_line(&mut self, line: &[World], floor_squared: f64, weights: &mut [f64]) {
        let [.., last] = weights else { return };
        *last = f64::INFINITY;
        weights[0] = f64::INFINITY;
        self.load(line);
        self.split(line.len() - 1, floor_squared, weights);
    }

    fn weigh_ring(&mut self, ring: &[World], floor_squared: f64, weights: &mut [f64]) {
        if ring.len() <= 4 {
            weights.fill(f64::INFINITY);
            return;
        }
        weights[0] = f64::INFINITY;
        self.load(ring);
        self.local.push((0.0, 0.0));
        // Below four corners a ring is only asked for when it is small; then the floor must not hide them.
        self.split(ring.len(), floor_squared, weights);
        if weights.iter().filter(|weight| **weight > 0.0).count() < 4 {
            self.split(ring.len(), 0.0, weights);
        }
        keep_corners(weights);
    }

    fn load(&mut self, part: &[World]) {
        let origin = part[0];
        self.local.clear();
        self.local
            .extend(part.iter().map(|point| ((point.x - origin.x) as f64, (point.y - origin.y) as f64)));
    }

    /// Weighs the vertices between the first and `last`; `weights` lacks the closing vertex of a ring.
    fn split(&mut self, last: usize, floor_squared: f64, weights: &mut [f64]) {
        self.runs.clear();
        self.runs.push(Run { first: 0, last, weight_max: f64::INFINITY });
        while let Some(Run { first, last, weight_max }) = self.runs.pop() {
            let Some((farthest, distance_squared)) = farthest(&self.local, first, last) else { continue };
            if distance_squared <= floor_squared {
                continue;
            }
            let weight = distance_squared.min(weight_max);
            weights[farthest] = weight;
            self.runs.push(Run { first, last: farthest, weight_max: weight });
            self.runs.push(Run { first: farthest, last, weight_max: weight });
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

/// Makes the first vertex of a ring and its three weightiest others stay for ever.
fn keep_corners(weights: &mut [f64]) {
    let mut corners = [(f64::NEG_INFINITY, 0_usize); 3];
    for (vertex, weight) in weights.iter().enumerate().skip(1) {
        if *weight > corners[2].0 {
            corners[2] = (*weight, vertex);
            corners.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        }
    }
    for (_, vertex) in corners {
        weights[vertex] = f64::INFINITY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(kind: GeometryKind, points: &[(i64, i64)]) -> Vec<f64> {
        let mut geometry = Geometry::default();
        geometry.reset(kind);
        geometry.points.extend(points.iter().map(|(x, y)| World::new(*x, *y)));
        geometry.end_part();
        let mut out = Vec::new();
        Weigher::default().weigh(&geometry, 0.0, &mut out);
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
