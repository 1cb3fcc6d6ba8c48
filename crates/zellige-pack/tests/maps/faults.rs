//! Packs in which something was broken on purpose, and what the verifier says.

use std::fs;

use rusqlite::Connection;
use zellige_pack::maps::verify::{Verdict, verify};
use zellige_pack::moment::Moment;

use crate::drawn::{MOMENT, World};

const BOTH: &str = "mapbox://tiles/me.land,me.towns/{z}/{x}/{y}.vector.pbf";

/// A day after packs are made here.
const NOW: Moment = Moment::from_milliseconds(1_767_312_000_000);

fn judge(path: &std::path::Path, now: Moment) -> Verdict {
    verify(path, now).unwrap()
}

/// Breaks a copy of one whole pack by SQL, a line each, and compares the first fault and their number.
fn check(plants: &[(&str, &str, u64)]) {
    let world = World::new();
    drop(world.made());
    let broken = world.folder.path().join("broken.db");
    assert_eq!(judge(&world.path(), NOW).faults.first, []);
    for (sql, expected, n_faults) in plants {
        fs::copy(world.path(), &broken).unwrap();
        let database = Connection::open(&broken).unwrap();
        database.execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}")).unwrap();
        database.close().unwrap();
        let verdict = judge(&broken, NOW);
        let first = verdict.faults.first.first().map(ToString::to_string).unwrap_or_default();
        assert_eq!(
            (first.as_str(), verdict.faults.count),
            (*expected, *n_faults),
            "{sql}: {:?}",
            verdict.faults
        );
    }
}

#[test]
fn database_as_such() {
    check(&[
        ("PRAGMA user_version = 5", "user_version is `5`, expected 6", 1),
        ("PRAGMA journal_mode = WAL", "its journal is a write-ahead log, expected a rollback journal", 1),
        ("PRAGMA auto_vacuum = NONE; VACUUM", "auto_vacuum is `0`, expected 2", 1),
        ("PRAGMA page_size = 1024; VACUUM", "page_size is `1024`, expected 4096", 1),
        ("DROP INDEX tiles_accessed", "table `tiles`: its indexes are ``, expected `tiles_accessed`", 1),
        (
            "ALTER TABLE regions ADD COLUMN extra TEXT",
            "table `regions`: its columns are `id INTEGER not null key, definition TEXT not null, description \
             BLOB, extra TEXT`, expected `id INTEGER not null key, definition TEXT not null, description BLOB`",
            1,
        ),
        (
            "ALTER TABLE tiles RENAME TO pictures",
            "table `tiles`: its columns are ``, expected `id INTEGER not null key, url_template TEXT not null, \
             pixel_ratio INTEGER not null, z INTEGER not null, x INTEGER not null, y INTEGER not null, expires \
             INTEGER, modified INTEGER, etag TEXT, data BLOB, compressed INTEGER not null default 0, accessed \
             INTEGER not null, must_revalidate INTEGER not null default 0`",
            3,
        ),
    ]);
}

#[test]
fn region() {
    let place = "definition of the region: ";
    let with = |text: &str| format!("{place}{text}");
    check(&[
        (
            "UPDATE regions SET definition = replace(definition, '\"max_zoom\":5.0', '\"max_zoom\":5')",
            &with("`max_zoom` is `5`, expected a number with a decimal point"),
            1,
        ),
        (
            "UPDATE regions SET definition = replace(definition, '\"pixel_ratio\":1.0', '\"pixel_ratio\":2.0')",
            &with("`pixel_ratio` is `2.0`, expected 1.0"),
            1,
        ),
        (
            "UPDATE regions SET description = 'text'",
            "region: its description is of type text, expected a blob",
            1,
        ),
        ("INSERT INTO regions VALUES (2, 'x', x'00')", "it has 2 regions, expected 1", 1),
        (
            "UPDATE regions SET definition = replace(definition, 'styles/me/map', 'styles/me/other')",
            "mapbox://styles/me/other: the style is missing",
            1,
        ),
        (
            "UPDATE regions SET definition = '{'",
            &with("it is no JSON: EOF while parsing an object at line 1 column 1"),
            1,
        ),
    ]);
}

#[test]
fn times_and_ties() {
    let tile = format!("tile 0/0/0 of {BOTH}: ");
    let with = |text: &str| format!("{tile}{text}");
    let style = |text: &str| format!("mapbox://styles/me/map: {text}");
    check(&[
        (
            "UPDATE resources SET modified = NULL WHERE kind = 1",
            &style("has no time of change, so no refresh replaces it"),
            1,
        ),
        (
            "UPDATE tiles SET expires = NULL WHERE id = 1",
            &with("has no time at which it grows old, so clients ask the network"),
            1,
        ),
        (
            "UPDATE tiles SET expires = modified WHERE id = 1",
            &with("is too old, so clients ask the network"),
            1,
        ),
        (
            "UPDATE tiles SET must_revalidate = 1 WHERE id = 1",
            &with("has to be asked for again each time"),
            1,
        ),
        (
            "UPDATE tiles SET data = NULL WHERE id = 1",
            &with("has no data, so clients count it as missing"),
            1,
        ),
        (
            "DELETE FROM region_tiles WHERE tile_id = 1",
            &with("is not tied to the region, so merging passes it over"),
            1,
        ),
        (
            "DELETE FROM region_resources WHERE resource_id = 1",
            &style("is not tied to the region, so merging passes it over"),
            1,
        ),
        ("UPDATE tiles SET modified = modified + 999999 WHERE id = 1", &with("was changed in the future"), 1),
    ]);
}

#[test]
fn contents_of_rows() {
    let tile = format!("tile 0/0/0 of {BOTH}: ");
    let with = |text: &str| format!("{tile}{text}");
    check(&[
        (
            "UPDATE tiles SET data = x'1f8b0800000000000003', compressed = 0 WHERE id = 1",
            &with("it is gzip data, expected a plain vector tile"),
            1,
        ),
        (
            "UPDATE tiles SET data = x'1f8b0800000000000003', compressed = 1 WHERE id = 1",
            &with("it is marked as compressed and is no zlib stream"),
            1,
        ),
        (
            "UPDATE tiles SET data = x'0000', compressed = 0 WHERE id = 1",
            &with(
                "it is no vector tile: vector tile is malformed at byte 0: field number `0`, expected 1 to 536870911",
            ),
            1,
        ),
        (
            "UPDATE resources SET data = '{\"a\": \"?access_token=pk\"}', compressed = 0 WHERE url = 'mapbox://sprites/me/map.json'",
            "mapbox://sprites/me/map.json: it carries an access token",
            2,
        ),
        (
            "UPDATE resources SET data = 'x', compressed = 0 WHERE url = 'mapbox://sprites/me/map.png'",
            "mapbox://sprites/me/map.png: it is no PNG",
            2,
        ),
        (
            "UPDATE resources SET data = '{\"a\":{\"x\":0,\"y\":0,\"width\":9,\"height\":1}}', compressed = 0
             WHERE url = 'mapbox://sprites/me/map.json'",
            "mapbox://sprites/me/map.json: icon `a` lies outside of the image",
            1,
        ),
        (
            "UPDATE resources SET kind = 2 WHERE kind = 1",
            "mapbox://styles/me/map: its kind is `2`, expected 1",
            1,
        ),
        (
            "UPDATE resources SET data = (SELECT data FROM resources WHERE url LIKE '%/256-511.pbf'),
                 compressed = 1 WHERE url LIKE '%/0-255.pbf'",
            "mapbox://fonts/me/Open%20Sans%20Regular/0-255.pbf: it holds the range `256-511`, expected `0-255`",
            1,
        ),
    ]);
}

#[test]
fn what_is_missing_or_too_much() {
    let tile = format!("tile 3/4/4 of {BOTH}: ");
    let with = |text: &str| format!("{tile}{text}");
    check(&[
        (
            "DELETE FROM tiles WHERE url_template LIKE '%towns%' AND z = 3 AND x = 4 AND y = 4",
            &with("it is missing"),
            2,
        ),
        (
            "UPDATE tiles SET x = 5 WHERE url_template LIKE '%towns%' AND z = 3 AND x = 4 AND y = 4",
            &with("it is missing"),
            2,
        ),
        (
            "DELETE FROM resources WHERE url LIKE '%/512-767.pbf'",
            "mapbox://fonts/me/Open%20Sans%20Regular/512-767.pbf: it is missing",
            2,
        ),
        // Upper case digits, as most encoders write them.
        (
            "UPDATE resources SET url = replace(url, '%20', '%2520') WHERE url LIKE '%/0-255.pbf'",
            "mapbox://fonts/me/Open%20Sans%20Regular/0-255.pbf: it is missing",
            2,
        ),
        (
            "UPDATE tiles SET url_template = replace(url_template, 'me.land,me.towns', 'me.towns')
             WHERE url_template LIKE '%towns%'",
            "tile 0/0/0 of mapbox://tiles/me.land,me.towns/{z}/{x}/{y}.vector.pbf: it is missing",
            18,
        ),
        (
            "DELETE FROM resources WHERE url = 'mapbox://sprites/me/map@2x.png'",
            "mapbox://sprites/me/map@2x.png: it is missing",
            2,
        ),
    ]);
}

#[test]
fn packs_grow_old() {
    let world = World::new();
    drop(world.made());
    let later = Moment::from_milliseconds((MOMENT.seconds() + 400 * 86_400) * 1000);
    let verdict = judge(&world.path(), later);
    assert_eq!(verdict.faults.count, verdict.tiles + verdict.resources);
}

#[test]
fn any_bytes_are_judged() {
    let world = World::new();
    drop(world.made());
    let bytes = fs::read(world.path()).unwrap();
    let broken = world.folder.path().join("broken.db");
    for len in [0, 10, 99, 100, 4096, 5000, bytes.len() / 2] {
        fs::write(&broken, &bytes[..len]).unwrap();
        assert!(judge(&broken, NOW).faults.count > 0, "{len} bytes");
    }
    let mut state = 1_u64;
    for _ in 0..40 {
        let mut changed = bytes.clone();
        for _ in 0..20 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (state >> 20) as usize % changed.len();
            changed[at] ^= (state >> 56) as u8;
        }
        fs::write(&broken, &changed).unwrap();
        judge(&broken, NOW);
    }
}
