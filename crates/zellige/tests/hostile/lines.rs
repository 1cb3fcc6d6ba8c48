//! One hostile line between two good ones.

use crate::job::Desk;

const FIRST: &str = r#"{"type":"Feature","id":"first","geometry":{"type":"Point","coordinates":[-90,0]}}"#;
const LAST: &str = r#"{"type":"Feature","id":"last","geometry":{"type":"Point","coordinates":[90,0]}}"#;

const VANISHED: &str = "feature-vanished: Feature is smaller than a grid unit at zoom 0, the deepest";

/// Publishes a line and compares its features and findings, one a line of text.
pub(crate) fn check(line: impl AsRef<[u8]>, expected: &str) {
    let line = line.as_ref();
    let shown = String::from_utf8_lossy(&line[..line.len().min(200)]);
    let desk = Desk::new();
    let path = desk.file("all.geojsonl", [FIRST.as_bytes(), line, LAST.as_bytes()].join(&b'\n'));
    let ended = desk.publish_file(&path);
    let [first, between @ .., last] = &ended.features[..] else { panic!("{shown}: {:?}", ended.features) };
    assert!(first.contains(" POINT(1024 2048) {}") && last.contains(" POINT(3072 2048) {}"), "{shown}");
    let mut told = between.to_vec();
    told.extend(ended.findings(&path, 2));
    assert_eq!(told.join("\n"), expected, "{shown}");
}

/// A point with these members beside its geometry.
pub(crate) fn feature(members: &str) -> String {
    format!(r#"{{"type":"Feature",{members},"geometry":{{"type":"Point","coordinates":[10,20]}}}}"#)
}

pub(crate) fn geometry(kind: &str, coordinates: &str) -> String {
    format!(
        r#"{{"type":"Feature","id":2,"properties":{{}},"geometry":{{"type":"{kind}","coordinates":{coordinates}}}}}"#
    )
}

fn point(coordinates: &str) -> String {
    geometry("Point", coordinates)
}

#[test]
fn texts_that_are_no_json_are_named() {
    for (line, expected) in [
        ("{", "line-undecodable: Line is not valid JSON: EOF while parsing an object (column 1)"),
        ("}", "line-undecodable: Line is not valid JSON: expected value (column 1)"),
        ("[", "line-undecodable: Line is not valid JSON: EOF while parsing a list (column 1)"),
        ("]", "line-undecodable: Line is not valid JSON: expected value (column 1)"),
        (r#"""#, "line-undecodable: Line is not valid JSON: EOF while parsing a string (column 1)"),
        ("nonsense", "line-undecodable: Line is not valid JSON: expected ident (column 2)"),
        (
            r#"{"type":"Feature""#,
            "line-undecodable: Line is not valid JSON: EOF while parsing an object (column 17)",
        ),
        (
            r#"{"type":"Feature","#,
            "line-undecodable: Line is not valid JSON: EOF while parsing an object (column 18)",
        ),
        (
            r#"{"type":"Feature","id":2,"geometry":{"type":"Point","coordinates":[10,20]}"#,
            "line-undecodable: Line is not valid JSON: EOF while parsing an object (column 74)",
        ),
        (
            r#"{"type":"Feature","id":2,"geometry":{"type":"Point","coordinates":[10,20]}}}"#,
            "line-undecodable: Line is not valid JSON: trailing characters (column 76)",
        ),
        (
            r#"{"type":"Feature","id":2,"geometry":{"type":"Point","coordinates":[10,20]}},"#,
            "line-undecodable: Line is not valid JSON: trailing characters (column 76)",
        ),
        (
            r#"{"type":"Feature","id":2,"geometry":{"type":"Point","coordinates":[10,20]}}{"type":"Feature","id":3,"geometry":{"type":"Point","coordinates":[10,20]}}"#,
            "line-undecodable: Line is not valid JSON: trailing characters (column 76)",
        ),
        ("{'type':'Feature'}", "line-undecodable: Line is not valid JSON: key must be a string (column 2)"),
        ("// a comment", "line-undecodable: Line is not valid JSON: expected value (column 1)"),
        (
            r#"{"type":"Feature",}"#,
            "line-undecodable: Line is not valid JSON: key must be a string (column 19)",
        ),
    ] {
        check(line, expected);
    }
}

#[test]
fn members_that_are_no_json_are_named() {
    for (members, expected) in [
        (r#""id":02"#, "line-undecodable: Line is not valid JSON: invalid number (column 25)"),
        (r#""id":+2"#, "line-undecodable: Line is not valid JSON: expected value (column 24)"),
        (r#""id":.5"#, "line-undecodable: Line is not valid JSON: expected value (column 24)"),
        (r#""id":2."#, "line-undecodable: Line is not valid JSON: invalid number (column 26)"),
        (r#""id":0x2"#, "line-undecodable: Line is not valid JSON: expected `,` or `}` (column 25)"),
        (
            r#""id":2,"properties":{"a":NaN}"#,
            "line-undecodable: Line is not valid JSON: expected value (column 44)",
        ),
        (
            r#""id":2,"properties":{"a":Infinity}"#,
            "line-undecodable: Line is not valid JSON: expected value (column 44)",
        ),
        (
            r#""id":2,"properties":{"a":-Infinity}"#,
            "line-undecodable: Line is not valid JSON: invalid number (column 45)",
        ),
        (
            r#""id":2,"properties":{"a":"\x"}"#,
            "line-undecodable: Line is not valid JSON: invalid escape (column 46)",
        ),
        (
            r#""id":2,"properties":{"a":"\u12"}"#,
            "line-undecodable: Line is not valid JSON: invalid escape (column 50)",
        ),
        (
            r#""id":2,"properties":{"a":"\ud800"}"#,
            "line-undecodable: Line is not valid JSON: unexpected end of hex escape",
        ),
        (
            "\"id\":2,\"properties\":{\"a\":\"\t\"}",
            r"line-undecodable: Line is not valid JSON: control character (\u0000-\u001F) found while parsing a string (column 44)",
        ),
        (
            r#""id":2,"properties":{"a" 1}"#,
            "line-undecodable: Line is not valid JSON: expected `:` (column 44)",
        ),
        (
            r#""id":2,"properties":{a:1}"#,
            "line-undecodable: Line is not valid JSON: key must be a string (column 40)",
        ),
        (
            r#""id":2,"properties":{"a":undefined}"#,
            "line-undecodable: Line is not valid JSON: expected value (column 44)",
        ),
        (
            r#""id":2,"properties":{"a":True}"#,
            "line-undecodable: Line is not valid JSON: expected value (column 44)",
        ),
    ] {
        check(feature(members), expected);
    }
    for (coordinates, expected) in [
        ("[NaN,0]", "line-undecodable: Line is not valid JSON: expected value (column 84)"),
        ("[Infinity,0]", "line-undecodable: Line is not valid JSON: expected value (column 84)"),
    ] {
        check(point(coordinates), expected);
    }
}

#[test]
fn bytes_that_are_no_text_are_named() {
    for (line, expected) in [
        (&b"\xff"[..], "line-undecodable: Line is not valid UTF-8 (byte 1)"),
        (&b"{\"type\":\"Feature\",\"id\":2,\"properties\":{\"a\":\"\xff\"},\"geometry\":{\"type\":\"Point\",\"coordinates\":[10,20]}}"[..], "line-undecodable: Line is not valid UTF-8 (byte 45)"),
        (&b"{\"type\":\"Feature\",\"id\":2,\"properties\":{\"a\":\"\xc0\x80\"},\"geometry\":{\"type\":\"Point\",\"coordinates\":[10,20]}}"[..], "line-undecodable: Line is not valid UTF-8 (byte 45)"),
        (&b"{\"type\":\"Feature\",\"id\":2,\"properties\":{\"a\":\"\xed\xa0\x80\"},\"geometry\":{\"type\":\"Point\",\"coordinates\":[10,20]}}"[..], "line-undecodable: Line is not valid UTF-8 (byte 45)"),
        (&b"\x00"[..], "line-undecodable: Line is not valid JSON: expected value (column 1)"),
        (&b"\xfe\xff\x00{"[..], "line-undecodable: Line is not valid UTF-8 (byte 1)"),
        (&b"{\"type\":\"Feature\",\"id\":2,\"properties\":{\"a\":\"\x00\"},\"geometry\":{\"type\":\"Point\",\"coordinates\":[10,20]}}"[..], r"line-undecodable: Line is not valid JSON: control character (\u0000-\u001F) found while parsing a string (column 44)"),
        (&b"PK\x03\x04"[..], "line-undecodable: Line is not valid JSON: expected value (column 1)"),
    ] {
        check(line, expected);
    }
}

#[test]
fn json_that_is_no_feature_is_named() {
    for (line, expected) in [
        ("{}", "line-undecodable: Object without a type is not a feature"),
        ("[]", "line-undecodable: Line is not a GeoJSON object"),
        ("null", "line-undecodable: Line is not a GeoJSON object"),
        ("true", "line-undecodable: Line is not a GeoJSON object"),
        ("7", "line-undecodable: Line is not a GeoJSON object"),
        (r#""Feature""#, "line-undecodable: Line is not a GeoJSON object"),
        (r#"{"type":null}"#, "line-undecodable: Object without a type is not a feature"),
        (r#"{"type":7}"#, "line-undecodable: Object without a type is not a feature"),
        (r#"{"type":"feature"}"#, "line-undecodable: feature is not a feature"),
        (r#"{"type":["Feature"]}"#, "line-undecodable: Object without a type is not a feature"),
        (r#"{"type":"Point","coordinates":[1,2]}"#, "line-undecodable: Point is not a feature"),
        (
            r#"{"type":"FeatureCollection","features":[{"type":"Feature","id":2,"properties":{},"geometry":{"type":"Point","coordinates":[1,2]}}]}"#,
            "line-undecodable: FeatureCollection is not a feature",
        ),
        (
            r#"[{"type":"Feature","id":2,"properties":{},"geometry":{"type":"Point","coordinates":[1,2]}}]"#,
            "line-undecodable: Line is not a GeoJSON object",
        ),
        (r#"{"type":"Topology","objects":{}}"#, "line-undecodable: Topology is not a feature"),
        (
            r#"{"Type":"Feature","geometry":{"type":"Point","coordinates":[10,20]}}"#,
            "line-undecodable: Object without a type is not a feature",
        ),
        (r#"{"type":"Feature","properties":{}}"#, "line-undecodable: Feature has no geometry"),
    ] {
        check(line, expected);
    }
}

#[test]
fn geometry_that_is_none_is_named() {
    for (line, expected) in [
        (r#"{"type":"Feature","geometry":null}"#, "line-undecodable: Feature has no geometry"),
        (r#"{"type":"Feature","geometry":[]}"#, "line-undecodable: Geometry must be an object or null"),
        (r#"{"type":"Feature","geometry":7}"#, "line-undecodable: Geometry must be an object or null"),
        (r#"{"type":"Feature","geometry":"Point"}"#, "line-undecodable: Geometry must be an object or null"),
        (r#"{"type":"Feature","geometry":{}}"#, "line-undecodable: Geometry has no type"),
        (
            r#"{"type":"Feature","geometry":{"type":"point","coordinates":[1,2]}}"#,
            "line-undecodable: Geometry type `point` is not known",
        ),
        (
            r#"{"type":"Feature","geometry":{"type":"Circle","coordinates":[1,2]}}"#,
            "line-undecodable: Geometry type `Circle` is not known",
        ),
        (
            r#"{"type":"Feature","geometry":{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}}"#,
            "line-undecodable: GeometryCollection is not supported",
        ),
        (
            r#"{"type":"Feature","geometry":{"type":"Feature","geometry":null}}"#,
            "line-undecodable: Geometry type `Feature` is not known",
        ),
        (
            r#"{"type":"Feature","geometry":{"type":"Point"}}"#,
            "line-undecodable: Geometry has no coordinates",
        ),
        (r#"{"type":"Feature","geometry":{"coordinates":[1,2]}}"#, "line-undecodable: Geometry has no type"),
        (
            r#"{"type":"Feature","geometry":{"type":"Point","geometries":[]}}"#,
            "line-undecodable: Geometry has no coordinates",
        ),
    ] {
        check(line, expected);
    }
}

#[test]
fn coordinates_of_the_wrong_shape_are_named() {
    for (coordinates, expected) in [
        ("[]", "line-undecodable: Geometry has no coordinates"),
        ("null", "line-undecodable: Coordinates must be arrays of numbers, nested as the geometry type says"),
        ("{}", "line-undecodable: Coordinates must be arrays of numbers, nested as the geometry type says"),
        (
            r#""1,2""#,
            "line-undecodable: Coordinates must be arrays of numbers, nested as the geometry type says",
        ),
        ("[1]", "line-undecodable: A position must contain at least 2 numbers"),
        (
            "[[1,2]]",
            "line-undecodable: Coordinates must be arrays of numbers, nested as the geometry type says",
        ),
        (
            r#"["1","2"]"#,
            "line-undecodable: Coordinates must be arrays of numbers, nested as the geometry type says",
        ),
        (
            "[1,null]",
            "line-undecodable: Coordinates must be arrays of numbers, nested as the geometry type says",
        ),
        (
            r#"{"lon":1,"lat":2}"#,
            "line-undecodable: Coordinates must be arrays of numbers, nested as the geometry type says",
        ),
    ] {
        check(point(coordinates), expected);
    }
}

#[test]
fn parts_of_the_wrong_shape_are_named() {
    for (kind, coordinates, expected) in [
        ("MultiPoint", "[]", "line-undecodable: Geometry has no coordinates"),
        (
            "MultiPoint",
            "[1,2]",
            "line-undecodable: Coordinates must be arrays of numbers, nested as the geometry type says",
        ),
        ("MultiPoint", "[[1,2],[]]", "line-undecodable: A position must contain at least 2 numbers"),
        ("LineString", "[]", "line-undecodable: LineString must contain at least 2 points"),
        ("LineString", "[[1,2]]", "line-undecodable: LineString must contain at least 2 points"),
        ("LineString", "[[1,2],[3]]", "line-undecodable: A position must contain at least 2 numbers"),
        (
            "LineString",
            "[[[1,2],[3,4]]]",
            "line-undecodable: Coordinates must be arrays of numbers, nested as the geometry type says",
        ),
        ("MultiLineString", "[]", "line-undecodable: Geometry has no coordinates"),
        ("MultiLineString", "[[]]", "line-undecodable: LineString must contain at least 2 points"),
        ("MultiLineString", "[[[1,2]]]", "line-undecodable: LineString must contain at least 2 points"),
        ("Polygon", "[]", "line-undecodable: Geometry has no coordinates"),
        ("Polygon", "[[]]", "geometry-unencodable: Invalid number of points in polygon ring, can not encode"),
        (
            "Polygon",
            "[[[0,0],[9,0],[9,9]]]",
            "geometry-unencodable: Invalid number of points in polygon ring, can not encode",
        ),
        (
            "Polygon",
            "[[[0,0],[9,0],[0,0],[0,0]]]",
            "geometry-unencodable: Invalid number of points in polygon ring, can not encode",
        ),
        (
            "Polygon",
            "[[0,0],[9,0],[9,9],[0,0]]",
            "line-undecodable: Coordinates must be arrays of numbers, nested as the geometry type says",
        ),
        (
            "Polygon",
            "[[[0,0],[9,0],[9,9],[0,0]],[]]",
            "geometry-unencodable: Invalid number of points in polygon ring, can not encode",
        ),
        ("MultiPolygon", "[]", "line-undecodable: Geometry has no coordinates"),
        ("MultiPolygon", "[[]]", "line-undecodable: Geometry has no coordinates"),
        (
            "MultiPolygon",
            "[[[]]]",
            "geometry-unencodable: Invalid number of points in polygon ring, can not encode",
        ),
        (
            "MultiPolygon",
            "[[[0,0],[9,0],[9,9],[0,0]]]",
            "line-undecodable: Coordinates must be arrays of numbers, nested as the geometry type says",
        ),
    ] {
        check(geometry(kind, coordinates), expected);
    }
}

#[test]
fn numbers_out_of_all_bounds_are_named() {
    for (coordinates, expected) in [
        ("[1e308,0]", "line-undecodable: Coordinates are out of range"),
        ("[0,1e308]", "line-undecodable: Coordinates are out of range"),
        ("[-1e308,-1e308]", "line-undecodable: Coordinates are out of range"),
        ("[1e400,0]", "line-undecodable: Coordinates are out of range"),
        ("[0,90.0000001]", "line-undecodable: Coordinates are out of range"),
        ("[7200.0001,0]", "line-undecodable: Coordinates are out of range"),
        ("[0,-91]", "line-undecodable: Coordinates are out of range"),
        ("[47e6,8e6]", "line-undecodable: Coordinates are out of range"),
        ("[1e-400,2e-400]", "2 POINT(2048 2048) {}"),
    ] {
        check(point(coordinates), expected);
    }
    check(point(&format!("[0,1{}]", "0".repeat(400))), "line-undecodable: Coordinates are out of range");
    check(point(&format!("[0,1e-{}]", "9".repeat(400))), "2 POINT(2048 2048) {}");
    check(point(&format!("[0,1e{}]", "9".repeat(400))), "line-undecodable: Coordinates are out of range");
    check(point(&format!("[0.{},1]", "3".repeat(400))), "2 POINT(2052 2037) {}");
}

#[test]
fn attributes_of_every_form_are_kept() {
    for (members, expected) in [
        (r#""id":2,"properties":null"#, "2 POINT(2162 1816) {}"),
        (r#""id":2"#, "2 POINT(2162 1816) {}"),
        (
            r#""id":2,"properties":{"a":1e400,"b":-1e400,"c":1}"#,
            "2 POINT(2162 1816) {\"c\":1}\nnumber-not-finite",
        ),
        (
            r#""id":2,"properties":{"a":1e308,"b":5e-324,"c":-0.0}"#,
            r#"2 POINT(2162 1816) {"a":1e308,"b":5e-324,"c":0}"#,
        ),
        (
            r#""id":2,"properties":{"a":18446744073709551615,"b":18446744073709551616,"c":-9223372036854775808}"#,
            r#"2 POINT(2162 1816) {"a":18446744073709551615,"b":1.8446744073709552e19,"c":-9223372036854775808}"#,
        ),
        (r#""id":2,"properties":{"a":1,"a":2,"\u0061":3}"#, r#"2 POINT(2162 1816) {"a":3}"#),
        (r#""id":2,"properties":{"":""}"#, r#"2 POINT(2162 1816) {"":""}"#),
        (r#""id":2,"properties":{"a":null,"b":[],"c":{},"d":[1,{"e":null}]}"#, "2 POINT(2162 1816) {}"),
        (
            r#""id":2,"properties":{"\u0000":"\u0000\n\"\\"}"#,
            r#"2 POINT(2162 1816) {"\u0000":"\u0000\n\"\\"}"#,
        ),
        (r#""id":2,"properties":{"a":"\ud83d\ude00 ä"}"#, r#"2 POINT(2162 1816) {"a":"😀 ä"}"#),
        (
            r#""id":2,"properties":{"id":9,"type":"x","geometry":null,"__proto__":1}"#,
            r#"2 POINT(2162 1816) {"id":9,"type":"x","__proto__":1}"#,
        ),
        (r#""id":2,"properties":[]"#, "line-undecodable: Properties must be an object or null"),
        (r#""id":2,"properties":"a""#, "line-undecodable: Properties must be an object or null"),
        (r#""id":2,"properties":7"#, "line-undecodable: Properties must be an object or null"),
    ] {
        check(feature(members), expected);
    }
}

#[test]
fn ids_of_every_form_are_numbers_or_none() {
    for (members, expected) in [
        (r#""id":null"#, "- POINT(2162 1816) {}"),
        (r#""id":0"#, "0 POINT(2162 1816) {}"),
        (r#""id":-1"#, "4515727349895467 POINT(2162 1816) {}"),
        (r#""id":1.5"#, "8224450460653497 POINT(2162 1816) {}"),
        (r#""id":2.0"#, "2 POINT(2162 1816) {}"),
        (r#""id":-0"#, "0 POINT(2162 1816) {}"),
        (r#""id":1e3"#, "1000 POINT(2162 1816) {}"),
        (r#""id":1e400"#, "- POINT(2162 1816) {}\nnumber-not-finite"),
        (r#""id":9007199254740993"#, "9007199254740993 POINT(2162 1816) {}\nid-inexact"),
        (r#""id":18446744073709551615"#, "18446744073709551615 POINT(2162 1816) {}\nid-inexact"),
        (r#""id":18446744073709551616"#, "8304076608631331 POINT(2162 1816) {}"),
        (r#""id":"""#, "5239054864098085 POINT(2162 1816) {}"),
        (r#""id":"2""#, "2 POINT(2162 1816) {}"),
        (r#""id":"002""#, "2 POINT(2162 1816) {}"),
        (r#""id":"way/2""#, "1920076809754073 POINT(2162 1816) {}"),
        (r#""id":"-2""#, "4516826861523678 POINT(2162 1816) {}"),
        (r#""id":true"#, "- POINT(2162 1816) {}\nid-unusable"),
        (r#""id":[2]"#, "- POINT(2162 1816) {}\nid-unusable"),
        (r#""id":{"a":2}"#, "- POINT(2162 1816) {}\nid-unusable"),
        (r#""id":1"#, "1 POINT(2162 1816) {}"),
        (r#""id":4,"id":2"#, "2 POINT(2162 1816) {}"),
    ] {
        check(feature(members), expected);
    }
}

#[test]
fn odd_lines_that_are_features_are_kept() {
    for (line, expected) in [
        (
            r#" {"type":"Feature","id":2,"properties":{},"geometry":{"type":"Point","coordinates":[10,20]}}"#,
            "line-undecodable: Line is not valid JSON: expected value (column 1)",
        ),
        (
            " \t{\"type\":\"Feature\",\"id\":2,\"properties\":{},\"geometry\":{\"type\":\"Point\",\"coordinates\":[10,20]}} \t\r",
            "2 POINT(2162 1816) {}",
        ),
        (
            r#"{"id":2,"bbox":[1,2,3,4],"crs":{"deep":[[[]]]},"geometry":{"bbox":[],"coordinates":[10,20,30,"4"],"type":"Point"},"type":"Feature"}"#,
            "line-undecodable: Coordinates must be arrays of numbers, nested as the geometry type says",
        ),
        (
            r#"{"id":2,"geometry":{"coordinates":[10,20,30,40],"type":"Point"},"type":"Feature"}"#,
            "2 POINT(2162 1816) {}",
        ),
        (
            r#"{"type":"x","type":"Feature","id":2,"geometry":{"type":"Point","coordinates":[10,20]}}"#,
            "2 POINT(2162 1816) {}",
        ),
        (
            r#"{"\u0074ype":"Feature","id":2,"geometry":{"type":"Point","coordinates":[10,20]}}"#,
            "2 POINT(2162 1816) {}",
        ),
        (
            r#"﻿{"type":"Feature","id":2,"properties":{},"geometry":{"type":"Point","coordinates":[10,20]}}"#,
            "line-undecodable: Line is not valid JSON: expected value (column 1)",
        ),
    ] {
        check(line, expected);
    }
    check(format!("\u{1e}{}", point("[10,20]")), "2 POINT(2162 1816) {}");
    check(feature(r#""id":2,"geometry":null"#), "2 POINT(2162 1816) {}");
}

#[test]
fn shapes_that_lie_oddly_are_kept_or_named() {
    for (coordinates, expected) in [
        ("[0,90]", "outside-mercator"),
        ("[0,-90]", "outside-mercator"),
        ("[540,0]", "2 POINT(0 2048) {}"),
        ("[-7200,0]", "2 POINT(2048 2048) {}"),
    ] {
        check(point(coordinates), expected);
    }
    for (kind, coordinates, expected) in [
        ("LineString", "[[10,20],[10,20]]", VANISHED),
        ("LineString", "[[170,0],[-170,0]]", "2 LINESTRING(3982 2048,114 2048) {}\nlongitude-jump"),
        (
            "LineString",
            "[[-3600,0],[3600,1]]",
            "2 MULTILINESTRING((2048 2048,4096 2048),(0 2048,4096 2047),(0 2047,4096 2047),(0 2047,4096 2046),(0 2046,4096 2045),(0 2045,4096 2045),(0 2045,4096 2044),(0 2044,4096 2044),(0 2044,4096 2043),(0 2043,4096 2043),(0 2043,4096 2042),(0 2042,4096 2041),(0 2041,4096 2041),(0 2041,4096 2040),(0 2040,4096 2040),(0 2040,4096 2039),(0 2039,4096 2039),(0 2039,4096 2038),(0 2038,4096 2037),(0 2037,4096 2037),(0 2037,2048 2037)) {}\nlongitude-jump",
        ),
        ("LineString", "[[0,86],[9,87]]", "outside-mercator"),
        (
            "Polygon",
            "[[[0,0],[9,9],[9,0],[0,9],[0,0]]]",
            "2 MULTIPOLYGON(((2099 1997,2150 1945,2150 2048)),((2099 1997,2048 2048,2048 1945))) {}",
        ),
        (
            "Polygon",
            "[[[0,0],[20,0],[20,20],[0,20]]]",
            "2 POLYGON((2048 2048,2048 1816,2276 1816,2276 2048)) {}\nring-not-closed",
        ),
        ("Polygon", "[[[0,0],[9,0],[18,0],[0,0]]]", VANISHED),
        (
            "Polygon",
            "[[[0,0],[0,20],[20,20],[20,0],[0,0]]]",
            "2 POLYGON((2048 2048,2048 1816,2276 1816,2276 2048)) {}",
        ),
        (
            "Polygon",
            "[[[0,0],[20,0],[20,20],[0,20],[0,0]],[[30,30],[40,30],[40,40],[30,30]]]",
            "2 MULTIPOLYGON(((2048 2048,2048 1816,2276 1816,2276 2048)),((2389 1690,2503 1551,2503 1690))) {}",
        ),
        ("Polygon", "[[[0,0],[20,0],[20,20],[0,20],[0,0]],[[0,0],[20,0],[20,20],[0,20],[0,0]]]", VANISHED),
        (
            "Polygon",
            "[[[-180,-90],[180,-90],[180,90],[-180,90],[-180,-90]]]",
            "2 POLYGON((0 0,4096 0,4096 4096,0 4096)) {}\nlongitude-jump",
        ),
        ("MultiPoint", "[[10,20],[10,20],[0,90]]", "2 MULTIPOINT(2162 1816,2162 1816) {}\noutside-mercator"),
    ] {
        check(geometry(kind, coordinates), expected);
    }
}
