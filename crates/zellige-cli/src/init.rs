//! The verb `init`: writes a first recipe for data.
//!
//! In:     files, a layer each.
//! Out:    a recipe, to standard output or a new file; bad lines, what was decided, and the next command, on standard
//!         error.
//! Keeps:  a file that stands there already, unless it is told to replace it.
//! Source: –

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use zellige::ingest::Format;
use zellige::survey::starter::{names, starter, to_text};
use zellige::survey::{Sample, Starter};

use crate::args::{Flag, Given, Verb};
use crate::check::{Reading, SAMPLE_FLAG, document_hint, put_faults};
use crate::exit::{Failure, tell};
use crate::show::{grouped, print};
use crate::sources::{self, STDIN};
use crate::{forecast, publish};

/// The name of the recipe in the next command when there is no file yet.
const RECIPE_NAME: &str = "recipe.json";

pub(crate) const VERB: Verb = Verb {
    name: "init",
    about: "Writes a first recipe for data: layers, zooms and attributes that suit it.",
    usage: "DATA… [-o RECIPE.json] [options]",
    operands: &["DATA"],
    n_more: zellige::recipe::LAYERS_MAX - 1,
    flags: &[
        Flag {
            short: Some('o'),
            ..Flag::value("output", "RECIPE.json", "where the recipe goes (default: standard output)")
        },
        Flag::switch("force", "replaces a recipe that stands there already"),
        publish::FORMAT_FLAG,
        SAMPLE_FLAG,
        publish::TILE_SIZE_LIMIT_FLAG,
    ],
    examples: &[
        ("zellige init roads.geojsonl.gz -o roads.json", "writes a recipe with one layer, `roads`"),
        (
            "zellige init roads.geojsonl parks.geojsonl pois.geojsonl > city.json",
            "writes a recipe with three layers whose tiles share the size limit",
        ),
    ],
};

pub(crate) fn run(given: &Given) -> Result<(), Failure> {
    let data: Vec<PathBuf> = (0..).map_while(|idx| given.operand(idx)).map(PathBuf::from).collect();
    let target = given.path("output");
    if let Some(target) = target.as_deref().filter(|target| target.exists() && !given.has("force")) {
        return Err(given.usage(format!("`{}` exists already, `--force` replaces it", target.display())));
    }
    let reading = Reading::of(given)?;
    let limits = forecast::limits_of_job(given)?;
    let samples = samples(&data, reading)?;
    let made = starter(&samples, &limits).map_err(|error| {
        let first = samples.iter().find_map(|sample| sample.first_fault.as_ref()?.document);
        Failure::Failed { error: error.into(), hint: document_hint(first, reading.format) }
    })?;
    let text = to_text(&made.recipe);
    match &target {
        Some(target) => write(target, &text, given.has("force"))?,
        None => print(&text)?,
    }
    tell(&report(&made, &samples, (&data, reading.format), target.as_deref()));
    Ok(())
}

/// Reads a sample of each file; layers are named by files.
fn samples(data: &[PathBuf], reading: Reading) -> anyhow::Result<Vec<Sample>> {
    let files = data.iter().map(|path| path.file_name().and_then(OsStr::to_str).unwrap_or_default());
    let open = |(name, path): (String, &PathBuf)| {
        reading.sample(sources::open_one(name, [path.clone()], reading.format, &Arc::default()))
    };
    names(files).into_iter().zip(data).map(open).collect()
}

fn write(target: &Path, text: &str, is_forced: bool) -> anyhow::Result<()> {
    let attempt = || format!("cannot write recipe `{}`", target.display());
    let mut options = OpenOptions::new();
    options.write(true).truncate(true).create(true).create_new(!is_forced);
    options.open(target).and_then(|mut file| file.write_all(text.as_bytes())).with_context(attempt)
}

/// Returns what was decided, and how to go on.
fn report(
    made: &Starter,
    samples: &[Sample],
    (data, format): (&[PathBuf], Format),
    target: Option<&Path>,
) -> String {
    let mut out = String::new();
    for sample in samples {
        put_faults(&mut out, sample, format);
    }
    // Writing to a string cannot fail.
    for note in &made.notes {
        let _ = writeln!(out, "{note}");
    }
    if made.n_capped > 0 {
        let n_capped = grouped(made.n_capped);
        let _ =
            writeln!(out, "about {n_capped} tiles will be full all the same; docs/limits.md says what to do");
    }
    let recipe = target.map_or_else(|| RECIPE_NAME.to_owned(), quoted);
    let _ = write!(out, "next: zellige publish {recipe}");
    for (sample, path) in samples.iter().zip(data) {
        let id = if data.len() > 1 { format!("{}=", sample.id) } else { String::new() };
        let path = if path == Path::new(STDIN) { STDIN.to_owned() } else { quoted(path) };
        let _ = write!(out, " --source {id}{path}");
    }
    let tileset = target.map_or_else(|| PathBuf::from(&samples[0].id), |target| target.with_extension(""));
    let _ = write!(out, " -o {}", quoted(&tileset.with_extension("pmtiles")));
    out
}

/// Returns a path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./+,@".contains(letter);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
