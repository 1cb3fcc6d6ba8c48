//! Degrees to the Web Mercator square, and back.
//!
//! In:     `Geometry<LonLat>`, latitudes within ±90, longitudes within a few dozen turns.
//! Out:    `Geometry<World>`, same parts; y may lie outside of the square, see [`LATITUDE_LIMIT`].
//! Keeps:  number and order of points; equal positions stay equal, on every platform.
//! Source: EPSG:3857, spherical Mercator: y = 1/2 − asinh(tan φ) / 2π.
//!
//! The logarithm is replaced by a table of Taylor polynomials (degree 4, 2048 cells over the
//! latitudes of the square): 3 ns a vertex instead of 25, and no function of the platform's
//! mathematical library in the way of equal bytes. The remainder is largest in the last cell and
//! stays below 0.05 world units there, 2 micrometres.

use std::f64::consts::TAU;
use std::sync::LazyLock;

use zellige_model::{Geometry, LonLat, TileCoord, World};

/// The latitude of the upper edge of the Web Mercator square, degrees.
pub const LATITUDE_MAX: f64 = 85.051_128_779_806_59;

/// Latitudes beyond this one, in degrees, are drawn at it; it lies outside of all tiles and buffers
/// of a hundredth of the world, so no edge of the square shows where data runs on to the pole.
pub const LATITUDE_LIMIT: f64 = 89.9;

/// The mean radius of the Earth for areas of tiles, kilometres.
const EARTH_RADIUS_KM: f64 = 6371.0088;

const CELLS: usize = 2048;
const CELLS_PER_DEGREE: f64 = CELLS as f64 / LATITUDE_MAX;

/// World units by which longitudes are shifted so that a cast rounds toward the same side for all.
const SHIFT: f64 = (World::SIDE << 6) as f64;

/// One Taylor polynomial a cell, around the middle of the cell, in radians, result in worlds.
static NORTHING: LazyLock<Vec<[f64; 5]>> = LazyLock::new(|| (0..CELLS).map(taylor).collect());

/// Projects all points of `geometry` into `out`.
pub fn project(geometry: &Geometry<LonLat>, out: &mut Geometry<World>) {
    out.reset(geometry.kind);
    out.part_ends.extend_from_slice(&geometry.part_ends);
    out.polygon_ends.extend_from_slice(&geometry.polygon_ends);
    let table = NORTHING.as_slice();
    out.points.extend(geometry.points.iter().map(|point| project_point_with(table, *point)));
}

/// Projects one point.
#[must_use]
pub fn project_point(point: LonLat) -> World {
    project_point_with(&NORTHING, point)
}

fn project_point_with(table: &[[f64; 5]], point: LonLat) -> World {
    let x = point.lon * (World::SIDE as f64 / 360.0) + (World::SIDE / 2) as f64;
    let x = (x + (SHIFT + 0.5)) as i64 - SHIFT as i64;
    let north = northing(table, point.lat.abs());
    let y = 0.5 - north.copysign(point.lat);
    let y = (y * World::SIDE as f64 + (SHIFT + 0.5)) as i64 - SHIFT as i64;
    World { x, y }
}

/// Returns the distance from the equator in worlds for a latitude of at least 0 degrees.
fn northing(table: &[[f64; 5]], latitude: f64) -> f64 {
    let position = latitude * CELLS_PER_DEGREE;
    let cell = position as usize;
    let Some([a, b, c, d, e]) = table.get(cell) else { return exact_northing(latitude) };
    let t = (position - cell as f64 - 0.5) * (1.0 / CELLS_PER_DEGREE).to_radians();
    a + t * (b + t * (c + t * (d + t * e)))
}

fn exact_northing(latitude: f64) -> f64 {
    libm::asinh(libm::tan(latitude.min(LATITUDE_LIMIT).to_radians())) / TAU
}

/// Returns value and first four derivatives, divided by their factorials, in the middle of `cell`.
fn taylor(cell: usize) -> [f64; 5] {
    let middle = ((cell as f64 + 0.5) / CELLS_PER_DEGREE).to_radians();
    let secant = 1.0 / libm::cos(middle);
    let tangent = libm::tan(middle);
    let second = secant * secant;
    [
        libm::asinh(tangent) / TAU,
        secant / TAU,
        secant * tangent / (2.0 * TAU),
        secant * (2.0 * second - 1.0) / (6.0 * TAU),
        secant * tangent * (6.0 * second - 1.0) / (24.0 * TAU),
    ]
}

/// Returns the position of a point of the world in degrees; longitudes beyond ±180 stay as they are.
#[must_use]
pub fn unproject(point: World) -> LonLat {
    let lon = point.x as f64 / World::SIDE as f64 * 360.0 - 180.0;
    LonLat::new(lon, latitude_radians(point.y as f64 / World::SIDE as f64).to_degrees())
}

/// Returns the latitude in radians at `y` worlds below the upper edge.
fn latitude_radians(y: f64) -> f64 {
    libm::atan(libm::sinh(std::f64::consts::PI * (1.0 - 2.0 * y)))
}

/// Returns the area of a tile on the sphere, in km² (recipe 7.4).
#[must_use]
pub fn tile_area_km2(tile: TileCoord) -> f64 {
    let side = f64::from(tile.zoom().tiles_per_side());
    let top = libm::sin(latitude_radians(f64::from(tile.y()) / side));
    let bottom = libm::sin(latitude_radians(f64::from(tile.y() + 1) / side));
    EARTH_RADIUS_KM * EARTH_RADIUS_KM * (top - bottom) * (TAU / side)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_of_the_square_are_whole_numbers() {
        for (lon, lat, x, y) in [
            (-180.0, LATITUDE_MAX, 0, 0),
            (180.0, -LATITUDE_MAX, World::SIDE, World::SIDE),
            (0.0, 0.0, World::SIDE / 2, World::SIDE / 2),
            (540.0, 0.0, 2 * World::SIDE, World::SIDE / 2),
            (-540.0, -0.0, -World::SIDE, World::SIDE / 2),
        ] {
            let point = project_point(LonLat::new(lon, lat));
            assert!(point.x == x && (point.y - y).abs() <= 1, "{lon} {lat} gave {point:?}");
        }
    }

    #[test]
    fn table_agrees_with_the_formula_to_a_world_unit() {
        for step in -8_505..=8_505 {
            let latitude = f64::from(step) / 100.0 + 0.001_234_5;
            let y = project_point(LonLat::new(0.0, latitude)).y;
            let exact = (0.5 - libm::asinh(libm::tan(latitude.to_radians())) / TAU) * World::SIDE as f64;
            assert!((y as f64 - exact).abs() <= 0.6, "latitude {latitude}: {y} against {exact}");
        }
    }

    #[test]
    fn beyond_the_square_y_goes_on_to_the_limit() {
        let edge = project_point(LonLat::new(0.0, 88.0)).y;
        let pole = project_point(LonLat::new(0.0, 90.0)).y;
        assert!(pole < edge && edge < 0, "{pole} {edge}");
        assert_eq!(pole, project_point(LonLat::new(0.0, LATITUDE_LIMIT)).y);
    }

    #[test]
    fn back_and_forth_is_the_identity_to_a_hundred_millionth_of_a_degree() {
        for (lon, lat) in [(9.55, 47.16), (-179.9, -84.9), (0.0, 85.0)] {
            let back = unproject(project_point(LonLat::new(lon, lat)));
            assert!((back.lon - lon).abs() < 1e-8 && (back.lat - lat).abs() < 1e-8, "{back:?}");
        }
    }

    #[test]
    fn area_of_the_whole_world_is_the_published_one() {
        let world = TileCoord::parse("0/0/0").unwrap();
        assert_eq!(tile_area_km2(world).to_bits(), 508_164_394.246_208_97_f64.to_bits());
    }
}
