//! All pieces of one tile to its bytes.
//!
//! In:     pieces in key order: layer after layer, source order within.
//! Out:    the encoded tile, within both size limits, or nothing; counters by layer and zoom.
//! Keeps:  layers in recipe order; features in source order, or as `tiles.order` says.
//! Source: recipe 2.8, steps 13 to 17.
//!
//! Pieces are encoded as they come, so a tile that is much too large costs time but no memory; only a
//! layer with an order keeps its pieces until the tile is complete.

use std::ops::Range;
use std::sync::Arc;

use zellige_model::{FieldKind, GeometryKind, TileCoord, TileId};
use zellige_recipe::{LayerPlan, Plan};

use crate::budget::share;
use crate::encode::layer::{LayerEncoder, framed_layer_len};
use crate::piece::Body;
use crate::select::Block;
use crate::stats::{LayerStats, Written};

/// Builds the tiles of one worker.
#[derive(Debug)]
pub struct Emitter<'p> {
    layers: Vec<LayerEmitter<'p>>,
    names: &'p [Arc<str>],
    tile_bytes_max: u64,
    tile: TileCoord,
    checksums: Vec<(u8, u64)>,
}

/// One layer of the tile at hand.
#[derive(Debug)]
struct LayerEmitter<'p> {
    plan: &'p LayerPlan,
    encoder: LayerEncoder,
    is_begun: bool,
    n_pieces: u64,
    n_filled: u64,
    waiting: Waiting,
    stats: LayerStats,
    /// Which kinds of order values were seen, by rank.
    order_ranks: u8,
}

/// Pieces that wait to be sorted.
#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    pieces: Vec<(Range<usize>, Range<usize>)>,
}

/// What one worker counted while emitting.
#[derive(Debug, Default)]
pub struct Emitted {
    /// By layer of the plan.
    pub layers: Vec<EmittedLayer>,
}

/// What one worker counted of a layer.
#[derive(Debug, Default)]
pub struct EmittedLayer {
    /// Counters.
    pub stats: LayerStats,
    /// Kinds of values that were written, by key number.
    pub fields: Vec<Option<FieldKind>>,
    /// Whether the order attribute had values of several kinds.
    pub order_is_mixed: bool,
}

impl Emitted {
    /// Adds what another worker counted.
    pub fn merge(&mut self, other: Self) {
        if self.layers.is_empty() {
            *self = other;
            return;
        }
        for (ours, theirs) in self.layers.iter_mut().zip(other.layers) {
            ours.stats.merge(theirs.stats);
            ours.order_is_mixed |= theirs.order_is_mixed;
            if ours.fields.len() < theirs.fields.len() {
                ours.fields.resize(theirs.fields.len(), None);
            }
            for (ours, theirs) in ours.fields.iter_mut().zip(theirs.fields) {
                *ours = match (*ours, theirs) {
                    (Some(a), Some(b)) if a != b => Some(FieldKind::Mixed),
                    (a, b) => a.or(b),
                };
            }
        }
    }
}

impl<'p> Emitter<'p> {
    /// Returns an emitter; `names` are the names of all keys, `tile_bytes_max` bounds the whole tile.
    #[must_use]
    pub fn new(plan: &'p Plan, names: &'p [Arc<str>], tile_bytes_max: u64) -> Self {
        Self {
            layers: plan.layers.iter().map(LayerEmitter::new).collect(),
            names,
            tile_bytes_max,
            tile: TileId::default().coord(),
            checksums: Vec::new(),
        }
    }

    /// Starts a tile.
    pub fn begin(&mut self, tile: TileCoord) {
        self.tile = tile;
        self.layers.iter_mut().for_each(LayerEmitter::reset);
    }

    /// Adds a piece of the tile to the layer with this number.
    pub fn push(&mut self, layer: u8, block: &[u8], body: &[u8]) {
        self.layers[usize::from(layer)].push(self.tile, block, body, self.names);
    }

    /// Ends the tile: writes it into the emptied `out`, which stays empty when no feature is left.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        out.clear();
        self.checksums.clear();
        for layer in &mut self.layers {
            layer.settle(self.names);
        }
        let lens: Vec<u64> = self.layers.iter().map(LayerEmitter::framed_len).collect();
        let shares = share(&lens, self.tile_bytes_max);
        for (number, (layer, share)) in self.layers.iter_mut().zip(shares).enumerate() {
            if let Some(checksum) = layer.write(self.tile, share, out) {
                self.checksums.push((number as u8, checksum));
            }
        }
    }

    /// Returns the layers of the tile just finished with checksums over geometry and attributes.
    #[must_use]
    pub fn checksums(&self) -> &[(u8, u64)] {
        &self.checksums
    }

    /// Returns what was counted.
    #[must_use]
    pub fn into_emitted(self) -> Emitted {
        Emitted { layers: self.layers.into_iter().map(LayerEmitter::into_emitted).collect() }
    }
}

impl<'p> LayerEmitter<'p> {
    fn new(plan: &'p LayerPlan) -> Self {
        Self {
            plan,
            encoder: LayerEncoder::default(),
            is_begun: false,
            n_pieces: 0,
            n_filled: 0,
            waiting: Waiting::default(),
            stats: LayerStats::default(),
            order_ranks: 0,
        }
    }

    fn reset(&mut self) {
        self.is_begun = false;
        self.n_pieces = 0;
        self.n_filled = 0;
        self.waiting.bytes.clear();
        self.waiting.pieces.clear();
    }

    fn push(&mut self, tile: TileCoord, block: &[u8], body: &[u8], names: &[Arc<str>]) {
        if !self.is_begun {
            let Some(zoom_plan) = self.plan.at(tile.zoom()) else { return };
            self.encoder.begin(&self.plan.name, zoom_plan.extent, u64::from(self.plan.layer_bytes_max));
            self.is_begun = true;
        }
        self.n_pieces += 1;
        if self.plan.order.is_some() {
            self.waiting.push(block, body);
            return;
        }
        let body = Body::open(body);
        self.n_filled += u64::from(body.fills);
        self.encoder.push(&Block::open(block), &body, names);
    }

    /// Encodes pieces that waited to be sorted.
    fn settle(&mut self, names: &[Arc<str>]) {
        let Waiting { bytes, pieces } = &mut self.waiting;
        let order = |piece: &(Range<usize>, Range<usize>)| Block::open(&bytes[piece.0.clone()]).order;
        pieces.sort_by(|a, b| order(a).compare(order(b)));
        for (block, body) in pieces {
            let (block, body) = (Block::open(&bytes[block.clone()]), Body::open(&bytes[body.clone()]));
            self.order_ranks |= 1 << block.order.rank();
            self.n_filled += u64::from(body.fills);
            self.encoder.push(&block, &body, names);
        }
    }

    /// Whether every feature covers the whole window and the recipe does not want such tiles.
    const fn is_removed(&self) -> bool {
        self.plan.remove_filled && self.n_pieces == self.n_filled
    }

    fn framed_len(&self) -> u64 {
        if !self.is_begun || self.is_removed() || self.encoder.is_empty() {
            return 0;
        }
        framed_layer_len(self.encoder.len())
    }

    /// Appends the layer with as many features as fit `share` bytes, frame included; counts it.
    fn write(&mut self, tile: TileCoord, share: u64, out: &mut Vec<u8>) -> Option<u64> {
        if !self.is_begun || self.is_removed() {
            return None;
        }
        let n_features = self.n_features_within(share);
        let stats = self.stats.at(tile.zoom());
        let n_over_budget = self.n_pieces - n_features as u64;
        if n_features == 0 {
            stats.note_capped(tile, self.encoder.len_whole(), n_over_budget);
            return None;
        }
        let (len, checksum) = self.encoder.write(n_features, out);
        for kind in self.encoder.kinds(n_features) {
            match kind {
                GeometryKind::Point => stats.points += 1,
                GeometryKind::LineString => stats.linestrings += 1,
                GeometryKind::Polygon => stats.polygons += 1,
            }
        }
        stats.count(Written { tile, len, len_whole: self.encoder.len_whole(), n_over_budget });
        Some(checksum)
    }

    fn n_features_within(&self, share: u64) -> usize {
        if framed_layer_len(self.encoder.len()) <= share {
            return self.encoder.n_features();
        }
        // The frame of a shorter layer is no longer than that of the whole one.
        let frame = framed_layer_len(self.encoder.len()) - self.encoder.len();
        self.encoder.n_features_within(share.saturating_sub(frame))
    }

    fn into_emitted(mut self) -> EmittedLayer {
        self.stats.zooms.values_mut().for_each(crate::stats::ZoomStats::settle);
        let kinds = self.order_ranks & 0b111;
        EmittedLayer {
            stats: self.stats,
            fields: self.encoder.fields(),
            order_is_mixed: kinds.count_ones() > 1,
        }
    }
}

impl Waiting {
    fn push(&mut self, block: &[u8], body: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(block);
        let middle = self.bytes.len();
        self.bytes.extend_from_slice(body);
        self.pieces.push((start..middle, middle..self.bytes.len()));
    }
}
