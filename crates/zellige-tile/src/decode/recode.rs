//! Layers to bytes of a vector tile: the way back from `decode`.
//!
//! In:     a [`DecodedTile`], perhaps with features, attributes or geometry taken out or changed.
//! Out:    the bytes of a tile; layers without features are left out.
//! Keeps:  the order of layers, features and attributes, ids, extents and versions; values, where a number
//!         takes the shortest form that holds it exactly. Keys and values that no feature has are left out.
//! Source: MVT 2.1 §4.
//!
//! Features of an unknown kind and numbers that are not finite are left out: no client draws either.

use zellige_model::{Value, ValueRef};

use crate::decode::{DecodedFeature, DecodedLayer, DecodedTile};
use crate::encode::command::push_commands;
use crate::encode::push_varint;
use crate::encode::value::push_value;

/// A float as a field of a `Value` message.
const TAG_FLOAT: u8 = 2 << 3 | 5;

/// Appends the bytes of `tile` to `out`.
///
/// # Panics
///
/// When a feature refers to keys or values beyond the tables of its layer.
///
/// # Examples
///
/// ```
/// let bytes = b"\x1a\x10\x0a\x01a\x12\x07\x18\x01\x22\x03\x09\x02\x02\x28\x08\x78\x02";
/// let tile = zellige_tile::decode::decode(bytes)?;
/// let mut out = Vec::new();
/// zellige_tile::decode::recode::recode(&tile, &mut out);
/// assert_eq!(zellige_tile::decode::decode(&out)?, tile);
/// # Ok::<(), zellige_tile::decode::DecodeError>(())
/// ```
pub fn recode(tile: &DecodedTile, out: &mut Vec<u8>) {
    let mut message = Vec::new();
    for layer in &tile.layers {
        message.clear();
        if push_layer(layer, &mut message) {
            push_message(out, 3, &message);
        }
    }
}

/// Appends the fields of a layer; whether it has a feature.
fn push_layer(layer: &DecodedLayer, out: &mut Vec<u8>) -> bool {
    out.extend_from_slice(&[15 << 3, layer.version as u8]);
    push_message(out, 1, layer.name.as_bytes());
    out.push(5 << 3);
    push_varint(out, layer.extent.into());
    let values: Vec<Option<Vec<u8>>> = layer.values.iter().map(value).collect();
    let mut keys = Used::of(layer.keys.len());
    let mut values_used = Used::of(layer.values.len());
    let (mut message, mut tags, mut commands) = (Vec::new(), Vec::new(), Vec::new());
    let mut has_feature = false;
    for feature in &layer.features {
        let Some(kind) = feature.kind.filter(|_| !feature.geometry.is_empty()) else { continue };
        tags.clear();
        for [key, value] in &feature.tags {
            if values[*value as usize].is_some() {
                push_varint(&mut tags, keys.place(*key).into());
                push_varint(&mut tags, values_used.place(*value).into());
            }
        }
        commands.clear();
        push_commands(&feature.geometry, &mut commands);
        message.clear();
        push_feature(feature, &tags, (kind as u8, &commands), &mut message);
        push_message(out, 2, &message);
        has_feature = true;
    }
    for key in &keys.order {
        push_message(out, 3, layer.keys[*key as usize].as_bytes());
    }
    for value in &values_used.order {
        push_message(out, 4, values[*value as usize].as_deref().unwrap_or_default());
    }
    has_feature
}

fn push_feature(feature: &DecodedFeature, tags: &[u8], (kind, commands): (u8, &[u8]), out: &mut Vec<u8>) {
    if let Some(id) = feature.id {
        out.push(1 << 3);
        push_varint(out, id);
    }
    if !tags.is_empty() {
        push_message(out, 2, tags);
    }
    out.extend_from_slice(&[3 << 3, kind + 1]);
    push_message(out, 4, commands);
}

/// Appends a field that holds bytes.
fn push_message(out: &mut Vec<u8>, number: u8, message: &[u8]) {
    out.push(number << 3 | 2);
    push_varint(out, message.len() as u64);
    out.extend_from_slice(message);
}

/// Returns the `Value` message of a value; nothing for one that tiles cannot hold.
fn value(value: &Value) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match value.as_ref() {
        ValueRef::Double(number) if is_float(number) => {
            out.push(TAG_FLOAT);
            out.extend_from_slice(&(number as f32).to_le_bytes());
        }
        other => {
            push_value(other, &mut out).ok()?;
        }
    }
    Some(out)
}

/// Whether a number is finite, not whole, and the same in 32 bits.
fn is_float(number: f64) -> bool {
    number.is_finite() && number.fract() != 0.0 && f64::from(number as f32).to_bits() == number.to_bits()
}

/// Which entries of a table are used, in order of first use.
struct Used {
    /// By index in the old table: index in the new one, plus one.
    places: Vec<u32>,
    order: Vec<u32>,
}

impl Used {
    fn of(len: usize) -> Self {
        Self { places: vec![0; len], order: Vec::new() }
    }

    fn place(&mut self, index: u32) -> u32 {
        let place = &mut self.places[index as usize];
        if *place == 0 {
            self.order.push(index);
            *place = self.order.len() as u32;
        }
        *place - 1
    }
}

#[cfg(test)]
mod tests {
    use zellige_model::{Geometry, GeometryKind, Grid};

    use super::*;
    use crate::decode::decode;

    fn point(tags: &[[u32; 2]]) -> DecodedFeature {
        let geometry = Geometry { points: vec![Grid::new(1, -2)], ..Geometry::default() };
        DecodedFeature { id: Some(7), kind: Some(GeometryKind::Point), geometry, tags: tags.into() }
    }

    fn layer(features: Vec<DecodedFeature>) -> DecodedLayer {
        let keys = vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let values = vec![Value::Double(1.5), Value::Double(0.1), Value::Int(-3), Value::Double(f64::NAN)];
        DecodedLayer { name: "ö / x".to_owned(), version: 1, extent: 512, keys, values, features }
    }

    /// Compares the attributes of the features that come back, in order.
    fn check(features: &[&[[u32; 2]]], expected: &str) {
        let features = features.iter().map(|tags| point(tags)).collect();
        let mut out = Vec::new();
        recode(&DecodedTile { layers: vec![layer(features)] }, &mut out);
        let tile = decode(&out).unwrap();
        let back = tile.layers.iter().flat_map(|layer| {
            assert_eq!((layer.name.as_str(), layer.version, layer.extent), ("ö / x", 1, 512));
            layer.features.iter().map(|feature| {
                let attributes = layer.attributes(feature).map(|(key, value)| format!("{key}={value:?}"));
                attributes.collect::<Vec<_>>().join(" ")
            })
        });
        assert_eq!(back.collect::<Vec<_>>().join("; "), expected);
        let n_keys: usize = tile.layers.iter().map(|layer| layer.keys.len()).sum();
        assert!(n_keys <= 3);
    }

    #[test]
    fn attributes_come_back_without_those_that_nobody_has() {
        check(&[&[[2, 0]], &[[0, 2], [2, 1]]], "c=Double(1.5); a=Int(-3) c=Double(0.1)");
        check(&[&[[1, 3], [0, 0]]], "a=Double(1.5)");
        check(&[], "");
    }

    #[test]
    fn unknown_kinds_and_empty_geometries_go() {
        let unknown = DecodedFeature { kind: None, ..point(&[]) };
        let empty = DecodedFeature { geometry: Geometry::default(), ..point(&[]) };
        let mut out = Vec::new();
        recode(&DecodedTile { layers: vec![layer(vec![unknown, empty])] }, &mut out);
        assert!(out.is_empty());
    }
}
