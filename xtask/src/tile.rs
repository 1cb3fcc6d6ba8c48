//! Cuts files into a tileset with nothing left out: `cargo xtask tile OUTPUT MAXZOOM LAYER=FILE…`.
//!
//! In:     line-delimited GeoJSON, a layer a file.
//! Out:    a tileset of the zooms from 0 on.
//! Keeps:  every feature that shows: a recipe bounds a layer to 2,500 KiB a tile, and that is lifted here, for other
//!         tilers have no such bound. All else is what `zellige publish` does.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;
use zellige::archive::TILE_BYTES_MAX;
use zellige::{Settings, Source};

use crate::usage::{self, Usage};
use crate::values;

/// Detail below so many units of 4096 goes, as other tilers have it.
const AS_PEERS_SIMPLIFICATION: u32 = 1;
/// Percent of a tile's side that is kept around it, as other tilers have it: 80 units of 4096.
const AS_PEERS_BUFFER: f64 = 1.953_125;

/// What the user asked for.
#[derive(Debug, PartialEq, Eq)]
struct Arguments {
    output: PathBuf,
    maxzoom: u8,
    /// Name and file of each layer.
    layers: Vec<(String, PathBuf)>,
    level: Option<u8>,
    memory_bytes: Option<u64>,
    as_peers: bool,
}

/// Cuts what the arguments ask for.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let Arguments { output, maxzoom, layers, level, memory_bytes, as_peers } = Arguments::parse(arguments)?;
    let mut recipe = json!({"version": 1, "layers": {}});
    for (name, _) in &layers {
        let mut layer = json!({"source": source_id(name), "minzoom": 0, "maxzoom": maxzoom});
        if as_peers {
            layer["features"] = json!({"simplification": AS_PEERS_SIMPLIFICATION});
            layer["tiles"] = json!({"buffer_size": AS_PEERS_BUFFER});
        }
        recipe["layers"][name] = layer;
    }
    let mut plan = zellige::plan(recipe.to_string().as_bytes())?;
    for layer in &mut plan.layers {
        layer.layer_bytes_max = u32::MAX;
    }
    let machine = Settings::for_machine();
    let settings = Settings {
        // What readers of archives take: no tile is full.
        tile_bytes_max: TILE_BYTES_MAX as u64,
        overwrite: true,
        compression_level: level.unwrap_or(machine.compression_level),
        memory_bytes: memory_bytes.unwrap_or(machine.memory_bytes),
        ..machine
    };
    let sources = layers.iter().map(|(name, file)| Source::new(source_id(name)).file(file)).collect();
    zellige::publish(&plan, sources, &output, &settings, &mut |_| ControlFlow::Continue(()))
        .with_context(|| format!("cutting `{}` failed", output.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn source_id(layer: &str) -> String {
    format!("mapbox://tileset-source/made/{layer}")
}

impl Arguments {
    fn parse(arguments: &[String]) -> anyhow::Result<Self> {
        const FLAGS: [&str; 3] = ["--level", "--memory", "--as-peers"];
        let (mut level, mut memory_bytes, mut as_peers) = (None, None, false);
        let mut words = Vec::new();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| Usage(format!("`{argument}` needs a value")));
            match argument.as_str() {
                "--level" => level = Some(values::level(value()?)?),
                "--memory" => memory_bytes = Some(values::memory(value()?)?),
                "--as-peers" => as_peers = true,
                _ if argument.starts_with('-') => return Err(usage::unknown("flag", argument, &FLAGS)),
                _ => words.push(argument.as_str()),
            }
        }
        let [output, maxzoom, layers @ ..] = &words[..] else {
            return Err(Usage("`tile` needs an output, a zoom, and layers".to_owned()).into());
        };
        let layer = |text: &&str| {
            let (name, file) = text.split_once('=')?;
            Some((name.to_owned(), PathBuf::from(file)))
        };
        let layers: Option<Vec<_>> = layers.iter().map(layer).collect();
        let layers = layers.filter(|layers| !layers.is_empty());
        Ok(Self {
            output: PathBuf::from(output),
            maxzoom: values::zoom(maxzoom)?,
            layers: layers.ok_or_else(|| Usage("layers are written as `LAYER=FILE`".to_owned()))?,
            level,
            memory_bytes,
            as_peers,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &str, expected: Result<Arguments, &str>) {
        let arguments: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
        let parsed = Arguments::parse(&arguments).map_err(|error| error.to_string());
        assert_eq!(parsed, expected.map_err(str::to_owned));
    }

    #[test]
    fn layers_have_names_and_files() {
        check(
            "out.pmtiles 14 roads=r.geojsonl pois=p.geojsonl --level 6 --memory 256MiB --as-peers",
            Ok(Arguments {
                output: "out.pmtiles".into(),
                maxzoom: 14,
                layers: vec![("roads".into(), "r.geojsonl".into()), ("pois".into(), "p.geojsonl".into())],
                level: Some(6),
                memory_bytes: Some(256 << 20),
                as_peers: true,
            }),
        );
    }

    #[test]
    fn wrong_usage_is_explained() {
        check("", Err("`tile` needs an output, a zoom, and layers"));
        check("out.pmtiles 9", Err("layers are written as `LAYER=FILE`"));
        check("out.pmtiles 9 roads", Err("layers are written as `LAYER=FILE`"));
        check("out.pmtiles nine a=b", Err("`nine` is no zoom, expected 0 to 16"));
        check("out.pmtiles 9 a=b --memory", Err("`--memory` needs a value"));
    }
}
