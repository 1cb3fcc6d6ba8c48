//! Counts what a tileset holds.
//!
//! In:     a tileset of any tiler.
//! Out:    tiles, features and vertices of each zoom; bytes of the file.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};
use zellige::archive::open;
use zellige::tile::decode::decode;

/// What a tileset holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) bytes: u64,
    pub(super) zooms: BTreeMap<u8, ZoomCounts>,
}

/// What the tiles of one zoom hold; a feature counts in each of its tiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ZoomCounts {
    pub(super) tiles: u64,
    pub(super) features: u64,
    pub(super) vertices: u64,
}

impl Counts {
    /// Returns the sum over all zooms.
    pub(super) fn total(&self) -> ZoomCounts {
        let mut total = ZoomCounts::default();
        for zoom in self.zooms.values() {
            total.tiles += zoom.tiles;
            total.features += zoom.features;
            total.vertices += zoom.vertices;
        }
        total
    }

    /// Returns the counts as a JSON object.
    pub(super) fn to_json(&self) -> Value {
        let zoom = |(zoom, counts): (&u8, &ZoomCounts)| {
            let ZoomCounts { tiles, features, vertices } = *counts;
            json!({"zoom": zoom, "tiles": tiles, "features": features, "vertices": vertices})
        };
        json!({"bytes": self.bytes, "zooms": self.zooms.iter().map(zoom).collect::<Vec<_>>()})
    }
}

/// Counts the tileset at `path`.
///
/// # Errors
/// When it cannot be read, or one of its tiles cannot.
pub(super) fn count(path: &Path) -> anyhow::Result<Counts> {
    let archive = open(path)?;
    let mut counts = Counts { bytes: archive.summary()?.bytes, ..Counts::default() };
    let mut fault = None;
    archive.for_each(&mut |place, bytes| {
        match decode(bytes) {
            Ok(tile) => {
                let zoom = counts.zooms.entry(place.zoom().get()).or_default();
                zoom.tiles += 1;
                for feature in tile.layers.iter().flat_map(|layer| &layer.features) {
                    zoom.features += 1;
                    zoom.vertices += feature.geometry.points.len() as u64;
                }
            }
            Err(error) => fault = fault.take().or(Some((place, error))),
        }
        Ok(())
    })?;
    match fault {
        None => Ok(counts),
        Some((place, error)) => Err(error).with_context(|| format!("tile {place} cannot be read")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::ops::ControlFlow;

    use super::*;

    fn check(lines: &str, expected: &[(u8, ZoomCounts)]) {
        let folder = tempfile::tempdir().unwrap();
        let (source, target) = (folder.path().join("a.geojsonl"), folder.path().join("a.pmtiles"));
        fs::write(&source, lines).unwrap();
        let recipe = br#"{"version": 1, "layers": {"a": {
            "source": "mapbox://tileset-source/me/a", "minzoom": 0, "maxzoom": 1}}}"#;
        let plan = zellige::plan(recipe).unwrap();
        let settings = zellige::Settings::for_machine();
        let source = vec![zellige::Source::new("a").file(&source)];
        zellige::publish(&plan, source, &target, &settings, &mut |_| ControlFlow::Continue(())).unwrap();
        let counts = count(&target).unwrap();
        assert_eq!(counts.zooms, expected.iter().copied().collect());
        assert_eq!(counts.bytes, fs::metadata(&target).unwrap().len());
        assert_eq!(counts.total().tiles, 3);
    }

    #[test]
    fn features_count_in_each_of_their_tiles() {
        let line = r#"{"type":"Feature","geometry":{"type":"LineString","coordinates":[[-90,40],[90,40]]}}"#;
        let counts = |tiles, features, vertices| ZoomCounts { tiles, features, vertices };
        check(&format!("{line}\n"), &[(0, counts(1, 1, 2)), (1, counts(2, 2, 4))]);
    }
}
