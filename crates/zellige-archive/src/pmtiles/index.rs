//! Collects which tile lies where, and makes the directories of it.
//!
//! In:     tiles in the order of their ids, each with the place of its content.
//! Out:    a root directory that fits behind the header, and the leaf directories that it points to.
//! Keeps:  every tile; neighbours of one content share an entry. Memory: entries wait in a [`Spool`], and no more than
//!         a leaf of them is unpacked at a time.
//! Source: PMTiles v3 §4. Leaves are as large as other writers make them: 4,096 entries, or a 3,500th of all, and a
//!         fifth more until the root fits.
//!
//! ```text
//! entry in the spool     step | run | bytes | offset
//! ```
//!
//! All are varints: the step from the end of the run before, and 0 for an offset that stands right behind the content
//! before, otherwise the offset plus one. That is about five bytes an entry.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::directory::{self, Entry, push_varint};
use super::header::HEADER_BYTES;
use crate::spool::{Spool, SpoolReader};
use crate::{Compressor, Error};

/// With fewer entries than this, the root may have them all.
const ROOT_ENTRIES_MAX: u64 = 16_384;
/// The fewest entries of a leaf, and the most leaves that are aimed at.
const LEAF_ENTRIES_MIN: u64 = 4096;
const LEAVES_AIMED: u64 = 3500;

/// Header and root directory are what readers ask for first: together 16 KiB (PMTiles v3 §3).
pub(super) const INITIAL_BYTES: usize = 16 << 10;
/// What is left of that for the root directory.
const ROOT_BYTES_MAX: usize = INITIAL_BYTES - HEADER_BYTES;

/// Where the bytes of a content stand in the section of tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) offset: u64,
    pub(super) bytes: u32,
}

/// The entries of all tiles so far.
#[derive(Debug)]
pub(super) struct Index {
    spool: Spool,
    /// The last entry in the spool; at first one of zeros.
    before: Entry,
    /// The entry behind it, whose run may grow.
    last: Option<Entry>,
    n_entries: u64,
    leaf_entries_min: u64,
    packed: Vec<u8>,
}

/// What stands behind the tiles: nothing of it is left in memory but the root.
#[derive(Debug)]
pub(super) struct Directories {
    /// The root directory, compressed.
    pub(super) root: Vec<u8>,
    /// Bytes of all leaf directories, 0 if the root has all entries.
    pub(super) leaves_bytes: u64,
    pub(super) n_entries: u64,
}

impl Index {
    /// Returns an empty index; `temp` is where its temporary file is made, if it needs one.
    pub(super) fn new(temp: &Path) -> Self {
        Self {
            spool: Spool::new(temp),
            before: Entry::default(),
            last: None,
            n_entries: 0,
            leaf_entries_min: LEAF_ENTRIES_MIN,
            packed: Vec::new(),
        }
    }

    /// Takes the next tile.
    pub(super) fn push(&mut self, id: u64, Content { offset, bytes }: Content) -> Result<(), Error> {
        if let Some(last) = &mut self.last
            && last.offset == offset
            && id == last.id + u64::from(last.run)
            && last.run < u32::MAX
        {
            last.run += 1;
            return Ok(());
        }
        self.end_run()?;
        self.last = Some(Entry { id, run: 1, bytes, offset });
        Ok(())
    }

    /// Puts the last entry to the others.
    fn end_run(&mut self) -> Result<(), Error> {
        let Some(last) = self.last.take() else { return Ok(()) };
        self.packed.clear();
        push_entry(&mut self.packed, self.before, last);
        self.before = last;
        self.n_entries += 1;
        self.spool.push(&self.packed)
    }

    /// Writes the leaf directories into `file` from `start` on, and returns the rest.
    pub(super) fn finish(mut self, file: &File, start: u64, path: &Path) -> Result<Directories, Error> {
        self.end_run()?;
        let n_entries = self.n_entries;
        if n_entries < ROOT_ENTRIES_MAX {
            let root = pack(&self.entries().take(n_entries as usize)?);
            if root.len() <= ROOT_BYTES_MAX {
                return Ok(Directories { root, leaves_bytes: 0, n_entries });
            }
        }
        let mut leaf_entries = (n_entries / LEAVES_AIMED).max(self.leaf_entries_min);
        loop {
            let (mut entries, mut pointers, mut offset) = (self.entries(), Vec::new(), 0);
            while entries.n_left > 0 {
                let leaf = entries.take(leaf_entries as usize)?;
                let packed = pack(&leaf);
                file.write_all_at(&packed, start + offset).map_err(Error::io("write", path))?;
                pointers.push(Entry { id: leaf[0].id, run: 0, bytes: packed.len() as u32, offset });
                offset += packed.len() as u64;
            }
            let root = pack(&pointers);
            if root.len() <= ROOT_BYTES_MAX {
                return Ok(Directories { root, leaves_bytes: offset, n_entries });
            }
            // The next leaves take the place of these.
            leaf_entries += leaf_entries / 5;
        }
    }

    /// Reads all entries, from the first one on.
    fn entries(&self) -> Entries<'_> {
        let bytes = BufReader::new(self.spool.reader(0, self.spool.len()));
        Entries { spool: &self.spool, bytes, before: Entry::default(), n_left: self.n_entries }
    }
}

/// Returns the bytes of a directory, compressed.
fn pack(entries: &[Entry]) -> Vec<u8> {
    let (mut plain, mut packed) = (Vec::new(), Vec::new());
    directory::to_bytes(entries, &mut plain);
    Compressor::new(Compressor::LEVEL_DEFAULT).gzip(&plain, &mut packed);
    packed
}

/// Entries on their way back.
struct Entries<'s> {
    spool: &'s Spool,
    bytes: BufReader<SpoolReader<'s>>,
    before: Entry,
    n_left: u64,
}

impl Entries<'_> {
    /// Returns the next entries, fewer than asked for when there are no more.
    fn take(&mut self, n_entries: usize) -> Result<Vec<Entry>, Error> {
        let n_entries = self.n_left.min(n_entries as u64);
        self.n_left -= n_entries;
        (0..n_entries).map(|_| self.next().map_err(self.spool.failed())).collect()
    }

    fn next(&mut self) -> io::Result<Entry> {
        let Entry { id, run, bytes, offset } = self.before;
        let mut number = || take_varint(&mut self.bytes);
        let id = id + u64::from(run) + number()?;
        let [run, next_bytes] = [number()? as u32, number()? as u32];
        let offset = number()?.checked_sub(1).unwrap_or(offset + u64::from(bytes));
        self.before = Entry { id, run, bytes: next_bytes, offset };
        Ok(self.before)
    }
}

/// Appends an entry as what tells it from the one before.
fn push_entry(out: &mut Vec<u8>, before: Entry, entry: Entry) {
    let is_behind = entry.offset == before.offset + u64::from(before.bytes);
    push_varint(out, entry.id - before.id - u64::from(before.run));
    push_varint(out, u64::from(entry.run));
    push_varint(out, u64::from(entry.bytes));
    push_varint(out, if is_behind { 0 } else { entry.offset + 1 });
}

/// Reads a number of seven bits a byte, the lowest first, as it was written here.
fn take_varint(bytes: &mut impl Read) -> io::Result<u64> {
    let (mut number, mut shift, mut byte) = (0, 0, [0x80]);
    while byte[0] > 0x7f {
        bytes.read_exact(&mut byte)?;
        number |= u64::from(byte[0] & 0x7f) << shift;
        shift += 7;
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TileHash, gunzip};

    /// Indexes tiles of id, offset and bytes, in leaves of at least so many entries, and reads the directories back;
    /// says how many entries and leaves there are.
    fn check(
        leaf_entries_min: u64,
        tiles: &[(u64, u64, u32)],
        (expected_entries, expected_leaves): (u64, usize),
    ) {
        let temp = std::env::temp_dir();
        let mut index = Index { leaf_entries_min, ..Index::new(&temp) };
        for (id, offset, bytes) in tiles {
            index.push(*id, Content { offset: *offset, bytes: *bytes }).unwrap();
        }
        let file = tempfile::tempfile().unwrap();
        let found = index.finish(&file, 7, &temp).unwrap();
        assert!(found.root.len() <= ROOT_BYTES_MAX);
        assert_eq!(found.n_entries, expected_entries);
        let unpack = |bytes: &[u8]| directory::parse(&gunzip(bytes, 1 << 24).unwrap()).unwrap();
        let mut entries = unpack(&found.root);
        let n_leaves = entries.iter().filter(|entry| entry.is_leaf()).count();
        assert_eq!(n_leaves, expected_leaves);
        if n_leaves > 0 {
            let leaf = |pointer: &Entry| {
                let mut bytes = vec![0; pointer.bytes as usize];
                file.read_exact_at(&mut bytes, 7 + pointer.offset).unwrap();
                let leaf = unpack(&bytes);
                assert_eq!(leaf[0].id, pointer.id);
                leaf
            };
            let leaves_bytes: u64 = entries.iter().map(|pointer| u64::from(pointer.bytes)).sum();
            assert_eq!(leaves_bytes, found.leaves_bytes);
            entries = entries.iter().flat_map(leaf).collect();
        }
        let tile = |entry: &Entry| {
            let (offset, bytes) = (entry.offset, entry.bytes);
            (entry.id..entry.id + u64::from(entry.run)).map(move |id| (id, offset, bytes))
        };
        assert!(entries.iter().flat_map(tile).eq(tiles.iter().copied()));
    }

    #[test]
    fn neighbours_of_one_content_share_an_entry() {
        check(LEAF_ENTRIES_MIN, &[], (0, 0));
        check(LEAF_ENTRIES_MIN, &[(0, 0, 9)], (1, 0));
        check(LEAF_ENTRIES_MIN, &[(3, 0, 9), (4, 0, 9), (5, 9, 1), (6, 0, 9), (8, 0, 9)], (4, 0));
    }

    /// Tiles whose steps are hard to compress.
    fn scattered(n_tiles: u64) -> Vec<(u64, u64, u32)> {
        let noise = |nth: u64| TileHash::of(&nth.to_le_bytes()).0 as u64 >> 32;
        (0..n_tiles).map(|nth| (nth << 32 | noise(nth), nth * 7, noise(nth) as u32 % 977 + 1)).collect()
    }

    #[test]
    fn many_entries_stand_in_leaves() {
        check(LEAF_ENTRIES_MIN, &scattered(1000), (1000, 0));
        check(LEAF_ENTRIES_MIN, &scattered(50_000), (50_000, 13));
    }

    #[test]
    fn leaves_grow_until_the_root_fits() {
        check(5, &scattered(30_000), (30_000, 2500));
    }
}
