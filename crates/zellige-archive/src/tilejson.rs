//! The metadata of a tileset as TileJSON 3.0, for those who ask over HTTP.
//!
//! In:     a [`Tileset`] and the URL of its tiles, with `{z}`, `{x}` and `{y}` in it; or a document.
//! Out:    a JSON document; or the tileset it describes.
//! Keeps:  numbers to their last digit, layers in their order; unknown members are skipped.
//! Source: TileJSON 3.0 §3; each layer also has its `source`, as hosted tilesets do.

use serde::{Deserialize, Serialize};
use zellige_model::Tileset;

use crate::Error;
use crate::metadata::{self, Claims, WireLayer};

/// The document as it is written; its order is that of the members.
#[derive(Serialize)]
struct Written<'a> {
    tilejson: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attribution: Option<&'a str>,
    scheme: &'static str,
    tiles: [&'a str; 1],
    minzoom: u8,
    maxzoom: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    fillzoom: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bounds: Option<[f64; 4]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    center: Option<(f64, f64, u8)>,
    vector_layers: Vec<WireLayer>,
}

/// The document as it is read: every member may be missing or null.
#[derive(Deserialize)]
struct Read {
    name: Option<String>,
    description: Option<String>,
    attribution: Option<String>,
    minzoom: Option<u8>,
    maxzoom: Option<u8>,
    fillzoom: Option<u8>,
    bounds: Option<Vec<f64>>,
    center: Option<Vec<f64>>,
    vector_layers: Option<Vec<WireLayer>>,
}

/// Returns the TileJSON of `tileset`, whose tiles stand at `tiles_url`.
///
/// # Examples
///
/// ```
/// # use zellige_model::{LonLat, LonLatBounds, Tileset, Zoom};
/// # let tileset = Tileset {
/// #     name: "World".into(), description: String::new(), attribution: String::new(),
/// #     minzoom: Zoom::default(), maxzoom: Zoom::default(), fillzoom: None,
/// #     bounds: LonLatBounds::EMPTY, center: LonLat::new(0.0, 0.0), center_zoom: Zoom::default(),
/// #     vector_layers: Vec::new(),
/// # };
/// let json = zellige_archive::tilejson::to_json(&tileset, "https://example.org/{z}/{x}/{y}.mvt");
/// assert!(json.starts_with(r#"{"tilejson":"3.0.0","name":"World","scheme":"xyz","tiles":["https://"#));
/// ```
#[must_use]
pub fn to_json(tileset: &Tileset, tiles_url: &str) -> String {
    metadata::to_json(&Written {
        tilejson: "3.0.0",
        name: &tileset.name,
        description: metadata::non_empty(&tileset.description),
        attribution: metadata::non_empty(&tileset.attribution),
        scheme: "xyz",
        tiles: [tiles_url],
        minzoom: tileset.minzoom.get(),
        maxzoom: tileset.maxzoom.get(),
        fillzoom: tileset.fillzoom.map(zellige_model::Zoom::get),
        bounds: metadata::stated_bounds(tileset),
        center: metadata::stated_center(tileset),
        vector_layers: metadata::wire_layers(tileset),
    })
}

/// Returns the tileset that a TileJSON document describes; what it leaves open has the widest meaning.
///
/// # Errors
///
/// [`Error::Json`] when `json` is no such document, [`Error::Damaged`] when its zooms contradict.
pub fn parse(json: &str) -> Result<Tileset, Error> {
    let read: Read = serde_json::from_str(json).map_err(|source| Error::Json { what: "TileJSON", source })?;
    Claims {
        name: read.name.unwrap_or_default(),
        description: read.description.unwrap_or_default(),
        attribution: read.attribution.unwrap_or_default(),
        minzoom: read.minzoom,
        maxzoom: read.maxzoom,
        fillzoom: read.fillzoom,
        bounds: read.bounds,
        center: read.center,
        vector_layers: read.vector_layers.unwrap_or_default(),
    }
    .into_tileset()
}

#[cfg(test)]
mod tests {
    use zellige_model::LonLatBounds;

    use super::*;
    use crate::metadata::tests::full;

    fn check(tileset: &Tileset, expected: &str) {
        let found: serde_json::Value = serde_json::from_str(&to_json(tileset, "{z}/{x}/{y}")).unwrap();
        let expected: serde_json::Value = serde_json::from_str(expected).unwrap();
        assert_eq!(found, expected);
    }

    #[test]
    fn every_member_is_written() {
        check(
            &full(),
            r##"{
                "tilejson": "3.0.0",
                "name": "A \"small\" place",
                "description": "Two layers",
                "attribution": "<a href=\"#\">© all</a>",
                "scheme": "xyz",
                "tiles": ["{z}/{x}/{y}"],
                "minzoom": 3,
                "maxzoom": 14,
                "fillzoom": 7,
                "bounds": [-9.5, 47.0481234, 9.636, 47.27],
                "center": [9.55, 47.15, 10],
                "vector_layers": [
                    {
                        "id": "roads", "description": "Ways for cars", "minzoom": 5, "maxzoom": 14,
                        "fields": {"lanes": "Number", "name": "String", "oneway": "Boolean", "ref": "Mixed"},
                        "source": "mapbox://tileset-source/me/roads"
                    },
                    {"id": "land", "minzoom": 3, "maxzoom": 9, "fields": {}}
                ]
            }"##,
        );
    }

    #[test]
    fn document_comes_back() {
        assert_eq!(parse(&to_json(&full(), "")).unwrap(), full());
    }

    #[test]
    fn box_without_data_is_left_out() {
        let empty = Tileset { bounds: LonLatBounds::EMPTY, ..full() };
        assert!(!to_json(&empty, "").contains("bounds"));
    }

    #[test]
    fn foreign_document_may_be_sparse() {
        let tileset =
            parse(r#"{"tiles": [], "center": null, "vector_layers": [{"id": "a", "fields": {"b": 1}}]}"#);
        let layer = &tileset.unwrap().vector_layers[0];
        assert_eq!(layer.maxzoom, zellige_model::Zoom::MAX);
        assert_eq!(layer.fields["b"], zellige_model::FieldKind::Mixed);
        assert!(parse("[]").is_err());
    }
}
