//! Builds an output beside its place, and moves it there when it is whole.
//!
//! In:     the path of the output, a file or a folder.
//! Out:    `.NAME.part` beside it, locked and empty, to be filled; after [`Part::publish`] the output.
//! Keeps:  what stood at the path, byte for byte, until the new one takes its name.
//!         Packs are built by it as well.
//! Source: rename(2) replaces a file in one step, and renameat2(2) exchanges two folders in one; flock(2) ends with
//!         the process that holds it.
//!
//! ```text
//! file      write .NAME.part ─► fsync ─► rename over NAME ─► fsync of the folder around it
//! folder    write .NAME.part ─► exchange it with NAME ─► remove .NAME.part, which is the old one now
//! ```
//!
//! A killed run leaves `.NAME.part` without a lock; the next run to the same path empties and uses it.
//! Where a system cannot exchange two folders in one step, the old one is moved to `.NAME.old` first. A run that is
//! killed right then leaves no `NAME`; the next run puts the old one back before anything else.
//! The files of a folder are left to the system to be written out, not forced to the disk one by one:
//! a killed process loses nothing, a power cut soon after may.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::{CreateOptions, Error, folder};

/// How often a part is opened anew because its last owner moved it away in between.
const LOCK_TRIES_MAX: usize = 100;

/// What an output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
}

/// An output that is not yet whole; dropping it removes what was built.
#[derive(Debug)]
pub struct Part {
    kind: Kind,
    overwrite: bool,
    target: PathBuf,
    path: PathBuf,
    /// The open file or folder at `path`; it holds the lock, also while it is renamed.
    lock: File,
    is_published: bool,
}

impl Part {
    /// Starts an output that is one file.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`] without [`CreateOptions::overwrite`], [`Error::Busy`] when another run writes to the
    /// same path, [`Error::WrongKind`] when a folder stands there; otherwise when the file cannot be made.
    pub fn file(target: &Path, options: &CreateOptions) -> Result<Self, Error> {
        let part = Self::lock(target, Kind::File, options)?;
        part.check_target()?;
        part.lock.set_len(0).map_err(Error::io("empty", &part.path))?;
        Ok(part)
    }

    /// Starts an output that is a folder.
    pub(crate) fn folder(target: &Path, options: &CreateOptions) -> Result<Self, Error> {
        let part = Self::lock(target, Kind::Folder, options)?;
        part.settle_last_swap()?;
        part.check_target()?;
        for entry in fs::read_dir(&part.path).map_err(Error::io("list", &part.path))? {
            let entry = entry.map_err(Error::io("list", &part.path))?;
            let path = entry.path();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let removed = if is_folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.map_err(Error::io("remove", &path))?;
        }
        Ok(part)
    }

    /// Returns where to build.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the open file that is built; the handle of a folder is of no use.
    #[must_use]
    pub fn as_file(&self) -> &File {
        &self.lock
    }

    /// Puts the output in its place.
    ///
    /// # Errors
    ///
    /// When it cannot be written out or moved; what stood there is then untouched.
    pub fn publish(mut self) -> Result<(), Error> {
        self.lock.sync_all().map_err(Error::io("sync", &self.path))?;
        self.check_target()?;
        let old = match self.kind {
            Kind::File => {
                fs::rename(&self.path, &self.target).map_err(Error::io("replace", &self.target))?;
                None
            }
            Kind::Folder => self.swap()?,
        };
        self.is_published = true;
        // The new tileset stands, whatever the system says of the folder around it.
        drop(self.sync_around());
        if let Some(Old { path, lock: _lock }) = old {
            // The new tileset stands; what cannot be removed now is removed by the next run.
            drop(fs::remove_dir_all(path));
        }
        Ok(())
    }

    /// Opens `.NAME.part`, making it when it is missing, and locks it.
    fn lock(target: &Path, kind: Kind, options: &CreateOptions) -> Result<Self, Error> {
        let path = sibling(target, "part")?;
        for _ in 0..LOCK_TRIES_MAX {
            let lock = match kind {
                Kind::File => {
                    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)
                }
                Kind::Folder => {
                    make_folder(&path)?;
                    File::open(&path)
                }
            };
            let lock = lock.map_err(Error::io("create", &path))?;
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(Error::Busy { path: target.into() }),
                Err(TryLockError::Error(source)) => return Err(Error::io("lock", &path)(source)),
            }
            if stands_at(&lock, &path)? {
                let (target, overwrite) = (target.into(), options.overwrite);
                return Ok(Self { kind, overwrite, target, path, lock, is_published: false });
            }
        }
        Err(Error::Busy { path: target.into() })
    }

    /// Refuses an output that may not be replaced.
    fn check_target(&self) -> Result<(), Error> {
        let path = || self.target.clone();
        if fs::symlink_metadata(&self.target).is_err() {
            return Ok(());
        }
        let is_folder = self.target.is_dir();
        match self.kind {
            Kind::File if is_folder => {
                Err(Error::WrongKind { path: path(), found: "a folder", expected: "a file" })
            }
            Kind::Folder if !is_folder => {
                Err(Error::WrongKind { path: path(), found: "a file", expected: "a folder" })
            }
            Kind::Folder if is_empty_folder(&self.target)? => Ok(()),
            _ if !self.overwrite => Err(Error::Exists { path: path() }),
            Kind::File => Ok(()),
            Kind::Folder => folder::check_is_tileset(&self.target),
        }
    }

    /// Puts the new folder in the place of the old one, and returns where that is now, if there was one.
    fn swap(&self) -> Result<Option<Old>, Error> {
        let failed = || Error::io("replace", &self.target);
        if fs::symlink_metadata(&self.target).is_err() {
            fs::rename(&self.path, &self.target).map_err(failed())?;
            return Ok(None);
        }
        // The old folder will have the name of a part, which belongs to whoever holds its lock.
        let lock = File::open(&self.target).map_err(Error::io("open", &self.target))?;
        drop(lock.try_lock());
        if exchange(&self.path, &self.target).is_ok() {
            return Ok(Some(Old { path: self.path.clone(), lock }));
        }
        let old = self.sibling("old")?;
        fs::rename(&self.target, &old).map_err(Error::io("move away", &self.target))?;
        fs::rename(&self.path, &self.target).map_err(|source| {
            // Should this fail as well, the next run does it.
            drop(fs::rename(&old, &self.target));
            failed()(source)
        })?;
        Ok(Some(Old { path: old, lock }))
    }

    /// Ends what a run that was killed while it swapped folders had begun.
    fn settle_last_swap(&self) -> Result<(), Error> {
        let old = self.sibling("old")?;
        if fs::symlink_metadata(&old).is_err() {
            return Ok(());
        }
        if fs::symlink_metadata(&self.target).is_ok() {
            return fs::remove_dir_all(&old).map_err(Error::io("remove", &old));
        }
        fs::rename(&old, &self.target).map_err(Error::io("put back", &self.target))
    }

    /// Makes the new name last.
    fn sync_around(&self) -> std::io::Result<()> {
        let around = self.path.parent().filter(|around| !around.as_os_str().is_empty());
        let around = around.unwrap_or(Path::new("."));
        File::open(around)?.sync_all()
    }

    fn sibling(&self, ending: &str) -> Result<PathBuf, Error> {
        sibling(&self.target, ending)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.is_published {
            return;
        }
        // Nobody is left to tell; the next run to the same path tries again.
        drop(match self.kind {
            Kind::File => fs::remove_file(&self.path),
            Kind::Folder => fs::remove_dir_all(&self.path),
        });
    }
}

/// A folder that was replaced.
struct Old {
    path: PathBuf,
    lock: File,
}

/// Exchanges two folders in one step.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn exchange(new: &Path, old: &Path) -> std::io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE)?)
}

/// Says that this system exchanges nothing in one step.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn exchange(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Returns the path of `.NAME.ending` beside `target`.
fn sibling(target: &Path, ending: &str) -> Result<PathBuf, Error> {
    let name = target.file_name().ok_or_else(|| Error::NoName { path: target.into() })?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(".");
    hidden.push(ending);
    Ok(target.with_file_name(hidden))
}

fn make_folder(path: &Path) -> Result<(), Error> {
    match fs::create_dir(path) {
        Err(source) if !path.is_dir() => Err(Error::io("create", path)(source)),
        _ => Ok(()),
    }
}

/// Whether the open file is still the one at `path`: its last owner may just have renamed it.
fn stands_at(file: &File, path: &Path) -> Result<bool, Error> {
    let open = file.metadata().map_err(Error::io("inspect", path))?;
    Ok(fs::symlink_metadata(path).is_ok_and(|there| (there.dev(), there.ino()) == (open.dev(), open.ino())))
}

fn is_empty_folder(path: &Path) -> Result<bool, Error> {
    Ok(fs::read_dir(path).map_err(Error::io("list", path))?.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: CreateOptions = CreateOptions { overwrite: false };
    const OVER: CreateOptions = CreateOptions { overwrite: true };

    /// Lists the names in a folder, in order.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// A folder with a tileset folder `tiles` in it, whose one tile holds `content`.
    fn with_tileset(folder: &Path, name: &str, content: &str) {
        let path = folder.join(name);
        fs::create_dir_all(path.join("0/0")).unwrap();
        fs::write(path.join("0/0/0.mvt"), content).unwrap();
        fs::write(path.join("metadata.json"), "{}").unwrap();
    }

    #[test]
    fn file_appears_when_published() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.pmtiles");
        let part = Part::file(&target, &NEW).unwrap();
        assert_eq!(names(folder.path()), [".a.pmtiles.part"]);
        part.publish().unwrap();
        assert_eq!(names(folder.path()), ["a.pmtiles"]);
    }

    #[test]
    fn dropped_part_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        drop(Part::file(&folder.path().join("a.pmtiles"), &NEW).unwrap());
        drop(Part::folder(&folder.path().join("tiles"), &NEW).unwrap());
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn second_run_to_the_same_output_fails_at_once_and_does_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        for start in [Part::file, Part::folder] {
            let target = folder.path().join("tiles");
            let first = start(&target, &NEW).unwrap();
            let error = start(&target, &NEW).err().unwrap();
            assert!(matches!(error, Error::Busy { .. }), "{error}");
            assert_eq!(error.to_string(), format!("`{}` is being written by another run", target.display()));
            assert!(first.path().exists());
        }
    }

    #[test]
    fn leftovers_of_a_killed_run_are_reused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".a.pmtiles.part"), "half").unwrap();
        let part = Part::file(&folder.path().join("a.pmtiles"), &NEW).unwrap();
        assert_eq!(part.as_file().metadata().unwrap().len(), 0);
        with_tileset(folder.path(), ".tiles.part", "half");
        let part = Part::folder(&folder.path().join("tiles"), &NEW).unwrap();
        assert!(names(part.path()).is_empty());
    }

    #[test]
    fn what_stands_there_is_replaced_only_on_demand() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.pmtiles");
        fs::write(&file, "old").unwrap();
        assert!(matches!(Part::file(&file, &NEW), Err(Error::Exists { .. })));
        assert!(matches!(Part::folder(&file, &OVER), Err(Error::WrongKind { .. })));
        assert_eq!(fs::read(&file).unwrap(), b"old");
        Part::file(&file, &OVER).unwrap().publish().unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"");

        with_tileset(folder.path(), "tiles", "old");
        let tiles = folder.path().join("tiles");
        assert!(matches!(Part::folder(&tiles, &NEW), Err(Error::Exists { .. })));
        assert!(matches!(Part::file(&tiles, &OVER), Err(Error::WrongKind { .. })));
        Part::folder(&tiles, &OVER).unwrap().publish().unwrap();
        assert!(names(&tiles).is_empty());
        assert_eq!(names(folder.path()), ["a.pmtiles", "tiles"]);
    }

    #[test]
    fn output_that_appears_meanwhile_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.pmtiles");
        let part = Part::file(&file, &NEW).unwrap();
        fs::write(&file, "theirs").unwrap();
        assert!(matches!(part.publish(), Err(Error::Exists { .. })));
        assert_eq!(names(folder.path()), ["a.pmtiles"]);
    }

    #[test]
    fn folder_that_is_no_tileset_is_never_removed() {
        let folder = tempfile::tempdir().unwrap();
        let tiles = folder.path().join("tiles");
        fs::create_dir(&tiles).unwrap();
        drop(Part::folder(&tiles, &NEW).unwrap());
        fs::write(tiles.join("diary.txt"), "dear diary").unwrap();
        assert!(matches!(Part::folder(&tiles, &OVER), Err(Error::ForeignFolder { .. })));
        fs::write(tiles.join("metadata.json"), "{}").unwrap();
        let error = Part::folder(&tiles, &OVER).err().unwrap();
        assert!(error.to_string().ends_with("since it holds `diary.txt`"), "{error}");
        assert_eq!(names(&tiles), ["diary.txt", "metadata.json"]);
    }

    #[test]
    fn folder_with_something_foreign_among_its_tiles_is_never_removed() {
        for foreign in ["0/notes.txt", "0/0/photo.jpg", "0/0/0.mvt/diary.txt", "0/a/0.mvt", "23/0/0.mvt"] {
            let folder = tempfile::tempdir().unwrap();
            let tiles = folder.path().join("tiles");
            fs::create_dir(&tiles).unwrap();
            fs::write(tiles.join("metadata.json"), "{}").unwrap();
            let path = tiles.join(foreign);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "mine").unwrap();
            let error = Part::folder(&tiles, &OVER).err().unwrap();
            assert!(matches!(error, Error::ForeignFolder { .. }), "{foreign}: {error}");
            assert_eq!(fs::read(&path).unwrap(), b"mine");
        }
    }

    #[test]
    fn folder_in_use_by_nobody_is_replaced_while_somebody_else_waits_for_it() {
        let folder = tempfile::tempdir().unwrap();
        with_tileset(folder.path(), "tiles", "old");
        let tiles = folder.path().join("tiles");
        let part = Part::folder(&tiles, &OVER).unwrap();
        fs::write(part.path().join("metadata.json"), "{}").unwrap();
        let old = part.swap().unwrap().unwrap();
        // The old folder has the name of a part now; it is not for the next run to take.
        assert!(old.path.join("0/0/0.mvt").exists() && tiles.join("metadata.json").exists());
        assert!(matches!(Part::folder(&tiles, &OVER), Err(Error::Busy { .. })));
    }

    #[test]
    fn old_folder_comes_back_after_a_kill_between_the_renames() {
        let folder = tempfile::tempdir().unwrap();
        with_tileset(folder.path(), ".tiles.old", "old");
        with_tileset(folder.path(), ".tiles.part", "new");
        let tiles = folder.path().join("tiles");
        drop(Part::folder(&tiles, &OVER).unwrap());
        assert_eq!(names(folder.path()), ["tiles"]);
        assert_eq!(fs::read(tiles.join("0/0/0.mvt")).unwrap(), b"old");

        with_tileset(folder.path(), ".tiles.old", "older");
        drop(Part::folder(&tiles, &OVER).unwrap());
        assert_eq!(names(folder.path()), ["tiles"]);
    }

    #[test]
    fn path_without_a_name_is_refused() {
        assert!(matches!(Part::folder(Path::new("/"), &OVER), Err(Error::NoName { .. })));
        assert!(matches!(Part::folder(Path::new(".."), &OVER), Err(Error::NoName { .. })));
    }
}
