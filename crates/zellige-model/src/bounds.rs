//! Axis-parallel boxes, one type a space.

use crate::{Grid, LonLat, World};

/// A box in degrees; edges belong to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LonLatBounds {
    /// Western edge, degrees.
    pub west: f64,
    /// Southern edge, degrees.
    pub south: f64,
    /// Eastern edge, degrees.
    pub east: f64,
    /// Northern edge, degrees.
    pub north: f64,
}

impl LonLatBounds {
    /// The box that nothing has been added to yet.
    pub const EMPTY: Self =
        Self { west: f64::INFINITY, south: f64::INFINITY, east: f64::NEG_INFINITY, north: f64::NEG_INFINITY };

    /// Grows the box until it holds `point`.
    pub fn add(&mut self, point: LonLat) {
        self.west = self.west.min(point.lon);
        self.south = self.south.min(point.lat);
        self.east = self.east.max(point.lon);
        self.north = self.north.max(point.lat);
    }

    /// Grows the box until it holds `other`.
    pub fn merge(&mut self, other: &Self) {
        self.west = self.west.min(other.west);
        self.south = self.south.min(other.south);
        self.east = self.east.max(other.east);
        self.north = self.north.max(other.north);
    }

    /// Whether nothing has been added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.west > self.east
    }
}

/// A box in world units; edges belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorldBounds {
    /// Upper left corner (smallest x and y).
    pub min: World,
    /// Lower right corner (largest x and y).
    pub max: World,
}

impl WorldBounds {
    /// The box that nothing has been added to yet.
    pub const EMPTY: Self = Self { min: World::new(i64::MAX, i64::MAX), max: World::new(i64::MIN, i64::MIN) };

    /// Returns the smallest box that holds all `points`.
    #[must_use]
    pub fn of(points: &[World]) -> Self {
        let mut bounds = Self::EMPTY;
        for point in points {
            bounds.add(*point);
        }
        bounds
    }

    /// Grows the box until it holds `point`.
    pub fn add(&mut self, point: World) {
        self.min.x = self.min.x.min(point.x);
        self.min.y = self.min.y.min(point.y);
        self.max.x = self.max.x.max(point.x);
        self.max.y = self.max.y.max(point.y);
    }

    /// Grows the box until it holds `other`.
    pub fn merge(&mut self, other: &Self) {
        self.min.x = self.min.x.min(other.min.x);
        self.min.y = self.min.y.min(other.min.y);
        self.max.x = self.max.x.max(other.max.x);
        self.max.y = self.max.y.max(other.max.y);
    }

    /// Whether nothing has been added.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.min.x > self.max.x
    }

    /// Whether the two boxes share at least a point.
    #[must_use]
    pub const fn meets(&self, other: &Self) -> bool {
        self.min.x <= other.max.x
            && other.min.x <= self.max.x
            && self.min.y <= other.max.y
            && other.min.y <= self.max.y
    }
}

/// A box in the units of a tile; edges belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GridBounds {
    /// Upper left corner (smallest x and y).
    pub min: Grid,
    /// Lower right corner (largest x and y).
    pub max: Grid,
}

impl GridBounds {
    /// Returns the smallest box that holds all `points`; nothing when there are none.
    #[must_use]
    pub fn of(points: &[Grid]) -> Option<Self> {
        let first = *points.first()?;
        Some(points.iter().fold(Self { min: first, max: first }, |Self { min, max }, point| Self {
            min: Grid::new(min.x.min(point.x), min.y.min(point.y)),
            max: Grid::new(max.x.max(point.x), max.y.max(point.y)),
        }))
    }
}
