//! A job that is interrupted ends soon and leaves nothing.

use std::fs::OpenOptions;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::desk::{Desk, Ran, TOWNS, point};

/// More than a pipe holds, so that who has written it knows that the program reads.
const INPUT_BYTES: usize = 1 << 20;
/// How long the program may take to end.
const PATIENCE: Duration = Duration::from_secs(20);

fn desk() -> Desk {
    Desk::new(&[("towns.json", TOWNS), ("a.pmtiles", "an old tileset")])
}

/// Interrupts a job that publishes while its input stays open, and expects the old tileset and a told end.
fn check(desk: &Desk, child: Child, input: impl Write, signals: &[&str]) {
    interrupt(child, input, &point("a", 1.0, 1.0), signals);
    assert_eq!(desk.read("a.pmtiles"), b"an old tileset");
    assert_eq!(desk.json("job.json")["errors"][0], "cancelled");
}

/// Writes a line many times, sends the signals one upon the other while the input stays open, and expects the end of
/// the program.
fn interrupt(child: Child, mut input: impl Write, line: &str, signals: &[&str]) {
    input.write_all(line.repeat(INPUT_BYTES / line.len()).as_bytes()).unwrap();
    let kill: Vec<String> = signals.iter().map(|signal| format!("kill -{signal} {}", child.id())).collect();
    let sent = Command::new("sh").args(["-c", &kill.join(" && ")]).status().unwrap();
    assert!(sent.success());

    let id = child.id();
    let (sender, receiver) = mpsc::channel();
    let waiting = std::thread::spawn(move || sender.send(child.wait_with_output().unwrap()));
    let Ok(output) = receiver.recv_timeout(PATIENCE) else {
        drop(Command::new("sh").args(["-c", &format!("kill -KILL {id}")]).status());
        panic!("the program goes on");
    };
    waiting.join().unwrap().unwrap();
    Ran::from(output).fails(1, &["error: cancelled\n"]);
    drop(input);
}

const WORDS: &str = "publish towns.json -o a.pmtiles --force --temp . --job job.json --source";

#[test]
fn while_standard_input_stays_open() {
    for signals in [&["INT"][..], &["TERM"], &["HUP"], &["INT", "INT"], &["TERM", "INT", "INT", "TERM"]] {
        let desk = desk();
        let mut child = desk.command(&format!("{WORDS} -")).stdin(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        check(&desk, child, input, signals);
        assert_eq!(desk.names(), ["a.pmtiles", "job.json", "towns.json"]);
    }
}

#[test]
fn while_a_named_pipe_stays_open() {
    let desk = desk();
    let made = Command::new("mkfifo").arg(desk.path("pipe")).status().unwrap();
    assert!(made.success());
    let child = desk.command(&format!("{WORDS} pipe")).spawn().unwrap();
    let input = OpenOptions::new().write(true).open(desk.path("pipe")).unwrap();
    check(&desk, child, input, &["INT"]);
    assert_eq!(desk.names(), ["a.pmtiles", "job.json", "pipe", "towns.json"]);
}

#[test]
fn while_roads_are_read_for_a_pack() {
    let region = r#"{"configuration": {"navigation": true, "geography": {"type": "Polygon",
        "coordinates": [[[0,0],[10,0],[10,10],[0,10],[0,0]]]}}}"#;
    let road = "{\"type\":\"Feature\",\"properties\":{\"highway\":\"residential\"},\
        \"geometry\":{\"type\":\"LineString\",\"coordinates\":[[1,1],[1.01,1.01]]}}\n";
    let desk = Desk::new(&[("here.json", region)]);
    let mut child = desk.command("pack here.json --roads - -o out").stdin(Stdio::piped()).spawn().unwrap();
    let input = child.stdin.take().unwrap();
    interrupt(child, input, road, &["INT"]);
    assert_eq!(desk.names(), ["here.json"]);
}

#[test]
fn reader_that_went_away_is_no_failure() {
    let lines: String = (0..3000).map(|i| point("a long enough name", f64::from(i % 100), 1.0)).collect();
    let desk = Desk::new(&[("towns.json", TOWNS), ("towns.geojsonl", &lines)]);
    desk.run("publish towns.json --source towns.geojsonl -o a.pmtiles").done();
    let mut child = desk.command("inspect a.pmtiles 0/0/0").spawn().unwrap();
    drop(child.stdout.take());
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
}
