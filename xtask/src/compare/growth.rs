//! How time and memory grow with the input: `cargo xtask compare --growth INPUT`.
//!
//! In:     workloads whose shapes are much smaller than a country.
//! Out:    time a vertex and peak memory at one, four and sixteen times the input.
//! Keeps:  the density of features in tiles: copies are moved by whole steps, and none lies on another.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};

use super::tiler::Tiler;
use super::workload::{Layer, Workload};
use super::{Arguments, Form};
use crate::measure::{Measured, measured};
use crate::spread::Spread;
use crate::table;

/// How many times the input is taken.
const FACTORS: [u32; 3] = [1, 4, 16];
/// How far apart copies are, degrees: along a parallel, and up and down in turn.
const STEP_LON: f64 = 1.7;
const STEPS_LAT: [f64; 3] = [0.0, 0.9, -0.9];
const MEGABYTE: f64 = 1e6;

/// What the runs at one factor took.
struct Grown {
    input: String,
    factor: u32,
    bytes: u64,
    runs: Vec<Measured>,
}

/// Measures growth and prints it.
///
/// # Errors
/// When a copy cannot be written, or a run fails.
pub(super) fn run(arguments: &Arguments, workloads: &[Workload]) -> anyhow::Result<()> {
    let tiler = Tiler::ours(arguments.ours);
    let mut grown = Vec::new();
    for workload in workloads {
        for factor in FACTORS {
            let scaled = scaled(workload, factor, &arguments.work)?;
            let output = arguments.work.join(format!("{}-growth.pmtiles", workload.name));
            let command = tiler.command(&scaled, &output)?;
            let runs = (0..arguments.rounds).map(|_| measured(&command)).collect::<anyhow::Result<_>>()?;
            grown.push(Grown { input: workload.name.clone(), factor, bytes: scaled.bytes()?, runs });
            fs::remove_file(&output)?;
            if factor > 1 {
                scaled.layers.iter().try_for_each(|layer| fs::remove_file(&layer.file))?;
            }
        }
    }
    print!("{}", told(&grown, arguments.form));
    Ok(())
}

/// Returns the workload `factor` times as large; its files are those of the workload when that is 1.
fn scaled(workload: &Workload, factor: u32, work: &Path) -> anyhow::Result<Workload> {
    if factor == 1 {
        return Ok(workload.clone());
    }
    let mut scaled = workload.clone();
    for Layer { name, file } in &mut scaled.layers {
        let target = work.join(format!("{name}-{factor}.geojsonl"));
        copies(file, factor, &target)
            .with_context(|| format!("copying `{}` {factor} times failed", file.display()))?;
        *file = target;
    }
    Ok(scaled)
}

fn copies(file: &Path, factor: u32, target: &Path) -> anyhow::Result<()> {
    let mut out = BufWriter::new(File::create(target)?);
    for copy in 0..factor {
        for line in BufReader::new(File::open(file)?).lines() {
            let line = line?;
            if !line.trim().is_empty() {
                writeln!(out, "{}", moved(&line, copy)?)?;
            }
        }
    }
    Ok(out.flush()?)
}

/// Returns a line of a copy; the first is as it was. A feature that would pass the antimeridian moves around the world as a whole.
fn moved(line: &str, copy: u32) -> anyhow::Result<String> {
    if copy == 0 {
        return Ok(line.to_owned());
    }
    let mut feature: Value = serde_json::from_str(line)?;
    let mut dlon = STEP_LON * f64::from(copy);
    let dlat = STEPS_LAT[copy as usize % STEPS_LAT.len()];
    let easternmost =
        positions(&mut feature).filter_map(|position| position[0].as_f64()).fold(-180.0, f64::max);
    if easternmost + dlon > 180.0 {
        dlon -= 360.0;
    }
    for position in positions(&mut feature) {
        for (axis, step) in [dlon, dlat].into_iter().enumerate() {
            let at = position[axis].as_f64().context("a position is no pair of numbers")?;
            position[axis] = json!(((at + step) * 1e7).round() / 1e7);
        }
    }
    Ok(feature.to_string())
}

/// Returns the positions of a feature's geometry.
fn positions(feature: &mut Value) -> impl Iterator<Item = &mut Vec<Value>> {
    let mut waiting = vec![&mut feature["geometry"]["coordinates"]];
    std::iter::from_fn(move || {
        while let Some(value) = waiting.pop() {
            let Value::Array(inner) = value else { continue };
            if inner.first().is_some_and(Value::is_number) {
                return Some(inner);
            }
            waiting.extend(inner);
        }
        None
    })
}

fn told(grown: &[Grown], form: Form) -> String {
    let head = ["input", "times", "MB", "wall, s", "CPU, s", "wall a vertex", "CPU a vertex", "peak, MB"];
    let head = head.map(str::to_owned);
    let of = |grown: &Grown, of: fn(&Measured) -> f64| {
        Spread::of(grown.runs.iter().map(of)).map_or(f64::NAN, |spread| spread.median)
    };
    let row = |(nth, one): (usize, &Grown)| {
        let first = &grown[nth - nth % FACTORS.len()];
        let share =
            |measured: fn(&Measured) -> f64| of(one, measured) / of(first, measured) / f64::from(one.factor);
        vec![
            one.input.clone(),
            one.factor.to_string(),
            format!("{:.0}", one.bytes as f64 / MEGABYTE),
            format!("{:.2}", of(one, |run| run.wall_seconds)),
            format!("{:.2}", of(one, Measured::cpu_seconds)),
            format!("{:.2}", share(|run| run.wall_seconds)),
            format!("{:.2}", share(Measured::cpu_seconds)),
            format!("{:.0}", of(one, |run| run.peak_bytes as f64 / MEGABYTE)),
        ]
    };
    let rows: Vec<Vec<String>> = grown.iter().enumerate().map(row).collect();
    match form {
        Form::Screen => table::align(&head, &rows),
        Form::Markdown => table::markdown(&head, &rows),
        Form::Json => {
            let json = grown.iter().map(|one| {
                let runs: Vec<Value> = one.runs.iter().map(|run| run.to_json()).collect();
                json!({"input": one.input, "times": one.factor, "bytes": one.bytes, "runs": runs})
            });
            format!("{:#}\n", json.collect::<Value>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(coordinates: &str, copy: u32, expected: &str) {
        let line = |coordinates: &str| {
            format!(r#"{{"type":"Feature","geometry":{{"type":"A","coordinates":{coordinates}}}}}"#)
        };
        assert_eq!(moved(&line(coordinates), copy).unwrap(), line(expected));
    }

    #[test]
    fn copies_are_moved_as_a_whole() {
        check("[10,20]", 0, "[10,20]");
        check("[10,20]", 1, "[11.7,20.9]");
        check("[[10.5,20],[11,21,5]]", 2, "[[13.9,19.1],[14.4,20.1,5]]");
        check("[[[[0,0],[1,0],[1,1],[0,0]]]]", 3, "[[[[5.1,0.0],[6.1,0.0],[6.1,1.0],[5.1,0.0]]]]");
    }

    #[test]
    fn copies_pass_the_antimeridian_together() {
        check("[[179,0],[178,0]]", 3, "[[-175.9,0.0],[-176.9,0.0]]");
    }

    #[test]
    fn growth_is_told_a_vertex() {
        let grown = |factor: u32, seconds: f64| Grown {
            input: "roads".to_owned(),
            factor,
            bytes: 1_000_000 * u64::from(factor),
            runs: vec![Measured {
                wall_seconds: seconds,
                user_seconds: 2.0 * seconds,
                system_seconds: 0.0,
                peak_bytes: 9_000_000,
            }],
        };
        assert_eq!(
            told(&[grown(1, 1.0), grown(4, 4.4), grown(16, 16.0)], Form::Screen),
            "  input  times  MB  wall, s  CPU, s  wall a vertex  CPU a vertex  peak, MB\n  \
               roads      1   1     1.00    2.00           1.00          1.00         9\n  \
               roads      4   4     4.40    8.80           1.10          1.10         9\n  \
               roads     16  16    16.00   32.00           1.00          1.00         9\n"
        );
    }
}
