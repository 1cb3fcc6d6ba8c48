//! Tiles of a region, counted at the deepest zoom, by vertex.
//!
//! Jagged outlines as large as a country, of 1,000 and 10,000 vertices. Rows are as many in both, so the throughput of the
//! second is higher.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use zellige_model::{Geometry, GeometryKind, LonLat, Zoom};
use zellige_pack::cover::Shape;

fn cover(criterion: &mut Criterion) {
    let zoom = Zoom::new(16).expect("a zoom");
    let mut group = criterion.benchmark_group("cover");
    for n_vertices in [1_000_u32, 10_000] {
        let shape = Shape::of(&outline(n_vertices));
        group.throughput(Throughput::Elements(n_vertices.into()));
        group.bench_function(BenchmarkId::new("zoom-16", n_vertices), |bencher| {
            bencher.iter(|| black_box(&shape).n_tiles(zoom));
        });
    }
    group.finish();
}

/// Returns an outline around the middle of Europe that goes in and out from vertex to vertex.
fn outline(n_vertices: u32) -> Geometry<LonLat> {
    let mut polygon = Geometry::default();
    polygon.reset(GeometryKind::Polygon);
    for vertex in 0..n_vertices {
        let turn = f64::from(vertex) / f64::from(n_vertices) * std::f64::consts::TAU;
        let radius = 4.0 + 0.1 * f64::from(vertex % 7);
        polygon.points.push(LonLat::new(10.0 + radius * turn.cos(), 50.0 + radius * turn.sin()));
    }
    polygon.end_part();
    polygon.end_polygon();
    polygon
}

criterion_group! { name = benches; config = zellige_benches::criterion(); targets = cover }
criterion_main!(benches);
