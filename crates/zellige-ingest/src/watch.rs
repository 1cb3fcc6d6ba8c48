//! An open file that notices when somebody changes it.
//!
//! In:     a path of a regular file.
//! Out:    the open file, its length, and [`Error::Changed`] from the moment on at which its length or its time
//!         of change are not those of the beginning; [`Error::Replaced`] when another file has its name, where
//!         the system numbers files.
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
    modified: Option<SystemTime>,
    /// Device and number there; zeros where the system has no such.
    number: (u64, u64),
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
        Ok(Self {
            file,
            path: path.to_owned(),
            n_bytes: metadata.len(),
            modified: metadata.modified().ok(),
            number: number(&metadata),
        })
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
        if metadata.len() != self.n_bytes || metadata.modified().ok() != self.modified {
            return Err(Error::Changed { path: self.path.clone() });
        }
        if self.is_replaced() { Err(Error::Replaced { path: self.path.clone() }) } else { Ok(()) }
    }

    /// Whether another file has the name. Only the number tells: the same file may have grown a moment ago.
    fn is_replaced(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|named| number(&named) != self.number)
    }

    /// Returns the error of a read that failed: the file may have been cut.
    pub(crate) fn unreadable(&self, source: io::Error) -> Error {
        Error::Read { name: self.path.display().to_string(), source }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks whether a file counts as replaced after a change at its path.
    fn check(change: impl FnOnce(&Path), expected: bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        fs::write(&path, "one\n").unwrap();
        let watched = Watched::open(&path).unwrap();
        change(&path);
        assert_eq!(watched.is_replaced(), expected);
    }

    #[test]
    fn file_that_changes_is_not_replaced() {
        check(|_| {}, false);
        check(|path| fs::write(path, "one\ntwo\n").unwrap(), false);
        check(|path| fs::remove_file(path).unwrap(), false);
    }

    #[cfg(unix)]
    #[test]
    fn other_file_of_the_name_replaces_it() {
        let rewrite = |path: &Path| {
            fs::remove_file(path).unwrap();
            fs::write(path, "one\n").unwrap();
        };
        check(rewrite, true);
    }
}
