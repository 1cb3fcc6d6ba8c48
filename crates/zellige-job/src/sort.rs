//! Pieces in, pieces sorted by key out, in bounded memory.
//!
//! In:     pieces from many workers, each filling a run of its own.
//! Out:    sorted runs, which `merge` reads as one stream.
//! Keeps:  every piece. Keys of pieces differ; ids of several layers may share one, in any order.
//!
//! A full run is sorted and stays in memory while the budget allows it; otherwise `spill` has its rows, and `blocks`
//! their attributes. A block of attributes stands once a run, in memory and in a file. When all is done and more is in
//! files than in memory, runs in memory follow.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use zellige_tile::piece::PieceKey;

use crate::Error;
use crate::blocks::{BlockFile, Layout};
use crate::merge::Runs;
use crate::progress::Counters;
use crate::spill::{Fan, FileRun, Spill};

/// So many rows of a run are asked for together, before the first of them is read.
const TOUCHED_ROWS: usize = 16;

/// What stands in front of a block in memory: its length, and its place among the blocks of the run in a file, each as
/// u32.
const BLOCK_HEAD_BYTES: usize = 8;
/// The place of a block that has none yet.
const UNPLACED: u32 = u32::MAX;

/// One piece of a run in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) key: PieceKey,
    /// Where the head of the block starts.
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
    /// Makes room for `added` bytes and a row, and at first for a whole run of `run_bytes`: what is not used of it is
    /// never touched, and growing would now and then take twice what is used.
    fn reserve(&mut self, added: usize, run_bytes: usize) {
        if self.rows.capacity() == 0 {
            self.bytes.reserve_exact(run_bytes);
            self.rows.reserve_exact(run_bytes / size_of::<Row>());
        }
        if self.bytes.capacity() - self.bytes.len() < added {
            self.bytes.reserve_exact(added);
        }
    }

    /// Gives back what is not used.
    fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.rows.shrink_to_fit();
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
        self.block_at(row.block)
    }

    fn block_at(&self, start: u32) -> &[u8] {
        let block = start as usize + BLOCK_HEAD_BYTES;
        &self.bytes[block..block + self.number(start) as usize]
    }

    /// Returns the place of a block among those of the run in a file.
    fn place(&self, start: u32) -> u32 {
        self.number(start + 4)
    }

    fn number(&self, start: u32) -> u32 {
        let number = &self.bytes[start as usize..start as usize + 4];
        u32::from_le_bytes(number.try_into().expect("four bytes"))
    }

    fn set_place(&mut self, start: u32, place: u32) {
        self.bytes[start as usize + 4..start as usize + 8].copy_from_slice(&place.to_le_bytes());
    }

    /// Gives each block its place in a file; returns where they start in memory, in that order.
    ///
    /// Rows are sorted. Their last zoom comes last and has nearly all blocks, so they stand in its order, see `blocks`.
    fn lay_out(&mut self) -> (Layout, Vec<u32>) {
        let mut starts = Vec::new();
        for nth in (0..self.rows.len()).rev() {
            let start = self.rows[nth].block;
            if self.place(start) == UNPLACED {
                self.set_place(start, 0);
                starts.push(start);
            }
        }
        starts.reverse();
        let mut layout = Layout::default();
        for start in &starts {
            let place = layout.place(self.number(*start) as usize);
            self.set_place(*start, place as u32);
        }
        (layout, starts)
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
    blocks: BlockFile,
    counters: &'c Counters,
    memory_bytes: AtomicU64,
    spilled_bytes: AtomicU64,
    /// Bytes of the blocks of rows in files, each as often as a row has it.
    blocks_bytes: AtomicU64,
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
            blocks: BlockFile::new(folder.clone()),
            folder,
            counters,
            memory_bytes: AtomicU64::new(0),
            spilled_bytes: AtomicU64::new(0),
            blocks_bytes: AtomicU64::new(0),
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
            let mut full = std::mem::take(run);
            full.shrink();
            self.memory_runs.lock().unwrap_or_else(PoisonError::into_inner).push(full);
            return Ok(());
        }
        self.write(run, spill)?;
        run.rows.clear();
        run.bytes.clear();
        Ok(())
    }

    /// Returns a run in memory that is to follow those in files: as soon as more is there, the index of what is made of
    /// all of them needs the memory more.
    fn next_to_follow(&self) -> Option<MemoryRun> {
        let mut runs = self.memory_runs.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: u64 = runs.iter().map(MemoryRun::size).sum();
        let run = runs.pop_if(|_| bytes <= self.spilled_bytes())?;
        self.release(run.size());
        Some(run)
    }

    /// Writes a sorted run to files.
    fn write(&self, run: &mut MemoryRun, spill: &mut Spill<'_>) -> Result<(), Error> {
        let expected = run.size();
        self.counters.add_temp(expected);
        let (layout, starts) = run.lay_out();
        let blocks = starts.iter().map(|start| (run.place(*start) as usize, run.block_at(*start)));
        let base = self.blocks.write(&layout, blocks)?;
        let rows_bytes = spill.keep(&mut |out| {
            run.rows.iter().enumerate().try_for_each(|(nth, row)| {
                run.touch(nth);
                out.push(row.key, base + u64::from(run.place(row.block)), run.body(row))
            })
        })?;
        let blocks_bytes = run.rows.iter().map(|row| u64::from(run.number(row.block))).sum();
        self.blocks_bytes.fetch_add(blocks_bytes, Ordering::Relaxed);
        let written = layout.len() as u64 + rows_bytes;
        self.counters.add_temp(written);
        self.counters.take_temp(expected);
        self.spilled_bytes.fetch_add(written, Ordering::Relaxed);
        Ok(())
    }

    /// Ends writing; all runs can be read now, and the blocks of those in files.
    pub(crate) fn into_runs(self) -> (Runs, BlockFile) {
        let runs = Runs {
            memory: self.memory_runs.into_inner().unwrap_or_else(PoisonError::into_inner),
            files: self.file_runs.into_inner().unwrap_or_else(PoisonError::into_inner),
            folder: self.folder,
            blocks_bytes: self.blocks_bytes.into_inner(),
            window_bytes: self.fan.window_bytes,
        };
        (runs, self.blocks)
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
        drop(std::mem::take(&mut self.run));
        while let Some(mut run) = self.store.next_to_follow() {
            self.store.write(&mut run, &mut self.spill)?;
        }
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
        let added = body.len() + self.latest.len() + BLOCK_HEAD_BYTES + size_of::<Row>();
        if self.run.size() as usize + added > self.store.run_bytes {
            if let Err(error) = self.store.keep(&mut self.run, &mut self.spill) {
                self.failed.get_or_insert(error);
            }
            self.block = u32::MAX;
        }
        self.run.reserve(added, self.store.run_bytes);
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
            self.run.bytes.extend_from_slice(&UNPLACED.to_le_bytes());
            self.run.bytes.extend_from_slice(&self.latest);
        }
        self.block
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::BlockCache;

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
        let (runs, blocks) = store.into_runs();
        let mut cache = BlockCache::new(&blocks, 1 << 14);
        let mut cuts = runs.cuts(10_000);
        assert!(run_bytes > 100_000 || !cuts.is_empty());
        cuts.insert(0, 0);
        let mut slots = Vec::new();
        for (nth, from) in cuts.iter().enumerate() {
            runs.merge(*from, cuts.get(nth + 1).copied(), &mut |key, block, body| {
                assert_eq!(cache.get(block).unwrap(), format!("block {}", key.slot).as_bytes());
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
