//! What a filter may come to for a feature, at all view zooms of a tile at once.
//!
//! In:     a compiled filter, a feature, the view zooms.
//! Out:    whether the filter can be true.
//! Keeps:  safety: the set of outcomes that is computed holds every outcome that an engine can have. An engine's
//!         error is no outcome: a filter that fails draws nothing, in all of them.
//! Source: the style specification; where engines differ (text beyond ASCII in order, several values of one
//!         attribute, `Multi` types), anything is possible.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;

use serde_json::Value as Json;

use super::compile::{Compare, Filter, Op, Step};
use super::tile;

/// The longest text that is put together, bytes: a `var` may name it again and again, and each text is kept.
const TEXT_BYTES_MAX: usize = 4096;

/// The view zooms at which a tile is seen: from `start` up to, but without, `end`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct View {
    pub start: f64,
    pub end: f64,
}

impl View {
    /// Returns the view zooms of a tile.
    pub(super) fn of_tile(zoom: u8, maxzoom: u8) -> Self {
        let start = f64::from(zoom);
        Self { start, end: if maxzoom <= zoom { f64::INFINITY } else { start + 1.0 } }
    }
}

/// A feature, and the values that it refers to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Feature<'t> {
    pub message: &'t tile::Feature,
    pub values: &'t [tile::Value],
    /// Whether its id is one of its attributes.
    pub has_promoted_id: bool,
}

/// The attributes of a filter in the layer at hand, and what they are in the feature at hand.
#[derive(Clone, Debug)]
pub(super) struct Looked {
    /// By key of the layer, the number of the attribute in the filter.
    numbers: Vec<Option<usize>>,
    /// By number: the value, if there is just one.
    found: Vec<Found>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Found {
    Missing,
    Value(usize),
    Several,
}

impl Looked {
    /// Prepares to look up the attributes of a filter in a layer with these keys.
    pub(super) fn of(filter: Option<&Filter>, keys: &[String]) -> Self {
        let names = filter.map(|filter| filter.names.as_slice()).unwrap_or_default();
        let numbers: HashMap<&String, usize> =
            names.iter().enumerate().map(|(number, name)| (name, number)).collect();
        let number = |key: &String| numbers.get(key).copied();
        Self { numbers: keys.iter().map(number).collect(), found: vec![Found::Missing; names.len()] }
    }

    fn look_up(&mut self, feature: &tile::Feature) {
        self.found.fill(Found::Missing);
        for pair in feature.tags.chunks_exact(2) {
            let Some(Some(number)) = self.numbers.get(pair[0] as usize) else { continue };
            let found = &mut self.found[*number];
            *found = if *found == Found::Missing { Found::Value(pair[1] as usize) } else { Found::Several };
        }
    }
}

/// A set of values that a step may come to.
#[derive(Clone, Debug, PartialEq)]
enum Possible<'a> {
    /// None: the step fails.
    Never,
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    /// An array or object of the filter.
    Json(&'a Json),
    /// Any number of these.
    Within(View),
    /// Anything.
    Any,
}

/// Whether `filter` can be true for `feature` at a zoom of `view`.
pub(super) fn is_true(filter: &Filter, feature: &Feature<'_>, view: View, looked: &mut Looked) -> bool {
    looked.look_up(feature.message);
    let mut came: Vec<Possible<'_>> = Vec::with_capacity(filter.steps.len());
    for step in &filter.steps {
        let possible = match step {
            Step::Any => Possible::Any,
            Step::Constant(json) => constant(json),
            Step::Attribute(number) => attribute(looked.found[*number], feature.values),
            Step::HasAttribute(number) => Possible::Bool(looked.found[*number] != Found::Missing),
            Step::Id | Step::HasId if feature.has_promoted_id => Possible::Any,
            Step::Id => feature.message.id.map_or(Possible::Null, |id| Possible::Number(id as f64)),
            Step::HasId => Possible::Bool(feature.message.id.is_some()),
            Step::GeometryType if feature.message.may_be_multiple() => Possible::Any,
            Step::GeometryType | Step::Type => geometry_type(feature.message.kind),
            Step::Zoom => Possible::Within(view),
            Step::Same(step) => came[*step].clone(),
            Step::Call(op, arguments) => call(*op, arguments, &came),
            Step::Case(cases, otherwise) => case(cases, *otherwise, &came),
            Step::Match { input, arms, otherwise } => {
                let fits = |labels: &[Json]| is_among(&came[*input], labels);
                choose(
                    &came[*input],
                    arms.iter().map(|(labels, result)| (fits(labels), *result)),
                    *otherwise,
                    &came,
                )
            }
            Step::Stops { input, first, stops } => stop(&came[*input], *first, stops, &came),
            Step::OldCompare { op, value, with } => old_compare(*op, &came[*value], &constant(with)),
            Step::OldIn { value, list } => {
                is_among(&came[*value], list).map_or(Possible::Any, Possible::Bool)
            }
        };
        came.push(possible);
    }
    !matches!(came.last(), Some(Possible::Bool(false) | Possible::Never))
}

fn constant(json: &Json) -> Possible<'_> {
    match json {
        Json::Null => Possible::Null,
        Json::Bool(value) => Possible::Bool(*value),
        Json::Number(number) => number.as_f64().map_or(Possible::Any, Possible::Number),
        Json::String(text) => Possible::Text(Cow::Borrowed(text)),
        Json::Array(_) | Json::Object(_) => Possible::Json(json),
    }
}

fn attribute(found: Found, values: &[tile::Value]) -> Possible<'_> {
    let value = match found {
        Found::Missing => return Possible::Null,
        Found::Several => return Possible::Any,
        Found::Value(idx) => values.get(idx),
    };
    let Some(tile::Value { text, float, double, int, uint, sint, bool }) = value else {
        return Possible::Any;
    };
    let numbers = [
        float.map(f64::from),
        *double,
        int.map(|number| number as f64),
        uint.map(|number| number as f64),
        sint.map(|number| number as f64),
    ];
    let text = text.as_deref().map(|text| Possible::Text(Cow::Borrowed(text)));
    let others = numbers.into_iter().flatten().map(Possible::Number).chain(bool.map(Possible::Bool));
    let mut all = text.into_iter().chain(others);
    match (all.next(), all.next()) {
        (Some(value), None) => value,
        _ => Possible::Any,
    }
}

fn geometry_type(kind: Option<u64>) -> Possible<'static> {
    let name = match kind {
        Some(1) => "Point",
        Some(2) => "LineString",
        Some(3) => "Polygon",
        _ => return Possible::Any,
    };
    Possible::Text(Cow::Borrowed(name))
}

impl<'a> Possible<'a> {
    /// Whether a condition can hold and whether it can fail to.
    fn truth(&self) -> (bool, bool) {
        match self {
            Self::Bool(value) => (*value, !*value),
            Self::Never => (false, false),
            _ => (true, true),
        }
    }

    /// Returns a set that holds both sets.
    fn or(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Never, other) => other.clone(),
            (this, Self::Never) => this,
            (this, other) if this == *other => this,
            _ => Self::Any,
        }
    }

    fn is_scalar(&self) -> bool {
        matches!(self, Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_))
    }

    /// Whether two values are equal, when that is certain.
    fn equals(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Within(view), Self::Number(number)) | (Self::Number(number), Self::Within(view)) => {
                (*number < view.start || view.end <= *number).then_some(false)
            }
            (Self::Within(_), scalar) | (scalar, Self::Within(_)) => scalar.is_scalar().then_some(false),
            _ => (self.is_scalar() && other.is_scalar()).then(|| self == other),
        }
    }

    /// Returns the text that `to-string` makes, when it is certain.
    fn to_text(&self) -> Option<Cow<'a, str>> {
        /// Whole numbers up to here are written without exponent by everybody.
        const WHOLE_MAX: f64 = 1e15;
        Some(match self {
            Self::Null => Cow::Borrowed(""),
            Self::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Self::Number(number) if number.fract() == 0.0 && number.abs() < WHOLE_MAX => {
                Cow::Owned((*number as i64).to_string())
            }
            Self::Text(text) => text.clone(),
            _ => return None,
        })
    }
}

/// Whether a value is one of a list, when that is certain.
fn is_among(value: &Possible<'_>, list: &[Json]) -> Option<bool> {
    let mut is_certain = true;
    for item in list {
        match value.equals(&constant(item)) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => is_certain = false,
        }
    }
    is_certain.then_some(false)
}

fn call<'a>(op: Op, arguments: &[usize], came: &[Possible<'a>]) -> Possible<'a> {
    let mut arguments = arguments.iter().map(|step| &came[*step]);
    match op {
        Op::All => all(arguments),
        Op::Any => any(arguments),
        Op::None => not(&any(arguments)),
        Op::Coalesce => coalesce(arguments),
        Op::AssertBoolean => asserted(arguments, |value| matches!(value, Possible::Bool(_))),
        Op::AssertNumber => {
            asserted(arguments, |value| matches!(value, Possible::Number(_) | Possible::Within(_)))
        }
        Op::AssertString => asserted(arguments, |value| matches!(value, Possible::Text(_))),
        _ if arguments.clone().any(|argument| *argument == Possible::Never) => Possible::Never,
        Op::Not => arguments.next().map_or(Possible::Any, not),
        Op::Compare(op) => match (arguments.next(), arguments.next()) {
            (Some(a), Some(b)) => compare(op, a, b),
            _ => Possible::Any,
        },
        Op::In => match (arguments.next(), arguments.next()) {
            (Some(needle), Some(haystack)) => contains(haystack, needle),
            _ => Possible::Any,
        },
        Op::TypeOf | Op::ToBoolean | Op::ToNumber | Op::ToString | Op::Downcase | Op::Upcase | Op::Length => {
            arguments.next().map_or(Possible::Any, |argument| convert(op, argument))
        }
        Op::Concat => concat(arguments).map_or(Possible::Any, |text| Possible::Text(Cow::Owned(text))),
        _ => {
            let number = |argument: &Possible<'a>| match argument {
                Possible::Number(number) => Some(*number),
                _ => None,
            };
            let numbers: Option<Vec<f64>> = arguments.map(number).collect();
            numbers.and_then(|numbers| calculate(op, &numbers)).map_or(Possible::Any, Possible::Number)
        }
    }
}

/// Returns the texts of all arguments as one, when they are certain and the whole is not too long.
fn concat<'a, 'p>(arguments: impl Iterator<Item = &'p Possible<'a>>) -> Option<String>
where
    'a: 'p,
{
    let mut whole = String::new();
    for argument in arguments {
        let text = argument.to_text()?;
        if TEXT_BYTES_MAX < whole.len() + text.len() {
            return None;
        }
        whole.push_str(&text);
    }
    Some(whole)
}

fn all<'a, 'p>(arguments: impl Iterator<Item = &'p Possible<'a>>) -> Possible<'a>
where
    'a: 'p,
{
    let (mut can_hold, mut can_fail) = (true, false);
    for (can_be_true, can_be_false) in arguments.map(Possible::truth) {
        can_hold &= can_be_true;
        can_fail |= can_be_false;
    }
    decided(can_hold, can_fail)
}

fn any<'a, 'p>(arguments: impl Iterator<Item = &'p Possible<'a>>) -> Possible<'a>
where
    'a: 'p,
{
    let (mut can_hold, mut can_fail) = (false, true);
    for (can_be_true, can_be_false) in arguments.map(Possible::truth) {
        can_hold |= can_be_true;
        can_fail &= can_be_false;
    }
    decided(can_hold, can_fail)
}

fn decided<'a>(can_hold: bool, can_fail: bool) -> Possible<'a> {
    match (can_hold, can_fail) {
        (true, true) => Possible::Any,
        (true, false) => Possible::Bool(true),
        (false, true) => Possible::Bool(false),
        (false, false) => Possible::Never,
    }
}

fn not<'a>(argument: &Possible<'_>) -> Possible<'a> {
    let (can_be_true, can_be_false) = argument.truth();
    decided(can_be_false, can_be_true)
}

fn coalesce<'a, 'p>(arguments: impl Iterator<Item = &'p Possible<'a>>) -> Possible<'a>
where
    'a: 'p,
{
    for argument in arguments {
        if *argument != Possible::Null {
            return argument.clone();
        }
    }
    Possible::Null
}

/// Returns the first argument of a type; fails when none is.
fn asserted<'a, 'p>(
    arguments: impl Iterator<Item = &'p Possible<'a>>,
    is_it: impl Fn(&Possible<'a>) -> bool,
) -> Possible<'a>
where
    'a: 'p,
{
    for argument in arguments {
        if is_it(argument) || matches!(argument, Possible::Never | Possible::Any) {
            return argument.clone();
        }
    }
    Possible::Never
}

fn compare<'a>(op: Compare, a: &Possible<'_>, b: &Possible<'_>) -> Possible<'a> {
    match op {
        Compare::Equal => a.equals(b).map_or(Possible::Any, Possible::Bool),
        Compare::NotEqual => a.equals(b).map_or(Possible::Any, |equal| Possible::Bool(!equal)),
        _ => match (a, b) {
            (Possible::Within(view), Possible::Number(number)) => within(op, *view, *number),
            (Possible::Number(number), Possible::Within(view)) => within(op.turned(), *view, *number),
            (Possible::Number(a), Possible::Number(b)) => Possible::Bool(op.holds(a.partial_cmp(b))),
            (Possible::Text(a), Possible::Text(b)) if a.is_ascii() && b.is_ascii() => {
                Possible::Bool(op.holds(Some(a.cmp(b))))
            }
            (Possible::Any, _)
            | (_, Possible::Any)
            | (Possible::Within(_), Possible::Within(_))
            | (Possible::Text(_), Possible::Text(_)) => Possible::Any,
            _ => Possible::Never,
        },
    }
}

/// Compares the zoom, which is never its upper bound, with a number.
fn within<'a>(op: Compare, View { start, end }: View, number: f64) -> Possible<'a> {
    let (is_always, is_never) = match op {
        Compare::Less => (end <= number, number <= start),
        Compare::LessOrEqual => (end <= number, number < start),
        Compare::Greater => (number < start, end <= number),
        Compare::GreaterOrEqual => (number <= start, end <= number),
        Compare::Equal | Compare::NotEqual => (false, false),
    };
    decided(!is_never, !is_always)
}

impl Compare {
    /// Returns the comparison with both sides exchanged.
    fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }

    fn holds(self, order: Option<Ordering>) -> bool {
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::NotEqual => order != Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Self::Greater => order == Some(Ordering::Greater),
            Self::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

/// Compares as old filters do: values of different types are not equal, and in no order. Tools that rewrite old
/// filters make `!=` of them false inside of `any`, so it may be either.
fn old_compare<'a>(op: Compare, value: &Possible<'_>, with: &Possible<'_>) -> Possible<'a> {
    if matches!(with, Possible::Null | Possible::Json(_)) {
        return Possible::Any;
    }
    let is_of_one_type = std::mem::discriminant(value) == std::mem::discriminant(with);
    match compare(op, value, with) {
        Possible::Never => Possible::Bool(false),
        _ if op == Compare::NotEqual && !is_of_one_type => Possible::Any,
        other => other,
    }
}

fn contains<'a>(haystack: &Possible<'_>, needle: &Possible<'_>) -> Possible<'a> {
    match (haystack, needle) {
        (Possible::Json(Json::Array(items)), _) => {
            is_among(needle, items).map_or(Possible::Any, Possible::Bool)
        }
        (Possible::Text(text), Possible::Text(part)) => Possible::Bool(text.contains(part.as_ref())),
        (Possible::Null, _) => Possible::Bool(false),
        _ => Possible::Any,
    }
}

fn convert<'a>(op: Op, argument: &Possible<'a>) -> Possible<'a> {
    let text = |text: &'static str| Possible::Text(Cow::Borrowed(text));
    match (op, argument) {
        (Op::TypeOf, Possible::Null) => text("null"),
        (Op::TypeOf, Possible::Bool(_)) => text("boolean"),
        (Op::TypeOf, Possible::Number(_) | Possible::Within(_)) => text("number"),
        (Op::TypeOf, Possible::Text(_)) => text("string"),
        (Op::ToBoolean, Possible::Null) => Possible::Bool(false),
        (Op::ToBoolean, Possible::Bool(value)) => Possible::Bool(*value),
        (Op::ToBoolean, Possible::Number(number)) => Possible::Bool(*number != 0.0 && !number.is_nan()),
        (Op::ToBoolean, Possible::Text(text)) => Possible::Bool(!text.is_empty()),
        (Op::ToNumber, Possible::Number(_) | Possible::Within(_)) => argument.clone(),
        (Op::ToNumber, Possible::Null) => Possible::Number(0.0),
        (Op::ToNumber, Possible::Bool(value)) => Possible::Number(f64::from(u8::from(*value))),
        (Op::ToString, _) => argument.to_text().map_or(Possible::Any, Possible::Text),
        (Op::Downcase, Possible::Text(text)) if text.len() <= TEXT_BYTES_MAX && text.is_ascii() => {
            Possible::Text(Cow::Owned(text.to_ascii_lowercase()))
        }
        (Op::Upcase, Possible::Text(text)) if text.len() <= TEXT_BYTES_MAX && text.is_ascii() => {
            Possible::Text(Cow::Owned(text.to_ascii_uppercase()))
        }
        (Op::Length, Possible::Text(text)) if text.is_ascii() => Possible::Number(text.len() as f64),
        (Op::Length, Possible::Json(Json::Array(items))) => Possible::Number(items.len() as f64),
        _ => Possible::Any,
    }
}

fn calculate(op: Op, numbers: &[f64]) -> Option<f64> {
    Some(match (op, numbers) {
        (Op::Plus, _) => numbers.iter().sum(),
        (Op::Times, _) => numbers.iter().product(),
        (Op::Minus, [a]) => -a,
        (Op::Minus, [a, b]) => a - b,
        (Op::Divide, [a, b]) => a / b,
        (Op::Modulo, [a, b]) => a % b,
        (Op::Abs, [a]) => a.abs(),
        (Op::Floor, [a]) => a.floor(),
        (Op::Ceil, [a]) => a.ceil(),
        // What is no number makes the result none for some, and is passed over by others.
        (Op::Min, _) if !numbers.iter().any(|number| number.is_nan()) => {
            numbers.iter().copied().reduce(f64::min)?
        }
        (Op::Max, _) if !numbers.iter().any(|number| number.is_nan()) => {
            numbers.iter().copied().reduce(f64::max)?
        }
        _ => return None,
    })
}

fn case<'a>(cases: &[[usize; 2]], otherwise: usize, came: &[Possible<'a>]) -> Possible<'a> {
    let mut result = Possible::Never;
    for [condition, then] in cases {
        let (can_hold, can_fail) = came[*condition].truth();
        if can_hold {
            result = result.or(&came[*then]);
        }
        if !can_fail {
            return result;
        }
    }
    result.or(&came[otherwise])
}

/// Returns the result of the first arm that fits; of all that may, when that is not certain.
fn choose<'a>(
    input: &Possible<'a>,
    arms: impl Iterator<Item = (Option<bool>, usize)>,
    otherwise: usize,
    came: &[Possible<'a>],
) -> Possible<'a> {
    if *input == Possible::Never {
        return Possible::Never;
    }
    let mut result = Possible::Never;
    for (fits, then) in arms {
        if fits != Some(false) {
            result = result.or(&came[then]);
        }
        if fits == Some(true) {
            return result;
        }
    }
    result.or(&came[otherwise])
}

fn stop<'a>(
    input: &Possible<'a>,
    first: usize,
    stops: &[(f64, usize)],
    came: &[Possible<'a>],
) -> Possible<'a> {
    let is_reached = |from: f64, to: f64| match input {
        Possible::Never => false,
        Possible::Number(number) if !number.is_nan() => from <= *number && *number < to,
        Possible::Within(view) => from < view.end && view.start < to,
        _ => true,
    };
    let mut result = Possible::Never;
    let mut from = f64::NEG_INFINITY;
    let ends = stops.iter().map(|(place, _)| *place).chain([f64::INFINITY]);
    let results = std::iter::once(first).chain(stops.iter().map(|(_, result)| *result));
    for (to, then) in ends.zip(results) {
        if is_reached(from, to) {
            result = result.or(&came[then]);
        }
        from = to;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::super::compile::compile;
    use super::*;

    /// Says of a filter whether it can be true, for a road with `class` "main", `lanes` 3 and `lit` true, in a
    /// tile of zoom 10.
    fn check(filter: &str, expected: bool) {
        let values = [
            tile::Value { text: Some("main".to_owned()), ..tile::Value::default() },
            tile::Value { uint: Some(3), ..tile::Value::default() },
            tile::Value { bool: Some(true), ..tile::Value::default() },
        ];
        let keys = ["class", "lanes", "lit"].map(str::to_owned);
        let feature = tile::Feature {
            id: Some(7),
            tags: vec![0, 0, 1, 1, 2, 2],
            kind: Some(2),
            geometry: vec![9, 0, 0, 10, 2, 2],
        };
        let feature = Feature { message: &feature, values: &values, has_promoted_id: false };
        let compiled = compile(&serde_json::from_str(filter).unwrap());
        let mut looked = Looked::of(Some(&compiled), &keys);
        assert_eq!(is_true(&compiled, &feature, View::of_tile(10, 14), &mut looked), expected, "{filter}");
    }

    #[test]
    fn attributes_decide() {
        check("true", true);
        check("false", false);
        check(r#"["==", ["get", "class"], "main"]"#, true);
        check(r#"["==", ["get", "class"], "side"]"#, false);
        check(r#"["==", ["get", "class"], 3]"#, false);
        check(r#"["!=", ["get", "none"], "side"]"#, true);
        check(r#"["<", ["get", "lanes"], 4]"#, true);
        check(r#"[">", 2, ["get", "lanes"]]"#, false);
        check(r#"["<", ["get", "none"], 4]"#, false);
        check(r#"["!", ["<", ["get", "none"], 4]]"#, false);
        check(r#"["has", "none"]"#, false);
        check(r#"["==", ["id"], 7]"#, true);
        check(r#"["==", ["geometry-type"], "Polygon"]"#, false);
        check(r#"["in", ["get", "class"], ["literal", ["side", "path"]]]"#, false);
        check(r#"["in", "ai", ["get", "class"]]"#, true);
        check(r#"["boolean", ["get", "lit"]]"#, true);
        check(r#"["==", ["%", ["+", ["get", "lanes"], 2], 2], 0]"#, false);
        check(r#"["==", ["concat", ["get", "class"], ["get", "lanes"]], "main3"]"#, true);
        check(r#"["==", ["upcase", ["coalesce", ["get", "none"], ["get", "class"]]], "SIDE"]"#, false);
    }

    #[test]
    fn old_filters_decide() {
        check(r#"["==", "class", "main"]"#, true);
        check(r#"["==", "$type", "LineString"]"#, true);
        check(r#"["!=", "class", "main"]"#, false);
        check(r#"["<", "class", 4]"#, false);
        check(r#"["none", ["<", "class", 4]]"#, true);
        check(r#"["in", "class", "a", "main"]"#, true);
        check(r#"["!in", "class", "a", "main"]"#, false);
        check(r#"["all", ["has", "class"], ["!has", "lanes"]]"#, false);
        check(r#"["any", ["!has", "$id"], [">=", "lanes", 3]]"#, true);
        check(r#"["all"]"#, true);
        check(r#"["any"]"#, false);
    }

    #[test]
    fn results_come_from_where_they_can() {
        check(r#"["case", ["get", "lit"], false, true]"#, false);
        check(r#"["match", ["get", "class"], ["main", "side"], false, true]"#, false);
        check(r#"["match", ["get", "lanes"], 3, true, false]"#, true);
        check(r#"["let", "a", ["get", "lanes"], ["==", ["var", "a"], 4]]"#, false);
        check(r#"["let", "a", 1, ["let", "a", 2, ["==", ["var", "a"], 1]]]"#, false);
        check(r#"["all", ["let", "a", 1, true], ["==", ["var", "a"], 1]]"#, true);
        check(r#"["step", ["get", "lanes"], true, 3, false]"#, false);
        check(r#"["step", ["get", "lanes"], false, 2, true, 4, false]"#, true);
    }

    #[test]
    fn zooms_of_a_tile_are_all_looked_at() {
        check(r#"[">", ["zoom"], 10.5]"#, true);
        check(r#"[">=", ["zoom"], 11]"#, false);
        check(r#"["<", ["zoom"], 10]"#, false);
        check(r#"["<=", ["zoom"], 10]"#, true);
        check(r#"["!", ["<", ["zoom"], 11]]"#, false);
        check(r#"["==", ["zoom"], 12]"#, false);
        check(r#"["step", ["zoom"], false, 10.9, true]"#, true);
        check(r#"["step", ["zoom"], false, 11, true]"#, false);
        check(r#"["step", ["zoom"], true, 10, false]"#, false);
        check(r#"["<", ["get", "lanes"], ["interpolate", ["linear"], ["zoom"], 0, 0, 20, 4]]"#, true);
    }

    #[test]
    fn texts_that_grow_too_long_may_be_anything() {
        let doubled = |n_doublings: usize| {
            let bind = r#"["let", "a", ["concat", ["var", "a"], ["var", "a"]], "#.repeat(n_doublings);
            let end = "]".repeat(n_doublings);
            format!(r#"["let", "a", "12345678", {bind}["==", ["var", "a"], "12345678"]{end}]"#)
        };
        check(&doubled(0), true);
        check(&doubled(9), false);
        check(&doubled(10), true);
        check(&doubled(60), true);
        let long = "A".repeat(TEXT_BYTES_MAX + 1);
        check(&format!(r#"["==", ["downcase", "{long}"], "b"]"#), true);
    }

    #[test]
    fn what_is_not_known_may_be_true() {
        check(r#"["<", ["pitch"], 10]"#, true);
        check(r#"["all", ["<", ["distance-from-center"], 1], ["==", ["get", "class"], "side"]]"#, false);
        check(r#"["!", ["within", {"type": "Polygon", "coordinates": []}]]"#, true);
        check(r#"["!", ["!", ["==", "class", "side"]]]"#, true);
        check(r#"["==", ["to-number", ["get", "class"]], 1]"#, true);
    }
}
