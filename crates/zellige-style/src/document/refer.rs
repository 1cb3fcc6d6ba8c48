//! What a style refers to: font stacks and images.
//!
//! In:     a checked style.
//! Out:    every font stack and image name that its expressions can yield as a literal.
//! Keeps:  document order; each stack and name once.
//! Source: the style specification; offline clients take every literal font array of a symbol layer that has a
//!         `text-field`.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::{Layer, LayerKind, Style};

/// The fonts of symbol layers that name none.
pub const FONT_STACK_DEFAULT: [&str; 2] = ["Open Sans Regular", "Arial Unicode MS Regular"];

/// Properties whose values are names of images.
const IMAGE_PROPERTIES: [&str; 5] =
    ["icon-image", "fill-pattern", "line-pattern", "background-pattern", "fill-extrusion-pattern"];

/// The fonts that a style needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fonts {
    /// The font stacks, each a list of names in order of preference.
    pub stacks: Vec<Vec<String>>,
    /// The layers whose fonts depend on data, so that no list can be complete.
    pub open_layers: Vec<String>,
}

/// The images that a style needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Images {
    /// Their names.
    pub names: Vec<String>,
    /// The layers whose images depend on data, so that no list can be complete.
    pub open_layers: Vec<String>,
}

impl Style {
    /// Returns the font stacks of all symbol layers with a text, visible or not.
    #[must_use]
    pub fn fonts(&self) -> Fonts {
        let (mut fonts, mut known) = (Fonts::default(), BTreeSet::new());
        for layer in self.layers.iter().filter(|layer| layer.kind == LayerKind::Symbol) {
            let Some(text) = layer.layout.get("text-field") else { continue };
            let mut outputs = match layer.layout.get("text-font") {
                Some(font) => outputs(font),
                None => Outputs { literals: vec![Output::FontStackDefault], is_open: false },
            };
            for font in formats(text).iter().filter_map(|section| section.get("text-font")) {
                outputs.append(self::outputs(font));
            }
            let mut is_open = outputs.is_open;
            for stack in outputs.literals.into_iter().map(Output::font_stack) {
                match stack {
                    Some(stack) if known.insert(stack.clone()) => fonts.stacks.push(stack),
                    Some(_) => {}
                    None => is_open = true,
                }
            }
            if is_open {
                fonts.open_layers.push(layer.id.clone());
            }
        }
        fonts
    }

    /// Returns the names of the images of all layers.
    #[must_use]
    pub fn images(&self) -> Images {
        let (mut images, mut known) = (Images::default(), BTreeSet::new());
        for layer in &self.layers {
            let outputs = image_outputs(layer);
            let mut is_open = outputs.is_open;
            for output in &outputs.literals {
                match output {
                    Output::Literal(Json::String(name)) if name.contains('{') => is_open = true,
                    Output::Literal(Json::String(name)) if name.is_empty() || known.contains(name) => {}
                    Output::Literal(Json::String(name)) => {
                        known.insert(name.clone());
                        images.names.push(name.clone());
                    }
                    _ => {}
                }
            }
            if is_open {
                images.open_layers.push(layer.id.clone());
            }
        }
        images
    }
}

fn image_outputs(layer: &Layer) -> Outputs<'_> {
    let mut outputs = Outputs::default();
    for name in IMAGE_PROPERTIES {
        if let Some(value) = layer.layout.get(name).or_else(|| layer.paint.get(name)) {
            outputs.append(self::outputs(value));
        }
    }
    if let Some(text) = layer.layout.get("text-field") {
        for image in calls(text, "image").filter_map(|arguments| arguments.first()) {
            outputs.append(self::outputs(image));
        }
    }
    outputs
}

/// Returns the options of all sections of formatted texts.
fn formats(text: &Json) -> Vec<&Json> {
    calls(text, "format").flatten().filter(|argument| argument.is_object()).collect()
}

/// Returns the arguments of all calls of `operator`, at any depth.
fn calls<'j>(json: &'j Json, operator: &str) -> impl Iterator<Item = &'j [Json]> {
    let mut todo = vec![json];
    std::iter::from_fn(move || {
        while let Some(json) = todo.pop() {
            match json {
                Json::Array(items) => todo.extend(items),
                Json::Object(members) => todo.extend(members.values()),
                _ => {}
            }
            if let Json::Array(items) = json
                && let [Json::String(head), arguments @ ..] = items.as_slice()
                && head == operator
            {
                return Some(arguments);
            }
        }
        None
    })
}

/// A value that a property can have.
#[derive(Clone, Copy, Debug)]
enum Output<'j> {
    /// As it stands in the style.
    Literal(&'j Json),
    /// What stands in none.
    FontStackDefault,
}

impl Output<'_> {
    fn font_stack(self) -> Option<Vec<String>> {
        match self {
            Self::FontStackDefault => Some(FONT_STACK_DEFAULT.map(str::to_owned).to_vec()),
            Self::Literal(Json::Array(names)) if !names.is_empty() => {
                names.iter().map(|name| name.as_str().map(str::to_owned)).collect()
            }
            Self::Literal(_) => None,
        }
    }
}

/// The values that a property can have.
#[derive(Clone, Debug, Default)]
struct Outputs<'j> {
    literals: Vec<Output<'j>>,
    /// Whether there may be others.
    is_open: bool,
}

impl Outputs<'_> {
    fn append(&mut self, mut other: Self) {
        self.literals.append(&mut other.literals);
        self.is_open |= other.is_open;
    }
}

/// Returns the literals that an expression, an old function or a plain value can yield.
///
/// Goes only where results come from: the condition of a `case` or the input of a `match` yields nothing.
/// Values bound by `let` all count.
fn outputs(value: &Json) -> Outputs<'_> {
    let (mut literals, mut is_open) = (Vec::new(), false);
    let mut todo = vec![value];
    while let Some(value) = todo.pop() {
        let operator = maplibre_expr::is_expression(value).then(|| value.get(0).and_then(Json::as_str));
        match (value, operator.flatten()) {
            (Json::Array(items), Some("literal")) => literals.extend(items.get(1).map(Output::Literal)),
            (Json::Array(items), Some(operator)) => match results(operator, items) {
                Some(results) => todo.extend(results),
                None => is_open |= operator != "var",
            },
            // A function of the time before expressions.
            (Json::Object(function), _) => {
                let stops = function.get("stops").and_then(Json::as_array);
                let stops: Vec<&Json> = stops.into_iter().flatten().filter_map(|stop| stop.get(1)).collect();
                is_open |= stops.is_empty();
                todo.extend(function.get("default").into_iter().chain(stops).rev());
            }
            (Json::Null, _) => {}
            _ => literals.push(Output::Literal(value)),
        }
    }
    Outputs { literals, is_open }
}

/// Returns where the results of an operator come from, the first last; nothing when it makes them itself.
fn results<'j>(operator: &str, items: &'j [Json]) -> Option<Vec<&'j Json>> {
    let last = items.len() - 1;
    let is_result = |idx: usize| match operator {
        "step" => idx >= 2 && idx.is_multiple_of(2),
        "interpolate" | "interpolate-hcl" | "interpolate-lab" => idx >= 4 && idx.is_multiple_of(2),
        "case" | "let" => idx == last || idx >= 2 && idx.is_multiple_of(2),
        "match" => idx == last || idx >= 3 && !idx.is_multiple_of(2),
        "coalesce" | "image" | "to-string" | "string" => idx >= 1,
        "array" => idx == last && idx >= 1,
        _ => false,
    };
    let found: Vec<&Json> =
        (0..items.len()).rev().filter(|idx| is_result(*idx)).map(|idx| &items[idx]).collect();
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a style with one symbol layer of this layout.
    fn style(layout: &str) -> Style {
        let text = format!(
            r#"{{"version": 8, "glyphs": "a://{{fontstack}}/{{range}}",
                "sources": {{"s": {{"type": "vector", "url": "mapbox://a.b"}}}},
                "layers": [{{"id": "l", "type": "symbol", "source": "s", "source-layer": "x", "layout": {layout}}}]}}"#
        );
        crate::parse(text.as_bytes()).unwrap()
    }

    /// Compares font stacks, each joined by commas; `…` stands for those that depend on data.
    fn check(layout: &str, expected: &[&str]) {
        let fonts = style(layout).fonts();
        let mut found: Vec<String> = fonts.stacks.iter().map(|stack| stack.join(",")).collect();
        found.extend(fonts.open_layers.iter().map(|_| "…".to_owned()));
        assert_eq!(found, expected, "{layout}");
    }

    fn check_images(layout: &str, expected: &[&str]) {
        let images = style(layout).images();
        let mut found = images.names;
        found.extend(images.open_layers.iter().map(|_| "…".to_owned()));
        assert_eq!(found, expected, "{layout}");
    }

    #[test]
    fn layers_without_text_need_no_font() {
        check("{}", &[]);
        check(r#"{"text-font": ["A"]}"#, &[]);
        check(r#"{"text-field": "x"}"#, &["Open Sans Regular,Arial Unicode MS Regular"]);
        check(r#"{"text-field": "x", "text-font": ["A", "B"]}"#, &["A,B"]);
        check(r#"{"text-field": "x", "text-font": ["A"], "visibility": "none"}"#, &["A"]);
    }

    #[test]
    fn every_literal_that_an_expression_yields_counts() {
        let check = |font: &str, expected: &[&str]| {
            check(&format!(r#"{{"text-field": "x", "text-font": {font}}}"#), expected);
        };
        check(r#"["literal", ["A"]]"#, &["A"]);
        check(r#"["step", ["zoom"], ["literal", ["A"]], 5, ["literal", ["B", "C"]]]"#, &["A", "B,C"]);
        check(
            r#"["case", ["in", ["get", "a"], ["literal", ["no"]]], ["literal", ["A"]], ["literal", ["B"]]]"#,
            &["A", "B"],
        );
        check(
            r#"["match", ["get", "a"], ["no"], ["literal", ["A"]], "no", ["literal", ["B"]], ["literal", ["A"]]]"#,
            &["A", "B"],
        );
        check(
            r#"["let", "f", ["literal", ["A"]], ["coalesce", ["var", "f"], ["literal", ["B"]]]]"#,
            &["A", "B"],
        );
        check(r#"["array", "string", ["get", "font"]]"#, &["…"]);
        check(r#"{"stops": [[0, ["A"]], [9, ["B"]]]}"#, &["A", "B"]);
        check(
            r#"{"property": "p", "type": "categorical", "stops": [["x", ["A"]]], "default": ["C"]}"#,
            &["C", "A"],
        );
    }

    #[test]
    fn sections_of_formatted_text_have_fonts() {
        check(
            r#"{"text-field": ["format", "a", {"text-font": ["literal", ["B"]]}, "c", {}], "text-font": ["A"]}"#,
            &["A", "B"],
        );
    }

    #[test]
    fn images_are_named_by_icons_patterns_and_texts() {
        check_images(r#"{"icon-image": "cafe"}"#, &["cafe"]);
        check_images(r#"{"icon-image": "{maki}-15"}"#, &["…"]);
        check_images(
            r#"{"icon-image": ["match", ["get", "a"], "no", "bar", ["x", "y"], ["image", "cafe"], ""]}"#,
            &["bar", "cafe"],
        );
        check_images(r#"{"icon-image": ["concat", ["get", "a"], "-15"]}"#, &["…"]);
        check_images(r#"{"text-field": ["format", ["image", "shield"], {}, "x", {}]}"#, &["shield"]);
    }
}
