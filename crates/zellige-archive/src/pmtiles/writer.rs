//! Writes PMTiles.
//!
//! In:     tiles in the order of their ids, each a gzip member.
//! Out:    header, root directory, tiles, leaf directories, metadata; clustered.
//! Keeps:  every tile; equal ones are stored once, as far as [`Contents`] knows them, and neighbouring equal ones share
//!         an entry. Memory is bounded whatever the number of tiles.
//! Source: PMTiles v3.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::Serialize;
use zellige_model::{TileCoord, TileId, Tileset, Zoom};

use super::header::{HEADER_BYTES, Header, Section};
use super::index::{Content, INITIAL_BYTES, Index};
use crate::contents::Contents;
use crate::metadata::{self, GENERATOR, WireLayer};
use crate::part::Part;
use crate::tiles::Order;
use crate::{Compression, Compressor, CreateOptions, Error, TileHash, WriteTiles, Written};

/// Bytes that are written at once.
const WRITE_BYTES: usize = 64 << 10;
/// West, south, east and north of a tileset that does not say where it lies.
const WORLD: [f64; 4] = [-180.0, -85.051_129, 180.0, 85.051_129];

/// The JSON that stands in the file.
#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    format: &'static str,
    r#type: &'static str,
    version: &'static str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    attribution: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fillzoom: Option<u8>,
    generator: &'static str,
    vector_layers: Vec<WireLayer>,
}

/// A PMTiles file that is being written.
pub(crate) struct Writer {
    /// The file, behind the tiles so far.
    out: BufWriter<File>,
    contents: Contents<Content>,
    index: Index,
    order: Order,
    tiles_bytes: u64,
    n_tiles: u64,
    n_contents: u64,
    part: Part,
}

impl Writer {
    /// Starts a file that will stand at `path`; a temporary file is made in `temp` when tiles are many.
    pub(crate) fn create(path: &Path, options: &CreateOptions, temp: &Path) -> Result<Self, Error> {
        let part = Part::file(path, options)?;
        let file = part.as_file().try_clone().map_err(Error::io("open", part.path()))?;
        let mut out = BufWriter::with_capacity(WRITE_BYTES, file);
        out.write_all(&[0; INITIAL_BYTES]).map_err(Error::io("write", part.path()))?;
        Ok(Self {
            out,
            contents: Contents::new(),
            index: Index::new(temp),
            order: Order::default(),
            tiles_bytes: 0,
            n_tiles: 0,
            n_contents: 0,
            part,
        })
    }

    /// Returns where the content of a tile stands, putting it behind the others unless it is known.
    fn content(&mut self, tile: TileCoord, stored: &[u8], hash: TileHash) -> Result<Content, Error> {
        if let Some(content) = self.contents.get(hash) {
            return Ok(content);
        }
        let bytes = u32::try_from(stored.len());
        let bytes = bytes.ok().ok_or(Error::LongTile { tile, bytes: stored.len() as u64 })?;
        self.out.write_all(stored).map_err(Error::io("write", self.part.path()))?;
        let content = Content { offset: self.tiles_bytes, bytes };
        self.contents.insert(hash, content);
        self.tiles_bytes += u64::from(bytes);
        self.n_contents += 1;
        Ok(content)
    }
}

impl WriteTiles for Writer {
    fn write(&mut self, tile: TileCoord, stored: &[u8], hash: TileHash) -> Result<(), Error> {
        self.order.admit(tile, stored)?;
        let content = self.content(tile, stored, hash)?;
        self.n_tiles += 1;
        self.index.push(TileId::from(tile).get(), content)
    }

    fn finish(self: Box<Self>, tileset: &Tileset) -> Result<Written, Error> {
        let Self { mut out, contents, index, tiles_bytes, n_tiles, n_contents, part, .. } = *self;
        drop(contents);
        let failed = || Error::io("write", part.path());
        out.flush().map_err(failed())?;
        let (file, path) = (part.as_file(), part.path());
        let tiles = Section { offset: INITIAL_BYTES as u64, bytes: tiles_bytes };
        let leaves_start = tiles.offset + tiles.bytes;
        let directories = index.finish(file, leaves_start, path)?;
        let metadata = metadata(tileset);
        let metadata_start = leaves_start + directories.leaves_bytes;
        file.write_all_at(&metadata, metadata_start).map_err(failed())?;
        let bytes = metadata_start + metadata.len() as u64;
        // Leaves that were too small may have reached further.
        file.set_len(bytes).map_err(failed())?;
        let section = |offset, bytes: usize| Section { offset, bytes: bytes as u64 };
        let leaves_offset = if directories.leaves_bytes > 0 { leaves_start } else { 0 };
        let header = Header {
            root: section(HEADER_BYTES as u64, directories.root.len()),
            metadata: section(metadata_start, metadata.len()),
            leaves: Section { offset: leaves_offset, bytes: directories.leaves_bytes },
            tiles,
            n_addressed: n_tiles,
            n_entries: directories.n_entries,
            n_contents,
            internal: Compression::Gzip,
            tile: Compression::Gzip,
            minzoom: tileset.minzoom.get(),
            maxzoom: tileset.maxzoom.get(),
            bounds: metadata::stated_bounds(tileset).unwrap_or(WORLD),
            center: metadata::stated_center(tileset)
                .map_or([0.0; 3], |(lon, lat, zoom)| [lon, lat, f64::from(zoom)]),
        };
        let start = [&header.to_bytes()[..], &directories.root].concat();
        file.write_all_at(&start, 0).map_err(failed())?;
        part.publish()?;
        Ok(Written { bytes, tiles: n_tiles, distinct: n_contents })
    }
}

/// Returns the metadata of a tileset, compressed.
fn metadata(tileset: &Tileset) -> Vec<u8> {
    let text = metadata::to_json(&Metadata {
        name: &tileset.name,
        format: "pbf",
        r#type: "overlay",
        version: "1",
        description: &tileset.description,
        attribution: metadata::non_empty(&tileset.attribution),
        fillzoom: tileset.fillzoom.map(Zoom::get),
        generator: GENERATOR,
        vector_layers: metadata::wire_layers(tileset),
    });
    let mut packed = Vec::new();
    Compressor::new(Compressor::LEVEL_DEFAULT).gzip(text.as_bytes(), &mut packed);
    packed
}
