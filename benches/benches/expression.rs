//! What an expression costs a feature: attributes bound, a road filter, one by zoom before and after it
//! is folded (`at_zoom` is the folding itself), an attribute made.
//!
//! The roads have the attributes of a city extract: all have `osm_id` and `highway`, some have each of six more,
//! so the keys stand elsewhere from road to road. `equal_keys` are roads that all have the same keys.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zellige_benches::{Dice, criterion};
use zellige_model::{Attributes, GeometryKind, ValueRef};
use zellige_recipe::expression::{Bindings, Evaluator, Names, Program, Scope, compile};
use zellige_recipe::{Options, check};

/// Few enough to stay near the processor, as a feature that was just read does.
const N_ROADS: usize = 256;

/// Three comparisons and a `match`.
const FILTER: &str = r#"["all",
    ["!=", ["get", "access"], "private"],
    [">=", ["coalesce", ["get", "lanes"], 1], 1],
    ["==", ["geometry-type"], "LineString"],
    ["match", ["get", "highway"],
        ["motorway", "trunk", "primary", "secondary", "tertiary", "residential", "service"], true, false]]"#;

/// Classes by zoom, as public recipes write them.
const BY_ZOOM: &str = r#"["case",
    ["<", ["zoom"], 6], ["match", ["get", "highway"], ["motorway"], true, false],
    ["<", ["zoom"], 9], ["match", ["get", "highway"], ["motorway", "trunk", "primary"], true, false],
    ["<", ["zoom"], 12], ["all", ["has", "name"], ["!=", ["get", "access"], "private"]],
    true]"#;

const LABEL: &str =
    r#"["concat", ["upcase", ["get", "highway"]], " ", ["coalesce", ["get", "name"], "-"], " ", ["zoom"]]"#;

fn program(expression: &str, names: &mut Names) -> Program {
    let recipe = format!(
        r#"{{"version": 1, "layers": {{"roads": {{"source": "mapbox://tileset-source/me/bench",
            "minzoom": 0, "maxzoom": 5, "features": {{"attributes": {{"set": {{"made": {expression}}}}}}}}}}}}}"#
    );
    let recipe = check(recipe.as_bytes(), &Options::default()).recipe.expect("the recipe is valid");
    let set = recipe.layers[0].features.set.as_ref().expect("the recipe sets an attribute");
    compile(&set.value[0].value.value, names)
}

/// Makes roads; of a hundred, `share` have each of the attributes that not all have.
fn roads(share: u32) -> Vec<Attributes> {
    let classes =
        ["motorway", "primary", "residential", "service", "track", "footway", "path", "unclassified"];
    let mut dice = Dice::new(7);
    let mut road = |idx| {
        let mut road = Attributes::default();
        road.push("osm_id", ValueRef::String(&format!("w{idx}")));
        road.push("highway", ValueRef::String(classes[dice.below(8) as usize]));
        let name = format!("Street of {} Oaks", dice.below(900));
        let others = [
            ("name", ValueRef::String(&name)),
            ("surface", ValueRef::String("asphalt")),
            ("lanes", ValueRef::Int(2)),
            ("oneway", ValueRef::String("yes")),
            ("maxspeed", ValueRef::String("50")),
            ("access", ValueRef::String("private")),
        ];
        for (key, value) in others {
            if dice.below(100) < share {
                road.push(key, value);
            }
        }
        road
    };
    (0..N_ROADS).map(&mut road).collect()
}

fn scope(attributes: &Bindings) -> Scope<'_> {
    Scope { zoom: 8, geometry: GeometryKind::LineString, id: ValueRef::Null, attributes }
}

fn evaluate(bench: &mut Criterion) {
    let mut group = bench.benchmark_group("expression");
    group.throughput(Throughput::Elements(N_ROADS as u64));

    let mut names = Names::default();
    let [filter, by_zoom, label] = [FILTER, BY_ZOOM, LABEL].map(|text| program(text, &mut names));
    let names = Arc::new(names);
    let mixed = roads(45);

    for (name, roads) in [("bind", &mixed), ("bind_equal_keys", &roads(100))] {
        let mut bindings = Bindings::new(Arc::clone(&names));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for road in roads {
                    bindings.bind(road.iter());
                    black_box(&bindings);
                }
            });
        });
    }

    let bound: Vec<Bindings> = mixed
        .iter()
        .map(|road| {
            let mut bindings = Bindings::new(Arc::clone(&names));
            bindings.bind(road.iter());
            bindings
        })
        .collect();
    let mut evaluator = Evaluator::default();
    let at_zoom = by_zoom.at_zoom(8);
    for (name, program) in [("filter", &filter), ("filter_by_zoom", &by_zoom), ("filter_at_zoom", &at_zoom)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let kept =
                    bound.iter().filter(|road| evaluator.test(program, &scope(road)).expect("a boolean"));
                kept.count()
            });
        });
    }
    group.bench_function("set", |bencher| {
        bencher.iter(|| {
            for road in &bound {
                black_box(evaluator.value(&label, &scope(road)).expect("a text"));
            }
        });
    });
    let mut bindings = Bindings::new(Arc::clone(&names));
    group.bench_function("bind_and_filter", |bencher| {
        bencher.iter(|| {
            let is_kept = |road: &&Attributes| {
                bindings.bind(road.iter());
                evaluator.test(&filter, &scope(&bindings)).expect("a boolean")
            };
            mixed.iter().filter(is_kept).count()
        });
    });
    group.finish();
    bench.bench_function("expression/at_zoom", |bencher| bencher.iter(|| black_box(by_zoom.at_zoom(8))));
}

criterion_group! { name = benches; config = criterion(); targets = evaluate }
criterion_main!(benches);
