//! The walk through the language that the recipe reference prints with its results.

use serde_json::json;
use zellige_model::Value;
use zellige_recipe::expression::{Names, compile};
use zellige_recipe::{Options, check};

use crate::drawn::{bind, evaluate};

#[test]
fn every_result_of_the_walk_is_as_printed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/recipe/valid/V20.json");
    let text = std::fs::read(path).unwrap();
    let layer = check(&text, &Options::default()).recipe.unwrap().layers.remove(0);
    let feature = [
        ("a", json!([3, 1, 2])),
        ("o", json!({"k": "v"})),
        ("s", json!("Ärger")),
        ("x", json!(-1.5)),
        ("t", json!("12.50")),
    ];
    let mut names = Names::default();
    let set = layer.features.set.unwrap().value;
    let programs: Vec<_> = set.iter().map(|entry| compile(&entry.value.value, &mut names)).collect();
    let filter = compile(&layer.features.filter.unwrap().value, &mut names);
    let names = names.into();
    let bindings = bind(&names, &feature);

    let found: Vec<(&str, Value)> = std::iter::zip(&set, &programs)
        .map(|(entry, program)| (entry.name.as_str(), evaluate(program, &bindings, 3).unwrap()))
        .collect();
    let text = |text: &str| Value::String(text.to_owned());
    let expected = [
        ("a1", Value::Int(1)),
        ("key", text("v")),
        ("len", Value::Int(3)),
        ("kind", text("string")),
        ("up", text("ÄRGER")),
        ("r", Value::Double(-2.0)),
        ("num", Value::Double(12.5)),
        ("m", Value::Int(2)),
        ("stepped", text("mid")),
        ("let1", Value::Int(9)),
        ("txt", text("3/true/")),
        ("bool", Value::Bool(false)),
        ("has", Value::Bool(true)),
        ("ang", Value::Double(1.0)),
        ("mod", Value::Double(-1.5)),
        ("str", text("[3,1,2]")),
        ("noid", text("none")),
        ("pow", Value::Double(8.0)),
        ("empty", Value::Int(0)),
        ("pick", text("Point")),
    ];
    assert_eq!(found, expected);
    assert_eq!(filter.constant(), Some(Value::Bool(true)));
}
