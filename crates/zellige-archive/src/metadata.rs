//! What the spellings of metadata have in common.
//!
//! In:     a [`Tileset`]; or what an archive claims of itself.
//! Out:    rows of names and texts, layers as JSON; or a [`Tileset`] with every gap filled.
//! Keeps:  numbers to their last digit; unknown names are skipped.
//! Source: MBTiles 1.3 "Metadata" and "Vector tileset metadata", TileJSON 3.0 §3.3.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zellige_model::{FieldKind, LonLat, LonLatBounds, Tileset, VectorLayer, Zoom};

use crate::Error;

/// The program that wrote an archive, as archives name it.
pub(crate) const GENERATOR: &str = concat!("zellige ", env!("CARGO_PKG_VERSION"));

/// The box of an archive that claims none: the Web Mercator square.
const WORLD: LonLatBounds =
    LonLatBounds { west: -180.0, south: -85.051_128_779_806_6, east: 180.0, north: 85.051_128_779_806_6 };

/// One layer as all JSON spellings have it.
#[derive(Serialize, Deserialize)]
pub(crate) struct WireLayer {
    id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
    minzoom: Option<u8>,
    maxzoom: Option<u8>,
    #[serde(default)]
    fields: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    source: String,
}

/// The `json` row of MBTiles.
#[derive(Serialize, Deserialize)]
pub(crate) struct WireLayers {
    #[serde(default)]
    vector_layers: Vec<WireLayer>,
}

/// What an archive says of itself, whatever the spelling; nothing has to be there.
#[derive(Default)]
pub(crate) struct Claims {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) attribution: String,
    pub(crate) minzoom: Option<u8>,
    pub(crate) maxzoom: Option<u8>,
    pub(crate) fillzoom: Option<u8>,
    /// West, south, east, north.
    pub(crate) bounds: Option<Vec<f64>>,
    /// Longitude, latitude, and perhaps a zoom.
    pub(crate) center: Option<Vec<f64>>,
    pub(crate) vector_layers: Vec<WireLayer>,
}

impl Claims {
    /// Reads the rows of MBTiles; a number that is none counts as absent.
    pub(crate) fn of_rows(rows: impl Iterator<Item = (String, String)>) -> Result<Self, Error> {
        let mut claims = Self::default();
        for (name, text) in rows {
            match name.as_str() {
                "name" => claims.name = text,
                "description" => claims.description = text,
                "attribution" => claims.attribution = text,
                "minzoom" => claims.minzoom = text.trim().parse().ok(),
                "maxzoom" => claims.maxzoom = text.trim().parse().ok(),
                "fillzoom" => claims.fillzoom = text.trim().parse().ok(),
                "bounds" => claims.bounds = numbers(&text),
                "center" => claims.center = numbers(&text),
                "format" => check_format(&text)?,
                "json" => {
                    let layers: WireLayers = serde_json::from_str(&text)
                        .map_err(|source| Error::Json { what: "the `json` row", source })?;
                    claims.vector_layers = layers.vector_layers;
                }
                _ => {}
            }
        }
        Ok(claims)
    }

    /// Returns the tileset that the claims describe; what they leave open has the widest meaning.
    ///
    /// Zooms above [`Zoom::MAX`] are cut, since no tile there can be named.
    pub(crate) fn into_tileset(self) -> Result<Tileset, Error> {
        let zoom = |level: u8| Zoom::new(level).unwrap_or(Zoom::MAX);
        let minzoom = self.minzoom.map_or(Zoom::default(), zoom);
        let maxzoom = self.maxzoom.map_or(Zoom::MAX, zoom);
        if minzoom > maxzoom {
            return Err(Error::Damaged {
                found: format!("minzoom `{minzoom}` is above maxzoom `{maxzoom}`"),
            });
        }
        let bounds = match self.bounds.as_deref() {
            Some(&[west, south, east, north]) => LonLatBounds { west, south, east, north },
            _ => WORLD,
        };
        let center = self.center.unwrap_or_default();
        let (position, center_zoom) = match center[..] {
            [lon, lat] => (LonLat::new(lon, lat), None),
            [lon, lat, level, ..] => (LonLat::new(lon, lat), Zoom::new(level as u8)),
            _ => (LonLat::new(bounds.west.midpoint(bounds.east), bounds.south.midpoint(bounds.north)), None),
        };
        let into_layer = |layer: WireLayer| VectorLayer {
            id: layer.id,
            description: layer.description,
            minzoom: layer.minzoom.map_or(minzoom, zoom),
            maxzoom: layer.maxzoom.map_or(maxzoom, zoom),
            fields: layer.fields.into_iter().map(|(name, kind)| (name, field_kind(&kind))).collect(),
            source: layer.source,
        };
        Ok(Tileset {
            name: self.name,
            description: self.description,
            attribution: self.attribution,
            minzoom,
            maxzoom,
            fillzoom: self.fillzoom.map(zoom),
            bounds,
            center: position,
            center_zoom: center_zoom.unwrap_or(minzoom).clamp(minzoom, maxzoom),
            vector_layers: self.vector_layers.into_iter().map(into_layer).collect(),
        })
    }
}

/// Returns the layers of a tileset in their JSON spelling.
pub(crate) fn wire_layers(tileset: &Tileset) -> Vec<WireLayer> {
    let wire = |layer: &VectorLayer| WireLayer {
        id: layer.id.clone(),
        description: layer.description.clone(),
        minzoom: Some(layer.minzoom.get()),
        maxzoom: Some(layer.maxzoom.get()),
        fields: layer.fields.iter().map(|(name, kind)| (name.clone(), kind.name().into())).collect(),
        source: layer.source.clone(),
    };
    tileset.vector_layers.iter().map(wire).collect()
}

/// Returns the rows of an MBTiles `metadata` table.
pub(crate) fn rows(tileset: &Tileset) -> Vec<(&'static str, String)> {
    let layers = WireLayers { vector_layers: wire_layers(tileset) };
    let center = stated_center(tileset);
    let rows = [
        ("name", Some(tileset.name.clone())),
        ("format", Some("pbf".into())),
        ("type", Some("overlay".into())),
        ("version", Some("1".into())),
        ("description", Some(tileset.description.clone())),
        ("attribution", non_empty(&tileset.attribution).map(Into::into)),
        ("minzoom", Some(tileset.minzoom.to_string())),
        ("maxzoom", Some(tileset.maxzoom.to_string())),
        ("fillzoom", tileset.fillzoom.map(|zoom| zoom.to_string())),
        ("bounds", stated_bounds(tileset).map(|[w, s, e, n]| format!("{w},{s},{e},{n}"))),
        ("center", center.map(|(lon, lat, zoom)| format!("{lon},{lat},{zoom}"))),
        ("generator", Some(GENERATOR.into())),
        ("json", Some(to_json(&layers))),
    ];
    rows.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
}

/// Returns west, south, east, north; nothing when the tileset has no data.
pub(crate) fn stated_bounds(tileset: &Tileset) -> Option<[f64; 4]> {
    let LonLatBounds { west, south, east, north } = tileset.bounds;
    let bounds = [west, south, east, north];
    bounds.iter().all(|degrees| degrees.is_finite()).then_some(bounds)
}

/// Returns longitude, latitude and zoom of the center; nothing when the tileset has no data.
pub(crate) fn stated_center(tileset: &Tileset) -> Option<(f64, f64, u8)> {
    let LonLat { lon, lat } = tileset.center;
    (lon.is_finite() && lat.is_finite()).then_some((lon, lat, tileset.center_zoom.get()))
}

/// Returns the text unless it is empty.
pub(crate) fn non_empty(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// Returns the JSON of one of our own documents.
pub(crate) fn to_json(document: &impl Serialize) -> String {
    serde_json::to_string(document).expect("documents have text keys and finite numbers only")
}

/// Refuses archives of images.
pub(crate) fn check_format(format: &str) -> Result<(), Error> {
    match format {
        "pbf" | "mvt" | "application/vnd.mapbox-vector-tile" | "application/x-protobuf" => Ok(()),
        other => Err(Error::Unsupported { found: format!("tile format is `{other}`, expected `pbf`") }),
    }
}

fn field_kind(kind: &Value) -> FieldKind {
    kind.as_str().map_or(FieldKind::Mixed, FieldKind::parse)
}

/// Reads numbers with commas between them; all have to be finite.
fn numbers(text: &str) -> Option<Vec<f64>> {
    let number = |part: &str| part.trim().parse().ok().filter(|number: &f64| number.is_finite());
    text.split(',').map(number).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A tileset that uses every field.
    pub(crate) fn full() -> Tileset {
        let zoom = |level| Zoom::new(level).unwrap();
        let roads = VectorLayer {
            id: "roads".into(),
            description: "Ways for cars".into(),
            fields: BTreeMap::from([
                ("lanes".into(), FieldKind::Number),
                ("name".into(), FieldKind::String),
                ("oneway".into(), FieldKind::Boolean),
                ("ref".into(), FieldKind::Mixed),
            ]),
            minzoom: zoom(5),
            maxzoom: zoom(14),
            source: "mapbox://tileset-source/me/roads".into(),
        };
        let bare = VectorLayer {
            id: "land".into(),
            description: String::new(),
            fields: BTreeMap::new(),
            minzoom: zoom(3),
            maxzoom: zoom(9),
            source: String::new(),
        };
        Tileset {
            name: "A \"small\" place".into(),
            description: "Two layers".into(),
            attribution: "<a href=\"#\">© all</a>".into(),
            minzoom: zoom(3),
            maxzoom: zoom(14),
            fillzoom: Some(zoom(7)),
            bounds: LonLatBounds { west: -9.5, south: 47.048_123_4, east: 9.636, north: 47.27 },
            center: LonLat::new(9.55, 47.15),
            center_zoom: zoom(10),
            vector_layers: vec![roads, bare],
        }
    }

    fn read(rows: &[(&str, &str)]) -> Result<Tileset, Error> {
        let rows = rows.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Claims::of_rows(rows)?.into_tileset()
    }

    fn check(rows: &[(&str, &str)], expected: &str) {
        let found = match read(rows) {
            Ok(Tileset { minzoom, maxzoom, bounds, center, center_zoom, .. }) => {
                let LonLatBounds { west, east, .. } = bounds;
                format!("{minzoom}-{maxzoom} {west}..{east} {},{} at {center_zoom}", center.lon, center.lat)
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn rows_come_back() {
        let rows = rows(&full());
        let rows: Vec<_> = rows.iter().map(|(name, text)| (*name, text.as_str())).collect();
        assert_eq!(read(&rows).unwrap(), full());
    }

    #[test]
    fn gaps_have_the_widest_meaning() {
        check(&[], "0-22 -180..180 0,0 at 0");
        check(&[("minzoom", "2"), ("maxzoom", "30"), ("bounds", "0,0,10,20")], "2-22 0..10 5,10 at 2");
        check(&[("bounds", "0,0,10"), ("center", "inf,0")], "0-22 -180..180 0,0 at 0");
        check(&[("center", "1,2"), ("minzoom", "x")], "0-22 -180..180 1,2 at 0");
        check(&[("center", "1,2,99"), ("maxzoom", "4")], "0-4 -180..180 1,2 at 0");
        check(&[("center", "1,2,9"), ("maxzoom", "4")], "0-4 -180..180 1,2 at 4");
    }

    #[test]
    fn contradictions_are_errors() {
        check(&[("minzoom", "9"), ("maxzoom", "6")], "minzoom `9` is above maxzoom `6`");
        check(&[("format", "png")], "tile format is `png`, expected `pbf`");
        check(&[("json", "{")], "cannot parse the `json` row");
    }

    #[test]
    fn tileset_without_data_states_no_box() {
        let nan = LonLat::new(f64::NAN, 0.0);
        let empty = Tileset { bounds: LonLatBounds::EMPTY, center: nan, ..full() };
        assert!(rows(&empty).iter().all(|(name, _)| !["bounds", "center"].contains(name)));
    }
}
