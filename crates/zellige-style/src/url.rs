//! The URLs that a style leads to, in the exact spelling by which clients look them up.
//!
//! In:     what a style says: templates, sprites, names of fonts and tilesets.
//! Out:    URLs; offline clients compare them byte by byte.
//! Source: the engines' own ways: only `A-Z a-z 0-9 - _ . ~` stay, all else is `%` and two hexadecimal digits in
//!         lower case; sprite suffixes stand before a query.

use std::fmt::Write as _;

use crate::range::GlyphRange;

/// The scheme of what belongs to an account.
const SCHEME: &str = "mapbox://";
/// Parameters that are keys, in letters of any case.
const KEY_NAMES: [&str; 12] = [
    "key",
    "apikey",
    "api_key",
    "api-key",
    "appid",
    "app_key",
    "auth",
    "secret",
    "sig",
    "signature",
    "subscription-key",
    "token",
];

/// Returns `text` percent-encoded, hexadecimal digits in lower case: `"Noto Sans,"` is `Noto%20Sans%2c`.
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02x}");
        }
    }
    out
}

/// Returns the URL of one range of a font stack: `{fontstack}` becomes the names joined by commas and encoded,
/// `{range}` the range.
#[must_use]
pub fn glyphs_url<S: AsRef<str>>(template: &str, fonts: &[S], range: GlyphRange) -> String {
    let stack = fonts.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(",");
    filled(template, &[("{fontstack}", &percent_encoded(&stack)), ("{range}", &range.to_string())])
}

/// What a file of a sprite is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpriteFile {
    /// The images, one pixel ratio after the other.
    Image,
    /// Where each image stands.
    Index,
}

/// Returns the four files of a sprite with their pixel ratios and URLs: `.json`, `.png`, `@2x.json`, `@2x.png`.
#[must_use]
pub fn sprite_urls(sprite: &str) -> [(SpriteFile, u32, String); 4] {
    let path_len = sprite.find(['?', '#']).unwrap_or(sprite.len());
    let (path, query) = sprite.split_at(path_len);
    [
        (SpriteFile::Index, 1, ".json"),
        (SpriteFile::Image, 1, ".png"),
        (SpriteFile::Index, 2, "@2x.json"),
        (SpriteFile::Image, 2, "@2x.png"),
    ]
    .map(|(file, ratio, suffix)| (file, ratio, format!("{path}{suffix}{query}")))
}

/// Returns the tilesets of a `mapbox://` source, such as `U.T1` and `U.T2` of `mapbox://U.T1,U.T2`; nothing when
/// it is no such URL.
#[must_use]
pub fn tilesets(source_url: &str) -> Option<Vec<&str>> {
    let names = source_url.strip_prefix(SCHEME)?;
    let names: Vec<&str> = names.split('?').next()?.split(',').collect();
    let is_tileset = |name: &&str| !name.is_empty() && name.contains('.') && !name.contains('/');
    names.iter().all(is_tileset).then_some(names)
}

/// Returns the template by which clients ask for vector tiles of `tilesets`, one or several of them.
#[must_use]
pub fn vector_tiles<S: AsRef<str>>(tilesets: &[S]) -> String {
    format!("{SCHEME}tiles/{}/{{z}}/{{x}}/{{y}}.vector.pbf", joined(tilesets))
}

/// Returns the template by which clients ask for image tiles: those of 512 pixels carry `@2x`, others `{ratio}`.
#[must_use]
pub fn raster_tiles<S: AsRef<str>>(tilesets: &[S], tile_size: u32, extension: &str) -> String {
    let ratio = if tile_size == 512 { "@2x" } else { "{ratio}" };
    format!("{SCHEME}tiles/{}/{{z}}/{{x}}/{{y}}{ratio}.{extension}", joined(tilesets))
}

/// Returns the URL without the parameter `access_token`, which nothing that is packed may carry.
#[must_use]
pub fn without_access_token(url: &str) -> String {
    let (url, fragment) = url.find('#').map_or((url, ""), |at| url.split_at(at));
    let Some((path, query)) = url.split_once('?') else { return format!("{url}{fragment}") };
    let is_token = |part: &&str| part.split('=').next() == Some("access_token");
    let kept: Vec<&str> = query.split('&').filter(|part| !is_token(part)).collect();
    let mark = if kept.is_empty() { "" } else { "?" };
    format!("{path}{mark}{}{fragment}", kept.join("&"))
}

/// Returns the parameters of a URL that are named as keys to a service mostly are, `access_token` left out.
///
/// # Examples
///
/// ```
/// assert_eq!(zellige_style::url::keys("https://example.org/a.json?v=1&Key=secret"), ["Key"]);
/// ```
#[must_use]
pub fn keys(url: &str) -> Vec<&str> {
    let query = url.split('#').next().and_then(|url| url.split_once('?')).map_or("", |(_, query)| query);
    let names = query.split('&').filter_map(|part| part.split('=').next());
    names.filter(|name| KEY_NAMES.iter().any(|key| key.eq_ignore_ascii_case(name))).collect()
}

fn joined<S: AsRef<str>>(names: &[S]) -> String {
    names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(",")
}

/// Fills places of a template in one pass, so that nothing is filled into what was filled in.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let value = values.iter().find(|(place, _)| rest.starts_with(place));
        let (place_len, value) = value.map_or((1, "{"), |(place, value)| (place.len(), *value));
        out.push_str(value);
        rest = &rest[place_len..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(found: &str, expected: &str) {
        assert_eq!(found, expected);
    }

    #[test]
    fn only_unreserved_characters_stay() {
        check(&percent_encoded("AZaz09-_.~"), "AZaz09-_.~");
        check(&percent_encoded("a b,c/ü%"), "a%20b%2cc%2f%c3%bc%25");
    }

    #[test]
    fn font_stacks_are_joined_before_they_are_encoded() {
        let template = "mapbox://fonts/acme/{fontstack}/{range}.pbf";
        check(
            &glyphs_url(template, &["Open Sans Regular", "Arial Unicode MS Regular"], GlyphRange::new(0)),
            "mapbox://fonts/acme/Open%20Sans%20Regular%2cArial%20Unicode%20MS%20Regular/0-255.pbf",
        );
        check(
            &glyphs_url("{x}/{range}/{fontstack}{", &["{range}"], GlyphRange::new(1)),
            "{x}/256-511/%7brange%7d{",
        );
    }

    #[test]
    fn sprites_have_four_files() {
        let urls = |sprite: &str| sprite_urls(sprite).map(|(_, _, url)| url).join(" ");
        check(&urls("a://s"), "a://s.json a://s.png a://s@2x.json a://s@2x.png");
        check(&urls("a://s?k=1"), "a://s.json?k=1 a://s.png?k=1 a://s@2x.json?k=1 a://s@2x.png?k=1");
    }

    #[test]
    fn tilesets_have_templates() {
        let names = tilesets("mapbox://acme.land,acme.roads").unwrap();
        check(&vector_tiles(&names), "mapbox://tiles/acme.land,acme.roads/{z}/{x}/{y}.vector.pbf");
        check(&raster_tiles(&["acme.sat"], 512, "png"), "mapbox://tiles/acme.sat/{z}/{x}/{y}@2x.png");
        check(&raster_tiles(&["acme.sat"], 256, "png"), "mapbox://tiles/acme.sat/{z}/{x}/{y}{ratio}.png");
        for url in ["https://a.b/c", "mapbox://", "mapbox://styles/a/b", "mapbox://acme.land,"] {
            assert_eq!(tilesets(url), None, "{url}");
        }
    }

    #[test]
    fn access_tokens_go() {
        check(&without_access_token("a://b?access_token=x"), "a://b");
        check(&without_access_token("a://b?k=1&access_token=x&l=2#f"), "a://b?k=1&l=2#f");
        check(&without_access_token("a://b/access_token=x"), "a://b/access_token=x");
    }
}
