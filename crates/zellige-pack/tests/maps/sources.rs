//! Sources of every kind that packs take along.

use rusqlite::Connection;
use zellige_pack::maps::verify::verify;
use zellige_pack::region::{Region, parse};

use crate::drawn::{MOMENT, World, layer, settings, sparse_archive};

/// A region in the north-east, zooms 0 to 5.
fn north_east() -> Region {
    parse(
        br#"{"configuration": {
            "geography": {"type": "Polygon", "coordinates": [[[1,1],[9,1],[9,9],[1,9],[1,1]]]},
            "maps": {"style_url": "mapbox://styles/me/map", "min_zoom": 0, "max_zoom": 5, "include_ideographs": false}}}"#,
    )
    .unwrap()
}

/// Makes the pack of a style with these sources, of which the first is `a`; compares its tiles as `z/x/row bytes`,
/// where bytes are those of the plain tile.
fn check(world: &mut World, sources: &str, expected: &[&str]) -> Connection {
    world.given.style = format!(
        r#"{{"version": 8, "sources": {{{sources}}},
            "layers": [{{"id": "l", "type": "line", "source": "a", "source-layer": "land"}}]}}"#
    )
    .into();
    world.make(&north_east(), &settings(2)).unwrap();
    assert_eq!(verify(&world.path(), MOMENT).unwrap().faults.first, []);
    let database = Connection::open(world.path()).unwrap();
    let found: Vec<String> = database
        .prepare("SELECT z || '/' || x || '/' || y || ' ' || length(data) FROM tiles ORDER BY z, x, y")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(found, expected);
    database
}

#[test]
fn tiles_of_the_style_itself_stand_under_their_template_rows_from_the_south() {
    let mut world = World::new();
    let template = "https://example.org/{z}/{x}/{y}.mvt";
    world.given.tilesets[0].0 = template.to_owned();
    let source = r#""a": {"type": "vector", "tiles": ["https://example.org/{z}/{x}/{y}.mvt"], "scheme": "tms",
        "minzoom": 1, "maxzoom": 3}"#;
    // Zoom 3 is cut from zoom 2.
    let database = check(&mut world, source, &["1/1/1 29", "2/2/2 29", "3/4/4 32"]);
    let templates: String = database
        .query_row("SELECT group_concat(DISTINCT url_template) FROM tiles", [], |row| row.get(0))
        .unwrap();
    assert_eq!(templates, template);
}

#[test]
fn missing_tiles_are_cut_from_the_ancestor_that_fills_them() {
    let mut world = World::new();
    let path = world.folder.path().join("sparse.pmtiles");
    sparse_archive(
        &path,
        "sparse",
        (0, 2),
        Some(0),
        &layer("land", &[0x18, 2, 0x22, 6, 9, 0, 0, 10, 126, 0]),
    );
    world.given.tilesets[0] = ("me.sparse".to_owned(), path);
    let source = r#""a": {"type": "vector", "url": "mapbox://me.sparse"}"#;
    // Zoom 1 has no tile and is not the deepest; zoom 2 is filled, though the line passes it by.
    check(&mut world, source, &["0/0/0 24", "1/1/0 0", "2/2/1 0"]);
    let diagonal = layer("land", &[0x18, 2, 0x22, 6, 9, 126, 0, 10, 125, 126]);
    let path = world.folder.path().join("crossing.pmtiles");
    sparse_archive(&path, "crossing", (0, 2), Some(0), &diagonal);
    world.given.tilesets[0] = ("me.sparse".to_owned(), path);
    check(&mut world, source, &["0/0/0 24", "1/1/0 0", "2/2/1 24"]);
}

#[test]
fn files_and_images_stand_under_their_urls() {
    let mut world = World::new();
    let (data, image) = (world.folder.path().join("a.geojson"), world.folder.path().join("b.png"));
    std::fs::write(&data, r#"{"type": "FeatureCollection", "features": []}"#).unwrap();
    std::fs::write(&image, "an image").unwrap();
    let sources = r#""a": {"type": "vector", "url": "mapbox://me.land"},
        "b": {"type": "geojson", "data": "https://example.org/a.geojson"},
        "c": {"type": "image", "url": "https://example.org/b.png", "coordinates": [[0,1],[1,1],[1,0],[0,0]]}"#;
    world.given.style = format!(
        r#"{{"version": 8, "sources": {{{sources}}},
            "layers": [{{"id": "l", "type": "line", "source": "a", "source-layer": "land"}}]}}"#
    )
    .into();
    let error = world.make(&north_east(), &settings(1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the region needs what was not given: file `https://example.org/a.geojson`, image `https://example.org/b.png`"
    );
    world.given.files = vec![
        ("https://example.org/a.geojson".to_owned(), data),
        ("https://example.org/b.png".to_owned(), image),
    ];
    let database = check(&mut world, sources, &["0/0/0 29", "1/1/0 29", "2/2/1 29"]);
    let rows: Vec<String> = database
        .prepare("SELECT kind || ' ' || url FROM resources WHERE url LIKE 'https://%' ORDER BY id")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(rows, ["2 https://example.org/a.geojson", "7 https://example.org/b.png"]);
}
