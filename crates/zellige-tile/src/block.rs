//! The written attributes of a feature, packed once for all tiles that copy them.
//!
//! In:     the attributes of a feature, the layer's plan.
//! Out:    a block of bytes that travels with every piece and that `encode` copies from:
//!
//! ```text
//! checksum   u64   over names and values, in order
//! withheld   u64   bytes that the attributes take when no layer has room for them, otherwise 0; then there is no entry
//! order      u8    rank of the kind, then u32 length and that many bytes (see OrderKey)
//! entries    for each written attribute:
//!              key    u32   number in Keys
//!              field  u32   length of the value << 2 | FieldKind
//!              hash   u64   xxh3 of the value
//!              value        a `Value` message of MVT
//! ```
//!
//! Keeps:  order of attributes; bytes in measure: values that are larger than any layer may be are in no tile, so they
//!         do not wait for one; the block is all that encoding sees of them (recipes that look at the
//!         features of a tile have blocks of their own until then, see `staged`).
//! Source: recipe 2.8, step 16; null, arrays and objects are never written.

use xxhash_rust::xxh3::xxh3_64;
use zellige_model::{Attributes, FieldKind};
use zellige_recipe::LayerPlan;

use crate::checksum::mix;
use crate::encode::layer::framed_len;
use crate::encode::value::{Unwritten, push_value};
use crate::key::KeyCache;
use crate::order::OrderKey;

const HEAD_BYTES: usize = 16;
const ENTRY_BYTES: usize = 16;
/// An attribute is two varints of 32 bits among the tags of its feature.
const TAGS_BYTES_MAX: u64 = 10;

/// Writes the block of a feature into the emptied `out`; returns how many numbers were not finite.
pub fn pack(attributes: &Attributes, layer: &LayerPlan, keys: &mut KeyCache<'_>, out: &mut Vec<u8>) -> u64 {
    out.clear();
    out.extend_from_slice(&[0; HEAD_BYTES]);
    let order = layer.order.as_deref().map_or(OrderKey::Absent, |name| OrderKey::of(attributes.get(name)));
    order.push(out);
    let (mut checksum, mut not_finite) = (0, 0);
    for (position, (name, value)) in attributes.iter().enumerate() {
        if !layer.output.has(name) {
            continue;
        }
        let start = out.len();
        out.extend_from_slice(&[0; ENTRY_BYTES]);
        match push_value(value, out) {
            Ok(kind) => {
                let key = keys.get(position, name);
                let hash = xxh3_64(&out[start + ENTRY_BYTES..]);
                let field = ((out.len() - start - ENTRY_BYTES) as u32) << 2 | kind as u32;
                out[start..start + 4].copy_from_slice(&key.number.to_le_bytes());
                out[start + 4..start + 8].copy_from_slice(&field.to_le_bytes());
                out[start + 8..start + 16].copy_from_slice(&hash.to_le_bytes());
                checksum = mix(mix(checksum, key.hash), hash);
            }
            Err(reason) => {
                out.truncate(start);
                not_finite += u64::from(reason == Unwritten::NotFinite);
            }
        }
    }
    out[..8].copy_from_slice(&checksum.to_le_bytes());
    let layer_bytes_max = u64::from(layer.layer_bytes_max);
    if out.len() as u64 > layer_bytes_max {
        let (values_bytes, n_entries) = distinct_values(&Block::open(out));
        if values_bytes > layer_bytes_max {
            let written = attributes.iter().filter(|(name, _)| layer.output.has(name));
            let names_bytes: u64 = written.map(|(name, _)| framed_len(name.len())).sum();
            withhold(names_bytes + values_bytes + n_entries * TAGS_BYTES_MAX, out);
        }
    }
    not_finite
}

/// Returns the bytes of the values of a block, equal ones once, and the number of entries.
fn distinct_values(block: &Block<'_>) -> (u64, u64) {
    let mut values: Vec<(u64, usize)> =
        block.entries().map(|entry| (entry.hash, entry.value.len())).collect();
    let n_entries = values.len() as u64;
    values.sort_unstable();
    values.dedup();
    (values.iter().map(|(_, len)| framed_len(*len)).sum(), n_entries)
}

/// Makes `out` a block of attributes of so many bytes that are not there, and gives their memory back.
fn withhold(withheld_bytes: u64, out: &mut Vec<u8>) {
    out.truncate(8);
    out.extend_from_slice(&withheld_bytes.to_le_bytes());
    OrderKey::Absent.push(out);
    out.shrink_to_fit();
}

/// A block, opened.
#[derive(Clone, Copy, Debug)]
pub struct Block<'b> {
    /// The checksum over all written attributes.
    pub checksum: u64,
    /// Bytes that the attributes take at most when they are larger than a layer may be and were left out, otherwise 0.
    pub(crate) withheld_bytes: u64,
    /// The value that sorts the feature.
    pub(crate) order: OrderKey<'b>,
    entries: &'b [u8],
}

/// One written attribute.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'b> {
    /// Its number in `Keys`.
    pub key: u32,
    /// What kind of field the value makes.
    pub kind: FieldKind,
    /// The xxh3 hash of `value`.
    pub hash: u64,
    /// The `Value` message.
    pub value: &'b [u8],
}

impl<'b> Block<'b> {
    /// Opens a block.
    ///
    /// # Panics
    ///
    /// When [`pack`] did not write it.
    #[must_use]
    pub fn open(bytes: &'b [u8]) -> Self {
        let (head, rest) = bytes.split_at(HEAD_BYTES);
        let (order, entries) = OrderKey::take(rest);
        let number = |range: std::ops::Range<usize>| {
            u64::from_le_bytes(head[range].try_into().expect("eight bytes of the head"))
        };
        Self { checksum: number(0..8), withheld_bytes: number(8..16), order, entries }
    }

    /// Returns the written attributes in order.
    ///
    /// # Panics
    ///
    /// When [`pack`] did not write the block.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'b>> {
        let mut rest = self.entries;
        std::iter::from_fn(move || {
            let (head, tail) = rest.split_first_chunk::<ENTRY_BYTES>()?;
            let number = |range: std::ops::Range<usize>| {
                u32::from_le_bytes(head[range].try_into().expect("four bytes of the entry"))
            };
            let field = number(4..8);
            let (value, tail) = tail.split_at((field >> 2) as usize);
            rest = tail;
            Some(Entry {
                key: number(0..4),
                kind: kind_of(field & 3),
                hash: u64::from_le_bytes(head[8..].try_into().expect("eight bytes of the entry")),
                value,
            })
        })
    }
}

const fn kind_of(bits: u32) -> FieldKind {
    match bits {
        0 => FieldKind::String,
        1 => FieldKind::Number,
        2 => FieldKind::Boolean,
        _ => FieldKind::Mixed,
    }
}
