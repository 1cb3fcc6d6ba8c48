//! Sorted runs that do not fit the memory, in temporary files, and few of them.
//!
//! In:     sorted rows of one worker, run after run.
//! Out:    sorted runs in files that have no name, so that the system removes them with the process,
//!         however that ends.
//! Keeps:  every row.
//!
//! Each level has a file, and its runs stand in it one behind the other. As soon as a level has
//! [`Fan::runs`] runs, they are merged into one run of the next level and the file is emptied. So the
//! number of runs grows with the logarithm of the data, and every row is written at most once a level.
//! Rows are written as `row` says, and start afresh every [`INDEX_STEP_BYTES`]; where their blocks stand, see
//! `blocks`, stays the same on all levels.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zellige_tile::piece::PieceKey;

use crate::Error;
use crate::merge::Runs;
use crate::progress::Counters;
use crate::row::{Head, HeadCoder};

/// Bytes of a file between two entries of the index of a run.
pub(crate) const INDEX_STEP_BYTES: u64 = 16 << 10;
/// Bytes that are written at once.
const WRITE_BYTES: usize = 256 << 10;

/// How many runs are merged at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fan {
    /// Runs of a level and worker that become one.
    pub(crate) runs: usize,
    /// Bytes that one merge may take: half of them for its windows into all runs, half for pages of blocks.
    pub(crate) window_bytes: usize,
}

impl Fan {
    /// Returns the fan of `threads` workers that fill runs of `run_bytes`: no merge takes more memory
    /// than a run, neither that of one worker nor the last one, over the runs of all workers.
    pub(crate) fn new(run_bytes: usize, threads: usize) -> Self {
        Self { runs: (run_bytes / (16 << 10) / threads).clamp(8, 4096), window_bytes: run_bytes }
    }
}

/// A sorted run in a temporary file.
#[derive(Debug)]
pub(crate) struct FileRun {
    pub(crate) file: Arc<File>,
    /// Where the run starts in the file.
    pub(crate) start: u64,
    pub(crate) len: u64,
    /// Slots and where their rows start, one every [`INDEX_STEP_BYTES`].
    pub(crate) index: Vec<(u64, u64)>,
    /// The slot of the last row.
    last_slot: u64,
}

impl FileRun {
    /// Whether rows may lie from slot `from` to before slot `to`.
    pub(crate) fn has_rows(&self, from: u64, to: Option<u64>) -> bool {
        let starts_before = self.index.first().is_some_and(|(slot, _)| to.is_none_or(|to| *slot < to));
        starts_before && from <= self.last_slot
    }
}

/// The temporary files of one worker.
#[derive(Debug)]
pub(crate) struct Spill<'s> {
    folder: &'s Path,
    fan: Fan,
    counters: &'s Counters,
    levels: Vec<Level>,
}

/// A temporary file and its runs.
#[derive(Debug)]
struct Level {
    file: Arc<File>,
    len: u64,
    runs: Vec<FileRun>,
}

impl<'s> Spill<'s> {
    /// Returns a spill that has made no file yet.
    pub(crate) fn new(folder: &'s Path, fan: Fan, counters: &'s Counters) -> Self {
        Self { folder, fan, counters, levels: Vec::new() }
    }

    /// Writes the rows that `give` gives in order as a run, and merges runs where there are many.
    ///
    /// Returns the bytes of the run.
    pub(crate) fn keep(&mut self, give: Give<'_>) -> Result<u64, Error> {
        let len = self.append(0, give)?;
        let mut level = 0;
        while self.levels[level].runs.len() >= self.fan.runs {
            self.condense(level)?;
            level += 1;
        }
        Ok(len)
    }

    /// Returns the bytes of memory that the indexes of all runs take.
    pub(crate) fn index_bytes(&self) -> u64 {
        let runs = self.levels.iter().flat_map(|level| &level.runs);
        runs.map(|run| size_of_val(&run.index[..]) as u64).sum()
    }

    /// Returns all runs.
    pub(crate) fn into_runs(self) -> impl Iterator<Item = FileRun> {
        self.levels.into_iter().flat_map(|level| level.runs)
    }

    /// Merges all runs of a level into one of the next.
    fn condense(&mut self, level: usize) -> Result<(), Error> {
        let files = std::mem::take(&mut self.levels[level].runs);
        let folder = PathBuf::from(self.folder);
        let window_bytes = self.fan.window_bytes;
        let runs = Runs { memory: Vec::new(), files, folder, blocks_bytes: 0, window_bytes };
        let (counters, level_bytes) = (self.counters, self.levels[level].len);
        counters.add_temp(level_bytes);
        self.append(level + 1, &mut |out| {
            runs.merge(0, None, &mut |key, block, body| {
                if counters.is_cancelled() {
                    return Err(Error::Cancelled);
                }
                out.push(key, block.in_file().expect("a row of a file has its block in one"), body)
            })
        })?;
        let Level { file, len, .. } = &mut self.levels[level];
        file.set_len(0).map_err(failed("emptying", self.folder, *len))?;
        *len = 0;
        counters.take_temp(level_bytes);
        Ok(())
    }

    /// Writes a run behind the others of a level and returns its bytes.
    fn append(&mut self, level: usize, give: Give<'_>) -> Result<u64, Error> {
        if level == self.levels.len() {
            let file = tempfile::tempfile_in(self.folder).map_err(failed("creating", self.folder, 0))?;
            self.levels.push(Level { file: Arc::new(file), len: 0, runs: Vec::new() });
        }
        let Level { file, len: start, runs } = &mut self.levels[level];
        let mut target = &**file;
        std::io::Seek::seek(&mut target, std::io::SeekFrom::Start(*start)).map_err(failed(
            "writing",
            self.folder,
            *start,
        ))?;
        let mut out = RowWriter {
            out: BufWriter::with_capacity(WRITE_BYTES, target),
            folder: self.folder,
            start: *start,
            len: 0,
            index: Vec::new(),
            coder: HeadCoder::default(),
            head: Vec::new(),
        };
        give(&mut out)?;
        out.out.flush().map_err(failed("writing", self.folder, *start + out.len))?;
        let RowWriter { len, mut index, coder, .. } = out;
        index.shrink_to_fit();
        runs.push(FileRun { file: Arc::clone(file), start: *start, len, index, last_slot: coder.slot() });
        *start += len;
        Ok(len)
    }
}

/// Gives the rows of a run in order.
pub(crate) type Give<'g> = &'g mut dyn FnMut(&mut RowWriter<'_>) -> Result<(), Error>;

/// Takes the rows of one run.
#[derive(Debug)]
pub(crate) struct RowWriter<'w> {
    out: BufWriter<&'w File>,
    folder: &'w Path,
    /// Where the run starts in the file.
    start: u64,
    len: u64,
    index: Vec<(u64, u64)>,
    coder: HeadCoder,
    head: Vec<u8>,
}

impl RowWriter<'_> {
    /// Writes a row with the place of its block; its key is not below any before it.
    pub(crate) fn push(&mut self, key: PieceKey, block: u64, body: &[u8]) -> Result<(), Error> {
        if self.index.last().is_none_or(|(_, start)| self.len - start >= INDEX_STEP_BYTES) {
            self.index.push((key.slot, self.len));
            self.coder = HeadCoder::default();
        }
        self.head.clear();
        self.coder.push(Head { key, block, body_len: body.len() }, &mut self.head);
        for part in [&self.head, body] {
            self.out.write_all(part).map_err(failed("writing", self.folder, self.start + self.len))?;
        }
        self.len += (self.head.len() + body.len()) as u64;
        Ok(())
    }
}

/// Returns the error of a temporary file that has `bytes` bytes.
fn failed(attempt: &'static str, folder: &Path, bytes: u64) -> impl FnOnce(std::io::Error) -> Error {
    move |source| Error::Spill { attempt, folder: folder.into(), bytes, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the bytes of a run of ten rows: the first with its own numbers, the others with what tells them from it.
    fn run_bytes(run: u64, n_runs: u64) -> u64 {
        let bytes = |number: u64| u64::from(number.max(1).ilog2() / 7 + 1);
        let first = bytes(run) + bytes(2 * run) + bytes(2 * (run + 5)) + 1 + 8;
        first + 9 * (bytes(n_runs) + 1 + bytes(2 * n_runs) + 1 + 8)
    }

    /// Spills `n_runs` runs of ten rows, eight at a time becoming one, and reads all rows back.
    fn check(n_runs: u64, expected_runs: usize) {
        let (folder, counters) = (std::env::temp_dir(), Counters::default());
        let fan = Fan { runs: 8, window_bytes: 1 << 10 };
        let mut spill = Spill::new(&folder, fan, &counters);
        for run in 0..n_runs {
            let give: Give<'_> = &mut |out| {
                (0..10).try_for_each(|nth| {
                    let slot = nth * n_runs + run;
                    out.push(PieceKey { slot, place: run }, slot + 5, &slot.to_le_bytes())
                })
            };
            assert_eq!(spill.keep(give).unwrap(), run_bytes(run, n_runs));
        }
        assert!(spill.levels.iter().all(|level| level.file.metadata().unwrap().len() == level.len));
        let files: Vec<FileRun> = spill.into_runs().collect();
        assert_eq!(files.len(), expected_runs);
        let runs = Runs {
            memory: Vec::new(),
            files,
            folder: folder.clone(),
            blocks_bytes: 0,
            window_bytes: 1 << 10,
        };
        let mut slots = 0..10 * n_runs;
        runs.merge(0, None, &mut |key, block, body| {
            assert_eq!(Some(key.slot), slots.next());
            assert_eq!((key.place, block.in_file()), (key.slot % n_runs, Some(key.slot + 5)));
            assert_eq!(body, key.slot.to_le_bytes());
            Ok(())
        })
        .unwrap();
        assert_eq!(slots.next(), None);
    }

    #[test]
    fn runs_of_a_level_become_one_of_the_next() {
        check(7, 7);
        check(8, 1);
        check(9, 2);
        check(8 * 8 * 3 + 8 * 2 + 5, 3 + 2 + 5);
    }

    #[test]
    fn merging_stops_when_the_job_is_cancelled() {
        let (folder, counters) = (std::env::temp_dir(), Counters::default());
        let mut spill = Spill::new(&folder, Fan { runs: 2, window_bytes: 1 << 10 }, &counters);
        let give: Give<'_> = &mut |out| out.push(PieceKey { slot: 1, place: 1 }, 0, b"");
        spill.keep(give).unwrap();
        counters.cancel();
        assert!(matches!(spill.keep(give), Err(Error::Cancelled)));
    }
}
