//! The bytes of a tileset follow from sources and recipe alone.

use zellige::archive::Compressor;

use crate::desk::{Desk, TOWNS, zigzags};

/// Lines that fill more than the least memory of a job with pieces.
const N_LINES: usize = 4_000;

fn desk() -> (Desk, String) {
    let lines = zigzags(N_LINES);
    let recipe = TOWNS.replace("\"maxzoom\": 3", "\"maxzoom\": 4");
    (Desk::new(&[("lines.json", &recipe), ("lines.geojsonl", &lines)]), lines)
}

#[test]
fn threads_and_memory_change_nothing() {
    let (desk, _) = desk();
    let mut first: Option<Vec<u8>> = None;
    let mut spilled = 0;
    for (threads, memory) in [("1", "1GiB"), ("2", "1GiB"), ("8", "1GiB"), ("2", "1M"), ("1", "1M")] {
        let words = format!(
            "publish lines.json --source lines.geojsonl -o a.pmtiles --force --quiet \
             --threads {threads} --memory {memory} --json --temp ."
        );
        let job: serde_json::Value = serde_json::from_str(&desk.run(&words).done()).unwrap();
        assert_eq!(job["features"], N_LINES);
        spilled = spilled.max(job["spilled_bytes"].as_u64().unwrap());
        let bytes = desk.read("a.pmtiles");
        assert!(first.get_or_insert_with(|| bytes.clone()) == &bytes, "{threads} threads, {memory}");
    }
    assert!(spilled > 0, "the least memory was enough");
    assert_eq!(desk.names(), ["a.pmtiles", "lines.geojsonl", "lines.json"]);
}

#[test]
fn inputs_change_nothing() {
    let (desk, lines) = desk();
    let middle = lines[..lines.len() / 2].rfind('\n').unwrap() + 1;
    desk.write("first.geojsonl", &lines.as_bytes()[..middle]);
    desk.write("second.geojsonl", &lines.as_bytes()[middle..]);
    let mut packed = Vec::new();
    Compressor::new(6).gzip(lines.as_bytes(), &mut packed);
    desk.write("lines.gz", &packed);

    let publish = |sources: &str, input: &[u8]| {
        let words = format!("publish lines.json {sources} -o a.mbtiles --force --quiet");
        desk.run_with(&words, input).done();
        desk.read("a.mbtiles")
    };
    let plain = publish("--source lines.geojsonl", b"");
    assert!(plain == publish("--source -", lines.as_bytes()), "standard input");
    assert!(plain == publish("--source -", &packed), "compressed standard input");
    assert!(plain == publish("--source lines.gz", b""), "compressed file");
    assert!(plain == publish("--source first.geojsonl --source second.geojsonl", b""), "split files");
    assert!(
        plain == publish("--source towns=first.geojsonl --source -", &lines.as_bytes()[middle..]),
        "both"
    );
    assert!(plain != publish("--source second.geojsonl --source first.geojsonl", b""), "order counts");
}
