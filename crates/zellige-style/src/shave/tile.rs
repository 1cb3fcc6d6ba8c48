//! Vector tiles as messages: what comes in one way goes out the same.
//!
//! Source: MVT 2.1 §4, also for version 1: geometry is not looked into but for how many parts it has.

use std::collections::HashMap;

/// A tile.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Tile {
    #[prost(message, repeated, tag = "3")]
    pub layers: Vec<Layer>,
}

/// A layer.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Layer {
    #[prost(uint32, optional, tag = "15")]
    pub version: Option<u32>,
    #[prost(string, required, tag = "1")]
    pub name: String,
    #[prost(message, repeated, tag = "2")]
    pub features: Vec<Feature>,
    #[prost(string, repeated, tag = "3")]
    pub keys: Vec<String>,
    #[prost(message, repeated, tag = "4")]
    pub values: Vec<Value>,
    #[prost(uint32, optional, tag = "5")]
    pub extent: Option<u32>,
}

/// A feature.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Feature {
    #[prost(uint64, optional, tag = "1")]
    pub id: Option<u64>,
    /// Index of a key and index of a value, in turn.
    #[prost(uint32, repeated, tag = "2")]
    pub tags: Vec<u32>,
    #[prost(uint64, optional, tag = "3")]
    pub kind: Option<u64>,
    /// Commands and their parameters.
    #[prost(uint32, repeated, tag = "4")]
    pub geometry: Vec<u32>,
}

/// A value: one of the fields is there.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Value {
    #[prost(string, optional, tag = "1")]
    pub text: Option<String>,
    #[prost(float, optional, tag = "2")]
    pub float: Option<f32>,
    #[prost(double, optional, tag = "3")]
    pub double: Option<f64>,
    #[prost(int64, optional, tag = "4")]
    pub int: Option<i64>,
    #[prost(uint64, optional, tag = "5")]
    pub uint: Option<u64>,
    #[prost(sint64, optional, tag = "6")]
    pub sint: Option<i64>,
    #[prost(bool, optional, tag = "7")]
    pub bool: Option<bool>,
}

impl Layer {
    /// Keeps the attributes whose names pass, and of the tables what they use, in order of first use; returns
    /// how many attributes went.
    pub(super) fn keep_attributes(&mut self, is_kept: impl Fn(&str) -> bool) -> u64 {
        let kept: Vec<bool> = self.keys.iter().map(|key| is_kept(key)).collect();
        let (mut keys, mut values) = (Renumbered::default(), Renumbered::default());
        let mut gone = 0;
        for feature in &mut self.features {
            let mut tags = Vec::with_capacity(feature.tags.len());
            for pair in feature.tags.chunks_exact(2) {
                // A tag that refers to nothing is nothing that could be drawn.
                let is_there = (pair[1] as usize) < self.values.len();
                if is_there && kept.get(pair[0] as usize).is_some_and(|kept| *kept) {
                    tags.extend([keys.number(pair[0]), values.number(pair[1])]);
                } else {
                    gone += 1;
                }
            }
            feature.tags = tags;
        }
        self.keys = keys.old.iter().map(|old| std::mem::take(&mut self.keys[*old as usize])).collect();
        self.values = values.old.iter().map(|old| std::mem::take(&mut self.values[*old as usize])).collect();
        gone
    }
}

/// Indices that are given out anew in order of first use.
#[derive(Default)]
struct Renumbered {
    new: HashMap<u32, u32>,
    old: Vec<u32>,
}

impl Renumbered {
    fn number(&mut self, old: u32) -> u32 {
        *self.new.entry(old).or_insert_with(|| {
            self.old.push(old);
            self.old.len() as u32 - 1
        })
    }
}

impl Feature {
    /// Whether the geometry may have several points, lines or polygons; two rings may be two polygons.
    pub(super) fn may_be_multiple(&self) -> bool {
        let (mut at, mut parts) = (0, 0);
        while let Some(command) = self.geometry.get(at) {
            let (id, count) = (command & 7, (command >> 3) as usize);
            parts += if id == 1 { count } else { 0 };
            // Only closing a ring has no parameters.
            at += 1 + if id == 7 { 0 } else { 2 * count };
        }
        parts > 1
    }
}
