//! A tile as text, for people, for comparison and for golden files.
//!
//! In:     a decoded tile and its place in the pyramid.
//! Out:    lines of UTF-8, each ended by `\n`.
//! Keeps:  everything but the tables of keys and values: two tiles that say the same have the same text.
//! Source: our own, a public format; geometry as in WKT, with rings left open.
//!
//! ```text
//! tile 14/8536/5727
//! layer "water" version 2 extent 4096 features 2
//!   17 POLYGON((0 0,8 0,8 8,0 8),(2 2,2 6,6 6,6 2)) {"name":"Gänsli \"See\"","depth":3.0,"rank":3}
//!   - MULTIPOINT(1 2,-3 4) {}
//! ```
//!
//! - The first line is `tile z/x/y`.
//! - A layer is a line with its name as JSON text, its version, its extent and its number of features.
//! - A feature is one line, indented by two spaces: id or `-`, geometry, attributes.
//! - Geometry is WKT in whole units of the extent, y down. The last point of a ring is joined to its
//!   first, which is not repeated. `UNKNOWN` stands for a kind that the specification does not name.
//! - Attributes look like a JSON object in tile order; a key that the tile holds twice comes twice.
//!   Whole numbers have neither point nor exponent, other numbers always have one of them
//!   (`3` and `3.0`), and the shortest digits that give the same number; `NaN`, `inf` and `-inf` are
//!   what JSON lacks.
//! - In JSON text, control characters and the separators U+2028 and U+2029 are escaped, so that a
//!   feature is one line for every reader.

use std::fmt::Write as _;

use zellige_model::{Geometry, GeometryKind, Grid, TileCoord, ValueRef};

use crate::decode::{DecodedFeature, DecodedLayer, DecodedTile};

/// Returns `decoded` as text.
///
/// # Examples
///
/// ```
/// use zellige_tile::{decode::decode, text::to_text};
///
/// let bytes = b"\x1a\x10\x0a\x01a\x12\x07\x18\x01\x22\x03\x09\x02\x02\x28\x08\x78\x02";
/// let tile = zellige_model::TileCoord::parse("1/0/1").expect("lies in zoom 1");
/// let text = "tile 1/0/1\nlayer \"a\" version 2 extent 8 features 1\n  - POINT(1 1) {}\n";
/// assert_eq!(to_text(tile, &decode(bytes)?), text);
/// # Ok::<(), zellige_tile::decode::DecodeError>(())
/// ```
#[must_use]
pub fn to_text(tile: TileCoord, decoded: &DecodedTile) -> String {
    let mut out = format!("tile {tile}\n");
    for layer in &decoded.layers {
        push_layer(&mut out, layer);
    }
    out
}

fn push_layer(out: &mut String, layer: &DecodedLayer) {
    out.push_str("layer ");
    push_json(out, &layer.name);
    let DecodedLayer { version, extent, features, .. } = layer;
    put(out, format_args!(" version {version} extent {extent} features {}\n", features.len()));
    for feature in features {
        push_feature(out, layer, feature);
    }
}

fn push_feature(out: &mut String, layer: &DecodedLayer, feature: &DecodedFeature) {
    match feature.id {
        Some(id) => put(out, format_args!("  {id} ")),
        None => out.push_str("  - "),
    }
    match feature.kind {
        Some(_) => push_geometry(out, &feature.geometry),
        None => out.push_str("UNKNOWN"),
    }
    out.push_str(" {");
    push_joined(out, layer.attributes(feature), |out, (key, value)| {
        push_json(out, key);
        out.push(':');
        push_value(out, value);
    });
    out.push_str("}\n");
}

fn push_geometry(out: &mut String, geometry: &Geometry<Grid>) {
    let (word, n_members) = match geometry.kind {
        GeometryKind::Point => ("POINT", geometry.points.len()),
        GeometryKind::LineString => ("LINESTRING", geometry.part_ends.len()),
        GeometryKind::Polygon => ("POLYGON", geometry.polygon_ends.len()),
    };
    if n_members == 0 {
        return put(out, format_args!("{word} EMPTY"));
    }
    let multi = n_members > 1;
    if multi {
        out.push_str("MULTI");
    }
    out.push_str(word);
    match geometry.kind {
        GeometryKind::Point => push_points(out, &geometry.points),
        GeometryKind::LineString if multi => push_list(out, geometry.parts(), push_points),
        GeometryKind::LineString => geometry.parts().for_each(|line| push_points(out, line)),
        GeometryKind::Polygon => {
            let push_rings = |out: &mut String, rings: std::ops::Range<usize>| {
                push_list(out, rings.map(|ring| geometry.part(ring)), push_points);
            };
            if multi {
                push_list(out, geometry.polygons(), push_rings);
            } else {
                geometry.polygons().for_each(|rings| push_rings(out, rings));
            }
        }
    }
}

fn push_points(out: &mut String, points: &[Grid]) {
    push_list(out, points, |out, point| put(out, format_args!("{} {}", point.x, point.y)));
}

fn push_value(out: &mut String, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => out.push_str("null"),
        ValueRef::Bool(value) => put(out, format_args!("{value}")),
        ValueRef::Int(value) => put(out, format_args!("{value}")),
        ValueRef::UInt(value) => put(out, format_args!("{value}")),
        ValueRef::Double(value) => put(out, format_args!("{value:?}")),
        ValueRef::String(text) | ValueRef::Json(text) => push_json(out, text),
    }
}

/// Appends `text` as a JSON text with its quotes.
fn push_json(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{2028}' | '\u{2029}' => put(out, format_args!("\\u{:04x}", letter as u32)),
            _ if letter.is_control() => put(out, format_args!("\\u{:04x}", letter as u32)),
            _ => out.push(letter),
        }
    }
    out.push('"');
}

/// Appends `items` in parentheses.
fn push_list<T>(out: &mut String, items: impl IntoIterator<Item = T>, push: impl FnMut(&mut String, T)) {
    out.push('(');
    push_joined(out, items, push);
    out.push(')');
}

/// Appends `items` with commas between them.
fn push_joined<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut push: impl FnMut(&mut String, T),
) {
    for (idx, item) in items.into_iter().enumerate() {
        if idx > 0 {
            out.push(',');
        }
        push(out, item);
    }
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a string does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use zellige_model::Value;

    fn geometry(kind: GeometryKind, polygons: &[&[&[[i32; 2]]]]) -> Geometry<Grid> {
        let mut out = Geometry::default();
        out.reset(kind);
        for rings in polygons {
            for ring in *rings {
                out.points.extend(ring.iter().map(|[x, y]| Grid::new(*x, *y)));
                if kind != GeometryKind::Point {
                    out.end_part();
                }
            }
            if kind == GeometryKind::Polygon {
                out.end_polygon();
            }
        }
        out
    }

    fn check(geometry: Geometry<Grid>, value: Value, expected: &str) {
        let feature = DecodedFeature { id: None, kind: Some(geometry.kind), geometry, tags: vec![[0, 0]] };
        let layer = DecodedLayer {
            name: "a".to_owned(),
            version: 2,
            extent: 8,
            keys: vec!["k".to_owned()],
            values: vec![value],
            features: vec![feature],
        };
        let tile = TileCoord::parse("3/1/2").unwrap();
        let text = to_text(tile, &DecodedTile { layers: vec![layer] });
        let head = "tile 3/1/2\nlayer \"a\" version 2 extent 8 features 1\n  - ";
        assert_eq!(text, format!("{head}{expected}\n"));
    }

    #[test]
    fn single_and_multi_geometry_of_every_kind() {
        use GeometryKind::{LineString, Point, Polygon};
        let geometries = [
            (geometry(Point, &[&[&[[1, -2]]]]), "POINT(1 -2)"),
            (geometry(Point, &[&[&[[1, 2], [3, 4]]]]), "MULTIPOINT(1 2,3 4)"),
            (geometry(LineString, &[&[&[[1, 2], [3, 4]]]]), "LINESTRING(1 2,3 4)"),
            (
                geometry(LineString, &[&[&[[1, 2], [3, 4]], &[[5, 6], [7, 8]]]]),
                "MULTILINESTRING((1 2,3 4),(5 6,7 8))",
            ),
            (
                geometry(Polygon, &[&[&[[0, 0], [9, 0], [9, 9]], &[[5, 4], [6, 5], [6, 4]]]]),
                "POLYGON((0 0,9 0,9 9),(5 4,6 5,6 4))",
            ),
            (
                geometry(Polygon, &[&[&[[0, 0], [9, 0], [9, 9]]], &[&[[0, 1], [8, 9], [0, 9]]]]),
                "MULTIPOLYGON(((0 0,9 0,9 9)),((0 1,8 9,0 9)))",
            ),
            (geometry(Polygon, &[]), "POLYGON EMPTY"),
        ];
        for (geometry, expected) in geometries {
            check(geometry, Value::Bool(true), &format!("{expected} {{\"k\":true}}"));
        }
    }

    #[test]
    fn values_show_their_type() {
        let values = [
            (Value::Int(3), "3"),
            (Value::Int(-3), "-3"),
            (Value::UInt(u64::MAX), "18446744073709551615"),
            (Value::Double(3.0), "3.0"),
            (Value::Double(0.1), "0.1"),
            (Value::Double(1e300), "1e300"),
            (Value::Double(f64::NEG_INFINITY), "-inf"),
            (Value::String("3".to_owned()), "\"3\""),
            (Value::String("a \"b\"\\\n\u{1}\u{2028}ß".to_owned()), r#""a \"b\"\\\n\u0001\u2028ß""#),
        ];
        for (value, expected) in values {
            let point = geometry(GeometryKind::Point, &[&[&[[0, 0]]]]);
            check(point, value, &format!("POINT(0 0) {{\"k\":{expected}}}"));
        }
    }
}
