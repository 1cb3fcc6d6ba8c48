//! Publishes files with both command lines, in turn.
//!
//! In:     two builds; files, each with its highest zoom.
//! Out:    wall and CPU time of the user and peak memory of each run; whether the tilesets have the same bytes.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::{Arguments, Pairs, Side, in_turn};
use crate::measure::{Measured, measured};

/// The largest layer that a recipe may ask for, and a limit that no tile reaches with it, KiB.
const LAYER_KIB_MAX: u32 = 2500;
const TILE_KIB_MAX: u32 = 131_072;
/// The tileset in the folder of a side.
const OUTPUT: &str = "tiles.pmtiles";
const MEBIBYTE: f64 = 1_048_576.0;

/// What is told of a run: its name, unit, and where it is.
type Quantity = (&'static str, &'static str, fn(&Measured) -> f64);

const QUANTITIES: [Quantity; 3] = [
    ("wall", "s", |run| run.wall_seconds),
    ("user CPU", "s", |run| run.user_seconds),
    ("peak", "MiB", |run| run.peak_bytes as f64 / MEBIBYTE),
];

/// Publishes each file in rounds and tells on standard error whether both make the same.
///
/// # Errors
/// When a run fails.
pub(super) fn run(arguments: &Arguments, base: &Side, head: &Side) -> anyhow::Result<Vec<Pairs>> {
    let mut pairs = Vec::new();
    for (file, maxzoom) in &arguments.publish {
        let name = file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for round in 0..arguments.rounds {
            eprintln!("publish {name}, round {} of {}", round + 1, arguments.rounds);
            let run = |side| measured(&publish(side, file, *maxzoom)?);
            let (of_base, of_head) = in_turn(round, || run(base), || run(head))?;
            old.push(of_base);
            new.push(of_head);
        }
        let tileset = |side: &Side| fs::read(side.folder().join(OUTPUT));
        let are_equal = tileset(base)? == tileset(head)?;
        eprintln!("publish {name}: both make {} bytes", if are_equal { "the same" } else { "different" });
        pairs.extend(QUANTITIES.map(|(quantity, unit, of)| Pairs {
            name: format!("publish {name}, {quantity}"),
            unit,
            base: old.iter().map(of).collect(),
            head: new.iter().map(of).collect(),
        }));
    }
    Ok(pairs)
}

/// Returns the command that publishes a file, one layer of it, with the highest limits that there are.
fn publish(side: &Side, file: &Path, maxzoom: u8) -> anyhow::Result<Command> {
    let recipe = side.folder().join("recipe.json");
    let layer = json!({"source": "mapbox://tileset-source/bench/bench", "minzoom": 0, "maxzoom": maxzoom,
        "tiles": {"layer_size": LAYER_KIB_MAX}});
    fs::write(&recipe, json!({"version": 1, "layers": {"bench": layer}}).to_string())?;
    let mut command = Command::new(side.program());
    command.arg("publish").arg(recipe).arg("--source").arg(file);
    command.arg("--output").arg(side.folder().join(OUTPUT));
    command.args(["--force", "--quiet", "--name", "bench"]);
    command.args(["--tile-size-limit", &TILE_KIB_MAX.to_string()]);
    Ok(command)
}

#[cfg(all(test, feature = "engine"))]
mod tests {
    use super::*;

    #[test]
    fn tile_limit_is_the_highest_that_the_engine_takes() {
        assert_eq!((TILE_KIB_MAX as usize) << 10, zellige::archive::TILE_BYTES_MAX);
    }
}
