//! Which values were seen beyond the end of a layer, and as the how manieth.
//!
//! In:     hashes of values.
//! Out:    the number of each among different ones, in order of first sight.
//! Keeps:  46 bits of a hash, so two of 200,000 values are taken for one with odds of about 1 in 4,000: enough to measure
//!         a layer, and not used to write one.
//! Source: open addressing in slots of eight bytes, three quarters full at most.

/// So many values are told apart; more of them count as new each time. The size that is measured is then an upper bound,
/// far above any layer that a recipe can ask for.
const SEEN_MAX: usize = 3 << 16;
/// Bits of a slot that have the number, plus one: no slot with a value is 0.
const NUMBER_BITS: u32 = 18;
const SLOTS_MIN: usize = 256;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct SeenValues {
    /// Bits of a hash and a number each.
    slots: Vec<u64>,
    /// How many of the slots have a value.
    n_kept: usize,
    n_values: u32,
}

impl SeenValues {
    /// Returns how many values differ.
    pub(super) const fn len(&self) -> u32 {
        self.n_values
    }

    /// Returns the number of the value with this hash, and whether it is new.
    pub(super) fn number(&mut self, hash: u64) -> (u32, bool) {
        if self.slots.len() * 3 <= self.n_kept * 4 {
            self.grow();
        }
        let place = match self.probe(hash) {
            Ok(number) => return (number, false),
            Err(place) => place,
        };
        let number = self.n_values;
        self.n_values += 1;
        if self.n_kept < SEEN_MAX {
            self.n_kept += 1;
            self.slots[place] = hash >> NUMBER_BITS << NUMBER_BITS | u64::from(number + 1);
        }
        (number, true)
    }

    /// Returns the number of the value, or the free slot where it belongs.
    fn probe(&self, hash: u64) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut place = (hash >> NUMBER_BITS) as usize & mask;
        loop {
            let slot = self.slots[place];
            if slot == 0 {
                return Err(place);
            }
            if slot >> NUMBER_BITS == hash >> NUMBER_BITS {
                return Ok((slot & ((1 << NUMBER_BITS) - 1)) as u32 - 1);
            }
            place = (place + 1) & mask;
        }
    }

    fn grow(&mut self) {
        if self.n_kept == SEEN_MAX {
            return;
        }
        let slots = vec![0; (2 * self.slots.len()).max(SLOTS_MIN)];
        for slot in std::mem::replace(&mut self.slots, slots) {
            if slot != 0
                && let Err(place) = self.probe(slot)
            {
                self.slots[place] = slot;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use xxhash_rust::xxh3::xxh3_64;

    use super::*;

    /// Shows values, each twice; `expected` is how many count as different.
    fn check(n_values: usize, expected: usize) {
        let mut seen = SeenValues::default();
        for _ in 0..2 {
            for value in 0..n_values {
                let (number, is_new) = seen.number(xxh3_64(&value.to_le_bytes()));
                assert!(is_new || number as usize == value, "{value}");
            }
        }
        assert_eq!(seen.len() as usize, expected);
        assert!(seen.slots.len() <= SEEN_MAX / 3 * 4);
    }

    #[test]
    fn values_are_told_apart() {
        check(0, 0);
        check(1, 1);
        check(1000, 1000);
        check(SEEN_MAX, SEEN_MAX);
    }

    #[test]
    fn beyond_the_bound_all_are_new() {
        check(SEEN_MAX + 10, SEEN_MAX + 20);
    }
}
