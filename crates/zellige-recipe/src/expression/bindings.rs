//! The attributes of a feature, where programs find them: each name a number, each value in its seat.
//!
//! In:     the attributes of one feature after another, in any order of keys.
//! Out:    [`Bindings`]: values by [`Slot`], and by name where a name is computed.
//! Keeps:  the order of attributes; buffers from feature to feature.
//!
//! A source repeats its keys in the same order from line to line, more or less. The last order is
//! remembered, so that a key that stands where it stood costs one comparison and no look-up.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use zellige_model::ValueRef;

use super::value::{Bound, Home, Span, store};

/// How many keys of the last feature are remembered; features with more are bound more slowly.
const LAYOUT_KEYS_MAX: usize = 512;

/// The number of an attribute among the [`Names`] of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub(super) u32);

/// The attributes that the programs of a layer ask for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names {
    slots: FxHashMap<Arc<str>, Slot>,
    by_slot: Vec<Arc<str>>,
    keeps_all: bool,
}

impl Names {
    /// Returns the slot of a name, a new one when the name is new.
    pub fn intern(&mut self, name: &str) -> Slot {
        if let Some(slot) = self.slot(name) {
            return slot;
        }
        let slot = Slot(self.by_slot.len() as u32);
        let name: Arc<str> = name.into();
        self.by_slot.push(Arc::clone(&name));
        self.slots.insert(name, slot);
        slot
    }

    /// Returns the slot of a name that is known.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<Slot> {
        self.slots.get(name).copied()
    }

    /// Returns the name of a slot.
    ///
    /// # Panics
    ///
    /// When the slot is of other names.
    #[must_use]
    pub fn name(&self, slot: Slot) -> &str {
        &self.by_slot[slot.0 as usize]
    }

    /// Returns the names in the order of their slots.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.by_slot.iter().map(|name| &**name)
    }

    /// Asks for all attributes, since some name is known only when a feature is there.
    pub const fn keep_all(&mut self) {
        self.keeps_all = true;
    }
}

/// The attributes of one feature; filled again and again.
///
/// Values that change per zoom are laid over the bound ones with [`Bindings::set`] and taken off again with
/// [`Bindings::reset`].
#[derive(Clone, Debug, Default)]
pub struct Bindings {
    names: Arc<Names>,
    /// By slot; the slots behind those of `names` are attributes that only computed names can ask for.
    values: Vec<Option<Bound>>,
    /// The names of the slots behind those of `names`.
    extras: Vec<Span>,
    /// All slots in the order of the attributes; kept only when `names` keeps all.
    order: Vec<Slot>,
    texts: String,
    /// The keys of the last feature, in order.
    layout: Vec<Seat>,
    /// What the slots held before they were set, latest last.
    changes: Vec<(Slot, Option<Bound>)>,
    bound: Mark,
}

/// A key and where its value goes.
#[derive(Clone, Debug)]
struct Seat {
    key: String,
    slot: Option<Slot>,
}

/// The lengths of the lists after the feature itself was bound.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    extras: usize,
    order: usize,
    texts: usize,
}

impl Bindings {
    /// Returns bindings without any attribute.
    #[must_use]
    pub fn new(names: Arc<Names>) -> Self {
        Self { values: vec![None; names.by_slot.len()], names, ..Self::default() }
    }

    /// Forgets everything and takes the attributes of a feature; each key stands once.
    pub fn bind<'v>(&mut self, attributes: impl IntoIterator<Item = (&'v str, ValueRef<'v>)>) {
        self.values.clear();
        self.values.resize(self.names.by_slot.len(), None);
        self.extras.clear();
        self.order.clear();
        self.texts.clear();
        self.changes.clear();
        for (idx, (key, value)) in attributes.into_iter().enumerate() {
            match self.seat(idx, key) {
                Some(slot) => {
                    self.values[slot.0 as usize] = Some(store(value, Home::Feature, &mut self.texts));
                    if self.names.keeps_all {
                        self.order.push(slot);
                    }
                }
                None if self.names.keeps_all => self.append(key, value),
                None => {}
            }
        }
        self.bound = Mark { extras: self.extras.len(), order: self.order.len(), texts: self.texts.len() };
    }

    /// Replaces the value of an attribute, or adds it, until [`Bindings::reset`] or [`Bindings::bind`].
    pub fn set(&mut self, key: &str, value: ValueRef<'_>) {
        match self.find(key) {
            Some(slot) => {
                let value = store(value, Home::Feature, &mut self.texts);
                let old = self.put(slot, Some(value));
                if self.names.keeps_all && old.is_none() && !self.order.contains(&slot) {
                    self.order.push(slot);
                }
            }
            None if self.names.keeps_all => self.append(key, value),
            None => {}
        }
    }

    /// Takes an attribute away, until [`Bindings::reset`] or [`Bindings::bind`].
    pub fn remove(&mut self, key: &str) {
        if let Some(slot) = self.find(key) {
            self.put(slot, None);
        }
    }

    /// Returns to the attributes as they were bound.
    pub fn reset(&mut self) {
        while let Some((slot, old)) = self.changes.pop() {
            self.values[slot.0 as usize] = old;
        }
        self.values.truncate(self.names.by_slot.len() + self.bound.extras);
        self.extras.truncate(self.bound.extras);
        self.order.truncate(self.bound.order);
        self.texts.truncate(self.bound.texts);
    }

    /// Returns the value of an attribute; none when no program of the layer can ask for it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<ValueRef<'_>> {
        self.named(key).map(|value| self.value_ref(value))
    }

    /// Returns the value in a slot.
    pub(super) fn value(&self, slot: Slot) -> Option<Bound> {
        self.values.get(slot.0 as usize).copied().flatten()
    }

    /// Returns the value of a name that was computed.
    pub(super) fn named(&self, key: &str) -> Option<Bound> {
        self.find(key).and_then(|slot| self.value(slot))
    }

    /// Returns all attributes in order; complete only when the names keep all.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, ValueRef<'_>)> {
        self.order.iter().filter_map(|slot| {
            let value = self.value(*slot)?;
            Some((self.name(*slot), self.value_ref(value)))
        })
    }

    /// Returns the texts that the values lie in.
    pub(super) fn texts(&self) -> &str {
        &self.texts
    }

    fn value_ref(&self, value: Bound) -> ValueRef<'_> {
        value.with_text(value.span().map_or("", |span| &self.texts[span.range()]))
    }

    fn name(&self, slot: Slot) -> &str {
        let (idx, n_names) = (slot.0 as usize, self.names.by_slot.len());
        if idx < n_names { &self.names.by_slot[idx] } else { &self.texts[self.extras[idx - n_names].range()] }
    }

    fn find(&self, key: &str) -> Option<Slot> {
        let extra = || {
            let idx = self.extras.iter().position(|span| &self.texts[span.range()] == key)?;
            Some(Slot((self.names.by_slot.len() + idx) as u32))
        };
        self.names.slot(key).or_else(extra)
    }

    /// Returns the slot of the attribute that stands at `idx`, and remembers it for the next feature.
    fn seat(&mut self, idx: usize, key: &str) -> Option<Slot> {
        if let Some(seat) = self.layout.get(idx)
            && seat.key == key
        {
            return seat.slot;
        }
        let slot = self.names.slot(key);
        match self.layout.get_mut(idx) {
            Some(seat) => {
                key.clone_into(&mut seat.key);
                seat.slot = slot;
            }
            None if idx < LAYOUT_KEYS_MAX => self.layout.push(Seat { key: key.to_owned(), slot }),
            None => {}
        }
        slot
    }

    /// Adds an attribute that has no slot among the names.
    fn append(&mut self, key: &str, value: ValueRef<'_>) {
        let start = self.texts.len();
        self.texts.push_str(key);
        self.extras.push(Span::new(Home::Feature, start, self.texts.len()));
        let value = store(value, Home::Feature, &mut self.texts);
        self.order.push(Slot(self.values.len() as u32));
        self.values.push(Some(value));
    }

    fn put(&mut self, slot: Slot, value: Option<Bound>) -> Option<Bound> {
        let old = std::mem::replace(&mut self.values[slot.0 as usize], value);
        self.changes.push((slot, old));
        old
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(keeps_all: bool) -> Arc<Names> {
        let mut names = Names::default();
        for name in ["a", "b"] {
            names.intern(name);
        }
        if keeps_all {
            names.keep_all();
        }
        Arc::new(names)
    }

    /// Compares all attributes in order, as text.
    fn check(bindings: &Bindings, expected: &str) {
        let found: Vec<String> = bindings.iter().map(|(key, value)| format!("{key}={value:?}")).collect();
        assert_eq!(found.join(" "), expected);
    }

    #[test]
    fn any_order_of_keys_is_bound() {
        let mut bindings = Bindings::new(names(false));
        for keys in [["a", "b", "c"], ["a", "b", "c"], ["c", "a", "b"], ["b", "x", "a"], ["a", "b", "c"]] {
            bindings.bind(keys.map(|key| (key, ValueRef::String(key))));
            assert_eq!(bindings.get("a"), Some(ValueRef::String("a")));
            assert_eq!(bindings.get("b"), Some(ValueRef::String("b")));
            assert_eq!(bindings.get("c"), None);
        }
        bindings.bind([("b", ValueRef::Null)]);
        assert_eq!((bindings.get("a"), bindings.get("b")), (None, Some(ValueRef::Null)));
    }

    #[test]
    fn all_attributes_are_kept_in_order_on_demand() {
        let mut bindings = Bindings::new(names(true));
        bindings.bind([("z", ValueRef::Int(1)), ("b", ValueRef::Int(2)), ("y", ValueRef::String("t"))]);
        check(&bindings, "z=Int(1) b=Int(2) y=String(\"t\")");
    }

    #[test]
    fn what_is_laid_over_comes_off_again() {
        let mut bindings = Bindings::new(names(true));
        bindings.bind([("z", ValueRef::Int(1)), ("b", ValueRef::String("old"))]);
        for _ in 0..2 {
            bindings.set("b", ValueRef::String("new"));
            bindings.set("b", ValueRef::String("newer"));
            bindings.set("a", ValueRef::Int(3));
            bindings.set("q", ValueRef::Int(4));
            bindings.remove("z");
            bindings.remove("nothing");
            check(&bindings, "b=String(\"newer\") a=Int(3) q=Int(4)");
            bindings.reset();
            check(&bindings, "z=Int(1) b=String(\"old\")");
        }
        bindings.set("z", ValueRef::Int(5));
        bindings.bind([("b", ValueRef::Int(6))]);
        bindings.reset();
        check(&bindings, "b=Int(6)");
    }

    #[test]
    fn names_that_nobody_asks_for_cost_nothing() {
        let mut bindings = Bindings::new(names(false));
        bindings.bind([("other", ValueRef::String("text"))]);
        bindings.set("another", ValueRef::String("text"));
        assert_eq!(bindings.texts(), "");
    }

    #[test]
    fn bindings_without_a_feature_have_no_attribute() {
        let mut bindings = Bindings::new(names(true));
        assert_eq!(bindings.get("a"), None);
        bindings.set("a", ValueRef::Int(1));
        assert_eq!(bindings.get("a"), Some(ValueRef::Int(1)));
    }
}
