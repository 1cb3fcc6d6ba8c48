//! Writing and reading archives: tiles/s, without their compression.

use std::fs;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zellige_archive::{Compressor, CreateOptions, Error, Format, TileHash, Written, create, open};
use zellige_model::{LonLat, LonLatBounds, TileId, Tileset, Zoom};

/// The tiles of the zooms 0 to 8.
const TILES: u64 = 87_381;

/// A tile as it is handed to a writer: every fourth is one of eight oceans, the others hold 100 to 3,000 bytes.
struct Stored {
    id: u64,
    bytes: Vec<u8>,
    hash: TileHash,
}

fn stored() -> Vec<Stored> {
    let mut compressor = Compressor::new(1);
    let mut one = |id: u64| {
        let raw = if (id / 16).is_multiple_of(4) {
            vec![id as u8 & 7; 40]
        } else {
            noise(id, 100 + (id * 31 % 2_900) as usize)
        };
        let mut bytes = Vec::new();
        compressor.gzip(&raw, &mut bytes);
        Stored { id, hash: TileHash::of(&raw), bytes }
    };
    (0..TILES).map(&mut one).collect()
}

/// Bytes that gzip cannot shrink, so that the archive has a size one can tell beforehand.
fn noise(seed: u64, n_bytes: usize) -> Vec<u8> {
    let step = |state: &u64| {
        Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
    };
    std::iter::successors(Some(seed), step).map(|state| (state >> 56) as u8).skip(4).take(n_bytes).collect()
}

fn tileset() -> Tileset {
    Tileset {
        name: "Bench".into(),
        description: String::new(),
        attribution: String::new(),
        minzoom: Zoom::default(),
        maxzoom: Zoom::new(8).unwrap_or_default(),
        fillzoom: None,
        bounds: LonLatBounds { west: -180.0, south: -85.0, east: 180.0, north: 85.0 },
        center: LonLat::new(0.0, 0.0),
        center_zoom: Zoom::default(),
        vector_layers: Vec::new(),
    }
}

fn write(path: &Path, tiles: &[Stored]) -> Result<Written, Error> {
    let mut archive =
        create(path, Format::of(path)?, &CreateOptions { overwrite: true }, &std::env::temp_dir())?;
    for Stored { id, bytes, hash } in tiles {
        let Some(id) = TileId::new(*id) else { continue };
        archive.write(id.coord(), bytes, *hash)?;
    }
    archive.finish(&tileset())
}

fn archive(criterion: &mut Criterion) {
    let tiles = stored();
    let mut group = criterion.benchmark_group("archive");
    group.sample_size(10).throughput(Throughput::Elements(TILES));
    for ending in ["pmtiles", "mbtiles"] {
        let path = std::env::temp_dir().join(format!("zellige-bench-{}.{ending}", std::process::id()));
        group.bench_function(format!("write {ending}"), |bencher| {
            bencher.iter(|| write(&path, &tiles).expect("the temporary folder takes the archive"));
        });
        let reader = open(&path).expect("the archive was just written");
        group.bench_function(format!("look up {ending}"), |bencher| {
            let places = || tiles.iter().step_by(4).filter_map(|tile| TileId::new(tile.id));
            bencher.iter(|| places().filter(|id| reader.tile(id.coord()).is_ok()).count());
        });
        fs::remove_file(&path).expect("the archive is ours");
    }
    group.finish();
}

criterion_group!(benches, archive);
criterion_main!(benches);
