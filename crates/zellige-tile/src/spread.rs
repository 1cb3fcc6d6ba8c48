//! One feature at one zoom to its pieces in all tiles.
//!
//! In:     simplified `Geometry<World>`, its bounds, the plan of the zoom.
//! Out:    a piece for every tile whose window holds a part that is left on the grid.
//! Keeps:  a tile gets at most one piece of a feature, also where the world is walked round.
//! Source: recipe 2.2 (`bbox`, `extent`, `buffer_size`), 2.8 step 8; RFC 7946 §3.1.9 for longitudes
//!         beyond ±180.
//!
//! Columns are numbered through all copies of the world and taken modulo its width at the end, so the
//! antimeridian is no seam: what lies in the buffer beyond it belongs to the tile on the other side.

use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};

use zellige_model::{Geometry, GeometryKind, Grid, TileCoord, TileId, World, WorldBounds, Zoom};
use zellige_recipe::ZoomPlan;

use crate::clip::{self, Pieces, Stripes};
use crate::diffuse::{PARTS_PER_UNIT, Placeholder, decided_area, owed_rest, owed_whole, parts};
use crate::executor::{Executor, Part};
use crate::piece::{Head, PieceKey, PieceSink, ToRound, write_body, write_placeholder, write_to_round};
use crate::quantize::{TileGrid, quantize, quantize_fine};
use crate::sieve::Sieve;
use crate::snap_round::Fine;
use crate::stage::fills_window;
use crate::tangle::Touched;
use crate::tiny::{Small, Transfer};
use crate::validate::{Lent, Validator, area_doubled};

/// A feature with so many vertices at a zoom is cut into several tiles at a time.
const SHARED_VERTICES_MIN: usize = 1 << 15;
/// Into so many shares of neighbouring columns, and one for what is left, at most.
const SHARES_MAX: usize = 32;
/// What may be in more tiles is cut into one after another: the pieces of shares wait in memory for those before them.
const TILES_SHARED_MAX: u64 = 1 << 20;
/// Of so many tiles around a feature each is asked whether it is chosen.
const TILES_ASKED_MAX: u64 = 4_096;

/// Whether a feature is in a tile of a zoom; the later variant wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// In none, since it lies outside of the tiles that are made.
    Elsewhere,
    /// In none, since it is too small for the grid.
    Vanished,
    /// In none, and other tiny polygons stand for its area.
    Merged,
    /// In one at most, and in those beside it that show what lies there: whether it stands for others is decided in its
    /// tile, or known already.
    Placeholder,
    /// In at least one.
    Tiles,
}

/// What is the same for all pieces of a feature in a layer.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// Number of the layer in the plan.
    pub layer: u8,
    /// Position of the feature in its source.
    pub place: u64,
    /// The id in tiles.
    pub id: Option<u64>,
}

/// Where one feature lies at one zoom.
#[derive(Clone, Copy, Debug)]
pub struct Spread<'b> {
    zoom: Zoom,
    plan: &'b ZoomPlan,
    stripes: Stripes,
    /// First and last column that the feature touches, through all copies of the world.
    columns: (i64, i64),
    /// Those of them that are made, as far as the first world goes.
    columns_cut: (i64, i64),
    /// First and last row that the feature touches.
    rows_touched: (i64, i64),
    /// Those of them that are made.
    rows: (i64, i64),
    /// First and last column of the first world that is made.
    columns_made: (i64, i64),
    /// First and last row that is made.
    rows_made: (i64, i64),
    /// Whether rings may overlap themselves and mean their union.
    is_grown: bool,
    /// Whether polygons have borders in common with others, which then have to stay where they are.
    has_borders: bool,
    /// Where the middle of polygons lies that are rounded in their tiles.
    middle: Option<World>,
    /// Which of the tiles are made.
    sieve: Sieve,
    /// The tile that accounts for it, if it is small.
    home: Option<Home>,
    /// Areas that it gets from others, or leaves to them.
    transfers: &'b [Transfer],
}

/// The tile that accounts for the area of a small polygon.
#[derive(Clone, Copy, Debug)]
struct Home {
    tile: TileId,
    small: Small,
    /// Whether no other tile draws a part of it, buffers left out.
    is_whole: bool,
}

impl<'b> Spread<'b> {
    /// Returns where a feature within `bounds` lies; only tiles that meet `tiles_box` are made.
    #[must_use]
    pub fn new(
        zoom: Zoom,
        plan: &'b ZoomPlan,
        bounds: &WorldBounds,
        tiles_box: Option<&WorldBounds>,
    ) -> Self {
        let side = World::tile_side(zoom);
        let stripes =
            Stripes { side, buffer: side * i64::from(plan.buffer_units) / i64::from(plan.extent.get()) };
        let last = i64::from(zoom.tiles_per_side()) - 1;
        // A tile meets the box when they share more than an edge.
        let made = |min: i64, max: i64| {
            (stripes.stripe(min).clamp(0, last), stripes.stripe((max - 1).max(min)).clamp(0, last))
        };
        let columns_made = tiles_box.map_or((0, last), |made_box| made(made_box.min.x, made_box.max.x));
        let rows_made = tiles_box.map_or((0, last), |made_box| made(made_box.min.y, made_box.max.y));
        let columns = stripes.touched(bounds.min.x, bounds.max.x);
        let is_in_first_world = 0 <= columns.0 && columns.1 <= last;
        let columns_cut = if is_in_first_world {
            (columns.0.max(columns_made.0), columns.1.min(columns_made.1))
        } else {
            columns
        };
        let (first, final_row) = stripes.touched(bounds.min.y, bounds.max.y);
        Self {
            zoom,
            plan,
            stripes,
            columns,
            columns_cut,
            rows_touched: (first, final_row),
            rows: (first.max(rows_made.0), final_row.min(rows_made.1)),
            columns_made,
            rows_made,
            is_grown: false,
            has_borders: false,
            middle: None,
            sieve: Sieve::ALL,
            home: None,
            transfers: &[],
        }
    }

    /// Returns the same for polygons that were simplified outward, whose rings may overlap themselves.
    #[must_use]
    pub const fn grown(self, is_grown: bool) -> Self {
        Self { is_grown, ..self }
    }

    /// Returns the same for polygons that may have borders in common with others.
    #[must_use]
    pub const fn bordered(self, has_borders: bool) -> Self {
        Self { has_borders, ..self }
    }

    /// Returns the same for polygons within `bounds` that are rounded in their tiles, together with their neighbours,
    /// if `is_crowded`.
    #[must_use]
    pub const fn crowded(self, is_crowded: bool, bounds: &WorldBounds) -> Self {
        let WorldBounds { min, max } = *bounds;
        let middle = World::new(i64::midpoint(min.x, max.x), i64::midpoint(min.y, max.y));
        Self { middle: if is_crowded { Some(middle) } else { None }, ..self }
    }

    /// Returns the same for a shape that leaves rings to others, or has taken them over.
    #[must_use]
    pub const fn transferred(self, transfers: &'b [Transfer]) -> Self {
        Self { transfers, ..self }
    }

    /// Returns the same with only those tiles made that a sieve chooses.
    #[must_use]
    pub const fn sieved(self, sieve: Sieve) -> Self {
        Self { sieve, ..self }
    }

    /// Whether the sieve chooses a tile that the box around the feature meets; true when there are too many to ask.
    pub(crate) fn may_have_tiles(&self) -> bool {
        if self.sieve.is_all() || TILES_ASKED_MAX < self.n_tiles_max() {
            return true;
        }
        let (first, last) = self.columns;
        (first..=last).any(|column| self.chosen_rows(column, self.rows).next().is_some())
    }

    /// Returns the rows among `first..=last` whose tiles of this column of any world are chosen.
    fn chosen_rows(&self, column: i64, (first, last): (i64, i64)) -> impl Iterator<Item = i64> {
        self.sieve.rows(self.in_first_world(column), first, last)
    }

    /// Returns the same for a small polygon within `bounds`; the tile that holds its middle accounts for it.
    #[must_use]
    pub fn small(self, small: Option<Small>, bounds: &WorldBounds) -> Self {
        if small.is_none() {
            return self;
        }
        let stripe = |at: i64| self.stripes.stripe(at);
        let is_whole =
            stripe(bounds.min.x) == stripe(bounds.max.x) && stripe(bounds.min.y) == stripe(bounds.max.y);
        let home = |small: Small| {
            let tile = self.tile(stripe(small.at.x), stripe(small.at.y))?;
            Some(Home { tile: tile.into(), small, is_whole })
        };
        Self { home: small.and_then(home), ..self }
    }

    /// Returns the first tile by x and y that the feature touches, buffers left out.
    #[must_use]
    pub fn first_tile(bounds: &WorldBounds, zoom: Zoom) -> TileCoord {
        let side = World::tile_side(zoom);
        let last = i64::from(zoom.tiles_per_side()) - 1;
        let (first, final_column) = (bounds.min.x.div_euclid(side), bounds.max.x.div_euclid(side));
        let crosses = first.div_euclid(last + 1) != final_column.div_euclid(last + 1);
        let column = if crosses { 0 } else { first.rem_euclid(last + 1) };
        let row = bounds.min.y.div_euclid(side).clamp(0, last);
        TileCoord::new(zoom, column as u32, row as u32).unwrap_or_else(|| TileId::default().coord())
    }

    /// Returns how many tiles the box around the feature meets; it is in no more.
    pub(crate) fn n_tiles_max(&self) -> u64 {
        let n = |(first, last): (i64, i64)| (last - first + 1).max(0) as u64;
        let columns = n(self.columns).min(n(self.columns_made));
        columns * n(self.rows)
    }

    /// Returns all stripes that the feature touches.
    const fn touched(&self) -> Touched {
        Touched { stripes: self.stripes, columns: self.columns, rows: self.rows_touched }
    }

    const fn columns_per_world(&self) -> i64 {
        self.zoom.tiles_per_side() as i64
    }

    /// Returns the column of the first world that `column` of any world is a copy of.
    const fn in_first_world(&self, column: i64) -> i64 {
        column & (self.columns_per_world() - 1)
    }

    /// Returns those of the columns around one, by their distance, that are no copies of it or of each other.
    fn once_around(&self, columns: RangeInclusive<i32>) -> impl Iterator<Item = i32> {
        let first = *columns.start();
        let is_first = move |column: i32| i64::from(column - first) < self.columns_per_world();
        let is_copy = move |column: i32| column != 0 && self.in_first_world(column.into()) == 0;
        columns.filter(move |column| *column == 0 || is_first(*column) && !is_copy(*column))
    }

    /// Returns the tile of a column of any world, if it is made.
    fn tile(&self, column: i64, row: i64) -> Option<TileCoord> {
        let column = self.in_first_world(column);
        let within = |(first, last): (i64, i64), at: i64| first <= at && at <= last;
        let is_made = within(self.columns_made, column) && within(self.rows_made, row);
        let is_made = is_made && self.sieve.has(column, row);
        if is_made { TileCoord::new(self.zoom, column as u32, row as u32) } else { None }
    }

    /// Returns what a feature owes in `tile` that is drawn there as `grid`: nothing but at home, and for rings that it
    /// leaves to others or that others leave to it, which are known there.
    fn owed(&self, (tile, tile_grid): (TileId, TileGrid), grid: &Geometry<Grid>) -> i32 {
        if let Some(home) = self.home.filter(|home| home.tile == tile && home.is_whole) {
            return owed_rest(parts(&home.small), grid.parts().map(area_doubled).sum());
        }
        let here = self.transfers.iter().filter(|transfer| tile_grid.holds(transfer.at));
        let area_units: f64 = here.map(|transfer| transfer.area_units).sum();
        (area_units * f64::from(PARTS_PER_UNIT)).round() as i32
    }

    /// Returns the area in parts of a unit that is accounted for a feature in `tile`, in which its shape will be known;
    /// nothing but at home.
    fn area(&self, tile: TileId) -> Option<i32> {
        let home = self.home.filter(|home| home.tile == tile && home.is_whole);
        home.map(|home| owed_whole(&home.small, self.zoom.get()))
    }
}

/// Spreads features, in buffers that stay.
#[derive(Debug)]
pub struct Spreader<'e> {
    executor: &'e dyn Executor,
    columns: Pieces,
    wrapped: Geometry<World>,
    stamp: Stamp,
    /// Stamps whose buffers shares of the feature at hand have used, as many as were at work at a time.
    spare: Mutex<Vec<Stamp>>,
    points: Vec<(TileId, Grid)>,
}

/// Makes pieces of what is left of a feature in one column.
#[derive(Debug, Default)]
struct Stamp {
    rows: Pieces,
    grid: Geometry<Grid>,
    fine: Geometry<Fine>,
    validator: Validator,
    body: Vec<u8>,
}

impl<'e> Spreader<'e> {
    /// Returns a spreader that has parts of giant features done by `executor`.
    #[must_use]
    pub fn new(executor: &'e dyn Executor) -> Self {
        Self {
            executor,
            columns: Pieces::default(),
            wrapped: Geometry::default(),
            stamp: Stamp::default(),
            spare: Mutex::default(),
            points: Vec::new(),
        }
    }

    /// Sends a piece for every tile that `geometry` reaches to `sink`.
    pub fn spread(
        &mut self,
        geometry: &Geometry<World>,
        spread: &Spread<'_>,
        origin: Origin,
        sink: &mut dyn PieceSink,
    ) -> Reach {
        let (first, last) = spread.columns;
        if spread.rows.1 < spread.rows.0 || spread.columns_cut.1 < spread.columns_cut.0 {
            return Reach::Elsewhere;
        }
        // A window holds several copies of what goes round the world, too many to account for one.
        let is_wrapped = last - first >= spread.columns_per_world();
        let unaccounted =
            if is_wrapped { Some(Spread { home: None, transfers: &[], ..*spread }) } else { None };
        let accounted = unaccounted.as_ref().unwrap_or(spread);
        let mut target = Target { spread: accounted, origin, sink: &mut *sink, reach: Reach::Elsewhere };
        if geometry.kind == GeometryKind::Point {
            self.deal_points(geometry, &mut target);
        } else {
            let (geometry, n_crossings) = spread.touched().untangle(geometry, &mut self.stamp.validator);
            if first == last {
                self.stamp.column(first, &geometry, &mut target);
            } else if is_wrapped {
                self.columns(&geometry, (spread.columns, is_wrapped), &mut target);
            } else {
                let touched = Touched { columns: spread.columns_cut, ..spread.touched() };
                for columns in touched.groups(n_crossings) {
                    self.columns(&geometry, (columns, is_wrapped), &mut target);
                }
            }
        }
        if target.reach == Reach::Vanished && spread.home.is_some_and(|home| home.small.may_vanish()) {
            return self.hold_place(spread, origin, sink);
        }
        target.reach
    }

    /// Cuts `geometry` into some columns, and these into rows, and sends their pieces.
    fn columns(
        &mut self,
        geometry: &Geometry<World>,
        (columns, is_wrapped): ((i64, i64), bool),
        target: &mut Target<'_>,
    ) {
        let spread = target.spread;
        clip::columns(geometry, spread.stripes, columns, &mut self.columns);
        let columns = if is_wrapped { (0, spread.columns_per_world() - 1) } else { columns };
        let is_shared = SHARED_VERTICES_MIN <= geometry.points.len()
            && columns.0 < columns.1
            && spread.n_tiles_max() <= TILES_SHARED_MAX;
        if is_shared {
            self.share_columns(columns, is_wrapped, target);
        } else {
            let cut = Cut { pieces: &self.columns, spread, is_wrapped };
            self.stamp.columns(columns, cut, &mut self.wrapped, target);
        }
    }

    /// Has the pieces of several columns made at a time, and sends them in order.
    ///
    /// What may be mended is shared out by vertices, whoever does the work.
    fn share_columns(&mut self, columns: (i64, i64), is_wrapped: bool, target: &mut Target<'_>) {
        let Target { spread, origin, .. } = *target;
        let cut = Cut { pieces: &self.columns, spread, is_wrapped };
        let shares = shares(columns.0, &cut.n_vertices(columns));
        let n_vertices: Vec<usize> = shares.iter().map(|share| share.n_vertices).collect();
        let lent = self.stamp.validator.lend(&n_vertices);
        let mut drafts: Vec<_> = lent.into_iter().map(Draft::new).collect();
        let spare = &self.spare;
        let part = |(share, draft): (&Share, _)| draw(share.columns, cut, origin, (spare, draft));
        self.executor.run(shares.iter().zip(&mut drafts).map(part).collect());
        for Draft { lent, pieces, reach } in drafts {
            self.stamp.validator.take_back(&lent);
            pieces.send(target.sink);
            target.reach = target.reach.max(reach);
        }
    }

    /// Starts a feature.
    pub(crate) fn begin_feature(&mut self) {
        self.stamp.validator.begin_feature();
        self.spare.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether nobody waits for the feature any more.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.executor.is_cancelled()
    }

    /// Returns in how many tiles polygons were redrawn in coarse cells since it was asked last.
    pub(crate) fn take_redrawn(&mut self) -> u64 {
        self.stamp.validator.take_redrawn()
    }

    /// Sends placeholders for a small polygon of which nothing is drawn to `sink`.
    pub fn hold_place(&mut self, spread: &Spread<'_>, origin: Origin, sink: &mut dyn PieceSink) -> Reach {
        let Some(Home { tile, small, .. }) = spread.home else { return Reach::Elsewhere };
        let owed = owed_whole(&small, spread.zoom.get());
        if owed == 0 {
            return Reach::Merged;
        }
        let ZoomPlan { extent, buffer_units, .. } = *spread.plan;
        let (column, row) = (spread.stripes.stripe(small.at.x), spread.stripes.stripe(small.at.y));
        let grid = TileGrid::new(spread.zoom, column, row, extent);
        let is_shared = spread.has_borders;
        let mut placeholder =
            Placeholder { at: grid.unit(small.at), box_units: small.box_units, is_shared, decided: None };
        if placeholder.may_be_beside(extent, buffer_units) {
            // What shares borders is taken over by others.
            let area = if is_shared { 0 } else { decided_area(&small, owed, spread.zoom.get()) };
            placeholder.decided = Some(area);
        }
        let mut send = |tile: TileId, placeholder: Placeholder, owed: i32| {
            write_placeholder(placeholder, Head { id: origin.id, fills: false, owed }, &mut self.stamp.body);
            sink.piece(PieceKey::placeholder(tile, origin.layer, origin.place), &self.stamp.body);
        };
        send(tile, placeholder, owed);
        let Some(area) = placeholder.decided.filter(|area| 0 < *area) else { return Reach::Placeholder };
        let (min, max) = placeholder.rectangle(area, small.square_side, extent);
        let side = extent.get() as i32;
        let shown = |min: i32, max: i32| {
            let buffer = buffer_units as i32;
            (min - buffer).div_euclid(side)..=(max + buffer - 1).div_euclid(side)
        };
        for down in shown(min.y, max.y) {
            for right in spread.once_around(shown(min.x, max.x)) {
                let beside = spread.tile(column + i64::from(right), row + i64::from(down));
                let Some(beside) = beside.filter(|_| (right, down) != (0, 0)) else { continue };
                let at = Grid::new(placeholder.at.x - right * side, placeholder.at.y - down * side);
                send(beside.into(), Placeholder { at, ..placeholder }, 0);
            }
        }
        Reach::Placeholder
    }

    /// Puts each point into the tiles whose window holds it, once a tile.
    fn deal_points(&mut self, geometry: &Geometry<World>, target: &mut Target<'_>) {
        let Spread { zoom, plan, stripes, .. } = *target.spread;
        self.points.clear();
        for point in &geometry.points {
            let home = stripes.stripe(point.x);
            let columns = stripes.holding(point.x);
            let rows = stripes.holding(point.y);
            for row in rows.0.max(target.spread.rows.0)..=rows.1.min(target.spread.rows.1) {
                for column in columns.0..=columns.1 {
                    let is_copy = column != home && target.spread.in_first_world(column - home) == 0;
                    if let Some(tile) = target.spread.tile(column, row).filter(|_| !is_copy) {
                        let snapped = TileGrid::new(zoom, column, row, plan.extent).snap(*point);
                        self.points.push((tile.into(), snapped));
                    }
                }
            }
        }
        self.points.sort_by_key(|(tile, _)| *tile);
        for points in self.points.chunk_by(|a, b| a.0 == b.0) {
            let grid = &mut self.stamp.grid;
            grid.reset(GeometryKind::Point);
            grid.points.extend(points.iter().map(|(_, point)| *point));
            write_body(grid, Head { id: target.origin.id, ..Head::default() }, &mut self.stamp.body);
            target.send(points[0].0, &self.stamp.body);
        }
    }
}

/// A feature that was cut into columns.
#[derive(Clone, Copy, Debug)]
struct Cut<'c> {
    pieces: &'c Pieces,
    spread: &'c Spread<'c>,
    /// Whether several columns lie over each other.
    is_wrapped: bool,
}

impl<'c> Cut<'c> {
    /// Returns the columns that lie over each other in `column`, by their numbers through all copies of the world.
    fn copies(self, column: i64) -> impl Iterator<Item = i64> {
        let per_world = self.spread.columns_per_world();
        let (first, last) = self.spread.columns;
        let copy = if self.is_wrapped { first + (column - first).rem_euclid(per_world) } else { column };
        let last = if self.is_wrapped { last } else { column };
        (copy..=last).step_by(per_world as usize)
    }

    /// Returns what lies in `column`; `wrapped` is for what copies of the world have there over each other.
    fn column<'g>(self, column: i64, wrapped: &'g mut Geometry<World>) -> &'g Geometry<World>
    where
        'c: 'g,
    {
        if !self.is_wrapped {
            return self.pieces.get(column);
        }
        wrapped.reset(self.pieces.get(self.spread.columns.0).kind);
        for copy in self.copies(column) {
            let piece = self.pieces.get(copy);
            let shift = (column - copy) * self.spread.stripes.side;
            let (points_before, parts_before) = (wrapped.points.len() as u32, wrapped.part_ends.len() as u32);
            wrapped.points.extend(piece.points.iter().map(|point| World::new(point.x + shift, point.y)));
            wrapped.part_ends.extend(piece.part_ends.iter().map(|end| end + points_before));
            wrapped.polygon_ends.extend(piece.polygon_ends.iter().map(|end| end + parts_before));
        }
        wrapped
    }

    /// Returns how many vertices lie in each of these columns.
    fn n_vertices(self, (first, last): (i64, i64)) -> Vec<usize> {
        let in_column = |column| self.copies(column).map(|copy| self.pieces.get(copy).points.len()).sum();
        (first..=last).map(in_column).collect()
    }
}

/// Returns neighbouring columns from `first` on with about as many vertices a share, [`SHARES_MAX`] shares and what is
/// left at most.
fn shares(first: i64, n_vertices: &[usize]) -> Vec<Share> {
    let n_all = n_vertices.iter().sum::<usize>().max(1);
    let last = first + n_vertices.len() as i64 - 1;
    let mut shares = Vec::new();
    let mut share = Share { columns: (first, first), n_vertices: 0 };
    for (column, in_column) in (first..=last).zip(n_vertices) {
        share.columns.1 = column;
        share.n_vertices += in_column;
        if n_all <= share.n_vertices * SHARES_MAX || column == last {
            shares.push(share);
            share = Share { columns: (column + 1, column + 1), n_vertices: 0 };
        }
    }
    shares
}

/// Columns that one part of the work is about.
#[derive(Clone, Copy, Debug)]
struct Share {
    /// First and last.
    columns: (i64, i64),
    n_vertices: usize,
}

/// What is made of a share.
#[derive(Debug)]
struct Draft {
    lent: Lent,
    pieces: Waiting,
    reach: Reach,
}

impl Draft {
    fn new(lent: Lent) -> Self {
        Self { lent, pieces: Waiting::default(), reach: Reach::Elsewhere }
    }
}

/// Returns the part of the work that makes the pieces of some columns, in the buffers of a spare stamp if there is one.
fn draw<'d>(
    columns: (i64, i64),
    cut: Cut<'d>,
    origin: Origin,
    (spare, draft): (&'d Mutex<Vec<Stamp>>, &'d mut Draft),
) -> Part<'d> {
    Box::new(move || {
        let spare = || spare.lock().unwrap_or_else(PoisonError::into_inner);
        let mut stamp = spare().pop().unwrap_or_default();
        let Draft { lent, pieces, reach } = draft;
        stamp.validator.swap_lent(lent);
        let mut target = Target { spread: cut.spread, origin, sink: pieces, reach: *reach };
        stamp.columns(columns, cut, &mut Geometry::default(), &mut target);
        *reach = target.reach;
        stamp.validator.swap_lent(lent);
        spare().push(stamp);
    })
}

/// Pieces that wait until those of the columns before them are sent.
#[derive(Debug, Default)]
struct Waiting {
    /// Keys, and where their bodies end.
    ends: Vec<(PieceKey, usize)>,
    bodies: Vec<u8>,
}

impl Waiting {
    fn send(&self, sink: &mut dyn PieceSink) {
        let mut start = 0;
        for (key, end) in &self.ends {
            sink.piece(*key, &self.bodies[start..*end]);
            start = *end;
        }
    }
}

impl PieceSink for Waiting {
    fn attributes(&mut self, _: &[u8]) {}

    fn id(&mut self, _: u8, _: Option<Zoom>, _: u64, _: u64) {}

    fn piece(&mut self, key: PieceKey, body: &[u8]) {
        self.bodies.extend_from_slice(body);
        self.ends.push((key, self.bodies.len()));
    }
}

/// Where pieces of one feature at one zoom go.
struct Target<'s> {
    spread: &'s Spread<'s>,
    origin: Origin,
    sink: &'s mut dyn PieceSink,
    reach: Reach,
}

impl Target<'_> {
    fn send(&mut self, tile: TileId, body: &[u8]) {
        self.sink.piece(PieceKey::new(tile, self.origin.layer, self.origin.place), body);
        self.reach = Reach::Tiles;
    }
}

impl Stamp {
    /// Cuts what lies in columns into rows and sends their pieces.
    fn columns(
        &mut self,
        (first, last): (i64, i64),
        cut: Cut<'_>,
        wrapped: &mut Geometry<World>,
        target: &mut Target<'_>,
    ) {
        for column in first..=last {
            self.column(column, cut.column(column, wrapped), target);
        }
    }

    /// Cuts what lies in `column` into rows and sends their pieces.
    fn column(&mut self, column: i64, geometry: &Geometry<World>, target: &mut Target<'_>) {
        if geometry.is_empty() {
            return;
        }
        let stripes = target.spread.stripes;
        let (min, max) = geometry
            .points
            .iter()
            .fold((i64::MAX, i64::MIN), |(min, max), point| (min.min(point.y), max.max(point.y)));
        let (north, south) = stripes.touched(min, max);
        let (first, last) = (north.max(target.spread.rows.0), south.min(target.spread.rows.1));
        if north == south {
            if first == last {
                self.tile(column, first, geometry, target);
            }
            return;
        }
        let mut rows = std::mem::take(&mut self.rows);
        if target.spread.sieve.is_all() {
            clip::rows(geometry, stripes, (first, last), &mut rows);
            for (row, piece) in rows.iter() {
                self.tile(column, row, piece, target);
            }
        } else {
            let spread = target.spread;
            for row in spread.chosen_rows(column, (first, last)) {
                clip::rows(geometry, stripes, (row, row), &mut rows);
                self.tile(column, row, rows.get(row), target);
            }
        }
        self.rows = rows;
    }

    /// Snaps what lies in one window to its grid, makes it legal, and sends it.
    fn tile(&mut self, column: i64, row: i64, geometry: &Geometry<World>, target: &mut Target<'_>) {
        let Some(tile) = target.spread.tile(column, row).filter(|_| !geometry.is_empty()) else { return };
        let ZoomPlan { extent, buffer_units, .. } = *target.spread.plan;
        let tile_grid = TileGrid::new(target.spread.zoom, column, row, extent);
        if let Some(middle) = target.spread.middle {
            let to_round = ToRound { is_home: tile_grid.holds(middle) };
            self.tile_to_round((tile, tile_grid), to_round, geometry, target);
            return;
        }
        quantize(geometry, tile_grid, &mut self.grid);
        if target.spread.is_grown && self.grid.kind == GeometryKind::Polygon {
            self.validator.unite(&mut self.grid);
        } else if target.spread.has_borders {
            self.validator.validate(&mut self.grid);
        } else {
            let fine = &mut self.fine;
            self.validator.validate_with_area(&mut self.grid, extent, || {
                quantize_fine(geometry, tile_grid, fine);
                fine
            });
        }
        if self.grid.is_empty() {
            target.reach = target.reach.max(Reach::Vanished);
            return;
        }
        let head = Head {
            id: target.origin.id,
            fills: fills_window(&self.grid, extent, buffer_units),
            owed: target.spread.owed((tile.into(), tile_grid), &self.grid),
        };
        write_body(&self.grid, head, &mut self.body);
        target.send(tile.into(), &self.body);
    }

    /// Sends what lies in one window as it is, unless it lies within a unit.
    fn tile_to_round(
        &mut self,
        (tile, tile_grid): (TileCoord, TileGrid),
        to_round: ToRound,
        geometry: &Geometry<World>,
        target: &mut Target<'_>,
    ) {
        quantize_fine(geometry, tile_grid, &mut self.fine);
        let unit = self.fine.points.first().map(|point| point.snap());
        if self.fine.points.iter().all(|point| Some(point.snap()) == unit) {
            target.reach = target.reach.max(Reach::Vanished);
            return;
        }
        let area = target.spread.area(tile.into());
        if area == Some(0) {
            target.reach = target.reach.max(Reach::Merged);
            return;
        }
        let head = Head { id: target.origin.id, fills: false, owed: area.unwrap_or(0) };
        write_to_round(&self.fine, to_round, head, &mut self.body);
        target.send(tile.into(), &self.body);
    }
}

impl std::fmt::Debug for Target<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").field("origin", &self.origin).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shares out columns from 5 on with so many vertices each.
    fn check(n_vertices: &[usize], expected: &[((i64, i64), usize)]) {
        let shares: Vec<_> =
            shares(5, n_vertices).iter().map(|share| (share.columns, share.n_vertices)).collect();
        assert_eq!(shares, expected);
    }

    #[test]
    fn shares_have_about_as_many_vertices() {
        let n_vertices = SHARES_MAX * 2;
        check(&[n_vertices, n_vertices], &[((5, 5), n_vertices), ((6, 6), n_vertices)]);
        let even: Vec<_> = (0..SHARES_MAX as i64).map(|nth| ((5 + 2 * nth, 6 + 2 * nth), 2)).collect();
        check(&vec![1; n_vertices], &even);
    }

    #[test]
    fn empty_columns_go_with_what_follows_and_are_a_share_at_the_end() {
        check(&[0, 0, 9, 0, 9, 0, 0], &[((5, 7), 9), ((8, 9), 9), ((10, 11), 0)]);
        check(&[0, 0], &[((5, 6), 0)]);
        check(&[7], &[((5, 5), 7)]);
    }
}
