//! What the verb `pack` tells of packs: text for people, JSON for programs.
//!
//! In:     packs that were made, or a forecast of them.
//! Out:    text, a pack a line with what was found; the same numbers and more as JSON.
//! Keeps:  `region.json` as it was written, in the JSON.
//! Source: –

use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};
use zellige::job::report::{ExampleReport, FindingReport};
use zellige::model::{Example, FindingCode, Tally};
use zellige::pack::digest::Digest;
use zellige::pack::maps::{Forecast, TILES_MAX};
use zellige::pack::navigation;
use zellige::pack::revision::{PackReport, REGION_FILE};
use zellige::style::shave::Saved;

use crate::report::push_finding;
use crate::show::{Align, Table, bytes, counted, grouped, put, span};

/// Tells a forecast as text, zoom by zoom.
pub(super) fn forecast_to_text(forecast: &Forecast) -> String {
    let mut table = Table::new(&[
        ("source", Align::Left),
        ("zoom", Align::Right),
        ("tiles", Align::Right),
        ("size", Align::Right),
    ]);
    let size =
        |size: Option<u64>| size.map_or_else(|| "-".to_owned(), |size| format!("about {}", bytes(size)));
    for row in &forecast.zooms {
        table.row([row.source.clone(), row.zoom.to_string(), grouped(row.tiles), size(row.bytes)]);
    }
    table.rule();
    let sizes: Option<u64> = forecast.zooms.iter().map(|row| row.bytes).sum();
    table.row(["all".to_owned(), String::new(), grouped(forecast.tiles), size(sizes)]);
    let mut out = table.to_string();
    put(
        &mut out,
        format_args!(
            "\n{}: style, sources, glyphs, sprite; {}\n",
            counted(forecast.resources, "resource", "resources"),
            bytes(forecast.resource_bytes)
        ),
    );
    match forecast.bytes {
        Some(size) => put(&mut out, format_args!("the maps pack will have about {}\n", bytes(size))),
        None => put(&mut out, format_args!("a maps pack has at most {} tiles\n", grouped(TILES_MAX))),
    }
    out
}

/// Tells a forecast as JSON, with what may surprise.
pub(super) fn forecast_to_json(forecast: &Forecast, notes: &[String]) -> Value {
    let zooms = forecast.zooms.iter().map(
        |row| json!({"source": row.source, "zoom": row.zoom.get(), "tiles": row.tiles, "bytes": row.bytes}),
    );
    json!({
        "domain": "maps",
        "zooms": zooms.collect::<Vec<_>>(),
        "tiles": forecast.tiles,
        "tiles_max": TILES_MAX,
        "resources": forecast.resources,
        "resource_bytes": forecast.resource_bytes,
        "bytes": forecast.bytes,
        "notes": notes,
    })
}

/// Tells packs that were made as text.
pub(super) fn to_text(report: &PackReport, folder: &Path, elapsed: Duration) -> String {
    let mut out = String::new();
    if let Some((path, maps)) = &report.maps {
        let counts = maps.counts;
        let tiles = counted(counts.tiles, "tile", "tiles");
        let tiles = format!("{tiles} ({} of them empty)", grouped(counts.tiles_empty));
        push_pack(&mut out, path, &[tiles, counted(counts.resources, "resource", "resources")], &maps.digest);
        if let Some(saved) = counts.saved {
            push_saved(&mut out, saved);
        }
    }
    if let Some((path, navigation)) = &report.navigation {
        let counts = navigation.counts;
        let (junctions, edges) =
            (counted(counts.junctions, "junction", "junctions"), counted(counts.edges, "edge", "edges"));
        let length = format!("{} km", grouped(counts.length_m / 1000));
        push_pack(&mut out, path, &[junctions, edges, length], &navigation.digest);
        for finding in findings(navigation) {
            push_finding(&mut out, &finding);
        }
    }
    put(
        &mut out,
        format_args!(
            "revision {} in {}, described by {}\n",
            report.revision,
            span(elapsed),
            folder.join(REGION_FILE).display()
        ),
    );
    out
}

/// Says where a pack is, what it holds, and its size.
fn push_pack(out: &mut String, path: &Path, contents: &[String], digest: &Digest) {
    put(out, format_args!("{}: {}, {}\n", path.display(), contents.join(", "), bytes(digest.bytes)));
}

/// Says what was left out of tiles.
fn push_saved(out: &mut String, saved: Saved) {
    put(
        out,
        format_args!(
            "  optimized: {} instead of {} before compression; {} and {} that the style cannot draw are left out\n",
            bytes(saved.bytes_out),
            bytes(saved.bytes_in),
            counted(saved.features, "feature", "features"),
            counted(saved.attributes, "attribute", "attributes")
        ),
    );
}

fn saved_to_json(saved: Saved) -> Value {
    json!({
        "bytes_in": saved.bytes_in,
        "bytes_out": saved.bytes_out,
        "layers": saved.layers,
        "features": saved.features,
        "attributes": saved.attributes,
    })
}

/// Returns what was found about roads, each with its first places.
fn findings(report: &navigation::Report) -> Vec<FindingReport> {
    let mut lines = report.lines.iter();
    let mut example = |example: &Example| {
        let (file, line) = lines.next().cloned().flatten().unwrap_or_default();
        ExampleReport { file, line, reason: example.reason.clone(), text: example.text.clone() }
    };
    let mut finding = |(code, tally): (FindingCode, &Tally)| FindingReport {
        code,
        count: tally.count,
        examples: tally.examples.iter().map(&mut example).collect(),
    };
    report.findings.iter().map(&mut finding).collect()
}

/// Returns `region.json` with what the packs hold beside it.
pub(super) fn to_json(report: &PackReport) -> Value {
    let mut out = Map::new();
    out.insert("region".to_owned(), report.region.clone());
    if let Some((path, maps)) = &report.maps {
        let counts = maps.counts;
        let maps = json!({
            "path": path.display().to_string(),
            "tiles": counts.tiles,
            "tiles_empty": counts.tiles_empty,
            "tile_bytes": counts.tile_bytes,
            "resources": counts.resources,
            "resource_bytes": counts.resource_bytes,
            "optimized": counts.saved.map(saved_to_json),
        });
        out.insert("maps".to_owned(), maps);
    }
    if let Some((path, navigation)) = &report.navigation {
        let counts = navigation.counts;
        let findings = findings(navigation);
        let navigation = json!({
            "path": path.display().to_string(),
            "tiles": counts.tiles,
            "roads": counts.roads,
            "junctions": counts.junctions,
            "edges": counts.edges,
            "restrictions": counts.restrictions,
            "length_m": counts.length_m,
            "car_length_m": counts.car_length_m,
            "findings": findings.iter().map(FindingReport::to_json).collect::<Vec<_>>(),
        });
        out.insert("navigation".to_owned(), navigation);
    }
    out.insert("notes".to_owned(), json!(report.notes));
    Value::Object(out)
}
