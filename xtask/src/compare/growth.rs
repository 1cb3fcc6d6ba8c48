//! How time and memory grow with the input: `cargo xtask compare --growth INPUT`.
//!
//! In:     workloads that are narrow enough for sixteen copies side by side around the world.
//! Out:    time a vertex and peak memory at one, four and sixteen times the input.
//! Keeps:  the density of features in tiles: copies lie at the latitude of the input, none upon another, and none
//!         across the antimeridian.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};

use super::Arguments;
use super::form::{Form, MEGABYTE, median, runs_json};
use super::tiler::Tiler;
use super::workload::{Layer, Workload};
use crate::measure::{Measured, measured};

/// How many times the input is taken, and the most of it.
const FACTORS: [u32; 3] = [1, 4, COPIES_MAX];
const COPIES_MAX: u32 = 16;
/// What is free between two copies, degrees: a tile of zoom 8, so that deeper ones show one copy alone.
const GAP: f64 = 360.0 / 256.0;
/// Longitudes of copies are rounded to such parts of a degree.
const PARTS_A_DEGREE: f64 = 1e7;
/// The members of a geometry that lead to positions.
const MEMBERS: [&str; 2] = ["coordinates", "geometries"];

/// Where copies lie: to the east of the first one up to the antimeridian, then to the west of it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Places {
    /// From a copy to the next, degrees.
    step: f64,
    n_east: u32,
    n_west: u32,
}

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
        let span = span(workload)?;
        let places = Places::beside(span);
        if places.n_all() < COPIES_MAX {
            let (name, degrees) = (&workload.name, span[1] - span[0]);
            eprintln!(
                "{name}: left out, {COPIES_MAX} copies of {degrees:.1} degrees do not fit round the world"
            );
            continue;
        }
        for factor in FACTORS {
            let scaled = scaled(workload, factor, places, &arguments.work)?;
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
    anyhow::ensure!(!grown.is_empty(), "no input is narrow enough for {COPIES_MAX} copies round the world");
    print!("{}", told(&grown, arguments.form));
    Ok(())
}

impl Places {
    /// Returns the places beside what reaches from west to east, degrees.
    fn beside([west, east]: [f64; 2]) -> Self {
        let step = east - west + GAP;
        // The conversion makes 0 of less than nothing.
        let fitting = |room: f64| (room / step) as u32;
        // The first one may lie across the antimeridian, and then takes room on the other side of it.
        let (limit_west, limit_east) = ((east - 360.0).max(-180.0), (west + 360.0).min(180.0));
        Self { step, n_east: fitting(limit_east - east), n_west: fitting(west - limit_west) }
    }

    /// Returns how many copies there can be, the first one counted.
    const fn n_all(self) -> u32 {
        1 + self.n_east + self.n_west
    }

    /// Returns how far to the east a copy lies from the first one, number 0, degrees.
    fn degrees(self, copy: u32) -> f64 {
        if copy <= self.n_east {
            self.step * f64::from(copy)
        } else {
            -self.step * f64::from(copy - self.n_east)
        }
    }
}

/// Returns the westernmost and the easternmost longitude of a workload, degrees.
fn span(workload: &Workload) -> anyhow::Result<[f64; 2]> {
    let mut span = [f64::INFINITY, f64::NEG_INFINITY];
    for Layer { file, .. } in &workload.layers {
        let reading = || format!("reading `{}` failed", file.display());
        for line in lines(file).with_context(reading)? {
            let mut feature: Value =
                serde_json::from_str(&line.with_context(reading)?).with_context(reading)?;
            for lon in longitudes(&mut feature).filter_map(|lon| lon.as_f64()) {
                span = [span[0].min(lon), span[1].max(lon)];
            }
        }
    }
    anyhow::ensure!(span[0] <= span[1], "`{}` has no positions", workload.name);
    Ok(span)
}

/// Returns the workload `factor` times as large; its files are those of the workload when that is 1.
fn scaled(workload: &Workload, factor: u32, places: Places, work: &Path) -> anyhow::Result<Workload> {
    if factor == 1 {
        return Ok(workload.clone());
    }
    let mut scaled = workload.clone();
    for Layer { name, file } in &mut scaled.layers {
        let target = work.join(format!("{name}-{factor}.geojsonl"));
        copies(file, factor, places, &target)
            .with_context(|| format!("copying `{}` {factor} times failed", file.display()))?;
        *file = target;
    }
    Ok(scaled)
}

fn copies(file: &Path, factor: u32, places: Places, target: &Path) -> anyhow::Result<()> {
    let mut out = BufWriter::new(File::create(target)?);
    for copy in 0..factor {
        for line in lines(file)? {
            let line = line?;
            let line = if copy == 0 { line } else { moved(&line, places.degrees(copy))? };
            writeln!(out, "{line}")?;
        }
    }
    Ok(out.flush()?)
}

/// Returns the lines of a file that are not blank.
fn lines(file: &Path) -> io::Result<impl Iterator<Item = io::Result<String>>> {
    let lines = BufReader::new(File::open(file)?).lines();
    Ok(lines.filter(|line| !line.as_ref().is_ok_and(|line| line.trim().is_empty())))
}

/// Returns a line of a copy that lies so many degrees to the east.
fn moved(line: &str, degrees: f64) -> anyhow::Result<String> {
    let mut feature: Value = serde_json::from_str(line)?;
    for lon in longitudes(&mut feature) {
        let there = lon.as_f64().context("a longitude is no number")? + degrees;
        *lon = json!((there * PARTS_A_DEGREE).round() / PARTS_A_DEGREE);
    }
    Ok(feature.to_string())
}

/// Returns the longitudes of a feature's geometry.
fn longitudes(feature: &mut Value) -> impl Iterator<Item = &mut Value> {
    let mut waiting: Vec<&mut Value> = feature.get_mut("geometry").into_iter().collect();
    std::iter::from_fn(move || {
        while let Some(value) = waiting.pop() {
            match value {
                Value::Array(inner) => {
                    if inner.first().is_some_and(Value::is_number) {
                        return inner.first_mut();
                    }
                    waiting.extend(inner);
                }
                Value::Object(members) => {
                    let members = members.iter_mut().filter(|(key, _)| MEMBERS.contains(&key.as_str()));
                    waiting.extend(members.map(|(_, member)| member));
                }
                _ => {}
            }
        }
        None
    })
}

fn told(grown: &[Grown], form: Form) -> String {
    let head = ["input", "times", "MB", "wall, s", "CPU, s", "wall a vertex", "CPU a vertex", "peak, MB"];
    let of = |grown: &Grown, of: fn(&Measured) -> f64| median(&grown.runs, of);
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
    let object = |Grown { input, factor, bytes, runs }: &Grown| json!({"input": input, "times": factor, "bytes": bytes, "runs": runs_json(runs)});
    form.told(&head, &rows, grown.iter().map(object))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(geometry: &str, degrees: f64, expected: &str) {
        let line = |geometry: &str| format!(r#"{{"type":"Feature","geometry":{geometry}}}"#);
        assert_eq!(moved(&line(geometry), degrees).unwrap(), line(expected));
    }

    #[test]
    fn copies_are_moved_as_a_whole() {
        check(r#"{"coordinates":[10,20]}"#, 1.7, r#"{"coordinates":[11.7,20]}"#);
        check(r#"{"coordinates":[[9.5,2],[8,3,5]]}"#, -2.0, r#"{"coordinates":[[7.5,2],[6.0,3,5]]}"#);
        check(r#"{"coordinates":[[[[0,0],[1,1]]]]}"#, 5.1, r#"{"coordinates":[[[[5.1,0],[6.1,1]]]]}"#);
        check(
            r#"{"geometries":[{"type":"Point","coordinates":[1,2]}]}"#,
            0.5,
            r#"{"geometries":[{"type":"Point","coordinates":[1.5,2]}]}"#,
        );
        check("null", 1.0, "null");
    }

    #[test]
    fn copies_lie_side_by_side() {
        for span in [[9.4, 9.7], [-5.2, 9.6], [150.0, 170.0], [-179.0, -160.0]] {
            let places = Places::beside(span);
            assert!(places.n_all() >= COPIES_MAX, "{span:?}");
            let mut copies: Vec<f64> = (0..COPIES_MAX).map(|copy| span[0] + places.degrees(copy)).collect();
            copies.sort_by(f64::total_cmp);
            let width = span[1] - span[0];
            assert!(copies.windows(2).all(|pair| pair[1] - pair[0] > width + 1.0), "{copies:?}");
            assert!(copies[0] >= -180.0 && copies[15] + width <= 180.0, "{copies:?}");
        }
        assert_eq!(Places::beside([-124.0, -67.0]).n_all(), 5);
        assert_eq!(Places::beside([-180.0, 180.0]).n_all(), 1);
        assert_eq!(Places::beside([170.0, 190.0]).n_all(), 16);
        assert_eq!(Places::beside([-190.0, -170.0]).n_all(), 16);
    }

    #[test]
    fn all_layers_of_an_input_are_copied_alike() {
        let folder = tempfile::tempdir().unwrap();
        let layer = |name: &str, coordinates: &str| {
            let file = folder.path().join(format!("{name}.geojsonl"));
            let line = format!("{{\"geometry\":{{\"coordinates\":{coordinates}}}}}\n\n");
            fs::write(&file, line).unwrap();
            Layer { name: name.to_owned(), file }
        };
        let layers = vec![layer("a", "[[1,2],[3,4]]"), layer("b", "[-6,0]")];
        let workload = Workload { name: "ab".to_owned(), maxzoom: 5, layers };
        let span = span(&workload).unwrap();
        assert_eq!(format!("{span:?}"), "[-6.0, 3.0]");
        let twice = scaled(&workload, 2, Places::beside(span), folder.path()).unwrap();
        let texts: Vec<String> =
            twice.layers.iter().map(|layer| fs::read_to_string(&layer.file).unwrap()).collect();
        assert_eq!(
            texts,
            [
                "{\"geometry\":{\"coordinates\":[[1,2],[3,4]]}}\n\
                 {\"geometry\":{\"coordinates\":[[11.40625,2],[13.40625,4]]}}\n",
                "{\"geometry\":{\"coordinates\":[-6,0]}}\n{\"geometry\":{\"coordinates\":[4.40625,0]}}\n",
            ]
        );
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
