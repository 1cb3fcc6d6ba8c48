//! Features to pieces at the zooms 0 to 14, by feature: all stages up to the sort, on one thread.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zellige_benches::{Character, inputs, plan};
use zellige_model::{Place, Zoom};
use zellige_tile::key::Keys;
use zellige_tile::piece::{PieceKey, PieceSink};
use zellige_tile::slice::Slicer;
use zellige_tile::tiny::Tiny;

/// Counts and forgets.
#[derive(Debug, Default)]
struct Count {
    pieces: u64,
    bytes: u64,
}

impl PieceSink for Count {
    fn attributes(&mut self, block: &[u8]) {
        self.bytes += block.len() as u64;
    }

    fn id(&mut self, layer: u8, _zoom: Option<Zoom>, id: u64, place: u64) {
        black_box((layer, id, place));
    }

    fn piece(&mut self, key: PieceKey, body: &[u8]) {
        black_box((key, body));
        self.pieces += 1;
        self.bytes += body.len() as u64;
    }
}

fn slice(criterion: &mut Criterion) {
    let plan = plan(14);
    let mut group = criterion.benchmark_group("slice");
    for input in inputs(&Character::ALL) {
        let features = input.features();
        group.throughput(Throughput::Elements(features.len() as u64));
        group.bench_function(input.id(), |bencher| {
            let keys = Keys::default();
            bencher.iter(|| {
                let (mut slicer, mut count) = (Slicer::new(&plan, &keys, None, Tiny::Keep), Count::default());
                for (place, feature) in features.iter().enumerate() {
                    let place = Place { line: place as u32, ..Place::default() };
                    slicer.slice(feature, (0, place), &[0], &mut count);
                }
                assert!(count.pieces > features.len() as u64 && count.bytes > 0, "features reach tiles");
                slicer.finish()
            });
        });
    }
    group.finish();
}

criterion_group! { name = benches; config = zellige_benches::criterion(); targets = slice }
criterion_main!(benches);
