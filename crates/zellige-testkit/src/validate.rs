//! Judges the bytes of a tile by the rules of the format.
//!
//! In:     the bytes of a tile.
//! Out:    sentences for people, one a fault; none when the tile is legal.
//! Keeps:  –
//! Source: MVT 2.1 §4; polygons besides by [`crate::polygon`].
//!
//! Stricter than most readers: what the specification only recommends (no empty tile, no empty layer, no
//! equal keys or values, none that nobody uses) is a fault too, since a tile is smaller without it.
//! That ids differ is not asked for.

use std::collections::BTreeSet;

use geozero::mvt::{Tile, tile};
use prost::Message as _;
use zellige_model::{Geometry, GeometryKind, Grid};

use crate::polygon::{doubled_area, polygon_faults};

/// Returns what is wrong with the tile in `bytes`.
///
/// # Examples
///
/// ```
/// use zellige_testkit::validate::validate;
///
/// // One layer, named "a", without version and features.
/// assert_eq!(
///     validate(b"\x1a\x05\x0a\x01a\x28\x08"),
///     ["layer `a`: version is 1, expected 2", "layer `a`: no feature"]
/// );
/// ```
#[must_use]
pub fn validate(bytes: &[u8]) -> Vec<String> {
    let tile = match Tile::decode(bytes) {
        Ok(tile) => tile,
        Err(error) => return vec![format!("tile cannot be read: {error}")],
    };
    let mut faults = Vec::new();
    if tile.layers.is_empty() {
        faults.push("tile has no layer".to_owned());
    }
    let mut names = BTreeSet::new();
    for layer in &tile.layers {
        let mut found = layer_faults(layer);
        if !names.insert(&layer.name) {
            found.push("name is used by an earlier layer".to_owned());
        }
        faults.extend(found.into_iter().map(|fault| format!("layer `{}`: {fault}", layer.name)));
    }
    faults
}

fn layer_faults(layer: &tile::Layer) -> Vec<String> {
    let mut faults = Vec::new();
    if layer.version != 2 {
        faults.push(format!("version is {}, expected 2", layer.version));
    }
    if layer.name.is_empty() {
        faults.push("name is empty".to_owned());
    }
    match layer.extent {
        None => faults.push("no extent".to_owned()),
        Some(0) => faults.push("extent is 0".to_owned()),
        Some(_) => {}
    }
    if layer.features.is_empty() {
        faults.push("no feature".to_owned());
    }
    let mut keys = BTreeSet::new();
    for key in layer.keys.iter().filter(|key| !keys.insert(*key)) {
        faults.push(format!("key `{key}` is twice in the table"));
    }
    let mut values = BTreeSet::new();
    for (idx, value) in layer.values.iter().enumerate() {
        let n_fields = value_fields(value);
        if n_fields != 1 {
            faults.push(format!("value {idx} has {n_fields} fields, expected 1"));
        } else if !values.insert(value.encode_to_vec()) {
            faults.push(format!("value {idx} is twice in the table"));
        }
    }
    let mut used = (vec![false; layer.keys.len()], vec![false; layer.values.len()]);
    for (idx, feature) in layer.features.iter().enumerate() {
        let mut found = tag_faults(feature, &mut used);
        found.extend(geometry_faults(feature));
        faults.extend(found.into_iter().map(|fault| format!("feature {idx}: {fault}")));
    }
    for (word, used) in [("key", used.0), ("value", used.1)] {
        for idx in (0..used.len()).filter(|idx| !used[*idx]) {
            faults.push(format!("{word} {idx} is not used"));
        }
    }
    faults
}

fn value_fields(value: &tile::Value) -> usize {
    [
        value.string_value.is_some(),
        value.float_value.is_some(),
        value.double_value.is_some(),
        value.int_value.is_some(),
        value.uint_value.is_some(),
        value.sint_value.is_some(),
        value.bool_value.is_some(),
    ]
    .into_iter()
    .filter(|is_set| *is_set)
    .count()
}

/// MVT 2.1 §4.4; marks in `used` the keys and the values that are.
fn tag_faults(feature: &tile::Feature, used: &mut (Vec<bool>, Vec<bool>)) -> Vec<String> {
    let mut faults = Vec::new();
    let mut keys = BTreeSet::new();
    for pair in feature.tags.chunks(2) {
        let &[key, value] = pair else {
            faults.push("last tag has a key without a value".to_owned());
            continue;
        };
        match used.0.get_mut(key as usize) {
            Some(is_used) => *is_used = true,
            None => faults.push(format!("key index {key} is beyond the table")),
        }
        match used.1.get_mut(value as usize) {
            Some(is_used) => *is_used = true,
            None => faults.push(format!("value index {value} is beyond the table")),
        }
        if !keys.insert(key) {
            faults.push(format!("key {key} is used twice"));
        }
    }
    faults
}

/// MVT 2.1 §4.3; ends at the first command that is not legal, since the rest cannot be told.
fn geometry_faults(feature: &tile::Feature) -> Vec<String> {
    let kind = match feature.r#type() {
        tile::GeomType::Unknown => return vec!["geometry type is unknown".to_owned()],
        tile::GeomType::Point => GeometryKind::Point,
        tile::GeomType::Linestring => GeometryKind::LineString,
        tile::GeomType::Polygon => GeometryKind::Polygon,
    };
    if feature.geometry.is_empty() {
        return vec!["geometry is empty".to_owned()];
    }
    let mut walk = Walk { integers: &feature.geometry, at: 0, x: 0, y: 0, faults: Vec::new() };
    let mut geometry = Geometry::default();
    geometry.reset(kind);
    if let Err(fault) = walk.all(&mut geometry) {
        walk.faults.push(fault);
    } else if walk.faults.is_empty() {
        walk.faults = polygon_faults(&geometry);
    }
    walk.faults
}

const MOVE_TO: u32 = 1;
const LINE_TO: u32 = 2;
const CLOSE_PATH: u32 = 7;

/// Follows the commands of one geometry. A fault that makes the rest unreadable is the error.
struct Walk<'a> {
    integers: &'a [u32],
    at: usize,
    x: i64,
    y: i64,
    faults: Vec<String>,
}

impl Walk<'_> {
    fn all(&mut self, out: &mut Geometry<Grid>) -> Result<(), String> {
        match out.kind {
            GeometryKind::Point => self.all_points(out),
            GeometryKind::LineString => self.all_lines(out),
            GeometryKind::Polygon => self.all_rings(out),
        }
    }

    fn all_points(&mut self, out: &mut Geometry<Grid>) -> Result<(), String> {
        let count = self.command(MOVE_TO, 1..=u32::MAX)?;
        self.points(count, out)?;
        let is_end = self.at == self.integers.len();
        if is_end { Ok(()) } else { Err("point geometry has more than one command".to_owned()) }
    }

    fn all_lines(&mut self, out: &mut Geometry<Grid>) -> Result<(), String> {
        while self.at < self.integers.len() {
            self.line(1, out)?;
            out.end_part();
        }
        Ok(())
    }

    fn all_rings(&mut self, out: &mut Geometry<Grid>) -> Result<(), String> {
        while self.at < self.integers.len() {
            let start = self.line(2, out)?;
            self.command(CLOSE_PATH, 1..=1)?;
            let (ring, ring_idx) = (&out.points[start..], out.part_ends.len());
            if ring.first() == ring.last() {
                self.faults.push(format!("ring {ring_idx} repeats its first point"));
            }
            let area = doubled_area(ring);
            if area == 0 {
                self.faults.push(format!("ring {ring_idx} has no area"));
            } else if area < 0 && ring_idx == 0 {
                self.faults.push("first ring is wound as a hole".to_owned());
            } else if area > 0 && ring_idx > 0 {
                out.end_polygon();
            }
            out.end_part();
        }
        out.end_polygon();
        Ok(())
    }

    /// Reads a line or ring of a first point and at least `more_min` more, and returns where it starts.
    fn line(&mut self, more_min: u32, out: &mut Geometry<Grid>) -> Result<usize, String> {
        let start = out.points.len();
        self.command(MOVE_TO, 1..=1)?;
        self.points(1, out)?;
        let count = self.command(LINE_TO, more_min..=u32::MAX)?;
        self.points(count, out)?;
        for pair in out.points[start..].windows(2).filter(|pair| pair[0] == pair[1]) {
            let (part_idx, Grid { x, y }) = (out.part_ends.len(), pair[0]);
            self.faults.push(format!("part {part_idx} has a line of no length at {x} {y}"));
        }
        Ok(start)
    }

    /// Reads a command that has to be `id`, and returns its count.
    fn command(&mut self, id: u32, counts: std::ops::RangeInclusive<u32>) -> Result<u32, String> {
        let at = self.at;
        let Some(integer) = self.integers.get(at) else {
            return Err(format!("geometry ends, command {id} expected"));
        };
        self.at += 1;
        let (found, count) = (integer & 7, integer >> 3);
        if found != id {
            return Err(format!("command {found} at integer {at}, expected {id}"));
        }
        if !counts.contains(&count) {
            let (min, max) = counts.into_inner();
            let expected = if max == 1 { "1".to_owned() } else { format!("at least {min}") };
            return Err(format!("command {id} at integer {at} has count {count}, expected {expected}"));
        }
        Ok(count)
    }

    fn points(&mut self, count: u32, out: &mut Geometry<Grid>) -> Result<(), String> {
        for _ in 0..count {
            let &[dx, dy] = self.integers.get(self.at..self.at + 2).unwrap_or(&[]) else {
                return Err("geometry ends inside a point".to_owned());
            };
            self.at += 2;
            let signed = |integer: u32| i64::from(integer >> 1) ^ -i64::from(integer & 1);
            self.x += signed(dx);
            self.y += signed(dy);
            let (Ok(x), Ok(y)) = (i32::try_from(self.x), i32::try_from(self.y)) else {
                return Err(format!("point {} {} does not fit 32 bits", self.x, self.y));
            };
            out.points.push(Grid::new(x, y));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A legal layer of one point with one attribute.
    fn layer() -> tile::Layer {
        tile::Layer {
            version: 2,
            name: "a".to_owned(),
            features: vec![feature(tile::GeomType::Point, &[9, 0, 0])],
            keys: vec!["k".to_owned()],
            values: vec![number(1)],
            extent: Some(4096),
        }
    }

    fn number(number: u64) -> tile::Value {
        tile::Value { uint_value: Some(number), ..Default::default() }
    }

    fn feature(kind: tile::GeomType, geometry: &[u32]) -> tile::Feature {
        tile::Feature {
            id: Some(1),
            tags: vec![0, 0],
            r#type: Some(kind.into()),
            geometry: geometry.to_vec(),
        }
    }

    fn check(change: impl FnOnce(&mut tile::Layer), expected: &[&str]) {
        let mut layer = layer();
        change(&mut layer);
        let faults = validate(&Tile { layers: vec![layer] }.encode_to_vec());
        let expected: Vec<String> = expected.iter().map(|fault| format!("layer `a`: {fault}")).collect();
        assert_eq!(faults, expected);
    }

    fn check_geometry(kind: tile::GeomType, geometry: &[u32], expected: &str) {
        let expected = format!("feature 0: {expected}");
        let expected: &[&str] = if expected.ends_with(": ") { &[] } else { &[&expected] };
        check(|layer| layer.features = vec![feature(kind, geometry)], expected);
    }

    #[test]
    fn legal_tile_has_no_faults() {
        check(|_| {}, &[]);
    }

    #[test]
    fn rules_of_tiles_and_layers() {
        assert_eq!(validate(&[]), ["tile has no layer"]);
        assert_eq!(validate(&[0x1a, 9])[0].split(':').next(), Some("tile cannot be read"));
        let twice = Tile { layers: vec![layer(), layer()] }.encode_to_vec();
        assert_eq!(validate(&twice), ["layer `a`: name is used by an earlier layer"]);
        check(|layer| layer.version = 1, &["version is 1, expected 2"]);
        check(|layer| layer.extent = None, &["no extent"]);
        check(|layer| layer.extent = Some(0), &["extent is 0"]);
        check(|layer| layer.features.clear(), &["no feature", "key 0 is not used", "value 0 is not used"]);
    }

    #[test]
    fn rules_of_tables_and_tags() {
        check(
            |layer| layer.keys.push("k".to_owned()),
            &["key `k` is twice in the table", "key 1 is not used"],
        );
        check(
            |layer| layer.values.push(number(1)),
            &["value 1 is twice in the table", "value 1 is not used"],
        );
        check(|layer| layer.values[0] = tile::Value::default(), &["value 0 has 0 fields, expected 1"]);
        check(|layer| layer.features[0].tags.push(0), &["feature 0: last tag has a key without a value"]);
        check(|layer| layer.features[0].tags.extend([0, 0]), &["feature 0: key 0 is used twice"]);
        check(
            |layer| layer.features[0].tags.extend([1, 1]),
            &["feature 0: key index 1 is beyond the table", "feature 0: value index 1 is beyond the table"],
        );
    }

    #[test]
    fn rules_of_points_and_lines() {
        use tile::GeomType::{Linestring, Point, Unknown};
        check_geometry(Unknown, &[9, 0, 0], "geometry type is unknown");
        check_geometry(Point, &[], "geometry is empty");
        check_geometry(Point, &[17, 0, 0, 2, 2], "");
        check_geometry(Point, &[9, 0, 0, 9, 0, 0], "point geometry has more than one command");
        check_geometry(Point, &[1], "command 1 at integer 0 has count 0, expected at least 1");
        check_geometry(Point, &[17, 0, 0, 2], "geometry ends inside a point");
        check_geometry(Linestring, &[9, 0, 0, 10, 2, 2], "");
        check_geometry(Linestring, &[17, 0, 0, 2, 2], "command 1 at integer 0 has count 2, expected 1");
        check_geometry(Linestring, &[9, 0, 0], "geometry ends, command 2 expected");
        check_geometry(Linestring, &[9, 0, 0, 18, 2, 2, 0, 0], "part 0 has a line of no length at 1 1");
    }

    #[test]
    fn rules_of_polygons() {
        use tile::GeomType::Polygon;
        let square = [9, 0, 0, 26, 20, 0, 0, 20, 19, 0, 15];
        let hole = [9, 4, 15, 26, 0, 10, 10, 0, 0, 9, 15];
        check_geometry(Polygon, &square, "");
        check_geometry(Polygon, &[square, hole].concat(), "");
        check_geometry(Polygon, &hole, "first ring is wound as a hole");
        check_geometry(Polygon, &square[..10], "geometry ends, command 7 expected");
        check_geometry(
            Polygon,
            &[9, 0, 0, 10, 2, 2, 15],
            "command 2 at integer 3 has count 1, expected at least 2",
        );
        check_geometry(Polygon, &[9, 0, 0, 18, 2, 2, 2, 2, 15], "ring 0 has no area");
        check_geometry(
            Polygon,
            &[9, 0, 0, 34, 20, 0, 0, 20, 19, 0, 0, 19, 15],
            "ring 0 repeats its first point",
        );
        check_geometry(
            Polygon,
            &[9, 0, 0, 26, 16, 16, 0, 15, 15, 18, 15],
            "ring 0 crosses itself: 0 0 to 8 8 with 0 9 to 8 0",
        );
    }
}
