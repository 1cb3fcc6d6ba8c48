//! Sorted runs as one stream.
//!
//! In:     runs in memory and in temporary files, each sorted by key.
//! Out:    the rows of any range of keys, in order; places that cut all rows into parts of equal size.
//! Source: a heap over the next row of every run. A run in a file is read through a window.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use zellige_tile::piece::PieceKey;

use crate::Error;
use crate::sort::MemoryRun;
use crate::spill::{FileRun, HEAD_BYTES, INDEX_STEP_BYTES};

/// Bounds of the bytes that are read at once of a run in a file.
const READ_BYTES_MIN: usize = 2 << 10;
const READ_BYTES_MAX: usize = 128 << 10;

/// All runs of a job, sorted.
#[derive(Debug)]
pub(crate) struct Runs {
    pub(crate) memory: Vec<MemoryRun>,
    pub(crate) files: Vec<FileRun>,
    pub(crate) folder: PathBuf,
    /// Bytes that one merge may take for its windows into the runs in files.
    pub(crate) window_bytes: usize,
}

impl Runs {
    /// Returns slots that cut all rows into parts of about `bytes`, at the first layer of a tile each.
    pub(crate) fn cuts(&self, bytes: u64) -> Vec<u64> {
        let mut samples: Vec<(u64, u64)> = Vec::new();
        for run in &self.memory {
            let step = (run.rows.len() / 64).max(1);
            let weight = run.size() * step as u64 / run.rows.len().max(1) as u64;
            samples.extend(run.rows.iter().step_by(step).map(|row| (row.key.slot, weight)));
        }
        for run in &self.files {
            samples.extend(run.index.iter().map(|(key, _)| (key.slot, INDEX_STEP_BYTES)));
        }
        samples.sort_unstable();
        let mut cuts = Vec::new();
        let mut filled = 0;
        for (slot, weight) in samples {
            let cut = slot & !0xff;
            filled += weight;
            if filled >= bytes && cuts.last() != Some(&cut) {
                cuts.push(cut);
                filled = 0;
            }
        }
        cuts
    }

    /// Calls `visit` with key, block and body of all rows from slot `from` to before slot `to`, in order;
    /// its first error ends the merge.
    pub(crate) fn merge(&self, from: u64, to: Option<u64>, visit: Visit<'_>) -> Result<(), Error> {
        let mut cursors: Vec<Cursor<'_>> = Vec::with_capacity(self.memory.len() + self.files.len());
        for run in &self.memory {
            let row = run.rows.partition_point(|row| row.key.slot < from);
            run.touch(row);
            cursors.push(Cursor::Memory { run, row });
        }
        let files: Vec<&FileRun> = self.files.iter().filter(|run| run.has_rows(from, to)).collect();
        let read_bytes = (self.window_bytes / files.len().max(1)).clamp(READ_BYTES_MIN, READ_BYTES_MAX);
        for run in files {
            let cursor = FileCursor::new(run, from, read_bytes).map_err(|source| self.read_error(source))?;
            cursors.push(Cursor::File(cursor));
        }
        let is_within = |key: &PieceKey| to.is_none_or(|to| key.slot < to);
        let mut heap: BinaryHeap<Reverse<(PieceKey, usize)>> = cursors
            .iter()
            .enumerate()
            .filter_map(|(nth, cursor)| cursor.key().filter(is_within).map(|key| Reverse((key, nth))))
            .collect();
        while let Some(mut top) = heap.peek_mut() {
            let Reverse((key, nth)) = *top;
            let cursor = &mut cursors[nth];
            let (block, body) = cursor.row();
            visit(key, block, body)?;
            cursor.advance().map_err(|source| self.read_error(source))?;
            match cursor.key().filter(is_within) {
                Some(next) => *top = Reverse((next, nth)),
                None => {
                    PeekMut::pop(top);
                }
            }
        }
        Ok(())
    }

    fn read_error(&self, source: io::Error) -> Error {
        Error::Spill { attempt: "reading", folder: self.folder.clone(), bytes: 0, source }
    }

    /// Returns the size of all rows in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.memory.iter().map(MemoryRun::size).sum::<u64>()
            + self.files.iter().map(|run| run.len).sum::<u64>()
    }
}

/// Gets key, block and body of a row.
pub(crate) type Visit<'v> = &'v mut dyn FnMut(PieceKey, &[u8], &[u8]) -> Result<(), Error>;

/// A place in a run.
enum Cursor<'r> {
    Memory { run: &'r MemoryRun, row: usize },
    File(FileCursor<'r>),
}

impl Cursor<'_> {
    fn key(&self) -> Option<PieceKey> {
        match self {
            Self::Memory { run, row } => run.rows.get(*row).map(|row| row.key),
            Self::File(cursor) => cursor.key,
        }
    }

    fn row(&self) -> (&[u8], &[u8]) {
        match self {
            Self::Memory { run, row } => {
                let row = &run.rows[*row];
                (run.block(row), run.body(row))
            }
            Self::File(cursor) => cursor.row(),
        }
    }

    fn advance(&mut self) -> io::Result<()> {
        match self {
            Self::Memory { run, row } => {
                *row += 1;
                run.touch(*row);
            }
            Self::File(cursor) => cursor.advance()?,
        }
        Ok(())
    }
}

/// A place in a file, with the bytes around it.
struct FileCursor<'r> {
    run: &'r FileRun,
    read_bytes: usize,
    /// Bytes of the file from `offset` on.
    buffer: Vec<u8>,
    offset: u64,
    /// Where the row at hand starts in the buffer.
    start: usize,
    key: Option<PieceKey>,
    block_len: usize,
    body_len: usize,
}

impl<'r> FileCursor<'r> {
    /// Stands at the first row whose slot is at least `from`.
    fn new(run: &'r FileRun, from: u64, read_bytes: usize) -> io::Result<Self> {
        let after = run.index.partition_point(|(key, _)| key.slot < from);
        let offset = after.checked_sub(1).map_or(0, |entry| run.index[entry].1);
        let mut cursor = Self {
            run,
            read_bytes,
            buffer: Vec::new(),
            offset,
            start: 0,
            key: None,
            block_len: 0,
            body_len: 0,
        };
        cursor.open()?;
        while cursor.key.is_some_and(|key| key.slot < from) {
            cursor.advance()?;
        }
        Ok(cursor)
    }

    fn row(&self) -> (&[u8], &[u8]) {
        let block = self.start + HEAD_BYTES;
        let body = block + self.block_len;
        (&self.buffer[block..body], &self.buffer[body..body + self.body_len])
    }

    fn advance(&mut self) -> io::Result<()> {
        self.start += HEAD_BYTES + self.block_len + self.body_len;
        self.open()
    }

    /// Reads the head of the row at `start` and sees to it that the whole row is in the buffer.
    fn open(&mut self) -> io::Result<()> {
        if self.offset + self.start as u64 == self.run.len {
            self.key = None;
            return Ok(());
        }
        self.require(HEAD_BYTES)?;
        let head = &self.buffer[self.start..self.start + HEAD_BYTES];
        let long = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().expect("eight bytes"));
        let short = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().expect("four bytes")) as usize;
        self.key = Some(PieceKey { slot: long(0), place: long(8) });
        (self.block_len, self.body_len) = (short(16), short(20));
        self.require(HEAD_BYTES + self.block_len + self.body_len)
    }

    /// Reads on until `len` bytes from `start` are in the buffer.
    fn require(&mut self, len: usize) -> io::Result<()> {
        if self.buffer.len() - self.start >= len {
            return Ok(());
        }
        self.buffer.drain(..self.start);
        self.offset += self.start as u64;
        self.start = 0;
        let have = self.buffer.len();
        let wanted = (self.run.len - self.offset).min(len.max(self.read_bytes) as u64) as usize;
        self.buffer.reserve_exact(wanted - have);
        self.buffer.resize(wanted, 0);
        let from = self.run.start + self.offset + have as u64;
        self.run.file.read_exact_at(&mut self.buffer[have..], from)
    }
}
