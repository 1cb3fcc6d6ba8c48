//! Shapes drawn from bytes: whatever the bytes, there is a shape.
//!
//! ```text
//! scale     u8    of all coordinates
//! part      u8    its number of points; from 128 on it begins a polygon of its own
//!   point   i16 x, i16 y
//! …
//! ```

/// How many bits of a coordinate are used; few of them make many points equal and many edges touch.
const BITS: [u32; 6] = [2, 3, 4, 6, 12, 16];
/// Points of a part are at most as many.
const PART_POINTS_MAX: u8 = 127;

/// Bytes that numbers are taken from.
pub(crate) struct Draw<'b>(pub(crate) &'b [u8]);

/// A list of points.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) begins_polygon: bool,
    pub(crate) points: Vec<[i16; 2]>,
}

impl Draw<'_> {
    /// Returns the next byte, 0 at the end.
    pub(crate) fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *byte
    }

    /// Returns a number below `limit`, at most 256.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::from(self.byte()) % limit
    }

    /// Returns parts until the bytes end; the first begins a polygon.
    pub(crate) fn parts(&mut self) -> Vec<Part> {
        let n_bits = BITS[self.below(BITS.len())];
        let mut parts = Vec::new();
        while !self.0.is_empty() {
            let head = self.byte();
            let n_points = usize::from(head & PART_POINTS_MAX).min(self.0.len() / 4);
            let (points, rest) = self.0.split_at(4 * n_points);
            self.0 = rest;
            let number = |low, high| i16::from_le_bytes([low, high]) >> (16 - n_bits);
            let points =
                points.chunks_exact(4).map(|four| [number(four[0], four[1]), number(four[2], four[3])]);
            let begins_polygon = parts.is_empty() || PART_POINTS_MAX < head;
            parts.push(Part { begins_polygon, points: points.collect() });
        }
        parts
    }
}
