//! A folder of files `z/x/y.mvt`, with `metadata.json` and `tilejson.json` beside them.
//!
//! In:     plain tiles in the order of their ids; or a folder of such files, also `y.pbf` or gzipped.
//! Out:    a file for each tile, to be served by any static host; or the tiles back.
//! Keeps:  the bytes of each tile; equal tiles are stored as often as they come.
//! Source: the layout that web maps ask for; `metadata.json` holds the rows of MBTiles as an object.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use zellige_model::{TileCoord, TileId, Tileset, Zoom};

use crate::compress::plain;
use crate::metadata::{self, Claims};
use crate::part::Part;
use crate::tiles::Order;
use crate::{
    CreateOptions, Error, Format, ReadTiles, Summary, TILE_BYTES_MAX, TileHash, Visit, WriteTiles, Written,
    tilejson,
};

/// The rows of MBTiles as a JSON object of texts.
const METADATA: &str = "metadata.json";
/// The tileset as TileJSON, with a template relative to itself.
const TILEJSON: &str = "tilejson.json";
/// The endings of tiles: ours, and the other one in use.
const ENDINGS: [&str; 2] = ["mvt", "pbf"];
/// The most bytes of `metadata.json`.
const METADATA_BYTES_MAX: usize = 64 << 20;

/// A folder that is being written.
pub(crate) struct Writer {
    order: Order,
    bytes: u64,
    n_tiles: u64,
    /// Reused for the path of a tile.
    path: PathBuf,
    part: Part,
}

impl Writer {
    /// Starts a folder that will stand at `path`.
    pub(crate) fn create(path: &Path, options: &CreateOptions) -> Result<Self, Error> {
        let part = Part::folder(path, options)?;
        Ok(Self { order: Order::default(), bytes: 0, n_tiles: 0, path: PathBuf::new(), part })
    }

    fn document(&mut self, name: &str, text: &str) -> Result<(), Error> {
        let path = self.part.path().join(name);
        let write = || {
            let mut file = File::create(&path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        write().map_err(Error::io("write", &path))?;
        self.bytes += text.len() as u64;
        Ok(())
    }
}

impl WriteTiles for Writer {
    fn write(&mut self, tile: TileCoord, stored: &[u8], _hash: TileHash) -> Result<(), Error> {
        self.order.admit(tile, stored)?;
        self.path.clear();
        self.path.push(self.part.path());
        self.path.push(format!("{tile}.{}", ENDINGS[0]));
        // Columns are made when their first tile finds none; no list of them is kept.
        let mut written = fs::write(&self.path, stored);
        if let (Err(source), Some(column)) = (&written, self.path.parent())
            && source.kind() == io::ErrorKind::NotFound
        {
            fs::create_dir_all(column).map_err(Error::io("create", column))?;
            written = fs::write(&self.path, stored);
        }
        written.map_err(Error::io("write", &self.path))?;
        self.bytes += stored.len() as u64;
        self.n_tiles += 1;
        Ok(())
    }

    fn finish(mut self: Box<Self>, tileset: &Tileset) -> Result<Written, Error> {
        let rows = metadata::rows(tileset).into_iter().map(|(name, text)| (name.to_owned(), text.into()));
        let rows: Map<String, Value> = rows.collect();
        self.document(METADATA, &metadata::to_json(&rows))?;
        self.document(TILEJSON, &tilejson::to_json(tileset, "{z}/{x}/{y}.mvt"))?;
        let Self { bytes, n_tiles, part, .. } = *self;
        part.publish()?;
        Ok(Written { bytes, tiles: n_tiles, distinct: n_tiles })
    }
}

/// Refuses to give up a folder that holds anything but a tileset, down to its last file.
pub(crate) fn check_is_tileset(path: &Path) -> Result<(), Error> {
    let refuse = |found: String| Err(Error::ForeignFolder { path: path.into(), found });
    if !path.join(METADATA).is_file() {
        return refuse(format!("holds no `{METADATA}`"));
    }
    let mut folders = vec![(path.to_owned(), Level::Tileset)];
    while let Some((folder, level)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(Error::io("list", &folder))? {
            let entry = entry.map_err(Error::io("list", &folder))?;
            let (name, kind) = (entry.file_name(), entry.file_type().map_err(Error::io("list", &folder))?);
            let is_ours = name.to_str().is_some_and(|name| level.has(name, kind.is_dir()));
            if !is_ours {
                let there = entry.path();
                return refuse(format!("holds `{}`", there.strip_prefix(path).unwrap_or(&there).display()));
            }
            if kind.is_dir() {
                folders.push((entry.path(), level.below()));
            }
        }
    }
    Ok(())
}

/// A level of the folders of a tileset.
#[derive(Clone, Copy)]
enum Level {
    Tileset,
    Zoom,
    Column,
}

impl Level {
    const fn below(self) -> Self {
        match self {
            Self::Tileset => Self::Zoom,
            Self::Zoom | Self::Column => Self::Column,
        }
    }

    /// Whether a tileset has a folder or file of this name here.
    fn has(self, name: &str, is_folder: bool) -> bool {
        let is_number = |name: &str| name.parse::<u32>().is_ok();
        match self {
            Self::Tileset if is_folder => name.parse().ok().and_then(Zoom::new).is_some(),
            Self::Tileset => name == METADATA || name == TILEJSON,
            Self::Zoom => is_folder && is_number(name),
            Self::Column => {
                let parts = name.split_once('.').filter(|_| !is_folder);
                parts.is_some_and(|(row, ending)| is_number(row) && ENDINGS.contains(&ending))
            }
        }
    }
}

/// An open folder.
pub(crate) struct Reader {
    path: PathBuf,
    tileset: Tileset,
}

impl Reader {
    /// Reads the metadata of the folder at `path`.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let metadata = path.join(METADATA);
        let json = read_file(&metadata, METADATA_BYTES_MAX)?.ok_or_else(|| Error::NotAnArchive {
            path: path.into(),
            found: format!("the folder has no `{METADATA}`"),
        })?;
        let tileset = tileset(&json).map_err(Error::inside("the metadata", path))?;
        Ok(Self { path: path.into(), tileset })
    }

    /// Returns the stored bytes of a tile.
    fn stored(&self, tile: TileCoord) -> Result<Option<Vec<u8>>, Error> {
        for ending in ENDINGS {
            let path = self.path.join(format!("{tile}.{ending}"));
            if let Some(stored) = read_file(&path, TILE_BYTES_MAX)? {
                return Ok(Some(stored));
            }
        }
        Ok(None)
    }

    /// Returns the ids of all tiles, ascending.
    fn ids(&self) -> Result<Vec<TileId>, Error> {
        let mut ids = Vec::new();
        let whole = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
        for zoom_path in list(&self.path)? {
            let Some(zoom) = whole(&zoom_path).and_then(|zoom| Zoom::new(zoom.try_into().ok()?)) else {
                continue;
            };
            for column_path in list(&zoom_path)? {
                let Some(column) = whole(&column_path) else { continue };
                for path in list(&column_path)? {
                    let is_tile =
                        path.extension().is_some_and(|found| ENDINGS.iter().any(|ours| found == *ours));
                    let Some(row) = whole(&path.with_extension("")).filter(|_| is_tile) else { continue };
                    ids.extend(TileCoord::new(zoom, column, row).map(TileId::from));
                }
            }
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }
}

impl ReadTiles for Reader {
    fn format(&self) -> Format {
        Format::Folder
    }

    fn tileset(&self) -> &Tileset {
        &self.tileset
    }

    /// Counts the files and adds up their bytes.
    fn summary(&self) -> Result<Summary, Error> {
        let ids = self.ids()?;
        let file_bytes = |path: PathBuf| path.metadata().ok().map(|found| found.len());
        let documents = [METADATA, TILEJSON].map(|name| file_bytes(self.path.join(name)));
        let mut bytes = documents.into_iter().flatten().sum();
        for tile in ids.iter().map(|id| id.coord()) {
            let found =
                ENDINGS.iter().find_map(|ending| file_bytes(self.path.join(format!("{tile}.{ending}"))));
            bytes += found.unwrap_or(0);
        }
        let tiles = ids.len() as u64;
        Ok(Summary { tiles, distinct: tiles, bytes })
    }

    fn tile(&self, tile: TileCoord) -> Result<Option<Vec<u8>>, Error> {
        let Some(stored) = self.stored(tile)? else { return Ok(None) };
        let content = plain(&stored, TILE_BYTES_MAX);
        content
            .map(|content| Some(content.into_owned()))
            .map_err(Error::inside(format!("tile `{tile}`"), &self.path))
    }

    fn for_each(&self, visit: Visit<'_>) -> Result<(), Error> {
        for id in self.ids()? {
            if let Some(content) = self.tile(id.coord())? {
                visit(id.coord(), &content)?;
            }
        }
        Ok(())
    }
}

fn tileset(json: &[u8]) -> Result<Tileset, Error> {
    let rows: Map<String, Value> =
        serde_json::from_slice(json).map_err(|source| Error::Json { what: "the metadata", source })?;
    let rows = rows.into_iter().map(|(name, value)| match value {
        Value::String(text) => (name, text),
        other => (name, other.to_string()),
    });
    Claims::of_rows(rows)?.into_tileset()
}

/// Returns the paths in a folder; nothing when `path` is none.
fn list(path: &Path) -> Result<Vec<PathBuf>, Error> {
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(path).map_err(Error::io("list", path))?;
    entries.map(|entry| Ok(entry.map_err(Error::io("list", path))?.path())).collect()
}

/// Returns the content of a file, or nothing when there is none.
fn read_file(path: &Path, limit: usize) -> Result<Option<Vec<u8>>, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(source) if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(source) => return Err(Error::io("open", path)(source)),
    };
    let mut out = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut out).map_err(Error::io("read", path))?;
    if out.len() > limit {
        let found = format!("file has more than {limit} bytes");
        return Err(Error::inside("a file", path)(Error::Damaged { found }));
    }
    Ok(Some(out))
}
