//! Inputs of the benchmarks: made from a seed, in three characters and three sizes, and real ones on request.
//!
//! Everything made lies in one square degree at the foot of the Alps, so that a feature meets as many tiles
//! as it does in a city file. The lines are the first form; features and shapes come from reading them, so
//! that a stage and the whole engine are measured on the same things.
//!
//! Real inputs are the files `*.geojsonl.gz` of the folder that [`DATA`] names.
#![expect(clippy::missing_panics_doc, reason = "a bench ends where a promise is broken")]

pub mod made;
pub mod real;
pub mod shapes;

use std::time::Duration;

use criterion::{BenchmarkId, Criterion};
use zellige_ingest::Parser;
use zellige_model::Feature;
use zellige_recipe::{Options, Plan, check};

pub use made::{Character, Dice, Size};
pub use real::DATA;

/// Returns how all stages are measured: short samples, and few of them, since a stage is steady.
#[must_use]
pub fn criterion() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .measurement_time(Duration::from_secs(2))
        .warm_up_time(Duration::from_millis(500))
}

/// Whether every bench only has to run once, as a test of itself.
#[must_use]
pub fn is_test() -> bool {
    let is_given = |flag: &str| std::env::args().any(|argument| argument == flag);
    is_given("--test") || !is_given("--bench")
}

/// Returns the sizes to measure; a test takes the small one alone.
#[must_use]
pub fn sizes() -> &'static [Size] {
    if is_test() { &[Size::Small] } else { &[Size::Small, Size::Medium, Size::Large] }
}

/// One made input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// What it is like.
    pub character: Character,
    /// How much there is of it.
    pub size: Size,
}

impl Input {
    /// Returns its name in results: what it is and how many features it has.
    #[must_use]
    pub fn id(self) -> BenchmarkId {
        BenchmarkId::new(self.character.name(), self.character.n_features(self.size))
    }

    /// Returns its lines of GeoJSON.
    #[must_use]
    pub fn lines(self) -> String {
        made::lines(self.character, self.size)
    }

    /// Returns its features.
    #[must_use]
    pub fn features(self) -> Vec<Feature> {
        features(&self.lines())
    }
}

/// Returns all made inputs of these characters.
pub fn inputs(characters: &[Character]) -> impl Iterator<Item = Input> {
    let of = |character: &Character| {
        let character = *character;
        sizes().iter().map(move |size| Input { character, size: *size })
    };
    characters.iter().flat_map(of)
}

/// Reads every line as a feature.
#[must_use]
pub fn features(lines: &str) -> Vec<Feature> {
    let mut parser = Parser::new();
    let read = |line: &str| {
        let mut feature = Feature::default();
        parser.parse(line.as_bytes(), &mut feature).expect("every line is a feature");
        feature
    };
    lines.lines().map(read).collect()
}

/// Returns the plan of one layer, called `bench` like its source, from zoom 0 to `maxzoom`, in which no tile
/// is full before 2,500 KiB.
#[must_use]
pub fn plan(maxzoom: u8) -> Plan {
    let recipe = format!(
        r#"{{"version": 1, "layers": {{"bench": {{"source": "mapbox://tileset-source/me/bench",
            "minzoom": 0, "maxzoom": {maxzoom}, "tiles": {{"layer_size": 2500}}}}}}}}"#
    );
    check(recipe.as_bytes(), &Options::default()).plan.expect("the recipe is valid")
}

/// Tells the person at the screen something that no measurement says.
#[expect(clippy::print_stderr, reason = "criterion prints beside it")]
pub fn say(sentence: &str) {
    eprintln!("{sentence}");
}
