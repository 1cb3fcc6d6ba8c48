//! Rebuilds polygons that touch or cross themselves or each other.
//!
//! In:     tidy polygons.
//! Out:    legal ones with the same area: each polygon by the even-odd rule, several by union.
//! Source: `i_overlay` on integers with its OGC option.

use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay::{IntOverlayOptions, Overlay, ShapeType};
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::core::solver::Solver;
use i_overlay::i_float::int::point::IntPoint;
use zellige_model::{Geometry, Grid};

use super::nest::Rings;
use super::noise::Crowding;

/// A ring of the overlay; the first of a shape is the outer one.
type Contour = Vec<IntPoint<i32>>;

/// Replaces polygons that touch or cross themselves or each other by legal ones of the same area.
///
/// Each polygon counts by the even-odd rule, several polygons by union.
pub(super) fn mend(geometry: &mut Geometry<Grid>, crowding: Crowding) {
    write(mended(geometry, solver(crowding)), geometry);
}

/// Returns twice the area of polygons: each by the even-odd rule, several by union.
pub(super) fn area_doubled(geometry: &Geometry<Grid>, crowding: Crowding) -> i64 {
    let of_shape = |shape: &Vec<Contour>| {
        let mut areas = shape.iter().map(contour_area_doubled);
        areas.next().unwrap_or(0) - areas.sum::<i64>()
    };
    mended(geometry, solver(crowding)).iter().map(of_shape).sum()
}

/// Returns how edges are split where they meet.
///
/// Long edges stand beside many others, which a sweep compares again and again: cut into short ones first they take a
/// third of the time.
const fn solver(crowding: Crowding) -> Solver {
    match crowding {
        Crowding::Sparse => Solver::AUTO,
        Crowding::Dense | Crowding::Noise => Solver::FRAG,
    }
}

/// Returns the legal shapes of polygons.
fn mended(geometry: &Geometry<Grid>, solver: Solver) -> Vec<Vec<Contour>> {
    let mut shapes = Vec::new();
    for rings in geometry.polygons() {
        let contours: Vec<Contour> = rings.map(|ring| contour(geometry.part(ring))).collect();
        shapes.extend(overlay(&contours, FillRule::EvenOdd, solver));
    }
    if geometry.polygon_ends.len() > 1 {
        let contours: Vec<_> = shapes.into_iter().flatten().collect();
        shapes = united(&contours);
    }
    shapes
}

/// Replaces polygons that are legal one by one, and do not overlap, by their union.
pub(super) fn join(geometry: &mut Geometry<Grid>) {
    let contours: Vec<_> = geometry.parts().map(contour).collect();
    write(overlay(&contours, FillRule::EvenOdd, Solver::AUTO), geometry);
}

/// Replaces polygons that are legal one by one by their union.
pub(super) fn unite(geometry: &mut Geometry<Grid>) {
    let contours: Vec<_> = geometry.parts().map(contour).collect();
    write(united(&contours), geometry);
}

/// Returns the union of wound contours.
fn united(contours: &[Contour]) -> Vec<Vec<Contour>> {
    // The union first; its shapes do not overlap, so the even-odd rule then only settles how they touch.
    let union: Vec<_> = overlay(contours, FillRule::NonZero, Solver::AUTO).into_iter().flatten().collect();
    overlay(&union, FillRule::EvenOdd, Solver::AUTO)
}

fn contour(ring: &[Grid]) -> Contour {
    ring.iter().map(|point| IntPoint::new(point.x, point.y)).collect()
}

/// Makes `geometry` of `shapes`, whose holes may have lost their rings: where rings touch at points the overlay now and
/// then binds a hole to a ring beside it.
fn write(shapes: Vec<Vec<Contour>>, geometry: &mut Geometry<Grid>) {
    let mut rings = Rings::default();
    for shape in shapes {
        for (nth, ring) in shape.into_iter().enumerate() {
            rings.push(ring.into_iter().map(|point| Grid::new(point.x, point.y)), nth > 0);
        }
    }
    rings.nest_into(geometry);
}

fn contour_area_doubled(contour: &Contour) -> i64 {
    let ring: Vec<Grid> = contour.iter().map(|point| Grid::new(point.x, point.y)).collect();
    super::area_doubled(&ring).abs()
}

fn overlay(contours: &[Contour], rule: FillRule, solver: Solver) -> Vec<Vec<Contour>> {
    let mut overlay =
        Overlay::<i32>::new_custom(contours.iter().map(Vec::len).sum(), IntOverlayOptions::ogc(), solver);
    overlay.add_source(contours, ShapeType::Subject);
    overlay.overlay(OverlayRule::Subject, rule)
}
