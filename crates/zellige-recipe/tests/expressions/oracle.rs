//! A foreign evaluator of the same language judges results: `maplibre-expr`.
//!
//! Both read the same drawn expression for the same drawn feature; both give equal values, or both fail.
//! The foreign one does not type expressions before, since it demands one type of all branches (recipe 3.5).
//!
//! Known deviations, each on purpose (what is drawn keeps clear of them, but for the first three):
//! - a condition of `case`, `all`, `any` or `!` that is no boolean fails here (recipe 3.3), there it counts as
//!   true or false, so such failures are passed over;
//! - `step` and `interpolate` fail for NaN here, as in `MapLibre` GL, there they may not;
//! - a value of `let` that nobody uses cannot fail here, as in JavaScript, there it can;
//! - whole numbers of 64 bits are exact here and doubles there (recipe 2.4: integers stay integers);
//! - whole zeros have no sign here, so 1 divided by 0 times -1 is infinity, there minus infinity;
//! - positions in texts count UTF-16 units here (recipe 3.3) and code points there, as in newer GL;
//! - fractions of positions are cut off here as in JavaScript, there rounded down;
//! - `to-number` takes no arrays here, there it does as in JavaScript;
//! - `min` and `max` with NaN are NaN here as in JavaScript, there it is passed over;
//! - arrays and objects are equal here when their contents are, there never;
//! - objects keep the order of their members here, there they are sorted (so they are drawn sorted).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use maplibre_expr::{EvaluationContext, Feature, Value as Foreign};
use serde_json::Value as Json;
use zellige_model::Value;

use crate::drawn::{Dice, Want, alone, bind, evaluate, expression, feature, read};

/// How many expressions are drawn.
const N_EXPRESSIONS: usize = 12_000;
/// How many of them both evaluators have to take, so that the test tests something.
const N_COMPARED_MIN: usize = 10_000;

fn to_foreign(json: &Json) -> Foreign {
    match json {
        Json::Null => Foreign::Null,
        Json::Bool(flag) => Foreign::Bool(*flag),
        Json::Number(number) => Foreign::Number(number.as_f64().expect("no arbitrary precision")),
        Json::String(text) => Foreign::String(text.clone()),
        Json::Array(items) => Foreign::Array(items.iter().map(to_foreign).collect()),
        Json::Object(members) => {
            Foreign::Object(members.iter().map(|(key, value)| (key.clone(), to_foreign(value))).collect())
        }
    }
}

fn from_ours(value: Value) -> Foreign {
    match value {
        Value::Null => Foreign::Null,
        Value::Bool(flag) => Foreign::Bool(flag),
        Value::Int(number) => Foreign::Number(number as f64),
        Value::UInt(number) => Foreign::Number(number as f64),
        Value::Double(number) => Foreign::Number(number),
        Value::String(text) => Foreign::String(text),
        Value::Json(text) => to_foreign(&serde_json::from_str(&text).expect("results are JSON")),
    }
}

fn is_near(left: &Foreign, right: &Foreign) -> bool {
    match (left, right) {
        (Foreign::Number(left), Foreign::Number(right)) => {
            left.partial_cmp(right).is_some_and(Ordering::is_eq)
                || left.is_nan() && right.is_nan()
                || (left - right).abs() <= 1e-12 * left.abs().max(right.abs())
        }
        (Foreign::Array(left), Foreign::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_near(left, right))
        }
        (left, right) => left == right,
    }
}

/// Whether only we may fail: a condition was no boolean, an input NaN, an output no number.
fn is_stricter(found: &Result<Value, String>) -> bool {
    let errors = [
        "all operator",
        "any operator",
        "! operator",
        "case condition",
        "input is not a number",
        "interpolate operator",
    ];
    found.as_ref().is_err_and(|found| errors.iter().any(|error| found.contains(error)))
}

fn foreign(written: &Json, feature: &[(&str, Json)]) -> Option<Result<Foreign, String>> {
    let parsed = maplibre_expr::parse(written).ok()?;
    let properties: BTreeMap<String, Foreign> =
        feature.iter().map(|(key, value)| ((*key).to_owned(), to_foreign(value))).collect();
    let feature = Feature { properties, geometry_type: Some("Point".to_owned()), ..Feature::default() };
    let context = EvaluationContext::new().with_zoom(4.0).with_feature(feature);
    Some(maplibre_expr::evaluate(&parsed, &context).map_err(|error| error.to_string()))
}

#[test]
fn both_evaluators_agree() {
    let mut dice = Dice::new(3);
    let mut n_compared = 0;
    for _ in 0..N_EXPRESSIONS {
        let written = expression(&mut dice, Want::Any, 3);
        let mut feature = feature(&mut dice);
        feature.sort_by_key(|(name, _)| *name);
        let text = written.to_string();
        let Some(expression) = read(&text) else { continue };
        let Some(expected) = foreign(&written, &feature) else { continue };
        let (program, names) = alone(&expression);
        let found = evaluate(&program, &bind(&names, &feature), 4);
        let is_unused = expected.is_err() && found.is_ok() && text.contains("\"let\"");
        if is_stricter(&found) || is_unused {
            continue;
        }
        n_compared += 1;
        let is_same = match (&expected, &found) {
            (Ok(expected), Ok(found)) => is_near(expected, &from_ours(found.clone())),
            (Err(_), Err(_)) => true,
            _ => false,
        };
        assert!(is_same, "{text}\nfor {feature:?}\nexpected {expected:?}\nfound {found:?}");
    }
    assert!(N_COMPARED_MIN <= n_compared, "only {n_compared} expressions were compared");
}
