//! The verb `check`: says everything about a recipe, and how it suits its data.
//!
//! In:     a recipe, or a body `{"recipe": …, "name": …}`, from a file or standard input; perhaps sources.
//! Out:    problems and warnings, each with its place; or all of it as JSON.
//! Keeps:  the order in which the checker found them. Text shows so many of them, JSON shows all.
//! Source: –

use std::ffi::OsStr;
use std::io::Read;
use std::sync::Arc;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use zellige::ingest::{Document, Format};
use zellige::model::Zoom;
use zellige::recipe::{Lint, Options, ZOOM_LIMIT, render_lint, render_problem};
use zellige::survey::sample::SAMPLE_BYTES_MAX;
use zellige::survey::{self, Forecast, Sample};
use zellige::{Checked, Plan, Source, parse_memory};

use crate::args::{Flag, Given, Verb};
use crate::exit::Failure;
use crate::show::{counted, grouped, print, printable, put};
use crate::sources::STDIN;
use crate::{forecast, publish, sources};

/// Bytes of the longest recipe that is read.
const RECIPE_BYTES_MAX: u64 = 16 << 20;
/// Problems that are shown as text, and warnings.
const SHOWN_MAX: usize = 50;
/// Characters that are shown of what is wrong with a line.
pub(crate) const REASON_CHARS_MAX: usize = 200;

/// The flag that raises the highest zoom; `publish` has it too.
pub(crate) const ZOOM_LIMIT_FLAG: Flag =
    Flag::value("zoom-limit", "N", "highest zoom that the recipe may ask for, 0 to 22 (default 16)");

/// The flag that bounds samples; `init` has it too.
pub(crate) const SAMPLE_FLAG: Flag = Flag::value(
    "sample",
    "SIZE",
    "how much of each source is looked at, such as 8MiB (default 32MiB);\nmore takes longer and tells more",
);

pub(crate) const VERB: Verb = Verb {
    name: "check",
    about: "Checks a recipe: all problems at once, each with its place and what to do.",
    usage: "RECIPE.json [--source [ID=]PATH]… [options]",
    operands: &["RECIPE.json"],
    n_more: 0,
    flags: &[
        Flag {
            help: "looks also at data for a source of the recipe: names attributes that\n\
                   no feature has, expressions that would end the job, filters that\n\
                   decide nothing; large data is sampled; inputs are named as for\n\
                   `publish`, and not all sources of the recipe have to be given",
            ..publish::SOURCE_FLAG
        },
        publish::FORMAT_FLAG,
        Flag::switch(
            "forecast",
            "estimates tiles, bytes and full tiles at each zoom, before anything is\n\
             published; needs data for all sources",
        ),
        SAMPLE_FLAG,
        publish::TILE_SIZE_LIMIT_FLAG,
        publish::COMPRESSION_LEVEL_FLAG,
        Flag::switch("strict", "refuses operators that the recipe reference does not list"),
        ZOOM_LIMIT_FLAG,
        Flag::switch("json", "prints one JSON object"),
    ],
    examples: &[
        ("zellige check roads.json", "says what is wrong with a recipe; exit code 2 if anything is"),
        (
            "zellige check roads.json --source roads.geojsonl.gz",
            "says also what of it does not suit the data",
        ),
        (
            "zellige check roads.json --source roads.geojsonl.gz --forecast",
            "tells how large the tileset would be, and which zooms have full tiles",
        ),
        ("zellige check - --json < roads.json", "the same for programs, from standard input"),
    ],
};

/// How data is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) format: Format,
    sample_bytes_max: u64,
}

impl Reading {
    /// Returns what the flags say.
    pub(crate) fn of(given: &Given) -> Result<Self, Failure> {
        let size = given.read("sample", "a size such as `8MiB` or `1GiB`", parse_memory)?;
        Ok(Self { format: publish::format(given)?, sample_bytes_max: size.unwrap_or(SAMPLE_BYTES_MAX) })
    }

    /// Reads a sample.
    pub(crate) fn sample(self, source: Source) -> anyhow::Result<Sample> {
        Ok(Sample::take(source, self.sample_bytes_max)?)
    }
}

/// Everything that is said about a recipe.
struct Told<'t> {
    text: &'t [u8],
    checked: &'t Checked,
    lints: Vec<Lint>,
    /// What was looked at of its sources.
    samples: Vec<Sample>,
    /// How they were read.
    format: Format,
    forecast: Option<Forecast>,
}

pub(crate) fn run(given: &Given) -> Result<(), Failure> {
    let path = given.operand(0).unwrap_or_default();
    let options =
        Options { strict: given.has("strict"), zoom_limit: zoom_limit(given)?, ..Options::default() };
    let limits = forecast::limits(given)?;
    let reading = Reading::of(given)?;
    let text = read(path)?;
    let checked = zellige::check(&text, &options);
    let samples = match &checked.plan {
        Some(plan) if given.has("source") || limits.is_some() => {
            samples(given, plan, reading, limits.is_some())?
        }
        _ => Vec::new(),
    };
    let mut lints = survey::lint(&text, &checked, &samples);
    let forecast = match (&checked.plan, limits) {
        (Some(plan), Some(limits)) => survey::forecast(plan, &samples, &limits),
        _ => Ok(Forecast::default()),
    };
    if let Ok(forecast) = &forecast {
        lints = survey::lint_forecast(&text, &checked, forecast, lints);
    }
    let (forecast, failed) = match forecast {
        Ok(forecast) => (Some(forecast).filter(|_| limits.is_some() && checked.plan.is_some()), None),
        Err(error) => (None, Some(error)),
    };
    let told = Told { text: &text, checked: &checked, lints, samples, format: reading.format, forecast };
    if given.has("json") {
        print(&format!("{:#}\n", to_json(&told)))?;
    } else {
        let (refusals, warnings) = (refusals(&text, &checked), warnings(&told));
        let verdict = verdict(&checked, told.lints.len());
        let looked_at = looked_at(&told);
        let forecast = told.forecast.as_ref().zip(checked.plan.as_ref());
        let forecast = forecast.map(|(forecast, plan)| forecast::to_text(forecast, plan)).unwrap_or_default();
        print(&format!("{refusals}{warnings}{}: {verdict}\n{looked_at}{forecast}", path.display()))?;
    }
    if let Some(error) = failed {
        return Err(anyhow::Error::from(error).context("there is no forecast").into());
    }
    if checked.plan.is_some() { Ok(()) } else { Err(Failure::Refused) }
}

/// Reads samples of the sources that were given.
fn samples(given: &Given, plan: &Plan, reading: Reading, needs_all: bool) -> Result<Vec<Sample>, Failure> {
    let assign =
        |values| if needs_all { sources::assign(plan, values) } else { sources::assign_some(plan, values) };
    let wanted = assign(given.all("source")).map_err(|message| given.usage(message))?;
    if given.operand(0) == Some(OsStr::new(STDIN)) && wanted.iter().any(sources::Wanted::reads_stdin) {
        return Err(given.usage("standard input cannot be both recipe and source".to_owned()));
    }
    let wanted = wanted.into_iter().filter(|wanted| !wanted.inputs().is_empty()).collect();
    let sources = sources::open(wanted, reading.format, &Arc::default());
    Ok(sources.into_iter().map(|source| reading.sample(source)).collect::<anyhow::Result<_>>()?)
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
    for problem in checked.problems.iter().take(SHOWN_MAX) {
        put(&mut out, format_args!("error: {}\n", render_problem(text, problem)));
    }
    put_rest(&mut out, checked.problems.len(), "problems");
    out
}

/// Returns what is odd, as text for people.
fn warnings(told: &Told<'_>) -> String {
    let mut out = String::new();
    for lint in told.lints.iter().take(SHOWN_MAX) {
        put(&mut out, format_args!("warning: {}\n", render_lint(told.text, lint)));
    }
    put_rest(&mut out, told.lints.len(), "warnings");
    out
}

/// Says how many are not shown.
fn put_rest(out: &mut String, n: usize, what: &str) {
    if n > SHOWN_MAX {
        put(out, format_args!("… and {} more {what}\n\n", grouped((n - SHOWN_MAX) as u64)));
    }
}

/// Returns for each source how much of it was looked at, and which lines are no features.
fn looked_at(told: &Told<'_>) -> String {
    let mut out = String::new();
    for sample in &told.samples {
        let id = sample.id.rsplit('/').next().unwrap_or(&sample.id);
        let n_features = counted(sample.features.len() as u64, "feature", "features");
        put(&mut out, format_args!("looked at {n_features} of {id}"));
        match sample.reach {
            _ if sample.is_whole() => out.push_str(", all there are\n"),
            Some(reach) => put(&mut out, format_args!(", {:.1} % of it\n", sample.share * reach * 100.0)),
            None => {
                out.push_str(", all from its beginning: it is a pipe that is too long to be read whole\n");
            }
        }
        put_faults(&mut out, sample, told.format);
    }
    out
}

/// Says which lines of a sample are no features, if any.
pub(crate) fn put_faults(out: &mut String, sample: &Sample, format: Format) {
    let Some(first) = &sample.first_fault else { return };
    let n_lines = counted(sample.n_faults, "line", "lines");
    let scope = if sample.is_whole() { "" } else { " of the sample" };
    let verdict = if sample.n_faults == 1 { "is no feature" } else { "are no features" };
    let (place, reason) = (sample.locate(first.place), printable(&first.reason, REASON_CHARS_MAX));
    put(
        out,
        format_args!("{n_lines}{scope} {verdict} and would be dropped; the first is {place}: {reason}\n"),
    );
    if let Some(hint) = document_hint(first.document, format) {
        put(out, format_args!("hint: {hint}\n"));
    }
}

/// Returns what to do about a line that seems to be a part of a whole document; nothing where documents are expected.
pub(crate) fn document_hint(document: Option<Document>, format: Format) -> Option<String> {
    let document = document.filter(|_| format == Format::Lines)?;
    Some(document.advice("`--format geojson`"))
}

/// Returns one phrase about the whole recipe.
fn verdict(checked: &Checked, n_lints: usize) -> String {
    let mut verdict = match checked.problems.len() {
        0 => "valid".to_owned(),
        n => format!("not valid, {}", counted(n as u64, "problem", "problems")),
    };
    if n_lints > 0 {
        verdict.push_str(", ");
        verdict.push_str(&counted(n_lints as u64, "warning", "warnings"));
    }
    verdict
}

fn to_json(told: &Told<'_>) -> Value {
    let mut places = Places { text: told.text, offset: 0, line: 1, column: 1 };
    let lints: Vec<Value> = told.lints.iter().map(|lint| lint_to_json(&mut places, lint)).collect();
    let mut object = json!({
        "valid": told.checked.is_valid(),
        "errors": told.checked.wire_messages(),
        "lints": lints,
    });
    if !told.samples.is_empty() {
        object["sources"] = told.samples.iter().map(|sample| sample_to_json(sample, told.format)).collect();
    }
    if let (Some(forecast), Some(plan)) = (&told.forecast, &told.checked.plan) {
        object["forecast"] = forecast::to_json(forecast, plan);
    }
    object
}

fn lint_to_json(places: &mut Places<'_>, lint: &Lint) -> Value {
    let (line, column) = places.at(lint.span.start);
    json!({
        "code": lint.code.code(),
        "message": lint.message,
        "pointer": lint.pointer,
        "line": line,
        "column": column,
        "found": lint.found,
        "expected": lint.expected,
        "hint": lint.hint,
    })
}

fn sample_to_json(sample: &Sample, format: Format) -> Value {
    let first_fault = sample.first_fault.as_ref().map(|first| {
        let (file, line) = sample.line_number(first.place).unzip();
        let hint = document_hint(first.document, format);
        json!({"file": file, "line": line, "reason": first.reason, "hint": hint})
    });
    json!({
        "source": sample.id,
        "features": sample.features.len(),
        "faults": sample.n_faults,
        "first_fault": first_fault,
        "share": sample.reach.map(|reach| sample.share * reach),
    })
}

/// Lines and columns of ascending places, found in one walk through the text.
struct Places<'t> {
    text: &'t [u8],
    offset: usize,
    line: usize,
    column: usize,
}

impl Places<'_> {
    /// Returns line and column of a byte that does not stand before the last one, both from 1.
    fn at(&mut self, offset: usize) -> (usize, usize) {
        for byte in &self.text[self.offset.min(offset)..offset.min(self.text.len())] {
            if *byte == b'\n' {
                self.line += 1;
                self.column = 1;
            } else {
                // Bytes that continue a character do not count.
                self.column += usize::from(byte & 0xc0 != 0x80);
            }
        }
        self.offset = offset;
        (self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(layer: &str, expected: &str) {
        let recipe = format!(r#"{{"version": 1, "layers": {{"a": {layer}}}}}"#);
        let checked = zellige::check(recipe.as_bytes(), &Options::default());
        assert_eq!(verdict(&checked, checked.lints.len()), expected);
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

    #[test]
    fn places_are_those_of_the_engine() {
        let text = "{\n\"ä\": 1,\n\n \"b\": 2}".as_bytes();
        let mut places = Places { text, offset: 0, line: 1, column: 1 };
        for offset in 0..=text.len() {
            assert_eq!(places.at(offset), zellige::recipe::line_column(text, offset), "{offset}");
        }
    }
}
