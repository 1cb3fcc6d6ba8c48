//! The order of features in a tile.
//!
//! In:     the value of the attribute that `tiles.order` or a limit names.
//! Out:    a key that sorts ascending: numbers, then booleans, then texts by code point, absent last.
//! Keeps:  source order among equals.
//! Source: recipe 4.1 and 4.3. Numbers compare exactly, whatever form they have.

use std::cmp::Ordering;

use zellige_model::ValueRef;

use crate::number::Number;

/// What a feature is sorted by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum OrderKey<'v> {
    /// Any finite number.
    Number(Number),
    /// False before true.
    Boolean(bool),
    /// By code point.
    Text(&'v str),
    /// No value, null, an array, an object, or a number that is not finite.
    Absent,
}

impl<'v> OrderKey<'v> {
    /// Returns the key for an attribute value.
    #[must_use]
    pub(crate) fn of(value: Option<ValueRef<'v>>) -> Self {
        match value {
            Some(ValueRef::Bool(is_true)) => Self::Boolean(is_true),
            Some(ValueRef::String(text)) => Self::Text(text),
            value => value.and_then(Number::of).map_or(Self::Absent, Self::Number),
        }
    }

    /// Returns the place of the key's kind among the kinds.
    const fn rank(self) -> u8 {
        match self {
            Self::Number(_) => 0,
            Self::Boolean(_) => 1,
            Self::Text(_) => 2,
            Self::Absent => 3,
        }
    }

    /// Compares two keys.
    #[must_use]
    pub(crate) fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.compare(b),
            (Self::Boolean(a), Self::Boolean(b)) => a.cmp(&b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    /// Returns the kind as a bit, none for absent: keys of several kinds are worth a warning.
    #[must_use]
    pub(crate) fn kind(self) -> u8 {
        if self == Self::Absent { 0 } else { 1 << self.rank() }
    }

    /// Appends the key: rank, and for all but absent a length and the value.
    pub(crate) fn push(self, out: &mut Vec<u8>) {
        out.push(self.rank());
        let mut push = |bytes: &[u8]| {
            out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            out.extend_from_slice(bytes);
        };
        match self {
            Self::Number(Number::Whole(number)) => push(&number.to_le_bytes()),
            Self::Number(Number::Double(number)) => push(&number.to_le_bytes()),
            Self::Boolean(is_true) => push(&[u8::from(is_true)]),
            Self::Text(text) => push(text.as_bytes()),
            Self::Absent => {}
        }
    }

    /// Takes a key off the front of `bytes` that [`OrderKey::push`] wrote.
    pub(crate) fn take(bytes: &'v [u8]) -> (Self, &'v [u8]) {
        let (rank, rest) = bytes.split_first().expect("a block has an order key");
        if *rank == Self::Absent.rank() {
            return (Self::Absent, rest);
        }
        let (len, rest) = rest.split_first_chunk::<4>().expect("the key has a length");
        let (value, rest) = rest.split_at(u32::from_le_bytes(*len) as usize);
        let key = match rank {
            0 => Self::Number(match value.try_into() {
                Ok(whole) => Number::Whole(i128::from_le_bytes(whole)),
                Err(_) => {
                    Number::Double(f64::from_le_bytes(value.try_into().expect("a double has eight bytes")))
                }
            }),
            1 => Self::Boolean(value == [1]),
            _ => Self::Text(std::str::from_utf8(value).expect("the key was made from text")),
        };
        (key, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_sort_one_after_the_other_and_values_within() {
        let sorted = [
            OrderKey::of(Some(ValueRef::Double(-1.5))),
            OrderKey::of(Some(ValueRef::Double(10.0))),
            OrderKey::of(Some(ValueRef::Int((1 << 53) + 1))),
            OrderKey::of(Some(ValueRef::UInt((1 << 53) + 2))),
            OrderKey::Boolean(false),
            OrderKey::Boolean(true),
            OrderKey::Text("10"),
            OrderKey::Text("9"),
            OrderKey::Absent,
        ];
        for (nth, a) in sorted.iter().enumerate() {
            for (mth, b) in sorted.iter().enumerate() {
                assert_eq!(a.compare(*b), nth.cmp(&mth), "{a:?} {b:?}");
            }
            let mut bytes = Vec::new();
            a.push(&mut bytes);
            bytes.push(77);
            assert_eq!(OrderKey::take(&bytes), (*a, &[77][..]));
        }
    }
}
