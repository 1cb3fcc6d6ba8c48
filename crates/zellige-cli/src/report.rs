//! A finished job as text for people.
//!
//! In:     the report of the engine, where the tileset went, and what the inputs were said to hold.
//! Out:    a row a layer and zoom, the sums, warnings and findings; what to do where lines are parts of a document.
//! Keeps:  every number, once: bad lines are told by the findings, which know where they stand, and not as warnings
//!         too. Only long texts are cut, the job object has them whole.
//! Source: –

use std::path::Path;

use zellige::Report;
use zellige::ingest::{Document, Format};
use zellige::job::report::FindingReport;
use zellige::model::FindingCode;
use zellige::tile::stats::ZoomStats;

use crate::check::document_hint;
use crate::show::{Align, Table, bytes, grouped, printable, put, span};

/// Examples of a finding.
const EXAMPLES_MAX: usize = 3;
/// Characters of a warning.
const WARNING_CHARS_MAX: usize = 400;

/// The warnings of single lines, which findings tell as well.
const LINE_WARNINGS: [&str; 2] = ["W202:", "W203:"];

/// Returns the report as text.
pub(crate) fn to_text(report: &Report, target: &Path, format: Format) -> String {
    let mut out = layers(report).to_string();
    let written = report.written;
    put(
        &mut out,
        format_args!(
            "\n{}: {} tiles ({} distinct), {}\n",
            target.display(),
            grouped(written.tiles),
            grouped(written.distinct),
            bytes(written.bytes)
        ),
    );
    let seconds = report.elapsed.as_secs_f64().max(0.001);
    let speed = (report.features as f64 / seconds) as u64;
    put(
        &mut out,
        format_args!(
            "{} features in {} ({} of it reading): {} features/s\n",
            grouped(report.features),
            span(report.elapsed),
            span(report.sliced_in),
            grouped(speed)
        ),
    );
    if report.spilled_bytes > 0 {
        put(&mut out, format_args!("{} went through temporary files\n", bytes(report.spilled_bytes)));
    }
    if let Some(borders) = report.borders.filter(|borders| borders.is_shared && borders.junctions > 0) {
        let (vertices, junctions) = (grouped(borders.vertices), grouped(borders.junctions));
        put(
            &mut out,
            format_args!("polygons of {vertices} vertices share borders between {junctions} junctions\n"),
        );
    }
    let is_told_below = |warning: &&String| LINE_WARNINGS.iter().any(|start| warning.starts_with(start));
    let warnings: Vec<&String> = report.warnings.iter().filter(|warning| !is_told_below(warning)).collect();
    if !warnings.is_empty() {
        out.push_str("\nwarnings\n");
        for warning in warnings {
            put(&mut out, format_args!("  {}\n", printable(warning, WARNING_CHARS_MAX)));
        }
    }
    if !report.findings.is_empty() {
        out.push_str("\nfindings\n");
        report.findings.iter().for_each(|finding| push_finding(&mut out, finding));
    }
    if let Some(hint) = document_hint(document(report), format) {
        put(&mut out, format_args!("hint: {hint}\n"));
    }
    out
}

/// Returns what the first bad line seems to be a part of.
fn document(report: &Report) -> Option<Document> {
    let bad = report.findings.iter().find(|finding| finding.code == FindingCode::LineUndecodable)?;
    bad.examples.first().and_then(|first| Document::of(&first.reason, first.text.as_bytes()))
}

/// Returns the table of layers and zooms.
fn layers(report: &Report) -> Table {
    let mut table = Table::new(&[
        ("layer", Align::Left),
        ("zoom", Align::Right),
        ("tiles", Align::Right),
        ("features", Align::Right),
        ("size", Align::Right),
        ("average", Align::Right),
        ("largest", Align::Right),
        ("capped", Align::Right),
        ("left out", Align::Right),
        ("merged", Align::Right),
    ]);
    let row = |layer: &str, zoom: String, counts: [u64; 7]| {
        let [tiles, features, sum, max, capped, left_out, merged] = counts;
        let average = sum.checked_div(tiles).unwrap_or(0);
        let sizes = [sum, average, max].map(bytes);
        let counts = [grouped(tiles), grouped(features)];
        let first = [layer.to_owned(), zoom].into_iter();
        first.chain(counts).chain(sizes).chain([capped, left_out, merged].map(grouped)).collect::<Vec<_>>()
    };
    for layer in &report.layers {
        for (zoom, stats) in &layer.stats.zooms {
            let counts = [
                stats.tiles,
                features(stats),
                stats.sum_size,
                stats.max_size,
                stats.capped,
                left_out(stats),
                stats.features_merged,
            ];
            table.row(row(&layer.name, zoom.to_string(), counts));
        }
        let total = |counter: fn(&ZoomStats) -> u64| layer.stats.total(counter);
        let max = layer.stats.zooms.values().map(|stats| stats.max_size).max().unwrap_or(0);
        let counts = [
            total(|zoom| zoom.tiles),
            total(features),
            total(|zoom| zoom.sum_size),
            max,
            total(|zoom| zoom.capped),
            total(left_out),
            total(|zoom| zoom.features_merged),
        ];
        table.row(row(&layer.name, "all".to_owned(), counts));
        table.rule();
    }
    table
}

/// Counts the features in tiles, each in every tile.
fn features(stats: &ZoomStats) -> u64 {
    stats.points + stats.linestrings + stats.polygons
}

/// Counts the features that are too small for the zoom or went for a size limit.
fn left_out(stats: &ZoomStats) -> u64 {
    stats.features_vanished + stats.features_over_budget
}

/// Says what was found, with the first places.
pub(crate) fn push_finding(out: &mut String, finding: &FindingReport) {
    let FindingReport { code, count, examples } = finding;
    put(out, format_args!("  {} {code}: {}\n", grouped(*count), code.sentence()));
    for example in examples.iter().take(EXAMPLES_MAX) {
        // A finding that says nothing new about a line is explained by its sentence.
        let reason = if example.reason == code.sentence() { "" } else { example.reason.as_str() };
        let place = format!("{}:{} {reason}", example.file, example.line);
        put(out, format_args!("    {}\n", printable(place.trim_end(), WARNING_CHARS_MAX)));
    }
    let shown = examples.len().min(EXAMPLES_MAX) as u64;
    if 0 < shown && shown < *count {
        put(out, format_args!("    and {} more\n", grouped(count - shown)));
    }
}
