//! Any lines and rings cut into stripes: all within their windows, and nothing lost.
//!
//! The fuzz target `clip` runs this too.

use zellige_model::{Geometry, GeometryKind, World, WorldBounds};
use zellige_tile::clip::{self, Pieces, Stripes};

use crate::draw::{Draw, Part};

/// Stripes are at most as many.
const STRIPES_MAX: i64 = 64;

/// Cuts what is drawn into columns and rows, and to a window.
pub(crate) fn run(bytes: &[u8]) {
    let mut draw = Draw(bytes);
    let kind = [GeometryKind::LineString, GeometryKind::Polygon][draw.below(2)];
    // World coordinates have 44 bits and may lie outside of the square.
    let shift = 6 * draw.below(6);
    let side = (1 + i64::from(draw.byte())) << shift;
    let buffer = side * i64::from(draw.byte()) / 255;
    let stripes = Stripes { side, buffer };
    let shape = geometry_of(kind, &draw.parts(), shift);
    if shape.is_empty() {
        return;
    }
    let bounds = bounds(&shape);
    let mut pieces = Pieces::default();
    let mut touched = stripes.touched(bounds.min.x, bounds.max.x);
    touched.1 = touched.1.min(touched.0 + STRIPES_MAX);
    clip::columns(&shape, stripes, touched, &mut pieces);
    check_stripes(&shape, stripes, &pieces, |point| point.x);
    let mut touched = stripes.touched(bounds.min.y, bounds.max.y);
    touched.1 = touched.1.min(touched.0 + STRIPES_MAX);
    clip::rows(&shape, stripes, touched, &mut pieces);
    check_stripes(&shape, stripes, &pieces, |point| point.y);
    check_window(&shape, stripes, bounds.min);
}

fn geometry_of(kind: GeometryKind, parts: &[Part], shift: usize) -> Geometry<World> {
    let mut geometry = Geometry::default();
    geometry.reset(kind);
    let n_points_min = if kind == GeometryKind::Polygon { 3 } else { 2 };
    for part in parts.iter().filter(|part| n_points_min <= part.points.len()) {
        if kind == GeometryKind::Polygon && part.begins_polygon && !geometry.part_ends.is_empty() {
            geometry.end_polygon();
        }
        let point = |[x, y]: &[i16; 2]| World::new(i64::from(*x) << shift, i64::from(*y) << shift);
        geometry.points.extend(part.points.iter().map(point));
        geometry.end_part();
    }
    if kind == GeometryKind::Polygon && !geometry.part_ends.is_empty() {
        geometry.end_polygon();
    }
    geometry
}

fn bounds(shape: &Geometry<World>) -> WorldBounds {
    let (mut min, mut max) = (shape.points[0], shape.points[0]);
    for point in &shape.points {
        min = World::new(min.x.min(point.x), min.y.min(point.y));
        max = World::new(max.x.max(point.x), max.y.max(point.y));
    }
    WorldBounds { min, max }
}

/// Rings with as many vertices may be unwound, which leaves out spikes: they have no area.
const UNWOUND_POINTS_MIN: usize = 128;

/// What lies within a window is there, and nothing outside of it; what touches its edge from outside may go.
fn check_stripes(shape: &Geometry<World>, stripes: Stripes, pieces: &Pieces, axis: fn(World) -> i64) {
    for (number, piece) in pieces.iter() {
        assert_eq!(piece.kind, shape.kind);
        let [low, high] =
            [number * stripes.side - stripes.buffer, (number + 1) * stripes.side + stripes.buffer];
        for point in &piece.points {
            assert!(
                low <= axis(*point) && axis(*point) <= high,
                "{point:?} in stripe {number} of {stripes:?}"
            );
        }
        let mut points = piece.points.clone();
        points.sort_unstable();
        let is_inside = |point: &World| low < axis(*point) && axis(*point) < high;
        for outline in outlines(shape) {
            let may_be_unwound =
                shape.kind == GeometryKind::Polygon && outline.len() * 2 >= UNWOUND_POINTS_MIN;
            for (nth, point) in outline.iter().enumerate().filter(|(_, point)| is_inside(point)) {
                let before = outline[(nth + outline.len() - 1) % outline.len()];
                let after = outline[(nth + 1) % outline.len()];
                let is_spike = [before, after].iter().all(|end| axis(*end) <= low)
                    || [before, after].iter().all(|end| high <= axis(*end));
                let is_there = points.binary_search(point).is_ok();
                let is_excused = may_be_unwound && is_spike;
                assert!(is_there || is_excused, "{point:?} is not in stripe {number} of {stripes:?}");
            }
        }
        let n_points_min = if shape.kind == GeometryKind::Polygon { 3 } else { 2 };
        assert!(piece.parts().all(|part| n_points_min <= part.len()), "{piece:?}");
    }
}

/// Returns lines and outer rings; holes go with their outer ring.
fn outlines(shape: &Geometry<World>) -> Box<dyn Iterator<Item = &[World]> + '_> {
    if shape.kind == GeometryKind::LineString {
        return Box::new(shape.parts());
    }
    Box::new(shape.polygons().map(|rings| shape.part(rings.start)))
}

/// Cutting to a window twice is cutting once.
fn check_window(shape: &Geometry<World>, stripes: Stripes, min: World) {
    let window = WorldBounds { min, max: World::new(min.x + stripes.side, min.y + stripes.side) };
    let (mut scratch, mut once, mut twice) = (Pieces::default(), Geometry::default(), Geometry::default());
    clip::window(shape, &window, &mut scratch, &mut once);
    clip::window(&once, &window, &mut scratch, &mut twice);
    assert_eq!(doubled_area(&once), doubled_area(&twice));
    let is_inside = |point: &World| window.meets(&WorldBounds { min: *point, max: *point });
    assert!(once.points.iter().all(is_inside));
}

fn doubled_area(geometry: &Geometry<World>) -> i128 {
    let cross =
        |(a, b): (&World, &World)| i128::from(a.x) * i128::from(b.y) - i128::from(b.x) * i128::from(a.y);
    geometry.parts().flat_map(|ring| ring.iter().zip(ring.iter().cycle().skip(1)).map(cross)).sum()
}

#[test]
fn corpus_passes() {
    zellige_testkit::corpus::replay("clip", run);
}
