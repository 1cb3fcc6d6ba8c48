//! Tiles as decoders see them that we did not write.
//!
//! In:     the bytes of a tile.
//! Out:    a [`PlainTile`], rings open.
//! Keeps:  all that the decoder reports, in its order.
//! Source: the crates `geozero` (on `prost`) and `fast-mvt`.

use fast_mvt::{MvtReaderRef, MvtValueRef, proto::GeomType};
use geo_types as gt;
use geozero::error::GeozeroError;
use geozero::mvt::{Tile, tile};
use geozero::{ColumnValue, FeatureProcessor, GeomProcessor, PropertyProcessor};
use prost::Message as _;
use zellige_model::{Geometry, GeometryKind, Grid, Value};

use crate::plain::{PlainFeature, PlainLayer, PlainTile, unsigned};

/// Asserts that both foreign decoders read in `bytes` what `ours` says.
///
/// # Panics
///
/// When a decoder cannot read the tile, or when two of the three differ.
pub fn assert_agree(bytes: &[u8], ours: &PlainTile) {
    let geozero = geozero(bytes).unwrap_or_else(|error| panic!("geozero: {error}"));
    let fast_mvt = fast_mvt(bytes).unwrap_or_else(|error| panic!("fast-mvt: {error}"));
    ours.assert_same("ours", &geozero, "geozero");
    ours.assert_same("ours", &fast_mvt, "fast-mvt");
}

/// Reads a tile with `geozero`.
///
/// # Errors
///
/// What `geozero` says.
///
/// # Panics
///
/// On geometry that ends inside a command, since `geozero` does.
pub fn geozero(bytes: &[u8]) -> Result<PlainTile, GeozeroError> {
    let tile = Tile::decode(bytes).map_err(|error| GeozeroError::Feature(error.to_string()))?;
    let mut out = PlainTile::default();
    for layer in tile.layers {
        let mut collector = Collector::default();
        geozero::mvt::process(&layer, &mut collector)?;
        for (feature, source) in collector.features.iter_mut().zip(&layer.features) {
            feature.id = source.id;
            if source.r#type() == tile::GeomType::Unknown {
                feature.geometry = None;
            }
        }
        out.layers.push(PlainLayer {
            name: layer.name,
            version: layer.version,
            extent: layer.extent.unwrap_or(4096),
            features: collector.features,
        });
    }
    Ok(out)
}

/// Listens to what `geozero` reports of a layer.
#[derive(Default)]
struct Collector {
    features: Vec<PlainFeature>,
    geometry: Geometry<Grid>,
    attributes: Vec<(String, Value)>,
}

impl FeatureProcessor for Collector {
    fn feature_begin(&mut self, _: u64) -> geozero::error::Result<()> {
        self.geometry = Geometry::default();
        Ok(())
    }

    fn feature_end(&mut self, _: u64) -> geozero::error::Result<()> {
        self.features.push(PlainFeature {
            id: None,
            geometry: Some(std::mem::take(&mut self.geometry)),
            attributes: std::mem::take(&mut self.attributes),
        });
        Ok(())
    }
}

impl PropertyProcessor for Collector {
    fn property(&mut self, _: usize, key: &str, value: &ColumnValue<'_>) -> geozero::error::Result<bool> {
        let value = match value {
            ColumnValue::String(text) => Value::String((*text).to_owned()),
            ColumnValue::Float(number) => Value::Double(f64::from(*number)),
            ColumnValue::Double(number) => Value::Double(*number),
            ColumnValue::Long(number) => Value::Int(*number),
            ColumnValue::ULong(number) => unsigned(*number),
            ColumnValue::Bool(value) => Value::Bool(*value),
            other => return Err(GeozeroError::Property(format!("{other:?}"))),
        };
        self.attributes.push((key.to_owned(), value));
        Ok(false)
    }
}

impl GeomProcessor for Collector {
    fn xy(&mut self, x: f64, y: f64, _: usize) -> geozero::error::Result<()> {
        // Made from 32-bit integers, so the way back is exact.
        self.geometry.points.push(Grid::new(x as i32, y as i32));
        Ok(())
    }

    fn linestring_begin(&mut self, _: bool, _: usize, _: usize) -> geozero::error::Result<()> {
        if self.geometry.kind == GeometryKind::Point {
            self.geometry.kind = GeometryKind::LineString;
        }
        Ok(())
    }

    fn linestring_end(&mut self, _: bool, _: usize) -> geozero::error::Result<()> {
        if self.geometry.kind == GeometryKind::Polygon {
            self.geometry.points.pop();
        }
        self.geometry.end_part();
        Ok(())
    }

    fn polygon_begin(&mut self, _: bool, _: usize, _: usize) -> geozero::error::Result<()> {
        self.geometry.kind = GeometryKind::Polygon;
        Ok(())
    }

    fn polygon_end(&mut self, _: bool, _: usize) -> geozero::error::Result<()> {
        self.geometry.end_polygon();
        Ok(())
    }
}

/// Reads a tile with `fast-mvt`.
///
/// # Errors
///
/// What `fast-mvt` says.
pub fn fast_mvt(bytes: &[u8]) -> Result<PlainTile, fast_mvt::MvtError> {
    let mut out = PlainTile::default();
    for layer in MvtReaderRef::new(bytes)?.layers() {
        let mut features = Vec::with_capacity(layer.feature_count());
        for feature in layer.features() {
            let geometry = match feature.geom_type() {
                None | Some(GeomType::UNKNOWN) => None,
                Some(_) => Some(flat(&feature.geometry()?)),
            };
            let mut attributes = Vec::new();
            for property in feature.properties() {
                let (key, value) = property?;
                attributes.push((key.to_owned(), fast_mvt_value(value)));
            }
            features.push(PlainFeature { id: feature.id(), geometry, attributes });
        }
        let (name, version, extent) = (layer.name().to_owned(), layer.version(), layer.extent());
        out.layers.push(PlainLayer { name, version, extent, features });
    }
    Ok(out)
}

fn fast_mvt_value(value: MvtValueRef<'_>) -> Value {
    match value {
        MvtValueRef::String(text) => Value::String(text.to_owned()),
        MvtValueRef::Float(number) => Value::Double(f64::from(number)),
        MvtValueRef::Double(number) => Value::Double(number),
        MvtValueRef::Int(number) | MvtValueRef::SInt(number) => Value::Int(number),
        MvtValueRef::UInt(number) => unsigned(number),
        MvtValueRef::Bool(value) => Value::Bool(value),
        MvtValueRef::Null => Value::Null,
    }
}

fn flat(source: &gt::Geometry<i32>) -> Geometry<Grid> {
    let mut out = Geometry::default();
    match source {
        gt::Geometry::Point(point) => push_points(&mut out, &[point.0]),
        gt::Geometry::MultiPoint(points) => points.iter().for_each(|point| push_points(&mut out, &[point.0])),
        gt::Geometry::LineString(line) => push_lines(&mut out, std::slice::from_ref(line)),
        gt::Geometry::MultiLineString(lines) => push_lines(&mut out, &lines.0),
        gt::Geometry::Polygon(polygon) => push_polygons(&mut out, std::slice::from_ref(polygon)),
        gt::Geometry::MultiPolygon(polygons) => push_polygons(&mut out, &polygons.0),
        other => unreachable!("a tile has no {other:?}"),
    }
    out
}

fn push_points(out: &mut Geometry<Grid>, points: &[gt::Coord<i32>]) {
    out.points.extend(points.iter().map(|point| Grid::new(point.x, point.y)));
}

fn push_lines(out: &mut Geometry<Grid>, lines: &[gt::LineString<i32>]) {
    out.kind = GeometryKind::LineString;
    for line in lines {
        push_points(out, &line.0);
        out.end_part();
    }
}

fn push_polygons(out: &mut Geometry<Grid>, polygons: &[gt::Polygon<i32>]) {
    out.kind = GeometryKind::Polygon;
    for polygon in polygons {
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            push_points(out, ring.0.split_last().map_or(&[], |(_, open)| open));
            out.end_part();
        }
        out.end_polygon();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plain::PlainTile;

    /// Three kinds of geometry, each kind of value.
    fn bytes() -> Vec<u8> {
        let feature = |kind: tile::GeomType, geometry: &[u32], tags: &[u32]| tile::Feature {
            id: Some(7),
            tags: tags.to_vec(),
            r#type: Some(kind.into()),
            geometry: geometry.to_vec(),
        };
        let value = tile::Value::default;
        let layer = tile::Layer {
            version: 2,
            name: "a".to_owned(),
            features: vec![
                feature(
                    tile::GeomType::Point,
                    &[17, 2, 3, 4, 4],
                    &[0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6],
                ),
                feature(tile::GeomType::Linestring, &[9, 4, 4, 18, 0, 16, 16, 0, 9, 1, 1, 10, 2, 2], &[]),
                feature(
                    tile::GeomType::Polygon,
                    &[9, 0, 0, 26, 20, 0, 0, 20, 19, 0, 15, 9, 22, 2, 26, 18, 0, 0, 18, 17, 0, 15]
                        .into_iter()
                        .chain([9, 4, 13, 26, 0, 8, 8, 0, 0, 7, 15])
                        .collect::<Vec<_>>(),
                    &[],
                ),
            ],
            keys: ('a'..='g').map(String::from).collect(),
            values: vec![
                tile::Value { string_value: Some("text".to_owned()), ..value() },
                tile::Value { float_value: Some(1.5), ..value() },
                tile::Value { double_value: Some(0.1), ..value() },
                tile::Value { int_value: Some(-3), ..value() },
                tile::Value { uint_value: Some(u64::MAX), ..value() },
                tile::Value { sint_value: Some(-3), ..value() },
                tile::Value { bool_value: Some(true), ..value() },
            ],
            extent: Some(64),
        };
        Tile { layers: vec![layer] }.encode_to_vec()
    }

    #[test]
    fn both_decoders_agree_with_the_truth() {
        let bytes = bytes();
        let tile = geozero(&bytes).unwrap();
        assert_agree(&bytes, &tile);
        let [points, lines, polygons] = &tile.layers[0].features[..] else { panic!("three features") };
        let text = |feature: &PlainFeature| crate::drawn::text(feature.geometry.as_ref().unwrap());
        assert_eq!(text(points), "MULTIPOINT(1 -2,3 0)");
        assert_eq!(text(lines), "MULTILINESTRING((2 2,2 10,10 10),(9 9,10 10))");
        let expected =
            "MULTIPOLYGON(((0 0,10 0,10 10,0 10)),((11 11,20 11,20 20,11 20),(13 13,13 17,17 17,17 13)))";
        assert_eq!(text(polygons), expected);
        let values: Vec<_> = points.attributes.iter().map(|(_, value)| value.clone()).collect();
        let expected = [
            Value::String("text".to_owned()),
            Value::Double(1.5),
            Value::Double(0.1),
            Value::Int(-3),
            Value::UInt(u64::MAX),
            Value::Int(-3),
            Value::Bool(true),
        ];
        assert_eq!(values, expected);
    }

    #[test]
    #[should_panic(expected = "id of feature 1 of layer `a` by ours and geozero")]
    fn difference_is_named() {
        let bytes = bytes();
        let mut ours: PlainTile = fast_mvt(&bytes).unwrap();
        ours.layers[0].features[1].id = None;
        assert_agree(&bytes, &ours);
    }
}
