//! Glyphs to the message that engines read.
//!
//! Source: the glyph format, a protocol buffer: every metric is written, also when it is zero.

use prost::Message;

use crate::range::GlyphRange;

/// The file: one stack.
#[derive(Message)]
struct Glyphs {
    #[prost(message, repeated, tag = "1")]
    stacks: Vec<Stack>,
}

#[derive(Message)]
struct Stack {
    #[prost(string, required, tag = "1")]
    name: String,
    #[prost(string, required, tag = "2")]
    range: String,
    #[prost(message, repeated, tag = "3")]
    glyphs: Vec<Glyph>,
}

/// A glyph.
#[derive(Message, Clone, PartialEq)]
pub(super) struct Glyph {
    /// The code point.
    #[prost(uint32, required, tag = "1")]
    pub id: u32,
    /// Rows of `width + 6` distances, `height + 6` of them, from the top.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub bitmap: Option<Vec<u8>>,
    /// Pixels of its box, without border.
    #[prost(uint32, required, tag = "3")]
    pub width: u32,
    #[prost(uint32, required, tag = "4")]
    pub height: u32,
    /// From the pen to the left side of the box, pixels.
    #[prost(sint32, required, tag = "5")]
    pub left: i32,
    /// From the ascender up to the top of the box, pixels; mostly negative.
    #[prost(sint32, required, tag = "6")]
    pub top: i32,
    /// How far the pen goes on, pixels.
    #[prost(uint32, required, tag = "7")]
    pub advance: u32,
}

/// Writes a file with one stack.
pub(super) fn encode(name: &str, range: GlyphRange, glyphs: Vec<Glyph>) -> Vec<u8> {
    let stack = Stack { name: name.to_owned(), range: range.to_string(), glyphs };
    Glyphs { stacks: vec![stack] }.encode_to_vec()
}
