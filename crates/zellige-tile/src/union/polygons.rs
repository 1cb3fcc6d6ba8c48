//! Polygons of a group dissolved into one shape.
//!
//! In:     the polygons of all members, each legal.
//! Out:    legal polygons that cover the same points; borders between them are gone.
//! Keeps:  polygons that meet no other one vertex for vertex, if none meets another.
//! Source: recipe 4.2; the tests and the overlay of `validate`.

use zellige_model::{Geometry, Grid};

use crate::validate::Validator;

/// Dissolves the polygons of `geometry`.
pub(super) fn dissolve(geometry: &mut Geometry<Grid>, validator: &mut Validator) {
    validator.unite(geometry);
}

#[cfg(test)]
mod tests {
    use zellige_testkit::{drawn, polygon::polygon_faults};

    use super::*;
    use crate::validate::area_doubled;

    /// Dissolves and compares areas of outer rings and holes, sorted, doubled.
    fn check(wkt: &str, expected_areas: &[i64]) {
        let mut geometry = drawn::geometry(wkt);
        dissolve(&mut geometry, &mut Validator::default());
        let mut areas: Vec<i64> = geometry.parts().map(area_doubled).collect();
        areas.sort_unstable();
        assert_eq!(areas, expected_areas, "{}", drawn::text(&geometry));
        assert_eq!(polygon_faults(&geometry), [""; 0], "{}", drawn::text(&geometry));
    }

    #[test]
    fn shared_borders_dissolve() {
        check("MULTIPOLYGON(((0 0,8 0,8 8,0 8)),((8 0,16 0,16 8,8 8)))", &[256]);
        // Only a part of the border is shared.
        check("MULTIPOLYGON(((0 0,8 0,8 8,0 8)),((8 2,16 2,16 6,8 6)))", &[192]);
    }

    #[test]
    fn overlaps_count_once() {
        check("MULTIPOLYGON(((0 0,8 0,8 8,0 8)),((4 4,12 4,12 12,4 12)))", &[224]);
        check("MULTIPOLYGON(((0 0,8 0,8 8,0 8)),((2 2,6 2,6 6,2 6)))", &[128]);
        check("MULTIPOLYGON(((0 0,8 0,8 8,0 8)),((0 0,8 0,8 8,0 8)))", &[128]);
    }

    #[test]
    fn holes_are_filled_by_others_and_else_stay() {
        let ring = "((0 0,8 0,8 8,0 8),(2 2,2 6,6 6,6 2))";
        check(&format!("MULTIPOLYGON({ring},((2 2,6 2,6 6,2 6)))"), &[128]);
        check(&format!("MULTIPOLYGON({ring},((3 3,5 3,5 5,3 5)))"), &[-32, 8, 128]);
        check(&format!("MULTIPOLYGON({ring},((1 1,4 1,4 4,1 4)))"), &[-24, 128]);
    }

    #[test]
    fn four_around_a_gap_leave_a_hole() {
        check(
            "MULTIPOLYGON(((0 0,6 0,6 2,0 2)),((6 0,8 0,8 6,6 6)),((2 6,8 6,8 8,2 8)),((0 2,2 2,2 8,0 8)))",
            &[-32, 128],
        );
    }

    #[test]
    fn polygons_apart_stay_vertex_for_vertex() {
        let mut geometry = drawn::geometry("MULTIPOLYGON(((9 9,7 3,12 4)),((0 0,4 0,4 4)))");
        dissolve(&mut geometry, &mut Validator::default());
        assert_eq!(drawn::text(&geometry), "MULTIPOLYGON(((9 9,7 3,12 4)),((0 0,4 0,4 4)))");
    }
}
