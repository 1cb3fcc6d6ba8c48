//! Edges to a bitmap of signed distances.
//!
//! In:     metrics and edges of a glyph, pixels with y up.
//! Out:    the glyph with its box in whole pixels; each byte of the bitmap is the distance of a pixel's center
//!         from the nearest edge: 191 at the edge, 32 more a pixel inside, 32 less a pixel outside.
//! Source: the glyph format: radius 8 pixels, cutoff 0.25.

use super::message::Glyph;
use super::outline::{Metrics, Outline, Point};
use super::{BORDER_PIXELS, GLYPH_SIDE_MAX};

/// The distance beyond which all distances are equal, pixels.
const RADIUS: f32 = 8.0;
/// Levels of a bitmap.
const LEVELS: f32 = 256.0;
/// The share of levels that lies inside.
const CUTOFF: f32 = 0.25;

/// Draws a glyph; nothing when it is larger than engines take.
pub(super) fn draw(id: u32, metrics: Metrics, outline: &Outline) -> Option<Glyph> {
    let Metrics { advance, ascender } = metrics;
    let advance = u32::try_from(advance).ok().filter(|advance| *advance <= GLYPH_SIDE_MAX)?;
    let mut glyph = Glyph { id, advance, top: -ascender, ..Glyph::default() };
    let Some(frame) = Frame::around(&outline.edges) else { return Some(glyph) };
    (glyph.width, glyph.height) = (frame.width()?, frame.height()?);
    (glyph.left, glyph.top) = (frame.left, frame.top - ascender);
    let in_byte = |pixels: i32| i8::try_from(pixels).is_ok();
    if !in_byte(glyph.left) || !in_byte(glyph.top) {
        return None;
    }
    glyph.bitmap = Some(frame.bitmap(&outline.edges));
    Some(glyph)
}

/// The box of a glyph, pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Frame {
    left: i32,
    right: i32,
    bottom: i32,
    top: i32,
}

impl Frame {
    /// Returns the rounded box of the edges, at least a pixel each way; nothing without edges.
    fn around(edges: &[[Point; 2]]) -> Option<Self> {
        let bounds = |of: fn(&Point) -> f32| {
            let numbers = edges.iter().flatten().map(of);
            let (low, high) = numbers.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), number| {
                (low.min(number), high.max(number))
            });
            let (start, end) = (low.round() as i32, high.round() as i32);
            if start < end { (start, end) } else { (low.floor() as i32, low.floor() as i32 + 1) }
        };
        if edges.is_empty() {
            return None;
        }
        let ((left, right), (bottom, top)) = (bounds(|point| point.x), bounds(|point| point.y));
        Some(Self { left, right, bottom, top })
    }

    fn width(self) -> Option<u32> {
        side(self.left, self.right)
    }

    fn height(self) -> Option<u32> {
        side(self.bottom, self.top)
    }

    /// Returns rows from the top, with the border on all sides.
    fn bitmap(self, edges: &[[Point; 2]]) -> Vec<u8> {
        let border = BORDER_PIXELS as i32;
        let columns = (self.right - self.left + 2 * border) as usize;
        let rows = (self.top - self.bottom + 2 * border) as usize;
        let west = (self.left - border) as f32 + 0.5;
        let north = (self.top + border) as f32 - 0.5;
        let mut bytes = Vec::with_capacity(columns * rows);
        let (mut squares, mut turns) = (vec![0.0; columns], vec![0; columns + 1]);
        for row in 0..rows {
            let y = north - row as f32;
            squares.fill(RADIUS * RADIUS);
            turns.fill(0);
            for edge in edges {
                near(edge, west, y, &mut squares);
                turn(edge, west, y, &mut turns);
            }
            let mut winding = 0;
            bytes.extend(squares.iter().zip(&turns).map(|(square, turn)| {
                winding += turn;
                level(square.sqrt(), winding != 0)
            }));
        }
        bytes
    }
}

fn side(start: i32, end: i32) -> Option<u32> {
    u32::try_from(end.checked_sub(start)?).ok().filter(|side| *side <= GLYPH_SIDE_MAX)
}

/// Lowers the squared distances of a row's pixels, the first at `west`, to those from `edge`.
fn near(&[from, to]: &[Point; 2], west: f32, y: f32, squares: &mut [f32]) {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let (low, high) = if from.y < to.y { (from.y, to.y) } else { (to.y, from.y) };
    if y + RADIUS < low || high < y - RADIUS {
        return;
    }
    let length = dx * dx + dy * dy;
    let inverse = if length > 0.0 { 1.0 / length } else { 0.0 };
    let py = y - from.y;
    for (column, square) in squares.iter_mut().enumerate() {
        let px = west + column as f32 - from.x;
        let along = ((px * dx + py * dy) * inverse).clamp(0.0, 1.0);
        let (ex, ey) = (px - along * dx, py - along * dy);
        *square = square.min(ex * ex + ey * ey);
    }
}

/// Notes at which pixel of a row the winding number changes because of `edge`.
fn turn(&[from, to]: &[Point; 2], west: f32, y: f32, turns: &mut [i32]) {
    let is_up = from.y <= y && y < to.y;
    let is_down = to.y <= y && y < from.y;
    if is_up || is_down {
        let x = from.x + (to.x - from.x) * ((y - from.y) / (to.y - from.y));
        let column = (x - west).ceil().clamp(0.0, (turns.len() - 1) as f32) as usize;
        turns[column] += if is_up { 1 } else { -1 };
    }
}

/// Returns the byte for a distance.
fn level(distance: f32, is_inside: bool) -> u8 {
    let signed = if is_inside { -distance } else { distance };
    let outside = signed * (LEVELS / RADIUS) + CUTOFF * LEVELS;
    u8::MAX - outside.clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws a rectangle that is wound once and compares the middle row of its bitmap.
    fn check(size: [f32; 2], box_pixels: [u32; 2], row: &[u8]) {
        let [x, y] = size;
        let corners = [[0.0, 0.0], [x, 0.0], [x, y], [0.0, y], [0.0, 0.0]].map(|[x, y]| Point { x, y });
        let mut outline = Outline::default();
        outline.edges.extend(corners.windows(2).map(|ends| [ends[0], ends[1]]));
        let glyph = draw(65, Metrics { advance: 5, ascender: 9 }, &outline).unwrap();
        assert_eq!([glyph.width, glyph.height], box_pixels);
        let columns = box_pixels[0] as usize + 6;
        let middle = (3 + box_pixels[1] as usize / 2) * columns;
        assert_eq!(&glyph.bitmap.unwrap()[middle..middle + columns], row);
    }

    #[test]
    fn distances_count_from_the_edge() {
        check([4.0, 9.0], [4, 9], &[111, 143, 175, 207, 239, 239, 207, 175, 143, 111]);
        check([2.5, 9.0], [3, 9], &[111, 143, 175, 207, 223, 191, 159, 127, 95]);
    }

    #[test]
    fn hairlines_are_a_pixel_wide() {
        check([0.25, 9.0], [1, 9], &[111, 143, 175, 183, 151, 119, 87]);
    }

    #[test]
    fn glyphs_beyond_a_byte_are_left_out() {
        let mut outline = Outline::default();
        outline.edges.push([Point { x: 0.0, y: 0.0 }, Point { x: 300.0, y: 3.0 }]);
        assert_eq!(draw(65, Metrics { advance: 5, ascender: 9 }, &outline), None);
        assert_eq!(draw(65, Metrics { advance: 256, ascender: 9 }, &Outline::default()), None);
    }
}
