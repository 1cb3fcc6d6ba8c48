//! Pieces in, pieces sorted by key out, in bounded memory.
//!
//! In:     pieces from many workers, each filling a run of its own.
//! Out:    sorted runs, which `merge` reads as one stream.
//! Keeps:  every piece; the keys of pieces differ.
//!
//! A full run is sorted and stays in memory while the budget allows it; otherwise it is written to the
//! unnamed temporary file of its worker, which the system removes with the process, however that ends. A block of
//! attributes stands once a run in memory, and beside each piece in a file:
//!
//! ```text
//! slot u64 | place u64 | block length u32 | body length u32 | block | body      (little endian)
//! ```

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use zellige_tile::piece::PieceKey;

use crate::Error;
use crate::merge::Runs;

/// Bytes of a file between two entries of its index.
pub(crate) const INDEX_STEP_BYTES: u64 = 256 << 10;
/// Bytes in front of block and body in a file.
pub(crate) const HEAD_BYTES: usize = 24;

/// One piece of a run in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) key: PieceKey,
    /// Where the block starts, behind its length as u32.
    block: u32,
    body: u32,
    body_len: u32,
}

/// Rows and the bytes they point to.
#[derive(Debug, Default)]
pub(crate) struct MemoryRun {
    pub(crate) rows: Vec<Row>,
    bytes: Vec<u8>,
}

impl MemoryRun {
    pub(crate) const fn size(&self) -> u64 {
        (self.bytes.len() + self.rows.len() * size_of::<Row>()) as u64
    }

    pub(crate) fn block(&self, row: &Row) -> &[u8] {
        let start = row.block as usize;
        let len = u32::from_le_bytes(self.bytes[start..start + 4].try_into().expect("four bytes"));
        &self.bytes[start + 4..start + 4 + len as usize]
    }

    pub(crate) fn body(&self, row: &Row) -> &[u8] {
        &self.bytes[row.body as usize..(row.body + row.body_len) as usize]
    }
}

/// Rows in a temporary file.
#[derive(Debug)]
pub(crate) struct FileRun {
    pub(crate) file: Arc<File>,
    /// Where the run starts in the file.
    pub(crate) start: u64,
    pub(crate) len: u64,
    /// Keys and where their rows start, one every [`INDEX_STEP_BYTES`].
    pub(crate) index: Vec<(PieceKey, u64)>,
    /// The slot of the last row.
    last_slot: u64,
}

impl FileRun {
    /// Whether rows may lie from slot `from` to before slot `to`.
    pub(crate) fn has_rows(&self, from: u64, to: Option<u64>) -> bool {
        let starts_before = self.index.first().is_some_and(|(key, _)| to.is_none_or(|to| key.slot < to));
        starts_before && from <= self.last_slot
    }
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

    /// Sorts `run` and keeps it; it comes back empty. Beyond the budget it goes behind the others in `spill`.
    fn keep(&self, run: &mut MemoryRun, spill: &mut Spill) -> Result<(), Error> {
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
        let file_run = self.spill(run, spill)?;
        self.spilled_bytes.fetch_add(file_run.len, Ordering::Relaxed);
        self.file_runs.lock().unwrap_or_else(PoisonError::into_inner).push(file_run);
        run.rows.clear();
        run.bytes.clear();
        Ok(())
    }

    fn spill(&self, run: &MemoryRun, spill: &mut Spill) -> Result<FileRun, Error> {
        let mut len = 0_u64;
        let failed =
            |attempt, bytes, source| Error::Spill { attempt, folder: self.folder.clone(), bytes, source };
        if spill.file.is_none() {
            let new = tempfile::tempfile_in(&self.folder).map_err(|source| failed("creating", 0, source))?;
            spill.file = Some(Arc::new(new));
        }
        let file = Arc::clone(spill.file.as_ref().expect("the file was made just now"));
        let start = spill.len;
        let mut writer = BufWriter::with_capacity(1 << 20, &*file);
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
                writer.write_all(part).map_err(|source| failed("writing", start + len, source))?;
            }
            len += (HEAD_BYTES + block.len() + body.len()) as u64;
        }
        writer.flush().map_err(|source| failed("writing", start + len, source))?;
        drop(writer);
        let last_slot = run.rows.last().map_or(0, |row| row.key.slot);
        spill.len += len;
        Ok(FileRun { file, start, len, index, last_slot })
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

/// The temporary file of one worker; its runs stand in it one behind the other.
#[derive(Debug, Default)]
struct Spill {
    file: Option<Arc<File>>,
    len: u64,
}

/// The run that one worker fills.
#[derive(Debug)]
pub(crate) struct RunWriter<'s> {
    store: &'s RunStore,
    run: MemoryRun,
    spill: Spill,
    block: u32,
    /// The latest block.
    latest: Vec<u8>,
    failed: Option<Error>,
}

impl<'s> RunWriter<'s> {
    pub(crate) fn new(store: &'s RunStore) -> Self {
        Self {
            store,
            run: MemoryRun::default(),
            spill: Spill::default(),
            block: u32::MAX,
            latest: Vec::new(),
            failed: None,
        }
    }

    /// Whether a run could not be kept.
    pub(crate) const fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// Returns the first error that keeping a run met; pieces after it are lost.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        self.failed.take().map_or(Ok(()), Err)
    }

    /// Hands in the last run.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        self.check()?;
        self.store.keep(&mut self.run, &mut self.spill)
    }

    /// Says which attributes the next pieces have.
    pub(crate) fn attributes(&mut self, block: &[u8]) {
        self.latest.clear();
        self.latest.extend_from_slice(block);
        self.block = u32::MAX;
    }

    /// Takes a piece with the latest attributes.
    pub(crate) fn push(&mut self, key: PieceKey, body: &[u8]) {
        if self.failed.is_some() {
            return;
        }
        let added = body.len() + self.latest.len() + 4 + size_of::<Row>();
        if self.run.size() as usize + added > self.store.run_bytes {
            if let Err(error) = self.store.keep(&mut self.run, &mut self.spill) {
                self.failed.get_or_insert(error);
            }
            self.block = u32::MAX;
        }
        let block = self.block();
        let start = self.run.bytes.len() as u32;
        self.run.bytes.extend_from_slice(body);
        self.run.rows.push(Row { key, block, body: start, body_len: body.len() as u32 });
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
            writer.push(PieceKey { slot, place: n }, &slot.to_le_bytes());
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
