//! Pieces in, pieces sorted by key out, in bounded memory.
//!
//! In:     pieces from many workers, each filling a run of its own.
//! Out:    sorted runs, which `merge` reads as one stream.
//! Keeps:  every piece. Keys of pieces differ; ids of several layers may share one, in any order.
//!
//! A full run is sorted and stays in memory while the budget allows it; otherwise `spill` has it. A block
//! of attributes stands once a run in memory, and beside each piece in a file.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use zellige_tile::piece::PieceKey;

use crate::Error;
use crate::merge::Runs;
use crate::progress::Counters;
use crate::spill::{Fan, FileRun, Spill};

/// A run grows to its size in about so many steps.
const GROWTH_STEPS: usize = 16;

/// So many rows of a run are asked for together, before the first of them is read.
const TOUCHED_ROWS: usize = 16;

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
    /// Makes room for `added` bytes and a row, `step` bytes at a time: doubling would take twice what is used.
    fn reserve(&mut self, added: usize, step: usize) {
        if self.bytes.capacity() - self.bytes.len() < added {
            self.bytes.reserve_exact(added.max(step));
        }
        if self.rows.capacity() == self.rows.len() {
            self.rows.reserve_exact((step / size_of::<Row>()).max(1));
        }
    }

    pub(crate) const fn size(&self) -> u64 {
        (self.bytes.len() + self.rows.len() * size_of::<Row>()) as u64
    }

    /// Brings the bytes of the rows from `row` on into the cache, at the first row of each group.
    ///
    /// Rows are sorted and their bytes are not, so each row waits for memory twice. Memory that is asked for
    /// many bytes at once has all of them about as fast as one.
    pub(crate) fn touch(&self, row: usize) {
        if row.is_multiple_of(TOUCHED_ROWS) {
            let group = self.rows.get(row..).unwrap_or_default().iter().take(TOUCHED_ROWS);
            let byte = |at: u32| self.bytes.get(at as usize).copied().unwrap_or_default();
            let touched = group.fold(0, |sum, row| sum ^ byte(row.block) ^ byte(row.body));
            std::hint::black_box(touched);
        }
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

/// Where runs go; shared by all workers.
#[derive(Debug)]
pub(crate) struct RunStore<'c> {
    memory_bytes_max: u64,
    run_bytes: usize,
    fan: Fan,
    folder: PathBuf,
    counters: &'c Counters,
    memory_bytes: AtomicU64,
    spilled_bytes: AtomicU64,
    memory_runs: Mutex<Vec<MemoryRun>>,
    file_runs: Mutex<Vec<FileRun>>,
}

impl<'c> RunStore<'c> {
    /// Returns a store that keeps runs of `run_bytes` in memory up to `memory_bytes_max` in all, and
    /// the others in `folder`.
    pub(crate) fn new(
        memory_bytes_max: u64,
        run_bytes: usize,
        fan: Fan,
        folder: PathBuf,
        counters: &'c Counters,
    ) -> Self {
        Self {
            memory_bytes_max,
            run_bytes: run_bytes.min(1 << 30),
            fan,
            folder,
            counters,
            memory_bytes: AtomicU64::new(0),
            spilled_bytes: AtomicU64::new(0),
            memory_runs: Mutex::default(),
            file_runs: Mutex::default(),
        }
    }

    /// Returns the bytes that did not fit the memory and went to temporary files.
    pub(crate) fn spilled_bytes(&self) -> u64 {
        self.spilled_bytes.load(Ordering::Relaxed)
    }

    /// Returns what the job counts.
    pub(crate) const fn counters(&self) -> &Counters {
        self.counters
    }

    /// Takes a part of the memory for something else, if it is free; whoever has it gives it back.
    pub(crate) fn try_reserve(&self, bytes: u64) -> bool {
        let is_free = self.memory_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes <= self.memory_bytes_max;
        if !is_free {
            self.release(bytes);
        }
        is_free
    }

    /// Takes a part of the memory for something that has to be there.
    pub(crate) fn reserve(&self, bytes: u64) {
        self.memory_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Gives a part of the memory back.
    pub(crate) fn release(&self, bytes: u64) {
        self.memory_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Sorts `run` and keeps it; it comes back empty. Beyond the budget it goes to `spill`.
    fn keep(&self, run: &mut MemoryRun, spill: &mut Spill<'_>) -> Result<(), Error> {
        if run.rows.is_empty() {
            return Ok(());
        }
        run.rows.sort_unstable_by_key(|row| row.key.rank());
        if self.try_reserve(run.size()) {
            let full = std::mem::take(run);
            self.memory_runs.lock().unwrap_or_else(PoisonError::into_inner).push(full);
            return Ok(());
        }
        self.counters.add_temp(run.size());
        let spilled = spill.keep(&mut |out| {
            run.rows.iter().try_for_each(|row| out.push(row.key, run.block(row), run.body(row)))
        })?;
        self.spilled_bytes.fetch_add(spilled, Ordering::Relaxed);
        run.rows.clear();
        run.bytes.clear();
        Ok(())
    }

    /// Ends writing; all runs can be read now.
    pub(crate) fn into_runs(self) -> Runs {
        Runs {
            memory: self.memory_runs.into_inner().unwrap_or_else(PoisonError::into_inner),
            files: self.file_runs.into_inner().unwrap_or_else(PoisonError::into_inner),
            folder: self.folder,
            window_bytes: self.fan.window_bytes,
        }
    }
}

/// The run that one worker fills.
#[derive(Debug)]
pub(crate) struct RunWriter<'s> {
    store: &'s RunStore<'s>,
    run: MemoryRun,
    spill: Spill<'s>,
    block: u32,
    /// The latest block.
    latest: Vec<u8>,
    failed: Option<Error>,
}

impl<'s> RunWriter<'s> {
    pub(crate) fn new(store: &'s RunStore<'s>) -> Self {
        Self {
            store,
            run: MemoryRun::default(),
            spill: Spill::new(&store.folder, store.fan, store.counters),
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
        self.store.keep(&mut self.run, &mut self.spill)?;
        let mut file_runs = self.store.file_runs.lock().unwrap_or_else(PoisonError::into_inner);
        file_runs.extend(self.spill.into_runs());
        Ok(())
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
        self.run.reserve(added, self.store.run_bytes / GROWTH_STEPS);
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
        let (fan, counters) = (Fan::new(run_bytes, 1), Counters::default());
        let store = RunStore::new(memory_bytes_max, run_bytes, fan, std::env::temp_dir(), &counters);
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
                Ok(())
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
