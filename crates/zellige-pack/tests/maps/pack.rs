//! What stands in a pack, read by plain SQL and foreign code.

use std::io::Read as _;
use std::ops::ControlFlow;

use rusqlite::Connection;
use zellige_pack::Error;
use zellige_pack::digest::Digest;
use zellige_pack::maps::verify::verify;
use zellige_pack::maps::{Detail, build, forecast, plan};
use zellige_pack::progress::Watch;
use zellige_pack::region::parse;

use crate::drawn::{MOMENT, REGION, STYLE, World, layer, region, settings, sparse_archive};

/// Compares the rows that a query gives, columns parted by `|`.
fn check(database: &Connection, query: &str, expected: &[&str]) {
    let mut select = database.prepare(query).unwrap();
    let n_columns = select.column_count();
    let rows = select.query_map([], |row| {
        let cells = (0..n_columns).map(|idx| match row.get_ref(idx).unwrap() {
            rusqlite::types::ValueRef::Null => "null".to_owned(),
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            rusqlite::types::ValueRef::Real(number) => number.to_string(),
            rusqlite::types::ValueRef::Text(bytes) | rusqlite::types::ValueRef::Blob(bytes) => {
                String::from_utf8_lossy(bytes).into_owned()
            }
        });
        Ok(cells.collect::<Vec<_>>().join("|"))
    });
    let rows: Vec<String> = rows.unwrap().map(Result::unwrap).collect();
    assert_eq!(rows, expected, "{query}");
}

fn inflated(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::ZlibDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

/// The plain bytes of a row.
fn data(database: &Connection, query: &str) -> Vec<u8> {
    let row = database.query_row(query, [], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, bool>(1)?)));
    let (data, is_compressed) = row.unwrap();
    if is_compressed { inflated(&data) } else { data }
}

/// Checks that a deed ends whenever it is told to, and returns how often it asks.
fn check_stops(deed: &dyn Fn(Watch<'_>) -> Result<(), Error>) -> usize {
    let mut n_asked = 0;
    deed(&mut |_| {
        n_asked += 1;
        ControlFlow::Continue(())
    })
    .unwrap();
    for n_heard in 0..n_asked {
        let mut left = 0..n_heard;
        let watch: Watch<'_> =
            &mut |_| if left.next().is_some() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        assert!(matches!(deed(watch), Err(Error::Stopped)), "{n_heard}");
    }
    n_asked
}

#[test]
fn making_and_forecast_can_be_stopped_at_any_time() {
    let mut world = World::new();
    // Without texts, whose glyphs take time.
    world.given.style =
        br#"{"version": 8, "sources": {"land": {"type": "vector", "url": "mapbox://me.land"}},
        "layers": [{"id": "land", "type": "fill", "source": "land", "source-layer": "land"}]}"#
            .to_vec();
    let region = region();
    let plan = plan(&region, "drawn", &world.given).unwrap();
    let settings = settings(1);
    let n_asked = check_stops(&|watch| {
        drop(std::fs::remove_file(world.path()));
        build(&plan, &world.path(), &settings, watch)
            .inspect_err(|_| assert!(!world.path().exists()))
            .map(drop)
    });
    assert!(n_asked > 2, "{n_asked}");
    let n_asked = check_stops(&|watch| {
        let mut last = None;
        forecast(&plan, settings.threads, &mut |progress| {
            last = progress.share();
            watch(progress)
        })?;
        assert_eq!(last, Some(1.0));
        Ok(())
    });
    assert!(n_asked > 3, "{n_asked}");
}

#[test]
fn file_is_as_engines_make_it() {
    let database = World::new().made();
    for (pragma, expected) in [
        ("user_version", "6"),
        ("page_size", "4096"),
        ("auto_vacuum", "2"),
        ("encoding", "UTF-8"),
        ("journal_mode", "delete"),
        ("integrity_check", "ok"),
    ] {
        check(&database, &format!("PRAGMA {pragma}"), &[expected]);
    }
    check(&database, "PRAGMA foreign_key_check", &[]);
    let columns = |table: &str| format!("SELECT group_concat(name) FROM pragma_table_info('{table}')");
    check(
        &database,
        &columns("resources"),
        &["id,url,kind,expires,modified,etag,data,compressed,accessed,must_revalidate"],
    );
    check(
        &database,
        &columns("tiles"),
        &["id,url_template,pixel_ratio,z,x,y,expires,modified,etag,data,compressed,accessed,must_revalidate"],
    );
}

#[test]
fn rows_are_those_a_client_would_download() {
    let database = World::new().made();
    check(
        &database,
        "SELECT kind, count(*) FROM resources GROUP BY kind ORDER BY kind",
        &["1|1", "2|2", "4|130", "5|2", "6|2"],
    );
    check(
        &database,
        "SELECT url_template, z, count(*), min(x), max(x), min(y), max(y) FROM tiles GROUP BY 1, 2 ORDER BY 1, 2",
        &[
            "mapbox://tiles/me.land,me.towns/{z}/{x}/{y}.vector.pbf|0|1|0|0|0|0",
            "mapbox://tiles/me.land,me.towns/{z}/{x}/{y}.vector.pbf|1|4|0|1|0|1",
            "mapbox://tiles/me.land,me.towns/{z}/{x}/{y}.vector.pbf|2|4|1|2|1|2",
            "mapbox://tiles/me.land,me.towns/{z}/{x}/{y}.vector.pbf|3|4|3|4|3|4",
            "mapbox://tiles/me.land,me.towns/{z}/{x}/{y}.vector.pbf|4|4|7|8|7|8",
            "mapbox://tiles/me.land/{z}/{x}/{y}.vector.pbf|0|1|0|0|0|0",
            "mapbox://tiles/me.land/{z}/{x}/{y}.vector.pbf|1|4|0|1|0|1",
            "mapbox://tiles/me.land/{z}/{x}/{y}.vector.pbf|2|4|1|2|1|2",
        ],
    );
    let untied = "SELECT count(*) FROM resources WHERE id NOT IN (SELECT resource_id FROM region_resources)
        UNION ALL SELECT count(*) FROM tiles WHERE id NOT IN (SELECT tile_id FROM region_tiles)";
    check(&database, untied, &["0", "0"]);
}

#[test]
fn times_are_those_of_the_build() {
    let database = World::new().made();
    let year =
        "SELECT DISTINCT modified, accessed, (expires - modified) / 86400, must_revalidate, etag FROM ";
    let expected = format!("{0}|{0}|366|0|null", MOMENT.seconds());
    check(&database, &format!("{year}resources"), &[&expected]);
    check(&database, &format!("{year}tiles"), &[&expected]);
}

#[test]
fn documents_name_no_token_and_their_own_templates() {
    let database = World::new().made();
    let style = data(&database, "SELECT data, compressed FROM resources WHERE kind = 1");
    let style: serde_json::Value = serde_json::from_slice(&style).unwrap();
    let mut expected: serde_json::Value = serde_json::from_str(STYLE).unwrap();
    expected["sources"]["land"]["url"] = "mapbox://me.land".into();
    assert_eq!(style, expected);
    let both =
        data(&database, "SELECT data, compressed FROM resources WHERE url = 'mapbox://me.land,me.towns'");
    let both: serde_json::Value = serde_json::from_slice(&both).unwrap();
    assert_eq!(both["tiles"][0], "mapbox://tiles/me.land,me.towns/{z}/{x}/{y}.vector.pbf");
    assert_eq!((both["minzoom"].as_u64(), both["maxzoom"].as_u64()), (Some(0), Some(4)));
}

#[test]
fn composite_tiles_hold_all_layers_also_below_the_end_of_one() {
    let database = World::new().made();
    let layers = |z: u8, x: u32, y: u32| {
        let tile = data(
            &database,
            &format!(
                "SELECT data, compressed FROM tiles WHERE url_template LIKE '%towns%' AND z = {z} AND x = {x} AND y = {y}"
            ),
        );
        let tile = zellige_tile::decode::decode(&tile).unwrap();
        let layers = tile
            .layers
            .iter()
            .map(|layer| format!("{} {:?}", layer.name, layer.features[0].geometry.points[0]));
        layers.collect::<Vec<_>>()
    };
    assert_eq!(layers(2, 1, 1), ["land Grid { x: 0, y: 0 }", "towns Grid { x: 32, y: 32 }"]);
    // Zoom 4 has towns of its own; the land is cut from zoom 2: the tile at its lower right corner.
    assert_eq!(layers(4, 7, 7).len(), 2);
    assert!(layers(4, 7, 7)[0].starts_with("land Grid"), "{:?}", layers(4, 7, 7));
}

#[test]
fn region_is_the_same_on_every_refresh() {
    let world = World::new();
    let first = world.make(&region(), &settings(2)).unwrap();
    let bytes = std::fs::read(world.path()).unwrap();
    assert_eq!(first.digest, Digest::of_file(&world.path()).unwrap());
    assert_eq!(first.data_version, "2026-01-01T00:00:00.000Z");
    let again = world.make(&region(), &settings(1)).unwrap();
    assert_eq!(again, first);
    assert_eq!(std::fs::read(world.path()).unwrap(), bytes, "threads decide no byte");
    let database = world.made();
    check(
        &database,
        "SELECT id, typeof(definition), typeof(description), description FROM regions",
        &[r#"1|text|blob|{"name":"Middle"}"#],
    );
}

/// Compares the notes of a plan, one a line.
fn check_notes(world: &World, expected: &[&str]) {
    assert_eq!(plan(&region(), "drawn", &world.given).unwrap().notes(), expected);
}

#[test]
fn what_may_surprise_is_noted() {
    let mut world = World::new();
    let dot = "image `dot` was not given, layers draw nothing in its place";
    check_notes(&world, &[dot]);
    world.given.style = STYLE.replace("Open Sans Regular", "Noto Sans Bold").into();
    let noto = "font `Noto Sans Bold` was not given, Open Sans Regular stands in for it";
    check_notes(&world, &[noto, dot]);
}

#[test]
fn what_was_given_in_vain_is_noted() {
    let mut world = World::new();
    let style = STYLE.replace(r#""sprite": "mapbox://sprites/me/map","#, "");
    let style = style.replace(r#", "icon-image": "dot""#, "");
    world.given.style = style.clone().into();
    check_notes(&world, &[]);
    world.given.style = style.replace("Open Sans Regular", "Noto Sans Bold").into();
    world.given.tilesets.push(("me.raods".to_owned(), "raods.pmtiles".into()));
    world.given.files.push(("https://example.org/a.geojson".to_owned(), "a.geojson".into()));
    world.given.sprite = Some(zellige_style::sprite::sprite(&[]).unwrap());
    let font = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/fuzz/font/glyf.ttf");
    world.given.fonts.push(("sans.ttf".to_owned(), std::fs::read(font).unwrap()));
    check_notes(
        &world,
        &[
            "font `Noto Sans Bold` was not given, Open Sans Regular stands in for it",
            "no layer of the style asks for `Open Sans Regular` of font file `sans.ttf`",
            "the style has no sprite for icons, those that were given are left out",
            "no source of the style asks for tileset `me.raods`",
            "no source of the style asks for file `https://example.org/a.geojson`",
        ],
    );
}

#[test]
fn layers_that_no_tileset_has_are_noted() {
    let mut world = World::new();
    let path = world.folder.path().join("told");
    std::fs::create_dir(&path).unwrap();
    let told = r#"{"minzoom": "0", "maxzoom": "2", "json": "{\"vector_layers\": [{\"id\": \"land\", \"fields\": {}}]}"}"#;
    std::fs::write(path.join("metadata.json"), told).unwrap();
    world.given.tilesets[0].1 = path;
    // The other tileset of the composite source does not say what it has.
    let dot = "image `dot` was not given, layers draw nothing in its place";
    check_notes(&world, &[dot]);
    let style = STYLE.replace(r#""land", "source-layer": "land""#, r#""land", "source-layer": "Land""#);
    world.given.style = style.into();
    let land =
        "layer `land again` draws `Land`, which no tileset of source `land` has, did you mean \"land\"?";
    check_notes(&world, &[land, dot]);
}

#[test]
fn keys_that_stay_in_urls_are_noted() {
    let mut world = World::new();
    let style = STYLE.replace("mapbox://sprites/me/map", "https://example.org/map?v=1&Key=a&access_token=b");
    world.given.style = style.into();
    let key = "the parameter `Key` of `https://example.org/map` is packed as it is, only `access_token` is taken out";
    check_notes(&world, &[key, "image `dot` was not given, layers draw nothing in its place"]);
}

#[test]
fn what_checking_would_find_fault_with_is_not_packed() {
    let mut world = World::new();
    let url = "https://example.org/a.geojson";
    world.given.style = format!(
        r#"{{"version": 8, "sources": {{"a": {{"type": "geojson", "data": "{url}"}}}},
            "layers": [{{"id": "a", "type": "fill", "source": "a"}}]}}"#
    )
    .into();
    let path = world.folder.path().join("a.geojson");
    world.given.files = vec![(url.to_owned(), path.clone())];
    for (content, found) in [
        ("[1]", "it is no JSON object"),
        (r#"{"a": "https://a.org?access_token=b"}"#, "it carries an access token"),
    ] {
        std::fs::write(&path, content).unwrap();
        let error = world.make(&region(), &settings(1)).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot pack file `{url}`: {found}"));
        assert!(!world.path().exists());
    }
    let mut world = World::new();
    world.given.tilesets[1].1 = world.folder.path().join("broken.pmtiles");
    sparse_archive(&world.given.tilesets[1].1, "towns", (4, 4), None, b"no tile");
    world.given.style = STYLE.replace("mapbox://me.land,me.towns", "mapbox://me.towns").into();
    let error = world.make(&region(), &settings(1)).unwrap_err();
    assert_eq!(error.to_string(), "cannot read tile `0/0/0` of `me.towns`");
    // A feature without geometry, in a tile that can be joined with others.
    let mut world = World::new();
    world.given.tilesets[1].1 = world.folder.path().join("bare.pmtiles");
    sparse_archive(&world.given.tilesets[1].1, "towns", (4, 4), None, &layer("towns", &[0x18, 1]));
    let error = world.make(&region(), &settings(1)).unwrap_err();
    assert_eq!(error.to_string(), "cannot read tile `0/0/0` of `me.land,me.towns`");
}

#[test]
fn packs_that_clients_merge_only_when_told_to_are_noted() {
    let mut world = World::new();
    let style = |maxzoom: u8| {
        format!(
            r#"{{"version": 8, "sources": {{"a": {{"type": "vector", "tiles": ["https://example.org/{{z}}/{{x}}/{{y}}"],
            "maxzoom": {maxzoom}}}}}, "layers": [{{"id": "a", "type": "fill", "source": "a", "source-layer": "land"}}]}}"#
        )
    };
    world.given.tilesets.truncate(1);
    world.given.tilesets[0].0 = "https://example.org/{z}/{x}/{y}".into();
    let deep = parse(REGION.replace("\"max_zoom\": 5", "\"max_zoom\": 16").as_bytes()).unwrap();
    let notes = |world: &World| plan(&deep, "drawn", &world.given).unwrap().notes().to_vec();
    world.given.style = style(10).into();
    assert_eq!(notes(&world), [""; 0]);
    world.given.style = style(11).into();
    let many = "the pack has 17845 tiles, clients merge at most 6000 unless their app allows more";
    assert_eq!(notes(&world), [many]);
}

#[test]
fn tilesets_that_have_nothing_in_the_region_are_noted() {
    let mut world = World::new();
    let path = world.folder.path().join("far.pmtiles");
    // Tiles of zoom 1 are as large as half the world, so they are there; those of zoom 4 are elsewhere.
    sparse_archive(&path, "towns", (1, 4), None, &layer("towns", &[0x18, 1, 0x22, 3, 9, 64, 64]));
    assert_eq!(world.make(&region(), &settings(2)).unwrap().notes, [""; 0]);
    world.given.tilesets[1].1 = path;
    let notes = world.make(&region(), &settings(2)).unwrap().notes;
    assert_eq!(notes, ["tileset `me.towns` has nothing in the region"]);
    let plan = plan(&region(), "drawn", &world.given).unwrap();
    let looked = forecast(&plan, settings(2).threads, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(looked.notes, ["tileset `me.towns` has nothing in the tiles that were looked at"]);
}

#[test]
fn what_the_style_cannot_draw_is_left_out_on_request() {
    let mut world = World::new();
    world.given.style = STYLE.replace("\"source-layer\": \"land\"", "\"source-layer\": \"sea\"").into();
    let whole = world.make(&region(), &settings(2)).unwrap();
    assert_eq!(whole.counts.saved, None);
    world.given.detail = Detail::Drawn;
    let drawn = world.make(&region(), &settings(2)).unwrap();
    // Land is in all 17 tiles of the one source and in the 9 of the other; towns stay.
    assert_eq!(drawn.counts.saved.map(|saved| saved.layers), Some(26));
    assert_eq!((whole.counts.tiles_empty, drawn.counts.tiles_empty), (0, 9));
    assert!(drawn.counts.tile_bytes < whole.counts.tile_bytes);
    let verdict = verify(&world.path(), MOMENT).unwrap();
    assert_eq!(verdict.faults.first, []);
}

#[test]
fn nothing_else_is_left_beside_a_pack() {
    let world = World::new();
    drop(world.made());
    let names = std::fs::read_dir(world.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["land.pmtiles", "maps.db", "towns.mbtiles"]);
}

#[test]
fn what_is_missing_is_told_at_once() {
    let mut world = World::new();
    world.given.tilesets.clear();
    let error = world.make(&region(), &settings(1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the region needs what was not given: tileset `me.land`, tileset `me.towns`"
    );
    world.given.style = STYLE
        .replace(
            "\"vector\", \"url\": \"mapbox://me.land,me.towns\"",
            "\"raster\", \"url\": \"mapbox://me.sat\"",
        )
        .into();
    let error = world.make(&region(), &settings(1)).unwrap_err();
    assert!(matches!(error, Error::Style(_) | Error::UnsupportedSource { .. }), "{error}");
}

#[test]
fn too_many_tiles_are_refused_before_anything_is_made() {
    let mut world = World::new();
    world.given.style = STYLE.replace("mapbox://me.land,me.towns", "mapbox://me.deep").into();
    let deep = world.folder.path().join("deep");
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(deep.join("metadata.json"), "{}").unwrap();
    let style = r#"{"version": 8, "sources": {"a": {"type": "vector", "tiles": ["https://example.org/{z}/{x}/{y}"], "maxzoom": 16}},
        "layers": [{"id": "a", "type": "fill", "source": "a", "source-layer": "land"}]}"#;
    world.given.style = style.into();
    world.given.tilesets[0].0 = "https://example.org/{z}/{x}/{y}".into();
    let wide = parse(REGION.replace("\"max_zoom\": 5", "\"max_zoom\": 16").as_bytes()).unwrap();
    let error = world.make(&wide, &settings(1)).unwrap_err();
    assert!(error.to_string().starts_with("POST body is misformatted: the region has `"), "{error}");
    assert!(error.to_string().ends_with("` tiles, expected at most 100000"), "{error}");
    assert!(!world.path().exists());
}
