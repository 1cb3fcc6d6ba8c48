//! An open file that notices when somebody changes it.
//!
//! In:     a path of a regular file.
//! Out:    the open file, its length, and [`Error::Changed`] from the moment on at which its length or its time
//!         of change are not those of the beginning; [`Error::Replaced`] when another file has its name.
//! Keeps:  the file that was opened, to its end when it is removed: then nobody can mistake another one for it.

use std::fs::{self, File, Metadata};
use std::io::{self, Seek};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::Error;

/// A regular file and what it looked like when it was opened.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) file: File,
    pub(crate) path: PathBuf,
    pub(crate) n_bytes: u64,
    look: Look,
}

impl Watched {
    /// Opens the regular file at `path`.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let open = || {
            let file = File::open(path)?;
            let metadata = file.metadata()?;
            Ok((file, metadata))
        };
        let (file, metadata) = open().map_err(|source| Error::Open { path: path.to_owned(), source })?;
        let look = Look::of(&metadata);
        Ok(Self { file, path: path.to_owned(), n_bytes: look.n_bytes, look })
    }

    /// Returns a reader of the file from its beginning; there is one at a time.
    pub(crate) fn reader(&self) -> Result<File, Error> {
        let rewound = || {
            let mut file = self.file.try_clone()?;
            file.rewind()?;
            Ok(file)
        };
        rewound().map_err(|source| self.unreadable(source))
    }

    /// Whether the file is still what it was, and its name still means it.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let metadata = self.file.metadata().map_err(|source| self.unreadable(source))?;
        if Look::of(&metadata) != self.look {
            return Err(Error::Changed { path: self.path.clone() });
        }
        let is_other = fs::metadata(&self.path).is_ok_and(|named| Look::of(&named) != self.look);
        if is_other { Err(Error::Replaced { path: self.path.clone() }) } else { Ok(()) }
    }

    /// Returns the error of a read that failed: the file may have been cut.
    pub(crate) fn unreadable(&self, source: io::Error) -> Error {
        Error::Read { name: self.path.display().to_string(), source }
    }
}

/// What files are told apart by.
#[derive(Debug, PartialEq, Eq)]
struct Look {
    n_bytes: u64,
    modified: Option<SystemTime>,
    /// Device and number there; zeros where the system has no such.
    number: (u64, u64),
}

impl Look {
    fn of(metadata: &Metadata) -> Self {
        Self { n_bytes: metadata.len(), modified: metadata.modified().ok(), number: number(metadata) }
    }
}

#[cfg(unix)]
fn number(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
const fn number(_metadata: &Metadata) -> (u64, u64) {
    (0, 0)
}
