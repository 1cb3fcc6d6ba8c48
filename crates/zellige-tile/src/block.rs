//! The written attributes of a feature, packed once for all tiles that copy them.
//!
//! In:     the attributes of a feature, the layer's plan.
//! Out:    a block of bytes that travels with every piece and that `encode` copies from:
//!
//! ```text
//! checksum   u64   over names and values, in order
//! order      u8    rank of the kind, then u32 length and that many bytes (see OrderKey)
//! entries    for each written attribute:
//!              key    u32   number in Keys
//!              field  u32   length of the value << 2 | FieldKind
//!              hash   u64   xxh3 of the value
//!              value        a `Value` message of MVT
//! ```
//!
//! Keeps:  order of attributes; the block is all that encoding sees of them (recipes that look at the
//!         features of a tile have blocks of their own until then, see `staged`).
//! Source: recipe 2.8, step 16; null, arrays and objects are never written.

use xxhash_rust::xxh3::xxh3_64;
use zellige_model::{Attributes, FieldKind};
use zellige_recipe::LayerPlan;

use crate::checksum::mix;
use crate::encode::value::{Unwritten, push_value};
use crate::key::KeyCache;
use crate::order::OrderKey;

const ENTRY_BYTES: usize = 16;

/// Writes the block of a feature into the emptied `out`; returns how many numbers were not finite.
pub fn pack(attributes: &Attributes, layer: &LayerPlan, keys: &mut KeyCache<'_>, out: &mut Vec<u8>) -> u64 {
    out.clear();
    out.extend_from_slice(&[0; 8]);
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
    not_finite
}

/// A block, opened.
#[derive(Clone, Copy, Debug)]
pub struct Block<'b> {
    /// The checksum over all written attributes.
    pub checksum: u64,
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
        let (checksum, rest) = bytes.split_at(8);
        let (order, entries) = OrderKey::take(rest);
        Self {
            checksum: u64::from_le_bytes(checksum.try_into().expect("eight bytes were split off")),
            order,
            entries,
        }
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
