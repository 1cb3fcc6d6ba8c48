//! Sources written in one line a feature, and tiles read as one row a feature.

use serde_json::{Value, json};

use crate::common::Published;

/// A feature of a tile, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) tile: (u8, u32, u32),
    pub(crate) layer: String,
    pub(crate) extent: u32,
    pub(crate) id: String,
    pub(crate) shape: String,
    pub(crate) attributes: String,
}

impl Row {
    pub(crate) fn zoom(&self) -> u8 {
        self.tile.0
    }

    /// Returns all positions in grid units.
    pub(crate) fn positions(&self) -> Vec<(i32, i32)> {
        let numbers = self.shape.split(|letter: char| !(letter.is_ascii_digit() || letter == '-'));
        let numbers: Vec<i32> = numbers.filter_map(|number| number.parse().ok()).collect();
        numbers.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
    }

    /// Returns all positions in degrees.
    pub(crate) fn lon_lats(&self) -> Vec<(f64, f64)> {
        let side = f64::from(self.extent) * f64::from(1_u32 << self.zoom());
        let place = |tile: u32, units: i32| (f64::from(tile * self.extent) + f64::from(units)) / side;
        let degrees = |(x, y): (i32, i32)| {
            let (x, y) = (place(self.tile.1, x), place(self.tile.2, y));
            let latitude = (std::f64::consts::PI * 2.0_f64.mul_add(-y, 1.0)).sinh().atan();
            (360.0_f64.mul_add(x, -180.0), latitude.to_degrees())
        };
        self.positions().into_iter().map(degrees).collect()
    }
}

pub(crate) fn rows(published: &Published) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let (mut tile, mut layer, mut extent) = ((0, 0, 0), String::new(), 0);
    for line in published.text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        if let Some(coord) = line.strip_prefix("tile ") {
            let numbers: Vec<u32> = coord.split('/').map(|number| number.parse().unwrap()).collect();
            tile = (numbers[0] as u8, numbers[1], numbers[2]);
        } else if line.starts_with("layer ") {
            (layer, extent) = (words[1].trim_matches('"').to_owned(), words[5].parse().unwrap());
        } else {
            let (id, rest) = line.trim_start().split_once(' ').unwrap();
            let (shape, attributes) = rest.split_once(" {").unwrap();
            let (id, shape, attributes) = (id.to_owned(), shape.to_owned(), format!("{{{attributes}"));
            rows.push(Row { tile, layer: layer.clone(), extent, id, shape, attributes });
        }
    }
    rows
}

pub(crate) fn feature(id: u64, kind: &str, coordinates: &Value, properties: &Value) -> String {
    json!({"type": "Feature", "id": id, "properties": properties,
        "geometry": {"type": kind, "coordinates": coordinates}})
    .to_string()
}

pub(crate) fn point(id: u64, at: [f64; 2], properties: &Value) -> String {
    feature(id, "Point", &json!(at), properties)
}

pub(crate) fn line(id: u64, along: &[[f64; 2]], properties: &Value) -> String {
    feature(id, "LineString", &json!(along), properties)
}

/// A polygon with sides along the axes.
pub(crate) fn area(id: u64, [west, south, east, north]: [f64; 4], properties: &Value) -> String {
    let ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
    feature(id, "Polygon", &json!([ring]), properties)
}
