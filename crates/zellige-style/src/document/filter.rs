//! Filters: whether one means anything, down to the types of its expressions.
//!
//! In:     a filter, an expression or of the form before expressions.
//! Out:    nothing, or what is wrong and where inside the filter.
//! Source: the style specification; engines tell the two forms apart as `is_expression` does.

use maplibre_expr::{ParseError, ParseFilterError, Type, parse_filter, typecheck};
use serde_json::Value as Json;

/// How deep a filter may be nested, levels; the reader of expressions goes no deeper either.
pub(crate) const FILTER_NESTING_MAX: usize = 96;

/// How deep `let` may be nested, levels: the reader takes twice as long with each.
const LET_NESTING_MAX: usize = 4;

/// How many parts an array of a filter may have: the reader holds each label of a `match` against each.
const PARTS_MAX: usize = 20_000;

/// Numbers about how the map is looked at. The reader allows the zoom in few places of properties only, and
/// does not know the other two, which only some engines have; filters may use all of them anywhere.
const VIEW_OPERATORS: [&str; 3] = ["zoom", "pitch", "distance-from-center"];

/// What is wrong with a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The way from the filter to the place, as indices of arrays.
    pub way: Vec<usize>,
    /// What is wrong there.
    pub reason: String,
}

/// Checks a filter.
pub(super) fn check(filter: &Json) -> Result<(), Fault> {
    let at_top = |reason: String| Fault { way: Vec::new(), reason };
    let Extent { depth, lets, longest } = Extent::of(filter);
    if FILTER_NESTING_MAX < depth {
        return Err(at_top(format!("nested deeper than {FILTER_NESTING_MAX} levels")));
    }
    if PARTS_MAX < longest {
        return Err(at_top(format!("an array of {longest} parts, expected at most {PARTS_MAX}")));
    }
    if LET_NESTING_MAX < lets {
        return Err(at_top(format!("`let` nested deeper than {LET_NESTING_MAX} levels")));
    }
    if !matches!(filter, Json::Array(_) | Json::Bool(_)) {
        return Err(at_top("a filter is an array".to_owned()));
    }
    if filter.as_array().is_some_and(Vec::is_empty) {
        return Err(at_top("an empty filter".to_owned()));
    }
    if is_expression(filter) {
        return check_expression(filter);
    }
    // Newer readers take filters for expressions that have parts of both forms; what they understand may pass.
    let is_mixed = maplibre_expr::is_expression_filter(filter);
    check_old(filter)
        .or_else(|fault| if is_mixed { check_expression(filter).or(Err(fault)) } else { Err(fault) })
}

fn check_expression(filter: &Json) -> Result<(), Fault> {
    let mut filter = filter.clone();
    level_view(&mut filter);
    let inside = |error: &ParseError| Fault { way: way(&error.key), reason: plain(&error.to_string()) };
    let expression = parse_filter(&filter).map_err(|error| match error {
        ParseFilterError::Parse(error) => inside(&error),
        error => Fault { way: Vec::new(), reason: plain(&error.to_string()) },
    })?;
    typecheck(&expression, Some(&Type::Boolean), false).map_err(|error| inside(&error))?;
    Ok(())
}

/// Whether a filter is an expression: not when a part of `all` or `any`, at any depth, has the old form.
pub(crate) fn is_expression(filter: &Json) -> bool {
    let mut todo = vec![filter];
    while let Some(filter) = todo.pop() {
        let Json::Array(items) = filter else {
            if filter.is_boolean() {
                continue;
            }
            return false;
        };
        let is_text = |idx: usize| items.get(idx).is_some_and(Json::is_string);
        let is_array = |idx: usize| items.get(idx).is_some_and(Json::is_array);
        let is_new = match items.first().and_then(Json::as_str) {
            Some("all" | "any") => {
                todo.extend(&items[1..]);
                true
            }
            Some("has") => items.len() >= 2 && !matches!(items[1].as_str(), Some("$id" | "$type")),
            Some("in") => items.len() >= 3 && (!is_text(1) || is_array(2)),
            Some("!in" | "!has" | "none") => false,
            Some("==" | "!=" | "<" | "<=" | ">" | ">=") => items.len() != 3 || is_array(1) || is_array(2),
            _ => !items.is_empty(),
        };
        if !is_new {
            return false;
        }
    }
    true
}

/// Checks a filter of the form before expressions.
fn check_old(filter: &Json) -> Result<(), Fault> {
    let mut todo = vec![(filter, Vec::new())];
    while let Some((filter, way)) = todo.pop() {
        let Json::Array(items) = filter else {
            if filter.is_boolean() {
                continue;
            }
            return Err(Fault { way, reason: "a filter is an array".to_owned() });
        };
        let operator = items.first().and_then(Json::as_str).unwrap_or_default();
        let arguments = items.get(1..).unwrap_or_default();
        let names_attribute = arguments.first().is_some_and(Json::is_string);
        let is_plain = |values: &[Json]| values.iter().all(|value| !value.is_array() && !value.is_object());
        let expected = match operator {
            "all" | "any" | "none" => {
                let step = |(idx, part)| (part, [way.as_slice(), &[1 + idx]].concat());
                todo.extend(arguments.iter().enumerate().rev().map(step));
                continue;
            }
            "==" | "!=" | "<" | "<=" | ">" | ">="
                if names_attribute && arguments.len() == 2 && is_plain(arguments) =>
            {
                continue;
            }
            "in" | "!in" if names_attribute && is_plain(arguments) => continue,
            "has" | "!has" if names_attribute && arguments.len() == 1 => continue,
            "==" | "!=" | "<" | "<=" | ">" | ">=" => "an attribute and a value",
            "in" | "!in" => "an attribute and values",
            "has" | "!has" => "an attribute",
            _ => {
                return Err(Fault {
                    way,
                    reason: "unknown operator beside filters of the old form".to_owned(),
                });
            }
        };
        return Err(Fault { way, reason: format!("`{operator}` takes {expected}") });
    }
    Ok(())
}

/// How far a filter reaches.
#[derive(Clone, Copy, Default)]
struct Extent {
    /// Levels of arrays and objects.
    depth: usize,
    /// Levels of `let`.
    lets: usize,
    /// Parts of the longest array.
    longest: usize,
}

impl Extent {
    fn of(filter: &Json) -> Self {
        let (mut extent, mut todo) = (Self::default(), vec![(filter, 1, 0)]);
        while let Some((json, depth, lets)) = todo.pop() {
            let lets = lets + usize::from(json.get(0).is_some_and(|head| head == "let"));
            match json {
                Json::Array(items) => todo.extend(items.iter().map(|item| (item, depth + 1, lets))),
                Json::Object(members) => {
                    todo.extend(members.values().map(|member| (member, depth + 1, lets)));
                }
                _ => continue,
            }
            let parts = json.as_array().map_or(0, Vec::len);
            extent = Self {
                depth: extent.depth.max(depth),
                lets: extent.lets.max(lets),
                longest: extent.longest.max(parts),
            };
        }
        extent
    }
}

/// Replaces numbers about the view by one about the feature.
fn level_view(json: &mut Json) {
    let mut todo = vec![json];
    while let Some(json) = todo.pop() {
        let head = json.get(0).and_then(Json::as_str).unwrap_or_default();
        if VIEW_OPERATORS.contains(&head) && json.get(1).is_none() {
            *json = serde_json::json!(["to-number", ["id"]]);
        } else if head != "literal"
            && let Json::Array(items) = json
        {
            todo.extend(items);
        }
    }
}

/// Reads a way such as `[2][1]`.
fn way(key: &str) -> Vec<usize> {
    key.split(['[', ']']).filter(|part| !part.is_empty()).map_while(|part| part.parse().ok()).collect()
}

/// Returns a message of the reader in the manner of the house: lower case, no full stop.
fn plain(message: &str) -> String {
    let message = message.trim_end_matches('.');
    let mut chars = message.chars();
    chars.next().map_or(String::new(), |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(filter: &str, expected: &str) {
        let filter: Json = serde_json::from_str(filter).unwrap();
        let found = match super::check(&filter) {
            Ok(()) => String::new(),
            Err(Fault { way, reason }) => format!("{way:?} {reason}"),
        };
        assert_eq!(found, expected, "{filter}");
    }

    #[test]
    fn filters_of_both_forms_are_read() {
        for filter in [
            "true",
            r#"["==", "class", "park"]"#,
            r#"["all", ["==", "$type", "Polygon"], ["!in", "class", 1, "b"], ["!has", "name"]]"#,
            r#"["none", ["has", "$id"], [">=", "rank", 3]]"#,
            r#"["all", ["has", "class"], ["!has", "name"], ["none", ["any", ["has", "ref"]]]]"#,
            r#"["all", ["!has", "name"], ["==", ["get", "class"], 1]]"#,
            r#"["==", ["get", "class"], "park"]"#,
            r#"["all", [">=", ["zoom"], 10], ["match", ["get", "class"], ["a", "b"], true, false]]"#,
            r#"["step", ["zoom"], false, 10, ["==", ["get", "class"], "a"], 12.5, true]"#,
            r#"["case", ["has", "a"], ["<", ["to-number", ["get", "a"]], 3], true]"#,
            r#"["in", ["get", "a"], ["literal", ["x", "y"]]]"#,
            r#"["case", ["<", ["pitch"], 40], true, ["<", ["distance-from-center"], 2]]"#,
            r#"["==", ["geometry-type"], "Point"]"#,
            r#"["!", ["within", {"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,1],[0,0]]]}]]"#,
        ] {
            check(filter, "");
        }
    }

    #[test]
    fn faults_have_a_place() {
        check("[]", "[] an empty filter");
        check("3", "[] a filter is an array");
        check(
            r#"["all", ["==", ["get", "a"], 1], ["gets", "b"]]"#,
            "[2, 0] unknown expression \"gets\". If you wanted a literal array, use [\"literal\", [...]]",
        );
    }

    #[test]
    fn faults_of_the_old_form_have_a_place() {
        check(
            r#"["all", ["!has", "a"], ["any", ["==", "b"]]]"#,
            "[2, 1] `==` takes an attribute and a value",
        );
        check(r#"["any", ["!in", 3, 4]]"#, "[1] `!in` takes an attribute and values");
        check(r#"["!has"]"#, "[] `!has` takes an attribute");
        check(r#"["none", ["had", "a"]]"#, "[1] unknown operator beside filters of the old form");
        check(r#"["any", 3]"#, "[1] a filter is an array");
    }

    #[test]
    fn deep_and_long_filters_are_refused() {
        let long = vec!["1"; PARTS_MAX].join(",");
        check(&format!(r#"["in","a",{long}]"#), "[] an array of 20002 parts, expected at most 20000");
        let deep = r#"["!","#.repeat(FILTER_NESTING_MAX) + "true" + &"]".repeat(FILTER_NESTING_MAX);
        check(&deep, "");
        check(&format!(r#"["!",{deep}]"#), "[] nested deeper than 96 levels");
        let lets = r#"["let","a",1,"#.repeat(5) + "true" + &"]".repeat(5);
        check(&lets, "[] `let` nested deeper than 4 levels");
    }
}
