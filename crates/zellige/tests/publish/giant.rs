//! One ring with so many vertices that several threads cut it.

use std::fmt::Write as _;

use crate::common::{publish, settings};

/// Returns a line with one polygon, a curve of Cesàro around a triangle: 49,152 vertices, of which each zoom keeps
/// enough to share them out, and fjords so narrow that the ring touches itself in tiles.
fn ring() -> String {
    let mut ring = vec![[-50.0_f64, 30.0], [0.0, -40.0], [50.0, 30.0]];
    for _ in 0..7 {
        let mut finer = Vec::with_capacity(4 * ring.len());
        for ([ax, ay], [bx, by]) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            let (dx, dy) = (bx - ax, by - ay);
            let (along, height) = (0.468, 0.466);
            finer.extend([
                [*ax, *ay],
                [ax + dx * along, ay + dy * along],
                [ax + dx / 2.0 + dy * height, ay + dy / 2.0 - dx * height],
                [bx - dx * along, by - dy * along],
            ]);
        }
        ring = finer;
    }
    let mut line =
        r#"{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[["#.to_owned();
    for [lon, lat] in ring.iter().chain(ring.first()) {
        let _ = write!(line, "[{lon:.7},{lat:.7}],");
    }
    line.pop();
    line + "]]}}"
}

#[test]
fn bytes_of_a_giant_ring_do_not_depend_on_threads_or_memory() {
    let recipe =
        r#"{"version":1,"layers":{"land":{"source":"mapbox://tileset-source/a/b","minzoom":4,"maxzoom":5}}}"#;
    let ring = ring();
    let once = publish(recipe, &ring, &settings(1, 1 << 30)).unwrap();
    for zoom in ["4/", "5/"] {
        let tiles = once.text.split("tile ").filter(|tile| tile.starts_with(zoom));
        let n_vertices: usize = tiles.map(|tile| tile.matches(',').count()).sum();
        assert!(n_vertices > 1 << 15, "{n_vertices} vertices at zoom {zoom} are not shared out");
    }
    for (threads, memory_bytes) in [(2, 1 << 30), (3, 0), (8, 64 << 20)] {
        let again = publish(recipe, &ring, &settings(threads, memory_bytes)).unwrap();
        assert!(again.bytes == once.bytes, "{threads} threads");
    }
}
