//! Which roads a region has.
//!
//! In:     polygons in degrees, rings open; lines in degrees.
//! Out:    whether a line meets the polygons; touching counts.
//! Keeps:  edges straight in Web Mercator, as tile covers have them; exact integers, so no road is lost by rounding.
//! Source: a line meets a polygon when it crosses its boundary or its first point lies inside. Edges stand by rows,
//!         and in each row by the columns that they pass over there.

use std::ops::RangeInclusive;

use zellige_model::{Geometry, LonLat, World, WorldBounds};
use zellige_tile::project::{project, project_point};

/// The boundary is kept in so many rows at most.
const ROWS_MAX: usize = 4096;
/// Edges have so many parts in all rows at most, 24 bytes each: with more of them, rows are fewer.
const PARTS_MAX: usize = 1 << 20;
/// So many parts are passed over at once when none of them reaches far enough.
const BLOCK_PARTS: usize = 128;

/// A region, ready to be asked.
#[derive(Debug)]
pub(super) struct Area {
    bounds: WorldBounds,
    /// Edges of all rings.
    edges: Vec<[World; 2]>,
    stripes: Stripes,
    rows: Vec<Row>,
}

/// How the height of a region is cut into rows.
#[derive(Clone, Copy, Debug)]
struct Stripes {
    min_y: i64,
    height: i64,
    n_rows: usize,
}

/// The boundary in one row.
#[derive(Debug, Default)]
struct Row {
    /// Parts of edges that pass from one side of the row to the other.
    through: Parts,
    /// Parts of edges that end in the row.
    ending: Parts,
}

/// Parts of edges.
#[derive(Debug, Default)]
struct Parts {
    /// By their western ends.
    parts: Vec<Part>,
    /// The easternmost end of each block of [`BLOCK_PARTS`].
    reaches: Vec<i64>,
}

/// The part of an edge in a row.
#[derive(Clone, Copy, Debug)]
struct Part {
    west: i64,
    east: i64,
    edge: u32,
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
        let bounds = WorldBounds::of(&projected.points);
        let stripes = Stripes::of(&edges, &bounds);
        let mut rows: Vec<[Vec<Part>; 2]> = vec![Default::default(); stripes.n_rows];
        for (edge, ends) in (0..).zip(&edges) {
            for row in stripes.between(ends[0].y, ends[1].y) {
                let (west, east) = stripes.span(*ends, row);
                let does_end = !stripes.passes_through(*ends, row);
                rows[row][usize::from(does_end)].push(Part { west, east, edge });
            }
        }
        let row = |[through, ending]: [Vec<Part>; 2]| Row {
            through: Parts::new(through),
            ending: Parts::new(ending),
        };
        Self { bounds, edges, stripes, rows: rows.into_iter().map(row).collect() }
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
        self.bounds.meets(&WorldBounds::of(&[from, to]))
            && self.near([from, to]).any(|edge| meet([from, to], self.edges[edge as usize]))
    }

    /// Returns the edges that come near a segment: in a row of both their spans meet.
    fn near(&self, segment: [World; 2]) -> impl Iterator<Item = u32> {
        self.stripes.between(segment[0].y, segment[1].y).flat_map(move |row| {
            let (west, east) = self.stripes.span(segment, row);
            let Row { through, ending } = &self.rows[row];
            through.between(west, east).chain(ending.between(west, east)).map(|part| part.edge)
        })
    }

    /// Whether a point lies inside: a ray to the east crosses the boundary an odd number of times.
    fn contains(&self, point: World) -> bool {
        if !self.bounds.meets(&WorldBounds::of(&[point])) {
            return false;
        }
        let is_crossed = |part: &&Part| {
            let [a, b] = self.edges[part.edge as usize];
            let [low, high] = if a.y < b.y { [a, b] } else { [b, a] };
            low.y <= point.y && point.y < high.y && turn(low, high, point) > 0
        };
        let Row { through, ending } = &self.rows[self.stripes.row(point.y)];
        let near = through.between(point.x, point.x).chain(ending.between(point.x, i64::MAX));
        // Edges that pass through the row beyond the point are crossed without a look.
        (through.n_east_of(point.x) + near.filter(is_crossed).count()) % 2 == 1
    }
}

impl Stripes {
    /// Returns as many rows as edges may have, unless they had too many parts then.
    fn of(edges: &[[World; 2]], bounds: &WorldBounds) -> Self {
        let height = if bounds.is_empty() { 1 } else { bounds.max.y - bounds.min.y + 1 };
        let mut stripes = Self { min_y: bounds.min.y, height, n_rows: edges.len().clamp(1, ROWS_MAX) };
        let n_parts =
            |stripes: Self| -> usize { edges.iter().map(|[a, b]| stripes.between(a.y, b.y).count()).sum() };
        while stripes.n_rows > 1 && n_parts(stripes) > PARTS_MAX {
            stripes.n_rows /= 2;
        }
        stripes
    }

    /// Returns the row that a height lies in; the first or the last one when it lies beyond them.
    fn row(self, y: i64) -> usize {
        // Heights of the world are below 2^41 and rows of the region below 2^13.
        ((y - self.min_y).clamp(0, self.height - 1) * self.n_rows as i64 / self.height) as usize
    }

    fn between(self, a: i64, b: i64) -> RangeInclusive<usize> {
        self.row(a.min(b))..=self.row(a.max(b))
    }

    /// Returns the least height of a row.
    fn start(self, row: usize) -> i64 {
        let (n_rows, row) = (self.n_rows as i64, row as i64);
        self.min_y + (row * self.height + n_rows - 1) / n_rows
    }

    /// Whether a segment passes all heights of a row.
    fn passes_through(self, [a, b]: [World; 2], row: usize) -> bool {
        a.y.min(b.y) <= self.start(row) && self.start(row + 1) <= a.y.max(b.y)
    }

    /// Returns the western and the eastern end of a segment in a row, a unit further out for rounding.
    fn span(self, [a, b]: [World; 2], row: usize) -> (i64, i64) {
        if a.y == b.y {
            return (a.x.min(b.x), a.x.max(b.x));
        }
        let x_at = |y: i64| {
            let y = y.clamp(a.y.min(b.y), a.y.max(b.y));
            let passed = i128::from(b.x - a.x) * i128::from(y - a.y);
            a.x + passed.div_euclid(i128::from(b.y - a.y)) as i64
        };
        let [south, north] = [self.start(row), self.start(row + 1)].map(x_at);
        (south.min(north) - 1, south.max(north) + 1)
    }
}

impl Parts {
    fn new(mut parts: Vec<Part>) -> Self {
        parts.sort_unstable_by_key(|part| part.west);
        let reach = |block: &[Part]| block.iter().map(|part| part.east).max().unwrap_or(i64::MIN);
        Self { reaches: parts.chunks(BLOCK_PARTS).map(reach).collect(), parts }
    }

    /// Returns the number of parts that begin at `x` or west of it.
    fn n_from(&self, x: i64) -> usize {
        self.parts.partition_point(|part| part.west <= x)
    }

    /// Counts the parts that lie east of `x`.
    fn n_east_of(&self, x: i64) -> usize {
        self.parts.len() - self.n_from(x)
    }

    /// Returns the parts that have something in common with a span.
    fn between(&self, west: i64, east: i64) -> impl Iterator<Item = &Part> {
        let blocks = self.parts[..self.n_from(east)].chunks(BLOCK_PARTS).zip(&self.reaches);
        let near = blocks.filter(move |(_, reach)| west <= **reach).flat_map(|(block, _)| block);
        near.filter(move |part| west <= part.east)
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

    /// Returns a region of one ring.
    fn area(ring: &[(f64, f64)]) -> Area {
        let mut polygon = Geometry { kind: GeometryKind::Polygon, ..Geometry::default() };
        polygon.points.extend(ring.iter().map(|(lon, lat)| LonLat::new(*lon, *lat)));
        polygon.end_part();
        polygon.end_polygon();
        Area::new(&polygon)
    }

    /// Returns a comb of so many slanted teeth over 8 degrees.
    fn comb(n_teeth: u32) -> Area {
        let width = 8.0 / f64::from(n_teeth);
        let tooth = |tooth: u32| {
            let west = f64::from(tooth) * width;
            [(west, 0.1), (west + 8.0, 8.0), (west + width / 2.0 + 8.0, 8.0), (west + width / 2.0, 0.1)]
        };
        let teeth = (0..n_teeth).flat_map(tooth);
        area(&teeth.chain([(8.0, 0.1), (8.0, 0.0), (0.0, 0.0)]).collect::<Vec<_>>())
    }

    #[test]
    fn comb_takes_little_memory_and_few_looks() {
        let comb = comb(12_000);
        let n_parts: usize =
            comb.rows.iter().map(|row| row.through.parts.len() + row.ending.parts.len()).sum();
        assert!((PARTS_MAX / 4..=PARTS_MAX).contains(&n_parts), "{n_parts}");
        let most = comb.rows.iter().map(|row| row.through.parts.len() + row.ending.parts.len()).max();
        let short = [(8.0, 4.0), (8.0002, 4.0)].map(|(lon, lat)| project_point(LonLat::new(lon, lat)));
        let n_near = comb.near(short).count();
        assert!(n_near * 20 < most.unwrap(), "{n_near} of {most:?}");
    }

    #[test]
    fn answers_are_those_of_all_edges() {
        let comb = comb(40);
        let mut seed = 1_u64;
        let mut random = |below: f64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as f64 / f64::from(1_u32 << 31) * below
        };
        for length in [0.01, 0.1, 5.0] {
            for _ in 0..500 {
                let (lon, lat) = (random(17.0) - 0.5, random(9.0) - 0.5);
                let (to_lon, to_lat) = (lon + random(length), lat + random(length) - length / 2.0);
                let [from, to] =
                    [(lon, lat), (to_lon, to_lat)].map(|(lon, lat)| project_point(LonLat::new(lon, lat)));
                let crosses = comb.edges.iter().any(|edge| meet([from, to], *edge));
                assert_eq!(comb.crosses(from, to), crosses, "{lon} {lat} {to_lon} {to_lat}");
                let is_crossed = |edge: &&[World; 2]| {
                    let [low, high] = if edge[0].y < edge[1].y { **edge } else { [edge[1], edge[0]] };
                    low.y <= from.y && from.y < high.y && turn(low, high, from) > 0
                };
                let is_inside = comb.edges.iter().filter(is_crossed).count() % 2 == 1;
                assert_eq!(comb.contains(from), is_inside, "{lon} {lat}");
            }
        }
    }

    #[test]
    fn region_without_area_has_no_roads() {
        assert!(!Area::new(&Geometry::default()).meets(&[LonLat::new(0.0, 0.0)]));
    }
}
