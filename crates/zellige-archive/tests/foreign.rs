//! Archives are judged by readers that were not written here.

#![cfg(test)]

mod sample;

use std::fs;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use pmtiles::{AsyncBackend, AsyncPmTilesReader, BackendResponse, PmtResult};
use rusqlite::{Connection, params};
use sample::{tiles, tileset, write};
use zellige_archive::gunzip;

/// The number of tiles of the zooms 0 to 5.
const TO_ZOOM_5: u64 = 1_365;
/// The number of tiles of the zooms 0 to 7.
const TO_ZOOM_7: u64 = 21_845;

/// A file in memory.
struct Bytes(bytes::Bytes);

impl AsyncBackend for Bytes {
    async fn read(&self, offset: u64, length: usize) -> PmtResult<BackendResponse> {
        let start = (offset as usize).min(self.0.len());
        let end = start.saturating_add(length).min(self.0.len());
        Ok(BackendResponse::new(self.0.slice(start..end)))
    }
}

/// Runs a future that waits for nothing.
fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("bytes in memory are always ready"),
    }
}

fn check_pmtiles(n_ids: u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pmtiles");
    let written = write(&path, n_ids);
    let reader = run(AsyncPmTilesReader::try_from_source(Bytes(fs::read(&path).unwrap().into()))).unwrap();

    let header = reader.get_header();
    assert!(header.clustered());
    assert_eq!(header.n_addressed_tiles().unwrap().get(), written.tiles);
    assert_eq!(header.n_tile_contents().unwrap().get(), written.distinct);
    let n_entries = header.n_tile_entries().unwrap().get();
    assert!(n_entries < written.tiles, "equal neighbours share an entry");
    assert!(n_ids < TO_ZOOM_7 || n_entries > 20_000, "leaf directories are used: {n_entries}");
    assert_eq!(header.tile_type, pmtiles::TileType::Mvt);
    assert_eq!((header.min_zoom, header.max_zoom, header.center_zoom), (0, 8, 3));

    let metadata: serde_json::Value = serde_json::from_str(&run(reader.get_metadata()).unwrap()).unwrap();
    assert_eq!(metadata["name"], "Sample");
    assert_eq!(metadata["vector_layers"][0]["fields"]["lanes"], "Number");

    let coord = |tile: zellige_model::TileCoord| {
        pmtiles::TileCoord::new(tile.zoom().get(), tile.x(), tile.y()).unwrap()
    };
    for (tile, raw) in tiles(n_ids).step_by(97) {
        let found = run(reader.get_tile_decompressed(coord(tile))).unwrap();
        assert_eq!(found.as_deref(), Some(&raw[..]), "{tile}");
    }
    assert_eq!(run(reader.get_tile(coord(sample::tile(10)))).unwrap(), None);
}

#[test]
fn pmtiles_by_the_reader_of_the_crate() {
    check_pmtiles(TO_ZOOM_5);
    check_pmtiles(3 * TO_ZOOM_7);
}

#[test]
fn mbtiles_by_plain_sql() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mbtiles");
    let written = write(&path, TO_ZOOM_5);
    let database = Connection::open(&path).unwrap();
    let number = |sql| database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let text = |sql| database.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();

    assert_eq!(text("PRAGMA integrity_check"), "ok");
    assert_eq!(number("PRAGMA application_id"), 0x4d50_4258);
    assert_eq!(number("SELECT count(*) FROM tiles"), written.tiles as i64);
    assert_eq!(number("SELECT count(*) FROM images"), written.distinct as i64);
    let rows = text("SELECT group_concat(name || '=' || value, ';') FROM metadata WHERE name <> 'json'");
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        rows,
        format!(
            "name=Sample;format=pbf;type=overlay;version=1;description=Made by rule;attribution=© nobody;\
             minzoom=0;maxzoom=8;fillzoom=4;bounds=-180,-85.0511287,180,85.0511287;\
             center=9.554,47.166,3;generator=zellige {version}"
        )
    );
    assert_eq!(
        text("SELECT value FROM metadata WHERE name = 'json'"),
        r#"{"vector_layers":[{"id":"roads","minzoom":0,"maxzoom":8,"fields":{"class":"String","lanes":"Number"},"source":"roads"}]}"#
    );

    let mut select = database
        .prepare("SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?")
        .unwrap();
    for (tile, raw) in tiles(TO_ZOOM_5).step_by(7) {
        let south = (1 << tile.zoom().get()) - 1 - tile.y();
        let place = params![tile.zoom().get(), tile.x(), south];
        let stored: Vec<u8> = select.query_row(place, |row| row.get(0)).unwrap();
        assert_eq!(gunzip(&stored, 1000).unwrap(), raw, "{tile}");
    }
}

#[test]
fn flat_mbtiles_of_another_writer_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mbtiles");
    let database = Connection::open(&path).unwrap();
    database
        .execute_batch(
            "CREATE TABLE metadata (name, value);
             INSERT INTO metadata VALUES ('name', 'Theirs'), ('minzoom', 1), ('bounds', '0, 0, 10, 20');
             CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data);
             INSERT INTO tiles VALUES (1, 0, 0, x'1a01'), (2, 3, 3, x'1a02'), (1, 0, 1, NULL);",
        )
        .unwrap();
    let archive = zellige_archive::open(&path).unwrap();
    let found = archive.tileset();
    assert_eq!((found.name.as_str(), found.minzoom.get(), found.maxzoom.get()), ("Theirs", 1, 2));
    assert_eq!((found.center.lon, found.center.lat), (5.0, 10.0));
    let mut seen = Vec::new();
    archive
        .for_each(&mut |tile, raw| {
            seen.push(format!("{tile} {}", raw.escape_ascii()));
            Ok(())
        })
        .unwrap();
    assert_eq!(seen, ["1/0/1 \\x1a\\x01", "2/3/0 \\x1a\\x02"]);
    assert_ne!(found, &tileset());
}
