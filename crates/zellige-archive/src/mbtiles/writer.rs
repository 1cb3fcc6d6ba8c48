//! Writes MBTiles.
//!
//! In:     tiles in the order of their ids, each a gzip member.
//! Out:    tables `images` (contents) and `map` (places), joined by the view `tiles`; `metadata`.
//! Keeps:  every tile; equal ones are stored once, as far as [`Contents`] knows them. Memory is bounded whatever the
//!         number of tiles.
//! Source: MBTiles 1.3; the two tables are those that other tools write and know.
//!
//! Contents are appended as they come. Places are sorted and appended last, see [`Places`], so that their table is its
//! own index and the same tiles give the same bytes.

use std::fmt::Write;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, params};
use zellige_model::{TileCoord, Tileset, Zoom};

use super::flip;
use super::places::{Place, Places};
use crate::contents::Contents;
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

/// An MBTiles file that is being written.
pub(crate) struct Writer {
    database: Connection,
    order: Order,
    /// The numbers of contents.
    contents: Contents<u64>,
    n_images: u64,
    places: Places,
    /// Reused for the text of a number.
    text: String,
    part: Part,
}

impl Writer {
    /// Starts a file that will stand at `path`; a temporary file is made in `temp` when tiles are many.
    pub(crate) fn create(path: &Path, options: &CreateOptions, temp: &Path) -> Result<Self, Error> {
        let part = Part::file(path, options)?;
        // The part is locked by its handle already; SQLite's own locks would be dropped with it.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Connection::open_with_flags_and_vfs(part.path(), flags, c"unix-none")
            .map_err(Error::database("create", part.path()))?;
        database.execute_batch(SETUP).map_err(Error::database("set up", part.path()))?;
        let (order, contents, places) = (Order::default(), Contents::new(), Places::new(temp));
        Ok(Self { database, order, contents, n_images: 0, places, text: String::new(), part })
    }

    /// Returns the number of a content, appending it unless it is known.
    fn image(&mut self, stored: &[u8], hash: TileHash) -> rusqlite::Result<u64> {
        if let Some(image) = self.contents.get(hash) {
            return Ok(image);
        }
        let image = self.n_images;
        let mut insert = self.database.prepare_cached("INSERT INTO images VALUES (?1, ?2)")?;
        insert.execute(params![image_text(image, &mut self.text), stored])?;
        self.contents.insert(hash, image);
        self.n_images += 1;
        Ok(image)
    }

    /// Appends the places of all tiles.
    fn write_places(&mut self) -> Result<(), Error> {
        let Self { database, places, text, part, .. } = self;
        let failed = || Error::database("complete", part.path());
        let mut insert = database.prepare("INSERT INTO map VALUES (?1, ?2, ?3, ?4)").map_err(failed())?;
        places.for_each(&mut |Place { key, image }| {
            let (zoom, column, row) = unpack(key);
            let row = params![zoom, column, row, image_text(image, text)];
            insert.execute(row).map_err(failed())?;
            Ok(())
        })
    }

    /// Appends the metadata and ends the transaction.
    fn complete(&self, tileset: &Tileset) -> rusqlite::Result<()> {
        let mut insert = self.database.prepare("INSERT INTO metadata VALUES (?1, ?2)")?;
        for row in metadata::rows(tileset) {
            insert.execute(row)?;
        }
        drop(insert);
        self.database.execute_batch("COMMIT")
    }
}

impl WriteTiles for Writer {
    fn write(&mut self, tile: TileCoord, stored: &[u8], hash: TileHash) -> Result<(), Error> {
        self.order.admit(tile, stored)?;
        let image = self.image(stored, hash).map_err(Error::database("write", self.part.path()))?;
        self.places.push(Place { key: key(tile), image })
    }

    fn finish(mut self: Box<Self>, tileset: &Tileset) -> Result<Written, Error> {
        self.write_places()?;
        self.complete(tileset).map_err(Error::database("complete", self.part.path()))?;
        let Self { database, n_images, places, part, .. } = *self;
        database.close().map_err(|(_, source)| Error::database("close", part.path())(source))?;
        let bytes = file_bytes(part.as_file(), part.path())?;
        part.publish()?;
        Ok(Written { bytes, tiles: places.len(), distinct: n_images })
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
