//! Degrees to world units, by vertex.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zellige_benches::shapes::n_vertices;
use zellige_benches::{Character, inputs};
use zellige_model::Geometry;
use zellige_tile::project;

fn project(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("project");
    for input in inputs(&Character::ALL) {
        let features = input.features();
        group.throughput(Throughput::Elements(n_vertices(features.iter().map(|feature| &feature.geometry))));
        group.bench_function(input.id(), |bencher| {
            let mut out = Geometry::default();
            bencher.iter(|| {
                for feature in &features {
                    project::project(&feature.geometry, &mut out);
                    black_box(&out);
                }
            });
        });
    }
    group.finish();
}

criterion_group! { name = benches; config = zellige_benches::criterion(); targets = project }
criterion_main!(benches);
