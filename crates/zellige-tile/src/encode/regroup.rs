//! Numbers the values of a finished layer anew, so that those of one key stand together.
//!
//! In:     tables of a layer whose values stand in order of first use.
//! Out:    the number of each value, and the values in that order.
//! Keeps:  order of first use among the values of a key.
//! Source: MVT 2.1 §4.1 leaves the order of values open. Values of one key are alike, and numbers that are given out
//!         key by key grow evenly, which deflate packs better: by 4 % where each place has a name of its own, by 1 to 2
//!         % where attributes repeat. Keys whose values are used most often come first, and have the shortest numbers.

use super::table::{KeyTable, ValueTable};

/// Numbers of values, in buffers that stay.
#[derive(Debug, Default)]
pub(super) struct Grouping {
    /// By key: the number of its values, then the next number that one of them gets.
    groups: Vec<u32>,
    keys: Vec<u32>,
    /// The new number of each value, and back.
    numbers: Vec<u32>,
    order: Vec<u32>,
}

impl Grouping {
    /// Returns the number of each value.
    pub(super) fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    /// Appends the values in the order of their numbers, framed as fields of the layer.
    pub(super) fn push_values(&self, values: &ValueTable, out: &mut Vec<u8>) {
        for value in &self.order {
            out.extend_from_slice(values.framed(*value));
        }
    }

    /// Numbers values in order of first use.
    pub(super) fn ungroup(&mut self) {
        let n_values = self.numbers.len() as u32;
        for numbers in [&mut self.numbers, &mut self.order] {
            numbers.clear();
            numbers.extend(0..n_values);
        }
    }

    /// Numbers the values whose bytes lie before `values_len`, key by key.
    pub(super) fn group(&mut self, keys: &KeyTable, values: &ValueTable, values_len: u32) {
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
}

#[cfg(test)]
mod tests {
    use zellige_model::FieldKind;

    use super::*;
    use crate::block::Entry;

    /// Numbers the values of features, each with keys and whole numbers; `expected` has the values in their order, then
    /// the number of each value in order of first use.
    fn check(features: &[&[(u32, u8)]], expected: &[u8], expected_numbers: &[u32]) {
        let (mut keys, mut values) = (KeyTable::default(), ValueTable::default());
        keys.clear();
        values.clear();
        for (key, value) in features.iter().copied().flatten() {
            let value = [5 << 3, *value];
            let entry = Entry { key: *key, kind: FieldKind::Number, hash: value[1].into(), value: &value };
            let key = keys.index(*key, "name");
            values.index(&entry, key);
        }
        let mut grouping = Grouping::default();
        grouping.group(&keys, &values, values.bytes().len() as u32);
        assert_eq!(grouping.numbers(), expected_numbers);
        let mut out = Vec::new();
        grouping.push_values(&values, &mut out);
        assert_eq!(
            out,
            expected.iter().flat_map(|value| [4 << 3 | 2, 2, 5 << 3, *value]).collect::<Vec<_>>()
        );
        grouping.ungroup();
        out.clear();
        grouping.push_values(&values, &mut out);
        assert_eq!(out, values.bytes());
    }

    #[test]
    fn values_of_a_key_stand_together_and_those_that_repeat_come_first() {
        let features: &[&[(u32, u8)]] = &[&[(0, 10), (1, 77)], &[(0, 11), (1, 77)], &[], &[(0, 12), (1, 78)]];
        check(features, &[77, 78, 10, 11, 12], &[2, 0, 3, 4, 1]);
    }

    #[test]
    fn a_value_of_two_keys_belongs_to_the_first() {
        check(&[&[(0, 5), (1, 6)], &[(0, 7), (1, 5)], &[(1, 6)]], &[6, 5, 7], &[1, 0, 2]);
    }

    #[test]
    fn what_is_in_order_stays() {
        check(&[], &[], &[]);
        check(&[&[(0, 5)], &[(0, 6)]], &[5, 6], &[0, 1]);
        check(&[&[(0, 5), (1, 6)]], &[5, 6], &[0, 1]);
    }
}
