//! World units to the grid of a tile, by vertex.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zellige_benches::shapes::{LEVEL, cuts, n_vertices};
use zellige_benches::{Character, inputs};
use zellige_model::Geometry;
use zellige_tile::quantize;

fn quantize(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("quantize");
    for input in inputs(&Character::ALL) {
        let cuts = cuts(&input.features(), LEVEL);
        group.throughput(Throughput::Elements(n_vertices(cuts.iter().map(|cut| &cut.geometry))));
        group.bench_function(input.id(), |bencher| {
            let mut out = Geometry::default();
            bencher.iter(|| {
                for cut in &cuts {
                    quantize::quantize(&cut.geometry, cut.grid, &mut out);
                    black_box(&out);
                }
            });
        });
    }
    group.finish();
}

criterion_group! { name = benches; config = zellige_benches::criterion(); targets = quantize }
criterion_main!(benches);
