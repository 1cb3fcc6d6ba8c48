//! Looks for what a maps pack lacks, and for what nobody asks for.
//!
//! In:     the open database and its region.
//! Out:    faults.
//! Keeps:  the style and the documents of its sources in memory; tiles are compared as they come.
//! Source: `contents`: what a client would download for the region.

use std::collections::BTreeMap;
use std::io::Read as _;

use flate2::read::ZlibDecoder;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::Value;
use zellige_archive::{TILE_BYTES_MAX, tilejson};
use zellige_model::{TileCoord, Zoom};
use zellige_style::document::Style;
use zellige_style::url::{SpriteFile, sprite_urls};

use super::{Verdict, rows};
use crate::cover::Shape;
use crate::maps::contents::{self, Resource, TILES_MAX, Tiled};
use crate::region::Region;

/// Compares a pack with what belongs into it.
pub(super) fn check(database: &Connection, region: &Region, verdict: &mut Verdict) -> rusqlite::Result<()> {
    let Some(maps) = &region.maps else { return Ok(()) };
    let Some(text) = resource(database, &maps.style_url)? else {
        verdict.faults.add(&maps.style_url, "the style is missing");
        return Ok(());
    };
    let style = match zellige_style::parse(&text) {
        Ok(style) => style,
        Err(refused) => {
            verdict.faults.add(&maps.style_url, refused.to_string());
            return Ok(());
        }
    };
    match contents::resources(maps, &style) {
        Ok(expected) => check_resources(database, &expected, verdict)?,
        Err(refused) => {
            refused.reasons.into_iter().for_each(|reason| verdict.faults.add(&maps.style_url, reason));
        }
    }
    check_sprites(database, &style, verdict)?;
    let sources = contents::tiled(&style);
    let shape = Shape::of(&region.geography);
    for source in &sources {
        let Some(zooms) = zooms(database, source, verdict)? else { continue };
        let expected = contents::zooms(maps, &(zooms.0..=zooms.1));
        let expected = expected.into_iter().flat_map(|zooms| zooms.start().to(*zooms.end()));
        check_tiles(database, source, expected, &shape, verdict)?;
    }
    let mut select = database.prepare("SELECT DISTINCT url_template FROM tiles ORDER BY 1")?;
    let templates = select.query_map([], |row| row.get::<_, String>(0))?;
    for template in templates {
        let template = template?;
        if sources.iter().all(|source| source.template != template) {
            verdict.faults.add(template, "no source of the style asks for tiles of this template");
        }
    }
    let loose = "SELECT count(*) FROM pragma_foreign_key_check";
    let loose: i64 = database.query_row(loose, [], |row| row.get(0))?;
    if loose > 0 {
        verdict.faults.add("", format!("{loose} ties lead to rows that are not there"));
    }
    if verdict.tiles > TILES_MAX {
        verdict.faults.add("", format!("it has {} tiles, expected at most {TILES_MAX}", verdict.tiles));
    }
    Ok(())
}

/// Compares URLs and kinds.
fn check_resources(
    database: &Connection,
    expected: &[Resource],
    verdict: &mut Verdict,
) -> rusqlite::Result<()> {
    let mut select = database.prepare("SELECT url, kind FROM resources")?;
    let found = select.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
    let mut found: BTreeMap<String, i64> = found.collect::<rusqlite::Result<_>>()?;
    for resource in expected {
        let kind = resource.kind() as i64;
        match found.remove(&resource.url) {
            None => verdict.faults.add(&resource.url, "it is missing"),
            Some(other) if other != kind => {
                verdict.faults.add(&resource.url, format!("its kind is `{other}`, expected {kind}"));
            }
            Some(_) => {}
        }
    }
    for url in found.into_keys() {
        verdict.faults.add(url, "nothing in the style leads to it");
    }
    Ok(())
}

/// Compares the indexes of sprites with their images.
fn check_sprites(database: &Connection, style: &Style, verdict: &mut Verdict) -> rusqlite::Result<()> {
    for sprite in &style.sprites {
        for ratio in [1, 2] {
            let urls = sprite_urls(&sprite.url);
            let url = |wanted| {
                let mut urls = urls.iter().filter(|(file, of, _)| (*file, *of) == (wanted, ratio));
                urls.next().map(|(_, _, url)| url.as_str()).unwrap_or_default()
            };
            let index = resource(database, url(SpriteFile::Index))?;
            let image = resource(database, url(SpriteFile::Image))?;
            if let (Some(index), Some(image)) = (index, image)
                && let Err(found) = rows::sprite(&index, &image)
            {
                verdict.faults.add(url(SpriteFile::Index), found);
            }
        }
    }
    Ok(())
}

/// Returns the zooms of a source, by its TileJSON where it has one.
fn zooms(
    database: &Connection,
    source: &Tiled,
    verdict: &mut Verdict,
) -> rusqlite::Result<Option<(Zoom, Zoom)>> {
    let Some(url) = &source.url else {
        let zoom = |level: Option<u8>| level.and_then(Zoom::new);
        return Ok(Some((
            zoom(source.zooms.0).unwrap_or_default(),
            zoom(source.zooms.1).unwrap_or(Zoom::MAX),
        )));
    };
    // That it is missing was said before.
    let Some(text) = resource(database, url)? else { return Ok(None) };
    let document: Value = serde_json::from_slice(&text).unwrap_or_default();
    if document["tiles"][0].as_str() != Some(&source.template) {
        let found = &document["tiles"][0];
        verdict.faults.add(url, format!("its tiles stand at `{found}`, expected `{}`", source.template));
    }
    match tilejson::parse(&String::from_utf8_lossy(&text)) {
        Ok(tileset) => Ok(Some((tileset.minzoom, tileset.maxzoom))),
        Err(error) => {
            verdict.faults.add(url, error.to_string());
            Ok(None)
        }
    }
}

/// Compares the tiles of a source, zoom by zoom and row by row.
fn check_tiles(
    database: &Connection,
    source: &Tiled,
    zooms: impl Iterator<Item = Zoom>,
    shape: &Shape,
    verdict: &mut Verdict,
) -> rusqlite::Result<()> {
    let direction = if source.is_tms { "DESC" } else { "ASC" };
    let query =
        format!("SELECT x, y FROM tiles WHERE url_template = ?1 AND z = ?2 ORDER BY y {direction}, x");
    let mut select = database.prepare(&query)?;
    let mut counted: i64 = 0;
    for zoom in zooms {
        let side = i64::from(zoom.tiles_per_side());
        let place = |x: i64, y: i64| (if source.is_tms { side - 1 - y } else { y }, x);
        let name = |(y, x): (i64, i64)| {
            format!("tile {zoom}/{x}/{} of {}", if source.is_tms { side - 1 - y } else { y }, source.template)
        };
        let mut rows = select.query((&source.template, zoom.get()))?;
        let mut next = || -> rusqlite::Result<Option<(i64, i64)>> {
            let Some(row) = rows.next()? else { return Ok(None) };
            counted += 1;
            Ok(Some(place(row.get(0)?, row.get(1)?)))
        };
        let mut found = next()?;
        for tile in shape.tiles(zoom) {
            let expected = (i64::from(TileCoord::y(tile)), i64::from(tile.x()));
            while let Some(surplus) = found.filter(|found| *found < expected) {
                verdict.faults.add(name(surplus), "it lies outside of the region");
                found = next()?;
            }
            if found == Some(expected) {
                found = next()?;
            } else {
                verdict.faults.add(name(expected), "it is missing");
                if verdict.faults.count > TILES_MAX {
                    return Ok(());
                }
            }
        }
        while let Some(surplus) = found {
            verdict.faults.add(name(surplus), "it lies outside of the region");
            found = next()?;
        }
    }
    let all = "SELECT count(*) FROM tiles WHERE url_template = ?1";
    let all: i64 = database.query_row(all, [&source.template], |row| row.get(0))?;
    if all > counted {
        verdict.faults.add(
            &source.template,
            format!("{} tiles are of zooms that the region does not have", all - counted),
        );
    }
    Ok(())
}

/// Returns the plain bytes of a resource; nothing when it is missing or cannot be inflated, which is said elsewhere.
fn resource(database: &Connection, url: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    let query = "SELECT data, compressed FROM resources WHERE url = ?1";
    let row = database.query_row(query, [url], |row| {
        Ok((row.get_ref(0)?.as_bytes_or_null()?.map(<[u8]>::to_vec), row.get::<_, i64>(1)?))
    });
    let Some((Some(data), compressed)) = row.optional()? else { return Ok(None) };
    if compressed == 0 {
        return Ok(Some(data));
    }
    let mut out = Vec::new();
    let inflated = ZlibDecoder::new(&data[..]).take(TILE_BYTES_MAX as u64).read_to_end(&mut out);
    Ok(inflated.ok().map(|_| out))
}
