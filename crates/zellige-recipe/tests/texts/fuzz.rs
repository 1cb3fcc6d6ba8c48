//! Any bytes as a recipe: they end in problems, soon, and everything said about them can be shown and found again.
//!
//! The fuzz target `recipe` runs this too.

use serde_json::value::RawValue;
use zellige_recipe::{Checked, Options, Sources, check, raw, render_lint, render_problem};

/// Why a text is refused here that other readers take.
const OUR_BOUNDS: [&str; 4] =
    ["nesting deeper than", "more than 16 MiB", "number out of range", "half of a surrogate pair"];

/// Checks a text as everything that it may be.
pub(crate) fn run(bytes: &[u8]) {
    let checked = probe(bytes);
    check_syntax(bytes);
    let account = Some("acme".to_owned());
    let strict = Options { sources: Sources::Known(Vec::new()), account, strict: true, ..Options::default() };
    let strict = checks_out(bytes, check(bytes, &strict));
    // A recipe has a source, and strictly there is none.
    assert!(!strict.is_valid() && checked.problems.len() <= strict.problems.len());
}

/// Checks a text, and that everything said about it can be shown and found again.
pub(crate) fn probe(text: &[u8]) -> Checked {
    checks_out(text, check(text, &Options::default()))
}

fn checks_out(text: &[u8], checked: Checked) -> Checked {
    let json: Option<serde_json::Value> = raw::parse(text).ok().map(|document| document.root().to_json());
    for problem in &checked.problems {
        assert!(problem.span.end <= text.len() && problem.span.start <= problem.span.end);
        assert!(json.as_ref().is_none_or(|json| json.pointer(&problem.pointer).is_some()), "{problem:?}");
        assert!(!render_problem(text, problem).is_empty());
    }
    for lint in &checked.lints {
        assert!(json.as_ref().is_some_and(|json| json.pointer(&lint.pointer).is_some()), "{lint:?}");
        assert!(!render_lint(text, lint).is_empty());
    }
    assert_eq!(checked.is_valid(), checked.recipe.is_some());
    assert!(checked.plan.is_some() == checked.is_valid());
    checked
}

/// Compares what is JSON here with what `serde_json` takes for it.
fn check_syntax(text: &[u8]) {
    let theirs: Option<&RawValue> = serde_json::from_slice(text).ok();
    match raw::parse(text) {
        Ok(document) => {
            assert!(theirs.is_some(), "we alone take this for JSON");
            let again = document.root().to_json().to_string();
            let read_again = raw::parse(again.as_bytes()).expect("what is written as JSON is JSON");
            assert_eq!(read_again.root().to_json().to_string(), again);
        }
        Err(error) => {
            let is_bound = OUR_BOUNDS.iter().any(|bound| error.reason.starts_with(bound));
            assert!(theirs.is_none() || is_bound, "{error}");
        }
    }
}

#[test]
fn corpus_passes() {
    zellige_testkit::corpus::replay("recipe", run);
}
