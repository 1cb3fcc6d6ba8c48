//! The two seams of every container: tiles go in, tiles come out.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use zellige_model::{TileCoord, TileId, Tileset};

use crate::{Compression, Error, TileHash, folder, mbtiles, pmtiles};

/// The most bytes that a tile may have when it is read, compressed or not.
pub const TILE_BYTES_MAX: usize = 128 << 20;

/// A kind of container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// One file to be read by ranges (PMTiles v3).
    PMTiles,
    /// One `SQLite` database (MBTiles 1.3).
    MBTiles,
    /// A folder of files `z/x/y.mvt` for any static host.
    Folder,
}

impl Format {
    /// Returns the format that the name of an output asks for.
    ///
    /// A path that ends in `/` is a folder, then the extensions `.pmtiles` and `.mbtiles` count, then
    /// what exists: a folder stays a folder. A name without an extension is a folder to be made.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownName`] when the path has another extension and is no folder.
    pub fn of(path: &Path) -> Result<Self, Error> {
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return Ok(Self::Folder);
        }
        match path.extension() {
            Some(extension) if extension.eq_ignore_ascii_case("pmtiles") => Ok(Self::PMTiles),
            Some(extension) if extension.eq_ignore_ascii_case("mbtiles") => Ok(Self::MBTiles),
            None => Ok(Self::Folder),
            Some(_) if path.is_dir() => Ok(Self::Folder),
            Some(_) => Err(Error::UnknownName { path: path.into() }),
        }
    }

    /// Returns how tiles are to be compressed before they are written.
    ///
    /// The tiles of a folder are plain, so that a host need not be told about them.
    #[must_use]
    pub fn compression(self) -> Compression {
        match self {
            Self::PMTiles | Self::MBTiles => Compression::Gzip,
            Self::Folder => Compression::None,
        }
    }
}

/// Settings of a new archive.
#[derive(Clone, Debug)]
pub struct CreateOptions {
    /// Whether an archive that stands at the path already is replaced when the new one is whole.
    pub overwrite: bool,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Bytes of the file, or of all files of the folder.
    pub bytes: u64,
    /// Tiles that can be asked for.
    pub tiles: u64,
    /// Contents stored; fewer than tiles where equal tiles share one. A folder stores each tile, and a file an equal
    /// one anew when very many others came between.
    pub distinct: u64,
}

/// What an archive holds, as its own index tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Tiles that can be asked for.
    pub tiles: u64,
    /// Contents stored.
    pub distinct: u64,
    /// Bytes of the file, or of all files of the folder.
    pub bytes: u64,
}

/// An archive that is being written.
///
/// Nothing is to be seen at its path before [`WriteTiles::finish`]; dropping it leaves everything as it was.
pub trait WriteTiles: Send {
    /// Takes the next tile: `stored` is compressed as [`Format::compression`] says, `hash` is that of
    /// the tile before compression. Tiles come in the order of their [`TileId`], each once.
    ///
    /// # Errors
    ///
    /// [`Error::Order`] and [`Error::EmptyTile`] when a tile breaks these rules; otherwise when the file
    /// cannot be written.
    fn write(&mut self, tile: TileCoord, stored: &[u8], hash: TileHash) -> Result<(), Error>;

    /// Completes the archive with its metadata and puts it in its place.
    ///
    /// # Errors
    ///
    /// When a file cannot be written or moved; the archive that stood there is then untouched.
    fn finish(self: Box<Self>, tileset: &Tileset) -> Result<Written, Error>;
}

/// What is done with each tile of an archive: its place and its content, uncompressed.
pub type Visit<'a> = &'a mut dyn FnMut(TileCoord, &[u8]) -> Result<(), Error>;

/// An archive that is being read.
pub trait ReadTiles: Send {
    /// Returns the format of the archive.
    fn format(&self) -> Format;

    /// Returns the metadata; what the archive does not say has the widest meaning.
    fn tileset(&self) -> &Tileset;

    /// Counts tiles, contents and bytes.
    ///
    /// # Errors
    ///
    /// When the index of the archive cannot be read.
    fn summary(&self) -> Result<Summary, Error>;

    /// Returns a tile, uncompressed, or nothing when the archive has none at this place.
    ///
    /// # Errors
    ///
    /// When the archive is damaged there, or the tile has more than [`TILE_BYTES_MAX`] bytes.
    fn tile(&self, tile: TileCoord) -> Result<Option<Vec<u8>>, Error>;

    /// Shows all tiles, uncompressed, in the order of their [`TileId`].
    ///
    /// # Errors
    ///
    /// The first error of the archive or of `visit`; [`Error::Stopped`] is there for its reasons.
    fn for_each(&self, visit: Visit<'_>) -> Result<(), Error>;
}

/// Starts an archive at `path`, built beside it under the name `.NAME.part` and locked.
///
/// What a killed run left there is removed. The folder around `path` has to exist. The index of very many tiles waits in
/// a temporary file without a name in `temp`.
///
/// A file takes the place of the old one in one step. A folder needs two: the old one is moved to
/// `.NAME.old`, then the new one takes its name. Who is killed in between leaves both whole under their
/// hidden names and none at `path`; the next call for the same path puts the old one back first.
///
/// # Errors
///
/// [`Error::Exists`] without [`CreateOptions::overwrite`], [`Error::Busy`] when another run writes to
/// the same path, [`Error::WrongKind`] and [`Error::ForeignFolder`] when something stands there that is
/// no tileset of this format; otherwise when the file or folder cannot be made.
pub fn create(
    path: &Path,
    format: Format,
    options: &CreateOptions,
    temp: &Path,
) -> Result<Box<dyn WriteTiles>, Error> {
    Ok(match format {
        Format::PMTiles => Box::new(pmtiles::Writer::create(path, options, temp)?),
        Format::MBTiles => Box::new(mbtiles::Writer::create(path, options, temp)?),
        Format::Folder => Box::new(folder::Writer::create(path, options)?),
    })
}

/// Opens the archive at `path`; its first bytes tell the format, not its name.
///
/// # Errors
///
/// [`Error::NotAnArchive`] when it is none of the three formats; otherwise when its header, index or
/// metadata cannot be read.
pub fn open(path: &Path) -> Result<Box<dyn ReadTiles>, Error> {
    if path.is_dir() {
        return Ok(Box::new(folder::Reader::open(path)?));
    }
    let file = File::open(path).map_err(Error::io("open", path))?;
    let mut start = Vec::with_capacity(mbtiles::MAGIC.len());
    let wanted = mbtiles::MAGIC.len() as u64;
    (&file).take(wanted).read_to_end(&mut start).map_err(Error::io("read", path))?;
    if start.starts_with(pmtiles::MAGIC) {
        Ok(Box::new(pmtiles::Reader::open(path, file)?))
    } else if start == mbtiles::MAGIC {
        Ok(Box::new(mbtiles::Reader::open(path)?))
    } else {
        let found =
            if start.is_empty() { "it is empty" } else { "it starts as neither PMTiles nor SQLite do" };
        Err(Error::NotAnArchive { path: path.into(), found: found.into() })
    }
}

/// Holds a writer to the order of tiles.
#[derive(Default)]
pub(crate) struct Order {
    last: Option<TileCoord>,
}

impl Order {
    /// Takes note of the next tile.
    pub(crate) fn admit(&mut self, tile: TileCoord, stored: &[u8]) -> Result<(), Error> {
        if stored.is_empty() {
            return Err(Error::EmptyTile { tile });
        }
        if let Some(last) = self.last.filter(|last| TileId::from(tile) <= TileId::from(*last)) {
            return Err(Error::Order { tile, last });
        }
        self.last = Some(tile);
        Ok(())
    }
}

/// Returns the length of a file.
pub(crate) fn file_bytes(file: &File, path: &Path) -> Result<u64, Error> {
    Ok(file.metadata().map_err(Error::io("measure", path))?.len())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn check(path: &str, expected: Option<Format>) {
        assert_eq!(Format::of(Path::new(path)).ok(), expected, "{path}");
    }

    #[test]
    fn name_tells_the_format() {
        check("a/world.pmtiles", Some(Format::PMTiles));
        check("WORLD.MBTiles", Some(Format::MBTiles));
        check("world.pmtiles/", Some(Format::Folder));
        check("tiles", Some(Format::Folder));
        check("/", Some(Format::Folder));
        check("world.zip", None);
        check("world.json", None);
    }

    #[test]
    fn folder_that_exists_may_have_a_dot() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v1.0");
        assert!(Format::of(&path).is_err());
        fs::create_dir(&path).unwrap();
        assert_eq!(Format::of(&path).unwrap(), Format::Folder);
    }
}
