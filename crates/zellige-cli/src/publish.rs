//! The verb `publish`: sources and a recipe to a tileset.
//!
//! In:     a recipe, the inputs of its sources, the settings of the job.
//! Out:    the tileset; the report as tables or as the job object, and on request the job object in a file.
//! Keeps:  an old tileset until the new one is whole.
//! Source: –

use std::ffi::OsString;
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use anyhow::Context;
use serde_json::Value;
use zellige::archive::{Compressor, TILE_BYTES_MAX};
use zellige::job::Growing;
use zellige::job::publish::title;
use zellige::job::report::failure_to_json;
use zellige::recipe::Options;
use zellige::{Borders, Error, Plan, Report, Settings, Source, Tiny, parse_memory};

use crate::args::{Flag, Given, Times, Verb};
use crate::exit::{Failure, tell};
use crate::progress::Teller;
use crate::show::{print, printable};
use crate::sources::{STDIN, Wanted};
use crate::{check, interrupt, report, sources};

/// More threads than any machine has cores.
const THREADS_MAX: usize = 1024;
/// Characters of the place that a warning names.
const WARNING_CHARS_MAX: usize = 200;

/// The flag that names inputs; `explain` has it too.
pub(crate) const SOURCE_FLAG: Flag = Flag {
    times: Times::Many,
    ..Flag::value(
        "source",
        "ID=PATH",
        "line-delimited GeoJSON for a source of the recipe: plain, .gz or .zst,\n\
         `-` for standard input; ID is mapbox://tileset-source/user/id or its\n\
         last part, and may be left out when the recipe has one source;\n\
         up to 10 inputs of one source are read in the order given",
    )
};

/// The flag that says what inputs hold; `explain` has it too.
pub(crate) const FORMAT_FLAG: Flag = Flag::value(
    "format",
    "FORMAT",
    "lines: a feature a line (default);\ngeojson: whole FeatureCollection documents",
);

/// The flag that bounds tiles; forecasts have it too.
pub(crate) const TILE_SIZE_LIMIT_FLAG: Flag =
    Flag::value("tile-size-limit", "KIB", "most KiB of a whole tile before compression (default 500)");

/// The flag that says how hard tiles are compressed; forecasts have it too.
pub(crate) const COMPRESSION_LEVEL_FLAG: Flag =
    Flag::value("compression-level", "N", "1 (fast) to 12 (small), default 5");

pub(crate) const VERB: Verb = Verb {
    name: "publish",
    about: "Cuts sources into a tileset by a recipe.",
    usage: "RECIPE.json [--source ID=PATH]… -o OUTPUT [options]",
    operands: &["RECIPE.json"],
    n_more: 0,
    flags: &[
        SOURCE_FLAG,
        Flag {
            short: Some('o'),
            ..Flag::value("output", "OUTPUT", "the tileset: OUT.pmtiles, OUT.mbtiles, or a folder DIR/")
        },
        Flag::switch("force", "replaces a tileset or job object that stands there already"),
        Flag::value("job", "JOB.json", "writes the job object, also when the job fails"),
        Flag::switch("json", "prints the job object instead of tables"),
        Flag::switch("quiet", "says nothing while it works; the tables still come at the end"),
        FORMAT_FLAG,
        Flag::value("threads", "N", "threads that work (default: all cores)"),
        Flag::value(
            "memory",
            "SIZE",
            "memory for pieces, such as 512MiB or 4GiB (default: a quarter of the\nmachine's, at least 16MiB); what does not fit waits in temporary files",
        ),
        Flag::value("temp", "DIR", "folder of temporary files (default: that of the system)"),
        TILE_SIZE_LIMIT_FLAG,
        COMPRESSION_LEVEL_FLAG,
        Flag::value(
            "borders",
            "HOW",
            "shared: polygons with a common border keep it common (default);\nalone: each outline is simplified on its own",
        ),
        Flag::value(
            "tiny",
            "HOW",
            "keep: the area of small polygons is kept, and some that are\n\
             too small for a shape stand for all, as small squares (default);\n\
             drop: shapes that become too small are gone",
        ),
        check::ZOOM_LIMIT_FLAG,
        Flag::value("name", "TEXT", "name of the tileset (default: that of the recipe or of the output)"),
        Flag::value("description", "TEXT", "longer text about the tileset"),
        Flag::value("attribution", "TEXT", "whom maps have to name, as text or HTML"),
        Flag::value("tileset-id", "ID", "id of the tileset in the job object, such as me.roads"),
    ],
    examples: &[
        (
            "zellige publish roads.json --source roads.geojsonl -o roads.pmtiles",
            "cuts one source into one file",
        ),
        (
            "zellige publish city.json --source roads=roads.geojsonl.gz --source parks=parks.geojsonl -o city/",
            "cuts two sources into a folder of tiles",
        ),
        (
            "ogr2ogr -f GeoJSONSeq /vsistdout/ in.gpkg | zellige publish in.json --source - -o in.mbtiles --force",
            "reads standard input and replaces the tileset",
        ),
    ],
};

pub(crate) fn run(given: &Given) -> Result<(), Failure> {
    let recipe_path = given.operand(0).unwrap_or_default();
    let target =
        given.path("output").ok_or_else(|| given.usage("`--output OUTPUT` is missing".to_owned()))?;
    zellige::archive::Format::of(&target).map_err(|error| given.usage(error.to_string()))?;
    let settings = settings(given)?;
    let job_path = job_path(given)?;

    let text = check::read(recipe_path)?;
    let options = Options { zoom_limit: check::zoom_limit(given)?, ..Options::default() };
    let checked = zellige::check(&text, &options);
    let Some(plan) = &checked.plan else {
        tell(check::refusals(&text, &checked).trim_end());
        tell(&format!("recipe `{}` is refused", recipe_path.display()));
        return Err(Failure::Refused);
    };
    let wanted = sources::assign(plan, given.all("source")).map_err(|message| given.usage(message))?;
    if recipe_path == STDIN && wanted.iter().any(Wanted::reads_stdin) {
        return Err(given.usage("standard input cannot be both recipe and source".to_owned()));
    }
    let inputs = wanted.iter().flat_map(Wanted::inputs).map(PathBuf::as_path);
    keep_apart(given, &target, job_path.as_deref(), inputs.chain([Path::new(recipe_path)]))?;
    let is_quiet = given.has("quiet");
    if !is_quiet {
        for lint in &checked.lints {
            let place = printable(&lint.pointer, WARNING_CHARS_MAX);
            tell(&format!("warning: {place}: {} ({})", lint.message, lint.code.code()));
        }
    }
    let settings = checked.envelope.iter().fold(settings, Settings::with_envelope);

    let is_cancelled = interrupt::watch()?;
    let sources = sources::open(wanted, format(given)?, &is_cancelled);
    let teller = if is_quiet { Teller::Quiet } else { Teller::for_stderr() };
    let started = SystemTime::now();
    let result = publish(plan, sources, (&target, &settings), teller, &is_cancelled);
    let object = match &result {
        Ok(report) => report.to_json(),
        Err(error) => failure_to_json(&tileset_id(&settings, &target), started, error, &plan.recipe),
    };
    let job_written = job_path.map_or(Ok(()), |path| write_job(&path, &object));
    let told = match &result {
        _ if given.has("json") => print(&format!("{object:#}\n")),
        Ok(report) => print(&report::to_text(report, &target, format(given)?)),
        Err(_) => Ok(()),
    };
    // Of several failures that of the job itself is the one to know.
    if let Err(error) = result {
        return Err(Failure::Failed { hint: hint(&error), error: error.into() });
    }
    job_written?;
    told
}

/// Runs the job; whatever a cancelled job ends with, it was cancelled.
fn publish(
    plan: &Plan,
    sources: Vec<Source>,
    (target, settings): (&Path, &Settings),
    mut teller: Teller,
    is_cancelled: &AtomicBool,
) -> Result<Report, Error> {
    let result = zellige::publish(plan, sources, target, settings, &mut |progress| {
        if is_cancelled.load(Ordering::Relaxed) {
            return ControlFlow::Break(());
        }
        teller.tell(progress);
        ControlFlow::Continue(())
    });
    teller.end();
    match result {
        Err(_) if is_cancelled.load(Ordering::Relaxed) => Err(Error::Cancelled),
        result => result,
    }
}

/// Returns what the inputs hold.
pub(crate) fn format(given: &Given) -> Result<zellige::ingest::Format, Failure> {
    let read = |text: &str| match text {
        "lines" => Some(zellige::ingest::Format::Lines),
        "geojson" => Some(zellige::ingest::Format::FeatureCollection),
        _ => None,
    };
    Ok(given.read("format", "`lines` or `geojson`", read)?.unwrap_or_default())
}

fn settings(given: &Given) -> Result<Settings, Failure> {
    let mut settings = Settings { overwrite: given.has("force"), ..Settings::for_machine() };
    settings.threads = threads(given)?;
    if let Some(memory) = given.read("memory", "a size such as `512MiB` or `4GiB`", parse_memory)? {
        settings.memory_bytes = memory;
    }
    if let Some(bytes) = tile_bytes_max(given)? {
        settings.tile_bytes_max = bytes;
    }
    if let Some(level) = compression_level(given)? {
        settings.compression_level = level;
    }
    let borders = |text: &str| match text {
        "shared" => Some(Borders::Shared),
        "alone" => Some(Borders::Alone),
        _ => None,
    };
    settings.borders = given.read("borders", "`shared` or `alone`", borders)?.unwrap_or_default();
    let tiny = |text: &str| match text {
        "keep" => Some(Tiny::Keep),
        "drop" => Some(Tiny::Drop),
        _ => None,
    };
    settings.tiny = given.read("tiny", "`keep` or `drop`", tiny)?.unwrap_or_default();
    if let Some(temp) = given.path("temp") {
        if !temp.is_dir() {
            return Err(given.usage(format!("`--temp {}` is no folder", temp.display())));
        }
        settings.temp = temp;
    }
    settings.name = given.text("name")?;
    settings.description = given.text("description")?;
    settings.attribution = given.text("attribution")?;
    settings.tileset_id = given.text("tileset-id")?;
    format(given)?;
    Ok(settings)
}

/// Returns how many threads work.
pub(crate) fn threads(given: &Given) -> Result<NonZeroUsize, Failure> {
    let threads = |text: &str| NonZeroUsize::new(whole(text, 1, THREADS_MAX as u64)? as usize);
    let threads = given.read("threads", "a whole number from 1 to 1024", threads)?;
    Ok(threads.unwrap_or(Settings::for_machine().threads))
}

/// Returns the size limit of a whole tile in bytes, if one is given.
pub(crate) fn tile_bytes_max(given: &Given) -> Result<Option<u64>, Failure> {
    let kib_max = TILE_BYTES_MAX as u64 / 1024;
    let expected = format!("a whole number of KiB from 1 to {kib_max}");
    Ok(given.read("tile-size-limit", &expected, |text| whole(text, 1, kib_max))?.map(|kib| kib * 1024))
}

/// Returns how hard tiles are compressed, if it is given.
pub(crate) fn compression_level(given: &Given) -> Result<Option<u8>, Failure> {
    let level = |text: &str| whole(text, 1, u64::from(Compressor::LEVEL_MAX));
    let level = given.read("compression-level", "a whole number from 1 to 12", level)?;
    Ok(level.map(|level| level as u8))
}

fn whole(text: &str, min: u64, max: u64) -> Option<u64> {
    text.parse().ok().filter(|number| (min..=max).contains(number))
}

fn tileset_id(settings: &Settings, target: &Path) -> String {
    if !settings.tileset_id.is_empty() {
        return settings.tileset_id.clone();
    }
    title(target)
}

/// Returns where the job object goes; that its folder exists is better known before the job than after.
fn job_path(given: &Given) -> Result<Option<PathBuf>, Failure> {
    let Some(path) = given.path("job") else { return Ok(None) };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.file_name().is_none() || path.is_dir() || !folder.is_dir() {
        return Err(given.usage(format!("`--job {}` is no file in a folder that exists", path.display())));
    }
    Ok(Some(path))
}

/// Refuses to write the tileset or the job object over each other or over what is read, and the job object over
/// a file that stands there already, unless that was asked for.
fn keep_apart<'p>(
    given: &Given,
    target: &Path,
    job: Option<&Path>,
    inputs: impl Iterator<Item = &'p Path>,
) -> Result<(), Failure> {
    let whole = |path: &Path| std::fs::canonicalize(path).ok();
    let (target_whole, job_whole) = (whole(target), job.and_then(whole));
    for input in inputs.filter_map(whole) {
        for (flag, output) in [("output", &target_whole), ("job", &job_whole)] {
            if output.as_ref() == Some(&input) {
                return Err(
                    given.usage(format!("`--{flag}` would replace `{}`, which is read", input.display()))
                );
            }
        }
    }
    let Some(job) = job else { return Ok(()) };
    if job == target || (job_whole.is_some() && job_whole == target_whole) {
        return Err(given.usage("`--job` and `--output` name the same file".to_owned()));
    }
    if job_whole.is_some() && !given.has("force") {
        return Err(given.usage(format!("`--job {}` exists; `--force` replaces it", job.display())));
    }
    Ok(())
}

/// Writes the job object beside its place and renames it.
fn write_job(path: &Path, object: &Value) -> anyhow::Result<()> {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".part");
    let part = path.with_file_name(name);
    std::fs::write(&part, format!("{object:#}\n"))
        .and_then(|()| std::fs::rename(&part, path))
        .inspect_err(|_| drop(std::fs::remove_file(&part)))
        .with_context(|| format!("cannot write job object `{}`", path.display()))
}

/// Returns what a user could do about `error`.
fn hint(error: &Error) -> Option<String> {
    use zellige::archive::Error as Archive;
    use zellige::ingest::Error as Ingest;
    let advice = match error {
        Error::Write { source: Archive::Exists { .. } } => "`--force` replaces it",
        Error::Write { source: Archive::ForeignFolder { .. } } => "choose an empty folder or a new one",
        Error::Write { source: Archive::Io { source, .. } } if source.kind() == ErrorKind::NotFound => {
            "the folder around the output has to exist"
        }
        Error::Read { source: Ingest::NotACollection { .. }, .. } => {
            "features that stand one a line are read without `--format geojson`"
        }
        Error::Spill { .. } | Error::NoRoom { what: Growing::Temp, .. } => {
            "`--temp DIR` puts temporary files elsewhere, and more `--memory` leaves fewer of them"
        }
        Error::Threads { .. } => "`--threads N` asks for fewer",
        error => return error.hint(),
    };
    Some(advice.to_owned())
}
