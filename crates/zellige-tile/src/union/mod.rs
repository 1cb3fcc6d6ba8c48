//! Merges features of a tile that belong together.
//!
//! In:     staged features in source order, which of them take part, the rule.
//! Out:    one feature a group, in the place and with the id of its first member, and all that do not
//!         take part.
//! Keeps:  the geometry of whoever is alone in its group; kinds never mix.
//! Source: recipe 4.2.
//!
//! `points`, `lines` and `polygons` say what becomes of the geometry, `aggregate` of the attributes.
//! A group is found by a text of bytes that is the same for equal values: 1 and 1.0 are, absent and
//! null are not.

mod aggregate;
mod points;
mod lines;
mod polygons;

use rustc_hash::FxHashMap;
use zellige_model::{Attributes, Extent, Geometry, GeometryKind, Grid, Value, ValueRef};
use zellige_recipe::plan::Union;

use crate::number::Number;
use crate::staged::StagedFeature;
use crate::validate::Validator;
use aggregate::aggregate;
use points::Regions;

/// What a rule met with in one tile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnionNotes {
    /// How many values were missing or could not be aggregated, and were left out.
    pub n_ignored: u64,
    /// How many lines and polygons were in groups to be clustered; they merged as without cluster.
    pub n_unclustered: u64,
}

/// Merges the features that take part.
///
/// Whether a merged polygon fills the window is known only when a member does: two halves that do so
/// together are not recognized.
///
/// # Panics
///
/// When `takes_part` does not say yes or no for each feature.
#[must_use]
pub fn union(
    mut features: Vec<StagedFeature>,
    takes_part: &[bool],
    rule: &Union,
    extent: Extent,
) -> (Vec<StagedFeature>, UnionNotes) {
    assert_eq!(features.len(), takes_part.len(), "each feature takes part or does not");
    let mut grouper = Grouper {
        rule,
        regions: rule.cluster.map(|region_count| Regions::new(region_count, extent)),
        numbers: FxHashMap::default(),
        key: Vec::new(),
    };
    let mut merger = Merger { rule, notes: UnionNotes::default(), validator: Validator::default() };
    // Groups are numbered as they appear, so groups and members sort by their place.
    let mut members: Vec<Member> = (features.iter().zip(takes_part).enumerate())
        .filter(|(_, (_, takes_part))| **takes_part)
        .map(|(feature_idx, (feature, _))| Member { group: grouper.group(feature), feature_idx })
        .collect();
    members.sort_unstable();
    let mut is_merged = vec![false; features.len()];
    for group in members.chunk_by(|a, b| a.group == b.group) {
        merger.merge(&mut features, group);
        for member in &group[1..] {
            is_merged[member.feature_idx] = true;
        }
    }
    let mut is_merged = is_merged.into_iter();
    features.retain(|_| !is_merged.next().unwrap_or(false));
    (features, merger.notes)
}

/// A feature in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Member {
    group: u32,
    feature_idx: usize,
}

/// Finds the group of a feature.
struct Grouper<'r> {
    rule: &'r Union,
    regions: Option<Regions>,
    numbers: FxHashMap<Vec<u8>, u32>,
    key: Vec<u8>,
}

impl Grouper<'_> {
    /// Returns the number of the group of `feature`, from 0 in order of appearance.
    fn group(&mut self, feature: &StagedFeature) -> u32 {
        self.write_key(feature);
        if let Some(number) = self.numbers.get(&self.key) {
            return *number;
        }
        let number = self.numbers.len() as u32;
        self.numbers.insert(self.key.clone(), number);
        number
    }

    fn write_key(&mut self, feature: &StagedFeature) {
        let StagedFeature { geometry, attributes, .. } = feature;
        self.key.clear();
        self.key.push(geometry.kind as u8);
        if let Some(regions) = self.regions.as_ref().filter(|_| geometry.kind == GeometryKind::Point) {
            for index in regions.region(&geometry.points) {
                self.key.extend_from_slice(&index.to_le_bytes());
            }
        }
        if let Some(names) = &self.rule.group_by {
            for name in names {
                push_value(attributes.get(name), &mut self.key);
            }
            return;
        }
        let mut entries: Vec<_> =
            attributes.iter().filter(|(name, _)| !is_aggregated(self.rule, name)).collect();
        entries.sort_unstable_by_key(|(name, _)| *name);
        for (name, value) in entries {
            push_value(Some(ValueRef::String(name)), &mut self.key);
            push_value(Some(value), &mut self.key);
        }
    }
}

/// Appends bytes that are the same for equal values and for no others; no value's are the start of
/// another's.
fn push_value(value: Option<ValueRef<'_>>, key: &mut Vec<u8>) {
    let mut push = |tag: u8, bytes: &[u8]| {
        key.push(tag);
        key.extend_from_slice(bytes);
    };
    let text_len = |text: &str| (text.len() as u64).to_le_bytes();
    match value {
        None => push(0, &[]),
        Some(ValueRef::Null) => push(1, &[]),
        Some(ValueRef::Bool(is_true)) => push(2, &[u8::from(is_true)]),
        Some(ValueRef::String(text)) => {
            push(3, &text_len(text));
            key.extend_from_slice(text.as_bytes());
        }
        Some(ValueRef::Json(text)) => {
            push(4, &text_len(text));
            key.extend_from_slice(text.as_bytes());
        }
        Some(value @ (ValueRef::Int(_) | ValueRef::UInt(_) | ValueRef::Double(_))) => {
            match (Number::of(value), value) {
                (Some(Number::Whole(number)), _) => push(5, &number.to_le_bytes()),
                (_, ValueRef::Double(number)) => push(6, &number.to_le_bytes()),
                _ => push(6, &[]),
            }
        }
    }
}

fn is_aggregated(rule: &Union, name: &str) -> bool {
    rule.aggregate.iter().any(|(aggregated, _)| aggregated == name)
}

/// Makes one feature of a group.
struct Merger<'r> {
    rule: &'r Union,
    notes: UnionNotes,
    validator: Validator,
}

impl Merger<'_> {
    /// Writes what `group` becomes in the place of its first member.
    fn merge(&mut self, features: &mut [StagedFeature], group: &[Member]) {
        let mut first = std::mem::take(&mut features[group[0].feature_idx]);
        let others = group[1..].iter().map(|member| &features[member.feature_idx]);
        if self.rule.group_by.is_some() || !self.rule.aggregate.is_empty() {
            let others = others.clone().map(|feature| &feature.attributes);
            first.attributes = self.attributes(&first.attributes, others);
        }
        first.fills |= others.clone().any(|feature| feature.fills);
        for other in others {
            append(&mut first.geometry, &other.geometry);
        }
        self.settle(&mut first.geometry, group.len());
        features[group[0].feature_idx] = first;
    }

    /// Returns the attributes of a group: those of its first member that all share, in their order,
    /// with aggregated ones in the same place or behind.
    fn attributes<'f>(
        &mut self,
        first: &'f Attributes,
        others: impl Iterator<Item = &'f Attributes> + Clone,
    ) -> Attributes {
        let members = std::iter::once(first).chain(others);
        let mut made: Vec<(&str, Option<Value>)> = Vec::new();
        for (name, operation) in &self.rule.aggregate {
            let aggregated = aggregate(*operation, members.clone().map(|member| member.get(name)));
            self.notes.n_ignored += aggregated.n_ignored;
            made.push((name, aggregated.value));
        }
        let mut out = Attributes::default();
        for (name, value) in first.iter() {
            if let Some((_, made)) = made.iter_mut().find(|(aggregated, _)| *aggregated == name) {
                push_made(name, made.take(), &mut out);
            } else if self.rule.group_by.as_ref().is_none_or(|names| names.iter().any(|by| by == name)) {
                out.push(name, value);
            }
        }
        for (name, value) in made {
            push_made(name, value, &mut out);
        }
        out
    }

    /// Makes one geometry of those that a group has brought together.
    fn settle(&mut self, geometry: &mut Geometry<Grid>, n_members: usize) {
        match geometry.kind {
            GeometryKind::Point if self.rule.cluster.is_some() => points::shrink(&mut geometry.points),
            GeometryKind::Point => {}
            kind => {
                self.notes.n_unclustered += if self.rule.cluster.is_some() { n_members as u64 } else { 0 };
                match kind {
                    _ if n_members == 1 => {}
                    GeometryKind::LineString if self.rule.maintain_direction => {
                        lines::join(geometry, lines::Turning::Never);
                    }
                    GeometryKind::LineString => lines::join(geometry, lines::Turning::Free),
                    _ => polygons::dissolve(geometry, &mut self.validator),
                }
            }
        }
    }
}

fn push_made(name: &str, value: Option<Value>, out: &mut Attributes) {
    if let Some(value) = value {
        out.push(name, value.as_ref());
    }
}

/// Appends the parts of `other`, which is of the same kind.
fn append(geometry: &mut Geometry<Grid>, other: &Geometry<Grid>) {
    let (points_before, parts_before) = (geometry.points.len() as u32, geometry.part_ends.len() as u32);
    geometry.points.extend_from_slice(&other.points);
    geometry.part_ends.extend(other.part_ends.iter().map(|end| end + points_before));
    geometry.polygon_ends.extend(other.polygon_ends.iter().map(|end| end + parts_before));
}
