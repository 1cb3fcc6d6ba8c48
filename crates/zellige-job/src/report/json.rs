//! The job object.
//!
//! Source: recipe 7.1; members that the hosted service does not have come after those it has.

use std::fmt::Write as _;
use std::time::SystemTime;

use serde_json::{Map, Value, json};
use zellige_model::{TileCoord, Zoom};
use zellige_tile::stats::ZoomStats;

use super::date::nice_date;
use super::{BordersReport, FindingReport, LayerReport, Report};
use crate::Error;

/// A `layer_size` above so many KiB cannot be asked for.
const LAYER_KIB_MAX: u64 = 2500;

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
        if let Some(borders) = &self.borders {
            job.insert("borders".into(), borders.to_json());
        }
        job.insert("recipe".into(), self.recipe.clone());
        Value::Object(job)
    }
}

impl BordersReport {
    fn to_json(self) -> Value {
        json!({
            "shared": self.is_shared,
            "vertices": self.vertices,
            "junctions": self.junctions,
            "table_bytes": self.table_bytes,
            "spilled_bytes": self.spilled_bytes,
            "aside_bytes": self.aside_bytes,
        })
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
            "features_limited": self.features_limited,
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
        "features_merged": stats.features_merged,
        "placeholders": stats.placeholders,
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
    /// Returns the finding as it stands in a job object: code, count, sentence, examples.
    #[must_use]
    pub fn to_json(&self) -> Value {
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

#[cfg(test)]
mod tests {
    use super::*;

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
