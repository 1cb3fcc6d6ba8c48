//! The verb `check`: says everything about a recipe.
//!
//! In:     a recipe, or a body `{"recipe": …, "name": …}`, from a file or standard input.
//! Out:    problems and warnings, each with its place; or all of it as JSON.
//! Keeps:  the order in which the checker found them.
//! Source: –

use std::ffi::OsStr;
use std::io::Read;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use zellige::Checked;
use zellige::model::Zoom;
use zellige::recipe::{Lint, Options, ZOOM_LIMIT, line_column, render_lint, render_problem};

use crate::args::{Flag, Given, Verb};
use crate::exit::Failure;
use crate::show::{print, put};
use crate::sources::STDIN;

/// Bytes of the longest recipe that is read.
const RECIPE_BYTES_MAX: u64 = 16 << 20;

/// The flag that raises the highest zoom; `publish` has it too.
pub(crate) const ZOOM_LIMIT_FLAG: Flag =
    Flag::value("zoom-limit", "N", "highest zoom that the recipe may ask for, 0 to 22 (default 16)");

pub(crate) const VERB: Verb = Verb {
    name: "check",
    about: "Checks a recipe: all problems at once, each with its place and what to do.",
    usage: "RECIPE.json [options]",
    operands: &["RECIPE.json"],
    n_more: 0,
    flags: &[
        Flag::switch("strict", "refuses operators that the recipe reference does not list"),
        ZOOM_LIMIT_FLAG,
        Flag::switch("json", "prints one JSON object"),
    ],
    examples: &[
        ("zellige check roads.json", "says what is wrong with a recipe; exit code 2 if anything is"),
        ("zellige check - --json < roads.json", "the same for programs, from standard input"),
    ],
};

pub(crate) fn run(given: &Given) -> Result<(), Failure> {
    let path = given.operand(0).unwrap_or_default();
    let options =
        Options { strict: given.has("strict"), zoom_limit: zoom_limit(given)?, ..Options::default() };
    let text = read(path)?;
    let checked = zellige::check(&text, &options);
    if given.has("json") {
        print(&format!("{:#}\n", to_json(&text, &checked)))?;
    } else {
        let verdict = verdict(&checked);
        let (refusals, warnings) = (refusals(&text, &checked), warnings(&text, &checked));
        print(&format!("{refusals}{warnings}{}: {verdict}\n", path.display()))?;
    }
    if checked.plan.is_some() { Ok(()) } else { Err(Failure::RecipeRefused) }
}

/// Returns the highest zoom that a recipe may ask for.
pub(crate) fn zoom_limit(given: &Given) -> Result<Zoom, Failure> {
    let read = |text: &str| Zoom::new(text.parse().ok()?);
    Ok(given.read("zoom-limit", "a whole number from 0 to 22", read)?.unwrap_or(ZOOM_LIMIT))
}

/// Reads the text of a recipe from a file or standard input.
pub(crate) fn read(path: &OsStr) -> anyhow::Result<Vec<u8>> {
    let attempt = || format!("cannot read recipe `{}`", path.display());
    let mut text = Vec::new();
    let limit = RECIPE_BYTES_MAX + 1;
    if path == STDIN {
        std::io::stdin().lock().take(limit).read_to_end(&mut text).with_context(attempt)?;
    } else {
        let file = std::fs::File::open(path).with_context(attempt)?;
        file.take(limit).read_to_end(&mut text).with_context(attempt)?;
    }
    if text.len() as u64 == limit {
        bail!("`{}` has more than {RECIPE_BYTES_MAX} bytes, so it is hardly a recipe", path.display());
    }
    Ok(text)
}

/// Returns why no plan could be made, as text for people.
pub(crate) fn refusals(text: &[u8], checked: &Checked) -> String {
    let mut out = String::new();
    for problem in &checked.problems {
        put(&mut out, format_args!("error: {}\n", render_problem(text, problem)));
    }
    out
}

/// Returns what is odd, as text for people.
fn warnings(text: &[u8], checked: &Checked) -> String {
    let mut out = String::new();
    for lint in &checked.lints {
        put(&mut out, format_args!("warning: {}\n", render_lint(text, lint)));
    }
    out
}

/// Returns one phrase about the whole recipe.
fn verdict(checked: &Checked) -> String {
    let Checked { problems, lints, .. } = checked;
    let mut verdict = match problems.len() {
        0 => "valid".to_owned(),
        n => format!("not valid, {}", counted(n, "problem", "problems")),
    };
    if !lints.is_empty() {
        verdict.push_str(", ");
        verdict.push_str(&counted(lints.len(), "warning", "warnings"));
    }
    verdict
}

fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn to_json(text: &[u8], checked: &Checked) -> Value {
    let lints: Vec<Value> = checked.lints.iter().map(|lint| lint_to_json(text, lint)).collect();
    json!({
        "valid": checked.is_valid(),
        "errors": checked.wire_messages(),
        "lints": lints,
    })
}

fn lint_to_json(text: &[u8], lint: &Lint) -> Value {
    let (line, column) = line_column(text, lint.span.start);
    json!({
        "code": lint.code.code(),
        "message": lint.message,
        "pointer": lint.pointer,
        "line": line,
        "column": column,
        "hint": lint.hint,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(layer: &str, expected: &str) {
        let recipe = format!(r#"{{"version": 1, "layers": {{"a": {layer}}}}}"#);
        assert_eq!(verdict(&zellige::check(recipe.as_bytes(), &Options::default())), expected);
    }

    #[test]
    fn verdict_counts_what_was_found() {
        check(
            r#"{"source": "mapbox://tileset-source/me/a", "minzoom": 0, "maxzoom": 1,
                  "features": {"simplification": 1}}"#,
            "valid",
        );
        check(r#"{"source": "mapbox://tileset-source/me/a", "minzoom": 0}"#, "not valid, 1 problem");
        check("{}", "not valid, 3 problems");
        check(
            r#"{"source": "mapbox://tileset-source/me/a", "minzoom": 0, "maxzoom": 1}"#,
            "valid, 1 warning",
        );
    }
}
