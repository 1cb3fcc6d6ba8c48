//! Sorting pieces, by piece: points, of which each is a piece at every zoom, on one thread.
//!
//! Pieces are sorted inside a job, so a whole job is measured, and of one with little else to do: points are neither
//! simplified nor clipped nor mended. `in memory` is sorted where it lies; `spilled` has a budget so small
//! that most pieces wait in temporary files, so that the difference is what writing, merging and reading them costs.

use std::fs;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zellige_benches::{Character, inputs, is_test, plan};
use zellige_ingest::Source;
use zellige_job::{Report, Settings, publish};

/// The deepest zoom; a point is a piece at each from 0 on.
const MAXZOOM: u8 = 14;
/// The two budgets, bytes.
const BUDGETS: [(&str, u64); 2] = [("in memory", 4 << 30), ("spilled", 16 << 20)];
/// Bytes of a tile that is never full.
const TILE_BYTES_MAX: u64 = 1 << 30;

fn sort(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let plan = plan(MAXZOOM);
    for input in inputs(&[Character::Points]) {
        let lines = folder.path().join("lines");
        fs::write(&lines, input.lines()).expect("the temporary folder takes the lines");
        let mut group = criterion.benchmark_group("sort");
        for (name, memory_bytes) in BUDGETS {
            let run = || -> Report {
                let settings = Settings {
                    threads: NonZeroUsize::MIN,
                    temp: folder.path().to_path_buf(),
                    memory_bytes,
                    tile_bytes_max: TILE_BYTES_MAX,
                    compression_level: 1,
                    overwrite: true,
                    ..Settings::for_machine()
                };
                let target = folder.path().join("tiles.pmtiles");
                let source = Source::new("bench").file(&lines);
                publish(&plan, vec![source], &target, &settings, &mut |_| ControlFlow::Continue(()))
                    .expect("the input can be published")
            };
            let report = run();
            // Small inputs fit any budget.
            if memory_bytes < BUDGETS[0].1 && report.spilled_bytes == 0 && !is_test() {
                continue;
            }
            group.sample_size(10).throughput(Throughput::Elements(report.features * u64::from(MAXZOOM + 1)));
            group.bench_function(format!("{name}/{}", report.features), |bencher| bencher.iter(run));
        }
        group.finish();
    }
}

criterion_group! { name = benches; config = zellige_benches::criterion(); targets = sort }
criterion_main!(benches);
