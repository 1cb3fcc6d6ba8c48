//! Gives mended polygons about the area that they had before they were rounded.
//!
//! In:     legal polygons on the grid of a tile, and the area that they should have.
//! Out:    legal polygons; some vertices stand a unit away from where they were, and the area is right to
//!         [`OFF_RATIO`] and [`OFF_DOUBLED`] together, if moving vertices of the tile alone can do that. Where they
//!         have no room and the area is too large, the smallest polygons are left out.
//! Keeps:  what lies in which; everything that lies in the buffer or leads there, since the neighbour draws it too.
//! Source: how much area a vertex takes along is linear in its way; the step that comes closest is the next, and
//!         steps along an axis come before others.
//!
//! Where edges cross, the overlay puts a vertex, half a unit away from the crossing. A star 60 units wide whose 23
//! edges cross a hundred times lost a seventh of its area that way; one of 155 edges falls to pieces of half a unit, a
//! tenth too large together, which stand too close for any vertex to move.

use std::collections::BTreeSet;
use std::ops::Range;

use zellige_model::{Extent, Geometry, GeometryKind, Grid};

use super::area_doubled;
use super::corners::Corners;

/// Areas that are off by this share are good enough.
const OFF_RATIO: f64 = 0.005;
/// Twice so many square units are good enough.
const OFF_DOUBLED: f64 = 2.0;
/// A vertex moves by at most this much when it is rounded: half a unit on both axes.
const ROUNDED_BY: f64 = std::f64::consts::FRAC_1_SQRT_2;
/// What has more vertices is left as it is: the steps that are offered take about 200 bytes a vertex.
const VERTICES_MAX: usize = 1 << 15;
/// Edges that new ones are compared with, for one feature in one tile.
const COMPARED_MAX: usize = 1 << 20;
/// So many edges are compared in the time in which the steps of a vertex are listed.
const COMPARISONS_PER_VERTEX: usize = 256;
/// The units around one.
const STEPS: [(i32, i32); 8] = [(0, -1), (-1, 0), (1, 0), (0, 1), (-1, -1), (1, -1), (-1, 1), (1, 1)];
/// Those of them that lead along an axis; the others lead farther away from where a vertex was before it was rounded.
const STRAIGHT: Range<usize> = 0..4;
/// Those that are tried when straight ones are not enough.
const DIAGONAL: Range<usize> = 4..STEPS.len();

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
            let (width, height) = (f64::from(b.x - a.x), f64::from(b.y - a.y));
            length += (width * width + height * height).sqrt();
            a = b;
        }
    }
    let area_doubled = geometry.parts().map(area_doubled).sum();
    allowed_doubled(area_doubled) < 2.0 * ROUNDED_BY * length
}

/// Moves vertices of `geometry` in a tile of `extent` until twice its area is about `expected_doubled`, and leaves out
/// polygons if that is not enough; returns how many edges could have been compared in the time that it took.
pub(super) fn make_good(geometry: &mut Geometry<Grid>, extent: Extent, expected_doubled: i64) -> usize {
    let mut lacking = Lacking {
        doubled: expected_doubled - geometry.parts().map(area_doubled).sum::<i64>(),
        allowed: allowed_doubled(expected_doubled),
    };
    if lacking.is_good() {
        return 0;
    }
    let n_listed = COMPARISONS_PER_VERTEX * geometry.points.len();
    let n_compared = move_vertices(geometry, extent, &mut lacking);
    if lacking.doubled < 0 && !lacking.is_good() {
        leave_out(geometry, extent, &mut lacking);
    }
    n_listed + n_compared
}

/// What is lacking of an area.
#[derive(Clone, Copy, Debug)]
struct Lacking {
    /// Twice the area; negative when there is too much.
    doubled: i64,
    /// How much that may be.
    allowed: f64,
}

impl Lacking {
    fn is_good(self) -> bool {
        self.doubled.abs() as f64 <= self.allowed
    }

    /// Whether less would be off if twice the area grew by `change`.
    const fn is_less_with(self, change: i64) -> bool {
        (self.doubled - change).abs() < self.doubled.abs()
    }
}

/// Whether a point lies in a tile of `extent` and not on its edges.
fn is_inside(point: Grid, extent: Extent) -> bool {
    let inside = 1..extent.get() as i32;
    inside.contains(&point.x) && inside.contains(&point.y)
}

/// Moves vertices until no more than allowed is lacking; returns with how many edges new ones were compared.
fn move_vertices(geometry: &mut Geometry<Grid>, extent: Extent, lacking: &mut Lacking) -> usize {
    let mut corners = Corners::of(geometry);
    let mut moves = Moves::new(&corners, extent);
    let mut n_compared = 0;
    while !lacking.is_good() && n_compared < COMPARED_MAX {
        let Some(Move { change, place, to }) = moves.take_closest(&corners, *lacking) else {
            if moves.steps == DIAGONAL {
                break;
            }
            moves.go_on_with(DIAGONAL, &corners);
            continue;
        };
        if corners.is_free(place, to, &mut n_compared) {
            moves.forget(&corners, place);
            let beside: Vec<usize> = corners.beside(place).collect();
            for place in &beside {
                moves.withdraw(&corners, *place);
            }
            corners.go(place, to);
            for place in &beside {
                moves.offer(&corners, *place);
            }
            lacking.doubled -= change;
        }
    }
    n_compared
}

/// Leaves out the smallest polygons within a tile until no more than allowed is too much; the largest always stays.
fn leave_out(geometry: &mut Geometry<Grid>, extent: Extent, lacking: &mut Lacking) {
    let area = |rings: Range<usize>| -> i64 { rings.map(|ring| area_doubled(geometry.part(ring))).sum() };
    let mut by_area: Vec<_> =
        geometry.polygons().enumerate().map(|(nth, rings)| (area(rings), nth)).collect();
    by_area.sort_unstable();
    by_area.pop();
    let is_within =
        |rings: Range<usize>| geometry.part(rings.start).iter().all(|point| is_inside(*point, extent));
    let mut polygons: Vec<_> = geometry.polygons().map(Some).collect();
    for (area, nth) in by_area {
        if lacking.is_good() || !lacking.is_less_with(-area) {
            break;
        }
        if polygons[nth].take_if(|rings| is_within(rings.clone())).is_some() {
            lacking.doubled += area;
        }
    }
    let mut kept = Geometry::default();
    kept.reset(GeometryKind::Polygon);
    for rings in polygons.into_iter().flatten() {
        for ring in rings {
            kept.points.extend_from_slice(geometry.part(ring));
            kept.end_part();
        }
        kept.end_polygon();
    }
    *geometry = kept;
}

/// A way for what is at one place.
#[derive(Clone, Copy, Debug)]
struct Move {
    /// By how much twice the area grows.
    change: i64,
    /// The number of the place.
    place: usize,
    to: Grid,
}

/// The steps that may still be tried.
#[derive(Debug)]
struct Moves {
    /// By how much twice the area grows, the number of the place, the number of the step.
    offered: BTreeSet<(i64, usize, usize)>,
    /// By place, the steps that were not taken, a bit each.
    untried: Vec<u8>,
    /// Those that are offered.
    steps: Range<usize>,
    extent: Extent,
}

impl Moves {
    /// Returns all straight steps within a tile of `extent`, but none of what leads out of it.
    fn new(corners: &Corners<'_>, extent: Extent) -> Self {
        let untried = vec![u8::MAX; corners.n_places()];
        let mut moves = Self { offered: BTreeSet::new(), untried, steps: STRAIGHT, extent };
        for place in 0..corners.n_places() {
            let mut ends = corners.beside(place).chain([place]).map(|place| corners.at(place));
            if ends.all(|end| is_inside(end, extent)) {
                moves.offer(corners, place);
            } else {
                moves.untried[place] = 0;
            }
        }
        moves
    }

    /// Offers other steps than before.
    fn go_on_with(&mut self, steps: Range<usize>, corners: &Corners<'_>) {
        self.offered.clear();
        self.steps = steps;
        for place in 0..corners.n_places() {
            self.offer(corners, place);
        }
    }

    /// Lists the untried steps of a place, of those that are offered, as they change the area now.
    fn steps(&self, corners: &Corners<'_>, place: usize) -> impl Iterator<Item = (i64, usize, usize)> {
        let untried = self.steps.clone().filter(move |nth| self.untried[place] >> nth & 1 == 1);
        let all = untried.map(move |nth| (nth, stepped(corners.at(place), nth)));
        all.filter(|(_, to)| is_inside(*to, self.extent))
            .map(move |(nth, to)| (corners.change(place, to), place, nth))
    }

    /// Offers the untried steps of a place.
    fn offer(&mut self, corners: &Corners<'_>, place: usize) {
        let steps: Vec<_> = self.steps(corners, place).collect();
        self.offered.extend(steps);
    }

    /// Takes back the untried steps of a place, before they change the area by more or less than they did.
    fn withdraw(&mut self, corners: &Corners<'_>, place: usize) {
        let steps: Vec<_> = self.steps(corners, place).collect();
        for step in &steps {
            self.offered.remove(step);
        }
    }

    /// Forgets all steps of a place.
    fn forget(&mut self, corners: &Corners<'_>, place: usize) {
        self.withdraw(corners, place);
        self.untried[place] = 0;
    }

    /// Takes the step after which twice the area is least off, if that is less than before.
    fn take_closest(&mut self, corners: &Corners<'_>, lacking: Lacking) -> Option<Move> {
        let below = self.offered.range(..(lacking.doubled, 0, 0)).next_back();
        let above = self.offered.range((lacking.doubled, 0, 0)..).next();
        let both = above.into_iter().chain(below).copied();
        let closest = both.min_by_key(|(change, ..)| (lacking.doubled - change).abs())?;
        let (change, place, nth) = closest;
        if !lacking.is_less_with(change) {
            return None;
        }
        self.offered.remove(&closest);
        self.untried[place] &= !(1 << nth);
        Some(Move { change, place, to: stepped(corners.at(place), nth) })
    }
}

/// Returns where a step leads.
const fn stepped(from: Grid, nth: usize) -> Grid {
    let (x, y) = STEPS[nth];
    Grid::new(from.x + x, from.y + y)
}

#[cfg(test)]
mod tests {
    use zellige_model::GeometryKind;
    use zellige_testkit::polygon::{polygon, polygon_faults};

    use super::super::Validator;
    use super::*;
    use crate::snap_round::Fine;

    /// Returns a polygon in sixteenths of units, and in units.
    fn drawn(ring: &[(i32, i32)]) -> (Geometry<Fine>, Geometry<Grid>) {
        let mut fine: Geometry<Fine> = Geometry::default();
        fine.reset(GeometryKind::Polygon);
        fine.points.extend(ring.iter().map(|(x, y)| Fine::new(x << Fine::BITS, y << Fine::BITS)));
        fine.end_part();
        fine.end_polygon();
        (fine, polygon(&[ring.to_vec()]))
    }

    /// Makes a ring legal that is drawn in units, and compares twice its area.
    fn check(ring: &[(i32, i32)], expected_doubled: i64) {
        let (fine, mut geometry) = drawn(ring);
        let expected = Validator::default().fine_area_doubled(&fine).unwrap();
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

    /// Returns a star 60 units wide with `n` points, each joined to the one `skip` points further.
    fn star(n: i32, skip: i32) -> Vec<(i32, i32)> {
        let turn = |nth: i32| std::f64::consts::TAU * f64::from(nth * skip) / f64::from(n);
        let at = |turned: f64| (2_048.0 + 30.0 * turned).round() as i32;
        (0..n).map(|nth| (at(turn(nth).cos()), at(turn(nth).sin()))).collect()
    }

    #[test]
    fn stars_of_pieces_smaller_than_a_unit_keep_their_area() {
        check(&star(127, 12), 298);
        check(&star(155, 12), 242);
        check(&star(166, 69), 3_000);
        check(&star(208, 71), 3_453);
        check(&star(244, 111), 2_725);
    }

    #[test]
    fn vertices_go_along_an_axis_where_that_is_enough() {
        let square = [(10, 10), (20, 10), (20, 20), (10, 20)];
        let mut geometry = drawn(&square).1;
        let mut lacking = Lacking { doubled: 20, allowed: 2.0 };
        move_vertices(&mut geometry, Extent::DEFAULT, &mut lacking);
        assert!(lacking.is_good(), "{lacking:?}");
        for (from, to) in square.iter().zip(&geometry.points) {
            assert!(from.0 == to.x || from.1 == to.y, "{from:?} to {to:?}");
        }
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
