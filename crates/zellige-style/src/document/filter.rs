//! Filters: whether one means anything, down to the types of its expressions.
//!
//! In:     a filter, old or new form.
//! Out:    nothing, or what is wrong and where inside the filter.
//! Source: the style specification, expressions and "other" filters.

use maplibre_expr::{ParseError, ParseFilterError, Type, parse_filter, typecheck};
use serde_json::Value as Json;

/// How deep a filter may be nested, levels; the reader of expressions goes no deeper either.
pub(crate) const FILTER_NESTING_MAX: usize = 96;

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
    if FILTER_NESTING_MAX < nesting(filter) {
        return Err(at_top(format!("nested deeper than {FILTER_NESTING_MAX} levels")));
    }
    if !matches!(filter, Json::Array(_) | Json::Bool(_)) {
        return Err(at_top("a filter is an array".to_owned()));
    }
    if filter.as_array().is_some_and(Vec::is_empty) {
        return Err(at_top("an empty filter".to_owned()));
    }
    let mut filter = filter.clone();
    level_view(&mut filter);
    let is_expression = maplibre_expr::is_expression_filter(&filter);
    let inside = |error: &ParseError| {
        // Of an old filter the place would be one in the expression that was made of it.
        let way = if is_expression { way(&error.key) } else { Vec::new() };
        Fault { way, reason: plain(&error.to_string()) }
    };
    let expression = parse_filter(&filter).map_err(|error| match error {
        ParseFilterError::Parse(error) => inside(&error),
        error => at_top(plain(&error.to_string())),
    })?;
    typecheck(&expression, Some(&Type::Boolean), false).map_err(|error| inside(&error))?;
    Ok(())
}

/// Counts the levels of arrays and objects.
fn nesting(json: &Json) -> usize {
    let (mut deepest, mut todo) = (0, vec![(json, 1)]);
    while let Some((json, depth)) = todo.pop() {
        match json {
            Json::Array(items) => todo.extend(items.iter().map(|item| (item, depth + 1))),
            Json::Object(members) => todo.extend(members.values().map(|member| (member, depth + 1))),
            _ => continue,
        }
        deepest = deepest.max(depth);
    }
    deepest
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
    fn deep_filters_are_refused() {
        let deep = r#"["!","#.repeat(FILTER_NESTING_MAX) + "true" + &"]".repeat(FILTER_NESTING_MAX);
        check(&deep, "");
        check(&format!(r#"["!",{deep}]"#), "[] nested deeper than 96 levels");
    }
}
