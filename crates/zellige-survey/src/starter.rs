//! A first recipe for data, to start from.
//!
//! In:     samples, each with the name that its layer shall have.
//! Out:    a recipe of one layer a sample that the checker has nothing to say about, and what was decided and why.
//! Keeps:  every feature at the deepest zoom. At zooms where tiles would be full, points are thinned; lines and
//!         polygons begin at a deeper zoom instead.
//! Source: the deepest zoom resolves the spacing of vertices; the first one shows the whole extent in a few tiles. Full
//!         tiles are found by [`forecast`], and what is found is mended until there are none.

use serde_json::{Map, Value, json};
use zellige_model::{GeometryKind, LayerName, Zoom};
use zellige_recipe::{LAYERS_MAX, Options, check};

use crate::Error;
use crate::forecast::{Settings, forecast};
use crate::profile::Profile;
use crate::sample::Sample;

mod attributes;
mod format;
mod zooms;

pub use format::to_text;

/// The account in the ids of sources; any will do.
const ACCOUNT: &str = "me";
/// Characters that the id of a source may have.
const NAME_CHARS_MAX: usize = 32;
/// The deepest zoom that a recipe may have.
const ZOOM_MAX: u8 = 16;
/// So many times full tiles are looked for and mended.
const ROUNDS_MAX: usize = 24;
/// Fewer points are not left in a tile to make room.
const LIMIT_MIN: u32 = 250;
/// The part of its bytes that a tile may have by forecast, percent.
const FILLED_PERCENT: u64 = 90;
/// What is left of a limit that was too high, and of the room that a first limit takes.
const LIMIT_LOWERED: f64 = 0.75;

/// A recipe and the reasons for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Starter {
    /// The recipe.
    pub recipe: Value,
    /// What was decided, a sentence each, in lower case without full stop.
    pub notes: Vec<String>,
    /// How many tiles would lose features all the same.
    pub n_capped: u64,
}

/// What is decided for a layer.
#[derive(Clone, Debug)]
struct Choice {
    name: String,
    only_kind: Option<GeometryKind>,
    minzoom: u8,
    maxzoom: u8,
    allowed_output: Option<Vec<String>>,
    rank: Option<attributes::Rank>,
    limit: Option<Limit>,
}

/// Points are thinned up to a zoom.
#[derive(Clone, Copy, Debug)]
struct Limit {
    zoom: u8,
    number: u32,
}

/// Writes a recipe for samples, whose ids become the names of sources and layers; see [`names`].
///
/// # Errors
///
/// [`Error::NoFeatures`] when a sample is empty, [`Error::TooManyLayers`] when a recipe has no room for all samples,
/// and those of [`forecast`].
///
/// # Panics
///
/// When an id is no name as [`names`] makes them.
pub fn starter(samples: &[Sample], settings: &Settings) -> Result<Starter, Error> {
    if samples.len() > LAYERS_MAX {
        return Err(Error::TooManyLayers { n_layers: samples.len() });
    }
    let mut choices = samples.iter().map(Choice::new).collect::<Result<Vec<_>, Error>>()?;
    let mut n_capped = 0;
    for round in 0..ROUNDS_MAX {
        let recipe = recipe(&choices);
        let plan = check(recipe.to_string().as_bytes(), &Options::default()).plan;
        let plan = plan.expect("a recipe of legal names and ordered zooms is valid");
        let careful =
            Settings { tile_bytes_max: settings.tile_bytes_max * FILLED_PERCENT / 100, ..*settings };
        let found = forecast(&plan, samples, &careful)?;
        n_capped = found.total().capped;
        // The deepest full zoom first: what mends it mends those above.
        let layers = found.layers.iter().enumerate();
        let full = layers.flat_map(|(number, zooms)| {
            zooms.iter().filter(|(_, it)| it.capped > 0).map(move |(zoom, it)| (*zoom, it.max_bytes, number))
        });
        let Some((zoom, max_bytes, number)) = full.max() else { break };
        let room = careful.tile_bytes_max as f64 / max_bytes as f64;
        // Of the deepest zoom, where tiles are least likely to be full, and most points are in one tile.
        let bytes = found.layers[number].values().next_back().map_or(0, |deepest| deepest.bytes);
        let n_features = samples[number].features.len() as f64 * samples[number].weight();
        let n_fitting = careful.tile_bytes_max as f64 * n_features / (bytes as f64).max(1.0);
        if round + 1 == ROUNDS_MAX || !choices[number].mend(zoom, room, n_fitting) {
            break;
        }
    }
    let notes = choices.iter().zip(samples).flat_map(|(choice, sample)| choice.notes(sample)).collect();
    Ok(Starter { recipe: recipe(&choices), notes, n_capped })
}

/// Returns legal, different names for layers and sources, made from names of files.
#[must_use]
pub fn names<'f>(files: impl IntoIterator<Item = &'f str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for file in files {
        let stem = file.split('.').find(|part| !part.is_empty()).unwrap_or_default();
        let legal = |letter: char| {
            if letter.is_ascii_alphanumeric() || letter == '-' || letter == '_' { letter } else { '_' }
        };
        let mut name: String = stem.chars().map(legal).take(NAME_CHARS_MAX).collect();
        if LayerName::new(name.trim_matches('_')).is_none() {
            "data".clone_into(&mut name);
        }
        let mut number = 1;
        let mut unique = name.clone();
        while names.contains(&unique) {
            number += 1;
            let suffix = format!("_{number}");
            unique = name.chars().take(NAME_CHARS_MAX - suffix.len()).collect::<String>() + &suffix;
        }
        names.push(unique);
    }
    names
}

impl Choice {
    fn new(sample: &Sample) -> Result<Self, Error> {
        let profile = Profile::of(sample);
        let Some(range) = zooms::range(sample, &profile) else {
            return Err(Error::NoFeatures { id: sample.id.clone() });
        };
        Ok(Self {
            name: sample.id.clone(),
            only_kind: profile.only_kind(),
            minzoom: range.0,
            maxzoom: range.1,
            allowed_output: attributes::worth_keeping(&profile),
            rank: attributes::rank(&profile),
            limit: None,
        })
    }

    /// Makes room in the tiles of a zoom, of which the fullest has room for this part of its bytes, and any for about
    /// so many features; returns whether anything could be done.
    fn mend(&mut self, zoom: Zoom, room: f64, n_fitting: f64) -> bool {
        let zoom = zoom.get();
        if self.only_kind == Some(GeometryKind::Point) {
            match &mut self.limit {
                None => {
                    let number = (n_fitting * LIMIT_LOWERED) as u32;
                    self.limit = Some(Limit { zoom, number: number.max(LIMIT_MIN) });
                    return true;
                }
                Some(limit) if limit.zoom < zoom => {
                    limit.zoom = zoom;
                    return true;
                }
                Some(limit) if limit.number > LIMIT_MIN => {
                    let number = f64::from(limit.number) * room.min(1.0) * LIMIT_LOWERED;
                    limit.number = (number as u32).max(LIMIT_MIN);
                    return true;
                }
                Some(_) => {}
            }
        }
        if zoom == ZOOM_MAX {
            return false;
        }
        self.minzoom = zoom + 1;
        self.maxzoom = self.maxzoom.max(self.minzoom);
        self.limit = None;
        true
    }

    fn layer(&self) -> Value {
        let simplification = match self.only_kind {
            Some(GeometryKind::Point) => json!(0),
            _ if self.minzoom == self.maxzoom => json!(1),
            _ => json!(["case", ["<", ["zoom"], self.maxzoom], 4, 1]),
        };
        let mut features = Map::new();
        features.insert("simplification".to_owned(), simplification);
        if let Some(names) = &self.allowed_output {
            features.insert("attributes".to_owned(), json!({ "allowed_output": names }));
        }
        let mut layer = Map::new();
        layer.insert("source".to_owned(), json!(format!("mapbox://tileset-source/{ACCOUNT}/{}", self.name)));
        layer.insert("minzoom".to_owned(), json!(self.minzoom));
        layer.insert("maxzoom".to_owned(), json!(self.maxzoom));
        layer.insert("features".to_owned(), Value::Object(features));
        if let Some(Limit { zoom, number }) = self.limit {
            let applies = if zoom < self.maxzoom { json!(["<=", ["zoom"], zoom]) } else { json!(true) };
            let rule = match &self.rank {
                Some(rank) => json!([rank.rule(), applies, number, rank.name]),
                None => json!(["lowest_where_in_distance", applies, number, null]),
            };
            layer.insert("tiles".to_owned(), json!({ "limit": [rule] }));
        }
        Value::Object(layer)
    }

    fn notes(&self, sample: &Sample) -> Vec<String> {
        let Self { name, minzoom, maxzoom, .. } = self;
        let mut notes = vec![format!("{name}: zooms {minzoom} to {maxzoom}")];
        if let Some(kept) = &self.allowed_output {
            let n_all = Profile::of(sample).attributes.len();
            notes.push(format!("{name}: {} of {n_all} attributes are written", kept.len()));
        }
        if let Some(Limit { zoom, number }) = self.limit {
            let by =
                self.rank.as_ref().map_or("in source order".to_owned(), |rank| format!("by `{}`", rank.name));
            notes.push(format!("{name}: up to zoom {zoom} a tile has {number} points at most, chosen {by}"));
        }
        notes
    }
}

fn recipe(choices: &[Choice]) -> Value {
    let layers: Map<String, Value> =
        choices.iter().map(|choice| (choice.name.clone(), choice.layer())).collect();
    json!({ "version": 1, "layers": layers })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_names(files: &[&str], expected: &[&str]) {
        assert_eq!(names(files.iter().copied()), expected);
    }

    #[test]
    fn names_are_legal_and_different() {
        check_names(
            &["roads.geojsonl.gz", "Straßen 2024.json", ".hidden"],
            &["roads", "Stra_en_2024", "hidden"],
        );
        check_names(&["a.json", "a.geojsonl", "a"], &["a", "a_2", "a_3"]);
        check_names(&["道路.json", "", "-"], &["data", "data_2", "-"]);
        let long = "x".repeat(50);
        check_names(&[&long, &long], &[&"x".repeat(32), &("x".repeat(30) + "_2")]);
    }
}
