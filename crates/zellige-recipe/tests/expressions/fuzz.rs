//! Any expression for any feature: a value or an error, and the same whichever way it is evaluated.
//!
//! The fuzz target `expression` runs this too. Its input is a line with an expression and one with the
//! properties of a feature, both JSON; or bytes that both are drawn from.

use serde_json::Value as Json;
use zellige_model::{GeometryKind, Value, ValueRef};
use zellige_recipe::expression::{Bindings, Evaluator, Program, Scope};

use crate::drawn::{Dice, Want, alone, bind, evaluate, expression, feature, read};

/// How deep drawn expressions are, levels.
const DEPTH: usize = 4;

/// Draws or reads an expression and a feature, and judges what comes of them.
pub(crate) fn run(bytes: &[u8]) {
    let (text, feature) = written(bytes).unwrap_or_else(|| drawn(bytes));
    let Some(expression) = read(&text) else { return };
    let (program, names) = alone(&expression);
    let bindings = bind(&names, &feature);
    for zoom in [0, 5] {
        let expected = evaluate(&program, &bindings, zoom);
        let found = evaluate(&program.at_zoom(zoom), &bindings, zoom);
        assert!(is_same(&expected, &found), "{text} at {zoom}: {expected:?}, {found:?}");
        check_again(&program, &bindings, zoom, &expected);
    }
    check_overlay(&program, bindings, &feature);
}

/// Reads two lines of JSON.
fn written(bytes: &[u8]) -> Option<(String, Vec<(String, Json)>)> {
    let text = str::from_utf8(bytes).ok()?;
    let (expression, feature) = text.split_once('\n')?;
    let Json::Object(members) = serde_json::from_str(feature).ok()? else { return None };
    Some((expression.to_owned(), members.into_iter().collect()))
}

fn drawn(bytes: &[u8]) -> (String, Vec<(String, Json)>) {
    let mut dice = Dice::of(bytes);
    let text = expression(&mut dice, Want::Any, DEPTH).to_string();
    let feature = feature(&mut dice).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    (text, feature)
}

/// Evaluates twice with the same buffers, as a value, a boolean and a number.
fn check_again(program: &Program, bindings: &Bindings, zoom: u8, expected: &Result<Value, String>) {
    let scope = Scope { zoom, geometry: GeometryKind::Point, id: ValueRef::Null, attributes: bindings };
    let mut evaluator = Evaluator::default();
    for _ in 0..2 {
        let value =
            evaluator.value(program, &scope).map(ValueRef::to_owned).map_err(|error| error.to_string());
        assert!(is_same(expected, &value), "{expected:?}, {value:?}");
        let flag = evaluator.test(program, &scope);
        match (expected, flag) {
            (Ok(Value::Bool(expected)), Ok(found)) => assert_eq!(*expected, found),
            (Ok(Value::Bool(_)), Err(error)) => panic!("{error}"),
            (_, Ok(found)) => panic!("{found} for {expected:?}"),
            (Err(expected), Err(error)) => assert_eq!(*expected, error.to_string()),
            (Ok(_), Err(error)) => assert!(!error.to_string().is_empty()),
        }
        let number = evaluator.number(program, &scope);
        match expected {
            Ok(Value::Int(_) | Value::UInt(_) | Value::Double(_)) => assert!(number.is_ok(), "{number:?}"),
            _ => assert!(number.is_err(), "{number:?}"),
        }
    }
}

/// Lays other values over all attributes and takes them off again.
fn check_overlay(program: &Program, mut bindings: Bindings, feature: &[(String, Json)]) {
    let before = evaluate(program, &bindings, 3);
    for (idx, (name, _)) in feature.iter().enumerate() {
        if idx % 3 == 0 {
            bindings.remove(name);
        }
        bindings.set(name, ValueRef::String("other"));
        bindings.set("a new one", ValueRef::Int(1));
    }
    drop(evaluate(program, &bindings, 3));
    bindings.reset();
    let after = evaluate(program, &bindings, 3);
    assert!(is_same(&before, &after), "{before:?}, {after:?}");
}

/// Whether two results are equal to the last bit.
pub(crate) fn is_same(left: &Result<Value, String>, right: &Result<Value, String>) -> bool {
    match (left, right) {
        (Ok(Value::Double(left)), Ok(Value::Double(right))) => left.to_bits() == right.to_bits(),
        (left, right) => left == right,
    }
}

#[test]
fn corpus_passes() {
    zellige_testkit::corpus::replay("expression", run);
}
