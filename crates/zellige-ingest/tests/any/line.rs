//! Any bytes as a line: two readers agree on them, and a third that is `serde_json` alone agrees with both.
//!
//! The fuzz target `line` runs this too.

use serde_json::Value as Json;
use zellige_ingest::{Fault, LONGITUDE_MAX, NESTING_MAX, Notes, Parser};
use zellige_model::{Feature, FindingCode, LonLat, ValueRef};

/// A member with an escape in its name: the quick reader leaves the line to the thorough one.
const ASIDE: &str = r#""\u0061side":0"#;

/// Reads a line in every way.
pub(crate) fn run(line: &[u8]) {
    let (mut parser, mut feature) = (Parser::new(), Feature::default());
    let found = parser.parse(line, &mut feature);
    let Ok(text) = str::from_utf8(line) else {
        assert!(found.is_err_and(|fault| fault.reason.starts_with("Line is not valid UTF-8")));
        return;
    };
    check_thorough(text, &found, &feature);
    check_again(line, &mut parser, &found, &feature);
    check_plainly(text, &found, &feature);
}

/// Reads the line with a member more that the quick reader does not like.
fn check_thorough(text: &str, found: &Result<Notes, Fault>, feature: &Feature) {
    let Some((before, rest)) = text.split_once('{').filter(|(before, _)| before.trim().is_empty()) else {
        return;
    };
    let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
    let mut thorough = Feature::default();
    let told = Parser::new().parse(format!("{before}{{{ASIDE}{comma}{rest}").as_bytes(), &mut thorough);
    match (found, &told) {
        (Ok(found), Ok(told)) => {
            assert_eq!(found, told);
            assert_same(feature, &thorough);
        }
        (Err(found), Err(told)) => {
            assert_eq!(found.code, told.code);
            assert_eq!(sentence(&found.reason), sentence(&told.reason));
        }
        _ => panic!("{found:?}, thorough {told:?}"),
    }
}

/// What exactly is no JSON, and where, moves with the member.
fn sentence(reason: &str) -> &str {
    if reason.starts_with("Line is not valid JSON: ") { "no JSON" } else { reason }
}

/// Reads the line once more into buffers that another line has filled.
fn check_again(line: &[u8], parser: &mut Parser, found: &Result<Notes, Fault>, feature: &Feature) {
    let full = br#"{"type":"Feature","id":"x","properties":{"a":1},"geometry":{"type":"Polygon","coordinates":[[[0,0],[8,0],[8,8],[0,0]]]}}"#;
    let mut other = Feature::default();
    parser.parse(full, &mut other).expect("a good line");
    let told = parser.parse(line, &mut other);
    assert_eq!(*found, told);
    if found.is_ok() {
        assert_same(feature, &other);
    }
}

/// Compares numbers by their bits, so that zeros with a sign and without are told apart.
fn assert_same(a: &Feature, b: &Feature) {
    assert_eq!(a, b);
    let bits = |feature: &Feature| -> Vec<u64> {
        let coordinates = feature.geometry.points.iter().flat_map(|point| [point.lon, point.lat]);
        let numbers = feature.attributes.iter().filter_map(|(_, value)| match value {
            ValueRef::Double(number) => Some(number),
            _ => None,
        });
        coordinates.chain(numbers).map(f64::to_bits).collect()
    };
    assert_eq!(bits(a), bits(b));
}

/// Judges the line by what `serde_json` makes of it, whole and without any of our code.
fn check_plainly(text: &str, found: &Result<Notes, Fault>, feature: &Feature) {
    let Ok(json) = serde_json::from_str::<Json>(text) else {
        // It also gives up on halves of surrogate pairs, numbers that are too large and deep nesting
        // where nobody looks.
        if let Ok(notes) = found {
            let is_odd = text.contains("\\u") || text.contains(['e', 'E']) || text.len() > 300;
            assert!(is_odd || notes.contains(FindingCode::NumberNotFinite), "{text}");
        }
        return;
    };
    assert!(depth(&json) <= NESTING_MAX || found.is_err());
    match found {
        Ok(_) => {
            assert_eq!(json["type"], "Feature");
            check_attributes(&json["properties"], feature);
            let mut points = Vec::new();
            positions(&json["geometry"]["coordinates"], &mut points);
            // Rings are open here.
            assert!(feature.geometry.points.len() <= points.len());
            let mut theirs = points.iter();
            for point in &feature.geometry.points {
                assert!(theirs.any(|other| is_near(*point, *other)), "{point:?} of {points:?}");
            }
        }
        Err(fault) => assert!(is_plainly_wrong(&json), "{}: {text}", fault.reason),
    }
}

fn check_attributes(properties: &Json, feature: &Feature) {
    let Some(members) = properties.as_object() else {
        assert!(properties.is_null() && feature.attributes.is_empty());
        return;
    };
    for (key, value) in feature.attributes.iter() {
        let theirs = &members[key];
        let is_same = match value {
            ValueRef::Null => theirs.is_null(),
            ValueRef::Bool(flag) => theirs.as_bool() == Some(flag),
            ValueRef::Int(number) => theirs.as_i64() == Some(number),
            ValueRef::UInt(number) => theirs.as_u64() == Some(number),
            ValueRef::Double(number) => {
                // serde_json does not round to the nearest.
                theirs.as_f64().is_some_and(|other| (other - number).abs() <= 1e-15 * number.abs())
            }
            ValueRef::String(text) => theirs.as_str() == Some(text),
            ValueRef::Json(text) => serde_json::from_str::<Json>(text).is_ok_and(|json| json == *theirs),
        };
        assert!(is_same, "{key}: {value:?}, {theirs:?}");
    }
    assert_eq!(feature.attributes.len(), members.len());
}

/// Whether a line that is JSON breaks a rule of features.
fn is_plainly_wrong(json: &Json) -> bool {
    let geometry = &json["geometry"];
    let name = geometry["type"].as_str().unwrap_or_default();
    let levels = match name {
        "Point" => 1,
        "MultiPoint" | "LineString" => 2,
        "MultiLineString" | "Polygon" => 3,
        "MultiPolygon" => 4,
        _ => return true,
    };
    let mut points = Vec::new();
    positions(&geometry["coordinates"], &mut points);
    let is_outside = |point: &LonLat| point.lon.abs() > LONGITUDE_MAX || point.lat.abs() > 90.0;
    depth(json) > NESTING_MAX
        || json["type"] != "Feature"
        || !(json["properties"].is_null() || json["properties"].is_object())
        || points.iter().any(is_outside)
        || !is_nested(&geometry["coordinates"], levels, name)
}

/// Whether coordinates are as deep as they should be, and their lists as long.
fn is_nested(found: &Json, levels: u32, name: &str) -> bool {
    let Some(items) = found.as_array() else { return false };
    if levels == 1 {
        return items.len() >= 2 && items.iter().all(Json::is_number);
    }
    let n_min = match (name, levels) {
        ("LineString" | "MultiLineString", 2) => 2,
        ("Polygon" | "MultiPolygon", 2) => 4,
        _ => 1,
    };
    let is_ring = name.ends_with("Polygon") && levels == 2;
    n_min <= items.len()
        && items.iter().all(|item| is_nested(item, levels - 1, name))
        && !(is_ring && n_distinct(items) < 3)
}

fn n_distinct(positions: &[Json]) -> usize {
    let mut points: Vec<[u64; 2]> = positions
        .iter()
        .map(|position| [0, 1].map(|axis| (position[axis].as_f64().unwrap_or_default() + 0.0).to_bits()))
        .collect();
    points.sort_unstable();
    points.dedup();
    points.len()
}

/// Collects all positions, in order.
fn positions(json: &Json, out: &mut Vec<LonLat>) {
    let mut todo = vec![json];
    while let Some(json) = todo.pop() {
        match json.as_array().map(Vec::as_slice) {
            Some([Json::Number(lon), Json::Number(lat), ..]) => {
                let number = |number: &serde_json::Number| number.as_f64().unwrap_or_default();
                out.push(LonLat::new(number(lon), number(lat)));
            }
            Some(items) => todo.extend(items.iter().rev()),
            None => {}
        }
    }
}

fn is_near(a: LonLat, b: LonLat) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-15 * a.abs();
    near(a.lon, b.lon) && near(a.lat, b.lat)
}

/// Returns how deep arrays and objects go.
fn depth(json: &Json) -> u32 {
    let (mut deepest, mut todo) = (0, vec![(json, 1)]);
    while let Some((json, depth)) = todo.pop() {
        match json {
            Json::Array(items) => todo.extend(items.iter().map(|item| (item, depth + 1))),
            Json::Object(members) => todo.extend(members.values().map(|item| (item, depth + 1))),
            _ => continue,
        }
        deepest = deepest.max(depth);
    }
    deepest
}

#[test]
fn corpus_passes() {
    zellige_testkit::corpus::replay("line", run);
}
