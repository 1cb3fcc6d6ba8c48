//! The area that a hosted service would bill: tiles met by the features of a source.
//!
//! In:     the unsimplified `Geometry<World>` of every feature of a layer.
//! Out:    the set of tiles of one zoom that its features meet, and their area on the sphere.
//! Source: recipe 7.4. For people who also publish elsewhere; nothing here changes a tile.

use rustc_hash::FxHashMap;
use zellige_model::{Geometry, GeometryKind, TileCoord, TileId, World, WorldBounds, Zoom};

use crate::clip::{self, Pieces, Stripes};
use crate::project::tile_area_km2;
use crate::tangle::Touched;
use crate::validate::Validator;

/// Tiles a chunk of the set: neighbours along the Hilbert curve.
const CHUNK_TILES: u64 = 4096;

/// A set of tiles of one zoom: a bit a tile, so at most 32 MiB for the tiers up to `30cm` and 2 GiB for `1cm`.
#[derive(Clone, Debug)]
pub struct TileCover {
    zoom: Zoom,
    tier: &'static str,
    chunks: FxHashMap<u64, Box<[u64; CHUNK_TILES as usize / 64]>>,
}

impl TileCover {
    /// Returns an empty set at the zoom by which a layer with this `maxzoom` is measured; layers that
    /// end at zoom 5 or above are free.
    #[must_use]
    pub fn for_maxzoom(maxzoom: Zoom) -> Option<Self> {
        let (tier, level) = match maxzoom.get() {
            0..=5 => return None,
            6..=10 => ("10m", 6),
            11..=13 => ("1m", 11),
            14..=16 => ("30cm", 14),
            _ => ("1cm", 17),
        };
        Some(Self { zoom: Zoom::new(level)?, tier, chunks: FxHashMap::default() })
    }

    /// Returns the name of the tier.
    #[must_use]
    pub const fn tier(&self) -> &'static str {
        self.tier
    }

    /// Adds the tiles that `geometry`, which lies within `bounds`, meets.
    pub fn add(
        &mut self,
        geometry: &Geometry<World>,
        bounds: &WorldBounds,
        columns: &mut Pieces,
        rows: &mut Pieces,
    ) {
        let stripes = Stripes { side: World::tile_side(self.zoom), buffer: 0 };
        if geometry.kind == GeometryKind::Point {
            for point in &geometry.points {
                self.insert(point.x.div_euclid(stripes.side), point.y.div_euclid(stripes.side));
            }
            return;
        }
        let (first, last) = stripes.touched(bounds.min.x, bounds.max.x);
        let (north, south) = stripes.touched(bounds.min.y, bounds.max.y);
        if (first, north) == (last, south) {
            self.insert(first, north);
            return;
        }
        let (north, south) = (north.max(0), south.min(i64::from(self.zoom.tiles_per_side()) - 1));
        let touched = Touched { stripes, columns: (first, last), rows: (north, south) };
        let (geometry, n_crossings) = touched.untangle(geometry, &mut Validator::default());
        for group in touched.groups(n_crossings) {
            clip::columns(&geometry, stripes, group, columns);
            for (column, piece) in columns.iter() {
                clip::rows(piece, stripes, (north, south), rows);
                for (row, piece) in rows.iter() {
                    if has_substance(piece) {
                        self.insert(column, row);
                    }
                }
            }
        }
    }

    fn insert(&mut self, column: i64, row: i64) {
        let column = column.rem_euclid(i64::from(self.zoom.tiles_per_side()));
        let row = row.clamp(0, i64::from(self.zoom.tiles_per_side()) - 1);
        let Some(tile) = TileCoord::new(self.zoom, column as u32, row as u32) else { return };
        let number = TileId::from(tile).get();
        let bits = self.chunks.entry(number / CHUNK_TILES).or_insert_with(|| Box::new([0; _]));
        bits[(number % CHUNK_TILES / 64) as usize] |= 1 << (number % 64);
    }

    /// Adds the tiles of another set of the same zoom.
    pub fn merge(&mut self, other: &Self) {
        let mut chunks: Vec<_> = other.chunks.iter().collect();
        chunks.sort_unstable_by_key(|(chunk, _)| **chunk);
        for (chunk, theirs) in chunks {
            let ours = self.chunks.entry(*chunk).or_insert_with(|| Box::new([0; _]));
            ours.iter_mut().zip(theirs.iter()).for_each(|(ours, theirs)| *ours |= theirs);
        }
    }

    /// Returns the area of the tiles on the sphere, km².
    #[must_use]
    pub fn area_km2(&self) -> f64 {
        let mut by_row = std::collections::BTreeMap::<u32, u64>::new();
        let mut chunks: Vec<_> = self.chunks.iter().collect();
        chunks.sort_unstable_by_key(|(chunk, _)| **chunk);
        for (chunk, bits) in chunks {
            for number in (0..CHUNK_TILES).filter(|nth| bits[(nth / 64) as usize] >> (nth % 64) & 1 == 1) {
                if let Some(tile) = TileId::new(chunk * CHUNK_TILES + number) {
                    *by_row.entry(tile.coord().y()).or_default() += 1;
                }
            }
        }
        let area = |row| TileCoord::new(self.zoom, 0, row).map_or(0.0, tile_area_km2);
        by_row.iter().map(|(row, tiles)| area(*row) * *tiles as f64).sum()
    }
}

/// Whether a cut shape is more than a touch of an edge.
fn has_substance(piece: &Geometry<World>) -> bool {
    match piece.kind {
        GeometryKind::Polygon => piece.parts().any(|ring| {
            let edges = ring.iter().zip(ring.iter().cycle().skip(1));
            edges
                .map(|(a, b)| i128::from(a.x) * i128::from(b.y) - i128::from(b.x) * i128::from(a.y))
                .sum::<i128>()
                != 0
        }),
        _ => piece.parts().any(|line| line.windows(2).any(|edge| edge[0] != edge[1])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cover(geometry: &Geometry<World>) -> TileCover {
        let mut cover = TileCover::for_maxzoom(Zoom::new(8).unwrap()).unwrap();
        let bounds = WorldBounds::of(&geometry.points);
        cover.add(geometry, &bounds, &mut Pieces::default(), &mut Pieces::default());
        cover
    }

    fn count(cover: &TileCover) -> u32 {
        cover.chunks.values().flat_map(|bits| bits.iter()).map(|bits| bits.count_ones()).sum()
    }

    #[test]
    fn square_that_ends_at_a_tile_edge_does_not_meet_the_next_tile() {
        let side = World::tile_side(Zoom::new(6).unwrap());
        let mut square = Geometry::default();
        square.reset(GeometryKind::Polygon);
        for (x, y) in [(0, 0), (2, 0), (2, 3), (0, 3)] {
            square.points.push(World::new((20 + x) * side, (20 + y) * side));
        }
        square.end_part();
        square.end_polygon();
        assert_eq!(count(&cover(&square)), 6);
    }

    #[test]
    fn merging_counts_a_tile_once() {
        let mut points = Geometry::default();
        points.points.extend([World::new(5, 5), World::new(6, 6), World::new(World::SIDE - 1, 5)]);
        let mut one = cover(&points);
        one.merge(&cover(&points));
        assert_eq!(count(&one), 2);
        assert!(one.area_km2() > 0.0);
    }
}
