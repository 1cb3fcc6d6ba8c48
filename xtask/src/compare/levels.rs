//! What compression levels cost and gain: `cargo xtask compare --levels INPUT`.
//!
//! In:     workloads.
//! Out:    bytes and CPU time at each level, and both as shares of those at the default.

use std::fs;

use serde_json::json;
use zellige::Settings;

use super::Arguments;
use super::form::{Form, MEGABYTE, median, runs_json};
use super::tiler::{Ours, Tiler};
use super::workload::Workload;
use crate::measure::{Measured, measured};

/// The levels that are measured, and the default, which is among them.
const LEVELS: [u8; 6] = [1, 3, 5, 6, 9, 12];

/// What the runs at one level took and made.
struct Measurement {
    input: String,
    level: u8,
    bytes: u64,
    runs: Vec<Measured>,
}

/// Measures the levels in rounds and prints them.
///
/// # Errors
/// When a run fails.
pub(super) fn run(arguments: &Arguments, workloads: &[Workload]) -> anyhow::Result<()> {
    let mut levels: Vec<Measurement> = Vec::new();
    for workload in workloads {
        let level = |level| Measurement { input: workload.name.clone(), level, bytes: 0, runs: Vec::new() };
        let mut measuring = LEVELS.map(level);
        let output = arguments.work.join(format!("{}-levels.pmtiles", workload.name));
        for _ in 0..arguments.rounds {
            for one in &mut measuring {
                let tiler = Tiler::ours(Ours { level: Some(one.level), ..arguments.ours });
                one.runs.push(measured(&tiler.command(workload, &output)?)?);
                one.bytes = fs::metadata(&output)?.len();
                fs::remove_file(&output)?;
            }
        }
        levels.extend(measuring);
    }
    print!("{}", told(&levels, arguments.form));
    Ok(())
}

fn told(levels: &[Measurement], form: Form) -> String {
    let head = ["input", "level", "MB", "user CPU, s", "bytes", "user CPU"];
    let default = Settings::for_machine().compression_level;
    let seconds = |level: &Measurement| median(&level.runs, |run| run.user_seconds);
    let row = |one: &Measurement| {
        let base = levels.iter().find(|base| base.level == default && base.input == one.input).unwrap_or(one);
        vec![
            one.input.clone(),
            one.level.to_string(),
            format!("{:.2}", one.bytes as f64 / MEGABYTE),
            format!("{:.2}", seconds(one)),
            format!("{:.3}", one.bytes as f64 / base.bytes as f64),
            format!("{:.2}", seconds(one) / seconds(base)),
        ]
    };
    let rows: Vec<Vec<String>> = levels.iter().map(row).collect();
    let object = |Measurement { input, level, bytes, runs }: &Measurement| {
        let runs = runs_json(runs);
        json!({"input": input, "level": level, "bytes": bytes, "runs": runs})
    };
    form.told(&head, &rows, levels.iter().map(object))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(levels: &[(u8, u64, f64)], expected: &str) {
        let level = |(level, bytes, seconds): &(u8, u64, f64)| Measurement {
            input: "roads".to_owned(),
            level: *level,
            bytes: *bytes,
            runs: vec![Measured {
                wall_seconds: *seconds,
                user_seconds: *seconds,
                system_seconds: 0.0,
                peak_bytes: 0,
            }],
        };
        assert_eq!(told(&levels.iter().map(level).collect::<Vec<_>>(), Form::Screen), expected);
    }

    #[test]
    fn levels_are_told_as_shares_of_the_default() {
        assert!(LEVELS.contains(&Settings::for_machine().compression_level));
        check(
            &[(1, 11_000_000, 1.0), (5, 10_000_000, 2.0)],
            "  input  level     MB  user CPU, s  bytes  user CPU\n  \
               roads      1  11.00         1.00  1.100      0.50\n  \
               roads      5  10.00         2.00  1.000      1.00\n",
        );
    }
}
