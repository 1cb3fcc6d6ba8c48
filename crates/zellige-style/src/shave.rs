//! What of a tile a style can draw; the rest is left out.
//!
//! In:     a checked style, the ids of the sources that show a tileset; then tiles of it, one by one.
//! Out:    tiles with the layers, features and attributes that some layer of the style may draw, and counts of
//!         what was left out.
//! Keeps:  order, ids and geometry of what stays; whatever the style draws at any view zoom of the tile.
//! Source: the rule of style-optimized tiles, made safe: a tile of zoom z is seen at view zooms from z up to z+1,
//!         one of the source's highest zoom at all zooms above it as well.
//!
//! A filter is not evaluated at one zoom but for all of them at once: `possible` tells what it may come to, and a
//! feature goes only when no layer's filter can be true. What is not understood may be true. Layers that are
//! not visible count, since programs switch them on. Attributes that only a program looks up are not known of.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

use prost::Message;

use crate::document::{Layer, LayerKind, Style};

mod tile;
mod compile;
mod possible;
mod used;

use compile::Filter;
use possible::{Feature, Looked, View};
use used::Used;

/// What a style can draw of the tiles of one tileset.
#[derive(Clone, Debug)]
pub struct Shaver {
    layers: BTreeMap<String, Vec<Drawn>>,
    /// Attributes that serve as feature ids.
    promote_ids: BTreeSet<String>,
}

/// A layer of the style, as far as it says what is drawn.
#[derive(Clone, Debug)]
struct Drawn {
    minzoom: f64,
    maxzoom: f64,
    filter: Option<Filter>,
    used: Used,
}

/// Bytes that are no vector tile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("reading the vector tile failed")]
pub struct NotATile(#[source] prost::DecodeError);

/// What was left out of tiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// Bytes before, not compressed.
    pub bytes_in: u64,
    /// Bytes after, not compressed.
    pub bytes_out: u64,
    /// Layers of tiles that are gone.
    pub layers: u64,
    /// Features that are gone, those of such layers as well.
    pub features: u64,
    /// Attributes that are gone from features that stayed.
    pub attributes: u64,
}

impl AddAssign for Saved {
    fn add_assign(&mut self, other: Self) {
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.layers += other.layers;
        self.features += other.features;
        self.attributes += other.attributes;
    }
}

impl Shaver {
    /// Returns what `style` can draw of the tiles that it shows by these sources; several when they show the
    /// same tileset.
    #[must_use]
    pub fn new<S: AsRef<str>>(style: &Style, sources: &[S]) -> Self {
        let is_meant = |id: &str| sources.iter().any(|source| source.as_ref() == id);
        let mut layers: BTreeMap<String, Vec<Drawn>> = BTreeMap::new();
        for layer in &style.layers {
            if let (Some(source), Some(source_layer)) = (&layer.source, &layer.source_layer)
                && is_meant(source)
            {
                layers.entry(source_layer.clone()).or_default().push(Drawn::of(layer));
            }
        }
        let meant = style.sources.iter().filter(|source| is_meant(&source.id));
        let promote_ids = meant.flat_map(|source| source.promote_ids.iter().cloned()).collect();
        Self { layers, promote_ids }
    }

    /// Returns a tile of `zoom` without what cannot be drawn, not compressed as the tile that came; empty when
    /// nothing of it can. `maxzoom` is the highest zoom of the tileset.
    ///
    /// Fields that the specification does not name go as well.
    ///
    /// # Errors
    ///
    /// [`NotATile`] when the bytes are none.
    pub fn shave(&self, tile: &[u8], zoom: u8, maxzoom: u8) -> Result<(Vec<u8>, Saved), NotATile> {
        let view = View::of_tile(zoom, maxzoom);
        let mut message = tile::Tile::decode(tile).map_err(NotATile)?;
        let mut saved = Saved { bytes_in: tile.len() as u64, ..Saved::default() };
        message.layers.retain_mut(|layer| {
            let n_features = layer.features.len();
            self.shave_layer(layer, view, &mut saved);
            saved.features += (n_features - layer.features.len()) as u64;
            saved.layers += u64::from(layer.features.is_empty());
            !layer.features.is_empty()
        });
        let bytes = message.encode_to_vec();
        saved.bytes_out = bytes.len() as u64;
        Ok((bytes, saved))
    }

    fn shave_layer(&self, layer: &mut tile::Layer, view: View, saved: &mut Saved) {
        let drawn = self.layers.get(&layer.name).map(Vec::as_slice).unwrap_or_default();
        let drawn: Vec<&Drawn> = drawn.iter().filter(|drawn| drawn.is_seen(view)).collect();
        let mut looked: Vec<Looked> = Vec::with_capacity(drawn.len());
        looked.extend(drawn.iter().map(|drawn| Looked::of(drawn.filter.as_ref(), &layer.keys)));
        let (has_promoted_id, values) = (!self.promote_ids.is_empty(), &layer.values);
        layer.features.retain(|feature| {
            let feature = Feature { message: feature, values, has_promoted_id };
            let mut filters = drawn.iter().map(|drawn| drawn.filter.as_ref()).zip(&mut looked);
            filters.any(|(filter, looked)| {
                filter.is_none_or(|filter| possible::is_true(filter, &feature, view, looked))
            })
        });
        let mut used = Used::Names(self.promote_ids.clone());
        for drawn in &drawn {
            used.join(&drawn.used);
        }
        // Tables shrink with their features, also where all attributes stay.
        saved.attributes += match used {
            Used::Names(names) => layer.keep_attributes(|name| names.contains(name)),
            Used::All => layer.keep_attributes(|_| true),
        };
    }
}

impl Drawn {
    fn of(layer: &Layer) -> Self {
        let mut used = Used::of(layer);
        if layer.kind == LayerKind::Line {
            // Engines look these up by themselves, for gradients along lines that tiles have cut.
            used.add("mapbox_clip_start");
            used.add("mapbox_clip_end");
        }
        let (minzoom, maxzoom) = (layer.minzoom, layer.maxzoom);
        Self { minzoom, maxzoom, filter: layer.filter.as_ref().map(compile::compile), used }
    }

    /// Whether the layer is drawn at some view zoom of a tile.
    fn is_seen(&self, view: View) -> bool {
        self.minzoom < view.end && (view.start < self.maxzoom || self.maxzoom >= crate::document::ZOOM_MAX)
    }
}
