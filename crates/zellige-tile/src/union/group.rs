//! Which features belong together.
//!
//! In:     staged features, one after the other.
//! Out:    the number of the group of each.
//! Keeps:  kinds of geometry apart, and points of different regions when they cluster.
//! Source: recipe 4.2, equality of values.
//!
//! A group is known by bytes that are the same for equal values and for no others: 1 and 1.0 are
//! equal; absent, null and `""` are not. The order of attributes does not matter.

use rustc_hash::FxHashMap;
use zellige_model::{Extent, GeometryKind, ValueRef};
use zellige_recipe::plan::Union;

use super::points::Regions;
use crate::number::Number;
use crate::staged::StagedFeature;

/// Finds the group of a feature.
pub(super) struct Grouper<'r> {
    rule: &'r Union,
    regions: Option<Regions>,
    numbers: FxHashMap<Vec<u8>, u32>,
    key: Vec<u8>,
}

impl<'r> Grouper<'r> {
    /// Returns a finder that has seen no feature yet.
    pub(super) fn new(rule: &'r Union, extent: Extent) -> Self {
        let regions = rule.cluster.map(|region_count| Regions::new(region_count, extent));
        Self { rule, regions, numbers: FxHashMap::default(), key: Vec::new() }
    }

    /// Returns the number of the group of `feature`, from 0 in order of appearance.
    pub(super) fn group(&mut self, feature: &StagedFeature) -> u32 {
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

#[cfg(test)]
mod tests {
    use ValueRef::{Bool, Double, Int, Json, Null, String as Text, UInt};

    use super::*;

    const ALL: Union =
        Union { group_by: None, aggregate: Vec::new(), maintain_direction: true, cluster: None };

    /// Compares the groups of points with these attributes.
    fn check(rule: &Union, features: &[&[(&str, ValueRef<'_>)]], expected: &[u32]) {
        let mut grouper = Grouper::new(rule, Extent::DEFAULT);
        let groups: Vec<u32> = features
            .iter()
            .map(|attributes| {
                let mut feature = StagedFeature::default();
                for (name, value) in *attributes {
                    feature.attributes.push(name, *value);
                }
                grouper.group(&feature)
            })
            .collect();
        assert_eq!(groups, expected, "{features:?}");
    }

    #[test]
    fn equal_numbers_are_one_group_in_all_forms() {
        let groups: &[&[_]] = &[
            &[("a", Int(1))],
            &[("a", Double(1.0))],
            &[("a", UInt(1))],
            &[("a", Double(1.5))],
            &[("a", Double(0.0))],
            &[("a", Double(-0.0))],
        ];
        check(&ALL, groups, &[0, 0, 0, 1, 2, 2]);
    }

    #[test]
    fn types_differ_and_absent_equals_absent_only() {
        let groups: &[&[_]] = &[
            &[("a", Text("1"))],
            &[("a", Int(1))],
            &[("a", Json("1"))],
            &[("a", Bool(true))],
            &[("a", Null)],
            &[],
            &[("a", Text(""))],
            &[("b", Int(1))],
        ];
        check(&ALL, groups, &[0, 1, 2, 3, 4, 5, 6, 7]);
        let by_a = Union { group_by: Some(vec!["a".to_owned()]), ..ALL };
        check(&by_a, groups, &[0, 1, 2, 3, 4, 5, 6, 5]);
    }

    #[test]
    fn order_of_attributes_does_not_matter_and_texts_do_not_run_together() {
        let groups: &[&[_]] = &[
            &[("a", Int(1)), ("b", Int(2))],
            &[("b", Int(2)), ("a", Int(1))],
            &[("a", Text("bc")), ("d", Text(""))],
            &[("a", Text("b")), ("cd", Text(""))],
        ];
        check(&ALL, groups, &[0, 0, 1, 2]);
    }

    #[test]
    fn aggregated_attributes_do_not_separate() {
        let aggregate = vec![("n".to_owned(), zellige_recipe::recipe::Aggregation::Sum)];
        let groups: &[&[_]] =
            &[&[("a", Int(1)), ("n", Int(2))], &[("a", Int(1)), ("n", Int(3))], &[("a", Int(1))]];
        check(&Union { aggregate, ..ALL }, groups, &[0, 0, 0]);
    }

    #[test]
    fn nothing_to_group_by_is_one_group() {
        check(&Union { group_by: Some(Vec::new()), ..ALL }, &[&[("a", Int(1))], &[]], &[0, 0]);
    }
}
