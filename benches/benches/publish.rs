//! The whole engine, from a file to an archive, by feature, with the threads of the machine.
//!
//! Made inputs at the zooms 0 to 14, real ones at 0 to 10. No tile is full, so nothing is left out.

use std::fs;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use zellige_benches::real::real_inputs;
use zellige_benches::{Character, inputs, plan};
use zellige_ingest::Source;
use zellige_job::Settings;
use zellige_job::{Report, publish};
use zellige_recipe::Plan;

/// Bytes of a tile that is never full.
const TILE_BYTES_MAX: u64 = 1 << 30;

fn publish_all(criterion: &mut Criterion) {
    let made = inputs(&Character::ALL).map(|input| (input.id(), input.lines(), plan(14)));
    let real = real_inputs().into_iter();
    let real = real.map(|input| (BenchmarkId::new("real", &input.name), input.lines(), plan(10)));
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    for (id, lines, plan) in made.chain(real) {
        fs::write(folder.path().join("lines"), &lines).expect("the temporary folder takes the lines");
        measure(criterion, &id, &plan, folder.path());
    }
}

fn measure(criterion: &mut Criterion, id: &BenchmarkId, plan: &Plan, folder: &Path) {
    let machine = Settings::for_machine().threads;
    let report = publish_once(plan, folder, machine);
    let mut group = criterion.benchmark_group("publish");
    group.sample_size(10).throughput(Throughput::Elements(report.features));
    group.bench_function(id.clone(), |bencher| bencher.iter(|| publish_once(plan, folder, machine)));
    group.finish();
}

fn publish_once(plan: &Plan, folder: &Path, threads: NonZeroUsize) -> Report {
    let settings = Settings {
        threads,
        temp: folder.to_path_buf(),
        tile_bytes_max: TILE_BYTES_MAX,
        overwrite: true,
        ..Settings::for_machine()
    };
    let source = Source::new("bench").file(folder.join("lines"));
    let target = folder.join("tiles.pmtiles");
    publish(plan, vec![source], &target, &settings, &mut |_| ControlFlow::Continue(()))
        .expect("the input can be published")
}

criterion_group! { name = benches; config = zellige_benches::criterion(); targets = publish_all }
criterion_main!(benches);
