//! Compressed contents that may come again, so that equal tiles are compressed once.
//!
//! In:     the hash of a finished tile; its bytes, once somebody has compressed them.
//! Out:    the compressed bytes, if they are known.
//! Keeps:  nothing that matters: what is not known is compressed again, to the same bytes.
//! Source: two generations, as in the archives that find equal tiles by hash: what is asked for moves from the old one
//!         to the young one; when that is full, it takes the place of the old one.

use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;
use zellige_archive::TileHash;

/// Parts of the table, so that workers seldom wait for each other.
const PARTS: usize = 64;
/// The most compressed bytes that are kept in all, those of the tables included; more of them help no more.
pub(crate) const BYTES_MAX: u64 = 8 << 20;
/// What a content takes in a table beside its bytes, at most.
const CONTENT_BYTES: usize = 80;
/// The longest compressed content that is kept: what comes again is sea, the inside of areas, or a few points.
const PACKED_BYTES_MAX: usize = 4 << 10;

/// See the module.
#[derive(Debug)]
pub(crate) struct PackedContents {
    parts: [Mutex<Part>; PARTS],
    /// Bytes of a generation of a part.
    generation_bytes: usize,
}

#[derive(Debug, Default)]
struct Part {
    young: Generation,
    old: Generation,
}

#[derive(Debug, Default)]
struct Generation {
    /// By the halves of the hash, which are narrower together than the whole is aligned.
    contents: FxHashMap<(u64, u64), Box<[u8]>>,
    bytes: usize,
}

impl PackedContents {
    /// Keeps up to `bytes`, and a generation of a part has room for one content at least.
    pub(crate) fn new(bytes: u64) -> Self {
        let generation_bytes =
            (bytes.min(BYTES_MAX) as usize / (2 * PARTS)).max(PACKED_BYTES_MAX + CONTENT_BYTES);
        Self { parts: std::array::from_fn(|_| Mutex::default()), generation_bytes }
    }

    /// Appends the compressed content to `out`, if it is known; returns whether it is.
    pub(crate) fn append(&self, hash: TileHash, out: &mut Vec<u8>) -> bool {
        let mut part = self.part(hash).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(packed) = part.young.contents.get(&halves(hash)) {
            out.extend_from_slice(packed);
            return true;
        }
        let Some(packed) = part.old.contents.remove(&halves(hash)) else { return false };
        out.extend_from_slice(&packed);
        part.put(hash, packed, self.generation_bytes);
        true
    }

    /// Takes note of a compressed content.
    pub(crate) fn put(&self, hash: TileHash, packed: &[u8]) {
        if packed.len() <= PACKED_BYTES_MAX {
            let mut part = self.part(hash).lock().unwrap_or_else(PoisonError::into_inner);
            part.put(hash, packed.into(), self.generation_bytes);
        }
    }

    const fn part(&self, TileHash(hash): TileHash) -> &Mutex<Part> {
        &self.parts[hash as usize % PARTS]
    }
}

impl Part {
    fn put(&mut self, hash: TileHash, packed: Box<[u8]>, generation_bytes: usize) {
        let bytes = packed.len() + CONTENT_BYTES;
        if self.young.bytes + bytes > generation_bytes {
            self.old = std::mem::take(&mut self.young);
        }
        if self.young.contents.insert(halves(hash), packed).is_none() {
            self.young.bytes += bytes;
        }
    }
}

/// Returns the halves of a hash, the one that does not choose the part first.
const fn halves(TileHash(hash): TileHash) -> (u64, u64) {
    ((hash >> 64) as u64, hash as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks for contents of so many bytes each, and puts those that are not known; returns how many those are.
    fn n_unknown(contents: impl Iterator<Item = usize>, packed_bytes: usize) -> usize {
        let known = PackedContents::new(BYTES_MAX);
        let mut n_unknown = 0;
        for content in contents {
            // All in one part.
            let (hash, packed) = (TileHash((content * PARTS) as u128), vec![content as u8; packed_bytes]);
            let mut out = vec![7];
            if known.append(hash, &mut out) {
                assert_eq!(out, [&[7], &packed[..]].concat());
            } else {
                assert_eq!(out, [7]);
                known.put(hash, &packed);
                n_unknown += 1;
            }
        }
        for part in known.parts {
            let Part { young, old } = part.into_inner().unwrap();
            assert!(young.bytes.max(old.bytes) <= known.generation_bytes);
        }
        n_unknown
    }

    #[test]
    fn contents_come_back() {
        assert_eq!(n_unknown([1, 1, 2, 1, 2].into_iter(), 100), 2);
        assert_eq!(n_unknown([1, 1].into_iter(), PACKED_BYTES_MAX), 1);
        assert_eq!(n_unknown([1, 1].into_iter(), PACKED_BYTES_MAX + 1), 2);
    }

    #[test]
    fn what_comes_often_stays_known() {
        assert_eq!(n_unknown((1..10_000).flat_map(|nth| [nth, 0]), 100), 10_000);
    }

    #[test]
    fn what_did_not_come_for_long_is_forgotten() {
        assert_eq!(n_unknown((0..10_000).chain(0..1), 100), 10_001);
    }
}
