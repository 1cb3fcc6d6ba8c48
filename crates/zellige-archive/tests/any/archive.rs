//! Any bytes as an archive: an error or tiles, each of them the same by whichever way it is asked for.
//!
//! The fuzz targets `pmtiles` and `mbtiles` run this too.

use std::fs;

use tempfile::TempDir;
use zellige_archive::{Error, ReadTiles, TILE_BYTES_MAX, open};

/// An archive of a few bytes may name any number of tiles; after so many the reading ends.
const TILES_MAX: usize = 1_000;

thread_local! {
    /// One folder for all runs of a thread.
    static FOLDER: TempDir = tempfile::tempdir().expect("a temporary folder can be made");
}

/// Writes `bytes` to a file with this ending and reads all of it.
pub(crate) fn run(bytes: &[u8], ending: &str) {
    let path = FOLDER.with(|folder| folder.path().join("any").with_extension(ending));
    fs::write(&path, bytes).expect("a temporary file can be written");
    match open(&path) {
        Ok(archive) => read(&*archive),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn read(archive: &dyn ReadTiles) {
    assert!(archive.tileset().minzoom <= archive.tileset().maxzoom);
    let mut tiles = Vec::new();
    let _ = archive.for_each(&mut |tile, bytes| {
        assert!(bytes.len() <= TILE_BYTES_MAX, "{} bytes of a tile", bytes.len());
        tiles.push((tile, bytes.to_vec()));
        if tiles.len() < TILES_MAX { Ok(()) } else { Err(Error::Stopped { source: "enough".into() }) }
    });
    let _ = archive.summary();
    for (tile, bytes) in tiles.iter().take(20) {
        // What is named twice may be found at either place.
        if let Ok(found) = archive.tile(*tile) {
            let is_twice = tiles.iter().filter(|(other, _)| other == tile).count() > 1;
            assert!(is_twice || found.as_ref() == Some(bytes), "{tile}");
        }
    }
}

#[test]
fn corpus_passes() {
    for ending in ["pmtiles", "mbtiles"] {
        zellige_testkit::corpus::replay(ending, |bytes| run(bytes, ending));
    }
}
