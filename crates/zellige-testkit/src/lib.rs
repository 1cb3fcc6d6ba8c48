//! For tests only: drawn geometry, judges of polygons and tiles, foreign decoders.
//!
//! Nothing here knows the tile core, so that the core can be tested with it: a tile comes in as bytes,
//! and what the core makes of it comes in as a [`plain::PlainTile`].
//!
//! Does not make random input, and reads no files but the corpora of the fuzz targets.

pub mod corpus;
pub mod drawn;
pub mod polygon;
pub mod validate;
pub mod plain;
pub mod foreign;
