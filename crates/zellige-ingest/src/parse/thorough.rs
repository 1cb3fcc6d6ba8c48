//! Reads a line with `serde_json` and says what is wrong with it.
//!
//! In:     a line as text.
//! Out:    the feature, or the first fault in this order: JSON, nesting, type, geometry, id, properties.
//! Keeps:  all that the rules ask for and none of the speed. Values are taken as raw JSON and decoded one
//!         by one, so that one bad number does not spoil the line, and depth needs no stack.
//! Source: RFC 7946 §3; recipe specification 6.2.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use zellige_model::{Feature, FindingCode, Geometry, LonLat, Value, ValueRef};

use super::{NESTING_MAX, Shape};
use crate::{Fault, Notes, check};

/// Reads `line` into `out`.
#[cold]
pub(super) fn read(line: &str, out: &mut Feature) -> Result<Notes, Fault> {
    out.clear();
    let whole: &RawValue = serde_json::from_str(line).map_err(|error| not_json(&error))?;
    if nesting(whole.get()) > NESTING_MAX {
        return Err(Fault::found(format!("JSON is nested deeper than {NESTING_MAX} levels")));
    }
    if !whole.get().starts_with('{') {
        return Err(Fault::fixed("Line is not a GeoJSON object"));
    }
    let feature = object(whole)?;
    let mut notes = Notes::NONE;
    check_type(feature.get("type"))?;
    read_geometry(feature.get("geometry"), &mut out.geometry, &mut notes)?;
    if let Some(id) = feature.get("id") {
        read_value(id, &mut notes, |id| out.id = id.to_owned())?;
    }
    read_properties(feature.get("properties"), out, &mut notes)?;
    Ok(notes)
}

fn check_type(found: Option<&RawValue>) -> Result<(), Fault> {
    match found.map(name).transpose()? {
        Some(Some(name)) if name == "Feature" => Ok(()),
        Some(Some(name)) => Err(Fault::found(format!("{} is not a feature", cut(&name)))),
        _ => Err(Fault::fixed("Object without a type is not a feature")),
    }
}

fn read_geometry(
    found: Option<&RawValue>,
    out: &mut Geometry<LonLat>,
    notes: &mut Notes,
) -> Result<(), Fault> {
    let geometry = match found {
        None => return Err(Fault::NO_GEOMETRY),
        Some(found) if found.get() == "null" => return Err(Fault::NO_GEOMETRY),
        Some(found) if found.get().starts_with('{') => object(found)?,
        Some(_) => return Err(Fault::fixed("Geometry must be an object or null")),
    };
    let Some(type_name) = geometry.get("type").map(name).transpose()?.flatten() else {
        return Err(Fault::fixed("Geometry has no type"));
    };
    let shape = match Shape::parse(&type_name) {
        Some(shape) => shape,
        None if type_name == "GeometryCollection" => return Err(Fault::COLLECTION),
        None => return Err(Fault::found(format!("Geometry type `{}` is not known", cut(&type_name)))),
    };
    let Some(coordinates) = geometry.get("coordinates") else { return Err(Fault::NO_COORDINATES) };
    out.reset(shape.kind());
    read_coordinates(coordinates, shape, out, notes)?;
    check::finish(out, notes)
}

fn read_coordinates(
    found: &RawValue,
    shape: Shape,
    out: &mut Geometry<LonLat>,
    notes: &mut Notes,
) -> Result<(), Fault> {
    match shape {
        Shape::Point if list(found)?.is_empty() => Err(Fault::NO_COORDINATES),
        Shape::Point => read_position(found, out),
        Shape::MultiPoint => read_positions(found, out),
        Shape::LineString => read_line(found, out),
        Shape::MultiLineString => list(found)?.into_iter().try_for_each(|line| read_line(line, out)),
        Shape::Polygon => read_polygon(found, out, notes),
        Shape::MultiPolygon => {
            list(found)?.into_iter().try_for_each(|polygon| read_polygon(polygon, out, notes))
        }
    }
}

fn read_polygon(found: &RawValue, out: &mut Geometry<LonLat>, notes: &mut Notes) -> Result<(), Fault> {
    let rings = list(found)?;
    if rings.is_empty() {
        return Err(Fault::NO_COORDINATES);
    }
    for ring in rings {
        read_positions(ring, out)?;
        check::end_ring(out, notes)?;
    }
    out.end_polygon();
    Ok(())
}

fn read_line(found: &RawValue, out: &mut Geometry<LonLat>) -> Result<(), Fault> {
    read_positions(found, out)?;
    check::end_line(out)
}

fn read_positions(found: &RawValue, out: &mut Geometry<LonLat>) -> Result<(), Fault> {
    list(found)?.into_iter().try_for_each(|position| read_position(position, out))
}

fn read_position(found: &RawValue, out: &mut Geometry<LonLat>) -> Result<(), Fault> {
    let numbers = list(found)?.into_iter().map(number).collect::<Result<Vec<f64>, Fault>>()?;
    let [lon, lat, ..] = numbers[..] else { return Err(Fault::POSITION_TOO_SHORT) };
    out.points.push(LonLat::new(lon, lat));
    Ok(())
}

fn number(found: &RawValue) -> Result<f64, Fault> {
    if !found.get().starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return Err(Fault::NOT_NUMBERS);
    }
    // The standard library rounds to the nearest double, serde_json by default does not.
    found.get().parse().map_err(|_not_json| Fault::NOT_NUMBERS)
}

fn read_properties(found: Option<&RawValue>, out: &mut Feature, notes: &mut Notes) -> Result<(), Fault> {
    let Some(found) = found.filter(|found| found.get() != "null") else { return Ok(()) };
    if !found.get().starts_with('{') {
        return Err(Fault::fixed("Properties must be an object or null"));
    }
    for (key, value) in object(found)?.members {
        read_value(value, notes, |value| out.attributes.push(&key, value))?;
    }
    out.attributes.keep_last_of_equal_keys();
    Ok(())
}

/// Hands a value to `keep` unless it is a number too large to be one.
fn read_value(found: &RawValue, notes: &mut Notes, mut keep: impl FnMut(ValueRef<'_>)) -> Result<(), Fault> {
    let text = found.get();
    match text.as_bytes()[0] {
        b'"' => keep(ValueRef::String(&string(found)?)),
        b't' => keep(ValueRef::Bool(true)),
        b'f' => keep(ValueRef::Bool(false)),
        b'n' => keep(ValueRef::Null),
        b'{' | b'[' => keep(ValueRef::Json(text)),
        _ => match whole_number(text) {
            Some(whole) => keep(whole.as_ref()),
            None => match number(found)? {
                double if double.is_finite() => keep(ValueRef::Double(double)),
                _ => notes.add(FindingCode::NumberNotFinite),
            },
        },
    }
    Ok(())
}

fn whole_number(text: &str) -> Option<Value> {
    if text == "-0" {
        return None;
    }
    text.parse().map(Value::Int).or_else(|_| text.parse().map(Value::UInt)).ok()
}

/// An object as its members in order.
struct Object<'a> {
    members: Vec<(String, &'a RawValue)>,
}

impl<'a> Object<'a> {
    /// Returns the last member of that name.
    fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value)
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object { members })
            }
        }
        deserializer.deserialize_map(Members)
    }
}

fn object(found: &RawValue) -> Result<Object<'_>, Fault> {
    serde_json::from_str(found.get()).map_err(|error| bad_value(&error))
}

fn list(found: &RawValue) -> Result<Vec<&RawValue>, Fault> {
    if !found.get().starts_with('[') {
        return Err(Fault::NOT_NUMBERS);
    }
    serde_json::from_str(found.get()).map_err(|error| bad_value(&error))
}

fn string(found: &RawValue) -> Result<String, Fault> {
    serde_json::from_str(found.get()).map_err(|error| bad_value(&error))
}

/// Returns the text of a string, or nothing when it is no string.
fn name(found: &RawValue) -> Result<Option<String>, Fault> {
    if found.get().starts_with('"') { string(found).map(Some) } else { Ok(None) }
}

/// Returns a name short enough for a message.
fn cut(name: &str) -> &str {
    const NAME_BYTES_MAX: usize = 40;
    &name[..name.floor_char_boundary(NAME_BYTES_MAX)]
}

/// Returns how deep the arrays and objects of well-formed JSON go.
fn nesting(json: &str) -> u32 {
    let (mut depth, mut deepest, mut in_string, mut is_escaped) = (0_u32, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth -= 1,
            _ => {}
        }
    }
    deepest
}

/// Returns what `serde_json` says of the whole line, without its line number: every line is its first.
fn not_json(error: &serde_json::Error) -> Fault {
    Fault::found(format!("Line is not valid JSON: {} (column {})", sentence(error), error.column()))
}

/// Returns what `serde_json` says of one value, whose columns are not those of the line.
fn bad_value(error: &serde_json::Error) -> Fault {
    Fault::found(format!("Line is not valid JSON: {}", sentence(error)))
}

fn sentence(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.split(" at line ").next().unwrap_or_default().to_owned()
}
