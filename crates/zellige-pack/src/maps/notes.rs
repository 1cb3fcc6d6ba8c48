//! What may surprise whoever draws the map of a pack.
//!
//! In:     a style, its sources with what their tilesets say of themselves, and what was given.
//! Out:    sentences for people: what stands in for what, what draws nothing, and what nobody asks for.
//! Keeps:  the order of the style and of what was given.
//! Source: –

use std::collections::BTreeSet;

use serde_json::Value;
use zellige_recipe::did_you_mean;
use zellige_style::document::Style;
use zellige_style::glyph::Face;
use zellige_style::url;

use super::contents::{CLIENT_TILES_MAX, Resource, TILES_MAX, What};
use super::given::Given;
use super::plan::{DEFAULT_SPRITE, TiledSource};

/// What a plan knows when its notes are made.
pub(super) struct Known<'p> {
    pub(super) style: &'p Style,
    pub(super) resources: &'p [Resource],
    pub(super) sources: &'p [TiledSource],
    /// Files of fonts with their faces.
    pub(super) fonts: &'p [(&'p str, Vec<Face<'p>>)],
    pub(super) given: &'p Given,
}

/// Returns what may surprise, the style's own first and then what was given in vain.
pub(super) fn notes(known: &Known<'_>) -> Vec<String> {
    let mut out = Vec::new();
    fonts(known, &mut out);
    for source in known.sources.iter().filter(|source| source.zooms.is_empty()) {
        out.push(format!("source `{}` has no tiles at the zooms of the region", source.name()));
    }
    let n_tiles: u64 = known.sources.iter().map(TiledSource::n_tiles).sum();
    if (CLIENT_TILES_MAX + 1..=TILES_MAX).contains(&n_tiles) {
        out.push(format!(
            "the pack has {n_tiles} tiles, clients merge at most {CLIENT_TILES_MAX} unless their app allows more"
        ));
    }
    keys(known.style, &mut out);
    layers(known, &mut out);
    images(known, &mut out);
    let is_tileset =
        |name: &str| known.sources.iter().any(|source| source.tiled.tilesets.iter().any(|of| of == name));
    for (name, _) in known.given.tilesets.iter().filter(|(name, _)| !is_tileset(name)) {
        out.push(format!("no source of the style asks for tileset `{name}`"));
    }
    let is_file =
        |url: &str| known.resources.iter().any(|of| matches!(of.what, What::File(_)) && of.url == url);
    for (url, _) in known.given.files.iter().filter(|(url, _)| !is_file(url)) {
        out.push(format!("no source of the style asks for file `{url}`"));
    }
    out
}

/// Notes fonts that are missing, cannot all be known, or are not asked for.
fn fonts(known: &Known<'_>, out: &mut Vec<String>) {
    let fonts = known.style.fonts();
    let mut names: Vec<&String> = fonts.stacks.iter().flatten().collect();
    names.sort_unstable();
    names.dedup();
    let is_named = |face: &Face<'_>, name: &str| face.name().eq_ignore_ascii_case(name);
    let built_in = Face::open_sans();
    let has_face =
        |name: &str| known.fonts.iter().flat_map(|(_, faces)| faces).any(|face| is_named(face, name));
    for name in &names {
        if !is_named(&built_in, name) && !has_face(name) {
            out.push(format!("font `{name}` was not given, Open Sans Regular stands in for it"));
        }
    }
    for layer in fonts.open_layers {
        out.push(format!("the fonts of layer `{layer}` depend on data, those it does not list are left out"));
    }
    for (file, faces) in known.fonts {
        if !faces.iter().any(|face| names.iter().any(|name| is_named(face, name))) {
            let faces: Vec<String> = faces.iter().map(|face| format!("`{}`", face.name())).collect();
            out.push(format!("no layer of the style asks for {} of font file `{file}`", faces.join(", ")));
        }
    }
}

/// Notes parameters of URLs that may be secrets, each URL once: clients ask by these URLs, so they are packed as they
/// are.
fn keys(style: &Style, out: &mut Vec<String>) {
    let sources =
        style.sources.iter().flat_map(|source| source.url.iter().chain(&source.tiles).chain(&source.files));
    let urls = sources.chain(style.sprites.iter().map(|sprite| &sprite.url)).chain(&style.glyphs);
    let urls: BTreeSet<&String> = urls.collect();
    for url in urls {
        for name in url::keys(url) {
            let place = url.split('?').next().unwrap_or(url);
            out.push(format!(
                "the parameter `{name}` of `{place}` is packed as it is, only `access_token` is taken out"
            ));
        }
    }
}

/// Notes layers that draw what no tileset of their source has, each of these once.
fn layers(known: &Known<'_>, out: &mut Vec<String>) {
    let mut told = BTreeSet::new();
    for layer in &known.style.layers {
        let (Some(source), Some(wanted)) = (&layer.source, &layer.source_layer) else { continue };
        let tiled = known.sources.iter().find(|tiled| tiled.tiled.ids.contains(source));
        let Some(tiled) = tiled.filter(|tiled| tiled.has_told_layers) else { continue };
        let names = || tiled.tileset.vector_layers.iter().map(|layer| layer.id.as_str());
        if names().all(|name| name != wanted) && told.insert((source, wanted)) {
            let meant = did_you_mean(wanted, names()).map(|hint| format!(", {hint}")).unwrap_or_default();
            out.push(format!(
                "layer `{}` draws `{wanted}`, which no tileset of source `{source}` has{meant}",
                layer.id
            ));
        }
    }
}

/// Notes images that are missing, and icons that were given for no sprite.
fn images(known: &Known<'_>, out: &mut Vec<String>) {
    let mut is_asked_for = false;
    for sprite in &known.style.sprites {
        if sprite.id == DEFAULT_SPRITE {
            is_asked_for = true;
        } else {
            out.push(format!("sprite `{}` is packed without images", sprite.id));
        }
    }
    if !is_asked_for && known.given.sprite.is_some() {
        out.push("the style has no sprite for icons, those that were given are left out".to_owned());
    }
    let index = known.given.sprite.as_ref().map(|sprite| sprite.single.index.as_str()).unwrap_or_default();
    let index: Value = serde_json::from_str(index).unwrap_or_default();
    // Names with a colon are of other sprites.
    let is_lacking = |name: &String| index.get(name).is_none() && !name.contains(':');
    for name in known.style.images().names.into_iter().filter(is_lacking) {
        out.push(format!("image `{name}` was not given, layers draw nothing in its place"));
    }
}
