//! A tileset that is made by rule, so that every tile read back can be judged.

use std::collections::BTreeMap;
use std::path::Path;

use zellige_archive::{
    Compression, Compressor, CreateOptions, Format, TileHash, WriteTiles, Written, create,
};
use zellige_model::{FieldKind, LonLat, LonLatBounds, TileCoord, TileId, Tileset, VectorLayer, Zoom};

pub(crate) fn tile(id: u64) -> TileCoord {
    TileId::new(id).unwrap().coord()
}

/// What the tile `id` holds: nothing for every 11th, one ocean for runs of 10 among 30, else its own text.
pub(crate) fn content(id: u64) -> Option<Vec<u8>> {
    match id {
        _ if id % 11 == 10 => None,
        _ if id / 10 % 3 == 2 => Some(b"\x1aocean".to_vec()),
        _ => Some(format!("\x1atile {id}").into_bytes()),
    }
}

/// The tiles among the first `n_ids` that exist, in order.
pub(crate) fn tiles(n_ids: u64) -> impl Iterator<Item = (TileCoord, Vec<u8>)> {
    (0..n_ids).filter_map(|id| Some((tile(id), content(id)?)))
}

/// Positions are whole multiples of 10⁻⁷ degrees, as PMTiles has them.
pub(crate) fn tileset() -> Tileset {
    let zoom = |level| Zoom::new(level).unwrap();
    let fields = BTreeMap::from([("class".into(), FieldKind::String), ("lanes".into(), FieldKind::Number)]);
    Tileset {
        name: "Sample".into(),
        description: "Made by rule".into(),
        attribution: "© nobody".into(),
        minzoom: zoom(0),
        maxzoom: zoom(8),
        fillzoom: Some(zoom(4)),
        bounds: LonLatBounds { west: -180.0, south: -85.051_128_7, east: 180.0, north: 85.051_128_7 },
        center: LonLat::new(9.554, 47.166),
        center_zoom: zoom(3),
        vector_layers: vec![VectorLayer {
            id: "roads".into(),
            description: String::new(),
            fields,
            minzoom: zoom(0),
            maxzoom: zoom(8),
            source: "roads".into(),
        }],
    }
}

/// Writes tiles into an archive that is under way.
pub(crate) fn fill(
    archive: &mut dyn WriteTiles,
    format: Format,
    tiles: impl Iterator<Item = (TileCoord, Vec<u8>)>,
) {
    let mut compressor = Compressor::new(6);
    let mut stored = Vec::new();
    for (tile, raw) in tiles {
        match format.compression() {
            Compression::Gzip => compressor.gzip(&raw, &mut stored),
            Compression::None => stored.clone_from(&raw),
        }
        archive.write(tile, &stored, TileHash::of(&raw)).unwrap();
    }
}

/// Writes the first `n_ids` tiles to `path`.
pub(crate) fn write(path: &Path, n_ids: u64) -> Written {
    let format = Format::of(path).unwrap();
    let mut archive =
        create(path, format, &CreateOptions { overwrite: true }, &std::env::temp_dir()).unwrap();
    fill(&mut *archive, format, tiles(n_ids));
    archive.finish(&tileset()).unwrap()
}
