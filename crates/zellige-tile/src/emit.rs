//! All pieces of one tile to its bytes.
//!
//! In:     pieces in key order: layer after layer, source order within; then placeholders likewise.
//! Out:    the encoded tile, within both size limits, or nothing; counters by layer and zoom.
//! Keeps:  layers in recipe order; features in source order, then tiny polygons that stand for others, unless
//!         `tiles.order` says otherwise.
//! Source: recipe 2.8, steps 9 to 17.
//!
//! Which tiny polygons are drawn is decided first of all (`diffuse`), so limits, unions and filters see those
//! that stand for others as what they are: small features. Before that, crowded polygons that share borders are
//! rounded together (`snap_round`), in parts when there are more of them than memory is meant for.
//!
//! Pieces are encoded as they come, so a tile that is much too large costs time but no memory; only a
//! layer with an order, or whose recipe looks at features of a tile, keeps them until the tile is complete, or
//! until there are more than [`KEPT_BYTES_MAX`] of them.

use std::sync::Arc;

use zellige_model::{FieldKind, Geometry, GeometryKind, Grid, TileCoord, TileId, Zoom};
use zellige_recipe::plan::Switch;
use zellige_recipe::{LayerPlan, Plan, ZoomPlan};

use crate::block::{self, Block};
use crate::budget::share;
use crate::crowd::Crowd;
use crate::diffuse::{Diffusion, Placeholder, owed_rest};
use crate::encode::layer::{LayerEncoder, framed_layer_len};
use crate::fault::Fault;
use crate::key::{KeyCache, Keys};
use crate::piece::{Body, Head, PieceKey, write_body};
use crate::stage::{Stage, StageFault, StageNotes, fills_window};
use crate::staged::{self, StagedFeature};
use crate::stats::{LayerStats, Written};
use crate::tiny::square_side;
use crate::validate::area_doubled;
use crate::waiting::{Piece, Waiting};

/// The most bytes of features that a layer of a tile keeps until the tile is complete; with more of them the tile
/// cannot be made, since limits, unions and orders have to see them all.
pub const KEPT_BYTES_MAX: u64 = 2 << 30;

/// Builds the tiles of one worker.
#[derive(Debug)]
pub struct Emitter<'p> {
    layers: Vec<LayerEmitter<'p>>,
    names: &'p [Arc<str>],
    tile_bytes_max: u64,
    tile: TileCoord,
    checksums: Vec<(u8, u64)>,
    buffers: Buffers<'p>,
    overfull: Option<(TileCoord, u8)>,
    fault: Option<Fault>,
}

/// What all layers of one worker share.
#[derive(Debug)]
struct Buffers<'p> {
    keys: KeyCache<'p>,
    block: Vec<u8>,
    body: Vec<u8>,
}

/// One layer of the tile at hand.
#[derive(Debug)]
struct LayerEmitter<'p> {
    plan: &'p LayerPlan,
    /// Bytes that the layer may have in a tile, even if it is alone there.
    bytes_max: u64,
    encoder: LayerEncoder,
    /// The zoom of the tile at hand, once there is a piece.
    zoom_plan: Option<&'p ZoomPlan>,
    n_features: u64,
    n_filled: u64,
    diffusion: Diffusion,
    rectangle: Geometry<Grid>,
    body: Vec<u8>,
    crowd: Crowd,
    waiting: Waiting,
    staged: Vec<StagedFeature>,
    /// Bytes of what waits and of what is staged, and how many there may be.
    kept_bytes: u64,
    kept_bytes_max: u64,
    stage: Stage<'p>,
    stats: LayerStats,
    /// Which kinds of order values were seen, a bit each.
    order_kinds: u8,
}

/// What one worker counted while emitting.
#[derive(Debug, Default)]
pub struct Emitted {
    /// By layer of the plan.
    pub layers: Vec<EmittedLayer>,
    /// The first expression that could not be evaluated; then tiles are missing.
    pub fault: Option<Fault>,
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
    /// What was odd while features of tiles were looked at.
    pub notes: StageNotes,
}

impl Emitted {
    /// Adds what another worker counted.
    pub fn merge(&mut self, other: Self) {
        if self.layers.is_empty() {
            *self = other;
            return;
        }
        Fault::keep_first(&mut self.fault, other.fault);
        for (ours, theirs) in self.layers.iter_mut().zip(other.layers) {
            ours.stats.merge(theirs.stats);
            ours.order_is_mixed |= theirs.order_is_mixed;
            ours.notes.merge(theirs.notes);
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
    /// Returns an emitter; `names` are the names of all `keys`, `tile_bytes_max` bounds the whole tile.
    #[must_use]
    pub fn new(plan: &'p Plan, keys: &'p Keys, names: &'p [Arc<str>], tile_bytes_max: u64) -> Self {
        Self {
            layers: plan.layers.iter().map(|layer| LayerEmitter::new(layer, tile_bytes_max)).collect(),
            names,
            tile_bytes_max,
            tile: TileId::default().coord(),
            checksums: Vec::new(),
            buffers: Buffers { keys: KeyCache::new(keys), block: Vec::new(), body: Vec::new() },
            overfull: None,
            fault: None,
        }
    }

    /// Starts a tile.
    pub fn begin(&mut self, tile: TileCoord) {
        self.tile = tile;
        self.layers.iter_mut().for_each(LayerEmitter::reset);
    }

    /// Adds a piece of the tile.
    pub fn push(&mut self, key: PieceKey, block: &[u8], body: &[u8]) {
        let piece = Piece { place: key.place, block, body };
        let layer = &mut self.layers[usize::from(key.layer())];
        layer.push(self.tile, piece, self.names);
        if layer.is_overfull() {
            self.overfull.get_or_insert((self.tile, key.layer()));
        }
    }

    /// Ends the tile: writes it into the emptied `out`, which stays empty when no feature is left.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        out.clear();
        self.checksums.clear();
        for (number, layer) in self.layers.iter_mut().enumerate() {
            if let Err(fault) = layer.settle(self.tile, self.names, &mut self.buffers) {
                let StageFault { place, error } = fault;
                let fault = Fault { tile: self.tile, layer: number as u8, place, error };
                Fault::keep_first(&mut self.fault, Some(fault));
            }
            if layer.is_overfull() {
                self.overfull.get_or_insert((self.tile, number as u8));
            }
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

    /// Returns the first tile and layer that had more than [`KEPT_BYTES_MAX`] to keep; the tile cannot be made.
    #[must_use]
    pub const fn overfull(&self) -> Option<(TileCoord, u8)> {
        self.overfull
    }

    /// Returns the first expression so far that could not be evaluated.
    #[must_use]
    pub const fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// Returns what was counted.
    #[must_use]
    pub fn into_emitted(self) -> Emitted {
        Emitted {
            layers: self.layers.into_iter().map(LayerEmitter::into_emitted).collect(),
            fault: self.fault,
        }
    }
}

/// What is the same for all pieces of a layer in a tile.
#[derive(Clone, Copy)]
struct Here<'h> {
    zoom: Zoom,
    plan: &'h ZoomPlan,
    names: &'h [Arc<str>],
}

impl<'p> LayerEmitter<'p> {
    fn new(plan: &'p LayerPlan, tile_bytes_max: u64) -> Self {
        let layer_bytes_max = u64::from(plan.layer_bytes_max);
        let frame_len = framed_layer_len(layer_bytes_max) - layer_bytes_max;
        Self {
            plan,
            bytes_max: layer_bytes_max.min(tile_bytes_max.saturating_sub(frame_len)),
            encoder: LayerEncoder::default(),
            zoom_plan: None,
            n_features: 0,
            n_filled: 0,
            diffusion: Diffusion::default(),
            rectangle: Geometry::default(),
            body: Vec::new(),
            crowd: Crowd::default(),
            waiting: Waiting::default(),
            staged: Vec::new(),
            kept_bytes: 0,
            kept_bytes_max: KEPT_BYTES_MAX,
            stage: Stage::new(plan),
            stats: LayerStats::default(),
            order_kinds: 0,
        }
    }

    fn reset(&mut self) {
        self.zoom_plan = None;
        self.n_features = 0;
        self.n_filled = 0;
        self.crowd.begin();
        self.waiting.clear();
        self.staged.clear();
        self.kept_bytes = 0;
    }

    /// Counts so many bytes as kept; says whether there is room for them.
    const fn try_keep(&mut self, bytes: usize) -> bool {
        self.kept_bytes += bytes as u64;
        !self.is_overfull()
    }

    const fn is_overfull(&self) -> bool {
        self.kept_bytes > self.kept_bytes_max
    }

    fn push(&mut self, tile: TileCoord, piece: Piece<'_>, names: &[Arc<str>]) {
        if self.zoom_plan.is_none() {
            let Some(zoom_plan) = self.plan.at(tile.zoom()) else { return };
            self.encoder.begin(&self.plan.name, zoom_plan.extent, self.bytes_max);
            let square_side = square_side(zoom_plan.extent, tile.zoom() == self.plan.maxzoom);
            self.diffusion.begin(tile.into(), zoom_plan.extent, square_side);
            self.zoom_plan = Some(zoom_plan);
        }
        let Some(plan) = self.zoom_plan else { return };
        let here = Here { zoom: tile.zoom(), plan, names };
        let body = Body::open(piece.body);
        let Body { head, placeholder, .. } = body;
        let Some(placeholder) = placeholder else {
            if self.crowd.wants(&body, plan) {
                self.crowd.push(piece, &body);
                if self.crowd.is_full() {
                    self.round(here);
                }
            } else {
                self.diffusion.add(head.owed);
                self.take(here, piece, &body);
            }
            return;
        };
        self.round(here);
        self.place(here, (piece, head), placeholder);
    }

    /// Rounds the polygons that wait for their neighbours, and takes all pieces that wait.
    fn round(&mut self, here: Here<'_>) {
        if self.crowd.is_empty() {
            return;
        }
        let mut crowd = std::mem::take(&mut self.crowd);
        let waiting = crowd.take();
        let (mut whole, mut owed) = (0, 0);
        let mut placeholders = Vec::new();
        for piece in waiting.iter() {
            let body = Body::open(piece.body);
            let Some(to_round) = body.to_round else {
                self.diffusion.add(body.head.owed);
                self.take(here, piece, &body);
                continue;
            };
            if let Some(placeholder) = crowd.placeholder(&body, here.plan) {
                placeholders.push((piece, body.head, placeholder));
                continue;
            }
            let rounded = crowd.round(&body);
            let is_accounted = body.head.owed != 0;
            if is_accounted {
                let drawn_doubled = rounded.parts().map(area_doubled).sum();
                whole += i64::from(body.head.owed);
                owed += i64::from(owed_rest(body.head.owed, drawn_doubled));
            }
            if !rounded.is_empty() {
                self.diffusion.keep_off(rounded);
                let fills = fills_window(rounded, here.plan.extent, here.plan.buffer_units);
                self.take_drawn(here, piece, Head { fills, owed: 0, ..body.head }, rounded);
            } else if to_round.is_home {
                let stats = self.stats.at(here.zoom);
                stats.features_merged += u64::from(is_accounted);
                stats.features_vanished += u64::from(!is_accounted);
            }
        }
        self.diffusion.add_shared(whole, owed);
        for (piece, head, placeholder) in placeholders {
            self.place(here, (piece, head), placeholder);
        }
        crowd.restore(waiting);
        self.crowd = crowd;
    }

    /// Draws the rectangle of a placeholder, or lets others stand for it.
    fn place(&mut self, here: Here<'_>, (piece, head): (Piece<'_>, Head), placeholder: Placeholder) {
        let mut rectangle = std::mem::take(&mut self.rectangle);
        let window = (here.plan.extent, here.plan.buffer_units);
        let is_drawn = self.diffusion.place(placeholder, head.owed, window, &mut rectangle);
        let stats = self.stats.at(here.zoom);
        if is_drawn {
            stats.placeholders += u64::from(placeholder.is_home(here.plan.extent));
            self.take_drawn(here, piece, Head { owed: 0, ..head }, &rectangle);
        } else {
            stats.features_merged += 1;
        }
        self.rectangle = rectangle;
    }

    /// Takes a piece that is drawn as `geometry`.
    fn take_drawn(&mut self, here: Here<'_>, piece: Piece<'_>, head: Head, geometry: &Geometry<Grid>) {
        let mut body = std::mem::take(&mut self.body);
        write_body(geometry, head, &mut body);
        self.take(here, Piece { body: &body, ..piece }, &Body::open(&body));
        self.body = body;
    }

    /// Takes a piece that is drawn if the recipe lets it; `body` is that of the piece, opened.
    fn take(&mut self, Here { plan, names, .. }: Here<'_>, piece: Piece<'_>, body: &Body<'_>) {
        if !plan.tiles.is_plain() {
            if self.try_keep(staged::opened_bytes_max(piece.block, piece.body)) {
                self.staged.push(staged::open(piece.place, piece.block, piece.body, names));
            }
        } else if self.plan.order.is_some() {
            if self.try_keep(piece.block.len() + piece.body.len() + Waiting::BYTES_BESIDE) {
                self.waiting.push(piece);
            }
        } else {
            self.encode((piece.place, Block::open(piece.block), body), names);
        }
    }

    /// Encodes a piece, opened, that stands at a place of the source.
    fn encode(&mut self, (place, block, body): (u64, Block<'_>, &Body<'_>), names: &[Arc<str>]) {
        self.n_features += 1;
        self.n_filled += u64::from(body.head.fills);
        if let Some(bytes) = self.encoder.push(&block, body, names) {
            self.stats.note_too_large(place, bytes);
        }
    }

    /// Encodes what waited for the tile to be complete.
    fn settle(
        &mut self,
        tile: TileCoord,
        names: &[Arc<str>],
        buffers: &mut Buffers<'_>,
    ) -> Result<(), StageFault> {
        if let Some(plan) = self.zoom_plan {
            self.round(Here { zoom: tile.zoom(), plan, names });
        }
        let waiting = std::mem::take(&mut self.waiting);
        for (place, block, body) in waiting.sorted() {
            self.order_kinds |= block.order.kind();
            self.encode((place, block, &body), names);
        }
        self.waiting = waiting;
        let Some(zoom_plan) = self.zoom_plan.filter(|_| !self.staged.is_empty()) else { return Ok(()) };
        let mut staged = std::mem::take(&mut self.staged);
        // Steps of the recipe break ties by source order, and placeholders came last.
        staged.sort_by_key(|feature| feature.place);
        for feature in self.stage.run(staged, tile.zoom(), zoom_plan)? {
            let not_finite =
                block::pack(&feature.attributes, self.plan, &mut buffers.keys, &mut buffers.block);
            self.stage.note_not_finite(not_finite);
            // Whether the layer is removed was decided already.
            let head = Head { id: feature.id, ..Head::default() };
            write_body(&feature.geometry, head, &mut buffers.body);
            self.encode((feature.place, Block::open(&buffers.block), &Body::open(&buffers.body)), names);
        }
        Ok(())
    }

    /// Whether every feature covers the whole window and the recipe does not want such tiles.
    fn is_removed(&self) -> bool {
        let removes = self.zoom_plan.is_some_and(|zoom_plan| zoom_plan.tiles.remove_filled == Switch::Always);
        removes && self.n_features == self.n_filled
    }

    fn framed_len(&self) -> u64 {
        if self.n_features == 0 || self.is_removed() || self.encoder.is_empty() {
            return 0;
        }
        framed_layer_len(self.encoder.len())
    }

    /// Appends the layer with as many features as fit `share` bytes, frame included; counts it.
    fn write(&mut self, tile: TileCoord, share: u64, out: &mut Vec<u8>) -> Option<u64> {
        if self.n_features == 0 || self.is_removed() {
            return None;
        }
        let n_features = self.n_features_within(share);
        let stats = self.stats.at(tile.zoom());
        let n_over_budget = self.n_features - n_features as u64;
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
        let notes = self.stage.notes();
        let kinds = self.order_kinds | notes.order_kinds;
        EmittedLayer {
            stats: self.stats,
            fields: self.encoder.fields(),
            order_is_mixed: kinds.count_ones() > 1,
            notes,
        }
    }
}

#[cfg(test)]
mod tests {
    use zellige_model::finding::EXAMPLES_MAX;
    use zellige_model::{Value, ValueRef};

    use super::*;
    use crate::block;
    use crate::select::Selected;

    const HEAD: &str = r#"{"version": 1, "layers": {"a": {"source": "mapbox://tileset-source/me/a", "minzoom": 0,
        "maxzoom": 0, "tiles": {"#;

    /// Emits points of one tile while a layer may keep so many bytes; says whether that is too little.
    fn check(tiles: &str, n_points: u64, kept_bytes_max: u64, is_overfull: bool) {
        let recipe = format!("{HEAD}{tiles}}}}}}}}}");
        let checked = zellige_recipe::check(recipe.as_bytes(), &zellige_recipe::Options::default());
        let plan = checked.plan.unwrap();
        let (keys, tile) = (Keys::for_plan(&plan), TileId::default().coord());
        let names = keys.names();
        let mut emitter = Emitter::new(&plan, &keys, &names, 512_000);
        emitter.layers[0].kept_bytes_max = kept_bytes_max;
        let (mut block, mut body) = (Vec::new(), Vec::new());
        let (id, attributes) = (Value::Null, zellige_model::Attributes::default());
        let mut key_cache = KeyCache::new(&keys);
        if plan.layers[0].zooms[0].tiles.is_plain() {
            block::pack(&attributes, &plan.layers[0], &mut key_cache, &mut block);
        } else {
            staged::pack(Selected { id: &id, attributes: &attributes }, &mut key_cache, &mut block);
        }
        let mut point = Geometry::default();
        point.points.push(Grid::new(1, 2));
        write_body(&point, Head::default(), &mut body);
        emitter.begin(tile);
        (0..n_points).for_each(|place| emitter.push(PieceKey::new(tile.into(), 0, place), &block, &body));
        assert_eq!(emitter.overfull(), is_overfull.then_some((tile, 0)), "{tiles}");
        let mut out = Vec::new();
        emitter.finish(&mut out);
        assert!(!out.is_empty());
    }

    #[test]
    fn only_so_much_is_kept_until_a_tile_is_complete() {
        let order = r#""order": "people""#;
        let limit = r#""limit": [["highest_where", ["has", "people"], 1, "people"]]"#;
        check("", 1_000, 0, false);
        for tiles in [order, limit] {
            check(tiles, 1_000, 1_000_000, false);
            check(tiles, 1_000, 10_000, true);
        }
    }

    /// Emits points with texts of these lengths into a layer of so many KiB; returns the ids of those that are in the
    /// tile, those that fit in no tile, and the bytes that the layer would need.
    fn fill(tiles: &str, layer_kib: u64, texts: &[usize]) -> (Vec<u64>, Vec<u64>, u64) {
        let recipe = format!("{HEAD}\"layer_size\": {layer_kib}{tiles}}}}}}}}}");
        let checked = zellige_recipe::check(recipe.as_bytes(), &zellige_recipe::Options::default());
        let plan = checked.plan.unwrap();
        let (keys, tile) = (Keys::for_plan(&plan), TileId::default().coord());
        let (mut block, mut body, mut key_cache) = (Vec::new(), Vec::new(), KeyCache::new(&keys));
        let mut point = Geometry::default();
        point.points.push(Grid::new(1, 2));
        let mut pieces = Vec::new();
        for (place, text_len) in texts.iter().enumerate() {
            let mut attributes = zellige_model::Attributes::default();
            attributes.push("text", ValueRef::String(&format!("{place:0>text_len$}")));
            block::pack(&attributes, &plan.layers[0], &mut key_cache, &mut block);
            write_body(&point, Head { id: Some(place as u64), ..Head::default() }, &mut body);
            pieces.push((PieceKey::new(tile.into(), 0, place as u64), block.clone(), body.clone()));
        }
        let (names, mut out) = (keys.names(), Vec::new());
        let mut emitter = Emitter::new(&plan, &keys, &names, 512_000);
        emitter.begin(tile);
        for (key, block, body) in &pieces {
            emitter.push(*key, block, body);
        }
        emitter.finish(&mut out);
        let layers = crate::decode::decode(&out).unwrap().layers;
        let ids = layers.iter().flat_map(|layer| layer.features.iter().filter_map(|feature| feature.id));
        let emitted = emitter.into_emitted();
        let stats = &emitted.layers[0].stats;
        let needed = stats.zooms.values().flat_map(|zoom| &zoom.capped_list).map(|(bytes, _)| *bytes).sum();
        (ids.collect(), stats.too_large.keys().copied().collect(), needed)
    }

    #[test]
    fn feature_that_fits_no_tile_does_not_end_the_layer() {
        let texts = [10, 2_000, 10, 900, 900, 10];
        for tiles in ["", r#", "order": "none""#] {
            let (ids, too_large, needed) = fill(tiles, 1, &texts[..3]);
            assert_eq!((&ids[..], &too_large[..], needed.div_ceil(1024)), (&[0, 2][..], &[1][..], 3));
            // The fifth would fit alone, so it ends the layer, and the sixth is not tried.
            let (ids, too_large, needed) = fill(tiles, 1, &texts);
            assert_eq!((&ids[..], &too_large[..]), (&[0, 2, 3][..], &[1][..]));
            let all: Vec<u64> = (0..6).collect();
            assert_eq!(fill(tiles, needed.div_ceil(1024), &texts), (all, vec![], 0));
        }
    }

    #[test]
    fn needed_bytes_count_all_that_was_passed_over() {
        // After 200 texts that fit nowhere, those that do have longer numbers in the tile that has them all.
        let texts: Vec<usize> = (0..600).map(|place| if place < 200 { 1_100 } else { 3 }).collect();
        let (ids, too_large, needed) = fill("", 1, &texts);
        assert_eq!((ids.first(), too_large.len()), (Some(&200), EXAMPLES_MAX));
        let (ids, too_large, none) = fill("", needed.div_ceil(1024), &texts);
        assert_eq!((ids.len(), too_large, none), (600, vec![], 0));
    }
}
