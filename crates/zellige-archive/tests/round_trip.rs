//! What is written comes back, and the same tiles give the same bytes.

#![cfg(test)]

mod sample;

use std::fs;
use std::path::Path;

use sample::{content, fill, tile, tiles, tileset, write};
use zellige_archive::{CreateOptions, Error, Format, Summary, TileHash, create, open};

/// The number of tiles of the zooms 0 to 5.
const TO_ZOOM_5: u64 = 1_365;
/// The number of tiles of the zooms 0 to 7.
const TO_ZOOM_7: u64 = 21_845;

/// Writes the first `n_ids` tiles to a file or folder of this name and compares everything that is read.
fn check(name: &str, n_ids: u64, expected: (u64, u64)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let written = write(&path, n_ids);
    assert_eq!((written.tiles, written.distinct), expected);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");

    let archive = open(&path).unwrap();
    assert_eq!(archive.format(), Format::of(&path).unwrap());
    assert_eq!(archive.tileset(), &tileset());
    let Summary { tiles: n_tiles, distinct, bytes } = archive.summary().unwrap();
    assert_eq!((n_tiles, distinct, bytes), (written.tiles, written.distinct, written.bytes));

    let mut expected = tiles(n_ids);
    archive
        .for_each(&mut |tile, raw| {
            assert_eq!(expected.next(), Some((tile, raw.to_vec())));
            Ok(())
        })
        .unwrap();
    assert_eq!(expected.next(), None);
    for id in (0..n_ids + 100).step_by(7) {
        let expected = content(id).filter(|_| id < n_ids);
        assert_eq!(archive.tile(tile(id)).unwrap(), expected, "{id}");
    }

    let stop = || Err(Error::Stopped { source: "enough".into() });
    assert!(matches!(archive.for_each(&mut |_, _| stop()), Err(Error::Stopped { .. })));
}

/// Returns how many of the first `n_ids` tiles exist, and how many differ.
fn counts(n_ids: u64) -> (u64, u64) {
    let contents: std::collections::BTreeSet<_> = tiles(n_ids).map(|(_, raw)| raw).collect();
    (tiles(n_ids).count() as u64, contents.len() as u64)
}

#[test]
fn pmtiles_with_and_without_leaves() {
    check("few.pmtiles", TO_ZOOM_5, counts(TO_ZOOM_5));
    check("many.pmtiles", 4 * TO_ZOOM_7, counts(4 * TO_ZOOM_7));
}

#[test]
fn mbtiles() {
    check("few.mbtiles", TO_ZOOM_5, counts(TO_ZOOM_5));
    check("many.mbtiles", TO_ZOOM_7, counts(TO_ZOOM_7));
}

#[test]
fn folder_stores_every_tile() {
    let (n_tiles, _) = counts(TO_ZOOM_5);
    check("tiles", TO_ZOOM_5, (n_tiles, n_tiles));
    check("v1.0/", 1, (1, 1));
}

#[test]
fn archive_without_tiles() {
    for name in ["none.pmtiles", "none.mbtiles", "none"] {
        check_empty(name);
    }
}

fn check_empty(name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    assert_eq!(write(&path, 0).tiles, 0);
    let archive = open(&path).unwrap();
    assert_eq!(archive.tile(tile(0)).unwrap(), None);
    assert_eq!(archive.summary().unwrap().tiles, 0);
}

#[test]
fn same_tiles_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for ending in ["pmtiles", "mbtiles"] {
        let paths = ["a", "b"].map(|name| folder.path().join(name).with_extension(ending));
        let bytes = paths.map(|path| {
            write(&path, TO_ZOOM_7);
            fs::read(path).unwrap()
        });
        assert!(bytes[0] == bytes[1], "{ending}");
    }
}

#[test]
fn format_is_told_by_content_and_not_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pmtiles");
    write(&path, 5);
    let renamed = folder.path().join("a.mbtiles");
    fs::rename(&path, &renamed).unwrap();
    assert_eq!(open(&renamed).unwrap().format(), Format::PMTiles);
}

#[test]
fn folder_of_another_writer_is_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("2/1")).unwrap();
    let mut stored = Vec::new();
    zellige_archive::Compressor::new(6).gzip(b"\x1atile", &mut stored);
    fs::write(folder.path().join("2/1/3.pbf"), stored).unwrap();
    fs::write(folder.path().join("2/1/9.pbf"), "outside of its matrix").unwrap();
    fs::write(folder.path().join("2/readme.txt"), "no column").unwrap();
    fs::write(folder.path().join("metadata.json"), r#"{"name": "Theirs", "minzoom": 2, "maxzoom": "2"}"#)
        .unwrap();
    let archive = open(folder.path()).unwrap();
    assert_eq!((archive.tileset().name.as_str(), archive.tileset().maxzoom.get()), ("Theirs", 2));
    let mut seen = Vec::new();
    archive
        .for_each(&mut |tile, raw| {
            seen.push(format!("{tile} {}", raw.escape_ascii()));
            Ok(())
        })
        .unwrap();
    assert_eq!(seen, ["2/1/3 \\x1atile"]);
}

#[test]
fn folder_has_metadata_for_hosts_and_tools() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiles");
    write(&path, 1);
    let json = fs::read_to_string(path.join("tilejson.json")).unwrap();
    assert!(json.contains(r#""tiles":["{z}/{x}/{y}.mvt"]"#), "{json}");
    assert_eq!(zellige_archive::tilejson::parse(&json).unwrap(), tileset());
    let json = fs::read_to_string(path.join("metadata.json")).unwrap();
    assert!(json.starts_with(r#"{"name":"Sample","format":"pbf","type":"overlay","version":"1""#), "{json}");
}

#[test]
fn old_archive_stands_until_the_new_one_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.pmtiles", "a.mbtiles", "a"] {
        let path = folder.path().join(name);
        write(&path, 3);
        let stands = |n_tiles| assert_eq!(open(&path).unwrap().summary().unwrap().tiles, n_tiles, "{name}");

        let format = Format::of(&path).unwrap();
        let over = CreateOptions { overwrite: true };
        let mut dropped = create(&path, format, &over, folder.path()).unwrap();
        fill(&mut *dropped, format, tiles(50));
        stands(3);
        assert!(matches!(create(&path, format, &over, folder.path()), Err(Error::Busy { .. })));
        drop(dropped);
        stands(3);
        assert!(matches!(
            create(&path, format, &CreateOptions { overwrite: false }, folder.path()),
            Err(Error::Exists { .. })
        ));
        write(&path, 9);
        stands(9);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[test]
fn rules_of_writing_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.pmtiles", "a.mbtiles", "a"] {
        let path = folder.path().join(name);
        let options = CreateOptions { overwrite: false };
        let mut archive = create(&path, Format::of(&path).unwrap(), &options, folder.path()).unwrap();
        let mut write = |id, stored: &[u8]| archive.write(tile(id), stored, TileHash::of(stored));
        write(5, b"five").unwrap();
        let error = write(5, b"five").unwrap_err();
        assert_eq!(error.to_string(), "tile `2/0/0` came after `2/0/0`, expected ascending tile ids");
        assert!(matches!(write(4, b"four"), Err(Error::Order { .. })));
        assert_eq!(write(6, b"").unwrap_err().to_string(), "tile `2/1/0` has no bytes");
        write(7, b"seven").unwrap();
        assert_eq!(archive.finish(&tileset()).unwrap().tiles, 2);
    }
}

#[test]
fn equal_tiles_are_stored_once_in_files() {
    let folder = tempfile::tempdir().unwrap();
    for (name, expected) in [("a.pmtiles", 2), ("a.mbtiles", 2), ("a", 4)] {
        let path = folder.path().join(name);
        let format = Format::of(&path).unwrap();
        let mut archive = create(&path, format, &CreateOptions { overwrite: false }, folder.path()).unwrap();
        let contents: [(u64, &[u8]); 4] = [(1, b"sea"), (2, b"sea"), (3, b"land"), (9, b"sea")];
        fill(&mut *archive, format, contents.into_iter().map(|(id, raw)| (tile(id), raw.to_vec())));
        let written = archive.finish(&tileset()).unwrap();
        assert_eq!((written.tiles, written.distinct), (4, expected), "{name}");
        let archive = open(&path).unwrap();
        for (id, raw) in contents {
            assert_eq!(archive.tile(tile(id)).unwrap().unwrap(), raw);
        }
    }
}

#[test]
fn what_is_no_archive_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pmtiles");
    let error = |path: &Path| open(path).err().unwrap().to_string();
    assert!(error(&path).starts_with("cannot open `"));
    fs::write(&path, "").unwrap();
    assert!(error(&path).ends_with("is not a tileset: it is empty"));
    fs::write(&path, "Hello, this is a letter.").unwrap();
    assert!(error(&path).ends_with("is not a tileset: it starts as neither PMTiles nor SQLite do"));
    assert!(error(folder.path()).ends_with("is not a tileset: the folder has no `metadata.json`"));
    let missing = folder.path().join("none/a.pmtiles");
    assert!(matches!(
        create(&missing, Format::PMTiles, &CreateOptions { overwrite: false }, folder.path()),
        Err(Error::Io { .. })
    ));
}
