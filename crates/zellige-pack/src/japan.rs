//! The rule for navigation in Japan: a region lies wholly in it, or wholly outside of it.
//!
//! In:     the polygon of a region.
//! Out:    whether part of it lies in Japan, and part does not; or that it crosses itself too often to say.
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

/// How often the edges of a polygon near Japan may cross or touch each other beside where they join: outlines do
/// so a few times, and an overlay makes vertices of all of them.
pub const CROSSINGS_MAX: usize = 10_000;
/// Pairs of edges that are looked at for crossings: a tenth of a second. Outlines of countries have a hundredth.
const PAIRS_MAX: usize = 50_000_000;

type Contour = Vec<IntPoint<i32>>;

/// Edges of a polygon cross each other more than [`CROSSINGS_MAX`] times, or lie beside so many others that this
/// cannot be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too intricate, expected at most {CROSSINGS_MAX} crossings of edges")]
pub struct Intricate;

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
///
/// # Errors
///
/// [`Intricate`] when the polygon is near Japan and its edges cross each other too often.
pub fn holds_part(polygon: &Geometry<LonLat>) -> Result<bool, Intricate> {
    let rings: Vec<Contour> = polygon.parts().map(|ring| contour(ring, 0.0)).collect();
    let near = bounds(rings.iter().flatten());
    if !JAPAN.iter().any(|ring| meet(bounds(ring), near)) {
        return Ok(false);
    }
    check_crossings(&rings)?;
    let has = |rule| {
        let len = rings.iter().chain(JAPAN.iter()).map(Vec::len).sum();
        let mut overlay = Overlay::<i32>::new_custom(len, IntOverlayOptions::ogc(), Solver::default());
        overlay.add_source(&rings, ShapeType::Subject);
        overlay.add_source(&*JAPAN, ShapeType::Clip);
        !overlay.overlay(rule, FillRule::EvenOdd).is_empty()
    };
    Ok(has(OverlayRule::Intersect) && has(OverlayRule::Difference))
}

/// Returns the lowest and the highest coordinates of points; those of none meet nothing.
fn bounds<'p>(points: impl IntoIterator<Item = &'p IntPoint<i32>>) -> [IntPoint<i32>; 2] {
    let none = [IntPoint::new(i32::MAX, i32::MAX), IntPoint::new(i32::MIN, i32::MIN)];
    points.into_iter().fold(none, |[low, high], point| {
        [
            IntPoint::new(low.x.min(point.x), low.y.min(point.y)),
            IntPoint::new(high.x.max(point.x), high.y.max(point.y)),
        ]
    })
}

fn meet(a: [IntPoint<i32>; 2], b: [IntPoint<i32>; 2]) -> bool {
    a[0].x <= b[1].x && b[0].x <= a[1].x && a[0].y <= b[1].y && b[0].y <= a[1].y
}

/// Refuses rings whose edges cross or touch too often; each edge is compared with those that begin before it ends.
fn check_crossings(rings: &[Contour]) -> Result<(), Intricate> {
    let mut edges = Vec::new();
    for ring in rings {
        let mut ring = ring.clone();
        ring.dedup();
        let next = ring.iter().cycle().skip(1);
        edges.extend(ring.iter().zip(next).map(|(from, to)| ([*from, *to], bounds([from, to]))));
    }
    // Each edge meets the one after it where they join.
    let n_crossings_max = CROSSINGS_MAX + edges.len();
    edges.sort_unstable_by_key(|(_, [low, _])| low.x);
    let (mut n_pairs, mut n_crossings) = (0, 0);
    for (edge_idx, (edge, place)) in edges.iter().enumerate() {
        let beside = edges[edge_idx + 1..].iter().take_while(|(_, [low, _])| low.x <= place[1].x);
        for (other, other_place) in beside {
            n_pairs += 1;
            n_crossings += usize::from(meet(*place, *other_place) && cross(edge, other));
            if n_pairs > PAIRS_MAX || n_crossings > n_crossings_max {
                return Err(Intricate);
            }
        }
    }
    Ok(())
}

/// Whether two edges whose bounds meet have a point in common.
fn cross(a: &[IntPoint<i32>; 2], b: &[IntPoint<i32>; 2]) -> bool {
    let side = |[from, to]: &[IntPoint<i32>; 2], at: IntPoint<i32>| {
        let across = |a: i32, b: i32| i128::from(i64::from(a) - i64::from(b));
        let product =
            across(to.x, from.x) * across(at.y, from.y) - across(to.y, from.y) * across(at.x, from.x);
        product.signum()
    };
    side(a, b[0]) * side(a, b[1]) <= 0 && side(b, a[0]) * side(b, a[1]) <= 0
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
        assert_eq!(holds_part(&polygon), Ok(expected), "{west} {south} {east} {north}");
    }

    /// A star whose every edge crosses nearly all others, and one of which every edge joins its neighbours.
    #[test]
    fn stars_that_cross_themselves_are_refused_near_japan() {
        let star = |lon: f64, step: u32| {
            let mut polygon = Geometry::default();
            polygon.reset(GeometryKind::Polygon);
            polygon.points.extend((0..8001).map(|number: u32| {
                let turn = f64::from(number * step % 8001) / 8001.0 * std::f64::consts::TAU;
                LonLat::new(lon + turn.cos(), 36.0 + turn.sin())
            }));
            polygon.end_part();
            polygon.end_polygon();
            holds_part(&polygon)
        };
        assert_eq!(star(138.0, 4000), Err(Intricate));
        assert_eq!(star(138.0, 1), Ok(false));
        assert_eq!(star(9.0, 4000), Ok(false));
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
