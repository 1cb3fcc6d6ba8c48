//! What `explain` says.

use serde_json::{Value, json};

use crate::desk::{Desk, TOWNS, point};

/// Two layers of one source; each step of the first does something.
const ROADS: &str = r#"{"version": 1, "layers": {
  "roads": {"source": "mapbox://tileset-source/me/roads", "minzoom": 0, "maxzoom": 5,
    "features": {
      "filter": [">=", ["zoom"], 2],
      "attributes": {
        "zoom_element": ["rank"],
        "set": {"wide": [">", ["get", "lanes"], 1]},
        "allowed_output": ["wide", "rank"]}},
    "tiles": {
      "limit": [["highest_where_in_distance", ["==", ["get", "wide"], true], 10, "rank"]],
      "union": [{"where": ["==", ["get", "lanes"], 3], "group_by": ["rank"]}],
      "filter": ["!=", ["zoom"], 3]}},
  "all": {"source": "mapbox://tileset-source/me/roads", "minzoom": 0, "maxzoom": 2,
    "features": {"bbox": [0, 0, 10, 20], "filter": [">", ["get", "rank"], 3]}}}}"#;

/// A road, a blank line, a line that is too short, a ring that is too short.
const LINES: &str = r#"{"type":"Feature","id":"a7","properties":{"lanes":2,"rank":[5,6,7]},"geometry":{"type":"LineString","coordinates":[[-90,10],[-30,11],[0.5,10],[0.6,10.1],[50,-40]]}}

{"type":"Feature","properties":{},"geometry":{"type":"LineString","coordinates":[[1,2]]}}
{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[1,2],[2,3],[1,2]]]}}
"#;

const WORDS: &str = "explain roads.json --source roads.geojsonl --line";

fn desk() -> Desk {
    Desk::new(&[("roads.json", ROADS), ("roads.geojsonl", LINES)])
}

/// Explains a line of the roads, with these words behind it.
fn check(words: &str, expected: &str) {
    assert_eq!(desk().run(&format!("{WORDS} {words}")).done(), expected, "{words}");
}

#[test]
fn equal_zooms_are_one_line() {
    check(
        "1",
        r#"roads.geojsonl, line 1: LineString with 5 vertices
  id       "a7"
  has      lanes = 2, rank = [5,6,7]

layer roads
  z0-1     dropped, `features.filter` is false
  z2       in 4 tiles; 5 -> 5 vertices by 4 units; id 7900024151556545; rank: [5,6,7] -> 7; wide: none -> true; meets limit 1; writes rank, wide
  z3       dropped, `tiles.filter` is false
  z4       in 10 tiles; 5 -> 5 vertices by 4 units; id 7900024151556545; rank: [5,6,7] -> 7; wide: none -> true; meets limit 1; writes rank, wide
  z5       in 18 tiles; 5 -> 5 vertices by 4 units; id 7900024151556545; rank: [5,6,7] -> 7; wide: none -> true; meets limit 1; writes rank, wide

layer all
  z0-2     the job fails at `features.filter`: [expression] greater than operator can not compare values of type 'array<number, 3>' and 'number'

limit and union look at all features of a tile; what they make of this one depends on the others
"#,
    );
}

#[test]
fn one_zoom_is_told_step_by_step() {
    check(
        "1 --zoom 2",
        r#"roads.geojsonl, line 1: LineString with 5 vertices
  id       "a7"
  has      lanes = 2, rank = [5,6,7]

layer roads, zoom 2: in 4 tiles
  features.id                     "a7" -> 7900024151556545
  attributes.zoom_element         rank: [5,6,7] -> 7
  attributes.set                  wide: none -> true
  features.filter                 true
  features.simplification         5 -> 5 vertices, 4 units
  cut                             4 tiles
  tiles.limit 1                   applies: the highest 10 by rank, kept apart
  tiles.union 1                   does not take part
  tiles.filter                    true
  tiles.id                        7900024151556545
  writes                          rank = 7
  writes                          wide = true
  tile 2/0/1                      2 vertices
  tile 2/1/1                      4 vertices
  tile 2/2/1                      6 vertices
  tile 2/2/2                      3 vertices

layer all, zoom 2: the job fails at `features.filter`: [expression] greater than operator can not compare values of type 'array<number, 3>' and 'number'
  features.id                     "a7" -> 7900024151556545
  features.bbox                   5 -> 4 vertices

limit and union look at all features of a tile; what they make of this one depends on the others
"#,
    );
}

#[test]
fn bad_lines_have_the_reasons_of_the_job() {
    check(
        "3",
        "roads.geojsonl, line 3: dropped before any layer (W202): LineString must contain at least 2 points\n",
    );
    check(
        "4",
        "roads.geojsonl, line 4: dropped before any layer (W203): \
         Invalid number of points in polygon ring, can not encode\n",
    );
    let found: Value = serde_json::from_str(&desk().run(&format!("{WORDS} 4 --json")).done()).unwrap();
    assert_eq!(found["fault"]["warning"], "W203");
    assert_eq!((&found["feature"], &found["layers"]), (&Value::Null, &json!([])));
}

#[test]
fn json_has_all_of_it() {
    let found: Value =
        serde_json::from_str(&desk().run(&format!("{WORDS} 1 --zoom 2 --json")).done()).unwrap();
    assert_eq!(found["feature"]["attributes"], json!({"lanes": 2, "rank": [5, 6, 7]}));
    let at = &found["layers"][0]["zooms"][0];
    assert_eq!(at["zoom"], 2);
    assert_eq!(at["fate"], json!({"kind": "written"}));
    assert_eq!(at["id"], json!({"value": "a7", "number": 7_900_024_151_556_545_u64, "finding": null}));
    assert_eq!(at["changes"][0]["before"], json!([5, 6, 7]));
    assert_eq!(at["changes"][1], json!({"option": "features.attributes.set", "name": "wide", "after": true}));
    assert_eq!(at["tiles"][1], json!({"tile": "2/1/1", "vertices": 4, "fills": false}));
    assert_eq!(at["tile_stage"]["limit"][0]["applies"], true);
    assert_eq!(at["tile_stage"]["depends_on_others"], true);
    assert_eq!(at["written"], json!({"rank": 7, "wide": true}));
    let failed = &found["layers"][1]["zooms"][0]["fate"];
    assert_eq!((&failed["kind"], &failed["option"]), (&json!("fails"), &json!("features.filter")));
}

#[test]
fn what_is_told_is_what_is_published() {
    let desk = Desk::new(&[("towns.json", TOWNS), ("towns.geojsonl", &point("a", 1.0, 1.0))]);
    desk.run("publish towns.json --source towns.geojsonl -o a/ --quiet").done();
    let words = "explain towns.json --source towns.geojsonl --line 1 --json";
    let found: Value = serde_json::from_str(&desk.run(words).done()).unwrap();
    let zooms = found["layers"][0]["zooms"].as_array().unwrap();
    assert_eq!(zooms.len(), 4);
    for tile in zooms.iter().flat_map(|at| at["tiles"].as_array().unwrap()) {
        assert!(desk.path(&format!("a/{}.mvt", tile["tile"].as_str().unwrap())).exists(), "{tile}");
    }
}

#[test]
fn lines_are_found_in_any_input() {
    let desk = Desk::new(&[
        ("towns.json", TOWNS),
        ("a.geojsonl", &point("a", 1.0, 1.0).repeat(3)),
        ("b.geojsonl", &format!("{}\r\n \n{}", point("b", 1.0, 1.0), point("c", 2.0, 2.0))),
    ]);
    let words = "explain towns.json --source a.geojsonl --source towns=b.geojsonl --line";
    let told = desk.run(&format!("{words} b.geojsonl:4")).done();
    assert!(told.starts_with("b.geojsonl, line 4: Point with 1 vertex\n  has      name = \"c\"\n"), "{told}");
    assert!(told.contains("  z0-3     in 1 tile; writes name\n"), "{told}");
    desk.run(&format!("{words} 1")).fails(2, &["which input?", "`a.geojsonl`, `b.geojsonl`"]);
    desk.run(&format!("{words} c:1")).fails(2, &["no input is called `c`"]);
    let piped = desk.run_with("explain towns.json --source - --line 1", point("p", 0.0, 0.0).as_bytes());
    assert!(piped.done().starts_with("-, line 1: Point"));
}

#[test]
fn what_cannot_be_explained_is_named() {
    let desk = desk();
    desk.run(&format!("{WORDS} 2")).fails(1, &["line 2 of `roads.geojsonl` is blank"]);
    desk.run(&format!("{WORDS} 9")).fails(1, &["has no line 9, it ends with line 4"]);
    desk.run(&format!("{WORDS} 0")).fails(2, &["`0` is no value of `--line`"]);
    desk.run(&format!("{WORDS} 1 --zoom 23")).fails(2, &["`23` is no value of `--zoom`"]);
    desk.run("explain roads.json --source roads.geojsonl").fails(2, &["`--line N` is missing"]);
    desk.run("explain roads.json --line 1").fails(2, &["no input was given"]);
    desk.run("explain roads.json --source none.geojsonl --line 1")
        .fails(1, &["none.geojsonl", "No such file"]);
    desk.write("bad.json", ROADS.replace("maxzoom", "maxzom").as_bytes());
    let bad = desk.run("explain bad.json --source roads.geojsonl --line 1");
    bad.fails(2, &["layers.roads.maxzoom is required."]);
}
