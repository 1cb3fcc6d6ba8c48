//! Tells what was measured: for the screen, for `docs/performance.md`, for programs.
//!
//! In:     outcomes.
//! Out:    a table with a row a tiler and input, and what of the work was not equal.

use std::time::SystemTime;

use serde_json::{Value, json};
use zellige::Settings;
use zellige::pack::moment::Moment;

use super::form::{MEGABYTE, runs_json};
use super::rounds::{Outcome, SLOW_SECONDS, Tiled};
use super::tiler::Tiler;
use super::tileset::Counts;
use crate::measure::Measured;
use crate::table;

/// Counts of peers that differ from ours by more than this share are told.
const UNEQUAL_SHARE: f64 = 0.05;

const HEAD: [&str; 12] = [
    "input",
    "features, MB, zooms",
    "tiler",
    "wall, s",
    "CPU, s",
    "peak, MB",
    "out, MB",
    "times our wall",
    "times our CPU",
    "tiles",
    "features",
    "vertices",
];

/// Returns the table for the screen, with notes below.
pub(super) fn screen(outcomes: &[Outcome]) -> String {
    format!("{}{}", table::align(&HEAD.map(str::to_owned), &rows(outcomes)), listed("  ", outcomes))
}

/// Returns date, machine, versions, table and notes as Markdown.
pub(super) fn markdown(outcomes: &[Outcome], tilers: &[Tiler]) -> String {
    let versions: Vec<&str> = tilers.iter().map(|tiler| tiler.version.as_str()).collect();
    format!(
        "{}; {}; {}.\n\n{}\n{}",
        &moment()[..10],
        machine(),
        versions.join(", "),
        table::markdown(&HEAD.map(str::to_owned), &rows(outcomes)),
        listed("- ", outcomes)
    )
}

/// Returns the notes, a line each behind a mark.
fn listed(mark: &str, outcomes: &[Outcome]) -> String {
    notes(outcomes).into_iter().flat_map(|note| [mark.to_owned(), note, "\n".to_owned()]).collect()
}

/// Returns everything as one JSON object.
pub(super) fn json(outcomes: &[Outcome], tilers: &[Tiler]) -> Value {
    let tilers = tilers.iter().map(|tiler| json!({"name": tiler.name, "version": tiler.version}));
    let outcomes = outcomes.iter().map(|outcome| {
        json!({
            "input": outcome.name,
            "features": outcome.features,
            "bytes": outcome.bytes,
            "maxzoom": outcome.maxzoom,
            "tiled": outcome.tiled.iter().map(|tiled| tiled_json(tiled, &outcome.tiled[0])).collect::<Vec<_>>(),
        })
    });
    json!({
        "date": moment(),
        "machine": machine(),
        "tilers": tilers.collect::<Vec<_>>(),
        "outcomes": outcomes.collect::<Vec<_>>(),
    })
}

fn tiled_json(tiled: &Tiled, ours: &Tiled) -> Value {
    let ratio = |of: fn(&Measured) -> f64| tiled.ratio(ours, of).map(crate::spread::Spread::to_json);
    json!({
        "tiler": tiled.tiler,
        "runs": runs_json(&tiled.runs),
        "wall_ratio": ratio(|run| run.wall_seconds),
        "cpu_ratio": ratio(Measured::cpu_seconds),
        "tileset": tiled.made.as_ref().ok().map(Counts::to_json),
        "error": tiled.made.as_ref().err(),
    })
}

/// Returns a row for each tiler on each input; the counts of peers are shares of ours.
fn rows(outcomes: &[Outcome]) -> Vec<Vec<String>> {
    let of = |outcome: &Outcome| {
        let ours = outcome.tiled[0].clone();
        let (features, megabytes) = (outcome.features, outcome.bytes as f64 / MEGABYTE);
        let input = format!("{features}, {megabytes:.0}, 0-{}", outcome.maxzoom);
        let name = outcome.name.clone();
        let row = move |tiled: &Tiled| [vec![name.clone(), input.clone()], cells(tiled, &ours)].concat();
        outcome.tiled.iter().map(row).collect::<Vec<_>>()
    };
    outcomes.iter().flat_map(of).collect()
}

fn cells(tiled: &Tiled, ours: &Tiled) -> Vec<String> {
    let none = || "-".to_owned();
    let median = |of: fn(&Measured) -> f64, digits: usize| {
        tiled.spread(of).map_or_else(none, |spread| format!("{:.digits$}", spread.median))
    };
    let ratio = |of: fn(&Measured) -> f64| {
        let ratio = tiled.ratio(ours, of).filter(|_| tiled.tiler != ours.tiler);
        ratio.map_or_else(none, |ratio| ratio.to_string())
    };
    let counted = |of: fn(&Counts) -> u64| match (&tiled.made, &ours.made) {
        (Ok(made), Ok(_)) if tiled.tiler == ours.tiler => of(made).to_string(),
        (Ok(made), Ok(ours)) => format!("{:.3}", of(made) as f64 / of(ours) as f64),
        _ => none(),
    };
    vec![
        tiled.tiler.to_owned(),
        median(|run| run.wall_seconds, 2),
        median(Measured::cpu_seconds, 2),
        median(|run| run.peak_bytes as f64 / MEGABYTE, 0),
        tiled.made.as_ref().map_or_else(|_| none(), |made| format!("{:.1}", made.bytes as f64 / MEGABYTE)),
        ratio(|run| run.wall_seconds),
        ratio(Measured::cpu_seconds),
        counted(|made| made.total().tiles),
        counted(|made| made.total().features),
        counted(|made| made.total().vertices),
    ]
}

/// Returns what is to be known beside the table: failures, single runs, and zooms at which the work was not equal.
fn notes(outcomes: &[Outcome]) -> Vec<String> {
    let mut notes = Vec::new();
    for outcome in outcomes {
        let (ours, peers) = (&outcome.tiled[0], &outcome.tiled[1..]);
        for peer in peers {
            let name = format!("{}, {}", outcome.name, peer.tiler);
            if peer.runs.first().is_some_and(|run| run.wall_seconds > SLOW_SECONDS) {
                notes.push(format!("{name}: run once, since it took longer than {SLOW_SECONDS} s"));
            }
            match (&peer.made, &ours.made) {
                (Ok(theirs), Ok(ours)) => notes.extend(unequal(&name, theirs, ours)),
                (Err(error), _) => notes.push(format!("{name}: {error}")),
                (_, Err(error)) => notes.push(format!("{}, {}: {error}", outcome.name, ours.tiler)),
            }
        }
    }
    notes
}

/// Says at which zooms the tiles or the features of a peer are not about as many as ours.
fn unequal(name: &str, theirs: &Counts, ours: &Counts) -> Vec<String> {
    let mut notes = Vec::new();
    let mut compare = |what: &str, of: fn(&super::tileset::ZoomCounts) -> u64| {
        let share = |zoom: u8| {
            let count = |counts: &Counts| counts.zooms.get(&zoom).map_or(0, of) as f64;
            (zoom, count(theirs) / count(ours))
        };
        let zooms: std::collections::BTreeSet<u8> =
            theirs.zooms.keys().chain(ours.zooms.keys()).copied().collect();
        let differing: Vec<String> = zooms
            .into_iter()
            .map(share)
            .filter(|(_, share)| share.is_nan() || (share - 1.0).abs() > UNEQUAL_SHARE)
            .map(|(zoom, share)| format!("{zoom}: {share:.2}"))
            .collect();
        if !differing.is_empty() {
            notes.push(format!("{name}: {what} of a zoom as shares of ours, {}", differing.join(", ")));
        }
    };
    compare("tiles", |zoom| zoom.tiles);
    compare("features", |zoom| zoom.features);
    if theirs.bytes as f64 * (1.0 + UNEQUAL_SHARE) < ours.bytes as f64 {
        notes.push(format!("{name}: {} bytes against ours of {}", theirs.bytes, ours.bytes));
    }
    notes
}

fn moment() -> String {
    Moment::of(SystemTime::now()).iso()
}

/// Returns what the machine is, as far as the system tells it.
fn machine() -> String {
    let threads = Settings::for_machine().threads;
    let model = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(format!(" of {}", line.split_once(':')?.1.trim()))
    });
    let memory = Settings::for_machine().memory_bytes as f64 * 4.0 / f64::from(1 << 30);
    format!("{threads} cores{}, {memory:.0} GiB", model.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::tileset::ZoomCounts;
    use super::*;

    fn counts(bytes: u64, features: u64) -> Counts {
        let zoom =
            |zoom| (zoom, ZoomCounts { tiles: 2, features: features * u64::from(zoom), vertices: 300 });
        Counts { bytes, zooms: (1..3).map(zoom).collect() }
    }

    fn tiled(tiler: &'static str, wall_seconds: f64, made: Result<Counts, String>) -> Tiled {
        let run = Measured {
            wall_seconds,
            user_seconds: wall_seconds,
            system_seconds: 0.0,
            peak_bytes: 50_000_000,
        };
        let runs = if made.is_ok() { vec![run] } else { Vec::new() };
        Tiled { tiler, runs, made }
    }

    fn check(peer: Tiled, expected_row: &str, expected_notes: &[&str]) {
        let ours = tiled("zellige", 1.0, Ok(counts(2_000_000, 100)));
        let outcome = Outcome {
            name: "roads".to_owned(),
            maxzoom: 2,
            features: 90,
            bytes: 3_000_000,
            tiled: vec![ours, peer],
        };
        assert_eq!(rows(std::slice::from_ref(&outcome))[1].join(" | "), expected_row);
        assert_eq!(notes(&[outcome]), expected_notes);
    }

    #[test]
    fn equal_work_needs_no_note() {
        check(
            tiled("tippecanoe", 8.0, Ok(counts(2_100_000, 100))),
            "roads | 90, 3, 0-2 | tippecanoe | 8.00 | 8.00 | 50 | 2.1 | 8.00 (8.00 to 8.00) | \
             8.00 (8.00 to 8.00) | 1.000 | 1.000 | 1.000",
            &[],
        );
    }

    #[test]
    fn work_that_differs_is_told_by_zoom() {
        check(
            tiled("tippecanoe", 130.0, Ok(counts(1_000_000, 90))),
            "roads | 90, 3, 0-2 | tippecanoe | 130.00 | 130.00 | 50 | 1.0 | 130.00 (130.00 to 130.00) | \
             130.00 (130.00 to 130.00) | 1.000 | 0.900 | 1.000",
            &[
                "roads, tippecanoe: run once, since it took longer than 120 s",
                "roads, tippecanoe: features of a zoom as shares of ours, 1: 0.90, 2: 0.90",
                "roads, tippecanoe: 1000000 bytes against ours of 2000000",
            ],
        );
    }

    #[test]
    fn peer_that_failed_is_told() {
        check(
            tiled("freestiler", 0.0, Err("`python3` failed".to_owned())),
            "roads | 90, 3, 0-2 | freestiler | - | - | - | - | - | - | - | - | -",
            &["roads, freestiler: `python3` failed"],
        );
    }
}
