//! Removes what no ring needs: repeats, spikes, vertices on straight edges; winds the rest.

use zellige_model::{Geometry, GeometryKind, Grid};

use super::area_doubled;
use super::edge::turn;

/// Removes repeats, spikes and vertices on straight edges, then rings of which nothing is left; winds the rest.
pub(super) fn tidy(geometry: &mut Geometry<Grid>, scratch: &mut Geometry<Grid>) {
    scratch.reset(GeometryKind::Polygon);
    for mut rings in geometry.polygons() {
        let Some(shell) = rings.next() else { continue };
        if !tidy_ring(geometry.part(shell), true, scratch) {
            continue;
        }
        for hole in rings {
            tidy_ring(geometry.part(hole), false, scratch);
        }
        scratch.end_polygon();
    }
    std::mem::swap(geometry, scratch);
}

/// Removes the same of rings whose edges were bent: what an outer ring held stays when nothing is left of it, since all
/// rings count alike by the even-odd rule.
pub(super) fn tidy_bent(geometry: &mut Geometry<Grid>, scratch: &mut Geometry<Grid>) {
    scratch.reset(GeometryKind::Polygon);
    for rings in geometry.polygons() {
        let mut is_first = true;
        for ring in rings {
            is_first &= !tidy_ring(geometry.part(ring), is_first, scratch);
        }
        if !is_first {
            scratch.end_polygon();
        }
    }
    std::mem::swap(geometry, scratch);
}

/// Appends the tidy form of `ring`, wound as asked; says whether there is one.
fn tidy_ring(ring: &[Grid], is_shell: bool, out: &mut Geometry<Grid>) -> bool {
    let start = out.points.len();
    push_bends(ring, start, &mut out.points);
    trim_seam(start, &mut out.points);
    if out.points.len() - start < 3 {
        out.points.truncate(start);
        return false;
    }
    // A ring of bends can only have no area when it crosses itself, and then it will be mended.
    if (area_doubled(&out.points[start..]) > 0) != is_shell {
        out.points[start + 1..].reverse();
    }
    out.end_part();
    true
}

/// Appends the points of `ring`, taking back earlier ones that turn out to be no bends.
fn push_bends(ring: &[Grid], start: usize, points: &mut Vec<Grid>) {
    points.reserve(ring.len());
    for point in ring {
        while let [.., before, last] = &points[start..] {
            if turn(*before, *last, *point) != 0 {
                break;
            }
            points.pop();
        }
        // Two points that are left say nothing about a third.
        if points.len() != start + 1 || points[start] != *point {
            points.push(*point);
        }
    }
}

/// Removes points at both ends of the ring that are no bends once it is closed.
fn trim_seam(start: usize, points: &mut Vec<Grid>) {
    let mut kept = start;
    while let [first, second, .., before, last] = &points[kept..] {
        if turn(*before, *last, *first) == 0 {
            points.pop();
        } else if turn(*last, *first, *second) == 0 {
            kept += 1;
        } else {
            break;
        }
    }
    points.drain(start..kept);
}
