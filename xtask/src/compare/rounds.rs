//! Runs tilers on one input, in turn, and counts what they made.
//!
//! In:     a workload, tilers, a number of rounds.
//! Out:    what each run took, and what the tilesets hold.
//! Keeps:  no tileset; the first of each tiler is counted, before the next one runs.

use std::fs;
use std::path::Path;

use super::tiler::Tiler;
use super::tileset::{self, Counts};
use super::workload::Workload;
use crate::measure::{Measured, measured};
use crate::spread::Spread;

/// A tiler that took longer than this is not run again.
pub(super) const SLOW_SECONDS: f64 = 120.0;

/// What came out of one input.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) name: String,
    pub(super) maxzoom: u8,
    pub(super) features: u64,
    pub(super) bytes: u64,
    /// This tiler first.
    pub(super) tiled: Vec<Tiled>,
}

/// What one tiler made of it.
#[derive(Clone, Debug)]
pub(super) struct Tiled {
    pub(super) tiler: &'static str,
    /// None when it failed.
    pub(super) runs: Vec<Measured>,
    /// What it made, or why not.
    pub(super) made: Result<Counts, String>,
}

impl Tiled {
    /// Returns what the runs took of one thing.
    pub(super) fn spread(&self, of: impl Fn(&Measured) -> f64) -> Option<Spread> {
        Spread::of(self.runs.iter().map(of))
    }

    /// Returns how many times more this one took than `other`, round by round; one that ran once stands for all rounds.
    pub(super) fn ratio(&self, other: &Self, of: impl Fn(&Measured) -> f64) -> Option<Spread> {
        let rounds = self.runs.len().max(other.runs.len());
        let pairs = self.runs.iter().cycle().zip(other.runs.iter().cycle()).take(rounds);
        Spread::of(pairs.map(|(mine, others)| of(mine) / of(others)))
    }
}

/// Cuts a workload in rounds, with each tiler in turn. One that fails has no part in the next round.
///
/// # Errors
/// When the files of the workload cannot be read, or this tiler, the first, fails.
pub(super) fn run(
    workload: &Workload,
    tilers: &[Tiler],
    n_rounds: usize,
    work: &Path,
) -> anyhow::Result<Outcome> {
    let mut tiled: Vec<Tiled> = tilers
        .iter()
        .map(|tiler| Tiled { tiler: tiler.name, runs: Vec::new(), made: Ok(Counts::default()) })
        .collect();
    for round in 0..n_rounds {
        eprintln!("{}, round {} of {n_rounds}", workload.name, round + 1);
        for (nth, (tiler, tiled)) in tilers.iter().zip(&mut tiled).enumerate() {
            let is_slow = tiled.runs.iter().any(|run| run.wall_seconds > SLOW_SECONDS);
            if is_slow || tiled.made.is_err() {
                continue;
            }
            let output = work.join(format!("{}-{}.pmtiles", workload.name, tiler.name));
            match measured(&tiler.command(workload, &output)?) {
                Ok(run) => tiled.runs.push(run),
                Err(error) if nth == 0 => return Err(error),
                Err(error) => tiled.made = Err(format!("{error:#}")),
            }
            if round == 0 && tiled.made.is_ok() {
                tiled.made = tileset::count(&output).map_err(|error| format!("{error:#}"));
            }
            // What a tiler that failed left behind may not be there.
            let _ = fs::remove_file(&output);
        }
    }
    Ok(Outcome {
        name: workload.name.clone(),
        maxzoom: workload.maxzoom,
        features: workload.n_features()?,
        bytes: workload.bytes()?,
        tiled,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiled(walls: &[f64]) -> Tiled {
        let run = |wall: &f64| Measured {
            wall_seconds: *wall,
            user_seconds: 0.0,
            system_seconds: 0.0,
            peak_bytes: 0,
        };
        Tiled { tiler: "a", runs: walls.iter().map(run).collect(), made: Ok(Counts::default()) }
    }

    fn check(mine: &[f64], others: &[f64], expected: Option<&str>) {
        let ratio = tiled(mine).ratio(&tiled(others), |run| run.wall_seconds);
        assert_eq!(ratio.map(|ratio| ratio.to_string()).as_deref(), expected);
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        check(&[10.0, 12.0], &[1.0, 2.0], Some("8.00 (6.00 to 10.00)"));
        check(&[12.0], &[1.0, 2.0], Some("9.00 (6.00 to 12.00)"));
        check(&[], &[1.0], None);
    }
}
