//! The examples of `docs/recipe.md`: all of them run, and say what the page says.
//!
//! A fence of the page is known by its tag:
//!
//! | tag | what | checked |
//! | --- | --- | --- |
//! | `json source` | lines of data | used by all that follow |
//! | `json recipe` | a recipe | publishes |
//! | `json features`, `json tiles` | this object of a layer, zoom 0 | publishes |
//! | `text result` | tiles or the error of the job before it | equal, `cargo xtask bless` rewrites it |
//! | `json refused` | a recipe | has problems |
//! | `text problems` | the texts of the recipe before it | equal, line by line |
//! | `text expressions` | `EXPRESSION → VALUE`, on the first line of data at zoom 0 | equal |

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};
use zellige::recipe::expression::Op;

use crate::common::{publish, settings, testdata};

/// A fence of the page.
struct Fence<'p> {
    tag: &'p str,
    text: &'p str,
    /// Where the text starts in the page.
    start: usize,
}

fn fences(page: &str) -> Vec<Fence<'_>> {
    let mut fences = Vec::new();
    let (mut start, mut is_inside) = (0, false);
    for part in page.split("\n```") {
        if is_inside {
            let (tag, text) = part.split_once('\n').unwrap();
            fences.push(Fence { tag, text, start: start + tag.len() + 1 });
        }
        is_inside = !is_inside;
        start += part.len() + "\n```".len();
    }
    fences
}

fn recipe(layer: &Value) -> String {
    let mut whole = json!({"source": "mapbox://tileset-source/acme/data", "minzoom": 0, "maxzoom": 0});
    for (key, value) in layer.as_object().unwrap() {
        whole[key] = value.clone();
    }
    json!({"version": 1, "layers": {"all": whole}}).to_string()
}

/// Returns the tiles of a job as text, with its warnings, or why it failed.
fn result(recipe: &str, source: &str) -> Result<String, String> {
    let published = publish(recipe, source, &settings(1, 64 << 20)).map_err(|error| error.to_string())?;
    let mut shown = published.text;
    for warning in &published.report.warnings {
        let _ = writeln!(shown, "warning {warning}");
    }
    Ok(shown.trim_end().to_owned())
}

fn page() -> (std::path::PathBuf, String) {
    let path = testdata().join("../docs/recipe.md");
    let text = std::fs::read_to_string(&path).unwrap();
    (path, text)
}

/// Returns the lines of `EXPRESSION → VALUE`.
fn examples(text: &str) -> impl Iterator<Item = (Value, &str)> {
    text.lines().map(|line| {
        let (expression, value) = line.split_once('→').expect(line);
        (serde_json::from_str(expression).expect(line), value.trim())
    })
}

/// Checks the values of expressions, all in one job but for those that fail it.
fn check_expressions(text: &str, line: &str) {
    let (mut set, mut expected) = (json!({}), BTreeMap::new());
    for (expression, value) in examples(text) {
        let name = expression.to_string();
        if let Some(error) = value.strip_prefix("error: ") {
            let recipe = recipe(&json!({"features": {"attributes": {"set": {"x": expression}}}}));
            let found = result(&recipe, line).unwrap_err();
            assert_eq!(found.split(" - Example").next(), Some(error), "{name}");
            continue;
        }
        set[&name] = expression;
        expected.insert(name, serde_json::from_str::<Value>(value).expect(value));
    }
    let found = result(&recipe(&json!({"features": {"attributes": {"set": set}}})), line).unwrap();
    let attributes = found.lines().nth(2).and_then(|row| row.find(" {").map(|start| &row[start..])).unwrap();
    let found: Value = serde_json::from_str(attributes).unwrap();
    for (name, value) in expected {
        let found = &found[&name];
        let is_equal = found == &value || (value.is_number() && found.as_f64() == value.as_f64());
        assert!(is_equal, "{name} is {found} and not {value}");
    }
}

#[test]
fn tiles_and_report_are_those_of_the_page() {
    let (path, page) = page();
    let (mut blessed, mut n_copied) = (String::new(), 0);
    let (mut source, mut last, mut n_examples) = (String::new(), String::new(), 0);
    for Fence { tag, text, start } in fences(&page) {
        let parsed = || serde_json::from_str::<Value>(text).expect(text);
        match tag {
            "json source" => text.clone_into(&mut source),
            "json recipe" | "json features" | "json tiles" => {
                let recipe = match tag {
                    "json features" => recipe(&json!({"features": parsed()})),
                    "json tiles" => recipe(&json!({"tiles": parsed()})),
                    _ => text.to_owned(),
                };
                last = result(&recipe, &source).unwrap_or_else(|error| error);
                n_examples += 1;
            }
            "text result" => {
                blessed.push_str(&page[n_copied..start]);
                blessed.push_str(&last);
                n_copied = start + text.len();
            }
            "json refused" => {
                let refused = zellige::check(text.as_bytes(), &zellige::recipe::Options::default());
                last = refused.wire_messages().join("\n");
                assert!(!refused.is_valid(), "{text}");
            }
            "text problems" => assert_eq!(last, text),
            "text expressions" => check_expressions(text, source.lines().next().unwrap()),
            other => panic!("fence with the unknown tag `{other}`"),
        }
    }
    blessed.push_str(&page[n_copied..]);
    assert!(n_examples > 20);
    if std::env::var_os("ZELLIGE_BLESS").is_some() {
        std::fs::write(&path, &blessed).unwrap();
    }
    for (found, expected) in blessed.lines().zip(page.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(blessed, page);
}

#[test]
fn only_jobs_that_the_page_calls_failed_fail() {
    let page = page().1;
    let fences = fences(&page);
    let mut source = "";
    for (idx, Fence { tag, text, .. }) in fences.iter().enumerate() {
        let failed = match *tag {
            "json source" => {
                source = text;
                continue;
            }
            "json recipe" => result(text, source).err(),
            "json features" | "json tiles" => {
                let part: Value = serde_json::from_str(text).unwrap();
                result(&recipe(&json!({tag.split_once(' ').unwrap().1: part})), source).err()
            }
            _ => continue,
        };
        let is_told = fences.get(idx + 1).is_some_and(|next| {
            next.tag == "text result" && failed.as_deref().is_some_and(|error| error == next.text)
        });
        assert!(failed.is_none() || is_told, "{text}\n{failed:?}");
    }
}

#[test]
fn every_operator_has_an_example() {
    let page = page().1;
    let all: String = fences(&page)
        .iter()
        .filter(|fence| fence.tag == "text expressions")
        .map(|fence| fence.text.to_owned() + "\n")
        .collect();
    for op in Op::ALL {
        assert!(all.contains(&format!("[\"{}\"", op.name())), "{}", op.name());
    }
}
