//! The publish-time cases of the recipe language: what a job says, and what its tiles hold.

use std::fmt::Write as _;

use crate::common::{Published, publish, settings, testdata};
use serde_json::Value;

fn case(name: &str) -> Value {
    let text = std::fs::read_to_string(testdata().join(format!("recipe/job/{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn source(case: &Value) -> String {
    let Some(points) = case["generate"]["points"].as_u64() else { return texts(&case["source"]).join("\n") };
    let letters = case["generate"]["attribute_letters"].as_u64().unwrap() as usize;
    let mut lines = String::new();
    for id in 1..=points {
        let _ = writeln!(
            lines,
            r#"{{"type":"Feature","id":{id},"properties":{{"a":"{id:a>letters$}"}},"geometry":{{"type":"Point","coordinates":{}}}}}"#,
            case["generate"]["coordinates"]
        );
    }
    lines
}

/// Runs a case and compares errors and warnings; returns what was published, if it succeeds.
fn check(name: &str) -> Option<Published> {
    let case = case(name);
    let expected_errors = texts(&case["errors"]);
    match publish(&case["recipe"].to_string(), &source(&case), &settings(2, 64 << 20)) {
        Ok(published) => {
            assert_eq!(expected_errors, [""; 0], "{name} succeeds");
            assert_eq!(published.report.warnings, texts(&case["warnings"]), "{name}");
            Some(published)
        }
        Err(error) => {
            assert_eq!(expected_errors, [error.to_string()], "{name} fails");
            None
        }
    }
}

#[test]
fn empty_source_fails() {
    assert!(check("J01").is_none());
}

#[test]
fn lines_that_are_no_features_fail() {
    assert!(check("J02").is_none());
    assert!(check("J03").is_none());
}

#[test]
fn lines_without_positions_are_dropped_and_their_neighbours_stay() {
    assert!(check("J07").unwrap().text.contains("6 POINT(2048 2048) {}"));
    assert!(check("J08").unwrap().text.contains("19 POINT(2048 2048) {}"));
}

#[test]
fn first_of_equal_ids_stays() {
    let text = check("J09").unwrap().text;
    assert!(
        text.contains(r#"724305 POINT(2048 2048) {"n":"first"}"#) && text.contains(r#"{"n":"third"}"#),
        "{text}"
    );
    assert!(!text.contains("second"));
}

/// Compares the tiles of a case, as text.
fn check_text(name: &str, expected: &str) {
    assert_eq!(check(name).unwrap().text, expected, "{name}");
}

#[test]
fn filter_that_keeps_nothing_fails() {
    assert!(check("J04").is_none());
}

#[test]
fn missing_number_in_a_comparison_fails_the_job() {
    assert!(check("J05").is_none());
}

#[test]
fn guarded_filter_keeps_what_it_can_compare() {
    check_text(
        "J06",
        "tile 0/0/0\nlayer \"trees\" version 2 extent 4096 features 1\n  1 POINT(2503 1690) {\"height\":12}\n\
         tile 1/1/0\nlayer \"trees\" version 2 extent 4096 features 1\n  1 POINT(910 3380) {\"height\":12}\n\
         tile 2/2/1\nlayer \"trees\" version 2 extent 4096 features 1\n  1 POINT(1820 2664) {\"height\":12}\n\
         tile 3/4/3\nlayer \"trees\" version 2 extent 4096 features 1\n  1 POINT(3641 1231) {\"height\":12}\n",
    );
}

#[test]
fn layer_without_features_is_warned_of() {
    check_text(
        "J10",
        "tile 0/0/0\nlayer \"points\" version 2 extent 4096 features 1\n  1 POINT(2048 2048) {}\n",
    );
}

#[test]
fn limit_comes_before_union() {
    check_text(
        "J11",
        "tile 0/0/0\nlayer \"streets\" version 2 extent 4096 features 1\n  \
         1 LINESTRING(2048 2048,2162 2048,2276 2048) {\"name\":\"A\",\"rank\":1}\n",
    );
}

#[test]
fn hidden_attributes_work_everywhere_but_are_not_written() {
    check_text(
        "J12",
        "tile 0/0/0\nlayer \"p\" version 2 extent 4096 features 2\n  \
         2 POINT(2276 2048) {\"k\":\"a\"}\n  1 POINT(2048 2048) {\"k\":\"b\"}\n",
    );
}

#[test]
fn odd_values_are_not_written_and_elements_follow_the_zoom() {
    let text = check("J13").unwrap().text;
    let attributes: Vec<&str> =
        text.lines().filter_map(|line| line.split_once(" {").map(|(_, rest)| rest)).collect();
    let plain = r#""s":"x","b":false,"i":3,"d":0.5"#;
    assert_eq!(
        attributes,
        [
            format!("{plain},\"pr\":5}}"),
            format!("{plain}}}"),
            format!("{plain},\"pr\":7}}"),
            format!("{plain},\"pr\":7}}")
        ]
    );
}

#[test]
fn union_sums_and_forgets_what_is_not_grouped() {
    check_text(
        "J14",
        "tile 0/0/0\nlayer \"p\" version 2 extent 4096 features 2\n  \
         1 MULTIPOINT(2048 2048,2389 2048) {\"k\":\"a\",\"n\":3}\n  3 POINT(2731 2048) {\"k\":\"b\",\"n\":5}\n",
    );
}

#[test]
fn limits_work_one_after_the_other() {
    let text = check("J15").unwrap().text;
    let ids: Vec<&str> =
        text.lines().filter_map(|line| line.trim().split_once(" POINT").map(|(id, _)| id)).collect();
    assert_eq!(ids, ["2", "3", "4"]);
}

#[test]
fn feature_appears_at_the_zooms_that_it_names() {
    let text = check("J16").unwrap().text;
    let tiles: Vec<(&str, bool, bool)> = text
        .split("tile ")
        .skip(1)
        .map(|tile| {
            (tile.lines().next().unwrap(), tile.contains("\n  1 POINT"), tile.contains("\n  2 POINT"))
        })
        .collect();
    let expected =
        [("0/0/0", false, true), ("1/1/0", false, true), ("2/2/1", true, true), ("3/4/3", false, true)];
    assert_eq!(tiles, expected);
}

#[test]
fn full_layer_ends_before_the_first_feature_that_does_not_fit() {
    let published = check("J17").unwrap();
    let stats = &published.report.to_json()["layer_stats"]["p"];
    assert_eq!(stats["capped"], 1);
    assert_eq!(stats["zooms"]["0"]["capped_list"], case("J17")["capped_list"]);
    assert!(stats["zooms"]["0"]["max_size"].as_u64().unwrap() <= 102_400);
    let ids: Vec<u64> = published
        .text
        .lines()
        .filter_map(|line| line.trim().split_once(" POINT").and_then(|(id, _)| id.parse().ok()))
        .collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
    assert!(ids.len() > 95, "{}", ids.len());
}

#[test]
fn needed_size_is_measured_and_really_uncaps_the_tile() {
    let mut smaller = case("J17");
    smaller["generate"]["points"] = 1000.into();
    let lines = source(&smaller);
    let mut recipe = smaller["recipe"].clone();
    let tile_limit = |recipe: &Value| {
        let mut settings = settings(1, 64 << 20);
        settings.tile_bytes_max = 4 << 20;
        publish(&recipe.to_string(), &lines, &settings).unwrap().report.to_json()
    };
    let needed =
        tile_limit(&recipe)["layer_stats"]["p"]["zooms"]["0"]["capped_list"][0]["layer_size"].clone();
    assert!((980..=1020).contains(&needed.as_u64().unwrap()), "{needed}");
    recipe["layers"]["p"]["tiles"]["layer_size"] = needed.clone();
    assert_eq!(tile_limit(&recipe)["layer_stats"]["p"]["capped"], 0);
    recipe["layers"]["p"]["tiles"]["layer_size"] = (needed.as_u64().unwrap() - 1).into();
    assert_eq!(tile_limit(&recipe)["layer_stats"]["p"]["capped"], 1);
}
