//! Containers of tiles: PMTiles v3, MBTiles 1.3, folders of `z/x/y.mvt`; TileJSON 3.0.
//!
//! In:     finished tiles in the order of their [`TileId`](zellige_model::TileId), compressed as
//!         [`Format::compression`] says, each with the [`TileHash`] of what it was before.
//! Out:    one file or folder that appears under its name when it is whole, and not before.
//! Keeps:  the bytes of each tile; the same tiles give the same archive, byte for byte.
//! Source: PMTiles v3, MBTiles 1.3, TileJSON 3.0.
//!
//! Equal tiles are stored once in the two file formats, as far as they come again soon, and memory does not grow with
//! the number of tiles. What is read back is checked against the length of the file before memory is taken for it, so a
//! damaged or hostile archive ends in an [`Error`]. Archives are locked, renamed and read by position in the manner of
//! Unix.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use zellige_archive::{Compressor, CreateOptions, Format, TileHash, create, open};
//! use zellige_model::{LonLat, LonLatBounds, TileCoord, Tileset, Zoom};
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("world.pmtiles");
//! let tileset = Tileset {
//!     name: "World".into(),
//!     description: String::new(),
//!     attribution: String::new(),
//!     minzoom: Zoom::default(),
//!     maxzoom: Zoom::default(),
//!     fillzoom: None,
//!     bounds: LonLatBounds { west: -10.0, south: -10.0, east: 10.0, north: 10.0 },
//!     center: LonLat::new(0.0, 0.0),
//!     center_zoom: Zoom::default(),
//!     vector_layers: Vec::new(),
//! };
//! let tile = TileCoord::parse("0/0/0").ok_or("no tile")?;
//!
//! let options = CreateOptions { overwrite: false };
//! let mut archive = create(&path, Format::of(&path)?, &options, folder.path())?;
//! let mut stored = Vec::new();
//! Compressor::new(Compressor::LEVEL_DEFAULT).gzip(b"a tile", &mut stored);
//! archive.write(tile, &stored, TileHash::of(b"a tile"))?;
//! archive.finish(&tileset)?;
//!
//! assert_eq!(open(&path)?.tile(tile)?.as_deref(), Some(&b"a tile"[..]));
//! # Ok(())
//! # }
//! ```

pub mod tilejson;

mod tiles;
mod compress;
mod metadata;
mod part;
mod spool;
mod contents;
mod pmtiles;
mod mbtiles;
mod folder;
mod error;

pub use compress::{Compression, Compressor, TileHash, gunzip};
pub use error::Error;
pub use part::Part;
pub use tiles::{
    CreateOptions, Format, ReadTiles, Summary, TILE_BYTES_MAX, Visit, WriteTiles, Written, create, open,
};
