//! Pieces of a tile that wait for others.
//!
//! In:     pieces in key order.
//! Out:    the same, in that order or in output order.
//! Keeps:  their bytes, one after another in a buffer that stays.
//! Source: recipe 2.8, `tiles.order`.

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

/// A piece in the buffer, where its block starts at the end of the piece before it.
#[derive(Clone, Copy, Debug)]
struct Entry {
    place: u64,
    block_len: u32,
    body_len: u32,
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

    /// Makes room for so many bytes of pieces at once: growing would for a moment take three times what is there.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.bytes.reserve_exact(bytes.saturating_sub(self.bytes.len()));
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }

    pub(crate) fn push(&mut self, Piece { place, block, body }: Piece<'_>) {
        self.bytes.extend_from_slice(block);
        self.bytes.extend_from_slice(body);
        self.entries.push(Entry { place, block_len: block.len() as u32, body_len: body.len() as u32 });
    }

    /// Returns the pieces in the order in which they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Piece<'_>> {
        let mut bytes = &self.bytes[..];
        self.entries.iter().map(move |Entry { place, block_len, body_len }| {
            let (block, rest) = bytes.split_at(*block_len as usize);
            let (body, rest) = rest.split_at(*body_len as usize);
            bytes = rest;
            Piece { place: *place, block, body }
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
