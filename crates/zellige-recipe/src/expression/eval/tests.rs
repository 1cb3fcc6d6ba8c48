//! Every operator with its corner cases, as texts: an expression, and what it gives for one feature.

use std::sync::Arc;

use zellige_model::Value;

use super::*;
use crate::expression::compile::lower;
use crate::expression::{Names, compile, parse};
use crate::raw;

/// What all expressions here are evaluated for, at zoom 3.
const ATTRIBUTES: &str = r#"{"a": [3, 1, 2], "o": {"k": "v", "n": null, "q\"": [1, {"z": -0.5}]}, "s": "Ärger", "x": -1.5,
    "t": "12.50", "n": null, "yes": true, "no": false, "i": 7, "big": 9007199254740993, "huge": 18446744073709551615,
    "low": -9223372036854775808, "e": "", "pair": "a😀b", "esc": ["a\"\u00e9", 1.0, null], "five": 5.0, "name": "i"}"#;

/// Returns the attributes of an object, as a source would give them.
fn attributes(text: &str) -> Vec<(String, Value)> {
    let object: serde_json::Value = serde_json::from_str(text).unwrap();
    let value = |value: &serde_json::Value| match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::String(text) => Value::String(text.clone()),
        serde_json::Value::Number(number) => (number.as_i64().map(Value::Int))
            .or(number.as_u64().map(Value::UInt))
            .unwrap_or(Value::Double(number.as_f64().unwrap())),
        other => Value::Json(other.to_string()),
    };
    object.as_object().unwrap().iter().map(|(key, found)| (key.clone(), value(found))).collect()
}

/// Returns a result as JSON, or the text of the error.
fn shown(result: Result<ValueRef<'_>, Box<EvalError>>) -> String {
    match result {
        Err(error) => error.to_string(),
        Ok(ValueRef::Null) => "null".to_owned(),
        Ok(ValueRef::Bool(flag)) => flag.to_string(),
        Ok(ValueRef::Int(number)) => number.to_string(),
        Ok(ValueRef::UInt(number)) => format!("{number}u"),
        Ok(ValueRef::Double(number)) => format!("{number:?}"),
        Ok(ValueRef::String(text)) => format!("{text:?}"),
        Ok(ValueRef::Json(text)) => text.to_owned(),
    }
}

/// Evaluates as written, folded, and folded at the zoom; all three have to agree.
fn evaluate(text: &str, id: ValueRef<'_>) -> String {
    let document = raw::parse(text.as_bytes()).unwrap();
    let Ok(expression) = parse(document.root(), Type::Value, |_| true) else {
        panic!("{text} is no expression")
    };
    let mut names = Names::default();
    names.keep_all();
    let written = lower(&expression, &mut names);
    let folded = compile(&expression, &mut names);
    let at_zoom = folded.at_zoom(3);
    let mut bindings = Bindings::new(Arc::new(names));
    let attributes = attributes(ATTRIBUTES);
    bindings.bind(attributes.iter().map(|(key, value)| (key.as_str(), value.as_ref())));
    let scope = Scope { zoom: 3, geometry: GeometryKind::Point, id, attributes: &bindings };
    let mut evaluator = Evaluator::default();
    let results = [&written, &folded, &at_zoom].map(|program| shown(evaluator.value(program, &scope)));
    assert_eq!(results[0], results[1], "{text}, folded");
    assert_eq!(results[0], results[2], "{text}, folded at the zoom");
    let [result, ..] = results;
    result
}

/// Compares the result of an expression.
fn check(text: &str, expected: &str) {
    assert_eq!(evaluate(text, ValueRef::Null), expected, "{text}");
}

#[test]
fn assertions_take_the_first_of_the_type() {
    check(r#"["array", ["get", "a"]]"#, "[3,1,2]");
    check(r#"["array", "number", ["get", "a"]]"#, "[3,1,2]");
    check(r#"["array", "number", 3, ["get", "a"]]"#, "[3,1,2]");
    check(r#"["array", "string", ["literal", []]]"#, "[]");
    check(
        r#"["array", "string", ["get", "a"]]"#,
        "[expression] expected value to be of type 'array<string>' but found 'array<number, 3>'",
    );
    check(
        r#"["array", "number", 2, ["get", "a"]]"#,
        "[expression] expected value to be of type 'array<number, 2>' but found 'array<number, 3>'",
    );
    check(
        r#"["array", ["get", "o"]]"#,
        "[expression] expected value to be of type 'array' but found 'object'",
    );
    check(r#"["number", ["get", "s"], ["get", "x"]]"#, "-1.5");
    check(
        r#"["number", ["get", "n"]]"#,
        "[expression] expected value to be of type 'number' but found 'null'",
    );
    check(r#"["string", ["get", "x"], "else"]"#, "\"else\"");
    check(r#"["boolean", ["get", "x"], ["get", "no"]]"#, "false");
    check(r#"["boolean", 1, "a"]"#, "[expression] expected value to be of type 'boolean' but found 'string'");
    check(r#"["get", "k", ["object", ["get", "a"], ["get", "o"]]]"#, "\"v\"");
    check(
        r#"["object", ["get", "a"]]"#,
        "[expression] expected value to be of type 'object' but found 'array<number, 3>'",
    );
}

#[test]
fn types_have_names() {
    check(r#"["typeof", null]"#, "\"null\"");
    check(r#"["typeof", ["get", "yes"]]"#, "\"boolean\"");
    check(r#"["typeof", ["get", "huge"]]"#, "\"number\"");
    check(r#"["typeof", ["get", "s"]]"#, "\"string\"");
    check(r#"["typeof", ["get", "o"]]"#, "\"object\"");
    check(r#"["typeof", ["get", "a"]]"#, "\"array<number, 3>\"");
    check(r#"["typeof", ["literal", []]]"#, "\"array<value, 0>\"");
    check(r#"["typeof", ["literal", [1, "a"]]]"#, "\"array<value, 2>\"");
    check(r#"["typeof", ["literal", [true]]]"#, "\"array<boolean, 1>\"");
    check(r#"["typeof", ["literal", [null, null]]]"#, "\"array<null, 2>\"");
    check(r#"["typeof", ["literal", [{}]]]"#, "\"array<object, 1>\"");
    check(r#"["typeof", ["literal", [[1], [2]]]]"#, "\"array<value, 2>\"");
}

#[test]
fn conversions_to_boolean() {
    for falsy in ["\"\"", "0", "false", "null", "[\"/\", 0, 0]", "[\"get\", \"missing\"]"] {
        check(&format!("[\"to-boolean\", {falsy}]"), "false");
    }
    for truthy in ["\"0\"", "0.5", "true", "[\"literal\", []]", "[\"get\", \"o\"]", "[\"get\", \"huge\"]"] {
        check(&format!("[\"to-boolean\", {truthy}]"), "true");
    }
}

#[test]
fn conversions_to_number() {
    check(r#"["to-number", null]"#, "0");
    check(r#"["to-number", ["get", "no"]]"#, "0");
    check(r#"["to-number", true]"#, "1");
    check(r#"["to-number", ["get", "t"]]"#, "12.5");
    check(r#"["to-number", " 0x10 "]"#, "16");
    check(r#"["to-number", "1e3"]"#, "1000.0");
    check(r#"["to-number", ["get", "e"]]"#, "0");
    check(r#"["to-number", "9007199254740993"]"#, "9007199254740993");
    check(r#"["to-number", "x", ["get", "s"], 5]"#, "5");
    check(r#"["to-number", "x"]"#, "[expression] could not convert \"x\" to number");
    check(r#"["to-number", ["get", "a"]]"#, "[expression] could not convert [3,1,2] to number");
    check(r#"["to-number", ["/", 0, 0]]"#, "[expression] could not convert NaN to number");
}

#[test]
fn conversions_to_string() {
    check(r#"["to-string", null]"#, "\"\"");
    check(r#"["to-string", ["get", "yes"]]"#, "\"true\"");
    check(r#"["to-string", ["get", "five"]]"#, "\"5\"");
    check(r#"["to-string", ["get", "big"]]"#, "\"9007199254740993\"");
    check(r#"["to-string", ["get", "huge"]]"#, "\"18446744073709551615\"");
    check(r#"["to-string", ["/", 1, 3]]"#, "\"0.3333333333333333\"");
    check(r#"["to-string", 1e21]"#, "\"1e+21\"");
    check(r#"["to-string", ["get", "o"]]"#, r#""{\"k\":\"v\",\"n\":null,\"q\\\"\":[1,{\"z\":-0.5}]}""#);
    check(r#"["to-string", ["get", "esc"]]"#, r#""[\"a\\\"é\",1,null]""#);
    check(r#"["to-string", ["get", "s"]]"#, "\"Ärger\"");
}

#[test]
fn what_the_feature_gives() {
    check(r#"["geometry-type"]"#, "\"Point\"");
    check(r#"["id"]"#, "null");
    assert_eq!(evaluate(r#"["concat", ["id"], "!"]"#, ValueRef::String("abc")), "\"abc!\"");
    assert_eq!(evaluate(r#"["==", ["id"], 18446744073709551615]"#, ValueRef::UInt(u64::MAX)), "true");
    check(r#"["zoom"]"#, "3");
    check(r#"["get", "i", ["properties"]]"#, "7");
    check(r#"["has", "i", ["properties"]]"#, "true");
    check(r#"["get", ["get", "name"], ["properties"]]"#, "7");
    check(r#"["get", "q\"", ["get", "o", ["literal", {"o": {"q\"": 4}}]]]"#, "4");
    check(r#"["slice", ["to-string", ["properties"]], 0, 12]"#, r#""{\"a\":[3,1,2]""#);
    check(r#"["typeof", ["get", "esc", ["object", ["properties"]]]]"#, "\"array<value, 3>\"");
    check(r#"["at", 0, ["get", "esc", ["object", ["properties"]]]]"#, "\"a\\\"é\"");
}

#[test]
fn elements_and_members() {
    check(r#"["at", 1, ["get", "a"]]"#, "1");
    check(r#"["at", 3, ["get", "a"]]"#, "[expression] at index 3 is out of bounds of an array of length 3");
    check(r#"["at", -1, ["get", "a"]]"#, "[expression] at index -1 is out of bounds of an array of length 3");
    check(r#"["at", 0.5, ["get", "a"]]"#, "[expression] at index 0.5 is not a whole number");
    check(r#"["at", 0, ["get", "s"]]"#, "[expression] at operator can not use a value of type 'string'");
    check(
        r#"["at", ["get", "s"], ["get", "a"]]"#,
        "[expression] at operator can not use a value of type 'string'",
    );
    check(
        r#"["at", ["/", 0, 0], ["get", "a"]]"#,
        "[expression] at index NaN is out of bounds of an array of length 3",
    );
    check(r#"["at", 0, ["get", "esc"]]"#, "\"a\\\"é\"");
    check(r#"["get", "missing"]"#, "null");
    check(r#"["get", "k", ["get", "o"]]"#, "\"v\"");
    check(r#"["get", "missing", ["get", "o"]]"#, "null");
    check(r#"["get", "z", ["at", 1, ["get", "q\"", ["get", "o"]]]]"#, "-0.5");
    check(r#"["get", "k", ["get", "n"]]"#, "[expression] get operator can not use a value of type 'null'");
    check(r#"["get", ["get", "x"]]"#, "[expression] get operator can not use a value of type 'number'");
    check(r#"["get", ["concat", "na", "me"]]"#, "\"i\"");
    check(r#"["get", ["get", "name"]]"#, "7");
    check(r#"["has", ["get", "name"]]"#, "true");
    check(r#"["has", "n"]"#, "true");
    check(r#"["has", "missing"]"#, "false");
    check(r#"["has", "n", ["get", "o"]]"#, "true");
    check(r#"["has", "m", ["get", "o"]]"#, "false");
    check(r#"["length", ["get", "a"]]"#, "3");
    check(r#"["length", ["get", "pair"]]"#, "4");
    check(r#"["length", ["get", "s"]]"#, "5");
    check(r#"["length", ["get", "i"]]"#, "[expression] length operator can not use a value of type 'number'");
    check(r#"["length", ["get", "o"]]"#, "[expression] length operator can not use a value of type 'object'");
}

#[test]
fn equality_is_strict() {
    check(r#"["==", ["get", "i"], 7.0]"#, "true");
    check(r#"["==", ["get", "i"], "7"]"#, "false");
    check(r#"["!=", ["get", "i"], "7"]"#, "true");
    check(r#"["==", ["get", "n"], null]"#, "true");
    check(r#"["==", ["get", "missing"], null]"#, "true");
    check(r#"["==", ["get", "no"], 0]"#, "false");
    check(r#"["==", ["get", "big"], 9007199254740992]"#, "false");
    check(r#"["==", ["get", "big"], 9007199254740993]"#, "true");
    check(r#"["==", ["/", 0, 0], ["/", 0, 0]]"#, "false");
    check(r#"["!=", ["/", 0, 0], ["/", 0, 0]]"#, "true");
    check(r#"["==", ["get", "a"], ["get", "a"]]"#, "true");
    check(r#"["==", ["get", "a"], ["get", "o"]]"#, "false");
    check(r#"["==", "é", ["downcase", "É"]]"#, "true");
}

#[test]
fn order_asks_for_one_type() {
    check(r#"["<", ["get", "x"], 5]"#, "true");
    check(r#"[">=", ["get", "i"], 7]"#, "true");
    check(r#"[">", ["get", "big"], 9007199254740992]"#, "true");
    check(r#"["<", ["get", "low"], ["get", "huge"]]"#, "true");
    check(r#"["<", "10", "9"]"#, "true");
    check(r#"["<=", ["get", "s"], "Z"]"#, "false");
    check(r#"["<", ["/", 0, 0], 5]"#, "false");
    check(r#"[">=", ["/", 0, 0], 5]"#, "false");
    let between = "operator can not compare values of type";
    check(r#"["<", ["get", "n"], 5]"#, &format!("[expression] less than {between} 'null' and 'number'"));
    check(r#"[">", ["get", "s"], 5]"#, &format!("[expression] greater than {between} 'string' and 'number'"));
    check(
        r#"["<=", 5, ["get", "yes"]]"#,
        &format!("[expression] less than or equal {between} 'number' and 'boolean'"),
    );
    check(
        r#"[">=", ["get", "a"], ["get", "a"]]"#,
        &format!("[expression] greater than or equal {between} 'array<number, 3>' and 'array<number, 3>'"),
    );
}

#[test]
fn junctions_stop_early() {
    check(r#"["all"]"#, "true");
    check(r#"["any"]"#, "false");
    check(r#"["all", ["get", "yes"], ["get", "no"], ["<", ["get", "n"], 1]]"#, "false");
    check(r#"["any", ["get", "no"], ["get", "yes"], ["<", ["get", "n"], 1]]"#, "true");
    check(r#"["all", true, ["get", "yes"], true]"#, "true");
    check(r#"["all", ["get", "yes"], false, ["<", ["get", "n"], 1]]"#, "false");
    check(r#"["any", ["get", "no"], true, ["<", ["get", "n"], 1]]"#, "true");
    check(r#"["all", ["get", "n"]]"#, "[expression] all operator can not use a value of type 'null'");
    check(r#"["any", true, ["get", "n"]]"#, "true");
    check(r#"["any", ["get", "n"], true]"#, "[expression] any operator can not use a value of type 'null'");
    check(r#"["all", ["get", "n"], false]"#, "[expression] all operator can not use a value of type 'null'");
    check(r#"["!", ["get", "no"]]"#, "true");
    check(r#"["!", ["get", "i"]]"#, "[expression] ! operator can not use a value of type 'number'");
}

#[test]
fn only_the_branch_taken_is_evaluated() {
    let fails = r#"["+", ["get", "n"], 1]"#;
    let always = r#"["to-number", "x"]"#;
    check(&format!(r#"["case", ["get", "yes"], 1, {fails}]"#), "1");
    check(&format!(r#"["case", ["get", "no"], {always}, 2]"#), "2");
    check(&format!(r#"["case", false, {always}, ["get", "no"], 1, 3]"#), "3");
    check(&format!(r#"["case", true, 4, {always}]"#), "4");
    check(r#"["case", ["get", "n"], 1, 2]"#, "[expression] case condition must be 'boolean' but is 'null'");
    check(r#"["case", ["get", "yes"], null, 2]"#, "null");
    check(&format!(r#"["coalesce", ["get", "n"], ["get", "i"], {fails}]"#), "7");
    check(r#"["coalesce", null, ["get", "n"]]"#, "null");
    check(&format!(r#"["coalesce", {always}, 1]"#), "[expression] could not convert \"x\" to number");
    check(&format!(r#"["match", ["get", "i"], 7, "seven", {always}]"#), "\"seven\"");
    check(&format!(r#"["step", ["get", "i"], {always}, 7, "from seven", 8, {always}]"#), "\"from seven\"");
    check(&format!(r#"["let", "v", {always}, 1]"#), "1");
    check(&format!(r#"["let", "v", {fails}, ["case", ["get", "yes"], 1, ["var", "v"]]]"#), "1");
    check(
        &format!(r#"["let", "v", {fails}, ["+", ["var", "v"], 1]]"#),
        "[expression] + operator can not use a value of type 'null'",
    );
}

#[test]
fn match_takes_labels_of_one_type() {
    check(r#"["match", ["get", "t"], "12.5", 1, "12.50", 2, 3]"#, "2");
    check(r#"["match", ["get", "i"], [5, 6], 1, [7, 8], 2, 3]"#, "2");
    check(r#"["match", ["get", "five"], 5, "five", "other"]"#, "\"five\"");
    check(r#"["match", ["get", "x"], -1, 1, -2, 2, 3]"#, "3");
    check(r#"["match", ["get", "n"], "", 1, 2]"#, "2");
    check(r#"["match", ["get", "t"], 12, 1, 2]"#, "2");
    check(r#"["match", ["get", "huge"], -1, 1, 2]"#, "2");
    check(r#"["match", ["get", "a"], "[3,1,2]", 1, 2]"#, "2");
    check(r#"["match", ["/", 0, 0], 0, 1, 2]"#, "2");
}

#[test]
fn stops_begin_at_their_number() {
    let step = |input: &str| format!(r#"["step", {input}, "low", 2, "mid", 4, "high"]"#);
    check(&step("1.9"), "\"low\"");
    check(&step("2"), "\"mid\"");
    check(&step("[\"zoom\"]"), "\"mid\"");
    check(&step("1e300"), "\"high\"");
    check(&step("[\"get\", \"x\"]"), "\"low\"");
    check(&step("[\"get\", \"s\"]"), "[expression] step operator can not use a value of type 'string'");
    check(&step("[\"/\", 0, 0]"), "[expression] step input is not a number");
}

#[test]
fn interpolation_is_linear_or_exponential() {
    let linear = |input: &str| format!(r#"["interpolate", ["linear"], {input}, 2, 10, 4, 30, 5, 0]"#);
    check(&linear("0"), "10");
    check(&linear("3"), "20.0");
    check(&linear("[\"zoom\"]"), "20.0");
    check(&linear("4"), "30");
    check(&linear("9"), "0");
    check(&linear("[\"/\", 0, 0]"), "[expression] interpolate input is not a number");
    check(
        &linear("[\"get\", \"n\"]"),
        "[expression] interpolate operator can not use a value of type 'null'",
    );
    check(r#"["interpolate", ["exponential", 2], ["zoom"], 0, 0, 4, 15]"#, "7.0");
    check(
        r#"["interpolate", ["linear"], ["zoom"], 3, ["get", "s"], 4, 1]"#,
        "[expression] interpolate operator can not use a value of type 'string'",
    );
}

#[test]
fn names_are_bound_for_the_body_only() {
    check(
        r#"["let", "z", ["zoom"], ["let", "q", ["*", ["var", "z"], 2], ["+", ["var", "z"], ["var", "q"]]]]"#,
        "9",
    );
    check(
        r#"["let", "a", ["get", "i"], ["let", "a", ["+", ["var", "a"], 1], ["*", ["var", "a"], 2]]]"#,
        "16",
    );
    check(
        r#"["let", "a", ["*", ["get", "i"], 2], "b", ["get", "s"], ["concat", ["var", "b"], ["var", "a"]]]"#,
        "\"Ärger14\"",
    );
    check(
        r#"["+", ["let", "a", ["-", ["get", "i"]], ["var", "a"]], ["let", "a", ["*", ["get", "i"], 3], ["var", "a"]]]"#,
        "14",
    );
    check(
        r#"["let", "a", ["concat", ["get", "s"], 1], ["concat", ["var", "a"], ["var", "a"], ["var", "a"]]]"#,
        "\"Ärger1Ärger1Ärger1\"",
    );
}

#[test]
fn texts_are_joined_and_cased() {
    check(r#"["concat"]"#, "\"\"");
    check(r#"["concat", ["zoom"], "/", true, "/", null]"#, "\"3/true/\"");
    check(
        r#"["concat", ["get", "a"], ["concat", ["get", "s"], ["get", "x"]], ["get", "esc"]]"#,
        r#""[3,1,2]Ärger-1.5[\"a\\\"é\",1,null]""#,
    );
    check(r#"["concat", ["get", "missing"], ["/", 1, 0]]"#, "\"Infinity\"");
    check(r#"["upcase", ["get", "s"]]"#, "\"ÄRGER\"");
    check(r#"["downcase", "ABC def"]"#, "\"abc def\"");
    check(r#"["upcase", "straße"]"#, "\"STRASSE\"");
    check(r#"["downcase", "ΣΑΣ"]"#, "\"σας\"");
    check(r#"["upcase", ["get", "i"]]"#, "[expression] upcase operator can not use a value of type 'number'");
}

#[test]
fn sums_and_products() {
    check(r#"["+"]"#, "0");
    check(r#"["*"]"#, "1");
    check(r#"["+", ["get", "i"], 1, 2]"#, "10");
    check(r#"["+", ["get", "big"], 2]"#, "9007199254740995");
    check(r#"["+", ["get", "x"], 1]"#, "-0.5");
    check(r#"["*", ["get", "huge"], 2]"#, "3.6893488147419103e19");
    check(r#"["-", ["get", "low"]]"#, "9223372036854775808u");
    check(r#"["-", 5]"#, "-5");
    check(r#"["-", 5, 7]"#, "-2");
    check(r#"["+", ["get", "n"], 1]"#, "[expression] + operator can not use a value of type 'null'");
    check(r#"["/", 1, 0]"#, "inf");
    check(r#"["/", -1, 0]"#, "-inf");
    check(r#"["/", 0, 0]"#, "NaN");
    check(r#"["/", 7, 2]"#, "3.5");
    check(r#"["%", -7, 3]"#, "-1");
    check(r#"["%", 7, -3]"#, "1");
    check(r#"["%", ["get", "x"], 2]"#, "-1.5");
    check(r#"["%", 7, 0]"#, "NaN");
    check(r#"["%", ["get", "low"], -1]"#, "0");
    check(r#"["^", 2, ["zoom"]]"#, "8.0");
    check(r#"["^", ["get", "x"], 0.5]"#, "NaN");
}

#[test]
fn extremes() {
    check(r#"["min"]"#, "inf");
    check(r#"["max"]"#, "-inf");
    check(r#"["min", 5, ["max", 2, ["abs", ["get", "x"]]], 10]"#, "2");
    check(r#"["max", ["get", "big"], 9007199254740992]"#, "9007199254740993");
    check(r#"["max", ["get", "huge"], ["get", "low"]]"#, "18446744073709551615u");
    check(r#"["min", 1, ["/", 0, 0], 2]"#, "NaN");
    check(r#"["max", ["/", 0, 0]]"#, "NaN");
    check(r#"["min", ["get", "s"]]"#, "[expression] min operator can not use a value of type 'string'");
}

#[test]
fn rounding_and_functions() {
    check(r#"["round", -1.5]"#, "-2.0");
    check(r#"["round", 2.5]"#, "3.0");
    check(r#"["round", ["get", "big"]]"#, "9007199254740993");
    check(r#"["ceil", ["get", "x"]]"#, "-1.0");
    check(r#"["floor", ["get", "x"]]"#, "-2.0");
    check(r#"["abs", ["get", "x"]]"#, "1.5");
    check(r#"["abs", ["get", "low"]]"#, "9223372036854775808u");
    check(r#"["sqrt", 16]"#, "4.0");
    check(r#"["sqrt", -1]"#, "NaN");
    check(r#"["ln", 0]"#, "-inf");
    check(r#"["ln", ["e"]]"#, "1.0");
    check(r#"["log10", 1000]"#, "3.0");
    check(r#"["log2", 8]"#, "3.0");
    check(r#"["sin", 0]"#, "0.0");
    check(r#"["cos", ["-", ["pi"], ["pi"]]]"#, "1.0");
    check(r#"["tan", 0]"#, "0.0");
    check(r#"["asin", 2]"#, "NaN");
    check(r#"["acos", 1]"#, "0.0");
    check(r#"["atan", ["/", 1, 0]]"#, "1.5707963267948966");
    check(r#"["ln2"]"#, "0.6931471805599453");
}

#[test]
fn undocumented_look_ups() {
    check(r#"["in", "rg", ["get", "s"]]"#, "true");
    check(r#"["in", "", ["get", "s"]]"#, "true");
    check(r#"["in", "", ["get", "e"]]"#, "false");
    check(r#"["in", 1, ["get", "a"]]"#, "true");
    check(r#"["in", "1", ["get", "a"]]"#, "false");
    check(r#"["in", null, ["get", "esc"]]"#, "true");
    check(r#"["in", "a\"é", ["get", "esc"]]"#, "true");
    check(r#"["in", 5, "1.5"]"#, "true");
    check(r#"["in", 1, ["get", "n"]]"#, "false");
    check(r#"["in", ["get", "o"], ["get", "e"]]"#, "false");
    check(r#"["in", 1, ["get", "no"]]"#, "false");
    check(r#"["in", 1, ["get", "i"]]"#, "[expression] in operator can not use a value of type 'number'");
    check(
        r#"["in", ["get", "o"], ["get", "a"]]"#,
        "[expression] in operator can not use a value of type 'object'",
    );
    check(r#"["index-of", "r", ["get", "s"]]"#, "1");
    check(r#"["index-of", "r", ["get", "s"], 2]"#, "4");
    check(r#"["index-of", "q", ["get", "s"]]"#, "-1");
    check(r#"["index-of", "b", ["get", "pair"]]"#, "3");
    check(r#"["index-of", "b", ["get", "pair"], 2]"#, "3");
    check(r#"["index-of", "", ["get", "s"], 99]"#, "5");
    check(r#"["index-of", 2, ["get", "a"]]"#, "2");
    check(r#"["index-of", 3, ["get", "a"], -1]"#, "-1");
    check(r#"["index-of", 3, ["get", "a"], -5]"#, "0");
    check(
        r#"["index-of", 1, ["get", "n"]]"#,
        "[expression] index-of operator can not use a value of type 'null'",
    );
    check(r#"["slice", ["get", "s"], 1, 3]"#, "\"rg\"");
    check(r#"["slice", ["get", "s"], -2]"#, "\"er\"");
    check(r#"["slice", ["get", "s"], 3, 1]"#, "\"\"");
    check(r#"["slice", ["get", "pair"], 1, 3]"#, "\"😀\"");
    check(r#"["slice", ["get", "pair"], 2]"#, "\"\u{fffd}b\"");
    check(r#"["slice", ["get", "pair"], 0, 2]"#, "\"a\u{fffd}\"");
    check(r#"["slice", ["get", "pair"], 2, 3]"#, "\"\u{fffd}\"");
    check(r#"["slice", ["get", "a"], 1]"#, "[1,2]");
    check(r#"["slice", ["get", "a"], 0, -2]"#, "[3]");
    check(r#"["slice", ["get", "a"], 5]"#, "[]");
    check(r#"["at", 1, ["slice", ["get", "esc"], 0, 2]]"#, "1.0");
    check(
        r#"["slice", ["get", "i"], 0]"#,
        "[expression] slice operator can not use a value of type 'number'",
    );
}

#[test]
fn texts_of_one_evaluation_are_bounded() {
    let doubled = r#"["let", "a", ["concat", ["var", "a"], ["var", "a"]], "#.repeat(40);
    let text = format!(r#"["let", "a", ["to-string", ["get", "i"]], {doubled} 1{}]"#, "]".repeat(40));
    let used = text.replacen(" 1]", r#" ["length", ["var", "a"]]]"#, 1);
    assert_eq!(evaluate(&used, ValueRef::Null), EvalError::TooLong.to_string());
    let constant = used.replace(r#"["to-string", ["get", "i"]]"#, "\"abcdefgh\"");
    assert_eq!(evaluate(&constant, ValueRef::Null), EvalError::TooLong.to_string());
}

#[test]
fn depth_is_that_of_the_recipe() {
    for (open, close) in [
        (r#"["!", "#, "]"),
        (r#"["case", ["get", "yes"], "#, ", 0]"),
        (r#"["let", "v", "#, r#", ["!", ["var", "v"]]]"#),
    ] {
        let text = format!("{}[\"get\", \"yes\"]{}", open.repeat(500), close.repeat(500));
        check(&text, "true");
    }
}

#[test]
fn places_ask_for_types() {
    let mut names = Names::default();
    let document = raw::parse(br#"["get", "a"]"#).unwrap();
    let Ok(expression) = parse(document.root(), Type::Boolean, |_| true) else { panic!() };
    let program = compile(&expression, &mut names);
    let mut bindings = Bindings::new(Arc::new(names));
    let mut evaluator = Evaluator::default();
    let mut ask = |value| {
        bindings.bind([("a", value)]);
        let scope =
            Scope { zoom: 0, geometry: GeometryKind::Polygon, id: ValueRef::Null, attributes: &bindings };
        let test = evaluator.test(&program, &scope).map_err(|error| error.to_string());
        (test, evaluator.number(&program, &scope).map_err(|error| error.to_string()))
    };
    let expected = |expected: &str, found: &str| {
        format!("[expression] expected value to be of type '{expected}' but found '{found}'")
    };
    assert_eq!(ask(ValueRef::Bool(true)), (Ok(true), Err(expected("number", "boolean"))));
    assert_eq!(ask(ValueRef::Int(5)), (Err(expected("boolean", "number")), Ok(5.0)));
    assert_eq!(ask(ValueRef::Null), (Err(expected("boolean", "null")), Err(expected("number", "null"))));
}
