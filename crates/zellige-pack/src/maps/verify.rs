//! Reads a maps pack back and says what is wrong with it.
//!
//! In:     a file that nobody vouches for; the present moment.
//! Out:    [`Verdict`]: what is in it, and its faults.
//! Keeps:  one row in memory, and the documents that say what belongs into the pack; so many faults are shown,
//!         all are counted. The file is not changed.
//! Source: the rules of `contents` and `database`; each was seen to break a client when it was broken.
//!
//! `file` looks at the database as such, `rows` at each row, `whole` at what is missing.

mod file;
pub(super) mod rows;
mod whole;

use std::path::Path;

use rusqlite::Connection;

use crate::Error;
use crate::fault::Faults;
use crate::moment::Moment;

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
    /// What is wrong with it.
    pub faults: Faults,
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
        verdict.faults.add("", format!("cannot be read to its end: {error}"));
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
