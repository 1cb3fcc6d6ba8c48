//! The attribute blocks of spilled runs, each once a run, and the way back to them.
//!
//! In:     the blocks of one run after another, in the order in which a merge will ask for them.
//! Out:    a place for each, which its rows carry; later the block at a place.
//! Keeps:  every block. Blocks lie in one file without a name, in pages of [`PAGE_BYTES`]:
//!
//! ```text
//! page      block | block | … | zeros
//! block     length u32, then so many bytes      (little endian)
//! ```
//!
//! A block lies in one page; one that is longer than a page starts with a page and goes on into the next ones.
//!
//! A feature has a piece at nearly every zoom, so its block is asked for about as often, and standing beside each
//! piece it would be most of what is written. Tiles of any zoom come along the Hilbert curve, which visits what lies in
//! a tile of one zoom in the order of those of the next: blocks that lie in that order are asked for from front to
//! back, once a zoom, so a few pages of each run are enough.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::Error;

/// Bytes of a page; a block lies within one if it can.
pub(crate) const PAGE_BYTES: usize = 4 << 10;
/// Bytes in front of a block.
const LEN_BYTES: usize = 4;
/// Bytes that are written at once.
const WRITE_BYTES: usize = 256 << 10;
/// Pages that a page may take the place of.
const WAYS: usize = 4;

/// Where the block of a row is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BlockAt<'r> {
    /// In a run in memory.
    Memory(&'r [u8]),
    /// At this place of the file.
    File(u64),
}

impl BlockAt<'_> {
    /// Returns the place in the file, if the block is there.
    pub(crate) const fn in_file(self) -> Option<u64> {
        match self {
            Self::Memory(_) => None,
            Self::File(place) => Some(place),
        }
    }
}

/// Gives places to the blocks of a run.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    end: usize,
}

impl Layout {
    /// Returns the place of the next block, from the first page of the run on.
    pub(crate) fn place(&mut self, block_len: usize) -> usize {
        let len = LEN_BYTES + block_len;
        if len > self.end.next_multiple_of(PAGE_BYTES) - self.end {
            self.end = self.end.next_multiple_of(PAGE_BYTES);
        }
        let place = self.end;
        self.end += len;
        place
    }

    /// Returns the bytes of all pages.
    pub(crate) const fn len(&self) -> usize {
        self.end.next_multiple_of(PAGE_BYTES)
    }
}

/// The blocks of all runs of a store; shared by all workers.
#[derive(Debug)]
pub(crate) struct BlockFile {
    folder: PathBuf,
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    file: Option<Arc<File>>,
    len: u64,
}

impl BlockFile {
    /// Returns blocks that have no file in `folder` yet.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, pages: Mutex::default() }
    }

    /// Writes the blocks of a run with their places in this layout; returns where the run starts.
    pub(crate) fn write<'b>(
        &self,
        layout: &Layout,
        blocks: impl Iterator<Item = (usize, &'b [u8])>,
    ) -> Result<u64, Error> {
        let (file, start) = self.extend(layout.len() as u64)?;
        let mut written = start;
        let mut out: Vec<u8> = Vec::with_capacity(WRITE_BYTES.min(layout.len()));
        let mut flush = |out: &mut Vec<u8>| -> Result<(), Error> {
            file.write_all_at(out, written).map_err(|source| self.failed("writing", written, source))?;
            written += out.len() as u64;
            out.clear();
            Ok(())
        };
        let mut end = 0;
        for (place, block) in blocks {
            out.resize(out.len() + place - end, 0);
            out.extend_from_slice(&(block.len() as u32).to_le_bytes());
            out.extend_from_slice(block);
            end = place + LEN_BYTES + block.len();
            if out.len() >= WRITE_BYTES {
                flush(&mut out)?;
            }
        }
        out.resize(out.len() + layout.len() - end, 0);
        flush(&mut out)?;
        Ok(start)
    }

    /// Makes room for the pages of a run; returns the file and where they start.
    fn extend(&self, bytes: u64) -> Result<(Arc<File>, u64), Error> {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let file = if let Some(file) = &pages.file {
            Arc::clone(file)
        } else {
            let new = tempfile::tempfile_in(&self.folder);
            Arc::new(new.map_err(|source| self.failed("creating", 0, source))?)
        };
        pages.file = Some(Arc::clone(&file));
        let start = pages.len;
        pages.len += bytes;
        Ok((file, start))
    }

    fn failed(&self, attempt: &'static str, bytes: u64, source: io::Error) -> Error {
        Error::Spill { attempt, folder: self.folder.clone(), bytes, source }
    }
}

/// Pages of the file that one worker keeps in memory.
#[derive(Debug)]
pub(crate) struct BlockCache<'f> {
    blocks: &'f BlockFile,
    file: Option<Arc<File>>,
    /// The pages, [`WAYS`] beside each other.
    bytes: Vec<u8>,
    /// Which page of the file lies where.
    numbers: Vec<u64>,
    /// By group of pages beside each other: which one goes next.
    next: Vec<u8>,
    /// A block that is longer than a page, and its place.
    long: Vec<u8>,
    long_place: Option<u64>,
}

impl<'f> BlockCache<'f> {
    /// Returns a cache of about `bytes`; they are taken as they are needed.
    pub(crate) fn new(blocks: &'f BlockFile, bytes: usize) -> Self {
        let file = blocks.pages.lock().unwrap_or_else(PoisonError::into_inner).file.clone();
        let n_groups = if file.is_some() { (bytes / (WAYS * PAGE_BYTES)).max(1) } else { 0 };
        Self {
            blocks,
            file,
            bytes: vec![0; n_groups * WAYS * PAGE_BYTES],
            numbers: vec![u64::MAX; n_groups * WAYS],
            next: vec![0; n_groups],
            long: Vec::new(),
            long_place: None,
        }
    }

    /// Returns the block of a row.
    pub(crate) fn get<'c>(&'c mut self, at: BlockAt<'c>) -> Result<&'c [u8], Error> {
        match at {
            BlockAt::Memory(block) => Ok(block),
            BlockAt::File(place) => self.read(place),
        }
    }

    fn read(&mut self, place: u64) -> Result<&[u8], Error> {
        if self.long_place == Some(place) {
            return Ok(&self.long);
        }
        let page = self.page(place / PAGE_BYTES as u64)?;
        let start = page + place as usize % PAGE_BYTES + LEN_BYTES;
        let len = &self.bytes[start - LEN_BYTES..start];
        let len = u32::from_le_bytes(len.try_into().expect("four bytes")) as usize;
        if start + len <= page + PAGE_BYTES {
            return Ok(&self.bytes[start..start + len]);
        }
        self.long_place = None;
        let mut long = std::mem::take(&mut self.long);
        long.resize(len, 0);
        long.shrink_to(WRITE_BYTES);
        self.read_at(&mut long, place + LEN_BYTES as u64)?;
        (self.long, self.long_place) = (long, Some(place));
        Ok(&self.long)
    }

    /// Returns where a page of the file lies in memory, reading it first if need be.
    fn page(&mut self, number: u64) -> Result<usize, Error> {
        let group = spread(number) as usize % self.next.len();
        let first = group * WAYS;
        let known = self.numbers[first..first + WAYS].iter().position(|known| *known == number);
        if let Some(way) = known {
            return Ok((first + way) * PAGE_BYTES);
        }
        let slot = first + usize::from(self.next[group]);
        self.next[group] = (self.next[group] + 1) % WAYS as u8;
        let start = slot * PAGE_BYTES;
        let mut bytes = std::mem::take(&mut self.bytes);
        let read = self.read_at(&mut bytes[start..start + PAGE_BYTES], number * PAGE_BYTES as u64);
        self.bytes = bytes;
        // What a failed read leaves is no page.
        self.numbers[slot] = if read.is_ok() { number } else { u64::MAX };
        read.map(|()| start)
    }

    fn read_at(&self, bytes: &mut [u8], from: u64) -> Result<(), Error> {
        let file = self.file.as_ref().expect("a place in the file comes from a run that was written to it");
        file.read_exact_at(bytes, from).map_err(|source| self.blocks.failed("reading", from, source))
    }
}

/// Spreads numbers of pages that follow each other over all groups.
const fn spread(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes blocks of these lengths as runs of three, and reads them back through a cache of so many bytes, last run
    /// first; says how many pages they took.
    fn check(lens: &[usize], cache_bytes: usize, expected_pages: u64) {
        let file = BlockFile::new(std::env::temp_dir());
        let block = |nth: usize| vec![(nth % 251) as u8; lens[nth]];
        let blocks: Vec<Vec<u8>> = (0..lens.len()).map(block).collect();
        let mut places = Vec::new();
        for run in blocks.chunks(3) {
            let mut layout = Layout::default();
            let in_run: Vec<usize> = run.iter().map(|block| layout.place(block.len())).collect();
            let rows = in_run.iter().copied().zip(run.iter().map(Vec::as_slice));
            let start = file.write(&layout, rows).unwrap();
            places.extend(in_run.iter().map(|place| start + *place as u64));
        }
        assert_eq!(file.pages.lock().unwrap().len, expected_pages * PAGE_BYTES as u64);
        let mut cache = BlockCache::new(&file, cache_bytes);
        for _ in 0..2 {
            for (place, block) in places.iter().zip(&blocks).rev() {
                assert_eq!(cache.get(BlockAt::File(*place)).unwrap(), block);
            }
        }
        assert_eq!(cache.get(BlockAt::Memory(b"beside")).unwrap(), b"beside");
    }

    #[test]
    fn blocks_come_back() {
        check(&[], 0, 0);
        check(&[0, 7, 1000], 0, 1);
        check(&vec![100; 3000], 0, 1000);
        check(&vec![100; 3000], 1 << 20, 1000);
    }

    #[test]
    fn block_lies_in_one_page_unless_it_is_longer() {
        check(&[PAGE_BYTES - LEN_BYTES, 0, 1], 0, 2);
        check(&[PAGE_BYTES - LEN_BYTES - 4, 0, 1], 0, 2);
        check(&[3000, 3000, 3000], 0, 3);
        check(&[10, 10_000, 10], 0, 4);
        check(&[10, 4092, 4093], 0, 4);
    }
}
