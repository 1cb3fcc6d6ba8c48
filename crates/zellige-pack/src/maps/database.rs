//! The rows of a maps pack.
//!
//! In:     resources and tiles, each once, in an order that follows from the plan.
//! Out:    a `SQLite` file at the path it will have, when it is whole and not before.
//! Keeps:  rows in the order in which they come; the same rows at the same moment give the same bytes.
//! Source: the offline database of the native engines, version 6: tables, columns in this order, indexes, rollback
//!         journal, pages of 4096 bytes, incremental vacuum. All of it is checked by `verify`.

use std::fmt;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, params};
use zellige_archive::{CreateOptions, Part};
use zellige_model::TileCoord;

use super::contents::Kind;
use crate::Error;
use crate::digest::Digest;
use crate::moment::Moment;

/// The version that engines take: they refuse what is older and throw away what is newer.
pub(crate) const USER_VERSION: i64 = 6;
/// Bytes of a page.
pub(crate) const PAGE_BYTES: i64 = 4096;
/// The number of incremental vacuum.
pub(crate) const AUTO_VACUUM: i64 = 2;
/// Seconds after which rows count as old: from then on clients ask the network before they draw.
pub(crate) const EXPIRES_SECONDS: u64 = 366 * 86_400;

/// The tables, each with its columns as merges copy them.
pub(crate) const TABLES: [(&str, &str); 5] = [
    (
        "resources",
        "id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, url TEXT NOT NULL, kind INTEGER NOT NULL, \
         expires INTEGER, modified INTEGER, etag TEXT, data BLOB, compressed INTEGER NOT NULL DEFAULT 0, \
         accessed INTEGER NOT NULL, must_revalidate INTEGER NOT NULL DEFAULT 0, UNIQUE (url)",
    ),
    (
        "tiles",
        "id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, url_template TEXT NOT NULL, \
         pixel_ratio INTEGER NOT NULL, z INTEGER NOT NULL, x INTEGER NOT NULL, y INTEGER NOT NULL, \
         expires INTEGER, modified INTEGER, etag TEXT, data BLOB, compressed INTEGER NOT NULL DEFAULT 0, \
         accessed INTEGER NOT NULL, must_revalidate INTEGER NOT NULL DEFAULT 0, \
         UNIQUE (url_template, pixel_ratio, z, x, y)",
    ),
    ("regions", "id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, definition TEXT NOT NULL, description BLOB"),
    (
        "region_resources",
        "region_id INTEGER NOT NULL REFERENCES regions(id) ON DELETE CASCADE, \
         resource_id INTEGER NOT NULL REFERENCES resources(id), UNIQUE (region_id, resource_id)",
    ),
    (
        "region_tiles",
        "region_id INTEGER NOT NULL REFERENCES regions(id) ON DELETE CASCADE, \
         tile_id INTEGER NOT NULL REFERENCES tiles(id), UNIQUE (region_id, tile_id)",
    ),
];

/// The indexes: name, table, column.
pub(crate) const INDEXES: [(&str, &str, &str); 4] = [
    ("resources_accessed", "resources", "accessed"),
    ("tiles_accessed", "tiles", "accessed"),
    ("region_resources_resource_id", "region_resources", "resource_id"),
    ("region_tiles_tile_id", "region_tiles", "tile_id"),
];

/// The bytes of a row, a zlib stream where that is smaller.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) data: Vec<u8>,
    pub(super) is_compressed: bool,
}

/// A maps pack that is being written.
pub(super) struct Writer {
    database: Connection,
    part: Part,
    modified: i64,
    expires: i64,
}

impl Writer {
    /// Starts a pack that will stand at `path`, whose rows are as new as `moment`.
    pub(super) fn create(path: &Path, options: &CreateOptions, moment: Moment) -> Result<Self, Error> {
        let name = path.display().to_string();
        let part = Part::file(path, options).map_err(Error::archive("start", &name))?;
        // The part is locked by its handle already; SQLite's own locks would be dropped with it.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Connection::open_with_flags_and_vfs(part.path(), flags, c"unix-none")
            .map_err(Error::database("create", path))?;
        database.execute_batch(&setup()).map_err(Error::database("set up", path))?;
        let modified = moment.seconds() as i64;
        Ok(Self { database, part, modified, expires: modified + EXPIRES_SECONDS as i64 })
    }

    /// Appends a resource.
    pub(super) fn resource(&mut self, kind: Kind, url: &str, stored: &Stored) -> Result<(), Error> {
        let insert = || {
            self.database
                .prepare_cached(
                    "INSERT INTO resources (url, kind, expires, modified, data, compressed, accessed)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?4)",
                )?
                .execute(params![
                    url,
                    kind as i64,
                    self.expires,
                    self.modified,
                    stored.data,
                    stored.is_compressed
                ])
        };
        insert().map(drop).map_err(Error::database("write", self.part.path()))
    }

    /// Appends a tile; `row` counts as its template does.
    pub(super) fn tile(
        &mut self,
        template: &str,
        tile: TileCoord,
        row: u32,
        stored: &Stored,
    ) -> Result<(), Error> {
        let insert = || {
            self.database
                .prepare_cached(
                    "INSERT INTO tiles (url_template, pixel_ratio, z, x, y, expires, modified, data, compressed,
                         accessed)
                     VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?6)",
                )?
                .execute(params![
                    template,
                    tile.zoom().get(),
                    tile.x(),
                    row,
                    self.expires,
                    self.modified,
                    stored.data,
                    stored.is_compressed
                ])
        };
        insert().map(drop).map_err(Error::database("write", self.part.path()))
    }

    /// Ties all rows to the region and puts the pack in its place.
    pub(super) fn finish(self, definition: &str, description: &str) -> Result<Digest, Error> {
        let complete = || -> rusqlite::Result<()> {
            let region = "INSERT INTO regions (id, definition, description) VALUES (1, ?1, ?2)";
            self.database.execute(region, params![definition, description.as_bytes()])?;
            let ties = "INSERT INTO region_resources SELECT 1, id FROM resources ORDER BY id;
                 INSERT INTO region_tiles SELECT 1, id FROM tiles ORDER BY id;";
            self.database.execute_batch(&format!("{ties} {} COMMIT;", indexes()))
        };
        complete().map_err(Error::database("complete", self.part.path()))?;
        let path = self.part.path().to_owned();
        self.database.close().map_err(|(_, source)| Error::database("close", &path)(source))?;
        let digest = Digest::of_file(&path).map_err(Error::io("read", &path))?;
        self.part.publish().map_err(Error::archive("put in place", &path.display().to_string()))?;
        Ok(digest)
    }
}

/// Returns a pack without rows, in memory: what the tables of another one are compared with.
pub(crate) fn empty() -> rusqlite::Result<Connection> {
    let database = Connection::open_in_memory()?;
    database.execute_batch(&setup())?;
    database.execute_batch(&indexes())?;
    Ok(database)
}

fn indexes() -> String {
    let mut script = String::new();
    for (name, table, column) in INDEXES {
        put(&mut script, format_args!("CREATE INDEX {name} ON {table} ({column});"));
    }
    script
}

/// Nobody else can see the file yet, and what a crash leaves of it is thrown away: no journal, no waiting for
/// the disk before the end.
fn setup() -> String {
    let mut script = format!(
        "PRAGMA page_size = {PAGE_BYTES};
         PRAGMA encoding = 'UTF-8';
         PRAGMA auto_vacuum = {AUTO_VACUUM};
         PRAGMA journal_mode = OFF;
         PRAGMA synchronous = OFF;
         PRAGMA temp_store = MEMORY;
         PRAGMA user_version = {USER_VERSION};
         BEGIN;"
    );
    for (name, columns) in TABLES {
        put(&mut script, format_args!("CREATE TABLE {name} ({columns});"));
    }
    script
}

fn put(script: &mut String, statement: fmt::Arguments<'_>) {
    fmt::Write::write_fmt(script, statement).expect("writing to a string does not fail");
}
