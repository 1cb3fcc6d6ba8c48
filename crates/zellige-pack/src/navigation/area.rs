//! Which roads a region has.
//!
//! In:     polygons in degrees, rings open; lines in degrees.
//! Out:    whether a line meets the polygons; touching counts.
//! Keeps:  edges straight in Web Mercator, as tile covers have them; exact integers, so no road is lost by rounding.
//! Source: a line meets a polygon when it crosses its boundary or its first point lies inside.

use std::ops::RangeInclusive;

use zellige_model::{Geometry, LonLat, World, WorldBounds};
use zellige_tile::project::{project, project_point};

/// Edges of the boundary are kept in so many rows at most.
const ROWS_MAX: usize = 4096;

/// A region, ready to be asked.
#[derive(Debug)]
pub(super) struct Area {
    bounds: WorldBounds,
    /// Edges of all rings.
    edges: Vec<[World; 2]>,
    /// For each row of the bounds, the edges that touch it.
    rows: Vec<Vec<u32>>,
}

impl Area {
    /// Makes the polygons of a region ready.
    pub(super) fn new(polygons: &Geometry<LonLat>) -> Self {
        let mut projected = Geometry::default();
        project(polygons, &mut projected);
        let mut edges = Vec::with_capacity(projected.points.len());
        for ring in projected.parts() {
            let closed = ring.iter().zip(ring.iter().cycle().skip(1));
            edges.extend(closed.map(|(from, to)| [*from, *to]));
        }
        let mut area = Self {
            bounds: WorldBounds::of(&projected.points),
            rows: vec![Vec::new(); edges.len().clamp(1, ROWS_MAX)],
            edges,
        };
        for edge_idx in 0..area.edges.len() {
            let [from, to] = area.edges[edge_idx];
            for row in area.rows_between(from.y, to.y) {
                area.rows[row].push(edge_idx as u32);
            }
        }
        area
    }

    /// Whether a line of at least one point meets the region, in whatever copy of the world.
    pub(super) fn meets(&self, line: &[LonLat]) -> bool {
        if self.bounds.is_empty() {
            return false;
        }
        let mut line: Vec<World> = line.iter().map(|point| project_point(*point)).collect();
        let bounds = WorldBounds::of(&line);
        let first = (self.bounds.min.x - bounds.max.x).div_euclid(World::SIDE);
        let last = (self.bounds.max.x - bounds.min.x).div_euclid(World::SIDE);
        let mut shift = 0;
        (first..=last).any(|copy| {
            for point in &mut line {
                point.x += (copy - shift) * World::SIDE;
            }
            shift = copy;
            self.meets_here(&line)
        })
    }

    fn meets_here(&self, line: &[World]) -> bool {
        let bounds = WorldBounds::of(line);
        self.bounds.meets(&bounds)
            && (line.first().is_some_and(|point| self.contains(*point))
                || line.windows(2).any(|pair| self.crosses(pair[0], pair[1])))
    }

    /// Whether a segment touches the boundary.
    fn crosses(&self, from: World, to: World) -> bool {
        if !self.bounds.meets(&WorldBounds::of(&[from, to])) {
            return false;
        }
        let touches = |edge_idx: &u32| meet([from, to], self.edges[*edge_idx as usize]);
        self.rows_between(from.y, to.y).any(|row| self.rows[row].iter().any(touches))
    }

    /// Whether a point lies inside: a ray to the east crosses the boundary an odd number of times.
    fn contains(&self, point: World) -> bool {
        if !self.bounds.meets(&WorldBounds::of(&[point])) {
            return false;
        }
        let is_crossed = |edge_idx: &&u32| {
            let [a, b] = self.edges[**edge_idx as usize];
            let [low, high] = if a.y < b.y { [a, b] } else { [b, a] };
            low.y <= point.y && point.y < high.y && turn(low, high, point) > 0
        };
        let row = *self.rows_between(point.y, point.y).start();
        self.rows[row].iter().filter(is_crossed).count() % 2 == 1
    }

    fn rows_between(&self, a: i64, b: i64) -> RangeInclusive<usize> {
        let height = self.bounds.max.y - self.bounds.min.y + 1;
        let n_rows = self.rows.len() as i64;
        // Rows of the world are below 2^41 and rows of the region below 2^12.
        let row = |y: i64| ((y - self.bounds.min.y).clamp(0, height - 1) * n_rows / height) as usize;
        row(a.min(b))..=row(a.max(b))
    }
}

/// Returns a positive number when `c` lies to the left of the way from `a` to `b`, with y to the south to the right.
fn turn(a: World, b: World, c: World) -> i128 {
    let cross = |ux: i64, uy: i64, vx: i64, vy: i64| {
        i128::from(ux) * i128::from(vy) - i128::from(uy) * i128::from(vx)
    };
    cross(b.x - a.x, b.y - a.y, c.x - a.x, c.y - a.y)
}

/// Whether two segments have a point in common.
fn meet([a, b]: [World; 2], [c, d]: [World; 2]) -> bool {
    if !WorldBounds::of(&[a, b]).meets(&WorldBounds::of(&[c, d])) {
        return false;
    }
    let parted = |p: i128, q: i128| (p > 0 && q > 0) || (p < 0 && q < 0);
    !parted(turn(a, b, c), turn(a, b, d)) && !parted(turn(c, d, a), turn(c, d, b))
}

#[cfg(test)]
mod tests {
    use zellige_model::GeometryKind;

    use super::*;

    /// A square from 0 to 8 degrees with a hole from 3 to 5, moved to the east.
    fn square(east: f64) -> Area {
        let mut polygons = Geometry { kind: GeometryKind::Polygon, ..Geometry::default() };
        for (low, high) in [(0.0, 8.0), (3.0, 5.0)] {
            let ring = [(low, low), (high, low), (high, high), (low, high)];
            polygons.points.extend(ring.map(|(lon, lat)| LonLat::new(lon + east, lat)));
            polygons.end_part();
        }
        polygons.end_polygon();
        Area::new(&polygons)
    }

    fn check(line: &[(f64, f64)], expected: bool) {
        let line: Vec<LonLat> = line.iter().map(|(lon, lat)| LonLat::new(*lon, *lat)).collect();
        assert_eq!(square(0.0).meets(&line), expected, "{line:?}");
        assert_eq!(square(360.0).meets(&line), expected, "{line:?}");
        let moved: Vec<LonLat> = line.iter().map(|point| LonLat::new(point.lon - 176.0, point.lat)).collect();
        assert_eq!(square(184.0).meets(&moved), expected, "{line:?}");
    }

    #[test]
    fn lines_that_meet() {
        check(&[(1.0, 1.0), (2.0, 2.0)], true);
        check(&[(-1.0, 4.0), (9.0, 4.0)], true);
        check(&[(-1.0, 1.0), (9.0, 1.1)], true);
        check(&[(4.0, 4.0), (4.0, 6.0)], true);
        check(&[(8.0, -1.0), (8.0, 9.0)], true);
        check(&[(-1.0, 1.0), (1.0, -1.0)], true);
    }

    #[test]
    fn lines_that_do_not() {
        check(&[(-1.0, 1.0), (-2.0, 1.0)], false);
        check(&[(3.5, 3.5), (4.5, 4.5)], false);
        check(&[(9.0, 7.0), (7.0, 9.1)], false);
        check(&[(20.0, 20.0), (21.0, 20.0)], false);
    }

    #[test]
    fn region_without_area_has_no_roads() {
        assert!(!Area::new(&Geometry::default()).meets(&[LonLat::new(0.0, 0.0)]));
    }
}
