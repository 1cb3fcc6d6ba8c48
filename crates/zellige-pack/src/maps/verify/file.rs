//! Looks at a maps pack as a database: its header, its settings, its tables.
//!
//! In:     a path; then the open database.
//! Out:    faults.
//! Keeps:  nothing is trusted: values have a longest length, queries a number of steps after which they end.
//! Source: `SQLite` file format §1.3; the tables are compared with those that `database` makes.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};
use zellige_archive::TILE_BYTES_MAX;

use super::Verdict;
use crate::Error;
use crate::maps::database::{AUTO_VACUUM, PAGE_BYTES, TABLES, USER_VERSION, empty};

/// The bytes that every `SQLite` database starts with.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// Bytes of the header of a database.
const HEADER_BYTES: u64 = 100;
/// How many steps of `SQLite`'s machine count as one chunk.
const STEP_CHUNK: i32 = 1_000_000;
/// How many chunks all queries may take: minutes, many times what a scan of a large pack needs.
const STEP_CHUNKS_MAX: u32 = 20_000;

/// Opens a pack for reading; nothing when it is no database that can be opened without changing it.
pub(super) fn open(path: &Path, verdict: &mut Verdict) -> Result<Option<Connection>, Error> {
    let mut header = Vec::new();
    let file = File::open(path).map_err(Error::io("open", path))?;
    file.take(HEADER_BYTES).read_to_end(&mut header).map_err(Error::io("read", path))?;
    if !header.starts_with(MAGIC) || header.len() < HEADER_BYTES as usize {
        verdict.faults.add("", "it is no SQLite database");
        return Ok(None);
    }
    if header[18..20] != [1, 1] {
        verdict.faults.add("", "its journal is a write-ahead log, expected a rollback journal");
        return Ok(None);
    }
    for ending in ["-wal", "-journal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        if Path::new(&name).exists() {
            verdict
                .faults
                .add("", format!("`{}` stands beside it, so it is not whole by itself", name.display()));
        }
    }
    match guarded(path) {
        Ok(database) => Ok(Some(database)),
        Err(error) => {
            verdict.faults.add("", format!("cannot be opened: {error}"));
            Ok(None)
        }
    }
}

/// Opens a database that may be hostile.
fn guarded(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut database = Connection::open_with_flags(path, flags)?;
    database.set_limit(Limit::SQLITE_LIMIT_LENGTH, TILE_BYTES_MAX as i32)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    let mut chunks = 0;
    let is_used_up = move || {
        chunks += 1;
        chunks > STEP_CHUNKS_MAX
    };
    database.progress_handler(STEP_CHUNK, Some(is_used_up))?;
    Ok(database)
}

/// Compares the settings of the database.
pub(super) fn check(database: &Connection, verdict: &mut Verdict) -> rusqlite::Result<()> {
    for (pragma, expected) in
        [("user_version", USER_VERSION), ("page_size", PAGE_BYTES), ("auto_vacuum", AUTO_VACUUM)]
    {
        let found: i64 = database.pragma_query_value(None, pragma, |row| row.get(0))?;
        if found != expected {
            verdict.faults.add("", format!("{pragma} is `{found}`, expected {expected}"));
        }
    }
    let encoding: String = database.pragma_query_value(None, "encoding", |row| row.get(0))?;
    if encoding != "UTF-8" {
        verdict.faults.add("", format!("its texts are in {encoding}, expected UTF-8"));
    }
    let integrity: String = database.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if integrity != "ok" {
        verdict.faults.add("", format!("it is damaged: {integrity}"));
    }
    Ok(())
}

/// Compares tables, columns and indexes; whether what the other checks read is there.
pub(super) fn has_tables(database: &Connection, verdict: &mut Verdict) -> rusqlite::Result<bool> {
    const COLUMNS: &str = "SELECT group_concat(name || ' ' || type || iif(\"notnull\", ' not null', '') \
        || coalesce(' default ' || dflt_value, '') || iif(pk, ' key', ''), ', ') \
        FROM (SELECT * FROM pragma_table_info(?1) ORDER BY cid)";
    const UNIQUE: &str = "SELECT group_concat(columns, '; ') FROM (SELECT (SELECT group_concat(name, ', ') \
        FROM pragma_index_info(list.name)) AS columns FROM pragma_index_list(?1) AS list \
        WHERE list.\"unique\" ORDER BY 1)";
    const INDEXES: &str = "SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_list(?1) \
        WHERE origin = 'c' ORDER BY 1)";
    let expected = empty()?;
    let ask = |database: &Connection, query: &str, table: &str| -> rusqlite::Result<String> {
        Ok(database.query_row(query, [table], |row| row.get::<_, Option<String>>(0))?.unwrap_or_default())
    };
    let mut has_all = true;
    for (table, _) in TABLES {
        let place = format!("table `{table}`");
        for (what, query) in [("columns", COLUMNS), ("unique columns", UNIQUE), ("indexes", INDEXES)] {
            let (found, wanted) = (ask(database, query, table)?, ask(&expected, query, table)?);
            if found != wanted {
                has_all &= what != "columns";
                verdict.faults.add(&place, format!("its {what} are `{found}`, expected `{wanted}`"));
            }
        }
    }
    Ok(has_all)
}
