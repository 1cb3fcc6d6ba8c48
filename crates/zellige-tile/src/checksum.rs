//! Folding hashes into one.
//!
//! Checksums of layers tell whether geometry and attributes are the same, in the same order; they
//! guard against chance, not against malice.

/// Folds `next` into a running checksum; the order of folding matters.
#[must_use]
pub const fn mix(sum: u64, next: u64) -> u64 {
    (sum.rotate_left(5) ^ next).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
