//! One feature of a source, in buffers that are reused from line to line.

use crate::{Geometry, LonLat, Value, ValueRef};

/// A feature as it stands in a source: id, attributes, geometry in degrees.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Feature {
    /// The top-level `id` as written, [`Value::Null`] when absent.
    pub id: Value,
    /// The `properties` in source order, each key once.
    pub attributes: Attributes,
    /// The geometry; rings are open, see [`Geometry`].
    pub geometry: Geometry<LonLat>,
}

impl Feature {
    /// Empties the feature and keeps its buffers.
    pub fn clear(&mut self) {
        self.id = Value::Null;
        self.attributes.clear();
        self.geometry.reset(crate::GeometryKind::Point);
    }

    /// Returns the bytes of memory that its buffers take.
    #[must_use]
    pub const fn memory_bytes(&self) -> u64 {
        let Geometry { points, part_ends, polygon_ends, .. } = &self.geometry;
        let Attributes { entries, text } = &self.attributes;
        let ends = (part_ends.capacity() + polygon_ends.capacity()) * size_of::<u32>();
        let points = points.capacity() * size_of::<LonLat>();
        let entries = entries.capacity() * size_of::<(Span, Stored)>();
        (points + ends + entries + text.capacity()) as u64
    }
}

/// Attributes in order, their texts in one buffer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes {
    entries: Vec<(Span, Stored)>,
    text: String,
}

/// Keys of more values than this are found by sorting.
const WRITTEN_ONE_BY_ONE_MAX: usize = 16;

/// A range of bytes of the shared text.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    start: u32,
    end: u32,
}

/// A value whose text, if any, lies in the shared text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stored {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Double(f64),
    String(Span),
    Json(Span),
}

impl Attributes {
    /// Empties the list and keeps its buffers.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.text.clear();
    }

    /// Returns the number of attributes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no attribute.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Appends an attribute; the caller sees to it that `key` is new (see [`Attributes::set`]).
    pub fn push(&mut self, key: &str, value: ValueRef<'_>) {
        let key = self.store(key);
        let value = self.store_value(value);
        self.entries.push((key, value));
    }

    /// Replaces the value of `key`, or appends it when it is new.
    pub fn set(&mut self, key: &str, value: ValueRef<'_>) {
        let Some(entry_idx) = self.position(key) else { return self.push(key, value) };
        self.entries[entry_idx].1 = self.store_value(value);
    }

    /// Writes values of different keys: each replaces that of its key or is appended, and null takes its key away;
    /// O(n log n) where there are many of either.
    pub fn write_all<'v>(&mut self, values: impl ExactSizeIterator<Item = (&'v str, ValueRef<'v>)> + Clone) {
        let finds_by_sorting = WRITTEN_ONE_BY_ONE_MAX < values.len();
        let order = if finds_by_sorting { self.order() } else { Vec::new() };
        let place = |key: &str| {
            if !finds_by_sorting {
                return self.position(key);
            }
            let found = order.binary_search_by(|entry_idx| self.text_of(self.entries[*entry_idx].0).cmp(key));
            found.ok().map(|nth| order[nth])
        };
        let places: Vec<Option<usize>> = values.clone().map(|(key, _)| place(key)).collect();
        let mut dead = Vec::new();
        for ((key, value), place) in values.zip(places) {
            match (place, value) {
                (Some(entry_idx), ValueRef::Null) => dead.push(entry_idx),
                (Some(entry_idx), value) => self.entries[entry_idx].1 = self.store_value(value),
                (None, ValueRef::Null) => {}
                (None, value) => self.push(key, value),
            }
        }
        dead.sort_unstable();
        let (mut dead, mut entry_idx) = (dead.into_iter().peekable(), 0..);
        self.entries.retain(|_| dead.next_if_eq(&entry_idx.next().unwrap_or(usize::MAX)).is_none());
    }

    /// Removes `key` if it is there.
    pub fn remove(&mut self, key: &str) {
        if let Some(entry_idx) = self.position(key) {
            self.entries.remove(entry_idx);
        }
    }

    /// Returns the value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<ValueRef<'_>> {
        self.position(key).map(|entry_idx| self.value(self.entries[entry_idx].1))
    }

    /// Returns the keys and values in order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, ValueRef<'_>)> + Clone {
        self.entries.iter().map(|(key, value)| (self.text_of(*key), self.value(*value)))
    }

    /// Keeps the last value of equal keys, in the place of the first; O(n log n).
    pub fn keep_last_of_equal_keys(&mut self) {
        let order = self.order();
        let Self { entries, text } = self;
        let key = |entry_idx: usize| {
            let span: Span = entries[entry_idx].0;
            &text[span.start as usize..span.end as usize]
        };
        let mut repeats = Vec::new();
        for run in order.chunk_by(|a, b| key(*a) == key(*b)) {
            repeats.extend(run[1..].iter().map(|later| (*later, run[0])));
        }
        if repeats.is_empty() {
            return;
        }
        repeats.sort_unstable();
        let mut dead = vec![false; entries.len()];
        for (later, first) in repeats {
            entries[first].1 = entries[later].1;
            dead[later] = true;
        }
        let mut dead = dead.into_iter();
        entries.retain(|_| !dead.next().unwrap_or(false));
    }

    /// Returns the numbers of all entries, sorted by key and then by number.
    fn order(&self) -> Vec<usize> {
        let key = |entry_idx: usize| self.text_of(self.entries[entry_idx].0);
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        order.sort_by(|a, b| key(*a).cmp(key(*b)).then(a.cmp(b)));
        order
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.entries.iter().position(|(span, _)| self.text_of(*span) == key)
    }

    fn store(&mut self, text: &str) -> Span {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        Span { start, end: self.text.len() as u32 }
    }

    fn store_value(&mut self, value: ValueRef<'_>) -> Stored {
        match value {
            ValueRef::Null => Stored::Null,
            ValueRef::Bool(value) => Stored::Bool(value),
            ValueRef::Int(value) => Stored::Int(value),
            ValueRef::UInt(value) => Stored::UInt(value),
            ValueRef::Double(value) => Stored::Double(value),
            ValueRef::String(value) => Stored::String(self.store(value)),
            ValueRef::Json(value) => Stored::Json(self.store(value)),
        }
    }

    #[inline]
    fn text_of(&self, span: Span) -> &str {
        &self.text[span.start as usize..span.end as usize]
    }

    #[inline]
    fn value(&self, stored: Stored) -> ValueRef<'_> {
        match stored {
            Stored::Null => ValueRef::Null,
            Stored::Bool(value) => ValueRef::Bool(value),
            Stored::Int(value) => ValueRef::Int(value),
            Stored::UInt(value) => ValueRef::UInt(value),
            Stored::Double(value) => ValueRef::Double(value),
            Stored::String(span) => ValueRef::String(self.text_of(span)),
            Stored::Json(span) => ValueRef::Json(self.text_of(span)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_of_equal_keys_stays_in_the_place_of_the_first() {
        let mut attributes = Attributes::default();
        for (key, value) in [("b", 1), ("a", 2), ("b", 3), ("c", 4), ("a", 5)] {
            attributes.push(key, ValueRef::Int(value));
        }
        attributes.keep_last_of_equal_keys();
        let left: Vec<_> = attributes.iter().collect();
        assert_eq!(left, [("b", ValueRef::Int(3)), ("a", ValueRef::Int(5)), ("c", ValueRef::Int(4))]);
    }

    #[test]
    fn many_values_are_written_as_few_are() {
        for n_values in [3, 300] {
            let keys: Vec<String> = (0..n_values).rev().map(|nth| format!("key {nth}")).collect();
            let mut attributes = Attributes::default();
            for (nth, key) in keys.iter().enumerate().step_by(2) {
                attributes.push(key, ValueRef::Int(nth as i64));
            }
            let mut expected = attributes.clone();
            let values = keys.iter().enumerate().map(|(nth, key)| match nth % 3 {
                0 => (key.as_str(), ValueRef::Null),
                _ => (key.as_str(), ValueRef::String(key)),
            });
            attributes.write_all(values.clone());
            for (key, value) in values {
                match value {
                    ValueRef::Null => expected.remove(key),
                    value => expected.set(key, value),
                }
            }
            assert!(attributes.iter().eq(expected.iter()), "{attributes:?}");
        }
    }

    #[test]
    fn set_replaces_and_remove_forgets() {
        let mut attributes = Attributes::default();
        attributes.set("name", ValueRef::String("old"));
        attributes.set("name", ValueRef::String("new"));
        assert_eq!(attributes.get("name"), Some(ValueRef::String("new")));
        attributes.remove("name");
        assert!(attributes.is_empty());
    }
}
