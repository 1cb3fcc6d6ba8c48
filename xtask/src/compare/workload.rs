//! What is cut: inputs by name, and where their files are.
//!
//! In:     names of the table below, or files as `FILE@MAXZOOM`; folders.
//! Out:    workloads whose files are all there and plain, so that no tiler has to unpack.
//! Keeps:  the order of the table, or that of the arguments.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Context;
use zellige::archive::gunzip;

use crate::usage::{self, Usage};
use crate::values;

/// Bytes of a file that is unpacked.
const UNPACKED_BYTES_MAX: usize = 2 << 30;
/// Endings of files, plain and packed.
const ENDING: &str = ".geojsonl";
const PACKED_ENDING: &str = ".geojsonl.gz";

/// The inputs that have names: their highest zoom and the files of their layers, without endings. The first six are
/// made.
const KNOWN: [(&str, u8, &[&str]); 14] = [
    ("roads", 14, &["roads"]),
    ("buildings", 14, &["buildings"]),
    ("four-layers", 14, &["roads", "buildings", "landuse", "pois"]),
    ("census", 12, &["census"]),
    ("coast", 8, &["coast"]),
    ("points", 10, &["points"]),
    ("world-countries-10m", 8, &["world-countries-10m"]),
    ("fr-communes", 10, &["fr-communes"]),
    ("world-cities", 10, &["world-cities"]),
    (
        "liechtenstein",
        14,
        &[
            "osm-liechtenstein-roads",
            "osm-liechtenstein-buildings",
            "osm-liechtenstein-landuse",
            "osm-liechtenstein-pois",
        ],
    ),
    ("us-counties", 8, &["us-counties"]),
    ("osm-liechtenstein-landuse", 14, &["osm-liechtenstein-landuse"]),
    ("ne_10m_lakes", 10, &["ne_10m_lakes"]),
    ("ne_10m_populated_places", 8, &["ne_10m_populated_places"]),
];

/// An input: files, and how deep they are cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Workload {
    pub(super) name: String,
    pub(super) maxzoom: u8,
    pub(super) layers: Vec<Layer>,
}

/// A layer and its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layer {
    pub(super) name: String,
    pub(super) file: PathBuf,
}

impl Workload {
    /// Returns the bytes of all files.
    pub(super) fn bytes(&self) -> anyhow::Result<u64> {
        let bytes = |layer: &Layer| Ok(fs::metadata(&layer.file)?.len());
        self.layers.iter().map(bytes).sum()
    }

    /// Counts the lines of all files.
    pub(super) fn n_features(&self) -> anyhow::Result<u64> {
        let mut n_lines = 0;
        for layer in &self.layers {
            n_lines += lines(&layer.file)?;
        }
        Ok(n_lines)
    }
}

fn lines(file: &Path) -> anyhow::Result<u64> {
    let opened = File::open(file).with_context(|| format!("opening `{}` failed", file.display()))?;
    let (mut reader, mut n_lines) = (BufReader::new(opened), 0);
    while reader.skip_until(b'\n')? > 0 {
        n_lines += 1;
    }
    Ok(n_lines)
}

/// Returns the workloads asked for; all that have files when none is. Those that do not are told and left out.
///
/// # Errors
/// When a name is not known, or a file cannot be unpacked into `work`.
pub(super) fn find(inputs: &[String], folders: &[PathBuf], work: &Path) -> anyhow::Result<Vec<Workload>> {
    let mut found = Vec::new();
    if inputs.is_empty() {
        for known in KNOWN {
            found.extend(of_known(known, folders, work)?);
        }
    }
    for input in inputs {
        let known = KNOWN.into_iter().find(|(name, ..)| name == input);
        match known {
            Some(known) => found.extend(of_known(known, folders, work)?),
            None if input.contains('@') => found.push(of_file(values::file_and_zoom(input)?)?),
            None => {
                let names = KNOWN.map(|(name, ..)| name);
                let hint = usage::did_you_mean(input, &names);
                return Err(Usage(format!("unknown input `{input}`{hint}, or `FILE@MAXZOOM`")).into());
            }
        }
    }
    Ok(found)
}

fn of_known(
    (name, maxzoom, stems): (&str, u8, &[&str]),
    folders: &[PathBuf],
    work: &Path,
) -> anyhow::Result<Option<Workload>> {
    let mut layers = Vec::new();
    for stem in stems {
        let Some(file) = plain(stem, folders, work)? else {
            eprintln!("{name}: left out, there is no `{stem}{ENDING}` or `{stem}{PACKED_ENDING}`");
            return Ok(None);
        };
        layers.push(Layer { name: (*stem).to_owned(), file });
    }
    Ok(Some(Workload { name: name.to_owned(), maxzoom, layers }))
}

fn of_file((file, maxzoom): (PathBuf, u8)) -> anyhow::Result<Workload> {
    let name = file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    anyhow::ensure!(file.is_file(), "`{}` is no file", file.display());
    Ok(Workload { maxzoom, layers: vec![Layer { name: name.clone(), file }], name })
}

/// Returns the plain file of a layer; a packed one is unpacked once.
fn plain(stem: &str, folders: &[PathBuf], work: &Path) -> anyhow::Result<Option<PathBuf>> {
    for folder in folders {
        let plain = folder.join(format!("{stem}{ENDING}"));
        if plain.is_file() {
            return Ok(Some(plain));
        }
        let packed = folder.join(format!("{stem}{PACKED_ENDING}"));
        if packed.is_file() {
            return unpacked(&packed, &work.join(format!("{stem}{ENDING}"))).map(Some);
        }
    }
    Ok(None)
}

fn unpacked(packed: &Path, plain: &Path) -> anyhow::Result<PathBuf> {
    if !plain.is_file() {
        let bytes = fs::read(packed).with_context(|| format!("reading `{}` failed", packed.display()))?;
        let bytes = gunzip(&bytes, UNPACKED_BYTES_MAX)
            .with_context(|| format!("unpacking `{}` failed", packed.display()))?;
        fs::write(plain, bytes).with_context(|| format!("writing `{}` failed", plain.display()))?;
    }
    Ok(plain.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(inputs: &[&str], folder: &Path, expected: Result<&[&str], &str>) {
        let inputs: Vec<String> = inputs.iter().map(|input| (*input).to_owned()).collect();
        let found = find(&inputs, &[folder.to_path_buf()], folder).map_err(|error| error.to_string());
        let told = found.map(|found| {
            let name = |workload: Workload| format!("{} to {}", workload.name, workload.maxzoom);
            found.into_iter().map(name).collect::<Vec<_>>()
        });
        let expected = expected.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(told, expected.map_err(str::to_owned));
    }

    #[test]
    fn inputs_are_found_by_name_or_by_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("roads.geojsonl"), "{}\n{}\n").unwrap();
        fs::write(path("lakes.geojsonl"), "").unwrap();
        check(&[], folder.path(), Ok(&["roads to 14"]));
        check(&["census"], folder.path(), Ok(&[]));
        let file = format!("{}@7", path("lakes.geojsonl").display());
        check(&[&file, "roads"], folder.path(), Ok(&["lakes to 7", "roads to 14"]));
        check(
            &["road"],
            folder.path(),
            Err("unknown input `road`, did you mean `roads`?, or `FILE@MAXZOOM`"),
        );
        check(&["a@17"], folder.path(), Err("`17` is no zoom, expected 0 to 16"));
        assert_eq!(lines(&path("roads.geojsonl")).unwrap(), 2);
    }

    #[test]
    fn packed_files_are_unpacked_once() {
        let (folder, mut packed) = (tempfile::tempdir().unwrap(), Vec::new());
        zellige::archive::Compressor::new(1).gzip(b"{}\n", &mut packed);
        fs::write(folder.path().join("us-counties.geojsonl.gz"), packed).unwrap();
        check(&["us-counties"], folder.path(), Ok(&["us-counties to 8"]));
        assert_eq!(fs::read(folder.path().join("us-counties.geojsonl")).unwrap(), b"{}\n");
    }
}
