//! A job that may write no more tells how much it needs, and leaves nothing.
//!
//! A bound of the shell on the size of files stands for the end of a disk, which a test cannot make.

use std::process::{Command, Stdio};

use crate::desk::{Desk, Ran, TOWNS, zigzags};

/// What no file may exceed, in the blocks of 512 bytes that `ulimit` counts.
const BLOCKS_MAX: u32 = 64;

/// Publishes with files that cannot grow, and expects a message with all `parts`.
fn check(words: &str, parts: &[&str]) {
    let desk = Desk::new(&[("lines.json", TOWNS), ("lines.geojsonl", &zigzags(4_000))]);
    desk.write("few.geojsonl", zigzags(3).as_bytes());
    std::fs::create_dir(desk.path("temp")).unwrap();
    let target = words.split_whitespace().next().unwrap();
    desk.run(&format!("publish lines.json --source few.geojsonl --quiet -o {target}")).done();
    let (before, old) = (desk.names(), desk.run(&format!("inspect {target} 0/0/0")).done());
    let program = desk.command(&format!(
        "publish lines.json --source lines.geojsonl --force --quiet --threads 1 --temp temp -o {words}"
    ));
    let mut bounded = Command::new("sh");
    bounded.args(["-c", &format!("ulimit -f {BLOCKS_MAX}; exec \"$0\" \"$@\"")]);
    bounded.arg(program.get_program()).args(program.get_args());
    bounded.current_dir(desk.path("")).stdin(Stdio::null());
    Ran::from(bounded.output().unwrap()).fails(1, parts);
    assert_eq!(desk.names(), before);
    assert_eq!(std::fs::read_dir(desk.path("temp")).unwrap().count(), 0);
    assert_eq!(desk.run(&format!("inspect {target} 0/0/0")).done(), old);
}

#[test]
fn of_temporary_files() {
    let parts = ["no room for temporary files in `temp`: about ", " bytes are needed, and ", "--temp DIR"];
    check("a.pmtiles --memory 1MiB", &parts);
}

#[test]
fn of_the_tileset() {
    let words = "--memory 1GiB --tile-size-limit 100000 --compression-level 1";
    check(&format!("a.pmtiles {words}"), &["no room for the tileset `a.pmtiles`: about ", " are free"]);
    check(&format!("a.mbtiles {words}"), &["the tileset", "a.mbtiles"]);
}
