//! Points in the three spaces of the engine.

/// A position on the globe in degrees, WGS 84.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LonLat {
    /// Longitude in degrees, east positive; may lie outside ±180 before wrapping.
    pub lon: f64,
    /// Latitude in degrees, north positive, within ±90.
    pub lat: f64,
}

impl LonLat {
    /// Returns the position at `lon` degrees east and `lat` degrees north.
    #[must_use]
    pub const fn new(lon: f64, lat: f64) -> Self {
        Self { lon, lat }
    }
}

/// A position on the Web Mercator square as exact integers: x to the east, y to the south.
///
/// The world is [`World::SIDE`] wide and high; x beyond it lies in a copy of the world.
/// One unit is about 36 micrometres at the equator, a quarter of a grid unit at zoom 22 with
/// extent 65536, so equal vertices of neighbours stay equal all the way to the tile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct World {
    /// Eastward, `0..SIDE` in the first world.
    pub x: i64,
    /// Southward, `0..=SIDE`.
    pub y: i64,
}

impl World {
    /// Binary digits of a world coordinate.
    pub const BITS: u32 = 40;
    /// Units along one side of the world.
    pub const SIDE: i64 = 1 << Self::BITS;

    /// Returns the point at `x`, `y`.
    #[must_use]
    pub const fn new(x: i64, y: i64) -> Self {
        Self { x, y }
    }

    /// Returns the width of one tile at `zoom` in world units.
    #[must_use]
    pub const fn tile_side(zoom: crate::Zoom) -> i64 {
        Self::SIDE >> zoom.get()
    }
}

/// A position in one tile in whole units of its extent: x to the east, y to the south.
///
/// `0..extent` is the tile itself; the buffer lies outside of that range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Grid {
    /// Eastward from the left edge of the tile.
    pub x: i32,
    /// Southward from the upper edge of the tile.
    pub y: i32,
}

impl Grid {
    /// Returns the point at `x`, `y`.
    #[must_use]
    pub const fn new(x: i32, y: i32) -> Self {
        Self { x, y }
    }
}
