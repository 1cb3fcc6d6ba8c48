//! A feature of one tile while it is limited, merged and filtered.
//!
//! In:     pieces (see `piece`) whose geometry is opened again.
//! Out:    features that own their geometry and all their attributes, those that are hidden later
//!         among them.
//! Keeps:  every vertex; rings open and grouped into polygons.
//! Source: recipe 2.8, steps 9 to 16.
//!
//! Only plans that look at the features of a tile stage them; all others copy the bytes of pieces. A staged
//! piece has a block of its own kind: the id as expressions see it, then every attribute:
//!
//! ```text
//! id         value
//! entries    key u32   number in Keys, then a value
//! value      kind u8, then nothing, a number in eight bytes, or a length u32 and a text
//! ```

use std::sync::Arc;

use zellige_model::{Attributes, Geometry, Grid, Value, ValueRef};

use crate::decode::decode_geometry;
use crate::key::KeyCache;
use crate::piece::{Body, Head};
use crate::select::Selected;

/// What a byte of a block becomes at most: an entry of five bytes and its name one of 32 and a text of some length.
const OPENED_BLOCK_BYTES: usize = 8;
/// What a byte of a body becomes at most: a vertex of two bytes one of eight, in a buffer that may be half empty.
const OPENED_BODY_BYTES: usize = 8;

/// A feature of one tile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StagedFeature {
    /// The position in the source; that of the first member when features are merged.
    pub place: u64,
    /// The id in the tile.
    pub id: Option<u64>,
    /// The id as expressions see it, before hashing; [`Value::Null`] when absent.
    pub id_value: Value,
    /// What lies in the window of the tile; legal, see `validate`.
    pub geometry: Geometry<Grid>,
    /// Whether the polygon covers the whole window.
    pub fills: bool,
    /// All attributes, each key once; arrays and objects as JSON text.
    pub attributes: Attributes,
}

/// Reads the geometry of a piece into the emptied `out`.
///
/// # Panics
///
/// When [`write_body`](crate::piece::write_body) did not write the body.
pub fn open_geometry(body: Body<'_>, out: &mut Geometry<Grid>) {
    decode_geometry(body.commands, body.kind, out).expect("the commands were written from a geometry");
}

/// Writes the block of a feature into the emptied `out`.
pub fn pack(selected: Selected<'_>, keys: &mut KeyCache<'_>, out: &mut Vec<u8>) {
    out.clear();
    push_value(selected.id.as_ref(), out);
    for (position, (name, value)) in selected.attributes.iter().enumerate() {
        out.extend_from_slice(&keys.get(position, name).number.to_le_bytes());
        push_value(value, out);
    }
}

/// Opens a piece; `names` are those of all keys.
///
/// # Panics
///
/// When [`pack`] did not write the block, or `write_body` the body.
#[must_use]
pub fn open(place: u64, mut block: &[u8], body: &[u8], names: &[Arc<str>]) -> StagedFeature {
    let body = Body::open(body);
    let id_value = take_value(&mut block).to_owned();
    let mut attributes = Attributes::default();
    while !block.is_empty() {
        let key = u32::from_le_bytes(take(&mut block, 4).try_into().expect("a key has four bytes"));
        attributes.push(&names[key as usize], take_value(&mut block));
    }
    let mut geometry = Geometry::default();
    open_geometry(body, &mut geometry);
    let Head { id, fills, owed: _ } = body.head;
    StagedFeature { place, id, id_value, geometry, fills, attributes }
}

/// Returns at least the bytes that a piece takes once it is opened.
pub(crate) const fn opened_bytes_max(block: &[u8], body: &[u8]) -> usize {
    size_of::<StagedFeature>() + block.len() * OPENED_BLOCK_BYTES + body.len() * OPENED_BODY_BYTES
}

fn push_value(value: ValueRef<'_>, out: &mut Vec<u8>) {
    let mut text = |kind: u8, text: &str| {
        out.push(kind);
        out.extend_from_slice(&(text.len() as u32).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    };
    let (kind, number) = match value {
        ValueRef::String(value) => return text(6, value),
        ValueRef::Json(value) => return text(7, value),
        ValueRef::Null => return out.push(0),
        ValueRef::Bool(is_true) => return out.push(1 + u8::from(is_true)),
        ValueRef::Int(number) => (3, number.to_le_bytes()),
        ValueRef::UInt(number) => (4, number.to_le_bytes()),
        ValueRef::Double(number) => (5, number.to_le_bytes()),
    };
    out.push(kind);
    out.extend_from_slice(&number);
}

fn take_value<'b>(block: &mut &'b [u8]) -> ValueRef<'b> {
    let kind = take(block, 1)[0];
    let number = |block: &mut &'b [u8]| take(block, 8).try_into().expect("a number has eight bytes");
    let text = |block: &mut &'b [u8]| {
        let len = u32::from_le_bytes(take(block, 4).try_into().expect("a length has four bytes"));
        std::str::from_utf8(take(block, len as usize)).expect("the block was made from text")
    };
    match kind {
        0 => ValueRef::Null,
        1 | 2 => ValueRef::Bool(kind == 2),
        3 => ValueRef::Int(i64::from_le_bytes(number(block))),
        4 => ValueRef::UInt(u64::from_le_bytes(number(block))),
        5 => ValueRef::Double(f64::from_le_bytes(number(block))),
        6 => ValueRef::String(text(block)),
        _ => ValueRef::Json(text(block)),
    }
}

fn take<'b>(block: &mut &'b [u8], len: usize) -> &'b [u8] {
    let (taken, rest) = block.split_at(len);
    *block = rest;
    taken
}

#[cfg(test)]
mod tests {
    use zellige_testkit::drawn;

    use super::*;
    use crate::piece::write_body;

    fn check(wkt: &str) {
        let (mut bytes, mut out) = (Vec::new(), Geometry::default());
        write_body(&drawn::geometry(wkt), Head { id: Some(7), ..Head::default() }, &mut bytes);
        open_geometry(Body::open(&bytes), &mut out);
        assert_eq!(drawn::text(&out), wkt);
    }

    #[test]
    fn attributes_and_id_come_back() {
        let mut attributes = Attributes::default();
        for (name, value) in [
            ("nothing", ValueRef::Null),
            ("flag", ValueRef::Bool(true)),
            ("int", ValueRef::Int(-3)),
            ("uint", ValueRef::UInt(u64::MAX)),
            ("double", ValueRef::Double(0.5)),
            ("text", ValueRef::String("ä")),
            ("list", ValueRef::Json("[1]")),
        ] {
            attributes.push(name, value);
        }
        let (keys, id) = (crate::key::Keys::default(), Value::String("A-17".into()));
        let (mut block, mut body) = (Vec::new(), Vec::new());
        pack(Selected { id: &id, attributes: &attributes }, &mut KeyCache::new(&keys), &mut block);
        write_body(&drawn::geometry("POINT(1 2)"), Head { id: Some(5), ..Head::default() }, &mut body);
        let opened = open(9, &block, &body, &keys.names());
        assert_eq!((opened.place, opened.id, opened.id_value), (9, Some(5), id));
        assert_eq!(opened.attributes, attributes);
    }

    #[test]
    fn geometry_of_a_piece_comes_back() {
        for wkt in [
            "POINT(-20 4116)",
            "MULTIPOINT(1 2,1 2,-3 4)",
            "LINESTRING(0 0,8 8,0 0)",
            "MULTILINESTRING((0 0,8 8),(100000 -100000,1 1))",
            "POLYGON((0 0,8 0,8 8,0 8),(2 2,2 6,6 6,6 2))",
            "MULTIPOLYGON(((0 0,8 0,8 8,0 8),(1 1,1 7,7 7,7 1)),((2 2,6 2,6 6,2 6)))",
        ] {
            check(wkt);
        }
    }
}
