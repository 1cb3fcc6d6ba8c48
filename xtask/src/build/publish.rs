//! One tileset job of a batch: skipped, built or failed.
//!
//! In:     a job, and its share of the machine.
//! Out:    how it ended; what happens is told line by line, each line with the name of the job.
//! Keeps:  the old tileset when anything fails.

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::Value;
use zellige::recipe::raw::RECIPE_BYTES_MAX;
use zellige::recipe::{Envelope, Options, check, render_problem};
use zellige::{Phase, Plan, Progress, Settings, Source};

use super::jobs::{Document, Job};
use super::stamp::Stamp;
use super::{Outcome, Status, table, warn};
use crate::usage::did_you_mean;

/// How often a running job says how far it is.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);
/// How a job asks for whole `FeatureCollection` documents.
const COLLECTION_OPTION: &str = "`\"options\": {\"format\": \"geojson\"}`";

/// What a job may use of the machine, unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) threads: NonZeroUsize,
    pub(super) memory_bytes: u64,
}

/// Runs a job if it has to run.
pub(super) fn run(job: &Job, share: &Share, force: bool, quiet: bool) -> Outcome {
    let tell = |report: &Value| {
        println!("{}", table::layers(report));
        warn(&job.name, "warning", report);
    };
    Outcome::of(&job.name, quiet, || build(job, share, force, quiet), tell)
}

fn build(job: &Job, share: &Share, force: bool, quiet: bool) -> anyhow::Result<(Status, Option<Value>)> {
    let recipe = job.recipe.read("recipe", RECIPE_BYTES_MAX)?;
    let stamp = Stamp::new(job, &recipe)?;
    if !force && let Some(report) = stamp.matching(&job.output) {
        return Ok((Status::Unchanged, Some(report)));
    }
    let (plan, envelope) = plan(&recipe, &job.recipe)?;
    check_ids(job, &plan)?;
    if let Some(folder) = job.output.parent() {
        fs::create_dir_all(folder).with_context(|| format!("making `{}` failed", folder.display()))?;
    }
    stamp.remove()?;
    let settings = envelope.iter().fold(settings(job, share), Settings::with_envelope);
    let mut teller = Teller::new(&job.name, quiet);
    let report = zellige::publish(&plan, sources(job), &job.output, &settings, &mut |progress| {
        teller.tell(|| sentence(progress));
        ControlFlow::Continue(())
    });
    let report = match report {
        Ok(report) => report.to_json(),
        Err(error) => {
            let hint = error.hint_with(COLLECTION_OPTION).map(|hint| format!("hint: {hint}"));
            let error = anyhow::Error::new(error);
            return Err(match hint {
                Some(hint) => anyhow::anyhow!("{error:#}\n  {hint}"),
                None => error,
            });
        }
    };
    stamp.write(&job.output, &report)?;
    Ok((Status::Built, Some(report)))
}

/// Returns what a recipe means and what stands beside it, or all that is wrong with it.
fn plan(text: &[u8], recipe: &Document) -> anyhow::Result<(Plan, Option<Envelope>)> {
    let checked = check(text, &Options::default());
    let refusal = || {
        let name = recipe.name("recipe");
        let problems = checked.problems.iter();
        let shown: Vec<String> =
            problems.map(|problem| format!("error: {}", render_problem(text, problem))).collect();
        format!("{name} is refused\n{}", shown.join("\n").trim_end())
    };
    Ok((checked.plan.with_context(refusal)?, checked.envelope))
}

/// Refuses ids of sources that no layer names.
fn check_ids(job: &Job, plan: &Plan) -> anyhow::Result<()> {
    let ids: BTreeSet<&str> = plan.layers.iter().map(|layer| layer.source.as_str()).collect();
    let short: Vec<&str> = ids.iter().map(|id| id.rsplit('/').next().unwrap_or(id)).collect();
    let given = job.sources.iter().map(|(id, _)| id.as_str());
    let unknown: Vec<String> = given
        .filter(|id| !ids.contains(id) && !short.contains(id))
        .map(|id| format!("no layer of the recipe has a source `{id}`{}", did_you_mean(id, &short)))
        .collect();
    if unknown.is_empty() { Ok(()) } else { bail!("{}", unknown.join("; ")) }
}

fn sources(job: &Job) -> Vec<Source> {
    let source = |(id, paths): &(String, Vec<std::path::PathBuf>)| {
        let source = Source::new(id.as_str()).format(job.options.format);
        paths.iter().fold(source, Source::file)
    };
    job.sources.iter().map(source).collect()
}

fn settings(job: &Job, share: &Share) -> Settings {
    let machine = Settings::for_machine();
    let options = &job.options;
    Settings {
        threads: options.threads.unwrap_or(share.threads),
        memory_bytes: options.memory_bytes.unwrap_or(share.memory_bytes),
        tile_bytes_max: options.tile_bytes_max.unwrap_or(machine.tile_bytes_max),
        compression_level: options.compression_level.unwrap_or(machine.compression_level),
        borders: options.borders,
        tiny: options.tiny,
        overwrite: true,
        name: options.name.clone(),
        description: options.description.clone(),
        attribution: options.attribution.clone(),
        ..machine
    }
}

/// Returns what a job is at.
fn sentence(progress: &Progress) -> String {
    let share = progress.share.map_or(String::new(), |share| format!(" {:.0} %,", share * 100.0));
    match progress.phase {
        Phase::Slicing => format!("slicing,{share} {} features", progress.features),
        Phase::SlicingAgain => format!("slicing polygons,{share} along their borders"),
        Phase::Emitting => format!("emitting,{share} {} tiles", progress.tiles),
    }
}

/// Says now and then how far a job is.
#[derive(Debug)]
pub(super) struct Teller<'j> {
    name: &'j str,
    quiet: bool,
    told: Instant,
}

impl<'j> Teller<'j> {
    /// Returns the teller of the job of a name, which has just begun.
    pub(super) fn new(name: &'j str, quiet: bool) -> Self {
        Self { name, quiet, told: Instant::now() }
    }

    /// Says what the job is at, if it is time.
    pub(super) fn tell(&mut self, sentence: impl FnOnce() -> String) {
        if !self.quiet && self.told.elapsed() >= PROGRESS_EVERY {
            self.told = Instant::now();
            eprintln!("{}: {}", self.name, sentence());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::jobs;
    use super::*;

    const SHARE: Share = Share { threads: NonZeroUsize::MIN, memory_bytes: 64 << 20 };
    const POINT: &str =
        r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[1,2]}}"#;

    fn job(folder: &Path, layer: &str) -> Job {
        let text = format!(
            r#"{{"jobs": [{{"name": "a", "sources": {{"x": "x.geojsonl"}}, "output": "new/a.pmtiles",
                "recipe": {{"version": 1, "layers": {{"a": {layer}}}}}}}]}}"#
        );
        jobs::parse(&text, folder).unwrap().jobs.remove(0)
    }

    fn check(job: &Job, expected: Status) -> Outcome {
        let outcome = run(job, &SHARE, false, true);
        assert_eq!(outcome.status, expected);
        outcome
    }

    #[test]
    fn job_runs_when_something_changed_and_only_then() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("x.geojsonl");
        let layer = r#"{"source": "mapbox://tileset-source/me/x", "minzoom": 0, "maxzoom": 2}"#;
        let job = job(folder.path(), layer);
        fs::write(&source, POINT).unwrap();
        check(&job, Status::Built);
        let outcome = check(&job, Status::Unchanged);
        assert_eq!(outcome.report.unwrap()["tiles"], 3);
        fs::write(&source, format!("{POINT}\n{POINT}")).unwrap();
        check(&job, Status::Built);
        assert_eq!(run(&job, &SHARE, true, true).status, Status::Built);

        let before = fs::read(&job.output).unwrap();
        fs::write(&source, "no feature").unwrap();
        check(&job, Status::Failed);
        assert_eq!(fs::read(&job.output).unwrap(), before);
        fs::write(&source, POINT).unwrap();
        check(&job, Status::Built);
        fs::remove_file(&source).unwrap();
        check(&job, Status::Failed);
    }

    #[test]
    fn refused_recipe_is_shown_with_its_place() {
        let text = b"{\"version\": 1, \"layers\": {\"a\": {\n\"source\": \"mapbox://tileset-source/me/x\"}}}";
        let error = plan(text, &Document::File("r.json".into())).unwrap_err().to_string();
        for part in [
            "the recipe `r.json` is refused\nerror: layers.a.minzoom is required.\n",
            "\n\nerror: layers.a.maxzoom is required.\n",
        ] {
            assert!(error.contains(part), "`{part}` is not in\n{error}");
        }
    }

    /// Builds a job that fails, and returns why.
    fn failure(job: &Job) -> String {
        build(job, &SHARE, false, true).unwrap_err().to_string()
    }

    #[test]
    fn misspelt_source_is_told_with_the_likely_one() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("x.geojsonl"), POINT).unwrap();
        let layer = r#"{"source": "mapbox://tileset-source/me/roads", "minzoom": 0, "maxzoom": 2}"#;
        let mut job = job(folder.path(), layer);
        "raods".clone_into(&mut job.sources[0].0);
        assert_eq!(failure(&job), "no layer of the recipe has a source `raods`, did you mean `roads`?");
    }

    #[test]
    fn whole_documents_are_asked_for_in_the_words_of_jobs() {
        let folder = tempfile::tempdir().unwrap();
        let document = r#"{"type": "FeatureCollection", "features": []}"#;
        fs::write(folder.path().join("x.geojsonl"), document).unwrap();
        let layer = r#"{"source": "mapbox://tileset-source/me/x", "minzoom": 0, "maxzoom": 2}"#;
        let error = failure(&job(folder.path(), layer));
        let end = r#"; read a whole FeatureCollection with `"options": {"format": "geojson"}`"#;
        assert!(error.ends_with(end), "{error}");
    }
}
