//! Numbers of as many bytes as they need, as messages with glyphs and shapes of roads have them.
//!
//! In:     bytes that nobody vouches for.
//! Out:    a number off their front.
//! Keeps:  no place and no reason of a fault: who asks says what the bytes were. Decoders of tiles name both, and the
//!         tile core takes back unchecked what it wrote itself; so each has a reader of its own.
//! Source: base-128 varints: seven bits a byte, the low ones first; the high bit says that another byte follows.

/// So many bytes a number has at most: it fits 32 bits.
const BYTES_MAX: usize = 5;

/// Takes a number off the front of `bytes`; nothing when they end within it, or it has more than five bytes.
pub(crate) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let n_bytes = bytes.iter().take(BYTES_MAX).position(|byte| *byte < 0x80)? + 1;
    let (number, rest) = bytes.split_at(n_bytes);
    *bytes = rest;
    Some(number.iter().rev().fold(0, |number, byte| number << 7 | u64::from(byte & 0x7f)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mut bytes: &[u8], expected: Option<u64>, n_left: usize) {
        assert_eq!((take(&mut bytes), bytes.len()), (expected, n_left));
    }

    #[test]
    fn numbers_have_one_to_five_bytes() {
        check(&[0x7f, 9], Some(127), 1);
        check(&[0xac, 0x02], Some(300), 0);
        check(&[0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2], Some(u64::from(u32::MAX)), 2);
        check(&[], None, 0);
        check(&[0x80, 0x80], None, 2);
        check(&[0x80, 0x80, 0x80, 0x80, 0x80, 1], None, 6);
    }
}
