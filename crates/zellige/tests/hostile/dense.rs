//! Features whose parts lie upon each other: they are drawn as one legal shape, or gone with a word, in time.
//!
//! Each is small enough for a test that is not optimised; what takes time with them grows faster than they do.

use std::fmt::Write as _;

use crate::large::around;
use crate::lines::{check, geometry};

/// How many parts or vertices lie upon each other.
const MANY: usize = 5_000;

/// Numbers from 0 to before 1 that look like chance and are the same each time.
fn chance() -> impl FnMut() -> f64 {
    let mut state = 1_u64;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31)
    }
}

/// Writes positions, joined by commas.
fn positions(all: impl IntoIterator<Item = (f64, f64)>) -> String {
    let mut text = String::new();
    for (x, y) in all {
        let comma = if text.is_empty() { "" } else { "," };
        let _ = write!(text, "{comma}[{x:.6},{y:.6}]");
    }
    text
}

/// Returns the closed ring of a square that begins at its south-west corner.
fn square(west: f64, south: f64, side: f64) -> String {
    let (east, north) = (west + side, south + side);
    format!("[{}]", positions([(west, south), (east, south), (east, north), (west, north), (west, south)]))
}

/// What comes of a polygon that no tile can show, between its neighbours.
fn redrawn() -> (usize, Vec<String>) {
    (3, vec!["noise-redrawn".to_owned()])
}

#[test]
fn line_that_crosses_itself_everywhere_is_kept() {
    let mut next = chance();
    let line = positions((0..MANY).map(|_| (next() * 160.0 - 80.0, next() * 120.0 - 60.0)));
    assert_eq!(around(&geometry("LineString", &format!("[{line}]"))), (3, Vec::new()));
}

#[test]
fn equal_squares_are_one_square() {
    let once = format!("[{}]", square(-45.0, 0.0, 45.0));
    check(geometry("Polygon", &once), "2 POLYGON((1536 2048,1536 1473,2048 1473,2048 2048)) {}");
    let all = vec![once; MANY].join(",");
    let drawn = "2 POLYGON((1536 1473,2048 1473,2048 2048,1536 2048)) {}\nnoise-redrawn";
    check(geometry("MultiPolygon", &format!("[{all}]")), drawn);
}

#[test]
fn squares_upon_each_other_are_drawn() {
    let mut next = chance();
    let squares = (0..MANY / 5).map(|_| format!("[{}]", square(next() * 20.0, next() * 20.0, 30.0)));
    let all = squares.collect::<Vec<_>>().join(",");
    assert_eq!(around(&geometry("MultiPolygon", &format!("[{all}]"))), redrawn());
}

#[test]
fn triangles_anywhere_are_drawn() {
    let mut next = chance();
    let mut triangle = || {
        let mut corner = || (next() * 160.0 - 80.0, next() * 120.0 - 60.0);
        let first = corner();
        format!("[[{}]]", positions([first, corner(), corner(), first]))
    };
    let all = (0..MANY / 10).map(|_| triangle()).collect::<Vec<_>>().join(",");
    assert_eq!(around(&geometry("MultiPolygon", &format!("[{all}]"))), redrawn());
}

#[test]
fn rings_within_rings_are_drawn() {
    let ring = |nth: usize| {
        let half = 60.0 * (1.0 - nth as f64 / MANY as f64);
        square(-half, -half, 2.0 * half)
    };
    let rings = (0..MANY).map(ring).collect::<Vec<_>>().join(",");
    assert_eq!(around(&geometry("Polygon", &format!("[{rings}]"))), redrawn());
}

#[test]
fn comb_of_slanted_teeth_is_drawn() {
    let width = 160.0 / MANY as f64;
    let tooth = |nth: usize| {
        let west = width * nth as f64 - 80.0;
        let tip = west + 30.0;
        [(west, 0.0), (tip, 60.0), (tip + width / 2.0, 60.0), (west + width / 2.0, 0.0)]
    };
    let back = [(80.0, -5.0), (-80.0, -5.0), (-80.0, 0.0)];
    let ring = positions((0..MANY).flat_map(tooth).chain(back));
    assert_eq!(around(&geometry("Polygon", &format!("[[{ring}]]"))), (3, Vec::new()));
}

#[test]
fn ring_and_line_of_one_place_are_told() {
    let ring = positions(vec![(5.5, 44.4); MANY]);
    let unencodable = "geometry-unencodable: Invalid number of points in polygon ring, can not encode";
    check(geometry("Polygon", &format!("[[{ring}]]")), unencodable);
    let vanished = "feature-vanished: Feature is smaller than a grid unit at zoom 0, the deepest";
    check(geometry("LineString", &format!("[{ring}]")), vanished);
}
