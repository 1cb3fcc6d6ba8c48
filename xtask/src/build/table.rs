//! Tables for people: the jobs of a batch, and the layers of a tileset.
//!
//! In:     outcomes; job objects.
//! Out:    lines with aligned columns: the first to the left, the others to the right.

use serde_json::Value;

use super::{Outcome, Status};
use crate::table::align;

/// Returns a row for each job, in order.
pub(super) fn summary(names: &[&str], outcomes: &[Outcome]) -> String {
    let head = ["job", "status", "seconds", "features", "tiles", "bytes", "capped", "warnings"];
    let rows = names.iter().zip(outcomes).map(|(name, outcome)| {
        let number = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        let report = outcome.report.as_ref();
        let counted = |key: &str| number(report.and_then(|report| report[key].as_u64()));
        vec![
            (*name).to_owned(),
            match outcome.status {
                Status::Built => "built",
                Status::Unchanged => "unchanged",
                Status::Failed => "failed",
            }
            .to_owned(),
            format!("{:.2}", outcome.elapsed.as_secs_f64()),
            counted("features"),
            counted("tiles"),
            counted("filesize"),
            number(report.map(|report| layers_of(report).map(|(_, layer)| count(layer, "capped")).sum())),
            number(report.and_then(|report| Some(report["warnings"].as_array()?.len() as u64))),
        ]
    });
    align(&head.map(str::to_owned), &rows.collect::<Vec<_>>())
}

/// Returns a row for each layer of a job object.
pub(super) fn layers(report: &Value) -> String {
    let head = ["layer", "zooms", "tiles", "points", "lines", "polygons", "largest, bytes", "capped"];
    let rows = layers_of(report).map(|(name, layer)| {
        let counted = |key| count(layer, key).to_string();
        let zooms = layer["zooms"].as_object().into_iter().flat_map(serde_json::Map::values);
        let largest = zooms.map(|zoom| count(zoom, "max_size")).max().unwrap_or(0);
        vec![
            name.clone(),
            format!("{}-{}", layer["minzoom"], layer["maxzoom"]),
            counted("total_tiles"),
            counted("point_count"),
            counted("linestring_count"),
            counted("polygon_count"),
            largest.to_string(),
            counted("capped"),
        ]
    });
    align(&head.map(str::to_owned), &rows.collect::<Vec<_>>())
}

fn layers_of(report: &Value) -> impl Iterator<Item = (&String, &Value)> {
    report["layer_stats"].as_object().into_iter().flatten()
}

fn count(object: &Value, key: &str) -> u64 {
    object[key].as_u64().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn outcome(status: Status, report: Option<Value>) -> Outcome {
        Outcome { status, elapsed: Duration::from_millis(1234), report }
    }

    #[test]
    fn jobs_and_layers_stand_in_columns() {
        let layer = json!({"total_tiles": 7, "polygon_count": 9, "capped": 2, "minzoom": 0, "maxzoom": 5,
            "zooms": {"0": {"max_size": 100}, "1": {"max_size": 40}}});
        let report = json!({"features": 5, "tiles": 7, "filesize": 900, "warnings": ["W201: …"],
            "layer_stats": {"land": layer}});
        assert_eq!(
            layers(&report),
            "  layer  zooms  tiles  points  lines  polygons  largest, bytes  capped\n  \
               land     0-5      7       0      0         9             100       2\n"
        );
        let outcomes = [outcome(Status::Built, Some(report)), outcome(Status::Failed, None)];
        assert_eq!(
            summary(&["world", "b"], &outcomes),
            "  job    status  seconds  features  tiles  bytes  capped  warnings\n  \
               world   built     1.23         5      7    900       2         1\n  \
               b      failed     1.23         -      -      -       -         -\n"
        );
    }
}
