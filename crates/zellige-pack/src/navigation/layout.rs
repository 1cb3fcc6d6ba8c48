//! Where everything stands in a graph tile, for those who write it and those who read it.
//!
//! In:     records of 64-bit words, little-endian.
//! Out:    [`Field`]s: so many bits of a word, the low ones first.
//! Keeps:  values whole: what a field has no bits for is a fault of its writer, and never reaches a tile.
//! Source: format of graph tiles, version 3.
//!
//! ```text
//!     header, 272 bytes      edges are found by the bins of the finest level: 5 × 5 in a tile,
//!     nodes, 32 each         row after row from the south-west, each a list of edge ids
//!     transitions, 8         to the same node on other levels
//!     edges, 48              directed, those of a node together
//!     admins, 16             one, empty
//!     bins, 8 an edge id
//!     restrictions           that end in the tile, then that begin in it
//!     edge infos             way, names, shape; both directions of an edge share one
//!     texts                  ended by zero bytes; the first is empty
//!     padding to 8
//! ```

/// Bytes of the header.
pub(super) const HEADER_BYTES: usize = 272;
/// Bytes of a node.
pub(super) const NODE_BYTES: usize = 32;
/// Bytes of a transition.
pub(super) const TRANSITION_BYTES: usize = 8;
/// Bytes of a directed edge.
pub(super) const EDGE_BYTES: usize = 48;
/// Bytes of an administrative record.
pub(super) const ADMIN_BYTES: usize = 16;
/// Bytes of a restriction without the edges between its first and its last.
pub(super) const RESTRICTION_BYTES: usize = 24;
/// Bytes of an edge info without names and shape.
pub(super) const INFO_BYTES: usize = 12;
/// Bytes of a reference to a name.
pub(super) const NAME_BYTES: usize = 4;
/// Bins in a row or column of a tile.
pub(super) const BINS_SIDE: usize = 5;
/// Bins of a tile.
pub(super) const BINS: usize = BINS_SIDE * BINS_SIDE;
/// The version of the format, and how its name stands in the header.
pub(super) const VERSION: &[u8; 16] = b"3.4.0\0\0\0\0\0\0\0\0\0\0\0";
/// Days are counted from the first of January 2014; these are the days from 1970 to then.
pub(super) const FIRST_DAY: u64 = 16_071;

/// Some bits of a word of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    word: usize,
    shift: u32,
    bits: u32,
}

impl Field {
    const fn new(word: usize, shift: u32, bits: u32) -> Self {
        Self { word, shift, bits }
    }

    /// Returns the largest value.
    pub(super) const fn max(self) -> u64 {
        u64::MAX >> (64 - self.bits)
    }

    /// Writes a value into a record whose field is zero; callers bound it by [`Self::max`].
    pub(super) fn put(self, record: &mut [u64], value: impl Into<u64>) {
        let value: u64 = value.into();
        assert!(value <= self.max(), "{value} in {self:?}");
        record[self.word] |= value << self.shift;
    }

    /// Writes a value into the bytes of a record whose field is zero.
    pub(super) fn put_bytes(self, record: &mut [u8], value: impl Into<u64>) {
        let (words, _) = record.as_chunks_mut::<8>();
        let mut word = [u64::from_le_bytes(words[self.word])];
        Self { word: 0, ..self }.put(&mut word, value);
        words[self.word] = word[0].to_le_bytes();
    }

    /// Reads a value from a record.
    pub(super) fn get(self, record: &[u64]) -> u64 {
        record[self.word] >> self.shift & self.max()
    }
}

/// Returns the number that at most eight bytes are, the low ones first.
pub(super) fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// Fields of the header; offsets are bytes from the beginning of the tile.
pub(super) mod header {
    use super::Field;

    pub(crate) const ID: Field = Field::new(0, 0, 46);
    pub(crate) const QUALITIES: Field = Field::new(0, 50, 12);
    pub(crate) const CORNER_LON: Field = Field::new(1, 0, 32);
    pub(crate) const CORNER_LAT: Field = Field::new(1, 32, 32);
    pub(crate) const VERSION_WORDS: [Field; 2] = [Field::new(2, 0, 64), Field::new(3, 0, 64)];
    pub(crate) const DATASET: Field = Field::new(4, 0, 64);
    pub(crate) const N_NODES: Field = Field::new(5, 0, 21);
    pub(crate) const N_EDGES: Field = Field::new(5, 21, 21);
    pub(crate) const N_PREDICTED: Field = Field::new(5, 42, 21);
    pub(crate) const N_TRANSITIONS: Field = Field::new(6, 0, 22);
    pub(crate) const N_TURN_LANES: Field = Field::new(6, 32, 21);
    pub(crate) const TRANSIT: [Field; 2] = [Field::new(7, 0, 64), Field::new(8, 0, 24)];
    pub(crate) const N_SIGNS: Field = Field::new(8, 24, 24);
    pub(crate) const N_ACCESS_RESTRICTIONS: Field = Field::new(9, 0, 24);
    pub(crate) const N_ADMINS: Field = Field::new(9, 24, 16);
    pub(crate) const RESTRICTIONS_AT_END: Field = Field::new(12, 0, 32);
    pub(crate) const RESTRICTIONS_AT_START: Field = Field::new(12, 32, 32);
    pub(crate) const INFOS: Field = Field::new(13, 0, 32);
    pub(crate) const TEXTS: Field = Field::new(13, 32, 32);
    pub(crate) const DAY: Field = Field::new(14, 0, 32);
    pub(crate) const LANES: Field = Field::new(27, 0, 32);
    pub(crate) const PREDICTED: Field = Field::new(27, 32, 32);
    pub(crate) const SIZE: Field = Field::new(28, 0, 32);

    /// Returns the field with the number of edges in a bin and those before it.
    pub(crate) const fn bin_end(bin: usize) -> Field {
        let half = 29 + bin;
        Field::new(half / 2, (half % 2) as u32 * 32, 32)
    }
}

/// Fields of a node.
pub(super) mod node {
    use super::Field;

    pub(crate) const LAT_6: Field = Field::new(0, 0, 22);
    pub(crate) const LAT_7: Field = Field::new(0, 22, 4);
    pub(crate) const LON_6: Field = Field::new(0, 26, 22);
    pub(crate) const LON_7: Field = Field::new(0, 48, 4);
    pub(crate) const ACCESS: Field = Field::new(0, 52, 12);
    pub(crate) const FIRST_EDGE: Field = Field::new(1, 0, 21);
    pub(crate) const N_EDGES: Field = Field::new(1, 21, 7);
    pub(crate) const INTERSECTION: Field = Field::new(1, 49, 4);
    pub(crate) const DENSITY: Field = Field::new(1, 57, 4);
    pub(crate) const FIRST_TRANSITION: Field = Field::new(2, 0, 21);
    pub(crate) const N_TRANSITIONS: Field = Field::new(2, 21, 3);
    pub(crate) const DRIVABLE: Field = Field::new(2, 24, 16);
    pub(crate) const LAST_LOCAL: Field = Field::new(2, 40, 3);
    pub(crate) const DRIVES_ON_RIGHT: Field = Field::new(2, 43, 1);
    pub(crate) const HEADINGS: Field = Field::new(3, 0, 64);
}

/// Fields of a transition.
pub(super) mod transition {
    use super::Field;

    pub(crate) const NODE: Field = Field::new(0, 0, 46);
    pub(crate) const IS_UP: Field = Field::new(0, 46, 1);
}

/// Fields of a directed edge.
pub(super) mod edge {
    use super::Field;

    pub(crate) const END: Field = Field::new(0, 0, 46);
    pub(crate) const FORBIDDEN_TURNS: Field = Field::new(0, 46, 8);
    pub(crate) const OPPOSITE: Field = Field::new(0, 54, 7);
    pub(crate) const IS_FORWARD: Field = Field::new(0, 61, 1);
    pub(crate) const LEAVES_TILE: Field = Field::new(0, 62, 1);
    pub(crate) const INFO: Field = Field::new(1, 0, 25);
    pub(crate) const RESTRICTION_STARTS: Field = Field::new(1, 37, 12);
    pub(crate) const RESTRICTION_ENDS: Field = Field::new(1, 49, 12);
    pub(crate) const IN_RESTRICTION: Field = Field::new(1, 61, 1);
    pub(crate) const DESTINATION_ONLY: Field = Field::new(1, 62, 1);
    pub(crate) const NOT_THROUGH: Field = Field::new(1, 63, 1);
    pub(crate) const SPEED: Field = Field::new(2, 0, 8);
    pub(crate) const SAME_NAME: Field = Field::new(2, 32, 8);
    pub(crate) const USAGE: Field = Field::new(2, 40, 6);
    pub(crate) const LANES: Field = Field::new(2, 46, 4);
    pub(crate) const DENSITY: Field = Field::new(2, 50, 4);
    pub(crate) const CLASS: Field = Field::new(2, 54, 3);
    pub(crate) const SURFACE: Field = Field::new(2, 57, 3);
    pub(crate) const TOLL: Field = Field::new(2, 60, 1);
    pub(crate) const ROUNDABOUT: Field = Field::new(2, 61, 1);
    pub(crate) const FORWARD_ACCESS: Field = Field::new(3, 0, 12);
    pub(crate) const REVERSE_ACCESS: Field = Field::new(3, 12, 12);
    pub(crate) const SAC_SCALE: Field = Field::new(3, 34, 3);
    pub(crate) const CYCLE_LANE: Field = Field::new(3, 37, 2);
    pub(crate) const BICYCLE_NETWORK: Field = Field::new(3, 39, 1);
    pub(crate) const USE_SIDEPATH: Field = Field::new(3, 40, 1);
    pub(crate) const DISMOUNT: Field = Field::new(3, 41, 1);
    pub(crate) const SIDEWALK_LEFT: Field = Field::new(3, 42, 1);
    pub(crate) const SIDEWALK_RIGHT: Field = Field::new(3, 43, 1);
    pub(crate) const INTERNAL: Field = Field::new(3, 48, 1);
    pub(crate) const TUNNEL: Field = Field::new(3, 49, 1);
    pub(crate) const BRIDGE: Field = Field::new(3, 50, 1);
    pub(crate) const DEAD_END: Field = Field::new(3, 53, 1);
    pub(crate) const INDOOR: Field = Field::new(3, 58, 1);
    pub(crate) const LIT: Field = Field::new(3, 59, 1);
    pub(crate) const TURN_KINDS: Field = Field::new(4, 0, 24);
    pub(crate) const LEFT: Field = Field::new(4, 24, 8);
    pub(crate) const LENGTH: Field = Field::new(4, 32, 24);
    pub(crate) const GRADE: Field = Field::new(4, 56, 4);
    pub(crate) const CURVATURE: Field = Field::new(4, 60, 4);
    pub(crate) const STOPS: Field = Field::new(5, 0, 24);
    pub(crate) const RIGHT: Field = Field::new(5, 24, 8);
    pub(crate) const LOCAL: Field = Field::new(5, 32, 7);
    pub(crate) const OPPOSITE_LOCAL: Field = Field::new(5, 39, 7);
    pub(crate) const IS_CLASS_SPEED: Field = Field::new(5, 61, 1);
    pub(crate) const NAMED: Field = Field::new(5, 62, 1);
    pub(crate) const LINK: Field = Field::new(5, 63, 1);
}

/// Fields of a restriction; ids of the edges in between follow it.
pub(super) mod restriction {
    use super::Field;

    pub(crate) const FROM: Field = Field::new(0, 0, 46);
    pub(crate) const TO: Field = Field::new(1, 0, 46);
    pub(crate) const MODES: Field = Field::new(2, 4, 12);
    pub(crate) const N_VIA: Field = Field::new(2, 16, 5);
}

/// Fields of an edge info: its first eight bytes, then four more.
pub(super) mod info {
    use super::Field;

    pub(crate) const WAY: Field = Field::new(0, 0, 32);
    pub(crate) const BICYCLE_NETWORK: Field = Field::new(0, 44, 4);
    pub(crate) const SPEED_LIMIT: Field = Field::new(0, 48, 8);
    pub(crate) const N_NAMES: Field = Field::new(1, 0, 4);
    pub(crate) const SHAPE_BYTES: Field = Field::new(1, 4, 16);
}

/// Fields of a reference to a name.
pub(super) mod name {
    use super::Field;

    pub(crate) const TEXT: Field = Field::new(0, 0, 24);
    pub(crate) const IS_NUMBER: Field = Field::new(0, 28, 1);
    pub(crate) const IS_VALUE: Field = Field::new(0, 29, 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(field: Field, record: &[u64], expected: u64) {
        let mut written = vec![0; record.len()];
        field.put(&mut written, expected);
        assert_eq!(written, record);
        assert_eq!(field.get(record), expected);
        let mut bytes = vec![0; 8 * record.len()];
        field.put_bytes(&mut bytes, expected);
        assert_eq!(bytes, record.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>());
    }

    #[test]
    #[should_panic(expected = "8 in Field")]
    fn value_without_room_is_never_written() {
        node::N_TRANSITIONS.put(&mut [0; 4], 8_u8);
    }

    #[test]
    fn fields_are_bits_of_words() {
        check(node::LAT_7, &[7 << 22, 0], 7);
        check(edge::RIGHT, &[0, 0, 0, 0, 0, 0xff << 24], 255);
        check(header::bin_end(0), &[[0; 14].as_slice(), &[9 << 32]].concat(), 9);
        check(header::bin_end(1), &[[0; 15].as_slice(), &[9]].concat(), 9);
        check(header::bin_end(24), &[[0; 26].as_slice(), &[9 << 32]].concat(), 9);
        check(node::HEADINGS, &[0, 0, 0, u64::MAX], u64::MAX);
    }
}
