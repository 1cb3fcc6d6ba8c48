//! What `check` says.

use serde_json::{Value, json};

use crate::desk::{Desk, TOWNS, point};

#[test]
fn valid_recipe_is_called_so() {
    let desk = Desk::new(&[("towns.json", TOWNS)]);
    assert_eq!(desk.run("check towns.json").done(), "towns.json: valid\n");
    assert_eq!(desk.run_with("check -", TOWNS.as_bytes()).done(), "-: valid\n");
}

#[test]
fn all_problems_come_at_once_with_their_places() {
    let bad = "{\"version\": 1, \"layers\": {\"towns\": {\n  \"source\": \"nonsense\",\n  \"minzom\": 0, \"maxzoom\": 3}}}";
    let ran = Desk::new(&[("bad.json", bad)]).run("check bad.json");
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.err, "");
    for part in [
        "error: layers.towns.minzoom is required.\n",
        "error: layers.towns has an unknown key \"minzom\".\n  at line 3, column 3: /layers/towns/minzom\n",
        "  3 |   \"minzom\": 0, \"maxzoom\": 3}}}\n    |   ^^^^^^^^\n",
        "did you mean \"minzoom\"?",
        "\nbad.json: not valid, 3 problems\n",
    ] {
        assert!(ran.out.contains(part), "`{part}` is not in\n{}", ran.out);
    }
}

#[test]
fn json_has_the_texts_of_the_wire() {
    let desk = Desk::new(&[("towns.json", TOWNS)]);
    let found: Value = serde_json::from_str(&desk.run("check towns.json --json").done()).unwrap();
    assert_eq!(found, json!({"valid": true, "errors": [], "lints": []}));

    let lint = TOWNS.replace("\"simplification\": 1", "\"simplification\": 8");
    let found: Value =
        serde_json::from_str(&desk.run_with("check --json -", lint.as_bytes()).done()).unwrap();
    assert_eq!(found["lints"][0]["code"], "coarse-at-maxzoom");
    assert_eq!(found["lints"][0]["line"], 3);

    let ran = desk.run_with("check --json -", b"{\"version\": 1}");
    let found: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &found["valid"]), (Some(2), &json!(false)));
    assert_eq!(found["errors"], json!(["layers is required."]));
}

#[test]
fn zoom_limit_can_be_raised() {
    let deep = TOWNS.replace("\"maxzoom\": 3", "\"maxzoom\": 18");
    let desk = Desk::new(&[("deep.json", &deep)]);
    assert_eq!(desk.run("check deep.json").code, Some(2));
    desk.run("check deep.json --zoom-limit 18").done();
}

#[test]
fn what_is_no_recipe_is_told_where() {
    let desk = Desk::new(&[("text.json", "hello")]);
    let ran = desk.run("check text.json");
    assert_eq!(ran.code, Some(2));
    assert!(ran.out.contains("line 1, column 1"), "{}", ran.out);
    desk.run("check none.json").fails(1, &["cannot read recipe `none.json`: No such file"]);
}

#[test]
fn data_is_held_against_the_recipe() {
    let recipe = TOWNS.replace(
        "\"simplification\": 1",
        "\"simplification\": 1, \"filter\": [\"any\", [\"has\", \"nam\"], [\">\", [\"get\", \"pop\"], 5]]",
    );
    let data = point("a", 1.0, 2.0) + &point("b", 3.0, 4.0);
    let desk = Desk::new(&[("towns.json", &recipe), ("towns.geojsonl", &data)]);
    let out = desk.run("check towns.json --source towns.geojsonl").done();
    for part in [
        "warning: no feature of the source has an attribute `nam` (unknown-attribute)\n  at line 3",
        "\n  hint:     did you mean \"name\"?\n",
        "warning: features.filter would end the job: [expression] greater than operator can not compare values \
         of type 'null' and 'number' (expression-fails)\n",
        "  found:    no \"pop\" in line 1 of towns.geojsonl, zoom 0; 2 of 2 features of the source\n",
        "\ntowns.json: valid, 3 warnings\nlooked at 2 features of towns, all there are\n",
    ] {
        assert!(out.contains(part), "`{part}` is not in\n{out}");
    }
    let found: Value =
        serde_json::from_str(&desk.run("check towns.json --source towns.geojsonl --json").done()).unwrap();
    let codes: Vec<&Value> = found["lints"].as_array().unwrap().iter().map(|lint| &lint["code"]).collect();
    assert_eq!(codes, ["unknown-attribute", "expression-fails", "unknown-attribute"]);
    assert_eq!(
        found["sources"],
        json!([{
            "source": "mapbox://tileset-source/me/towns", "features": 2, "faults": 0, "first_fault": null, "share": 1.0
        }])
    );
    desk.run("check towns.json --source other=towns.geojsonl")
        .fails(2, &["the recipe has no source `other`"]);
    desk.run("check towns.json --source none.geojsonl").fails(1, &["none.geojsonl"]);
}

#[test]
fn bad_lines_are_counted_and_the_first_is_named() {
    let bad = "nonsense\n{}\n";
    let desk = Desk::new(&[("towns.json", TOWNS), ("towns.geojsonl", &(point("a", 1.0, 2.0) + bad))]);
    let out = desk.run("check towns.json --source towns.geojsonl").done();
    assert!(
        out.ends_with(
            "looked at 1 feature of towns, all there are\n2 lines are no features and would be dropped; \
             the first is line 2 of towns.geojsonl: Line is not valid JSON: expected ident (column 2)\n"
        ),
        "{out}"
    );
    let found: Value =
        serde_json::from_str(&desk.run("check towns.json --source towns.geojsonl --json").done()).unwrap();
    assert_eq!(found["sources"][0]["faults"], 2);
    assert_eq!(
        found["sources"][0]["first_fault"],
        json!({
            "file": "towns.geojsonl", "line": 2, "hint": null,
            "reason": "Line is not valid JSON: expected ident (column 2)"
        })
    );
}

#[test]
fn whole_documents_are_recognized() {
    let feature = point("a", 1.0, 2.0);
    let document = format!("{{\"type\": \"FeatureCollection\", \"features\": [\n{feature}]}}\n");
    let desk = Desk::new(&[
        ("towns.json", TOWNS),
        ("towns.geojson", &document),
        ("line.geojson", &document.replace('\n', "")),
    ]);
    let hint = "hint: read a whole FeatureCollection with `--format geojson`\n";
    for file in ["towns.geojson", "line.geojson"] {
        let out = desk.run(&format!("check towns.json --source {file}")).done();
        assert!(out.ends_with(hint), "{out}");
        let out = desk.run(&format!("explain towns.json --source {file} --line 1")).done();
        assert!(out.ends_with(hint), "{out}");
        desk.run(&format!("explain towns.json --source {file} --line 9")).fails(1, &["has no line 9", hint]);
        let out = desk.run(&format!("check towns.json --source {file} --format geojson")).done();
        assert!(out.ends_with("looked at 1 feature of towns, all there are\n"), "{out}");
    }
    let out = desk.run("explain towns.json --source towns.geojson --line 3").done();
    assert!(out.ends_with(hint), "{out}");
}

#[test]
fn so_many_problems_are_shown_and_all_are_counted() {
    let keys: Vec<String> = (0..60).map(|idx| format!("\"x{idx}\": 1")).collect();
    let recipe = TOWNS.replace("\"simplification\": 1", &keys.join(", "));
    let desk = Desk::new(&[("bad.json", &recipe)]);
    let ran = desk.run("check bad.json");
    assert_eq!(ran.out.matches("error: ").count(), 50);
    assert!(ran.out.contains("… and 10 more problems\n"), "{}", ran.out);
    assert!(ran.out.ends_with("bad.json: not valid, 60 problems, 1 warning\n"), "{}", ran.out);
    let found: Value = serde_json::from_str(&desk.run("check bad.json --json").out).unwrap();
    assert_eq!(found["errors"].as_array().unwrap().len(), 60);
}

#[test]
fn forecast_is_a_table_or_json() {
    let data = point("a", 1.0, 2.0) + &point("b", 100.0, 4.0);
    let desk = Desk::new(&[("towns.json", TOWNS), ("towns.geojsonl", &data)]);
    let out = desk.run("check towns.json --source towns.geojsonl --forecast").done();
    assert!(out.contains("\nforecast  zoom  tiles  bytes  compressed  largest  full\n"), "{out}");
    assert!(out.contains("\ntileset      0      1  "), "{out}");
    let found: Value =
        serde_json::from_str(&desk.run("check towns.json --source towns.geojsonl --forecast --json").done())
            .unwrap();
    let tiles = |zoom: &str| found["forecast"]["zooms"][zoom]["tiles"].as_u64();
    assert_eq!([tiles("0"), tiles("3")], [Some(1), Some(2)]);
    assert_eq!(found["forecast"]["layers"]["towns"]["3"], found["forecast"]["zooms"]["3"]);
    desk.run("check towns.json --forecast").fails(2, &["source `towns` was not given"]);
}

#[test]
fn order_in_full_tiles_is_questioned() {
    let recipe =
        TOWNS.replace("\"features\"", "\"tiles\": {\"order\": \"name\", \"layer_size\": 1}, \"features\"");
    let data: String = (0..100).map(|idx| point(&format!("town {idx}"), f64::from(idx), 4.0)).collect();
    let desk = Desk::new(&[("towns.json", &recipe), ("towns.geojsonl", &data)]);
    let out = desk.run("check towns.json --source towns.geojsonl --forecast").done();
    assert!(out.contains("warning: tiles are full at zooms 0 to 3, and order is ascending"), "{out}");
}
