//! Pieces in, pieces sorted by key out, in bounded memory.
//!
//! In:     pieces from many workers, each filling a run of its own.
//! Out:    sorted runs, which `merge` reads as one stream.
//! Keeps:  every piece. Keys of pieces differ; ids of several layers may share one, in any order.
//!
//! A full run is sorted and settles in memory while the budget allows it; otherwise `spill` has its rows, and `blocks`
//! their attributes. A block of attributes stands once a run, in memory and in a file. When all is done and more is in
//! files than in memory, runs in memory follow.
//!
//! A run that settles is copied in the order in which the merge asks for it: bodies as their rows are sorted, blocks as
//! the last zoom has them, see `blocks`. So all of it is read from front to back, or nearly so, once a zoom, and the
//! cache has it. Runs in memory are small enough for the cache to have them while they are copied.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use zellige_tile::piece::PieceKey;

use crate::Error;
use crate::blocks::{BlockFile, Layout};
use crate::hand_back::hand_back;
use crate::merge::Runs;
use crate::progress::Counters;
use crate::spill::{Fan, FileRun, Spill};

/// Bytes of a run as long as there is memory for it.
const MEMORY_RUN_BYTES: usize = 16 << 20;
/// So many rows of a run are asked for together, before the first of them is read.
const TOUCHED_ROWS: usize = 16;
/// So many bytes of memory come at a time.
const LINE_BYTES: u32 = 64;
/// So many bytes of a block are asked for; longer ones are read in order, and memory sees that coming.
const TOUCHED_BYTES: u32 = 3 * LINE_BYTES;

/// What stands in front of a block in memory: its length, u32.
const BLOCK_HEAD_BYTES: usize = 4;
/// What a block takes beside its own bytes.
const BLOCK_BYTES_BESIDE: usize = BLOCK_HEAD_BYTES + size_of::<u32>();

/// One piece of a run in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) key: PieceKey,
    /// The number of the block in the run.
    block: u32,
    body: u32,
    body_len: u32,
}

/// Rows and the bytes they point to.
#[derive(Debug, Default)]
pub(crate) struct MemoryRun {
    pub(crate) rows: Vec<Row>,
    /// Where the head of each block starts.
    blocks: Vec<u32>,
    bytes: Vec<u8>,
}

impl Drop for MemoryRun {
    fn drop(&mut self) {
        hand_back(&mut self.rows);
        hand_back(&mut self.blocks);
        hand_back(&mut self.bytes);
    }
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
        self.blocks.shrink_to_fit();
        self.rows.shrink_to_fit();
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.blocks.clear();
        self.rows.clear();
    }

    pub(crate) const fn size(&self) -> u64 {
        (self.bytes.len() + self.blocks.len() * size_of::<u32>() + self.rows.len() * size_of::<Row>()) as u64
    }

    /// Adds a block and returns its number.
    fn push_block(&mut self, block: &[u8]) -> u32 {
        self.blocks.push(self.bytes.len() as u32);
        self.bytes.extend_from_slice(&(block.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(block);
        self.blocks.len() as u32 - 1
    }

    fn push_row(&mut self, key: PieceKey, block: u32, body: &[u8]) {
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(body);
        self.rows.push(Row { key, block, body: start, body_len: body.len() as u32 });
    }

    /// Returns a copy of the sorted run whose bytes stand in the order in which they are asked for.
    fn settled(&self) -> Self {
        let mut settled = Self {
            rows: Vec::with_capacity(self.rows.len()),
            blocks: Vec::with_capacity(self.blocks.len()),
            bytes: Vec::with_capacity(self.bytes.len()),
        };
        let (mut order, mut numbers) = (self.block_order(), vec![0; self.blocks.len()]);
        for number in &order {
            numbers[*number as usize] = settled.push_block(self.numbered(*number));
        }
        hand_back(&mut order);
        for (nth, row) in self.rows.iter().enumerate() {
            self.touch_bodies(nth);
            settled.push_row(row.key, numbers[row.block as usize], self.body(row));
        }
        hand_back(&mut numbers);
        settled
    }

    /// Brings the blocks of the rows from `row` on into the cache, at the first row of each group.
    ///
    /// Memory that is asked for many bytes at once has all of them about as fast as one.
    pub(crate) fn touch_blocks(&self, row: usize) {
        self.touch(row, |row| {
            let start = self.blocks.get(row.block as usize).copied().unwrap_or_default();
            (start..start + TOUCHED_BYTES).step_by(LINE_BYTES as usize)
        });
    }

    /// Brings the bodies of the rows from `row` on into the cache, at the first row of each group.
    fn touch_bodies(&self, row: usize) {
        self.touch(row, |row| Some(row.body));
    }

    /// Reads the bytes that each row of a group names.
    fn touch<I: IntoIterator<Item = u32>>(&self, row: usize, places: impl Fn(&Row) -> I) {
        if row.is_multiple_of(TOUCHED_ROWS) {
            let group = self.rows.get(row..).unwrap_or_default().iter().take(TOUCHED_ROWS);
            let byte = |at: u32| self.bytes.get(at as usize).copied().unwrap_or_default();
            let touched = group.flat_map(places).fold(0, |sum, at| sum ^ byte(at));
            std::hint::black_box(touched);
        }
    }

    pub(crate) fn block(&self, row: &Row) -> &[u8] {
        self.numbered(row.block)
    }

    fn numbered(&self, number: u32) -> &[u8] {
        let start = self.blocks[number as usize] as usize;
        let (head, rest) = self.bytes[start..].split_at(BLOCK_HEAD_BYTES);
        &rest[..u32::from_le_bytes(head.try_into().expect("four bytes were split off")) as usize]
    }

    /// Returns the numbers of all blocks in the order in which they are asked for.
    ///
    /// Rows are sorted. Their last zoom comes last and has nearly all blocks, so they stand in its order, see `blocks`.
    fn block_order(&self) -> Vec<u32> {
        let mut is_placed = vec![false; self.blocks.len()];
        let mut order = Vec::with_capacity(self.blocks.len());
        for row in self.rows.iter().rev() {
            if !std::mem::replace(&mut is_placed[row.block as usize], true) {
                order.push(row.block);
            }
        }
        order.reverse();
        order
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
    /// Whether runs had to make room; then no more of them stay in memory.
    is_full: AtomicBool,
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
            is_full: AtomicBool::new(false),
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

    /// Takes a part of the memory for something that has to be there; runs [make room](RunWriter::make_room) for it.
    pub(crate) fn reserve(&self, bytes: u64) {
        self.memory_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Gives a part of the memory back.
    pub(crate) fn release(&self, bytes: u64) {
        self.memory_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Returns the bytes of a run that is filled: the more runs in files have, the fewer there are.
    fn run_bytes(&self) -> usize {
        let has_memory = self.memory_bytes.load(Ordering::Relaxed) < self.memory_bytes_max;
        if has_memory { self.run_bytes.min(MEMORY_RUN_BYTES) } else { self.run_bytes }
    }

    /// Sorts `run` and keeps it; it comes back empty. Beyond the budget it goes to `spill`.
    fn keep(&self, run: &mut MemoryRun, spill: &mut Spill<'_>) -> Result<(), Error> {
        if run.rows.is_empty() {
            return Ok(());
        }
        run.rows.sort_unstable_by_key(|row| row.key.rank());
        if !self.is_full.load(Ordering::Relaxed) && self.try_reserve(run.size()) {
            let full = if run.size() <= self.run_bytes as u64 {
                run.settled()
            } else {
                // A giant row: nothing is out of order, and twice its bytes would be too many.
                let mut full = std::mem::take(run);
                full.shrink();
                full
            };
            self.memory_runs.lock().unwrap_or_else(PoisonError::into_inner).push(full);
        } else {
            self.write(run, spill)?;
        }
        if run.size() <= self.run_bytes as u64 {
            run.clear();
        } else {
            *run = MemoryRun::default();
        }
        Ok(())
    }

    /// Returns a run in memory that is to follow those in files, once more is there: the tiles that are made of all of
    /// them need the memory more.
    fn next_to_follow(&self) -> Option<MemoryRun> {
        self.take_run(|bytes| bytes <= self.spilled_bytes())
    }

    /// Returns a run in memory that has to make room for what was [reserved](Self::reserve) since.
    fn next_to_make_room(&self) -> Option<MemoryRun> {
        let run = self.take_run(|_| self.memory_bytes.load(Ordering::Relaxed) > self.memory_bytes_max)?;
        self.is_full.store(true, Ordering::Relaxed);
        Some(run)
    }

    /// Returns a run in memory, if it is due with so many bytes in all of them.
    fn take_run(&self, is_due: impl FnOnce(u64) -> bool) -> Option<MemoryRun> {
        let mut runs = self.memory_runs.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = runs.iter().map(MemoryRun::size).sum();
        let run = runs.pop_if(|_| is_due(bytes))?;
        self.release(run.size());
        Some(run)
    }

    /// Writes a sorted run to files.
    fn write(&self, run: &MemoryRun, spill: &mut Spill<'_>) -> Result<(), Error> {
        let expected = run.size();
        self.counters.add_temp(expected);
        let (mut layout, mut places) = (Layout::default(), vec![0; run.blocks.len()]);
        let mut order = run.block_order();
        for number in &order {
            places[*number as usize] = layout.place(run.numbered(*number).len());
        }
        let blocks = order.iter().map(|number| (places[*number as usize], run.numbered(*number)));
        let base = self.blocks.write(&layout, blocks)?;
        hand_back(&mut order);
        let index_bytes = spill.index_bytes();
        let rows_bytes = spill.keep(&mut |out| {
            run.rows.iter().enumerate().try_for_each(|(nth, row)| {
                run.touch_bodies(nth);
                out.push(row.key, base + places[row.block as usize] as u64, run.body(row))
            })
        })?;
        hand_back(&mut places);
        // Merged runs have one index together.
        self.reserve(spill.index_bytes());
        self.release(index_bytes);
        let blocks_bytes = run.rows.iter().map(|row| run.block(row).len() as u64).sum();
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

    /// Writes runs to files while more memory is taken than there is.
    pub(crate) fn make_room(&mut self) -> Result<(), Error> {
        while let Some(run) = self.store.next_to_make_room() {
            self.store.write(&run, &mut self.spill)?;
        }
        Ok(())
    }

    /// Hands in the last run.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        self.check()?;
        self.store.keep(&mut self.run, &mut self.spill)?;
        drop(std::mem::take(&mut self.run));
        while let Some(run) = self.store.next_to_follow() {
            self.store.write(&run, &mut self.spill)?;
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
        let added = body.len() + self.latest.len() + BLOCK_BYTES_BESIDE + size_of::<Row>();
        if self.run.size() as usize + added > self.store.run_bytes() {
            let kept = self.store.keep(&mut self.run, &mut self.spill);
            if let Err(error) = kept.and_then(|()| self.make_room()) {
                self.failed.get_or_insert(error);
            }
            self.block = u32::MAX;
        }
        self.run.reserve(added, self.store.run_bytes);
        if self.block == u32::MAX {
            self.block = self.run.push_block(&self.latest);
        }
        self.run.push_row(key, self.block, body);
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

    /// Pushes so many rows, 204 a run, into a store with so much memory; returns how many runs are in memory and
    /// whether any are in files, once something else took `reserved` of it, and at the end.
    fn check_room(n_rows: u64, memory_bytes_max: u64, reserved: u64, expected: [(usize, bool); 2]) {
        let (fan, counters) = (Fan::new(10_000, 1), Counters::default());
        let store = RunStore::new(memory_bytes_max, 10_000, fan, std::env::temp_dir(), &counters);
        let mut writer = RunWriter::new(&store);
        for n in 0..n_rows {
            writer.attributes(b"block");
            writer.push(PieceKey { slot: n, place: n }, b"body");
        }
        store.reserve(reserved);
        writer.make_room().unwrap();
        let now = || (store.memory_runs.lock().unwrap().len(), store.spilled_bytes() > 0);
        let after_reserving = now();
        writer.finish().unwrap();
        assert_eq!([after_reserving, now()], expected);
    }

    #[test]
    fn runs_make_room_for_what_has_to_be_in_memory() {
        check_room(450, 1 << 20, 1000, [(2, false), (3, false)]);
        check_room(450, 1 << 20, 1 << 20, [(0, true), (0, true)]);
        check_room(450, 20_000, 8000, [(1, true), (0, true)]);
    }

    #[test]
    fn runs_in_memory_follow_when_more_is_in_files() {
        check_room(300, 10_500, 0, [(1, false), (1, true)]);
        check_room(900, 10_500, 0, [(1, true), (0, true)]);
    }
}
