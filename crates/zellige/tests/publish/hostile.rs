//! Recipes that were made to hurt: a clear error, or a job that runs; never a crash or a long wait.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::common::{publish, settings};
use crate::rows::{line, point, rows};

/// How deep the hostile recipes nest.
const LEVELS: usize = 10_000;
/// How deep a recipe may nest, less the levels around an expression.
const LEVELS_LEGAL: usize = 500;
/// How large the hostile recipes are at least, bytes.
const RECIPE_BYTES: usize = 1 << 20;

fn recipe(options: &str) -> String {
    format!(
        r#"{{"version": 1, "layers": {{"a": {{"source": "mapbox://tileset-source/acme/data", "minzoom": 0, "maxzoom": 1, {options}}}}}}}"#
    )
}

fn messages(text: &str) -> Vec<String> {
    zellige::plan(text.as_bytes()).expect_err("the recipe is refused").messages
}

/// Checks that a recipe is refused, and for what alone.
fn check(options: &str, expected: &[&str]) {
    assert_eq!(messages(&recipe(options)), expected, "{}", options.get(..200).unwrap_or(options));
}

/// Publishes two points and a line; returns the attributes of the first feature of the first tile.
fn run(options: &str) -> Value {
    let source = [
        point(1, [1.0, 1.0], &json!({"n": 1, "s": "x"})),
        point(2, [1.5, 1.0], &json!({"n": 2})),
        line(3, &[[1.0, 1.0], [30.0, 2.0], [60.0, 1.0]], &json!({"n": 3})),
    ];
    let mut settings = settings(1, 64 << 20);
    settings.tile_bytes_max = 64 << 20;
    let published = publish(&recipe(options), &source.join("\n"), &settings).unwrap();
    serde_json::from_str(&rows(&published)[0].attributes).unwrap()
}

#[test]
fn nesting_without_end_is_refused() {
    for (open, close) in [("[", "]"), (r#"{"a": "#, "}"), (r#"["!", "#, "]"), (r#"["literal", "#, "]")] {
        let nested = open.repeat(LEVELS) + "true" + &close.repeat(LEVELS);
        for text in
            [recipe(&format!(r#""features": {{"filter": {nested}}}"#)), nested.clone(), open.repeat(LEVELS)]
        {
            let messages = messages(&text);
            assert!(
                messages.len() == 1
                    && messages[0].starts_with("Recipe is not valid JSON: nesting deeper than 512"),
                "{messages:?}"
            );
        }
    }
}

#[test]
fn nesting_up_to_the_bound_runs() {
    let nest = |open: &str, inner: &str, close: &str| {
        open.repeat(LEVELS_LEGAL) + inner + &close.repeat(LEVELS_LEGAL)
    };
    run(&format!(r#""features": {{"filter": {}}}"#, nest(r#"["!", "#, r#"["has", "n"]"#, "]")));
    let sum = nest(r#"["+", 1, "#, r#"["get", "n"]"#, "]");
    assert_eq!(run(&format!(r#""tiles": {{"attributes": {{"set": {{"sum": {sum}}}}}}}"#))["sum"], 501);
    let lets = nest(r#"["let", "v", ["get", "n"], "#, r#"["var", "v"]"#, "]");
    assert_eq!(run(&format!(r#""features": {{"attributes": {{"set": {{"v": {lets}}}}}}}"#))["v"], 1);
    let cases = nest(r#"["case", ["has", "no"], 0, "#, "7", "]");
    assert_eq!(run(&format!(r#""features": {{"attributes": {{"set": {{"v": {cases}}}}}}}"#))["v"], 7);
    let array = "[".repeat(LEVELS_LEGAL - 2) + &"]".repeat(LEVELS_LEGAL - 2);
    let text = format!(r#"["to-string", ["literal", {array}]]"#);
    assert_eq!(run(&format!(r#""features": {{"attributes": {{"set": {{"v": {text}}}}}}}"#))["v"], array);
}

/// Repeats what `write` makes of a number until there is a megabyte of it.
fn megabyte(mut write: impl FnMut(usize) -> String) -> (String, usize) {
    let (mut text, mut count) = (String::new(), 0);
    while text.len() < RECIPE_BYTES {
        let _ = write!(text, "{}{}", if count == 0 { "" } else { ", " }, write(count));
        count += 1;
    }
    (text, count)
}

#[test]
fn recipes_of_a_megabyte_run() {
    let (conditions, _) = megabyte(|idx| format!(r#"["==", ["get", "n"], {}]"#, 4 + idx));
    let alone = run(&format!(r#""features": {{"filter": ["any", {conditions}, ["has", "s"]]}}"#));
    assert_eq!(alone, json!({"n": 1, "s": "x"}));
    let (labels, n_labels) = megabyte(|idx| format!("{}, {idx}", 2 * idx + 1));
    let matched = run(&format!(
        r#""features": {{"attributes": {{"set": {{"v": ["match", ["get", "n"], {labels}, -1]}}}}}}"#
    ));
    assert!(n_labels > 10_000 && matched["v"] == 0);
    let (stops, _) = megabyte(|idx| format!("{idx}, {idx}"));
    assert_eq!(
        run(&format!(
            r#""tiles": {{"attributes": {{"set": {{"v": ["step", ["get", "n"], -1, {stops}]}}}}}}"#
        ))["v"],
        1
    );
    let text = "x".repeat(RECIPE_BYTES);
    let long = run(&format!(r#""features": {{"attributes": {{"set": {{"v": ["length", "{text}"]}}}}}}"#));
    assert_eq!(long["v"], RECIPE_BYTES);
}

#[test]
fn thousands_of_attributes_are_computed() {
    let names: Vec<String> = (0..4_000).map(|idx| format!(r#""a{idx}": {idx}"#)).collect();
    let many = run(&format!(r#""features": {{"attributes": {{"set": {{{}}}}}}}"#, names.join(", ")));
    assert_eq!(many.as_object().unwrap().len(), 4_002);
}

#[test]
fn megabyte_of_rules_runs() {
    let (rules, _) = megabyte(|_| r#"["highest_where", ["has", "n"], 9, "n"]"#.to_owned());
    run(&format!(r#""tiles": {{"limit": [{rules}]}}"#));
    let (unions, _) = megabyte(|_| r#"{"group_by": ["n"], "aggregate": {"s": "comma"}}"#.to_owned());
    run(&format!(r#""tiles": {{"union": [{unions}]}}"#));
    let (names, _) = megabyte(|idx| format!(r#""a{idx}""#));
    run(&format!(r#""features": {{"attributes": {{"zoom_element": [{names}]}}}}"#));
    run(&format!(r#""features": {{"attributes": {{"allowed_output": [{names}, "n"]}}}}"#));
    run(&format!(r#""tiles": {{"union": [{{"group_by": [{names}]}}]}}"#));
}

#[test]
fn megabyte_of_mistakes_is_told_in_full() {
    let (keys, n_keys) = megabyte(|idx| format!(r#""no{idx}": 0"#));
    assert_eq!(messages(&recipe(&keys)).len(), n_keys);
    let (layers, _) = megabyte(|idx| format!(r#""no {idx}": 5"#));
    assert!(!messages(&format!(r#"{{"version": 1, "layers": {{{layers}}}}}"#)).is_empty());
    let (wrong, n_wrong) = megabyte(|idx| format!(r#""a{idx}": []"#));
    let told = messages(&recipe(&format!(r#""features": {{"attributes": {{"set": {{{wrong}}}}}}}"#)));
    assert_eq!(told.len(), 2 * n_wrong);
    let garbage = "\u{fffd}".repeat(RECIPE_BYTES);
    assert_eq!(messages(&garbage).len(), 1);
    let endless = " ".repeat(17 << 20);
    assert!(messages(&endless)[0].starts_with("Recipe is not valid JSON: more than 16 MiB"));
}

#[test]
fn last_of_equal_keys_counts() {
    let twice = r#""features": {"filter": false}, "features": {"filter": ["has", "s"], "filter": true}"#;
    assert_eq!(run(twice), json!({"n": 1, "s": "x"}));
    check(
        r#""minzoom": "first", "minzoom": "last""#,
        &["layers.a.minzoom must be an integer between 0 and 16."],
    );
    let (keys, n_keys) = megabyte(|idx| format!(r#""maxzoom": {}"#, idx % 7));
    let text = recipe(&format!(r#"{keys}, "maxzoom": 0"#));
    let checked = zellige::check(text.as_bytes(), &zellige::recipe::Options::default());
    assert!(checked.is_valid());
    assert_eq!(checked.plan.unwrap().zooms().1.get(), 0);
    assert!(checked.lints.len() > n_keys);
    let (assigned, _) = megabyte(|idx| format!(r#""v": {idx}"#));
    let last = run(&format!(r#""features": {{"attributes": {{"set": {{{assigned}, "v": "last"}}}}}}"#));
    assert_eq!(last["v"], "last");
}

#[test]
fn huge_numbers_are_refused_where_they_have_a_range() {
    let zoom = "must be an integer between 0 and 16.";
    for number in ["1e300", "-1e300", "99999999999999999999999999", "18446744073709551616", "1e-300"] {
        check(&format!(r#""minzoom": {number}"#), &[&format!("layers.a.minzoom {zoom}")]);
        check(
            &format!(r#""tiles": {{"layer_size": {number}}}"#),
            &["layers.a.tiles.layer_size must be an integer between 1 and 2500."],
        );
        check(
            &format!(r#""tiles": {{"extent": {number}}}"#),
            &["layers.a.tiles.extent must be an integer between 1 and 65536."],
        );
        check(
            &format!(r#""tiles": {{"limit": [["lowest_where", true, {number}, null]]}}"#),
            &["layers.a.tiles.limit[0] number must be a positive integer."],
        );
        check(
            &format!(r#""tiles": {{"union": [{{"region_count": {number}}}]}}"#),
            &["layers.a.tiles.union[0].region_count must be a positive integer."],
        );
    }
    check(
        r#""features": {"simplification": 1e300}"#,
        &["layers.a.features.simplification must be between 0 and 4096."],
    );
    check(r#""tiles": {"buffer_size": 1e300}"#, &["layers.a.tiles.buffer_size must be between 0 and 100."]);
    let beyond = messages(&recipe(r#""features": {"id": 1e400}"#));
    assert!(beyond[0].starts_with("Recipe is not valid JSON: number out of range"), "{beyond:?}");
    let digits = "9".repeat(RECIPE_BYTES);
    let beyond = messages(&recipe(&format!(r#""features": {{"id": {digits}}}"#)));
    assert!(beyond[0].starts_with("Recipe is not valid JSON: number out of range"), "{:.200}", beyond[0]);
}

#[test]
fn huge_numbers_in_expressions_run() {
    let set = |expression: &str| {
        run(&format!(r#""features": {{"attributes": {{"set": {{"v": {expression}}}}}}}"#))["v"].clone()
    };
    assert_eq!(set(r#"["^", 10, 400]"#), Value::Null);
    assert_eq!(set(r#"["*", 1e300, 1e300]"#), Value::Null);
    assert_eq!(set("18446744073709551615"), u64::MAX);
    assert_eq!(set("-9223372036854775808"), i64::MIN);
    assert_eq!(set(r#"["+", 9223372036854775807, ["get", "n"]]"#), 9_223_372_036_854_775_808_u64);
    assert_eq!(set(r#"["at", 0, ["literal", [1e300]]]"#), 1e300);
    run(r#""features": {"simplification": ["*", 1e300, ["zoom"]], "id": 1e300}"#);
    run(r#""tiles": {"extent": ["^", 10, 300], "buffer_size": ["^", 10, 300]}"#);
    run(r#""tiles": {"extent": ["-", 0, 1e300], "buffer_size": ["-", 0, 1e300]}"#);
    run(
        r#""tiles": {"limit": [["lowest_where_in_distance", true, 4294967295, "n"]], "union": [{"cluster": true, "region_count": 4294967295}]}"#,
    );
}

#[test]
fn texts_that_grow_without_end_fail_the_job() {
    let doubled = |inner: String| format!(r#"["let", "t", {inner}, ["concat", ["var", "t"], ["var", "t"]]]"#);
    let mut text = r#"["get", "s"]"#.to_owned();
    for _ in 0..60 {
        text = doubled(text);
    }
    let text = recipe(&format!(r#""features": {{"attributes": {{"set": {{"v": {text}}}}}}}"#));
    let error =
        publish(&text, &point(1, [1.0, 1.0], &json!({"s": "x"})), &settings(1, 64 << 20)).err().unwrap();
    assert!(error.to_string().starts_with("[expression] texts made for one feature exceed"), "{error}");
}
