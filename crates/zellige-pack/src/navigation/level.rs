//! Levels of the road network, and the tiles that each of them is cut into.
//!
//! In:     classes of roads, positions.
//! Out:    levels, numbers of tiles, ids of what is in a tile.
//! Keeps:  tiles are numbered in rows from the south-west corner of the world.
//! Source: tiling of graph tiles, version 3: 4 degrees for main roads, 1 for arterial ones, 0.25 for all others.

use super::geometry::{UNITS_PER_DEGREE, Vertex};
use super::road::class;

/// So many levels there are; the last one is the finest.
pub(super) const LEVELS: usize = 3;
/// The level on which positions are looked up.
pub(super) const FINEST: usize = LEVELS - 1;
/// Sides of the tiles of a level, in units of a [`Vertex`].
const SIDES: [i64; LEVELS] = [4 * UNITS_PER_DEGREE, UNITS_PER_DEGREE, UNITS_PER_DEGREE / 4];

/// An id of a node or an edge: level, tile, number within the tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct GraphId(pub(super) u64);

impl GraphId {
    /// Stands where nothing is.
    pub(super) const NONE: Self = Self((1 << 46) - 1);
    /// Numbers within a tile are at most this.
    pub(super) const INDEX_MAX: u32 = (1 << 21) - 1;

    pub(super) const fn new(level: usize, tile: u32, index: u32) -> Self {
        Self(level as u64 | (tile as u64) << 3 | (index as u64) << 25)
    }

    pub(super) const fn level(self) -> usize {
        (self.0 & 7) as usize
    }

    pub(super) const fn tile(self) -> u32 {
        (self.0 >> 3 & 0x3f_ffff) as u32
    }

    pub(super) const fn index(self) -> u32 {
        (self.0 >> 25 & 0x1f_ffff) as u32
    }

    /// Returns the id of the tile: that of its first node.
    pub(super) const fn base(self) -> Self {
        Self(self.0 & 0x1ff_ffff)
    }
}

/// Returns the level of a road by its class.
pub(super) const fn level_of(class: u8) -> usize {
    match class {
        class::MOTORWAY..=class::PRIMARY => 0,
        class::SECONDARY..=class::TERTIARY => 1,
        _ => 2,
    }
}

/// Returns the number of tiles from west to east.
pub(super) const fn columns(level: usize) -> u32 {
    (360 * UNITS_PER_DEGREE / SIDES[level]) as u32
}

/// Returns the number of tiles from south to north.
pub(super) const fn rows(level: usize) -> u32 {
    columns(level) / 2
}

/// Returns the tile that a position lies in; the pole lies in the last row.
pub(super) fn tile_at(level: usize, at: Vertex) -> u32 {
    let column = (i64::from(at.lon) + 180 * UNITS_PER_DEGREE) / SIDES[level];
    let row = (i64::from(at.lat) + 90 * UNITS_PER_DEGREE) / SIDES[level];
    (row as u32).min(rows(level) - 1) * columns(level) + (column as u32).min(columns(level) - 1)
}

/// Returns the south-western corner of a tile.
pub(super) fn corner(level: usize, tile: u32) -> Vertex {
    let (row, column) = (tile / columns(level), tile % columns(level));
    Vertex {
        lat: (i64::from(row) * SIDES[level] - 90 * UNITS_PER_DEGREE) as i32,
        lon: (i64::from(column) * SIDES[level] - 180 * UNITS_PER_DEGREE) as i32,
    }
}

/// Returns the side of the tiles of a level, in units of a [`Vertex`].
pub(super) const fn side(level: usize) -> i64 {
    SIDES[level]
}

/// Returns the name of a tile in a pack, such as `2/000/791/314`.
pub(super) fn name(level: usize, tile: u32) -> String {
    let (high, middle, low) = (tile / 1_000_000, tile / 1000 % 1000, tile % 1000);
    if level == FINEST {
        format!("{level}/{high:03}/{middle:03}/{low:03}")
    } else {
        format!("{level}/{middle:03}/{low:03}")
    }
}

#[cfg(test)]
mod tests {
    use zellige_model::LonLat;

    use super::*;

    fn check(lon: f64, lat: f64, expected: [&str; LEVELS]) {
        let at = Vertex::of(LonLat::new(lon, lat));
        for (level, expected) in expected.into_iter().enumerate() {
            let tile = tile_at(level, at);
            assert_eq!(name(level, tile), expected);
            let corner = corner(level, tile);
            assert!(corner <= at && i64::from(at.lon) - i64::from(corner.lon) < side(level));
        }
    }

    #[test]
    fn tiles_are_counted_from_the_south_west() {
        check(-180.0, -90.0, ["0/000/000", "1/000/000", "2/000/000/000"]);
        check(11.57, 48.13, ["0/003/107", "1/049/871", "2/000/795/646"]);
        check(179.99, 90.0, ["0/004/049", "1/064/799", "2/001/036/799"]);
    }

    #[test]
    fn ids_hold_their_parts() {
        let id = GraphId::new(2, 791_314, 77);
        assert_eq!((id.level(), id.tile(), id.index()), (2, 791_314, 77));
        assert_eq!(id.base(), GraphId::new(2, 791_314, 0));
    }
}
