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
use crate::blocks::BlockAt;
use crate::row::{HEAD_BYTES_MAX, Head, HeadCoder};
use crate::sort::MemoryRun;
use crate::spill::{FileRun, INDEX_STEP_BYTES};

/// Bounds of the bytes that are read at once of a run in a file.
const READ_BYTES_MIN: usize = 2 << 10;
const READ_BYTES_MAX: usize = 128 << 10;

/// All runs of a job, sorted.
#[derive(Debug)]
pub(crate) struct Runs {
    pub(crate) memory: Vec<MemoryRun>,
    pub(crate) files: Vec<FileRun>,
    pub(crate) folder: PathBuf,
    /// Bytes of the blocks of rows in files, each as often as a row has it.
    pub(crate) blocks_bytes: u64,
    /// Bytes that one merge may take, half of them for its windows into the runs in files.
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
            samples.extend(run.index.iter().map(|(slot, _)| (*slot, INDEX_STEP_BYTES)));
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

    /// Calls `visit` with key, place of the block and body of all rows from slot `from` to before slot `to`, in order;
    /// its first error ends the merge.
    pub(crate) fn merge(&self, from: u64, to: Option<u64>, visit: Visit<'_>) -> Result<(), Error> {
        let mut cursors: Vec<Cursor<'_>> = Vec::with_capacity(self.memory.len() + self.files.len());
        for run in &self.memory {
            let row = run.rows.partition_point(|row| row.key.slot < from);
            run.touch_blocks(row);
            cursors.push(Cursor::Memory { run, row });
        }
        let files: Vec<&FileRun> = self.files.iter().filter(|run| run.has_rows(from, to)).collect();
        let read_bytes = (self.window_bytes / 2 / files.len().max(1)).clamp(READ_BYTES_MIN, READ_BYTES_MAX);
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

    /// Returns how many times as large as their rows the pieces in files are with their blocks; at least 1.
    pub(crate) fn heaviness(&self) -> u64 {
        let rows_bytes = self.files.iter().map(|run| run.len).sum::<u64>().max(1);
        1 + self.blocks_bytes / rows_bytes
    }

    /// Returns the size of all rows in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.memory.iter().map(MemoryRun::size).sum::<u64>()
            + self.files.iter().map(|run| run.len).sum::<u64>()
    }
}

/// Gets key, place of the block and body of a row.
pub(crate) type Visit<'v> = &'v mut dyn FnMut(PieceKey, BlockAt<'_>, &[u8]) -> Result<(), Error>;

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

    fn row(&self) -> (BlockAt<'_>, &[u8]) {
        match self {
            Self::Memory { run, row } => {
                let row = &run.rows[*row];
                (BlockAt::Memory(run.block(row)), run.body(row))
            }
            Self::File(cursor) => cursor.row(),
        }
    }

    fn advance(&mut self) -> io::Result<()> {
        match self {
            Self::Memory { run, row } => {
                *row += 1;
                run.touch_blocks(*row);
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
    /// Where the body of the row at hand starts in the buffer.
    start: usize,
    body_len: usize,
    key: Option<PieceKey>,
    block: u64,
    coder: HeadCoder,
    /// The next entry of the index, where rows start afresh.
    entry: usize,
}

impl<'r> FileCursor<'r> {
    /// Stands at the first row whose slot is at least `from`.
    fn new(run: &'r FileRun, from: u64, read_bytes: usize) -> io::Result<Self> {
        let after = run.index.partition_point(|(slot, _)| *slot < from);
        let entry = after.saturating_sub(1);
        let mut cursor = Self {
            run,
            read_bytes,
            buffer: Vec::new(),
            offset: run.index.get(entry).map_or(0, |(_, start)| *start),
            start: 0,
            body_len: 0,
            key: None,
            block: 0,
            coder: HeadCoder::default(),
            entry,
        };
        cursor.advance()?;
        while cursor.key.is_some_and(|key| key.slot < from) {
            cursor.advance()?;
        }
        Ok(cursor)
    }

    fn row(&self) -> (BlockAt<'_>, &[u8]) {
        (BlockAt::File(self.block), &self.buffer[self.start..self.start + self.body_len])
    }

    /// Reads the head of the next row and sees to it that its body is in the buffer.
    fn advance(&mut self) -> io::Result<()> {
        self.start += self.body_len;
        self.body_len = 0;
        let at = self.offset + self.start as u64;
        if at == self.run.len {
            self.key = None;
            return Ok(());
        }
        if self.run.index.get(self.entry).is_some_and(|(_, start)| *start == at) {
            self.coder = HeadCoder::default();
            self.entry += 1;
        }
        self.require(HEAD_BYTES_MAX)?;
        let mut rest = &self.buffer[self.start..];
        let Head { key, block, body_len } = self.coder.take(&mut rest);
        self.start = self.buffer.len() - rest.len();
        (self.key, self.block, self.body_len) = (Some(key), block, body_len);
        self.require(body_len)
    }

    /// Reads on until `len` bytes from `start` are in the buffer, or all that the run has.
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
