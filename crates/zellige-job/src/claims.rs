//! Who compresses a content that many tiles have.
//!
//! In:     the hash of a finished tile, the number of its shard.
//! Out:    whether this shard brings the bytes.
//! Keeps:  of equal tiles the first one in the order of the archive always brings its bytes.
//!
//! Shards are written in the order of their numbers, so a content that a lower shard brings need not be
//! compressed again. A lower shard that asks after a higher one brings the bytes too; that happens only
//! while both are being built. Bytes that come twice are in vain and do no harm, so a table that has grown to its
//! bound is begun anew: contents that come often are soon known again.

use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;
use zellige_archive::TileHash;

/// Parts of the table, so that workers seldom wait for each other.
const PARTS: usize = 64;
/// Contents that a part knows at most; 7 MiB in all.
const PART_CONTENTS_MAX: usize = 7 << 9;

/// The lowest shard that brings each content; 28 to 57 bytes a content.
#[derive(Debug)]
pub(crate) struct Claims {
    /// By the halves of the hash, which are narrower together than the whole is aligned.
    parts: [Mutex<FxHashMap<(u64, u64), u32>>; PARTS],
}

impl Claims {
    pub(crate) fn new() -> Self {
        Self { parts: std::array::from_fn(|_| Mutex::default()) }
    }

    /// Returns whether `shard` is the first to have this content, as far as is known.
    pub(crate) fn claim(&self, TileHash(hash): TileHash, shard: u32) -> bool {
        let part = &self.parts[hash as usize % PARTS];
        let mut lowest = part.lock().unwrap_or_else(PoisonError::into_inner);
        if lowest.len() == PART_CONTENTS_MAX {
            lowest.clear();
        }
        let known = lowest.entry((hash as u64, (hash >> 64) as u64)).or_insert(u32::MAX);
        let is_first = shard < *known;
        *known = shard.min(*known);
        is_first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lowest_shard_brings_the_bytes() {
        let claims = Claims::new();
        let asked = [(7, 3), (7, 3), (7, 5), (8, 5), (7, 2), (7, 3), (8, 6)];
        let answers = asked.map(|(content, shard)| claims.claim(TileHash(content), shard));
        assert_eq!(answers, [true, false, false, true, true, false, false]);
    }

    #[test]
    fn table_that_is_full_is_begun_anew() {
        let claims = Claims::new();
        let in_one_part = |nth: usize| TileHash((nth * PARTS) as u128);
        for nth in 0..=PART_CONTENTS_MAX {
            assert!(claims.claim(in_one_part(nth), 1));
        }
        assert!(!claims.claim(in_one_part(PART_CONTENTS_MAX), 2));
        assert!(claims.claim(in_one_part(0), 2));
    }
}
