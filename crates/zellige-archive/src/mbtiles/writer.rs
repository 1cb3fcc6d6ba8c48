//! Writes MBTiles.
//!
//! In:     tiles in the order of their ids, each a gzip member.
//! Out:    tables `images` (contents) and `map` (places), joined by the view `tiles`; `metadata`.
//! Keeps:  every tile; equal ones are stored once.
//! Source: MBTiles 1.3; the two tables are those that other tools write and know.
//!
//! Contents are appended as they come. Places are kept in memory, sorted and appended last, so that their
//! table is its own index, nothing is sorted in temporary files and the same tiles give the same bytes.
//! Memory grows with the tiles: 16 bytes a place, and about 40 bytes for each content.

use std::fmt::Write;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, params};
use rustc_hash::FxHashMap;
use zellige_model::{TileCoord, Tileset, Zoom};

use super::flip;
use crate::part::Part;
use crate::tiles::{Order, file_bytes};
use crate::{CreateOptions, Error, TileHash, WriteTiles, Written, metadata};

/// Nobody else can see the file yet, and what a crash leaves of it is thrown away: no journal, no waiting
/// for the disk before the end; said first, since every write before it would have a journal of its own. The
/// application id is `MPBX`.
const SETUP: &str = "
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA temp_store = MEMORY;
    PRAGMA page_size = 4096;
    PRAGMA application_id = 0x4d504258;
    BEGIN;
    CREATE TABLE metadata (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE images (tile_id TEXT NOT NULL PRIMARY KEY, tile_data BLOB NOT NULL);
    CREATE TABLE map (
        zoom_level INTEGER NOT NULL,
        tile_column INTEGER NOT NULL,
        tile_row INTEGER NOT NULL,
        tile_id TEXT NOT NULL,
        PRIMARY KEY (zoom_level, tile_column, tile_row)
    ) WITHOUT ROWID;
    CREATE VIEW tiles AS
        SELECT map.zoom_level AS zoom_level, map.tile_column AS tile_column, map.tile_row AS tile_row,
            images.tile_data AS tile_data
        FROM map JOIN images ON images.tile_id = map.tile_id;
";

/// A tile and the number of its content.
struct Place {
    /// Zoom, column and row from the south, in this order from the highest bit on.
    key: u64,
    image: u64,
}

/// An MBTiles file that is being written.
pub(crate) struct Writer {
    database: Connection,
    order: Order,
    /// The number of each content.
    images: FxHashMap<TileHash, u64>,
    places: Vec<Place>,
    /// Reused for the text of a number.
    text: String,
    part: Part,
}

impl Writer {
    /// Starts a file that will stand at `path`.
    pub(crate) fn create(path: &Path, options: &CreateOptions) -> Result<Self, Error> {
        let part = Part::file(path, options)?;
        // The part is locked by its handle already; SQLite's own locks would be dropped with it.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Connection::open_with_flags_and_vfs(part.path(), flags, c"unix-none")
            .map_err(Error::database("create", part.path()))?;
        database.execute_batch(SETUP).map_err(Error::database("set up", part.path()))?;
        let (order, images) = (Order::default(), FxHashMap::default());
        Ok(Self { database, order, images, places: Vec::new(), text: String::new(), part })
    }

    fn add(&mut self, tile: TileCoord, stored: &[u8], hash: TileHash) -> rusqlite::Result<()> {
        let next = self.images.len() as u64;
        let image = *self.images.entry(hash).or_insert(next);
        if image == next {
            let mut insert = self.database.prepare_cached("INSERT INTO images VALUES (?1, ?2)")?;
            insert.execute(params![image_text(image, &mut self.text), stored])?;
        }
        self.places.push(Place { key: key(tile), image });
        Ok(())
    }

    fn complete(&mut self, tileset: &Tileset) -> rusqlite::Result<()> {
        self.places.sort_unstable_by_key(|place| place.key);
        {
            let mut insert = self.database.prepare("INSERT INTO map VALUES (?1, ?2, ?3, ?4)")?;
            for place in &self.places {
                let (zoom, column, row) = unpack(place.key);
                insert.execute(params![zoom, column, row, image_text(place.image, &mut self.text)])?;
            }
            let mut insert = self.database.prepare("INSERT INTO metadata VALUES (?1, ?2)")?;
            for row in metadata::rows(tileset) {
                insert.execute(row)?;
            }
        }
        self.database.execute_batch("COMMIT")
    }
}

impl WriteTiles for Writer {
    fn write(&mut self, tile: TileCoord, stored: &[u8], hash: TileHash) -> Result<(), Error> {
        self.order.admit(tile, stored)?;
        self.add(tile, stored, hash).map_err(Error::database("write", self.part.path()))
    }

    fn write_again(&mut self, tile: TileCoord, hash: TileHash) -> Result<(), Error> {
        let image = *self.images.get(&hash).ok_or(Error::UnknownContent { tile })?;
        self.order.admit_again(tile)?;
        self.places.push(Place { key: key(tile), image });
        Ok(())
    }

    fn finish(mut self: Box<Self>, tileset: &Tileset) -> Result<Written, Error> {
        self.complete(tileset).map_err(Error::database("complete", self.part.path()))?;
        let Self { database, images, places, part, .. } = *self;
        database.close().map_err(|(_, source)| Error::database("close", part.path())(source))?;
        let bytes = file_bytes(part.as_file(), part.path())?;
        part.publish()?;
        Ok(Written { bytes, tiles: places.len() as u64, distinct: images.len() as u64 })
    }
}

/// Returns the text that names a content: its number, wide enough that texts ascend as numbers do.
fn image_text(image: u64, text: &mut String) -> &str {
    text.clear();
    write!(text, "{image:08x}").expect("a string takes every text");
    text
}

/// Packs zoom, column and row from the south so that keys sort as these three do.
fn key(tile: TileCoord) -> u64 {
    let row = flip(tile.zoom(), tile.y());
    u64::from(tile.zoom().get()) << (2 * COORD_BITS) | u64::from(tile.x()) << COORD_BITS | u64::from(row)
}

fn unpack(key: u64) -> (u32, u32, u32) {
    let mask = (1 << COORD_BITS) - 1;
    ((key >> (2 * COORD_BITS)) as u32, (key >> COORD_BITS & mask) as u32, (key & mask) as u32)
}

/// Binary digits of a column or row at the deepest zoom.
const COORD_BITS: u32 = Zoom::MAX.get() as u32;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tile: &str, expected: (u32, u32, u32)) {
        assert_eq!(unpack(key(TileCoord::parse(tile).unwrap())), expected, "{tile}");
    }

    #[test]
    fn rows_count_from_the_south() {
        check("0/0/0", (0, 0, 0));
        check("3/1/0", (3, 1, 7));
        check("3/1/7", (3, 1, 0));
        check("22/4194303/0", (22, 4_194_303, 4_194_303));
    }

    #[test]
    fn texts_ascend_as_numbers_do() {
        let text = |image| image_text(image, &mut String::new()).to_owned();
        assert_eq!(text(255), "000000ff");
        assert!(text(9) < text(10) && text(255) < text(4096));
    }
}
