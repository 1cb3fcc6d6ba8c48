//! The verb `explain`: what a recipe makes of one line of a source.
//!
//! In:     a recipe, the inputs of its sources, the number of a line, perhaps a zoom.
//! Out:    layer by layer and zoom by zoom what each option did, as text or as JSON; for a bad line its fault.
//! Keeps:  line numbers as editors count them, from 1; blank lines count.
//! Source: recipe 2.8 for the order, 6.2 and 7.3 for faults.

mod json;
mod text;

use std::ffi::OsStr;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use zellige::ingest::{Document, Fault, Format, Item, Notes, Parser};
use zellige::model::{Feature, Place, Zoom};
use zellige::recipe::Options;
use zellige::tile::explain::{Explanation, explain};
use zellige::{Plan, Source};

use crate::args::{Flag, Given, Verb};
use crate::check::document_hint;
use crate::exit::{Failure, tell};
use crate::show::print;
use crate::sources::{self, STDIN, Wanted};
use crate::{check, publish};

pub(crate) const VERB: Verb = Verb {
    name: "explain",
    about: "Tells what a recipe makes of one feature, option by option.",
    usage: "RECIPE.json --source [ID=]PATH… --line [FILE:]N [--zoom Z] [options]",
    operands: &["RECIPE.json"],
    n_more: 0,
    flags: &[
        publish::SOURCE_FLAG,
        Flag::value(
            "line",
            "[FILE:]N",
            "the line to explain, counted from 1, blank lines too; FILE is a path\n\
             given with --source, or its last part, and may be left out when\n\
             there is one; in whole documents N is the number of the feature",
        ),
        Flag::value(
            "zoom",
            "Z",
            "tells about this zoom alone, step by step, with the tiles;\n\
             without it each zoom is one line, and equal ones are joined",
        ),
        Flag::switch("json", "prints one JSON object"),
        publish::FORMAT_FLAG,
        check::ZOOM_LIMIT_FLAG,
    ],
    examples: &[
        (
            "zellige explain roads.json --source roads.geojsonl --line 12",
            "says at which zooms line 12 is kept, with which vertices and attributes",
        ),
        (
            "zellige explain city.json --source roads=a.geojsonl --source parks=b.geojsonl --line b.geojsonl:3 --zoom 9",
            "follows line 3 of the parks through every option at zoom 9",
        ),
    ],
};

/// What is told, for text and JSON alike.
struct Told<'t> {
    input: String,
    line: u64,
    found: &'t Found,
    /// Name and explanation of each layer that takes the source.
    layers: Vec<(&'t str, Explanation)>,
    /// The one zoom that is asked for.
    zoom: Option<Zoom>,
}

/// What a line turned out to be.
enum Found {
    Feature(Box<Feature>, Notes),
    /// Why it is none, and perhaps what to do about it.
    Fault(Fault, Option<String>),
}

pub(crate) fn run(given: &Given) -> Result<(), Failure> {
    let recipe_path = given.operand(0).unwrap_or_default();
    let (file, line) = line(given)?;
    let zoom = given.read("zoom", "a whole number from 0 to 22", |text| Zoom::new(text.parse().ok()?))?;
    let format = publish::format(given)?;
    let text = check::read(recipe_path)?;
    let options = Options { zoom_limit: check::zoom_limit(given)?, ..Options::default() };
    let checked = zellige::check(&text, &options);
    let Some(plan) = &checked.plan else {
        tell(check::refusals(&text, &checked).trim_end());
        return Err(Failure::Refused);
    };
    let all = sources::assign_some(plan, given.all("source")).map_err(|message| given.usage(message))?;
    let wanted = pick(&all, file.as_deref()).map_err(|message| given.usage(message))?;
    if recipe_path == STDIN && wanted.reads_stdin() {
        return Err(given.usage("standard input cannot be both recipe and source".to_owned()));
    }
    let id = wanted.id().to_owned();
    let input = wanted.inputs().first().map(|path| path.display().to_string()).unwrap_or_default();
    let source = sources::open(vec![wanted], format, &Arc::default()).remove(0);
    let found = find(source, format, &input, line)?;
    let layers = match &found {
        Found::Feature(feature, _) => explain_layers(plan, &id, feature, zoom),
        Found::Fault(..) => Vec::new(),
    };
    let told = Told { input, line, found: &found, layers, zoom };
    let out = if given.has("json") { format!("{:#}\n", json::to_json(&told)) } else { text::to_text(&told) };
    print(&out)
}

/// Returns the file, if one is named, and the number of the line.
fn line(given: &Given) -> Result<(Option<String>, u64), Failure> {
    let number = |text: &str| text.parse().ok().filter(|number: &u64| *number > 0);
    let read = |text: &str| match text.rsplit_once(':') {
        Some((file, text)) => Some((Some(file.to_owned()), number(text)?)),
        None => Some((None, number(text)?)),
    };
    let line = given.read("line", "the number of a line, from 1, or `FILE:N`", read)?;
    line.ok_or_else(|| given.usage("`--line N` is missing".to_owned()))
}

/// Returns the source with the one input that is meant; the message says which there are.
fn pick(all: &[Wanted], file: Option<&str>) -> Result<Wanted, String> {
    let is_meant = |path: &Path| {
        file.is_none_or(|file| path == Path::new(file) || path.file_name() == Some(OsStr::new(file)))
    };
    let inputs = || {
        all.iter()
            .flat_map(|wanted| wanted.inputs().iter().enumerate().map(move |(idx, path)| (wanted, idx, path)))
    };
    let meant: Vec<_> = inputs().filter(|(_, _, path)| is_meant(path)).collect();
    let exact = || meant.iter().filter(|(_, _, path)| file.is_some_and(|file| *path == Path::new(file)));
    let names =
        || inputs().map(|(_, _, path)| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ");
    match (meant.as_slice(), file) {
        ([(wanted, idx, _)], _) => Ok(wanted.only(*idx)),
        ([], None) => Err("no input was given, expected `--source PATH`".to_owned()),
        ([], Some(file)) => Err(format!("no input is called `{file}`, given are: {}", names())),
        (_, None) => Err(format!("which input? expected `--line FILE:N` with one of {}", names())),
        (_, Some(file)) => match exact().collect::<Vec<_>>()[..] {
            [(wanted, idx, _)] => Ok(wanted.only(*idx)),
            _ => Err(format!("`{file}` may be several inputs: {}", names())),
        },
    }
}

/// Reads up to a line; that the first line of the input is one of a whole document explains what is wrong with others.
fn find(source: Source, format: Format, input: &str, line: u64) -> Result<Found, Failure> {
    let attempt = || format!("cannot look for line {line} of `{input}`");
    let blocks = source.open(&zellige::ingest::Settings::default()).with_context(attempt)?;
    let lines_before = |block: u32| {
        blocks.line_number(Place { file: 0, block, line: 0 }).map_or(0, |(_, number)| number - 1)
    };
    let is_blank = || anyhow!("line {line} of `{input}` is blank");
    let (mut parser, mut n_blocks, mut found) = (Parser::new(), 0, None);
    let mut first = None;
    while let Some(mut block) = blocks.next().with_context(attempt)? {
        let n_before = lines_before(n_blocks);
        n_blocks += 1;
        let flow = block
            .for_each(&mut parser, &mut |place, item| {
                let number = n_before + u64::from(place.line) + 1;
                let document = match &item {
                    Item::Feature(..) => None,
                    Item::Fault(fault, text) => Document::of(&fault.reason, text),
                };
                let whole = *first.get_or_insert(document);
                if number == line {
                    found = Some(match item {
                        Item::Feature(feature, notes) => Found::Feature(Box::new(feature.clone()), notes),
                        Item::Fault(fault, _) => {
                            Found::Fault(fault, document_hint(whole.or(document), format))
                        }
                    });
                }
                if number < line { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })
            .with_context(attempt)?;
        if flow.is_break() {
            return Ok(found.ok_or_else(is_blank)?);
        }
    }
    let n_lines = lines_before(n_blocks);
    if n_lines < line {
        let error = anyhow!("`{input}` has no line {line}, it ends with line {n_lines}");
        return Err(Failure::Failed { error, hint: document_hint(first.flatten(), format) });
    }
    Err(is_blank().into())
}

/// Explains the feature for every layer that takes it, at one zoom or at all.
fn explain_layers<'p>(
    plan: &'p Plan,
    id: &str,
    feature: &Feature,
    zoom: Option<Zoom>,
) -> Vec<(&'p str, Explanation)> {
    let takes = plan.layers.iter().filter(|layer| layer.source == id);
    takes
        .map(|layer| {
            let mut explanation = explain(feature, layer);
            explanation.zooms.retain(|at| zoom.is_none_or(|zoom| at.zoom == zoom));
            (layer.name.as_str(), explanation)
        })
        .collect()
}
