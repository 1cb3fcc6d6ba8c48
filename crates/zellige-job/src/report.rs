//! What a job found, counted and wrote.
//!
//! The JSON form is the job object of the hosted service, field by field, with a few more fields of
//! our own (`findings`, `timings`, counts of what was left out).
//! Source: recipe 7.1 to 7.4.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};
use zellige_archive::Written;
use zellige_model::{FindingCode, Place, TileCoord, Tileset, Zoom};
use zellige_recipe::Plan;
use zellige_tile::emit::EmittedLayer;
use zellige_tile::stats::{LayerStats, ZoomStats};

use crate::Error;
use crate::duplicates::Duplicates;
use crate::publish::Settings;
use crate::slicing::Found;

/// A `layer_size` above so many KiB cannot be asked for.
const LAYER_KIB_MAX: u64 = 2500;
/// How many examples a warning names.
const WARNING_EXAMPLES_MAX: usize = 20;

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
    pub(crate) checksums: Vec<u64>,
    pub(crate) duplicates: Vec<Duplicates>,
    pub(crate) source_of_layer: Vec<usize>,
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
            stats: emitted.stats,
        })
        .collect();
    let mut warnings: Vec<String> = layers.iter().filter_map(over_budget_warning).collect();
    warnings.extend(line_warnings(&findings));
    for (layer, source) in layers.iter().zip(&facts.source_of_layer) {
        warnings.extend(duplicate_warning(layer, &facts.duplicates[*source]));
    }
    warnings.extend(empty_warning(&layers));
    let settings = facts.settings;
    Report {
        tileset_id: if settings.tileset_id.is_empty() { facts.title } else { settings.tileset_id.clone() },
        started: facts.started,
        elapsed: facts.elapsed,
        sliced_in: facts.sliced_in,
        features: facts.features,
        spilled_bytes: facts.spilled_bytes,
        written: facts.written,
        tileset: facts.tileset,
        layers,
        warnings,
        findings,
        tileset_precisions: precisions(&facts.found),
        recipe: facts.plan.recipe.clone(),
    }
}

/// Moves what slicing saw vanish to the counters of the zooms, and to the findings.
fn add_vanished(facts: &mut Facts<'_>) {
    for (emitted, sliced) in facts.layers.iter_mut().zip(&facts.found.sliced.layers) {
        for (zoom, count) in &sliced.vanished {
            emitted.stats.at(*zoom).features_vanished += count;
            facts.found.findings.count(FindingCode::FeatureVanished, *count);
        }
    }
}

/// Counts what is known only once all tiles are made.
fn add_layer_findings(facts: &mut Facts<'_>) {
    for layer in &facts.layers {
        let over_budget = layer.stats.total(|zoom| zoom.features_over_budget);
        facts.found.findings.count(FindingCode::LayerOverBudget, over_budget);
        facts.found.findings.count(FindingCode::OrderMixed, u64::from(layer.order_is_mixed));
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

/// W201, one a layer.
fn over_budget_warning(layer: &LayerReport) -> Option<String> {
    let capped = layer.stats.total(|zoom| zoom.capped);
    if capped == 0 {
        return None;
    }
    let zooms = || layer.stats.zooms.iter().filter(|(_, stats)| stats.capped > 0);
    let levels: Vec<String> = zooms().map(|(zoom, _)| zoom.to_string()).collect();
    let tiles = zooms().flat_map(|(_, stats)| &stats.capped_list).take(WARNING_EXAMPLES_MAX);
    let tiles: Vec<String> = tiles
        .map(|(bytes, tile)| {
            json!({"layer_size": bytes.div_ceil(1024), "tile": tile.to_string()}).to_string()
        })
        .collect();
    Some(format!(
        "W201: Features were dropped from {} layer in {capped} tile(s) to enforce tile size limits. \
         Affected zoom levels are: {}. Affected tiles and their required layer_sizes include: {}.",
        layer.name,
        levels.join(","),
        tiles.join(", ")
    ))
}

/// W202 and W203, one an example.
fn line_warnings(findings: &[FindingReport]) -> impl Iterator<Item = String> {
    let codes = [(FindingCode::LineUndecodable, "W202"), (FindingCode::GeometryUnencodable, "W203")];
    let examples = codes.into_iter().flat_map(|(code, number)| {
        let found = findings.iter().filter(move |finding| finding.code == code);
        found.flat_map(|finding| &finding.examples).map(move |example| (number, example))
    });
    examples
        .take(WARNING_EXAMPLES_MAX)
        .map(|(number, example)| format!("{number}: {} - Example: {}", example.reason, example.text))
}

/// W204, one a layer.
fn duplicate_warning(layer: &LayerReport, duplicates: &Duplicates) -> Option<String> {
    if duplicates.ids.is_empty() {
        return None;
    }
    let mut text = format!(
        "W204: Feature(s) were dropped from {} layer because of duplicate feature ids. \
         Affected feature ids include: ",
        layer.name
    );
    for (nth, id) in duplicates.ids.iter().enumerate() {
        let comma = if nth == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{id}");
    }
    Some(text)
}

/// W205, one for all layers.
fn empty_warning(layers: &[LayerReport]) -> Option<String> {
    let empty = layers.iter().filter(|layer| layer.stats.total(|zoom| zoom.tiles) == 0);
    let names: Vec<&str> = empty.map(|layer| layer.name.as_str()).collect();
    (!names.is_empty()).then(|| {
        format!(
            "W205: Layer(s) were dropped because their filters returned no features. Affected layers are: {}",
            names.join(",")
        )
    })
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

impl Report {
    /// Returns the job object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut job = job_head(&self.tileset_id, self.started, "success");
        job.insert("published".into(), millis(self.started + self.elapsed).into());
        job.insert("errors".into(), json!([]));
        job.insert("warnings".into(), json!(self.warnings));
        job.insert("tileset_precisions".into(), json!(self.tileset_precisions));
        job.insert("filesize".into(), self.written.bytes.into());
        let layers = self.layers.iter().map(|layer| (layer.name.clone(), layer.to_json()));
        job.insert("layer_stats".into(), Value::Object(layers.collect()));
        let findings = self.findings.iter().map(FindingReport::to_json);
        job.insert("findings".into(), findings.collect());
        job.insert(
            "timings".into(),
            json!({
                "total_ms": self.elapsed.as_millis() as u64,
                "slicing_ms": self.sliced_in.as_millis() as u64,
                "emitting_ms": (self.elapsed.saturating_sub(self.sliced_in)).as_millis() as u64,
            }),
        );
        job.insert("features".into(), self.features.into());
        job.insert("tiles".into(), self.written.tiles.into());
        job.insert("distinct_tiles".into(), self.written.distinct.into());
        job.insert("spilled_bytes".into(), self.spilled_bytes.into());
        job.insert("recipe".into(), self.recipe.clone());
        Value::Object(job)
    }
}

/// Returns the job object of a job that made no tileset.
#[must_use]
pub fn failure_to_json(tileset_id: &str, started: SystemTime, error: &Error, recipe: &Value) -> Value {
    let mut job = job_head(tileset_id, started, "failed");
    let mut chain = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let _ = write!(chain, ": {error}");
        cause = error.source();
    }
    job.insert("errors".into(), json!([chain]));
    job.insert("warnings".into(), json!([]));
    if let Some(hint) = error.hint() {
        job.insert("hint".into(), hint.into());
    }
    job.insert("recipe".into(), recipe.clone());
    Value::Object(job)
}

fn job_head(tileset_id: &str, started: SystemTime, stage: &str) -> Map<String, Value> {
    let created = millis(started);
    let mut job = Map::new();
    job.insert("id".into(), format!("{tileset_id}-{created}").into());
    job.insert("stage".into(), stage.into());
    job.insert("created".into(), created.into());
    job.insert("created_nice".into(), nice_date(created / 1000).into());
    job.insert("tilesetId".into(), tileset_id.into());
    job
}

impl LayerReport {
    fn to_json(&self) -> Value {
        let zooms = self.stats.zooms.iter().filter(|(_, stats)| stats.tiles > 0 || stats.capped > 0);
        let zooms: Map<String, Value> =
            zooms.map(|(zoom, stats)| (zoom.to_string(), zoom_to_json(*zoom, stats))).collect();
        json!({
            "total_tiles": self.stats.total(|zoom| zoom.tiles),
            "point_count": self.stats.total(|zoom| zoom.points),
            "linestring_count": self.stats.total(|zoom| zoom.linestrings),
            "polygon_count": self.stats.total(|zoom| zoom.polygons),
            "capped": self.stats.total(|zoom| zoom.capped),
            "minzoom": self.minzoom.get(),
            "maxzoom": self.maxzoom.get(),
            "checksum": format!("{:016x}", self.checksum),
            "zooms": zooms,
        })
    }
}

fn zoom_to_json(zoom: Zoom, stats: &ZoomStats) -> Value {
    let (xmin, xmax) = stats.columns.unwrap_or_default();
    let (ymin, ymax) = stats.rows.unwrap_or_default();
    let capped_list = stats.capped_list.iter().map(capped_to_json);
    json!({
        "ymin": ymin,
        "ymax": ymax,
        "xmin": xmin,
        "xmax": xmax,
        "tiles": stats.tiles,
        "capped": stats.capped,
        "capped_list": capped_list.collect::<Vec<_>>(),
        "sum_area": stats.sum_area_km2(zoom),
        "sum_size": stats.sum_size,
        "avg_size": average(stats.sum_size, stats.tiles),
        "max_size": stats.max_size,
        "size_histogram": stats.size_histogram,
        "features_over_budget": stats.features_over_budget,
        "features_vanished": stats.features_vanished,
    })
}

/// Returns the mean, to the nearest whole number.
fn average(sum: u64, count: u64) -> u64 {
    (sum + count / 2).checked_div(count).unwrap_or(0)
}

fn capped_to_json((bytes, tile): &(u64, TileCoord)) -> Value {
    let kib = bytes.div_ceil(1024);
    let layer_size = if kib > LAYER_KIB_MAX { json!("more than maximum") } else { json!(kib) };
    json!({"layer_size": layer_size, "tile": tile.to_string()})
}

impl FindingReport {
    fn to_json(&self) -> Value {
        let examples = self.examples.iter().map(|example| {
            json!({
                "file": example.file,
                "line": example.line,
                "reason": example.reason,
                "text": example.text,
            })
        });
        json!({
            "code": self.code.code(),
            "count": self.count,
            "sentence": self.code.sentence(),
            "examples": examples.collect::<Vec<_>>(),
        })
    }
}

fn millis(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// Returns a time as JavaScript prints it, in UTC: `Wed Jun 19 2019 22:05:02 GMT+0000 (UTC)`.
fn nice_date(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let days = seconds / 86_400;
    let mut year = 1970;
    let mut day = days;
    while day >= year_days(year) {
        day -= year_days(year);
        year += 1;
    }
    let mut month = 0;
    while day >= month_days(year, month) {
        day -= month_days(year, month);
        month += 1;
    }
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!(
        "{} {} {:02} {year} {hour:02}:{minute:02}:{second:02} GMT+0000 (UTC)",
        DAYS[(days % 7) as usize],
        MONTHS[month],
        day + 1
    )
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn year_days(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

const fn month_days(year: u64, month: usize) -> u64 {
    match month {
        1 if is_leap(year) => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_read_as_the_service_prints_them() {
        assert_eq!(nice_date(1_560_981_902), "Wed Jun 19 2019 22:05:02 GMT+0000 (UTC)");
        assert_eq!(nice_date(951_782_400), "Tue Feb 29 2000 00:00:00 GMT+0000 (UTC)");
        assert_eq!(nice_date(0), "Thu Jan 01 1970 00:00:00 GMT+0000 (UTC)");
    }

    fn capped_layer() -> LayerReport {
        let mut stats = LayerStats::default();
        for (tile, bytes) in [("0/0/0", 4_538_400), ("2/0/1", 1_181_000)] {
            let tile = TileCoord::parse(tile).unwrap();
            stats.at(tile.zoom()).note_capped(tile, bytes, 5);
        }
        let zoom = Zoom::default();
        LayerReport { name: "mountains".into(), minzoom: zoom, maxzoom: zoom, checksum: 0, stats }
    }

    #[test]
    fn capped_layer_is_warned_of_in_the_known_words() {
        assert_eq!(
            over_budget_warning(&capped_layer()).unwrap(),
            "W201: Features were dropped from mountains layer in 2 tile(s) to enforce tile size limits. \
             Affected zoom levels are: 0,2. Affected tiles and their required layer_sizes include: \
             {\"layer_size\":4433,\"tile\":\"0/0/0\"}, {\"layer_size\":1154,\"tile\":\"2/0/1\"}."
        );
    }

    #[test]
    fn sizes_that_cannot_be_asked_for_are_words() {
        let tile = TileCoord::parse("0/0/0").unwrap();
        assert_eq!(capped_to_json(&(2500 * 1024, tile)), json!({"layer_size": 2500, "tile": "0/0/0"}));
        assert_eq!(
            capped_to_json(&(2500 * 1024 + 1, tile)),
            json!({"layer_size": "more than maximum", "tile": "0/0/0"})
        );
    }
}
