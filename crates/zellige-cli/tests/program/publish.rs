//! What `publish` makes and says.

use serde_json::json;

use crate::desk::{Desk, TOWNS, point};

fn desk() -> Desk {
    let towns = point("Null Island", 0.0, 0.0) + &point("Vaduz", 9.52, 47.14);
    Desk::new(&[("towns.json", TOWNS), ("towns.geojsonl", &towns)])
}

#[test]
fn three_formats_hold_the_same_tiles() {
    let desk = desk();
    for target in ["a.pmtiles", "a.mbtiles", "a/"] {
        desk.run(&format!("publish towns.json --source towns=towns.geojsonl -o {target}")).done();
        assert_eq!(
            desk.run(&format!("inspect {target} 0/0/0")).done(),
            "tile 0/0/0\n\
             layer \"towns\" version 2 extent 4096 features 2\n  \
             - POINT(2048 2048) {\"name\":\"Null Island\"}\n  \
             - POINT(2156 1438) {\"name\":\"Vaduz\"}\n"
        );
        let one = desk.run(&format!("inspect {target} 3/4/2")).done();
        assert!(one.contains("Vaduz") && !one.contains("Null"), "{one}");
    }
}

#[test]
fn source_may_be_named_in_three_ways() {
    let desk = desk();
    for source in
        ["towns.geojsonl", "towns=towns.geojsonl", "mapbox://tileset-source/me/towns=towns.geojsonl"]
    {
        let out = desk.run(&format!("publish towns.json --source={source} -o a.pmtiles --force")).done();
        assert!(out.contains("2 features in "), "{out}");
    }
}

#[test]
fn table_has_a_row_a_layer_and_zoom() {
    let desk = desk();
    let out = desk.run("publish towns.json --source towns.geojsonl -o a.pmtiles").done();
    let rows: Vec<Vec<&str>> = out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0][..4], ["layer", "zoom", "tiles", "features"]);
    assert_eq!(rows[2][..4], ["towns", "0", "1", "2"]);
    assert!(rows.iter().any(|row| row.starts_with(&["towns", "3", "5", "5"])), "{out}");
    assert!(out.contains("\na.pmtiles: "), "{out}");
}

#[test]
fn findings_name_file_line_and_reason() {
    let desk = desk();
    desk.write(
        "bad.geojsonl",
        (point("a", 1.0, 1.0) + "\n{\"type\":\"Feat\n" + &point("b", 2.0, 2.0)).as_bytes(),
    );
    let ran = desk
        .run("publish towns.json --source towns.geojsonl --source bad.geojsonl -o a.pmtiles --job job.json");
    let out = ran.done();
    assert!(out.contains("  1 line-undecodable: ") && out.contains("    bad.geojsonl:3 "), "{out}");
    assert!(!out.contains("W202: "), "a bad line is told once: {out}");
    let job = desk.json("job.json");
    assert_eq!(job["stage"], "success");
    assert!(job["warnings"][0].as_str().unwrap().starts_with("W202: "), "{job}");
    assert_eq!(job["features"], 4);
    assert_eq!(job["layer_stats"]["towns"]["zooms"]["0"]["sum_area"], 508_164_394.246_208_97);
    assert_eq!(job["findings"][0]["examples"][0]["line"], 3);
    assert_eq!(job["recipe"], serde_json::from_str::<serde_json::Value>(TOWNS).unwrap());
    assert_eq!(desk.names(), ["a.pmtiles", "bad.geojsonl", "job.json", "towns.geojsonl", "towns.json"]);
}

#[test]
fn json_prints_the_job_object_alone() {
    let desk = desk();
    let words = "publish towns.json --source towns.geojsonl -o a.pmtiles --json --tileset-id me.towns";
    let job: serde_json::Value = serde_json::from_str(&desk.run(words).done()).unwrap();
    assert_eq!((&job["stage"], &job["tilesetId"]), (&json!("success"), &json!("me.towns")));
    let ran = desk.run(words);
    assert_eq!(ran.code, Some(1));
    let job: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(job["stage"], "failed");
}

#[test]
fn quiet_says_nothing_on_standard_error() {
    let desk = desk();
    desk.write("lint.json", TOWNS.replace("\"simplification\": 1", "\"simplification\": 8").as_bytes());
    let words = "publish lint.json --source towns.geojsonl --force -o a.pmtiles";
    let ran = desk.run(words);
    assert!(ran.err.contains("coarse-at-maxzoom"), "{ran:?}");
    let ran = desk.run(&format!("{words} --quiet"));
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
}

#[test]
fn flags_win_over_what_stands_beside_the_recipe() {
    let desk = desk();
    let body = format!(
        r#"{{"recipe": {TOWNS}, "name": "Towns", "description": "All of them",
             "attribution": [{{"text": "A & B", "link": "https://example.com"}}]}}"#
    );
    desk.write("body.json", body.as_bytes());
    desk.run("publish body.json --source towns.geojsonl -o a.mbtiles --name Other").done();
    let summary: serde_json::Value =
        serde_json::from_str(&desk.run("inspect a.mbtiles --json").done()).unwrap();
    assert_eq!(summary["name"], "Other");
    assert_eq!(summary["description"], "All of them");
    let credit = "<a href=\"https://example.com\" target=\"_blank\">A &amp; B</a>";
    assert_eq!(summary["attribution"], credit);
}

#[test]
fn whole_collections_are_read_on_request() {
    let desk = desk();
    let features = point("a", 1.0, 1.0);
    let collection = format!("{{\"type\": \"FeatureCollection\",\n \"features\": [{}]}}\n", features.trim());
    desk.write("whole.geojson", collection.as_bytes());
    let words = "publish towns.json --source whole.geojson -o a.pmtiles --format";
    desk.run(&format!("{words} lines")).fails(1, &["No GeoJSON features processed", "--format geojson"]);
    desk.run(&format!("{words} geojson")).done();
    let ran = desk.run("publish towns.json --source towns.geojsonl -o a.pmtiles --force --format geojson");
    ran.fails(1, &["towns.geojsonl", "not a FeatureCollection", "hint: "]);
}

#[test]
fn document_whose_last_line_is_a_feature_gets_a_hint() {
    let desk = desk();
    let point = point("a", 1.0, 1.0);
    let features = [point.trim(), point.trim(), point.trim()].join(",\n");
    let collection = format!("{{\"type\": \"FeatureCollection\", \"features\": [\n{features}\n]}}\n");
    desk.write("spread.geojson", collection.as_bytes());
    let out = desk.run("publish towns.json --source spread.geojson -o a.pmtiles").done();
    assert!(out.contains("  4 line-undecodable: "), "{out}");
    assert!(out.contains("\nhint: read a whole FeatureCollection with `--format geojson`\n"), "{out}");
}

#[test]
fn feature_that_fits_no_tile_is_told_when_it_is_the_only_one() {
    let desk = desk();
    desk.write("long.geojsonl", point(&"long".repeat(1_000), 1.0, 1.0).as_bytes());
    let words = "publish towns.json --source long.geojsonl -o a.pmtiles --tile-size-limit 2";
    desk.run(words).fails(1, &["No tiles were created", "hint: ", "--tile-size-limit"]);
}

#[test]
fn tile_limit_is_kept() {
    let desk = desk();
    let many: String =
        (0..500).map(|i| point(&format!("town number {i}"), f64::from(i % 50), f64::from(i / 50))).collect();
    desk.write("many.geojsonl", many.as_bytes());
    let words = "publish towns.json --source many.geojsonl -o a.pmtiles --json --tile-size-limit 2";
    let job: serde_json::Value = serde_json::from_str(&desk.run(words).done()).unwrap();
    let zoom = &job["layer_stats"]["towns"]["zooms"]["0"];
    assert_eq!(zoom["capped"], 1);
    let size = zoom["max_size"].as_u64().unwrap();
    assert!(1024 < size && size <= 2048, "{size}");
}
