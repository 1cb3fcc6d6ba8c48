//! Merges features of a tile that belong together.
//!
//! In:     staged features in source order, which of them take part, the rule.
//! Out:    one feature a group, in the place and with the id of its first member, and all that do not
//!         take part.
//! Keeps:  the geometry of whoever is alone in its group; kinds never mix.
//! Source: recipe 4.2.
//!
//! `group` says who belongs together, `aggregate` what becomes of the attributes, `points`, `lines` and
//! `polygons` what becomes of the geometry.

mod group;
mod aggregate;
mod points;
mod lines;
mod polygons;

use zellige_model::{Attributes, Extent, Geometry, GeometryKind, Grid, Value};
use zellige_recipe::plan::Union;

use crate::staged::StagedFeature;
use crate::validate::Validator;
use aggregate::aggregate;
use group::Grouper;

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
/// Whether a merged polygon fills the window is for the caller to see, who knows the buffer.
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
    let mut grouper = Grouper::new(rule, extent);
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

#[cfg(test)]
mod tests {
    use zellige_model::ValueRef;
    use zellige_recipe::recipe::Aggregation;
    use zellige_testkit::drawn;

    use super::*;

    const ALL: Union =
        Union { group_by: None, aggregate: Vec::new(), maintain_direction: true, cluster: None };

    fn by(names: &[&str], aggregate: &[(&str, Aggregation)]) -> Union {
        let aggregate = aggregate.iter().map(|(name, operation)| ((*name).to_owned(), *operation)).collect();
        Union { group_by: Some(names.iter().map(|name| (*name).to_owned()).collect()), aggregate, ..ALL }
    }

    /// Features with ids from 1: geometry, then attributes, as in `POINT(0 0) k=a n=1`.
    fn read(text: &str, id: u64) -> StagedFeature {
        let mut words = text.rsplit(") ");
        let attributes = words.next().filter(|_| text.contains('=')).unwrap_or("");
        let wkt = text.strip_suffix(attributes).unwrap();
        let mut feature =
            StagedFeature { id: Some(id), geometry: drawn::geometry(wkt.trim()), ..StagedFeature::default() };
        for entry in attributes.split_whitespace() {
            let (name, value) = entry.split_once('=').unwrap();
            let value = value.parse().map_or(ValueRef::String(value), ValueRef::Int);
            feature.attributes.push(name, value);
        }
        feature
    }

    fn write(feature: &StagedFeature) -> String {
        let mut words = vec![feature.id.unwrap().to_string(), drawn::text(&feature.geometry)];
        words.extend(feature.attributes.iter().map(|(name, value)| match value {
            ValueRef::String(value) => format!("{name}={value}"),
            ValueRef::Int(value) => format!("{name}={value}"),
            value => format!("{name}={value:?}"),
        }));
        words.join(" ")
    }

    /// Merges in a tile of 100 units; a feature that starts with `-` does not take part.
    fn check(features: &[&str], rule: &Union, expected: &[&str]) -> UnionNotes {
        let takes_part: Vec<bool> = features.iter().map(|text| !text.starts_with('-')).collect();
        let features =
            features.iter().zip(1..).map(|(text, id)| read(text.trim_start_matches('-'), id)).collect();
        let (merged, notes) = union(features, &takes_part, rule, Extent::new(100).unwrap());
        assert_eq!(merged.iter().map(write).collect::<Vec<_>>(), expected, "{rule:?}");
        notes
    }

    #[test]
    fn points_become_a_multipoint_with_sums_and_lose_what_they_do_not_share() {
        check(
            &["POINT(0 0) k=a n=1 x=p", "POINT(30 0) k=a n=2 x=q", "POINT(60 0) k=b n=5 x=q"],
            &by(&["k"], &[("n", Aggregation::Sum)]),
            &["1 MULTIPOINT(0 0,30 0) k=a n=3", "3 POINT(60 0) k=b n=5"],
        );
    }

    #[test]
    fn lines_join_and_take_the_highest_rank() {
        check(
            &["LINESTRING(0 0,10 0) name=A rank=0", "LINESTRING(10 0,20 0) name=A rank=1"],
            &by(&["name"], &[("rank", Aggregation::Max)]),
            &["1 LINESTRING(0 0,10 0,20 0) name=A rank=1"],
        );
    }

    #[test]
    fn all_attributes_must_be_equal_and_stay_when_there_is_no_group_by() {
        check(
            &["POINT(1 1) k=a n=1", "POINT(2 2) n=1 k=a", "POINT(3 3) k=a"],
            &ALL,
            &["1 MULTIPOINT(1 1,2 2) k=a n=1", "3 POINT(3 3) k=a"],
        );
    }

    #[test]
    fn who_does_not_take_part_passes_in_its_place() {
        check(
            &["POINT(1 1) k=a", "-POINT(2 2) k=a x=1", "POINT(3 3) k=a x=2", "-POINT(4 4)"],
            &by(&["k"], &[]),
            &["1 MULTIPOINT(1 1,3 3) k=a", "2 POINT(2 2) k=a x=1", "4 POINT(4 4)"],
        );
    }

    #[test]
    fn kinds_do_not_mix() {
        check(
            &["LINESTRING(0 0,1 1)", "POINT(1 1)", "POLYGON((0 0,4 0,4 4))", "POINT(2 2)"],
            &by(&[], &[]),
            &["1 LINESTRING(0 0,1 1)", "2 MULTIPOINT(1 1,2 2)", "3 POLYGON((0 0,4 0,4 4))"],
        );
    }

    #[test]
    fn aggregates_win_over_group_by_and_stand_behind_when_they_are_new() {
        check(
            &["POINT(1 1) k=2 x=1", "POINT(2 2) n=4 k=2"],
            &by(&["k"], &[("n", Aggregation::Max), ("k", Aggregation::Sum)]),
            &["1 MULTIPOINT(1 1,2 2) k=4 n=4"],
        );
        let notes = check(&["POINT(1 1) n=x"], &by(&[], &[("n", Aggregation::Mean)]), &["1 POINT(1 1)"]);
        assert_eq!(notes, UnionNotes { n_ignored: 1, n_unclustered: 0 });
    }

    #[test]
    fn clusters_are_one_point_a_region_and_aggregate_on_their_own() {
        let rule = Union { cluster: Some(4), ..by(&[], &[("n", Aggregation::Sum)]) };
        check(
            &["POINT(0 0) n=1", "POINT(80 90) n=2", "MULTIPOINT(10 20,20 40) n=4", "POINT(-1 10) n=8"],
            &rule,
            &["1 POINT(10 20) n=5", "2 POINT(80 90) n=2", "4 POINT(-1 10) n=8"],
        );
    }

    #[test]
    fn lines_among_points_to_cluster_merge_and_are_noted() {
        let rule = Union { cluster: Some(1), ..by(&[], &[]) };
        let notes = check(
            &["LINESTRING(0 0,1 1)", "POINT(1 1)", "LINESTRING(1 1,2 1)"],
            &rule,
            &["1 LINESTRING(0 0,1 1,2 1)", "2 POINT(1 1)"],
        );
        assert_eq!(notes.n_unclustered, 2);
    }

    #[test]
    fn whoever_is_alone_keeps_every_vertex() {
        let lines = "MULTILINESTRING((0 0,1 1),(1 1,2 2))";
        check(
            &[lines, "POLYGON((0 0,2 0,4 0,4 4))"],
            &by(&[], &[]),
            &[&format!("1 {lines}"), "2 POLYGON((0 0,2 0,4 0,4 4))"],
        );
    }

    #[test]
    fn a_member_that_fills_the_window_makes_the_whole_fill_it() {
        let mut features = vec![read("POLYGON((0 0,4 0,4 4,0 4))", 1), read("POLYGON((0 0,9 0,9 9,0 9))", 2)];
        features[1].fills = true;
        let (merged, _) = union(features, &[true, true], &by(&[], &[]), Extent::new(9).unwrap());
        assert!(merged[0].fills);
        assert!(crate::validate::fills(&merged[0].geometry, 0, 9));
    }
}
