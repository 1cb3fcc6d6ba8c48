//! Every rule of a style document, and every problem at once.
//!
//! In:     the text of a style.
//! Out:    the [`Style`], or its problems in document order.
//! Keeps:  the place of each problem as JSON pointer and as bytes.
//! Source: the style specification, version 8; the limits of the Styles API.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde_json::Map;
use zellige_recipe::raw::{self, Value};
use zellige_recipe::{Problem, SyntaxError, did_you_mean, line_column};

use crate::url::tilesets;

use super::{
    Layer, LayerKind, PROBLEMS_MAX, SOURCES_MAX, STYLE_BYTES_MAX, Source, SourceKind, Sprite, Style,
    ZOOM_MAX, filter,
};

/// Checks a style.
pub(super) fn check(text: &[u8]) -> Result<Style, Vec<Problem>> {
    if STYLE_BYTES_MAX < text.len() {
        let message = "style is larger than 1 MB".to_owned();
        return Err(vec![whole(0..0, message, format!("{} bytes", text.len()), "at most 1048576 bytes")]);
    }
    let document = raw::parse(text).map_err(|error| vec![not_json(text, &error)])?;
    let mut checker = Checker { problems: Vec::new() };
    let style = checker.style(document.root());
    if checker.problems.is_empty() { Ok(style) } else { Err(checker.problems) }
}

fn not_json(text: &[u8], error: &SyntaxError) -> Problem {
    let (line, column) = line_column(text, error.offset);
    let message = format!("style is not valid JSON: {} at line {line}, column {column}", error.reason);
    let end = text.len().min(error.offset + 1);
    let found = String::from_utf8_lossy(&text[error.offset..end]).into_owned();
    let mut problem = whole(error.offset..end, message, found, "a JSON text (RFC 8259)");
    problem.hint = error.hint.map(str::to_owned);
    problem
}

/// Returns a problem of the document as a whole.
fn whole(span: Range<usize>, message: String, found: String, expected: &str) -> Problem {
    let (pointer, expected) = (String::new(), expected.to_owned());
    Problem { message, reason: None, pointer, span, found, expected, hint: None }
}

struct Checker {
    problems: Vec<Problem>,
}

/// A layer with what is needed to fill in a `ref`.
struct Drafts<'d, 'a> {
    layers: Vec<(Value<'d, 'a>, Layer)>,
    places: BTreeMap<String, usize>,
}

impl Checker {
    fn style(&mut self, root: Value<'_, '_>) -> Style {
        let mut style = Style::default();
        if !root.is_object() {
            self.report(root, "style must be an object", "an object");
            return style;
        }
        match root.member("version") {
            Some(version) if version.as_f64() == Some(8.0) => {}
            Some(version) => self.report(version, "version must be 8", "8"),
            None => self.missing(root, "version"),
        }
        style.name = self.text(root, "name").unwrap_or_default();
        style.glyphs = self.text(root, "glyphs");
        if let (Some(glyphs), Some(value)) = (&style.glyphs, root.member("glyphs"))
            && !(glyphs.contains("{fontstack}") && glyphs.contains("{range}"))
        {
            self.report(value, "glyphs needs `{fontstack}` and `{range}`", "a URL with both places");
        }
        if let Some(imports) = root.member("imports").filter(|imports| imports.items().next().is_some()) {
            self.report(imports, "styles that import others are not supported", "one whole style");
        }
        style.sprites = root.member("sprite").map(|sprite| self.sprites(sprite)).unwrap_or_default();
        style.sources = self.sources(root);
        style.layers = self.layers(root, &style);
        style
    }

    fn sprites(&mut self, sprite: Value<'_, '_>) -> Vec<Sprite> {
        if let Some(url) = sprite.as_str() {
            return vec![Sprite { id: "default".to_owned(), url: url.to_owned() }];
        }
        if !sprite.is_array() {
            self.report(sprite, "sprite must be a URL or an array of sprites", "a text or an array");
        }
        let (mut sprites, mut ids) = (Vec::new(), BTreeSet::new());
        for item in sprite.items() {
            let [id, url] = ["id", "url"].map(|key| self.required_text(item, key));
            let (Some(id), Some(url)) = (id, url) else { continue };
            if !ids.insert(id.clone()) {
                self.report(item, &format!("sprite `{id}` stands twice"), "ids that differ");
            }
            sprites.push(Sprite { id, url });
        }
        sprites
    }

    fn sources(&mut self, root: Value<'_, '_>) -> Vec<Source> {
        let Some(sources) = root.member("sources") else {
            self.missing(root, "sources");
            return Vec::new();
        };
        if !sources.is_object() {
            self.report(sources, "sources must be an object", "an object of sources by id");
        }
        let found: Vec<Source> =
            sources.members().filter_map(|member| self.source(member.key, member.value)).collect();
        let n_tilesets =
            |source: &Source| source.url.as_deref().and_then(tilesets).map_or(1, |names| names.len());
        let count: usize = found.iter().map(n_tilesets).sum();
        if SOURCES_MAX < count {
            let message = format!("style refers to {count} sources, expected at most {SOURCES_MAX}");
            self.report(sources, &message, "at most 15 sources, each tileset of a composite counted");
        }
        found
    }

    fn source(&mut self, id: &str, value: Value<'_, '_>) -> Option<Source> {
        if !value.is_object() {
            self.report(value, &format!("source `{id}` must be an object"), "an object");
            return None;
        }
        let kind = self.named(value, "type", "source type", &SourceKind::NAMES)?;
        let mut source = Source {
            id: id.to_owned(),
            kind,
            url: self.text(value, "url"),
            tiles: self.texts(value, "tiles"),
            files: Vec::new(),
            minzoom: self.zoom(value, "minzoom").map(|zoom| zoom as u8),
            maxzoom: self.zoom(value, "maxzoom").map(|zoom| zoom as u8),
            tile_size: 512,
            is_tms: false,
            promote_ids: promoted(value),
        };
        match kind {
            SourceKind::Vector | SourceKind::Raster | SourceKind::RasterDem => {
                if source.url.is_none() && source.tiles.is_empty() {
                    self.report(value, &format!("source `{id}` has no `url` and no `tiles`"), "one of them");
                }
                self.tiling(value, &mut source);
            }
            SourceKind::GeoJson => match value.member("data") {
                Some(data) if data.is_object() => {}
                Some(data) if data.as_str().is_some() => {
                    source.files = self.text(value, "data").into_iter().collect();
                }

                Some(data) => self.report(data, "data must be a URL or GeoJSON", "a text or an object"),
                None => self.missing(value, "data"),
            },
            SourceKind::Image if value.member("url").is_none() => self.missing(value, "url"),
            SourceKind::Image => {}
            SourceKind::Video => {
                source.files = self.texts(value, "urls");
                if value.member("urls").is_none() {
                    self.missing(value, "urls");
                }
            }
        }
        Some(source)
    }

    fn tiling(&mut self, value: Value<'_, '_>, source: &mut Source) {
        match value.member("scheme").map(|scheme| (scheme, scheme.as_str())) {
            Some((_, Some("tms"))) => source.is_tms = true,
            None | Some((_, Some("xyz"))) => {}
            Some((scheme, _)) => self.report(scheme, "unknown scheme", "`xyz` or `tms`"),
        }
        if let Some(size) = value.member("tileSize") {
            match size.as_integer() {
                Some(pixels @ 1..=4096) => source.tile_size = pixels as u32,
                _ => self.report(size, "tileSize must be a whole number of pixels", "1 to 4096"),
            }
        }
    }

    fn layers(&mut self, root: Value<'_, '_>, style: &Style) -> Vec<Layer> {
        let Some(layers) = root.member("layers") else {
            self.missing(root, "layers");
            return Vec::new();
        };
        if !layers.is_array() {
            self.report(layers, "layers must be an array", "an array of layers");
        }
        let mut drafts = Drafts { layers: Vec::new(), places: BTreeMap::new() };
        for value in layers.items() {
            let Some(layer) = self.layer(value, style) else { continue };
            if drafts.places.contains_key(&layer.id) {
                self.report(value, &format!("layer `{}` stands twice", layer.id), "ids that differ");
            }
            drafts.places.entry(layer.id.clone()).or_insert(drafts.layers.len());
            drafts.layers.push((value, layer));
        }
        self.fill_references(drafts, style)
    }

    /// Reads a layer; the kind and the source of one with a `ref` come later.
    fn layer(&mut self, value: Value<'_, '_>, style: &Style) -> Option<Layer> {
        if !value.is_object() {
            self.report(value, "a layer must be an object", "an object");
            return None;
        }
        let id = self.required_text(value, "id")?;
        let mut layer = Layer {
            id,
            kind: LayerKind::Background,
            source: None,
            source_layer: None,
            minzoom: 0.0,
            maxzoom: ZOOM_MAX,
            filter: None,
            layout: self.map(value, "layout"),
            paint: self.map(value, "paint"),
        };
        if value.member("ref").is_some() {
            return Some(layer);
        }
        layer.kind = self.named(value, "type", "layer type", &LayerKind::NAMES)?;
        layer.minzoom = self.zoom(value, "minzoom").unwrap_or(0.0);
        layer.maxzoom = self.zoom(value, "maxzoom").unwrap_or(ZOOM_MAX);
        layer.source = self.text(value, "source");
        layer.source_layer = self.text(value, "source-layer");
        layer.filter = self.filter(value);
        self.layer_source(value, &layer, style);
        self.layer_text(value, &layer, style);
        Some(layer)
    }

    fn layer_source(&mut self, value: Value<'_, '_>, layer: &Layer, style: &Style) {
        if layer.kind.is_sourceless() {
            return;
        }
        let Some(id) = &layer.source else { return self.missing(value, "source") };
        let place = value.member("source").unwrap_or(value);
        let Some(source) = style.sources.iter().find(|source| source.id == *id) else {
            self.report(place, &format!("there is no source `{id}`"), "the id of a source");
            // More sources are refused anyway, and comparing all with all would take long.
            let known = style.sources.iter().take(SOURCES_MAX).map(|source| source.id.as_str());
            return self.hint(|| did_you_mean(id, known));
        };
        if !layer.kind.sources().contains(&source.kind) {
            self.report(
                place,
                &format!("this layer cannot draw source `{id}`"),
                "a source of a fitting type",
            );
        }
        if source.kind == SourceKind::Vector && layer.source_layer.is_none() {
            self.missing(value, "source-layer");
        }
    }

    fn layer_text(&mut self, value: Value<'_, '_>, layer: &Layer, style: &Style) {
        if layer.layout.contains_key("text-field") && style.glyphs.is_none() {
            self.report(value, "text needs `glyphs` in the style", "a style with `glyphs`");
        }
    }

    fn filter(&mut self, layer: Value<'_, '_>) -> Option<serde_json::Value> {
        let value = layer.member("filter")?;
        let filter = value.to_json();
        if let Err(filter::Fault { way, reason }) = filter::check(&filter) {
            let step = |value: Value<'_, '_>, idx: &usize| value.items().nth(*idx).map(Value::id);
            let place =
                way.iter().fold(value, |place, idx| step(place, idx).map_or(place, |id| place.other(id)));
            self.report(place, &format!("invalid filter: {reason}"), "a filter");
        }
        Some(filter)
    }

    /// Fills in what layers with a `ref` take from others.
    fn fill_references(&mut self, drafts: Drafts<'_, '_>, style: &Style) -> Vec<Layer> {
        let Drafts { layers, places } = drafts;
        let mut filled = Vec::with_capacity(layers.len());
        for (value, layer) in &layers {
            let Some(reference) = value.member("ref") else {
                filled.push(layer.clone());
                continue;
            };
            let parent = reference.as_str().and_then(|id| places.get(id)).map(|place| &layers[*place]);
            let Some((_, parent)) = parent.filter(|(value, _)| value.member("ref").is_none()) else {
                self.report(reference, "ref must name a layer without a ref", "the id of a layer");
                continue;
            };
            let layer = Layer { id: layer.id.clone(), paint: layer.paint.clone(), ..parent.clone() };
            self.layer_text(*value, &layer, style);
            filled.push(layer);
        }
        filled
    }

    /// Reads a zoom, when there is one.
    fn zoom(&mut self, object: Value<'_, '_>, key: &str) -> Option<f64> {
        let value = object.member(key)?;
        let zoom = value.as_f64().filter(|zoom| (0.0..=ZOOM_MAX).contains(zoom));
        if zoom.is_none() {
            self.report(value, &format!("{key} must be a zoom"), "a number from 0 to 24");
        }
        zoom
    }

    /// Reads a text that is one of `names`.
    fn named<T: Copy>(
        &mut self,
        object: Value<'_, '_>,
        key: &str,
        what: &str,
        names: &[(&'static str, T)],
    ) -> Option<T> {
        let name = self.required_text(object, key)?;
        let known = names.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
        if known.is_none() {
            let all: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
            let place = object.member(key).unwrap_or(object);
            self.report(place, &format!("unknown {what} `{name}`"), &all.join(", "));
            self.hint(|| did_you_mean(&name, all));
        }
        known
    }

    fn required_text(&mut self, object: Value<'_, '_>, key: &str) -> Option<String> {
        match self.text(object, key) {
            Some(text) if text.is_empty() => {
                self.report(object.member(key).unwrap_or(object), &format!("{key} is empty"), "a text");
                None
            }
            None if object.member(key).is_none() => {
                self.missing(object, key);
                None
            }
            text => text,
        }
    }

    /// Reads a text, when there is one.
    fn text(&mut self, object: Value<'_, '_>, key: &str) -> Option<String> {
        let value = object.member(key)?;
        let text = value.as_str();
        if text.is_none() {
            self.report(value, &format!("{key} must be a text"), "a text");
        }
        text.map(str::to_owned)
    }

    /// Reads an array of texts, when there is one.
    fn texts(&mut self, object: Value<'_, '_>, key: &str) -> Vec<String> {
        let Some(value) = object.member(key) else { return Vec::new() };
        let texts: Vec<Option<&str>> = value.items().map(Value::as_str).collect();
        if texts.is_empty() || texts.contains(&None) {
            self.report(value, &format!("{key} must be an array of texts"), "an array of at least one text");
        }
        texts.into_iter().flatten().map(str::to_owned).collect()
    }

    /// Reads an object as it is, when there is one.
    fn map(&mut self, object: Value<'_, '_>, key: &str) -> Map<String, serde_json::Value> {
        let Some(value) = object.member(key) else { return Map::new() };
        let serde_json::Value::Object(map) = value.to_json() else {
            self.report(value, &format!("{key} must be an object"), "an object");
            return Map::new();
        };
        map
    }

    fn missing(&mut self, object: Value<'_, '_>, key: &str) {
        self.report(object, &format!("{key} is missing"), &format!("a member \"{key}\""));
    }

    fn report(&mut self, value: Value<'_, '_>, message: &str, expected: &str) {
        if self.problems.len() < PROBLEMS_MAX {
            let problem = whole(value.span(), message.to_owned(), value.describe(), expected);
            self.problems.push(Problem { pointer: value.pointer(), ..problem });
        }
    }

    /// Gives the problem that was just reported a hint, while problems are listed.
    fn hint(&mut self, hint: impl FnOnce() -> Option<String>) {
        if self.problems.len() < PROBLEMS_MAX
            && let Some(problem) = self.problems.last_mut()
        {
            problem.hint = hint();
        }
    }
}

/// Returns the attributes that serve as ids: one for all layers, or one a layer.
fn promoted(source: Value<'_, '_>) -> Vec<String> {
    let Some(value) = source.member("promoteId") else { return Vec::new() };
    let texts = value.members().filter_map(|member| member.value.as_str());
    value.as_str().into_iter().chain(texts).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares the problems of a style, each as pointer and message.
    fn check(text: &str, expected: &[&str]) {
        let problems =
            crate::parse(text.as_bytes()).err().map(|refused| refused.problems).unwrap_or_default();
        let found: Vec<String> =
            problems.iter().map(|problem| format!("{} {}", problem.pointer, problem.message)).collect();
        assert_eq!(found, expected, "{text}");
    }

    /// Checks a style with this source `s` and these layers.
    fn check_parts(source: &str, layers: &str, expected: &[&str]) {
        check(&format!(r#"{{"version": 8, "sources": {{"s": {source}}}, "layers": [{layers}]}}"#), expected);
    }

    const VECTOR: &str = r#"{"type": "vector", "url": "mapbox://a.b"}"#;

    #[test]
    fn whole_documents() {
        check(r#"{"version": 8, "sources": {}, "layers": []}"#, &[]);
        check("", &[" style is not valid JSON: unexpected end at line 1, column 1"]);
        check("[]", &[" style must be an object"]);
        check("{}", &[" version is missing", " sources is missing", " layers is missing"]);
        check(
            r#"{"version": "8", "sources": [], "layers": {}, "glyphs": "a", "name": 1, "imports": [1]}"#,
            &[
                "/version version must be 8",
                "/name name must be a text",
                "/glyphs glyphs needs `{fontstack}` and `{range}`",
                "/imports styles that import others are not supported",
                "/sources sources must be an object",
                "/layers layers must be an array",
            ],
        );
        check(&" ".repeat(STYLE_BYTES_MAX + 1), &[" style is larger than 1 MB"]);
    }

    #[test]
    fn sprites() {
        let check = |sprite: &str, expected: &[&str]| {
            let rest = r#""version": 8, "sources": {}, "layers": []"#;
            check(&format!(r#"{{"sprite": {sprite}, {rest}}}"#), expected);
        };
        check(r#""mapbox://sprites/a/b""#, &[]);
        check(r#"[{"id": "default", "url": "a"}, {"id": "b", "url": "c"}]"#, &[]);
        check("1", &["/sprite sprite must be a URL or an array of sprites"]);
        check(
            r#"[{"id": "a", "url": "x"}, {"id": "a", "url": "y"}, {"id": ""}]"#,
            &["/sprite/1 sprite `a` stands twice", "/sprite/2/id id is empty", "/sprite/2 url is missing"],
        );
    }

    #[test]
    fn sources() {
        let check = |source: &str, expected: &[&str]| check_parts(source, "", expected);
        check(VECTOR, &[]);
        check(r#"{"type": "raster", "tiles": ["a://{z}"], "tileSize": 256, "scheme": "tms"}"#, &[]);
        check(r#"{"type": "geojson", "data": {}}"#, &[]);
        check("1", &["/sources/s source `s` must be an object"]);
        check("{}", &["/sources/s type is missing"]);
        check(r#"{"type": "vectro"}"#, &["/sources/s/type unknown source type `vectro`"]);
        check(r#"{"type": "vector"}"#, &["/sources/s source `s` has no `url` and no `tiles`"]);
        check(
            r#"{"type": "raster", "tiles": [1], "tileSize": 0, "scheme": "abc", "minzoom": -1, "maxzoom": 25}"#,
            &[
                "/sources/s/tiles tiles must be an array of texts",
                "/sources/s/minzoom minzoom must be a zoom",
                "/sources/s/maxzoom maxzoom must be a zoom",
                "/sources/s source `s` has no `url` and no `tiles`",
                "/sources/s/scheme unknown scheme",
                "/sources/s/tileSize tileSize must be a whole number of pixels",
            ],
        );
        check(r#"{"type": "geojson"}"#, &["/sources/s data is missing"]);
        check(r#"{"type": "geojson", "data": 1}"#, &["/sources/s/data data must be a URL or GeoJSON"]);
        check(r#"{"type": "image"}"#, &["/sources/s url is missing"]);
        check(r#"{"type": "video"}"#, &["/sources/s urls is missing"]);
        let tilesets = |count: usize| {
            format!(r#"{{"type": "vector", "url": "mapbox://{}"}}"#, vec!["a.b"; count].join(","))
        };
        check(&tilesets(15), &[]);
        check(&tilesets(16), &["/sources style refers to 16 sources, expected at most 15"]);
    }

    #[test]
    fn layers() {
        let check = |layers: &str, expected: &[&str]| check_parts(VECTOR, layers, expected);
        let road = r#"{"id": "r", "type": "line", "source": "s", "source-layer": "roads"}"#;
        check(road, &[]);
        check(r#"{"id": "b", "type": "background"}"#, &[]);
        check(&format!("{road}, {road}"), &["/layers/1 layer `r` stands twice"]);
        check("1, {}", &["/layers/0 a layer must be an object", "/layers/1 id is missing"]);
        check(r#"{"id": "a"}"#, &["/layers/0 type is missing"]);
        check(r#"{"id": "a", "type": "lines"}"#, &["/layers/0/type unknown layer type `lines`"]);
        check(r#"{"id": "a", "type": "fill"}"#, &["/layers/0 source is missing"]);
        check(r#"{"id": "a", "type": "fill", "source": "s"}"#, &["/layers/0 source-layer is missing"]);
        check(r#"{"id": "a", "type": "fill", "source": "t"}"#, &["/layers/0/source there is no source `t`"]);
        check(
            r#"{"id": "a", "type": "raster", "source": "s", "source-layer": "x", "minzoom": 30, "paint": []}"#,
            &[
                "/layers/0/paint paint must be an object",
                "/layers/0/minzoom minzoom must be a zoom",
                "/layers/0/source this layer cannot draw source `s`",
            ],
        );
        check(
            r#"{"id": "a", "type": "symbol", "source": "s", "source-layer": "x", "layout": {"text-field": "x"}}"#,
            &["/layers/0 text needs `glyphs` in the style"],
        );
        check(
            r#"{"id": "a", "type": "fill", "source": "s", "source-layer": "x", "filter": ["==", ["gets"], 1]}"#,
            &["/layers/0/filter/1/0 invalid filter: unknown expression \"gets\". \
                 If you wanted a literal array, use [\"literal\", [...]]"],
        );
    }

    #[test]
    fn references_to_layers_are_filled_in() {
        let layers = r#"{"id": "b", "ref": "a", "paint": {"line-width": 2}},
            {"id": "a", "type": "line", "source": "s", "source-layer": "x", "minzoom": 4, "filter": ["has", "y"]}"#;
        check_parts(VECTOR, layers, &[]);
        let text = format!(r#"{{"version": 8, "sources": {{"s": {VECTOR}}}, "layers": [{layers}]}}"#);
        let style = crate::parse(text.as_bytes()).unwrap();
        let [b, a] = style.layers.as_slice() else { panic!("two layers") };
        assert_eq!((b.kind, b.minzoom, &b.filter, &b.source), (a.kind, 4.0, &a.filter, &a.source));
        assert_eq!((b.paint.len(), a.paint.len()), (1, 0));
        check_parts(
            VECTOR,
            r#"{"id": "a", "ref": "b"}, {"id": "b", "ref": "a"}, {"id": "c", "ref": 3}"#,
            &[
                "/layers/0/ref ref must name a layer without a ref",
                "/layers/1/ref ref must name a layer without a ref",
                "/layers/2/ref ref must name a layer without a ref",
            ],
        );
    }

    #[test]
    fn problems_are_bounded() {
        let layers = vec!["1"; PROBLEMS_MAX + 10].join(",");
        let text = format!(r#"{{"version": 8, "sources": {{}}, "layers": [{layers}]}}"#);
        assert_eq!(crate::parse(text.as_bytes()).unwrap_err().problems.len(), PROBLEMS_MAX);
    }

    #[test]
    fn refusals_say_all() {
        let error = crate::parse(b"{\"version\": 7, \"sources\": {}}").unwrap_err();
        assert_eq!(error.to_string(), "the style is refused: /version: version must be 8; layers is missing");
    }
}
