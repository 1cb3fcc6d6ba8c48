//! Every rule of the recipe language, and every problem of a recipe at once.
//!
//! In:     a JSON text.
//! Out:    the typed [`Recipe`], or problems in the order of recipe 1.3: for each object missing fields in table
//!         order, then every key in document order, then checks across keys.
//! Keeps:  the exact texts of the wire.
//! Source: recipe 1, 2, 3.5, 4.

use std::ops::Range;

use zellige_model::{LayerName, LonLatBounds, Zoom};

use crate::expression::{self, Expression, Op, Type};
use crate::problem::Problem;
use crate::raw::{Document, Value, counted};
use crate::recipe::{At, Layer, Recipe};
use crate::suggest::did_you_mean;
use crate::{Options, Sources};

mod envelope;
mod features;
mod tiles;

pub use envelope::{Attribution, Envelope};

/// How many layers a recipe may have (recipe 1.1).
pub const LAYERS_MAX: usize = 20;

/// How many characters a source id may have (recipe 1.2).
const SOURCE_ID_CHARS_MAX: usize = 32;

const SOURCE_PREFIX: &str = "mapbox://tileset-source/";

const TOP_KEYS: &[&str] = &["version", "layers", "fillzoom", "incremental"];
const LAYER_KEYS: &[&str] = &["source", "minzoom", "maxzoom", "features", "tiles"];
const FEATURES_KEYS: &[&str] = &["id", "bbox", "attributes", "filter", "simplification"];
const TILES_KEYS: &[&str] = &[
    "bbox",
    "extent",
    "buffer_size",
    "limit",
    "union",
    "filter",
    "attributes",
    "order",
    "remove_filled",
    "id",
    "layer_size",
];
const FEATURES_ATTRIBUTES_KEYS: &[&str] = &["zoom_element", "set", "allowed_output"];
const UNION_KEYS: &[&str] =
    &["where", "group_by", "aggregate", "maintain_direction", "simplification", "cluster", "region_count"];

/// The objects of a recipe with their keys: where a key belongs that stands in a wrong one.
const HOMES: &[(&str, &[&str])] = &[
    ("the layer", LAYER_KEYS),
    ("\"features\"", FEATURES_KEYS),
    ("\"tiles\"", TILES_KEYS),
    ("\"features.attributes\"", FEATURES_ATTRIBUTES_KEYS),
    ("an entry of \"tiles.union\"", UNION_KEYS),
    ("the recipe, beside \"version\"", &["fillzoom", "incremental"]),
];

/// Checks a document.
pub(crate) fn check(document: &Document<'_>, options: &Options) -> Findings {
    let mut checker = Checker { options, problems: Vec::new() };
    let (recipe, envelope) = checker.document(document.root());
    Findings { problems: checker.problems, recipe, envelope }
}

/// What the check makes of a document.
pub(crate) struct Findings {
    pub problems: Vec<Problem>,
    /// The recipe; layers with a wrong shape are left out.
    pub recipe: Option<Recipe>,
    pub envelope: Option<Envelope>,
}

struct Checker<'o> {
    options: &'o Options,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    fn document(&mut self, root: Value<'_, '_>) -> (Option<Recipe>, Option<Envelope>) {
        if !root.is_object() {
            self.report(root, "Recipe must be a JSON object.".to_owned(), "an object");
            return (None, None);
        }
        let is_bare = root.member("version").is_some() || root.member("layers").is_some();
        if !is_bare && root.member("recipe").is_some() {
            let (recipe, envelope) = self.envelope(root);
            return (recipe, Some(envelope));
        }
        (self.recipe(root), None)
    }

    fn recipe(&mut self, recipe: Value<'_, '_>) -> Option<Recipe> {
        if !recipe.is_object() {
            self.report(recipe, "Recipe must be a JSON object.".to_owned(), "an object");
            return None;
        }
        if let Some(kind) = recipe.member("type").filter(|kind| kind.as_str() != Some("vector")) {
            let message = format!("Recipe type {} is not supported.", compact(kind));
            self.report(kind, message, "\"vector\", or no type at all");
            return None;
        }
        for key in ["version", "layers"] {
            self.require(recipe, key, "");
        }
        let mut made = Recipe { layers: Vec::new(), fillzoom: None, incremental: None };
        for member in recipe.members() {
            let value = member.value;
            match member.key {
                "version" if value.as_f64() == Some(1.0) => {}
                "version" => {
                    let hint = (value.as_str() == Some("1")).then_some("remove the quotes");
                    self.report(value, "version must be 1.".to_owned(), "1").hint = hint.map(str::to_owned);
                }
                "layers" => made.layers = self.layers(value),
                "fillzoom" => made.fillzoom = self.zoom(value, "fillzoom").map(|zoom| at(value, zoom)),
                "incremental" => {
                    made.incremental = self.boolean(value, "incremental").map(|flag| at(value, flag));
                }
                "type" => {}
                key => {
                    let message = format!("Unknown top-level key {}.", quoted(key));
                    let hint = beta_hint(recipe, key);
                    let problem = self.unknown(value, message, key, TOP_KEYS);
                    problem.hint = hint.or(problem.hint.take());
                }
            }
        }
        Some(made)
    }

    fn layers(&mut self, layers: Value<'_, '_>) -> Vec<Layer> {
        if !layers.is_object() {
            let hint = "write {\"name\": {\"source\": …, \"minzoom\": …, \"maxzoom\": …}}";
            self.report(layers, "layers must be an object.".to_owned(), "an object of layers by name").hint =
                Some(hint.to_owned());
            return Vec::new();
        }
        let count = layers.members().count();
        if count == 0 {
            self.report(layers, "layers must contain at least one layer.".to_owned(), "1 to 20 layers");
        }
        if LAYERS_MAX < count {
            let problem = self.report(
                layers,
                "layers cannot contain more than 20 layers.".to_owned(),
                "1 to 20 layers",
            );
            problem.found = counted(count, "layer");
        }
        layers.members().filter_map(|member| self.layer(member.key, member.value)).collect()
    }

    fn layer(&mut self, name: &str, layer: Value<'_, '_>) -> Option<Layer> {
        let path = &format!("layers.{name}");
        let checked_name = LayerName::new(name);
        if checked_name.is_none() {
            let message = format!(
                "{path} has an invalid name. \
                 Layer names may only include \"-\", \"_\", and alphanumeric characters."
            );
            let problem = self.report(layer, message, "letters, digits, \"-\" and \"_\"");
            problem.span = layer.key_span().unwrap_or(layer.span());
            problem.found = quoted(name);
        }
        if !layer.is_object() {
            let is_flat = LAYER_KEYS.contains(&name);
            self.report(layer, format!("{path} must be an object."), "an object").hint = is_flat.then(|| {
                "a layer stands under its name: {\"layers\": {\"name\": {\"source\": …}}}".to_owned()
            });
            return None;
        }
        for key in ["source", "minzoom", "maxzoom"] {
            self.require(layer, key, &format!("{path}."));
        }
        let zooms = ["minzoom", "maxzoom"].map(|key| layer.member(key).and_then(Value::as_integer));
        let reversed = match zooms {
            [Some(minzoom), Some(maxzoom)] if maxzoom < minzoom => Some((minzoom, maxzoom)),
            _ => None,
        };
        let (mut source, mut minzoom, mut maxzoom) = (None, None, None);
        let (mut features, mut tiles) =
            (Some(crate::recipe::Features::default()), Some(crate::recipe::Tiles::default()));
        for member in layer.members() {
            let (key, value) = (member.key, member.value);
            let path = &format!("{path}.{key}");
            match key {
                "source" => source = self.source(value, path).map(|source| at(value, source)),
                "minzoom" | "maxzoom" if reversed.is_some() => {}
                "minzoom" => minzoom = self.zoom(value, path),
                "maxzoom" => maxzoom = self.zoom(value, path),
                "features" => features = self.features(value, path),
                "tiles" => tiles = self.tiles(value, path),
                _ => self.unknown_key(value, key, &format!("layers.{name}"), LAYER_KEYS),
            }
        }
        if let Some((minzoom, maxzoom)) = reversed {
            let message = format!("minzoom {minzoom} cannot be larger than maxzoom {maxzoom}");
            let place = layer.member("minzoom").unwrap_or(layer);
            self.report(place, message, &format!("at most {maxzoom}, the maxzoom of the layer"));
        }
        Some(Layer {
            name: checked_name?,
            origin: layer.id(),
            source: source?,
            minzoom: minzoom?,
            maxzoom: maxzoom?,
            features: features?,
            tiles: tiles?,
        })
    }

    fn source(&mut self, value: Value<'_, '_>, path: &str) -> Option<String> {
        let Some(source) = value.as_str() else {
            self.report(value, format!("{path} must be a string."), "mapbox://tileset-source/username/id");
            return None;
        };
        let Some((user, id)) = source_parts(source) else {
            let problem = self.report(
                value,
                format!("{path} is not a valid tileset source ID."),
                "mapbox://tileset-source/username/id, the id of at most 32 letters, digits, \"-\" and \"_\"",
            );
            if source.contains(".geojson") || source.contains(".json") {
                problem.hint = Some("a recipe names its sources; files are given beside it".to_owned());
            }
            return None;
        };
        if let (Some(user), Some(account)) = (user, &self.options.account)
            && user != account
        {
            let hint = user.starts_with('{').then(|| format!("fill in the placeholder {user}"));
            let message = format!("{path} does not belong to account '{account}'.");
            let problem = self.report(value, message, &format!("a source of {account}"));
            problem.hint = hint;
            return None;
        }
        if let Sources::Known(known) = &self.options.sources
            && !known.iter().any(|name| name == source || name == id)
        {
            let hint = did_you_mean(source, known.iter().map(String::as_str))
                .or_else(|| did_you_mean(id, known.iter().map(String::as_str)));
            let expected = match known.as_slice() {
                [] => "a source; none is known".to_owned(),
                known => one_of(known.iter().map(|name| quoted(name)).collect()),
            };
            self.report(value, format!("{path} does not exist."), &expected).hint = hint;
            return None;
        }
        Some(source.to_owned())
    }

    fn zoom(&mut self, value: Value<'_, '_>, path: &str) -> Option<Zoom> {
        let limit = self.options.zoom_limit;
        let zoom = value.as_integer().and_then(|zoom| u8::try_from(zoom).ok()).and_then(Zoom::new);
        let is_beyond = zoom.is_some_and(|zoom| limit < zoom);
        let zoom = zoom.filter(|_| !is_beyond);
        if zoom.is_none() {
            let problem = self.report(
                value,
                format!("{path} must be an integer between 0 and {limit}."),
                &format!("an integer between 0 and {limit}"),
            );
            let raised = || format!("a zoom limit of up to {} can be asked for (`--zoom-limit`)", Zoom::MAX);
            problem.hint = unquote_hint(value).or_else(|| is_beyond.then(raised));
        }
        zoom
    }

    fn boolean(&mut self, value: Value<'_, '_>, path: &str) -> Option<bool> {
        let flag = value.as_bool();
        if flag.is_none() {
            let is_quoted = matches!(value.as_str(), Some("true" | "false"));
            self.report(value, format!("{path} must be a boolean."), "true or false").hint =
                is_quoted.then(|| "remove the quotes".to_owned());
        }
        flag
    }

    /// Reads an array of strings.
    fn names(&mut self, value: Value<'_, '_>, path: &str) -> Option<Vec<String>> {
        let names: Option<Vec<String>> = value.items().map(|item| item.as_str().map(str::to_owned)).collect();
        if let (true, Some(names)) = (value.is_array(), names) {
            return Some(names);
        }
        let odd = value.items().find(|item| item.as_str().is_none()).unwrap_or(value);
        self.report(odd, format!("{path} must be an array of strings."), "an array of strings");
        None
    }

    fn bbox(&mut self, value: Value<'_, '_>, path: &str) -> Option<LonLatBounds> {
        let items: Vec<_> = value.items().collect();
        let numbers: Option<Vec<f64>> = items.iter().map(|item| item.as_f64()).collect();
        let Some([west, south, east, north]) =
            numbers.as_deref().and_then(|numbers| numbers.as_array()).copied()
        else {
            self.report(
                value,
                format!("{path} must be an array of four numbers."),
                "[west, south, east, north]",
            );
            return None;
        };
        if east <= west || north <= south {
            let message = format!("{path} minimum must be smaller than maximum.");
            let problem = self.report(value, message, "west below east, and south below north");
            value.text().clone_into(&mut problem.found);
            problem.hint = (east < west).then(|| {
                "a box over the antimeridian needs two layers, one up to 180 and one from -180".to_owned()
            });
            return None;
        }
        Some(LonLatBounds { west, south, east, north })
    }

    fn expression(&mut self, value: Value<'_, '_>, path: &str, expected: Type) -> Option<At<Expression>> {
        let is_known = if self.options.strict { Op::is_documented } else { |_| true };
        match expression::parse(value, expected, is_known) {
            Ok(expression) => Some(at(value, expression)),
            Err(fault) => {
                let place = value.other(fault.at);
                self.problems.push(Problem {
                    message: format!("{path} has an invalid expression."),
                    reason: Some(fault.reason),
                    pointer: place.pointer(),
                    span: place.span(),
                    found: fault.found,
                    expected: fault.expected,
                    hint: fault.hint,
                });
                None
            }
        }
    }

    fn require(&mut self, object: Value<'_, '_>, key: &str, path: &str) {
        if object.member(key).is_none() {
            let problem =
                self.report(object, format!("{path}{key} is required."), &format!("the key {}", quoted(key)));
            "nothing".clone_into(&mut problem.found);
            problem.span = object.key_span().unwrap_or_else(|| opening(object));
        }
    }

    fn unknown_key(&mut self, value: Value<'_, '_>, key: &str, path: &str, known: &[&str]) {
        self.unknown(value, format!("{path} has an unknown key {}.", quoted(key)), key, known);
    }

    /// Reports a key; the hint names the nearest known one, or the object in which it would be one.
    fn unknown(&mut self, value: Value<'_, '_>, message: String, key: &str, known: &[&str]) -> &mut Problem {
        let homes = HOMES.iter().filter(|(_, keys)| keys.contains(&key));
        let homes = one_of(homes.map(|(home, _)| (*home).to_owned()).collect());
        let hint = if homes.is_empty() {
            did_you_mean(key, known.iter().copied())
        } else {
            Some(format!("{} belongs in {homes}", quoted(key)))
        };
        let expected = one_of(known.iter().map(|key| quoted(key)).collect());
        let problem = self.report(value, message, &expected);
        problem.span = value.key_span().unwrap_or(value.span());
        problem.found = format!("the key {}", quoted(key));
        problem.hint = hint;
        problem
    }

    fn report(&mut self, value: Value<'_, '_>, message: String, expected: &str) -> &mut Problem {
        self.problems.push(Problem {
            message,
            reason: None,
            pointer: value.pointer(),
            span: value.span(),
            found: value.describe(),
            expected: expected.to_owned(),
            hint: None,
        });
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }
}

/// Splits a source id into user, if any, and id.
fn source_parts(source: &str) -> Option<(Option<&str>, &str)> {
    let rest = source.strip_prefix(SOURCE_PREFIX)?;
    let (user, id) = match rest.split_once('/') {
        Some((user, id)) => (Some(user), id),
        None => (None, rest),
    };
    let is_id_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_id = !id.is_empty() && id.len() <= SOURCE_ID_CHARS_MAX && id.bytes().all(is_id_byte);
    let is_user = user.is_none_or(|user| {
        let name = user.strip_prefix('{').and_then(|user| user.strip_suffix('}')).unwrap_or(user);
        !name.is_empty() && name.bytes().all(|byte| is_id_byte(byte) || byte == b'.')
    });
    (is_id && is_user).then_some((user, id))
}

/// Returns the hint for a recipe whose layer fields stand at the top.
fn beta_hint(recipe: Value<'_, '_>, key: &str) -> Option<String> {
    let is_beta =
        matches!(key, "minzoom" | "maxzoom" | "layer_name" | "filter") && recipe.member("layers").is_none();
    is_beta.then(|| {
        "flat recipes of the 2019 beta are no longer read; \
         write {\"version\": 1, \"layers\": {\"name\": {\"source\": …, \"minzoom\": …, \"maxzoom\": …}}}"
            .to_owned()
    })
}

fn unquote_hint(value: Value<'_, '_>) -> Option<String> {
    let is_quoted = value.as_str().is_some_and(|text| text.trim().parse::<f64>().is_ok());
    is_quoted.then(|| "remove the quotes".to_owned())
}

/// Returns the first byte of a value, which for an object is its brace.
fn opening(value: Value<'_, '_>) -> Range<usize> {
    let start = value.span().start;
    start..start + 1
}

fn at<T>(value: Value<'_, '_>, read: T) -> At<T> {
    At { value: read, origin: value.id() }
}

/// Returns a text in quotes, as JSON writes it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Returns a value as JSON without spaces.
fn compact(value: Value<'_, '_>) -> String {
    value.to_json().to_string()
}

/// Returns alternatives as a phrase.
fn one_of(mut names: Vec<String>) -> String {
    let Some(last) = names.pop() else { return String::new() };
    if names.is_empty() { last } else { format!("{} or {last}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use crate::{Options, Sources, check};

    const LAYER: &str = r#""source": "mapbox://tileset-source/acme/data", "minzoom": 0, "maxzoom": 5"#;

    fn layer(options: &str) -> String {
        format!(r#"{{"version": 1, "layers": {{"a": {{{LAYER}, {options}}}}}}}"#)
    }

    fn run(text: &str, options: &Options, expected: &[[&str; 3]]) {
        let checked = check(text.as_bytes(), options);
        let found: Vec<[&str; 3]> = checked
            .problems
            .iter()
            .map(|problem| {
                let hint = problem.hint.as_deref().unwrap_or_default();
                [problem.pointer.as_str(), &text[problem.span.clone()], hint]
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    /// Compares pointer, underlined text and hint of every problem.
    fn check_places(text: &str, expected: &[[&str; 3]]) {
        run(text, &Options::default(), expected);
    }

    #[test]
    fn unknown_keys_are_underlined_and_explained() {
        check_places(
            &layer(r#""feature": {}"#),
            &[["/layers/a/feature", "\"feature\"", "did you mean \"features\"?"]],
        );
        check_places(
            &layer(r#""features": {"limit": []}"#),
            &[["/layers/a/features/limit", "\"limit\"", "\"limit\" belongs in \"tiles\""]],
        );
        check_places(
            &layer(r#""filter": true"#),
            &[["/layers/a/filter", "\"filter\"", "\"filter\" belongs in \"features\" or \"tiles\""]],
        );
        check_places(&layer(r#""color": 1"#), &[["/layers/a/color", "\"color\"", ""]]);
    }

    #[test]
    fn missing_keys_underline_the_name_of_the_object() {
        check_places(
            r#"{"version": 1, "layers": {"a": {"source": "mapbox://tileset-source/data", "minzoom": 1}}}"#,
            &[["/layers/a", "\"a\"", ""]],
        );
    }

    #[test]
    fn faults_of_expressions_underline_the_part_that_is_wrong() {
        check_places(
            &layer(r#""features": {"filter": ["all", true, ["<", ["zoom"], "5"]]}"#),
            &[["/layers/a/features/filter/2", "[\"<\", [\"zoom\"], \"5\"]", "remove the quotes"]],
        );
        check_places(
            &layer(r#""features": {"id": {"attribute_id": "GEOID"}}"#),
            &[[
                "/layers/a/features/id",
                "{\"attribute_id\": \"GEOID\"}",
                "the object form is no longer read; write [\"get\", \"GEOID\"]",
            ]],
        );
    }

    #[test]
    fn pointers_escape_slashes() {
        check_places(&layer(r#""a/b~c": 1"#), &[["/layers/a/a~1b~0c", "\"a/b~c\"", ""]]);
    }

    #[test]
    fn boxes_over_the_antimeridian_are_explained() {
        check_places(
            &layer(r#""tiles": {"bbox": [170, -10, -170, 10]}"#),
            &[[
                "/layers/a/tiles/bbox",
                "[170, -10, -170, 10]",
                "a box over the antimeridian needs two layers, one up to 180 and one from -180",
            ]],
        );
        check_places(
            &layer(r#""tiles": {"bbox": [0, 10, 5, 10]}"#),
            &[["/layers/a/tiles/bbox", "[0, 10, 5, 10]", ""]],
        );
    }

    #[test]
    fn shapes_of_old_recipes_are_explained() {
        let text = r#"{"version": 1, "minzoom": 0}"#;
        let hint = check(text.as_bytes(), &Options::default()).problems[1].hint.clone();
        assert!(hint.is_some_and(|hint| hint.starts_with("flat recipes of the 2019 beta")));
        check_places(
            &layer(r#""tiles": {"union": {}}"#),
            &[["/layers/a/tiles/union", "{}", "put the object into brackets: [{…}]"]],
        );
    }

    #[test]
    fn sources_are_known_by_their_full_id_or_its_last_part() {
        let text = layer(r#""tiles": {}"#);
        let known = |names: &[&str]| Options {
            sources: Sources::Known(names.iter().map(|name| (*name).to_owned()).collect()),
            ..Options::default()
        };
        run(&text, &known(&["data"]), &[]);
        run(&text, &known(&["mapbox://tileset-source/acme/data"]), &[]);
        let quoted = "\"mapbox://tileset-source/acme/data\"";
        run(&text, &known(&["date"]), &[["/layers/a/source", quoted, "did you mean \"date\"?"]]);
        run(&text, &known(&["roads"]), &[["/layers/a/source", quoted, ""]]);
    }

    #[test]
    fn sources_of_other_accounts_are_refused_unless_they_name_none() {
        let options = Options { account: Some("town".to_owned()), ..Options::default() };
        let quoted = "\"mapbox://tileset-source/acme/data\"";
        run(&layer(r#""tiles": {}"#), &options, &[["/layers/a/source", quoted, ""]]);
        run(&layer(r#""tiles": {}"#).replace("acme/", ""), &options, &[]);
        run(&layer(r#""tiles": {}"#).replace("acme", "town"), &options, &[]);
    }

    #[test]
    fn zoom_limit_is_a_setting() {
        let text = layer(r#""tiles": {}"#).replace("\"maxzoom\": 5", "\"maxzoom\": 22");
        run(&text, &Options { zoom_limit: zellige_model::Zoom::MAX, ..Options::default() }, &[]);
        let hint = "a zoom limit of up to 22 can be asked for (`--zoom-limit`)";
        check_places(&text, &[["/layers/a/maxzoom", "22", hint]]);
    }

    #[test]
    fn undocumented_operators_are_unknown_when_strict() {
        let text = layer(r#""features": {"filter": ["in", "a", ["get", "names"]]}"#);
        check_places(&text, &[]);
        let checked = check(text.as_bytes(), &Options { strict: true, ..Options::default() });
        assert_eq!(
            checked.wire_messages(),
            [
                "layers.a.features.filter has an invalid expression.",
                "Unknown expression \"in\". If you wanted a literal array, use [\"literal\", [...]].",
            ]
        );
    }

    #[test]
    fn last_of_equal_keys_is_the_one_that_is_checked() {
        check_places(&layer(r#""minzoom": "x", "minzoom": 1"#), &[]);
        check_places(&layer(r#""minzoom": 1, "minzoom": "x""#), &[["/layers/a/minzoom", "\"x\"", ""]]);
    }

    #[test]
    fn huge_numbers_are_out_of_range_and_nothing_else() {
        for huge in ["1e308", "-1e308", "123456789012345678901234567890", "18446744073709551616"] {
            let text = layer(&format!(r#""tiles": {{"layer_size": {huge}}}"#));
            check_places(&text, &[["/layers/a/tiles/layer_size", huge, ""]]);
        }
    }

    #[test]
    fn envelope_is_read_beside_the_recipe() {
        let recipe = layer(r#""tiles": {}"#);
        let text = format!(
            r#"{{"name": "Parks", "description": "All", "private": true, "recipe": {recipe},
                "attribution": [{{"text": "Town", "link": "https://town.example"}}]}}"#
        );
        let checked = check(text.as_bytes(), &Options::default());
        let envelope = checked.envelope.unwrap();
        assert_eq!(envelope.name.as_deref(), Some("Parks"));
        assert_eq!((envelope.description.as_deref(), envelope.private), (Some("All"), Some(true)));
        assert_eq!(envelope.attribution[0].text, "Town");
        assert_eq!(checked.plan.unwrap().recipe["version"], 1);
    }

    #[test]
    fn pointers_inside_an_envelope_begin_at_its_top() {
        let text = format!(r#"{{"name": "Parks", "recipe": {}}}"#, layer(r#""tiles": 1"#));
        check_places(&text, &[["/recipe/layers/a/tiles", "1", ""]]);
    }
}
