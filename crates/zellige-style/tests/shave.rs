//! Shaved tiles against a plain evaluation of their style, by another reader of expressions.

use std::collections::BTreeMap;

use maplibre_expr::{EvaluationContext, Value as Known, convert_legacy_filter, evaluate, parse, typecheck};
use proptest::prelude::*;
use prost::Message;
use serde_json::{Value as Json, json};
use zellige_model::{Value, ValueRef};
use zellige_style::Style;
use zellige_style::shave::Shaver;
use zellige_tile::decode::{DecodedFeature, DecodedLayer, decode};

/// The format as its specification has it, apart from the code under test.
#[derive(Message)]
struct Tile {
    #[prost(message, repeated, tag = "3")]
    layers: Vec<Layer>,
}

#[derive(Message)]
struct Layer {
    #[prost(uint32, tag = "15")]
    version: u32,
    #[prost(string, required, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    features: Vec<Feature>,
    #[prost(string, repeated, tag = "3")]
    keys: Vec<String>,
    #[prost(message, repeated, tag = "4")]
    values: Vec<TileValue>,
}

#[derive(Message)]
struct Feature {
    #[prost(uint64, optional, tag = "1")]
    id: Option<u64>,
    #[prost(uint32, repeated, tag = "2")]
    tags: Vec<u32>,
    #[prost(uint32, tag = "3")]
    kind: u32,
    #[prost(uint32, repeated, tag = "4")]
    geometry: Vec<u32>,
}

#[derive(Message)]
struct TileValue {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
    #[prost(double, optional, tag = "3")]
    double: Option<f64>,
    #[prost(bool, optional, tag = "7")]
    bool: Option<bool>,
}

/// A feature as drawn by hand: kind, and attributes.
type Drawn = (u32, Vec<(&'static str, Json)>);

const NAMES: [&str; 4] = ["class", "rank", "lit", "name"];

/// Encodes features as one layer `x`; ids count from 1.
fn tile(features: &[Drawn]) -> Vec<u8> {
    let keys = NAMES.map(str::to_owned).to_vec();
    let mut layer =
        Layer { version: 2, name: "x".to_owned(), features: Vec::new(), keys, values: Vec::new() };
    for (idx, (kind, attributes)) in features.iter().enumerate() {
        let mut tags = Vec::new();
        for (name, value) in attributes {
            let key = NAMES.iter().position(|known| known == name).expect("all names are known");
            tags.extend([key as u32, layer.values.len() as u32]);
            layer.values.push(TileValue {
                text: value.as_str().map(str::to_owned),
                double: value.as_f64(),
                bool: value.as_bool(),
            });
        }
        let geometry = match kind {
            1 => vec![9, 2, 2],
            2 => vec![9, 2, 2, 10, 4, 4],
            _ => vec![9, 0, 0, 26, 8, 0, 0, 8, 7, 0, 15],
        };
        layer.features.push(Feature { id: Some(idx as u64 + 1), tags, kind: *kind, geometry });
    }
    Tile { layers: vec![layer] }.encode_to_vec()
}

/// Makes a style with a line layer of this filter, and what else the layer says.
fn style(filter: &Json, rest: &Json) -> Style {
    let mut layer = json!({"id": "l", "type": "line", "source": "s", "source-layer": "x", "filter": filter});
    for (key, value) in rest.as_object().into_iter().flatten() {
        layer[key] = value.clone();
    }
    let style = json!({
        "version": 8,
        "sources": {"s": {"type": "vector", "url": "mapbox://a.b"}},
        "layers": [layer],
    });
    zellige_style::parse(style.to_string().as_bytes()).expect("the style is sound")
}

/// Shaves a tile of zoom 10 in a tileset of zooms up to 14 or 10, and reads it back.
fn shaved(style: &Style, bytes: &[u8], maxzoom: u8) -> Option<DecodedLayer> {
    let (bytes, saved) = Shaver::new(style, &["s"]).shave(bytes, 10, maxzoom).expect("the tile is sound");
    assert_eq!(saved.bytes_out, bytes.len() as u64);
    decode(&bytes).expect("a shaved tile is a tile").layers.pop()
}

fn known(value: ValueRef<'_>) -> Known {
    match value.to_owned() {
        Value::Bool(value) => Known::Bool(value),
        Value::Int(number) => Known::Number(number as f64),
        Value::Double(number) => Known::Number(number),
        Value::String(text) => Known::String(text),
        other => panic!("{other:?} is in no tile of this test"),
    }
}

/// Replaces the zoom, which the other reader allows in few places only, by a number.
fn at_zoom(filter: &Json, zoom: f64) -> Json {
    match filter {
        Json::Array(items) if items.len() == 1 && items[0] == "zoom" => json!(zoom),
        Json::Array(items) => items.iter().map(|item| at_zoom(item, zoom)).collect(),
        other => other.clone(),
    }
}

/// Whether the other reader finds a filter true; nothing when it cannot read it.
fn is_true(filter: &Json, zoom: f64, layer: &DecodedLayer, feature: &DecodedFeature) -> Option<bool> {
    let filter = convert_legacy_filter(&at_zoom(filter, zoom)).ok()?;
    let expression = typecheck(&parse(&filter).ok()?, Some(&maplibre_expr::Type::Boolean), false).ok()?;
    let properties: BTreeMap<_, _> =
        layer.attributes(feature).map(|(name, value)| (name.to_owned(), known(value))).collect();
    let kind = feature.kind.map(|kind| kind.name().to_owned());
    let feature = maplibre_expr::Feature {
        id: feature.id.map(|id| Known::Number(id as f64)),
        properties,
        geometry_type: kind,
        ..maplibre_expr::Feature::default()
    };
    let context = EvaluationContext::new().with_zoom(zoom).with_feature(feature);
    Some(evaluate(&expression, &context) == Ok(Known::Bool(true)))
}

/// Returns the ids of the features that are left of a tile.
fn ids(layer: Option<&DecodedLayer>) -> Vec<u64> {
    layer.map(|layer| layer.features.iter().filter_map(|feature| feature.id).collect()).unwrap_or_default()
}

fn check(filter: &Json, rest: &Json, maxzoom: u8, expected: &[u64]) {
    let bytes = tile(&[
        (2, vec![("class", json!("main")), ("rank", json!(3)), ("name", json!("A"))]),
        (2, vec![("class", json!("side")), ("rank", json!(7))]),
        (3, vec![("lit", json!(true))]),
    ]);
    let left = shaved(&style(filter, rest), &bytes, maxzoom);
    assert_eq!(ids(left.as_ref()), expected, "{filter} {rest}");
}

#[test]
fn features_that_no_layer_draws_go() {
    check(&json!(["==", "class", "main"]), &json!({}), 14, &[1]);
    check(&json!(["has", "lit"]), &json!({}), 14, &[3]);
    check(&json!(["==", ["get", "class"], "path"]), &json!({}), 14, &[]);
    check(
        &json!(["all", ["==", ["geometry-type"], "LineString"], ["<", ["pitch"], 3]]),
        &json!({}),
        14,
        &[1, 2],
    );
}

#[test]
fn layers_of_other_zooms_do_not_count() {
    let all = json!(["all"]);
    check(&all, &json!({"minzoom": 10.5}), 14, &[1, 2, 3]);
    check(&all, &json!({"minzoom": 11}), 14, &[]);
    check(&all, &json!({"minzoom": 18}), 10, &[1, 2, 3]);
    check(&all, &json!({"maxzoom": 10}), 14, &[]);
    check(&all, &json!({"maxzoom": 10.1}), 14, &[1, 2, 3]);
    check(&json!([">", ["zoom"], 10.9]), &json!({}), 14, &[1, 2, 3]);
    check(&json!([">=", ["zoom"], 11]), &json!({}), 14, &[]);
    check(&json!([">=", ["zoom"], 11]), &json!({}), 10, &[1, 2, 3]);
    check(&all, &json!({"layout": {"visibility": "none"}}), 14, &[1, 2, 3]);
}

#[test]
fn attributes_that_no_layer_uses_go() {
    let bytes = tile(&[(2, vec![("class", json!("main")), ("rank", json!(3)), ("name", json!("A"))])]);
    let left = |filter: &Json, rest: &Json| -> Vec<String> {
        let layer = shaved(&style(filter, rest), &bytes, 14).expect("the feature stays");
        let found = layer.attributes(&layer.features[0]).map(|(name, _)| name.to_owned()).collect();
        assert!(
            layer.keys.iter().all(|key| layer.attributes(&layer.features[0]).any(|(name, _)| name == key))
        );
        assert_eq!(layer.keys.len(), layer.values.len());
        found
    };
    let (all, width) = (json!(["all"]), |value: Json| json!({"paint": {"line-width": value}}));
    assert_eq!(left(&all, &json!({})), Vec::<String>::new());
    assert_eq!(left(&json!(["==", "class", "main"]), &json!({})), ["class"]);
    assert_eq!(left(&all, &width(json!(["get", "rank"]))), ["rank"]);
    assert_eq!(left(&all, &width(json!({"property": "rank", "stops": [[0, 1]]}))), ["rank"]);
    assert_eq!(left(&all, &width(json!(["get", ["concat", "ra", "nk"]]))), ["class", "rank", "name"]);
}

#[test]
fn layers_and_sources_that_nobody_draws_go() {
    let bytes = tile(&[(2, vec![])]);
    let style = style(&json!(["all"]), &json!({"source-layer": "y"}));
    let (bytes_out, saved) = Shaver::new(&style, &["s"]).shave(&bytes, 10, 14).unwrap();
    assert_eq!((bytes_out.len(), saved.layers, saved.features), (0, 1, 1));
    let (bytes_out, saved) = Shaver::new(&style, &["t"]).shave(&bytes, 10, 14).unwrap();
    assert_eq!((bytes_out.len(), saved.layers, saved.features), (0, 1, 1));
    assert!(Shaver::new(&style, &["s"]).shave(b"\x1a\x05", 10, 14).is_err());
}

/// Values of attributes, and constants beside them.
fn value() -> impl Strategy<Value = Json> {
    prop_oneof![
        prop::sample::select(vec![json!("main"), json!("side"), json!("a"), json!("")]),
        prop::sample::select(vec![
            json!(0),
            json!(1),
            json!(3),
            json!(10),
            json!(10.5),
            json!(11),
            json!(-2.5)
        ]),
        any::<bool>().prop_map(Json::from),
    ]
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(NAMES.to_vec())
}

fn comparison() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="])
}

/// What can be compared: attributes, constants, the zoom, and what is computed of them.
fn operand() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        3 => name().prop_map(|name| json!(["get", name])),
        2 => value(),
        2 => Just(json!(["zoom"])),
        1 => Just(json!(["id"])),
        1 => Just(json!(["geometry-type"])),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let unary = prop::sample::select(vec![
            "to-string",
            "to-number",
            "to-boolean",
            "typeof",
            "number",
            "string",
            "boolean",
            "abs",
            "floor",
            "upcase",
            "length",
        ]);
        let several =
            prop::sample::select(vec!["+", "*", "min", "max", "concat", "coalesce", "string", "number"]);
        let binary = prop::sample::select(vec!["-", "/", "%"]);
        prop_oneof![
            (unary, inner.clone()).prop_map(|(operator, a)| json!([operator, a])),
            (binary, inner.clone(), inner.clone()).prop_map(|(operator, a, b)| json!([operator, a, b])),
            (several, prop::collection::vec(inner.clone(), 1..4)).prop_map(|(operator, arguments)| {
                std::iter::once(json!(operator)).chain(arguments).collect()
            }),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(input, a, b)| json!(["step", input, a, 10.5, b])),
            (inner.clone(), inner.clone(), inner).prop_map(|(input, a, b)| json!([
                "match",
                input,
                ["main", "a"],
                a,
                b
            ])),
        ]
    })
}

/// Filters of the form of expressions.
fn filter() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        6 => (comparison(), operand(), operand()).prop_map(|(operator, a, b)| json!([operator, a, b])),
        1 => name().prop_map(|name| json!(["has", name])),
        1 => name().prop_map(|name| json!(["boolean", ["get", name]])),
        1 => operand().prop_map(|a| json!(["in", a, ["literal", ["main", 3, "a"]]])),
        1 => operand().prop_map(|a| json!(["let", "v", a, ["==", ["var", "v"], ["get", "rank"]]])),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4)
                .prop_map(|parts| std::iter::once(json!("all")).chain(parts).collect()),
            prop::collection::vec(inner.clone(), 1..4)
                .prop_map(|parts| std::iter::once(json!("any")).chain(parts).collect()),
            inner.clone().prop_map(|part| json!(["!", part])),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| json!(["case", a, b, c])),
            (inner.clone(), inner.clone(), 0.0..20.0).prop_map(|(a, b, at)| json!([
                "step",
                ["zoom"],
                a,
                at,
                b
            ])),
            (name(), inner.clone(), inner).prop_map(|(name, a, b)| json!([
                "match",
                ["get", name],
                "main",
                a,
                b
            ])),
        ]
    })
}

/// Filters of the form before expressions.
fn old_filter() -> impl Strategy<Value = Json> {
    let named = prop_oneof![name().prop_map(str::to_owned), Just("$id".to_owned())];
    let kinds = prop::sample::select(vec!["Point", "LineString", "Polygon"]);
    let leaf = prop_oneof![
        (comparison(), named, value()).prop_map(|(operator, name, value)| json!([operator, name, value])),
        (name(), value(), value(), any::<bool>())
            .prop_map(|(name, a, b, is_in)| { json!([if is_in { "in" } else { "!in" }, name, a, b]) }),
        name().prop_map(|name| json!(["!has", name])),
        kinds.prop_map(|kind| json!(["==", "$type", kind])),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let operator = prop::sample::select(vec!["all", "any", "none"]);
        (operator, prop::collection::vec(inner, 1..4))
            .prop_map(|(operator, parts)| std::iter::once(json!(operator)).chain(parts).collect())
    })
}

fn feature() -> impl Strategy<Value = Drawn> {
    let attributes = prop::collection::btree_map(name(), value(), 0..4);
    (1_u32..=3, attributes).prop_map(|(kind, attributes)| (kind, attributes.into_iter().collect()))
}

/// Compares what is left of a tile with what the other reader draws at sampled view zooms.
fn nothing_drawn_is_lost(filter: &Json, features: &[Drawn], maxzoom: u8) -> Result<(), TestCaseError> {
    let bytes = tile(features);
    let text = json!({
        "version": 8,
        "sources": {"s": {"type": "vector", "url": "mapbox://a.b"}},
        "layers": [{"id": "l", "type": "line", "source": "s", "source-layer": "x", "filter": filter}],
    });
    // What the types of expressions forbid is no filter.
    let Ok(style) = zellige_style::parse(text.to_string().as_bytes()) else { return Ok(()) };
    let whole = decode(&bytes).expect("the tile is sound").layers.pop().expect("it has a layer");
    let left = shaved(&style, &bytes, maxzoom);
    let kept = ids(left.as_ref());
    let zooms: &[f64] =
        if maxzoom == 10 { &[10.0, 10.5, 11.0, 15.0, 22.0] } else { &[10.0, 10.25, 10.5, 10.999] };
    for feature in &whole.features {
        let id = feature.id.expect("all features have ids");
        for zoom in zooms {
            let Some(is_drawn) = is_true(filter, *zoom, &whole, feature) else { continue };
            prop_assert!(!is_drawn || kept.contains(&id), "{id} is drawn at {zoom}");
            let Some(after) = left.iter().flat_map(|layer| &layer.features).find(|left| left.id == Some(id))
            else {
                continue;
            };
            let layer = left.as_ref().expect("a feature of it is there");
            prop_assert_eq!(is_true(filter, *zoom, layer, after), Some(is_drawn));
            prop_assert_eq!(&after.geometry, &feature.geometry);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_expressions_draw_stays(
        filter in filter(), features in prop::collection::vec(feature(), 1..5), is_deepest in any::<bool>(),
    ) {
        nothing_drawn_is_lost(&filter, &features, if is_deepest { 10 } else { 14 })?;
    }

    #[test]
    fn what_old_filters_draw_stays(
        filter in old_filter(), features in prop::collection::vec(feature(), 1..5), is_deepest in any::<bool>(),
    ) {
        nothing_drawn_is_lost(&filter, &features, if is_deepest { 10 } else { 14 })?;
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let style = style(&json!(["has", "class"]), &json!({}));
        let _ = Shaver::new(&style, &["s"]).shave(&bytes, 10, 14);
    }
}
