//! Gives mended polygons about the area that they had before they were rounded.
//!
//! In:     legal polygons on the grid of a tile, and the area that they should have.
//! Out:    legal polygons; some vertices stand a unit away from where they were, and the area is right to
//!         [`OFF_RATIO`] and [`OFF_DOUBLED`] together, if moving vertices of the tile alone can do that.
//! Keeps:  how many rings there are and which lie in which; everything that lies in the buffer or leads there, since
//!         the neighbour draws it too.
//! Source: how much area a vertex takes along is linear in its way; the step that comes closest is the next.
//!
//! Where edges cross, the overlay puts a vertex, half a unit away from the crossing. A star 60 units wide whose 23
//! edges cross a hundred times lost a seventh of its area that way.

use zellige_model::{Extent, Geometry, Grid};

use super::area_doubled;
use super::edge::{Edge, turn};

/// Areas that are off by this share are good enough.
const OFF_RATIO: f64 = 0.005;
/// Twice so many square units are good enough.
const OFF_DOUBLED: f64 = 2.0;
/// A vertex moves by at most this much when it is rounded: half a unit on both axes.
const ROUNDED_BY: f64 = std::f64::consts::FRAC_1_SQRT_2;
/// What has more vertices is left as it is: with fewer moves than vertices little would change.
const VERTICES_MAX: usize = 4096;
/// Edges that new ones are compared with, for one feature in one tile.
const COMPARED_MAX: usize = 1 << 20;
/// The units around one.
const STEPS: [(i32, i32); 8] = [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)];

/// Returns by how much twice the area may be off.
fn allowed_doubled(area_doubled: i64) -> f64 {
    OFF_RATIO * area_doubled as f64 + OFF_DOUBLED
}

/// Whether rounding can have changed the area of `geometry` by more than is good enough, and vertices may be moved.
pub(super) fn may_be_off(geometry: &Geometry<Grid>) -> bool {
    if VERTICES_MAX < geometry.points.len() {
        return false;
    }
    let mut length = 0.0;
    for ring in geometry.parts() {
        let Some(mut a) = ring.last() else { continue };
        for b in ring {
            length += f64::from(b.x - a.x).hypot(f64::from(b.y - a.y));
            a = b;
        }
    }
    let area_doubled = geometry.parts().map(area_doubled).sum();
    allowed_doubled(area_doubled) < 2.0 * ROUNDED_BY * length
}

/// Moves vertices of `geometry` in a tile of `extent` until twice its area is about `expected_doubled`; returns with how
/// many edges new ones were compared.
pub(super) fn make_good(geometry: &mut Geometry<Grid>, extent: Extent, expected_doubled: i64) -> usize {
    let mut off = expected_doubled - geometry.parts().map(area_doubled).sum::<i64>();
    let allowed = allowed_doubled(expected_doubled);
    let is_good = |off: i64| off.abs() as f64 <= allowed;
    let corners = Corners::of(geometry);
    let inside = 1..extent.get() as i32;
    let is_inside = |point: Grid| inside.contains(&point.x) && inside.contains(&point.y);
    let is_within = |place| corners.ends(geometry, place).all(is_inside);
    // By place, the steps that may still be tried, a bit each.
    let mut untried: Vec<u8> =
        (0..corners.places.len()).map(|place| if is_within(place) { u8::MAX } else { 0 }).collect();
    let mut comparisons_left = COMPARED_MAX;
    let mut moves = Vec::new();
    while !is_good(off) {
        corners.moves(geometry, &untried, off, &mut moves);
        moves.sort_unstable_by_key(|step| ((off - step.change).abs(), step.place, step.nth));
        let mut n_compared = STEPS.len() * geometry.points.len();
        let free = moves.iter().find(|step| {
            untried[step.place] &= !(1 << step.nth);
            n_compared += 2 * corners.places[step.place].len() * geometry.points.len();
            COMPARED_MAX < n_compared || is_inside(step.to) && corners.is_free(geometry, step.place, step.to)
        });
        let (Some(Move { place, to, change, .. }), Some(left)) =
            (free.copied(), comparisons_left.checked_sub(n_compared))
        else {
            return COMPARED_MAX;
        };
        comparisons_left = left;
        corners.places[place].iter().for_each(|at| geometry.points[*at] = to);
        untried[place] = 0;
        off -= change;
    }
    COMPARED_MAX - comparisons_left
}

/// A way for what is at one place.
#[derive(Clone, Copy, Debug)]
struct Move {
    /// The number of the place.
    place: usize,
    /// The number of the step.
    nth: usize,
    to: Grid,
    /// By how much twice the area grows.
    change: i64,
}

/// Which vertices are at one place, and which are neighbours.
#[derive(Debug)]
struct Corners {
    /// By place, the numbers of its vertices: several where rings touch.
    places: Vec<Vec<usize>>,
    /// By vertex, those before and after it in its ring.
    neighbours: Vec<[usize; 2]>,
}

impl Corners {
    fn of(geometry: &Geometry<Grid>) -> Self {
        let points = &geometry.points;
        let mut order: Vec<usize> = (0..points.len()).collect();
        order.sort_unstable_by_key(|at| (points[*at], *at));
        let places = order.chunk_by(|a, b| points[*a] == points[*b]).map(<[usize]>::to_vec).collect();
        let mut neighbours = Vec::with_capacity(points.len());
        let mut first = 0;
        for ring in geometry.parts() {
            let end = first + ring.len();
            let before = |at| if at == first { end - 1 } else { at - 1 };
            let after = |at| if at + 1 == end { first } else { at + 1 };
            neighbours.extend((first..end).map(|at| [before(at), after(at)]));
            first = end;
        }
        Self { places, neighbours }
    }

    /// Returns the vertices of a place, and those that edges lead to from there.
    fn ends(&self, geometry: &Geometry<Grid>, place: usize) -> impl Iterator<Item = Grid> {
        let vertices = self.places[place].iter();
        let numbers = vertices.flat_map(|at| self.neighbours[*at].into_iter().chain([*at]));
        numbers.map(|number| geometry.points[number])
    }

    /// Returns by how much twice the area grows when what is at a place goes elsewhere.
    fn change(&self, geometry: &Geometry<Grid>, place: usize, to: Grid) -> i64 {
        let of_vertex = |at: &usize| {
            let from = geometry.points[*at];
            let [before, after] = self.neighbours[*at].map(|number| geometry.points[number]);
            i64::from(to.x - from.x) * i64::from(after.y - before.y)
                - i64::from(to.y - from.y) * i64::from(after.x - before.x)
        };
        self.places[place].iter().map(of_vertex).sum()
    }

    /// Lists all steps, of those `untried`, that make twice the area less off.
    fn moves(&self, geometry: &Geometry<Grid>, untried: &[u8], off: i64, out: &mut Vec<Move>) {
        out.clear();
        for (place, (vertices, untried)) in self.places.iter().zip(untried).enumerate() {
            let from = geometry.points[vertices[0]];
            let steps = STEPS.iter().enumerate().filter(|(nth, _)| untried >> nth & 1 == 1);
            let all = steps.map(|(nth, (x, y))| {
                let to = Grid::new(from.x + x, from.y + y);
                Move { place, nth, to, change: self.change(geometry, place, to) }
            });
            out.extend(all.filter(|step| (off - step.change).abs() < off.abs()));
        }
    }

    /// Whether what is at a place can go elsewhere without touching anything: nothing lies in the triangles that its
    /// edges sweep over, and its new edges meet no other one.
    fn is_free(&self, geometry: &Geometry<Grid>, place: usize, to: Grid) -> bool {
        let points = &geometry.points;
        let vertices = &self.places[place];
        let from = points[vertices[0]];
        self.ends(geometry, place).filter(|end| *end != from).all(|end| {
            points.iter().zip(&self.neighbours).all(|(point, [_, after])| {
                let next = points[*after];
                let is_swept = *point != from && *point != end && holds([from, to, end], *point);
                let is_own = *point == from || next == from;
                !is_swept && (is_own || is_apart((end, to), (*point, next)))
            })
        })
    }
}

/// Whether `point` lies in a triangle or on its edges.
fn holds([a, b, c]: [Grid; 3], point: Grid) -> bool {
    let turns = [turn(a, b, point), turn(b, c, point), turn(c, a, point)];
    turns.iter().all(|turn| 0 <= *turn) || turns.iter().all(|turn| *turn <= 0)
}

/// Whether a new edge shares at most its start with another edge.
fn is_apart((start, end): (Grid, Grid), (a, b): (Grid, Grid)) -> bool {
    let other_end = if a == start {
        b
    } else if b == start {
        a
    } else {
        return !edge(start, end).meets(edge(a, b));
    };
    let forward = i64::from(end.x - start.x) * i64::from(other_end.x - start.x)
        + i64::from(end.y - start.y) * i64::from(other_end.y - start.y);
    turn(start, end, other_end) != 0 || forward < 0
}

fn edge(a: Grid, b: Grid) -> Edge {
    let (west, east) = if a <= b { (a, b) } else { (b, a) };
    Edge { west, east, ring: 0, nth: 0, ring_len: 0 }
}

#[cfg(test)]
mod tests {
    use zellige_model::GeometryKind;
    use zellige_testkit::polygon::polygon_faults;

    use super::super::noise::Crowding;
    use super::super::{Validator, mend};
    use super::*;
    use crate::snap_round::Fine;

    /// Returns a polygon in sixteenths of units, and in units.
    fn drawn(ring: &[(i32, i32)]) -> (Geometry<Fine>, Geometry<Grid>) {
        let mut fine: Geometry<Fine> = Geometry::default();
        fine.reset(GeometryKind::Polygon);
        fine.points.extend(ring.iter().map(|(x, y)| Fine::new(x << Fine::BITS, y << Fine::BITS)));
        fine.end_part();
        fine.end_polygon();
        let mut geometry: Geometry<Grid> = Geometry::default();
        geometry.reset(GeometryKind::Polygon);
        geometry.points.extend(ring.iter().map(|(x, y)| Grid::new(*x, *y)));
        geometry.end_part();
        geometry.end_polygon();
        (fine, geometry)
    }

    /// Makes a ring legal that is drawn in units, and compares twice its area.
    fn check(ring: &[(i32, i32)], expected_doubled: i64) {
        let (fine, mut geometry) = drawn(ring);
        let expected = mend::fine_area_doubled(&fine, Crowding::Sparse);
        assert!((expected - expected_doubled).abs() <= 1, "{expected} before it is rounded");
        Validator::default().validate_with_area(&mut geometry, Extent::DEFAULT, || &fine);
        let area: i64 = geometry.parts().map(area_doubled).sum();
        let off = (area - expected).abs() as f64;
        assert!(off <= allowed_doubled(expected), "{area} instead of {expected}: {geometry:?}");
        assert_eq!(polygon_faults(&geometry), [""; 0], "{geometry:?}");
    }

    #[test]
    fn crossings_cost_no_area() {
        check(&[(48, 48), (57, 38), (99, 56), (59, 31), (53, 65), (65, 95)], 567);
        check(&[(67, 22), (60, 64), (69, 48), (19, 26), (27, 78), (58, 67), (68, 27), (60, 45)], 2937);
        check(
            &[
                (49, 42),
                (76, 32),
                (39, 42),
                (37, 58),
                (26, 25),
                (52, 28),
                (33, 60),
                (37, 50),
                (78, 73),
                (73, 75),
            ],
            1313,
        );
    }

    #[test]
    fn what_has_too_many_vertices_stays_as_mended() {
        let zigzag = |n: usize| {
            let there = (0..n as i32 / 2).map(|nth| (nth % 4_000, 100 * (nth / 4_000) + nth % 2));
            let ring: Vec<_> = there.clone().chain(there.rev().map(|(x, y)| (x, y + 2))).collect();
            drawn(&ring).1
        };
        assert!(may_be_off(&zigzag(VERTICES_MAX)));
        assert!(!may_be_off(&zigzag(VERTICES_MAX + 2)));
    }

    #[test]
    fn what_leads_out_of_the_tile_stays() {
        let ring = [(-20, 10), (40, 11), (-20, 30), (30, -10)];
        let outside = |geometry: &Geometry<Grid>| -> Vec<Grid> {
            geometry.points.iter().copied().filter(|point| point.x < 1 || point.y < 1).collect()
        };
        let (mut fine, mut geometry) = drawn(&ring);
        fine.points.iter_mut().for_each(|point| *point = Fine::new(2 * point.x, 2 * point.y));
        let mut mended = geometry.clone();
        Validator::default().validate(&mut mended);
        Validator::default().validate_with_area(&mut geometry, Extent::DEFAULT, || &fine);
        assert_eq!(outside(&geometry), outside(&mended));
    }
}
