//! Makes polygons legal: closed, wound, not empty, holes inside, no self-crossing.
//!
//! In:     polygons on the grid of a tile, rings open.
//! Out:    the same area under the even-odd rule, as MVT 2.1 §4.3.4.4 and OGC Simple Features demand:
//!         outer rings with positive area (y down), holes with negative area, in grid points only.
//! Keeps:  legal rings vertex for vertex, but for vertices on straight edges.
//! Source: a cheap exact test first (edges bucketed by rows, then swept from left to right); what touches or
//!         crosses itself is bent at crossings and made of its own edges anew; polygons of one feature that overlap,
//!         and what is too crowded to count, go through an exact overlay on integers (`i_overlay`); what crosses itself
//!         more often than a tile can show is drawn anew in coarse cells.
//!         Where rounded crossings cost or add area, vertices are moved by a unit to make it good.
//!
//! Snapping and running along a window's edge break about one shape in thirty; the overlay costs five to ten times the
//! test, so testing first, and keeping the overlay for the tenth that needs it, is what makes legality cheap.

mod edge;
mod tidy;
mod boxes;
mod rows;
mod locate;
mod examine;
mod nest;
mod polygonize;
mod noise;
mod redraw;
mod mend;
mod corners;
mod make_good;

use zellige_model::{Extent, Geometry, GeometryKind, Grid};

use crate::snap_round::Fine;

use examine::{Examiner, Found};
use nest::Rings;
use noise::{Allowance, Crowding};
use polygonize::Polygonizer;

/// Where edges cross, a vertex is put: to measure areas, on a grid by so many bits finer than sixteenths of units.
/// Stars of 250 points, 60 units wide, would seem a hundredth too large or small without.
const FINER_BITS: u32 = 4;
/// How often edges that cross are led through points of the grid; that may make them cross others.
const BENDS_MAX: usize = 8;

/// Makes polygons legal, in buffers that stay.
#[derive(Debug, Default)]
pub struct Validator {
    examiner: Examiner,
    /// Looks at one polygon of several.
    alone_examiner: Examiner,
    polygonizer: Polygonizer,
    rings: Rings,
    scratch: Geometry<Grid>,
    /// One polygon of several.
    alone: Geometry<Grid>,
    /// What crosses itself, before its edges are bent.
    unbent: Geometry<Grid>,
    /// What a geometry was before it was rounded, in parts of a unit.
    fine: Geometry<Grid>,
    lent: Lent,
}

/// What may still be mended of the feature at hand, or of a share of it, and what was counted.
#[derive(Debug, Default)]
pub(crate) struct Lent {
    allowance: Allowance,
    n_redrawn: u64,
}

impl Validator {
    /// Makes `geometry` legal; it is empty when no area is left. Points and lines stay as they are.
    pub fn validate(&mut self, geometry: &mut Geometry<Grid>) {
        self.legalize(geometry);
    }

    /// Makes `geometry` legal in a tile of `extent`; what has to be mended there gets about the area that it had
    /// before it was rounded, when `exact` gives it as it was then.
    pub fn validate_with_area<'f>(
        &mut self,
        geometry: &mut Geometry<Grid>,
        extent: Extent,
        exact: impl FnOnce() -> &'f Geometry<Fine>,
    ) {
        let Some(crowding) = self.legalize(geometry) else { return };
        if crowding == Crowding::Noise || self.lent.allowance.is_spent() || !make_good::may_be_off(geometry) {
            return;
        }
        let Some(expected_doubled) = self.fine_area_doubled(exact()) else { return };
        let n_compared = make_good::make_good(geometry, extent, expected_doubled);
        self.lent.allowance.take_comparisons(n_compared);
        tidy::tidy(geometry, &mut self.scratch);
    }

    /// Makes `geometry` legal; returns how crowded it was if it had to be mended.
    fn legalize(&mut self, geometry: &mut Geometry<Grid>) -> Option<Crowding> {
        if geometry.kind != GeometryKind::Polygon || is_rectangle(geometry) {
            return None;
        }
        tidy::tidy(geometry, &mut self.scratch);
        if geometry.is_empty() {
            return None;
        }
        let mut found = self.examiner.examine(geometry);
        if found == Found::Legal {
            return None;
        }
        let crosses = found == Found::Crossing;
        if crosses {
            self.unbent.clone_from(geometry);
            found = self.bend(found, geometry);
        }
        if found == Found::Legal || found == Found::Touching && self.relink(geometry) {
            tidy::tidy(geometry, &mut self.scratch);
            return Some(Crowding::Sparse);
        }
        if crosses {
            std::mem::swap(geometry, &mut self.unbent);
        }
        let crowding = self.lent.allowance.crowding(geometry);
        if crowding == Crowding::Noise {
            self.redraw(geometry, redraw::CELLS_OF_TILE_MAX);
        } else {
            mend::mend(geometry, crowding);
            tidy::tidy(geometry, &mut self.scratch);
        }
        Some(crowding)
    }

    /// Redraws polygons in cells, as many as told along a side of their box at most; that is a power of two.
    pub(crate) fn redraw(&mut self, geometry: &mut Geometry<Grid>, cells_max: usize) {
        self.lent.n_redrawn += 1;
        redraw::redraw(geometry, cells_max);
        mend::join(geometry);
        tidy::tidy(geometry, &mut self.scratch);
    }

    /// Returns twice the area of polygons, in square units: each by the even-odd rule, several by union; nothing if
    /// they cross too often to say.
    fn fine_area_doubled(&mut self, exact: &Geometry<Fine>) -> Option<i64> {
        let mut fine = std::mem::take(&mut self.fine);
        fine.reset(GeometryKind::Polygon);
        let finer = |point: &Fine| Grid::new(point.x << FINER_BITS, point.y << FINER_BITS);
        fine.points.extend(exact.points.iter().map(finer));
        fine.part_ends.extend_from_slice(&exact.part_ends);
        fine.polygon_ends.extend_from_slice(&exact.polygon_ends);
        tidy::tidy(&mut fine, &mut self.scratch);
        let mut found = self.examiner.examine(&fine);
        found = self.bend(found, &mut fine);
        let area_doubled = if found == Found::Legal || found == Found::Touching && self.relink(&mut fine) {
            Some(fine.parts().map(area_doubled).sum::<i64>())
        } else {
            let crowding = self.lent.allowance.crowding(&fine);
            (crowding != Crowding::Noise).then(|| mend::area_doubled(&fine, crowding))
        };
        self.fine = fine;
        let bits = 2 * (Fine::BITS + FINER_BITS);
        area_doubled.map(|area_doubled| (area_doubled + (1 << (bits - 1))) >> bits)
    }

    /// Leads edges that cross through the points of the grid nearest to that, until none does between points; `found`
    /// was found last. Returns what is found then.
    fn bend(&mut self, mut found: Found, geometry: &mut Geometry<Grid>) -> Found {
        for _ in 0..BENDS_MAX {
            if found != Found::Crossing || geometry.is_empty() {
                break;
            }
            self.examiner.bend(geometry, &mut self.scratch);
            std::mem::swap(geometry, &mut self.scratch);
            tidy::tidy_bent(geometry, &mut self.scratch);
            found = self.examiner.examine_bent(geometry);
        }
        found
    }

    /// Makes polygons, which were examined last and do not cross, of their own edges: each by the even-odd rule,
    /// several by union. Says whether it did: it leaves polygons that overlap.
    fn relink(&mut self, geometry: &mut Geometry<Grid>) -> bool {
        if geometry.polygon_ends.len() == 1 {
            self.rings.clear();
            self.examiner.polygonize(geometry, &mut self.polygonizer, &mut self.rings);
            self.rings.nest_into(geometry);
            return true;
        }
        let Self { examiner, alone_examiner, polygonizer, rings, alone, .. } = self;
        let areas_doubled = geometry.polygons().map(|parts| {
            if parts.len() == 1 && !examiner.touched()[parts.start] {
                return Some(area_doubled(geometry.part(parts.start)));
            }
            alone.reset(GeometryKind::Polygon);
            for ring in parts {
                alone.points.extend_from_slice(geometry.part(ring));
                alone.end_part();
            }
            alone.end_polygon();
            match alone_examiner.examine(alone) {
                Found::Legal => Some(alone.parts().map(area_doubled).sum()),
                Found::Touching => {
                    rings.clear();
                    alone_examiner.polygonize(alone, polygonizer, rings);
                    Some(rings.area_doubled())
                }
                Found::Crossing | Found::Crowded => None,
            }
        });
        areas_doubled.sum::<Option<i64>>().is_some_and(|area_doubled| self.relink_to(area_doubled, geometry))
    }

    /// Makes polygons, which were examined last and do not cross, of their own edges, if twice the area is then as
    /// told: the even-odd rule of all together takes away what several cover.
    fn relink_to(&mut self, area_doubled: i64, geometry: &mut Geometry<Grid>) -> bool {
        self.rings.clear();
        self.examiner.polygonize(geometry, &mut self.polygonizer, &mut self.rings);
        let is_union = self.rings.area_doubled() == area_doubled;
        if is_union {
            self.rings.nest_into(geometry);
        }
        is_union
    }

    /// Starts a feature: what is made legal from here on, until the next one starts, are its parts in tiles, whose
    /// crossings are mended up to a bound for all of them.
    pub fn begin_feature(&mut self) {
        self.lent.allowance.begin_feature();
    }

    /// Returns for shapes of the feature at hand that have so many vertices their shares of what may still be mended.
    pub(crate) fn lend(&mut self, n_vertices: &[usize]) -> Vec<Lent> {
        let lent = self.lent.allowance.lend(n_vertices);
        lent.into_iter().map(|allowance| Lent { allowance, n_redrawn: 0 }).collect()
    }

    /// Exchanges what may still be mended for that of another shape.
    pub(crate) const fn swap_lent(&mut self, lent: &mut Lent) {
        std::mem::swap(&mut self.lent, lent);
    }

    /// Takes back what is left of a share, and what was counted.
    pub(crate) fn take_back(&mut self, lent: &Lent) {
        self.lent.allowance.take_back(&lent.allowance);
        self.lent.n_redrawn += lent.n_redrawn;
    }

    /// Returns how many polygons crossed themselves more often than a tile can show, and were redrawn in coarse cells,
    /// since it was asked last.
    pub fn take_redrawn(&mut self) -> u64 {
        std::mem::take(&mut self.lent.n_redrawn)
    }

    /// Whether `geometry`, which becomes tidy, is legal as it is.
    pub fn is_legal(&mut self, geometry: &mut Geometry<Grid>) -> bool {
        tidy::tidy(geometry, &mut self.scratch);
        self.examiner.is_legal(geometry)
    }

    /// Makes `geometry` legal, whose polygons are legal one by one: where they overlap or share an edge
    /// they become one; those that meet no other one stay as they are only if none does.
    pub fn unite(&mut self, geometry: &mut Geometry<Grid>) {
        tidy::tidy(geometry, &mut self.scratch);
        if geometry.is_empty() {
            return;
        }
        let area_doubled = geometry.parts().map(area_doubled).sum();
        match self.examiner.examine(geometry) {
            Found::Legal => return,
            Found::Touching if self.relink_to(area_doubled, geometry) => {}
            Found::Touching | Found::Crossing | Found::Crowded => mend::unite(geometry),
        }
        tidy::tidy(geometry, &mut self.scratch);
    }
}

/// Returns twice the signed area of an open ring; positive for outer rings (MVT 2.1 §4.3.4.4).
#[must_use]
pub fn area_doubled(ring: &[Grid]) -> i64 {
    let Some(mut a) = ring.last() else { return 0 };
    let mut sum = 0;
    for b in ring {
        sum += i64::from(a.x) * i64::from(b.y) - i64::from(b.x) * i64::from(a.y);
        a = b;
    }
    sum
}

/// Whether the geometry is one rectangle along the axes, wound as an outer ring.
fn is_rectangle(geometry: &Geometry<Grid>) -> bool {
    let [a, b, c, d] = geometry.points[..] else { return false };
    if geometry.part_ends.len() != 1 || area_doubled(&geometry.points) <= 0 {
        return false;
    }
    (a.x == b.x && b.y == c.y && c.x == d.x && d.y == a.y)
        || (a.y == b.y && b.x == c.x && c.y == d.y && d.x == a.x)
}

/// Whether the geometry is exactly the rectangle from `min` to `max` on both axes.
#[must_use]
pub fn fills(geometry: &Geometry<Grid>, min: i32, max: i32) -> bool {
    geometry.kind == GeometryKind::Polygon
        && is_rectangle(geometry)
        && geometry
            .points
            .iter()
            .all(|point| (point.x == min || point.x == max) && (point.y == min || point.y == max))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygons(shapes: &[&[&[(i32, i32)]]]) -> Geometry<Grid> {
        let mut geometry = Geometry::default();
        geometry.reset(GeometryKind::Polygon);
        for rings in shapes {
            for ring in *rings {
                geometry.points.extend(ring.iter().map(|(x, y)| Grid::new(*x, *y)));
                geometry.end_part();
            }
            geometry.end_polygon();
        }
        geometry
    }

    /// Validates and compares areas of outer rings and holes, sorted, doubled.
    fn check(shapes: &[&[&[(i32, i32)]]], expected_areas: &[i64]) {
        let mut geometry = polygons(shapes);
        let mut validator = Validator::default();
        validator.validate(&mut geometry);
        let mut areas: Vec<i64> = geometry.parts().map(area_doubled).collect();
        areas.sort_unstable();
        assert_eq!(areas, expected_areas, "{geometry:?}");
        let again = geometry.clone();
        validator.validate(&mut geometry);
        assert_eq!(geometry, again, "legal shapes stay as they are");
    }

    const SQUARE: &[(i32, i32)] = &[(0, 0), (8, 0), (8, 8), (0, 8)];

    #[test]
    fn legal_square_stays_and_a_wrong_winding_is_turned() {
        check(&[&[SQUARE]], &[128]);
        check(&[&[&[(0, 0), (0, 8), (8, 8), (8, 0)]]], &[128]);
    }

    #[test]
    fn bow_tie_becomes_two_triangles() {
        check(&[&[&[(0, 0), (8, 8), (8, 0), (0, 8)]]], &[32, 32]);
    }

    #[test]
    fn spike_and_straight_vertices_go() {
        check(&[&[&[(0, 0), (4, 0), (8, 0), (12, 0), (8, 0), (8, 8), (0, 8)]]], &[128]);
    }

    #[test]
    fn ring_without_area_is_nothing() {
        check(&[&[&[(0, 0), (4, 4), (8, 8), (2, 2)]]], &[]);
    }

    #[test]
    fn hole_inside_stays_and_hole_outside_becomes_land() {
        check(&[&[SQUARE, &[(2, 2), (4, 2), (4, 4), (2, 4)]]], &[-8, 128]);
        check(&[&[SQUARE, &[(12, 2), (14, 2), (14, 4), (12, 4)]]], &[8, 128]);
    }

    #[test]
    fn hole_stays_as_land_when_nothing_is_left_of_its_ring() {
        let sliver: &[(i32, i32)] = &[(-1, -1), (0, 0), (11, 12)];
        let hole: &[(i32, i32)] = &[(30, 0), (0, -30), (-10, 20), (10, 0), (0, -1), (0, 0)];
        let mut geometry = polygons(&[&[sliver, hole]]);
        Validator::default().validate(&mut geometry);
        let area: i64 = geometry.parts().map(area_doubled).sum();
        assert!((1100..1700).contains(&area), "{area}: {geometry:?}");
    }

    #[test]
    fn hole_over_the_edge_is_a_notch_and_a_bump() {
        check(&[&[SQUARE, &[(6, 2), (10, 2), (10, 4), (6, 4)]]], &[8, 120]);
    }

    #[test]
    fn polygon_within_a_polygon_is_swallowed_but_an_island_in_a_hole_stays() {
        check(&[&[SQUARE], &[&[(2, 2), (4, 2), (4, 4), (2, 4)]]], &[128]);
        check(
            &[&[SQUARE, &[(1, 1), (7, 1), (7, 7), (1, 7)]], &[&[(2, 2), (4, 2), (4, 4), (2, 4)]]],
            &[-72, 8, 128],
        );
    }

    #[test]
    fn polygons_that_share_an_edge_become_one() {
        check(&[&[SQUARE], &[&[(8, 0), (16, 0), (16, 8), (8, 8)]]], &[256]);
    }

    #[test]
    fn running_back_along_the_window_is_cut_apart() {
        // Two bays joined by a double line along x = 0.
        check(&[&[&[(0, 0), (4, 0), (4, 2), (0, 2), (0, 6), (4, 6), (4, 8), (0, 8)]]], &[16, 16]);
    }

    #[test]
    fn filled_window_is_recognized() {
        let window = polygons(&[&[&[(-1, -1), (9, -1), (9, 9), (-1, 9)]]]);
        assert!(fills(&window, -1, 9));
        assert!(!fills(&polygons(&[&[SQUARE]]), -1, 9));
    }
}
