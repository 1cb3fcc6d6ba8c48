//! Sources that are large in one respect: they end in bounded time and memory, and their neighbours are kept.
//!
//! Built without optimisation, sizes are a twentieth; `cargo test --release -p zellige --test hostile` has all of them.

use std::fmt::Write as _;
use std::time::Duration;

use zellige::Source;

use crate::job::Desk;
use crate::lines::{check, feature, geometry};

/// By how much less there is of everything in a test that is not optimised.
const PART: usize = if cfg!(debug_assertions) { 20 } else { 1 };

/// How long the large jobs take at most.
const TIME_MAX: Duration = Duration::from_mins(1);

const NESTED: &str = "line-undecodable: JSON is nested deeper than 100 levels";

fn nested(open: &str, inner: &str, close: &str) -> String {
    open.repeat(100_000) + inner + &close.repeat(100_000)
}

#[test]
fn nesting_without_end_is_named() {
    for value in [nested("[", "1", "]"), nested(r#"{"a":"#, "1", "}"), nested(r#"[{"a":["#, "1", "]}]")] {
        check(feature(&format!(r#""id":2,"properties":{{"a":{value}}}"#)), NESTED);
        check(feature(&format!(r#""id":{value}"#)), NESTED);
        check(feature(&format!(r#""id":2,"aside":{value}"#)), NESTED);
        check(feature(&format!(r#""id":2,"properties":{value}"#)), NESTED);
        check(geometry("Polygon", &value), NESTED);
        check(value, NESTED);
    }
    let eof = "line-undecodable: Line is not valid JSON: EOF while parsing a value (column ";
    check("[".repeat(100_000), &format!("{eof}100000)").replace("a value", "a list"));
    check(r#"{"a":"#.repeat(100_000), &format!("{eof}500000)"));
}

#[test]
fn long_texts_are_kept_where_a_tile_has_room() {
    let text = "x".repeat(100_000);
    let kept = format!(r#"2 POINT(2162 1816) {{"a":"{text}"}}"#);
    check(feature(&format!(r#""id":2,"properties":{{"a":"{text}"}}"#)), &kept);
    let name = format!(r#"2 POINT(2162 1816) {{"{text}":1}}"#);
    check(feature(&format!(r#""id":2,"properties":{{"{text}":1}}"#)), &name);
    // The text of an id is hashed.
    let ended = Desk::new();
    let path = ended.file("all.geojsonl", feature(&format!(r#""id":"{text}""#)));
    assert_eq!(ended.publish_file(&path).features.len(), 1);
}

/// Publishes good neighbours around a text; returns features, and findings in its line.
pub(crate) fn around(line: &str) -> (usize, Vec<String>) {
    let desk = Desk::new();
    let point = |id: u32| feature(&format!(r#""id":{id}"#));
    let path = desk.file("all.geojsonl", [point(1).as_str(), line, &point(3)].join("\n"));
    let ended = desk.publish(Source::new("all").file(&path));
    assert!(ended.elapsed < TIME_MAX, "it took {:?}", ended.elapsed);
    (ended.features.len(), ended.findings(&path, 2))
}

#[test]
fn text_that_fits_no_tile_is_told() {
    let text = "x".repeat(10_000_000);
    let name = format!(r#""id":2,"properties":{{"{text}":1}}"#);
    let value = format!(r#""id":2,"properties":{{"a":"{text}"}}"#);
    let values: Vec<String> = (0..40).map(|nth| format!(r#""a{nth}":"{nth}{}""#, &text[..100_000])).collect();
    let values = format!(r#""id":2,"properties":{{{}}}"#, values.join(","));
    for (members, bytes) in [(name, "10000036"), (value, "10000046"), (values, "4001003")] {
        let (n_features, findings) = around(&feature(&members));
        let told =
            format!("layer-over-budget: Feature alone needs about {bytes} bytes, for which no tile has room");
        assert_eq!((n_features, findings), (2, vec![told]));
    }
    // Equal values stand in a tile once.
    let values: Vec<String> = (0..40).map(|nth| format!(r#""a{nth}":"{}""#, &text[..100_000])).collect();
    let values = format!(r#""id":2,"properties":{{{}}}"#, values.join(","));
    assert_eq!(around(&feature(&values)), (3, Vec::new()));
}

#[test]
fn line_of_200_megabytes_is_read() {
    let text = "x".repeat(200_000_000 / PART);
    let (n_features, findings) = around(&feature(&format!(r#""id":2,"aside":"{text}""#)));
    assert_eq!((n_features, findings), (3, Vec::new()));
}

#[test]
fn hundred_thousand_keys_are_told_apart() {
    let keys = |n_distinct: usize| {
        let mut members = String::from(r#""id":2,"properties":{"#);
        for key in 0..100_000 {
            let comma = if key == 0 { "" } else { "," };
            let _ = write!(members, "{comma}\"k{}\":{key}", key % n_distinct);
        }
        feature(&(members + "}"))
    };
    check(keys(1), r#"2 POINT(2162 1816) {"k0":99999}"#);
    check(keys(2), r#"2 POINT(2162 1816) {"k0":99998,"k1":99999}"#);
    let (n_features, findings) = around(&keys(100_000));
    assert_eq!((n_features, findings), (3, Vec::new()));
}

#[test]
fn polygon_with_100_000_holes_is_cut() {
    let side = 316;
    let mut rings = String::from("[[-170,-80],[0,-80],[170,-80],[170,80],[0,80],[-170,80],[-170,-80]]");
    for hole in 0..(side * side / PART) {
        let west = (hole % side) as f64 - 160.0;
        let south = (hole / side) as f64 * 0.4 - 70.0;
        let (east, north) = (west + 0.5, south + 0.2);
        let _ = write!(
            rings,
            ",[[{west},{south}],[{east},{south}],[{east},{north}],[{west},{north}],[{west},{south}]]"
        );
    }
    let (n_features, findings) = around(&geometry("Polygon", &format!("[{rings}]")));
    assert_eq!((n_features, findings), (3, Vec::new()));
}

#[test]
fn polygon_of_five_million_vertices_is_cut() {
    let n_vertices = 5_000_000 / PART;
    let mut ring = String::new();
    for vertex in 0..n_vertices {
        let turn = vertex as f64 / n_vertices as f64 * std::f64::consts::TAU;
        let radius = if vertex % 2 == 0 { 70.0 } else { 69.9 };
        let _ = write!(ring, "[{:.6},{:.6}],", radius * turn.cos(), radius * turn.sin());
    }
    let (n_features, findings) = around(&geometry("Polygon", &format!("[[{ring}[70,0]]]")));
    assert_eq!((n_features, findings), (3, Vec::new()));
}

#[test]
fn polygon_that_is_nothing_but_crossings_is_redrawn() {
    let mut ring = String::new();
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31) * 60.0
    };
    for _ in 0..5_000 {
        let _ = write!(ring, "[{:.6},{:.6}],", next(), next());
    }
    let (n_features, findings) = around(&geometry("Polygon", &format!("[[[0,0],{ring}[0,0]]]")));
    assert_eq!((n_features, findings), (3, vec!["noise-redrawn".to_owned()]));
}

#[test]
fn stacked_points_are_cut() {
    let desk = Desk::new();
    let point = feature(r#""properties":{}"#) + "\n";
    let n_points = 200_000 / PART;
    let path = desk.file("all.geojsonl", point.repeat(n_points));
    let ended = desk.publish(Source::new("all").file(&path));
    assert!(ended.elapsed < TIME_MAX, "it took {:?}", ended.elapsed);
    let stats = &ended.report.as_ref().unwrap().layers[0].stats;
    let (kept, lost) = (stats.total(|zoom| zoom.points), n_points as u64 - ended.features.len() as u64);
    assert_eq!(kept, ended.features.len() as u64);
    assert_eq!(ended.findings(&path, 0).is_empty(), lost == 0);
}

#[test]
fn multi_point_at_one_place_is_kept() {
    let n_points = 1_000_000 / PART;
    let positions = "[1,2],".repeat(n_points);
    let (n_features, findings) = around(&geometry("MultiPoint", &format!("[{positions}[1,2]]")));
    assert!(findings.is_empty() && n_features == 3 || findings == ["layer-over-budget"], "{findings:?}");
}
