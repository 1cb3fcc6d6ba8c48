//! Reads a maps pack back and says what is wrong with it.
//!
//! In:     a file that nobody vouches for; the present moment.
//! Out:    [`Verdict`]: what is in it, and its [`Fault`]s.
//! Keeps:  one row in memory, and the documents that say what belongs into the pack; so many faults are shown,
//!         all are counted. The file is not changed.
//! Source: the rules of `contents` and `database`; each was seen to break a client when it was broken.
//!
//! `file` looks at the database as such, `rows` at each row, `whole` at what is missing.

mod file;
pub(super) mod rows;
mod whole;

use std::fmt;
use std::path::Path;

use rusqlite::Connection;

use crate::Error;
use crate::moment::Moment;

/// So many faults are shown.
pub const FAULTS_MAX: usize = 100;

/// What a pack turned out to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// Tiles, empty ones included.
    pub tiles: u64,
    /// Tiles without bytes.
    pub tiles_empty: u64,
    /// Resources beside tiles.
    pub resources: u64,
    /// How many faults there are.
    pub n_faults: u64,
    /// The first [`FAULTS_MAX`] of them.
    pub faults: Vec<Fault>,
}

/// A fault of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The row or document, such as `tile 3/4/5`; empty for the pack itself.
    pub place: String,
    /// What is wrong with it.
    pub found: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.found)
    }
}

impl Verdict {
    /// Takes note of a fault.
    pub(super) fn add(&mut self, place: impl Into<String>, found: impl Into<String>) {
        self.n_faults += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault { place: place.into(), found: found.into() });
        }
    }
}

/// Reads the pack at `path` and judges it; `now` says which rows are too old.
///
/// # Errors
///
/// [`Error::Io`] when the file cannot be read. A file that is no database is a fault and no error, and so is a
/// query that fails.
pub fn verify(path: &Path, now: Moment) -> Result<Verdict, Error> {
    let mut verdict = Verdict::default();
    let Some(database) = file::open(path, &mut verdict)? else { return Ok(verdict) };
    if let Err(error) = judge(&database, now, &mut verdict) {
        verdict.add("", format!("cannot be read to its end: {error}"));
    }
    Ok(verdict)
}

fn judge(database: &Connection, now: Moment, verdict: &mut Verdict) -> rusqlite::Result<()> {
    file::check(database, verdict)?;
    if !file::has_tables(database, verdict)? {
        return Ok(());
    }
    let region = rows::region(database, verdict)?;
    rows::times(database, now, verdict)?;
    rows::resources(database, verdict)?;
    rows::tiles(database, verdict)?;
    if let Some(region) = region {
        whole::check(database, &region, verdict)?;
    }
    Ok(())
}
