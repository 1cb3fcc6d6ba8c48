//! Pieces to a layer, by feature; and attributes to blocks and shapes to commands, which come before.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zellige_benches::shapes::{LEVEL, cuts, n_vertices, snapped};
use zellige_benches::{Character, Input, inputs, plan};
use zellige_model::{Extent, Feature, Geometry, Grid, LayerName};
use zellige_recipe::Plan;
use zellige_tile::block::{self, Block};
use zellige_tile::encode::layer::LayerEncoder;
use zellige_tile::key::{KeyCache, Keys};
use zellige_tile::piece::{Body, Head, write_body};
use zellige_tile::validate::Validator;

/// Features of a layer.
const LAYER_FEATURES: usize = 1_000;
/// Bytes of a layer that is never full.
const LAYER_BYTES_MAX: u64 = 100 << 20;

/// Everything that encoding asks for.
struct Ready {
    features: Vec<Feature>,
    /// Numbers of features and what they have in a tile.
    shapes: Vec<(usize, Geometry<Grid>)>,
    /// Attribute block and body of each of these.
    pieces: Vec<(Vec<u8>, Vec<u8>)>,
    names: Vec<Arc<str>>,
}

fn ready(input: Input, plan: &Plan) -> Ready {
    let features = input.features();
    let mut shapes = snapped(&cuts(&features, LEVEL));
    let mut validator = Validator::default();
    for (_, shape) in &mut shapes {
        validator.validate(shape);
    }
    shapes.retain(|(_, shape)| !shape.is_empty());
    let keys = Keys::default();
    let mut cache = KeyCache::new(&keys);
    let piece = |(feature_idx, shape): &(usize, Geometry<Grid>)| {
        let (mut block, mut body) = (Vec::new(), Vec::new());
        block::pack(&features[*feature_idx].attributes, &plan.layers[0], &mut cache, &mut block);
        write_body(shape, Head { id: Some(*feature_idx as u64), ..Head::default() }, &mut body);
        (block, body)
    };
    let pieces = shapes.iter().map(piece).collect();
    let names = keys.names();
    Ready { features, shapes, pieces, names }
}

fn encode(criterion: &mut Criterion) {
    let plan = plan(14);
    for input in inputs(&Character::ALL) {
        let ready = ready(input, &plan);
        pack_all(criterion, input, &ready.features, &plan);
        commands(criterion, input, &ready.shapes);
        layers(criterion, input, &ready);
    }
}

/// Attributes to blocks, by feature of the source.
fn pack_all(criterion: &mut Criterion, input: Input, features: &[Feature], plan: &Plan) {
    let mut group = criterion.benchmark_group("encode/pack");
    group.throughput(Throughput::Elements(features.len() as u64));
    group.bench_function(input.id(), |bencher| {
        let keys = Keys::default();
        let (mut cache, mut block) = (KeyCache::new(&keys), Vec::new());
        bencher.iter(|| {
            for feature in features {
                black_box(block::pack(&feature.attributes, &plan.layers[0], &mut cache, &mut block));
            }
        });
    });
    group.finish();
}

/// Shapes to commands, by vertex.
fn commands(criterion: &mut Criterion, input: Input, shapes: &[(usize, Geometry<Grid>)]) {
    let mut group = criterion.benchmark_group("encode/commands");
    group.throughput(Throughput::Elements(n_vertices(shapes.iter().map(|(_, shape)| shape))));
    group.bench_function(input.id(), |bencher| {
        let mut body = Vec::new();
        bencher.iter(|| {
            for (feature_idx, shape) in shapes {
                write_body(shape, Head { id: Some(*feature_idx as u64), ..Head::default() }, &mut body);
                black_box(&body);
            }
        });
    });
    group.finish();
}

/// Pieces to layers, by piece.
fn layers(criterion: &mut Criterion, input: Input, ready: &Ready) {
    let name = LayerName::new("bench").expect("the name is legal");
    let mut group = criterion.benchmark_group("encode/layer");
    group.throughput(Throughput::Elements(ready.pieces.len() as u64));
    group.bench_function(input.id(), |bencher| {
        let (mut encoder, mut out) = (LayerEncoder::default(), Vec::new());
        bencher.iter(|| {
            for pieces in ready.pieces.chunks(LAYER_FEATURES) {
                encoder.begin(&name, Extent::DEFAULT, LAYER_BYTES_MAX);
                for (block, body) in pieces {
                    encoder.push(&Block::open(block), &Body::open(body), &ready.names);
                }
                out.clear();
                black_box(encoder.write(encoder.n_features(), &mut out));
            }
        });
    });
    group.finish();
}

criterion_group! { name = benches; config = zellige_benches::criterion(); targets = encode }
criterion_main!(benches);
