//! Expressions and features drawn from a seed, and the way from their text to a result.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use zellige_model::{Attributes, GeometryKind, Value, ValueRef};
use zellige_recipe::expression::{Bindings, Evaluator, Expression, Names, Program, Scope, compile};
use zellige_recipe::{Options, check};

/// Numbers from given bytes, one a number; then without pattern, from a seed (a linear congruence; the high
/// bits are good enough).
pub(crate) struct Dice<'a> {
    bytes: &'a [u8],
    state: u64,
}

impl Dice<'_> {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { bytes: &[], state: seed }
    }
}

impl<'a> Dice<'a> {
    pub(crate) const fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, state: 0 }
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        if let Some((byte, rest)) = self.bytes.split_first() {
            self.bytes = rest;
            return usize::from(*byte) % limit;
        }
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) as usize % limit
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

/// Attributes that features may have; `none` is never there.
const NAMES: [&str; 10] = ["i", "j", "x", "s", "t", "flag", "null", "list", "object", "none"];

/// Returns the attributes of a feature; each kind of value is likely.
pub(crate) fn feature(dice: &mut Dice<'_>) -> Vec<(&'static str, Json)> {
    let all = [
        ("i", dice.one(&[json!(0), json!(7), json!(-3), json!(1000)])),
        ("j", dice.one(&[json!(1), json!(2), json!("2"), json!(null)])),
        ("x", dice.one(&[json!(0.5), json!(-1.5), json!(2.25), json!(1e21), json!(1e-7)])),
        ("s", dice.one(&[json!("Ärger"), json!("abc"), json!(""), json!("i"), json!("a\"\\\n")])),
        ("t", dice.one(&[json!("12.50"), json!(" 0x1F "), json!("1e3"), json!("x"), json!(7)])),
        ("flag", dice.one(&[json!(true), json!(false), json!("true")])),
        ("null", json!(null)),
        (
            "list",
            dice.one(&[json!([3, 1, 2]), json!([]), json!(["a", "b"]), json!([1, "a", null, true, [0]])]),
        ),
        ("object", dice.one(&[json!({"k": "v", "s": 1}), json!({}), json!({"i": {"k": [2.5]}, "k": null})])),
    ];
    let mut kept: Vec<_> = all.into_iter().filter(|_| dice.below(10) != 0).collect();
    if dice.below(4) == 0 {
        kept.reverse();
    }
    kept
}

/// What an expression is meant to give.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Want {
    Any,
    Number,
    Text,
    Flag,
    List,
    Object,
}

/// Expressions by what they give; `$n` stands for a number, `$t` text, `$f` flag, `$l` list, `$o` object,
/// `$a` anything, `$w` what is wanted.
const NUMBERS: [&str; 37] = [
    r#"["+", "$n", "$n", "$n"]"#,
    r#"["-", "$n", "$n"]"#,
    r#"["-", "$n"]"#,
    r#"["*", "$n", "$n"]"#,
    r#"["/", "$n", ["+", "$n", 0.25]]"#,
    r#"["%", "$n", "$n"]"#,
    r#"["^", "$n", 2]"#,
    r#"["min", ["to-number", ["to-string", "$n"], 0], ["get", "i"]]"#,
    r#"["max", 3, ["to-number", ["to-string", "$n"], 0], ["get", "x"]]"#,
    r#"["round", "$n"]"#,
    r#"["floor", "$n"]"#,
    r#"["ceil", "$n"]"#,
    r#"["abs", "$n"]"#,
    r#"["sqrt", "$n"]"#,
    r#"["ln", "$n"]"#,
    r#"["log10", "$n"]"#,
    r#"["log2", "$n"]"#,
    r#"["sin", "$n"]"#,
    r#"["cos", "$n"]"#,
    r#"["tan", "$n"]"#,
    r#"["asin", "$n"]"#,
    r#"["acos", "$n"]"#,
    r#"["atan", "$n"]"#,
    r#"["to-number", ["to-string", "$a"], ["get", "x"]]"#,
    r#"["to-number", ["get", "j"], ["get", "i"]]"#,
    r#"["to-number", ["get", "flag"], ["get", "null"]]"#,
    r#"["number", "$a", "$n"]"#,
    r#"["length", "$t"]"#,
    r#"["length", "$l"]"#,
    r#"["index-of", "$t", "$t", ["round", "$n"]]"#,
    r#"["index-of", "$n", "$l"]"#,
    r#"["at", "$n", "$l"]"#,
    r#"["at", 1, "$l"]"#,
    r#"["interpolate", ["linear"], "$n", 0, "$n", 5, "$n"]"#,
    r#"["interpolate", ["exponential", 1.5], "$n", 0, 1, 10, "$n"]"#,
    r#"["zoom"]"#,
    r#"["pi"]"#,
];
const TEXTS: [&str; 9] = [
    r#"["concat", "$a", "$t", "$n"]"#,
    r#"["to-string", "$a"]"#,
    r#"["upcase", "$t"]"#,
    r#"["downcase", "$t"]"#,
    r#"["string", "$a", "$t"]"#,
    r#"["typeof", "$a"]"#,
    r#"["slice", "$t", ["round", "$n"]]"#,
    r#"["slice", "$t", ["round", "$n"], ["round", "$n"]]"#,
    r#"["geometry-type"]"#,
];
const FLAGS: [&str; 16] = [
    r#"["==", "$n", "$n"]"#,
    r#"["!=", "$t", "$t"]"#,
    r#"["==", ["get", "i"], "$n"]"#,
    r#"["<", "$n", "$n"]"#,
    r#"[">=", "$n", "$n"]"#,
    r#"[">", "$t", "$t"]"#,
    r#"["<=", ["get", "s"], "$t"]"#,
    r#"["!", "$f"]"#,
    r#"["all", "$f", "$f", "$f"]"#,
    r#"["any", "$f", "$f"]"#,
    r#"["to-boolean", "$a"]"#,
    r#"["boolean", "$a", "$f"]"#,
    r#"["has", "$t"]"#,
    r#"["has", "k", "$o"]"#,
    r#"["in", "$n", "$l"]"#,
    r#"["in", "$t", "$t"]"#,
];
const LISTS: [&str; 4] = [
    r#"["array", "$l"]"#,
    r#"["array", "number", "$l"]"#,
    r#"["array", "string", 2, "$l"]"#,
    r#"["slice", "$l", ["round", "$n"], ["round", "$n"]]"#,
];
const OBJECTS: [&str; 2] = [r#"["object", "$a", "$o"]"#, r#"["properties"]"#];
const ALL: [&str; 7] = [
    r#"["case", "$f", "$w", "$f", "$w", "$w"]"#,
    r#"["coalesce", "$a", "$w"]"#,
    r#"["match", "$n", [0, 1, 7], "$w", 2, "$w", "$w"]"#,
    r#"["match", "$t", ["a", "abc"], "$w", "i", "$w", "$w"]"#,
    r#"["step", "$n", "$w", 0, "$w", 2.5, "$w"]"#,
    r#"["let", "v", "$a", ["case", "$f", ["var", "v"], "$w"]]"#,
    r#"["let", "v", "$w", "w", "$w", ["coalesce", ["var", "w"], ["var", "v"]]]"#,
];

/// Draws an expression of some depth that mostly gives what is wanted.
pub(crate) fn expression(dice: &mut Dice<'_>, want: Want, depth: usize) -> Json {
    let is_odd = dice.below(25) == 0;
    let want = if want == Want::Any || is_odd {
        dice.one(&[Want::Number, Want::Text, Want::Flag, Want::List, Want::Object])
    } else {
        want
    };
    if depth == 0 || dice.below(8) == 0 {
        return leaf(dice, want);
    }
    let special: &[&str] = match want {
        Want::Number => &NUMBERS,
        Want::Text => &TEXTS,
        Want::Flag => &FLAGS,
        Want::List => &LISTS,
        Want::Object => &OBJECTS,
        Want::Any => &ALL,
    };
    let drawn = if dice.below(4) == 0 { dice.one(&ALL) } else { dice.one(special) };
    fill(dice, serde_json::from_str(drawn).expect("a text of this file is JSON"), want, depth - 1)
}

/// Draws what stands in for each `$`.
fn fill(dice: &mut Dice<'_>, drawn: Json, want: Want, depth: usize) -> Json {
    match drawn {
        Json::Array(items) => items.into_iter().map(|item| fill(dice, item, want, depth)).collect(),
        Json::String(text) if text.starts_with('$') => {
            let want = match &text[1..] {
                "n" => Want::Number,
                "t" => Want::Text,
                "f" => Want::Flag,
                "l" => Want::List,
                "o" => Want::Object,
                "a" => Want::Any,
                _ => want,
            };
            expression(dice, want, depth)
        }
        other => other,
    }
}

fn leaf(dice: &mut Dice<'_>, want: Want) -> Json {
    let name = dice.one(&NAMES);
    match want {
        Want::Number => dice.one(&[
            json!(["get", "i"]),
            json!(["get", "x"]),
            json!(["get", name]),
            json!(["zoom"]),
            json!(1),
            json!(-2),
            json!(0.5),
        ]),
        Want::Text => dice.one(&[
            json!(["get", "s"]),
            json!(["get", "t"]),
            json!(["get", name]),
            json!("a"),
            json!("éß 1"),
        ]),
        Want::Flag => dice.one(&[json!(["get", "flag"]), json!(["has", name]), json!(true), json!(false)]),
        Want::List => dice.one(&[
            json!(["get", "list"]),
            json!(["literal", [1, 2, 0.5]]),
            json!(["literal", ["a", "i"]]),
            json!(["get", name]),
        ]),
        Want::Object => dice.one(&[json!(["get", "object"]), json!(["literal", {"k": 5, "s": "t"}])]),
        Want::Any => json!(null),
    }
}

/// Reads an expression as the value of an attribute; none when it is refused.
pub(crate) fn read(expression: &str) -> Option<Expression> {
    let recipe = format!(
        r#"{{"version": 1, "layers": {{"a": {{"source": "mapbox://tileset-source/acme/data",
            "minzoom": 0, "maxzoom": 5, "features": {{"attributes": {{"set": {{"made": {expression}}}}}}}}}}}}}"#
    );
    let mut recipe = check(recipe.as_bytes(), &Options::default()).recipe?;
    let mut set = recipe.layers.remove(0).features.set?.value;
    Some(set.remove(0).value.value)
}

/// Compiles an expression alone.
pub(crate) fn alone(expression: &Expression) -> (Program, Arc<Names>) {
    let mut names = Names::default();
    let program = compile(expression, &mut names);
    (program, Arc::new(names))
}

/// Binds attributes that are given as JSON.
pub(crate) fn bind(names: &Arc<Names>, feature: &[(impl AsRef<str>, Json)]) -> Bindings {
    let mut attributes = Attributes::default();
    for (key, value) in feature {
        let value = match value {
            Json::Null => Value::Null,
            Json::Bool(flag) => Value::Bool(*flag),
            Json::String(text) => Value::String(text.clone()),
            Json::Number(number) => number
                .as_i64()
                .map_or(Value::Double(number.as_f64().expect("no arbitrary precision")), Value::Int),
            list_or_object => Value::Json(list_or_object.to_string()),
        };
        attributes.push(key.as_ref(), value.as_ref());
    }
    let mut bindings = Bindings::new(Arc::clone(names));
    bindings.bind(attributes.iter());
    bindings
}

/// Evaluates a program for a point without id; errors are texts.
pub(crate) fn evaluate(program: &Program, bindings: &Bindings, zoom: u8) -> Result<Value, String> {
    let scope = Scope { zoom, geometry: GeometryKind::Point, id: ValueRef::Null, attributes: bindings };
    let mut evaluator = Evaluator::default();
    evaluator.value(program, &scope).map(ValueRef::to_owned).map_err(|error| error.to_string())
}
