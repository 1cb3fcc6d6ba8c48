//! What slice hands to emit: part of one feature in one tile.
//!
//! A piece is a key, the attribute block of its feature, and a body:
//!
//! ```text
//! flags      u8       kind | 4 when it has an id | 8 when it fills the window
//! id         varint   only with the flag
//! commands            geometry as MVT commands, to the end
//! ```
//!
//! Bodies are written once and copied into the tile; nothing in them points elsewhere, so pieces can
//! be spilled, merged and sent anywhere.

use zellige_model::{Geometry, GeometryKind, Grid, TileId, Zoom};

use crate::encode::{command, push_varint, take_varint};

/// How pieces sort: by tile along the Hilbert curve, by layer, by position in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PieceKey {
    /// Tile number in the upper bits, layer number in the lowest eight.
    pub slot: u64,
    /// [`zellige_model::Place::key`] of the feature.
    pub place: u64,
}

impl PieceKey {
    /// Returns the key of a piece.
    #[must_use]
    pub const fn new(tile: TileId, layer: u8, place: u64) -> Self {
        Self { slot: tile.get() << 8 | layer as u64, place }
    }

    /// Returns the tile.
    ///
    /// # Panics
    ///
    /// When the key was not made by [`PieceKey::new`].
    #[must_use]
    pub const fn tile(self) -> TileId {
        TileId::new(self.slot >> 8).expect("the key was made from a tile")
    }

    /// Returns the number of the layer in the plan.
    #[must_use]
    pub const fn layer(self) -> u8 {
        self.slot as u8
    }
}

/// Takes pieces; the sorter of the job.
pub trait PieceSink {
    /// Says which attributes the next pieces have.
    fn attributes(&mut self, block: &[u8]);

    /// Says that the feature at `place` has this numeric id in a layer, at one zoom or at all of them.
    fn id(&mut self, layer: u8, zoom: Option<Zoom>, id: u64, place: u64);

    /// Takes a piece with the latest attributes.
    fn piece(&mut self, key: PieceKey, body: &[u8]);
}

const HAS_ID: u8 = 4;
const FILLS: u8 = 8;

/// A body, opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Body<'b> {
    /// What the commands draw.
    pub kind: GeometryKind,
    /// Whether the polygon covers the whole window.
    pub fills: bool,
    /// The id in the tile.
    pub id: Option<u64>,
    /// Geometry commands as varint bytes.
    pub commands: &'b [u8],
}

/// Writes a body into the emptied `out`.
pub fn write_body(geometry: &Geometry<Grid>, id: Option<u64>, fills: bool, out: &mut Vec<u8>) {
    out.clear();
    let mut flags = geometry.kind as u8;
    if id.is_some() {
        flags |= HAS_ID;
    }
    if fills {
        flags |= FILLS;
    }
    out.push(flags);
    if let Some(id) = id {
        push_varint(out, id);
    }
    command::push_commands(geometry, out);
}

impl<'b> Body<'b> {
    /// Opens a body.
    ///
    /// # Panics
    ///
    /// When [`write_body`] did not write it.
    #[must_use]
    pub fn open(bytes: &'b [u8]) -> Self {
        let (flags, mut rest) = bytes.split_first().expect("a body has flags");
        let id = (flags & HAS_ID != 0).then(|| take_varint(&mut rest));
        let kind = match flags & 3 {
            0 => GeometryKind::Point,
            1 => GeometryKind::LineString,
            _ => GeometryKind::Polygon,
        };
        Self { kind, fills: flags & FILLS != 0, id, commands: rest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_comes_back() {
        let mut geometry = Geometry::default();
        geometry.points.push(Grid::new(25, 17));
        let mut bytes = Vec::new();
        write_body(&geometry, Some(300), true, &mut bytes);
        let body = Body::open(&bytes);
        assert_eq!(
            body,
            Body { kind: GeometryKind::Point, fills: true, id: Some(300), commands: &[9, 50, 34] }
        );
    }

    #[test]
    fn keys_sort_by_tile_then_layer_then_place() {
        let tile = |number| TileId::new(number).unwrap();
        let key = PieceKey::new(tile(5), 200, 7);
        assert!(key < PieceKey::new(tile(6), 0, 0));
        assert!(key < PieceKey::new(tile(5), 201, 0));
        assert!(key < PieceKey::new(tile(5), 200, 8));
        assert_eq!((key.tile(), key.layer()), (tile(5), 200));
    }
}
