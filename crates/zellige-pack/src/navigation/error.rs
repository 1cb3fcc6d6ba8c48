//! What ends the building or reading of a navigation pack.
//!
//! In:     failures of the system, sources without roads, packs that cannot be read at all.
//! Out:    one sentence that says what was tried, and where; the cause is `source()`.
//! Keeps:  faults within a pack that can be read are no errors, see [`Verdict`](super::Verdict).

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use zellige_model::Findings;

use crate::progress::Stopped;

/// Why there is no pack, or no verdict on one.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The source of roads cannot be read to its end.
    #[error("cannot read roads")]
    Source {
        /// What its reader says.
        source: zellige_ingest::Error,
    },
    /// No road of the source meets the region.
    #[error("the region has no road, so there is nothing to navigate on{}", counted(.findings))]
    NoRoads {
        /// What was found in the source.
        findings: Findings,
    },
    /// The source has more roads than a pack can number.
    #[error("the region has more than {n_roads_max} roads")]
    TooManyRoads {
        /// The bound.
        n_roads_max: usize,
    },
    /// Roads are so many and so long that the lists by which positions are matched to them would be too large.
    #[error("roads of the region pass through squares of 0.05 degrees more than {n_entries_max} times")]
    TooManyBins {
        /// The bound.
        n_entries_max: usize,
    },
    /// A graph tile would be larger than its format allows.
    #[error("graph tile `{tile}` is too full: {found} {what}, at most {most} are possible")]
    TileFull {
        /// The tile, such as `2/000/791/314`.
        tile: String,
        /// What there are too many of.
        what: &'static str,
        /// How many there are.
        found: u64,
        /// The bound.
        most: u64,
    },
    /// The pack cannot be started, or put in its place.
    #[error("cannot {deed} navigation pack `{}`", path.display())]
    Archive {
        /// The operation as a verb.
        deed: &'static str,
        /// The pack.
        path: PathBuf,
        /// Why.
        source: zellige_archive::Error,
    },
    /// Whoever watched wants no pack any more.
    #[error("cancelled")]
    Stopped,
    /// A file operation failed.
    #[error("cannot {deed} `{}`", path.display())]
    Io {
        /// The operation as a verb.
        deed: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is larger than a pack can be.
    #[error("`{}` has {bytes} bytes, at most {bytes_max} are read", path.display())]
    TooLarge {
        /// The pack.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The bound.
        bytes_max: u64,
    },
}

impl From<Stopped> for Error {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

/// Returns all findings with their numbers; nothing when there are none.
fn counted(findings: &Findings) -> String {
    let counts: Vec<String> =
        findings.iter().map(|(code, tally)| format!("{} `{code}`", tally.count)).collect();
    if counts.is_empty() { String::new() } else { format!("; found: {}", counts.join(", ")) }
}

impl Error {
    /// Returns the error of a file operation, for use in `map_err`.
    pub(super) fn io(deed: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { deed, path: path.into(), source }
    }
}
