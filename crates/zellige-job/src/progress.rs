//! What a job tells while it runs.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// What the job is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Sources are read and cut into pieces.
    Slicing,
    /// Polygons whose common borders are known now are read again and cut into pieces.
    SlicingAgain,
    /// Pieces are merged, tiles are built and written.
    Emitting,
}

/// How far a job is. Features and tiles count from the start of the job, bytes while sources are read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// What the job is at.
    pub phase: Phase,
    /// Time since the start of the phase.
    pub elapsed: Duration,
    /// Features read.
    pub features: u64,
    /// Bytes of the sources taken, compressed where they are.
    pub bytes: u64,
    /// Bytes of all sources, when that is known.
    pub bytes_total: Option<u64>,
    /// Tiles written.
    pub tiles: u64,
    /// Part of the phase that is done, `0.0..=1.0`, when that is known.
    pub share: Option<f64>,
}

impl Progress {
    /// Returns the time that the phase will still take at the speed so far, when that is known.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        let share = self.share.filter(|share| *share > 0.01)?;
        Some(self.elapsed.mul_f64((1.0 - share) / share))
    }
}

/// Counters that workers share.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) features: AtomicU64,
    cancelled: AtomicBool,
    /// Bytes of temporary files, and of those that are being written.
    temp_bytes: AtomicU64,
    /// Those that earlier phases made.
    temp_bytes_before: AtomicU64,
    /// Bytes of the archive so far.
    archive_bytes: AtomicU64,
    /// Part of the phase that is done, in millionths.
    done: AtomicU64,
}

/// Of a phase, at least so many millionths are taken for done: estimates are a hundred times what there is at most.
const DONE_MIN: u64 = 10_000;
/// All of a phase.
const DONE_ALL: u64 = 1_000_000;

impl Counters {
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Takes note of bytes that temporary files are about to have more.
    pub(crate) fn add_temp(&self, bytes: u64) {
        self.temp_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes note of bytes that temporary files have no more.
    pub(crate) fn take_temp(&self, bytes: u64) {
        self.temp_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Takes note of bytes that the archive is about to have more.
    pub(crate) fn add_archive(&self, bytes: u64) {
        self.archive_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes note that another phase begins.
    pub(crate) fn begin_phase(&self) {
        self.temp_bytes_before.store(self.temp_bytes.load(Ordering::Relaxed), Ordering::Relaxed);
        self.done.store(0, Ordering::Relaxed);
    }

    /// Takes note of how much of the phase is done.
    pub(crate) fn set_done(&self, share: f64) {
        self.done.store((share * DONE_ALL as f64) as u64, Ordering::Relaxed);
    }

    /// Returns the bytes that temporary files will have if all goes on as it did.
    pub(crate) fn temp_bytes_needed(&self) -> u64 {
        let before = self.temp_bytes_before.load(Ordering::Relaxed);
        before.saturating_add(self.counted_up(self.temp_bytes.load(Ordering::Relaxed).saturating_sub(before)))
    }

    /// Returns the bytes that the archive will have if all goes on as it did.
    pub(crate) fn archive_bytes_needed(&self) -> u64 {
        self.counted_up(self.archive_bytes.load(Ordering::Relaxed))
    }

    /// Returns what the whole phase makes when the part that is done made `bytes`.
    fn counted_up(&self, bytes: u64) -> u64 {
        let done = self.done.load(Ordering::Relaxed).clamp(DONE_MIN, DONE_ALL);
        let whole = u128::from(bytes) * u128::from(DONE_ALL) / u128::from(done);
        whole.try_into().unwrap_or(u64::MAX)
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_up_from_the_part_of_the_phase_that_is_done() {
        let counters = Counters::default();
        counters.add_temp(1000);
        counters.set_done(0.25);
        assert_eq!(counters.temp_bytes_needed(), 4000);
        counters.begin_phase();
        counters.add_temp(100);
        counters.take_temp(50);
        counters.set_done(0.5);
        assert_eq!(counters.temp_bytes_needed(), 1100);
    }

    #[test]
    fn time_left_follows_from_the_share_that_is_done() {
        let progress = |share| Progress {
            phase: Phase::Slicing,
            elapsed: Duration::from_secs(10),
            features: 0,
            bytes: 0,
            bytes_total: None,
            tiles: 0,
            share,
        };
        assert_eq!(progress(Some(0.25)).time_left(), Some(Duration::from_secs(30)));
        assert_eq!(progress(Some(0.0)).time_left(), None);
        assert_eq!(progress(None).time_left(), None);
    }
}
