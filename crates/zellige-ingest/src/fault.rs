//! What may be wrong with one line: a fault drops it, notes do not.
//!
//! In:     nothing; these are words.
//! Out:    [`Fault`] with its code and reason, [`Notes`] as a small set of codes.
//! Keeps:  reasons of the hosted service letter by letter; ours stand in the same tone.
//! Source: recipe specification 6.2 and 7.3 (W202, W203).

use std::borrow::Cow;

use zellige_model::FindingCode;

/// Why a line became no feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// [`FindingCode::LineUndecodable`] (W202) or [`FindingCode::GeometryUnencodable`] (W203).
    pub code: FindingCode,
    /// What exactly is wrong, such as `LineString must contain at least 2 points`.
    pub reason: Cow<'static, str>,
}

impl Fault {
    pub(crate) const LINE_TOO_SHORT: Self = Self::fixed("LineString must contain at least 2 points");
    pub(crate) const NO_GEOMETRY: Self = Self::fixed("Feature has no geometry");
    pub(crate) const NO_COORDINATES: Self = Self::fixed("Geometry has no coordinates");
    pub(crate) const OUT_OF_RANGE: Self = Self::fixed("Coordinates are out of range");
    pub(crate) const NOT_NUMBERS: Self =
        Self::fixed("Coordinates must be arrays of numbers, nested as the geometry type says");
    pub(crate) const POSITION_TOO_SHORT: Self = Self::fixed("A position must contain at least 2 numbers");
    pub(crate) const COLLECTION: Self = Self::fixed("GeometryCollection is not supported");
    pub(crate) const RING_TOO_SHORT: Self = Self {
        code: FindingCode::GeometryUnencodable,
        reason: Cow::Borrowed("Invalid number of points in polygon ring, can not encode"),
    };

    /// Returns a fault of decoding (W202) with a text of our own making.
    pub(crate) const fn fixed(reason: &'static str) -> Self {
        Self { code: FindingCode::LineUndecodable, reason: Cow::Borrowed(reason) }
    }

    /// Returns a fault of decoding (W202) that names what was found.
    pub(crate) const fn found(reason: String) -> Self {
        Self { code: FindingCode::LineUndecodable, reason: Cow::Owned(reason) }
    }
}

/// A set of findings about a feature that is kept nevertheless.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notes(u32);

impl Notes {
    /// The empty set.
    pub const NONE: Self = Self(0);

    /// Adds `code`.
    pub fn add(&mut self, code: FindingCode) {
        self.0 |= Self::bit(code);
    }

    /// Adds all codes of `other`.
    pub const fn merge(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether `code` is in the set.
    #[must_use]
    pub fn contains(self, code: FindingCode) -> bool {
        self.0 & Self::bit(code) != 0
    }

    /// Whether there is nothing to say.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the codes in the order of [`FindingCode::ALL`].
    pub fn iter(self) -> impl Iterator<Item = FindingCode> {
        FindingCode::ALL.iter().copied().filter(move |code| self.contains(*code))
    }

    /// Returns the bit of `code`: its place in the list of all codes.
    fn bit(code: FindingCode) -> u32 {
        let code_idx = FindingCode::ALL.iter().position(|listed| *listed == code);
        code_idx.map_or(0, |code_idx| 1 << code_idx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_a_set_that_holds_every_code() {
        let mut notes = Notes::NONE;
        for code in FindingCode::ALL {
            notes.add(*code);
            notes.add(*code);
        }
        assert!(notes.iter().eq(FindingCode::ALL.iter().copied()));
    }
}
