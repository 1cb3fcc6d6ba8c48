//! Bytes of a vector tile to layers.
//!
//! In:     the bytes of a tile, not compressed; version 2, and version 1 as far as it can be read.
//! Out:    layers with their tables of keys and values, features with `Geometry<Grid>`, rings open.
//! Keeps:  the order of layers, features, attributes, rings and vertices; equal vertices stay.
//! Source: MVT 2.1 §4; the protocol buffers wire format.
//!
//! Attributes stay indices into the tables of their layer, as they are in the tile: a long text that
//! thousands of features share is held once, so that a tile never takes more memory than a small
//! multiple of its bytes (below forty bytes for one, reached by tiles of nearly empty features).
//!
//! The decoder reads what can be read in one way only. It does not judge: windings, areas and
//! repeated keys are as they are, and what cannot be read is an error with the byte where it stands.
//!
//! What is done with tiles that were read stands below: `recode` writes them again, `overzoom` cuts a deeper
//! tile out of one, `join` makes one of several.

mod error;
mod geometry;
mod wire;

pub mod join;
pub mod overzoom;
pub mod recode;

use zellige_model::{Geometry, GeometryKind, Grid, Value, ValueRef};

use geometry::geometry;
use wire::Reader;

pub use error::{Command, DecodeError, Malformed};

/// The extent of a layer that names none.
const EXTENT_DEFAULT: u32 = 4096;
/// The version of a layer that names none.
const VERSION_DEFAULT: u32 = 1;
/// The fewest bytes that a feature with a geometry takes in its layer.
const FEATURE_BYTES_MIN: usize = 5;

/// A tile as it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DecodedTile {
    /// The layers in tile order.
    pub layers: Vec<DecodedLayer>,
}

/// A layer as it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DecodedLayer {
    /// The name; may be any text.
    pub name: String,
    /// The version of the specification, 1 or 2.
    pub version: u32,
    /// Grid units along one side of the tile; at least 1.
    pub extent: u32,
    /// The keys that tags refer to.
    pub keys: Vec<String>,
    /// The values that tags refer to; an unsigned value that fits is [`Value::Int`], a float is
    /// [`Value::Double`], which here may be infinite or not a number.
    pub values: Vec<Value>,
    /// The features in layer order.
    pub features: Vec<DecodedFeature>,
}

/// A feature as it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DecodedFeature {
    /// The id, if there is one.
    pub id: Option<u64>,
    /// The kind of geometry, or nothing for a kind that the specification does not name.
    pub kind: Option<GeometryKind>,
    /// The geometry in units of the layer's extent; empty when the kind is unknown.
    pub geometry: Geometry<Grid>,
    /// Index into keys and index into values, one pair an attribute; see [`DecodedLayer::attributes`].
    pub tags: Vec<[u32; 2]>,
}

impl DecodedLayer {
    /// Returns the attributes of a feature of this layer in order; a key may come twice.
    ///
    /// # Panics
    ///
    /// When `feature` is not of this layer and refers to keys or values beyond its tables.
    #[must_use]
    pub fn attributes<'a>(
        &'a self,
        feature: &'a DecodedFeature,
    ) -> impl ExactSizeIterator<Item = (&'a str, ValueRef<'a>)> + Clone {
        feature
            .tags
            .iter()
            .map(|[key, value]| (self.keys[*key as usize].as_str(), self.values[*value as usize].as_ref()))
    }
}
/// Reads the layers of a tile.
///
/// # Errors
///
/// [`DecodeError`] for the first place that cannot be read. Unknown fields are skipped.
///
/// # Examples
///
/// ```
/// // One layer, named "a", version 2, with one point at 1, 1.
/// let bytes = b"\x1a\x10\x0a\x01a\x12\x07\x18\x01\x22\x03\x09\x02\x02\x28\x08\x78\x02";
/// let tile = zellige_tile::decode::decode(bytes)?;
/// assert_eq!((tile.layers[0].name.as_str(), tile.layers[0].extent), ("a", 8));
/// assert_eq!(tile.layers[0].features[0].geometry.points[0].x, 1);
/// # Ok::<(), zellige_tile::decode::DecodeError>(())
/// ```
pub fn decode(bytes: &[u8]) -> Result<DecodedTile, DecodeError> {
    let whole = Reader::new(bytes);
    let mut layers = Vec::with_capacity(n_layers(whole)?);
    let mut fields = whole;
    while let Some(field) = fields.field()? {
        if field.number == 3 {
            layers.push(layer(field.message("layer")?)?);
        }
    }
    Ok(DecodedTile { layers })
}

/// Reads a tile as [`decode`] does, and keeps nothing of it but the tables of one layer and one feature at a time.
///
/// # Errors
///
/// [`DecodeError`] for the first place that cannot be read, the same as that of [`decode`].
pub fn check(bytes: &[u8]) -> Result<(), DecodeError> {
    let whole = Reader::new(bytes);
    n_layers(whole)?;
    let (mut pairs, mut drawn) = (Vec::new(), Geometry::default());
    let mut fields = whole;
    while let Some(field) = fields.field()? {
        if field.number != 3 {
            continue;
        }
        let message = field.message("layer")?;
        let (tables, _) = tables(message)?;
        let mut members = message;
        while let Some(member) = members.field()? {
            if member.number == 2 {
                pairs.clear();
                feature(member.message("feature")?, &tables, &mut pairs, &mut drawn)?;
            }
        }
    }
    Ok(())
}

/// Counts the layers of a tile.
fn n_layers(tile: Reader<'_>) -> Result<usize, DecodeError> {
    let (mut n_layers, mut fields) = (0, tile);
    while let Some(field) = fields.field()? {
        n_layers += usize::from(field.number == 3);
    }
    Ok(n_layers)
}

/// Returns the name and the bytes of each layer message of a tile, in order.
fn layer_messages(bytes: &[u8]) -> Result<Vec<(&str, &[u8])>, DecodeError> {
    let mut out = Vec::new();
    let mut fields = Reader::new(bytes);
    while let Some(field) = fields.field()? {
        if field.number != 3 {
            continue;
        }
        let message = field.message("layer")?;
        let (mut name, mut members) = (None, message);
        while let Some(member) = members.field()? {
            if member.number == 1 {
                name = Some(member.text("layer name")?);
            }
        }
        out.push((name.ok_or_else(|| message.error(Malformed::NameMissing))?, message.bytes()));
    }
    Ok(out)
}

/// Reads geometry commands of version 2 that stand alone, without the tile around them, into `out`.
///
/// # Errors
///
/// [`DecodeError`] for the first place that cannot be read.
pub fn decode_geometry(
    commands: &[u8],
    kind: GeometryKind,
    out: &mut Geometry<Grid>,
) -> Result<(), DecodeError> {
    geometry(Reader::new(commands).packed("geometry"), kind, 2, out)
}

/// Reads a layer: first its tables, which may stand behind the features, then the features.
fn layer(message: Reader<'_>) -> Result<DecodedLayer, DecodeError> {
    let (mut layer, n_features) = tables(message)?;
    layer.features.reserve_exact(n_features.min(message.left() / FEATURE_BYTES_MIN));
    let mut fields = message;
    while let Some(field) = fields.field()? {
        if field.number == 2 {
            let (mut pairs, mut geometry) = (Vec::new(), Geometry::default());
            let (id, kind) = feature(field.message("feature")?, &layer, &mut pairs, &mut geometry)?;
            layer.features.push(DecodedFeature { id, kind, geometry, tags: pairs });
        }
    }
    Ok(layer)
}

/// Reads what a layer has besides features, and counts these.
fn tables(message: Reader<'_>) -> Result<(DecodedLayer, usize), DecodeError> {
    let (mut name, mut version, mut extent) = (None, VERSION_DEFAULT, EXTENT_DEFAULT);
    let (mut n_features, mut n_keys, mut n_values) = (0, 0, 0);
    let mut fields = message;
    while let Some(field) = fields.field()? {
        match field.number {
            1 => name = Some(field.text("layer name")?.to_owned()),
            2 => n_features += 1,
            3 => n_keys += 1,
            4 => n_values += 1,
            5 => {
                extent = field.number_32("extent")?;
                if extent == 0 {
                    return Err(field.error(Malformed::ExtentZero));
                }
            }
            15 => {
                version = field.number_32("version")?;
                if !(1..=2).contains(&version) {
                    return Err(field.error(Malformed::Version { version }));
                }
            }
            _ => {}
        }
    }
    let mut layer = DecodedLayer {
        name: name.ok_or_else(|| message.error(Malformed::NameMissing))?,
        version,
        extent,
        keys: Vec::with_capacity(n_keys),
        values: Vec::with_capacity(n_values),
        features: Vec::new(),
    };
    let mut fields = message;
    while let Some(field) = fields.field()? {
        match field.number {
            3 => layer.keys.push(field.text("key")?.to_owned()),
            4 => layer.values.push(value(field.message("value")?)?),
            _ => {}
        }
    }
    Ok((layer, n_features))
}

/// Reads a value, which holds exactly one of its fields (MVT 2.1 §4.1).
fn value(message: Reader<'_>) -> Result<Value, DecodeError> {
    let mut fields = message;
    let (mut value, mut n_fields) = (Value::Null, 0);
    while let Some(field) = fields.field()? {
        value = match field.number {
            1 => Value::String(field.text("string value")?.to_owned()),
            2 => Value::Double(f64::from(f32::from_le_bytes(field.fixed_32("float value")?))),
            3 => Value::Double(f64::from_le_bytes(field.fixed_64("double value")?)),
            4 => Value::Int(field.varint("int value")? as i64),
            5 => {
                let number = field.varint("uint value")?;
                i64::try_from(number).map_or(Value::UInt(number), Value::Int)
            }
            6 => {
                let number = field.varint("sint value")?;
                Value::Int((number >> 1) as i64 ^ -((number & 1) as i64))
            }
            7 => Value::Bool(field.varint("bool value")? != 0),
            _ => continue,
        };
        n_fields += 1;
    }
    if n_fields == 1 { Ok(value) } else { Err(message.error(Malformed::ValueFields { n_fields })) }
}

/// Reads a feature of `layer`: id and kind first, since they may stand behind the geometry. Appends its attributes to
/// `pairs`; `drawn` becomes its geometry when its kind is known.
fn feature(
    message: Reader<'_>,
    layer: &DecodedLayer,
    pairs: &mut Vec<[u32; 2]>,
    drawn: &mut Geometry<Grid>,
) -> Result<(Option<u64>, Option<GeometryKind>), DecodeError> {
    let (mut id, mut kind) = (None, None);
    let mut fields = message;
    while let Some(field) = fields.field()? {
        match field.number {
            1 => id = Some(field.varint("feature id")?),
            3 => {
                kind = match field.varint("geometry type")? {
                    1 => Some(GeometryKind::Point),
                    2 => Some(GeometryKind::LineString),
                    3 => Some(GeometryKind::Polygon),
                    _ => None,
                }
            }
            _ => {}
        }
    }
    tags(message, layer, pairs)?;
    let integers = message.integers(4, "geometry");
    if integers.clone().next()?.is_none() {
        return Err(message.error(Malformed::GeometryMissing));
    }
    if let Some(kind) = kind {
        geometry(integers, kind, layer.version, drawn)?;
    }
    Ok((id, kind))
}

/// Reads the pairs of key index and value index (MVT 2.1 §4.4).
fn tags(message: Reader<'_>, layer: &DecodedLayer, out: &mut Vec<[u32; 2]>) -> Result<(), DecodeError> {
    let (n_keys, n_values) = (layer.keys.len(), layer.values.len());
    let mut integers = message.integers(2, "tags");
    while let Some((key_offset, key)) = integers.next()? {
        if key as usize >= n_keys {
            return Err(DecodeError { offset: key_offset, what: Malformed::KeyIndex { index: key, n_keys } });
        }
        let Some((offset, value)) = integers.next()? else {
            return Err(DecodeError { offset: key_offset, what: Malformed::TagHalf });
        };
        if value as usize >= n_values {
            return Err(DecodeError { offset, what: Malformed::ValueIndex { index: value, n_values } });
        }
        out.push([key, value]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field that holds bytes; all test messages are shorter than 128 bytes, or the length is two bytes.
    fn bytes(number: u8, body: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2];
        if body.len() < 128 {
            out.push(body.len() as u8);
        } else {
            out.extend([body.len() as u8 | 0x80, (body.len() >> 7) as u8]);
        }
        out.extend(body);
        out
    }

    fn layer_of(parts: &[Vec<u8>]) -> Vec<u8> {
        bytes(3, &[bytes(1, b"a"), parts.concat(), vec![0x78, 2]].concat())
    }

    /// A tile with one feature of `kind` whose geometry is `commands`, all below 128.
    fn drawn(kind: u8, commands: &[u8]) -> Vec<u8> {
        layer_of(&[bytes(2, &[vec![0x18, kind], bytes(4, commands)].concat())])
    }

    /// A tile with one value, and a point that has it.
    fn valued(value: &[u8]) -> Vec<u8> {
        let point = bytes(2, &[vec![0x18, 1], bytes(2, &[0, 0]), bytes(4, &[9, 0, 0])].concat());
        layer_of(&[point, bytes(3, b"k"), bytes(4, value)])
    }

    /// All of the format in one tile: three kinds, an id, tables behind the features, every kind of value.
    fn rich() -> Vec<u8> {
        let point =
            bytes(2, &[vec![8, 17], bytes(2, &[0, 1, 1, 0]), vec![0x18, 1], bytes(4, &[9, 50, 34])].concat());
        let line = bytes(2, &[vec![0x18, 2], bytes(4, &[9, 4, 4, 18, 0, 16, 16, 0])].concat());
        let area = bytes(
            2,
            &[
                vec![0x18, 3],
                bytes(4, &[9, 0, 0, 26, 20, 0, 0, 20, 19, 0, 15]),
                bytes(4, &[9, 4, 17, 26, 0, 12, 12, 0, 0, 11, 15]),
                bytes(4, &[9, 20, 9, 26, 6, 0, 0, 6, 5, 0, 15]),
            ]
            .concat(),
        );
        let tables = [bytes(3, b"key"), bytes(3, "straße".as_bytes())];
        let values = [
            bytes(4, &bytes(1, b"text")),
            bytes(4, &[0x15, 0, 0, 0xc0, 0x3f]),
            bytes(4, &[0x19, 0, 0, 0, 0, 0, 0, 0, 0x40]),
            bytes(4, &[0x20, 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
            bytes(4, &[0x28, 7]),
            bytes(4, &[0x28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
            bytes(4, &[0x30, 5]),
            bytes(4, &[0x38, 1]),
        ];
        let unknown = vec![0x50, 1, 0x59, 1, 2, 3, 4, 5, 6, 7, 8, 0x65, 1, 2, 3, 4];
        layer_of(&[unknown, point, line, area, tables.concat(), values.concat(), vec![0x28, 16]])
    }

    fn check(bytes: &[u8], offset: usize, message: &str) {
        let error = decode(bytes).unwrap_err();
        assert_eq!(super::check(bytes).as_ref(), Err(&error), "{bytes:?}");
        assert_eq!((error.offset, error.what.to_string().as_str()), (offset, message), "{bytes:?}");
    }

    #[test]
    fn every_part_of_the_format_is_read() {
        let tile = decode(&rich()).unwrap();
        let layer = &tile.layers[0];
        assert_eq!((layer.name.as_str(), layer.version, layer.extent), ("a", 2, 16));
        assert_eq!(layer.keys, ["key", "straße"]);
        assert_eq!(
            layer.values,
            [
                Value::String("text".to_owned()),
                Value::Double(1.5),
                Value::Double(2.0),
                Value::Int(-3),
                Value::Int(7),
                Value::UInt(u64::MAX),
                Value::Int(-3),
                Value::Bool(true),
            ]
        );
        let [point, line, area] = layer.features.as_slice() else { panic!("three features") };
        assert_eq!((point.id, line.id), (Some(17), None));
        let attributes: Vec<_> = layer.attributes(point).collect();
        assert_eq!(attributes, [("key", ValueRef::Double(1.5)), ("straße", ValueRef::String("text"))]);
        assert_eq!(point.geometry.points, [Grid::new(25, 17)]);
        assert_eq!(line.geometry.points, [Grid::new(2, 2), Grid::new(2, 10), Grid::new(10, 10)]);
        assert_eq!(
            (area.geometry.part_ends.as_slice(), area.geometry.polygon_ends.as_slice()),
            ([4, 8, 12].as_slice(), [2, 3].as_slice())
        );
        assert_eq!(area.geometry.part(1)[0], Grid::new(2, 1));
    }

    #[test]
    fn rings_of_version_1_follow_the_winding_of_the_first() {
        let counterclockwise = [9, 0, 0, 26, 0, 20, 20, 0, 0, 19, 15, 9, 15, 4, 26, 4, 0, 0, 4, 3, 0, 15];
        let mut bytes = drawn(3, &counterclockwise);
        let rings = |bytes: &[u8]| decode(bytes).unwrap().layers[0].features[0].geometry.polygon_ends.clone();
        assert_eq!(rings(&bytes), [1, 2]);
        *bytes.last_mut().unwrap() = 1;
        assert_eq!(rings(&bytes), [2]);
    }

    #[test]
    fn integers_need_not_be_packed() {
        let loose = bytes(2, &[0x20, 9, 0x18, 1, 0x20, 50, 0x20, 34]);
        let tile = decode(&layer_of(&[loose])).unwrap();
        assert_eq!(tile.layers[0].features[0].geometry.points, [Grid::new(25, 17)]);
    }

    #[test]
    fn unknown_kind_keeps_its_attributes_and_no_geometry() {
        let tile = decode(&drawn(4, &[1, 2, 3])).unwrap();
        let feature = &tile.layers[0].features[0];
        assert_eq!((feature.kind, feature.geometry.is_empty()), (None, true));
    }

    #[test]
    fn empty_bytes_are_an_empty_tile() {
        assert_eq!(decode(&[]), Ok(DecodedTile::default()));
    }

    #[test]
    fn broken_wire_format_is_named_with_its_place() {
        check(&[0x1a], 1, "message ends inside a field");
        check(&[0x80], 0, "message ends inside a field");
        check(&[0x1a, 5, 0], 1, "length `5` with `1` bytes left");
        check(
            &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
            1,
            "number has more than 64 bits",
        );
        check(&[0x02, 0], 0, "field number `0`, expected 1 to 536870911");
        check(&[0x0b], 0, "wire type `3`, expected 0, 1, 2 or 5");
        check(&[0x18, 0], 0, "layer has wire type `0`, expected `2`");
        check(&[0x19, 0, 0, 0], 1, "message ends inside a field");
    }

    #[test]
    fn broken_layers_are_named_with_their_place() {
        check(&[0x1a, 0], 2, "layer has no name");
        check(&bytes(3, &bytes(1, b"ab\xffc")), 6, "layer name is not UTF-8");
        check(&bytes(3, &[0x78, 3]), 2, "layer has version `3`, expected 1 or 2");
        check(&bytes(3, &[0x28, 0]), 2, "layer has extent `0`, at least 1 expected");
        let huge = [0x28, 0x80, 0x80, 0x80, 0x80, 0x10];
        check(&bytes(3, &huge), 2, "number `4294967296` in extent, at most 32 bits expected");
        check(&valued(&[]), 23, "value has `0` fields, expected 1");
        check(&valued(&[0x38, 1, 0x38, 0]), 23, "value has `2` fields, expected 1");
        check(&valued(&[0x0d, 0, 0, 0, 0]), 23, "string value has wire type `5`, expected `2`");
    }

    #[test]
    fn broken_features_are_named_with_their_place() {
        let tagged = |tags: &[u8]| {
            let point = bytes(2, &[bytes(2, tags), vec![0x18, 1], bytes(4, &[9, 0, 0])].concat());
            layer_of(&[point, bytes(3, b"k"), bytes(4, &[0x38, 1])])
        };
        check(&tagged(&[0]), 9, "last tag has a key without a value");
        check(&tagged(&[1, 0]), 9, "key index `1` in a layer of 1 keys");
        check(&tagged(&[0, 1]), 10, "value index `1` in a layer of 1 values");
        check(&layer_of(&[bytes(2, &[0x18, 1])]), 7, "feature has no geometry");
        check(&drawn(1, &[]), 7, "feature has no geometry");
    }

    #[test]
    fn broken_geometry_is_named_with_its_place() {
        check(&drawn(1, &[18, 0, 0]), 11, "command `2`, expected MoveTo");
        check(&drawn(1, &[1]), 11, "MoveTo has count `0`, expected at least 1");
        check(&drawn(1, &[17, 0, 0, 1]), 15, "geometry ends before a parameter of its last command");
        check(&drawn(2, &[17, 0, 0, 1, 1]), 11, "MoveTo has count `2`, expected 1");
        check(&drawn(2, &[9, 0, 0]), 14, "geometry ends before a LineTo");
        check(&drawn(2, &[9, 0, 0, 9, 0, 0]), 14, "command `1`, expected LineTo");
        check(&drawn(3, &[9, 0, 0, 18, 0, 2, 2, 0]), 19, "geometry ends before a ClosePath");
        check(&drawn(3, &[9, 0, 0, 10, 0, 2, 23]), 17, "ClosePath has count `2`, expected 1");
        let far = [17, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0, 2, 0];
        check(&drawn(1, &far), 18, "point lies beyond 32-bit coordinates");
    }

    #[test]
    fn no_cut_and_no_changed_byte_panics() {
        let whole = rich();
        for end in 0..whole.len() {
            assert!(decode(&whole[..end]).is_err() || end == 0, "cut at {end}");
        }
        let mut changed = whole.clone();
        for at in 0..whole.len() {
            for byte in 0..=255 {
                changed[at] = byte;
                let decoded = decode(&changed).map(drop);
                assert_eq!(super::check(&changed), decoded);
                if let Err(error) = decoded {
                    assert!(error.offset <= changed.len());
                }
            }
            changed[at] = whole[at];
        }
    }

    #[test]
    fn memory_is_a_small_multiple_of_the_input() {
        fn held(tile: &DecodedTile) -> usize {
            let layers = tile.layers.iter().map(|layer| {
                let texts = layer.keys.iter().map(String::capacity).sum::<usize>();
                let features = layer.features.iter().map(|feature| {
                    feature.geometry.points.capacity() * size_of::<Grid>()
                        + (feature.geometry.part_ends.capacity() + feature.geometry.polygon_ends.capacity())
                            * 4
                        + feature.tags.capacity() * 8
                });
                texts
                    + features.sum::<usize>()
                    + layer.features.capacity() * size_of::<DecodedFeature>()
                    + layer.keys.capacity() * size_of::<String>()
                    + layer.values.capacity() * size_of::<Value>()
            });
            layers.sum::<usize>() + tile.layers.capacity() * size_of::<DecodedLayer>()
        }
        let shapes: [Vec<u8>; 6] = [
            [0x1a, 2, 0x0a, 0].repeat(1000),
            layer_of(&[[0x12, 3, 0x22, 1, 0].repeat(1000)]),
            layer_of(&[[0x12, 7, 0x18, 1, 0x22, 3, 9, 0, 0].repeat(1000)]),
            layer_of(&[[0x1a, 0].repeat(2000)]),
            layer_of(&[[0x22, 2, 0x38, 1].repeat(2000)]),
            drawn(3, &[9, 0, 0, 10, 0, 0, 15].repeat(1000)),
        ];
        for shape in shapes {
            let tile = decode(&shape).unwrap();
            assert!(held(&tile) <= 40 * shape.len(), "{} for {} bytes", held(&tile), shape.len());
        }
    }

    #[test]
    fn counts_beyond_the_bytes_allocate_nothing() {
        check(
            &drawn(1, &[0xf9, 0xff, 0xff, 0xff, 0x0f, 0, 0]),
            18,
            "geometry ends before a parameter of its last command",
        );
    }
}
