//! What the features of a sample are like.
//!
//! In:     a [`Sample`].
//! Out:    counts by kind, bounds, and for each attribute how often it is there, of which types, with which values.
//! Keeps:  attributes in the order in which they first appear.
//! Source: –

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use zellige_model::{GeometryKind, LonLatBounds, ValueRef};

use crate::sample::Sample;

/// So many different values of an attribute are told apart.
pub const DISTINCT_MAX: usize = 64;
/// So many names of attributes are told apart.
pub const ATTRIBUTES_MAX: usize = 4_096;

/// What the features of a sample are like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// How many features there are.
    pub n_features: u64,
    /// How many of them are points.
    pub n_points: u64,
    /// How many of them are lines.
    pub n_lines: u64,
    /// How many of them are polygons.
    pub n_polygons: u64,
    /// How many vertices all of them have, closing points of rings left out.
    pub n_vertices: u64,
    /// The box around all of them; nothing when there is no feature.
    pub bounds: Option<LonLatBounds>,
    /// The attributes, at most [`ATTRIBUTES_MAX`].
    pub attributes: Vec<AttributeProfile>,
}

/// What is known of one attribute.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AttributeProfile {
    /// The name.
    pub name: String,
    /// In how many features it is, null or not.
    pub n_present: u64,
    /// In how many features it is null.
    pub n_null: u64,
    /// In how many features it is a boolean.
    pub n_boolean: u64,
    /// In how many features it is a number.
    pub n_number: u64,
    /// In how many features it is a text.
    pub n_text: u64,
    /// In how many features it is an array or an object, which tiles cannot hold.
    pub n_nested: u64,
    /// The smallest and the largest number.
    pub range: Option<(f64, f64)>,
    /// Bytes of all texts.
    pub text_bytes: u64,
    /// Its texts, as long as there are no more than [`DISTINCT_MAX`].
    pub texts: Option<BTreeSet<String>>,
}

impl AttributeProfile {
    /// In how many features it has a value that tiles can hold.
    #[must_use]
    pub const fn n_written(&self) -> u64 {
        self.n_boolean + self.n_number + self.n_text
    }

    fn add(&mut self, value: ValueRef<'_>) {
        self.n_present += 1;
        let number = match value {
            ValueRef::Null => return self.n_null += 1,
            ValueRef::Bool(_) => return self.n_boolean += 1,
            ValueRef::Json(_) => return self.n_nested += 1,
            ValueRef::String(text) => return self.add_text(text),
            ValueRef::Int(number) => number as f64,
            ValueRef::UInt(number) => number as f64,
            ValueRef::Double(number) => number,
        };
        self.n_number += 1;
        let (min, max) = self.range.unwrap_or((number, number));
        self.range = Some((min.min(number), max.max(number)));
    }

    fn add_text(&mut self, text: &str) {
        self.n_text += 1;
        self.text_bytes += text.len() as u64;
        let Some(texts) = &mut self.texts else { return };
        if !texts.contains(text) {
            texts.insert(text.to_owned());
        }
        if texts.len() > DISTINCT_MAX {
            self.texts = None;
        }
    }
}

impl Profile {
    /// Looks at all features of a sample.
    #[must_use]
    pub fn of(sample: &Sample) -> Self {
        let mut profile = Self::default();
        let mut numbers: FxHashMap<String, usize> = FxHashMap::default();
        let mut bounds = LonLatBounds::EMPTY;
        for feature in sample.features.iter().map(|sampled| &sampled.feature) {
            profile.n_features += 1;
            *match feature.geometry.kind {
                GeometryKind::Point => &mut profile.n_points,
                GeometryKind::LineString => &mut profile.n_lines,
                GeometryKind::Polygon => &mut profile.n_polygons,
            } += 1;
            profile.n_vertices += feature.geometry.points.len() as u64;
            feature.geometry.points.iter().for_each(|point| bounds.add(*point));
            for (name, value) in feature.attributes.iter() {
                let number = match numbers.get(name) {
                    Some(number) => *number,
                    None if profile.attributes.len() == ATTRIBUTES_MAX => continue,
                    None => {
                        let number = profile.attributes.len();
                        numbers.insert(name.to_owned(), number);
                        profile.attributes.push(AttributeProfile {
                            name: name.to_owned(),
                            texts: Some(BTreeSet::new()),
                            ..AttributeProfile::default()
                        });
                        number
                    }
                };
                profile.attributes[number].add(value);
            }
        }
        profile.bounds = (!bounds.is_empty()).then_some(bounds);
        profile
    }

    /// Returns the kind of all features, when they are of one.
    #[must_use]
    pub fn only_kind(&self) -> Option<GeometryKind> {
        let kinds = [
            (self.n_points, GeometryKind::Point),
            (self.n_lines, GeometryKind::LineString),
            (self.n_polygons, GeometryKind::Polygon),
        ];
        kinds.into_iter().find(|(n, _)| *n > 0 && *n == self.n_features).map(|(_, kind)| kind)
    }

    /// Returns all attributes by name.
    #[must_use]
    pub fn by_name(&self) -> BTreeMap<&str, &AttributeProfile> {
        self.attributes.iter().map(|attribute| (attribute.name.as_str(), attribute)).collect()
    }
}

#[cfg(test)]
mod tests {
    use zellige_ingest::Source;

    use super::*;
    use crate::sample::SAMPLE_BYTES_MAX;

    fn profile(text: &'static str) -> Profile {
        let source = Source::new("a").reader("memory", Box::new(text.as_bytes()));
        Profile::of(&Sample::take(source, SAMPLE_BYTES_MAX).unwrap())
    }

    /// Describes each attribute in a word.
    fn check(text: &'static str, expected: &[&str]) {
        let found: Vec<String> = profile(text)
            .attributes
            .iter()
            .map(|it| {
                let types = [it.n_null, it.n_boolean, it.n_number, it.n_text, it.n_nested];
                let texts = it.texts.as_ref().map_or(0, BTreeSet::len);
                format!("{} {types:?} {:?} {texts}", it.name, it.range)
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn attributes_are_told_apart_by_type() {
        check(
            r#"{"type":"Feature","properties":{"a":1,"b":"x","c":null},"geometry":{"type":"Point","coordinates":[1,2]}}
{"type":"Feature","properties":{"b":"y","a":-2.5,"d":[1]},"geometry":{"type":"Point","coordinates":[1,2]}}
{"type":"Feature","properties":{"b":true,"a":"z"},"geometry":{"type":"LineString","coordinates":[[1,2],[5,-6]]}}"#,
            &[
                "a [0, 0, 2, 1, 0] Some((-2.5, 1.0)) 1",
                "b [0, 1, 0, 2, 0] None 2",
                "c [1, 0, 0, 0, 0] None 0",
                "d [0, 0, 0, 0, 1] None 0",
            ],
        );
    }

    #[test]
    fn kinds_and_bounds_are_those_of_all_features() {
        let found = profile(
            r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[1,2]}}
{"type":"Feature","properties":{},"geometry":{"type":"LineString","coordinates":[[1,2],[5,-6]]}}"#,
        );
        assert_eq!((found.n_points, found.n_lines, found.n_vertices, found.only_kind()), (1, 1, 3, None));
        assert_eq!(found.bounds, Some(LonLatBounds { west: 1.0, south: -6.0, east: 5.0, north: 2.0 }));
        assert_eq!(profile("").bounds, None);
    }
}
