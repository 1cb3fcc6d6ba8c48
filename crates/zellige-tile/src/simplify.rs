//! Keeps the vertices that matter at one zoom.
//!
//! In:     geometry with its weights, tolerance in world units; zooms come from the deepest up.
//! Out:    the same buffers, shorter: each zoom starts from what the last one left.
//! Keeps:  order, ends of lines, four corners of every ring (see `weigh`).
//! Source: recipe 2.5.

use zellige_model::{Geometry, GeometryKind, World};

/// Geometry whose vertices know how much they matter.
#[derive(Clone, Debug, Default)]
pub struct Weighted {
    /// The shape.
    pub geometry: Geometry<World>,
    /// One weight a vertex, squared world units; empty for points.
    pub weights: Vec<f64>,
}

/// Drops the vertices that weigh no more than the square of `tolerance` world units.
///
/// A tolerance of 0 keeps every vertex, also those on a straight line.
pub fn simplify(shape: &mut Weighted, tolerance: f64) {
    if shape.geometry.kind == GeometryKind::Point || tolerance <= 0.0 {
        return;
    }
    let threshold = tolerance * tolerance;
    let Weighted { geometry, weights } = shape;
    let (mut read, mut write) = (0, 0);
    for end in &mut geometry.part_ends {
        while read < *end as usize {
            // Which vertices stay has no pattern, so nothing branches on it.
            geometry.points[write] = geometry.points[read];
            weights[write] = weights[read];
            write += usize::from(weights[read] > threshold);
            read += 1;
        }
        *end = write as u32;
    }
    geometry.points.truncate(write);
    weights.truncate(write);
}

/// Makes `out` what [`simplify`] would leave of `shape`.
pub fn simplify_into(shape: &Weighted, tolerance: f64, out: &mut Weighted) {
    let Weighted { geometry, weights } = shape;
    let Weighted { geometry: kept, weights: kept_weights } = out;
    if geometry.kind == GeometryKind::Point || tolerance <= 0.0 {
        kept.clone_from(geometry);
        kept_weights.clone_from(weights);
        return;
    }
    let threshold = tolerance * tolerance;
    kept.reset(geometry.kind);
    kept.polygon_ends.extend_from_slice(&geometry.polygon_ends);
    let n_kept = weights.iter().filter(|weight| **weight > threshold).count();
    // One place more, for what goes after the last one that stays.
    kept.points.resize(n_kept + 1, World::default());
    kept_weights.clear();
    kept_weights.resize(n_kept + 1, 0.0);
    let (mut read, mut write) = (0, 0);
    for end in &geometry.part_ends {
        let part = read..*end as usize;
        read = *end as usize;
        for (point, weight) in geometry.points[part.clone()].iter().zip(&weights[part]) {
            (kept.points[write], kept_weights[write]) = (*point, *weight);
            write += usize::from(*weight > threshold);
        }
        kept.part_ends.push(write as u32);
    }
    kept.points.truncate(n_kept);
    kept_weights.truncate(n_kept);
}

/// Writes the polygons of `shape` to `out`, simplified so that they cover what they covered before.
///
/// A run of vertices gives way to its chord only if none of them is farther than `tolerance` world units
/// from it and all lie on the polygon's side: outer rings gain area, holes lose it, convex corners of outer
/// rings stay. Other kinds are simplified as always. Exact but for the distance.
///
/// Where a chord crosses another part of the outline, rings overlap themselves; the non-zero rule reads
/// them as they are meant.
pub fn simplify_outward(shape: &Weighted, tolerance: f64, out: &mut Geometry<World>) {
    let input = &shape.geometry;
    out.reset(input.kind);
    for rings in input.polygons() {
        for ring_idx in rings.clone() {
            let ring = input.part(ring_idx);
            let is_clockwise = area_doubled(ring) > 0;
            let inside = if is_clockwise == (ring_idx == rings.start) { 1 } else { -1 };
            push_outward(ring, tolerance * tolerance, inside, &mut out.points);
            out.end_part();
        }
        out.end_polygon();
    }
}

/// Appends the vertices of a closed run that stay; the polygon lies on the side of `inside`.
fn push_outward(ring: &[World], threshold: f64, inside: i128, out: &mut Vec<World>) {
    let Some(first) = ring.first() else { return };
    out.push(*first);
    // Runs wait in reverse order, so that vertices come out in order.
    let mut runs = vec![(0, ring.len())];
    while let Some((first, last)) = runs.pop() {
        let Some(split) = vertex_to_keep(ring, first, last, threshold, inside) else {
            if last < ring.len() {
                out.push(ring[last]);
            }
            continue;
        };
        runs.push((split, last));
        runs.push((first, split));
    }
}

/// Returns a vertex of the run that must stay, unless the chord may replace the run.
fn vertex_to_keep(ring: &[World], first: usize, last: usize, threshold: f64, inside: i128) -> Option<usize> {
    let (a, b) = (ring[first], ring[last % ring.len()]);
    let mut farthest = (f64::NEG_INFINITY, None);
    let mut is_replaceable = true;
    for (vertex, point) in ring.iter().enumerate().take(last).skip(first + 1) {
        let squared = crate::weigh::distance_squared(a, b, *point);
        is_replaceable &= squared <= threshold && turn(a, b, *point) * inside >= 0 && a != b;
        if squared > farthest.0 {
            farthest = (squared, Some(vertex));
        }
    }
    if is_replaceable { None } else { farthest.1 }
}

/// Returns twice the signed area of a triangle; positive when it turns clockwise, y down.
fn turn(a: World, b: World, c: World) -> i128 {
    i128::from(b.x - a.x) * i128::from(c.y - a.y) - i128::from(b.y - a.y) * i128::from(c.x - a.x)
}

fn area_doubled(ring: &[World]) -> i128 {
    let edges = ring.iter().zip(ring.iter().cycle().skip(1));
    edges.map(|(a, b)| i128::from(a.x) * i128::from(b.y) - i128::from(b.x) * i128::from(a.y)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outward(rings: &[&[(i64, i64)]], tolerance: f64) -> Vec<Vec<(i64, i64)>> {
        let mut shape = Weighted::default();
        shape.geometry.reset(GeometryKind::Polygon);
        for ring in rings {
            shape.geometry.points.extend(ring.iter().map(|(x, y)| World::new(*x, *y)));
            shape.geometry.end_part();
        }
        shape.geometry.end_polygon();
        let mut out = Geometry::default();
        simplify_outward(&shape, tolerance, &mut out);
        out.parts().map(|part| part.iter().map(|point| (point.x, point.y)).collect()).collect()
    }

    #[test]
    fn notches_are_filled_and_bumps_stay_whatever_the_winding() {
        let notched = [(0, 0), (4, 2), (8, 0), (8, 8), (4, 10), (0, 8)];
        let filled = vec![(0, 0), (8, 0), (8, 8), (4, 10), (0, 8)];
        assert_eq!(outward(&[&notched], 3.0)[0], filled);
        let mut turned = notched;
        turned[1..].reverse();
        let mut found = outward(&[&turned], 3.0);
        found[0][1..].reverse();
        assert_eq!(found[0], filled);
    }

    #[test]
    fn holes_shrink() {
        let shell: &[(i64, i64)] = &[(-20, -20), (40, -20), (40, 40), (-20, 40)];
        let hole: &[(i64, i64)] = &[(0, 0), (0, 8), (4, 10), (8, 8), (8, 0), (4, 2)];
        assert_eq!(outward(&[shell, hole], 3.0)[1], [(0, 0), (0, 8), (8, 8), (8, 0), (4, 2)]);
    }

    #[test]
    fn coarser_tolerances_keep_subsets_and_ends_follow() {
        let mut shape = Weighted::default();
        shape.geometry.reset(GeometryKind::LineString);
        for x in 0..6 {
            shape.geometry.points.push(World::new(x, 0));
            if x % 3 == 2 {
                shape.geometry.end_part();
            }
        }
        shape.weights = vec![f64::INFINITY, 1.0, f64::INFINITY, f64::INFINITY, 9.0, f64::INFINITY];
        let mut other = Weighted::default();
        simplify_into(&shape, 0.0, &mut other);
        simplify(&mut shape, 0.0);
        assert_eq!(shape.geometry.part_ends, [3, 6]);
        assert_eq!((&other.geometry, &other.weights), (&shape.geometry, &shape.weights));
        simplify_into(&shape, 2.0, &mut other);
        simplify(&mut shape, 2.0);
        assert_eq!(shape.geometry.part_ends, [2, 5]);
        assert_eq!((&other.geometry, &other.weights), (&shape.geometry, &shape.weights));
        simplify(&mut shape, 3.0);
        let left: Vec<i64> = shape.geometry.points.iter().map(|point| point.x).collect();
        assert_eq!((left, shape.geometry.part_ends), (vec![0, 2, 3, 5], vec![2, 4]));
    }
}
