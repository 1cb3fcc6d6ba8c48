//! The rules of a line, and the two readers against each other.

use zellige_model::{Feature, FindingCode, ValueRef};

use super::*;
use crate::check::LONGITUDE_MAX;

/// Returns what one reader made of a line, as text that people can judge.
fn told(read: Result<Notes, Fault>, feature: &Feature) -> String {
    match read {
        Ok(notes) => {
            let geometry = &feature.geometry;
            let points: Vec<_> = geometry.points.iter().map(|point| (point.lon, point.lat)).collect();
            let attributes: Vec<_> = feature.attributes.iter().collect();
            let notes: Vec<_> = notes.iter().map(FindingCode::code).collect();
            format!(
                "{:?} {:?} {points:?} {:?} {:?} {attributes:?} {notes:?}",
                feature.id, geometry.kind, geometry.part_ends, geometry.polygon_ends
            )
        }
        Err(fault) => format!("{}: {}", fault.code, fault.reason),
    }
}

/// Reads `line` in both ways, sees to it that they agree, and returns what they say.
fn both(line: &str, parser: &mut Parser, feature: &mut Feature) -> String {
    let quick = quick::read(line, &mut parser.buffers, feature).map(|notes| told(Ok(notes), feature));
    let mut other = Feature::default();
    let thorough = thorough::read(line, &mut other);
    let thorough = told(thorough, &other);
    if let Some(quick) = quick {
        assert_eq!(quick, thorough, "{line}");
    }
    thorough
}

/// Checks the reason why `line` is refused.
fn refused(line: &str, expected: &str) {
    let found = both(line, &mut Parser::new(), &mut Feature::default());
    assert_eq!(found, expected, "{line}");
}

/// Checks the geometry, as `kind points part_ends polygon_ends`, that `members` make.
fn check(members: &str, expected: &str) {
    let line = format!(r#"{{"type":"Feature","geometry":{{{members}}},"properties":null}}"#);
    let mut feature = Feature::default();
    assert!(quick::read(&line, &mut Parser::new().buffers, &mut feature).is_some(), "{line}");
    let found = both(&line, &mut Parser::new(), &mut feature);
    assert_eq!(found, format!("Null {expected}"), "{line}");
}

/// Checks the attributes, as pairs, that `properties` make.
fn check_properties(properties: &str, expected: &[(&str, ValueRef<'_>)]) {
    let line = format!(
        r#"{{"type":"Feature","properties":{properties},"geometry":{{"type":"Point","coordinates":[1,2]}}}}"#
    );
    let mut feature = Feature::default();
    both(&line, &mut Parser::new(), &mut feature);
    assert_eq!(feature.attributes.iter().collect::<Vec<_>>(), expected, "{line}");
}

#[test]
fn all_six_types_become_flat_and_rings_open() {
    check(r#""type":"Point","coordinates":[1,2]"#, "Point [(1.0, 2.0)] [] [] [] []");
    check(r#""type":"MultiPoint","coordinates":[[1,2],[3,4]]"#, "Point [(1.0, 2.0), (3.0, 4.0)] [] [] [] []");
    check(
        r#""type":"LineString","coordinates":[[1,2],[3,4]]"#,
        "LineString [(1.0, 2.0), (3.0, 4.0)] [2] [] [] []",
    );
    check(
        r#""type":"MultiLineString","coordinates":[[[1,2],[3,4]],[[5,6],[7,8]]]"#,
        "LineString [(1.0, 2.0), (3.0, 4.0), (5.0, 6.0), (7.0, 8.0)] [2, 4] [] [] []",
    );
    check(
        r#""type":"Polygon","coordinates":[[[0,0],[8,0],[8,8],[0,0]],[[6,2],[7,2],[7,3],[6,2]]]"#,
        "Polygon [(0.0, 0.0), (8.0, 0.0), (8.0, 8.0), (6.0, 2.0), (7.0, 2.0), (7.0, 3.0)] [3, 6] [2] [] []",
    );
    check(
        r#""type":"MultiPolygon","coordinates":[[[[0,0],[8,0],[8,8],[0,0]]],[[[9,0],[9,1],[8.5,1],[9,0]]]]"#,
        "Polygon [(0.0, 0.0), (8.0, 0.0), (8.0, 8.0), (9.0, 0.0), (9.0, 1.0), (8.5, 1.0)] [3, 6] [1, 2] [] []",
    );
}

#[test]
fn members_come_in_any_order_and_strangers_are_skipped() {
    check(r#""coordinates":[1,2],"type":"Point""#, "Point [(1.0, 2.0)] [] [] [] []");
    check(
        r#" "bbox" : [1,2,1,2] , "crs":{"a":[{}]}, "type" : "Point" , "coordinates" : [ 1 , 2 ] "#,
        "Point [(1.0, 2.0)] [] [] [] []",
    );
    check(r#""type":"Point","coordinates":[1,2,3,4e1]"#, "Point [(1.0, 2.0)] [] [] [] []");
}

#[test]
fn ring_that_is_not_closed_is_closed_and_noted() {
    check(
        r#""type":"Polygon","coordinates":[[[0,0],[8,0],[8,8],[0,8]]]"#,
        r#"Polygon [(0.0, 0.0), (8.0, 0.0), (8.0, 8.0), (0.0, 8.0)] [4] [1] [] ["ring-not-closed"]"#,
    );
}

#[test]
fn edge_the_long_way_round_is_noted() {
    check(
        r#""type":"LineString","coordinates":[[170,1],[-170,1]]"#,
        r#"LineString [(170.0, 1.0), (-170.0, 1.0)] [2] [] [] ["longitude-jump"]"#,
    );
    check(
        r#""type":"MultiPoint","coordinates":[[170,1],[-170,1]]"#,
        "Point [(170.0, 1.0), (-170.0, 1.0)] [] [] [] []",
    );
}

#[test]
fn attributes_keep_their_form() {
    check_properties("null", &[]);
    check_properties("{}", &[]);
    check_properties(
        r#"{"a":1,"b":1.0,"c":-0,"d":18446744073709551615,"e":1e3,"f":true,"g":false,"h":null}"#,
        &[
            ("a", ValueRef::Int(1)),
            ("b", ValueRef::Double(1.0)),
            ("c", ValueRef::Double(-0.0)),
            ("d", ValueRef::UInt(u64::MAX)),
            ("e", ValueRef::Double(1000.0)),
            ("f", ValueRef::Bool(true)),
            ("g", ValueRef::Bool(false)),
            ("h", ValueRef::Null),
        ],
    );
    check_properties(
        r#"{"":"","n\u00e4\n":"\ud83d\ude00\"","j":[1, {"a":"\n"}],"o":{ }}"#,
        &[
            ("", ValueRef::String("")),
            ("nä\n", ValueRef::String("😀\"")),
            ("j", ValueRef::Json(r#"[1, {"a":"\n"}]"#)),
            ("o", ValueRef::Json("{ }")),
        ],
    );
}

#[test]
fn last_of_equal_keys_wins_and_infinite_numbers_are_dropped() {
    check_properties(r#"{"a":1,"b":2,"\u0061":3}"#, &[("a", ValueRef::Int(3)), ("b", ValueRef::Int(2))]);
    check_properties(r#"{"a":1,"b":1e999,"c":-1e999}"#, &[("a", ValueRef::Int(1))]);
    let line = r#"{"type":"Feature","id":1e999,"geometry":{"type":"Point","coordinates":[1,2]}}"#;
    refused(line, r#"Null Point [(1.0, 2.0)] [] [] [] ["number-not-finite"]"#);
}

#[test]
fn thousand_keys_are_told_apart() {
    let members: Vec<_> = (0..1000).map(|number| format!("\"key{number}\":{number}")).collect();
    let names: Vec<_> = (0..1000).map(|number| format!("key{number}")).collect();
    let expected: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(number, name)| (name.as_str(), ValueRef::Int(number as i64)))
        .collect();
    check_properties(&format!("{{{}}}", members.join(",")), &expected);
}

#[test]
fn id_is_kept_as_written() {
    for (id, expected) in [
        ("7", "Int(7)"),
        ("\"7\"", "String(\"7\")"),
        ("\"\\u0037\"", "String(\"7\")"),
        ("-1.5", "Double(-1.5)"),
        ("true", "Bool(true)"),
        ("[1]", "Json(\"[1]\")"),
        ("{\"a\":1}", "Json(\"{\\\"a\\\":1}\")"),
        ("null", "Null"),
    ] {
        let line =
            format!(r#"{{"id":{id},"type":"Feature","geometry":{{"type":"Point","coordinates":[1,2]}}}}"#);
        refused(&line, &format!("{expected} Point [(1.0, 2.0)] [] [] [] []"));
    }
}

#[test]
fn feature_leaves_nothing_to_the_next_one() {
    let mut parser = Parser::new();
    let mut feature = Feature::default();
    let full = br#"{"type":"Feature","id":"x","properties":{"a":1},"geometry":{"type":"Polygon","coordinates":[[[0,0],[8,0],[8,8],[0,0]]]}}"#;
    let bare = br#"{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]}}"#;
    parser.parse(full, &mut feature).unwrap();
    parser.parse(b"{\"type\":\"Feature\",", &mut feature).unwrap_err();
    parser.parse(full, &mut feature).unwrap();
    parser.parse(bare, &mut feature).unwrap();
    let mut alone = Feature::default();
    Parser::new().parse(bare, &mut alone).unwrap();
    assert_eq!(feature, alone);
}

/// Checks why a feature with this geometry is refused.
fn refused_geometry(geometry: &str, expected: &str) {
    refused(&format!(r#"{{"type":"Feature","properties":{{}},"geometry":{geometry}}}"#), expected);
}

#[test]
fn geometry_that_cannot_be_read_says_why() {
    let refused_coordinates = |shape: &str, coordinates: &str, expected: &str| {
        refused_geometry(&format!(r#"{{"type":"{shape}","coordinates":{coordinates}}}"#), expected);
        refused_geometry(&format!(r#"{{"coordinates":{coordinates},"type":"{shape}"}}"#), expected);
    };
    let none = "line-undecodable: Geometry has no coordinates";
    for shape in ["Point", "MultiPoint", "MultiLineString", "Polygon", "MultiPolygon"] {
        refused_coordinates(shape, "[]", none);
    }
    refused_coordinates("MultiPolygon", "[[]]", none);
    let line = "line-undecodable: LineString must contain at least 2 points";
    refused_coordinates("LineString", "[]", line);
    refused_coordinates("LineString", "[[1,2]]", line);
    refused_coordinates("MultiLineString", "[[[1,2],[3,4]],[[1,2]]]", line);
    let ring = "geometry-unencodable: Invalid number of points in polygon ring, can not encode";
    refused_coordinates("Polygon", "[[]]", ring);
    refused_coordinates("Polygon", "[[[0,0],[8,0]]]", ring);
    refused_coordinates("Polygon", "[[[0,0],[8,0],[8,8]]]", ring);
    refused_coordinates("Polygon", "[[[0,0],[8,0],[8,0],[0,0]]]", ring);
    refused_coordinates("MultiPolygon", "[[[[0,0],[8,0],[8,8],[0,0]]],[[[0,0],[8,0],[0,0]]]]", ring);
    let range = "line-undecodable: Coordinates are out of range";
    for position in
        ["[0,90.0001]", "[0,-91]", "[7200.1,0]", "[-7201,0]", "[1e999,0]", "[0,-1e999]", "[1e308,0]"]
    {
        refused_coordinates("Point", position, range);
    }
    refused_coordinates("Point", "[1]", "line-undecodable: A position must contain at least 2 numbers");
    refused_coordinates(
        "LineString",
        "[[1,2],[]]",
        "line-undecodable: A position must contain at least 2 numbers",
    );
    let nested = "line-undecodable: Coordinates must be arrays of numbers, nested as the geometry type says";
    for (shape, coordinates) in [
        ("Point", "[[1,2]]"),
        ("Point", "[1,null]"),
        ("Point", "[1,2,\"3\"]"),
        ("Point", "null"),
        ("Point", "{}"),
        ("LineString", "[1,2]"),
        ("Polygon", "[[0,0],[8,0],[8,8],[0,0]]"),
        ("MultiPolygon", "[[[0,0],[8,0],[8,8],[0,0]]]"),
    ] {
        refused_coordinates(shape, coordinates, nested);
    }
    refused_geometry("null", "line-undecodable: Feature has no geometry");
    refused_geometry("[]", "line-undecodable: Geometry must be an object or null");
    refused_geometry("{}", "line-undecodable: Geometry has no type");
    refused_geometry(r#"{"type":7}"#, "line-undecodable: Geometry has no type");
    refused_geometry(r#"{"type":"Point"}"#, none);
    refused_geometry(r#"{"type":"Circle"}"#, "line-undecodable: Geometry type `Circle` is not known");
    refused_geometry(
        r#"{"type":"GeometryCollection","geometries":[]}"#,
        "line-undecodable: GeometryCollection is not supported",
    );
}

#[test]
fn edge_of_the_allowed_range_is_inside() {
    let position = format!("[{LONGITUDE_MAX},-90]");
    check(&format!(r#""type":"Point","coordinates":{position}"#), "Point [(7200.0, -90.0)] [] [] [] []");
}

#[test]
fn line_that_is_no_feature_says_why() {
    refused(
        r#"{"type":"FeatureCollection","features":[]}"#,
        "line-undecodable: FeatureCollection is not a feature",
    );
    refused(r#"{"type":"Point","coordinates":[1,2]}"#, "line-undecodable: Point is not a feature");
    refused("{}", "line-undecodable: Object without a type is not a feature");
    refused(r#"{"type":null}"#, "line-undecodable: Object without a type is not a feature");
    refused("[1]", "line-undecodable: Line is not a GeoJSON object");
    refused("17", "line-undecodable: Line is not a GeoJSON object");
    refused(r#"{"type":"Feature"}"#, "line-undecodable: Feature has no geometry");
    refused("{", "line-undecodable: Line is not valid JSON: EOF while parsing an object (column 1)");
    refused("{},", "line-undecodable: Line is not valid JSON: trailing characters (column 3)");
    refused("hello", "line-undecodable: Line is not valid JSON: expected value (column 1)");
    let point = r#""type":"Feature","geometry":{"type":"Point","coordinates":[1,2]}"#;
    refused(
        &format!(r#"{{{point},"properties":[]}}"#),
        "line-undecodable: Properties must be an object or null",
    );
    refused(
        &format!(r#"{{{point},"properties":{{"a":NaN}}}}"#),
        "line-undecodable: Line is not valid JSON: expected value (column 85)",
    );
    refused(
        &format!(r#"{{{point},"id":"\ud800"}}"#),
        "line-undecodable: Line is not valid JSON: unexpected end of hex escape",
    );
}

#[test]
fn bytes_that_are_no_text_say_where() {
    let fault = Parser::new().parse(b"{\"a\":\"\xff\"}", &mut Feature::default()).unwrap_err();
    assert_eq!(fault.reason, "Line is not valid UTF-8 (byte 7)");
}

#[test]
fn deep_lines_are_refused_without_a_stack() {
    let deep = "line-undecodable: JSON is nested deeper than 100 levels";
    for levels in [98, 99, 100, 101, 100_000] {
        let nested = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let point = r#""geometry":{"type":"Point","coordinates":[1,2]}"#;
        for (line, levels_max) in [
            (format!(r#"{{"type":"Feature","properties":{{"a":{nested}}},{point}}}"#), 98),
            (format!(r#"{{"type":"Feature","foreign":{nested},{point}}}"#), 99),
            (format!(r#"{{"type":"Feature","id":{nested},{point}}}"#), 99),
            (format!(r#"{{"type":"Feature","geometry":{{"type":"Polygon","coordinates":{nested}}}}}"#), 98),
            (nested.clone(), 100),
        ] {
            let found = both(&line, &mut Parser::new(), &mut Feature::default());
            assert_eq!(found == deep, levels > levels_max, "{levels}: {found}");
        }
    }
    refused(
        &"{\"a\":".repeat(100_000),
        "line-undecodable: Line is not valid JSON: EOF while parsing a value (column 500000)",
    );
}

/// Lines as real files have them, and their odd relatives.
const SEEDS: [&str; 9] = [
    r#"{"type":"Feature","id":4711,"properties":{"osm_id":"w4711","highway":"residential","name":"Städtle \"9\"","lanes":2},"geometry":{"type":"LineString","coordinates":[[9.5209,47.1411],[9.52174,47.14032,455.2],[9.5223301,47.1399999]]}}"#,
    r#"{"type":"Feature","properties":{"code":"01001","nom":"L'Abergement-Cl\u00e9menciat"},"geometry":{"type":"Polygon","coordinates":[[[4.926114,46.15491],[4.918541,46.16294],[4.915321,46.16123],[4.926114,46.15491]],[[4.92,46.158],[4.921,46.158],[4.92,46.159],[4.92,46.158]]]}}"#,
    r#"{ "type": "Feature", "properties": { "scalerank": 8, "natscale": 10.0, "note": null, "capital": false }, "geometry": { "type": "Point", "coordinates": [ -57.8400024734013, -34.4797900054607 ] } }"#,
    r#"{"geometry":{"coordinates":[[[[-180,-16.5],[179.9,-16.1],[179.8,-17e0],[-180,-16.5]]],[[[1e1,2E+0],[11,2.50],[11,3],[1e1,2e0]]]],"type":"MultiPolygon","bbox":[1,2,3,4]},"type":"Feature","bbox":[-180,-17,180,3],"properties":{"levels":[1,{"deep":[[]]}],"empty":{},"a":18446744073709551615,"b":-9223372036854775808}}"#,
    r#"{"type":"Feature","geometry":{"type":"MultiLineString","coordinates":[[[0,0],[8,8]],[[1,1],[9,9],[1e400,0]]]},"properties":{"x":1e400,"x":2,"y":-0,"z":-0.0}}"#,
    r#"{"type":"Feature","id":"abc\n","geometry":{"type":"MultiPoint","coordinates":[[0,0],[8,91],[170,1,2,3]]},"properties":{}}"#,
    r#"{"type":"Feature","geometry":null,"properties":null}"#,
    r#"{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]}}]}"#,
    r#"{"type":"Feature","geometry":{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]},"properties":{"\ud83d\ude00":"\ud83d"}}"#,
];

/// Pieces that mutations put in.
const PIECES: [&str; 30] = [
    "",
    " ",
    "\t",
    ",",
    ":",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "\\",
    "\\u00",
    "0",
    "-",
    ".",
    "e",
    "9999999999999999999",
    "null",
    "true",
    "NaN",
    "[]",
    "{}",
    "é",
    "\u{1}",
    "1e999",
    "\"a\":1,",
    "\\\"",
    "180",
    "\"id\":7,",
    "\"type\":\"Feature\",",
];

/// A stream of numbers without pattern.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % n
    }

    /// Returns a place between two characters of `line`.
    fn cut(&mut self, line: &str) -> usize {
        line.floor_char_boundary(self.below(line.len() + 1))
    }
}

#[test]
fn both_readers_agree_on_lines_that_went_wrong() {
    let mut dice = Dice(0x5eed_1e55_0f0f_a11e);
    let (mut parser, mut feature) = (Parser::new(), Feature::default());
    let (mut n_accepted, mut n_quick) = (0, 0);
    for round in 0..40_000 {
        let mut line = SEEDS[round % SEEDS.len()].to_owned();
        for _ in 0..dice.below(4) {
            let (a, b) = (dice.cut(&line), dice.cut(&line));
            let (start, end) = (a.min(b), a.max(b));
            let near = line.floor_char_boundary(end.min(start + 3));
            let piece = PIECES[dice.below(PIECES.len())];
            match dice.below(4) {
                0 => line.insert_str(start, piece),
                1 => line.replace_range(start..near, piece),
                2 => line.replace_range(start..end, ""),
                _ => {
                    let again = line[start..end].to_owned();
                    line.insert_str(start, &again);
                }
            }
        }
        let expected = both(&line, &mut parser, &mut feature);
        n_accepted += usize::from(!expected.contains(": "));
        n_quick += usize::from(quick::read(&line, &mut parser.buffers, &mut feature).is_some());
        // The public way must say the same as the thorough one, whatever the line before left behind.
        let public = parser.parse(line.as_bytes(), &mut feature);
        assert_eq!(told(public, &feature), expected, "{line}");
    }
    assert!(
        n_accepted > 5_000 && n_quick * 100 > n_accepted * 95,
        "{n_quick} of {n_accepted} were read quickly"
    );
}

/// So many lines of each real file are read in both ways.
const REAL_LINES_MAX: usize = 300;

/// Needs the folder of `*.geojsonl.gz` that `ZELLIGE_DATA` names, and says so when it is not there.
#[test]
fn real_lines_are_all_read_quickly_and_rightly() {
    let Some(folder) = std::env::var_os("ZELLIGE_DATA") else {
        println!("skipped: ZELLIGE_DATA names no folder of real data");
        return;
    };
    let (mut parser, mut feature) = (Parser::new(), Feature::default());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "gz") {
            continue;
        }
        let unpacked = flate2::read::MultiGzDecoder::new(std::fs::File::open(&path).unwrap());
        for line in std::io::BufRead::lines(std::io::BufReader::new(unpacked)).take(REAL_LINES_MAX) {
            let line = line.unwrap();
            assert!(quick::read(&line, &mut parser.buffers, &mut feature).is_some(), "{line}");
            both(&line, &mut parser, &mut feature);
        }
    }
}
