//! The warnings W201 to W205 in the words of the hosted service.
//!
//! Source: recipe 7.3. Each lists at most twenty examples.

use std::fmt::Write as _;

use serde_json::json;
use zellige_model::FindingCode;

use super::{FindingReport, LayerReport};
use crate::duplicates::Duplicates;

/// How many examples a warning names.
const EXAMPLES_MAX: usize = 20;

/// Returns all warnings in the order of their numbers.
pub(super) fn warnings(
    layers: &[LayerReport],
    findings: &[FindingReport],
    duplicates: &Duplicates,
) -> Vec<String> {
    let mut warnings: Vec<String> = layers.iter().filter_map(over_budget_warning).collect();
    warnings.extend(line_warnings(findings));
    warnings
        .extend(layers.iter().zip(&duplicates.ids).filter_map(|(layer, ids)| duplicate_warning(layer, ids)));
    warnings.extend(empty_warning(layers));
    warnings
}

/// W201, one a layer.
fn over_budget_warning(layer: &LayerReport) -> Option<String> {
    let capped = layer.stats.total(|zoom| zoom.capped);
    if capped == 0 {
        return None;
    }
    let zooms = || layer.stats.zooms.iter().filter(|(_, stats)| stats.capped > 0);
    let levels: Vec<String> = zooms().map(|(zoom, _)| zoom.to_string()).collect();
    let tiles = zooms().flat_map(|(_, stats)| &stats.capped_list).take(EXAMPLES_MAX);
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
        .take(EXAMPLES_MAX)
        .map(|(number, example)| format!("{number}: {} - Example: {}", example.reason, example.text))
}

/// W204, one a layer.
fn duplicate_warning(layer: &LayerReport, ids: &[u64]) -> Option<String> {
    if ids.is_empty() {
        return None;
    }
    let mut text = format!(
        "W204: Feature(s) were dropped from {} layer because of duplicate feature ids. \
         Affected feature ids include: ",
        layer.name
    );
    for (nth, id) in ids.iter().enumerate() {
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

#[cfg(test)]
mod tests {
    use zellige_model::{TileCoord, Zoom};
    use zellige_tile::stats::LayerStats;

    use super::*;

    fn capped_layer() -> LayerReport {
        let mut stats = LayerStats::default();
        for (tile, bytes) in [("0/0/0", 4_538_400), ("2/0/1", 1_181_000)] {
            let tile = TileCoord::parse(tile).unwrap();
            stats.at(tile.zoom()).note_capped(tile, bytes, 5);
        }
        let zoom = Zoom::default();
        LayerReport {
            name: "mountains".into(),
            minzoom: zoom,
            maxzoom: zoom,
            checksum: 0,
            features_limited: 0,
            stats,
        }
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
}
