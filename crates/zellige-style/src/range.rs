//! Ranges of code points: the pieces in which glyphs are asked for.
//!
//! Source: the glyph URLs of the style specification; offline clients leave out ideographs on request.

use std::fmt;

/// Code points of a range.
pub const RANGE_SIZE: u32 = 256;
/// Ranges of a font stack: U+0000 to U+FFFF.
pub const RANGES: usize = 256;
/// Ranges of a font stack without ideographs.
pub const RANGES_WITHOUT_IDEOGRAPHS: usize = 130;

/// 256 code points that come in one file, such as `0-255`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GlyphRange(u8);

impl GlyphRange {
    /// Returns the range that begins at code point `256 * index`.
    #[must_use]
    pub const fn new(index: u8) -> Self {
        Self(index)
    }

    /// Reads the form that URLs have, such as `256-511`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let start: u32 = text.split_once('-')?.0.parse().ok()?;
        let range = Self(u8::try_from(start / RANGE_SIZE).ok()?);
        (range.to_string() == text).then_some(range)
    }

    /// Returns the first code point.
    #[must_use]
    pub const fn start(self) -> u32 {
        self.0 as u32 * RANGE_SIZE
    }

    /// Returns the last code point.
    #[must_use]
    pub const fn last(self) -> u32 {
        self.start() + RANGE_SIZE - 1
    }

    /// Whether the range begins in U+4E00–U+9FFF or U+AC00–U+D7AF: the Chinese characters and Korean syllables
    /// that clients draw with fonts of their own when they are left out.
    #[must_use]
    pub const fn is_ideographic(self) -> bool {
        matches!(self.start(), 0x4e00..=0x9fff | 0xac00..=0xd7af)
    }

    /// Returns the ranges that a region needs of a font stack: 256, or 130 without ideographs.
    pub fn all(include_ideographs: bool) -> impl Iterator<Item = Self> {
        (0..=u8::MAX).map(Self).filter(move |range| include_ideographs || !range.is_ideographic())
    }
}

impl fmt::Display for GlyphRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.start(), self.last())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<u8>) {
        assert_eq!(GlyphRange::parse(text), expected.map(GlyphRange::new), "{text}");
    }

    #[test]
    fn ranges_are_read_as_they_are_written() {
        check("0-255", Some(0));
        check("19968-20223", Some(78));
        check("65280-65535", Some(255));
        for text in ["", "0", "0-256", "1-256", "00-255", "65536-65791", "-1-254", "+0-255", "0-255 "] {
            check(text, None);
        }
    }

    #[test]
    fn without_ideographs_126_ranges_are_left_out() {
        assert_eq!(GlyphRange::all(true).count(), RANGES);
        assert_eq!(GlyphRange::all(false).count(), RANGES_WITHOUT_IDEOGRAPHS);
        let left_out: Vec<u32> =
            GlyphRange::all(true).filter(|range| range.is_ideographic()).map(GlyphRange::start).collect();
        assert_eq!(left_out.iter().filter(|start| **start <= 40_704).count(), 82);
        assert_eq!(
            (left_out[0], left_out[81], left_out[82], left_out[125]),
            (19_968, 40_704, 44_032, 55_040)
        );
    }
}
