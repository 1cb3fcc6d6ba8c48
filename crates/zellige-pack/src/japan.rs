//! The rule for navigation in Japan: a region lies wholly in it, or wholly outside of it.
//!
//! In:     the polygon of a region.
//! Out:    whether part of it lies in Japan, and part does not.
//! Keeps:  edges straight between projected vertices, as the cover has them.
//! Source: Offline Data API errors; the area in `assets/japan.geojson`, with its origin beside it. The sea around
//!         the coast belongs to it, otherwise each harbour would be partly in Japan.

use std::sync::LazyLock;

use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay::{IntOverlayOptions, Overlay, ShapeType};
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::core::solver::Solver;
use i_overlay::i_float::int::point::IntPoint;
use serde_json::Value;
use zellige_model::{Geometry, LonLat, World};
use zellige_tile::project::project_point;

/// World units of a step of the overlay, as a power of two: 15 centimetres at the equator.
const STEP_BITS: u32 = 12;

type Contour = Vec<IntPoint<i32>>;

/// Japan, in this world and in the one to the west, where regions over the antimeridian may meet it.
static JAPAN: LazyLock<Vec<Contour>> = LazyLock::new(|| {
    let text = include_str!("../assets/japan.geojson");
    let document: Value = serde_json::from_str(text).expect("a test reads the asset");
    let polygons = document["features"][0]["geometry"]["coordinates"].as_array();
    let rings = polygons.into_iter().flatten().filter_map(Value::as_array).flatten();
    let positions = rings.map(|ring| {
        let position = |position: &Value| Some(LonLat::new(position[0].as_f64()?, position[1].as_f64()?));
        ring.as_array().into_iter().flatten().filter_map(position).collect::<Vec<_>>()
    });
    let worlds = positions.flat_map(|ring| [contour(&ring, 0.0), contour(&ring, -360.0)]);
    worlds.collect()
});

/// Whether the interior of a polygon meets Japan and is not covered by it.
#[must_use]
pub fn holds_part(polygon: &Geometry<LonLat>) -> bool {
    let rings: Vec<Contour> = polygon.parts().map(|ring| contour(ring, 0.0)).collect();
    let has = |rule| {
        let len = rings.iter().chain(JAPAN.iter()).map(Vec::len).sum();
        let mut overlay = Overlay::<i32>::new_custom(len, IntOverlayOptions::ogc(), Solver::default());
        overlay.add_source(&rings, ShapeType::Subject);
        overlay.add_source(&*JAPAN, ShapeType::Clip);
        !overlay.overlay(rule, FillRule::EvenOdd).is_empty()
    };
    has(OverlayRule::Intersect) && has(OverlayRule::Difference)
}

fn contour(ring: &[LonLat], east: f64) -> Contour {
    let step = |at: i64| (at >> STEP_BITS) as i32;
    let project = |point: &LonLat| {
        let World { x, y } = project_point(LonLat::new(point.lon + east, point.lat));
        IntPoint::new(step(x), step(y))
    };
    ring.iter().map(project).collect()
}

#[cfg(test)]
mod tests {
    use zellige_model::GeometryKind;

    use super::*;

    fn check([west, south, east, north]: [f64; 4], expected: bool) {
        let mut polygon = Geometry::default();
        polygon.reset(GeometryKind::Polygon);
        let corners = [(west, south), (east, south), (east, north), (west, north)];
        polygon.points.extend(corners.map(|(lon, lat)| LonLat::new(lon, lat)));
        polygon.end_part();
        polygon.end_polygon();
        assert_eq!(holds_part(&polygon), expected, "{west} {south} {east} {north}");
    }

    #[test]
    fn area_is_whole() {
        assert_eq!((JAPAN.len(), JAPAN.iter().map(Vec::len).sum::<usize>()), (48, 2 * 2114));
    }

    #[test]
    fn inside_and_outside_are_not_partly() {
        check([139.5, 35.5, 139.9, 35.8], false);
        check([9.4, 47.0, 9.7, 47.3], false);
        check([126.7, 37.3, 127.2, 37.7], false);
    }

    #[test]
    fn boxes_that_stick_out_are_partly() {
        check([122.0, 20.0, 155.0, 46.0], true);
        check([129.0, 34.0, 131.0, 36.5], true);
        check([-238.0, 20.0, -205.0, 46.0], true);
    }
}
