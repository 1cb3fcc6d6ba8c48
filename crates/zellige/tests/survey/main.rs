//! What is said of data before a job, held against what the job then does.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use zellige::recipe::Options;
use zellige::survey::forecast::Settings as Limits;
use zellige::survey::sample::SAMPLE_BYTES_MAX;
use zellige::survey::starter::{names, starter};
use zellige::survey::{Forecast, Sample, forecast, lint};
use zellige::{Plan, Report, Settings, Source};

const FILES: [&str; 6] = [
    "countries.geojsonl.gz",
    "places.geojsonl.gz",
    "liechtenstein-roads.geojsonl.gz",
    "liechtenstein-buildings.geojsonl.gz",
    "liechtenstein-landuse.geojsonl.gz",
    "liechtenstein-pois.geojsonl.gz",
];

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/real").join(file)
}

fn limits() -> Limits {
    let Settings { tile_bytes_max, compression_level, .. } = Settings::for_machine();
    Limits { tile_bytes_max, compression_level }
}

/// Returns samples of files as sources of these names.
fn samples(files: &[(String, &str)], bytes_max: u64) -> Vec<Sample> {
    let take = |(name, file): &(String, &str)| {
        Sample::take(Source::new(name.as_str()).file(path(file)), bytes_max).unwrap()
    };
    files.iter().map(take).collect()
}

fn publish(plan: &Plan, files: &[(String, &str)]) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out.pmtiles");
    let source = |(name, file): &(String, &str)| Source::new(name.as_str()).file(path(file));
    let sources = files.iter().map(source).collect();
    zellige::publish(plan, sources, &target, &Settings::for_machine(), &mut |_| ControlFlow::Continue(()))
        .unwrap()
}

/// Asserts that forecasts of each layer at each zoom are near what a job makes: tiles and bytes within so many percent, but
/// for `slack` tiles; and that full tiles are found.
fn check(recipe: &Value, files: &[(String, &str)], bytes_max: u64, (percent, slack): (f64, f64)) -> Forecast {
    let plan = zellige::plan(recipe.to_string().as_bytes()).unwrap();
    let samples = samples(files, bytes_max);
    let found = forecast(&plan, &samples, &limits()).unwrap();
    let report = publish(&plan, files);
    for (layer, zooms) in report.layers.iter().zip(&found.layers) {
        for (zoom, made) in &layer.stats.zooms {
            let place = format!("{} at zoom {zoom}, {:.2} of it", layer.name, samples[0].share);
            let it = zooms.get(zoom).unwrap_or_else(|| panic!("no forecast for {place}"));
            let is_near = |found: u64, made: u64, slack: f64| {
                found.abs_diff(made) as f64 <= (made as f64 * percent / 100.0).max(slack)
            };
            assert!(is_near(it.tiles, made.tiles, slack), "{place}: {} for {} tiles", it.tiles, made.tiles);
            let bytes_slack = slack * made.sum_size as f64 / made.tiles as f64;
            assert!(
                is_near(it.bytes, made.sum_size, bytes_slack),
                "{place}: {} for {} bytes",
                it.bytes,
                made.sum_size
            );
            assert!(
                it.capped.abs_diff(made.capped) as f64 <= slack,
                "{place}: {} for {}",
                it.capped,
                made.capped
            );
        }
    }
    found
}

fn one_layer(minzoom: u8, maxzoom: u8) -> Value {
    let source = "mapbox://tileset-source/me/data";
    json!({"version": 1, "layers": {"data": {
        "source": source, "minzoom": minzoom, "maxzoom": maxzoom, "features": {"simplification": 1}}}})
}

#[test]
fn forecasts_of_small_sources_are_what_a_job_makes() {
    for (file, zooms) in [(FILES[1], (0, 4)), (FILES[2], (11, 14)), (FILES[5], (8, 12))] {
        check(&one_layer(zooms.0, zooms.1), &[("data".to_owned(), file)], SAMPLE_BYTES_MAX, (3.0, 0.0));
    }
}

#[test]
fn tiles_that_were_not_looked_at_are_counted() {
    let found = check(&one_layer(7, 8), &[("data".to_owned(), FILES[0])], SAMPLE_BYTES_MAX, (10.0, 0.0));
    assert!(found.total().tiles > 30_000, "{:?}", found.total());
}

#[test]
fn forecasts_by_a_part_are_near() {
    check(&one_layer(8, 14), &[("data".to_owned(), FILES[5])], 1 << 20, (25.0, 4.0));
    check(&one_layer(10, 14), &[("data".to_owned(), FILES[3])], 2 << 20, (25.0, 4.0));
}

#[test]
fn layers_share_the_limit_in_forecasts_too() {
    let files: Vec<(String, &str)> =
        FILES[2..].iter().enumerate().map(|(idx, file)| (format!("s{idx}"), *file)).collect();
    let layer = |name: &str| {
        let source = format!("mapbox://tileset-source/me/{name}");
        json!({"source": source, "minzoom": 9, "maxzoom": 11, "features": {"simplification": 1}})
    };
    let layers: serde_json::Map<String, Value> =
        files.iter().map(|(name, _)| (name.clone(), layer(name))).collect();
    let recipe = json!({"version": 1, "layers": layers});
    let found = check(&recipe, &files, SAMPLE_BYTES_MAX, (3.0, 0.0));
    assert!(found.total().capped > 0);
}

/// Asserts that a first recipe raises no question and that its job has no full tile.
fn check_starter(files: &[&'static str]) {
    let files: Vec<(String, &str)> =
        names(files.iter().copied()).into_iter().zip(files.iter().copied()).collect();
    let samples = samples(&files, 2 << 20);
    let made = starter(&samples, &limits()).unwrap();
    assert_eq!(made.n_capped, 0, "{:?}", made.notes);
    let text = made.recipe.to_string();
    let checked = zellige::check(text.as_bytes(), &Options::default());
    let lints = lint(text.as_bytes(), &checked, &samples);
    assert_eq!(lints, [], "{text}");
    let report = publish(checked.plan.as_ref().unwrap(), &files);
    for layer in &report.layers {
        let capped = layer.stats.total(|zoom| zoom.capped);
        assert_eq!(capped, 0, "{} {text}", layer.name);
    }
    assert_eq!(report.warnings, Vec::<String>::new(), "{text}");
}

#[test]
fn first_recipes_of_real_files_have_no_full_tile() {
    for file in FILES {
        check_starter(&[file]);
    }
}

#[test]
fn first_recipe_of_several_files_has_none_either() {
    check_starter(&FILES[4..]);
}
