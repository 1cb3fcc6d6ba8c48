//! What slice hands to emit: part of one feature in one tile.
//!
//! A piece is a key, the attribute block of its feature, and a body:
//!
//! ```text
//! flags      u8       kind | 4 when it has an id | 8 when it fills the window | 16 when it owes area
//!                          | 32 when it is a placeholder | 64 when it is rounded in its tile, or a placeholder that
//!                          shares borders | 128 when the tile is the home of a polygon that is rounded there, or
//!                          the area of a placeholder is decided
//! id         varint   only with the flag
//! owed       varint   only with the flag; parts of a square unit, zigzag
//! commands            geometry as MVT commands, to the end; of a placeholder four varints: column and row
//!                     of the unit in its middle, width and height of its box in units; and its area in units, if
//!                     that is decided; of a polygon that is rounded in its tile its rings in sixteenths of units, see
//!                     `snap_round`
//! ```
//!
//! A placeholder says that the tile, or one beside it, is home to a polygon of which the grid leaves nothing; `diffuse`
//! decides whether it is drawn.
//!
//! Bodies are written once and copied into the tile; nothing in them points elsewhere, so pieces can
//! be spilled, merged and sent anywhere.

use zellige_model::{Geometry, GeometryKind, Grid, TileId, Zoom};

use crate::diffuse::Placeholder;
use crate::encode::{command, push_varint, push_zigzag, take_varint, take_zigzag};
use crate::snap_round::{Fine, push_fine};

/// How pieces sort: by tile along the Hilbert curve, shapes before placeholders, by layer, by position in the
/// source.
///
/// Placeholders come last, so that what all shapes of the tile owe is known when it is decided about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PieceKey {
    /// Tile number in the upper bits; then a bit that is set for placeholders, and seven for the layer number.
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

    /// Returns the key of a placeholder.
    #[must_use]
    pub const fn placeholder(tile: TileId, layer: u8, place: u64) -> Self {
        Self { slot: tile.get() << 8 | PLACEHOLDERS | layer as u64, place }
    }

    /// Returns a number that sorts as the key does, in one comparison without a branch.
    #[must_use]
    pub const fn rank(self) -> u128 {
        (self.slot as u128) << 64 | self.place as u128
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
        (self.slot % PLACEHOLDERS) as u8
    }
}

/// The bit of a slot that placeholders have; a recipe has at most twenty layers.
const PLACEHOLDERS: u64 = 0x80;

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
const OWES: u8 = 16;
const IS_PLACEHOLDER: u8 = 32;
const IS_FINE: u8 = 64;
const IS_HOME: u8 = 128;
/// Of a placeholder.
const IS_DECIDED: u8 = 128;

/// What a body says beside its geometry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The id in the tile.
    pub id: Option<u64>,
    /// Whether the polygon covers the whole window.
    pub fills: bool,
    /// The area of a small polygon that is not drawn, in [parts of a unit](crate::diffuse::PARTS_PER_UNIT);
    /// negative when more is drawn than there was. Of a polygon that is rounded in its tile: the area that it has.
    pub owed: i32,
}

/// What is known of a polygon that is rounded in its tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToRound {
    /// Whether this is the tile that holds the middle of the feature.
    pub is_home: bool,
}

/// A body, opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Body<'b> {
    /// What the commands draw.
    pub kind: GeometryKind,
    /// What is said beside them.
    pub head: Head,
    /// Where a polygon stands of which the grid leaves nothing; then there are no commands.
    pub placeholder: Option<Placeholder>,
    /// That polygons are rounded in their tile; then there are rings for commands.
    pub to_round: Option<ToRound>,
    /// Geometry commands as varint bytes.
    pub commands: &'b [u8],
}

/// Writes a body into the emptied `out`.
pub fn write_body(geometry: &Geometry<Grid>, head: Head, out: &mut Vec<u8>) {
    write_head(geometry.kind as u8, head, out);
    command::push_commands(geometry, out);
}

/// Writes the body of a polygon of which the grid leaves nothing into the emptied `out`.
pub fn write_placeholder(placeholder: Placeholder, head: Head, out: &mut Vec<u8>) {
    let Placeholder { at, box_units: (width, height), is_shared, decided } = placeholder;
    let is_shared = if is_shared { IS_FINE } else { 0 };
    let is_decided = if decided.is_some() { IS_DECIDED } else { 0 };
    write_head(GeometryKind::Polygon as u8 | IS_PLACEHOLDER | is_shared | is_decided, head, out);
    for number in [at.x as u32, at.y as u32, width, height].into_iter().chain(decided) {
        push_varint(out, number.into());
    }
}

/// Writes the body of polygons that are rounded in their tile into the emptied `out`.
pub fn write_to_round(geometry: &Geometry<Fine>, to_round: ToRound, head: Head, out: &mut Vec<u8>) {
    let is_home = if to_round.is_home { IS_HOME } else { 0 };
    write_head(GeometryKind::Polygon as u8 | IS_FINE | is_home, head, out);
    push_fine(geometry, out);
}

fn write_head(flags: u8, Head { id, fills, owed }: Head, out: &mut Vec<u8>) {
    out.clear();
    let flag = |is_set, flag| if is_set { flag } else { 0 };
    out.push(flags | flag(id.is_some(), HAS_ID) | flag(fills, FILLS) | flag(owed != 0, OWES));
    if let Some(id) = id {
        push_varint(out, id);
    }
    if owed != 0 {
        push_zigzag(out, owed);
    }
}

impl<'b> Body<'b> {
    /// Opens a body.
    ///
    /// # Panics
    ///
    /// When no function of this module wrote it.
    #[must_use]
    pub fn open(bytes: &'b [u8]) -> Self {
        let (flags, mut rest) = bytes.split_first().expect("a body has flags");
        let id = (flags & HAS_ID != 0).then(|| take_varint(&mut rest));
        let owed = if flags & OWES != 0 { take_zigzag(&mut rest) } else { 0 };
        let mut number = || take_varint(&mut rest) as u32;
        let placeholder = (flags & IS_PLACEHOLDER != 0).then(|| Placeholder {
            at: Grid::new(number() as i32, number() as i32),
            box_units: (number(), number()),
            is_shared: flags & IS_FINE != 0,
            decided: (flags & IS_DECIDED != 0).then(&mut number),
        });
        let kind = match flags & 3 {
            0 => GeometryKind::Point,
            1 => GeometryKind::LineString,
            _ => GeometryKind::Polygon,
        };
        let is_fine = flags & IS_FINE != 0 && placeholder.is_none();
        let to_round = is_fine.then_some(ToRound { is_home: flags & IS_HOME != 0 });
        Self {
            kind,
            head: Head { id, fills: flags & FILLS != 0, owed },
            placeholder,
            to_round,
            commands: rest,
        }
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
        let head = Head { id: Some(300), fills: true, owed: -77 };
        write_body(&geometry, head, &mut bytes);
        let body = Body::open(&bytes);
        let kind = GeometryKind::Point;
        assert_eq!(body, Body { kind, head, placeholder: None, to_round: None, commands: &[9, 50, 34] });
    }

    #[test]
    fn placeholder_comes_back() {
        let head = Head { id: None, fills: false, owed: i32::MAX };
        for decided in [None, Some(0), Some(7)] {
            let placeholder =
                Placeholder { at: Grid::new(4095, -3), box_units: (64, 1), is_shared: true, decided };
            let mut bytes = Vec::new();
            write_placeholder(placeholder, head, &mut bytes);
            let body = Body::open(&bytes);
            let opened = (body.head, body.placeholder, body.to_round, body.commands);
            assert_eq!(opened, (head, Some(placeholder), None, &[][..]));
        }
    }

    #[test]
    fn keys_sort_by_tile_then_layer_then_place() {
        let tile = |number| TileId::new(number).unwrap();
        let key = PieceKey::new(tile(5), 19, 7);
        assert!(key < PieceKey::new(tile(6), 0, 0));
        assert!(key < PieceKey::new(tile(5), 20, 0));
        assert!(key < PieceKey::new(tile(5), 19, 8));
        assert_eq!((key.tile(), key.layer()), (tile(5), 19));
        let placeholder = PieceKey::placeholder(tile(5), 0, 0);
        assert!(PieceKey::new(tile(5), 20, 9) < placeholder && placeholder < PieceKey::new(tile(6), 0, 0));
        assert_eq!((placeholder.tile(), placeholder.layer()), (tile(5), 0));
    }
}
