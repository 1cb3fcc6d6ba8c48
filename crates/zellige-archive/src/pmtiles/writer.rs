//! Writes PMTiles.
//!
//! In:     tiles in the order of their ids, each a gzip member.
//! Out:    header, root directory, tiles, leaf directories, metadata; clustered.
//! Keeps:  every tile; equal ones are stored once, neighbouring equal ones share an entry.
//! Source: PMTiles v3; the crate `pmtiles` lays out the bytes.
//!
//! Memory grows with the tiles: about 24 bytes an entry, and 48 to 96 bytes for each content that a later tile may be
//! equal to.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use ::pmtiles::{CallerKey, Compression, Compressor, PmTilesStreamWriter, PmTilesWriter, PmtError, TileType};
use rustc_hash::FxHashSet;
use serde::Serialize;
use zellige_model::{TileCoord, Tileset, Zoom};

use super::header::{HEADER_BYTES, Header};
use crate::metadata::{self, GENERATOR, WireLayer};
use crate::part::Part;
use crate::tiles::{Order, file_bytes};
use crate::{CreateOptions, Error, TileHash, WriteTiles, Written};

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

/// Stands for the bytes of a content that the stream has already; it refuses none at all.
const KNOWN: &[u8] = &[0];

/// A PMTiles file that is being written.
pub(crate) struct Writer {
    stream: PmTilesStreamWriter<File, CallerKey<TileHash>>,
    /// Halves of the hashes of all contents: enough to notice a caller that errs, and the stream has whole ones.
    contents: FxHashSet<u64>,
    order: Order,
    n_tiles: u64,
    part: Part,
}

impl Writer {
    /// Starts a file that will stand at `path`.
    pub(crate) fn create(path: &Path, options: &CreateOptions) -> Result<Self, Error> {
        let part = Part::file(path, options)?;
        let file = part.as_file().try_clone().map_err(Error::io("open", part.path()))?;
        let stream = PmTilesWriter::new(TileType::Mvt)
            .precompressed(Compression::Gzip)
            .internal_codec(Directories)
            .dedup_by_key::<TileHash>()
            .create(file)
            .map_err(failed("create", part.path()))?;
        let (contents, order) = (FxHashSet::default(), Order::default());
        Ok(Self { stream, contents, order, n_tiles: 0, part })
    }

    /// Adds a tile; `stored` does not matter when a tile with the same hash came before.
    fn add(&mut self, tile: TileCoord, stored: &[u8], hash: TileHash) -> Result<(), Error> {
        self.n_tiles += 1;
        ::pmtiles::TileCoord::new(tile.zoom().get(), tile.x(), tile.y())
            .and_then(|coord| self.stream.add_tile(coord, stored, Some(hash)))
            .map_err(failed("write", self.part.path()))
    }
}

impl WriteTiles for Writer {
    fn write(&mut self, tile: TileCoord, stored: &[u8], hash: TileHash) -> Result<(), Error> {
        self.order.admit(tile, stored)?;
        self.contents.insert(half(hash));
        self.add(tile, stored, hash)
    }

    fn write_again(&mut self, tile: TileCoord, hash: TileHash) -> Result<(), Error> {
        if !self.contents.contains(&half(hash)) {
            return Err(Error::UnknownContent { tile });
        }
        self.order.admit_again(tile)?;
        self.add(tile, KNOWN, hash)
    }

    fn finish(self: Box<Self>, tileset: &Tileset) -> Result<Written, Error> {
        let Self { mut stream, n_tiles, part, .. } = *self;
        stream.set_metadata(metadata::to_json(&Metadata {
            name: &tileset.name,
            format: "pbf",
            r#type: "overlay",
            version: "1",
            description: &tileset.description,
            attribution: metadata::non_empty(&tileset.attribution),
            fillzoom: tileset.fillzoom.map(Zoom::get),
            generator: GENERATOR,
            vector_layers: metadata::wire_layers(tileset),
        }));
        stream.set_zoom_range(tileset.minzoom.get(), tileset.maxzoom.get());
        if let Some([west, south, east, north]) = metadata::stated_bounds(tileset) {
            stream.set_bounds(west, south, east, north);
        }
        if let Some((lon, lat, zoom)) = metadata::stated_center(tileset) {
            stream.set_center(lon, lat, zoom);
        }
        stream.finalize().map_err(failed("complete", part.path()))?;

        let bytes = file_bytes(part.as_file(), part.path())?;
        let mut start = [0; HEADER_BYTES];
        part.as_file().read_exact_at(&mut start, 0).map_err(Error::io("read back", part.path()))?;
        let header = Header::parse(&start, bytes).map_err(Error::inside("the header", part.path()))?;
        debug_assert_eq!(header.n_addressed, n_tiles, "the file has all tiles");
        part.publish()?;
        Ok(Written { bytes, tiles: n_tiles, distinct: header.n_contents })
    }
}

/// Returns the lower half of a hash.
const fn half(TileHash(hash): TileHash) -> u64 {
    hash as u64
}

/// Gzips directories and metadata each in one piece: they come number by number, which a streaming
/// compressor pays for.
struct Directories;

impl Compressor for Directories {
    fn compression(&self) -> Compression {
        Compression::Gzip
    }

    fn compress(
        &self,
        write_plain: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
        out: &mut dyn Write,
    ) -> Result<(), PmtError> {
        let (mut plain, mut packed) = (Vec::new(), Vec::new());
        write_plain(&mut plain)?;
        crate::Compressor::new(crate::Compressor::LEVEL_DEFAULT).gzip(&plain, &mut packed);
        out.write_all(&packed)?;
        Ok(())
    }
}

/// Returns the error of an operation of the crate `pmtiles`; its wrapped file errors are unwrapped.
fn failed(deed: &'static str, path: &Path) -> impl FnOnce(PmtError) -> Error {
    move |source| match source {
        PmtError::Reading(source) => Error::io(deed, path)(source),
        source => Error::PMTiles { deed, path: path.into(), source },
    }
}
