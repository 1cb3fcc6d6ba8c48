//! A job that is killed leaves the old tileset or the whole new one, and the next run takes away the rest.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::desk::{Desk, TOWNS, zigzags};

/// How often a job is killed for each kind of archive, at moments spread over the time that it takes.
const KILLS: u32 = 16;

/// Lines of the old tileset and of the new one; the new one has enough of them to fill a temporary file.
const N_OLD: usize = 10;
const N_NEW: usize = 2_500;

/// Returns everything in a folder, hidden files too, by path.
fn content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for path in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// Kills jobs that replace a tileset called `name`, each a bit later than the one before.
fn check(name: &str) {
    let desk = Desk::new(&[("lines.json", TOWNS)]);
    desk.write("old.geojsonl", zigzags(N_OLD).as_bytes());
    desk.write("new.geojsonl", zigzags(N_NEW).as_bytes());
    for folder in ["out", "temp"] {
        fs::create_dir(desk.path(folder)).unwrap();
    }
    let words = |source: &str| {
        format!(
            "publish lines.json --source {source}.geojsonl -o out/{name} \
             --force --quiet --memory 1MiB --threads 2 --temp temp"
        )
    };
    desk.run(&words("old")).done();
    let old = content(&desk.path("out"));
    let started = Instant::now();
    desk.run(&words("new")).done();
    let whole = started.elapsed();
    let new = content(&desk.path("out"));

    let mut n_killed = 0;
    for nth in 0..KILLS {
        desk.run(&words("old")).done();
        assert!(
            content(&desk.path("out")) == old,
            "the run after a kill makes the same, and leaves nothing else"
        );
        let mut child = desk.command(&words("new")).spawn().unwrap();
        std::thread::sleep(whole * nth / (KILLS - 4) + Duration::from_millis(1));
        child.kill().unwrap();
        n_killed += u32::from(child.wait().unwrap().code().is_none());

        let mut left = content(&desk.path("out"));
        left.retain(|path, _| !path.starts_with(&format!(".{name}.part")));
        assert!(left == old || left == new, "kill {nth} leaves {:?}", left.keys());
        assert!(content(&desk.path("temp")).is_empty());
    }
    assert!(0 < n_killed);
}

#[test]
fn while_one_file_is_made() {
    check("a.pmtiles");
}

#[test]
fn while_a_database_is_made() {
    check("a.mbtiles");
}

#[test]
fn while_a_folder_is_made() {
    check("a");
}
