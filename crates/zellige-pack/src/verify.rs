//! Checks packs: one, or all of the latest revision of a region.
//!
//! In:     the path of a pack, or of a folder with `region.json`; the present moment.
//! Out:    for each pack what is in it, and what is wrong with it.
//! Keeps:  packs as they are.
//! Source: `maps::verify`, `navigation::verify`; size and checksum in `region.json`.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::digest::Digest;
use crate::maps::verify as maps;
use crate::moment::Moment;
use crate::revision::{MAPS_FILE, NAVIGATION_FILE, described};
use crate::{Error, navigation};

/// The bytes that every `SQLite` database starts with.
const DATABASE_MAGIC: &[u8] = b"SQLite format 3\0";

/// A pack that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Where it stands.
    pub path: PathBuf,
    /// What its description says wrongly about it, such as another size; empty for a pack without description.
    pub misdescribed: Vec<String>,
    /// What was found in it.
    pub verdict: Verdict,
}

/// What a pack turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// A database for map clients.
    Maps(maps::Verdict),
    /// Graph tiles for routing engines.
    Navigation(navigation::Verdict),
}

impl Checked {
    /// Counts the faults of the pack and of its description.
    #[must_use]
    pub fn n_faults(&self) -> u64 {
        let n_faults = match &self.verdict {
            Verdict::Maps(verdict) => verdict.n_faults,
            Verdict::Navigation(verdict) => verdict.n_faults,
        };
        n_faults + self.misdescribed.len() as u64
    }

    /// Returns the first faults, one sentence each.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = self.misdescribed.clone();
        match &self.verdict {
            Verdict::Maps(verdict) => faults.extend(verdict.faults.iter().map(ToString::to_string)),
            Verdict::Navigation(verdict) => faults.extend(verdict.faults.iter().map(ToString::to_string)),
        }
        faults
    }
}

/// Checks the pack at `path`, or all packs that a folder describes.
///
/// # Errors
///
/// [`Error::Io`] when a file cannot be read, [`Error::RegionFile`] when the folder describes no region,
/// [`Error::Navigation`] when a navigation pack is too large to be read.
pub fn verify(path: &Path, now: Moment) -> Result<Vec<Checked>, Error> {
    if !path.is_dir() {
        return Ok(vec![Checked { path: path.into(), misdescribed: Vec::new(), verdict: judge(path, now)? }]);
    }
    let Some(region) = described(path)? else { return Err(Error::RegionFile { path: path.into() }) };
    let revision = path.join(region["revision"].to_string());
    let packs = region["packs"].as_array().into_iter().flatten();
    packs.map(|pack| described_pack(pack, &revision, now)).collect()
}

fn described_pack(pack: &Value, revision: &Path, now: Moment) -> Result<Checked, Error> {
    let path = revision.join(if pack["domain"] == "navigation" { NAVIGATION_FILE } else { MAPS_FILE });
    let digest = Digest::of_file(&path).map_err(Error::io("read", &path))?;
    let mut misdescribed = Vec::new();
    if pack["size"].as_u64() != Some(digest.bytes) {
        misdescribed.push(format!("it has {} bytes, its description says `{}`", digest.bytes, pack["size"]));
    }
    if pack["md5_checksum"].as_str() != Some(&digest.md5.to_string()) {
        let stated = &pack["md5_checksum"];
        misdescribed.push(format!("its checksum is `{}`, its description says `{stated}`", digest.md5));
    }
    let verdict = judge(&path, now)?;
    Ok(Checked { path, misdescribed, verdict })
}

/// Judges a pack by what its first bytes say it is.
fn judge(path: &Path, now: Moment) -> Result<Verdict, Error> {
    let mut start = Vec::new();
    let file = File::open(path).map_err(Error::io("open", path))?;
    file.take(DATABASE_MAGIC.len() as u64).read_to_end(&mut start).map_err(Error::io("read", path))?;
    if start == DATABASE_MAGIC {
        return Ok(Verdict::Maps(maps::verify(path, now)?));
    }
    Ok(Verdict::Navigation(navigation::verify(path)?))
}
