//! Finished pieces to a layer message, never longer than asked.
//!
//! In:     attribute blocks and bodies in output order.
//! Out:    a `Layer` message: features that share keys and values; the size it would have had whole.
//! Keeps:  order; the layer ends before the first feature that does not fit (recipe 2.7). One that would not fit even
//!         alone is passed over: no order and no other feature could make room for it.
//! Source: MVT 2.1 §4.1, §4.2 (each key and value once); keys stand in order of first use, values of one key together,
//!         see `regroup`.
//!
//! Every accepted feature leaves a mark, and tables only grow, so the layer can be cut back to any
//! number of features. Which number a value gets is known at the end, so tags are numbers until then: a layer is
//! measured with values in order of first use, and features become bytes when it is written. Features beyond its end,
//! and those that are passed over, are only measured. A full layer takes bounded memory, however many features come.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;
use zellige_model::{Extent, FieldKind, GeometryKind, LayerName};

use super::regroup::Grouping;
use super::seen::SeenValues;
use super::table::{KeyTable, ValueTable};
use super::{push_varint, varint_len};
use crate::block::{Block, Entry};
use crate::checksum::mix;
use crate::piece::Body;

const TAG_FEATURE: u8 = 2 << 3 | 2;
const TAG_ID: u8 = 1 << 3;
const TAG_TAGS: u8 = 2 << 3 | 2;

/// Builds one layer of one tile after the other, in buffers that stay.
#[derive(Debug, Default)]
pub struct LayerEncoder {
    bytes_max: u64,
    head: Vec<u8>,
    keys: KeyTable,
    values: ValueTable,
    marks: Vec<Mark>,
    /// Of all features, one after the other.
    tags: Vec<Tag>,
    /// Fields of all features but their tags: the id, if there is one, then kind and commands.
    shapes: Vec<u8>,
    overflow: Option<Overflow>,
    /// Whether a feature that would fit alone did not fit any more.
    is_ended: bool,
    grouping: Grouping,
    fields: Vec<u8>,
}

/// Numbers of a key and a value, in order of first use.
#[derive(Clone, Copy, Debug)]
struct Tag {
    key: u32,
    value: u32,
}

/// Where the layer stands after a feature: bytes of its parts, the number of tags, and what was the latest feature.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    features: u32,
    keys: u32,
    values: u32,
    shapes: u32,
    tags: u32,
    id_len: u8,
    kind: u8,
    checksum: u64,
}

/// What the features that did not fit would add.
#[derive(Debug, Default)]
struct Overflow {
    bytes: u64,
    keys: FxHashMap<u32, u32>,
    values: SeenValues,
    /// Keys and values of features that were passed over, which may stand before any of the tables.
    passed: (u32, u32),
}

impl Overflow {
    /// Returns the index of a value behind `n_before` others, and counts its bytes when it is new.
    fn value(&mut self, entry: &Entry<'_>, n_before: usize) -> u32 {
        let (number, is_new) = self.values.number(entry.hash);
        if is_new {
            self.bytes += framed_len(entry.value.len());
        }
        n_before as u32 + number
    }
}

impl LayerEncoder {
    /// Forgets the last layer and starts one of at most `bytes_max` bytes.
    pub fn begin(&mut self, name: &LayerName, extent: Extent, bytes_max: u64) {
        self.bytes_max = bytes_max;
        self.head.clear();
        self.head.extend_from_slice(&[15 << 3, 2, 1 << 3 | 2]);
        push_varint(&mut self.head, name.as_str().len() as u64);
        self.head.extend_from_slice(name.as_str().as_bytes());
        self.head.push(5 << 3);
        push_varint(&mut self.head, u64::from(extent.get()));
        self.keys.clear();
        self.values.clear();
        self.marks.clear();
        self.tags.clear();
        self.shapes.clear();
        self.overflow = None;
        self.is_ended = false;
    }

    /// Adds a feature, or measures it when the layer is full; `names` are those of all keys.
    ///
    /// Returns the bytes of a layer of this feature alone when that is more than the layer may have.
    pub fn push(&mut self, block: &Block<'_>, body: &Body<'_>, names: &[Arc<str>]) -> Option<u64> {
        self.values.touch(block.entries());
        if self.is_ended {
            self.measure(block, body, names, 0);
            return None;
        }
        if block.withheld_bytes > 0 {
            return Some(self.pass_over(block, body, names));
        }
        let before = self.last_mark();
        let mut tags_len = 0;
        for entry in block.entries() {
            let key = self.keys.index(entry.key, &names[entry.key as usize]);
            let value = self.values.index(&entry, key);
            tags_len += varint_len(key.into()) + varint_len(value.into());
            self.tags.push(Tag { key, value });
        }
        let feature_len = framed_feature_len(body, tags_len);
        if self.len() + feature_len > self.bytes_max {
            self.keys.truncate(before.keys);
            self.values.truncate(before.values);
            self.tags.truncate(before.tags as usize);
            if self.len_alone(block, body, names) > self.bytes_max {
                return Some(self.pass_over(block, body, names));
            }
            self.is_ended = true;
            self.measure(block, body, names, 0);
            return None;
        }
        if self.overflow.is_some() {
            self.measure(block, body, names, feature_len);
        }
        let id_len = self.push_shape(body);
        for entry in block.entries() {
            self.note_field(&entry);
        }
        self.marks.push(Mark {
            features: before.features + feature_len as u32,
            keys: self.keys.bytes().len() as u32,
            values: self.values.bytes().len() as u32,
            shapes: self.shapes.len() as u32,
            tags: self.tags.len() as u32,
            id_len,
            kind: body.kind as u8,
            checksum: mix(mix(before.checksum, block.checksum), xxh3_64(body.commands) ^ body.kind as u64),
        });
        None
    }

    /// Measures a feature that does not fit even alone; returns the bytes of a layer of it alone.
    fn pass_over(&mut self, block: &Block<'_>, body: &Body<'_>, names: &[Arc<str>]) -> u64 {
        self.measure(block, body, names, 0);
        if let Some(overflow) = &mut self.overflow {
            overflow.passed = (overflow.keys.len() as u32, overflow.values.len());
        }
        self.len_alone(block, body, names)
    }

    /// Returns the bytes of a layer of this feature alone.
    fn len_alone(&self, block: &Block<'_>, body: &Body<'_>, names: &[Arc<str>]) -> u64 {
        let mut own = Overflow { bytes: block.withheld_bytes, ..Overflow::default() };
        let mut tags_len = 0;
        for (key, entry) in block.entries().enumerate() {
            own.bytes += framed_len(names[entry.key as usize].len());
            tags_len += varint_len(key as u64) + varint_len(u64::from(own.value(&entry, 0)));
        }
        self.head.len() as u64 + own.bytes + framed_feature_len(body, tags_len)
    }

    /// Keeps all of a feature but its tags; returns how many of the bytes are its id.
    fn push_shape(&mut self, body: &Body<'_>) -> u8 {
        let out = &mut self.shapes;
        let start = out.len();
        if let Some(id) = body.head.id {
            out.push(TAG_ID);
            push_varint(out, id);
        }
        let id_len = (out.len() - start) as u8;
        out.extend_from_slice(&[3 << 3, body.kind as u8 + 1, 4 << 3 | 2]);
        push_varint(out, body.commands.len() as u64);
        out.extend_from_slice(body.commands);
        id_len
    }

    /// Adds up what a feature would take beside all that came before it, also what did not fit, and what it takes
    /// more than the `written_len` that it has in the layer as it is.
    fn measure(&mut self, block: &Block<'_>, body: &Body<'_>, names: &[Arc<str>], written_len: u64) {
        let overflow = self.overflow.get_or_insert_default();
        let (keys_passed, values_passed) = overflow.passed;
        let mut tags_len = 0;
        for entry in block.entries() {
            let key = self.keys.find(entry.key).map(|key| key + keys_passed);
            let key = key.unwrap_or_else(|| {
                let next = (self.keys.len() + overflow.keys.len()) as u32;
                *overflow.keys.entry(entry.key).or_insert_with(|| {
                    overflow.bytes += framed_len(names[entry.key as usize].len());
                    next
                })
            });
            let value = self.values.find(&entry).map(|value| value + values_passed);
            let value = value.unwrap_or_else(|| overflow.value(&entry, self.values.len()));
            tags_len += varint_len(u64::from(key)) + varint_len(u64::from(value));
        }
        let whole_len = block.withheld_bytes + framed_feature_len(body, tags_len);
        overflow.bytes += whole_len - written_len;
    }

    fn note_field(&mut self, entry: &Entry<'_>) {
        let key = entry.key as usize;
        if self.fields.len() <= key {
            self.fields.resize(key + 1, 0);
        }
        self.fields[key] |= 1 << entry.kind as u8;
    }

    /// Returns the number of features that fit.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.marks.len()
    }

    /// Returns the length of the layer in bytes with all features that fit.
    #[must_use]
    pub fn len(&self) -> u64 {
        let tables = self.keys.bytes().len() + self.values.bytes().len();
        (self.head.len() + self.last_mark().features as usize + tables) as u64
    }

    fn last_mark(&self) -> Mark {
        self.marks.last().copied().unwrap_or_default()
    }

    /// Whether no feature fit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Returns the length that the layer would have with all features that were pushed.
    #[must_use]
    pub fn len_whole(&self) -> u64 {
        self.len() + self.overflow.as_ref().map_or(0, |overflow| overflow.bytes)
    }

    /// Whether features were left out.
    #[must_use]
    pub const fn is_capped(&self) -> bool {
        self.overflow.is_some()
    }

    /// Returns the largest number of features with which the layer has at most `bytes_max` bytes.
    #[must_use]
    pub fn n_features_within(&self, bytes_max: u64) -> usize {
        self.marks.partition_point(|mark| self.len_at(*mark) <= bytes_max)
    }

    fn len_at(&self, mark: Mark) -> u64 {
        self.head.len() as u64 + u64::from(mark.features) + u64::from(mark.keys) + u64::from(mark.values)
    }

    /// Appends the layer with its first `n_features` features, framed as a field of the tile; it may be shorter than
    /// was measured. Returns its length without the frame, and the checksum over its geometry and attributes.
    pub fn write(&mut self, n_features: usize, out: &mut Vec<u8>) -> (u64, u64) {
        let Some(mark) = n_features.checked_sub(1).map(|last| self.marks[last]) else { return (0, 0) };
        let start = out.len();
        // Room for the frame, which states the length.
        let frame_len = (framed_layer_len(self.len_at(mark)) - self.len_at(mark)) as usize;
        out.resize(start + frame_len, 0);
        out.extend_from_slice(&self.head);
        let features = out.len();
        self.grouping.group(&self.keys, &self.values, mark.values);
        self.push_features(n_features, out);
        if out.len() - features > mark.features as usize {
            out.truncate(features);
            self.grouping.ungroup();
            self.push_features(n_features, out);
        }
        out.extend_from_slice(&self.keys.bytes()[..mark.keys as usize]);
        self.grouping.push_values(&self.values, out);
        let len = (out.len() - start - frame_len) as u64;
        let mut frame = vec![3 << 3 | 2];
        push_varint(&mut frame, len);
        out.splice(start..start + frame_len, frame);
        (len, mark.checksum)
    }

    /// Appends the first `n_features` features, framed as fields of the layer.
    fn push_features(&self, n_features: usize, out: &mut Vec<u8>) {
        let numbers = self.grouping.numbers();
        let (mut tags, mut shapes) = (&self.tags[..], &self.shapes[..]);
        let mut before = Mark::default();
        for mark in &self.marks[..n_features] {
            let (own, rest) = tags.split_at((mark.tags - before.tags) as usize);
            let (shape, shapes_rest) = shapes.split_at((mark.shapes - before.shapes) as usize);
            (tags, shapes, before) = (rest, shapes_rest, *mark);
            let own = own.iter().map(|tag| (u64::from(tag.key), u64::from(numbers[tag.value as usize])));
            let tags_len = own.clone().map(|(key, value)| varint_len(key) + varint_len(value)).sum();
            let (id, shape) = shape.split_at(mark.id_len.into());
            out.push(TAG_FEATURE);
            push_varint(out, (id.len() + framed_tags_len(tags_len) + shape.len()) as u64);
            out.extend_from_slice(id);
            if tags_len != 0 {
                out.push(TAG_TAGS);
                push_varint(out, tags_len as u64);
                for (key, value) in own {
                    push_varint(out, key);
                    push_varint(out, value);
                }
            }
            out.extend_from_slice(shape);
        }
    }

    /// Returns the kinds of the first `n_features` features.
    pub fn kinds(&self, n_features: usize) -> impl Iterator<Item = GeometryKind> {
        self.marks[..n_features].iter().map(|mark| match mark.kind {
            0 => GeometryKind::Point,
            1 => GeometryKind::LineString,
            _ => GeometryKind::Polygon,
        })
    }

    /// Returns for each key number which kinds of values were written since the encoder was made.
    #[must_use]
    pub fn fields(&self) -> Vec<Option<FieldKind>> {
        self.fields.iter().map(|bits| field_kind(*bits)).collect()
    }
}

const fn field_kind(bits: u8) -> Option<FieldKind> {
    match bits {
        0 => None,
        1 => Some(FieldKind::String),
        2 => Some(FieldKind::Number),
        4 => Some(FieldKind::Boolean),
        _ => Some(FieldKind::Mixed),
    }
}

/// Returns the length of a layer as a field of the tile.
#[must_use]
pub const fn framed_layer_len(len: u64) -> u64 {
    1 + varint_len(len) as u64 + len
}

/// Returns the length of a field of so many bytes: a name, a value, a feature.
pub(crate) const fn framed_len(len: usize) -> u64 {
    (1 + varint_len(len as u64) + len) as u64
}

/// Returns the length of a feature as a field of the layer.
fn framed_feature_len(body: &Body<'_>, tags_len: usize) -> u64 {
    let id = body.head.id.map_or(0, |id| 1 + varint_len(id));
    let commands = 1 + varint_len(body.commands.len() as u64) + body.commands.len();
    framed_len(id + framed_tags_len(tags_len) + 2 + commands)
}

/// Returns the length of tags as a field of the feature, which has none when there are no tags.
const fn framed_tags_len(tags_len: usize) -> usize {
    if tags_len == 0 { 0 } else { 1 + varint_len(tags_len as u64) + tags_len }
}
