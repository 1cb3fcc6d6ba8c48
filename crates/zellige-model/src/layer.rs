//! Names and grids of tile layers.

use std::fmt;

/// The name of a layer: one or more of `A–Z a–z 0–9 - _`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LayerName(String);

impl LayerName {
    /// Returns the name, or nothing when it is empty or has another character.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (!name.is_empty() && name.bytes().all(legal)).then(|| Self(name.to_owned()))
    }

    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LayerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The number of grid units along one side of a tile, 1 to 65536.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Extent(u32);

impl Extent {
    /// The extent that recipes have when they name none.
    pub const DEFAULT: Self = Self(4096);

    /// Returns the extent, or nothing when `units` is 0 or above 65536.
    #[must_use]
    pub const fn new(units: u32) -> Option<Self> {
        if 1 <= units && units <= 65_536 { Some(Self(units)) } else { None }
    }

    /// Returns the number of units.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}
