//! What `init` writes, and that the commands it names work.

use crate::desk::{Desk, point};

#[test]
fn recipe_goes_from_data_to_tiles() {
    let data = point("a", 1.0, 2.0) + &point("b", 3.0, 4.0);
    let desk = Desk::new(&[("my towns.geojsonl", &data)]);
    let ran = desk.command("init -o r.json").arg("my towns.geojsonl").output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let told = String::from_utf8(ran.stderr).unwrap();
    assert!(
        told.ends_with("next: zellige publish r.json --source 'my towns.geojsonl' -o r.pmtiles\n"),
        "{told}"
    );
    assert_eq!(String::from_utf8(ran.stdout).unwrap(), "");
    let recipe = desk.json("r.json");
    assert_eq!(recipe["layers"]["my_towns"]["source"], "mapbox://tileset-source/me/my_towns");
    let checked = desk.command("check r.json --source").arg("my towns.geojsonl").output().unwrap();
    assert!(String::from_utf8(checked.stdout).unwrap().starts_with("r.json: valid\n"));
    let published = desk.command("publish r.json -o r.pmtiles --source").arg("my towns.geojsonl").output();
    assert!(published.unwrap().status.success());
}

#[test]
fn recipes_that_are_there_stay() {
    let desk = Desk::new(&[("a.geojsonl", &point("a", 1.0, 2.0)), ("r.json", "mine")]);
    desk.run("init a.geojsonl -o r.json").fails(2, &["`r.json` exists already, `--force` replaces it"]);
    assert_eq!(desk.read("r.json"), b"mine");
    desk.run("init a.geojsonl -o r.json --force").done();
    assert_eq!(desk.json("r.json")["version"], 1);
}

#[test]
fn recipe_is_printed_when_no_file_is_named() {
    let desk = Desk::new(&[("a.geojsonl", &point("a", 1.0, 2.0)), ("b.geojsonl", &point("b", 1.0, 2.0))]);
    let ran = desk.run("init a.geojsonl b.geojsonl");
    assert!(
        ran.err.contains(
            "next: zellige publish recipe.json --source a=a.geojsonl --source b=b.geojsonl -o a.pmtiles\n"
        ),
        "{}",
        ran.err
    );
    let recipe: serde_json::Value = serde_json::from_str(&ran.done()).unwrap();
    assert_eq!(recipe["layers"].as_object().unwrap().len(), 2);
}

#[test]
fn bad_lines_are_told_beside_the_recipe() {
    let desk = Desk::new(&[("a.geojsonl", &(point("a", 1.0, 2.0) + "nonsense\n"))]);
    let ran = desk.run("init a.geojsonl");
    let told = "1 line is no feature and would be dropped; the first is line 2 of a.geojsonl: Line is not valid JSON";
    assert!(ran.err.starts_with(told), "{}", ran.err);
    ran.done();
}

#[test]
fn data_without_features_is_refused() {
    let desk = Desk::new(&[("a.geojsonl", "nonsense\n")]);
    desk.run("init a.geojsonl").fails(1, &["`a` has no features, so there is nothing to make a recipe for"]);
    desk.write("b.geojson", br#"{"type": "FeatureCollection", "features": []}"#);
    desk.run("init b.geojson").fails(1, &["hint: read a whole FeatureCollection with `--format geojson`\n"]);
    desk.run("init").fails(2, &["DATA is missing"]);
    desk.run("init none.geojsonl").fails(1, &["none.geojsonl"]);
}
