//! PMTiles v3: one file, read by ranges.

mod header;
mod directory;
mod index;
mod writer;
mod reader;

pub(crate) use header::MAGIC;
pub(crate) use reader::Reader;
pub(crate) use writer::Writer;
