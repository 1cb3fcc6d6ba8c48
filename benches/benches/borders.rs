//! Junctions, by vertex of polygons: telling the visits, and looking up every vertex.
//!
//! Sorting the visits between the two is part of a job, see `publish`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zellige_benches::shapes::{n_vertices, projected, tolerance};
use zellige_benches::{Character, inputs};
use zellige_model::{Geometry, World};
use zellige_tile::borders::{Borders, Junctions, Visit, visits};
use zellige_tile::weigh::Weigher;

/// The deepest zoom that is asked for.
const MAXZOOM: u8 = 14;
/// One vertex in so many is made a junction.
const VERTICES_PER_JUNCTION: usize = 30;

fn borders(criterion: &mut Criterion) {
    for input in inputs(&[Character::Areas]) {
        let shapes = projected(&input.features());
        let n_features = input.character.n_features(input.size);
        let mut group = criterion.benchmark_group("borders");
        group.throughput(Throughput::Elements(n_vertices(&shapes)));
        group.bench_function(format!("visits/{n_features}"), |bencher| {
            bencher.iter(|| visit_all(&shapes, &mut |visit| _ = black_box(visit)));
        });
        let mut all: Vec<Visit> = Vec::new();
        visit_all(&shapes, &mut |visit| all.push(visit));
        let mut some: Vec<u64> =
            all.iter().step_by(VERTICES_PER_JUNCTION).map(|visit| visit.vertex).collect();
        some.sort_unstable();
        some.dedup();
        let junctions = Junctions::from_sorted(&some);
        for (name, junctions) in [("weigh alone", None), ("weigh shared", Some(&junctions))] {
            let borders = Borders { junctions, window: None };
            group.bench_function(format!("{name}/{n_features}"), |bencher| {
                bencher.iter(|| weigh_all(&shapes, borders));
            });
        }
        group.finish();
    }
}

fn visit_all(shapes: &[Geometry<World>], visit: &mut dyn FnMut(Visit)) {
    for shape in shapes {
        visits(shape, |point| point, &mut *visit);
    }
}

fn weigh_all(shapes: &[Geometry<World>], borders: Borders<'_>) {
    let (mut weigher, mut weights) = (Weigher::default(), Vec::new());
    for shape in shapes {
        weigher.weigh(shape, tolerance(MAXZOOM), borders, &mut weights);
        black_box(&weights);
    }
}

criterion_group! { name = benches; config = zellige_benches::criterion(); targets = borders }
criterion_main!(benches);
