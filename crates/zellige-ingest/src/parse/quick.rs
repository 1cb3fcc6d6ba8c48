//! Reads a feature that is right in every respect, in one pass.
//!
//! In:     a line as text; members in any order.
//! Out:    the feature in `out` and its notes; `None` when something is unusual, and `out` is then
//!         half written.
//! Keeps:  what [`super::thorough`] would have read, value for value. Unusual, and so left to it: members
//!         that come twice, escapes in their names, and every fault.
//! Source: RFC 7946 §3.

use zellige_model::{Attributes, Feature, FindingCode, LonLat, Value, ValueRef};

use super::Shape;
use super::number::Number;
use super::repeats::Repeats;
use super::scan::{Quoted, Scan};
use super::text::unescape;
use crate::{Notes, check};

/// What is kept from line to line.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    key: String,
    value: String,
    repeats: Repeats,
}

/// What has been read of a feature.
#[derive(Default)]
struct Members {
    /// Which of the members below have come.
    seen: u8,
    notes: Notes,
}

/// Bytes of a position, if it is as long as most of them.
const POSITION_BYTES: usize = 24;

const TYPE: u8 = 1;
const GEOMETRY: u8 = 2;
const PROPERTIES: u8 = 4;
const ID: u8 = 8;

/// Reads `line` into `out`.
pub(super) fn read(line: &str, buffers: &mut Buffers, out: &mut Feature) -> Option<Notes> {
    let mut scan = Scan::new(line);
    let mut members = Members::default();
    out.attributes.clear();
    scan.object(|scan, name| {
        if name.is_escaped {
            return None;
        }
        match name.text {
            "type" => {
                members.first(TYPE)?;
                (scan.string()?.text == "Feature").then_some(())
            }
            "geometry" => {
                members.first(GEOMETRY)?;
                geometry(scan, out, &mut members.notes)
            }
            "properties" => {
                members.first(PROPERTIES)?;
                properties(scan, buffers, &mut out.attributes, &mut members.notes)
            }
            "id" => {
                members.first(ID)?;
                id(scan, &mut buffers.value, &mut out.id, &mut members.notes)
            }
            _ => scan.skip(1),
        }
    })?;
    if members.seen & ID == 0 {
        out.id = Value::Null;
    }
    let is_whole = members.seen & (TYPE | GEOMETRY) == TYPE | GEOMETRY;
    (is_whole && scan.is_done()).then_some(members.notes)
}

impl Members {
    /// Takes note of `member`; nothing when it came before.
    fn first(&mut self, member: u8) -> Option<()> {
        let is_new = self.seen & member == 0;
        self.seen |= member;
        is_new.then_some(())
    }
}

/// Steps over a geometry; coordinates that come before their type are stepped over twice.
fn geometry(scan: &mut Scan<'_>, out: &mut Feature, notes: &mut Notes) -> Option<()> {
    let (mut shape, mut early, mut is_read) = (None, None, false);
    scan.object(|scan, name| {
        if name.is_escaped {
            return None;
        }
        match (name.text, shape) {
            ("type", None) => {
                shape = Some(Shape::parse(scan.string()?.text)?);
                Some(())
            }
            ("coordinates", _) if is_read || early.is_some() => None,
            ("coordinates", None) => {
                early = Some(scan.at());
                scan.skip(2)
            }
            ("coordinates", Some(shape)) => {
                is_read = true;
                coordinates(scan, shape, out, notes)
            }
            ("type", Some(_)) => None,
            _ => scan.skip(2),
        }
    })?;
    if let Some(start) = early {
        is_read = true;
        coordinates(&mut scan.from(start), shape?, out, notes)?;
    }
    if !is_read {
        return None;
    }
    check::finish(&out.geometry, notes).ok()
}

/// Steps over the coordinates of `shape`.
fn coordinates(scan: &mut Scan<'_>, shape: Shape, out: &mut Feature, notes: &mut Notes) -> Option<()> {
    let geometry = &mut out.geometry;
    geometry.reset(shape.kind());
    // Buffers of many megabytes grow at a cost.
    geometry.points.reserve(scan.n_bytes_left() / POSITION_BYTES);
    match shape {
        Shape::Point => position(scan, &mut geometry.points),
        Shape::MultiPoint => positions(scan, &mut geometry.points),
        Shape::LineString => {
            positions(scan, &mut geometry.points)?;
            check::end_line(geometry).ok()
        }
        Shape::MultiLineString => scan.list(|scan| {
            positions(scan, &mut geometry.points)?;
            check::end_line(geometry).ok()
        }),
        Shape::Polygon => {
            scan.list(|scan| {
                positions(scan, &mut geometry.points)?;
                check::end_ring(geometry, notes).ok()
            })?;
            geometry.end_polygon();
            Some(())
        }
        Shape::MultiPolygon => scan.list(|scan| {
            let n_rings = geometry.part_ends.len();
            scan.list(|scan| {
                positions(scan, &mut geometry.points)?;
                check::end_ring(geometry, notes).ok()
            })?;
            geometry.end_polygon();
            (geometry.part_ends.len() > n_rings).then_some(())
        }),
    }
}

#[inline]
fn positions(scan: &mut Scan<'_>, points: &mut Vec<LonLat>) -> Option<()> {
    scan.list(|scan| position(scan, points))
}

#[inline]
fn position(scan: &mut Scan<'_>, points: &mut Vec<LonLat>) -> Option<()> {
    scan.eat(b'[')?;
    let lon = scan.coordinate()?;
    scan.eat(b',')?;
    let lat = scan.coordinate()?;
    while scan.eat(b',').is_some() {
        scan.coordinate()?;
    }
    points.push(LonLat::new(lon, lat));
    scan.eat(b']')
}

/// Steps over `properties`, an object or `null`.
fn properties(
    scan: &mut Scan<'_>,
    buffers: &mut Buffers,
    out: &mut Attributes,
    notes: &mut Notes,
) -> Option<()> {
    if scan.peek() == b'n' {
        return scan.word("null");
    }
    let Buffers { key: key_text, value: value_text, repeats } = buffers;
    repeats.begin();
    scan.object(|scan, key| {
        let key = plain(key, key_text)?;
        repeats.add(key);
        match value(scan, value_text)? {
            ValueRef::Double(number) if !number.is_finite() => notes.add(FindingCode::NumberNotFinite),
            value => out.push(key, value),
        }
        Some(())
    })?;
    if repeats.are_possible() {
        out.keep_last_of_equal_keys();
    }
    Some(())
}

/// Steps over `id`; a text goes into the buffer of the text before it.
fn id(scan: &mut Scan<'_>, unescaped: &mut String, out: &mut Value, notes: &mut Notes) -> Option<()> {
    match (value(scan, unescaped)?, out) {
        (ValueRef::Double(number), out) if !number.is_finite() => {
            notes.add(FindingCode::NumberNotFinite);
            *out = Value::Null;
        }
        (ValueRef::String(text), Value::String(buffer)) => {
            buffer.clear();
            buffer.push_str(text);
        }
        (value, out) => *out = value.to_owned(),
    }
    Some(())
}

/// Steps over a value; a number may be infinite. Arrays and objects stand two deep, or one for an id.
#[inline]
fn value<'v, 'a: 'v>(scan: &mut Scan<'a>, unescaped: &'v mut String) -> Option<ValueRef<'v>> {
    let value = match scan.peek() {
        b'"' => ValueRef::String(plain(scan.string()?, unescaped)?),
        b't' => scan.word("true").map(|()| ValueRef::Bool(true))?,
        b'f' => scan.word("false").map(|()| ValueRef::Bool(false))?,
        b'n' => scan.word("null").map(|()| ValueRef::Null)?,
        b'{' | b'[' => {
            let start = scan.at();
            scan.skip(2)?;
            ValueRef::Json(scan.text_since(start))
        }
        _ => match scan.number()? {
            Number::Int(number) => ValueRef::Int(number),
            Number::UInt(number) => ValueRef::UInt(number),
            Number::Double(number) => ValueRef::Double(number),
        },
    };
    Some(value)
}

/// Returns the text that a string means.
#[inline]
fn plain<'v>(quoted: Quoted<'v>, unescaped: &'v mut String) -> Option<&'v str> {
    if !quoted.is_escaped {
        return Some(quoted.text);
    }
    unescape(quoted.text, unescaped)?;
    Some(unescaped)
}
