//! An open file that notices when somebody changes it.
//!
//! In:     a path of a regular file.
//! Out:    the open file, its length, and [`Error::Changed`] from the moment on at which its length or its time
//!         of change are not those of the beginning.
//! Keeps:  the file that was opened: one that replaces it under the same name is not looked at, and reading
//!         goes on in the old one.

use std::fs::{File, Metadata};
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
    modified: Option<SystemTime>,
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
        let (n_bytes, modified) = look(&metadata);
        Ok(Self { file, path: path.to_owned(), n_bytes, modified })
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

    /// Whether the file is still what it was.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let metadata = self.file.metadata().map_err(|source| self.unreadable(source))?;
        if look(&metadata) == (self.n_bytes, self.modified) {
            return Ok(());
        }
        Err(Error::Changed { path: self.path.clone() })
    }

    /// Returns the error of a read that failed: the file may have been cut.
    pub(crate) fn unreadable(&self, source: io::Error) -> Error {
        Error::Read { name: self.path.display().to_string(), source }
    }
}

fn look(metadata: &Metadata) -> (u64, Option<SystemTime>) {
    (metadata.len(), metadata.modified().ok())
}
