//! The importance of all vertices, by vertex; once a feature, for all zooms.
//!
//! `coast` is a single ring, whose cost grows faster than its length.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use zellige_benches::made::coast;
use zellige_benches::shapes::{n_vertices, projected, tolerance};
use zellige_benches::{Character, inputs, is_test};
use zellige_model::{Geometry, World};
use zellige_tile::borders::Borders;
use zellige_tile::weigh::Weigher;

/// The deepest zoom that is asked for.
const MAXZOOM: u8 = 14;

fn weigh(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("weigh");
    let made = inputs(&[Character::Roads, Character::Areas]);
    let made = made.map(|input| (input.id(), projected(&input.features())));
    let doublings: &[u32] = if is_test() { &[7] } else { &[7, 12, 17] };
    let coasts = doublings
        .iter()
        .map(|doublings| (BenchmarkId::new("coast", 8 << doublings), projected(&[coast(*doublings)])));
    for (id, shapes) in made.chain(coasts) {
        group.throughput(Throughput::Elements(n_vertices(&shapes)));
        group.bench_function(id, |bencher| bencher.iter(|| weigh_all(&shapes)));
    }
    group.finish();
}

fn weigh_all(shapes: &[Geometry<World>]) {
    let (mut weigher, mut weights) = (Weigher::default(), Vec::new());
    for shape in shapes {
        weigher.weigh(shape, tolerance(MAXZOOM), Borders::default(), &mut weights);
        black_box(&weights);
    }
}

criterion_group! { name = benches; config = zellige_benches::criterion(); targets = weigh }
criterion_main!(benches);
