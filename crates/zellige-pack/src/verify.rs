//! Checks packs: one, or all of the latest revision of a region.
//!
//! In:     the path of a pack, or of a folder with `region.json`; the present moment.
//! Out:    for each pack what is in it, and what is wrong with it.
//! Keeps:  packs as they are; what a folder describes wrongly or lacks is a fault of that pack alone.
//! Source: `maps::verify`, `navigation::verify`; size and checksum in `region.json`.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::digest::Digest;
use crate::fault::Faults;
use crate::maps::verify as maps;
use crate::moment::Moment;
use crate::revision::{MAPS_FILE, NAVIGATION_FILE, REGION_FILE, described};
use crate::{Error, navigation};

/// The domain of maps packs in a description.
const MAPS: &str = "maps";
/// The domain of navigation packs in a description.
const NAVIGATION: &str = "navigation";
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
    /// Nothing that could be looked at.
    Absent,
}

impl Verdict {
    /// Returns the domain of the pack as its description calls it; nothing when there is no pack.
    #[must_use]
    pub const fn domain(&self) -> Option<&'static str> {
        match self {
            Self::Maps(_) => Some(MAPS),
            Self::Navigation(_) => Some(NAVIGATION),
            Self::Absent => None,
        }
    }

    /// Returns the faults within the pack; nothing when there is no pack.
    #[must_use]
    pub const fn faults(&self) -> Option<&Faults> {
        match self {
            Self::Maps(verdict) => Some(&verdict.faults),
            Self::Navigation(verdict) => Some(&verdict.faults),
            Self::Absent => None,
        }
    }
}

impl Checked {
    /// Counts the faults of the pack and of its description.
    #[must_use]
    pub fn n_faults(&self) -> u64 {
        self.verdict.faults().map_or(0, |faults| faults.count) + self.misdescribed.len() as u64
    }

    /// Returns the first faults, one sentence each.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let within = self.verdict.faults().into_iter().flat_map(|faults| &faults.first);
        self.misdescribed.iter().cloned().chain(within.map(ToString::to_string)).collect()
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
    let packs = region["packs"].as_array().map(Vec::as_slice).unwrap_or_default();
    if packs.is_empty() {
        return Ok(vec![absent(path.join(REGION_FILE), "it names no packs".to_owned())]);
    }
    packs.iter().map(|pack| described_pack(pack, &revision, now)).collect()
}

/// Returns what is said of a pack that is not there to be looked at.
fn absent(path: PathBuf, found: String) -> Checked {
    Checked { path, misdescribed: vec![found], verdict: Verdict::Absent }
}

fn described_pack(pack: &Value, revision: &Path, now: Moment) -> Result<Checked, Error> {
    let domain = &pack["domain"];
    let path = match domain.as_str() {
        Some(MAPS) => revision.join(MAPS_FILE),
        Some(NAVIGATION) => revision.join(NAVIGATION_FILE),
        _ => {
            let found = format!("its domain is `{domain}`, expected `\"{MAPS}\"` or `\"{NAVIGATION}\"`");
            return Ok(absent(revision.into(), found));
        }
    };
    let digest = match Digest::of_file(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(absent(path, "it is described and not there".to_owned()));
        }
        digest => digest.map_err(Error::io("read", &path))?,
    };
    let mut misdescribed = Vec::new();
    if pack["size"].as_u64() != Some(digest.bytes) {
        misdescribed.push(format!("it has {} bytes, its description says `{}`", digest.bytes, pack["size"]));
    }
    if pack["md5_checksum"].as_str() != Some(&digest.md5.to_string()) {
        let stated = &pack["md5_checksum"];
        misdescribed.push(format!("its checksum is `{}`, its description says `{stated}`", digest.md5));
    }
    let verdict = judge(&path, now)?;
    if verdict.domain() != domain.as_str() {
        let found = verdict.domain().unwrap_or_default();
        misdescribed.push(format!("it is a {found} pack, its description says `{domain}`"));
    }
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Compares the faults of a folder whose first revision has the header of a database as both of its packs, or
    /// as none; one line each, those within a pack left out.
    fn check(packs: &str, has_files: bool, expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(r#"{{"revision": 1, "packs": {packs}}}"#);
        fs::write(folder.path().join(REGION_FILE), text).unwrap();
        let revision = folder.path().join("1");
        fs::create_dir(&revision).unwrap();
        for name in [MAPS_FILE, NAVIGATION_FILE].into_iter().filter(|_| has_files) {
            fs::write(revision.join(name), [0; 16]).unwrap();
        }
        let checked = verify(folder.path(), Moment::from_milliseconds(0)).unwrap();
        let lines: Vec<String> = checked.into_iter().flat_map(|checked| checked.misdescribed).collect();
        assert_eq!(lines.join("\n"), expected, "{packs}");
    }

    #[test]
    fn descriptions_are_compared_with_what_is_there() {
        let described = |domain: &str| {
            let digest = "4ae71336e44bf9bf79d2752e234818a5";
            format!(r#"[{{"domain": "{domain}", "size": 16, "md5_checksum": "{digest}"}}]"#)
        };
        check("[]", true, "it names no packs");
        check(&described("maps"), false, "it is described and not there");
        check(&described("maps"), true, "it is a navigation pack, its description says `\"maps\"`");
        check(&described("navigation"), true, "");
        check(
            &described("search"),
            true,
            "its domain is `\"search\"`, expected `\"maps\"` or `\"navigation\"`",
        );
    }
}
