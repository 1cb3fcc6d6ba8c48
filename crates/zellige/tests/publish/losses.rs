//! Nothing vanishes silently: what is not in the tiles is in the report, and the reverse.

use crate::common::{Published, publish, settings};

const POINT: &str = r#""geometry":{"type":"Point","coordinates":[20,30]}"#;

fn run(options: &str, lines: &[String]) -> Published {
    let recipe = format!(
        r#"{{"version":1,"layers":{{"a":{{"source":"mapbox://tileset-source/me/a","minzoom":0,"maxzoom":5{options}}}}}}}"#
    );
    publish(&recipe, &lines.join("\n"), &settings(2, 64 << 20)).unwrap()
}

fn feature(id: u32, properties: &str) -> String {
    format!(r#"{{"type":"Feature","id":{id},"properties":{{{properties}}},{POINT}}}"#)
}

/// Returns count and lines of the examples of a finding.
fn finding(published: &Published, code: &str) -> (u64, Vec<u64>) {
    let found = published.report.findings.iter().find(|finding| finding.code.code() == code);
    found
        .map_or((0, Vec::new()), |found| (found.count, found.examples.iter().map(|case| case.line).collect()))
}

#[test]
fn ids_that_follow_the_zoom_are_compared_at_every_zoom() {
    let options = r#","features":{"id":["case",["<",["zoom"],3],["get","lo"],["get","hi"]]}"#;
    let lines = [feature(1, r#""lo":1,"hi":9"#), feature(2, r#""lo":2,"hi":9"#)];
    let published = run(options, &lines);
    let counts: Vec<u64> = published.report.layers[0].stats.zooms.values().map(|zoom| zoom.points).collect();
    assert_eq!(counts, [2, 2, 2, 1, 1, 1]);
    assert_eq!(finding(&published, "duplicate-id").0, 3);
}

#[test]
fn numbers_that_cannot_be_written_are_counted_with_their_line() {
    let set = r#""attributes":{"set":{"q":["/",1,["get","z"]]}}"#;
    let lines = [feature(1, r#""z":1"#), feature(2, r#""z":0"#)];
    let plain = run(&format!(r#","features":{{{set}}}"#), &lines);
    assert_eq!(finding(&plain, "number-not-finite"), (1, vec![2]));
    let late = run(&format!(r#","features":{{{set},"filter":["<",["zoom"],3]}}"#), &lines);
    assert_eq!(finding(&late, "number-not-finite"), (1, vec![2]));
    let staged = run(&format!(r#","features":{{{set}}},"tiles":{{"filter":["has","z"]}}"#), &lines);
    assert_eq!(finding(&staged, "number-not-finite").0, 6);
}

#[test]
fn shapes_beyond_the_square_are_counted_and_its_southern_edge_is_inside() {
    let line = |id: u32, geometry: &str| {
        format!(r#"{{"type":"Feature","id":{id},"properties":{{}},"geometry":{geometry}}}"#)
    };
    let lines = [
        line(1, r#"{"type":"Point","coordinates":[0,-85.0511287798066]}"#),
        line(2, r#"{"type":"Point","coordinates":[0,89]}"#),
        line(3, r#"{"type":"LineString","coordinates":[[0,86],[10,88]]}"#),
        line(4, r#"{"type":"Polygon","coordinates":[[[0,-86],[10,-86],[10,-88],[0,-86]]]}"#),
    ];
    let published = run(r#","tiles":{"buffer_size":0}"#, &lines);
    assert_eq!(finding(&published, "outside-mercator"), (3, vec![2, 3, 4]));
    assert_eq!(published.report.layers[0].stats.total(|zoom| zoom.points), 6);
}

#[test]
fn what_limits_take_is_in_the_report() {
    let lines = [feature(1, ""), feature(2, ""), feature(3, "")];
    let published = run(r#","tiles":{"limit":[["lowest_where",true,1,null]]}"#, &lines);
    assert_eq!(published.report.to_json()["layer_stats"]["a"]["features_limited"], 12);
}

#[test]
fn computed_ids_that_are_no_ids_are_counted() {
    let published = run(r#","tiles":{"id":["has","z"]}"#, &[feature(1, "")]);
    assert_eq!(finding(&published, "id-unusable").0, 6);
}

#[test]
fn halves_that_fill_a_tile_together_are_a_filled_tile() {
    let half = |id: u32, west: i32, east: i32| {
        format!(
            r#"{{"type":"Feature","id":{id},"properties":{{}},"geometry":{{"type":"Polygon","coordinates":[[[{west},-85],[{east},-85],[{east},85],[{west},85],[{west},-85]]]}}}}"#
        )
    };
    let lines = [half(1, -90, 20), half(2, 20, 90)];
    let removed = run(r#","tiles":{"union":[{"group_by":[]}],"remove_filled":[">",["zoom"],2]}"#, &lines);
    assert!(!removed.text.contains("tile 3/4/3\n"), "inside of both halves");
    assert!(removed.text.contains("tile 2/2/1\n"));
}

#[test]
fn temporary_files_that_cannot_be_made_end_the_job() {
    let lines: Vec<String> =
        (0..30_000).map(|id| feature(id, r#""text":"some words that take their place""#)).collect();
    let mut settings = settings(2, 0);
    settings.temp = std::path::PathBuf::from("no such folder");
    let recipe =
        r#"{"version":1,"layers":{"a":{"source":"mapbox://tileset-source/me/a","minzoom":0,"maxzoom":16}}}"#;
    let Err(error) = publish(recipe, &lines.join("\n"), &settings) else { panic!("memory was enough") };
    assert!(error.to_string().starts_with("creating a temporary file in `no such folder` failed"), "{error}");
}

#[test]
fn incremental_tilesets_say_which_features_no_change_can_name() {
    let recipe = r#"{"version":1,"incremental":true,"layers":{"a":{"source":"mapbox://tileset-source/me/a","minzoom":0,"maxzoom":1}}}"#;
    let nameless = format!(r#"{{"type":"Feature","properties":{{}},{POINT}}}"#);
    let lines = [feature(1, ""), nameless].join("\n");
    let published = publish(recipe, &lines, &settings(2, 64 << 20)).unwrap();
    assert_eq!(finding(&published, "id-missing"), (1, vec![2]));
    let published = publish(&recipe.replace("true", "false"), &lines, &settings(2, 64 << 20)).unwrap();
    assert_eq!(finding(&published, "id-missing").0, 0);
}
