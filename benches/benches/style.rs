//! What a map is drawn with: a range of glyphs, a sprite, a tile without what its style cannot draw.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zellige_style::GlyphRange;
use zellige_style::glyph::{Face, glyph_range};
use zellige_style::shave::Shaver;
use zellige_style::sprite::{Icon, sprite};

/// Returns the path of something below the test data.
fn testdata(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata").join(name)
}

fn glyphs(criterion: &mut Criterion) {
    let face = Face::open_sans();
    let mut group = criterion.benchmark_group("glyphs");
    group.throughput(Throughput::Elements(191));
    group.bench_function("open-sans/0-255", |bencher| {
        bencher.iter(|| glyph_range(face.name(), black_box(&[&face]), GlyphRange::new(0)));
    });
    group.finish();
}

fn icons(criterion: &mut Criterion) {
    let mut files: Vec<Vec<u8>> = Vec::new();
    for entry in std::fs::read_dir(testdata("style/icons")).expect("the icons are there") {
        files.push(std::fs::read(entry.expect("the folder is read").path()).expect("an icon is read"));
    }
    let mut group = criterion.benchmark_group("sprite");
    group.throughput(Throughput::Elements(files.len() as u64));
    group.bench_function("icons", |bencher| {
        bencher.iter(|| {
            let icon =
                |(idx, svg): (usize, &Vec<u8>)| Icon::read(&idx.to_string(), svg).expect("icons are sound");
            let icons: Vec<Icon> = files.iter().enumerate().map(icon).collect();
            sprite(black_box(&icons)).expect("the sprite is small")
        });
    });
    group.finish();
}

fn shave(criterion: &mut Criterion) {
    let style = br#"{"version": 8, "sources": {"s": {"type": "vector", "url": "mapbox://a.b"}}, "layers": [
        {"id": "1", "type": "line", "source": "s", "source-layer": "data", "filter": ["==", ["get", "highway"], "track"]},
        {"id": "2", "type": "line", "source": "s", "source-layer": "data", "minzoom": 12}]}"#;
    let style = zellige_style::parse(style).expect("the style is sound");
    let shaver = Shaver::new(&style, &["s"]);
    let tile = std::fs::read(testdata("fuzz/shave/roads-7")).expect("the tile is there");
    let mut group = criterion.benchmark_group("shave");
    group.throughput(Throughput::Bytes(tile.len() as u64));
    group.bench_function("roads", |bencher| {
        bencher.iter(|| shaver.shave(black_box(&tile), 7, 14).expect("the tile is sound"));
    });
    group.finish();
}

criterion_group!(benches, glyphs, icons, shave);
criterion_main!(benches);
