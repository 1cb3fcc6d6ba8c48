//! What can end the writing or reading of an archive.

use std::io;
use std::path::{Path, PathBuf};

use zellige_model::TileCoord;

/// Says what was attempted, and where; the cause is its `source()`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The name of an output names no format.
    #[error(
        "cannot tell the format of `{}` by its name, expected `.pmtiles`, `.mbtiles` or a folder",
        path.display()
    )]
    UnknownName {
        /// The output as given.
        path: PathBuf,
    },
    /// An output such as `/` or `..` has no name of its own, so nothing can be built beside it.
    #[error("`{}` cannot be an output since it has no name of its own", path.display())]
    NoName {
        /// The output as given.
        path: PathBuf,
    },
    /// The output exists and overwriting was not asked for.
    #[error("`{}` exists and overwriting was not asked for", path.display())]
    Exists {
        /// The output.
        path: PathBuf,
    },
    /// Another run holds the lock of the same output.
    #[error("`{}` is being written by another run", path.display())]
    Busy {
        /// The output.
        path: PathBuf,
    },
    /// A file stands where a folder is to be written, or the other way round.
    #[error("`{}` is {found}, expected {expected}", path.display())]
    WrongKind {
        /// The output.
        path: PathBuf,
        /// What stands there.
        found: &'static str,
        /// What could be replaced.
        expected: &'static str,
    },
    /// A folder holds something that no tileset has, so it is not replaced.
    #[error("`{}` is not replaced since it {found}", path.display())]
    ForeignFolder {
        /// The output.
        path: PathBuf,
        /// What was missing, or was one too many.
        found: String,
    },
    /// A file operation failed.
    #[error("cannot {deed} `{}`", path.display())]
    Io {
        /// The operation as a verb.
        deed: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// `SQLite` refused an operation on an MBTiles file.
    #[error("cannot {deed} MBTiles `{}`", path.display())]
    Database {
        /// The operation as a verb.
        deed: &'static str,
        /// The file.
        path: PathBuf,
        /// What `SQLite` said.
        #[source]
        source: Box<rusqlite::Error>,
    },
    /// Tiles came in another order than that of their ids, or one came twice.
    #[error("tile `{tile}` came after `{last}`, expected ascending tile ids")]
    Order {
        /// The tile that came too late.
        tile: TileCoord,
        /// The tile before it.
        last: TileCoord,
    },
    /// A tile of zero bytes was given; archives leave out what is empty.
    #[error("tile `{tile}` has no bytes")]
    EmptyTile {
        /// The tile.
        tile: TileCoord,
    },
    /// A tile has more bytes than the index of a PMTiles file can state.
    #[error("tile `{tile}` has `{bytes}` bytes, expected at most {}", u32::MAX)]
    LongTile {
        /// The tile.
        tile: TileCoord,
        /// Its length as stored.
        bytes: u64,
    },
    /// The file or folder is in none of the formats that can be read.
    #[error("`{}` is not a tileset: {found}", path.display())]
    NotAnArchive {
        /// The file or folder.
        path: PathBuf,
        /// What was found at its start.
        found: String,
    },
    /// Bytes break a rule of their format.
    #[error("{found}")]
    Damaged {
        /// What was found and what was expected.
        found: String,
    },
    /// A JSON document is malformed.
    #[error("cannot parse {what}")]
    Json {
        /// The document.
        what: &'static str,
        /// What the parser said, with line and column.
        #[source]
        source: serde_json::Error,
    },
    /// Bytes are legal, but of a kind that is not read here.
    #[error("{found}")]
    Unsupported {
        /// What was found and what was expected.
        found: String,
    },
    /// A part of an archive could not be read.
    #[error("cannot read {what} of `{}`", path.display())]
    Part {
        /// The part, such as `tile 3/4/5` or `the root directory`.
        what: String,
        /// The archive.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<Self>,
    },
    /// The visitor of [`ReadTiles::for_each`](crate::ReadTiles::for_each) wants no more tiles.
    #[error("reading was stopped by its caller")]
    Stopped {
        /// The caller's reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Whether a file could not grow: on a full disk, or beyond what its owner may have.
const fn is_no_room(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

impl Error {
    /// Returns the file or folder for which there was no room, if that is what went wrong.
    #[must_use]
    pub fn no_room(&self) -> Option<&Path> {
        match self {
            Self::Io { path, source, .. } if is_no_room(source.kind()) => Some(path),
            Self::Database { path, source, .. }
                if source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) =>
            {
                Some(path)
            }
            _ => None,
        }
    }

    /// Returns the error of a file operation, for use in `map_err`.
    pub(crate) fn io(deed: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { deed, path: path.into(), source }
    }

    /// Returns the error of an SQL operation, for use in `map_err`.
    pub(crate) fn database(deed: &'static str, path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        move |source| Self::Database { deed, path: path.into(), source: Box::new(source) }
    }

    /// Names the part of the archive in which an error happened, for use in `map_err`.
    pub(crate) fn inside(what: impl Into<String>, path: &Path) -> impl FnOnce(Self) -> Self {
        move |source| Self::Part { what: what.into(), path: path.into(), source: Box::new(source) }
    }
}
