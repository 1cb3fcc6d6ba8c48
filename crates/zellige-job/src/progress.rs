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
}

impl Counters {
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
