//! Keeps blocks that are read a second time.
//!
//! In:     blocks of a source that were read to their end.
//! Out:    each of them once more, first in first out; its features have the same places as before.
//! Keeps:  of a plain file, where the block stands in it, since it can be read again. Blocks that came
//!         through a pipe, compressed or from memory lie in one unnamed temporary file, which the
//!         system removes with the process, however that ends. A very long line is kept as the feature that it is,
//!         within a bound: that takes less memory than reading it again, and no time. It is the last of its block.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zellige_model::Feature;

use crate::block::{Block, Content};
use crate::blocks::{Limits, Shared};
use crate::plain::{Window, read_exact_at};
use crate::{Error, Parser, stored};

/// Blocks of a source that any number of workers puts down and takes up again.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    /// Bytes of all features that are kept, at most.
    features_bytes_max: u64,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    blocks: VecDeque<KeptBlock>,
    file: Option<Arc<File>>,
    file_bytes: u64,
    /// Bytes of the features that are kept.
    features_bytes: u64,
}

#[derive(Debug)]
struct KeptBlock {
    file: u32,
    number: u32,
    content: KeptContent,
    last: Option<Feature>,
    limits: Limits,
    shared: Arc<Shared>,
}

/// Where the content of a block is.
#[derive(Debug)]
enum KeptContent {
    /// In the file that it came from.
    Plain(Window),
    /// In the temporary file, as lines; whether the last of them stands there only in part.
    Lines(Stretch, bool),
    /// In the temporary file, as features.
    Features(Stretch),
}

/// A part of the temporary file.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    start: u64,
    n_bytes: usize,
}

impl Shelf {
    /// Returns an empty shelf, whose temporary file, if one is needed, lies in `folder`; features of very long lines
    /// are kept up to so many bytes.
    #[must_use]
    pub fn new(folder: PathBuf, features_bytes_max: u64) -> Self {
        Self { folder, features_bytes_max, kept: Mutex::default() }
    }

    /// Keeps what is needed to read `block` again, which `parser` has read just now; returns the bytes of memory that
    /// this takes, see [`Block::kept_bytes`].
    ///
    /// # Errors
    ///
    /// [`Error::Aside`] when the temporary file cannot be made or written.
    pub fn put(&self, block: &mut Block, parser: &mut Parser) -> Result<u64, Error> {
        let mut kept = self.lock();
        if let Some(start) = block.long_line() {
            let mut feature = std::mem::take(&mut parser.feature);
            feature.geometry.points.shrink_to_fit();
            let features_bytes = kept.features_bytes + feature.memory_bytes();
            if features_bytes <= self.features_bytes_max {
                kept.features_bytes = features_bytes;
                block.last = Some(feature);
                block.end_at(start);
            }
        }
        let content = match &block.content {
            Content::Plain(window, _) => KeptContent::Plain(window.clone()),
            Content::Owned(bytes, is_cut_short) => {
                KeptContent::Lines(self.write(&mut kept, bytes)?, *is_cut_short)
            }
            Content::Features(features) => {
                let mut bytes = Vec::new();
                stored::write(features, &mut bytes);
                KeptContent::Features(self.write(&mut kept, &bytes)?)
            }
        };
        let bytes = block.kept_bytes();
        let (last, limits, shared) = (block.last.take(), block.limits, Arc::clone(&block.shared));
        let (file, number) = (block.file, block.number);
        kept.blocks.push_back(KeptBlock { file, number, content, last, limits, shared });
        Ok(bytes)
    }

    /// Takes the next block up; nothing when there are no more.
    ///
    /// # Errors
    ///
    /// When the file of the block was changed, or it or the temporary file cannot be read.
    pub fn take(&self) -> Result<Option<Block>, Error> {
        let mut kept = self.lock();
        let Some(block) = kept.blocks.pop_front() else { return Ok(None) };
        let file = kept.file.clone();
        drop(kept);
        let read = |stretch| self.read(file.as_deref(), stretch);
        let content = match block.content {
            KeptContent::Plain(window) => {
                let bytes = window.load(block.shared.pages(), block.limits)?;
                Content::Plain(window, bytes)
            }
            KeptContent::Lines(stretch, is_cut_short) => Content::Owned(read(stretch)?, is_cut_short),
            KeptContent::Features(stretch) => {
                let features = stored::read(&read(stretch)?);
                let broken = || self.failed("reading", stretch.start, io::ErrorKind::InvalidData.into());
                Content::Features(features.ok_or_else(broken)?)
            }
        };
        let KeptBlock { file, number, last, limits, shared, .. } = block;
        Ok(Some(Block { file, number, content, last, last_start: None, limits, shared }))
    }

    /// Returns the number of blocks on the shelf.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().blocks.len()
    }

    /// Whether there is no block on the shelf.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the bytes that went to the temporary file.
    #[must_use]
    pub fn spilled_bytes(&self) -> u64 {
        self.lock().file_bytes
    }

    /// Appends to the temporary file.
    fn write(&self, kept: &mut Kept, bytes: &[u8]) -> Result<Stretch, Error> {
        let start = kept.file_bytes;
        if kept.file.is_none() {
            let new = tempfile::tempfile_in(&self.folder);
            kept.file = Some(Arc::new(new.map_err(|source| self.failed("creating", 0, source))?));
        }
        let mut file: &File = kept.file.as_ref().expect("the file was made just now");
        file.write_all(bytes).map_err(|source| self.failed("writing", start, source))?;
        kept.file_bytes += bytes.len() as u64;
        Ok(Stretch { start, n_bytes: bytes.len() })
    }

    fn read(&self, file: Option<&File>, stretch: Stretch) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; stretch.n_bytes];
        let read = file.map(|file| read_exact_at(file, &mut bytes, stretch.start));
        let read = read.unwrap_or_else(|| Err(io::ErrorKind::NotFound.into()));
        read.map_err(|source| self.failed("reading", stretch.start, source))?;
        Ok(bytes)
    }

    fn failed(&self, attempt: &'static str, bytes: u64, source: io::Error) -> Error {
        Error::Aside { attempt, folder: self.folder.clone(), bytes, source }
    }

    /// Locks; a block that could not be written is not on the shelf, and the job ends.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::ops::ControlFlow;

    use zellige_model::Place;

    use super::*;
    use crate::{Item, Parser, Settings, Source};

    const LINES: &str = concat!(
        "{\"type\":\"Feature\",\"id\":1,\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,2]}}\n",
        "\nno feature\n",
        "{\"type\":\"Feature\",\"id\":2,\"geometry\":{\"type\":\"Point\",\"coordinates\":[3,4]}}\n",
    );

    fn told(block: &mut Block, parser: &mut Parser) -> Vec<(Place, String)> {
        let mut all = Vec::new();
        let _ = block
            .for_each(parser, &mut |place, item| {
                all.push(match item {
                    Item::Feature(feature, _) => (place, format!("{feature:?}")),
                    Item::Fault(..) => (place, "fault".to_owned()),
                });
                ControlFlow::Continue(())
            })
            .unwrap();
        all
    }

    /// Reads all blocks, puts them aside, and reads them again; returns the bytes of the temporary file.
    fn check(source: Source) -> u64 {
        let blocks = source.open(&Settings { block_bytes: 100, line_bytes_max: 1000 }).unwrap();
        let shelf = Shelf::new(std::env::temp_dir(), u64::MAX);
        let (mut first, mut parser) = (Vec::new(), Parser::new());
        while let Some(mut block) = blocks.next().unwrap() {
            first.extend(told(&mut block, &mut parser));
            assert_eq!(shelf.put(&mut block, &mut parser).unwrap(), 0);
        }
        assert_eq!(first.len(), 3);
        let mut again = Vec::new();
        while let Some(mut block) = shelf.take().unwrap() {
            again.extend(told(&mut block, &mut parser));
        }
        assert_eq!(again, first);
        assert!(shelf.is_empty());
        shelf.spilled_bytes()
    }

    fn features() -> Vec<Feature> {
        let read = |line: &str| {
            let mut feature = Feature::default();
            Parser::new().parse(line.as_bytes(), &mut feature).map(|_| feature)
        };
        // A feature without geometry is a fault, as the line between the others.
        LINES.lines().filter(|line| !line.is_empty()).map(|line| read(line).unwrap_or_default()).collect()
    }

    #[test]
    fn blocks_are_read_again_from_where_they_came() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        std::fs::write(&path, LINES).unwrap();
        assert_eq!(check(Source::new("file").file(&path)), 0);
        let pipe = Source::new("pipe").reader("pipe", Box::new(Cursor::new(LINES)));
        assert_eq!(check(pipe), LINES.len() as u64);
        assert!(check(Source::new("memory").features(Box::new(features().into_iter()))) > 0);
    }

    #[test]
    fn long_line_is_kept_as_a_feature_if_there_is_room_and_told_all_the_same() {
        let long = format!(
            "{{\"type\":\"Feature\",\"properties\":{{\"a\":\"{}\"}},\"geometry\":{{\"type\":\"MultiPoint\",\"coordinates\":[[1,2],[3,4]]}}}}\n",
            "a".repeat(16 << 20)
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        std::fs::write(&path, [LINES, &long].concat()).unwrap();
        let mut parser = Parser::new();
        let mut block =
            Source::new("file").file(&path).open(&Settings::default()).unwrap().next().unwrap().unwrap();
        told(&mut block, &mut parser);
        let kept_bytes = Shelf::new(std::env::temp_dir(), u64::MAX).put(&mut block, &mut parser).unwrap();
        assert!((16 << 20..64 << 20).contains(&kept_bytes), "{kept_bytes}");
        for (is_pipe, room, expected_bytes, expected_spilled) in [
            (false, kept_bytes, kept_bytes, 0),
            (false, kept_bytes - 1, 0, 0),
            (true, kept_bytes, kept_bytes, LINES.len()),
            (true, 0, 0, LINES.len() + long.len()),
        ] {
            let source = if is_pipe {
                Source::new("pipe").reader("pipe", Box::new(File::open(&path).unwrap()))
            } else {
                Source::new("file").file(&path)
            };
            let settings = Settings { block_bytes: 1 << 10, line_bytes_max: 64 << 20 };
            let blocks = source.open(&settings).unwrap();
            let (shelf, mut parser) = (Shelf::new(std::env::temp_dir(), room), Parser::new());
            let mut block = blocks.next().unwrap().unwrap();
            let first = told(&mut block, &mut parser);
            assert_eq!(shelf.put(&mut block, &mut parser).unwrap(), expected_bytes);
            let mut again = shelf.take().unwrap().unwrap();
            assert_eq!(again.kept_bytes(), expected_bytes);
            assert_eq!(told(&mut again, &mut parser), first);
            assert_eq!(first.len(), 4);
            assert_eq!(shelf.spilled_bytes(), expected_spilled as u64);
        }
    }

    #[test]
    fn file_that_was_changed_meanwhile_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        std::fs::write(&path, LINES).unwrap();
        let blocks = Source::new("file").file(&path).open(&Settings::default()).unwrap();
        let shelf = Shelf::new(std::env::temp_dir(), 0);
        shelf.put(&mut blocks.next().unwrap().unwrap(), &mut Parser::new()).unwrap();
        std::fs::write(&path, "shorter").unwrap();
        assert!(matches!(shelf.take().unwrap_err(), Error::Changed { .. }));
    }

    #[test]
    fn folder_that_is_not_there_is_named() {
        let pipe = Source::new("pipe").reader("pipe", Box::new(Cursor::new(LINES)));
        let mut block = pipe.open(&Settings::default()).unwrap().next().unwrap().unwrap();
        let shelf = Shelf::new("no such folder".into(), 0);
        let error = shelf.put(&mut block, &mut Parser::new()).unwrap_err();
        assert_eq!(error.to_string(), "creating a temporary file in `no such folder` failed after 0 bytes");
    }
}
