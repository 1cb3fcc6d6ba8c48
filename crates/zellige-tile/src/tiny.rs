//! Keeps the area of small polygons at one zoom.
//!
//! In:     a polygon feature as it was, simplified for a zoom; the grid of the zoom.
//! Out:    the shape to draw, or that the whole feature is smaller than a square of one or two units; and what to
//!         account for it.
//! Keeps:  the area of each ring that is at most 256 units wide and shares no border, though its corners
//!         move, by less than simplification moved its outline; the sum of areas of smaller parts, as such
//!         squares; common borders, which stay as they are simplified, unless that leaves less than half of an outer
//!         ring that can be seen and does not touch itself: such a strip then lies across its neighbours. A hole and
//!         the ring that fills it go together when they are tiny: the polygon around them takes their place, and that
//!         is accounted for.
//! Source: the sum over tiny polygons that tippecanoe keeps in a tile; growing back what Douglas and Peucker
//!         cut off is ours. `diffuse` is the other half: it decides in the tile which features stand for others.
//!
//! Simplified corners lie on the outline, so a bulging shape loses area: towns as outlines a tenth of it at zooms 0
//! to 2, a town of houses a twentieth at zooms 7 to 11.
//! A ring is therefore grown or shrunk about its middle. All is computed in the world, before cutting, so
//! neighbouring tiles agree. Areas are exact integers, so a hole and the ring that fills it stay one line.
//!
//! The signed area of a ring that crosses itself says little; where it matters, rings are examined first, and
//! those that are not sound stay as they are simplified.

use xxhash_rust::xxh3::xxh3_64;
use zellige_model::{Extent, Geometry, GeometryKind, Grid, World, WorldBounds, Zoom};

use crate::borders::{Borders, in_first_world};
use crate::validate::Validator;
use crate::weigh::{Share, Weigher};

/// What becomes of polygons that are too small for the grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tiny {
    /// Their area is kept: small shapes keep theirs, and some that are tiny stand for all.
    #[default]
    Keep,
    /// Shapes are drawn as they simplify and snap; those that vanish are gone.
    Drop,
}

/// From so many units along the side of a tile on, two of them are a quarter of a pixel of most maps.
const FINE_EXTENT: u32 = 4096;
/// Pixels of most maps along the side of a tile.
const PIXELS: f64 = 512.0;
/// Area is kept for rings whose box is at most so many units wide and high.
const SMALL_UNITS: f64 = 256.0;
/// What is drawn is accounted for features whose largest part is at most so many units wide and high.
const ACCOUNTED_UNITS: f64 = 64.0;
/// A ring whose area simplification changed by more than these factors is simplified less.
const LIKE: (f64, f64) = (0.8, 1.25);
/// How often the tolerance of such a ring is halved.
const HALVINGS_MAX: u32 = 4;
/// A ring that fills less than this part of its box is thin, or it crosses itself.
const THIN: f64 = 0.125;
/// A ring with borders in common of which simplification leaves less than this part is simplified less.
const COLLAPSED: f64 = 0.5;
/// Rings that are wider than so many tolerances, see [`Ring::width`], are not asked whether they collapse.
const COLLAPSING_WIDTH: f64 = 4.0;
/// Rings are examined on a grid of their own with so many bits a side.
const EXAMINED_BITS: u32 = 22;
/// The sides of a ring grow or shrink by no more than these factors.
const SCALE: (f64, f64) = (0.25, 2.0);

/// The grid of a zoom, as far as areas need it.
#[derive(Clone, Copy, Debug)]
pub struct UnitGrid {
    /// The zoom.
    pub zoom: Zoom,
    /// Units along the side of a tile.
    pub extent: Extent,
    /// Whether it is that of the deepest zoom of a layer, which clients draw at all deeper zooms as well.
    pub is_deepest: bool,
}

/// Returns the side in units of the squares that stand for tiny polygons; what has less area than one is tiny.
///
/// Two units on a fine grid, which nobody can tell from one, and takes a quarter of the squares. At the deepest zoom
/// of a layer one.
#[must_use]
pub const fn square_side(extent: Extent, is_deepest: bool) -> u32 {
    if is_deepest || extent.get() < FINE_EXTENT { 1 } else { 2 }
}

impl UnitGrid {
    /// Returns the side of a unit in world units.
    #[must_use]
    pub fn unit(self) -> f64 {
        World::tile_side(self.zoom) as f64 / f64::from(self.extent.get())
    }

    /// Returns the area of a unit in squared world units.
    #[must_use]
    pub fn unit_area(self) -> f64 {
        self.unit() * self.unit()
    }

    /// Returns the side in units of squares that stand for tiny polygons, see [`square_side`].
    #[must_use]
    pub const fn square_side(self) -> u32 {
        square_side(self.extent, self.is_deepest)
    }

    /// Returns the area in squared world units below which polygons are not drawn with their own shape.
    #[must_use]
    pub fn tiny_area(self) -> f64 {
        f64::from(self.square_side().pow(2)) * self.unit_area()
    }

    /// Returns the area in squared world units from which on a polygon is seen, and its neighbours must not take all
    /// of it: that of a pixel, at the deepest zoom that of a square.
    fn seen_area(self) -> f64 {
        let pixel = f64::from(self.extent.get()) / PIXELS;
        if self.is_deepest {
            self.tiny_area()
        } else {
            (pixel * pixel * self.unit_area()).max(self.tiny_area())
        }
    }

    /// Returns the area of a ring in squared world units once its vertices are rounded to the grid; `rounded` is a
    /// buffer.
    fn area_rounded(self, ring: &[World], rounded: &mut Vec<World>) -> f64 {
        let (side, extent) = (World::tile_side(self.zoom), i64::from(self.extent.get()));
        let round = |at: i64| (at * extent + side / 2).div_euclid(side);
        rounded.clear();
        rounded.extend(ring.iter().map(|point| World::new(round(point.x), round(point.y))));
        area_doubled(rounded).unsigned_abs() as f64 / 2.0 * self.unit_area()
    }

    /// Returns the cell of the grid, through all tiles, in which a square around `at` begins along one axis; the next
    /// one if it lies at the edge of its tile and there is room.
    fn square_cell(self, at: i64) -> i64 {
        let (side, extent) = (World::tile_side(self.zoom), i64::from(self.extent.get()));
        let tile = at.div_euclid(side);
        let margin = i64::from(extent >= 3);
        let square_side = i64::from(self.square_side());
        let cell = (at - tile * side) * extent / side - square_side / 2;
        tile * extent + cell.clamp(margin, extent - square_side - margin)
    }

    /// Returns the place where `cell` begins, to the nearest world unit.
    const fn start(self, cell: i64) -> i64 {
        let (side, extent) = (World::tile_side(self.zoom), self.extent.get() as i64);
        let tile = cell.div_euclid(extent);
        tile * side + ((cell - tile * extent) * side + extent / 2) / extent
    }
}

/// What is accounted for a small feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Small {
    /// The middle of its largest part: the tile that holds it accounts for the feature.
    pub at: World,
    /// Its area in square units.
    pub area_units: f64,
    /// The box of its largest part in units, at least 1 by 1.
    pub box_units: (u32, u32),
    /// The side in units of the least square that stands for it.
    pub square_side: u32,
    /// Differs from shape to shape, and is the same wherever the feature stands in the source.
    pub seed: u64,
}

impl Small {
    /// Whether the grid may leave nothing of it: a shape loses half a unit along its outline at most.
    ///
    /// What has more area than that and still vanishes crosses itself, and what was measured is no area.
    pub(crate) fn may_vanish(&self) -> bool {
        let (width, height) = self.box_units;
        self.area_units <= f64::from(width) + f64::from(height)
    }
}

/// A small ring whose area a polygon gets from others, or leaves to them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transfer {
    /// The middle of its box; the tile that holds it accounts for the ring.
    pub at: World,
    /// What is missing of its area in square units: negative for a hole, whose area is drawn.
    pub area_units: f64,
}

/// What is drawn of a feature at one zoom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Settled<'s> {
    /// The simplified shape; nothing in it is small, and nothing that shares borders thin.
    Same,
    /// Another shape, and what it takes over from others or leaves to them.
    Changed(&'s Geometry<World>, &'s [Transfer]),
    /// Nothing: its parts are left to others, or they are tiny, and together less than half a square.
    Nothing,
}

/// Areas of the feature at hand, and the shape that it gets at one zoom; buffers are kept.
#[derive(Debug, Default)]
pub struct Settler {
    tiny: Tiny,
    rings: Vec<Ring>,
    polygons: Vec<Polygon>,
    /// The longest side of a box around the smallest ring, world units.
    smallest: i64,
    /// The width of the thinnest ring with borders in common, world units.
    thinnest: f64,
    /// The polygon with the most area.
    largest: usize,
    area: f64,
    seed: u64,
    shape: Geometry<World>,
    transfers: Vec<Transfer>,
    rounded: Vec<World>,
    refiner: Refiner,
    examined: Geometry<Grid>,
    validator: Validator,
}

/// A ring before it was simplified.
#[derive(Clone, Copy, Debug)]
struct Ring {
    /// Twice its area, squared world units.
    area_doubled: u128,
    bounds: WorldBounds,
    /// What it has in common with others.
    share: Share,
    /// Whether it does not cross itself, once somebody asked.
    is_sound: Option<bool>,
}

impl Ring {
    /// Returns its area by the longest side of its box, world units: for a straight strip how wide it is; a folded one
    /// is narrower.
    fn width(&self) -> f64 {
        self.area_doubled as f64 / 2.0 / longest_side(&self.bounds).max(1) as f64
    }

    /// Whether so little is left of it, though it has borders in common and can be seen, that it is simplified less
    /// than what lies beside it.
    fn collapses(&self, (simplified, tolerance): (&[World], f64), grid: UnitGrid) -> bool {
        let area = self.area_doubled as f64;
        self.share.is_some()
            && 2.0 * grid.seen_area() <= area
            && self.width() < COLLAPSING_WIDTH * tolerance
            && (area_doubled(simplified).unsigned_abs() as f64) < COLLAPSED * area
    }

    /// Whether it is drawn neither as a hole nor as what fills one, but left to the polygon around it.
    fn is_left_to_others(self, grid: UnitGrid) -> bool {
        self.share == Share::Whole && (self.area_doubled as f64) < 2.0 * grid.tiny_area()
    }
}

/// A polygon before it was simplified.
#[derive(Clone, Copy, Debug)]
struct Polygon {
    /// Its area without its holes, squared world units.
    area: f64,
    /// The number of its outer ring.
    shell: usize,
    /// Whether one of its rings has parts in common with others.
    is_shared: bool,
}

impl Settler {
    /// Returns a settler; one that drops what is tiny measures nothing and changes nothing.
    #[must_use]
    pub fn new(tiny: Tiny) -> Self {
        Self { tiny, ..Self::default() }
    }

    /// Measures a feature as it is in the source; other kinds than polygons have no area.
    ///
    /// `shares` says for each ring what it has in common with others, see [`Weigher::shares`].
    pub fn measure(&mut self, geometry: &Geometry<World>, shares: &[Share]) {
        self.rings.clear();
        self.polygons.clear();
        (self.smallest, self.thinnest) = (i64::MAX, f64::INFINITY);
        (self.largest, self.area) = (0, 0.0);
        if geometry.kind != GeometryKind::Polygon || self.tiny == Tiny::Drop {
            return;
        }
        for (ring_idx, ring) in geometry.parts().enumerate() {
            let bounds = WorldBounds::of(ring);
            let share = shares.get(ring_idx).copied().unwrap_or_default();
            let area_doubled = area_doubled(ring).unsigned_abs();
            let ring = Ring { area_doubled, bounds, share, is_sound: None };
            self.smallest = self.smallest.min(longest_side(&bounds));
            if share.is_some() {
                self.thinnest = self.thinnest.min(ring.width());
            }
            self.rings.push(ring);
        }
        for rings in geometry.polygons() {
            let shell = rings.start;
            let Some((outer, holes)) = self.rings[rings].split_first() else { continue };
            let of_holes: u128 = holes.iter().map(|hole| hole.area_doubled).sum();
            let area = outer.area_doubled.saturating_sub(of_holes) as f64 / 2.0;
            let is_shared = outer.share.is_some() || holes.iter().any(|hole| hole.share.is_some());
            self.area += area;
            if self.polygons.get(self.largest).is_none_or(|largest| largest.area < area) {
                self.largest = self.polygons.len();
            }
            self.polygons.push(Polygon { area, shell, is_shared });
        }
        if let Some(WorldBounds { min, max }) = self.largest_box() {
            let words = [in_first_world(min).x, min.y, max.x - min.x, max.y - min.y, self.area as i64];
            let mut bytes = [0; 40];
            for (bytes, word) in bytes.chunks_exact_mut(8).zip(words) {
                bytes.copy_from_slice(&word.to_le_bytes());
            }
            self.seed = xxh3_64(&bytes);
        }
    }

    /// Returns the box around the polygon with the most area, if there is a polygon.
    fn largest_box(&self) -> Option<WorldBounds> {
        self.polygons.get(self.largest).map(|polygon| self.rings[polygon.shell].bounds)
    }

    /// Returns what is accounted for the feature, if it has an area and its largest part is small.
    #[must_use]
    pub fn small(&self, grid: UnitGrid) -> Option<Small> {
        let WorldBounds { min, max } = self.largest_box()?;
        let unit = grid.unit();
        let side = |min: i64, max: i64| ((max - min) as f64 / unit).ceil().max(1.0);
        let (width, height) = (side(min.x, max.x), side(min.y, max.y));
        let is_small = 0.0 < self.area && width <= ACCOUNTED_UNITS && height <= ACCOUNTED_UNITS;
        is_small.then(|| Small {
            at: World::new(i64::midpoint(min.x, max.x), i64::midpoint(min.y, max.y)),
            area_units: self.area / (unit * unit),
            box_units: (width as u32, height as u32),
            square_side: grid.square_side(),
            seed: self.seed,
        })
    }

    /// Whether all of the feature together is below the area that is drawn; `whole` is what was measured.
    ///
    /// Features that share borders never are, but for what fills holes: what vanishes of them is taken over by their
    /// neighbours.
    pub fn is_tiny(&mut self, whole: &Geometry<World>, grid: UnitGrid) -> bool {
        let is_left =
            |settler: &Self, idx: usize| settler.rings[settler.polygons[idx].shell].is_left_to_others(grid);
        !self.polygons.is_empty()
            && self.area < grid.tiny_area()
            && (0..self.polygons.len()).all(|idx| is_left(self, idx) || self.part_is_tiny(idx, whole, grid))
    }

    /// Decides what is drawn of the feature that was measured, now that it is simplified by a tolerance in world
    /// units; `whole` is what was measured.
    pub fn settle(
        &mut self,
        whole: &Geometry<World>,
        (simplified, tolerance): (&Geometry<World>, f64),
        grid: UnitGrid,
    ) -> Settled<'_> {
        let small_side = SMALL_UNITS * grid.unit();
        let is_as_simplified =
            small_side < self.smallest as f64 && COLLAPSING_WIDTH * tolerance <= self.thinnest;
        if self.polygons.is_empty() || is_as_simplified {
            return Settled::Same;
        }
        let mut shape = std::mem::take(&mut self.shape);
        shape.reset(GeometryKind::Polygon);
        self.transfers.clear();
        let mut pending = 0.0;
        for (polygon_idx, rings) in simplified.polygons().enumerate() {
            if self.rings[rings.start].is_left_to_others(grid) {
                let Polygon { area, shell, .. } = self.polygons[polygon_idx];
                self.transfers.push(transfer(&self.rings[shell], area, grid));
                continue;
            }
            if self.part_is_tiny(polygon_idx, whole, grid) {
                let Polygon { area, shell, .. } = self.polygons[polygon_idx];
                pending += area / grid.tiny_area();
                if 0.5 <= pending {
                    pending -= 1.0;
                    push_square(&self.rings[shell].bounds, grid, &mut shape);
                }
                continue;
            }
            let n_rings = rings.len();
            for ring_idx in rings {
                let ring = simplified.part(ring_idx);
                let ring_before = self.rings[ring_idx];
                let Ring { area_doubled, bounds, share, .. } = ring_before;
                let is_hole = ring_idx != self.polygons[polygon_idx].shell;
                if is_hole && share.is_some() && longest_side(&bounds) as f64 <= ACCOUNTED_UNITS * grid.unit()
                {
                    let is_left = ring_before.is_left_to_others(grid);
                    let drawn = if is_left { 0.0 } else { grid.area_rounded(ring, &mut self.rounded) };
                    self.transfers.push(transfer(&ring_before, drawn - area_doubled as f64 / 2.0, grid));
                    if is_left {
                        continue;
                    }
                }
                let is_kept = share.is_some()
                    || ring.len() == whole.part(ring_idx).len()
                    || small_side < longest_side(&bounds) as f64
                    || !self.is_sound(ring_idx, whole);
                if !is_hole
                    && ring_before.collapses((ring, tolerance), grid)
                    && self.is_sound(ring_idx, whole)
                {
                    let refined = self.refiner.refine(whole.part(ring_idx), (ring, tolerance), area_doubled);
                    shape.points.extend_from_slice(refined);
                    // What its neighbours leave to it is drawn as well; around holes it would fill them.
                    let left = self::area_doubled(ring).unsigned_abs() as f64 / 2.0;
                    if n_rings == 1 && grid.tiny_area() <= left {
                        shape.end_part();
                        shape.end_polygon();
                        shape.points.extend_from_slice(ring);
                    }
                } else if is_kept {
                    shape.points.extend_from_slice(ring);
                } else {
                    let ring = self.refiner.refine(whole.part(ring_idx), (ring, tolerance), area_doubled);
                    push_with_area(ring, area_doubled, &mut shape.points);
                }
                shape.end_part();
            }
            shape.end_polygon();
        }
        self.shape = shape;
        if self.shape.is_empty() { Settled::Nothing } else { Settled::Changed(&self.shape, &self.transfers) }
    }

    /// Whether a polygon has an area, below that which is drawn, and shares no border.
    fn part_is_tiny(&mut self, polygon_idx: usize, whole: &Geometry<World>, grid: UnitGrid) -> bool {
        let Polygon { area, shell, is_shared } = self.polygons[polygon_idx];
        if is_shared || area == 0.0 || grid.tiny_area() <= area {
            return false;
        }
        let WorldBounds { min, max } = self.rings[shell].bounds;
        let box_area = (max.x - min.x) as f64 * (max.y - min.y) as f64;
        box_area <= grid.tiny_area() || THIN * box_area <= area || self.is_sound(shell, whole)
    }

    /// Whether a ring does not cross or touch itself.
    fn is_sound(&mut self, ring_idx: usize, whole: &Geometry<World>) -> bool {
        let ring = self.rings[ring_idx];
        if let Some(is_sound) = ring.is_sound {
            return is_sound;
        }
        let side = longest_side(&ring.bounds) as u64;
        let shift = (u64::BITS - side.leading_zeros()).saturating_sub(EXAMINED_BITS);
        let WorldBounds { min, .. } = ring.bounds;
        let snap = |point: &World| {
            Grid::new(((point.x - min.x) >> shift) as i32, ((point.y - min.y) >> shift) as i32)
        };
        self.examined.reset(GeometryKind::Polygon);
        self.examined.points.extend(whole.part(ring_idx).iter().map(snap));
        self.examined.end_part();
        self.examined.end_polygon();
        let is_sound = self.validator.is_legal(&mut self.examined);
        self.rings[ring_idx].is_sound = Some(is_sound);
        is_sound
    }
}

/// Simplifies rings less that lost their form; buffers are kept.
#[derive(Debug, Default)]
struct Refiner {
    weigher: Weigher,
    whole: Geometry<World>,
    weights: Vec<f64>,
    ring: Vec<World>,
}

impl Refiner {
    /// Returns `ring`, which is `whole` simplified by a tolerance; with a smaller one until it has about the area
    /// that it had.
    ///
    /// The four corners that every ring keeps make a bow tie of a bent lake, or a field of a winding one.
    fn refine(
        &mut self,
        whole: &[World],
        (ring, tolerance): (&[World], f64),
        area_doubled_before: u128,
    ) -> &[World] {
        let is_like = |ring: &[World]| {
            let ratio = area_doubled(ring).unsigned_abs() as f64 / area_doubled_before as f64;
            (LIKE.0..=LIKE.1).contains(&ratio)
        };
        self.ring.clear();
        self.ring.extend_from_slice(ring);
        if is_like(&self.ring) {
            return &self.ring;
        }
        self.whole.reset(GeometryKind::Polygon);
        self.whole.points.extend_from_slice(whole);
        self.whole.end_part();
        self.whole.end_polygon();
        let floor = tolerance / f64::from(1 << HALVINGS_MAX);
        self.weigher.weigh(&self.whole, floor, Borders::default(), &mut self.weights);
        for halvings in 1..=HALVINGS_MAX {
            let threshold = (tolerance / f64::from(1 << halvings)).powi(2);
            let stays = whole.iter().zip(&self.weights).filter(|(_, weight)| **weight > threshold);
            self.ring.clear();
            self.ring.extend(stays.map(|(point, _)| *point));
            if is_like(&self.ring) {
                break;
            }
        }
        &self.ring
    }
}

/// Returns what is missing of the area of a ring, in squared world units, as a transfer.
fn transfer(ring: &Ring, area: f64, grid: UnitGrid) -> Transfer {
    let WorldBounds { min, max } = ring.bounds;
    let at = World::new(i64::midpoint(min.x, max.x), i64::midpoint(min.y, max.y));
    Transfer { at, area_units: area / grid.unit_area() }
}

const fn longest_side(bounds: &WorldBounds) -> i64 {
    let (width, height) = (bounds.max.x - bounds.min.x, bounds.max.y - bounds.min.y);
    if width < height { height } else { width }
}

/// Returns twice the signed area of an open ring, exactly.
fn area_doubled(ring: &[World]) -> i128 {
    let Some(origin) = ring.first().copied() else { return 0 };
    let mut sum = 0;
    let (mut ax, mut ay) = (0, 0);
    for point in ring {
        let (bx, by) = (point.x - origin.x, point.y - origin.y);
        sum += i128::from(ax) * i128::from(by) - i128::from(bx) * i128::from(ay);
        (ax, ay) = (bx, by);
    }
    sum
}

/// Appends `ring`, grown or shrunk about the middle of its vertices until it has the area of the original.
///
/// The result does not depend on where the ring starts, nor on its direction.
fn push_with_area(ring: &[World], area_doubled_before: u128, out: &mut Vec<World>) {
    let area_doubled = area_doubled(ring).unsigned_abs();
    if area_doubled == area_doubled_before || area_doubled == 0 {
        out.extend_from_slice(ring);
        return;
    }
    let factor = (area_doubled_before as f64 / area_doubled as f64).sqrt().clamp(SCALE.0, SCALE.1);
    let sum =
        ring.iter().fold((0, 0), |sum, point| (sum.0 + i128::from(point.x), sum.1 + i128::from(point.y)));
    let n_vertices = ring.len() as i128;
    let (x, y) = ((sum.0 / n_vertices) as i64, (sum.1 / n_vertices) as i64);
    let scale = |at: i64, middle: i64| middle + ((at - middle) as f64 * factor).round() as i64;
    out.extend(ring.iter().map(|point| World::new(scale(point.x, x), scale(point.y, y))));
}

/// Appends the square around the middle of `bounds`; it lies within one tile.
fn push_square(bounds: &WorldBounds, grid: UnitGrid, out: &mut Geometry<World>) {
    let column = grid.square_cell(i64::midpoint(bounds.min.x, bounds.max.x));
    let row = grid.square_cell(i64::midpoint(bounds.min.y, bounds.max.y));
    let (right, bottom) = (column + i64::from(grid.square_side()), row + i64::from(grid.square_side()));
    let corners = [(column, row), (right, row), (right, bottom), (column, bottom)];
    out.points.extend(corners.iter().map(|(x, y)| World::new(grid.start(*x), grid.start(*y))));
    out.end_part();
    out.end_polygon();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// World units of a unit at zoom 4, where tests draw.
    const UNIT: i64 = 1 << 24;

    const GRID: fn() -> UnitGrid = || UnitGrid {
        zoom: Zoom::new(4).expect("zoom 4 is a zoom"),
        extent: Extent::DEFAULT,
        is_deepest: true,
    };

    /// Returns polygons without holes whose corners are given in hundredths of a unit.
    fn shape(rings: &[&[(i64, i64)]]) -> Geometry<World> {
        let mut geometry = Geometry::default();
        geometry.reset(GeometryKind::Polygon);
        for ring in rings {
            geometry.points.extend(ring.iter().map(|(x, y)| World::new(x * UNIT / 100, y * UNIT / 100)));
            geometry.end_part();
            geometry.end_polygon();
        }
        geometry
    }

    fn area_units(geometry: &Geometry<World>) -> f64 {
        let doubled: u128 = geometry.parts().map(|ring| area_doubled(ring).unsigned_abs()).sum();
        doubled as f64 / 2.0 / (UNIT * UNIT) as f64
    }

    /// Settles `simplified` instead of `whole`; returns area and number of parts that are left.
    fn settle(whole: &Geometry<World>, simplified: &Geometry<World>) -> (f64, usize) {
        let mut settler = Settler::new(Tiny::Keep);
        settler.measure(whole, &[]);
        match settler.settle(whole, (simplified, 4.0 * UNIT as f64), GRID()) {
            Settled::Same => (area_units(simplified), simplified.part_ends.len()),
            Settled::Changed(shape, _) => (area_units(shape), shape.part_ends.len()),
            Settled::Nothing => (0.0, 0),
        }
    }

    fn check(whole: &[&[(i64, i64)]], simplified: &[&[(i64, i64)]], expected: (f64, usize)) {
        let (area, n_parts) = settle(&shape(whole), &shape(simplified));
        assert!((area - expected.0).abs() < 1e-5 && n_parts == expected.1, "{area} {n_parts}");
    }

    const OCTAGON: &[(i64, i64)] =
        &[(0, 200), (0, 400), (200, 600), (400, 600), (600, 400), (600, 200), (400, 0), (200, 0)];
    const CORNERS: &[(i64, i64)] = &[(0, 200), (200, 600), (600, 400), (400, 0)];

    #[test]
    fn simplified_ring_gets_its_area_back() {
        check(&[OCTAGON], &[OCTAGON], (28.0, 1));
        check(&[OCTAGON], &[CORNERS], (28.0, 1));
    }

    #[test]
    fn ring_that_lost_its_form_is_simplified_less() {
        check(&[OCTAGON], &[&[(0, 200), (0, 400), (200, 600), (200, 0)]], (28.0, 1));
        check(&[OCTAGON], &[&[(0, 200), (600, 400), (0, 400), (600, 200)]], (28.0, 1));
    }

    #[test]
    fn large_rings_stay_as_they_are_simplified() {
        let large: &[(i64, i64)] = &[(0, 0), (30_000, 0), (30_000, 30_000), (15_000, 30_100), (0, 30_000)];
        let corners: &[(i64, i64)] = &[(0, 0), (30_000, 0), (30_000, 30_000), (0, 30_000)];
        check(&[large], &[corners], (90_000.0, 1));
    }

    #[test]
    fn tiny_parts_add_up_to_squares() {
        let islet = |x: i64| [(x, 0), (x + 60, 0), (x + 60, 50), (x, 50)];
        let islets: Vec<_> = (0..10).map(|nth| islet(nth * 1_000)).collect();
        let parts: Vec<&[(i64, i64)]> = islets.iter().map(|islet| &islet[..]).collect();
        check(&parts, &parts, (3.0, 3));
        check(&parts[..1], &parts[..1], (0.0, 0));
        check(&[&parts[..4], &[OCTAGON]].concat(), &[&parts[..4], &[OCTAGON]].concat(), (29.0, 2));
    }

    /// Settles a polygon around a hole of so many hundredths of a unit a side, and what fills it, where squares of two
    /// units stand for what is tiny; says whether they are left to the polygon.
    fn check_filled(side: i64, share: Share, is_left: bool) {
        let square = |min: i64, max: i64| [(min, min), (max, min), (max, max), (min, max)];
        let (shell, hole) = (square(0, 2_000), square(500, 500 + side));
        let mut around = shape(&[&shell, &hole]);
        around.polygon_ends = vec![2];
        let filling = shape(&[&hole]);
        let grid = UnitGrid { is_deepest: false, ..GRID() };
        let mut settler = Settler::new(Tiny::Keep);

        settler.measure(&filling, &[share]);
        assert_eq!(settler.is_tiny(&filling, grid), is_left, "{side}");
        settler.measure(&around, &[Share::Parts, share]);
        let Settled::Changed(shape, transfers) = settler.settle(&around, (&around, 4.0 * UNIT as f64), grid)
        else {
            panic!("a small polygon is settled")
        };
        assert_eq!(shape.part_ends.len(), if is_left { 1 } else { 2 }, "{side}");
        let taken: f64 = transfers.iter().map(|transfer| transfer.area_units).sum();
        let n_units = if is_left { 0 } else { (side + 50) / 100 };
        let expected = (n_units * n_units) as f64 - (side * side) as f64 / 10_000.0;
        assert!((taken - expected).abs() < 1e-5, "{side}: {taken}");
    }

    #[test]
    fn a_tiny_hole_goes_with_what_fills_it_and_the_polygon_around_them_pays() {
        check_filled(90, Share::Whole, true);
        check_filled(190, Share::Whole, true);
        check_filled(210, Share::Whole, false);
        check_filled(190, Share::Parts, false);
        check_filled(40, Share::Parts, false);
    }

    /// Settles a strip of so many hundredths of a unit that shares borders, of which simplification left a sliver.
    fn check_strip((length, width): (i64, i64), is_deepest: bool, expected: (f64, usize)) {
        let strip = shape(&[&[(0, 0), (length, 0), (length, width), (0, width)]]);
        let sliver = shape(&[&[(0, 0), (length, 0), (0, 10)]]);
        let mut settler = Settler::new(Tiny::Keep);
        settler.measure(&strip, &[Share::Parts]);
        let grid = UnitGrid { is_deepest, ..GRID() };
        let Settled::Changed(shape, []) = settler.settle(&strip, (&sliver, 4.0 * UNIT as f64), grid) else {
            panic!("a strip is settled")
        };
        let area = area_units(shape);
        assert!((area - expected.0).abs() < 1e-5 && shape.part_ends.len() == expected.1, "{area}");
    }

    #[test]
    fn a_strip_that_can_be_seen_is_not_left_to_its_neighbours() {
        check_strip((5_000, 350), true, (177.5, 2));
        check_strip((5_000, 350), false, (175.0, 1));
        check_strip((1_000, 350), true, (35.0, 1));
        check_strip((1_000, 350), false, (0.5, 1));
        check_strip((40_000, 350), true, (1_420.0, 2));
    }

    #[test]
    fn a_hole_that_nothing_fills_stays() {
        let (shell, hole) =
            ([(0, 0), (2_000, 0), (2_000, 2_000)], [(1_000, 500), (1_100, 500), (1_100, 600)]);
        let mut around = shape(&[&shell, &hole]);
        around.polygon_ends = vec![2];
        let mut settler = Settler::new(Tiny::Keep);
        settler.measure(&around, &[Share::Parts, Share::Nothing]);
        let settled = settler.settle(&around, (&around, 4.0 * UNIT as f64), GRID());
        assert!(matches!(settled, Settled::Changed(shape, []) if shape.part_ends.len() == 2));
    }

    #[test]
    fn start_and_direction_of_a_ring_do_not_matter() {
        let sorted = |ring: Vec<World>| {
            let mut out = Vec::new();
            push_with_area(&ring, 57_000_000_000_000_000, &mut out);
            out.sort();
            out
        };
        let ring = shape(&[&[(13, 21), (187, 602), (595, 420), (377, 0), (111, 9)]]).points;
        for turns in 0..5 {
            let mut other = ring.clone();
            other.rotate_left(turns);
            assert_eq!(sorted(other.clone()), sorted(ring.clone()));
            other.reverse();
            assert_eq!(sorted(other), sorted(ring.clone()));
        }
    }

    #[test]
    fn squares_are_whole_units_within_a_tile_whatever_the_extent() {
        for extent in [1, 512, 1000, 4096] {
            let grid = UnitGrid { extent: Extent::new(extent).unwrap(), ..GRID() };
            let side = World::tile_side(grid.zoom);
            let at = World::new(3 * side - 1, 5 * side);
            let mut out = Geometry::default();
            push_square(&WorldBounds { min: at, max: at }, grid, &mut out);
            let tile = crate::quantize::TileGrid::new(grid.zoom, 2, 5, grid.extent);
            let snapped: Vec<_> = out.points.iter().map(|point| tile.snap(*point)).collect();
            let (right, top) = if extent < 3 { (1, 0) } else { (extent as i32 - 1, 1) };
            let corners = [(right - 1, top), (right, top), (right, top + 1), (right - 1, top + 1)];
            assert_eq!(snapped, corners.map(|(x, y)| Grid::new(x, y)));
        }
    }
}
