//! Looks at each row of a maps pack.
//!
//! In:     the open database, whose tables are as they should be.
//! Out:    faults; the region, when its row can be read.
//! Keeps:  one row in memory.
//! Source: what engines do with a row: they look it up by its text, trust its times, and inflate it as zlib.

use flate2::read::ZlibDecoder;
use rusqlite::{Connection, Row};
use serde_json::{Value, json};
use std::io::Read as _;
use tiny_skia::Pixmap;
use zellige_archive::TILE_BYTES_MAX;
use zellige_model::{TileCoord, Zoom};
use zellige_style::sprite::SHEET_PIXELS_MAX;
use zellige_tile::decode::check;

use super::Verdict;
use crate::maps::contents::Kind;
use crate::moment::Moment;
use crate::region::{self, Region};
use crate::varint;

/// The first bytes of gzip, which no engine inflates.
const GZIP: &[u8] = &[0x1f, 0x8b];
/// The first byte of a zlib stream with the usual window.
const ZLIB: u8 = 0x78;
/// The first bytes of a PNG.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Seconds that clocks may differ.
const CLOCKS_DIFFER_SECONDS: u64 = 86_400;

/// Reads the row of the region.
pub(super) fn region(database: &Connection, verdict: &mut Verdict) -> rusqlite::Result<Option<Region>> {
    let n_regions: i64 = database.query_row("SELECT count(*) FROM regions", [], |row| row.get(0))?;
    if n_regions != 1 {
        verdict.faults.add("", format!("it has {n_regions} regions, expected 1"));
    }
    if n_regions == 0 {
        return Ok(None);
    }
    let row = database.query_row(
        "SELECT CAST(definition AS TEXT), typeof(description) FROM regions ORDER BY id LIMIT 1",
        [],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
    );
    let (definition, description_type) = row?;
    if description_type != "blob" {
        verdict
            .faults
            .add("region", format!("its description is of type {description_type}, expected a blob"));
    }
    Ok(defined(&definition, verdict))
}

/// Reads the definition of a region.
fn defined(definition: &str, verdict: &mut Verdict) -> Option<Region> {
    const PLACE: &str = "definition of the region";
    let definition: Value = match serde_json::from_str(definition) {
        Ok(definition) => definition,
        Err(error) => {
            verdict.faults.add(PLACE, format!("it is no JSON: {error}"));
            return None;
        }
    };
    for member in ["min_zoom", "max_zoom", "pixel_ratio"] {
        if !definition[member].is_f64() {
            let found = &definition[member];
            verdict
                .faults
                .add(PLACE, format!("`{member}` is `{found}`, expected a number with a decimal point"));
        }
    }
    if definition["pixel_ratio"].as_f64().is_some_and(|ratio| ratio.to_bits() != 1.0_f64.to_bits()) {
        verdict.faults.add(PLACE, format!("`pixel_ratio` is `{}`, expected 1.0", definition["pixel_ratio"]));
    }
    let whole = |member: &str| {
        let number = definition[member].as_f64().filter(|number| number.fract() == 0.0 && *number >= 0.0);
        number.map_or(definition[member].clone(), |number| json!(number as u64))
    };
    let configuration = json!({"configuration": {
        "geography": definition["geometry"],
        "maps": {
            "style_url": definition["style_url"],
            "min_zoom": whole("min_zoom"),
            "max_zoom": whole("max_zoom"),
            "include_ideographs": definition["include_ideographs"],
        },
    }});
    match region::parse(configuration.to_string().as_bytes()) {
        Ok(region) => Some(region),
        Err(refused) => {
            refused.reasons.into_iter().for_each(|reason| verdict.faults.add(PLACE, reason));
            None
        }
    }
}

/// Looks at the times of all rows, and whether they are tied to the region.
pub(super) fn times(database: &Connection, now: Moment, verdict: &mut Verdict) -> rusqlite::Result<()> {
    let (now, tomorrow) = (now.seconds(), now.seconds() + CLOCKS_DIFFER_SECONDS);
    let tables = [
        ("resources", "url", "region_resources", "resource_id"),
        (
            "tiles",
            "'tile ' || z || '/' || x || '/' || y || ' of ' || url_template",
            "region_tiles",
            "tile_id",
        ),
    ];
    for (table, place, ties, tie) in tables {
        for (condition, found) in [
            ("modified IS NULL", "has no time of change, so no refresh replaces it".to_owned()),
            (&*format!("modified > {tomorrow}"), "was changed in the future".to_owned()),
            ("expires IS NULL", "has no time at which it grows old, so clients ask the network".to_owned()),
            (&*format!("expires <= {now}"), "is too old, so clients ask the network".to_owned()),
            ("must_revalidate <> 0", "has to be asked for again each time".to_owned()),
            ("data IS NULL", "has no data, so clients count it as missing".to_owned()),
            ("compressed NOT IN (0, 1)", "is compressed in an unknown way".to_owned()),
            (
                &*format!(
                    "id NOT IN (SELECT {tie} FROM {ties} WHERE region_id = (SELECT min(id) FROM regions))"
                ),
                "is not tied to the region, so merging passes it over".to_owned(),
            ),
        ] {
            let query = format!("SELECT {place} FROM {table} WHERE {condition} ORDER BY id");
            let mut select = database.prepare(&query)?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                verdict.faults.add(text(row, 0)?, found.clone());
            }
        }
    }
    Ok(())
}

/// Looks at the kind and the content of each resource.
pub(super) fn resources(database: &Connection, verdict: &mut Verdict) -> rusqlite::Result<()> {
    let mut select = database.prepare("SELECT url, kind, data, compressed FROM resources ORDER BY id")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        verdict.resources += 1;
        let url = text(row, 0)?;
        let Some(kind) = Kind::of(row.get(1)?) else {
            verdict
                .faults
                .add(url, format!("its kind is `{}`, expected 1, 2, 4, 5, 6 or 7", row.get::<_, i64>(1)?));
            continue;
        };
        if url.contains("access_token=") {
            verdict.faults.add(&url, "its URL carries an access token");
        }
        let Some(content) = content(row, &url, verdict)? else { continue };
        if let Err(found) = judge(kind, &url, &content) {
            verdict.faults.add(url, found);
        }
    }
    Ok(())
}

/// Looks at the place and the content of each tile.
pub(super) fn tiles(database: &Connection, verdict: &mut Verdict) -> rusqlite::Result<()> {
    let query = "SELECT url_template, z, data, compressed, x, y, pixel_ratio FROM tiles ORDER BY id";
    let mut select = database.prepare(query)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        verdict.tiles += 1;
        let (z, x, y): (i64, i64, i64) = (row.get(1)?, row.get(4)?, row.get(5)?);
        let template = text(row, 0)?;
        let place = format!("tile {z}/{x}/{y} of {template}");
        let zoom = u8::try_from(z).ok().and_then(Zoom::new);
        let coord =
            zoom.and_then(|zoom| TileCoord::new(zoom, u32::try_from(x).ok()?, u32::try_from(y).ok()?));
        if coord.is_none() {
            verdict.faults.add(&place, "it lies outside of the world");
        }
        if template.contains("access_token=") {
            verdict.faults.add(&place, "its template carries an access token");
        }
        if row.get::<_, i64>(6)? != 1 {
            verdict.faults.add(&place, format!("its pixel ratio is `{}`, expected 1", row.get::<_, i64>(6)?));
        }
        let Some(content) = content(row, &place, verdict)? else { continue };
        verdict.tiles_empty += u64::from(content.is_empty());
        if content.starts_with(GZIP) {
            verdict.faults.add(place, "it is gzip data, expected a plain vector tile");
        } else if let Err(error) = check(&content) {
            verdict.faults.add(place, format!("it is no vector tile: {error}"));
        }
    }
    Ok(())
}

/// Returns the plain bytes of a row, whose data and compression are its columns 2 and 3; nothing when there are none.
fn content(row: &Row<'_>, place: &str, verdict: &mut Verdict) -> rusqlite::Result<Option<Vec<u8>>> {
    let Ok(data) = row.get_ref(2)?.as_bytes() else { return Ok(None) };
    if row.get::<_, i64>(3)? == 0 {
        return Ok(Some(data.to_vec()));
    }
    if data.first() != Some(&ZLIB) {
        verdict.faults.add(place, "it is marked as compressed and is no zlib stream");
        return Ok(None);
    }
    let mut out = Vec::new();
    match ZlibDecoder::new(data).take(TILE_BYTES_MAX as u64 + 1).read_to_end(&mut out) {
        Ok(n_bytes) if n_bytes <= TILE_BYTES_MAX => Ok(Some(out)),
        Ok(_) => {
            verdict.faults.add(place, format!("it has more than {TILE_BYTES_MAX} bytes"));
            Ok(None)
        }
        Err(error) => {
            verdict.faults.add(place, format!("it cannot be inflated: {error}"));
            Ok(None)
        }
    }
}

/// Looks at the content of a resource; says what is wrong with it.
pub(in crate::maps) fn judge(kind: Kind, url: &str, content: &[u8]) -> Result<(), String> {
    if content.starts_with(GZIP) {
        return Err("it is gzip data, which clients do not inflate".to_owned());
    }
    let is_png = content.starts_with(PNG);
    match kind {
        Kind::Style | Kind::Source | Kind::SpriteIndex => {
            let document: Value =
                serde_json::from_slice(content).map_err(|error| format!("it is no JSON: {error}"))?;
            if !document.is_object() {
                return Err("it is no JSON object".to_owned());
            }
            let carries_token = content.windows(13).any(|window| window == b"access_token=");
            if carries_token { Err("it carries an access token".to_owned()) } else { Ok(()) }
        }
        Kind::Glyphs => glyphs(url, content),
        Kind::SpriteImage if is_png => Ok(()),
        Kind::SpriteImage => Err("it is no PNG".to_owned()),
        Kind::Image if content.is_empty() => Err("it has no bytes".to_owned()),
        Kind::Image => Ok(()),
    }
}

/// Compares the range that a glyph message names with that of its URL.
///
/// The message is one field 1 with the stack; the stack's field 2 is the range.
fn glyphs(url: &str, content: &[u8]) -> Result<(), String> {
    let wanted = url.rsplit('/').next().and_then(|file| file.split('.').next()).unwrap_or_default();
    let (stack, rest) = field(content, 0x0a).ok_or("it is no glyph message")?;
    if !rest.is_empty() {
        return Err("it has more than one font stack".to_owned());
    }
    let (_, rest) = field(stack, 0x0a).ok_or("its font stack has no name")?;
    let (range, _) = field(rest, 0x12).ok_or("its font stack has no range")?;
    if range == wanted.as_bytes() {
        return Ok(());
    }
    Err(format!("it holds the range `{}`, expected `{wanted}`", String::from_utf8_lossy(range)))
}

/// Takes a field of bytes with this tag off the front of a message.
fn field(message: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, mut rest) = message.split_first()?;
    let len = varint::take(&mut rest)?;
    (*first == tag).then_some(())?;
    rest.split_at_checked(len as usize)
}

/// Looks at a sprite: each icon of the index has to lie inside of the image. Returns what is wrong.
pub(super) fn sprite(index: &[u8], image: &[u8]) -> Result<(), String> {
    let [width, height] = png_size(image).ok_or("its image cannot be read: it has no size")?;
    if u64::from(width) * u64::from(height) > SHEET_PIXELS_MAX {
        return Err(format!("its image has {width} × {height} pixels, expected at most {SHEET_PIXELS_MAX}"));
    }
    let image = Pixmap::decode_png(image).map_err(|error| format!("its image cannot be read: {error}"))?;
    let index: Value =
        serde_json::from_slice(index).map_err(|error| format!("its index is no JSON: {error}"))?;
    for (name, icon) in index.as_object().into_iter().flatten() {
        let number = |member: &str| icon[member].as_u64().filter(|number| u32::try_from(*number).is_ok());
        let [Some(x), Some(y), Some(width), Some(height)] = ["x", "y", "width", "height"].map(number) else {
            return Err(format!("icon `{name}` has no place"));
        };
        if x + width > u64::from(image.width()) || y + height > u64::from(image.height()) {
            return Err(format!("icon `{name}` lies outside of the image"));
        }
    }
    Ok(())
}

/// Returns the width and height that the first chunk of a PNG states, in pixels.
fn png_size(image: &[u8]) -> Option<[u32; 2]> {
    let rest = image.strip_prefix(PNG)?.get(4..)?.strip_prefix(b"IHDR")?;
    let (sides, _) = rest.as_chunks::<4>();
    Some([u32::from_be_bytes(*sides.first()?), u32::from_be_bytes(*sides.get(1)?)])
}

/// Returns a column as text, whatever it is.
fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    Ok(match row.get_ref(column)?.as_bytes() {
        Ok(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) => String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares what is said of a sprite whose image is no more than a header.
    fn check(width: u32, height: u32, expected: &str) {
        let head =
            [PNG, &13_u32.to_be_bytes(), b"IHDR", &width.to_be_bytes(), &height.to_be_bytes()].concat();
        let found = sprite(b"{}", &head).unwrap_err();
        assert!(found.starts_with(expected), "{found}");
    }

    #[test]
    fn huge_images_are_not_decoded() {
        check(60_000, 60_000, "its image has 60000 × 60000 pixels, expected at most 33554432");
        check(16, 16, "its image cannot be read");
        assert_eq!(png_size(b"GIF89a"), None);
    }
}
