//! Vector tile bytes, by hand: the wire format of MVT 2.1 §4 without a message in between.
//!
//! `command` writes geometry and `value` writes attribute values once, when a feature is sliced;
//! `layer` then puts finished pieces together, tile after tile; `regroup` numbers values so that those of one key stand
//! together, and `seen` tells values apart that did not fit.

pub mod command;
pub mod value;
pub mod layer;
mod table;
mod regroup;
mod seen;

/// Appends a base-128 varint.
pub fn push_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends a signed number as a base-128 varint, small ones of either sign in few bytes.
pub fn push_zigzag(out: &mut Vec<u8>, number: i32) {
    // As a number of 32 bits, since commands are made of these by the million.
    let mut zigzag = ((number << 1) ^ (number >> 31)) as u32;
    while zigzag >= 0x80 {
        out.push(zigzag as u8 | 0x80);
        zigzag >>= 7;
    }
    out.push(zigzag as u8);
}

/// Takes a number that [`push_zigzag`] wrote off the front of `bytes`.
pub(crate) fn take_zigzag(bytes: &mut &[u8]) -> i32 {
    let zigzag = take_varint(bytes) as u32;
    (zigzag >> 1) as i32 ^ -((zigzag & 1) as i32)
}

/// Returns the length of a base-128 varint in bytes, 1 to 10.
pub(crate) const fn varint_len(number: u64) -> usize {
    (64 - (number | 1).leading_zeros() as usize).div_ceil(7)
}

/// Takes a base-128 varint that [`push_varint`] wrote off the front of `bytes`.
pub fn take_varint(bytes: &mut &[u8]) -> u64 {
    let (mut number, mut shift) = (0, 0);
    while let [byte, rest @ ..] = bytes {
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            break;
        }
        shift += 7;
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_come_back_and_know_their_length() {
        for number in [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX] {
            let mut out = Vec::new();
            push_varint(&mut out, number);
            assert_eq!(out.len(), varint_len(number), "{number}");
            assert_eq!(take_varint(&mut out.as_slice()), number);
        }
    }
}
