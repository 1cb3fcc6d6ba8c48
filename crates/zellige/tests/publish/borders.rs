//! Neighbours stay neighbours: what two polygons have in common is the same in tiles, however they are read.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::ops::ControlFlow;

use serde_json::json;
use zellige::{Borders, Report, Settings, Source};

use crate::common::{publish, settings};
use crate::rows::{feature, rows};

const RECIPE: &str = r#"{"version": 1, "layers": {"all": {
    "source": "mapbox://tileset-source/me/all", "minzoom": 0, "maxzoom": 6}}}"#;

/// Two halves of a square with a winding border, a point and a line; each begins at another vertex.
fn lines() -> Vec<String> {
    let border = |step: i32| {
        let along = f64::from(step) / 20.0;
        [10.0 + 0.6 * (along * 2.0).sin() + 0.2 * (along * 9.0).cos(), along]
    };
    let mut west: Vec<[f64; 2]> = (0..=200).map(border).collect();
    west.extend([[0.0, 10.0], [0.0, 0.0]]);
    west.push(west[0]);
    let mut east: Vec<[f64; 2]> = (0..=200).rev().map(border).collect();
    east.extend([[20.0, 0.0], [20.0, 10.0]]);
    east.rotate_left(70);
    east.push(east[0]);
    vec![
        feature(1, "Polygon", &json!([west]), &json!({})),
        feature(2, "Point", &json!([3, 3]), &json!({})),
        feature(3, "LineString", &json!([[1, 1], [4, 2]]), &json!({})),
        feature(4, "Polygon", &json!([east]), &json!({})),
    ]
}

/// Publishes a source and returns the archive with its report.
fn bytes_of(source: Source, settings: &Settings) -> (Vec<u8>, Report) {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("all.pmtiles");
    let plan = zellige::plan(RECIPE.as_bytes()).unwrap();
    let go_on = &mut |_: &_| ControlFlow::Continue(());
    let report = zellige::publish(&plan, vec![source], &target, settings, go_on).unwrap();
    (std::fs::read(&target).unwrap(), report)
}

/// Returns the largest number of vertices that one of the two polygons has on their border and the other has not,
/// over all tiles.
fn n_differences(settings: &Settings) -> usize {
    let published = publish(RECIPE, &lines().join("\n"), settings).unwrap();
    let rows = rows(&published);
    let tiles = rows.chunk_by(|a, b| a.tile == b.tile);
    let differences = tiles.map(|tile| {
        let on_border = |id: &str| -> BTreeSet<(i32, i32)> {
            let of_polygon = tile.iter().filter(|row| row.id == id);
            let places = of_polygon.flat_map(|row| row.positions().into_iter().zip(row.lon_lats()));
            places.filter(|(_, (lon, _))| (8.0..12.0).contains(lon)).map(|(place, _)| place).collect()
        };
        // Where the window of a tile cuts through them, both have corners of their own.
        let inside = |(x, y): &(i32, i32)| (0..=4096).contains(x) && (0..=4096).contains(y);
        on_border("1").symmetric_difference(&on_border("4")).filter(|place| inside(place)).count()
    });
    differences.max().unwrap()
}

#[test]
fn neighbours_have_the_same_vertices_unless_the_job_says_otherwise() {
    let shared = settings(2, 64 << 20);
    assert_eq!(n_differences(&shared), 0);
    assert!(n_differences(&Settings { borders: Borders::Alone, ..shared }) > 0);
}

#[test]
fn bytes_do_not_depend_on_where_neighbours_come_from() {
    let folder = tempfile::tempdir().unwrap();
    let text = lines().join("\n");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let new = || Source::new("all");
    let file = || new().file(write("all", text.as_bytes()));
    let (expected, report) = bytes_of(file(), &settings(1, 64 << 20));
    let borders = report.borders.unwrap();
    assert_eq!((borders.is_shared, borders.vertices, borders.junctions), (true, 406, 2));
    for (threads, memory_bytes) in [(2, 64 << 20), (8, 1 << 30), (3, 0)] {
        assert_eq!(bytes_of(file(), &settings(threads, memory_bytes)).0, expected, "{threads} threads");
    }
    let (head, tail) = text.split_at(text.rfind('\n').unwrap());
    let small = zellige::ingest::Settings { block_bytes: 1000, ..zellige::ingest::Settings::default() };
    let in_blocks = |source: Source| bytes_of(source, &Settings { ingest: small, ..settings(2, 64 << 20) }).0;
    let mut gzip = Vec::new();
    zellige::archive::Compressor::new(5).gzip(text.as_bytes(), &mut gzip);
    let collection = format!("{{\"type\":\"FeatureCollection\",\"features\":[{}]}}", text.replace('\n', ","));
    let collection = new()
        .format(zellige::ingest::Format::FeatureCollection)
        .file(write("collection", collection.as_bytes()));
    for (name, source) in [
        ("blocks", file()),
        ("split", new().file(write("head", head.as_bytes())).file(write("tail", tail.as_bytes()))),
        ("pipe", new().reader("pipe", Box::new(Cursor::new(text.clone())))),
        ("gzip", new().file(write("gzip", &gzip))),
        ("collection", collection),
    ] {
        assert_eq!(in_blocks(source), expected, "{name}");
    }
    let mut parser = zellige::ingest::Parser::new();
    let features: Vec<_> = lines()
        .iter()
        .map(|line| {
            let mut feature = zellige::model::Feature::default();
            parser.parse(line.as_bytes(), &mut feature).unwrap();
            feature
        })
        .collect();
    assert_eq!(in_blocks(new().features(Box::new(features.into_iter()))), expected, "memory");
}

#[test]
fn points_lines_and_vertices_that_all_stay_have_no_borders() {
    let text = lines();
    let reader = |text: String| Source::new("all").reader("pipe", Box::new(Cursor::new(text)));
    let nothing = reader(text[1..3].join("\n"));
    assert!(bytes_of(nothing, &settings(1, 64 << 20)).1.borders.is_none());
    let recipe = RECIPE.replace("\"minzoom\"", "\"features\": {\"simplification\": 0}, \"minzoom\"");
    let published = publish(&recipe, &text.join("\n"), &settings(1, 64 << 20)).unwrap();
    assert!(published.report.borders.is_none());
}

#[test]
fn blocks_that_cannot_be_put_aside_end_the_job() {
    let folder = tempfile::tempdir().unwrap();
    let plan = zellige::plan(RECIPE.as_bytes()).unwrap();
    let source = Source::new("all").reader("pipe", Box::new(Cursor::new(lines().join("\n"))));
    let settings = Settings { temp: "no such folder".into(), ..settings(2, 64 << 20) };
    let target = folder.path().join("all.pmtiles");
    let go_on = &mut |_: &_| ControlFlow::Continue(());
    let error = zellige::publish(&plan, vec![source], &target, &settings, go_on).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, "creating a temporary file in `no such folder` failed after 0 bytes");
    assert!(!target.exists());
}
