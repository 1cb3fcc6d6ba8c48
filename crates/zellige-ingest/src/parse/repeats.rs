//! Notices when a key comes twice in one object.
//!
//! In:     keys, one by one.
//! Out:    whether one of them *may* have come before; never a wrong no.
//! Keeps:  nothing between objects; a new object costs one addition, not a sweep.
//! Source: open addressing; slots carry the number of the object that filled them.

/// Slots of the table; a power of two.
const SLOTS: usize = 1024;
/// So many keys are told apart; objects with more of them count as repeating.
const KEYS_MAX: usize = SLOTS / 2;
/// An odd number without pattern: the golden ratio of 2^64.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// A set of the keys of one object.
#[derive(Debug)]
pub(super) struct Repeats {
    /// Hash of a key; belongs to the object whose number stands beside it.
    slots: Vec<(u32, u32)>,
    object: u32,
    n_keys: usize,
    is_seen: bool,
}

impl Default for Repeats {
    fn default() -> Self {
        Self { slots: vec![(0, 0); SLOTS], object: 0, n_keys: 0, is_seen: false }
    }
}

impl Repeats {
    /// Forgets all keys.
    pub(super) fn begin(&mut self) {
        self.n_keys = 0;
        self.is_seen = false;
        self.object = self.object.wrapping_add(1);
        if self.object == 0 {
            self.slots.fill((0, 0));
            self.object = 1;
        }
    }

    /// Whether a key since [`Repeats::begin`] may be equal to an earlier one.
    pub(super) const fn are_possible(&self) -> bool {
        self.is_seen
    }

    /// Takes note of `key`.
    #[inline]
    pub(super) fn add(&mut self, key: &str) {
        self.n_keys += 1;
        if self.n_keys > KEYS_MAX {
            self.is_seen = true;
            return;
        }
        let hash = hash(key.as_bytes());
        let mut slot_idx = hash as usize % SLOTS;
        // Ends: at most half of the slots belong to this object.
        while self.slots[slot_idx].0 == self.object {
            if self.slots[slot_idx].1 == hash {
                self.is_seen = true;
                return;
            }
            slot_idx = (slot_idx + 1) % SLOTS;
        }
        self.slots[slot_idx] = (self.object, hash);
    }
}

/// Returns the upper half of a multiplicative hash, eight bytes at a time.
#[inline]
fn hash(key: &[u8]) -> u32 {
    let mut state = key.len() as u64;
    let (chunks, rest) = key.as_chunks::<8>();
    for chunk in chunks {
        state = (state.rotate_left(23) ^ u64::from_le_bytes(*chunk)).wrapping_mul(SPREAD);
    }
    let last = rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    state = (state.rotate_left(23) ^ last).wrapping_mul(SPREAD);
    (state >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(keys: &[String], expected: bool) {
        let mut repeats = Repeats::default();
        for _ in 0..3 {
            repeats.begin();
            for key in keys {
                repeats.add(key);
            }
            assert_eq!(repeats.are_possible(), expected);
        }
    }

    #[test]
    fn repeated_key_is_seen_and_others_are_told_apart() {
        let names = |n: usize| (0..n).map(|number| format!("name_of_{number}")).collect::<Vec<_>>();
        let mut keys = names(300);
        check(&keys, false);
        keys.push(keys[17].clone());
        check(&keys, true);
        check(&names(KEYS_MAX + 1), true);
        check(&["", "a", "a\0", "\0a", "abcdefgh", "abcdefgh\0"].map(str::to_owned), false);
        check(&["", "a", ""].map(str::to_owned), true);
    }
}
