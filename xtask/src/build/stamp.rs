//! Tells whether a job has to run: a stamp beside each tileset says what it was made from.
//!
//! In:     a job, the text of its recipe.
//! Out:    its fingerprint; and `OUTPUT.zellige-job.json` with that, and with the job object.
//! Keeps:  nothing in doubt: the stamp goes before a job starts and comes back when its tileset is whole.
//! Source: XXH3 over everything that a byte of the tileset could follow from.
//!
//! Sources are hashed whole at every run, since times of files lie after a checkout or a copy; that is
//! much faster than cutting them. The engine is its version and the program that runs: who changes
//! the engine rebuilds the tilesets.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::Context;
use serde_json::{Value, json};
use zellige::archive::TileHash;

use super::jobs::Job;

/// Bytes of a file that are hashed at a time; part of the fingerprint.
const CHUNK_BYTES: u64 = 1 << 20;

/// The stamp of a tileset.
#[derive(Debug)]
pub(super) struct Stamp {
    /// Where it is written.
    path: PathBuf,
    fingerprint: String,
}

impl Stamp {
    /// Returns the stamp that the tileset of `job` has when it is made now.
    pub(super) fn new(job: &Job, recipe: &[u8]) -> anyhow::Result<Self> {
        Ok(Self { path: place(&job.output), fingerprint: fingerprint(job, recipe)? })
    }

    /// Returns the stamp beside `output` of what is made from what was `told`, by this program.
    pub(super) fn with(output: &Path, told: &str) -> Self {
        let told = format!("engine {} {}\n{told}", env!("CARGO_PKG_VERSION"), *PROGRAM);
        Self { path: place(output), fingerprint: hash_text(told.as_bytes()) }
    }

    /// Returns the job object of the tileset that stands there, when it was made from the same.
    pub(super) fn matching(&self, output: &Path) -> Option<Value> {
        let mut known: Value = serde_json::from_slice(&fs::read(&self.path).ok()?).ok()?;
        let is_same =
            known["fingerprint"] == *self.fingerprint && known["bytes"] == json!(file_bytes(output));
        (is_same && output.exists()).then(|| known["job"].take())
    }

    /// Removes the stamp: from now on nobody knows what the tileset was made from.
    pub(super) fn remove(&self) -> anyhow::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("removing `{}` failed", self.path.display()))
            }
            _ => Ok(()),
        }
    }

    /// Writes the stamp beside a tileset that is whole.
    pub(super) fn write(&self, output: &Path, job: &Value) -> anyhow::Result<()> {
        let stamp = json!({"fingerprint": self.fingerprint, "bytes": file_bytes(output), "job": job});
        replace(&self.path, &stamp)
    }
}

/// Writes an object to a file in one step: readers see the old one or the new one, whole.
pub(super) fn replace(path: &Path, object: &Value) -> anyhow::Result<()> {
    let part = path.with_extension("part");
    fs::write(&part, format!("{object:#}\n"))
        .and_then(|()| fs::rename(&part, path))
        .with_context(|| format!("writing `{}` failed", path.display()))
}

/// Returns the path of the stamp: that of the output with `.zellige-job.json` behind its last name.
fn place(output: &Path) -> PathBuf {
    // Components leave out a slash at the end.
    let mut path: OsString = output.components().collect::<PathBuf>().into();
    path.push(".zellige-job.json");
    path.into()
}

/// Returns the bytes of a file; nothing for a folder, which is not looked through.
fn file_bytes(output: &Path) -> Option<u64> {
    fs::metadata(output).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len())
}

fn fingerprint(job: &Job, recipe: &[u8]) -> anyhow::Result<String> {
    let mut told = format!("engine {} {}\n", env!("CARGO_PKG_VERSION"), *PROGRAM);
    // Writing to a string cannot fail.
    let _ = write!(told, "recipe {:032x}\noptions {}\n", TileHash::of(recipe).0, job.options.written);
    for (id, paths) in &job.sources {
        let _ = writeln!(told, "source {id}");
        for path in paths {
            let file = hash_file(path).with_context(|| format!("reading `{}` failed", path.display()))?;
            let _ = writeln!(told, "file {file}");
        }
    }
    Ok(hash_text(told.as_bytes()))
}

/// The hash of this program; empty when the system does not let it read itself, and then the version counts.
static PROGRAM: LazyLock<String> =
    LazyLock::new(|| std::env::current_exe().and_then(|path| hash_file(&path)).unwrap_or_default());

/// Returns the hash of a text.
pub(super) fn hash_text(text: &[u8]) -> String {
    format!("{:032x}", TileHash::of(text).0)
}

/// Returns the size and the hash of a file, in bounded memory.
pub(super) fn hash_file(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("a batch build reads regular files only"));
    }
    let (mut chunk, mut hashes, mut n_bytes) = (Vec::new(), Vec::new(), 0);
    loop {
        chunk.clear();
        let read = (&mut file).take(CHUNK_BYTES).read_to_end(&mut chunk)?;
        if read == 0 {
            break;
        }
        n_bytes += read as u64;
        hashes.extend(TileHash::of(&chunk).0.to_le_bytes());
    }
    Ok(format!("{n_bytes} {:032x}", TileHash::of(&hashes).0))
}

#[cfg(test)]
mod tests {
    use super::super::jobs;
    use super::*;

    const JOB: &str =
        r#"{"jobs": [{"name": "a", "recipe": {}, "sources": {"x": "x"}, "output": "a.pmtiles"}]}"#;

    fn job(folder: &Path, text: &str) -> Job {
        jobs::parse(text, folder).unwrap().jobs.remove(0)
    }

    #[test]
    fn stamp_stands_beside_the_output() {
        let check = |output: &str, expected: &str| assert_eq!(place(Path::new(output)), Path::new(expected));
        check("out/a.pmtiles", "out/a.pmtiles.zellige-job.json");
        check("out/a/", "out/a.zellige-job.json");
    }

    #[test]
    fn fingerprint_follows_content_recipe_and_options() {
        let folder = tempfile::tempdir().unwrap();
        let of = |text: &str, recipe: &[u8], source: &str| {
            fs::write(folder.path().join("x"), source).unwrap();
            fingerprint(&job(folder.path(), text), recipe).unwrap()
        };
        let same = of(JOB, b"{}", "a line\n");
        assert_eq!(of(JOB, b"{}", "a line\n"), same);
        assert_ne!(of(JOB, b"{}", "A line\n"), same);
        assert_ne!(of(JOB, b"{ }", "a line\n"), same);
        let other = JOB.replace(r#""output""#, r#""options": {"tile_size_limit": 501}, "output""#);
        assert_ne!(of(&other, b"{}", "a line\n"), same);
    }

    #[test]
    fn stamp_holds_until_something_changes() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("x"), "a line\n").unwrap();
        let job = job(folder.path(), JOB);
        let stamp = Stamp::new(&job, b"{}").unwrap();
        assert_eq!(stamp.matching(&job.output), None);
        fs::write(&job.output, "tiles").unwrap();
        stamp.write(&job.output, &json!({"tiles": 5})).unwrap();
        assert_eq!(stamp.matching(&job.output), Some(json!({"tiles": 5})));
        fs::write(&job.output, "other tiles").unwrap();
        assert_eq!(stamp.matching(&job.output), None);
        fs::remove_file(&job.output).unwrap();
        assert_eq!(stamp.matching(&job.output), None);
        stamp.remove().unwrap();
        stamp.remove().unwrap();
        assert!(!stamp.path.exists());
    }

    #[test]
    fn long_files_are_hashed_to_their_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long");
        let mut bytes = vec![7; CHUNK_BYTES as usize + 1];
        fs::write(&path, &bytes).unwrap();
        let hash = hash_file(&path).unwrap();
        *bytes.last_mut().unwrap() = 8;
        fs::write(&path, &bytes).unwrap();
        assert_ne!(hash_file(&path).unwrap(), hash);
        assert!(hash_file(folder.path()).is_err());
    }
}
