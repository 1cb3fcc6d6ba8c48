//! Runs the benches of the stages on both sides, in turn.
//!
//! In:     two builds.
//! Out:    for each measurement that both sides know, its median time in each round.
//! Source: criterion: `CRITERION_HOME`, and the files `benchmark.json` and `estimates.json` below it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context;
use serde_json::Value;

use super::{Arguments, Pairs, Side, in_turn};

/// How long a measurement is warmed up, seconds.
const WARM_UP_SECONDS: &str = "0.3";
const NANOSECONDS_A_MILLISECOND: f64 = 1e6;

/// Median times by the names of measurements, milliseconds.
type Medians = BTreeMap<String, f64>;

/// Runs the benches; those that the base does not have are told and left out.
///
/// # Errors
/// When a bench fails.
pub(super) fn run(
    arguments: &Arguments,
    benches: &[String],
    base: &Side,
    head: &Side,
) -> anyhow::Result<Vec<Pairs>> {
    let mut pairs: BTreeMap<String, Pairs> = BTreeMap::new();
    for name in benches {
        let (Some(base_bench), Some(head_bench)) = (base.bench(name), head.bench(name)) else {
            eprintln!("{name}: left out, the base has no such bench");
            continue;
        };
        for round in 0..arguments.rounds {
            eprintln!("{name}, round {} of {}", round + 1, arguments.rounds);
            let (old, new) = in_turn(
                round,
                || medians(&base_bench, &base.folder().join("criterion"), arguments),
                || medians(&head_bench, &head.folder().join("criterion"), arguments),
            )?;
            for (name, new) in new {
                let Some(old) = old.get(&name) else { continue };
                let pair = pairs.entry(name.clone()).or_insert_with(|| Pairs {
                    name,
                    unit: "ms",
                    base: Vec::new(),
                    head: Vec::new(),
                });
                pair.base.push(*old);
                pair.head.push(new);
            }
        }
    }
    Ok(pairs.into_values().collect())
}

/// Runs one bench once and returns what it measured.
fn medians(bench: &Path, home: &Path, arguments: &Arguments) -> anyhow::Result<Medians> {
    // Criterion would tell changes since the last round.
    let _ = fs::remove_dir_all(home);
    let output = Command::new(bench)
        .args(["--bench", "--noplot", "--warm-up-time", WARM_UP_SECONDS])
        .args(["--measurement-time", &arguments.seconds.to_string()])
        .args(&arguments.filter)
        .env("CRITERION_HOME", home)
        .current_dir(crate::run::root().join("benches"))
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("starting `{}` failed", bench.display()))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "`{}` failed: {}", bench.display(), complaint.trim_end());
    read(home)
}

/// Reads all measurements below a folder; there is none where the filter let nothing pass.
fn read(home: &Path) -> anyhow::Result<Medians> {
    let (mut medians, mut folders) = (Medians::new(), vec![home.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        if folder.ends_with("new") && folder.join("estimates.json").is_file() {
            medians.extend([measurement(&folder)?]);
            continue;
        }
        for entry in fs::read_dir(&folder)? {
            folders.push(entry?.path());
        }
    }
    Ok(medians)
}

/// Returns the name and the median of the measurement in a folder.
fn measurement(folder: &Path) -> anyhow::Result<(String, f64)> {
    let object = |file: &str| -> anyhow::Result<Value> {
        let path = folder.join(file);
        let text = fs::read(&path).with_context(|| format!("reading `{}` failed", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("`{}` is no JSON", path.display()))
    };
    let name = object("benchmark.json")?["full_id"].as_str().map(str::to_owned);
    let median = object("estimates.json")?["median"]["point_estimate"].as_f64();
    let found = name.zip(median.map(|nanoseconds| nanoseconds / NANOSECONDS_A_MILLISECOND));
    found.with_context(|| format!("`{}` has no name or no median", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)], expected: Result<&[(&str, f64)], &str>) {
        let home = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = home.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let read = read(home.path()).map_err(|error| error.to_string());
        let read = read.map_err(|error| error.replace(&home.path().display().to_string(), "HOME"));
        let expected = expected.map(|medians| {
            medians.iter().map(|(name, median)| ((*name).to_owned(), *median)).collect::<Medians>()
        });
        assert_eq!(read, expected.map_err(str::to_owned));
    }

    #[test]
    fn medians_are_read_from_what_criterion_leaves() {
        let estimates = r#"{"mean": {"point_estimate": 3e6}, "median": {"point_estimate": 2e6}}"#;
        let named = r#"{"full_id": "clip/roads/1000"}"#;
        let files = [
            ("clip/roads/1000/new/benchmark.json", named),
            ("clip/roads/1000/new/estimates.json", estimates),
        ];
        check(&[], Ok(&[]));
        check(&files, Ok(&[("clip/roads/1000", 2.0)]));
        check(
            &[("a/new/benchmark.json", "{}"), ("a/new/estimates.json", estimates)],
            Err("`HOME/a/new` has no name or no median"),
        );
    }
}
