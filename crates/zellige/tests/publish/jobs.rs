//! The publish-time cases of the recipe language: what a job says, and what its tiles hold.

use std::fmt::Write as _;

use crate::common::{Published, publish, settings, testdata};
use serde_json::Value;

/// Cases that need options which the engine refuses so far, by the option that is refused.
const REFUSED: [(&str, &str); 10] = [
    ("J04", "filter"),
    ("J05", "filter"),
    ("J06", "filter"),
    ("J10", "filter"),
    ("J11", "limit"),
    ("J12", "filter"),
    ("J13", "zoom_element"),
    ("J14", "union"),
    ("J15", "limit"),
    ("J16", "filter"),
];

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
fn options_that_are_not_done_yet_are_refused_by_name() {
    for (name, option) in REFUSED {
        let refused = zellige::plan(case(name)["recipe"].to_string().as_bytes()).unwrap_err();
        let named = |message: &String| message.contains(option) && message.ends_with("is not supported yet");
        assert!(refused.messages.iter().any(named), "{name}: {:?}", refused.messages);
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
