//! What may be wrong with one line: a fault drops it, notes do not; and whether it was a line of a whole document.
//!
//! In:     nothing; these are words.
//! Out:    [`Fault`] with its code and reason, [`Notes`] as a small set of codes, [`Document`].
//! Keeps:  reasons of the hosted service letter by letter; ours stand in the same tone.
//! Source: recipe specification 6.2 and 7.3 (W202, W203).

use std::borrow::Cow;

use zellige_model::FindingCode;
use zellige_model::finding::EXAMPLE_BYTES_MAX;

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

/// What a bad line seems to be a part of when it was read with [`Format::Lines`](crate::Format::Lines).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// A whole `FeatureCollection`, or the beginning of one.
    Collection,
    /// JSON that goes on in the next line: a `FeatureCollection`, or a feature in several lines.
    Spread,
}

impl Document {
    /// Judges a line by its fault's reason and by its bytes, of which the first [`EXAMPLE_BYTES_MAX`] and the last are
    /// looked at; nothing when it seems to be just a bad line.
    #[must_use]
    pub fn of(reason: &str, line: &[u8]) -> Option<Self> {
        const NAME: &[u8] = b"\"FeatureCollection\"";
        let start = &line[..line.len().min(EXAMPLE_BYTES_MAX)];
        if reason.contains("FeatureCollection") || start.windows(NAME.len()).any(|word| word == NAME) {
            return Some(Self::Collection);
        }
        matches!(line.trim_ascii_end().last(), Some(b'{' | b'[' | b',')).then_some(Self::Spread)
    }

    /// Returns what to do about it; `option` is how one asks for
    /// [`Format::FeatureCollection`](crate::Format::FeatureCollection), such as `` `--format geojson` ``.
    #[must_use]
    pub fn advice(self, option: &str) -> String {
        match self {
            Self::Collection => format!("read a whole FeatureCollection with {option}"),
            Self::Spread => {
                format!(
                    "a feature must stand on one line, and a whole FeatureCollection is read with {option}"
                )
            }
        }
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

    fn check(reason: &str, line: &str, expected: Option<Document>) {
        assert_eq!(Document::of(reason, line.as_bytes()), expected, "{line}");
    }

    #[test]
    fn lines_of_whole_documents_are_recognized() {
        check("Line is not valid JSON", r#"{"type": "FeatureCollection","#, Some(Document::Collection));
        check("FeatureCollection is no feature", "{}", Some(Document::Collection));
        check("Line is not valid JSON", "{ ", Some(Document::Spread));
        check("Line is not valid JSON", r#"{"type": "Feature"},"#, Some(Document::Spread));
        check("Line is not valid JSON", "nonsense", None);
        check("Line is not valid JSON", "", None);
    }

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
