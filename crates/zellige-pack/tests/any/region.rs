//! Any bytes as a region, and the tiles of those that are regions.
//!
//! The fuzz target `region` runs this too.

use std::collections::BTreeSet;

use zellige_model::{TileCoord, Zoom};
use zellige_pack::cover::{Row, Shape};
use zellige_pack::region::parse;

/// The deepest zoom whose tiles are looked at one by one.
const ZOOM_MAX: u8 = 7;

/// Reads a region, reads its polygon again, and compares the tiles of its zooms.
pub(crate) fn run(text: &[u8]) {
    let region = match parse(text) {
        Ok(region) => region,
        Err(refused) => {
            assert!(!refused.reasons.is_empty());
            assert!(
                refused
                    .wire_messages()
                    .iter()
                    .all(|message| message.starts_with("POST body is misformatted: "))
            );
            return;
        }
    };
    let again = serde_json::json!({"configuration": {"geography": region.polygon(), "maps": {
        "style_url": "mapbox://styles/me/map", "min_zoom": 0, "max_zoom": 1, "include_ideographs": false}}});
    let again = parse(again.to_string().as_bytes()).expect("the polygon of a region is one");
    assert_eq!(again.geography, region.geography);

    let shape = Shape::of(&region.geography);
    let mut above: Option<BTreeSet<TileCoord>> = None;
    for zoom in Zoom::default().to(Zoom::new(ZOOM_MAX).expect("a zoom")) {
        for Row { spans, .. } in shape.rows(zoom) {
            assert!(spans.iter().all(|span| span.start() <= span.end()));
            assert!(spans.windows(2).all(|pair| pair[0].end() + 1 < *pair[1].start()));
        }
        let tiles: Vec<TileCoord> = shape.tiles(zoom).collect();
        assert_eq!(tiles.len() as u64, shape.n_tiles(zoom));
        let tiles: BTreeSet<TileCoord> = tiles.into_iter().collect();
        assert_eq!(tiles.len() as u64, shape.n_tiles(zoom), "each tile comes once");
        if let Some(above) = above {
            let parents: BTreeSet<TileCoord> = tiles.iter().filter_map(|tile| tile.parent()).collect();
            assert_eq!(parents, above, "a tile belongs exactly when one of its quarters does");
        }
        above = Some(tiles);
    }
}
