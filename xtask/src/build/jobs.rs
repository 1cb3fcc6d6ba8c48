//! The text of a file of jobs to tilesets and packs to build, or every problem at once with its place.
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
use zellige::recipe::raw;
use zellige::{Borders, Tiny, ingest};

use crate::usage::did_you_mean;

/// Jobs that a file may have.
const JOBS_MAX: usize = 10_000;
/// Threads that a job may ask for.
const THREADS_MAX: u64 = 1024;
/// KiB that a tile limit may have: what readers take.
const TILE_SIZE_KIB_MAX: u64 = TILE_BYTES_MAX as u64 / 1024;

const TOP: [&str; 2] = ["jobs", "packs"];
const JOB: [&str; 5] = ["name", "recipe", "sources", "output", "options"];
const PACK: [&str; 10] =
    ["name", "region", "style", "icons", "tilesets", "fonts", "files", "roads", "output", "options"];
const PACK_OPTIONS: [&str; 5] = ["id", "username", "optimize", "threads", "format"];
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

/// What a file asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Batch {
    /// Tilesets.
    pub(super) jobs: Vec<Job>,
    /// Packs, made after all tilesets.
    pub(super) packs: Vec<Pack>,
}

/// The packs of a region.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pack {
    pub(super) name: String,
    pub(super) region: Document,
    pub(super) style: Option<PathBuf>,
    pub(super) icons: Option<PathBuf>,
    /// Names in the style with their archives.
    pub(super) tilesets: Vec<(String, PathBuf)>,
    pub(super) fonts: Vec<PathBuf>,
    /// URLs in the style with their files.
    pub(super) files: Vec<(String, PathBuf)>,
    pub(super) roads: Vec<PathBuf>,
    pub(super) output: PathBuf,
    /// The id of the region; empty for the name of the job.
    pub(super) id: String,
    /// The account in the URLs of packs; empty for that of the style.
    pub(super) username: String,
    pub(super) optimize: bool,
    pub(super) threads: Option<NonZeroUsize>,
    pub(super) format: ingest::Format,
    /// The options that bytes follow from, as written, with their keys in order.
    pub(super) written: String,
}

/// A tileset to build.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Job {
    pub(super) name: String,
    pub(super) recipe: Document,
    /// Ids with their files.
    pub(super) sources: Vec<(String, Vec<PathBuf>)>,
    pub(super) output: PathBuf,
    pub(super) options: Options,
}

/// Where the recipe or region of a job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Document {
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
pub(super) fn parse(text: &str, folder: &Path) -> Result<Batch, Vec<String>> {
    let value: Value = serde_json::from_str(text).map_err(|error| vec![format!("it is no JSON: {error}")])?;
    let document = raw::parse(text.as_bytes()).map_err(|error| vec![format!("it is no JSON: {error}")])?;
    let mut reader = Reader { folder, problems: Vec::new() };
    for value in document.duplicates() {
        reader.problem(&value.pointer(), "the key stands twice");
    }
    let batch = reader.file(&value);
    if reader.problems.is_empty() { Ok(batch) } else { Err(reader.problems) }
}

#[derive(Debug)]
struct Reader<'f> {
    folder: &'f Path,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn file(&mut self, value: &Value) -> Batch {
        let Some(top) = self.object(value, "", &TOP) else { return Batch::default() };
        if !top.contains_key("jobs") && !top.contains_key("packs") {
            self.problem("/jobs", "a list of jobs is needed");
            return Batch::default();
        }
        let jobs: Vec<Job> = self.list(top, "jobs", Self::job);
        let packs: Vec<Pack> = self.list(top, "packs", Self::pack);
        let names = jobs.iter().map(|job| &job.name).chain(packs.iter().map(|pack| &pack.name));
        self.twins("name", names.cloned());
        let outputs = jobs.iter().map(|job| &job.output).chain(packs.iter().map(|pack| &pack.output));
        self.twins(
            "output",
            outputs.map(|output| output.display().to_string().trim_end_matches('/').to_owned()),
        );
        Batch { jobs, packs }
    }

    /// Reads the members of a list that may be missing.
    fn list<T>(
        &mut self,
        top: &Map<String, Value>,
        key: &str,
        read: fn(&mut Self, &Value, &str) -> Option<T>,
    ) -> Vec<T> {
        let at = format!("/{key}");
        let Some(value) = top.get(key) else { return Vec::new() };
        let Some(list) = value.as_array() else {
            self.problem(&at, "a list of jobs is needed");
            return Vec::new();
        };
        if list.is_empty() || JOBS_MAX < list.len() {
            self.problem(&at, &format!("has `{}` jobs, expected 1 to {JOBS_MAX}", list.len()));
            return Vec::new();
        }
        list.iter().enumerate().filter_map(|(idx, job)| read(self, job, &format!("{at}/{idx}"))).collect()
    }

    /// Refuses what only one job may have.
    fn twins(&mut self, key: &str, values: impl Iterator<Item = String>) {
        let mut seen = BTreeSet::new();
        for value in values {
            if seen.contains(&value) {
                self.problem("/jobs", &format!("two jobs have the {key} `{value}`"));
            }
            seen.insert(value);
        }
    }

    fn pack(&mut self, value: &Value, at: &str) -> Option<Pack> {
        let members = self.object(value, at, &PACK)?;
        let name = self.text(members, at, "name", true);
        let output = self.text(members, at, "output", true).map(|output| self.folder.join(output));
        let region = self.document(members.get("region"), &format!("{at}/region"), "region");
        let mut path = |key: &str| self.text(members, at, key, false).map(|path| self.folder.join(path));
        let (style, icons) = (path("style"), path("icons"));
        let tilesets = self.named(members, at, "tilesets");
        let files = self.named(members, at, "files");
        let mut list = |key: &str| {
            members.get(key).map(|paths| self.paths(paths, &format!("{at}/{key}"))).unwrap_or_default()
        };
        let (fonts, roads) = (list("fonts"), list("roads"));
        let none = Value::Object(Map::new());
        let at = format!("{at}/options");
        let options = self.object(members.get("options").unwrap_or(&none), &at, &PACK_OPTIONS)?;
        let (written, threads, format) =
            (written(options), self.threads(options, &at), self.format(options, &at));
        let optimize = options.get("optimize").unwrap_or(&Value::Bool(false));
        if !optimize.is_boolean() {
            self.problem(
                &format!("{at}/optimize"),
                &format!("`{optimize}` is refused, expected true or false"),
            );
        }
        Some(Pack {
            name: name?,
            region: region?,
            style,
            icons,
            tilesets,
            fonts,
            files,
            roads,
            output: output?,
            id: self.text(options, &at, "id", false).unwrap_or_default(),
            username: self.text(options, &at, "username", false).unwrap_or_default(),
            optimize: *optimize == Value::Bool(true),
            threads,
            format,
            written,
        })
    }

    /// Reads an object of names with a path each, which may be missing.
    fn named(&mut self, members: &Map<String, Value>, at: &str, key: &str) -> Vec<(String, PathBuf)> {
        let Some(value) = members.get(key) else { return Vec::new() };
        let named = value.as_object().into_iter().flatten();
        let named: Vec<(String, PathBuf)> =
            named.filter_map(|(name, path)| Some((name.clone(), self.folder.join(path.as_str()?)))).collect();
        if value.as_object().map(Map::len) != Some(named.len()) {
            self.problem(&format!("{at}/{key}"), "an object of names with a path each is needed");
        }
        named
    }

    fn job(&mut self, value: &Value, at: &str) -> Option<Job> {
        let members = self.object(value, at, &JOB)?;
        let name = self.text(members, at, "name", true);
        let output = self.text(members, at, "output", true).map(|output| self.folder.join(output));
        if let Some(Err(error)) = output.as_deref().map(Format::of) {
            self.problem(&format!("{at}/output"), &error.to_string());
        }
        let recipe = self.document(members.get("recipe"), &format!("{at}/recipe"), "recipe");
        let sources = self.sources(members.get("sources"), &format!("{at}/sources"));
        let options = match members.get("options") {
            Some(options) => self.options(options, &format!("{at}/options")),
            None => Options::default(),
        };
        Some(Job { name: name?, recipe: recipe?, sources, output: output?, options })
    }

    fn document(&mut self, value: Option<&Value>, at: &str, word: &str) -> Option<Document> {
        match value {
            Some(Value::String(path)) if !path.is_empty() => Some(Document::File(self.folder.join(path))),
            Some(inline @ Value::Object(_)) => Some(Document::Inline(format!("{inline:#}\n"))),
            _ => {
                self.problem(at, &format!("a path or a {word} is needed"));
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
        let borders = [("shared", Borders::Shared), ("alone", Borders::Alone)];
        Options {
            tile_bytes_max: self
                .number(members, at, "tile_size_limit", TILE_SIZE_KIB_MAX)
                .map(|kib| kib << 10),
            memory_bytes: self.memory(members, at),
            threads: self.threads(members, at),
            compression_level: self
                .number(members, at, "compression_level", u64::from(Compressor::LEVEL_MAX))
                .map(|level| level as u8),
            tiny: self.choice(members, at, "tiny", &[("keep", Tiny::Keep), ("drop", Tiny::Drop)]),
            name: self.text(members, at, "name", false).unwrap_or_default(),
            description: self.text(members, at, "description", false).unwrap_or_default(),
            attribution: self.text(members, at, "attribution", false).unwrap_or_default(),
            format: self.format(members, at),
            borders: self.choice(members, at, "borders", &borders),
            written: written(members),
        }
    }

    fn threads(&mut self, members: &Map<String, Value>, at: &str) -> Option<NonZeroUsize> {
        let threads = self.number(members, at, "threads", THREADS_MAX);
        threads.and_then(|threads| NonZeroUsize::new(threads as usize))
    }

    fn format(&mut self, members: &Map<String, Value>, at: &str) -> ingest::Format {
        let formats = [("lines", ingest::Format::Lines), ("geojson", ingest::Format::FeatureCollection)];
        self.choice(members, at, "format", &formats)
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

/// Returns the options that bytes follow from, with their keys in order.
fn written(options: &Map<String, Value>) -> String {
    let mut sorted = options.clone();
    sorted.sort_keys();
    // These change how fast something is built, and no byte of it.
    sorted.retain(|key, _| !matches!(key.as_str(), "threads" | "memory"));
    Value::Object(sorted).to_string()
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
        let jobs = parse(text, Path::new("jobs")).unwrap().jobs;
        let expected = Job {
            name: "a".into(),
            recipe: Document::File("jobs/r.json".into()),
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
    fn keys_stand_once() {
        check(
            r#"{"jobs": [{"name": "a", "name": "b", "recipe": {}, "sources": {"x": "x", "x": "y"}, "output": "o"}]}"#,
            &["/jobs/0/sources/x: the key stands twice", "/jobs/0/name: the key stands twice"],
        );
    }

    #[test]
    fn packs_are_read_with_paths_seen_from_their_file() {
        let text = r#"{"packs": [{"name": "p", "region": "r.json", "output": "out", "style": "s.json",
            "tilesets": {"me.a": "a.pmtiles"}, "roads": ["b", "c"], "options": {"optimize": true, "threads": 2}}]}"#;
        let pack = parse(text, Path::new("jobs")).unwrap().packs.remove(0);
        let expected = Pack {
            name: "p".into(),
            region: Document::File("jobs/r.json".into()),
            style: Some("jobs/s.json".into()),
            icons: None,
            tilesets: vec![("me.a".into(), "jobs/a.pmtiles".into())],
            fonts: Vec::new(),
            files: Vec::new(),
            roads: vec!["jobs/b".into(), "jobs/c".into()],
            output: "jobs/out".into(),
            id: String::new(),
            username: String::new(),
            optimize: true,
            threads: NonZeroUsize::new(2),
            format: ingest::Format::Lines,
            written: r#"{"optimize":true}"#.into(),
        };
        assert_eq!(pack, expected);
        check(
            r#"{"packs": [{"name": "p", "region": 1, "tilesets": {"a": 1}, "options": {"optimise": true, "optimize": 1}}]}"#,
            &[
                "/packs/0/output: a text is needed",
                "/packs/0/region: a path or a region is needed",
                "/packs/0/tilesets: an object of names with a path each is needed",
                "/packs/0/options: unknown key `optimise`, did you mean `optimize`?",
                "/packs/0/options/optimize: `1` is refused, expected true or false",
            ],
        );
    }

    #[test]
    fn file_without_jobs_is_refused() {
        check(r#"{"jobs": []}"#, &["/jobs: has `0` jobs, expected 1 to 10000"]);
        check("[]", &["top level: an object is needed"]);
        check("{", &["it is no JSON: EOF while parsing an object at line 1 column 1"]);
    }
}
