//! `geo-types` geometry in and out.

use geo_types as gt;

use crate::{Geometry, GeometryKind, LonLat};

/// A `geo_types` geometry that has no place in a vector tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsupportedGeometry;

impl std::fmt::Display for UnsupportedGeometry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GeometryCollection is not supported")
    }
}

impl std::error::Error for UnsupportedGeometry {}

impl From<gt::Coord<f64>> for LonLat {
    fn from(coord: gt::Coord<f64>) -> Self {
        Self::new(coord.x, coord.y)
    }
}

impl From<LonLat> for gt::Coord<f64> {
    fn from(point: LonLat) -> Self {
        Self { x: point.lon, y: point.lat }
    }
}

impl TryFrom<&gt::Geometry<f64>> for Geometry<LonLat> {
    type Error = UnsupportedGeometry;

    fn try_from(source: &gt::Geometry<f64>) -> Result<Self, UnsupportedGeometry> {
        let mut out = Self::default();
        match source {
            gt::Geometry::Point(point) => out.points.push(point.0.into()),
            gt::Geometry::MultiPoint(points) => {
                out.points.extend(points.iter().map(|point| LonLat::from(point.0)));
            }
            gt::Geometry::Line(line) => {
                out.reset(GeometryKind::LineString);
                push_line(&mut out, &[line.start, line.end]);
            }
            gt::Geometry::LineString(line) => {
                out.reset(GeometryKind::LineString);
                push_line(&mut out, &line.0);
            }
            gt::Geometry::MultiLineString(lines) => {
                out.reset(GeometryKind::LineString);
                lines.iter().for_each(|line| push_line(&mut out, &line.0));
            }
            gt::Geometry::Polygon(polygon) => {
                out.reset(GeometryKind::Polygon);
                push_polygon(&mut out, polygon);
            }
            gt::Geometry::MultiPolygon(polygons) => {
                out.reset(GeometryKind::Polygon);
                polygons.iter().for_each(|polygon| push_polygon(&mut out, polygon));
            }
            gt::Geometry::Rect(rect) => {
                out.reset(GeometryKind::Polygon);
                push_polygon(&mut out, &rect.to_polygon());
            }
            gt::Geometry::Triangle(triangle) => {
                out.reset(GeometryKind::Polygon);
                push_polygon(&mut out, &triangle.to_polygon());
            }
            gt::Geometry::GeometryCollection(_) => return Err(UnsupportedGeometry),
        }
        Ok(out)
    }
}

impl From<&Geometry<LonLat>> for gt::Geometry<f64> {
    /// Returns the multi form of the geometry; rings are closed.
    fn from(source: &Geometry<LonLat>) -> Self {
        match source.kind {
            GeometryKind::Point => Self::MultiPoint(
                source.points.iter().map(|point| gt::Point(gt::Coord::from(*point))).collect(),
            ),
            GeometryKind::LineString => Self::MultiLineString(source.parts().map(line_string).collect()),
            GeometryKind::Polygon => Self::MultiPolygon(
                source
                    .polygons()
                    .map(|mut rings| {
                        let shell = rings.next().map_or_else(
                            || gt::LineString(Vec::new()),
                            |ring| line_string(source.part(ring)),
                        );
                        gt::Polygon::new(shell, rings.map(|ring| line_string(source.part(ring))).collect())
                    })
                    .collect(),
            ),
        }
    }
}

fn push_line(out: &mut Geometry<LonLat>, coords: &[gt::Coord<f64>]) {
    out.points.extend(coords.iter().map(|coord| LonLat::from(*coord)));
    out.end_part();
}

fn push_polygon(out: &mut Geometry<LonLat>, polygon: &gt::Polygon<f64>) {
    for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
        let open = ring.0.len().saturating_sub(1);
        push_line(out, &ring.0[..open]);
    }
    out.end_polygon();
}

fn line_string(points: &[LonLat]) -> gt::LineString<f64> {
    points.iter().map(|point| gt::Coord::from(*point)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polygon_with_hole_goes_in_open_and_comes_out_closed() {
        let square = |min: f64, max: f64| {
            gt::LineString::from(vec![(min, min), (max, min), (max, max), (min, max), (min, min)])
        };
        let polygon = gt::Polygon::new(square(0.0, 9.0), vec![square(3.0, 6.0)]);
        let flat = Geometry::try_from(&gt::Geometry::Polygon(polygon.clone())).unwrap();
        assert_eq!((flat.points.len(), flat.part_ends.len(), flat.polygon_ends.len()), (8, 2, 1));
        assert_eq!(gt::Geometry::from(&flat), gt::Geometry::MultiPolygon(gt::MultiPolygon(vec![polygon])));
    }
}
