//! What belongs into a maps pack: the list a client would work off to download the region itself.
//!
//! In:     a style, and for each of its tiled sources the zooms that it has.
//! Out:    URLs with the kinds of resources behind them; templates of tiles with zooms.
//! Keeps:  the order of clients: style, sources, tiles, glyphs, sprites, images; each URL once.
//! Source: the offline downloads of the native engines. A missing row is not passed over by clients: offline, a
//!         view that lacks one is not drawn at all.

use std::ops::RangeInclusive;

use serde_json::{Value, json};
use zellige_model::Zoom;
use zellige_style::GlyphRange;
use zellige_style::document::{Source, SourceKind, Style};
use zellige_style::url::{SpriteFile, glyphs_url, sprite_urls, tilesets, vector_tiles};

use crate::region::{Maps, Region, RegionRefused};

/// The most tiles of a pack, over all sources and zooms.
pub const TILES_MAX: u64 = 100_000;
/// The most resources of a pack beside its tiles.
pub const RESOURCES_MAX: usize = 100_000;
/// The most tiles that clients merge unless their app allows more.
pub const CLIENT_TILES_MAX: u64 = 6_000;

/// The kinds of resources, with their numbers in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A style document.
    Style = 1,
    /// A TileJSON document or a GeoJSON file.
    Source = 2,
    /// A range of glyphs.
    Glyphs = 4,
    /// The image of a sprite.
    SpriteImage = 5,
    /// The index of a sprite.
    SpriteIndex = 6,
    /// An image of its own.
    Image = 7,
}

impl Kind {
    /// Returns the kind of a number in the database; tiles, number 3, have a table of their own.
    #[must_use]
    pub const fn of(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Style),
            2 => Some(Self::Source),
            4 => Some(Self::Glyphs),
            5 => Some(Self::SpriteImage),
            6 => Some(Self::SpriteIndex),
            7 => Some(Self::Image),
            _ => None,
        }
    }
}

/// A resource that belongs into a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The URL by which clients look it up.
    pub url: String,
    /// What it is.
    pub what: What,
}

/// What a resource is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The style.
    Style,
    /// The TileJSON of a source whose tiles have this template.
    TileJson {
        /// The template.
        template: String,
    },
    /// A range of a font stack.
    Glyphs {
        /// The names of the fonts.
        stack: Vec<String>,
        /// The range.
        range: GlyphRange,
    },
    /// One of the four files of a sprite.
    Sprite {
        /// The id of the sprite in the style.
        sprite: String,
        /// Image or index.
        file: SpriteFile,
        /// Its pixel ratio, 1 or 2.
        ratio: u32,
    },
    /// A file that the style names: GeoJSON or an image.
    File(Kind),
}

impl Resource {
    /// Returns its kind in the database.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match &self.what {
            What::Style => Kind::Style,
            What::TileJson { .. } => Kind::Source,
            What::Glyphs { .. } => Kind::Glyphs,
            What::Sprite { file: SpriteFile::Image, .. } => Kind::SpriteImage,
            What::Sprite { file: SpriteFile::Index, .. } => Kind::SpriteIndex,
            What::File(kind) => *kind,
        }
    }
}

/// A source of vector tiles, as a style refers to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiled {
    /// The ids of the style's sources that show it.
    pub ids: Vec<String>,
    /// The URL of its TileJSON; nothing when the style itself says where the tiles are.
    pub url: Option<String>,
    /// The template under which its tiles stand in the pack.
    pub template: String,
    /// The tilesets it is made of, as the caller calls them: ids such as `me.roads`, or one URL.
    pub tilesets: Vec<String>,
    /// Whether rows count from the south.
    pub is_tms: bool,
    /// The zooms that the style states; those of a TileJSON count instead where there is one.
    pub zooms: (Option<u8>, Option<u8>),
}

/// Returns the sources of vector tiles of a style, each template once.
#[must_use]
pub fn tiled(style: &Style) -> Vec<Tiled> {
    let mut out: Vec<Tiled> = Vec::new();
    for source in style.sources.iter().filter(|source| source.kind == SourceKind::Vector) {
        let Some(tiled) = tiled_source(source) else { continue };
        match out.iter_mut().find(|known| known.template == tiled.template) {
            Some(known) => known.ids.extend(tiled.ids),
            None => out.push(tiled),
        }
    }
    out
}

fn tiled_source(source: &Source) -> Option<Tiled> {
    let (ids, zooms) = (vec![source.id.clone()], (source.minzoom, source.maxzoom));
    let Some(url) = &source.url else {
        let template = source.tiles.first()?.clone();
        let tilesets = vec![template.clone()];
        return Some(Tiled { ids, url: None, template, tilesets, is_tms: source.is_tms, zooms });
    };
    let (template, names) = match tilesets(url) {
        Some(names) => (vector_tiles(&names), names.into_iter().map(str::to_owned).collect()),
        // A TileJSON elsewhere: the one in the pack says where its tiles stand.
        None => (format!("{url}/{{z}}/{{x}}/{{y}}.vector.pbf"), vec![url.clone()]),
    };
    Some(Tiled { ids, url: Some(url.clone()), template, tilesets: names, is_tms: false, zooms })
}

/// Returns the zooms of a source that a region takes along; nothing when it has none of them.
///
/// When the region begins below the deepest zoom of the source, that zoom comes along: the map is drawn from it.
#[must_use]
pub fn zooms(maps: &Maps, source: &RangeInclusive<Zoom>) -> Option<RangeInclusive<Zoom>> {
    let (first, last) = (*source.start(), *source.end());
    if maps.min_zoom > last {
        return Some(last..=last);
    }
    let (from, to) = (maps.min_zoom.max(first), maps.max_zoom.min(last));
    (from <= to).then_some(from..=to)
}

/// Returns the resources of a region beside its tiles, each URL once.
///
/// # Errors
///
/// More than [`RESOURCES_MAX`] of them.
pub fn resources(maps: &Maps, style: &Style) -> Result<Vec<Resource>, RegionRefused> {
    let stacks = if style.glyphs.is_some() { style.fonts().stacks } else { Vec::new() };
    // All others are as few as the sources and sprites that the style has.
    let n_glyphs = stacks.len() * GlyphRange::all(maps.include_ideographs).count();
    if n_glyphs > RESOURCES_MAX {
        let reason =
            format!("the style asks for `{n_glyphs}` ranges of glyphs, expected at most {RESOURCES_MAX}");
        return Err(RegionRefused { reasons: vec![reason] });
    }
    let mut out = vec![Resource { url: maps.style_url.clone(), what: What::Style }];
    for Tiled { url, template, .. } in tiled(style) {
        if let Some(url) = url {
            out.push(Resource { url, what: What::TileJson { template } });
        }
    }
    for source in &style.sources {
        let files = source.files.iter().map(|url| (url, Kind::Source));
        let image = source.url.iter().filter(|_| source.kind == SourceKind::Image);
        for (url, kind) in files.chain(image.map(|url| (url, Kind::Image))) {
            out.push(Resource { url: url.clone(), what: What::File(kind) });
        }
    }
    for sprite in &style.sprites {
        out.extend(sprite_urls(&sprite.url).map(|(file, ratio, url)| Resource {
            url,
            what: What::Sprite { sprite: sprite.id.clone(), file, ratio },
        }));
    }
    if let Some(template) = &style.glyphs {
        for stack in stacks {
            out.extend(GlyphRange::all(maps.include_ideographs).map(|range| Resource {
                url: glyphs_url(template, &stack, range),
                what: What::Glyphs { stack: stack.clone(), range },
            }));
        }
    }
    let mut known = std::collections::BTreeSet::new();
    out.retain(|resource| known.insert(resource.url.clone()));
    Ok(out)
}

/// Returns the definition of a region as clients compare it: one JSON text, members in fixed order, zooms and
/// pixel ratio with a decimal point, without which clients do not read it.
#[must_use]
pub fn definition(region: &Region, maps: &Maps) -> String {
    json!({
        "style_url": maps.style_url,
        "min_zoom": f64::from(maps.min_zoom.get()),
        "max_zoom": f64::from(maps.max_zoom.get()),
        "pixel_ratio": 1.0,
        "include_ideographs": maps.include_ideographs,
        "geometry": region.polygon(),
    })
    .to_string()
}

/// Returns what apps find beside the definition: the name of the region.
#[must_use]
pub fn description(name: &str) -> String {
    Value::from_iter([("name", name)]).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: &str = r#"{"version": 8, "sprite": "mapbox://sprites/me/map",
        "glyphs": "mapbox://fonts/me/{fontstack}/{range}.pbf",
        "sources": {
            "a": {"type": "vector", "url": "mapbox://me.a,me.b"},
            "again": {"type": "vector", "url": "mapbox://me.a,me.b"},
            "c": {"type": "vector", "tiles": ["https://example.org/{z}/{x}/{y}.mvt"], "maxzoom": 9, "scheme": "tms"},
            "d": {"type": "vector", "url": "https://example.org/d.json"},
            "e": {"type": "geojson", "data": "https://example.org/e.geojson"},
            "f": {"type": "geojson", "data": {"type": "FeatureCollection", "features": []}}
        },
        "layers": [
            {"id": "l1", "type": "symbol", "source": "a", "source-layer": "x", "layout": {"text-field": "{name}"}},
            {"id": "l2", "type": "symbol", "source": "a", "source-layer": "x",
             "layout": {"text-field": "{name}", "text-font": ["step", ["zoom"], ["literal", ["A"]], 9, ["literal", ["B", "C"]]]}},
            {"id": "l3", "type": "symbol", "source": "a", "source-layer": "x", "layout": {"icon-image": "dot", "text-font": ["D"]}}
        ]}"#;

    fn maps(min_zoom: u8, max_zoom: u8, include_ideographs: bool) -> Maps {
        let zoom = |level| Zoom::new(level).unwrap();
        let style_url = "mapbox://styles/me/map".to_owned();
        Maps { style_url, min_zoom: zoom(min_zoom), max_zoom: zoom(max_zoom), include_ideographs }
    }

    fn check(include_ideographs: bool, n_glyphs: usize) {
        let style = zellige_style::parse(STYLE.as_bytes()).unwrap();
        let resources = resources(&maps(0, 5, include_ideographs), &style).unwrap();
        let (glyphs, others): (Vec<_>, Vec<_>) =
            resources.iter().partition(|resource| resource.kind() == Kind::Glyphs);
        let others: Vec<String> =
            others.iter().map(|resource| format!("{} {}", resource.kind() as u8, resource.url)).collect();
        assert_eq!(
            others,
            [
                "1 mapbox://styles/me/map",
                "2 mapbox://me.a,me.b",
                "2 https://example.org/d.json",
                "2 https://example.org/e.geojson",
                "6 mapbox://sprites/me/map.json",
                "5 mapbox://sprites/me/map.png",
                "6 mapbox://sprites/me/map@2x.json",
                "5 mapbox://sprites/me/map@2x.png",
            ]
        );
        assert_eq!(glyphs.len(), n_glyphs);
        let first = "mapbox://fonts/me/Open%20Sans%20Regular%2cArial%20Unicode%20MS%20Regular/0-255.pbf";
        assert_eq!(glyphs[0].url, first);
    }

    #[test]
    fn resources_are_those_of_clients() {
        check(true, 3 * 256);
        check(false, 3 * 130);
    }

    #[test]
    fn styles_of_many_font_stacks_are_refused() {
        let layer = |number: u32| {
            format!(
                r#"{{"id": "l{number}", "type": "symbol", "source": "a", "source-layer": "x",
                "layout": {{"text-field": "a", "text-font": ["F{number}"]}}}}"#
            )
        };
        let refused = |n_stacks: u32| {
            let layers: Vec<String> = (0..n_stacks).map(layer).collect();
            let text = format!(
                r#"{{"version": 8, "glyphs": "mapbox://fonts/me/{{fontstack}}/{{range}}.pbf",
                "sources": {{"a": {{"type": "vector", "url": "mapbox://me.a"}}}}, "layers": [{}]}}"#,
                layers.join(",")
            );
            let style = zellige_style::parse(text.as_bytes()).unwrap();
            resources(&maps(0, 5, true), &style).err().map(|refused| refused.reasons.concat())
        };
        let reason = "the style asks for `100096` ranges of glyphs, expected at most 100000";
        assert_eq!(refused(391).as_deref(), Some(reason));
        assert_eq!(refused(390), None);
    }

    #[test]
    fn tiles_stand_under_their_canonical_template() {
        let style = zellige_style::parse(STYLE.as_bytes()).unwrap();
        let tiled: Vec<String> = tiled(&style)
            .into_iter()
            .map(|tiled| format!("{} {} {}", tiled.template, tiled.tilesets.join(" "), tiled.is_tms))
            .collect();
        assert_eq!(
            tiled,
            [
                "mapbox://tiles/me.a,me.b/{z}/{x}/{y}.vector.pbf me.a me.b false",
                "https://example.org/{z}/{x}/{y}.mvt https://example.org/{z}/{x}/{y}.mvt true",
                "https://example.org/d.json/{z}/{x}/{y}.vector.pbf https://example.org/d.json false",
            ]
        );
    }

    #[test]
    fn zooms_are_what_both_have_or_the_deepest() {
        let zoom = |level| Zoom::new(level).unwrap();
        let of = |min, max, first, last| {
            zooms(&maps(min, max, false), &(zoom(first)..=zoom(last)))
                .map(|zooms| (zooms.start().get(), zooms.end().get()))
        };
        assert_eq!(of(2, 16, 0, 14), Some((2, 14)));
        assert_eq!(of(2, 5, 4, 14), Some((4, 5)));
        assert_eq!(of(15, 16, 0, 14), Some((14, 14)));
        assert_eq!(of(2, 3, 4, 14), None);
    }

    #[test]
    fn definition_has_decimal_points_and_a_fixed_order() {
        let region = crate::region::parse(
            br#"{"configuration": {"geography": {"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,1],[0,0]]]},
                "maps": {"style_url": "mapbox://styles/me/map", "max_zoom": 14, "min_zoom": 0, "include_ideographs": true}}}"#,
        )
        .unwrap();
        assert_eq!(
            definition(&region, region.maps.as_ref().unwrap()),
            "{\"style_url\":\"mapbox://styles/me/map\",\"min_zoom\":0.0,\"max_zoom\":14.0,\"pixel_ratio\":1.0,\
             \"include_ideographs\":true,\"geometry\":{\"type\":\"Polygon\",\"coordinates\":\
             [[[0.0,0.0],[1.0,0.0],[1.0,1.0],[0.0,0.0]]]}}"
        );
        assert_eq!(description("a \"b\""), r#"{"name":"a \"b\""}"#);
    }
}
