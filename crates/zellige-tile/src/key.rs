//! Attribute names as numbers.
//!
//! One table for the whole job, shared by all workers; each worker remembers what it has asked.
//! Numbers depend on who came first and so never reach a byte that is written: tiles number their
//! keys anew, in the order of their features.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;
use zellige_recipe::Plan;

/// The most bytes that all names of a job may take, each with `NAME_BYTES` on top.
pub const NAMES_BYTES_MAX: usize = 256 << 20;
/// What a name takes besides its text, about.
const NAME_BYTES: usize = 64;

/// The names of all attributes of a job.
#[derive(Debug, Default)]
pub struct Keys {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    numbers: FxHashMap<Arc<str>, u32>,
    names: Vec<Arc<str>>,
    bytes: usize,
}

impl Keys {
    /// Returns a table that has the names which the plan itself makes, so that no tile makes a new one.
    #[must_use]
    pub fn for_plan(plan: &Plan) -> Self {
        let keys = Self::default();
        for tiles in plan.layers.iter().flat_map(|layer| &layer.zooms).map(|zoom| &zoom.tiles) {
            let set = tiles.set.iter().map(|(name, _)| name);
            let aggregated =
                tiles.unions.iter().flat_map(|union| &union.union.aggregate).map(|(name, _)| name);
            for name in set.chain(aggregated) {
                keys.number(name);
            }
        }
        keys
    }

    /// Whether there were more names than [`NAMES_BYTES_MAX`] allows; then the job is lost.
    #[must_use]
    pub fn is_overfull(&self) -> bool {
        self.table.lock().unwrap_or_else(PoisonError::into_inner).bytes > NAMES_BYTES_MAX
    }

    /// Returns the number of `name`, new if need be, and the name as all workers share it; any number when
    /// the table is overfull.
    pub fn number(&self, name: &str) -> (u32, Arc<str>) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, number)) = table.numbers.get_key_value(name) {
            return (*number, known.clone());
        }
        let new: Arc<str> = name.into();
        if table.bytes > NAMES_BYTES_MAX {
            return (0, new);
        }
        table.bytes += name.len() + NAME_BYTES;
        let number = table.names.len() as u32;
        table.names.push(new.clone());
        table.numbers.insert(new.clone(), number);
        (number, new)
    }

    /// Returns all names, by number.
    #[must_use]
    pub fn names(&self) -> Vec<Arc<str>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner).names.clone()
    }
}

/// What one worker remembers of [`Keys`].
#[derive(Debug)]
pub struct KeyCache<'k> {
    keys: &'k Keys,
    known: FxHashMap<Arc<str>, Key>,
    /// The names of the last feature, by position: most features repeat them.
    last: Vec<(Arc<str>, Key)>,
}

/// A name as number and as hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The number in [`Keys`].
    pub number: u32,
    /// The xxh3 hash of the name.
    pub hash: u64,
}

impl<'k> KeyCache<'k> {
    /// Returns an empty memory of `keys`.
    #[must_use]
    pub fn new(keys: &'k Keys) -> Self {
        Self { keys, known: FxHashMap::default(), last: Vec::new() }
    }

    /// Returns the key of `name`, which stands at `position` among the attributes of its feature.
    pub fn get(&mut self, position: usize, name: &str) -> Key {
        if let Some((last, key)) = self.last.get(position)
            && **last == *name
        {
            return *key;
        }
        let (name, key) = self.look_up(name);
        if position < self.last.len() {
            self.last[position] = (name, key);
        } else if position == self.last.len() {
            self.last.push((name, key));
        }
        key
    }

    fn look_up(&mut self, name: &str) -> (Arc<str>, Key) {
        if let Some((name, key)) = self.known.get_key_value(name) {
            return (name.clone(), *key);
        }
        let (number, name) = self.keys.number(name);
        let key = Key { number, hash: xxh3_64(name.as_bytes()) };
        self.known.insert(name.clone(), key);
        (name, key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_agree_on_numbers() {
        let keys = Keys::default();
        let (mut one, mut two) = (KeyCache::new(&keys), KeyCache::new(&keys));
        let a = one.get(0, "name");
        assert_eq!(two.get(3, "height").number, 1);
        assert_eq!(two.get(0, "name"), a);
        assert_eq!(one.get(0, "height").number, 1);
        assert_eq!(keys.names().iter().map(|name| &**name).collect::<Vec<_>>(), ["name", "height"]);
    }

    #[test]
    fn too_many_names_are_noticed() {
        let keys = Keys::default();
        let long = "x".repeat(NAMES_BYTES_MAX);
        assert_eq!((keys.number(&long).0, keys.is_overfull()), (0, true));
        assert_eq!((keys.number("a").0, keys.names().len()), (0, 1));
    }
}
