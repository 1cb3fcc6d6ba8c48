//! Judges geometry by the rules that every feature of a source must meet.
//!
//! In:     `Geometry<LonLat>` in degrees, part by part while it is read and whole at the end.
//! Out:    the same geometry with its rings open, and notes; or the fault that drops the feature.
//! Keeps:  points as they are; nothing is moved, turned or wrapped here.
//! Source: RFC 7946 §3.1; recipe specification 6.2.

use zellige_model::{Feature, FindingCode, Geometry, GeometryKind, LonLat, ValueRef};

use crate::{Fault, Notes};

/// The largest longitude to either side, in degrees: twenty turns. Nobody means more.
pub const LONGITUDE_MAX: f64 = 7200.0;

/// The largest latitude to either side, in degrees.
const LATITUDE_MAX: f64 = 90.0;

/// A ring is written with at least so many positions, the first of them twice (RFC 7946 §3.1.6).
const RING_POSITIONS_MIN: usize = 4;

/// Ends the line that the latest points make.
pub(crate) fn end_line(geometry: &mut Geometry<LonLat>) -> Result<(), Fault> {
    if geometry.open_part_len() < 2 {
        return Err(Fault::LINE_TOO_SHORT);
    }
    geometry.end_part();
    Ok(())
}

/// Ends the ring that the latest points make as it was written, and takes its closing point away.
pub(crate) fn end_ring(geometry: &mut Geometry<LonLat>, notes: &mut Notes) -> Result<(), Fault> {
    let n_positions = geometry.open_part_len();
    if n_positions < RING_POSITIONS_MIN {
        return Err(Fault::RING_TOO_SHORT);
    }
    let start = geometry.points.len() - n_positions;
    if geometry.points.last() == geometry.points.get(start) {
        geometry.points.pop();
    } else {
        notes.add(FindingCode::RingNotClosed);
    }
    if !has_three_distinct(&geometry.points[start..]) {
        return Err(Fault::RING_TOO_SHORT);
    }
    geometry.end_part();
    Ok(())
}

/// Judges the points of a geometry whose parts are ended.
pub(crate) fn finish(geometry: &Geometry<LonLat>, notes: &mut Notes) -> Result<(), Fault> {
    if geometry.is_empty() {
        return Err(Fault::NO_COORDINATES);
    }
    let (mut west, mut east, mut is_in_range) = (f64::INFINITY, f64::NEG_INFINITY, true);
    for point in &geometry.points {
        // Written so that what is not a number is out of range.
        is_in_range &= point.lon.abs() <= LONGITUDE_MAX && point.lat.abs() <= LATITUDE_MAX;
        west = west.min(point.lon);
        east = east.max(point.lon);
    }
    if !is_in_range {
        return Err(Fault::OUT_OF_RANGE);
    }
    if east - west > 180.0 && has_jump(geometry) {
        notes.add(FindingCode::LongitudeJump);
    }
    Ok(())
}

/// Judges a feature that was not read from text: as strict as for lines, and bad numbers are removed.
///
/// Rings that come closed are opened, since that is how the house stores them.
pub(crate) fn stored(feature: &mut Feature) -> Result<Notes, Fault> {
    let mut notes = Notes::NONE;
    while let Some(key) = first_not_finite(feature) {
        feature.attributes.remove(&key);
        notes.add(FindingCode::NumberNotFinite);
    }
    if matches!(feature.id, zellige_model::Value::Double(number) if !number.is_finite()) {
        feature.id = zellige_model::Value::Null;
        notes.add(FindingCode::NumberNotFinite);
    }
    let geometry = &mut feature.geometry;
    match geometry.kind {
        GeometryKind::LineString if geometry.parts().any(|line| line.len() < 2) => {
            return Err(Fault::LINE_TOO_SHORT);
        }
        GeometryKind::Point | GeometryKind::LineString => {}
        GeometryKind::Polygon => {
            if geometry.parts().any(|ring| ring.len() > 1 && ring.first() == ring.last()) {
                open_rings(geometry);
            }
            if !geometry.parts().all(has_three_distinct) {
                return Err(Fault::RING_TOO_SHORT);
            }
        }
    }
    finish(geometry, &mut notes)?;
    Ok(notes)
}

/// Whether a point differs from the first one and another one from both.
fn has_three_distinct(ring: &[LonLat]) -> bool {
    let Some((first, rest)) = ring.split_first() else { return false };
    let Some(second) = rest.iter().find(|point| *point != first) else { return false };
    rest.iter().any(|point| point != first && point != second)
}

/// Whether two neighbouring vertices lie more than half a turn apart.
fn has_jump(geometry: &Geometry<LonLat>) -> bool {
    let is_jump = |a: &LonLat, b: &LonLat| (a.lon - b.lon).abs() > 180.0;
    geometry.parts().any(|part| {
        let closing = match (geometry.kind, part.first(), part.last()) {
            (GeometryKind::Polygon, Some(first), Some(last)) => is_jump(first, last),
            _ => false,
        };
        closing || part.windows(2).any(|edge| is_jump(&edge[0], &edge[1]))
    })
}

fn first_not_finite(feature: &Feature) -> Option<String> {
    let is_bad = |value| matches!(value, ValueRef::Double(number) if !f64::is_finite(number));
    feature.attributes.iter().find(|(_, value)| is_bad(*value)).map(|(key, _)| key.to_owned())
}

/// Takes the closing point from each ring that has one.
fn open_rings(geometry: &mut Geometry<LonLat>) {
    let (mut start, mut kept) = (0, 0);
    for end in &mut geometry.part_ends {
        let part_end = *end as usize;
        let ring = &geometry.points[start..part_end];
        let is_closed = ring.len() > 1 && ring.first() == ring.last();
        let open_end = part_end - usize::from(is_closed);
        geometry.points.copy_within(start..open_end, kept);
        kept += open_end - start;
        start = part_end;
        *end = kept as u32;
    }
    geometry.points.truncate(kept);
}

#[cfg(test)]
mod tests {
    use zellige_model::Value;

    use super::*;

    fn check(rings: &[&[(f64, f64)]], expected: &Result<(usize, Notes), Fault>) {
        let mut feature = Feature::default();
        feature.geometry.reset(GeometryKind::Polygon);
        for ring in rings {
            feature.geometry.points.extend(ring.iter().map(|(lon, lat)| LonLat::new(*lon, *lat)));
            feature.geometry.end_part();
        }
        feature.geometry.end_polygon();
        let found = stored(&mut feature).map(|notes| (feature.geometry.points.len(), notes));
        assert_eq!(&found, expected, "{rings:?}");
        if let Some(last) = feature.geometry.part_ends.last() {
            assert_eq!(*last as usize, feature.geometry.points.len());
        }
    }

    #[test]
    fn rings_from_memory_are_opened_and_judged() {
        let open: &[_] = &[(0.0, 0.0), (8.0, 0.0), (8.0, 8.0)];
        let closed: &[_] = &[(1.0, 1.0), (2.0, 1.0), (2.0, 2.0), (1.0, 1.0)];
        check(&[open], &Ok((3, Notes::NONE)));
        check(&[closed, open, closed], &Ok((9, Notes::NONE)));
        check(&[open, &[(1.0, 1.0), (2.0, 1.0), (1.0, 1.0)]], &Err(Fault::RING_TOO_SHORT));
        check(&[open, &[]], &Err(Fault::RING_TOO_SHORT));
        check(&[&[(0.0, 0.0), (8.0, 91.0), (8.0, 8.0)]], &Err(Fault::OUT_OF_RANGE));
        check(&[&[(0.0, 0.0), (8.0, 8.0), (f64::NAN, 8.0)]], &Err(Fault::OUT_OF_RANGE));
        check(&[], &Err(Fault::NO_COORDINATES));
    }

    #[test]
    fn edge_of_more_than_half_a_turn_is_noted() {
        let mut jump = Notes::NONE;
        jump.add(FindingCode::LongitudeJump);
        check(&[&[(170.0, 0.0), (-170.0, 0.0), (-170.0, 8.0), (170.0, 8.0)]], &Ok((4, jump)));
        check(&[&[(170.0, 0.0), (190.0, 0.0), (190.0, 8.0), (170.0, 8.0)]], &Ok((4, Notes::NONE)));
        check(&[&[(-170.0, 0.0), (0.0, 0.0), (170.0, 0.0), (170.0, 8.0)]], &Ok((4, jump)));
    }

    #[test]
    fn numbers_from_memory_that_are_not_finite_are_removed() {
        let mut feature = Feature { id: Value::Double(f64::NAN), ..Feature::default() };
        feature.geometry.points.push(LonLat::new(1.0, 2.0));
        for (key, number) in [("a", f64::NAN), ("b", 2.0), ("c", f64::INFINITY)] {
            feature.attributes.push(key, ValueRef::Double(number));
        }
        let notes = stored(&mut feature).unwrap();
        assert!(notes.contains(FindingCode::NumberNotFinite));
        assert_eq!(feature.id, Value::Null);
        assert!(feature.attributes.iter().eq([("b", ValueRef::Double(2.0))]));
    }
}
