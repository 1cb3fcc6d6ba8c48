//! World to whole units of one tile, vertex by vertex.
//!
//! In:     `Geometry<World>`, already cut to the window; the tile by column and row, where columns may
//!         lie outside of the first world (copies across the antimeridian).
//! Out:    `Geometry<Grid>`; equal neighbours merged; parts that became too short are gone.
//! Keeps:  order; a vertex in two tiles lands on the same place of the world in both.
//!         Polygons whose rounding is decided in their tile (see `snap_round`) get sixteenths of units first,
//!         which round to the same units.
//! Source: recipe 2.2 `extent`; nearest unit, halves to the south and east.

use zellige_model::{Extent, Geometry, GeometryKind, Grid, World, Zoom};

use crate::snap_round::Fine;

/// The grid of one tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileGrid {
    /// Upper left corner of the tile.
    pub origin: World,
    /// Units along a side.
    pub extent: Extent,
    /// The zoom.
    pub zoom: Zoom,
}

impl TileGrid {
    /// Returns the grid of the tile in `column` and `row` of `zoom`.
    #[must_use]
    pub const fn new(zoom: Zoom, column: i64, row: i64, extent: Extent) -> Self {
        let side = World::tile_side(zoom);
        Self { origin: World::new(column * side, row * side), extent, zoom }
    }

    /// Whether `point` lies in the tile, its buffer left out.
    pub(crate) fn holds(self, point: World) -> bool {
        let inside = 0..World::tile_side(self.zoom);
        inside.contains(&(point.x - self.origin.x)) && inside.contains(&(point.y - self.origin.y))
    }

    /// Returns the nearest grid point.
    #[must_use]
    pub const fn snap(self, point: World) -> Grid {
        let shift = World::BITS - self.zoom.get() as u32;
        let half = 1 << (shift - 1);
        let extent = self.extent.get() as i64;
        Grid::new(
            (((point.x - self.origin.x) * extent + half) >> shift) as i32,
            (((point.y - self.origin.y) * extent + half) >> shift) as i32,
        )
    }

    /// Returns the sixteenth of a unit that holds `point`, whose [`Fine::snap`] is the nearest grid point.
    #[must_use]
    pub const fn snap_fine(self, point: World) -> Fine {
        let shift = World::BITS - self.zoom.get() as u32 - Fine::BITS;
        let extent = self.extent.get() as i64;
        Fine::new(
            (((point.x - self.origin.x) * extent) >> shift) as i32,
            (((point.y - self.origin.y) * extent) >> shift) as i32,
        )
    }

    /// Returns the upper left corner of the unit that holds `point`, which lies in the tile.
    #[must_use]
    pub const fn unit(self, point: World) -> Grid {
        let shift = World::BITS - self.zoom.get() as u32;
        let extent = self.extent.get() as i64;
        Grid::new(
            (((point.x - self.origin.x) * extent) >> shift) as i32,
            (((point.y - self.origin.y) * extent) >> shift) as i32,
        )
    }
}

/// Snaps `input` to the grid; `out` is empty when nothing of it is left.
pub fn quantize(input: &Geometry<World>, grid: TileGrid, out: &mut Geometry<Grid>) {
    out.reset(input.kind);
    match input.kind {
        GeometryKind::Point => out.points.extend(input.points.iter().map(|point| grid.snap(*point))),
        GeometryKind::LineString => {
            for part in input.parts() {
                snap_part(part, |point| grid.snap(point), out);
                end_if_long(2, out);
            }
        }
        GeometryKind::Polygon => snap_polygons(input, out, |point| grid.snap(point)),
    }
}

/// Snaps polygons to sixteenths of units; `out` is empty when nothing of them is left.
pub fn quantize_fine(input: &Geometry<World>, grid: TileGrid, out: &mut Geometry<Fine>) {
    out.reset(GeometryKind::Polygon);
    snap_polygons(input, out, |point| grid.snap_fine(point));
}

fn snap_polygons<P: Copy + PartialEq>(
    input: &Geometry<World>,
    out: &mut Geometry<P>,
    snap: impl Fn(World) -> P,
) {
    for mut rings in input.polygons() {
        let Some(shell) = rings.next() else { continue };
        snap_part(input.part(shell), &snap, out);
        if !end_ring(out) {
            continue;
        }
        for hole in rings {
            snap_part(input.part(hole), &snap, out);
            end_ring(out);
        }
        out.end_polygon();
    }
}

/// Appends the snapped vertices of `part`, without repeats.
fn snap_part<P: Copy + PartialEq>(part: &[World], snap: impl Fn(World) -> P, out: &mut Geometry<P>) {
    let mut last = None;
    for point in part {
        let snapped = snap(*point);
        if last != Some(snapped) {
            out.points.push(snapped);
            last = Some(snapped);
        }
    }
}

/// Ends the ring that the latest points make, if it has three; forgets it otherwise; says which.
pub(crate) fn end_ring<P: Copy + PartialEq>(out: &mut Geometry<P>) -> bool {
    // Rings are open.
    while out.open_part_len() > 1
        && out.points[out.points.len() - out.open_part_len()] == out.points[out.points.len() - 1]
    {
        out.points.pop();
    }
    end_if_long(3, out)
}

/// Ends the part if it has `len_min` points, forgets it otherwise; says which.
fn end_if_long<P>(len_min: usize, out: &mut Geometry<P>) -> bool {
    let len = out.open_part_len();
    if len < len_min {
        out.points.truncate(out.points.len() - len);
        return false;
    }
    out.end_part();
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_see_a_vertex_at_the_same_place() {
        let zoom = Zoom::new(7).unwrap();
        for extent in [1, 512, 1000, 4096, 65_536] {
            let extent = Extent::new(extent).unwrap();
            let (left, right) = (TileGrid::new(zoom, 5, 9, extent), TileGrid::new(zoom, 6, 9, extent));
            for step in 0..1000 {
                let point = World::new(left.origin.x + step * 9_876_543, left.origin.y + step * 1_234_567);
                let (a, b) = (left.snap(point), right.snap(point));
                assert_eq!((a.x - extent.get() as i32, a.y), (b.x, b.y));
            }
        }
    }

    #[test]
    fn a_ring_within_one_unit_is_gone_and_takes_its_hole_along() {
        let unit = World::tile_side(Zoom::default()) / 4096;
        let mut polygon = Geometry::default();
        polygon.reset(GeometryKind::Polygon);
        for size in [unit / 4, unit / 8] {
            polygon.points.extend([World::new(0, 0), World::new(size, 0), World::new(size, size)]);
            polygon.end_part();
        }
        polygon.end_polygon();
        let mut out = Geometry::default();
        quantize(&polygon, TileGrid::new(Zoom::default(), 0, 0, Extent::DEFAULT), &mut out);
        assert!(out.is_empty() && out.part_ends.is_empty() && out.polygon_ends.is_empty());
    }
}
