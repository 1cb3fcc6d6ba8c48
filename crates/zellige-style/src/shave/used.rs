//! Attributes that a layer of a style uses.
//!
//! In:     filter, layout and paint of a layer.
//! Out:    the names, or that it may use any.
//! Source: the style specification: `get`, `has` and `properties`, filters and functions of the time before
//!         expressions, `{token}` texts. What only looks like one of them counts as well.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::document::Layer;

/// Attributes that are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Used {
    /// These.
    Names(BTreeSet<String>),
    /// Any: names are computed.
    All,
}

/// Operators of old filters; an attribute stands behind them.
const FILTERS: [&str; 10] = ["==", "!=", "<", "<=", ">", ">=", "in", "!in", "has", "!has"];

impl Used {
    /// Returns what a layer uses.
    pub(super) fn of(layer: &Layer) -> Self {
        let mut used = Self::Names(BTreeSet::new());
        let mut todo: Vec<&Json> = layer.filter.iter().collect();
        todo.extend(layer.layout.values().chain(layer.paint.values()));
        while let Some(json) = todo.pop() {
            match json {
                Json::Array(items) => {
                    used.add_call(items);
                    todo.extend(items);
                }
                Json::Object(members) => {
                    if let Some(Json::String(name)) = members.get("property") {
                        used.add(name);
                    }
                    todo.extend(members.values());
                }
                Json::String(text) => used.add_tokens(text),
                _ => {}
            }
        }
        used
    }

    /// Adds the attribute `name`.
    pub(super) fn add(&mut self, name: &str) {
        if let Self::Names(names) = self
            && !names.contains(name)
        {
            names.insert(name.to_owned());
        }
    }

    /// Adds what `other` uses.
    pub(super) fn join(&mut self, other: &Self) {
        match (self, other) {
            (Self::Names(names), Self::Names(others)) => names.extend(others.iter().cloned()),
            (this, Self::All) => *this = Self::All,
            (Self::All, _) => {}
        }
    }

    fn add_call(&mut self, items: &[Json]) {
        let operator = items.first().and_then(Json::as_str).unwrap_or_default();
        match items.get(1) {
            Some(Json::String(name)) if operator == "get" || FILTERS.contains(&operator) => self.add(name),
            Some(_) if operator == "get" || operator == "has" => *self = Self::All,
            None if operator == "properties" => *self = Self::All,
            _ => {}
        }
    }

    fn add_tokens(&mut self, text: &str) {
        for part in text.split('{').skip(1) {
            if let Some((name, _)) = part.split_once('}') {
                self.add(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares the attributes that a symbol layer with this filter and this text uses; `*` is any.
    fn check(filter: &str, text: &str, expected: &[&str]) {
        let style = format!(
            r#"{{"version": 8, "glyphs": "a://{{fontstack}}/{{range}}",
                "sources": {{"s": {{"type": "vector", "url": "mapbox://a.b"}}}},
                "layers": [{{"id": "l", "type": "symbol", "source": "s", "source-layer": "x",
                    "filter": {filter}, "layout": {{"text-field": {text}}}}}]}}"#
        );
        let style = crate::parse(style.as_bytes()).unwrap();
        let found: Vec<String> = match Used::of(&style.layers[0]) {
            Used::Names(names) => names.into_iter().collect(),
            Used::All => vec!["*".to_owned()],
        };
        assert_eq!(found, expected, "{filter} {text}");
    }

    #[test]
    fn names_of_all_forms_are_found() {
        check("true", r#""a""#, &[]);
        check("true", r#""{name} ({ele})""#, &["ele", "name"]);
        check(r#"["==", "class", "a"]"#, r#""""#, &["class"]);
        check(r#"["all", ["!in", "a", 1], ["none", ["has", "b"]]]"#, r#""""#, &["a", "b"]);
        check(
            r#"["has", "a"]"#,
            r#"["format", ["get", "b"], {"font-scale": ["get", "c"]}]"#,
            &["a", "b", "c"],
        );
        check("true", r#"{"property": "p", "type": "identity"}"#, &["p"]);
    }

    #[test]
    fn computed_names_may_be_any() {
        check("true", r#"["get", ["concat", "name_", ["get", "language"]]]"#, &["*"]);
        check("true", r#"["get", "a", ["properties"]]"#, &["*"]);
    }
}
