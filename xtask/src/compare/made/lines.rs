//! Writes features as lines of GeoJSON.
//!
//! In:     text of attributes, positions in degrees.
//! Out:    a line a feature; positions with seven decimals.

use std::fmt::Write as _;
use std::io::{self, Write};

/// A position: longitude and latitude, degrees.
pub(super) type Position = [f64; 2];

/// Where lines go.
pub(super) struct Lines<'o> {
    out: &'o mut dyn Write,
    line: String,
    /// Lines written so far.
    pub(super) n_features: u64,
    /// Positions written so far; that which closes a ring counts.
    pub(super) n_vertices: u64,
}

impl<'o> Lines<'o> {
    pub(super) fn new(out: &'o mut dyn Write) -> Self {
        Self { out, line: String::new(), n_features: 0, n_vertices: 0 }
    }

    /// Writes a point; `attributes` are the members of an object, without its braces.
    pub(super) fn point(&mut self, attributes: &str, at: Position) -> io::Result<()> {
        self.start(attributes, "Point");
        self.position(at);
        self.end("")
    }

    /// Writes a line of two positions or more.
    pub(super) fn line(&mut self, attributes: &str, positions: &[Position]) -> io::Result<()> {
        self.start(attributes, "LineString");
        self.positions(positions.iter());
        self.end("")
    }

    /// Writes a polygon of one ring, which is open here and closed in the line.
    pub(super) fn polygon(&mut self, attributes: &str, ring: &[Position]) -> io::Result<()> {
        self.start(attributes, "Polygon");
        self.line.push('[');
        self.positions(ring.iter().chain(ring.first()));
        self.end("]")
    }

    fn start(&mut self, attributes: &str, kind: &str) {
        self.n_features += 1;
        self.line.clear();
        let id = self.n_features;
        let _ = write!(self.line, r#"{{"type":"Feature","id":{id},"properties":{{{attributes}}},"#);
        let _ = write!(self.line, r#""geometry":{{"type":"{kind}","coordinates":"#);
    }

    fn positions<'p>(&mut self, positions: impl Iterator<Item = &'p Position>) {
        let mut mark = '[';
        for position in positions {
            self.line.push(mark);
            self.position(*position);
            mark = ',';
        }
        self.line.push(']');
    }

    fn position(&mut self, [lon, lat]: Position) {
        self.n_vertices += 1;
        // Writing to a string cannot fail.
        let _ = write!(self.line, "[{lon:.7},{lat:.7}]");
    }

    fn end(&mut self, brackets: &str) -> io::Result<()> {
        self.line.push_str(brackets);
        self.line.push_str("}}\n");
        self.out.write_all(self.line.as_bytes())
    }
}
