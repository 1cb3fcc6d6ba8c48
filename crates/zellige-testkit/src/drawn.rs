//! Geometry from short texts and small drawings, and back.
//!
//! In:     WKT in whole numbers, or a drawing with a letter for each vertex.
//! Out:    `Geometry<Grid>` or `Geometry<World>`.
//! Keeps:  every point as written: rings are open, a ring that repeats its first point has it twice.
//! Source: OGC Simple Features, well-known text, but for the open rings.

use std::fmt::Write as _;

use zellige_model::{Geometry, GeometryKind, Grid, World};

/// A point type that can be drawn in whole numbers.
pub trait Drawn: Copy {
    /// Returns the point at `x`, `y`.
    fn at(x: i64, y: i64) -> Self;
    /// Returns x and y.
    fn xy(self) -> (i64, i64);
}

impl Drawn for Grid {
    fn at(x: i64, y: i64) -> Self {
        let narrow = |number| i32::try_from(number).expect("grid coordinates have 32 bits");
        Self::new(narrow(x), narrow(y))
    }

    fn xy(self) -> (i64, i64) {
        (self.x.into(), self.y.into())
    }
}

impl Drawn for World {
    fn at(x: i64, y: i64) -> Self {
        Self::new(x, y)
    }

    fn xy(self) -> (i64, i64) {
        (self.x, self.y)
    }
}

/// Returns the geometry that `wkt` describes, with rings left open.
///
/// # Panics
///
/// When `wkt` is not one of `POINT`, `LINESTRING`, `POLYGON`, their `MULTI` forms, or one of them `EMPTY`.
///
/// # Examples
///
/// ```
/// use zellige_model::{Geometry, Grid};
/// use zellige_testkit::drawn;
///
/// let square: Geometry<Grid> = drawn::geometry("POLYGON((0 0,8 0,8 8,0 8))");
/// assert_eq!((square.points.len(), square.polygon_ends.len()), (4, 1));
/// assert_eq!(drawn::text(&square), "POLYGON((0 0,8 0,8 8,0 8))");
/// ```
#[must_use]
pub fn geometry<P: Drawn>(wkt: &str) -> Geometry<P> {
    let wkt = wkt.trim();
    let word_end = wkt.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(wkt.len());
    let (word, body) = wkt.split_at(word_end);
    let (kind, depth) = match word {
        "POINT" | "MULTIPOINT" => (GeometryKind::Point, 1),
        "LINESTRING" => (GeometryKind::LineString, 1),
        "MULTILINESTRING" => (GeometryKind::LineString, 2),
        "POLYGON" => (GeometryKind::Polygon, 2),
        "MULTIPOLYGON" => (GeometryKind::Polygon, 3),
        _ => panic!("`{word}` in `{wkt}` is no geometry"),
    };
    let mut out = Geometry::default();
    out.reset(kind);
    if body.trim() != "EMPTY" {
        Pencil { out: &mut out, depth, is_multi: word.starts_with("MULTI") }.draw(wkt, body);
    }
    out
}

/// Draws a text into a geometry, by the depth of its parentheses.
struct Pencil<'a, P> {
    out: &'a mut Geometry<P>,
    /// How deep the lists of points lie.
    depth: usize,
    is_multi: bool,
}

impl<P: Drawn> Pencil<'_, P> {
    fn draw(&mut self, wkt: &str, body: &str) {
        let (mut open, mut rest) = (0, body.trim());
        while !rest.is_empty() {
            let end = rest.find(['(', ')', ',']).unwrap_or(rest.len());
            self.point(wkt, rest[..end].trim());
            open = match rest[end..].chars().next() {
                Some('(') => open + 1,
                Some(')') => self.close(open).unwrap_or_else(|| panic!("`{wkt}` closes too often")),
                _ => open,
            };
            assert!(open <= self.depth, "`{wkt}` opens too often");
            rest = rest[end..].get(1..).unwrap_or("").trim();
        }
        assert_eq!(open, 0, "`{wkt}` is not closed");
    }

    fn point(&mut self, wkt: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        let numbers: Vec<i64> = text
            .split_whitespace()
            .map(|number| number.parse().unwrap_or_else(|error| panic!("`{number}` in `{wkt}`: {error}")))
            .collect();
        let [x, y] = numbers[..] else { panic!("`{text}` in `{wkt}` is no point") };
        self.out.points.push(P::at(x, y));
    }

    fn close(&mut self, open: usize) -> Option<usize> {
        let is_list = open == self.depth;
        if is_list && self.out.kind != GeometryKind::Point {
            self.out.end_part();
        }
        if self.out.kind == GeometryKind::Polygon && open == if self.is_multi { 2 } else { 1 } {
            self.out.end_polygon();
        }
        open.checked_sub(1)
    }
}

/// Returns `geometry` as the text that [`geometry`] reads.
#[must_use]
pub fn text<P: Drawn>(geometry: &Geometry<P>) -> String {
    let (word, members) = match geometry.kind {
        GeometryKind::Point => ("POINT", vec![list(&geometry.points)]),
        GeometryKind::LineString => ("LINESTRING", geometry.parts().map(list).collect()),
        GeometryKind::Polygon => {
            let polygon = |rings: std::ops::Range<usize>| {
                format!("({})", rings.map(|ring| list(geometry.part(ring))).collect::<Vec<_>>().join(","))
            };
            ("POLYGON", geometry.polygons().map(polygon).collect())
        }
    };
    match &members[..] {
        _ if geometry.is_empty() => format!("{word} EMPTY"),
        [points] if geometry.kind == GeometryKind::Point && geometry.points.len() > 1 => {
            format!("MULTI{word}{points}")
        }
        [member] => format!("{word}{member}"),
        members => format!("MULTI{word}({})", members.join(",")),
    }
}

fn list<P: Drawn>(points: &[P]) -> String {
    let mut out = String::from("(");
    for (idx, point) in points.iter().enumerate() {
        let (x, y) = point.xy();
        let comma = if idx > 0 { "," } else { "" };
        write!(out, "{comma}{x} {y}").expect("writing to a string does not fail");
    }
    out + ")"
}

/// Returns the geometry of `kind` whose vertices are the letters of `drawing`.
///
/// A cell is one character, spaces aside; its column is x, its row is y, from 0. Small letters in
/// alphabetical order are the first part, capitals the second, digits the third; for a polygon they are
/// the outer ring and its holes. Any other character is an empty cell.
///
/// # Examples
///
/// ```
/// use zellige_model::{Geometry, GeometryKind, Grid};
/// use zellige_testkit::drawn;
///
/// let ring: Geometry<Grid> = drawn::picture(
///     GeometryKind::Polygon,
///     "a . . b
///      . A . .
///      . B C .
///      d . . c",
/// );
/// assert_eq!(drawn::text(&ring), "POLYGON((0 0,3 0,3 3,0 3),(1 1,1 2,2 2))");
/// ```
#[must_use]
pub fn picture<P: Drawn>(kind: GeometryKind, drawing: &str) -> Geometry<P> {
    let mut cells = Vec::new();
    for (y, line) in drawing.trim().lines().enumerate() {
        for (x, letter) in line.chars().filter(|letter| !letter.is_whitespace()).enumerate() {
            let part = match letter {
                'a'..='z' => 0,
                'A'..='Z' => 1,
                '0'..='9' => 2,
                _ => continue,
            };
            cells.push((part, letter, P::at(x as i64, y as i64)));
        }
    }
    cells.sort_by_key(|(part, letter, _)| (*part, *letter));
    let mut out = Geometry::default();
    out.reset(kind);
    for part in cells.chunk_by(|a, b| a.0 == b.0) {
        out.points.extend(part.iter().map(|(_, _, point)| *point));
        if kind != GeometryKind::Point {
            out.end_part();
        }
    }
    if kind == GeometryKind::Polygon && !out.is_empty() {
        out.end_polygon();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wkt: &str, expected: &str) {
        assert_eq!(text(&geometry::<World>(wkt)), expected, "{wkt}");
    }

    #[test]
    fn every_form_comes_back() {
        for wkt in [
            "POINT(1 -2)",
            "MULTIPOINT(1 2,3 4)",
            "LINESTRING(1 2,3 4,1 2)",
            "MULTILINESTRING((1 2,3 4),(5 6,7 8))",
            "POLYGON((0 0,9 0,9 9),(5 4,6 5,6 4))",
            "MULTIPOLYGON(((0 0,9 0,9 9),(5 4,6 5,6 4)),((0 1,8 9,0 9)))",
            "POINT EMPTY",
            "LINESTRING EMPTY",
            "POLYGON EMPTY",
        ] {
            check(wkt, wkt);
        }
    }

    #[test]
    fn spaces_and_needless_multi_forms_are_read() {
        check(" MULTIPOLYGON ( ( ( 0 0, 1 0 , 1 1 ) ) ) ", "POLYGON((0 0,1 0,1 1))");
        check("MULTILINESTRING((0 0,1 1))", "LINESTRING(0 0,1 1)");
    }

    #[test]
    fn parts_and_polygons_end_where_they_are_written() {
        let both: Geometry<Grid> = geometry("MULTIPOLYGON(((0 0,9 0,9 9),(5 4,6 5,6 4)),((0 1,8 9,0 9)))");
        assert_eq!(both.part_ends, [3, 6, 9]);
        assert_eq!(both.polygon_ends, [2, 3]);
    }

    #[test]
    #[should_panic(expected = "is not closed")]
    fn text_without_an_end_is_refused() {
        let _: Geometry<Grid> = geometry("POLYGON((0 0,1 0,1 1)");
    }

    #[test]
    fn letters_draw_points_and_lines() {
        let drawing = "c . a\n. b .";
        assert_eq!(text::<Grid>(&picture(GeometryKind::LineString, drawing)), "LINESTRING(2 0,1 1,0 0)");
        assert_eq!(text::<Grid>(&picture(GeometryKind::Point, drawing)), "MULTIPOINT(2 0,1 1,0 0)");
    }
}
