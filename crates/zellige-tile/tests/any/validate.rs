//! Any polygons on the grid become legal ones of nearly the same area.
//!
//! The fuzz target `validate` runs this too.

use zellige_model::{Geometry, GeometryKind, Grid};
use zellige_testkit::polygon::polygon_faults;
use zellige_tile::validate::{Validator, area_doubled};

use crate::draw::{Draw, Part};

/// Edges are at most as many for an area to be judged, which takes their cube.
const EDGES_MAX: usize = 60;

/// Makes what is drawn legal, twice.
pub(crate) fn run(bytes: &[u8]) {
    let parts = Draw(bytes).parts();
    let mut geometry = geometry_of(&parts);
    let mut validator = Validator::default();
    validator.validate(&mut geometry);
    assert_legal(&geometry);
    let area = doubled_area(&geometry);
    check_area(&parts, area);
    validator.validate(&mut geometry);
    assert_legal(&geometry);
    assert_eq!(doubled_area(&geometry), area, "legal shapes keep their area");
    validator.unite(&mut geometry);
    assert_legal(&geometry);
}

fn geometry_of(parts: &[Part]) -> Geometry<Grid> {
    let mut geometry = Geometry::default();
    geometry.reset(GeometryKind::Polygon);
    for part in parts {
        if part.begins_polygon && !geometry.part_ends.is_empty() {
            geometry.end_polygon();
        }
        geometry.points.extend(part.points.iter().map(|[x, y]| Grid::new((*x).into(), (*y).into())));
        geometry.end_part();
    }
    if !geometry.part_ends.is_empty() {
        geometry.end_polygon();
    }
    geometry
}

fn assert_legal(geometry: &Geometry<Grid>) {
    assert_eq!(polygon_faults(geometry), [""; 0], "{geometry:?}");
}

fn doubled_area(geometry: &Geometry<Grid>) -> i64 {
    geometry.parts().map(area_doubled).sum()
}

/// Compares the area of a single polygon with that under the even-odd rule.
fn check_area(parts: &[Part], area: i64) {
    let n_edges: usize = parts.iter().map(|part| part.points.len()).sum();
    let is_single = parts.iter().filter(|part| part.begins_polygon).count() == 1;
    if !is_single || EDGES_MAX < n_edges {
        return;
    }
    // Holes go with a shell that has no area; grid points make no smaller one than half a unit.
    if even_odd_area(&edges(&parts[..1])) < 0.25 {
        return;
    }
    let edges = edges(parts);
    let expected = 2.0 * even_odd_area(&edges);
    let length: f64 = edges.iter().map(|[a, b]| (b[0] - a[0]).hypot(b[1] - a[1])).sum();
    // Crossings are rounded to the grid, which moves an edge by at most a unit along its length.
    let tolerance = 0.01 * expected + 2.0 * length + 4.0;
    assert!((area as f64 - expected).abs() <= tolerance, "{area} instead of {expected}: {parts:?}");
}

type Edge = [[f64; 2]; 2];

fn edges(parts: &[Part]) -> Vec<Edge> {
    let ring = |part: &Part| -> Vec<Edge> {
        let point = |[x, y]: [i16; 2]| [f64::from(x), f64::from(y)];
        let next = part.points.iter().cycle().skip(1);
        part.points.iter().zip(next).map(|(a, b)| [point(*a), point(*b)]).collect()
    };
    parts.iter().flat_map(ring).collect()
}

/// Returns the area under the even-odd rule: between two heights at which edges end or cross, edges are
/// straight and apart, so the widths in the middle tell the area.
fn even_odd_area(edges: &[Edge]) -> f64 {
    let mut heights: Vec<f64> = edges.iter().flatten().map(|point| point[1]).collect();
    for (idx, one) in edges.iter().enumerate() {
        heights.extend(edges[..idx].iter().filter_map(|other| crossing(*one, *other)));
    }
    heights.sort_by(f64::total_cmp);
    heights.dedup();
    let mut area = 0.0;
    for height in heights.windows(2) {
        let middle = f64::midpoint(height[0], height[1]);
        let mut places: Vec<f64> = edges.iter().filter_map(|edge| place(*edge, middle)).collect();
        places.sort_by(f64::total_cmp);
        let width: f64 = places.chunks_exact(2).map(|pair| pair[1] - pair[0]).sum();
        area += width * (height[1] - height[0]);
    }
    area
}

/// Returns the height at which the lines of two edges cross.
fn crossing([a, b]: Edge, [c, d]: Edge) -> Option<f64> {
    let (rx, ry, sx, sy) = (b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]);
    let cross = rx * sy - ry * sx;
    let along = ((c[0] - a[0]) * sy - (c[1] - a[1]) * sx) / cross;
    (cross != 0.0 && (0.0..=1.0).contains(&along)).then(|| a[1] + along * ry)
}

/// Returns where an edge is at a height that none ends at.
fn place([a, b]: Edge, height: f64) -> Option<f64> {
    let is_there = (a[1] < height) != (b[1] < height);
    is_there.then(|| a[0] + (height - a[1]) / (b[1] - a[1]) * (b[0] - a[0]))
}

#[test]
fn corpus_passes() {
    zellige_testkit::corpus::replay("validate", run);
}
