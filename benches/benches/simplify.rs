//! Dropping vertices, by vertex of the source: at one zoom, and at all of them from 14 up to 0.
//!
//! Both include the copy of the feature that its first zoom begins with.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zellige_benches::shapes::{n_vertices, projected, tolerance, weighted};
use zellige_benches::{Character, inputs};
use zellige_tile::simplify::{self, Weighted};

/// The deepest zoom.
const MAXZOOM: u8 = 14;

fn simplify(criterion: &mut Criterion) {
    for (name, minzoom) in [("one zoom", MAXZOOM), ("all zooms", 0)] {
        let mut group = criterion.benchmark_group(format!("simplify/{name}"));
        for input in inputs(&[Character::Roads, Character::Areas]) {
            let shapes = weighted(&projected(&input.features()), MAXZOOM);
            group.throughput(Throughput::Elements(n_vertices(shapes.iter().map(|shape| &shape.geometry))));
            group.bench_function(input.id(), |bencher| {
                let mut shape = Weighted::default();
                bencher.iter(|| {
                    for source in &shapes {
                        shape.geometry.clone_from(&source.geometry);
                        shape.weights.clone_from(&source.weights);
                        for level in (minzoom..=MAXZOOM).rev() {
                            simplify::simplify(&mut shape, tolerance(level));
                        }
                        black_box(&shape);
                    }
                });
            });
        }
        group.finish();
    }
}

criterion_group! { name = benches; config = zellige_benches::criterion(); targets = simplify }
criterion_main!(benches);
