//! Zoom levels.

use std::fmt;

/// A whole zoom level from 0 to [`Zoom::MAX`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Zoom(u8);

impl Zoom {
    /// The deepest zoom that the engine can work at.
    pub const MAX: Self = Self(22);

    /// Returns the zoom level, or nothing when `level` is above [`Zoom::MAX`].
    #[must_use]
    pub const fn new(level: u8) -> Option<Self> {
        if level <= Self::MAX.0 { Some(Self(level)) } else { None }
    }

    /// Returns the level as a number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Returns the number of tiles along one side of the world.
    #[must_use]
    pub const fn tiles_per_side(self) -> u32 {
        1 << self.0
    }

    /// Returns all zooms from `self` to `last`, both included.
    pub fn to(self, last: Self) -> impl DoubleEndedIterator<Item = Self> + Clone {
        (self.0..=last.0).map(Self)
    }
}

impl fmt::Display for Zoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
