//! MBTiles 1.3: one `SQLite` database.
//!
//! Rows count from the south in this format alone; nothing outside of this folder sees that.

mod places;
mod writer;
mod reader;

use zellige_model::Zoom;

pub(crate) use reader::Reader;
pub(crate) use writer::Writer;

/// The bytes that every `SQLite` database starts with.
pub(crate) const MAGIC: &[u8] = b"SQLite format 3\0";

/// Turns rows that count from the north into rows that count from the south, and back.
fn flip(zoom: Zoom, row: u32) -> u32 {
    zoom.tiles_per_side() - 1 - row
}
