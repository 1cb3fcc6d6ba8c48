//! Texts that nobody meant as recipes: they end in problems, soon, and never in a panic.

use std::fs;
use std::path::Path;

use zellige_recipe::{Options, check, raw};

use crate::fuzz::probe;

fn recipes() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/recipe/valid");
    let entries = fs::read_dir(folder).expect("a folder of the repository");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry of the folder").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a file of the repository")).collect()
}

/// Returns the spans of all values of a document.
fn spans(text: &[u8]) -> Vec<std::ops::Range<usize>> {
    let document = raw::parse(text).expect("a valid recipe");
    let mut spans = Vec::new();
    let mut todo = vec![document.root()];
    while let Some(value) = todo.pop() {
        spans.push(value.span());
        todo.extend(value.items());
        todo.extend(value.members().map(|member| member.value));
    }
    spans
}

#[test]
fn recipes_cut_off_anywhere_are_not_json() {
    for text in recipes() {
        let whole = text.trim_ascii_end();
        for len in (0..whole.len()).step_by(7) {
            let checked = probe(&whole[..len]);
            assert!(checked.problems[0].message.starts_with("Recipe is not valid JSON: "));
        }
    }
}

#[test]
fn any_value_may_be_replaced_by_any_other() {
    let others: [&[u8]; 11] = [
        b"null",
        b"true",
        b"-1",
        b"1e300",
        b"\"x\"",
        b"[]",
        b"{}",
        b"[[]]",
        b"[\"get\"]",
        b"[\"zoom\"]",
        b"{\"x\": [1, {}]}",
    ];
    for text in recipes() {
        for span in spans(&text) {
            for other in others {
                probe(&[&text[..span.start], other, &text[span.end..]].concat());
            }
        }
    }
}

#[test]
fn any_value_may_be_missing() {
    for text in recipes() {
        for span in spans(&text) {
            probe(&[&text[..span.start], &text[span.end..]].concat());
        }
    }
}

#[test]
fn deep_nesting_is_one_problem() {
    for opening in ["[", "{\"a\":", "[\"!\","] {
        let checked = probe(opening.repeat(10_000).as_bytes());
        assert!(checked.problems[0].message.contains("nesting deeper than 512 levels at line 1, column "));
    }
}

#[test]
fn expressions_may_be_as_deep_as_the_document() {
    let deep = "[\"!\", ".repeat(500) + "true" + &"]".repeat(500);
    let text = format!(
        r#"{{"version": 1, "layers": {{"a": {{"source": "mapbox://tileset-source/acme/data",
            "minzoom": 0, "maxzoom": 5, "features": {{"filter": {deep}}}}}}}}}"#
    );
    assert!(probe(text.as_bytes()).is_valid());
}

/// Makes a recipe of about a megabyte out of many times the same part of a filter.
fn large(part: impl Fn(usize) -> String) -> String {
    let parts: Vec<String> = (0..20_000).map(part).collect();
    format!(
        r#"{{"version": 1, "layers": {{"a": {{"source": "mapbox://tileset-source/acme/data",
            "minzoom": 0, "maxzoom": 5, "features": {{"filter": ["any", {}]}}}}}}}}"#,
        parts.join(",\n")
    )
}

#[test]
fn large_recipes_are_read() {
    let text = large(|idx| format!(r#"["==", ["get", "attribute{}"], "value of no. {idx}"]"#, idx % 100));
    assert!(text.len() > 900_000);
    assert!(probe(text.as_bytes()).is_valid());
    let labels: Vec<String> = (0..100_000).map(|idx| format!("\"label{idx}\"")).collect();
    let text = large(|_| "true".to_owned()).replacen(
        "true",
        &format!(r#"["match", ["get", "a"], [{}], true, false]"#, labels.join(", ")),
        1,
    );
    assert!(probe(text.as_bytes()).is_valid());
}

#[test]
fn large_objects_with_equal_keys_are_read() {
    let members: Vec<String> = (0..100_000).map(|idx| format!("\"k{}\": {idx}", idx % 50_000)).collect();
    let text = format!("{{{}}}", members.join(","));
    let checked = check(text.as_bytes(), &Options::default());
    assert_eq!((checked.problems.len(), checked.lints.len()), (2 + 50_000, 50_000));
}

#[test]
fn many_bound_names_are_found() {
    let names: Vec<String> = (0..50_000).map(|idx| format!("\"v{idx}\", {idx}")).collect();
    let uses: Vec<String> = (0..50_000).map(|idx| format!("[\"var\", \"v{idx}\"]")).collect();
    let text = format!("[\"let\", {}, [\"+\", {}]]", names.join(", "), uses.join(", "));
    let recipe = large(|_| "true".to_owned()).replacen("true", &format!("[\"<\", 1, {text}]"), 1);
    assert!(check(recipe.as_bytes(), &Options::default()).is_valid());
}

#[test]
fn many_unknown_operators_are_each_explained() {
    let entries: Vec<String> =
        (0..50_000).map(|idx| format!(r#""a{idx}": ["cas{}", ["get", "b"]]"#, idx % 1_000)).collect();
    let text = format!(
        r#"{{"version": 1, "layers": {{"a": {{"source": "mapbox://tileset-source/acme/data",
            "minzoom": 0, "maxzoom": 5, "features": {{"attributes": {{"set": {{{}}}}}}}}}}}}}"#,
        entries.join(",\n")
    );
    let checked = check(text.as_bytes(), &Options::default());
    assert_eq!(checked.problems.len(), 50_000);
    assert_eq!(checked.problems[0].hint.as_deref(), Some("did you mean \"case\"?"));
}
