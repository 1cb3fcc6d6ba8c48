//! The verb `inspect`: shows a tileset, or one of its tiles.
//!
//! In:     a tileset in any of the three formats; perhaps the place of a tile.
//! Out:    a summary as tables or JSON; or the tile as text, picture or bytes.
//! Keeps:  the archive: it is read only.
//! Source: –

use std::path::Path;

use anyhow::{Context, anyhow};
use serde_json::{Map, Value, json};
use zellige::archive::{Format, ReadTiles, Summary};
use zellige::model::{FieldKind, LonLat, LonLatBounds, TileCoord, Tileset, Zoom};
use zellige::tile::decode::decode;
use zellige::tile::text::to_text;

use crate::args::{Flag, Given, Verb};
use crate::draw;
use crate::exit::{Failure, tell};
use crate::show::{Align, Table, bytes, grouped, paragraph, print, printable, put};

/// Characters of a text of the archive.
const TEXT_CHARS_MAX: usize = 200;
/// Fields of a layer that are listed.
const FIELDS_MAX: usize = 200;

pub(crate) const VERB: Verb = Verb {
    name: "inspect",
    about: "Shows what a tileset holds, or one of its tiles as text or as a picture.",
    usage: "TILESET [Z/X/Y] [options]",
    operands: &["TILESET"],
    n_more: 1,
    flags: &[
        Flag::value("png", "OUT.png", "draws the tile, 1024 pixels wide and high"),
        Flag::value("svg", "OUT.svg", "draws the tile with lines that can be enlarged"),
        Flag::value("raw", "OUT.mvt", "writes the bytes of the tile, not compressed"),
        Flag::switch("json", "prints the summary as one JSON object"),
    ],
    examples: &[
        ("zellige inspect roads.pmtiles", "layers, fields, bounds, and how many tiles each zoom has"),
        ("zellige inspect roads.pmtiles 14/8536/5727", "every feature of a tile as a line of text"),
        ("zellige inspect roads.mbtiles 0/0/0 --png world.png", "a picture of a tile"),
    ],
};

pub(crate) fn run(given: &Given) -> Result<(), Failure> {
    let path = Path::new(given.operand(0).unwrap_or_default());
    let tile_flag = ["png", "svg", "raw"].into_iter().find(|flag| given.has(flag));
    let Some(place) = given.operand(1) else {
        if let Some(flag) = tile_flag {
            return Err(given.usage(format!("`--{flag}` needs a tile, Z/X/Y")));
        }
        return summary(path, given.has("json"));
    };
    let Some(tile) = place.to_str().and_then(TileCoord::parse) else {
        let message = format!("`{}` is no tile, expected Z/X/Y with X and Y below 2^Z", place.display());
        return Err(given.usage(message));
    };
    if given.has("json") {
        return Err(given.usage("`--json` is for the summary, a tile is shown as text".to_owned()));
    }
    show_tile(path, tile, given)
}

fn open(path: &Path) -> anyhow::Result<Box<dyn ReadTiles>> {
    zellige::archive::open(path).with_context(|| format!("cannot open tileset `{}`", path.display()))
}

fn show_tile(path: &Path, tile: TileCoord, given: &Given) -> Result<(), Failure> {
    let archive = open(path)?;
    let attempt = || format!("cannot read tile {tile} of `{}`", path.display());
    let Some(raw) = archive.tile(tile).with_context(attempt)? else {
        let Tileset { minzoom, maxzoom, .. } = archive.tileset();
        let error = anyhow!(
            "`{}` has no tile {tile}; its zooms are {minzoom} to {maxzoom}, and tiles without features are left out",
            path.display()
        );
        return Err(error.into());
    };
    let write = |flag: &str, content: &[u8]| -> anyhow::Result<()> {
        let Some(out) = given.path(flag) else { return Ok(()) };
        std::fs::write(&out, content).with_context(|| format!("cannot write `{}`", out.display()))?;
        tell(&format!("wrote `{}`, {}", out.display(), bytes(content.len() as u64)));
        Ok(())
    };
    write("raw", &raw)?;
    let is_drawn = given.has("png") || given.has("svg");
    if given.has("raw") && !is_drawn {
        return Ok(());
    }
    let decoded = decode(&raw).with_context(attempt)?;
    if !is_drawn {
        return print(&to_text(tile, &decoded));
    }
    if given.has("png") {
        write("png", &draw::png(&decoded))?;
    }
    if given.has("svg") {
        write("svg", draw::svg(&decoded).as_bytes())?;
    }
    Ok(())
}

/// The tiles of a zoom.
#[derive(Clone, Copy, Debug, Default)]
struct ZoomSizes {
    tiles: u64,
    sum_size: u64,
    max_size: u64,
    largest: Option<TileCoord>,
}

fn summary(path: &Path, as_json: bool) -> Result<(), Failure> {
    let archive = open(path)?;
    let attempt = || format!("cannot read `{}`", path.display());
    let counts = archive.summary().with_context(attempt)?;
    let mut zooms = vec![ZoomSizes::default(); usize::from(Zoom::MAX.get()) + 1];
    archive
        .for_each(&mut |tile, raw| {
            let zoom = &mut zooms[usize::from(tile.zoom().get())];
            let size = raw.len() as u64;
            zoom.tiles += 1;
            zoom.sum_size += size;
            if zoom.largest.is_none() || size > zoom.max_size {
                (zoom.max_size, zoom.largest) = (size, Some(tile));
            }
            Ok(())
        })
        .with_context(attempt)?;
    if as_json {
        return print(&format!("{:#}\n", to_json(&*archive, counts, &zooms)));
    }
    let mut out = head(path, &*archive, counts);
    out.push_str(&layers(archive.tileset()));
    put(&mut out, format_args!("\n{}", zoom_table(&zooms)));
    print(&out)
}

/// Returns the zooms that have tiles.
fn filled(zooms: &[ZoomSizes]) -> impl Iterator<Item = (usize, &ZoomSizes)> {
    zooms.iter().enumerate().filter(|(_, zoom)| zoom.tiles > 0)
}

fn format_name(format: Format) -> &'static str {
    match format {
        Format::PMTiles => "PMTiles",
        Format::MBTiles => "MBTiles",
        Format::Folder => "folder",
    }
}

fn head(path: &Path, archive: &dyn ReadTiles, counts: Summary) -> String {
    let tileset = archive.tileset();
    let mut out = format!("{}: {}, {}\n", path.display(), format_name(archive.format()), bytes(counts.bytes));
    let texts = [
        ("name", &tileset.name),
        ("description", &tileset.description),
        ("attribution", &tileset.attribution),
    ];
    for (label, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        put(&mut out, format_args!("{label:<12} {}\n", printable(text, TEXT_CHARS_MAX)));
    }
    let LonLatBounds { west, south, east, north } = tileset.bounds;
    let LonLat { lon, lat } = tileset.center;
    let Tileset { minzoom, maxzoom, center_zoom, fillzoom, .. } = tileset;
    let fillzoom = fillzoom.map(|zoom| format!(", filled from {zoom}")).unwrap_or_default();
    put(&mut out, format_args!("zooms        {minzoom} to {maxzoom}{fillzoom}\n"));
    put(&mut out, format_args!("bounds       {west:.6} {south:.6} {east:.6} {north:.6}\n"));
    put(&mut out, format_args!("center       {lon:.6} {lat:.6}, zoom {center_zoom}\n"));
    let Summary { tiles, distinct, .. } = counts;
    put(&mut out, format_args!("tiles        {} ({} distinct)\n", grouped(tiles), grouped(distinct)));
    out
}

fn layers(tileset: &Tileset) -> String {
    let mut out = String::new();
    for layer in &tileset.vector_layers {
        let name = printable(&layer.id, TEXT_CHARS_MAX);
        put(&mut out, format_args!("\nlayer {name}, zooms {} to {}\n", layer.minzoom, layer.maxzoom));
        if !layer.description.is_empty() {
            put(&mut out, format_args!("  {}\n", printable(&layer.description, TEXT_CHARS_MAX)));
        }
        let kinds = [FieldKind::String, FieldKind::Number, FieldKind::Boolean, FieldKind::Mixed];
        for wanted in kinds {
            let listed = layer.fields.iter().take(FIELDS_MAX);
            let fields = listed.filter(|(_, kind)| **kind == wanted);
            let names: Vec<String> = fields.map(|(field, _)| printable(field, TEXT_CHARS_MAX)).collect();
            put(&mut out, format_args!("{}", paragraph(wanted.name(), &names)));
        }
        if layer.fields.len() > FIELDS_MAX {
            put(&mut out, format_args!("  and {} more fields\n", layer.fields.len() - FIELDS_MAX));
        }
    }
    out
}

fn zoom_table(zooms: &[ZoomSizes]) -> Table {
    let mut table = Table::new(&[
        ("zoom", Align::Right),
        ("tiles", Align::Right),
        ("size, plain", Align::Right),
        ("average", Align::Right),
        ("largest", Align::Right),
        ("which", Align::Left),
    ]);
    let row = |zoom: String, sizes: &ZoomSizes| {
        let ZoomSizes { tiles, sum_size, max_size, largest } = *sizes;
        let average = sum_size.checked_div(tiles).unwrap_or(0);
        let which = largest.map(|tile| tile.to_string()).unwrap_or_default();
        [zoom, grouped(tiles), bytes(sum_size), bytes(average), bytes(max_size), which]
    };
    let mut all = ZoomSizes::default();
    for (zoom, sizes) in filled(zooms) {
        table.row(row(zoom.to_string(), sizes));
        all.tiles += sizes.tiles;
        all.sum_size += sizes.sum_size;
        if sizes.max_size > all.max_size {
            (all.max_size, all.largest) = (sizes.max_size, sizes.largest);
        }
    }
    table.rule();
    table.row(row("all".to_owned(), &all));
    table
}

fn to_json(archive: &dyn ReadTiles, counts: Summary, zooms: &[ZoomSizes]) -> Value {
    let tileset = archive.tileset();
    let LonLatBounds { west, south, east, north } = tileset.bounds;
    let layers = tileset.vector_layers.iter().map(|layer| {
        let fields = layer.fields.iter().map(|(field, kind)| (field.clone(), kind.name().into()));
        json!({
            "id": layer.id,
            "description": layer.description,
            "minzoom": layer.minzoom.get(),
            "maxzoom": layer.maxzoom.get(),
            "source": layer.source,
            "fields": fields.collect::<Map<_, _>>(),
        })
    });
    let zooms = filled(zooms).map(|(zoom, sizes)| {
        let sizes = json!({
            "tiles": sizes.tiles,
            "sum_size": sizes.sum_size,
            "max_size": sizes.max_size,
            "largest": sizes.largest.map(|tile| tile.to_string()),
        });
        (zoom.to_string(), sizes)
    });
    json!({
        "format": format_name(archive.format()).to_lowercase(),
        "bytes": counts.bytes,
        "tiles": counts.tiles,
        "distinct": counts.distinct,
        "name": tileset.name,
        "description": tileset.description,
        "attribution": tileset.attribution,
        "minzoom": tileset.minzoom.get(),
        "maxzoom": tileset.maxzoom.get(),
        "fillzoom": tileset.fillzoom.map(Zoom::get),
        "bounds": [west, south, east, north],
        "center": [tileset.center.lon, tileset.center.lat, tileset.center_zoom.get()],
        "vector_layers": layers.collect::<Vec<_>>(),
        "zooms": zooms.collect::<Map<_, _>>(),
    })
}
