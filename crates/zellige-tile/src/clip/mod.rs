//! Cuts simplified geometry to the windows of tiles: into columns first, then each column into rows.
//!
//! In:     `Geometry<World>`; a row of equal stripes, each with a buffer on both sides.
//! Out:    for every stripe the part inside its window, edges included; parts that left go missing,
//!         a line that leaves and returns is two lines, a ring stays one ring that runs along the edge.
//!         An edge that a window shortens has a new vertex where it crosses the seam between two stripes.
//! Keeps:  order of features' parts, ring orientation, vertices inside the window bit for bit.
//!         A cut between two vertices is the same point whichever way the edge is walked, so shapes
//!         that share an edge share its cuts, and stripes that share a seam share the vertices on it.
//! Source: one pass over the vertices that hands each edge to the stripes it touches; inside a stripe
//!         lines are cut as by Liang and Barsky, rings as by Sutherland and Hodgman, one axis at a time.
//!
//! Two stripes shorten a long edge at different places, and rounding its new ends turns it a little: without
//! a vertex on the seam, the halves would meet up to several units apart.
//!
//! A ring that leaves a window and comes back runs along the window's edge in between, possibly over
//! itself; `validate` mends that, and only where it happened. Where it runs over itself many times, it is
//! unwound.

mod axis;
mod line;
mod ring;
mod unwind;

use std::ops::Range;

use zellige_model::{Geometry, GeometryKind, World, WorldBounds};

pub(crate) use axis::{Axis, X, Y};

/// Equal stripes along one axis: stripe `n` covers `n * side .. (n + 1) * side`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stripes {
    /// Width of a stripe in world units.
    pub side: i64,
    /// What a window adds to its stripe on both sides, in world units; at most `side`.
    pub buffer: i64,
}

impl Stripes {
    /// Returns the first and last stripe whose window, edges included, meets `min..=max`.
    #[must_use]
    pub const fn touched(self, min: i64, max: i64) -> (i64, i64) {
        (self.stripe(min - self.buffer - 1), self.stripe(max + self.buffer))
    }

    /// Returns the first and last stripe that hold a point: its own and those in whose buffer it lies.
    ///
    /// A point on the edge between two stripes is in the second one alone when there is no buffer.
    #[must_use]
    pub const fn holding(self, at: i64) -> (i64, i64) {
        (self.stripe(at - self.buffer), self.stripe(at + self.buffer))
    }

    /// Returns the stripe that covers `at`; columns and rows of tiles are powers of two wide and need no division.
    #[must_use]
    pub const fn stripe(self, at: i64) -> i64 {
        if self.side & (self.side - 1) == 0 {
            at >> self.side.trailing_zeros()
        } else {
            at.div_euclid(self.side)
        }
    }

    /// Returns the places that the window of stripe `n` alone holds.
    const fn alone(self, n: i64) -> Range<i64> {
        n * self.side + self.buffer + 1..(n + 1) * self.side - self.buffer
    }

    /// Returns the window of stripe `n`: its two edges, which belong to it.
    const fn window(self, n: i64) -> (i64, i64) {
        (n * self.side - self.buffer, (n + 1) * self.side + self.buffer)
    }

    /// Returns the vertices that the edge from `a` to `b` needs on the two seams of stripe `n`, as it meets them.
    ///
    /// That is where it crosses a seam and reaches beyond the buffer of the stripe on either side, so one of
    /// the two shortens it. Without a buffer the cut itself lies on the seam, and an edge square to the seam
    /// does not turn when it is shortened.
    fn seams<A: Axis>(self, n: i64, a: World, b: World) -> impl Iterator<Item = World> {
        let (from, to) = (A::along(a), A::along(b));
        let (min, max) = if from < to { (from, to) } else { (to, from) };
        let (low, high) = (n * self.side, (n + 1) * self.side);
        let turns = self.buffer > 0 && A::across(a) != A::across(b);
        let is_shortened = move |seam: i64| {
            turns && min < seam && seam < max && (min < seam - self.buffer || seam + self.buffer < max)
        };
        let seams = if from < to { [low, high] } else { [high, low] };
        seams.into_iter().filter(move |seam| is_shortened(*seam)).map(move |seam| A::cross(a, b, seam))
    }
}

/// The pieces of one geometry, one for every stripe of a range; buffers are kept.
#[derive(Debug, Default)]
pub struct Pieces {
    first: i64,
    len: usize,
    pool: Vec<Geometry<World>>,
}

impl Pieces {
    /// Returns the stripes and what they got, in order; a piece may be empty.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &Geometry<World>)> {
        self.pool[..self.len].iter().enumerate().map(|(offset, piece)| (self.first + offset as i64, piece))
    }

    /// Returns the piece of stripe `n`.
    ///
    /// # Panics
    ///
    /// When `n` lies outside of the stripes that were asked for.
    #[must_use]
    pub fn get(&self, n: i64) -> &Geometry<World> {
        &self.pool[..self.len][(n - self.first) as usize]
    }

    /// Empties the pieces and makes room for stripes `first..=last`.
    fn reset(&mut self, kind: GeometryKind, first: i64, last: i64) {
        self.first = first;
        self.len = (last - first + 1).max(0) as usize;
        if self.pool.len() < self.len {
            self.pool.resize_with(self.len, Geometry::default);
        }
        for piece in &mut self.pool[..self.len] {
            piece.reset(kind);
        }
    }

    /// Returns the place in the pool of stripe `n`, if it is one of the range.
    fn offset(&self, n: i64) -> Option<usize> {
        usize::try_from(n - self.first).ok().filter(|offset| *offset < self.len)
    }

    /// Returns the part of the range that the window of `min..=max` touches, as offsets into the pool.
    fn offsets(&self, stripes: Stripes, min: i64, max: i64) -> Range<usize> {
        let (first, last) = stripes.touched(min, max);
        let clamp = |n: i64| (n - self.first).clamp(0, self.len as i64) as usize;
        clamp(first)..clamp(last + 1)
    }
}

/// Cuts lines or polygons into the columns `first..=last`.
pub fn columns(input: &Geometry<World>, stripes: Stripes, (first, last): (i64, i64), out: &mut Pieces) {
    split::<X>(input, stripes, (first, last), out);
}

/// Cuts lines or polygons into the rows `first..=last`.
pub fn rows(input: &Geometry<World>, stripes: Stripes, (first, last): (i64, i64), out: &mut Pieces) {
    split::<Y>(input, stripes, (first, last), out);
}

fn split<A: Axis>(input: &Geometry<World>, stripes: Stripes, (first, last): (i64, i64), out: &mut Pieces) {
    out.reset(input.kind, first, last);
    match input.kind {
        GeometryKind::Point => unreachable!("points are dealt out, not cut"),
        GeometryKind::LineString => {
            for part in input.parts() {
                line::split::<A>(part, stripes, out);
            }
        }
        GeometryKind::Polygon => {
            for rings in input.polygons() {
                ring::split_polygon::<A>(input, rings, stripes, out);
            }
        }
    }
}

/// Cuts `input` to `window`, whose edges belong to it; points outside vanish.
pub fn window(
    input: &Geometry<World>,
    window: &WorldBounds,
    scratch: &mut Pieces,
    out: &mut Geometry<World>,
) {
    if input.kind == GeometryKind::Point {
        out.reset(input.kind);
        out.points.extend(input.points.iter().filter(|point| {
            let single = WorldBounds { min: **point, max: **point };
            window.meets(&single)
        }));
        return;
    }
    // One stripe that is as wide as the window: shifted so that it is stripe 0 of a row of such stripes.
    let shift = |point: World| World::new(point.x - window.min.x, point.y - window.min.y);
    out.clone_from(input);
    out.points.iter_mut().for_each(|point| *point = shift(*point));
    let width = Stripes { side: (window.max.x - window.min.x).max(1), buffer: 0 };
    let height = Stripes { side: (window.max.y - window.min.y).max(1), buffer: 0 };
    columns(out, width, (0, 0), scratch);
    std::mem::swap(out, &mut scratch.pool[0]);
    rows(out, height, (0, 0), scratch);
    std::mem::swap(out, &mut scratch.pool[0]);
    out.points.iter_mut().for_each(|point| {
        *point = World::new(point.x + window.min.x, point.y + window.min.y);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(kind: GeometryKind, parts: &[&[(i64, i64)]]) -> Geometry<World> {
        let mut geometry = Geometry::default();
        geometry.reset(kind);
        for part in parts {
            geometry.points.extend(part.iter().map(|(x, y)| World::new(*x, *y)));
            geometry.end_part();
        }
        if kind == GeometryKind::Polygon {
            geometry.end_polygon();
        }
        geometry
    }

    /// Columns of width 10 with a buffer of 1, from 0 to 2.
    fn check(kind: GeometryKind, parts: &[&[(i64, i64)]], expected: &[&[&[(i64, i64)]]]) {
        let mut out = Pieces::default();
        columns(&shape(kind, parts), Stripes { side: 10, buffer: 1 }, (0, 2), &mut out);
        let got: Vec<Vec<Vec<(i64, i64)>>> = out
            .iter()
            .map(|(_, piece)| piece.parts().map(|part| part.iter().map(|p| (p.x, p.y)).collect()).collect())
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn line_runs_through_all_columns() {
        check(
            GeometryKind::LineString,
            &[&[(5, 0), (25, 20)]],
            &[
                &[&[(5, 0), (10, 5), (11, 6)]],
                &[&[(9, 4), (10, 5), (20, 15), (21, 16)]],
                &[&[(19, 14), (20, 15), (25, 20)]],
            ],
        );
    }

    #[test]
    fn line_that_leaves_and_returns_is_two() {
        check(
            GeometryKind::LineString,
            &[&[(5, 0), (15, 10), (5, 20)]],
            &[
                &[&[(5, 0), (10, 5), (11, 6)], &[(11, 14), (10, 15), (5, 20)]],
                &[&[(9, 4), (10, 5), (15, 10), (10, 15), (9, 16)]],
                &[],
            ],
        );
    }

    #[test]
    fn edge_within_both_buffers_needs_no_vertex_on_the_seam() {
        check(
            GeometryKind::LineString,
            &[&[(9, 0), (11, 2)]],
            &[&[&[(9, 0), (11, 2)]], &[&[(9, 0), (11, 2)]], &[]],
        );
    }

    #[test]
    fn square_over_two_columns_is_two_squares() {
        check(
            GeometryKind::Polygon,
            &[&[(5, 0), (15, 0), (15, 8), (5, 8)]],
            &[&[&[(5, 8), (5, 0), (11, 0), (11, 8)]], &[&[(9, 0), (15, 0), (15, 8), (9, 8)]], &[]],
        );
    }

    #[test]
    fn hole_goes_where_it_lies_and_nowhere_else() {
        check(
            GeometryKind::Polygon,
            &[&[(2, 0), (28, 0), (28, 9), (2, 9)], &[(4, 3), (4, 6), (7, 6)]],
            &[
                &[&[(2, 9), (2, 0), (11, 0), (11, 9)], &[(7, 6), (4, 3), (4, 6)]],
                &[&[(9, 0), (21, 0), (21, 9), (9, 9)]],
                &[&[(19, 0), (28, 0), (28, 9), (19, 9)]],
            ],
        );
    }

    /// Whether `at` lies inside of the rings of `geometry` by the even-odd rule.
    fn is_inside(geometry: &Geometry<World>, at: World) -> bool {
        let is_west = |(a, b): (&World, &World)| {
            let share = (at.y - a.y) as f64 / (b.y - a.y) as f64;
            (a.y <= at.y) != (b.y <= at.y) && a.x as f64 + share * (b.x - a.x) as f64 <= at.x as f64
        };
        let n_west =
            |ring: &[World]| ring.iter().zip(ring.iter().cycle().skip(1)).filter(|x| is_west(*x)).count();
        geometry.parts().map(n_west).sum::<usize>() % 2 == 1
    }

    #[test]
    fn ring_that_is_unwound_is_in_all_rows() {
        // Through the column at heights 0, 4000, 10, 3990, …: to the right, up, to the left, down, ….
        let across =
            |nth: i64| [(-50, 10 * nth), (150, 10 * nth), (150, 4000 - 10 * nth), (-50, 4000 - 10 * nth)];
        let ring: Vec<(i64, i64)> = (0..80).flat_map(across).collect();
        let ring = shape(GeometryKind::Polygon, &[&ring]);
        let (mut column, mut in_rows) = (Pieces::default(), Pieces::default());
        columns(&ring, Stripes { side: 100, buffer: 0 }, (0, 0), &mut column);
        rows(column.get(0), Stripes { side: 1_000, buffer: 0 }, (0, 3), &mut in_rows);
        for place in (0..400).map(|nth| World::new(50, 10 * nth + 5)) {
            let piece = in_rows.get(place.y / 1_000);
            assert_eq!(is_inside(piece, place), is_inside(&ring, place), "{place:?}");
        }
    }

    #[test]
    fn clipping_to_a_window_twice_is_clipping_once() {
        let star = shape(GeometryKind::Polygon, &[&[(0, 0), (40, 10), (-5, 20), (30, -15), (12, 33)]]);
        let bounds = WorldBounds { min: World::new(3, -4), max: World::new(21, 17) };
        let (mut scratch, mut once, mut twice) =
            (Pieces::default(), Geometry::default(), Geometry::default());
        window(&star, &bounds, &mut scratch, &mut once);
        window(&once, &bounds, &mut scratch, &mut twice);
        // Cutting again walks the ring from its last vertex and repeats those on the window's edge.
        let distinct = |geometry: &Geometry<World>, turns: usize| {
            let mut points = geometry.points.clone();
            points.rotate_left(turns);
            points.dedup();
            points
        };
        assert!(!once.is_empty());
        assert_eq!(distinct(&once, 0), distinct(&twice, 2));
    }
}
