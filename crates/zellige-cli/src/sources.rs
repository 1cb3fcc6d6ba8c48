//! Which inputs are which source of the recipe.
//!
//! In:     the values of `--source`, `ID=PATH` or `PATH`, and the plan.
//! Out:    the sources of the plan, each with its inputs; or what the recipe wants.
//! Keeps:  the order of the inputs of a source.
//! Source: recipe 6.1 for the number of files of a source.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use zellige::ingest::Format;
use zellige::{Plan, Source};

use crate::pipe::{Origin, Pipe};
use crate::show::{printable, put};

/// Inputs of one source.
const INPUTS_MAX: usize = 10;
/// Characters of an id that are shown.
const ID_CHARS_MAX: usize = 200;
/// The path that stands for standard input.
pub(crate) const STDIN: &str = "-";

/// A source that the recipe names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The id as the recipe has it.
    id: String,
    /// The layers that are made from it.
    layers: Vec<String>,
    /// Where its features come from.
    inputs: Vec<PathBuf>,
}

impl Wanted {
    /// Returns the last part of the id.
    fn short(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or(&self.id)
    }

    /// Returns the id as the recipe has it.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Returns where its features come from.
    pub(crate) fn inputs(&self) -> &[PathBuf] {
        &self.inputs
    }

    /// Returns the same source with no other input than this one.
    pub(crate) fn only(&self, input_idx: usize) -> Self {
        Self { inputs: self.inputs.get(input_idx).cloned().into_iter().collect(), ..self.clone() }
    }

    /// Whether one of the inputs is standard input.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.inputs.iter().any(|path| path.as_os_str() == STDIN)
    }

    /// Whether `name` is the id or its last part.
    fn is_called(&self, name: &OsStr) -> bool {
        name == self.id.as_str() || name == self.short()
    }
}

/// Gives each source of `plan` its inputs; the message of an error lists what the recipe wants.
pub(crate) fn assign<'a>(plan: &Plan, given: impl Iterator<Item = &'a OsStr>) -> Result<Vec<Wanted>, String> {
    let wanted = assign_some(plan, given)?;
    if let Some(missing) = wanted.iter().find(|source| source.inputs.is_empty()) {
        return Err(format!("source `{}` was not given\n{}", missing.short(), list(&wanted)));
    }
    let inputs = wanted.iter().flat_map(|source| &source.inputs);
    if inputs.filter(|path| path.as_os_str() == STDIN).count() > 1 {
        return Err("standard input is given twice".to_owned());
    }
    Ok(wanted)
}

/// Gives sources of `plan` their inputs, and leaves those that were not given without.
pub(crate) fn assign_some<'a>(
    plan: &Plan,
    given: impl Iterator<Item = &'a OsStr>,
) -> Result<Vec<Wanted>, String> {
    let mut wanted = wanted(plan);
    for value in given {
        if let Err(message) = assign_one(&mut wanted, value) {
            return Err(format!("{message}\n{}", list(&wanted)));
        }
    }
    Ok(wanted)
}

/// Returns the sources of the plan in the order in which layers name them.
fn wanted(plan: &Plan) -> Vec<Wanted> {
    let mut all: Vec<Wanted> = Vec::new();
    for layer in &plan.layers {
        let name = layer.name.as_str().to_owned();
        match all.iter_mut().find(|wanted| wanted.id == layer.source) {
            Some(known) => known.layers.push(name),
            None => all.push(Wanted { id: layer.source.clone(), layers: vec![name], inputs: Vec::new() }),
        }
    }
    all
}

fn assign_one(wanted: &mut [Wanted], value: &OsStr) -> Result<(), String> {
    let (source, path) = match split(value) {
        Some((id, path)) => match wanted.iter().filter(|source| source.is_called(id)).count() {
            0 if wanted.len() == 1 && Path::new(value).exists() => (wanted.first_mut(), value),
            0 => return Err(format!("the recipe has no source `{}`", id.display())),
            1 => (wanted.iter_mut().find(|source| source.is_called(id)), path),
            _ => {
                // Two accounts may have a source of the same name; then only the whole id will do.
                let exact = wanted.iter_mut().find(|source| source.id.as_str() == id);
                let message = || format!("`{}` may be several sources, give the whole id", id.display());
                (Some(exact.ok_or_else(message)?), path)
            }
        },
        None if wanted.len() == 1 => (wanted.first_mut(), value),
        None => {
            return Err(format!("which source is `{0}`? expected `--source ID={0}`", value.display()));
        }
    };
    if path.is_empty() {
        return Err(format!("`--source {}` has no path", value.display()));
    }
    let Some(source) = source else { return Err("the recipe has no source".to_owned()) };
    if source.inputs.len() == INPUTS_MAX {
        return Err(format!("source `{}` has more than {INPUTS_MAX} inputs", source.short()));
    }
    source.inputs.push(path.into());
    Ok(())
}

/// Splits `ID=PATH` at the first `=`; no id of a source has one.
fn split(value: &OsStr) -> Option<(&OsStr, &OsStr)> {
    let bytes = value.as_bytes();
    let equals = bytes.iter().position(|byte| *byte == b'=')?;
    Some((OsStr::from_bytes(&bytes[..equals]), OsStr::from_bytes(&bytes[equals + 1..])))
}

/// Returns the list of what the recipe wants, and what it got so far.
fn list(wanted: &[Wanted]) -> String {
    let mut out = "the recipe wants:".to_owned();
    for source in wanted {
        let got = match source.inputs.len() {
            0 => "not given".to_owned(),
            1 => "1 input".to_owned(),
            n => format!("{n} inputs"),
        };
        let (short, id) = (printable(source.short(), ID_CHARS_MAX), printable(&source.id, ID_CHARS_MAX));
        let layers = source.layers.join(", ");
        put(&mut out, format_args!("\n  --source {short}=PATH  {id} for {layers}: {got}"));
    }
    out
}

/// Returns the sources as the engine takes them.
pub(crate) fn open(wanted: Vec<Wanted>, format: Format, is_cancelled: &Arc<AtomicBool>) -> Vec<Source> {
    wanted.into_iter().map(|wanted| open_one(wanted.id, wanted.inputs, format, is_cancelled)).collect()
}

/// Returns a source of these inputs; what may block is read through a [`Pipe`].
pub(crate) fn open_one(
    id: String,
    inputs: impl IntoIterator<Item = PathBuf>,
    format: Format,
    is_cancelled: &Arc<AtomicBool>,
) -> Source {
    let add = |source: Source, path: PathBuf| {
        let pipe = |origin| Box::new(Pipe::new(origin, Arc::clone(is_cancelled)));
        if path.as_os_str() == STDIN {
            return source.reader("standard input", pipe(Origin::Stdin));
        }
        let may_block = path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
        if may_block {
            return source.reader(path.display().to_string(), pipe(Origin::Path(path)));
        }
        source.file(path)
    };
    inputs.into_iter().fold(Source::new(id).format(format), add)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Assigns to a recipe whose layers, named by numbers, have these sources; compares the inputs by
    /// source, or the first line of the message.
    fn check(sources: &[&str], given: &[&str], expected: Result<&str, &str>) {
        let layers = sources.iter().enumerate().map(|(number, source)| {
            format!(r#""l{number}": {{"source": "{source}", "minzoom": 0, "maxzoom": 1}}"#)
        });
        let layers: Vec<String> = layers.collect();
        let recipe = format!(r#"{{"version": 1, "layers": {{{}}}}}"#, layers.join(","));
        let plan = zellige::plan(recipe.as_bytes()).unwrap();
        let found = assign(&plan, given.iter().map(OsStr::new)).map(|wanted| {
            let inputs = wanted.iter().map(|source| {
                let paths: Vec<_> = source.inputs.iter().map(|path| path.display().to_string()).collect();
                paths.join("+")
            });
            inputs.collect::<Vec<_>>().join(" ")
        });
        let found = found.map_err(|message| message.lines().next().unwrap_or_default().to_owned());
        assert_eq!(found.as_deref().map_err(String::as_str), expected, "{given:?}");
    }

    const ROADS: &str = "mapbox://tileset-source/me/roads";
    const PARKS: &str = "mapbox://tileset-source/me/parks";

    #[test]
    fn source_is_named_by_its_id_or_the_last_part_of_it() {
        check(&[ROADS, PARKS], &["parks=p", "roads=a=b"], Ok("a=b p"));
        check(&[ROADS], &["mapbox://tileset-source/me/roads=a", "roads=b", "-"], Ok("a+b+-"));
        check(&[ROADS, ROADS], &["a"], Ok("a"));
    }

    #[test]
    fn a_lone_source_needs_no_name() {
        check(&[ROADS], &["a"], Ok("a"));
        check(&[ROADS], &["raods=a"], Err("the recipe has no source `raods`"));
        check(&[ROADS, PARKS], &["a"], Err("which source is `a`? expected `--source ID=a`"));
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        check(&[ROADS, PARKS], &["roads=a"], Err("source `parks` was not given"));
        check(&[ROADS], &[], Err("source `roads` was not given"));
        check(&[ROADS], &["roads="], Err("`--source roads=` has no path"));
        check(&[ROADS], &["-", "-"], Err("standard input is given twice"));
        check(&[ROADS], &["a"; 11], Err("source `roads` has more than 10 inputs"));
    }

    #[test]
    fn equal_names_of_two_accounts_need_the_whole_id() {
        let theirs = "mapbox://tileset-source/they/roads";
        check(&[ROADS, theirs], &["roads=a"], Err("`roads` may be several sources, give the whole id"));
        let (ours, theirs_given) = (format!("{ROADS}=a"), format!("{theirs}=b"));
        check(&[ROADS, theirs], &[&theirs_given, &ours], Ok("a b"));
    }
}
