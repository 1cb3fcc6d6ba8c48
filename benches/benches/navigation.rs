//! Navigation packs: roads to graph tiles, and back to a verdict, by edge.
//!
//! Streets of a town, each block a road of its own, as grids of 50 and 100 junctions a side: all steps are linear, so the
//! throughput of both is the same.

use std::fmt::Write as _;
use std::fs;
use std::ops::ControlFlow;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use zellige_ingest::Source;
use zellige_model::{Geometry, GeometryKind, LonLat};
use zellige_pack::moment::Moment;
use zellige_pack::navigation::{Settings, build, judge};

/// Degrees between two junctions: 111 metres.
const SIDE: f64 = 0.001;

fn navigation(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let (lines, pack) = (folder.path().join("roads.geojsonl"), folder.path().join("navigation.tar"));
    let area = square(8.0, 47.0, 2.0);
    for n_junctions in [50_u32, 100] {
        fs::write(&lines, grid(n_junctions)).expect("the temporary folder takes the lines");
        let settings = Settings { created: Moment::from_milliseconds(0), overwrite: true };
        let make = || {
            let source = Source::new("bench").file(&lines);
            build(source, &area, &pack, &settings, &mut |_| ControlFlow::Continue(()))
                .expect("the roads can be packed")
        };
        let edges = make().counts.edges;
        let bytes = fs::read(&pack).expect("the pack was written");
        let mut group = criterion.benchmark_group("navigation");
        group.sample_size(10).throughput(Throughput::Elements(edges));
        group.bench_function(BenchmarkId::new("build", n_junctions), |bencher| bencher.iter(make));
        group
            .bench_function(BenchmarkId::new("judge", n_junctions), |bencher| bencher.iter(|| judge(&bytes)));
        group.finish();
    }
}

/// Returns the lines of a grid with so many junctions a side.
fn grid(n_junctions: u32) -> String {
    let mut lines = String::new();
    for x in 0..n_junctions {
        for y in 0..n_junctions {
            for (to_x, to_y) in [(x + 1, y), (x, y + 1)] {
                if to_x < n_junctions && to_y < n_junctions {
                    let at = |x: u32, y: u32| {
                        format!("[{:.4},{:.4}]", 8.1 + f64::from(x) * SIDE, 47.1 + f64::from(y) * SIDE)
                    };
                    let (from, to) = (at(x, y), at(to_x, to_y));
                    let properties =
                        format!(r#"{{"highway":"residential","name":"Street {}"}}"#, x.min(to_x));
                    writeln!(
                        lines,
                        r#"{{"type":"Feature","properties":{properties},"geometry":{{"type":"LineString","coordinates":[{from},{to}]}}}}"#
                    )
                    .expect("a text takes what is written");
                }
            }
        }
    }
    lines
}

/// Returns a square with its south-western corner and side in degrees.
fn square(west: f64, south: f64, side: f64) -> Geometry<LonLat> {
    let mut area = Geometry { kind: GeometryKind::Polygon, ..Geometry::default() };
    let corners = [(0.0, 0.0), (side, 0.0), (side, side), (0.0, side)];
    area.points = corners.map(|(x, y)| LonLat::new(west + x, south + y)).into();
    area.end_part();
    area.end_polygon();
    area
}

criterion_group! { name = benches; config = zellige_benches::criterion(); targets = navigation }
criterion_main!(benches);
