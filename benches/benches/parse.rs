//! How fast lines become features, in bytes of GeoJSON a second.
//!
//! Three made characters, always the same from one seed: polygons of 60 vertices with seven decimals, roads of 12
//! vertices with five attributes, points with a hundred attributes. `ZELLIGE_DATA` may name a folder of
//! `*.geojsonl.gz`, each of which is then measured too; without it those are left out.
//!
//! `lines` is one parser over lines in memory; `blocks` is the whole way from a file on disk.
#![expect(clippy::unwrap_used, reason = "a bench ends where a promise is broken")]

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zellige_benches::Dice;
use zellige_benches::real::real_inputs;
use zellige_ingest::{Format, Item, Parser, Settings, Source};
use zellige_model::Feature;

/// Bytes of each made input.
const MADE_BYTES: usize = 16 << 20;

/// Returns lines that `line` appends one by one.
fn made(mut line: impl FnMut(&mut String, &mut Dice, usize)) -> String {
    let mut text = String::with_capacity(MADE_BYTES + 10_000);
    let mut dice = Dice::new(20_260_719);
    for id in 0.. {
        line(&mut text, &mut dice, id);
        text.push('\n');
        if text.len() >= MADE_BYTES {
            break;
        }
    }
    text
}

fn polygons() -> String {
    made(|out, dice, id| {
        let (lon, lat) = (dice.unit() * 340.0 - 170.0, dice.unit() * 140.0 - 70.0);
        write!(
            out,
            r#"{{"type":"Feature","id":{id},"properties":{{"name":"Area {id}","class":"residential","level":{},"area":{:.2}}},"geometry":{{"type":"Polygon","coordinates":[["#,
            id % 7,
            dice.unit() * 10_000.0
        )
        .unwrap();
        for corner in 0..60 {
            let (angle, size) =
                (f64::from(corner) / 60.0 * std::f64::consts::TAU, 0.01 + dice.unit() / 100.0);
            write!(out, "[{:.7},{:.7}],", lon + angle.cos() * size, lat + angle.sin() * size).unwrap();
        }
        // A ring closes with its first position.
        let start = out.rfind("[[").unwrap() + 1;
        let first = out[start..].split_inclusive(']').next().unwrap().to_owned();
        write!(out, "{first}]]}}}}").unwrap();
    })
}

fn roads() -> String {
    made(|out, dice, id| {
        let (mut lon, mut lat) = (dice.unit() * 360.0 - 180.0, dice.unit() * 140.0 - 70.0);
        write!(
            out,
            r#"{{"type":"Feature","id":{id},"properties":{{"osm_id":"w{id}","highway":"residential","name":"Straße {}","lanes":{},"oneway":{}}},"geometry":{{"type":"LineString","coordinates":["#,
            id % 997,
            id % 4,
            id % 3 == 0
        )
        .unwrap();
        for vertex in 0..12 {
            let comma = if vertex == 0 { "" } else { "," };
            write!(out, "{comma}[{lon:.7},{lat:.7}]").unwrap();
            lon = (lon + dice.unit() / 1000.0).min(180.0);
            lat += dice.unit() / 1000.0;
        }
        out.push_str("]}}");
    })
}

fn points() -> String {
    made(|out, dice, id| {
        out.push_str(r#"{"type":"Feature","properties":{"#);
        for column in 0..100 {
            let comma = if column == 0 { "" } else { "," };
            match column % 4 {
                0 => write!(out, "{comma}\"name_{column}\":\"Place {id} of {column}\""),
                1 => write!(out, "{comma}\"rank_{column}\":{}", (id + column) % 12),
                2 => write!(out, "{comma}\"value_{column}\":{:.3}", dice.unit() * 1000.0),
                _ => write!(out, "{comma}\"note_{column}\":null"),
            }
            .unwrap();
        }
        let (lon, lat) = (dice.unit() * 360.0 - 180.0, dice.unit() * 180.0 - 90.0);
        write!(out, r#"}},"geometry":{{"type":"Point","coordinates":[{lon},{lat}]}}}}"#).unwrap();
    })
}

fn inputs() -> Vec<(String, String)> {
    let made = [("polygons", polygons()), ("roads", roads()), ("points", points())];
    let real = real_inputs().into_iter().map(|input| (input.name.clone(), input.lines()));
    made.into_iter().map(|(name, text)| (name.to_owned(), text)).chain(real).collect()
}

/// Reads all of a source and returns the number of its features.
fn count(source: Source) -> usize {
    let blocks = source.open(&Settings::default()).unwrap();
    let mut parser = Parser::new();
    let mut n_features = 0;
    while let Some(mut block) = blocks.next().unwrap() {
        let ended = block.for_each(&mut parser, &mut |_, item| {
            n_features += usize::from(matches!(item, Item::Feature(..)));
            ControlFlow::Continue(())
        });
        assert!(ended.unwrap().is_continue());
    }
    n_features
}

fn parse(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("input");
    for (name, text) in inputs() {
        fs::write(&path, &text).unwrap();
        let n_lines = text.lines().count();
        assert_eq!(count(Source::new("bench").file(&path)), n_lines, "every line of {name} is a feature");
        let mut group = criterion.benchmark_group(format!("parse/{name}"));
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function("lines", |bencher| {
            let mut parser = Parser::new();
            let mut feature = Feature::default();
            bencher.iter(|| {
                for line in text.lines() {
                    black_box(parser.parse(line.as_bytes(), &mut feature)).unwrap();
                }
            });
        });
        group.bench_function("blocks", |bencher| bencher.iter(|| count(Source::new("bench").file(&path))));
        group.finish();
    }
    collection(criterion, &path);
}

/// The same polygons as one `FeatureCollection`.
fn collection(criterion: &mut Criterion, path: &Path) {
    let text = polygons();
    let features = text.trim_end().replace('\n', ",");
    fs::write(path, format!("{{\"type\":\"FeatureCollection\",\"features\":[{features}]}}")).unwrap();
    let mut group = criterion.benchmark_group("parse/polygons");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("collection", |bencher| {
        bencher.iter(|| count(Source::new("bench").file(path).format(Format::FeatureCollection)));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    targets = parse
}
criterion_main!(benches);
