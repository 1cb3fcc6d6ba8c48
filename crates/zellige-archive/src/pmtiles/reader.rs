//! Reads PMTiles.
//!
//! In:     an open file; nothing in it is trusted.
//! Out:    tiles, uncompressed, one by one or all in the order of their ids.
//! Keeps:  the root directory and the last leaf in memory; the file is read by position.
//! Source: PMTiles v3.
//!
//! Sections have to lie in the file and entries in their section, leaves lie at most [`DEPTH_MAX`] deep, and
//! ids only ascend while all tiles are shown. So no file sends the reader in circles, and memory stays a
//! multiple of the part of the file that is read.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashSet;
use serde::Deserialize;
use zellige_model::{TileCoord, TileId, Tileset};

use super::directory::{self, Entry};
use super::header::{HEADER_BYTES, Header, Section};
use crate::metadata::{Claims, WireLayer};
use crate::tiles::file_bytes;
use crate::{Compression, Error, Format, ReadTiles, Summary, TILE_BYTES_MAX, Visit, gunzip};

/// The most bytes of a directory, compressed or not.
const DIRECTORY_BYTES_MAX: usize = 64 << 20;
/// The most bytes of the metadata, compressed or not.
const METADATA_BYTES_MAX: usize = 64 << 20;
/// How many leaves deep a tile may lie.
const DEPTH_MAX: usize = 4;

/// The JSON that stands in the file, as far as it is read.
#[derive(Default, Deserialize)]
struct Metadata {
    name: Option<String>,
    description: Option<String>,
    attribution: Option<String>,
    fillzoom: Option<u8>,
    vector_layers: Option<Vec<WireLayer>>,
}

/// A leaf directory and the offset that names it.
type Leaf = (u64, Arc<Vec<Entry>>);

/// An open PMTiles file.
pub(crate) struct Reader {
    path: PathBuf,
    file: File,
    bytes: u64,
    header: Header,
    tileset: Tileset,
    root: Arc<Vec<Entry>>,
    /// The leaf that was read last: neighbours along the curve mostly lie in the same one.
    last_leaf: Mutex<Option<Leaf>>,
}

impl Reader {
    /// Reads header, root directory and metadata of the open `file` at `path`.
    pub(crate) fn open(path: &Path, file: File) -> Result<Self, Error> {
        let bytes = file_bytes(&file, path)?;
        let mut start = [0; HEADER_BYTES];
        file.read_exact_at(&mut start, 0).map_err(Error::io("read the header of", path))?;
        let header = Header::parse(&start, bytes).map_err(Error::inside("the header", path))?;
        let section = |section: &Section, limit, what: &str| {
            let stored = read(path, &file, section.offset, section.bytes, limit)?;
            inflate(stored, header.internal, limit).map_err(Error::inside(what, path))
        };
        let root = section(&header.root, DIRECTORY_BYTES_MAX, "the root directory")?;
        let root = directory::parse(&root).map_err(Error::inside("the root directory", path))?;
        let metadata = match header.metadata.bytes {
            0 => Vec::new(),
            _ => section(&header.metadata, METADATA_BYTES_MAX, "the metadata")?,
        };
        let tileset = tileset(&header, &metadata).map_err(Error::inside("the metadata", path))?;
        let last_leaf = Mutex::new(None);
        Ok(Self { path: path.into(), file, bytes, header, tileset, root: Arc::new(root), last_leaf })
    }

    /// Returns the content of a tile entry, uncompressed.
    fn content(&self, entry: &Entry) -> Result<Vec<u8>, Error> {
        let stored = self.read_within(&self.header.tiles, entry, TILE_BYTES_MAX)?;
        inflate(stored, self.header.tile, TILE_BYTES_MAX)
    }

    /// Returns the directory that a leaf entry points to.
    fn leaf(&self, pointer: &Entry) -> Result<Arc<Vec<Entry>>, Error> {
        let mut last = self.last_leaf.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, entries)) = last.as_ref().filter(|(offset, _)| *offset == pointer.offset) {
            return Ok(Arc::clone(entries));
        }
        let stored = self.read_within(&self.header.leaves, pointer, DIRECTORY_BYTES_MAX)?;
        let entries = directory::parse(&inflate(stored, self.header.internal, DIRECTORY_BYTES_MAX)?)?;
        let entries = Arc::new(entries);
        *last = Some((pointer.offset, Arc::clone(&entries)));
        Ok(entries)
    }

    fn read_within(&self, section: &Section, entry: &Entry, limit: usize) -> Result<Vec<u8>, Error> {
        let bytes = u64::from(entry.bytes);
        match entry.offset.checked_add(bytes) {
            Some(end) if end <= section.bytes => {
                read(&self.path, &self.file, section.offset + entry.offset, bytes, limit)
            }
            _ => {
                let (offset, id) = (entry.offset, entry.id);
                let found = format!("{bytes} bytes of tile id `{id}` at {offset} end behind their section");
                Err(Error::Damaged { found })
            }
        }
    }

    /// Shows all tile entries, ascending and without overlap.
    fn for_each_entry(&self, visit: &mut dyn FnMut(&Entry) -> Result<(), Error>) -> Result<(), Error> {
        let mut next_id = 0;
        let mut open = vec![(Arc::clone(&self.root), 0)];
        while let Some((entries, entry_idx)) = open.last_mut() {
            let Some(entry) = entries.get(*entry_idx).copied() else {
                open.pop();
                continue;
            };
            *entry_idx += 1;
            if entry.id < next_id {
                let found = format!("tile id `{}` comes after `{}`", entry.id, next_id - 1);
                return Err(self.damaged(found));
            }
            if !entry.is_leaf() {
                next_id = entry.id + u64::from(entry.run);
                visit(&entry)?;
                continue;
            }
            if open.len() > DEPTH_MAX {
                return Err(self.damaged(format!("leaf directories are more than {DEPTH_MAX} deep")));
            }
            let entries = self.leaf(&entry).map_err(Error::inside("a leaf directory", &self.path))?;
            if entries.is_empty() {
                return Err(self.damaged(format!("leaf directory of tile id `{}` is empty", entry.id)));
            }
            // A look-up comes here only for what follows the pointer.
            next_id = entry.id;
            open.push((entries, 0));
        }
        Ok(())
    }

    fn damaged(&self, found: String) -> Error {
        Error::inside("the directories", &self.path)(Error::Damaged { found })
    }
}

impl ReadTiles for Reader {
    fn format(&self) -> Format {
        Format::PMTiles
    }

    fn tileset(&self) -> &Tileset {
        &self.tileset
    }

    /// Takes the numbers of the header; counts where it has none.
    fn summary(&self) -> Result<Summary, Error> {
        let (mut tiles, mut distinct) = (self.header.n_addressed, self.header.n_contents);
        if tiles == 0 || distinct == 0 {
            tiles = 0;
            let mut contents = FxHashSet::default();
            self.for_each_entry(&mut |entry| {
                tiles += u64::from(entry.run);
                contents.insert(entry.offset);
                Ok(())
            })?;
            distinct = contents.len() as u64;
        }
        Ok(Summary { tiles, distinct, bytes: self.bytes })
    }

    fn tile(&self, tile: TileCoord) -> Result<Option<Vec<u8>>, Error> {
        let failed = || Error::inside(format!("tile `{tile}`"), &self.path);
        let id = TileId::from(tile).get();
        let mut entries = Arc::clone(&self.root);
        for _ in 0..=DEPTH_MAX {
            let Some(entry) = directory::find(&entries, id) else { return Ok(None) };
            if !entry.is_leaf() {
                return self.content(entry).map(Some).map_err(failed());
            }
            entries = self.leaf(entry).map_err(failed())?;
        }
        Err(self.damaged(format!("leaf directories are more than {DEPTH_MAX} deep")))
    }

    fn for_each(&self, visit: Visit<'_>) -> Result<(), Error> {
        self.for_each_entry(&mut |entry| {
            let content =
                self.content(entry).map_err(Error::inside(format!("tile id `{}`", entry.id), &self.path))?;
            for id in entry.id..entry.id + u64::from(entry.run) {
                let tile = TileId::new(id).map(TileId::coord);
                visit(
                    tile.ok_or_else(|| self.damaged(format!("tile id `{id}` lies beyond zoom 22")))?,
                    &content,
                )?;
            }
            Ok(())
        })
    }
}

/// Reads `bytes` at `offset`, which lie in the file.
fn read(path: &Path, file: &File, offset: u64, bytes: u64, limit: usize) -> Result<Vec<u8>, Error> {
    if bytes > limit as u64 {
        return Err(Error::Damaged {
            found: format!("`{bytes}` bytes are too many, expected at most {limit}"),
        });
    }
    let mut out = vec![0; bytes as usize];
    file.read_exact_at(&mut out, offset).map_err(Error::io("read", path))?;
    Ok(out)
}

fn inflate(stored: Vec<u8>, compression: Compression, limit: usize) -> Result<Vec<u8>, Error> {
    match compression {
        Compression::None => Ok(stored),
        Compression::Gzip => gunzip(&stored, limit),
    }
}

fn tileset(header: &Header, metadata: &[u8]) -> Result<Tileset, Error> {
    let metadata = match metadata {
        [] => Metadata::default(),
        json => {
            serde_json::from_slice(json).map_err(|source| Error::Json { what: "the metadata", source })?
        }
    };
    Claims {
        name: metadata.name.unwrap_or_default(),
        description: metadata.description.unwrap_or_default(),
        attribution: metadata.attribution.unwrap_or_default(),
        minzoom: Some(header.minzoom),
        maxzoom: Some(header.maxzoom),
        fillzoom: metadata.fillzoom,
        bounds: Some(header.bounds.to_vec()),
        center: Some(header.center.to_vec()),
        vector_layers: metadata.vector_layers.unwrap_or_default(),
    }
    .into_tileset()
}
