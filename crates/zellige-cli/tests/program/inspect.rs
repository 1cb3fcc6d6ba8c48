//! What `inspect` shows.

use serde_json::{Value, json};

use crate::desk::{Desk, TOWNS, point};

fn desk() -> Desk {
    let towns = point("a", 10.0, 10.0) + &point("b", -10.0, -10.0);
    let desk = Desk::new(&[("towns.json", TOWNS), ("towns.geojsonl", &towns)]);
    desk.run("publish towns.json --source towns.geojsonl -o a.pmtiles --name Towns").done();
    desk
}

#[test]
fn summary_tells_layers_fields_and_zooms() {
    let desk = desk();
    let out = desk.run("inspect a.pmtiles").done();
    for part in [
        "a.pmtiles: PMTiles, ",
        "name         Towns\n",
        "zooms        0 to 3\n",
        "bounds       -10.000000 -10.000000 10.000000 10.000000\n",
        "tiles        7 (",
        "layer towns, zooms 0 to 3\n  String   name\n",
        "zoom  tiles",
    ] {
        assert!(out.contains(part), "`{part}` is not in\n{out}");
    }
    let summary: Value = serde_json::from_str(&desk.run("inspect a.pmtiles --json").done()).unwrap();
    assert_eq!((&summary["format"], &summary["tiles"]), (&json!("pmtiles"), &json!(7)));
    assert_eq!(summary["vector_layers"][0]["fields"], json!({"name": "String"}));
    assert_eq!(summary["zooms"]["3"]["tiles"], 2);
    assert_eq!(summary["zooms"]["0"]["largest"], "0/0/0");
}

#[test]
fn tile_is_drawn_and_written() {
    let desk = desk();
    let out = desk.run("inspect a.pmtiles 0/0/0 --png a.png --svg a.svg --raw a.mvt").done();
    assert_eq!(out, "");
    assert!(desk.read("a.png").starts_with(b"\x89PNG"));
    assert!(desk.read("a.svg").starts_with(b"<svg "));
    let tile = zellige::tile::decode::decode(&desk.read("a.mvt")).unwrap();
    assert_eq!(tile.layers[0].features.len(), 2);
}

#[test]
fn what_cannot_be_shown_is_said() {
    let desk = desk();
    desk.write("junk.pmtiles", b"junk");
    desk.run("inspect a.pmtiles 3/0/0").fails(1, &["`a.pmtiles` has no tile 3/0/0; its zooms are 0 to 3"]);
    desk.run("inspect a.pmtiles 9/0/0 --png a.png").fails(1, &["no tile 9/0/0"]);
    desk.run("inspect a.pmtiles 1/2/0").fails(2, &["`1/2/0` is no tile"]);
    desk.run("inspect a.pmtiles --png a.png").fails(2, &["`--png` needs a tile"]);
    desk.run("inspect junk.pmtiles").fails(1, &["junk.pmtiles", "not a tileset"]);
    desk.run("inspect none.pmtiles").fails(1, &["none.pmtiles", "No such file"]);
    assert!(!desk.path("a.png").exists());
}
