//! Makes polygons, and judges them exactly, in whole numbers.
//!
//! In:     open rings; polygons in the grid of a tile, rings open.
//! Out:    a polygon; sentences for people, one a fault, none when the polygons are valid.
//! Keeps:  –
//! Source: OGC Simple Features §6.1.11 and §6.1.14; MVT 2.1 §4.3.4.4 for the windings.
//!
//! Valid means: rings have an area and never touch themselves; outer rings are wound positively, holes
//! negatively; rings neither cross nor share an edge; holes lie in their outer ring and not in each other;
//! polygons lie outside of each other or in a hole; the inside of each polygon is connected. Rings may
//! touch at points.
//!
//! Each step takes for granted what the one before it has shown, so faults of one step hide those of
//! the next. Pairs of edges are found by sorting along x, which is quadratic at worst.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use zellige_model::{Geometry, GeometryKind, Grid};

/// The number of faults after which a geometry is bad enough.
pub const FAULTS_MAX: usize = 20;

/// Returns a polygon of open rings, the outer one first.
#[must_use]
pub fn polygon(rings: &[Vec<(i32, i32)>]) -> Geometry<Grid> {
    let mut geometry = Geometry::default();
    geometry.reset(GeometryKind::Polygon);
    for ring in rings {
        geometry.points.extend(ring.iter().map(|(x, y)| Grid::new(*x, *y)));
        geometry.end_part();
    }
    geometry.end_polygon();
    geometry
}

/// Returns what is wrong with the polygons of `geometry`; nothing for other kinds.
///
/// # Examples
///
/// ```
/// use zellige_testkit::{drawn, polygon::polygon_faults};
///
/// assert!(polygon_faults(&drawn::geometry("POLYGON((0 0,8 0,8 8,0 8))")).is_empty());
/// let bow_tie = drawn::geometry("POLYGON((0 0,8 8,8 0,0 9))");
/// assert_eq!(polygon_faults(&bow_tie), ["ring 0 crosses itself: 0 0 to 8 8 with 0 9 to 8 0"]);
/// ```
#[must_use]
pub fn polygon_faults(geometry: &Geometry<Grid>) -> Vec<String> {
    if geometry.kind != GeometryKind::Polygon {
        return Vec::new();
    }
    let rings: Vec<&[Grid]> = geometry.parts().collect();
    let mut faults = Vec::new();
    shapes(geometry, &rings, &mut faults);
    let mut touches = Touches::new();
    if faults.is_empty() {
        touches = meetings(&rings, &mut faults);
    }
    if faults.is_empty() {
        points_of_touch(&rings, &touches, &mut faults);
    }
    if faults.is_empty() {
        nesting(geometry, &rings, &mut faults);
        connection(geometry, &touches, &mut faults);
    }
    faults.truncate(FAULTS_MAX);
    faults
}

/// Returns twice the area of an open ring by the surveyor's formula; positive for an outer ring.
#[must_use]
pub fn doubled_area(ring: &[Grid]) -> i128 {
    let next = ring.iter().skip(1).chain(ring.first());
    ring.iter().zip(next).map(|(a, b)| cross(Grid::new(0, 0), *a, *b)).sum()
}

/// Points where two rings touch, or one touches itself; the rings in ascending order.
type Touches = BTreeSet<(usize, usize, Grid)>;

/// Each ring for itself: enough points, none twice in a row, an area, the winding of its role.
fn shapes(geometry: &Geometry<Grid>, rings: &[&[Grid]], faults: &mut Vec<String>) {
    if geometry.part_ends.len() != geometry.polygon_ends.last().map_or(0, |end| *end as usize) {
        faults.push("last ring belongs to no polygon".to_owned());
    }
    for (polygon_idx, range) in geometry.polygons().enumerate() {
        if range.is_empty() {
            faults.push(format!("polygon {polygon_idx} has no ring"));
        }
        let outer_idx = range.start;
        for ring_idx in range {
            let ring = rings[ring_idx];
            if ring.len() < 3 {
                faults.push(format!("ring {ring_idx} has {} points, at least 3 expected", ring.len()));
                continue;
            }
            for (a, b) in edges(ring).filter(|(a, b)| a == b) {
                faults.push(format!("ring {ring_idx} has {} twice in a row", place(a.min(b))));
            }
            match (doubled_area(ring).cmp(&0), ring_idx == outer_idx) {
                (Ordering::Equal, _) => faults.push(format!("ring {ring_idx} has no area")),
                (Ordering::Less, true) => faults.push(format!("outer ring {ring_idx} is wound as a hole")),
                (Ordering::Greater, false) => {
                    faults.push(format!("hole {ring_idx} is wound as an outer ring"));
                }
                _ => {}
            }
        }
    }
}

/// An edge, its ends in ascending order so that it can be swept.
struct Edge {
    ring_idx: usize,
    idx: usize,
    low: Grid,
    high: Grid,
}

/// All pairs of edges that meet: a fault when they cross or overlap, else a touch.
fn meetings(rings: &[&[Grid]], faults: &mut Vec<String>) -> Touches {
    let mut all = Vec::new();
    for (ring_idx, ring) in rings.iter().enumerate() {
        all.extend(edges(ring).enumerate().map(|(idx, (a, b))| {
            let (low, high) = (a.min(b), a.max(b));
            Edge { ring_idx, idx, low, high }
        }));
    }
    all.sort_by_key(|edge| (edge.low, edge.ring_idx, edge.idx));
    let mut touches = Touches::new();
    for (idx, a) in all.iter().enumerate() {
        for b in all[idx + 1..].iter().take_while(|b| b.low.x <= a.high.x) {
            let n_edges = rings[a.ring_idx].len();
            let apart = a.idx.abs_diff(b.idx);
            let is_one_ring = a.ring_idx == b.ring_idx;
            let are_neighbours = is_one_ring && (apart == 1 || apart == n_edges - 1);
            let deed = match meeting(a, b) {
                Meeting::None => continue,
                Meeting::Touch(point) => {
                    if !are_neighbours {
                        let (first, second) = (a.ring_idx.min(b.ring_idx), a.ring_idx.max(b.ring_idx));
                        touches.insert((first, second, point));
                    }
                    continue;
                }
                Meeting::Crossing => "crosses",
                Meeting::Overlap => "overlaps",
            };
            let whom = if is_one_ring { "itself".to_owned() } else { format!("ring {}", b.ring_idx) };
            let [a_low, a_high, b_low, b_high] = [a.low, a.high, b.low, b.high].map(place);
            let edges = format!("{a_low} to {a_high} with {b_low} to {b_high}");
            faults.push(format!("ring {} {deed} {whom}: {edges}", a.ring_idx));
            if faults.len() >= FAULTS_MAX {
                return touches;
            }
        }
    }
    touches
}

/// How two edges meet.
enum Meeting {
    None,
    /// In one point, which is an end of at least one of them.
    Touch(Grid),
    /// In one point inside of both.
    Crossing,
    /// Along a line.
    Overlap,
}

fn meeting(a: &Edge, b: &Edge) -> Meeting {
    let (b_low_side, b_high_side) =
        (cross(a.low, a.high, b.low).signum(), cross(a.low, a.high, b.high).signum());
    let (a_low_side, a_high_side) =
        (cross(b.low, b.high, a.low).signum(), cross(b.low, b.high, a.high).signum());
    if b_low_side == 0 && b_high_side == 0 {
        // On one line, where ascending points are ascending along it.
        let (start, end) = (a.low.max(b.low), a.high.min(b.high));
        return match start.cmp(&end) {
            Ordering::Less => Meeting::Overlap,
            Ordering::Equal => Meeting::Touch(start),
            Ordering::Greater => Meeting::None,
        };
    }
    if b_low_side * b_high_side > 0 || a_low_side * a_high_side > 0 {
        return Meeting::None;
    }
    match (b_low_side, b_high_side, a_low_side, a_high_side) {
        (0, ..) => Meeting::Touch(b.low),
        (_, 0, ..) => Meeting::Touch(b.high),
        (_, _, 0, _) => Meeting::Touch(a.low),
        (.., 0) => Meeting::Touch(a.high),
        _ => Meeting::Crossing,
    }
}

/// Rings that touch themselves, or change sides where they touch another one.
fn points_of_touch(rings: &[&[Grid]], touches: &Touches, faults: &mut Vec<String>) {
    for (first, second, point) in touches {
        if first == second {
            faults.push(format!("ring {first} touches itself at {}", place(*point)));
            continue;
        }
        let (before, after) = around(rings[*first], *point);
        let (from, to) = around(rings[*second], *point);
        if is_between(*point, before, after, from) != is_between(*point, before, after, to) {
            faults.push(format!("ring {first} crosses ring {second} at {}", place(*point)));
        }
    }
}

/// Holes in their outer ring and not in each other; polygons outside of each other or in a hole.
fn nesting(geometry: &Geometry<Grid>, rings: &[&[Grid]], faults: &mut Vec<String>) {
    let boxes: Vec<_> = rings.iter().map(|ring| bounds(ring)).collect();
    let holds = |outer: usize, inner: usize| {
        let ((outer_min, outer_max), (inner_min, inner_max)) = (boxes[outer], boxes[inner]);
        let may_hold = outer_min.x <= inner_min.x
            && outer_min.y <= inner_min.y
            && inner_max.x <= outer_max.x
            && inner_max.y <= outer_max.y;
        may_hold && is_inside(rings[outer], rings[inner])
    };
    for range in geometry.polygons() {
        let shell = range.start;
        for hole in range.start + 1..range.end {
            if !holds(shell, hole) {
                faults.push(format!("hole {hole} is not inside of ring {shell}"));
            }
            for other in (range.start + 1..range.end).filter(|other| *other != hole && holds(hole, *other)) {
                faults.push(format!("hole {other} is inside of hole {hole}"));
            }
        }
        for other in geometry.polygons().map(|other| other.start).filter(|other| *other != shell) {
            if holds(shell, other) && !(range.start + 1..range.end).any(|hole| holds(hole, other)) {
                faults.push(format!("polygon of ring {other} is inside of the polygon of ring {shell}"));
            }
        }
    }
}

/// Rings that touch in a circle cut the inside of their polygon apart.
///
/// Rings and the points where they touch are a graph; the inside is connected when it has no cycle.
fn connection(geometry: &Geometry<Grid>, touches: &Touches, faults: &mut Vec<String>) {
    for range in geometry.polygons() {
        let mut links = BTreeSet::new();
        for (first, second, point) in touches {
            if range.contains(first) && range.contains(second) {
                links.extend([(*first, *point), (*second, *point)]);
            }
        }
        let mut group_of_ring: BTreeMap<usize, usize> = range.clone().map(|ring| (ring, ring)).collect();
        let mut ring_of_point = BTreeMap::new();
        for (ring, point) in links {
            let Some(other) = ring_of_point.insert(point, ring) else { continue };
            let (group, other_group) = (group_of_ring[&ring], group_of_ring[&other]);
            if group == other_group {
                faults.push(format!("inside of ring {} is cut apart at {}", range.start, place(point)));
            }
            group_of_ring
                .values_mut()
                .filter(|value| **value == other_group)
                .for_each(|value| *value = group);
        }
    }
}

/// Whether `inner`, which does not cross `outer`, lies inside of it.
fn is_inside(outer: &[Grid], inner: &[Grid]) -> bool {
    for point in inner {
        match location(outer, *point) {
            Ordering::Less => return true,
            Ordering::Greater => return false,
            Ordering::Equal => {}
        }
    }
    // All points lie on the outer ring, but no edge does: the first edge says where the ring goes.
    let (before, after) = around(outer, inner[0]);
    let (start, end) = if doubled_area(outer) > 0 { (after, before) } else { (before, after) };
    is_between(inner[0], start, end, inner[1])
}

/// Returns less for a point inside of `ring`, equal for one on it, greater for one outside.
fn location(ring: &[Grid], point: Grid) -> Ordering {
    let mut is_inside = false;
    for (a, b) in edges(ring) {
        if is_on(a, b, point) {
            return Ordering::Equal;
        }
        if (a.y > point.y) != (b.y > point.y) && (cross(a, b, point) > 0) == (b.y > a.y) {
            is_inside = !is_inside;
        }
    }
    if is_inside { Ordering::Less } else { Ordering::Greater }
}

/// Returns the points that follow `point` backwards and forwards along `ring`, on which it lies.
fn around(ring: &[Grid], point: Grid) -> (Grid, Grid) {
    if let Some(idx) = ring.iter().position(|vertex| *vertex == point) {
        return (ring[(idx + ring.len() - 1) % ring.len()], ring[(idx + 1) % ring.len()]);
    }
    edges(ring).find(|(a, b)| is_on(*a, *b, point)).expect("point lies on the ring")
}

/// Whether the way from `center` to `point` lies in the sector that is swept by turning from `start` to
/// `end` in the direction of positive areas. The three ways differ.
fn is_between(center: Grid, start: Grid, end: Grid, point: Grid) -> bool {
    let (after_start, before_end) = (cross(center, start, point) > 0, cross(center, point, end) > 0);
    match cross(center, start, end).cmp(&0) {
        Ordering::Greater => after_start && before_end,
        Ordering::Equal => after_start,
        Ordering::Less => after_start || before_end,
    }
}

fn is_on(a: Grid, b: Grid, point: Grid) -> bool {
    let (low, high) = (a.min(b), a.max(b));
    low <= point && point <= high && cross(a, b, point) == 0
}

fn bounds(ring: &[Grid]) -> (Grid, Grid) {
    ring.iter().fold((ring[0], ring[0]), |(min, max), point| {
        (Grid::new(min.x.min(point.x), min.y.min(point.y)), Grid::new(max.x.max(point.x), max.y.max(point.y)))
    })
}

fn edges(ring: &[Grid]) -> impl Iterator<Item = (Grid, Grid)> {
    ring.iter().copied().zip(ring.iter().copied().cycle().skip(1))
}

/// Returns the cross product of the ways from `a` to `b` and from `a` to `c`, which may have 66 bits.
fn cross(a: Grid, b: Grid, c: Grid) -> i128 {
    let way = |to: Grid| (i128::from(to.x) - i128::from(a.x), i128::from(to.y) - i128::from(a.y));
    let ((bx, by), (cx, cy)) = (way(b), way(c));
    bx * cy - by * cx
}

fn place(point: Grid) -> String {
    format!("{} {}", point.x, point.y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawn;

    fn check(wkt: &str, expected: &[&str]) {
        assert_eq!(polygon_faults(&drawn::geometry(wkt)), expected, "{wkt}");
    }

    #[test]
    fn valid_polygons_have_no_faults() {
        for wkt in [
            "POLYGON((0 0,8 0,8 8,0 8))",
            "POLYGON((0 0,4 0,8 0,8 8,0 8))",
            "POLYGON((0 0,8 0,8 8,0 8),(2 2,2 6,6 6,6 2))",
            // Holes touch the outer ring and each other in one point.
            "POLYGON((0 0,8 0,8 8,0 8),(0 4,2 6,2 2))",
            "POLYGON((0 0,8 0,8 8,0 8),(1 4,4 4,4 3),(4 4,7 5,7 4))",
            // Polygons touch in a point, and one lies in the hole of another and touches it.
            "MULTIPOLYGON(((0 0,4 0,4 4,0 4)),((4 4,8 4,8 8,4 8)))",
            "MULTIPOLYGON(((0 0,8 0,8 8,0 8),(2 2,2 6,6 6,6 2)),((2 4,4 3,4 5)))",
            "MULTIPOLYGON(((0 0,4 0,4 4,0 4)),((4 2,8 0,8 4)))",
            "POLYGON EMPTY",
            "LINESTRING(0 0,4 4,4 0,0 4)",
        ] {
            check(wkt, &[]);
        }
    }

    #[test]
    fn shapes_of_rings() {
        check("POLYGON((0 0,8 0))", &["ring 0 has 2 points, at least 3 expected"]);
        check("POLYGON((0 0,4 0,4 0,4 4))", &["ring 0 has 4 0 twice in a row"]);
        check("POLYGON((0 0,4 0,4 4,0 0))", &["ring 0 has 0 0 twice in a row"]);
        check("POLYGON((0 0,4 0,8 0))", &["ring 0 has no area"]);
        check("POLYGON((0 0,0 8,8 8,8 0))", &["outer ring 0 is wound as a hole"]);
        check("POLYGON((0 0,8 0,8 8,0 8),(2 2,6 2,6 6,2 6))", &["hole 1 is wound as an outer ring"]);
    }

    #[test]
    fn rings_that_meet_themselves() {
        check("POLYGON((0 0,8 0,4 4,8 8,0 8,4 4))", &["ring 0 touches itself at 4 4"]);
        check("POLYGON((0 0,8 0,8 8,4 0,0 8))", &["ring 0 touches itself at 4 0"]);
        check("POLYGON((0 0,8 0,8 8,8 4,0 8))", &["ring 0 overlaps itself: 8 0 to 8 8 with 8 4 to 8 8"]);
    }

    #[test]
    fn rings_that_cross() {
        check(
            "POLYGON((0 0,8 0,8 8,0 8),(4 4,4 6,10 5))",
            &[
                "ring 1 crosses ring 0: 4 4 to 10 5 with 8 0 to 8 8",
                "ring 1 crosses ring 0: 4 6 to 10 5 with 8 0 to 8 8",
            ],
        );
        check(
            "MULTIPOLYGON(((0 0,4 0,4 4,0 4)),((4 0,8 0,8 4,4 4)))",
            &["ring 0 overlaps ring 1: 4 0 to 4 4 with 4 0 to 4 4"],
        );
        // The second ring goes in at 4 2 and out at 4 4, without an edge that crosses another one.
        check(
            "MULTIPOLYGON(((0 0,4 0,4 4,0 4)),((2 3,4 2,6 3,4 4)))",
            &["ring 0 crosses ring 1 at 4 2", "ring 0 crosses ring 1 at 4 4"],
        );
    }

    #[test]
    fn wrong_nesting() {
        check("POLYGON((0 0,4 0,4 4,0 4),(6 1,6 3,8 3,8 1))", &["hole 1 is not inside of ring 0"]);
        check(
            "POLYGON((0 0,9 0,9 9,0 9),(1 1,1 8,8 8,8 1),(3 3,3 5,5 5,5 3))",
            &["hole 2 is inside of hole 1"],
        );
        check(
            "MULTIPOLYGON(((0 0,9 0,9 9,0 9)),((3 3,5 3,5 5,3 5)))",
            &["polygon of ring 1 is inside of the polygon of ring 0"],
        );
        // Every vertex touches; only the way of the edges tells inside from outside.
        check(
            "MULTIPOLYGON(((0 0,4 0,8 0,8 4,8 8,4 8,0 8,0 4)),((4 0,8 4,4 8,0 4)))",
            &["polygon of ring 1 is inside of the polygon of ring 0"],
        );
    }

    #[test]
    fn inside_that_is_cut_apart() {
        check("POLYGON((0 0,8 0,8 8,0 8),(4 0,3 4,4 8,5 4))", &["inside of ring 0 is cut apart at 4 8"]);
        check(
            "POLYGON((0 0,8 0,8 8,0 8),(2 2,6 2,4 1),(6 2,4 6,6 5),(4 6,2 2,2 5))",
            &["inside of ring 0 is cut apart at 4 6"],
        );
    }

    #[test]
    fn far_points_do_not_overflow() {
        let (low, high) = (i32::MIN, i32::MAX);
        check(&format!("POLYGON(({low} {low},{high} {low},{high} {high},{low} {high}))"), &[]);
    }
}
