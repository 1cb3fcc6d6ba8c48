//! What the making of packs tells while it goes on, and how it is ended early.
//!
//! In:     work done, counted by whoever does it.
//! Out:    [`Progress`] for whoever watches; their word whether to go on.
//! Keeps:  no clock: a long stage asks each time that a number of steps is done.
//! Source: –

use std::ops::ControlFlow;

/// Steps of a long stage between two questions whether to go on.
const STEPS_ASKED: u64 = 1024;

/// What is being done: a forecast and a maps pack have one phase each, a navigation pack has the four after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Rows of a maps pack are sampled for a forecast; counted in rows.
    Sampling,
    /// Rows of a maps pack are made and written; counted in rows.
    Maps,
    /// Roads are read; counted in bytes of their files, compressed where they are.
    Roads,
    /// Roads are joined at junctions, and forbidden turns are looked up; counted in vertices and turn restrictions.
    Graph,
    /// What routing engines weigh routes by is found out; counted in junctions, edges and directed edges.
    Weights,
    /// Graph tiles are made, and then written; counted in tiles, each of them twice.
    Tiles,
}

/// How far a phase is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// How much of it is done, in what the phase is counted in.
    pub done: u64,
    /// How much there is to be done, when that is known.
    pub total: Option<u64>,
}

impl Progress {
    /// Returns the part of the phase that is done, `0.0..=1.0`, when that is known.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        self.total.map(|total| (self.done as f64 / total.max(1) as f64).min(1.0))
    }
}

/// Hears of progress, and may end the work.
pub type Watch<'w> = &'w mut dyn FnMut(&Progress) -> ControlFlow<()>;

/// Whoever watched wants no pack any more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stopped;

/// Counts what is done, and asks whoever watches whether to go on.
pub(crate) struct Counter<'w> {
    watch: Watch<'w>,
    progress: Progress,
    /// How much was done when it was asked last.
    asked: u64,
}

impl<'w> Counter<'w> {
    /// Begins the first phase, of which `total` is to be done.
    pub(crate) fn begin(
        watch: Watch<'w>,
        phase: Phase,
        total: impl Into<Option<u64>>,
    ) -> Result<Self, Stopped> {
        let mut counter =
            Self { watch, progress: Progress { phase, done: 0, total: total.into() }, asked: 0 };
        counter.ask()?;
        Ok(counter)
    }

    /// Goes on to the next phase, of which `total` is to be done.
    pub(crate) fn next(&mut self, phase: Phase, total: usize) -> Result<(), Stopped> {
        self.progress = Progress { phase, done: 0, total: Some(total as u64) };
        self.ask()
    }

    /// Takes note of all that is done, and asks.
    pub(crate) fn reach(&mut self, done: u64) -> Result<(), Stopped> {
        self.progress.done = done;
        self.ask()
    }

    /// Takes note of steps, and asks when enough of them are done.
    pub(crate) fn add(&mut self, n_steps: usize) -> Result<(), Stopped> {
        self.progress.done += n_steps as u64;
        if self.progress.done - self.asked < STEPS_ASKED {
            return Ok(());
        }
        self.ask()
    }

    /// Asks whoever watches.
    fn ask(&mut self) -> Result<(), Stopped> {
        self.asked = self.progress.done;
        if (self.watch)(&self.progress).is_break() { Err(Stopped) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks what is told of so many single steps of 3,000.
    fn check(n_steps: usize, expected: &[u64]) {
        let mut told = Vec::new();
        let watch: Watch<'_> = &mut |progress| {
            told.push(progress.done);
            ControlFlow::Continue(())
        };
        let mut counter = Counter::begin(watch, Phase::Weights, 3000).unwrap();
        for _ in 0..n_steps {
            counter.add(1).unwrap();
        }
        assert_eq!(told, expected);
    }

    #[test]
    fn questions_come_now_and_then() {
        check(1023, &[0]);
        check(1024, &[0, 1024]);
        check(3000, &[0, 1024, 2048]);
    }

    #[test]
    fn share_is_of_what_is_known() {
        let share = |done, total| Progress { phase: Phase::Roads, done, total }.share();
        assert_eq!([share(1, None), share(1, Some(4))], [None, Some(0.25)]);
        assert_eq!([share(0, Some(0)), share(9, Some(4))], [Some(0.0), Some(1.0)]);
    }

    #[test]
    fn answer_is_heard() {
        let watch: Watch<'_> = &mut |_| ControlFlow::Break(());
        assert_eq!(Counter::begin(watch, Phase::Maps, 1).err(), Some(Stopped));
    }
}
