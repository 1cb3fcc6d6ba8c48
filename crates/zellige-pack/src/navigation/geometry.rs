//! Positions as whole numbers, and lengths and headings between them.
//!
//! In:     `LonLat` in degrees.
//! Out:    [`Vertex`] in units of 1e-7 degrees; metres; degrees clockwise from north.
//! Keeps:  equal positions equal; the same bits on every platform, since no function is the platform's own.
//! Source: haversine formula on a sphere of the radius that routing engines use.

use std::f64::consts::PI;

use zellige_model::LonLat;

/// Units of a [`Vertex`] in a degree.
pub(super) const UNITS_PER_DEGREE: i64 = 10_000_000;

/// The radius of the sphere on which lengths are measured, metres.
const EARTH_RADIUS_M: f64 = 6_378_160.187;

/// A position in units of 1e-7 degrees; sorts from south to north.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Vertex {
    /// Latitude, within ±9e8.
    pub(super) lat: i32,
    /// Longitude, from -1.8e9 to below 1.8e9.
    pub(super) lon: i32,
}

impl Vertex {
    /// Rounds a position of a source; longitudes beyond ±180 degrees are wrapped.
    pub(super) fn of(point: LonLat) -> Self {
        let lon = (point.lon * UNITS_PER_DEGREE as f64).round() as i64;
        let lat = (point.lat * UNITS_PER_DEGREE as f64).round() as i32;
        Self { lat, lon: wrapped(lon) as i32 }
    }

    /// Returns the position in degrees.
    pub(super) fn degrees(self) -> LonLat {
        let degrees = |units: i32| f64::from(units) / UNITS_PER_DEGREE as f64;
        LonLat::new(degrees(self.lon), degrees(self.lat))
    }

    /// Returns the position in units of 1e-6 degrees, latitude first, as shapes in graph tiles have it.
    ///
    /// Halves go where they go when degrees are counted from the corner of the world, as the engines' own tools do.
    pub(super) fn micro(self) -> [i64; 2] {
        let micro = |units: i32, corner: f64| {
            (((f64::from(units) + corner * UNITS_PER_DEGREE as f64) * 1e-7 - corner) * 1e6).round() as i64
        };
        [micro(self.lat, 90.0), micro(self.lon, 180.0)]
    }

    /// Returns the vertex as engines find it in the shape of an edge.
    pub(super) fn coarse(self) -> Self {
        let [lat, lon] = self.micro().map(|micro| (micro * 10) as i32);
        Self { lat, lon }
    }

    /// Returns the vertex as far along the straight line to `other` as `share` says, from 0 to 1; the short way round.
    pub(super) fn toward(self, other: Self, share: f64) -> Self {
        let [lat, lon] = [other.lat, other.lon].map(i64::from);
        let (lat, lon) = (lat - i64::from(self.lat), wrapped(lon - i64::from(self.lon)));
        let step = |whole: i64| (whole as f64 * share).round() as i64;
        Self {
            lat: (i64::from(self.lat) + step(lat)) as i32,
            lon: wrapped(i64::from(self.lon) + step(lon)) as i32,
        }
    }

    fn radians(self) -> (f64, f64) {
        let radians = |units: i32| f64::from(units) * (PI / (180.0 * UNITS_PER_DEGREE as f64));
        (radians(self.lat), radians(self.lon))
    }
}

/// Returns the same longitude, or difference of longitudes, within half a turn.
fn wrapped(lon: i64) -> i64 {
    const TURN: i64 = 360 * UNITS_PER_DEGREE;
    (lon + TURN / 2).rem_euclid(TURN) - TURN / 2
}

/// Returns the distance of two positions in metres.
pub(super) fn distance_m(a: Vertex, b: Vertex) -> f64 {
    if a == b {
        return 0.0;
    }
    let ((a_lat, a_lon), (b_lat, b_lon)) = (a.radians(), b.radians());
    let north = libm::sin((b_lat - a_lat) / 2.0);
    let east = libm::sin((b_lon - a_lon) / 2.0);
    let h = north * north + libm::cos(a_lat) * libm::cos(b_lat) * east * east;
    2.0 * EARTH_RADIUS_M * libm::asin(h.clamp(0.0, 1.0).sqrt())
}

/// Returns the length of a line in metres.
pub(super) fn length_m(line: &[Vertex]) -> f64 {
    line.windows(2).map(|pair| distance_m(pair[0], pair[1])).sum()
}

/// Returns the heading at the beginning of a line, in degrees from 0 to 360: that of the straight line from its
/// first vertex to the point `reach_m` metres along it, or to its end when it is shorter.
pub(super) fn heading(line: impl Iterator<Item = Vertex>, reach_m: f64) -> f64 {
    let mut line = line.peekable();
    let Some(first) = line.next() else { return 0.0 };
    let (mut last, mut passed_m) = (first, 0.0);
    while let Some(next) = line.next() {
        let step_m = distance_m(last, next);
        if passed_m + step_m > reach_m && (last != first || line.peek().is_some()) {
            return bearing(first, last.toward(next, (reach_m - passed_m) / step_m));
        }
        passed_m += step_m;
        last = next;
    }
    bearing(first, last)
}

/// Returns the vertex of a line that is nearest to a share of its length; nothing for an empty line.
pub(super) fn nearest(line: &[Vertex], share: f64) -> Option<Vertex> {
    let wanted_m = share * length_m(line);
    let mut passed_m = 0.0;
    let mut best = (wanted_m.abs(), *line.first()?);
    for pair in line.windows(2) {
        passed_m += distance_m(pair[0], pair[1]);
        if (passed_m - wanted_m).abs() < best.0 {
            best = ((passed_m - wanted_m).abs(), pair[1]);
        }
    }
    Some(best.1)
}

/// Returns the part of a line between two shares of its length, with both ends.
pub(super) fn part(line: &[Vertex], [start, end]: [f64; 2]) -> Vec<Vertex> {
    let total_m = length_m(line);
    let (start_m, end_m) = (start * total_m, end * total_m);
    let mut out = Vec::new();
    let mut push = |vertex: Vertex| {
        if out.last() != Some(&vertex) {
            out.push(vertex);
        }
    };
    let mut passed_m = 0.0;
    if start <= 0.0 {
        line.first().copied().map(&mut push);
    }
    for (pair_idx, pair) in line.windows(2).enumerate() {
        let step_m = distance_m(pair[0], pair[1]);
        let inside = |at_m: f64| passed_m <= at_m && at_m < passed_m + step_m;
        if start > 0.0 && inside(start_m) {
            push(pair[0].toward(pair[1], (start_m - passed_m) / step_m));
        }
        if end < 1.0 && inside(end_m) {
            push(pair[0].toward(pair[1], (end_m - passed_m) / step_m));
            return out;
        }
        passed_m += step_m;
        let is_last = pair_idx + 2 == line.len();
        if passed_m > start_m && (passed_m < end_m || is_last) {
            push(pair[1]);
        }
    }
    out
}

/// Returns how bent a line is, from 0 to 15: the mean over its vertices of 1500 m by the radius of the circle
/// through a vertex and its neighbours, each at most 25.
pub(super) fn curvature(line: &[Vertex]) -> u8 {
    let scores = line.windows(3).map(|three| match radius_m(three[0], three[1], three[2]) {
        radius if radius > 1000.0 => 0.0,
        radius => (1500.0 / radius).min(25.0),
    });
    let n = line.len().saturating_sub(2);
    if n == 0 { 0 } else { (scores.sum::<f64>() / n as f64).min(15.0) as u8 }
}

/// Returns the initial heading of the great circle from `a` to `b`.
fn bearing(a: Vertex, b: Vertex) -> f64 {
    if a == b {
        return 0.0;
    }
    let ((a_lat, a_lon), (b_lat, b_lon)) = (a.radians(), b.radians());
    let east = b_lon - a_lon;
    let y = libm::sin(east) * libm::cos(b_lat);
    let x = libm::cos(a_lat) * libm::sin(b_lat) - libm::sin(a_lat) * libm::cos(b_lat) * libm::cos(east);
    (libm::atan2(y, x).to_degrees() + 360.0) % 360.0
}

/// Returns the radius of the circle through three positions, metres; very large when they lie on a line.
fn radius_m(a: Vertex, b: Vertex, c: Vertex) -> f64 {
    let (ab, bc, ca) = (distance_m(a, b), distance_m(b, c), distance_m(c, a));
    let half = (ab + bc + ca) / 2.0;
    let area = (half * (half - ab) * (half - bc) * (half - ca)).max(0.0).sqrt();
    if area > 0.0 { ab * bc * ca / (4.0 * area) } else { f64::MAX }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lon: f64, lat: f64) -> Vertex {
        Vertex::of(LonLat::new(lon, lat))
    }

    fn check(line: &[(f64, f64)], reach_m: f64, expected: f64) {
        let line: Vec<Vertex> = line.iter().map(|(lon, lat)| at(*lon, *lat)).collect();
        assert!((heading(line.iter().copied(), reach_m) - expected).abs() < 0.1, "{line:?}");
    }

    #[test]
    fn headings_go_clockwise_from_north() {
        check(&[(0.0, 0.0), (0.0, 1.0)], 15.0, 0.0);
        check(&[(0.0, 0.0), (1.0, 0.0)], 15.0, 90.0);
        check(&[(0.0, 0.0), (0.0, -1.0)], 15.0, 180.0);
        check(&[(0.0, 0.0), (-1.0, 0.0)], 15.0, 270.0);
    }

    #[test]
    fn heading_looks_as_far_as_it_reaches() {
        // Ten metres to the north, then to the east.
        let bend = [(0.0, 0.0), (0.0, 0.000_09), (0.001, 0.000_09)];
        check(&bend, 5.0, 0.0);
        check(&bend, 20.0, 45.0);
        check(&bend, 10_000.0, 84.86);
    }

    #[test]
    fn degree_of_latitude_is_111_kilometres() {
        assert!((distance_m(at(9.0, 47.0), at(9.0, 48.0)) - 111_319.9).abs() < 0.1);
        assert!(distance_m(at(9.0, 47.0), at(9.0, 47.0)).abs() < f64::EPSILON);
    }

    #[test]
    fn straight_lines_are_not_bent_and_hairpins_are() {
        let straight: Vec<Vertex> = (0..5).map(|i| at(f64::from(i) / 100.0, 0.0)).collect();
        assert_eq!(curvature(&straight), 0);
        assert_eq!(curvature(&[at(0.0, 0.0), at(0.001, 0.0), at(0.0, 0.000_01)]), 15);
        assert_eq!(curvature(&straight[..2]), 0);
    }

    #[test]
    fn parts_meet_at_equal_vertices() {
        let line = [at(0.0, 0.0), at(1.0, 0.0), at(3.0, 0.0)];
        let ends = |from: f64, to: f64| -> Vec<f64> {
            part(&line, [from, to]).iter().map(|vertex| vertex.degrees().lon).collect()
        };
        assert_eq!(ends(0.0, 1.0), [0.0, 1.0, 3.0]);
        assert_eq!(ends(0.0, 0.5), [0.0, 1.0, 1.5]);
        assert_eq!(ends(0.5, 1.0), [1.5, 3.0]);
        assert_eq!(ends(0.1, 0.2), [0.3, 0.6]);
        assert_eq!(nearest(&line, 0.3), Some(line[1]));
        assert_eq!(nearest(&line, 1.0), Some(line[2]));
    }

    #[test]
    fn longitudes_are_wrapped() {
        assert_eq!(at(190.0, 0.0), at(-170.0, 0.0));
        assert_eq!(at(180.0, 0.0), at(-180.0, 0.0));
        assert_eq!(at(179.0, 0.0).toward(at(-179.0, 2.0), 0.5), at(180.0, 1.0));
        assert_eq!(at(-179.0, 0.0).toward(at(179.0, 2.0), 0.75), at(179.5, 1.5));
    }
}
