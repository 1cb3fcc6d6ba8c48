//! Features of any format that `geozero` reads.
//!
//! In:     the calls of a `GeozeroDatasource`.
//! Out:    a feature for each of its features; collections, curves and surfaces are faults.
//! Keeps:  attributes with their types; columns of bytes are left out. Rings are judged and opened
//!         later, with those of other features from memory.

use geozero::error::Result;
use geozero::{ColumnValue, FeatureProcessor, GeomProcessor, PropertyProcessor};
use zellige_model::{Feature, GeometryKind, LonLat, ValueRef};

use crate::Fault;

/// Turns what a `geozero` source says into features and hands them on, one by one.
///
/// [`crate::Source::geozero`] uses it to fill memory. A program whose source is larger runs the source with this
/// writer in a thread of its own, sends the features through a bounded channel, and gives the iterator at the
/// other end to [`crate::Source::features`].
///
/// # Examples
///
/// ```
/// use geozero::{FeatureProcessor, GeomProcessor};
/// use zellige_ingest::FeatureWriter;
///
/// let mut features = Vec::new();
/// let mut writer = FeatureWriter::new(|feature| features.push(feature));
/// writer.feature_begin(0)?;
/// writer.point_begin(0)?;
/// writer.xy(7.0, 47.0, 0)?;
/// writer.point_end(0)?;
/// writer.feature_end(0)?;
/// assert_eq!(features.len(), 1);
/// # Ok::<(), geozero::error::GeozeroError>(())
/// ```
#[derive(Debug)]
pub struct FeatureWriter<F> {
    sink: F,
    feature: Feature,
    fault: Option<Fault>,
}

impl<F: FnMut(std::result::Result<Feature, Fault>)> FeatureWriter<F> {
    /// Returns a writer that calls `sink` at the end of each feature.
    pub fn new(sink: F) -> Self {
        Self { sink, feature: Feature::default(), fault: None }
    }

    fn refuse(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    /// Begins a geometry, unless it is a part of one that has begun.
    fn begin(&mut self, is_whole: bool, kind: GeometryKind) {
        if is_whole {
            self.feature.geometry.reset(kind);
        }
    }
}

impl<F: FnMut(std::result::Result<Feature, Fault>)> FeatureProcessor for FeatureWriter<F> {
    fn feature_begin(&mut self, _idx: u64) -> Result<()> {
        self.feature = Feature::default();
        self.fault = None;
        Ok(())
    }

    fn feature_end(&mut self, _idx: u64) -> Result<()> {
        let feature = std::mem::take(&mut self.feature);
        (self.sink)(self.fault.take().map_or(Ok(feature), Err));
        Ok(())
    }
}

impl<F> PropertyProcessor for FeatureWriter<F> {
    fn property(&mut self, _idx: usize, name: &str, value: &ColumnValue<'_>) -> Result<bool> {
        let value = match *value {
            ColumnValue::Byte(value) => ValueRef::Int(value.into()),
            ColumnValue::UByte(value) => ValueRef::Int(value.into()),
            ColumnValue::Bool(value) => ValueRef::Bool(value),
            ColumnValue::Short(value) => ValueRef::Int(value.into()),
            ColumnValue::UShort(value) => ValueRef::Int(value.into()),
            ColumnValue::Int(value) => ValueRef::Int(value.into()),
            ColumnValue::UInt(value) => ValueRef::Int(value.into()),
            ColumnValue::Long(value) => ValueRef::Int(value),
            ColumnValue::ULong(value) => i64::try_from(value).map_or(ValueRef::UInt(value), ValueRef::Int),
            ColumnValue::Float(value) => ValueRef::Double(value.into()),
            ColumnValue::Double(value) => ValueRef::Double(value),
            ColumnValue::Json(value) if value.starts_with(['[', '{']) => ValueRef::Json(value),
            ColumnValue::String(value) | ColumnValue::Json(value) | ColumnValue::DateTime(value) => {
                ValueRef::String(value)
            }
            ColumnValue::Binary(_) => return Ok(false),
        };
        self.feature.attributes.set(name, value);
        Ok(false)
    }
}

impl<F: FnMut(std::result::Result<Feature, Fault>)> GeomProcessor for FeatureWriter<F> {
    fn xy(&mut self, x: f64, y: f64, _idx: usize) -> Result<()> {
        self.feature.geometry.points.push(LonLat::new(x, y));
        Ok(())
    }

    fn empty_point(&mut self, _idx: usize) -> Result<()> {
        self.begin(true, GeometryKind::Point);
        Ok(())
    }

    fn point_begin(&mut self, _idx: usize) -> Result<()> {
        self.begin(true, GeometryKind::Point);
        Ok(())
    }

    fn multipoint_begin(&mut self, _size: usize, _idx: usize) -> Result<()> {
        self.begin(true, GeometryKind::Point);
        Ok(())
    }

    fn linestring_begin(&mut self, tagged: bool, _size: usize, _idx: usize) -> Result<()> {
        self.begin(tagged, GeometryKind::LineString);
        Ok(())
    }

    fn linestring_end(&mut self, _tagged: bool, _idx: usize) -> Result<()> {
        self.feature.geometry.end_part();
        Ok(())
    }

    fn multilinestring_begin(&mut self, _size: usize, _idx: usize) -> Result<()> {
        self.begin(true, GeometryKind::LineString);
        Ok(())
    }

    fn polygon_begin(&mut self, tagged: bool, _size: usize, _idx: usize) -> Result<()> {
        self.begin(tagged, GeometryKind::Polygon);
        Ok(())
    }

    fn polygon_end(&mut self, _tagged: bool, _idx: usize) -> Result<()> {
        self.feature.geometry.end_polygon();
        Ok(())
    }

    fn multipolygon_begin(&mut self, _size: usize, _idx: usize) -> Result<()> {
        self.begin(true, GeometryKind::Polygon);
        Ok(())
    }

    fn geometrycollection_begin(&mut self, _size: usize, _idx: usize) -> Result<()> {
        self.refuse(Fault::COLLECTION);
        Ok(())
    }

    fn circularstring_begin(&mut self, _size: usize, _idx: usize) -> Result<()> {
        self.refuse(Fault::fixed("CircularString is not supported"));
        Ok(())
    }

    fn compoundcurve_begin(&mut self, _size: usize, _idx: usize) -> Result<()> {
        self.refuse(Fault::fixed("CompoundCurve is not supported"));
        Ok(())
    }

    fn curvepolygon_begin(&mut self, _size: usize, _idx: usize) -> Result<()> {
        self.refuse(Fault::fixed("CurvePolygon is not supported"));
        Ok(())
    }

    fn multicurve_begin(&mut self, _size: usize, _idx: usize) -> Result<()> {
        self.refuse(Fault::fixed("MultiCurve is not supported"));
        Ok(())
    }

    fn multisurface_begin(&mut self, _size: usize, _idx: usize) -> Result<()> {
        self.refuse(Fault::fixed("MultiSurface is not supported"));
        Ok(())
    }

    fn triangle_begin(&mut self, _tagged: bool, _size: usize, _idx: usize) -> Result<()> {
        self.refuse(Fault::fixed("Triangle is not supported"));
        Ok(())
    }

    fn polyhedralsurface_begin(&mut self, _size: usize, _idx: usize) -> Result<()> {
        self.refuse(Fault::fixed("PolyhedralSurface is not supported"));
        Ok(())
    }

    fn tin_begin(&mut self, _size: usize, _idx: usize) -> Result<()> {
        self.refuse(Fault::fixed("Tin is not supported"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;

    fn check(script: impl FnOnce(&mut dyn GeomProcessor), expected: &str) {
        let mut found = Vec::new();
        let mut writer = FeatureWriter::new(|feature| found.push(feature));
        writer.feature_begin(0).unwrap();
        writer.property(0, "n", &ColumnValue::ULong(u64::MAX)).unwrap();
        script(&mut writer);
        writer.feature_end(0).unwrap();
        let told = match found.pop().unwrap() {
            Ok(mut feature) => match check::stored(&mut feature) {
                Ok(_) => format!("{:?} {}", feature.geometry.part_ends, feature.geometry.points.len()),
                Err(fault) => fault.reason.into_owned(),
            },
            Err(fault) => fault.reason.into_owned(),
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn polygons_come_with_open_rings() {
        let ring = |writer: &mut dyn GeomProcessor, at: f64| {
            writer.linestring_begin(false, 4, 0).unwrap();
            for (x, y) in [(at, at), (at + 1.0, at), (at, at + 1.0), (at, at)] {
                writer.xy(x, y, 0).unwrap();
            }
            writer.linestring_end(false, 0).unwrap();
        };
        check(
            |writer| {
                writer.multipolygon_begin(1, 0).unwrap();
                writer.polygon_begin(false, 2, 0).unwrap();
                ring(writer, 0.0);
                ring(writer, 0.1);
                writer.polygon_end(false, 0).unwrap();
                writer.multipolygon_end(0).unwrap();
            },
            "[3, 6] 6",
        );
    }

    #[test]
    fn what_has_no_place_in_tiles_is_a_fault() {
        check(|writer| writer.geometrycollection_begin(1, 0).unwrap(), "GeometryCollection is not supported");
        check(|writer| writer.tin_begin(1, 0).unwrap(), "Tin is not supported");
        check(|writer| writer.empty_point(0).unwrap(), "Geometry has no coordinates");
    }
}
