//! Makes polygons legal: closed, wound, not empty, holes inside, no self-crossing.
//!
//! In:     polygons on the grid of a tile, rings open.
//! Out:    the same area under the even-odd rule, as MVT 2.1 §4.3.4.4 and OGC Simple Features demand:
//!         outer rings with positive area (y down), holes with negative area, in grid points only.
//! Keeps:  legal rings vertex for vertex, but for vertices on straight edges.
//! Source: a cheap exact test first (edges bucketed by rows, then swept from left to right); only what
//!         fails it goes through an exact overlay on integers (`i_overlay`).
//!
//! Snapping and running along a window's edge break about one shape in thirty; the overlay costs ten
//! times the test, so testing first is what makes legality cheap.

use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay::{IntOverlayOptions, Overlay, ShapeType};
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::core::solver::Solver;
use i_overlay::i_float::int::point::IntPoint;
use zellige_model::{Geometry, GeometryKind, Grid};

/// Buffers of [`Validator::validate`], kept from piece to piece.
#[derive(Debug, Default)]
pub struct Validator {
    edges: Vec<Edge>,
    /// Edge numbers, row after row, each row sorted by the western end.
    rows: Vec<u32>,
    row_starts: Vec<u32>,
    /// Rings whose inside holds the vertex that is looked at.
    around: Vec<u32>,
    scratch: Geometry<Grid>,
}

/// One edge of a ring, from west to east (north to south when vertical).
#[derive(Clone, Copy, Debug)]
struct Edge {
    west: Grid,
    east: Grid,
    ring: u32,
    /// Number of the edge in its ring; the next one shares a vertex.
    nth: u32,
    ring_len: u32,
}

impl Validator {
    /// Makes `geometry` legal; it is empty when no area is left. Points and lines stay as they are.
    pub fn validate(&mut self, geometry: &mut Geometry<Grid>) {
        if geometry.kind != GeometryKind::Polygon || is_rectangle(geometry) {
            return;
        }
        tidy(geometry, &mut self.scratch);
        if geometry.is_empty() || (self.edges_are_apart(geometry) && self.rings_nest(geometry)) {
            return;
        }
        mend(geometry);
        tidy(geometry, &mut self.scratch);
    }

    /// Whether no two edges share a point, but for neighbours in a ring and their common vertex.
    fn edges_are_apart(&mut self, geometry: &Geometry<Grid>) -> bool {
        self.load(geometry);
        self.row_starts.windows(2).all(|bounds| {
            let row = &self.rows[bounds[0] as usize..bounds[1] as usize];
            row.iter().enumerate().all(|(nth, edge_idx)| {
                let edge = self.edges[*edge_idx as usize];
                row[nth + 1..]
                    .iter()
                    .map(|other_idx| self.edges[*other_idx as usize])
                    .take_while(|other| other.west.x <= edge.east.x)
                    .all(|other| edge.is_neighbour(other) || !edge.meets(other))
            })
        })
    }

    /// Buckets the edges of `geometry` by rows.
    fn load(&mut self, geometry: &Geometry<Grid>) {
        self.edges.clear();
        for (ring, part) in geometry.parts().enumerate() {
            let ends = part.iter().zip(part.iter().cycle().skip(1));
            self.edges.extend(ends.enumerate().map(|(nth, (a, b))| {
                let (west, east) = if a <= b { (*a, *b) } else { (*b, *a) };
                Edge { west, east, ring: ring as u32, nth: nth as u32, ring_len: part.len() as u32 }
            }));
        }
        let top = geometry.points.iter().map(|point| point.y).min().unwrap_or(0);
        let bottom = geometry.points.iter().map(|point| point.y).max().unwrap_or(0);
        let row_count = (self.edges.len() as f64).sqrt() as i32 + 1;
        self.bucket(RowScale { top, height: (bottom - top) / row_count + 1 }, row_count as usize);
    }

    fn bucket(&mut self, scale: RowScale, row_count: usize) {
        self.row_starts.clear();
        self.row_starts.resize(row_count + 2, 0);
        for edge in &self.edges {
            for row in scale.rows(*edge) {
                self.row_starts[row + 2] += 1;
            }
        }
        for row in 2..self.row_starts.len() {
            self.row_starts[row] += self.row_starts[row - 1];
        }
        self.rows.clear();
        self.rows.resize(self.row_starts[row_count + 1] as usize, 0);
        for (edge_idx, edge) in self.edges.iter().enumerate() {
            for row in scale.rows(*edge) {
                let next = &mut self.row_starts[row + 1];
                self.rows[*next as usize] = edge_idx as u32;
                *next += 1;
            }
        }
        self.row_starts.pop();
        let edges = &self.edges;
        for bounds in self.row_starts.windows(2) {
            self.rows[bounds[0] as usize..bounds[1] as usize]
                .sort_unstable_by_key(|edge_idx| (edges[*edge_idx as usize].west.x, *edge_idx));
        }
    }

    /// Whether holes lie in their outer ring and in no other hole, and polygons outside of each other.
    ///
    /// Only meaningful when the edges are apart; then one vertex stands for its ring.
    fn rings_nest(&mut self, geometry: &Geometry<Grid>) -> bool {
        if geometry.part_ends.len() < 2 {
            return true;
        }
        let top = geometry.points.iter().map(|point| point.y).min().unwrap_or(0);
        let bottom = geometry.points.iter().map(|point| point.y).max().unwrap_or(0);
        let row_count = self.row_starts.len() as i32 - 1;
        let scale = RowScale { top, height: (bottom - top) / row_count.max(1) + 1 };
        geometry.polygons().enumerate().all(|(polygon_idx, rings)| {
            rings.clone().all(|ring| {
                self.look_around(geometry.part(ring)[0], ring as u32, scale);
                let is_shell = ring == rings.start;
                self.around_is_legal(
                    geometry,
                    polygon_idx,
                    if is_shell { None } else { Some(rings.start as u32) },
                )
            })
        })
    }

    /// Whether the rings in `self.around` may lie around a ring of polygon `polygon_idx`: of its own
    /// polygon only the outer ring and only around a hole, of every other polygon an even number.
    fn around_is_legal(
        &mut self,
        geometry: &Geometry<Grid>,
        polygon_idx: usize,
        own_shell: Option<u32>,
    ) -> bool {
        let polygon_of = |ring: u32| geometry.polygon_ends.partition_point(|end| *end <= ring);
        self.around.sort_unstable();
        let mut own = None;
        for rings in self.around.chunk_by(|a, b| polygon_of(*a) == polygon_of(*b)) {
            if polygon_of(rings[0]) != polygon_idx {
                if rings.len() % 2 == 1 {
                    return false;
                }
            } else if rings.len() > 1 {
                return false;
            } else {
                own = Some(rings[0]);
            }
        }
        own == own_shell
    }

    /// Collects the rings, other than `ring`, that hold `vertex` inside, in `self.around`.
    fn look_around(&mut self, vertex: Grid, ring: u32, scale: RowScale) {
        let row = scale.row(vertex.y);
        self.around.clear();
        for edge_idx in &self.rows[self.row_starts[row] as usize..self.row_starts[row + 1] as usize] {
            let edge = self.edges[*edge_idx as usize];
            if edge.ring == ring || !edge.is_east_of(vertex) {
                continue;
            }
            match self.around.iter().position(|other| *other == edge.ring) {
                Some(known) => {
                    self.around.swap_remove(known);
                }
                None => self.around.push(edge.ring),
            }
        }
    }
}

/// Rows of equal height that edges are sorted into.
#[derive(Clone, Copy, Debug)]
struct RowScale {
    top: i32,
    height: i32,
}

impl RowScale {
    const fn row(self, y: i32) -> usize {
        ((y - self.top) / self.height) as usize
    }

    fn rows(self, edge: Edge) -> std::ops::RangeInclusive<usize> {
        let (north, south) = (edge.west.y.min(edge.east.y), edge.west.y.max(edge.east.y));
        self.row(north)..=self.row(south)
    }
}

impl Edge {
    const fn is_neighbour(self, other: Self) -> bool {
        if self.ring != other.ring {
            return false;
        }
        let apart = self.nth.abs_diff(other.nth);
        apart <= 1 || apart == self.ring_len - 1
    }

    /// Whether the two closed segments share a point.
    fn meets(self, other: Self) -> bool {
        let north = |edge: Self| edge.west.y.min(edge.east.y);
        let south = |edge: Self| edge.west.y.max(edge.east.y);
        if south(self) < north(other) || south(other) < north(self) {
            return false;
        }
        let side = |edge: Self, point| turn(edge.west, edge.east, point).signum();
        let (a, b) = (side(self, other.west), side(self, other.east));
        let (c, d) = (side(other, self.west), side(other, self.east));
        if a == 0 && b == 0 {
            // On one line, and their boxes overlap.
            return self.west.x <= other.east.x && other.west.x <= self.east.x;
        }
        a * b <= 0 && c * d <= 0
    }

    /// Whether a ray from `vertex` to the east crosses the edge; upper ends count, lower ends do not.
    fn is_east_of(self, vertex: Grid) -> bool {
        if (self.west.y <= vertex.y) == (self.east.y <= vertex.y) {
            return false;
        }
        let turn = turn(self.west, self.east, vertex);
        if self.west.y < self.east.y { turn > 0 } else { turn < 0 }
    }
}

/// Returns twice the signed area of the triangle; positive when `c` lies to the right, y down: clockwise.
const fn turn(a: Grid, b: Grid, c: Grid) -> i64 {
    (b.x - a.x) as i64 * (c.y - a.y) as i64 - (b.y - a.y) as i64 * (c.x - a.x) as i64
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

/// Removes repeats, spikes and vertices on straight edges, then rings of which nothing is left; winds the rest.
fn tidy(geometry: &mut Geometry<Grid>, scratch: &mut Geometry<Grid>) {
    scratch.reset(GeometryKind::Polygon);
    for mut rings in geometry.polygons() {
        let Some(shell) = rings.next() else { continue };
        if !tidy_ring(geometry.part(shell), true, scratch) {
            continue;
        }
        for hole in rings {
            tidy_ring(geometry.part(hole), false, scratch);
        }
        scratch.end_polygon();
    }
    std::mem::swap(geometry, scratch);
}

/// Appends the tidy form of `ring`, wound as asked; says whether there is one.
fn tidy_ring(ring: &[Grid], is_shell: bool, out: &mut Geometry<Grid>) -> bool {
    let start = out.points.len();
    for point in ring {
        push_bend(*point, start, &mut out.points);
    }
    trim_seam(start, &mut out.points);
    if out.points.len() - start < 3 {
        out.points.truncate(start);
        return false;
    }
    // A ring of bends can only have no area when it crosses itself, and then it will be mended.
    if (area_doubled(&out.points[start..]) > 0) != is_shell {
        out.points[start + 1..].reverse();
    }
    out.end_part();
    true
}

/// Appends `point`, taking back earlier points that it shows to be no bends.
fn push_bend(point: Grid, start: usize, points: &mut Vec<Grid>) {
    while let [.., before, last] = &points[start..] {
        if turn(*before, *last, point) != 0 {
            break;
        }
        points.pop();
    }
    if points[start..].last() != Some(&point) {
        points.push(point);
    }
}

/// Removes points at both ends of the ring that are no bends once it is closed.
fn trim_seam(start: usize, points: &mut Vec<Grid>) {
    loop {
        let ring = &points[start..];
        let [first, second, .., before, last] = ring else { return };
        if turn(*before, *last, *first) == 0 {
            points.pop();
        } else if turn(*last, *first, *second) == 0 {
            points.remove(start);
        } else {
            return;
        }
    }
}

/// Replaces polygons that touch or cross themselves or each other by legal ones of the same area.
///
/// Each polygon counts by the even-odd rule, several polygons by union.
fn mend(geometry: &mut Geometry<Grid>) {
    let contour =
        |ring| geometry.part(ring).iter().map(|point: &Grid| IntPoint::new(point.x, point.y)).collect();
    let mut shapes = Vec::new();
    for rings in geometry.polygons() {
        let contours: Vec<Vec<IntPoint<i32>>> = rings.map(contour).collect();
        shapes.extend(overlay(&contours, FillRule::EvenOdd));
    }
    if geometry.polygon_ends.len() > 1 {
        let contours: Vec<_> = shapes.into_iter().flatten().collect();
        // The union first; its shapes do not overlap, so the even-odd rule then only settles how they touch.
        let union: Vec<_> = overlay(&contours, FillRule::NonZero).into_iter().flatten().collect();
        shapes = overlay(&union, FillRule::EvenOdd);
    }
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
/// Where rings touch at points the overlay now and then binds a hole to a ring beside it.
fn rehome_holes(shapes: &mut [Vec<Vec<IntPoint<i32>>>]) {
    let holes: Vec<_> = shapes.iter_mut().flat_map(|shape| shape.drain(1..).collect::<Vec<_>>()).collect();
    for hole in holes {
        let home = shapes
            .iter()
            .enumerate()
            .filter(|(_, shape)| holds(&shape[0], &hole))
            .min_by_key(|(_, shape)| contour_area_doubled(&shape[0]))
            .map(|(home, _)| home);
        if let Some(home) = home {
            shapes[home].push(hole);
        }
    }
}

fn contour_area_doubled(contour: &[IntPoint<i32>]) -> i64 {
    let ring: Vec<Grid> = contour.iter().map(|point| Grid::new(point.x, point.y)).collect();
    area_doubled(&ring).abs()
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
        let (west, east) = if a <= b { (a, b) } else { (b, a) };
        let edge = Edge { west, east, ring: 0, nth: 0, ring_len: 0 };
        if edge.meets(Edge { west: point, east: point, ..edge }) {
            return None;
        }
        inside ^= edge.is_east_of(point);
    }
    Some(inside)
}

fn overlay(contours: &[Vec<IntPoint<i32>>], rule: FillRule) -> Vec<Vec<Vec<IntPoint<i32>>>> {
    let mut overlay = Overlay::<i32>::new_custom(
        contours.iter().map(Vec::len).sum(),
        IntOverlayOptions::ogc(),
        Solver::default(),
    );
    overlay.add_source(contours, ShapeType::Subject);
    overlay.overlay(OverlayRule::Subject, rule)
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
