//! Cutting into columns, and columns into rows, by vertex that goes in.
//!
//! Every feature is cut here, also those that lie within one tile and would never be.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use zellige_benches::made::coast;
use zellige_benches::shapes::{LEVEL, n_vertices, simplified, stripes};
use zellige_benches::{Character, inputs, is_test};
use zellige_model::{Geometry, World, WorldBounds};
use zellige_tile::clip::{self, Pieces};

fn clip(criterion: &mut Criterion) {
    let made = inputs(&[Character::Roads, Character::Areas]);
    let made = made.map(|input| (input.id(), simplified(&input.features(), LEVEL)));
    let doublings = if is_test() { 7 } else { 17 };
    let coast = (BenchmarkId::new("coast", 8 << doublings), simplified(&[coast(doublings)], LEVEL));
    for (id, shapes) in made.chain([coast]) {
        let columns = columns_of(&shapes);
        measure(criterion, "columns", &id, (&shapes, cut_columns));
        measure(criterion, "rows", &id, (&columns, cut_rows));
    }
}

/// Cuts one shape.
type Deed = fn(&Geometry<World>, &mut Pieces);

fn measure(
    criterion: &mut Criterion,
    name: &str,
    id: &BenchmarkId,
    (shapes, cut): (&[Geometry<World>], Deed),
) {
    let mut group = criterion.benchmark_group(format!("clip/{name}"));
    group.throughput(Throughput::Elements(n_vertices(shapes)));
    group.bench_function(id.clone(), |bencher| {
        let mut out = Pieces::default();
        bencher.iter(|| {
            for shape in shapes {
                cut(shape, &mut out);
            }
        });
    });
    group.finish();
}

fn cut_columns(shape: &Geometry<World>, out: &mut Pieces) {
    let bounds = WorldBounds::of(&shape.points);
    clip::columns(shape, stripes(LEVEL), stripes(LEVEL).touched(bounds.min.x, bounds.max.x), out);
    black_box(&*out);
}

fn cut_rows(column: &Geometry<World>, out: &mut Pieces) {
    let bounds = WorldBounds::of(&column.points);
    clip::rows(column, stripes(LEVEL), stripes(LEVEL).touched(bounds.min.y, bounds.max.y), out);
    black_box(&*out);
}

/// Returns what all shapes have in their columns.
fn columns_of(shapes: &[Geometry<World>]) -> Vec<Geometry<World>> {
    let (mut out, mut pieces) = (Vec::new(), Pieces::default());
    for shape in shapes {
        cut_columns(shape, &mut pieces);
        out.extend(pieces.iter().map(|(_, piece)| piece.clone()).filter(|piece| !piece.is_empty()));
    }
    out
}

criterion_group! { name = benches; config = zellige_benches::criterion(); targets = clip }
criterion_main!(benches);
