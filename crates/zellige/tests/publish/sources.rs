//! Where features come from changes nothing: file, split files, compressed file, pipe, memory.

use std::io::{Cursor, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use geo_types::{Geometry, LineString, Point, Polygon};
use zellige::model::{Feature, ValueRef};
use zellige::{Error, Settings, Source};

use crate::common::settings;

const RECIPE: &str = r#"{"version": 1, "layers": {"all": {
    "source": "mapbox://tileset-source/me/all", "minzoom": 0, "maxzoom": 7}}}"#;

const LINES: [&str; 3] = [
    r#"{"type":"Feature","properties":{"name":"town","people":3},"geometry":{"type":"Point","coordinates":[9.5,47.1]}}"#,
    r#"{"type":"Feature","properties":{"name":"way"},"geometry":{"type":"LineString","coordinates":[[9,47],[10.5,47.5],[12,46]]}}"#,
    r#"{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[8,46],[11,46],[11,48],[8,46]]]}}"#,
];

fn bytes_of(source: Source, settings: &Settings) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("all.pmtiles");
    let plan = zellige::plan(RECIPE.as_bytes()).unwrap();
    let go_on = &mut |_: &_| ControlFlow::Continue(());
    zellige::publish(&plan, vec![source], &target, settings, go_on).unwrap();
    std::fs::read(&target).unwrap()
}

fn in_memory() -> Vec<Feature> {
    let shapes: [Geometry<f64>; 3] = [
        Point::new(9.5, 47.1).into(),
        LineString::from(vec![(9.0, 47.0), (10.5, 47.5), (12.0, 46.0)]).into(),
        Polygon::new(LineString::from(vec![(8.0, 46.0), (11.0, 46.0), (11.0, 48.0)]), Vec::new()).into(),
    ];
    let mut features: Vec<Feature> = shapes
        .iter()
        .map(|shape| Feature { geometry: shape.try_into().unwrap(), ..Feature::default() })
        .collect();
    features[0].attributes.push("name", ValueRef::String("town"));
    features[0].attributes.push("people", ValueRef::Int(3));
    features[1].attributes.push("name", ValueRef::String("way"));
    features
}

#[test]
fn bytes_do_not_depend_on_where_features_come_from() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, lines: &[&str], end: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, lines.iter().flat_map(|line| [*line, end]).collect::<String>()).unwrap();
        path
    };
    let new = || Source::new("all");
    let settings = settings(2, 1 << 30);
    let file = bytes_of(new().file(write("all", &LINES, "\n")), &settings);
    let split = new().file(write("first", &LINES[..1], "\r\n")).file(write("rest", &LINES[1..], "\n\n"));
    assert_eq!(bytes_of(split, &settings), file);
    let pipe = new().reader("pipe", Box::new(Cursor::new(LINES.join("\n"))));
    assert_eq!(bytes_of(pipe, &settings), file);
    let memory = new().features(Box::new(in_memory().into_iter()));
    assert_eq!(bytes_of(memory, &settings), file);
}

#[test]
fn what_does_not_fit_together_is_said() {
    let plan = zellige::plan(RECIPE.as_bytes()).unwrap();
    let publish = |sources| {
        let target = Path::new("never-made.pmtiles");
        let go_on = &mut |_: &_| ControlFlow::Continue(());
        zellige::publish(&plan, sources, target, &settings(1, 1 << 30), go_on).unwrap_err()
    };
    assert!(
        matches!(publish(vec![]), Error::SourceMissing { id, layer } if id.ends_with("/all") && layer == "all")
    );
    let unused = vec![Source::new("all").file("a"), Source::new("other").file("b")];
    assert!(matches!(publish(unused), Error::SourceUnused { id } if id == "other"));
    let missing = vec![Source::new("all").file("no such file")];
    assert!(matches!(publish(missing), Error::Read { id, .. } if id == "all"));
    let twice = RECIPE.replace(
        r#""layers": {"#,
        r#""layers": {"other": {"source": "mapbox://tileset-source/you/all", "minzoom": 0, "maxzoom": 1}, "#,
    );
    let plan = zellige::plan(twice.as_bytes()).unwrap();
    let target = Path::new("never-made.pmtiles");
    let go_on = &mut |_: &_| ControlFlow::Continue(());
    let ambiguous = vec![Source::new("all").file("a")];
    let error = zellige::publish(&plan, ambiguous, target, &settings(1, 1 << 30), go_on).unwrap_err();
    assert!(matches!(error, Error::SourceAmbiguous { id, .. } if id == "all"));
    assert!(!Path::new("never-made.pmtiles").exists());
}

#[test]
fn cancelling_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("all.pmtiles");
    let plan = zellige::plan(RECIPE.as_bytes()).unwrap();
    // The source never ends by itself.
    let endless = std::iter::repeat_with(in_memory).flatten();
    let source = Source::new("all").features(Box::new(endless));
    let stop = &mut |_: &_| ControlFlow::Break(());
    let error = zellige::publish(&plan, vec![source], &target, &settings(2, 1 << 30), stop).unwrap_err();
    assert!(matches!(error, Error::Cancelled), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// Gives a line a third of a second after it was asked.
struct Slow(Cursor<&'static str>);

impl Read for Slow {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        std::thread::sleep(Duration::from_millis(300));
        self.0.read(out)
    }
}

#[test]
fn who_panics_while_watching_waits_for_nobody() {
    let plan = zellige::plan(RECIPE.as_bytes()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("never.pmtiles");
    let panicked = std::panic::catch_unwind(|| {
        let source = Source::new("all").reader("slow", Box::new(Slow(Cursor::new(LINES[0]))));
        zellige::publish(&plan, vec![source], &target, &settings(2, 64 << 20), &mut |_| panic!("seen enough"))
    });
    assert!(panicked.is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
}
