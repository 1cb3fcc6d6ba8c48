//! Neighbours stay neighbours: what two polygons have in common is the same in tiles, however they are read.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::ops::ControlFlow;

use serde_json::json;
use zellige::model::{Geometry, Grid};
use zellige::{Borders, Report, Settings, Source};
use zellige_testkit::drawn;

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

/// A mesh of 30 by 90 crooked rectangles, which are about three units wide and one high at zoom 0.
fn mesh() -> String {
    // Numbers without a pattern, from -1 to 1.
    let noise = |number: i32| (f64::from(number) * 12.9898).sin() * 43_758.545 % 1.0;
    let corner = |column: i32, row: i32| {
        let number = row * 31 + column;
        let at =
            |size: f64, place: i32, number: i32| size * 0.45_f64.mul_add(noise(number), f64::from(place));
        [at(0.3, column, number), at(0.1, row, number + 7919)]
    };
    let cell = |number: i32| {
        let (column, row) = (number % 30, number / 30);
        let steps = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)];
        let ring: Vec<_> = steps.iter().map(|(x, y)| corner(column + x, row + y)).collect();
        feature(number as u64, "Polygon", &json!([ring]), &json!({}))
    };
    (0..2700).map(cell).collect::<Vec<_>>().join("\n")
}

#[test]
fn crowded_neighbours_neither_overlap_nor_part() {
    let published = publish(RECIPE, &mesh(), &settings(2, 64 << 20)).unwrap();
    let mut n_covers = std::collections::BTreeMap::<(i32, i32), u32>::new();
    for row in rows(&published).iter().filter(|row| row.zoom() == 0) {
        for place in places_inside(&drawn::geometry(&row.shape)) {
            *n_covers.entry(place).or_default() += 1;
        }
    }
    let (overlaps, once): (Vec<_>, Vec<_>) = n_covers.into_iter().partition(|(_, n)| *n > 1);
    assert_eq!(overlaps, []);

    let side = 9.0 / 360.0 * 4096.0 * f64::from(PLACES);
    let missing = 1.0 - once.len() as f64 / (side * side);
    assert!(missing.abs() < 0.02, "{missing}");
}

/// A square land of six degrees with holes of many sizes, one unit wide to twenty at zoom 1: each filled by one polygon,
/// by a ring with another polygon in it, or by two halves.
fn enclaves() -> Vec<String> {
    let mut lines = Vec::new();
    let mut holes = Vec::new();
    let mut push = |rings: &[Vec<[f64; 2]>]| {
        let closed: Vec<Vec<_>> = rings.iter().map(|ring| [ring.clone(), vec![ring[0]]].concat()).collect();
        lines.push(feature(lines.len() as u64, "Polygon", &json!(closed), &json!({})));
    };
    for number in 0..25 {
        let (column, row) = (f64::from(number % 5), f64::from(number / 5));
        let ring = |radius: f64| -> Vec<[f64; 2]> {
            let corner = |step: i32| {
                let turn = f64::from(step) * std::f64::consts::TAU / 16.0;
                let out = radius * (1.0 + 0.15 * (3.0 * turn + column).sin());
                [1.8 + 1.1 * column + out * turn.cos(), 1.8 + 1.1 * row + out * turn.sin()]
            };
            (0..16).map(corner).collect()
        };
        let radius = 0.02 * 1.14_f64.powi(number * 7 % 25);
        let outer = ring(radius);
        let mut hole = outer.clone();
        hole.rotate_left(number as usize % 16);
        hole.reverse();
        holes.push(hole);
        match number % 3 {
            0 => push(&[outer]),
            1 => {
                let inner = ring(radius / 2.0);
                push(&[outer, inner.iter().rev().copied().collect()]);
                push(&[inner]);
            }
            _ => {
                push(&[outer[..9].to_vec()]);
                push(&[[&outer[8..], &outer[..1]].concat()]);
            }
        }
    }
    push(&[vec![vec![[1.0, 1.0], [7.0, 1.0], [7.0, 7.0], [1.0, 7.0]]], holes].concat());
    lines
}

#[test]
fn enclaves_fill_their_holes_and_nothing_lies_on_top_of_them() {
    let published = publish(RECIPE, &enclaves().join("\n"), &settings(2, 64 << 20)).unwrap();
    for zoom in [0, 1] {
        let mut n_covers = std::collections::BTreeMap::<(i32, i32), u32>::new();
        for row in rows(&published).iter().filter(|row| row.zoom() == zoom) {
            for place in places_inside(&drawn::geometry(&row.shape)) {
                *n_covers.entry(place).or_default() += 1;
            }
        }
        let overlaps = n_covers.values().filter(|n| **n > 1).count();
        let (left, right) = (n_covers.keys().map(|at| at.0).min(), n_covers.keys().map(|at| at.0).max());
        let (top, bottom) = (n_covers.keys().map(|at| at.1).min(), n_covers.keys().map(|at| at.1).max());
        let side = |min: Option<i32>, max: Option<i32>| (max.unwrap() - min.unwrap() + 1) as usize;
        let n_missing = side(left, right) * side(top, bottom) - n_covers.len();
        let n_units = |n_places: usize| n_places as f64 / f64::from(PLACES * PLACES);
        let found = (n_units(overlaps), n_units(n_missing));
        assert!(found.0 < 1.0 && found.1 < 1.0, "zoom {zoom}: {found:?} units overlap and are missing");
    }
}

/// Places in a row or column of a unit.
const PLACES: i32 = 8;

/// Returns the places inside of polygons; none of them lies on an edge.
fn places_inside(geometry: &Geometry<Grid>) -> Vec<(i32, i32)> {
    let mut crossings = std::collections::BTreeMap::<i32, Vec<f64>>::new();
    for ring in geometry.parts() {
        for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            let (top, bottom) = if a.y < b.y { (a, b) } else { (b, a) };
            for row in top.y * PLACES..bottom.y * PLACES {
                let along =
                    (f64::from(row - top.y * PLACES) + 0.5001) / f64::from((bottom.y - top.y) * PLACES);
                let x = along.mul_add(f64::from(bottom.x - top.x), f64::from(top.x));
                crossings.entry(row).or_default().push(x * f64::from(PLACES));
            }
        }
    }
    let mut inside = Vec::new();
    for (row, mut places) in crossings {
        places.sort_by(f64::total_cmp);
        for pair in places.chunks_exact(2) {
            let column = |place: f64| (place - 0.5003).ceil() as i32;
            inside.extend((column(pair[0])..column(pair[1])).map(|column| (column, row)));
        }
    }
    inside
}
