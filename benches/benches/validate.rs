//! Judging and mending polygons, by vertex that goes in; a copy of the shape is included, some 1 ns.
//!
//! `as cut` are polygons as they come from the grid at one zoom; `legal` are the same when nothing is left to
//! mend; `crossed` are those again, each ring with two neighbouring vertices swapped, so that all of them
//! cross themselves and go through the overlay. `coast` is one ring at a zoom that is much too coarse for it,
//! not simplified, so that snapping has pressed it together.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use zellige_benches::made::coast;
use zellige_benches::shapes::{Cut, LEVEL, cuts, cuts_of, n_vertices, projected, snapped};
use zellige_benches::{Character, inputs, is_test};
use zellige_model::{Geometry, Grid};
use zellige_tile::validate::{Validator, area_doubled};

/// The zoom at which the coast fits a tile or two.
const COAST_LEVEL: u8 = 7;

fn validate(criterion: &mut Criterion) {
    for input in inputs(&[Character::Areas]) {
        let as_cut = on_grid(&cuts(&input.features(), LEVEL));
        let legal = legal(&as_cut);
        let crossed = crossed(&legal);
        measure(criterion, "as cut", &input.id(), &as_cut);
        measure(criterion, "legal", &input.id(), &legal);
        measure(criterion, "crossed", &input.id(), &crossed);
    }
    let doublings = if is_test() { 7 } else { 17 };
    let as_cut = on_grid(&cuts_of(&projected(&[coast(doublings)]), COAST_LEVEL));
    let id = BenchmarkId::new("coast", n_vertices(&as_cut));
    measure(criterion, "as cut", &id, &as_cut);
    measure(criterion, "legal", &id, &legal(&as_cut));
}

fn on_grid(cuts: &[Cut]) -> Vec<Geometry<Grid>> {
    snapped(cuts).into_iter().map(|(_, shape)| shape).collect()
}

fn measure(criterion: &mut Criterion, name: &str, id: &BenchmarkId, shapes: &[Geometry<Grid>]) {
    let mut group = criterion.benchmark_group(format!("validate/{name}"));
    group.throughput(Throughput::Elements(n_vertices(shapes)));
    group.bench_function(id.clone(), |bencher| {
        let (mut validator, mut shape) = (Validator::default(), Geometry::default());
        bencher.iter(|| {
            for source in shapes {
                shape.clone_from(source);
                validator.validate(&mut shape);
                black_box(&shape);
            }
        });
    });
    group.finish();
}

fn legal(shapes: &[Geometry<Grid>]) -> Vec<Geometry<Grid>> {
    let mut validator = Validator::default();
    let mut mended = shapes.to_vec();
    for shape in &mut mended {
        validator.validate(shape);
    }
    mended.retain(|shape| !shape.is_empty());
    mended
}

/// Crosses every outer ring and keeps those shapes whose area shows it.
fn crossed(legal: &[Geometry<Grid>]) -> Vec<Geometry<Grid>> {
    let area = |shape: &Geometry<Grid>| shape.parts().map(area_doubled).sum::<i64>();
    let mut validator = Validator::default();
    let mut out = legal.to_vec();
    out.retain_mut(|shape| {
        let shells: Vec<_> = shape.polygons().map(|rings| rings.start).collect();
        for shell in shells {
            let start = if shell == 0 { 0 } else { shape.part_ends[shell - 1] as usize };
            let middle = start + shape.part(shell).len() / 2;
            shape.points.swap(middle - 1, middle);
        }
        let mut mended = shape.clone();
        validator.validate(&mut mended);
        area(shape) != area(&mended)
    });
    out
}

criterion_group! { name = benches; config = zellige_benches::criterion(); targets = validate }
criterion_main!(benches);
