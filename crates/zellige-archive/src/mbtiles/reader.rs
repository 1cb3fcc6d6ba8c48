//! Reads MBTiles.
//!
//! In:     the path of a database; nothing in it is trusted, its tables may be views.
//! Out:    tiles, uncompressed, one by one or all in the order of their ids.
//! Keeps:  8 bytes a tile in memory while all are shown; otherwise one tile.
//! Source: MBTiles 1.3; only the view or table `tiles` and the table `metadata` are asked.
//!
//! A view can be made to compute for ever, so every query has a number of steps after which it ends; and
//! `SQLite` is told how long a value may be, so that no number in the file decides about memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{CachedStatement, Connection, OpenFlags, OptionalExtension, params};
use zellige_model::{TileCoord, TileId, Tileset, Zoom};

use super::flip;
use crate::compress::plain;
use crate::metadata::Claims;
use crate::{Error, Format, ReadTiles, Summary, TILE_BYTES_MAX, Visit};

/// How many steps of `SQLite`'s machine count as one chunk.
const STEP_CHUNK: i32 = 1_000_000;
/// How many chunks a query may take: a minute or so, many times what a scan of a large archive needs.
const STEP_CHUNKS_MAX: u32 = 5_000;
/// How many rows of metadata are read.
const METADATA_ROWS_MAX: u32 = 1_000;
/// The fewest bytes that a place takes in a file: a row header of four columns and their values.
const PLACE_BYTES_MIN: u64 = 4;

/// An open MBTiles file.
pub(crate) struct Reader {
    path: PathBuf,
    bytes: u64,
    database: Connection,
    /// What the query at hand may still take.
    chunks_left: Arc<AtomicU32>,
    tileset: Tileset,
}

impl Reader {
    /// Opens the database at `path` and reads its metadata.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let chunks_left = Arc::new(AtomicU32::new(STEP_CHUNKS_MAX));
        let database = guarded(path, &chunks_left).map_err(Error::database("open", path))?;
        let bytes = path.metadata().map_err(Error::io("measure", path))?.len();
        let rows = metadata(&database).map_err(Error::database("read the metadata of", path))?;
        let mut claims = Claims::of_rows(rows.into_iter()).map_err(Error::inside("the metadata", path))?;
        if claims.minzoom.is_none() || claims.maxzoom.is_none() {
            let zooms = zooms(&database).map_err(Error::database("read the zooms of", path))?;
            claims.minzoom = claims.minzoom.or(zooms.0);
            claims.maxzoom = claims.maxzoom.or(zooms.1);
        }
        let tileset = claims.into_tileset().map_err(Error::inside("the metadata", path))?;
        Ok(Self { path: path.into(), bytes, database, chunks_left, tileset })
    }

    /// Gives the next query its full number of steps.
    fn rewind(&self) {
        self.chunks_left.store(STEP_CHUNKS_MAX, Ordering::Relaxed);
    }

    /// Shows the stored bytes of a tile; whether there is one.
    fn look_up(
        &self,
        select: &mut CachedStatement<'_>,
        tile: TileCoord,
        visit: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        self.rewind();
        let failed = || Error::database("read a tile of", &self.path);
        let row = flip(tile.zoom(), tile.y());
        let mut rows = select.query(params![tile.zoom().get(), tile.x(), row]).map_err(failed())?;
        let Some(row) = rows.next().map_err(failed())? else { return Ok(false) };
        let stored = row.get_ref(0).map_err(failed())?;
        let stored = stored.as_blob_or_null().map_err(|source| failed()(source.into()))?;
        let Some(stored) = stored.filter(|stored| !stored.is_empty()) else { return Ok(false) };
        visit(&plain(stored, TILE_BYTES_MAX).map_err(Error::inside(format!("tile `{tile}`"), &self.path))?)?;
        Ok(true)
    }

    fn select(&self) -> Result<CachedStatement<'_>, Error> {
        self.database
            .prepare_cached(
                "SELECT tile_data FROM tiles WHERE zoom_level = ?1 AND tile_column = ?2 AND tile_row = ?3",
            )
            .map_err(Error::database("query", &self.path))
    }

    /// Returns the ids of all tiles, ascending.
    fn ids(&self) -> Result<Vec<TileId>, Error> {
        self.rewind();
        let failed = || Error::database("list the tiles of", &self.path);
        let mut select =
            self.database.prepare("SELECT zoom_level, tile_column, tile_row FROM tiles").map_err(failed())?;
        let mut rows = select.query([]).map_err(failed())?;
        let mut ids = Vec::new();
        while let Some(row) = rows.next().map_err(failed())? {
            let place = (|| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))().map_err(failed())?;
            ids.push(id(place).map_err(Error::inside("the places", &self.path))?);
            if ids.len() as u64 > self.bytes / PLACE_BYTES_MIN {
                let found = format!("more than `{}` tiles in {} bytes", ids.len(), self.bytes);
                return Err(Error::inside("the places", &self.path)(Error::Damaged { found }));
            }
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }
}

impl ReadTiles for Reader {
    fn format(&self) -> Format {
        Format::MBTiles
    }

    fn tileset(&self) -> &Tileset {
        &self.tileset
    }

    /// Counts the places, and the contents where they have a table of their own.
    fn summary(&self) -> Result<Summary, Error> {
        self.rewind();
        let count = |sql| self.database.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|n| n as u64);
        let counts = || -> rusqlite::Result<(u64, u64)> {
            let tiles = count("SELECT count(*) FROM tiles")?;
            match count("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'images'")? {
                0 => Ok((tiles, tiles)),
                _ => Ok((tiles, count("SELECT count(*) FROM images")?)),
            }
        };
        let (tiles, distinct) = counts().map_err(Error::database("count the tiles of", &self.path))?;
        Ok(Summary { tiles, distinct, bytes: self.bytes })
    }

    fn tile(&self, tile: TileCoord) -> Result<Option<Vec<u8>>, Error> {
        let mut out = Vec::new();
        let found = self.look_up(&mut self.select()?, tile, &mut |content| {
            out.extend_from_slice(content);
            Ok(())
        })?;
        Ok(found.then_some(out))
    }

    fn for_each(&self, visit: Visit<'_>) -> Result<(), Error> {
        let mut select = self.select()?;
        for id in self.ids()? {
            self.look_up(&mut select, id.coord(), &mut |content| visit(id.coord(), content))?;
        }
        Ok(())
    }
}

/// Opens a database that may be hostile.
fn guarded(path: &Path, chunks_left: &Arc<AtomicU32>) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut database = Connection::open_with_flags(path, flags)?;
    database.set_limit(Limit::SQLITE_LIMIT_LENGTH, TILE_BYTES_MAX as i32)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    let left = Arc::clone(chunks_left);
    let is_used_up =
        move || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_err();
    database.progress_handler(STEP_CHUNK, Some(is_used_up))?;
    Ok(database)
}

fn metadata(database: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut select = database.prepare(
        "SELECT CAST(name AS TEXT), CAST(value AS TEXT) FROM metadata
         WHERE name IS NOT NULL AND value IS NOT NULL LIMIT ?1",
    )?;
    select.query_map([METADATA_ROWS_MAX], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Returns the lowest and the highest zoom that has a tile.
fn zooms(database: &Connection) -> rusqlite::Result<(Option<u8>, Option<u8>)> {
    let zooms = database
        .query_row("SELECT min(zoom_level), max(zoom_level) FROM tiles", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    Ok(zooms.unwrap_or_default())
}

/// Returns the id of the tile at a zoom, column and row from the south.
fn id((zoom, column, row): (i64, i64, i64)) -> Result<TileId, Error> {
    let tile = || {
        let zoom = Zoom::new(u8::try_from(zoom).ok()?)?;
        let row = u32::try_from(row).ok().filter(|row| *row < zoom.tiles_per_side())?;
        TileCoord::new(zoom, u32::try_from(column).ok()?, flip(zoom, row))
    };
    tile().map(TileId::from).ok_or_else(|| Error::Damaged {
        found: format!("tile at zoom `{zoom}`, column `{column}`, row `{row}` lies outside its matrix"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(place: (i64, i64, i64), expected: Option<&str>) {
        assert_eq!(id(place).ok().map(|id| id.coord().to_string()).as_deref(), expected, "{place:?}");
    }

    #[test]
    fn endless_query_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mbtiles");
        std::fs::write(&path, "").unwrap();
        let database = guarded(&path, &Arc::new(AtomicU32::new(2))).unwrap();
        let endless = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
        let error = database.query_row(endless, [], |row| row.get::<_, i64>(0)).unwrap_err();
        assert_eq!(error.to_string(), "interrupted");
    }

    #[test]
    fn rows_count_from_the_south() {
        check((0, 0, 0), Some("0/0/0"));
        check((2, 1, 0), Some("2/1/3"));
        check((2, 1, 4), None);
        check((2, -1, 0), None);
        check((23, 0, 0), None);
        check((-1, 0, i64::MIN), None);
    }
}
