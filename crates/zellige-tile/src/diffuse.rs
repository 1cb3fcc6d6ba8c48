//! Lets some tiny polygons of a tile stand for all of them.
//!
//! In:     pieces of one layer in one tile: what small shapes owe, then placeholders in source order.
//! Out:    for each placeholder the square or rectangle to draw, or nothing when others stand for it.
//! Keeps:  the area of all small polygons of a tile to within a square of one or two units (see `tiny`), in whole
//!         units; over many tiles on the average exactly.
//! Source: error diffusion (Floyd and Steinberg 1976) in one dimension, along the order of the source.
//!
//! Neighbouring tiles show what lies near their common edge, but do not know each other's sums. There a polygon is
//! drawn or not by a chance that follows from its shape, the same in all tiles; what that draws too much or too little
//! is owed like what a shape owes, and the middle of its tile makes it good.
//!
//! What a shape owes is its true area less the area that was drawn. So a shape that snapping made larger pays
//! for one that vanished, and a gapless partition, in which neighbours took over what vanished, gets hardly a square.
//! A square whose place is taken, by another one or by a small shape, moves to the next free one (`room`).
//! The sum starts at a random number that belongs to the tile: if it started at zero, lone tiny polygons of
//! many tiles would all be rounded down.

use xxhash_rust::xxh3::xxh3_64;
use zellige_model::{Extent, Geometry, GeometryKind, Grid, TileId};

use crate::room::Room;
use crate::tiny::Small;

/// Areas are whole numbers of this part of a square unit.
pub const PARTS_PER_UNIT: i32 = 256;

/// This part of the area of polygons that share borders may be owed before one of them is drawn as a square.
const SLACK: i64 = 128;

/// Half of its area and so many parts of a unit a drawn polygon can owe at most.
const OWED_MAX: i64 = 4 * PARTS_PER_UNIT as i64;

/// Stands for a polygon of which the grid leaves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// The unit in the middle of the polygon; beyond the tile when it is that of a neighbour.
    pub at: Grid,
    /// The box around the polygon in units, at least 1 by 1.
    pub box_units: (u32, u32),
    /// Whether it has borders in common with others, which take over what vanishes of it.
    pub is_shared: bool,
    /// The area that is drawn, in square units; nothing when that is decided in the tile.
    pub decided: Option<u32>,
}

impl Placeholder {
    /// Whether tiles beside the one that it lies in may show it within `buffer` units around them.
    #[must_use]
    pub fn may_be_beside(&self, extent: Extent, buffer: u32) -> bool {
        let (width, height) = self.box_units;
        let near = (buffer + width.max(height) + 1) as i32;
        let is_near = |at: i32| at < near || extent.get() as i32 - near <= at;
        buffer > 0 && (is_near(self.at.x) || is_near(self.at.y))
    }

    /// Whether it lies in the tile at hand.
    #[must_use]
    pub fn is_home(&self, extent: Extent) -> bool {
        let inside = 0..extent.get() as i32;
        inside.contains(&self.at.x) && inside.contains(&self.at.y)
    }

    /// Returns the upper left and lower right corner of a rectangle of at most `area` square units, at least 1, a
    /// square if it has no more area than one of `square_side`, which then begins at a multiple of that; off the edges
    /// of the tile that it lies in, if there is room.
    #[must_use]
    pub fn rectangle(&self, area: u32, square_side: u32, extent: Extent) -> (Grid, Grid) {
        let is_square = area <= square_side * square_side;
        let (width, height) =
            if is_square { (square_side, square_side) } else { sides(area, self.box_units, extent) };
        let within = |at: i32, side: u32| {
            let in_tile = at.rem_euclid(extent.get() as i32);
            let (side, room) = (side as i32, (extent.get() - side) as i32);
            let margin = i32::from(room >= 2);
            let start = if is_square {
                (in_tile / side).clamp((margin + side - 1) / side, (room - margin) / side) * side
            } else {
                (in_tile - side / 2).clamp(margin, room - margin)
            };
            at - in_tile + start
        };
        let (x, y) = (within(self.at.x, width), within(self.at.y, height));
        (Grid::new(x, y), Grid::new(x + width as i32, y + height as i32))
    }
}

/// Returns the area that a small polygon owes when nothing of it is drawn, in parts of a unit.
///
/// Rounded up with a chance that keeps the average, so that a polygon far below a unit owes nothing at most zooms
/// and costs nothing; whether it does follows from its shape.
#[must_use]
pub fn owed_whole(small: &Small, zoom: u8) -> i32 {
    (small.area_units * f64::from(PARTS_PER_UNIT) + chances(small, zoom)[0]).floor() as i32
}

/// Returns the area in square units that is drawn for a polygon that owes `owed`, wherever tiles beside its own show
/// it.
///
/// It is right on the average, and nothing or at least the area of a square; what it is follows from the shape.
#[must_use]
pub fn decided_area(small: &Small, owed: i32, zoom: u8) -> u32 {
    let area = f64::from(owed) / f64::from(PARTS_PER_UNIT);
    let square = small.square_side * small.square_side;
    let grain = if area < f64::from(square) { square } else { 1 };
    (area / f64::from(grain) + chances(small, zoom)[1]).floor() as u32 * grain
}

/// Returns two numbers, `0.0..1.0`, that follow from a shape and a zoom.
fn chances(small: &Small, zoom: u8) -> [f64; 2] {
    let mut bytes = [zoom; 9];
    bytes[..8].copy_from_slice(&small.seed.to_le_bytes());
    let hash = xxh3_64(&bytes);
    [hash >> 40, hash << 24 >> 40].map(|bits| bits as f64 / f64::from(1 << 24))
}

/// Returns the area of a small polygon in parts of a unit.
#[must_use]
pub fn parts(small: &Small) -> i32 {
    (small.area_units * f64::from(PARTS_PER_UNIT)).round() as i32
}

/// Returns the area that a small polygon of `whole` [parts] owes when a shape with twice the area
/// `drawn_doubled` is drawn.
///
/// Nothing when the two have little to do with each other: then its rings cross themselves.
#[must_use]
pub fn owed_rest(whole: i32, drawn_doubled: i64) -> i32 {
    let whole = i64::from(whole);
    let owed = whole - drawn_doubled * i64::from(PARTS_PER_UNIT / 2);
    if owed.abs() <= whole / 2 + OWED_MAX { owed as i32 } else { 0 }
}

/// The area owed so far in one layer of one tile.
#[derive(Clone, Debug, Default)]
pub struct Diffusion {
    /// Parts of a square unit; half a square at most after each placeholder that was not drawn and shares no borders.
    sum: i64,
    /// So much may be owed before a polygon that shares borders is drawn as a square, in parts of a unit.
    slack: i64,
    /// The side of the least that is drawn, in units.
    square_side: u32,
    /// Where the tile has room for squares.
    room: Room,
}

impl Diffusion {
    /// Starts a tile of `extent` in which nothing smaller is drawn than a square of `square_side` units a side.
    pub fn begin(&mut self, tile: TileId, extent: Extent, square_side: u32) {
        (self.slack, self.square_side) = (0, square_side);
        self.room.begin(extent, square_side);
        let square = i64::from(PARTS_PER_UNIT) * self.square();
        let chance = ((xxh3_64(&tile.get().to_le_bytes()) >> 32) as i64 * square) >> 32;
        self.sum = chance - square / 2;
    }

    /// Returns the least area that is drawn, in units.
    const fn square(&self) -> i64 {
        self.square_side as i64 * self.square_side as i64
    }

    /// Adds what a piece owes.
    pub fn add(&mut self, owed: i32) {
        self.sum += i64::from(owed);
    }

    /// Keeps squares off a shape that is drawn in the tile, if it is small.
    pub fn keep_off(&mut self, shape: &Geometry<Grid>) {
        self.room.add(shape);
    }

    /// Adds what is owed of polygons that share borders, `whole` in all.
    ///
    /// What a gapless partition lost along its outer edge would else be drawn as squares within it, on top of others.
    pub fn add_shared(&mut self, whole: i64, owed: i64) {
        self.sum += owed;
        self.slack += whole / SLACK;
    }

    /// Decides about a placeholder that owes `owed`: writes its rectangle, as far as the window of a tile of `extent`
    /// with a buffer shows it, into `out`, or says that others stand for it.
    pub fn place(
        &mut self,
        placeholder: Placeholder,
        owed: i32,
        (extent, buffer): (Extent, u32),
        out: &mut Geometry<Grid>,
    ) -> bool {
        self.add(owed);
        let slack = if placeholder.is_shared { self.slack } else { 0 };
        let (free, unit) = (self.sum - slack, i64::from(PARTS_PER_UNIT));
        let nearest = |parts: i64, whole: i64| (parts + whole / 2).div_euclid(whole);
        let in_tile = || {
            let is_drawn = 1 <= nearest(free, unit * self.square());
            if is_drawn { nearest(free, unit).min(nearest(owed.into(), unit)).max(self.square()) } else { 0 }
        };
        let area = placeholder.decided.map_or_else(in_tile, i64::from);
        if area < 1 {
            return false;
        }
        let (mut min, mut max) = placeholder.rectangle(area as u32, self.square_side, extent);
        if placeholder.is_home(extent) {
            let side = self.square_side as i32;
            if (max.x - min.x, max.y - min.y) == (side, side) {
                min = self.room.take(min, placeholder.decided.is_none().then_some(buffer));
                max = Grid::new(min.x + side, min.y + side);
            }
            let drawn = i64::from(max.x - min.x) * i64::from(max.y - min.y);
            self.sum -= drawn * i64::from(PARTS_PER_UNIT);
        }
        let shown = |at: i32| at.clamp(-(buffer as i32), (extent.get() + buffer) as i32);
        let (left, top, right, bottom) = (shown(min.x), shown(min.y), shown(max.x), shown(max.y));
        out.reset(GeometryKind::Polygon);
        out.points.extend([
            Grid::new(left, top),
            Grid::new(right, top),
            Grid::new(right, bottom),
            Grid::new(left, bottom),
        ]);
        out.end_part();
        out.end_polygon();
        true
    }
}

/// Returns the sides of a rectangle of at most `area` square units, shaped like a box.
fn sides(area: u32, (width, height): (u32, u32), extent: Extent) -> (u32, u32) {
    let ideal = (f64::from(area) * f64::from(width) / f64::from(height)).sqrt();
    let width = (ideal.round() as u32).clamp(1, area.min(extent.get()));
    (width, (area / width).min(extent.get()))
}

#[cfg(test)]
mod tests {
    use zellige_model::World;

    use super::*;

    fn start(square_side: u32) -> Diffusion {
        let mut room = Room::default();
        room.begin(Extent::DEFAULT, square_side);
        Diffusion { square_side, room, ..Diffusion::default() }
    }

    const HERE: Placeholder =
        Placeholder { at: Grid::new(5, 5), box_units: (1, 1), is_shared: false, decided: None };
    const WINDOW: (Extent, u32) = (Extent::DEFAULT, 8);

    /// Places features that each owe so many parts and compares how many are drawn, as single units; as squares of two
    /// units, they are as many when each owes four times as much.
    fn check(owed: &[i32], expected: usize) {
        for square_side in [1, 2] {
            let mut diffusion = start(square_side);
            let mut out = Geometry::default();
            let times = diffusion.square() as i32;
            let owed = owed.iter().map(|owed| owed * times);
            let n_drawn = owed.filter(|owed| diffusion.place(HERE, *owed, WINDOW, &mut out)).count();
            assert_eq!(n_drawn, expected, "{square_side}");
        }
    }

    #[test]
    fn areas_add_up_until_a_feature_fills_a_square() {
        check(&[100], 0);
        check(&[127], 0);
        check(&[128], 1);
        check(&[64; 16], 4);
        check(&[1; 2560], 10);
    }

    #[test]
    fn shapes_drawn_too_large_pay_for_others() {
        let mut diffusion = start(1);
        diffusion.add(-PARTS_PER_UNIT);
        let mut out = Geometry::default();
        let is_drawn: Vec<bool> = (0..4).map(|_| diffusion.place(HERE, 128, WINDOW, &mut out)).collect();
        assert_eq!(is_drawn, [false, false, true, false]);
    }

    #[test]
    fn placeholder_has_the_form_of_its_box_and_stays_in_the_tile() {
        let mut out = Geometry::default();
        let thin = Placeholder { at: Grid::new(4095, 7), box_units: (12, 1), ..HERE };
        assert!(start(1).place(thin, 6 * PARTS_PER_UNIT, WINDOW, &mut out));
        let corners = [Grid::new(4089, 7), Grid::new(4095, 7), Grid::new(4095, 8), Grid::new(4089, 8)];
        assert_eq!(out.points, corners);
    }

    #[test]
    fn lone_polygons_of_many_tiles_are_drawn_as_often_as_their_area_says() {
        let mut out = Geometry::default();
        let n_drawn = (0..10_000)
            .filter(|tile| {
                let mut diffusion = Diffusion::default();
                diffusion.begin(TileId::new(*tile).unwrap(), Extent::DEFAULT, 1);
                diffusion.place(HERE, 64, WINDOW, &mut out)
            })
            .count();
        assert!((2_400..2_600).contains(&n_drawn), "{n_drawn}");
    }

    #[test]
    fn near_an_edge_tiles_beside_draw_the_same_and_the_middle_pays() {
        let here = Placeholder { at: Grid::new(4092, 7), box_units: (4, 1), decided: Some(4), ..HERE };
        let beside = Placeholder { at: Grid::new(4092 - 4096, 7), ..here };
        assert!(here.may_be_beside(Extent::DEFAULT, 8) && !here.may_be_beside(Extent::DEFAULT, 0));
        assert!(!Placeholder { at: Grid::new(4082, 14), ..here }.may_be_beside(Extent::DEFAULT, 8));
        let (mut diffusion, mut out) = (start(1), Geometry::default());
        let mut drawn = |placeholder, owed, buffer| {
            let window = (Extent::DEFAULT, buffer);
            diffusion.place(placeholder, owed, window, &mut out).then(|| (out.points[0], out.points[2]))
        };
        assert_eq!(drawn(here, 3 * PARTS_PER_UNIT, 8), Some((Grid::new(4090, 7), Grid::new(4094, 8))));
        assert_eq!(drawn(beside, 0, 8), Some((Grid::new(-6, 7), Grid::new(-2, 8))));
        assert_eq!(drawn(beside, 0, 4), Some((Grid::new(-4, 7), Grid::new(-2, 8))));
        assert_eq!(drawn(Placeholder { decided: Some(0), ..here }, PARTS_PER_UNIT / 2, 8), None);
        assert_eq!(drawn(HERE, PARTS_PER_UNIT / 2, 8), None, "half a unit too much was drawn");
        assert_eq!(drawn(HERE, PARTS_PER_UNIT / 2, 8), Some((Grid::new(5, 5), Grid::new(6, 6))));
    }

    #[test]
    fn squares_begin_at_multiples_of_their_side_and_move_unless_tiles_beside_show_them() {
        let (mut diffusion, mut out) = (start(2), Geometry::default());
        let mut corner = |x: i32, y: i32, decided: Option<u32>| {
            let placeholder = Placeholder { at: Grid::new(x, y), decided, ..HERE };
            assert!(diffusion.place(placeholder, 4 * PARTS_PER_UNIT, WINDOW, &mut out));
            (out.points[0].x, out.points[0].y)
        };
        assert_eq!((corner(21, 20, None), corner(20, 21, None)), ((20, 20), (18, 18)));
        assert_eq!((corner(4, 60, Some(4)), corner(4, 60, Some(4))), ((4, 60), (4, 60)));
        assert_eq!((corner(0, 4095, Some(4)), corner(4095, 0, Some(4))), ((2, 4092), (4092, 2)));
    }

    #[test]
    fn chance_near_an_edge_is_right_on_the_average() {
        for square_side in [1, 2] {
            let of_seed = |seed| {
                let (at, box_units) = (World::new(0, 0), (1, 1));
                Small { at, area_units: 0.25, box_units, square_side, seed }
            };
            let drawn: u32 = (0..10_000).map(|seed| decided_area(&of_seed(seed), 64, 9)).sum();
            assert!((2_300..2_700).contains(&drawn), "{drawn}");
            assert_eq!(decided_area(&of_seed(1), 5 * PARTS_PER_UNIT, 9), 5);
        }
    }
}
