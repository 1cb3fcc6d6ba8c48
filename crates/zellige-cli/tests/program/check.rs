//! What `check` says.

use serde_json::{Value, json};

use crate::desk::{Desk, TOWNS};

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
