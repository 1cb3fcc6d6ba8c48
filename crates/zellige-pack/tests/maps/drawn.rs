//! A small world to make packs of.
//!
//! `me.land` has one polygon layer at zooms 0 to 2, `me.towns` one point layer at zooms 0 to 4.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use rusqlite::Connection;
use zellige_archive::{Compressor, CreateOptions, Format, TileHash, create};
use zellige_model::{LonLat, LonLatBounds, TileCoord, TileId, Tileset, Zoom};
use zellige_pack::Error;
use zellige_pack::maps::{Given, MapsReport, Settings, build, plan};
use zellige_pack::moment::Moment;
use zellige_pack::region::{Region, parse};

pub(crate) const STYLE: &str = r#"{"version": 8, "name": "Drawn", "sprite": "mapbox://sprites/me/map",
    "glyphs": "mapbox://fonts/me/{fontstack}/{range}.pbf",
    "sources": {
        "both": {"type": "vector", "url": "mapbox://me.land,me.towns"},
        "land": {"type": "vector", "url": "mapbox://me.land?access_token=pk.secret"}
    },
    "layers": [
        {"id": "land", "type": "fill", "source": "both", "source-layer": "land"},
        {"id": "land again", "type": "line", "source": "land", "source-layer": "land"},
        {"id": "towns", "type": "symbol", "source": "both", "source-layer": "towns",
         "layout": {"text-field": "{name}", "text-font": ["Open Sans Regular"], "icon-image": "dot"}}
    ]}"#;

/// A region over the middle of the world, zooms 0 to 5.
pub(crate) const REGION: &str = r#"{"name": "Middle", "configuration": {
    "geography": {"type": "Polygon", "coordinates": [[[-10,-10],[10,-10],[10,10],[-10,10],[-10,-10]]]},
    "maps": {"style_url": "mapbox://styles/me/map", "min_zoom": 0, "max_zoom": 5, "include_ideographs": false}}}"#;

/// The moment at which packs are made here: the first of January 2026.
pub(crate) const MOMENT: Moment = Moment::from_milliseconds(1_767_225_600_000);

/// A folder with tilesets, and what is given for a pack of them.
pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) given: Given,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let land = folder.path().join("land.pmtiles");
        let towns = folder.path().join("towns.mbtiles");
        archive(
            &land,
            "land",
            2,
            &layer("land", &[0x18, 3, 0x22, 11, 9, 0, 0, 26, 126, 0, 0, 126, 125, 0, 15]),
        );
        archive(&towns, "towns", 4, &layer("towns", &[0x18, 1, 0x22, 3, 9, 64, 64]));
        let tilesets = vec![("me.land".to_owned(), land), ("me.towns".to_owned(), towns)];
        Self { folder, given: Given { style: STYLE.into(), tilesets, ..Given::default() } }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("maps.db")
    }

    /// Makes the pack of a region.
    pub(crate) fn make(&self, region: &Region, settings: &Settings) -> Result<MapsReport, Error> {
        let plan = plan(region, region.name.as_deref().unwrap_or("drawn"), &self.given)?;
        build(&plan, &self.path(), settings, &mut |_| ControlFlow::Continue(()))
    }

    /// Puts the pack of the usual region in its place, made once for all tests, and opens it.
    pub(crate) fn made(&self) -> Connection {
        static MADE: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let world = World::new();
            world.make(&region(), &settings(2)).unwrap();
            std::fs::read(world.path()).unwrap()
        });
        std::fs::write(self.path(), &*MADE).unwrap();
        Connection::open(self.path()).unwrap()
    }
}

pub(crate) fn region() -> Region {
    parse(REGION.as_bytes()).unwrap()
}

pub(crate) fn settings(threads: usize) -> Settings {
    Settings { threads: NonZeroUsize::new(threads).unwrap(), overwrite: true, moment: MOMENT }
}

/// A layer of 64 units with one feature.
pub(crate) fn layer(name: &str, feature: &[u8]) -> Vec<u8> {
    let field = |number: u8, body: &[u8]| [&[number << 3 | 2, body.len() as u8], body].concat();
    let body = [field(1, name.as_bytes()), field(2, feature), vec![0x28, 64, 0x78, 2]].concat();
    field(3, &body)
}

/// An archive with the same tile everywhere from zoom 0 to `maxzoom`.
fn archive(path: &Path, name: &str, maxzoom: u8, tile: &[u8]) {
    sparse_archive(path, name, (maxzoom, maxzoom), None, tile);
}

/// An archive that says it ends at `maxzoom`, with the same tile everywhere from zoom 0 to `last`.
pub(crate) fn sparse_archive(
    path: &Path,
    name: &str,
    (last, maxzoom): (u8, u8),
    fillzoom: Option<u8>,
    tile: &[u8],
) {
    let zoom = |level| Zoom::new(level).unwrap();
    let tileset = Tileset {
        name: name.into(),
        description: String::new(),
        attribution: String::new(),
        minzoom: zoom(0),
        maxzoom: zoom(maxzoom),
        fillzoom: fillzoom.map(zoom),
        bounds: LonLatBounds { west: -180.0, south: -85.0, east: 180.0, north: 85.0 },
        center: LonLat::new(0.0, 0.0),
        center_zoom: zoom(0),
        vector_layers: Vec::new(),
    };
    let format = Format::of(path).unwrap();
    let mut archive =
        create(path, format, &CreateOptions { overwrite: false }, &std::env::temp_dir()).unwrap();
    let mut stored = Vec::new();
    Compressor::new(1).gzip(tile, &mut stored);
    let last = TileId::from(TileCoord::new(zoom(last), 0, 0).unwrap()).get() + (1 << (2 * last));
    for tile_id in 0..last {
        archive.write(TileId::new(tile_id).unwrap().coord(), &stored, TileHash::of(tile)).unwrap();
    }
    archive.finish(&tileset).unwrap();
}
