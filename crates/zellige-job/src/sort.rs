//! Pieces in, pieces sorted by key out, in bounded memory.
//!
//! In:     pieces from many workers, each filling a run of its own.
//! Out:    any range of keys as one sorted stream, merged from all runs.
//! Keeps:  every piece; equal keys do not occur.
//!
//! A full run is sorted and stays in memory while the budget allows it; otherwise it is written to an
//! unnamed temporary file, which the system removes with the process, however that ends. A block of
//! attributes stands once a run in memory, and beside each piece in a file:
//!
//! ```text
//! slot u64 | place u64 | block length u32 | body length u32 | block | body      (little endian)
//! ```

use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use zellige_tile::piece::{PieceKey, PieceSink};

use crate::Error;

/// Bytes of a file between two entries of its index.
const INDEX_STEP_BYTES: u64 = 256 << 10;
/// Bytes that a reader of a file keeps in memory.
const READ_BYTES: usize = 128 << 10;
/// Bytes in front of block and body in a file.
const HEAD_BYTES: usize = 24;

/// One piece of a run in memory.
#[derive(Clone, Copy, Debug)]
struct Row {
    key: PieceKey,
    /// Where the block starts, behind its length as u32.
    block: u32,
    body: u32,
    body_len: u32,
}

/// Rows and the bytes they point to.
#[derive(Debug, Default)]
struct MemoryRun {
    rows: Vec<Row>,
    bytes: Vec<u8>,
}

impl MemoryRun {
    const fn size(&self) -> u64 {
        (self.bytes.len() + self.rows.len() * size_of::<Row>()) as u64
    }

    fn block(&self, row: &Row) -> &[u8] {
        let start = row.block as usize;
        let len = u32::from_le_bytes(self.bytes[start..start + 4].try_into().expect("four bytes"));
        &self.bytes[start + 4..start + 4 + len as usize]
    }

    fn body(&self, row: &Row) -> &[u8] {
        &self.bytes[row.body as usize..(row.body + row.body_len) as usize]
    }
}

/// Rows in a temporary file.
#[derive(Debug)]
struct FileRun {
    file: File,
    len: u64,
    /// Keys and where their rows start, one every [`INDEX_STEP_BYTES`].
    index: Vec<(PieceKey, u64)>,
}

/// Where runs go; shared by all workers.
#[derive(Debug)]
pub(crate) struct RunStore {
    memory_bytes_max: u64,
    run_bytes: usize,
    folder: PathBuf,
    memory_bytes: AtomicU64,
    spilled_bytes: AtomicU64,
    memory_runs: Mutex<Vec<MemoryRun>>,
    file_runs: Mutex<Vec<FileRun>>,
}

impl RunStore {
    /// Returns a store that keeps runs of `run_bytes` in memory up to `memory_bytes_max` in all.
    pub(crate) fn new(memory_bytes_max: u64, run_bytes: usize, folder: PathBuf) -> Self {
        Self {
            memory_bytes_max,
            run_bytes: run_bytes.min(1 << 30),
            folder,
            memory_bytes: AtomicU64::new(0),
            spilled_bytes: AtomicU64::new(0),
            memory_runs: Mutex::default(),
            file_runs: Mutex::default(),
        }
    }

    /// Returns the bytes that were written to temporary files.
    pub(crate) fn spilled_bytes(&self) -> u64 {
        self.spilled_bytes.load(Ordering::Relaxed)
    }

    /// Sorts `run` and keeps it; it comes back empty.
    fn keep(&self, run: &mut MemoryRun) -> Result<(), Error> {
        if run.rows.is_empty() {
            return Ok(());
        }
        run.rows.sort_unstable_by_key(|row| row.key);
        let size = run.size();
        if self.memory_bytes.fetch_add(size, Ordering::Relaxed) + size <= self.memory_bytes_max {
            let full = std::mem::take(run);
            self.memory_runs.lock().unwrap_or_else(PoisonError::into_inner).push(full);
            return Ok(());
        }
        self.memory_bytes.fetch_sub(size, Ordering::Relaxed);
        let file_run = self.spill(run)?;
        self.spilled_bytes.fetch_add(file_run.len, Ordering::Relaxed);
        self.file_runs.lock().unwrap_or_else(PoisonError::into_inner).push(file_run);
        run.rows.clear();
        run.bytes.clear();
        Ok(())
    }

    fn spill(&self, run: &MemoryRun) -> Result<FileRun, Error> {
        let mut len = 0_u64;
        let failed =
            |attempt, bytes, source| Error::Spill { attempt, folder: self.folder.clone(), bytes, source };
        let file = tempfile::tempfile_in(&self.folder).map_err(|source| failed("creating", 0, source))?;
        let mut writer = BufWriter::with_capacity(1 << 20, &file);
        let mut index: Vec<(PieceKey, u64)> = Vec::new();
        for row in &run.rows {
            if index.last().is_none_or(|(_, start)| len - start >= INDEX_STEP_BYTES) {
                index.push((row.key, len));
            }
            let (block, body) = (run.block(row), run.body(row));
            let mut head = [0; HEAD_BYTES];
            head[..8].copy_from_slice(&row.key.slot.to_le_bytes());
            head[8..16].copy_from_slice(&row.key.place.to_le_bytes());
            head[16..20].copy_from_slice(&(block.len() as u32).to_le_bytes());
            head[20..].copy_from_slice(&(body.len() as u32).to_le_bytes());
            for part in [&head, block, body] {
                writer.write_all(part).map_err(|source| failed("writing", len, source))?;
            }
            len += (HEAD_BYTES + block.len() + body.len()) as u64;
        }
        writer.flush().map_err(|source| failed("writing", len, source))?;
        drop(writer);
        Ok(FileRun { file, len, index })
    }

    /// Ends writing; all runs can be read now.
    pub(crate) fn into_runs(self) -> Runs {
        Runs {
            memory: self.memory_runs.into_inner().unwrap_or_else(PoisonError::into_inner),
            files: self.file_runs.into_inner().unwrap_or_else(PoisonError::into_inner),
            folder: self.folder,
        }
    }
}

/// The run that one worker fills.
#[derive(Debug)]
pub(crate) struct RunWriter<'s> {
    store: &'s RunStore,
    run: MemoryRun,
    block: u32,
    /// Whether the latest block already stands in the run at hand.
    latest: Vec<u8>,
    failed: Option<Error>,
}

impl<'s> RunWriter<'s> {
    pub(crate) fn new(store: &'s RunStore) -> Self {
        Self { store, run: MemoryRun::default(), block: u32::MAX, latest: Vec::new(), failed: None }
    }

    /// Returns the first error that keeping a run met; pieces after it are lost.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        self.failed.take().map_or(Ok(()), Err)
    }

    /// Hands in the last run.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        self.check()?;
        self.store.keep(&mut self.run)
    }

    /// Returns where the latest block stands in the run, putting it there first if need be.
    fn block(&mut self) -> u32 {
        if self.block == u32::MAX {
            self.block = self.run.bytes.len() as u32;
            self.run.bytes.extend_from_slice(&(self.latest.len() as u32).to_le_bytes());
            self.run.bytes.extend_from_slice(&self.latest);
        }
        self.block
    }
}

impl PieceSink for RunWriter<'_> {
    fn attributes(&mut self, block: &[u8]) {
        self.latest.clear();
        self.latest.extend_from_slice(block);
        self.block = u32::MAX;
    }

    fn piece(&mut self, key: PieceKey, body: &[u8]) {
        let added = body.len() + self.latest.len() + 4 + size_of::<Row>();
        if self.run.size() as usize + added > self.store.run_bytes {
            if let Err(error) = self.store.keep(&mut self.run) {
                self.failed.get_or_insert(error);
            }
            self.block = u32::MAX;
        }
        let block = self.block();
        let start = self.run.bytes.len() as u32;
        self.run.bytes.extend_from_slice(body);
        self.run.rows.push(Row { key, block, body: start, body_len: body.len() as u32 });
    }
}

/// All runs of a job, sorted.
#[derive(Debug)]
pub(crate) struct Runs {
    memory: Vec<MemoryRun>,
    files: Vec<FileRun>,
    folder: PathBuf,
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

    /// Calls `visit` with key, block and body of all rows from slot `from` to before slot `to`, in order.
    pub(crate) fn merge(&self, from: u64, to: Option<u64>, visit: Visit<'_>) -> Result<(), Error> {
        let mut cursors: Vec<Cursor<'_>> = Vec::with_capacity(self.memory.len() + self.files.len());
        for run in &self.memory {
            let row = run.rows.partition_point(|row| row.key.slot < from);
            cursors.push(Cursor::Memory { run, row });
        }
        for run in &self.files {
            cursors.push(Cursor::File(FileCursor::new(run, from).map_err(|source| self.read_error(source))?));
        }
        let is_within = |key: &PieceKey| to.is_none_or(|to| key.slot < to);
        let mut heap: BinaryHeap<std::cmp::Reverse<(PieceKey, usize)>> = cursors
            .iter()
            .enumerate()
            .filter_map(|(nth, cursor)| {
                cursor.key().filter(is_within).map(|key| std::cmp::Reverse((key, nth)))
            })
            .collect();
        while let Some(mut top) = heap.peek_mut() {
            let std::cmp::Reverse((key, nth)) = *top;
            let cursor = &mut cursors[nth];
            let (block, body) = cursor.row();
            visit(key, block, body);
            cursor.advance().map_err(|source| self.read_error(source))?;
            match cursor.key().filter(is_within) {
                Some(next) => *top = std::cmp::Reverse((next, nth)),
                None => {
                    std::collections::binary_heap::PeekMut::pop(top);
                }
            }
        }
        Ok(())
    }

    fn read_error(&self, source: std::io::Error) -> Error {
        Error::Spill { attempt: "reading", folder: self.folder.clone(), bytes: 0, source }
    }

    /// Returns the size of all rows in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.memory.iter().map(MemoryRun::size).sum::<u64>()
            + self.files.iter().map(|run| run.len).sum::<u64>()
    }
}

/// Gets key, block and body of a row.
pub(crate) type Visit<'v> = &'v mut dyn FnMut(PieceKey, &[u8], &[u8]);

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

    fn advance(&mut self) -> std::io::Result<()> {
        match self {
            Self::Memory { row, .. } => *row += 1,
            Self::File(cursor) => cursor.advance()?,
        }
        Ok(())
    }
}

/// A place in a file, with the bytes around it.
struct FileCursor<'r> {
    run: &'r FileRun,
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
    fn new(run: &'r FileRun, from: u64) -> std::io::Result<Self> {
        let after = run.index.partition_point(|(key, _)| key.slot < from);
        let offset = after.checked_sub(1).map_or(0, |entry| run.index[entry].1);
        let mut cursor =
            Self { run, buffer: Vec::new(), offset, start: 0, key: None, block_len: 0, body_len: 0 };
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

    fn advance(&mut self) -> std::io::Result<()> {
        self.start += HEAD_BYTES + self.block_len + self.body_len;
        self.open()
    }

    /// Reads the head of the row at `start` and sees to it that the whole row is in the buffer.
    fn open(&mut self) -> std::io::Result<()> {
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
    fn require(&mut self, len: usize) -> std::io::Result<()> {
        if self.buffer.len() - self.start >= len {
            return Ok(());
        }
        self.buffer.drain(..self.start);
        self.offset += self.start as u64;
        self.start = 0;
        let have = self.buffer.len();
        let rest = self.run.len - self.offset - have as u64;
        let wanted = (len - have).max(READ_BYTES).min(rest as usize);
        self.buffer.resize(have + wanted, 0);
        self.run.file.read_exact_at(&mut self.buffer[have..], self.offset + have as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pushes rows in a scattered order and reads them back over several cuts.
    fn check(memory_bytes_max: u64, run_bytes: usize) {
        let store = RunStore::new(memory_bytes_max, run_bytes, std::env::temp_dir());
        let mut writer = RunWriter::new(&store);
        for n in 0..5000_u64 {
            let slot = (n * 7919) % 5000 * 256;
            writer.attributes(format!("block {slot}").as_bytes());
            writer.piece(PieceKey { slot, place: n }, &slot.to_le_bytes());
        }
        writer.finish().unwrap();
        let is_spilled = store.spilled_bytes() > 0;
        assert_eq!(is_spilled, memory_bytes_max == 0);
        let runs = store.into_runs();
        let mut cuts = runs.cuts(10_000);
        assert!(run_bytes > 100_000 || !cuts.is_empty());
        cuts.insert(0, 0);
        let mut slots = Vec::new();
        for (nth, from) in cuts.iter().enumerate() {
            runs.merge(*from, cuts.get(nth + 1).copied(), &mut |key, block, body| {
                assert_eq!(block, format!("block {}", key.slot).as_bytes());
                assert_eq!(body, key.slot.to_le_bytes());
                slots.push(key.slot);
            })
            .unwrap();
        }
        assert_eq!(slots, (0..5000).map(|n| n * 256).collect::<Vec<_>>());
    }

    #[test]
    fn rows_come_back_sorted_from_memory() {
        check(u64::MAX, 10_000);
        check(u64::MAX, 1 << 20);
    }

    #[test]
    fn rows_come_back_sorted_from_files() {
        check(0, 10_000);
        check(0, 1 << 20);
    }
}
