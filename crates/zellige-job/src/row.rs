//! Rows of a run in a file, each written as what tells it from the one before.
//!
//! In:     key, place of the block and length of the body of each row, in order.
//! Out:    its head in a few bytes; from these, the same again.
//! Keeps:  every value, whatever came before. A run may be entered wherever the writer started afresh.
//!
//! ```text
//! slot varint | place zigzag varint | block zigzag varint | body length varint | body
//! ```
//!
//! Slot, place and block are less those of the row before. Rows of a tile have one slot, and features that are
//! near each other stand near each other in their source, so a head has about ten bytes instead of 28.

use zellige_tile::encode::{push_varint, take_varint};
use zellige_tile::piece::PieceKey;

/// The bytes of a head at most.
pub(crate) const HEAD_BYTES_MAX: usize = 4 * 10;

/// What stands in front of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) key: PieceKey,
    /// Where the block stands, see `blocks`.
    pub(crate) block: u64,
    pub(crate) body_len: usize,
}

/// Writes and reads heads; knows what stood in the one before, at first zeros.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HeadCoder {
    slot: u64,
    place: u64,
    block: u64,
}

impl HeadCoder {
    pub(crate) const fn slot(self) -> u64 {
        self.slot
    }

    /// Appends the head of the next row to `out`.
    pub(crate) fn push(&mut self, Head { key, block, body_len }: Head, out: &mut Vec<u8>) {
        push_varint(out, key.slot.wrapping_sub(self.slot));
        push_varint(out, zigzag(key.place.wrapping_sub(self.place)));
        push_varint(out, zigzag(block.wrapping_sub(self.block)));
        push_varint(out, body_len as u64);
        *self = Self { slot: key.slot, place: key.place, block };
    }

    /// Takes the head of the next row off the front of `bytes`.
    pub(crate) fn take(&mut self, bytes: &mut &[u8]) -> Head {
        self.slot = self.slot.wrapping_add(take_varint(bytes));
        self.place = self.place.wrapping_add(unzigzag(take_varint(bytes)));
        self.block = self.block.wrapping_add(unzigzag(take_varint(bytes)));
        let key = PieceKey { slot: self.slot, place: self.place };
        Head { key, block: self.block, body_len: take_varint(bytes) as usize }
    }
}

/// Returns a difference as a number that is small when the difference is, whatever its sign.
const fn zigzag(difference: u64) -> u64 {
    difference << 1 ^ (difference as i64 >> 63) as u64
}

const fn unzigzag(number: u64) -> u64 {
    number >> 1 ^ (number & 1).wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes heads of slot, place, block and body length, and reads them back; says how many bytes they took.
    fn check(heads: &[(u64, u64, u64, usize)], expected_bytes: usize) {
        let heads = heads.iter().map(|&(slot, place, block, body_len)| Head {
            key: PieceKey { slot, place },
            block,
            body_len,
        });
        let (mut coder, mut bytes) = (HeadCoder::default(), Vec::new());
        heads.clone().for_each(|head| coder.push(head, &mut bytes));
        assert_eq!(bytes.len(), expected_bytes);
        let (mut coder, mut rest) = (HeadCoder::default(), &bytes[..]);
        heads.for_each(|head| assert_eq!(coder.take(&mut rest), head));
        assert!(rest.is_empty());
    }

    #[test]
    fn heads_come_back() {
        check(&[(0, 0, 0, 0)], 4);
        check(&[(u64::MAX, u64::MAX, u64::MAX, u32::MAX as usize)], 10 + 1 + 1 + 5);
        check(&[(0, 1 << 63, 1 << 63, usize::MAX)], HEAD_BYTES_MAX - 9);
        check(&[(9, 5, 700, 20), (9, 4, 300, 20), (u64::MAX, u64::MAX, 0, 1)], 5 + 5 + 14);
    }

    #[test]
    fn rows_of_a_tile_have_short_heads() {
        let far = 1 << 40;
        check(&[(far, far, far, 20), (far, far + 9, far + 90, 20), (far, far + 7, far + 40, 20)], 19 + 5 + 4);
    }
}
