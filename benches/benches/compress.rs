//! Gzip of tiles by level: MB/s of tiles in, and their size after.
//!
//! Made tiles always; those of real tilesets when their files are among the real inputs: roads of a small
//! country, whose tiles are large, and the cities of the world, whose tiles are many and tiny.

use std::fs;
use std::ops::ControlFlow;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use zellige_archive::{Compressor, TileHash, gunzip, open};
use zellige_benches::real::{RealInput, real_inputs};
use zellige_benches::{Dice, plan, say};
use zellige_ingest::Source;
use zellige_job::Settings;
use zellige_job::publish;

/// Features of a tile; some 60 KB in all.
const FEATURES: u32 = 1_500;
/// Real inputs and the deepest zoom of their tiles.
const REAL: [(&str, u8); 2] = [("osm-liechtenstein-roads", 14), ("world-cities", 10)];
/// The highest level that is measured; those above take a second for a few megabytes.
const LEVEL_MAX: u8 = 9;
/// Bytes of a tile that is never full.
const TILE_BYTES_MAX: u64 = 1 << 30;

fn varint(mut number: u32, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Bytes as a tile of roads has them: tags of small numbers, steps in zigzag, names at the end.
fn tile(seed: u64) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    let mut out = Vec::new();
    for feature in 0..FEATURES {
        out.extend([0x12, 0x20, 0x08]);
        varint(feature * 37, &mut out);
        out.extend([0x12, 0x04, 0x00, dice.below(8) as u8, 0x01]);
        varint(dice.below(400), &mut out);
        out.extend([0x18, 0x02, 0x22, 0x10, 0x09]);
        varint(dice.below(8_192), &mut out);
        varint(dice.below(8_192), &mut out);
        let n_steps = 2 + dice.below(12);
        varint(n_steps << 3 | 2, &mut out);
        for _ in 0..n_steps {
            varint(dice.below(90), &mut out);
            varint(dice.below(60), &mut out);
        }
    }
    for name in 0..400 {
        let text = format!("Street of {} {}", ["Oaks", "Mills", "Bakers", "Kings"][name % 4], dice.below(90));
        out.extend([0x22, text.len() as u8]);
        out.extend(text.as_bytes());
    }
    out
}

fn compress(criterion: &mut Criterion) {
    let tiles: Vec<_> = (0..16).map(tile).collect();
    let raw_bytes: usize = tiles.iter().map(Vec::len).sum();
    let mut group = criterion.benchmark_group("compress");
    group.throughput(Throughput::Bytes(raw_bytes as u64));

    for level in 1..=LEVEL_MAX {
        let mut compressor = Compressor::new(level);
        let mut stored = Vec::new();
        let stored_bytes: usize = tiles
            .iter()
            .map(|tile| {
                compressor.gzip(tile, &mut stored);
                stored.len()
            })
            .sum();
        let percent = 100.0 * stored_bytes as f64 / raw_bytes as f64;
        group.bench_function(format!("gzip level {level} to {percent:.1} percent"), |bencher| {
            bencher.iter(|| tiles.iter().for_each(|tile| compressor.gzip(tile, &mut stored)));
        });
    }

    let mut compressor = Compressor::new(Compressor::LEVEL_DEFAULT);
    let gzip = |tile: &Vec<u8>| {
        let mut stored = Vec::new();
        compressor.gzip(tile, &mut stored);
        stored
    };
    let stored: Vec<_> = tiles.iter().map(gzip).collect();
    group.bench_function("gunzip", |bencher| {
        bencher.iter_batched(
            || (),
            |()| {
                stored
                    .iter()
                    .filter_map(|stored| gunzip(stored, 1 << 20).ok())
                    .map(|raw| raw.len())
                    .sum::<usize>()
            },
            BatchSize::SmallInput,
        );
    });
    group.bench_function("hash", |bencher| {
        bencher.iter(|| tiles.iter().map(|tile| TileHash::of(tile).0 as u64).fold(0, u64::wrapping_add));
    });
    group.finish();
}

/// Tiles of real inputs, whose ratio says which level is worth its time.
fn compress_real(criterion: &mut Criterion) {
    for input in real_inputs() {
        let Some((_, maxzoom)) = REAL.iter().find(|(name, _)| *name == input.name) else { continue };
        let tiles = tiles_of(&input, *maxzoom);
        let raw_bytes: usize = tiles.iter().map(Vec::len).sum();
        say(&format!("{}: {raw_bytes} bytes in {} tiles", input.name, tiles.len()));
        let mut group = criterion.benchmark_group(format!("compress/{}", input.name));
        group.sample_size(10).throughput(Throughput::Bytes(raw_bytes as u64));
        for level in 1..=LEVEL_MAX {
            let (mut compressor, mut stored, mut stored_bytes) = (Compressor::new(level), Vec::new(), 0);
            for tile in &tiles {
                compressor.gzip(tile, &mut stored);
                stored_bytes += stored.len();
            }
            let percent = 100.0 * stored_bytes as f64 / raw_bytes as f64;
            say(&format!("gzip level {level}: {stored_bytes} bytes, {percent:.2} percent"));
            group.bench_function(format!("gzip level {level}"), |bencher| {
                bencher.iter(|| tiles.iter().for_each(|tile| compressor.gzip(tile, &mut stored)));
            });
        }
        group.finish();
    }
}

/// Publishes a real input from zoom 0 to `maxzoom` and returns the tiles, uncompressed.
fn tiles_of(input: &RealInput, maxzoom: u8) -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let (lines, target) = (folder.path().join("lines"), folder.path().join("tiles.pmtiles"));
    fs::write(&lines, input.lines()).expect("the temporary folder takes the lines");
    let source = Source::new("bench").file(lines);
    let settings = Settings { tile_bytes_max: TILE_BYTES_MAX, ..Settings::for_machine() };
    publish(&plan(maxzoom), vec![source], &target, &settings, &mut |_| ControlFlow::Continue(()))
        .expect("the input can be published");
    let mut tiles = Vec::new();
    let reader = open(&target).expect("the archive was just written");
    let mut take = |_, tile: &[u8]| {
        tiles.push(tile.to_vec());
        Ok(())
    };
    reader.for_each(&mut take).expect("the archive was just written");
    tiles
}

criterion_group!(benches, compress, compress_real);
criterion_main!(benches);
