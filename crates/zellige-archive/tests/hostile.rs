//! Damaged and hostile archives end in errors or values: no panic, no loop, no memory out of proportion.

#![cfg(test)]

mod sample;

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use sample::{tile, write};
use zellige_archive::{Error, open};

/// Asks an archive for everything it has; gives the first error.
fn read_all(path: &Path) -> Result<u64, Error> {
    let archive = open(path)?;
    let mut n_tiles = 0;
    archive.for_each(&mut |_, _| {
        n_tiles += 1;
        if n_tiles > 100_000 { Err(Error::Stopped { source: "too many".into() }) } else { Ok(()) }
    })?;
    archive.tile(tile(3))?;
    archive.summary()?;
    Ok(n_tiles)
}

/// Returns the error and all of its causes in one line.
fn chain(error: &Error) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Reads `bytes` as a file and looks for a text in the chain of errors.
fn check(bytes: &[u8], expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile");
    fs::write(&path, bytes).unwrap();
    let found = read_all(&path).map_or_else(|error| chain(&error), |n_tiles| format!("{n_tiles} tiles"));
    assert!(found.contains(expected), "{found}");
}

/// Returns the bytes of a small archive.
fn small(name: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    write(&path, 40);
    fs::read(path).unwrap()
}

#[test]
fn every_truncation_of_pmtiles_is_an_error() {
    let bytes = small("a.pmtiles");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.pmtiles");
    for end in 0..bytes.len() {
        fs::write(&path, &bytes[..end]).unwrap();
        assert!(read_all(&path).is_err(), "cut at {end}");
    }
}

#[test]
fn every_changed_byte_of_pmtiles_gives_an_error_or_a_value() {
    let bytes = small("a.pmtiles");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.pmtiles");
    let is_used = |at: &usize| *at < 600 || *at >= 16_384;
    for at in (0..bytes.len()).filter(is_used) {
        for change in [0x01, 0x80, 0xff] {
            let mut bytes = bytes.clone();
            bytes[at] ^= change;
            fs::write(&path, bytes).unwrap();
            drop(read_all(&path));
        }
    }
}

#[test]
fn cut_or_changed_mbtiles_give_an_error_or_a_value() {
    let bytes = small("a.mbtiles");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.mbtiles");
    for end in (0..bytes.len()).step_by(509) {
        fs::write(&path, &bytes[..end]).unwrap();
        drop(read_all(&path));
    }
    for at in (0..bytes.len()).step_by(29) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0xff;
        fs::write(&path, bytes).unwrap();
        drop(read_all(&path));
    }
}

/// A PMTiles file without compression: header, root, one leaf, one byte of tiles.
fn pmtiles(root: &[u8], leaf: &[u8]) -> Vec<u8> {
    let mut bytes = b"PMTiles\x03".to_vec();
    let mut offset = 127;
    for section in [root.len(), 0, leaf.len(), 1] {
        bytes.extend((offset as u64).to_le_bytes());
        bytes.extend((section as u64).to_le_bytes());
        offset += section;
    }
    bytes.resize(127, 0);
    (bytes[97], bytes[98], bytes[99]) = (1, 1, 1);
    bytes.extend([root, leaf, b"\x1a"].concat());
    bytes
}

#[test]
fn directories_by_hand() {
    check(&pmtiles(&[0], &[]), "0 tiles");
    check(&pmtiles(&[1, 0, 5, 1, 1], &[]), "5 tiles");
    // A leaf with the ids 0 to 2.
    check(&pmtiles(&[1, 0, 0, 5, 1], &[1, 0, 3, 1, 1]), "3 tiles");
}

#[test]
fn directories_that_lie() {
    check(&pmtiles(&[1, 0, 1, 2, 1], &[]), "2 bytes of tile id `0` at 0 end behind their section");
    check(&pmtiles(&[1, 0, 1, 1, 3], &[]), "1 bytes of tile id `0` at 2 end behind their section");
    check(&pmtiles(&[0x80; 5], &[]), "directory ends within a number");
    // A leaf that points to itself, and two pointers to one leaf.
    check(&pmtiles(&[1, 0, 0, 5, 1], &[1, 0, 0, 5, 1]), "leaf directories are more than 4 deep");
    check(&pmtiles(&[2, 0, 3, 0, 0, 5, 5, 1, 1], &[1, 2, 1, 1, 1]), "tile id `2` comes after `2`");
    check(&pmtiles(&[1, 8, 0, 5, 1], &[1, 1, 1, 1, 1]), "tile id `1` comes after `7`");
    check(&pmtiles(&[1, 0, 0, 1, 1], &[0]), "leaf directory of tile id `0` is empty");
    // A run behind the last number of 64 bits, an id behind the deepest zoom, a run of 2³² tiles.
    let deep = [1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0xff, 0xff, 0xff, 0xff, 15, 1, 1];
    check(&pmtiles(&deep, &[]), "number in a directory exceeds its 64 bits");
    let beyond = [1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1, 1, 1];
    check(&pmtiles(&beyond, &[]), "lies beyond zoom 22");
    check(&pmtiles(&[1, 0, 0xff, 0xff, 0xff, 0xff, 15, 1, 1], &[]), "too many");
}

#[test]
fn random_directories_give_an_error_or_a_value() {
    let plain = pmtiles(&[3, 0, 2, 9, 1, 0, 3, 1, 9, 1, 1, 1, 1], &[2, 2, 3, 1, 0, 1, 9, 1, 1]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("random.pmtiles");
    let mut state = 1_u64;
    let mut dice = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % limit
    };
    for _ in 0..1_500 {
        let mut bytes = plain.clone();
        for _ in 0..=dice(6) {
            let at = 127 + dice(bytes.len() - 127);
            bytes[at] = [0, 1, 2, 5, 9, 0x7f, 0x80, 0xff][dice(8)];
        }
        fs::write(&path, bytes).unwrap();
        drop(read_all(&path));
    }
}

/// Makes a database of these tables and reads it.
fn check_sql(sql: &str, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mbtiles");
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    check(&fs::read(path).unwrap(), expected);
}

#[test]
fn databases_that_lie() {
    const METADATA: &str = "CREATE TABLE metadata (name TEXT, value TEXT);
        INSERT INTO metadata VALUES ('minzoom', '0'), ('maxzoom', '5');";
    const TILES: &str = "CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data);";
    check_sql("CREATE TABLE letters (a);", "no such table: metadata");
    check_sql(METADATA, "no such table: tiles");
    let all = format!("{METADATA}{TILES}");
    check_sql(&all, "0 tiles");
    check_sql(
        &format!("{all} INSERT INTO tiles VALUES (2, 1, 4, x'1a');"),
        "tile at zoom `2`, column `1`, row `4` lies outside its matrix",
    );
    check_sql(
        &format!(
            "{all} INSERT INTO tiles VALUES (2, 1, 3, x'1f8b0800000000000003ffffffffffffffffffffffff');"
        ),
        "states a size of `4294967295` bytes, expected at most 22704",
    );
    check_sql(
        &format!("{all} INSERT INTO metadata VALUES ('format', 'webp');"),
        "tile format is `webp`, expected `pbf`",
    );
    check_sql(
        &format!(
            "{METADATA} CREATE VIEW tiles AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n)
             SELECT 20 AS zoom_level, i % 1000000 AS tile_column, i / 1000000 AS tile_row,
                 CASE WHEN i >= 0 THEN NULL END AS tile_data
             FROM n;"
        ),
        " tiles in ",
    );
    check_sql(
        &format!(
            "{METADATA} CREATE VIEW tiles AS SELECT 0 AS zoom_level, 0 AS tile_column, 0 AS tile_row,
             zeroblob(1000000000) AS tile_data;"
        ),
        "string or blob too big",
    );
}
