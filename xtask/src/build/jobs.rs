//! The text of a file of jobs to jobs, or every problem at once with its place.
//!
//! In:     the text, and the folder of the file.
//! Out:    jobs, every path seen from where this program runs; or sentences, each with its JSON pointer.
//! Keeps:  the order of the file; the options that bytes follow from as written, for the stamp.
//! Source: `docs/batch.md`.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use zellige::archive::{Compressor, Format, TILE_BYTES_MAX};
use zellige::{Borders, Tiny, ingest};

use crate::usage::did_you_mean;

/// Jobs that a file may have.
const JOBS_MAX: usize = 10_000;
/// Threads that a job may ask for.
const THREADS_MAX: u64 = 1024;
/// KiB that a tile limit may have: what readers take.
const TILE_SIZE_KIB_MAX: u64 = TILE_BYTES_MAX as u64 / 1024;

const TOP: [&str; 1] = ["jobs"];
const JOB: [&str; 5] = ["name", "recipe", "sources", "output", "options"];
const OPTIONS: [&str; 10] = [
    "tile_size_limit",
    "memory",
    "threads",
    "name",
    "description",
    "attribution",
    "format",
    "compression_level",
    "borders",
    "tiny",
];

/// A tileset to build.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Job {
    pub(super) name: String,
    pub(super) recipe: Recipe,
    /// Ids with their files.
    pub(super) sources: Vec<(String, Vec<PathBuf>)>,
    pub(super) output: PathBuf,
    pub(super) options: Options,
}

/// Where the recipe of a job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recipe {
    File(PathBuf),
    /// In the file of jobs; written out anew, a member a line.
    Inline(String),
}

/// What a job says about itself; what it leaves out is up to this program or to the engine.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Options {
    pub(super) tile_bytes_max: Option<u64>,
    pub(super) memory_bytes: Option<u64>,
    pub(super) threads: Option<NonZeroUsize>,
    pub(super) compression_level: Option<u8>,
    pub(super) tiny: Tiny,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) attribution: String,
    pub(super) format: ingest::Format,
    pub(super) borders: Borders,
    /// The options that bytes follow from, as written, with their keys in order.
    pub(super) written: String,
}

/// Reads the text of a file that lies in `folder`.
pub(super) fn parse(text: &str, folder: &Path) -> Result<Vec<Job>, Vec<String>> {
    let value: Value = serde_json::from_str(text).map_err(|error| vec![format!("it is no JSON: {error}")])?;
    let mut reader = Reader { folder, problems: Vec::new() };
    let jobs = reader.file(&value);
    if reader.problems.is_empty() { Ok(jobs) } else { Err(reader.problems) }
}

#[derive(Debug)]
struct Reader<'f> {
    folder: &'f Path,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn file(&mut self, value: &Value) -> Vec<Job> {
        let Some(top) = self.object(value, "", &TOP) else { return Vec::new() };
        let Some(jobs) = top.get("jobs").and_then(Value::as_array) else {
            self.problem("/jobs", "a list of jobs is needed");
            return Vec::new();
        };
        if jobs.is_empty() || JOBS_MAX < jobs.len() {
            self.problem("/jobs", &format!("has `{}` jobs, expected 1 to {JOBS_MAX}", jobs.len()));
            return Vec::new();
        }
        let read: Vec<Job> =
            jobs.iter().enumerate().filter_map(|(idx, job)| self.job(job, &format!("/jobs/{idx}"))).collect();
        self.twins(&read, "name", |job| job.name.clone());
        self.twins(&read, "output", |job| job.output.display().to_string().trim_end_matches('/').to_owned());
        read
    }

    /// Refuses what only one job may have.
    fn twins(&mut self, jobs: &[Job], key: &str, value: impl Fn(&Job) -> String) {
        let mut seen = BTreeSet::new();
        for job in jobs {
            let value = value(job);
            if seen.contains(&value) {
                self.problem("/jobs", &format!("two jobs have the {key} `{value}`"));
            }
            seen.insert(value);
        }
    }

    fn job(&mut self, value: &Value, at: &str) -> Option<Job> {
        let members = self.object(value, at, &JOB)?;
        let name = self.text(members, at, "name", true);
        let output = self.text(members, at, "output", true).map(|output| self.folder.join(output));
        if let Some(Err(error)) = output.as_deref().map(Format::of) {
            self.problem(&format!("{at}/output"), &error.to_string());
        }
        let recipe = self.recipe(members.get("recipe"), &format!("{at}/recipe"));
        let sources = self.sources(members.get("sources"), &format!("{at}/sources"));
        let options = match members.get("options") {
            Some(options) => self.options(options, &format!("{at}/options")),
            None => Options::default(),
        };
        Some(Job { name: name?, recipe: recipe?, sources, output: output?, options })
    }

    fn recipe(&mut self, value: Option<&Value>, at: &str) -> Option<Recipe> {
        match value {
            Some(Value::String(path)) if !path.is_empty() => Some(Recipe::File(self.folder.join(path))),
            Some(inline @ Value::Object(_)) => Some(Recipe::Inline(format!("{inline:#}\n"))),
            _ => {
                self.problem(at, "a path or a recipe is needed");
                None
            }
        }
    }

    fn sources(&mut self, value: Option<&Value>, at: &str) -> Vec<(String, Vec<PathBuf>)> {
        let Some(members) = value.and_then(Value::as_object).filter(|members| !members.is_empty()) else {
            self.problem(at, "an object of source ids with a path or a list of paths is needed");
            return Vec::new();
        };
        let read = members
            .iter()
            .map(|(id, paths)| (id.clone(), self.paths(paths, &format!("{at}/{}", escaped(id)))));
        read.collect()
    }

    fn paths(&mut self, value: &Value, at: &str) -> Vec<PathBuf> {
        let list = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let paths: Vec<PathBuf> = list
            .iter()
            .filter_map(Value::as_str)
            .filter(|path| !path.is_empty())
            .map(|path| self.folder.join(path))
            .collect();
        if paths.is_empty() || paths.len() < list.len() {
            self.problem(at, "a path or a list of paths is needed");
        }
        paths
    }

    fn options(&mut self, value: &Value, at: &str) -> Options {
        let Some(members) = self.object(value, at, &OPTIONS) else { return Options::default() };
        let mut sorted = members.clone();
        sorted.sort_keys();
        // These change how fast a tileset is built, and no byte of it.
        sorted.retain(|key, _| !matches!(key.as_str(), "threads" | "memory"));
        let formats = [("lines", ingest::Format::Lines), ("geojson", ingest::Format::FeatureCollection)];
        let borders = [("shared", Borders::Shared), ("alone", Borders::Alone)];
        Options {
            tile_bytes_max: self
                .number(members, at, "tile_size_limit", TILE_SIZE_KIB_MAX)
                .map(|kib| kib << 10),
            memory_bytes: self.memory(members, at),
            threads: self
                .number(members, at, "threads", THREADS_MAX)
                .and_then(|threads| NonZeroUsize::new(threads as usize)),
            compression_level: self
                .number(members, at, "compression_level", u64::from(Compressor::LEVEL_MAX))
                .map(|level| level as u8),
            tiny: self.choice(members, at, "tiny", &[("keep", Tiny::Keep), ("drop", Tiny::Drop)]),
            name: self.text(members, at, "name", false).unwrap_or_default(),
            description: self.text(members, at, "description", false).unwrap_or_default(),
            attribution: self.text(members, at, "attribution", false).unwrap_or_default(),
            format: self.choice(members, at, "format", &formats),
            borders: self.choice(members, at, "borders", &borders),
            written: Value::Object(sorted).to_string(),
        }
    }

    /// Returns what one of the known words means, or the default when there is no good word.
    fn choice<T: Copy + Default>(
        &mut self,
        members: &Map<String, Value>,
        at: &str,
        key: &str,
        known: &[(&str, T)],
    ) -> T {
        let Some(word) = self.text(members, at, key, false) else { return T::default() };
        let chosen = known.iter().find(|(name, _)| *name == word);
        if chosen.is_none() {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            let hint = did_you_mean(&word, &names);
            self.problem(&format!("{at}/{key}"), &format!("`{word}` is refused{hint}"));
        }
        chosen.map_or_else(T::default, |(_, meaning)| *meaning)
    }

    fn memory(&mut self, members: &Map<String, Value>, at: &str) -> Option<u64> {
        let value = members.get("memory")?;
        let bytes = value.as_str().and_then(zellige::parse_memory);
        if bytes.is_none() {
            self.problem(
                &format!("{at}/memory"),
                &format!("`{value}` is no size, expected one such as \"512MiB\""),
            );
        }
        bytes
    }

    /// Returns a whole number from 1 to `max`, if there is one.
    fn number(&mut self, members: &Map<String, Value>, at: &str, key: &str, max: u64) -> Option<u64> {
        let value = members.get(key)?;
        let number = value.as_u64().filter(|number| 1 <= *number && *number <= max);
        if number.is_none() {
            self.problem(&format!("{at}/{key}"), &format!("`{value}` is refused, expected 1 to {max}"));
        }
        number
    }

    fn text(&mut self, members: &Map<String, Value>, at: &str, key: &str, is_needed: bool) -> Option<String> {
        let value = members.get(key);
        match value {
            Some(Value::String(text)) if !(is_needed && text.is_empty()) => return Some(text.clone()),
            None if !is_needed => return None,
            _ => self.problem(&format!("{at}/{key}"), "a text is needed"),
        }
        None
    }

    fn object<'v>(&mut self, value: &'v Value, at: &str, known: &[&str]) -> Option<&'v Map<String, Value>> {
        let Some(members) = value.as_object() else {
            self.problem(at, "an object is needed");
            return None;
        };
        for key in members.keys().filter(|key| !known.contains(&key.as_str())) {
            self.problem(at, &format!("unknown key `{key}`{}", did_you_mean(key, known)));
        }
        Some(members)
    }

    fn problem(&mut self, at: &str, what: &str) {
        self.problems.push(format!("{}: {what}", if at.is_empty() { "top level" } else { at }));
    }
}

/// Returns a key as a part of a JSON pointer (RFC 6901 §3).
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(parse(text, Path::new("jobs")).err().unwrap_or_default(), expected);
    }

    #[test]
    fn job_is_read_with_paths_seen_from_its_file() {
        let text = r#"{"jobs": [{
            "name": "a", "recipe": "r.json", "output": "../out/a.pmtiles",
            "sources": {"x": "x.geojsonl", "y": ["y1.gz", "y2.gz"]},
            "options": {"tile_size_limit": 600, "memory": "1GiB", "threads": 3, "borders": "alone", "name": "A"}}]}"#;
        let jobs = parse(text, Path::new("jobs")).unwrap();
        let expected = Job {
            name: "a".into(),
            recipe: Recipe::File("jobs/r.json".into()),
            sources: vec![
                ("x".into(), vec!["jobs/x.geojsonl".into()]),
                ("y".into(), vec!["jobs/y1.gz".into(), "jobs/y2.gz".into()]),
            ],
            output: "jobs/../out/a.pmtiles".into(),
            options: Options {
                tile_bytes_max: Some(614_400),
                memory_bytes: Some(1 << 30),
                threads: NonZeroUsize::new(3),
                name: "A".into(),
                borders: Borders::Alone,
                written: r#"{"borders":"alone","name":"A","tile_size_limit":600}"#.into(),
                ..Options::default()
            },
        };
        assert_eq!(jobs, [expected]);
    }

    #[test]
    fn all_problems_are_told_at_once() {
        check(
            r#"{"job": 1, "jobs": [
                {"name": "a", "recipie": {}, "sources": {"x": [1]}, "output": "a.zip"},
                {"name": "b", "recipe": {}, "sources": {"x": "x"}, "output": "b",
                 "options": {"memory": 5, "threads": 0, "format": "json", "borders": "share", "compression_level": 13,
                             "name": 1}}]}"#,
            &[
                "top level: unknown key `job`, did you mean `jobs`?",
                "/jobs/0: unknown key `recipie`, did you mean `recipe`?",
                "/jobs/0/output: cannot tell the format of `jobs/a.zip` by its name, expected `.pmtiles`, `.mbtiles` or a folder",
                "/jobs/0/recipe: a path or a recipe is needed",
                "/jobs/0/sources/x: a path or a list of paths is needed",
                "/jobs/1/options/memory: `5` is no size, expected one such as \"512MiB\"",
                "/jobs/1/options/threads: `0` is refused, expected 1 to 1024",
                "/jobs/1/options/compression_level: `13` is refused, expected 1 to 12",
                "/jobs/1/options/name: a text is needed",
                "/jobs/1/options/format: `json` is refused, known are `lines`, `geojson`",
                "/jobs/1/options/borders: `share` is refused, did you mean `shared`?",
            ],
        );
    }

    #[test]
    fn names_and_outputs_are_had_once() {
        let job = |output| {
            format!(r#"{{"name": "a", "recipe": {{}}, "sources": {{"x": "x"}}, "output": "{output}"}}"#)
        };
        check(
            &format!(r#"{{"jobs": [{}, {}]}}"#, job("out"), job("out/")),
            &["/jobs: two jobs have the name `a`", "/jobs: two jobs have the output `jobs/out`"],
        );
    }

    #[test]
    fn file_without_jobs_is_refused() {
        check(r#"{"jobs": []}"#, &["/jobs: has `0` jobs, expected 1 to 10000"]);
        check("[]", &["top level: an object is needed"]);
        check("{", &["it is no JSON: EOF while parsing an object at line 1 column 1"]);
    }
}
