//! Reads one line as one feature.
//!
//! In:     the bytes of a line, without its line end.
//! Out:    a [`Feature`] in degrees with open rings, and notes; or a [`Fault`].
//! Keeps:  attributes in source order with the last of equal keys; integers as integers; arrays and
//!         objects as their text. Only the first two numbers of a position are kept.
//! Source: RFC 7946 §3; recipe specification 6.2.
//!
//! Two readers stand side by side. [`quick`] goes through the bytes once and writes straight into the
//! buffers of the feature, but knows only features that are right in every respect. Whatever it does
//! not like, [`thorough`] reads again with `serde_json` and says what is wrong. The thorough one alone
//! would do; tests hold the two against each other.

mod number;
mod quick;
mod repeats;
mod scan;
mod text;
mod thorough;

use zellige_model::{Feature, GeometryKind};

use crate::{Fault, Notes};

/// So many arrays and objects may stand inside each other in a line.
pub const NESTING_MAX: u32 = 100;

/// The buffers of one worker, kept from line to line.
#[derive(Debug, Default)]
pub struct Parser {
    /// The feature of the latest line, see [`crate::Block::for_each`].
    pub(crate) feature: Feature,
    buffers: quick::Buffers,
}

impl Parser {
    /// Returns a parser with empty buffers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads `line` into `out`, whose buffers are used again.
    ///
    /// # Examples
    ///
    /// ```
    /// use zellige_ingest::Parser;
    /// use zellige_model::{Feature, LonLat, ValueRef};
    ///
    /// let line = br#"{"type":"Feature","properties":{"n":1},"geometry":{"type":"Point","coordinates":[7,47]}}"#;
    /// let mut feature = Feature::default();
    /// let notes = Parser::new().parse(line, &mut feature).expect("a good line");
    /// assert!(notes.is_empty());
    /// assert_eq!(feature.attributes.get("n"), Some(ValueRef::Int(1)));
    /// assert_eq!(feature.geometry.points, [LonLat::new(7.0, 47.0)]);
    /// ```
    ///
    /// # Errors
    ///
    /// The fault that drops the line; `out` then holds nothing of use.
    pub fn parse(&mut self, line: &[u8], out: &mut Feature) -> Result<Notes, Fault> {
        let Ok(text) = simdutf8::basic::from_utf8(line) else { return Err(not_utf8(line)) };
        quick::read(text, &mut self.buffers, out).map_or_else(|| thorough::read(text, out), Ok)
    }
}

/// A geometry type of GeoJSON that has coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Point,
    MultiPoint,
    LineString,
    MultiLineString,
    Polygon,
    MultiPolygon,
}

impl Shape {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "Point" => Self::Point,
            "MultiPoint" => Self::MultiPoint,
            "LineString" => Self::LineString,
            "MultiLineString" => Self::MultiLineString,
            "Polygon" => Self::Polygon,
            "MultiPolygon" => Self::MultiPolygon,
            _ => return None,
        })
    }

    const fn kind(self) -> GeometryKind {
        match self {
            Self::Point | Self::MultiPoint => GeometryKind::Point,
            Self::LineString | Self::MultiLineString => GeometryKind::LineString,
            Self::Polygon | Self::MultiPolygon => GeometryKind::Polygon,
        }
    }
}

#[cold]
fn not_utf8(line: &[u8]) -> Fault {
    let valid = simdutf8::compat::from_utf8(line).map_or_else(|error| error.valid_up_to(), str::len);
    Fault::found(format!("Line is not valid UTF-8 (byte {})", valid + 1))
}

#[cfg(test)]
mod tests;
