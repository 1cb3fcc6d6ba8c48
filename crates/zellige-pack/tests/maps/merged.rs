//! Packs merged into the database of a client, in the client's manner, by plain SQL.

use rusqlite::Connection;
use zellige_pack::maps::Settings;
use zellige_pack::moment::Moment;

use crate::drawn::{MOMENT, World, region, settings};

/// What clients do: regions that are equal in definition and description are one; rows are keyed by URL or by
/// template, pixel ratio and place, copied by position, and replaced by later ones; rows that are tied to no region are
/// passed over.
const MERGE: &str = "
    INSERT INTO regions (definition, description)
        SELECT definition, description FROM side.regions AS theirs WHERE NOT EXISTS (
            SELECT 1 FROM regions WHERE definition = theirs.definition AND description IS theirs.description);
    CREATE TEMP TABLE side_tiles AS
        SELECT DISTINCT t.* FROM side.region_tiles JOIN side.tiles AS t ON t.id = tile_id;
    REPLACE INTO tiles
        SELECT m.id, t.url_template, t.pixel_ratio, t.z, t.x, t.y, t.expires, t.modified, t.etag, t.data,
            t.compressed, t.accessed, t.must_revalidate
        FROM side_tiles AS t LEFT JOIN tiles AS m USING (url_template, pixel_ratio, z, x, y)
        WHERE m.id IS NULL OR t.modified > m.modified;
    INSERT OR IGNORE INTO region_tiles
        SELECT ours.id, m.id FROM side.region_tiles AS tie
        JOIN side.regions AS theirs ON theirs.id = tie.region_id
        JOIN regions AS ours ON ours.definition = theirs.definition AND ours.description IS theirs.description
        JOIN side.tiles AS t ON t.id = tie.tile_id
        JOIN tiles AS m USING (url_template, pixel_ratio, z, x, y);
    CREATE TEMP TABLE side_resources AS
        SELECT DISTINCT r.* FROM side.region_resources JOIN side.resources AS r ON r.id = resource_id;
    REPLACE INTO resources
        SELECT m.id, r.url, r.kind, r.expires, r.modified, r.etag, r.data, r.compressed, r.accessed,
            r.must_revalidate
        FROM side_resources AS r LEFT JOIN resources AS m USING (url)
        WHERE m.id IS NULL OR r.modified > m.modified;
    INSERT OR IGNORE INTO region_resources
        SELECT ours.id, m.id FROM side.region_resources AS tie
        JOIN side.regions AS theirs ON theirs.id = tie.region_id
        JOIN regions AS ours ON ours.definition = theirs.definition AND ours.description IS theirs.description
        JOIN side.resources AS r ON r.id = tie.resource_id
        JOIN resources AS m USING (url);
    DROP TABLE side_tiles;
    DROP TABLE side_resources;";

/// Merges the pack of `world` as it stands.
fn merge(client: &Connection, world: &World) {
    let path = world.path().display().to_string();
    client.execute("ATTACH ?1 AS side", [path]).unwrap();
    let version = |schema: &str| -> i64 {
        client.query_row(&format!("PRAGMA {schema}.user_version"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!(version("main"), version("side"));
    client.execute_batch(MERGE).unwrap();
    client.execute_batch("DETACH side").unwrap();
}

/// Compares regions, tiles, resources, ties of both, and the moments of rows.
fn check(client: &Connection, expected: [i64; 5], moments: &[u64]) {
    let count = |table: &str| -> i64 {
        client.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    let tables = ["regions", "tiles", "resources", "region_tiles", "region_resources"];
    assert_eq!(tables.map(count), expected);
    let query = "SELECT modified FROM tiles UNION SELECT modified FROM resources ORDER BY 1";
    let mut select = client.prepare(query).unwrap();
    let found: Vec<i64> = select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let moments: Vec<i64> = moments.iter().map(|seconds| *seconds as i64).collect();
    assert_eq!(found, moments);
}

#[test]
fn two_revisions_are_one_region_with_the_later_rows() {
    let world = World::new();
    drop(world.made());
    // The first pack is opened as the client's own database.
    let client_path = world.folder.path().join("client.db");
    std::fs::copy(world.path(), &client_path).unwrap();
    let client = Connection::open(&client_path).unwrap();
    let all = [1, 26, 137, 26, 137];
    check(&client, all, &[MOMENT.seconds()]);
    // Merged once more, nothing changes.
    merge(&client, &world);
    check(&client, all, &[MOMENT.seconds()]);
    // A later revision replaces every row and doubles none.
    let later = Moment::from_milliseconds((MOMENT.seconds() + 3600) * 1000);
    world.make(&region(), &Settings { moment: later, ..settings(1) }).unwrap();
    merge(&client, &world);
    check(&client, all, &[later.seconds()]);
    let integrity: String = client.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");
}

#[test]
fn another_region_shares_rows() {
    let world = World::new();
    drop(world.made());
    let client_path = world.folder.path().join("client.db");
    std::fs::copy(world.path(), &client_path).unwrap();
    let client = Connection::open(&client_path).unwrap();
    let mut other = region();
    other.name = Some("Other".to_owned());
    world.make(&other, &settings(1)).unwrap();
    merge(&client, &world);
    check(&client, [2, 26, 137, 52, 274], &[MOMENT.seconds()]);
}
