//! The keys and values of a layer, each once, in order of first use.
//!
//! Each knows which keys are used how often, and which key used a value first, for `regroup`.
//!
//! Both tables can be cut back to an earlier length.
//! Source: MVT 2.1 §4.1.

use super::push_varint;
use crate::block::Entry;

const TAG_KEY: u8 = 3 << 3 | 2;
const TAG_VALUE: u8 = 4 << 3 | 2;
/// Slots that a tile starts with.
const SLOTS_MIN: usize = 256;
/// A table of more slots than these is probably not in the cache next to the core.
const SLOTS_CACHED_MAX: usize = 8192;

/// The keys of a layer: numbers of the job to numbers of the tile. It is emptied by counting up an epoch.
#[derive(Debug, Default)]
pub(super) struct KeyTable {
    epoch: u32,
    /// By number of the job: epoch and number of the tile.
    indices: Vec<(u32, u32)>,
    used: Vec<UsedKey>,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct UsedKey {
    /// Its number of the job.
    key: u32,
    /// Where the framed name starts among the bytes.
    frame: u32,
    n_uses: u32,
}

impl KeyTable {
    /// Returns the fields of the layer message, tags and lengths included.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn clear(&mut self) {
        self.epoch += 1;
        self.used.clear();
        self.bytes.clear();
    }

    pub(super) const fn len(&self) -> usize {
        self.used.len()
    }

    pub(super) fn find(&self, key: u32) -> Option<u32> {
        self.indices.get(key as usize).filter(|(epoch, _)| *epoch == self.epoch).map(|(_, index)| *index)
    }

    /// Returns how often a key was asked for, by its number of the tile.
    pub(super) fn n_uses(&self, index: u32) -> u32 {
        self.used[index as usize].n_uses
    }

    pub(super) fn index(&mut self, key: u32, name: &str) -> u32 {
        if let Some(index) = self.find(key) {
            self.used[index as usize].n_uses += 1;
            return index;
        }
        if self.indices.len() <= key as usize {
            self.indices.resize(key as usize + 1, (0, 0));
        }
        let index = self.used.len() as u32;
        self.indices[key as usize] = (self.epoch, index);
        self.used.push(UsedKey { key, frame: self.bytes.len() as u32, n_uses: 1 });
        self.bytes.push(TAG_KEY);
        push_varint(&mut self.bytes, name.len() as u64);
        self.bytes.extend_from_slice(name.as_bytes());
        index
    }

    /// Takes back the keys whose bytes start at `bytes_len` or later.
    pub(super) fn truncate(&mut self, bytes_len: u32) {
        while let Some(used) = self.used.last()
            && used.frame >= bytes_len
        {
            self.indices[used.key as usize] = (0, 0);
            self.used.pop();
        }
        self.bytes.truncate(bytes_len as usize);
    }
}

/// The values of a layer: an open-addressed table of few slots, which are emptied for each tile, and of more as values
/// come.
///
/// Half of the slots at most have a value: its index in the lower bits, as many as the table needs, and above them so much
/// of its hash that the value itself is seldom read in vain. Slots of four bytes are in the cache next to the core longer.
#[derive(Debug, Default)]
pub(super) struct ValueTable {
    slots: Vec<u32>,
    /// How many of the slots are in use, a power of two: small tiles after a large one stay in the cache.
    len: usize,
    used: Vec<UsedValue>,
    bytes: Vec<u8>,
}

/// A slot without a value; no index has all bits set, since there are more slots than values.
const FREE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
pub(super) struct UsedValue {
    hash: u64,
    /// The key that used it first, by its number of the tile.
    pub(super) key: u32,
    /// Where the framed value starts among the bytes, and where the message in it starts and ends.
    frame: u32,
    start: u32,
    end: u32,
}

impl ValueTable {
    /// Returns the fields of the layer message, tags and lengths included.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn clear(&mut self) {
        self.empty(self.slots.len().min(SLOTS_MIN));
        self.used.clear();
        self.bytes.clear();
    }

    pub(super) const fn len(&self) -> usize {
        self.used.len()
    }

    /// Brings the slots of values into the cache, all at once, when the table is too large to be there.
    pub(super) fn touch<'e>(&self, entries: impl Iterator<Item = Entry<'e>>) {
        if self.len > SLOTS_CACHED_MAX {
            let mask = self.len - 1;
            let touched = entries.fold(0, |sum, entry| sum ^ self.slots[entry.hash as usize & mask]);
            std::hint::black_box(touched);
        }
    }

    pub(super) fn find(&self, entry: &Entry<'_>) -> Option<u32> {
        if self.len == 0 {
            return None;
        }
        self.probe(entry).ok()
    }

    /// Returns the index of the value, or the free slot where it belongs.
    #[inline]
    fn probe(&self, entry: &Entry<'_>) -> Result<u32, usize> {
        let mask = self.len - 1;
        let tag = self.slot(entry.hash, 0);
        let mut place = entry.hash as usize & mask;
        loop {
            let slot = self.slots[place];
            if slot == FREE {
                return Err(place);
            }
            let index = slot & mask as u32;
            if slot == tag | index {
                let used = self.used[index as usize];
                if used.hash == entry.hash
                    && &self.bytes[used.start as usize..used.end as usize] == entry.value
                {
                    return Ok(index);
                }
            }
            place = (place + 1) & mask;
        }
    }

    /// Returns what stands in the slot of a value.
    const fn slot(&self, hash: u64, index: u32) -> u32 {
        (hash >> 32) as u32 & !(self.len as u32 - 1) | index
    }

    /// Returns the values whose bytes lie before `bytes_len`.
    pub(super) fn used(&self, bytes_len: u32) -> &[UsedValue] {
        &self.used[..self.used.partition_point(|used| used.frame < bytes_len)]
    }

    /// Returns the field of a value, its tag and length included.
    pub(super) fn framed(&self, index: u32) -> &[u8] {
        let used = self.used[index as usize];
        &self.bytes[used.frame as usize..used.end as usize]
    }

    /// Returns the index of a value that the key with this number of the tile has.
    pub(super) fn index(&mut self, entry: &Entry<'_>, key: u32) -> u32 {
        if self.len < 2 * (self.used.len() + 1) {
            self.grow();
        }
        let place = match self.probe(entry) {
            Ok(index) => return index,
            Err(place) => place,
        };
        let index = self.used.len() as u32;
        self.slots[place] = self.slot(entry.hash, index);
        let frame = self.bytes.len() as u32;
        self.bytes.push(TAG_VALUE);
        push_varint(&mut self.bytes, entry.value.len() as u64);
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(entry.value);
        self.used.push(UsedValue { hash: entry.hash, key, frame, start, end: self.bytes.len() as u32 });
        index
    }

    fn grow(&mut self) {
        self.empty((2 * self.len).max(SLOTS_MIN));
        let mask = self.len - 1;
        for (index, used) in self.used.iter().enumerate() {
            let mut place = used.hash as usize & mask;
            while self.slots[place] != FREE {
                place = (place + 1) & mask;
            }
            self.slots[place] = self.slot(used.hash, index as u32);
        }
    }

    /// Uses so many slots from now on, all of them free.
    fn empty(&mut self, len: usize) {
        self.len = len;
        let n_known = self.slots.len().min(len);
        self.slots[..n_known].fill(FREE);
        if n_known < len {
            self.slots.resize(len, FREE);
        }
    }

    /// Takes back the values whose bytes start at `bytes_len` or later.
    ///
    /// They were the last to come, so no probe of another value leads past their slots.
    pub(super) fn truncate(&mut self, bytes_len: u32) {
        while let Some(used) = self.used.last()
            && used.frame >= bytes_len
        {
            let index = self.used.len() as u32 - 1;
            let (mask, slot) = (self.len - 1, self.slot(used.hash, index));
            let mut place = used.hash as usize & mask;
            while self.slots[place] != slot {
                place = (place + 1) & mask;
            }
            self.slots[place] = FREE;
            self.used.pop();
        }
        self.bytes.truncate(bytes_len as usize);
    }
}

#[cfg(test)]
mod tests {
    use zellige_model::FieldKind;

    use super::*;

    /// Puts in values with these hashes, each twice, then takes back those from `n_kept` on and puts them in again; each
    /// has the index of its position all the time.
    fn check(hashes: &[u64], n_kept: usize) {
        let mut table = ValueTable::default();
        let values: Vec<[u8; 4]> = (0..hashes.len() as u32).map(u32::to_le_bytes).collect();
        let entry = |nth: usize| {
            let value: &[u8] = &values[nth];
            Entry { key: 0, kind: FieldKind::Number, hash: hashes[nth], value }
        };
        for _ in 0..2 {
            table.clear();
            for nth in 0..hashes.len() {
                assert_eq!(table.find(&entry(nth)), None);
                assert_eq!([table.index(&entry(nth), 0), table.index(&entry(nth), 0)], [nth as u32; 2]);
            }
            let bytes_len = n_kept as u32 * 6;
            assert_eq!(table.used(bytes_len).len(), n_kept);
            table.truncate(bytes_len);
            assert_eq!(table.len(), n_kept);
            for nth in 0..hashes.len() {
                assert_eq!(table.find(&entry(nth)), (nth < n_kept).then_some(nth as u32), "{nth}");
            }
            for nth in 0..hashes.len() {
                assert_eq!(table.index(&entry(nth), 0), nth as u32);
            }
        }
    }

    #[test]
    fn values_keep_their_index_while_the_table_grows() {
        let spread: Vec<u64> = (1..5_000_u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
        check(&spread, 0);
        check(&spread, 1_234);
        check(&[], 0);
    }

    #[test]
    fn values_whose_hashes_are_alike_are_told_apart() {
        check(&[u64::MAX; 300], 200);
        check(&[0; 300], 299);
        check(&[1 << 32, 2 << 32, 3 << 40, 4 << 62], 2);
    }
}
