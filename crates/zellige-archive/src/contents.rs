//! Knows contents that were written lately, so that equal tiles are stored once.
//!
//! In:     the hash of each tile, in the order of the archive.
//! Out:    where its content stands, if one like it is known.
//! Keeps:  any content that comes again before [`GENERATION_CONTENTS`] different ones have come. What comes again
//!         later is stored again, so what is stored twice depends on the tiles alone.
//! Source: two generations: what is asked for moves from the old one to the young one; when that is full, it takes the
//!         place of the old one.
//!
//! Contents that repeat are sea, the inside of areas, and single points: they come again soon, and as often as tiles
//! do. Knowing all contents of an archive would take some 50 bytes for each of its tiles.

use rustc_hash::FxHashMap;

use crate::TileHash;

/// Contents of a generation; with their places about 4 MiB.
pub(crate) const GENERATION_CONTENTS: usize = 7 << 14;

/// Contents with which a generation takes room for all that it may have: growing on, it would free ever larger pieces of
/// memory, and an allocator may learn from them to keep as much.
const GROWING_CONTENTS: usize = 7 << 8;

/// By the halves of the hash, which are narrower together than the whole is aligned.
type Generation<P> = FxHashMap<(u64, u64), P>;

/// See the module; `P` is a place.
#[derive(Debug)]
pub(crate) struct Contents<P> {
    young: Generation<P>,
    old: Generation<P>,
}

impl<P: Copy> Contents<P> {
    pub(crate) fn new() -> Self {
        Self { young: Generation::default(), old: Generation::default() }
    }

    /// Returns where the content stands, if it is known.
    pub(crate) fn get(&mut self, hash: TileHash) -> Option<P> {
        if let Some(place) = self.young.get(&halves(hash)) {
            return Some(*place);
        }
        let place = *self.old.get(&halves(hash))?;
        self.insert(hash, place);
        Some(place)
    }

    /// Takes note of where a content stands that is not in the young generation.
    pub(crate) fn insert(&mut self, hash: TileHash, place: P) {
        if self.young.len() == GENERATION_CONTENTS {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        if self.young.len() == GROWING_CONTENTS {
            self.young.reserve(GENERATION_CONTENTS - GROWING_CONTENTS);
        }
        self.young.insert(halves(hash), place);
    }
}

const fn halves(TileHash(hash): TileHash) -> (u64, u64) {
    (hash as u64, (hash >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use rustc_hash::FxHashSet;

    use super::*;

    /// Writes contents, each at its own number unless it is known; returns how many are written twice.
    fn check(contents: impl Iterator<Item = usize>, expected_again: usize) {
        let (mut known, mut seen, mut n_again) = (Contents::new(), FxHashSet::default(), 0);
        for content in contents {
            let hash = TileHash::of(&content.to_le_bytes());
            if let Some(place) = known.get(hash) {
                assert_eq!(place, content);
            } else {
                known.insert(hash, content);
                n_again += usize::from(!seen.insert(content));
            }
            assert!(known.young.len().max(known.old.len()) <= GENERATION_CONTENTS);
        }
        assert_eq!(n_again, expected_again);
    }

    #[test]
    fn what_comes_again_soon_is_known() {
        check([1, 1, 2, 1, 2].into_iter(), 0);
        check((0..GENERATION_CONTENTS).chain(0..GENERATION_CONTENTS), 0);
    }

    #[test]
    fn what_comes_often_stays_known() {
        check((0..5 * GENERATION_CONTENTS).flat_map(|nth| [nth + 1, 0]), 0);
    }

    #[test]
    fn what_did_not_come_for_long_is_written_again() {
        check((0..3 * GENERATION_CONTENTS).chain(0..1), 1);
    }
}
