//! What a job found, counted and wrote.
//!
//! The JSON form is the job object of the hosted service, field by field, with a few more fields of
//! our own (`findings`, `timings`, counts of what was left out).
//! Source: recipe 7.1 to 7.4.

mod date;
mod json;
mod warnings;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use zellige_archive::Written;
use zellige_model::{Example, FindingCode, Place, Tileset, Zoom};
use zellige_recipe::Plan;
use zellige_tile::emit::EmittedLayer;
use zellige_tile::stats::LayerStats;

use crate::duplicates::Duplicates;
use crate::settings::Settings;
use crate::slicing::Found;

pub use json::failure_to_json;

/// The report of a job that made a tileset.
#[derive(Clone, Debug)]
pub struct Report {
    /// The id of the tileset.
    pub tileset_id: String,
    /// When the job started.
    pub started: SystemTime,
    /// How long it took in all.
    pub elapsed: Duration,
    /// How long reading and slicing took.
    pub sliced_in: Duration,
    /// Features read.
    pub features: u64,
    /// Bytes of pieces that did not fit the memory and went to temporary files.
    pub spilled_bytes: u64,
    /// What was learnt about borders; nothing when no polygon was simplified, or each outline alone.
    pub borders: Option<BordersReport>,
    /// The archive.
    pub written: Written,
    /// The metadata of the tileset.
    pub tileset: Tileset,
    /// The layers in recipe order.
    pub layers: Vec<LayerReport>,
    /// Warnings as the hosted service words them, W201 to W205.
    pub warnings: Vec<String>,
    /// All findings with their first examples.
    pub findings: Vec<FindingReport>,
    /// Area in km² by tier, see the precision levels of the hosted service.
    pub tileset_precisions: BTreeMap<String, f64>,
    /// The recipe as written.
    pub recipe: Value,
}

/// The borders of the polygons of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BordersReport {
    /// Whether neighbours share them in tiles; not when there were too many junctions.
    pub is_shared: bool,
    /// Vertices of all rings.
    pub vertices: u64,
    /// Vertices at which borders part.
    pub junctions: u64,
    /// Bytes of memory that the junctions took.
    pub table_bytes: u64,
    /// Bytes of vertices that did not fit the memory and went to a temporary file.
    pub spilled_bytes: u64,
    /// Bytes of sources that cannot be read twice and went to temporary files until the junctions were known.
    pub aside_bytes: u64,
}

/// A layer of the report.
#[derive(Clone, Debug)]
pub struct LayerReport {
    /// The name.
    pub name: String,
    /// The lowest zoom of the recipe.
    pub minzoom: Zoom,
    /// The highest zoom of the recipe.
    pub maxzoom: Zoom,
    /// A checksum over geometry and attributes of all tiles in order, ids left out.
    pub checksum: u64,
    /// Features that limits took out of tiles, counted in every tile.
    pub features_limited: u64,
    /// Counters by zoom.
    pub stats: LayerStats,
}

/// A finding of the report.
#[derive(Clone, Debug)]
pub struct FindingReport {
    /// The stable code.
    pub code: FindingCode,
    /// The exact number of cases.
    pub count: u64,
    /// The first cases.
    pub examples: Vec<ExampleReport>,
}

/// A case of a finding.
#[derive(Clone, Debug)]
pub struct ExampleReport {
    /// The file, or the name of another input.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// What exactly is wrong.
    pub reason: String,
    /// The line as written, cut at a bound; may be empty.
    pub text: String,
}

/// What [`write`] draws from.
pub(crate) struct Facts<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) settings: &'a Settings,
    pub(crate) title: String,
    pub(crate) tileset: Tileset,
    pub(crate) written: Written,
    pub(crate) found: Found,
    pub(crate) layers: Vec<EmittedLayer>,
    /// By layer of the plan: the number of its source.
    pub(crate) sources: &'a [usize],
    pub(crate) checksums: Vec<u64>,
    pub(crate) duplicates: Duplicates,
    pub(crate) spilled_bytes: u64,
    pub(crate) features: u64,
    pub(crate) started: SystemTime,
    pub(crate) sliced_in: Duration,
    pub(crate) elapsed: Duration,
}

/// Finds file and line of a place in a source.
pub(crate) type Locate<'a> = &'a dyn Fn(u32, Place) -> Option<(String, u64)>;

/// Writes the report of a finished job.
pub(crate) fn write(mut facts: Facts<'_>, locate: Locate<'_>) -> Report {
    add_vanished(&mut facts);
    add_layer_findings(&mut facts);
    let findings = findings(&facts.found, locate);
    let layers: Vec<LayerReport> = facts
        .plan
        .layers
        .iter()
        .zip(facts.layers)
        .zip(&facts.checksums)
        .map(|((plan, emitted), checksum)| LayerReport {
            name: plan.name.as_str().to_owned(),
            minzoom: plan.minzoom,
            maxzoom: plan.maxzoom,
            checksum: *checksum,
            features_limited: emitted.notes.n_limited,
            stats: emitted.stats,
        })
        .collect();
    let warnings = warnings::warnings(&layers, &findings, &facts.duplicates);
    let settings = facts.settings;
    Report {
        tileset_id: if settings.tileset_id.is_empty() { facts.title } else { settings.tileset_id.clone() },
        started: facts.started,
        elapsed: facts.elapsed,
        sliced_in: facts.sliced_in,
        features: facts.features,
        spilled_bytes: facts.spilled_bytes,
        borders: facts.found.borders,
        written: facts.written,
        tileset: facts.tileset,
        layers,
        warnings,
        findings,
        tileset_precisions: precisions(&facts.found),
        recipe: facts.plan.recipe.clone(),
    }
}

/// Moves what slicing saw vanish or left to others to the counters of the zooms, and to the findings.
fn add_vanished(facts: &mut Facts<'_>) {
    for (emitted, sliced) in facts.layers.iter_mut().zip(&facts.found.sliced.layers) {
        for (zoom, count) in &sliced.vanished {
            emitted.stats.at(*zoom).features_vanished += count;
            facts.found.findings.count(FindingCode::FeatureVanished, *count);
        }
        for (zoom, count) in &sliced.merged {
            emitted.stats.at(*zoom).features_merged += count;
        }
    }
}

/// Counts what is known only once all tiles are made.
fn add_layer_findings(facts: &mut Facts<'_>) {
    for (layer, source) in facts.layers.iter().zip(facts.sources) {
        for (place, bytes) in &layer.stats.too_large {
            let (source, place) = (*source as u32, Place::from_key(*place));
            let reason = format!("Feature alone needs about {bytes} bytes, for which no tile has room");
            let example = || Example { source, place, reason, text: String::new() };
            facts.found.findings.show(FindingCode::LayerOverBudget, source, place, example);
        }
        let over_budget = layer.stats.total(|zoom| zoom.features_over_budget);
        facts.found.findings.count(FindingCode::LayerOverBudget, over_budget);
        let merged = layer.stats.total(|zoom| zoom.features_merged);
        facts.found.findings.count(FindingCode::FeatureMerged, merged);
        facts.found.findings.count(FindingCode::OrderMixed, u64::from(layer.order_is_mixed));
        facts.found.findings.count(FindingCode::LimitMixed, layer.notes.n_limit_mixed);
        facts.found.findings.count(FindingCode::AggregateIgnored, layer.notes.n_ignored);
        facts.found.findings.count(FindingCode::ClusterNotPoints, layer.notes.n_unclustered);
        facts.found.findings.count(FindingCode::FeatureVanished, layer.notes.n_vanished);
        facts.found.findings.count(FindingCode::NumberNotFinite, layer.notes.n_not_finite);
        facts.found.findings.count(FindingCode::IdUnusable, layer.notes.n_id_unusable);
        facts.found.findings.count(FindingCode::IdInexact, layer.notes.n_id_inexact);
        let is_empty = layer.stats.total(|zoom| zoom.tiles) == 0;
        facts.found.findings.count(FindingCode::LayerEmpty, u64::from(is_empty));
    }
}

fn findings(found: &Found, locate: Locate<'_>) -> Vec<FindingReport> {
    let tallies = found.findings.iter();
    tallies
        .map(|(code, tally)| FindingReport {
            code,
            count: tally.count,
            examples: tally
                .examples
                .iter()
                .map(|example| {
                    let (file, line) = locate(example.source, example.place).unwrap_or_default();
                    ExampleReport { file, line, reason: example.reason.clone(), text: example.text.clone() }
                })
                .collect(),
        })
        .collect()
}

/// Returns the area by tier; layers of one tier count a tile once (recipe 10, no. 39).
fn precisions(found: &Found) -> BTreeMap<String, f64> {
    let mut covers = BTreeMap::new();
    for cover in found.sliced.covers.iter().flatten() {
        covers
            .entry(cover.tier())
            .and_modify(|known: &mut zellige_tile::precision::TileCover| known.merge(cover))
            .or_insert_with(|| cover.clone());
    }
    covers.into_iter().map(|(tier, cover)| (tier.to_owned(), cover.area_km2())).collect()
}
