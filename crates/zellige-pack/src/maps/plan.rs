//! A region and what the caller has, brought together: nothing is left open but the work.
//!
//! In:     a region that asks for maps; what was given for its style.
//! Out:    a [`Plan`]: the style as it is packed, all resources, all tiles by source and zoom; or all that is missing.
//! Keeps:  archives and files closed but for a look at their metadata.
//! Source: `contents`.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use serde_json::Value;
use zellige_archive::tilejson;
use zellige_model::{Tileset, Zoom};
use zellige_style::document::{SourceKind, Style};
use zellige_style::glyph::Face;
use zellige_style::shave::Shaver;
use zellige_style::sprite::{Sprite, sprite};
use zellige_style::url::without_access_token;

use super::contents::{self, Kind, Resource, TILES_MAX, Tiled, What};
use super::given::{Detail, Given};
use super::notes::{Known, notes};
use crate::Error;
use crate::cover::Shape;
use crate::region::{Maps, Region, RegionRefused};

/// A maps pack to be made.
#[derive(Debug)]
pub struct Plan<'g> {
    pub(super) definition: String,
    pub(super) description: String,
    pub(super) shape: Shape,
    /// The style as it is packed, without access tokens.
    pub(super) style_text: Vec<u8>,
    /// The files of the default sprite.
    pub(super) sprite: Sprite,
    /// Those of all others.
    pub(super) empty_sprite: Sprite,
    pub(super) resources: Vec<Resource>,
    pub(super) sources: Vec<TiledSource>,
    pub(super) faces: Vec<Face<'g>>,
    pub(super) given: &'g Given,
    notes: Vec<String>,
}

/// A source of tiles with the archives it is made of.
#[derive(Debug)]
pub(super) struct TiledSource {
    pub(super) tiled: Tiled,
    pub(super) archives: Vec<PathBuf>,
    /// What all archives together say of themselves.
    pub(super) tileset: Tileset,
    /// Whether each of them says which layers it has.
    pub(super) has_told_layers: bool,
    /// The zooms that come along, with the number of tiles of each.
    pub(super) zooms: Vec<(Zoom, u64)>,
    /// What takes out of tiles what the style cannot draw, if that is wanted.
    pub(super) shaver: Option<Shaver>,
}

impl TiledSource {
    /// Returns the deepest zoom that comes along: from there on the map is drawn by the same tiles.
    pub(super) fn maxzoom(&self) -> u8 {
        self.zooms.iter().map(|(zoom, _)| zoom.get()).max().unwrap_or_default()
    }

    /// Counts the tiles of all zooms.
    pub(super) fn n_tiles(&self) -> u64 {
        self.zooms.iter().map(|(_, n_tiles)| n_tiles).sum()
    }

    /// Returns how errors call the source.
    pub(super) fn name(&self) -> String {
        self.tiled.tilesets.join(",")
    }
}

/// Brings a region and what was given for it together; `name` is what apps show for the region.
///
/// # Errors
///
/// [`Error::NoMaps`], [`Error::Style`], [`Error::UnsupportedSource`], [`Error::Font`]; [`Error::Region`] above
/// [`contents::RESOURCES_MAX`]; [`Error::Missing`] with
/// everything that the style names and nobody gave; [`Error::Archive`] and [`Error::Io`] when a tileset or file
/// cannot be opened.
pub fn plan<'g>(region: &Region, name: &str, given: &'g Given) -> Result<Plan<'g>, Error> {
    let maps = region.maps.clone().ok_or(Error::NoMaps)?;
    zellige_style::parse(&given.style).map_err(Error::Style)?;
    let style_text = without_tokens(&given.style);
    let style = zellige_style::parse(&style_text).map_err(Error::Style)?;
    check_kinds(&style)?;
    let resources = contents::resources(&maps, &style)?;
    let tiled = contents::tiled(&style);
    check_given(&resources, &tiled, given)?;
    let shape = Shape::of(&region.geography);
    let sources = tiled.into_iter().map(|tiled| open(tiled, &maps, &shape, given));
    let mut sources = sources.collect::<Result<Vec<_>, Error>>()?;
    if given.detail == Detail::Drawn {
        for source in &mut sources {
            source.shaver = Some(Shaver::new(&style, &source.tiled.ids));
        }
    }
    let mut fonts = Vec::new();
    for (name, bytes) in &given.fonts {
        let faces = Face::all(bytes).map_err(|source| Error::Font { name: name.clone(), source })?;
        fonts.push((name.as_str(), faces));
    }
    let empty_sprite = sprite(&[]).map_err(Error::Sprite)?;
    let sprite = given.sprite.clone().unwrap_or_else(|| empty_sprite.clone());
    let known = Known { style: &style, resources: &resources, sources: &sources, fonts: &fonts, given };
    let notes = notes(&known);
    Ok(Plan {
        definition: contents::definition(region, &maps),
        description: contents::description(name),
        shape,
        style_text,
        sprite,
        empty_sprite,
        resources,
        sources,
        faces: fonts.into_iter().flat_map(|(_, faces)| faces).collect(),
        given,
        notes,
    })
}

impl Plan<'_> {
    /// Counts the tiles of all sources and zooms.
    #[must_use]
    pub fn n_tiles(&self) -> u64 {
        self.sources.iter().map(TiledSource::n_tiles).sum()
    }

    /// Counts the resources beside tiles.
    #[must_use]
    pub fn n_resources(&self) -> u64 {
        self.resources.len() as u64
    }

    /// Returns what may surprise whoever draws the map: sentences for people.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Refuses more tiles than a pack may have.
    ///
    /// # Errors
    ///
    /// [`Error::Region`] above [`TILES_MAX`].
    pub fn check_limit(&self) -> Result<(), Error> {
        let n_tiles = self.n_tiles();
        if n_tiles <= TILES_MAX {
            return Ok(());
        }
        let reason = format!("the region has `{n_tiles}` tiles, expected at most {TILES_MAX}");
        Err(Error::Region(RegionRefused { reasons: vec![reason] }))
    }

    /// Returns the file that was given for a URL.
    pub(super) fn file(&self, url: &str) -> Option<&Path> {
        self.given.files.iter().find(|(name, _)| name == url).map(|(_, path)| path.as_path())
    }
}

/// The sprite whose images have no prefix.
pub(super) const DEFAULT_SPRITE: &str = "default";

/// Returns the style as compact JSON whose URLs carry no access token.
fn without_tokens(text: &[u8]) -> Vec<u8> {
    let Ok(mut style) = serde_json::from_slice::<Value>(text) else { return text.to_vec() };
    let mut open = vec![&mut style];
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) if text.contains("access_token=") => *text = without_access_token(text),
            Value::Array(values) => open.extend(values),
            Value::Object(members) => open.extend(members.values_mut()),
            _ => {}
        }
    }
    style.to_string().into_bytes()
}

fn check_kinds(style: &Style) -> Result<(), Error> {
    for source in &style.sources {
        let found = match source.kind {
            SourceKind::Raster | SourceKind::RasterDem => "image tiles",
            SourceKind::Video => "a video",
            SourceKind::Vector | SourceKind::GeoJson | SourceKind::Image => continue,
        };
        return Err(Error::UnsupportedSource { id: source.id.clone(), found });
    }
    Ok(())
}

/// Looks for everything that the style names.
fn check_given(resources: &[Resource], tiled: &[Tiled], given: &Given) -> Result<(), Error> {
    let has = |list: &[(String, PathBuf)], wanted: &str| list.iter().any(|(name, _)| name == wanted);
    let mut missing = Vec::new();
    for name in tiled.iter().flat_map(|tiled| &tiled.tilesets) {
        let text = format!("tileset `{name}`");
        if !has(&given.tilesets, name) && !missing.contains(&text) {
            missing.push(text);
        }
    }
    for resource in resources {
        if let What::File(kind) = resource.what
            && !has(&given.files, &resource.url)
        {
            let word = if kind == Kind::Image { "image" } else { "file" };
            missing.push(format!("{word} `{}`", resource.url));
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(Error::Missing { missing }) }
}

/// Looks at the metadata of the archives of a source, and counts its tiles.
fn open(tiled: Tiled, maps: &Maps, shape: &Shape, given: &Given) -> Result<TiledSource, Error> {
    let mut archives = Vec::new();
    let mut together: Option<Tileset> = None;
    let mut has_told_layers = true;
    for name in &tiled.tilesets {
        let paths = given.tilesets.iter().filter(|(known, _)| known == name);
        for (_, path) in paths.take(1) {
            let archive = zellige_archive::open(path).map_err(Error::archive("open tileset", name))?;
            let tileset = archive.tileset().clone();
            has_told_layers &= !tileset.vector_layers.is_empty();
            together = Some(match together {
                None => tileset,
                Some(first) => joined(first, tileset),
            });
            archives.push(path.clone());
        }
    }
    let mut tileset = together.ok_or_else(|| Error::Missing { missing: tiled.tilesets.clone() })?;
    if tiled.url.is_none() {
        // Without a TileJSON clients go by what the style says.
        let zoom = |level: Option<u8>| level.and_then(Zoom::new);
        tileset.minzoom = zoom(tiled.zooms.0).unwrap_or_default();
        tileset.maxzoom = zoom(tiled.zooms.1).unwrap_or(Zoom::MAX);
    }
    let zooms: RangeInclusive<Zoom> = tileset.minzoom..=tileset.maxzoom;
    let zooms = contents::zooms(maps, &zooms).into_iter().flat_map(|zooms| zooms.start().to(*zooms.end()));
    let zooms = zooms.map(|zoom| (zoom, shape.n_tiles(zoom))).collect();
    Ok(TiledSource { tiled, archives, tileset, has_told_layers, zooms, shaver: None })
}

/// Returns the metadata of two tilesets drawn as one source.
fn joined(mut first: Tileset, second: Tileset) -> Tileset {
    first.name = format!("{}, {}", first.name, second.name);
    if !second.attribution.is_empty() && !first.attribution.contains(&second.attribution) {
        let comma = if first.attribution.is_empty() { "" } else { ", " };
        first.attribution = format!("{}{comma}{}", first.attribution, second.attribution);
    }
    first.minzoom = first.minzoom.min(second.minzoom);
    first.maxzoom = first.maxzoom.max(second.maxzoom);
    first.fillzoom = None;
    first.bounds.merge(&second.bounds);
    for layer in second.vector_layers {
        if first.vector_layers.iter().all(|known| known.id != layer.id) {
            first.vector_layers.push(layer);
        }
    }
    first
}

/// Returns the TileJSON of a source as it stands in the pack.
pub(super) fn tile_json(source: &TiledSource) -> String {
    tilejson::to_json(&source.tileset, &source.tiled.template)
}
