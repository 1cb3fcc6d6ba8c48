//! Any bytes as a tile to shave: what is a tile stays one, with fewer features or as many.
//!
//! The fuzz target `shave` runs this too.

use zellige_style::Style;
use zellige_style::shave::Shaver;
use zellige_tile::decode::{DecodedTile, decode};

/// A style that draws some features of the layers in the seeds, and some of their attributes.
const STYLE: &[u8] = br#"{"version": 8, "sources": {"s": {"type": "vector", "url": "mapbox://a.b"}}, "layers": [
    {"id": "1", "type": "line", "source": "s", "source-layer": "data", "filter": ["==", ["get", "highway"], "track"]},
    {"id": "2", "type": "fill", "source": "s", "source-layer": "data", "filter": [">", "nom", "B"]},
    {"id": "3", "type": "line", "source": "s", "source-layer": "data", "filter": ["all", ["==", "$type", "Polygon"],
     ["!has", "code"]], "paint": {"line-width": ["get", "name"]}}]}"#;

/// Shaves a tile, as one of a middle zoom and of the highest.
pub(crate) fn run(bytes: &[u8]) {
    let style: Style = zellige_style::parse(STYLE).expect("the style is sound");
    let shaver = Shaver::new(&style, &["s"]);
    // The decoder does not look into geometries of unknown kinds.
    let is_known = |tile: &DecodedTile| {
        tile.layers.iter().flat_map(|layer| &layer.features).all(|feature| feature.kind.is_some())
    };
    let before = decode(bytes).ok().filter(is_known);
    for maxzoom in [14, 10] {
        match shaver.shave(bytes, 10, maxzoom) {
            Ok((left, saved)) => {
                assert_eq!((saved.bytes_in, saved.bytes_out), (bytes.len() as u64, left.len() as u64));
                if let Some(before) = &before {
                    let after = decode(&left).expect("a shaved tile is a tile");
                    assert_eq!(count(before), count(&after) + saved.features);
                }
            }
            Err(error) => assert!(before.is_none(), "{error}"),
        }
    }
}

fn count(tile: &DecodedTile) -> u64 {
    tile.layers.iter().map(|layer| layer.features.len() as u64).sum()
}
