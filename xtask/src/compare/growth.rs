//! How time and memory grow with the input: `cargo xtask compare --growth INPUT`.
//!
//! In:     workloads of which sixteen copies have room around the world.
//! Out:    time a vertex and peak memory at one, four and sixteen times the input.
//! Keeps:  the density of features in tiles: copies lie at the latitude of the input, and none upon another.

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
/// Columns around the world, as many as tiles of zoom 8, and rows from pole to pole.
const COLUMNS: usize = 256;
const ROWS: usize = COLUMNS / 2;
const DEGREES_A_COLUMN: f64 = 360.0 / COLUMNS as f64;
/// Longitudes of copies are rounded to such parts of a degree.
const PARTS_A_DEGREE: f64 = 1e7;
/// The members of a geometry that lead to positions.
const MEMBERS: [&str; 2] = ["coordinates", "geometries"];

/// The places where something is, row by row.
#[derive(Clone, Debug)]
struct Occupied(Vec<[bool; COLUMNS]>);

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
        let Some(step) = Occupied::by(workload)?.step() else {
            eprintln!("{}: left out, {COPIES_MAX} copies of it have no room around the world", workload.name);
            continue;
        };
        for factor in FACTORS {
            let scaled = scaled(workload, factor, step, &arguments.work)?;
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
    anyhow::ensure!(!grown.is_empty(), "{COPIES_MAX} copies of no input have room around the world");
    print!("{}", told(&grown, arguments.form));
    Ok(())
}

impl Occupied {
    /// Returns the places that the features of a workload take.
    fn by(workload: &Workload) -> anyhow::Result<Self> {
        let mut occupied = Self(vec![[false; COLUMNS]; ROWS]);
        for Layer { file, .. } in &workload.layers {
            let reading = || format!("reading `{}` failed", file.display());
            for line in lines(file).with_context(reading)? {
                let mut feature = serde_json::from_str(&line.with_context(reading)?).with_context(reading)?;
                occupied.add(bounds(&mut feature));
            }
        }
        Ok(occupied)
    }

    /// Adds a rectangle, and a column to the east of it: copies keep that distance.
    fn add(&mut self, [west, south, east, north]: [f64; 4]) {
        if west > east {
            return;
        }
        let column = |lon: f64| ((lon + 180.0) / DEGREES_A_COLUMN).floor() as i64;
        let row = |lat: f64| (((lat + 90.0) / DEGREES_A_COLUMN) as usize).min(ROWS - 1);
        let columns = (column(east) - column(west) + 2).min(COLUMNS as i64);
        for row in &mut self.0[row(south)..=row(north)] {
            for column in (column(west)..).take(columns as usize) {
                row[column.rem_euclid(COLUMNS as i64) as usize] = true;
            }
        }
    }

    /// Returns the least distance of copies with which none lies on another, degrees; nothing when they have no room.
    fn step(&self) -> Option<f64> {
        let fits = |step: &usize| (1..COPIES_MAX as usize).all(|copy| self.is_free(copy * step));
        (1..COLUMNS).find(fits).map(|columns| columns as f64 * DEGREES_A_COLUMN)
    }

    /// Whether all has moved to free places, so many columns to the east.
    fn is_free(&self, columns: usize) -> bool {
        let is_free =
            |row: &[bool; COLUMNS]| (0..COLUMNS).all(|at| !(row[at] && row[(at + columns) % COLUMNS]));
        self.0.iter().all(is_free)
    }
}

/// Returns the workload `factor` times as large; its files are those of the workload when that is 1.
fn scaled(workload: &Workload, factor: u32, step: f64, work: &Path) -> anyhow::Result<Workload> {
    if factor == 1 {
        return Ok(workload.clone());
    }
    let mut scaled = workload.clone();
    for Layer { name, file } in &mut scaled.layers {
        let target = work.join(format!("{name}-{factor}.geojsonl"));
        copies(file, factor, step, &target)
            .with_context(|| format!("copying `{}` {factor} times failed", file.display()))?;
        *file = target;
    }
    Ok(scaled)
}

fn copies(file: &Path, factor: u32, step: f64, target: &Path) -> anyhow::Result<()> {
    let mut out = BufWriter::new(File::create(target)?);
    for copy in 0..factor {
        for line in lines(file)? {
            let line = line?;
            let line = if copy == 0 { line } else { moved(&line, step * f64::from(copy))? };
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

/// Returns a line of a copy that lies so many degrees to the east. A feature beyond the antimeridian goes around the
/// world as a whole.
fn moved(line: &str, degrees: f64) -> anyhow::Result<String> {
    let mut feature: Value = serde_json::from_str(line)?;
    let [west, ..] = bounds(&mut feature);
    let turns = ((west + degrees + 180.0) / 360.0).floor();
    for position in positions(&mut feature) {
        let there = position[0].as_f64().context("a longitude is no number")? + degrees - 360.0 * turns;
        position[0] = json!((there * PARTS_A_DEGREE).round() / PARTS_A_DEGREE);
    }
    Ok(feature.to_string())
}

/// Returns west, south, east and north of a feature, degrees; west is beyond east when it has no position.
fn bounds(feature: &mut Value) -> [f64; 4] {
    let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for position in positions(feature) {
        if let [Some(lon), Some(lat)] = [0, 1].map(|axis| position.get(axis).and_then(Value::as_f64)) {
            let [west, south, east, north] = bounds;
            bounds = [west.min(lon), south.min(lat), east.max(lon), north.max(lat)];
        }
    }
    bounds
}

/// Returns the positions of a feature's geometry, at least a number each.
fn positions(feature: &mut Value) -> impl Iterator<Item = &mut Vec<Value>> {
    let mut waiting: Vec<&mut Value> = feature.get_mut("geometry").into_iter().collect();
    std::iter::from_fn(move || {
        while let Some(value) = waiting.pop() {
            match value {
                Value::Array(inner) => {
                    if inner.first().is_some_and(Value::is_number) {
                        return Some(inner);
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
    let object = |Grown { input, factor, bytes, runs }: &Grown| {
        let runs = runs_json(runs);
        json!({"input": input, "times": factor, "bytes": bytes, "runs": runs})
    };
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
    fn copies_go_around_the_world_feature_by_feature() {
        check(r#"{"coordinates":[[170,0],[175,1]]}"#, 20.0, r#"{"coordinates":[[-170.0,0],[-165.0,1]]}"#);
        check(r#"{"coordinates":[[170,0],[175,1]]}"#, 7.0, r#"{"coordinates":[[177.0,0],[182.0,1]]}"#);
        check(r#"{"coordinates":[0,0]}"#, 900.0, r#"{"coordinates":[-180.0,0]}"#);
    }

    #[test]
    fn copies_lie_on_free_places() {
        let step = |bounds: &[[f64; 4]]| {
            let mut occupied = Occupied(vec![[false; COLUMNS]; ROWS]);
            for bounds in bounds {
                occupied.add(*bounds);
            }
            occupied.step().map(|step| step / DEGREES_A_COLUMN)
        };
        assert_eq!(step(&[]), Some(1.0));
        assert_eq!(step(&[[9.4, 47.0, 9.5, 47.2]]), Some(2.0));
        assert_eq!(step(&[[0.1, 40.0, 14.0, 50.0]]), Some(11.0));
        // What lies in other rows does not matter, what lies in the same ones is not met.
        assert_eq!(step(&[[0.1, 40.0, 14.0, 50.0], [-60.0, 10.0, -59.0, 11.0]]), Some(11.0));
        assert_eq!(step(&[[0.1, 40.0, 14.0, 50.0], [-20.0, 40.0, -20.0, 40.0]]), Some(13.0));
        assert_eq!(step(&[[170.0, 0.0, 184.0, 1.0]]), Some(12.0));
        assert_eq!(step(&[[-124.0, 25.0, -67.0, 49.0]]), None);
        assert_eq!(step(&[[-180.0, -90.0, 180.0, 90.0]]), None);
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
        let step = Occupied::by(&workload).unwrap().step().unwrap();
        let twice = scaled(&workload, 2, step, folder.path()).unwrap();
        let texts: Vec<String> =
            twice.layers.iter().map(|layer| fs::read_to_string(&layer.file).unwrap()).collect();
        assert_eq!(
            texts,
            [
                "{\"geometry\":{\"coordinates\":[[1,2],[3,4]]}}\n\
                 {\"geometry\":{\"coordinates\":[[6.625,2],[8.625,4]]}}\n",
                "{\"geometry\":{\"coordinates\":[-6,0]}}\n{\"geometry\":{\"coordinates\":[-0.375,0]}}\n",
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
