//! Tiles and their numbers.

use std::fmt;

use crate::Zoom;

/// A tile: zoom, x to the east, y to the south.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileCoord {
    zoom: Zoom,
    x: u32,
    y: u32,
}

impl TileCoord {
    /// Returns the tile, or nothing when `x` or `y` lies outside the matrix of `zoom`.
    #[must_use]
    pub const fn new(zoom: Zoom, x: u32, y: u32) -> Option<Self> {
        let side = zoom.tiles_per_side();
        if x < side && y < side { Some(Self { zoom, x, y }) } else { None }
    }

    /// Returns the tile written as `z/x/y`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let (z, x, y) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        Self::new(Zoom::new(z.parse().ok()?)?, x.parse().ok()?, y.parse().ok()?)
    }

    /// Returns the zoom.
    #[must_use]
    pub const fn zoom(self) -> Zoom {
        self.zoom
    }

    /// Returns the column, counted from the west.
    #[must_use]
    pub const fn x(self) -> u32 {
        self.x
    }

    /// Returns the row, counted from the north.
    #[must_use]
    pub const fn y(self) -> u32 {
        self.y
    }

    /// Returns the tile one zoom above that holds this one, or nothing at zoom 0.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        let zoom = Zoom::new(self.zoom.get().checked_sub(1)?)?;
        Self::new(zoom, self.x / 2, self.y / 2)
    }
}

impl fmt::Display for TileCoord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.zoom, self.x, self.y)
    }
}

/// The number of a tile along the Hilbert curves of all zooms, zoom 0 first (PMTiles v3 §4).
///
/// Tiles in this order are tiles in the order in which archives are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId(u64);

impl TileId {
    /// Returns the id with this number, or nothing when it lies beyond the tiles of [`Zoom::MAX`].
    #[must_use]
    pub const fn new(number: u64) -> Option<Self> {
        if number < first_id(Zoom::MAX.get() + 1) { Some(Self(number)) } else { None }
    }

    /// Returns the number; it fits 46 bits.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the tile that has this number.
    #[must_use]
    pub const fn coord(self) -> TileCoord {
        let mut level = 0;
        while first_id(level + 1) <= self.0 {
            level += 1;
        }
        let (x, y) = hilbert_point(level, self.0 - first_id(level));
        match Zoom::new(level) {
            Some(zoom) => TileCoord { zoom, x, y },
            None => unreachable!(),
        }
    }
}

impl From<TileCoord> for TileId {
    fn from(tile: TileCoord) -> Self {
        let level = tile.zoom.get();
        Self(first_id(level) + hilbert_distance(level, tile.x, tile.y))
    }
}

/// Returns the number of tiles of all zooms above `level`: (4^level − 1) / 3.
const fn first_id(level: u8) -> u64 {
    ((1 << (2 * level as u64)) - 1) / 3
}

/// Returns how far along the Hilbert curve of a 2^level square the cell `x`, `y` lies.
///
/// Walks the quadrants from the largest to the smallest. Each turns the smaller ones, see [`turn`]: all turns together
/// mirror both axes or do not, and exchange them or do not. That is kept in two bits, since the way through the
/// quadrants is nothing that a branch could guess.
const fn hilbert_distance(level: u8, x: u32, y: u32) -> u64 {
    let (mut mirrored, mut exchanged) = (0, 0);
    let mut distance = 0;
    let mut bit = level;
    while bit > 0 {
        bit -= 1;
        let (x, y) = (x >> bit & 1, y >> bit & 1);
        let exchange = (x ^ y) & exchanged;
        let (right, low) = (x ^ exchange ^ mirrored, y ^ exchange ^ mirrored);
        distance = distance << 2 | ((3 * right) ^ low) as u64;
        mirrored ^= right & !low;
        exchanged ^= low ^ 1;
    }
    distance
}

/// Returns the cell at `distance` along the Hilbert curve of a 2^level square.
const fn hilbert_point(level: u8, mut distance: u64) -> (u32, u32) {
    let (mut x, mut y) = (0, 0);
    let mut bit = 0;
    while bit < level {
        let side = 1_u32 << bit;
        let right = distance & 2 != 0;
        let low = (distance & 1 != 0) != right;
        (x, y) = turn(side, x, y, right, low);
        x += side * right as u32;
        y += side * low as u32;
        distance >>= 2;
        bit += 1;
    }
    (x, y)
}

/// Turns the curve inside a quadrant of side `side` so that its ends meet those of its neighbours.
const fn turn(side: u32, x: u32, y: u32, right: bool, low: bool) -> (u32, u32) {
    if low {
        (x, y)
    } else if right {
        (side - 1 - y, side - 1 - x)
    } else {
        (y, x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(z: u8, x: u32, y: u32) -> TileCoord {
        TileCoord::new(Zoom::new(z).unwrap(), x, y).unwrap()
    }

    #[test]
    fn first_ids_run_around_the_square() {
        let around = [(0, 0, 0), (1, 0, 0), (1, 0, 1), (1, 1, 1), (1, 1, 0), (2, 0, 0)];
        for (number, (z, x, y)) in around.into_iter().enumerate() {
            assert_eq!(TileId::from(tile(z, x, y)).get(), number as u64, "{z}/{x}/{y}");
        }
    }

    #[test]
    fn every_id_of_small_zooms_comes_back_and_is_next_to_its_neighbour() {
        for level in 1..7 {
            let mut last: Option<TileCoord> = None;
            for number in first_id(level)..first_id(level + 1) {
                let coord = TileId::new(number).unwrap().coord();
                assert_eq!(TileId::from(coord).get(), number);
                if let Some(last) = last {
                    assert_eq!(coord.x.abs_diff(last.x) + coord.y.abs_diff(last.y), 1, "{last} then {coord}");
                }
                last = Some(coord);
            }
        }
    }

    #[test]
    fn deepest_tile_has_an_id() {
        let last = tile(22, (1 << 22) - 1, (1 << 22) - 1);
        assert_eq!(TileId::from(last).coord(), last);
    }

    #[test]
    fn text_outside_the_matrix_is_no_tile() {
        assert_eq!(TileCoord::parse("3/4/5"), Some(tile(3, 4, 5)));
        for text in ["3/8/0", "23/0/0", "1/1", "1/1/1/1", "-1/0/0", "a/b/c"] {
            assert_eq!(TileCoord::parse(text), None, "{text}");
        }
    }
}
