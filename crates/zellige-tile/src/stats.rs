//! Counts what was written: the numbers of `layer_stats`.
//!
//! Nothing is decided here. Counters of workers merge in any order to the same result.
//! Source: recipe 7.1.

use std::collections::BTreeMap;

use zellige_model::finding::EXAMPLES_MAX;
use zellige_model::{TileCoord, WorldBounds, Zoom};

use crate::project::tile_area_km2;

/// Width of a class of [`ZoomStats::size_histogram`], bytes.
const HISTOGRAM_CLASS_BYTES: u64 = 25 * 1024;
/// How many capped tiles are listed a zoom: those that need the most.
const CAPPED_LIST_MAX: usize = 100;

/// Counters of one layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerStats {
    /// By zoom.
    pub zooms: BTreeMap<Zoom, ZoomStats>,
    /// Features for which a tile has no room even alone, the first ones of the source: the place, and the bytes that
    /// the layer would have with this feature alone, in the tile where they are most.
    pub too_large: BTreeMap<u64, u64>,
}

/// Counters of one layer at one zoom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ZoomStats {
    /// Tiles that have the layer.
    pub tiles: u64,
    /// Point features, counted in every tile.
    pub points: u64,
    /// Line features, counted in every tile.
    pub linestrings: u64,
    /// Polygon features, counted in every tile.
    pub polygons: u64,
    /// Tiles that lost features to a size limit.
    pub capped: u64,
    /// Features that tiles lost to a size limit, counted in every tile.
    pub features_over_budget: u64,
    /// Features too small for this zoom, in no tile of it.
    pub features_vanished: u64,
    /// Tiny polygons, in no tile of this zoom, for whose area others stand.
    pub features_merged: u64,
    /// Tiny polygons that stand for others, as a square of a unit or two, or about so.
    pub placeholders: u64,
    /// The capped tiles and the bytes that the layer would have needed, most needy first.
    pub capped_list: Vec<(u64, TileCoord)>,
    /// First and last column and row, if there are tiles.
    pub columns: Option<(u32, u32)>,
    /// First and last row, if there are tiles.
    pub rows: Option<(u32, u32)>,
    /// Tiles by row, from which the area follows.
    pub tiles_by_row: BTreeMap<u32, u64>,
    /// Bytes of the layer over all tiles, uncompressed.
    pub sum_size: u64,
    /// The largest of them.
    pub max_size: u64,
    /// Tiles by size, in classes of 25 KiB; the last class also holds all larger ones.
    pub size_histogram: [u64; 20],
}

/// A layer in a finished tile.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// The tile.
    pub tile: TileCoord,
    /// Bytes of the layer.
    pub len: u64,
    /// Bytes that it would have had with all features.
    pub len_whole: u64,
    /// Features that were left out.
    pub n_over_budget: u64,
}

impl LayerStats {
    /// Returns the counters of a zoom.
    pub fn at(&mut self, zoom: Zoom) -> &mut ZoomStats {
        self.zooms.entry(zoom).or_default()
    }

    /// Notes that no tile like the one at hand has room for the feature at `place`.
    pub fn note_too_large(&mut self, place: u64, bytes: u64) {
        let most = self.too_large.entry(place).or_default();
        *most = bytes.max(*most);
        if self.too_large.len() > EXAMPLES_MAX {
            self.too_large.pop_last();
        }
    }

    /// Adds the counters of another worker.
    pub fn merge(&mut self, other: Self) {
        for (zoom, theirs) in other.zooms {
            self.at(zoom).merge(theirs);
        }
        for (place, bytes) in other.too_large {
            self.note_too_large(place, bytes);
        }
    }

    /// Returns a sum over all zooms.
    pub fn total(&self, counter: impl Fn(&ZoomStats) -> u64) -> u64 {
        self.zooms.values().map(counter).sum()
    }
}

impl ZoomStats {
    /// Counts a layer of a tile; its features are counted by the caller.
    pub fn count(&mut self, written: Written) {
        let Written { tile, len, len_whole, n_over_budget } = written;
        self.tiles += 1;
        self.columns = widen(self.columns, Some((tile.x(), tile.x())));
        self.rows = widen(self.rows, Some((tile.y(), tile.y())));
        *self.tiles_by_row.entry(tile.y()).or_default() += 1;
        self.sum_size += len;
        self.max_size = self.max_size.max(len);
        let class = (len / HISTOGRAM_CLASS_BYTES) as usize;
        self.size_histogram[class.min(self.size_histogram.len() - 1)] += 1;
        if n_over_budget > 0 {
            self.note_capped(tile, len_whole, n_over_budget);
        }
    }

    /// Counts a tile that lost features to a size limit; also used when it lost all of them.
    pub fn note_capped(&mut self, tile: TileCoord, len_whole: u64, n_over_budget: u64) {
        self.capped += 1;
        self.features_over_budget += n_over_budget;
        self.capped_list.push((len_whole, tile));
        if self.capped_list.len() >= 2 * CAPPED_LIST_MAX {
            self.settle();
        }
    }

    /// Returns the area of the tiles on the sphere, km².
    #[must_use]
    pub fn sum_area_km2(&self, zoom: Zoom) -> f64 {
        let area = |row| TileCoord::new(zoom, 0, row).map_or(0.0, tile_area_km2);
        self.tiles_by_row.iter().map(|(row, tiles)| area(*row) * *tiles as f64).sum()
    }

    /// Sorts the list of capped tiles, most needy first, and cuts it to its bound.
    pub fn settle(&mut self) {
        self.capped_list.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        self.capped_list.truncate(CAPPED_LIST_MAX);
    }

    fn merge(&mut self, other: Self) {
        let Self {
            tiles,
            points,
            linestrings,
            polygons,
            capped,
            features_over_budget,
            features_vanished,
            features_merged,
            placeholders,
            capped_list,
            columns,
            rows,
            tiles_by_row,
            sum_size,
            max_size,
            size_histogram,
        } = other;
        self.tiles += tiles;
        self.points += points;
        self.linestrings += linestrings;
        self.polygons += polygons;
        self.capped += capped;
        self.features_over_budget += features_over_budget;
        self.features_vanished += features_vanished;
        self.features_merged += features_merged;
        self.placeholders += placeholders;
        self.capped_list.extend(capped_list);
        self.settle();
        self.columns = widen(self.columns, columns);
        self.rows = widen(self.rows, rows);
        for (row, tiles) in tiles_by_row {
            *self.tiles_by_row.entry(row).or_default() += tiles;
        }
        self.sum_size += sum_size;
        self.max_size = self.max_size.max(max_size);
        for (ours, theirs) in self.size_histogram.iter_mut().zip(size_histogram) {
            *ours += theirs;
        }
    }
}

fn widen(a: Option<(u32, u32)>, b: Option<(u32, u32)>) -> Option<(u32, u32)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (one, None) | (None, one) => one,
    }
}

/// What slicing found out about a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct SliceStats {
    /// Features that were looked at.
    pub features: u64,
    /// The box of all features that reached a tile.
    pub bounds: WorldBounds,
    /// Features too small for a zoom, by zoom.
    pub vanished: BTreeMap<Zoom, u64>,
    /// Tiny polygons for which others stand whatever happens in their tile, by zoom.
    pub merged: BTreeMap<Zoom, u64>,
}

impl Default for SliceStats {
    fn default() -> Self {
        Self { features: 0, bounds: WorldBounds::EMPTY, vanished: BTreeMap::new(), merged: BTreeMap::new() }
    }
}

impl SliceStats {
    /// Adds the counters of another worker.
    pub fn merge(&mut self, other: Self) {
        self.features += other.features;
        self.bounds.merge(&other.bounds);
        for (zoom, count) in other.vanished {
            *self.vanished.entry(zoom).or_default() += count;
        }
        for (zoom, count) in other.merged {
            *self.merged.entry(zoom).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(x: u32, len: u64) -> Written {
        let tile = TileCoord::new(Zoom::new(3).unwrap(), x, 2).unwrap();
        Written { tile, len, len_whole: 2 * len, n_over_budget: u64::from(len > 30_000) }
    }

    #[test]
    fn merging_is_counting_together() {
        let (mut whole, mut left, mut right) =
            (ZoomStats::default(), ZoomStats::default(), ZoomStats::default());
        for (x, len) in [(1, 100), (5, 30_000), (2, 600_000)] {
            whole.count(written(x, len));
            if x == 5 { &mut left } else { &mut right }.count(written(x, len));
        }
        left.merge(right);
        whole.settle();
        assert_eq!(left, whole);
        assert_eq!((whole.tiles, whole.columns, whole.rows), (3, Some((1, 5)), Some((2, 2))));
        assert_eq!((whole.size_histogram[0], whole.size_histogram[1], whole.size_histogram[19]), (1, 1, 1));
        assert_eq!((whole.capped, whole.capped_list[0].0), (1, 1_200_000));
    }

    #[test]
    fn area_of_zoom_0_is_the_sphere_without_its_caps() {
        let mut stats = ZoomStats::default();
        stats.count(Written {
            tile: TileCoord::parse("0/0/0").unwrap(),
            len: 1,
            len_whole: 1,
            n_over_budget: 0,
        });
        let area = stats.sum_area_km2(Zoom::default());
        assert_eq!(area.to_bits(), 508_164_394.246_208_97_f64.to_bits());
    }
}
