//! Features as bytes, for a temporary file.
//!
//! In:     a batch of features from memory, or the bytes that it became.
//! Out:    the bytes; or features that are equal bit for bit, in the same order.
//! Keeps:  the number of lines: one that was no feature stays one, but its reason has been told and is left out.
//!
//! ```text
//! line      0 | 1 id, n u32, n × (key, value), kind u8, points, part ends, polygon ends
//! value     tag u8, then nothing, a byte, eight bytes, or a text
//! text      n u32, n bytes of UTF-8
//! points    n u32, n × (f64, f64)                                       (little endian)
//! ends      n u32, n × u32
//! ```

use zellige_model::{Feature, GeometryKind, LonLat, ValueRef};

use crate::Fault;

/// What stands for a line that was no feature.
const TOLD: Fault = Fault::fixed("told before");

/// Appends the bytes of a batch to `out`.
pub(crate) fn write(batch: &[Result<Feature, Fault>], out: &mut Vec<u8>) {
    for line in batch {
        out.push(u8::from(line.is_ok()));
        if let Ok(feature) = line {
            write_feature(feature, out);
        }
    }
}

/// Returns the batch that became these bytes, unless they are something else.
pub(crate) fn read(mut bytes: &[u8]) -> Option<Vec<Result<Feature, Fault>>> {
    let mut batch = Vec::new();
    while !bytes.is_empty() {
        batch.push(match take(&mut bytes)? {
            [0] => Err(TOLD),
            [_] => Ok(read_feature(&mut bytes)?),
        });
    }
    Some(batch)
}

fn write_feature(feature: &Feature, out: &mut Vec<u8>) {
    let Feature { id, attributes, geometry } = feature;
    write_value(id.as_ref(), out);
    write_count(attributes.len(), out);
    for (key, value) in attributes.iter() {
        write_text(key, out);
        write_value(value, out);
    }
    out.push(match geometry.kind {
        GeometryKind::Point => 0,
        GeometryKind::LineString => 1,
        GeometryKind::Polygon => 2,
    });
    write_count(geometry.points.len(), out);
    for point in &geometry.points {
        out.extend_from_slice(&point.lon.to_le_bytes());
        out.extend_from_slice(&point.lat.to_le_bytes());
    }
    for ends in [&geometry.part_ends, &geometry.polygon_ends] {
        write_count(ends.len(), out);
        for end in ends {
            out.extend_from_slice(&end.to_le_bytes());
        }
    }
}

fn read_feature(bytes: &mut &[u8]) -> Option<Feature> {
    let mut feature = Feature { id: read_value(bytes)?.to_owned(), ..Feature::default() };
    for _ in 0..read_count(bytes)? {
        let key = read_text(bytes)?;
        feature.attributes.push(key, read_value(bytes)?);
    }
    let geometry = &mut feature.geometry;
    geometry.kind = match take(bytes)? {
        [0] => GeometryKind::Point,
        [1] => GeometryKind::LineString,
        [_] => GeometryKind::Polygon,
    };
    for _ in 0..read_count(bytes)? {
        let (lon, lat) = (f64::from_le_bytes(take(bytes)?), f64::from_le_bytes(take(bytes)?));
        geometry.points.push(LonLat::new(lon, lat));
    }
    for ends in [&mut geometry.part_ends, &mut geometry.polygon_ends] {
        for _ in 0..read_count(bytes)? {
            ends.push(u32::from_le_bytes(take(bytes)?));
        }
    }
    Some(feature)
}

fn write_value(value: ValueRef<'_>, out: &mut Vec<u8>) {
    match value {
        ValueRef::Null => out.push(0),
        ValueRef::Bool(value) => out.extend_from_slice(&[1, value.into()]),
        ValueRef::Int(value) => write_number(2, value.to_le_bytes(), out),
        ValueRef::UInt(value) => write_number(3, value.to_le_bytes(), out),
        ValueRef::Double(value) => write_number(4, value.to_le_bytes(), out),
        ValueRef::String(value) => {
            out.push(5);
            write_text(value, out);
        }
        ValueRef::Json(value) => {
            out.push(6);
            write_text(value, out);
        }
    }
}

fn read_value<'b>(bytes: &mut &'b [u8]) -> Option<ValueRef<'b>> {
    Some(match take(bytes)? {
        [0] => ValueRef::Null,
        [1] => ValueRef::Bool(take(bytes)? == [1]),
        [2] => ValueRef::Int(i64::from_le_bytes(take(bytes)?)),
        [3] => ValueRef::UInt(u64::from_le_bytes(take(bytes)?)),
        [4] => ValueRef::Double(f64::from_le_bytes(take(bytes)?)),
        [5] => ValueRef::String(read_text(bytes)?),
        [_] => ValueRef::Json(read_text(bytes)?),
    })
}

fn write_number(tag: u8, number: [u8; 8], out: &mut Vec<u8>) {
    out.push(tag);
    out.extend_from_slice(&number);
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    write_count(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

fn read_text<'b>(bytes: &mut &'b [u8]) -> Option<&'b str> {
    let n_bytes = read_count(bytes)?;
    let (text, rest) = bytes.split_at_checked(n_bytes)?;
    *bytes = rest;
    str::from_utf8(text).ok()
}

/// Writes the length of a list, which is a place in a geometry or in a text and has 32 bits there.
fn write_count(count: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(count as u32).to_le_bytes());
}

fn read_count(bytes: &mut &[u8]) -> Option<usize> {
    Some(u32::from_le_bytes(take(bytes)?) as usize)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use zellige_model::{Attributes, Value};

    use super::*;

    fn check(batch: &[Result<Feature, Fault>]) {
        let mut bytes = Vec::new();
        write(batch, &mut bytes);
        let back = read(&bytes).unwrap();
        assert_eq!(back.len(), batch.len());
        for (back, line) in back.iter().zip(batch) {
            assert_eq!(back.as_ref().ok(), line.as_ref().ok());
        }
        for cut in 1..bytes.len() {
            assert!(read(&bytes[..cut]).is_none_or(|short| short.len() < batch.len()), "{cut}");
        }
    }

    #[test]
    fn features_come_back_bit_for_bit() {
        let mut attributes = Attributes::default();
        for (key, value) in [
            ("", ValueRef::Null),
            ("yes", ValueRef::Bool(true)),
            ("int", ValueRef::Int(i64::MIN)),
            ("uint", ValueRef::UInt(u64::MAX)),
            ("double", ValueRef::Double(-0.0)),
            ("text", ValueRef::String("Zürich \u{0}\"")),
            ("json", ValueRef::Json("[1, {\"a\": 2}]")),
        ] {
            attributes.push(key, value);
        }
        let mut feature = Feature { id: Value::String("seven".into()), attributes, ..Feature::default() };
        feature.geometry.kind = GeometryKind::Polygon;
        feature.geometry.points =
            [(0.1, 0.2), (1.0 / 3.0, 0.0), (5e-324, 90.0)].map(|(x, y)| LonLat::new(x, y)).to_vec();
        feature.geometry.part_ends = vec![3];
        feature.geometry.polygon_ends = vec![1];
        check(&[Ok(feature), Err(Fault::COLLECTION), Ok(Feature::default())]);
        check(&[]);
    }
}
