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
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, Envelope, RTree, RTreeObject};
use zellige_model::{Geometry, GeometryKind, Grid};

use crate::snap_round::Fine;

use super::area_doubled;
use super::edge::Edge;
use super::noise::Crowding;

/// A ring of the overlay; the first of a shape is the outer one.
type Contour = Vec<IntPoint<i32>>;

/// Replaces polygons that touch or cross themselves or each other by legal ones of the same area.
///
/// Each polygon counts by the even-odd rule, several polygons by union.
pub(super) fn mend(geometry: &mut Geometry<Grid>, crowding: Crowding) {
    write(mended(geometry, |point| IntPoint::new(point.x, point.y), solver(crowding)), geometry);
}

/// Where edges cross, the overlay puts a vertex: to measure areas, on a grid by so many bits finer than sixteenths of
/// units. Stars of 250 points, 60 units wide, would seem a hundredth too large or small without.
const FINER_BITS: u32 = 4;

/// Returns twice the area of polygons in units of the grid: each by the even-odd rule, several by union.
pub(super) fn fine_area_doubled(geometry: &Geometry<Fine>, crowding: Crowding) -> i64 {
    let finer = |point: &Fine| IntPoint::new(point.x << FINER_BITS, point.y << FINER_BITS);
    let shapes = mended(geometry, finer, solver(crowding));
    let of_shape = |shape: &Vec<Contour>| {
        let mut areas = shape.iter().map(contour_area_doubled);
        areas.next().unwrap_or(0) - areas.sum::<i64>()
    };
    let bits = 2 * (Fine::BITS + FINER_BITS);
    (shapes.iter().map(of_shape).sum::<i64>() + (1 << (bits - 1))) >> bits
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

/// Returns the legal shapes of polygons whose points are told by `point`.
fn mended<P>(
    geometry: &Geometry<P>,
    point: impl Fn(&P) -> IntPoint<i32>,
    solver: Solver,
) -> Vec<Vec<Contour>> {
    let mut shapes = Vec::new();
    for rings in geometry.polygons() {
        let contours: Vec<Contour> =
            rings.map(|ring| geometry.part(ring).iter().map(&point).collect()).collect();
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

/// Makes `geometry` of `shapes`, whose holes may have lost their rings.
fn write(mut shapes: Vec<Vec<Contour>>, geometry: &mut Geometry<Grid>) {
    if shapes.len() > 1 {
        rehome_holes(&mut shapes);
    }
    geometry.reset(GeometryKind::Polygon);
    for shape in shapes {
        for ring in shape {
            geometry.points.extend(ring.iter().map(|point| Grid::new(point.x, point.y)));
            geometry.end_part();
        }
        geometry.end_polygon();
    }
}

/// Gives each hole to the smallest outer ring that holds it.
///
/// Where rings touch at points the overlay now and then binds a hole to a ring beside it. Boxes say
/// which rings come into question; of those only all but the largest are asked exactly, so that a large
/// ring with many holes costs no more than its holes.
fn rehome_holes(shapes: &mut [Vec<Contour>]) {
    let holes: Vec<_> = shapes.iter_mut().flat_map(|shape| shape.drain(1..).collect::<Vec<_>>()).collect();
    if holes.is_empty() {
        return;
    }
    let boxes = shapes.iter().enumerate().map(|(home, shape)| {
        let corners = bounds(&shape[0]);
        let shell = (contour_area_doubled(&shape[0]), home);
        GeomWithData::new(Rectangle::from_aabb(corners), shell)
    });
    let boxes = RTree::bulk_load(boxes.collect());
    let mut candidates = Vec::new();
    for hole in holes {
        let corners = bounds(&hole);
        candidates.clear();
        let met = boxes.locate_in_envelope_intersecting(corners);
        candidates
            .extend(met.filter(|shell| shell.envelope().contains_envelope(&corners)).map(|shell| shell.data));
        candidates.sort_unstable();
        let Some(((_, largest), smaller)) = candidates.split_last() else { continue };
        let home = smaller.iter().map(|(_, home)| *home).find(|home| holds(&shapes[*home][0], &hole));
        shapes[home.unwrap_or(*largest)].push(hole);
    }
}

fn contour_area_doubled(contour: &Contour) -> i64 {
    let ring: Vec<Grid> = contour.iter().map(|point| Grid::new(point.x, point.y)).collect();
    area_doubled(&ring).abs()
}

fn bounds(contour: &[IntPoint<i32>]) -> AABB<[i64; 2]> {
    let corners: Vec<[i64; 2]> = contour.iter().map(|point| [point.x.into(), point.y.into()]).collect();
    AABB::from_points(&corners)
}

/// Whether `hole`, which crosses no edge of `shell`, lies inside of it.
fn holds(shell: &[IntPoint<i32>], hole: &[IntPoint<i32>]) -> bool {
    // The middle of an edge, in half units; where another ring touches it there, the next one.
    let edges = hole.iter().zip(hole.iter().cycle().skip(1));
    let mut middles = edges.map(|(a, b)| Grid::new(a.x + b.x, a.y + b.y));
    middles.find_map(|middle| is_inside(shell, middle)).unwrap_or(false)
}

/// Whether `point`, in half units, lies inside of `ring`; nothing when it lies on it.
fn is_inside(ring: &[IntPoint<i32>], point: Grid) -> Option<bool> {
    let mut inside = false;
    for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
        let (a, b) = (Grid::new(2 * a.x, 2 * a.y), Grid::new(2 * b.x, 2 * b.y));
        let edge = Edge::between(a, b);
        if edge.meets(Edge::between(point, point)) {
            return None;
        }
        inside ^= edge.is_east_of(point);
    }
    Some(inside)
}

fn overlay(contours: &[Contour], rule: FillRule, solver: Solver) -> Vec<Vec<Contour>> {
    let mut overlay =
        Overlay::<i32>::new_custom(contours.iter().map(Vec::len).sum(), IntOverlayOptions::ogc(), solver);
    overlay.add_source(contours, ShapeType::Subject);
    overlay.overlay(OverlayRule::Subject, rule)
}
