//! Pieces of a tile that wait for others.
//!
//! In:     pieces in key order.
//! Out:    the same, in that order or in output order.
//! Keeps:  their bytes, one after another in a buffer that stays.
//! Source: recipe 2.8, `tiles.order`.

use std::ops::Range;

use crate::block::Block;
use crate::piece::Body;

/// A piece, closed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'b> {
    /// Position of the feature in its source.
    pub(crate) place: u64,
    /// The block of attributes.
    pub(crate) block: &'b [u8],
    /// The body.
    pub(crate) body: &'b [u8],
}

/// Where a piece stands in the buffer.
#[derive(Clone, Debug)]
struct Entry {
    place: u64,
    block: Range<usize>,
    body: Range<usize>,
}

/// Pieces that wait.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

impl Waiting {
    /// What a piece takes at most while it waits and is sorted, beside its own bytes.
    pub(crate) const BYTES_BESIDE: usize = size_of::<Entry>() + size_of::<(u64, Block<'_>, Body<'_>)>();

    pub(crate) const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the bytes of memory that the pieces take as long as they are not sorted.
    pub(crate) const fn len_bytes(&self) -> usize {
        self.bytes.len() + self.entries.len() * size_of::<Entry>()
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }

    pub(crate) fn push(&mut self, Piece { place, block, body }: Piece<'_>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(block);
        let middle = self.bytes.len();
        self.bytes.extend_from_slice(body);
        self.entries.push(Entry { place, block: start..middle, body: middle..self.bytes.len() });
    }

    /// Returns the pieces in the order in which they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Piece<'_>> {
        self.entries.iter().map(|Entry { place, block, body }| Piece {
            place: *place,
            block: &self.bytes[block.clone()],
            body: &self.bytes[body.clone()],
        })
    }

    /// Returns the pieces in output order, opened, with their places.
    pub(crate) fn sorted(&self) -> impl Iterator<Item = (u64, Block<'_>, Body<'_>)> {
        let pieces = self.iter();
        let mut pieces: Vec<_> =
            pieces.map(|piece| (piece.place, Block::open(piece.block), Body::open(piece.body))).collect();
        pieces.sort_by(|(_, a, _), (_, b, _)| a.order.compare(b.order));
        pieces.into_iter()
    }
}
