//! An open file that notices when somebody changes it.
//!
//! In:     a path of a regular file.
//! Out:    the open file, its length, and [`Error::Changed`] from the moment on at which its length or one of its times
//!         of change are not those of the beginning; [`Error::Replaced`] when another file has its name, where
//!         the system numbers files.
//! Keeps:  the file that was opened, to its end when it is removed: then nobody can mistake another one for it.
//!
//! The time of the last write can be set back by whoever wrote, that of the last change of the file's entry cannot.
//! The latter also counts names, so it says nothing where their number is another one.

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
    entry: Entry,
}

/// What the system itself notes of a file: how many names it has, and when its entry changed last, in seconds and
/// nanoseconds; zeros where the system has no such.
#[derive(Clone, Copy, Debug)]
struct Entry {
    n_names: u64,
    changed: (i64, i64),
}

impl Entry {
    /// Whether something else than names changed between this and a `later` look.
    fn is_changed(self, later: Self) -> bool {
        self.n_names == later.n_names && self.changed != later.changed
    }
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
            entry: entry(&metadata),
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
        let is_other = metadata.len() != self.n_bytes || metadata.modified().ok() != self.modified;
        if is_other || self.entry.is_changed(entry(&metadata)) {
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

#[cfg(unix)]
fn entry(metadata: &Metadata) -> Entry {
    use std::os::unix::fs::MetadataExt;
    Entry { n_names: metadata.nlink(), changed: (metadata.ctime(), metadata.ctime_nsec()) }
}

#[cfg(not(unix))]
const fn entry(_metadata: &Metadata) -> Entry {
    Entry { n_names: 0, changed: (0, 0) }
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
    fn time_that_is_set_back_hides_no_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        fs::write(&path, "one\n").unwrap();
        let watched = Watched::open(&path).unwrap();
        watched.check().unwrap();
        let modified = watched.modified.unwrap();
        // Clocks of file systems may stand still for some milliseconds.
        for _ in 0..10_000 {
            fs::write(&path, "two\n").unwrap();
            File::options().append(true).open(&path).unwrap().set_modified(modified).unwrap();
        }
        assert!(matches!(watched.check(), Err(Error::Changed { .. })));
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
