//! Numbers the values of a finished layer anew, so that those of one key stand together.
//!
//! In:     features and tables of a layer whose values stand in order of first use.
//! Out:    the same features with other numbers of values, no longer than before, and the values in their order.
//! Keeps:  features, attributes and keys in their order; order of first use among the values of a key.
//! Source: MVT 2.1 §4.1 leaves the order of values open. Values of one key are alike, and numbers that are given out
//!         key by key grow evenly, which deflate packs better: by 4 % where each place has a name of its own, by 1 to 2
//!         % where attributes repeat. Keys whose values are used most often come first, and have the shortest numbers.

use super::layer::{TAG_FEATURE, TAG_ID, TAG_TAGS};
use super::table::{KeyTable, ValueTable};
use super::{push_varint, take_varint, varint_len};

/// Numbers values, in buffers that stay.
#[derive(Debug, Default)]
pub(super) struct Regrouper {
    /// By key: the number of its values, then the next number that one of them gets.
    groups: Vec<u32>,
    keys: Vec<u32>,
    /// The new number of each value, and back.
    numbers: Vec<u32>,
    order: Vec<u32>,
    tags: Vec<u8>,
    features: Vec<u8>,
}

/// Features with other numbers of values, and the values in that order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Regrouped<'r> {
    /// Fields of the layer, tags and lengths included.
    pub(super) features: &'r [u8],
    order: &'r [u32],
}

impl Regrouped<'_> {
    /// Appends the values in their order, framed as fields of the layer.
    pub(super) fn push_values(self, values: &ValueTable, out: &mut Vec<u8>) {
        for value in self.order {
            out.extend_from_slice(values.framed(*value));
        }
    }
}

impl Regrouper {
    /// Returns `features` with values numbered key by key; nothing when that changes nothing or takes more bytes.
    ///
    /// Values are those whose bytes lie before `values_len`; `features` refer to no others.
    pub(super) fn regroup(
        &mut self,
        features: &[u8],
        keys: &KeyTable,
        values: &ValueTable,
        values_len: u32,
    ) -> Option<Regrouped<'_>> {
        self.number(keys, values, values_len);
        if self.numbers.is_sorted() {
            return None;
        }
        self.features.clear();
        let mut rest = features;
        while let Some((_, tail)) = rest.split_first() {
            rest = tail;
            let len = take_varint(&mut rest) as usize;
            let (feature, tail) = rest.split_at(len);
            rest = tail;
            self.push_feature(feature);
        }
        let regrouped = Regrouped { features: &self.features, order: &self.order };
        (regrouped.features.len() <= features.len()).then_some(regrouped)
    }

    /// Gives each value its number.
    fn number(&mut self, keys: &KeyTable, values: &ValueTable, values_len: u32) {
        let used = values.used(values_len);
        self.groups.clear();
        self.groups.resize(keys.len(), 0);
        for value in used {
            self.groups[value.key as usize] += 1;
        }
        self.keys.clear();
        self.keys.extend(0..keys.len() as u32);
        let groups = &self.groups;
        // Fewest values a use first.
        self.keys.sort_by(|a, b| {
            let n_values = |key: u32| u64::from(groups[key as usize]);
            let n_uses = |key: u32| u64::from(keys.n_uses(key));
            (n_values(*a) * n_uses(*b)).cmp(&(n_values(*b) * n_uses(*a)))
        });
        let mut next = 0;
        for key in &self.keys {
            let n_values = std::mem::replace(&mut self.groups[*key as usize], next);
            next += n_values;
        }
        self.numbers.clear();
        self.order.clear();
        self.order.resize(used.len(), 0);
        for (value_idx, value) in used.iter().enumerate() {
            let number = &mut self.groups[value.key as usize];
            self.numbers.push(*number);
            self.order[*number as usize] = value_idx as u32;
            *number += 1;
        }
    }

    /// Appends a feature that was encoded without its frame, with new numbers and its frame.
    fn push_feature(&mut self, feature: &[u8]) {
        let mut rest = feature;
        if rest.first() == Some(&TAG_ID) {
            rest = &rest[1..];
            take_varint(&mut rest);
        }
        let (id, mut rest) = feature.split_at(feature.len() - rest.len());
        self.tags.clear();
        if rest.first() == Some(&TAG_TAGS) {
            rest = &rest[1..];
            let len = take_varint(&mut rest) as usize;
            let (mut tags, tail) = rest.split_at(len);
            rest = tail;
            while !tags.is_empty() {
                push_varint(&mut self.tags, take_varint(&mut tags));
                push_varint(&mut self.tags, self.numbers[take_varint(&mut tags) as usize].into());
            }
        }
        let tags_len =
            if self.tags.is_empty() { 0 } else { 1 + varint_len(self.tags.len() as u64) + self.tags.len() };
        let out = &mut self.features;
        out.push(TAG_FEATURE);
        push_varint(out, (id.len() + tags_len + rest.len()) as u64);
        out.extend_from_slice(id);
        if !self.tags.is_empty() {
            out.push(TAG_TAGS);
            push_varint(out, self.tags.len() as u64);
            out.extend_from_slice(&self.tags);
        }
        out.extend_from_slice(rest);
    }
}

#[cfg(test)]
mod tests {
    use zellige_model::FieldKind;

    use super::*;
    use crate::block::Entry;

    /// Regroups features, each with an id and keys with whole numbers; `expected` has the number of each value in
    /// each feature, then the values in their order.
    fn check(features: &[&[(u32, u8)]], expected: Option<(&[&[u8]], &[u8])>) {
        let (mut keys, mut values, mut encoded) = (KeyTable::default(), ValueTable::default(), Vec::new());
        keys.clear();
        values.clear();
        for (id, attributes) in features.iter().enumerate() {
            let tags = attributes.iter().flat_map(|(key, value)| {
                let value = [5 << 3, *value];
                let entry =
                    Entry { key: *key, kind: FieldKind::Number, hash: value[1].into(), value: &value };
                let key = keys.index(*key, "name");
                [key as u8, values.index(&entry, key) as u8]
            });
            let tags: Vec<u8> = tags.collect();
            push_feature(id as u8, &tags, &mut encoded);
        }
        let values_len = values.bytes().len() as u32;
        let mut regrouper = Regrouper::default();
        let regrouped = regrouper.regroup(&encoded, &keys, &values, values_len);
        let Some((numbers, order)) = expected else { return assert!(regrouped.is_none()) };
        let regrouped = regrouped.unwrap();
        let mut expected = Vec::new();
        for ((id, attributes), numbers) in features.iter().enumerate().zip(numbers) {
            let tags = attributes.iter().zip(*numbers).flat_map(|((key, _), number)| [*key as u8, *number]);
            push_feature(id as u8, &tags.collect::<Vec<_>>(), &mut expected);
        }
        assert_eq!(regrouped.features, expected);
        let mut out = Vec::new();
        regrouped.push_values(&values, &mut out);
        assert_eq!(out, order.iter().flat_map(|value| [4 << 3 | 2, 2, 5 << 3, *value]).collect::<Vec<_>>());
    }

    /// Appends a point with an id and tags.
    fn push_feature(id: u8, tags: &[u8], out: &mut Vec<u8>) {
        const POINT: &[u8] = &[3 << 3, 1, 4 << 3 | 2, 3, 9, 2, 2];
        let tags_len = if tags.is_empty() { 0 } else { 2 + tags.len() };
        out.extend_from_slice(&[TAG_FEATURE, (2 + tags_len + POINT.len()) as u8, TAG_ID, id]);
        if !tags.is_empty() {
            out.extend_from_slice(&[TAG_TAGS, tags.len() as u8]);
            out.extend_from_slice(tags);
        }
        out.extend_from_slice(POINT);
    }

    #[test]
    fn values_of_a_key_stand_together_and_those_that_repeat_come_first() {
        let features: &[&[(u32, u8)]] = &[&[(0, 10), (1, 77)], &[(0, 11), (1, 77)], &[], &[(0, 12), (1, 78)]];
        check(features, Some((&[&[2, 0], &[3, 0], &[], &[4, 1]], &[77, 78, 10, 11, 12])));
    }

    #[test]
    fn a_value_of_two_keys_belongs_to_the_first() {
        check(
            &[&[(0, 5), (1, 6)], &[(0, 7), (1, 5)], &[(1, 6)]],
            Some((&[&[1, 0], &[2, 1], &[0]], &[6, 5, 7])),
        );
    }

    #[test]
    fn what_is_in_order_stays() {
        check(&[], None);
        check(&[&[(0, 5)], &[(0, 6)]], None);
        check(&[&[(0, 5), (1, 6)]], None);
    }
}
