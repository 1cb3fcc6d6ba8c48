//! Finds the vertices at which borders of polygons part.
//!
//! In:     polygons in the world, all of a job, in any order.
//! Out:    a [`Visit`] for every vertex of every ring; of all visits the caller makes the [`Junctions`].
//! Keeps:  nothing of a vertex but a fingerprint of 64 bits, and of a junction most of that. Two vertices with one
//!         fingerprint make a junction where there is none, in all rings alike; so chance costs a vertex and never an
//!         agreement.
//! Source: the arcs of topological formats (TIGER/Line, `TopoJSON`): a border between two junctions is the same
//!         list of vertices on both of its sides. Hashing by folded products, as in wyhash.
//!
//! ```text
//!          │ A           Rings pass through j as a–b, b–c and c–a: three pairs of neighbours, a junction.
//!     ──v──j──w──        Rings pass through v as u–j and j–u: one pair, the inside of a border.
//!     B    │    C
//! ```
//!
//! A ring that fills a hole of another polygon passes through each of its vertices as the hole does, and parts nowhere.
//! So the visit that a hole pays to its least vertex is unlike any other: what fills the hole has a junction there,
//! which tells it from a ring without neighbours, and a hole that nothing fills has none. Two shells on each other
//! are no neighbours.
//!
//! A vertex that only one of two neighbours has is no vertex of their common border: there the data
//! disagree before any tile is made, and they still do afterwards.

use zellige_model::{Geometry, GeometryKind, World, WorldBounds};

/// Numbers without a pattern: the digits of π.
const SALTS: [u64; 3] = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7345, 0xa409_3822_299f_31d1];
/// Parts of all fingerprints, by their upper bits; the junctions of each can be found by itself.
pub const PARTS: usize = 256;
const PART_BITS: u32 = PARTS.ilog2();
/// Fingerprints of a bucket of a [`JunctionPart`], on the average.
const BUCKET_FINGERPRINTS: usize = 8;

/// A ring passing through a vertex.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Visit {
    /// The fingerprint of the vertex.
    pub vertex: u64,
    /// The fingerprint of the two vertices around it, whichever comes first; another one at the least vertex of a hole.
    pub neighbours: u64,
}

/// Calls `visit` for every vertex of the rings of `geometry`; one that is repeated on the spot counts once.
///
/// `in_world` says where a point lies. Points and lines have no borders.
pub fn visits<P: Copy>(geometry: &Geometry<P>, in_world: impl Fn(P) -> World, mut visit: impl FnMut(Visit)) {
    if geometry.kind != GeometryKind::Polygon {
        return;
    }
    for mut rings in geometry.polygons() {
        if let Some(shell) = rings.next() {
            visits_of_ring(geometry.part(shell), None, &in_world, &mut visit);
        }
        for ring in rings.map(|ring| geometry.part(ring)) {
            let least = ring.iter().map(|point| in_first_world(in_world(*point))).min();
            visits_of_ring(ring, least.map(fingerprint), &in_world, &mut visit);
        }
    }
}

/// Calls `visit` for every vertex of a ring; `marked` is the one that it visits as only a hole does.
fn visits_of_ring<P: Copy>(
    ring: &[P],
    marked: Option<u64>,
    in_world: &impl Fn(P) -> World,
    visit: &mut impl FnMut(Visit),
) {
    let fingerprint = |point: P| fingerprint(in_world(point));
    let Some((start, others)) = ring.split_first() else { return };
    let first = fingerprint(*start);
    // What repeats the first vertex at the end of the ring is that vertex.
    let last = others.iter().rposition(|point| fingerprint(*point) != first);
    let others = last.map_or(&[][..], |last| &others[..=last]);
    let mut before = others.last().map_or(first, |point| fingerprint(*point));
    let mut vertex = first;
    let mut pass = |before: u64, vertex: u64, after: u64| {
        let mark = if marked == Some(vertex) { SALTS[2] } else { 0 };
        visit(Visit { vertex, neighbours: before.wrapping_add(after).wrapping_add(mark) });
    };
    for point in others {
        let after = fingerprint(*point);
        if after != vertex {
            pass(before, vertex, after);
            (before, vertex) = (vertex, after);
        }
    }
    pass(before, vertex, first);
}

/// Returns the fingerprint of a point, which copies of the world share.
///
/// A hash for bytes would take three times as long for two numbers.
fn fingerprint(point: World) -> u64 {
    let World { x, y } = in_first_world(point);
    folded_product(folded_product(x as u64 ^ SALTS[0], y as u64 ^ SALTS[1]), SALTS[2])
}

/// Returns the exclusive or of both halves of a product, in which every bit of both factors has a say.
const fn folded_product(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

/// Returns the same point of the first world.
pub(crate) const fn in_first_world(point: World) -> World {
    World::new(point.x & (World::SIDE - 1), point.y)
}

/// Returns to which of the [`PARTS`] a fingerprint belongs.
#[must_use]
pub const fn part_of(vertex: u64) -> usize {
    (vertex >> (u64::BITS - PART_BITS)) as usize
}

/// The junctions of one of the [`PARTS`], 4.5 bytes each.
///
/// A bucket has the fingerprints of a range, and keeps their lower halves. Some eight of them may be taken for a
/// fingerprint that is none: that happens to one vertex in 500 million.
#[derive(Clone, Debug, Default)]
pub struct JunctionPart {
    halves: Vec<u32>,
    /// Where the halves of each bucket start, and behind the last one; empty when there is no junction.
    starts: Vec<u32>,
}

impl JunctionPart {
    /// Returns the junctions with these fingerprints of vertices, which are sorted, belong to one part and are below
    /// 2^32 in number.
    #[must_use]
    pub fn from_sorted(fingerprints: &[u64]) -> Self {
        if fingerprints.is_empty() {
            return Self::default();
        }
        let n_buckets = fingerprints.len().div_ceil(BUCKET_FINGERPRINTS);
        let mut starts = vec![0; n_buckets + 1];
        for fingerprint in fingerprints {
            starts[bucket(*fingerprint, n_buckets) + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        Self { halves: fingerprints.iter().map(|fingerprint| *fingerprint as u32).collect(), starts }
    }

    /// Returns the number of junctions.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.halves.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.halves.is_empty()
    }

    /// Returns the bytes of memory that they take.
    #[must_use]
    pub const fn size(&self) -> u64 {
        ((self.halves.capacity() + self.starts.capacity()) * size_of::<u32>()) as u64
    }

    fn contains(&self, fingerprint: u64) -> bool {
        if self.is_empty() {
            return false;
        }
        let bucket = bucket(fingerprint, self.starts.len() - 1);
        let range = self.starts[bucket] as usize..self.starts[bucket + 1] as usize;
        self.halves[range].contains(&(fingerprint as u32))
    }
}

/// Returns in which of the buckets of its part a fingerprint is; they ascend as fingerprints do.
const fn bucket(fingerprint: u64, n_buckets: usize) -> usize {
    (((fingerprint << PART_BITS) as u128 * n_buckets as u128) >> u64::BITS) as usize
}

/// The vertices at which borders part.
#[derive(Debug, Default)]
pub struct Junctions {
    /// All [`PARTS`] in order, or nothing at all.
    parts: Vec<JunctionPart>,
}

impl Junctions {
    /// Returns the junctions of all parts, given in order.
    ///
    /// # Panics
    ///
    /// When there is another number of parts than [`PARTS`].
    #[must_use]
    pub fn from_parts(parts: Vec<JunctionPart>) -> Self {
        assert_eq!(parts.len(), PARTS, "every part of the fingerprints is given");
        Self { parts }
    }

    /// Returns the junctions with these fingerprints of vertices, which are sorted and below 2^32 in number.
    #[must_use]
    pub fn from_sorted(fingerprints: &[u64]) -> Self {
        let mut parts = vec![JunctionPart::default(); PARTS];
        for part in fingerprints.chunk_by(|a, b| part_of(*a) == part_of(*b)) {
            parts[part_of(part[0])] = JunctionPart::from_sorted(part);
        }
        Self::from_parts(parts)
    }

    /// Returns the number of junctions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.iter().map(JunctionPart::len).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(JunctionPart::is_empty)
    }

    /// Returns the bytes of memory that they take.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.parts.iter().map(JunctionPart::size).sum()
    }

    fn contains(&self, point: World) -> bool {
        let fingerprint = fingerprint(point);
        self.parts.get(part_of(fingerprint)).is_some_and(|part| part.contains(fingerprint))
    }
}

/// Where rings are cut into arcs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Borders<'j> {
    /// The junctions of a job; without them no ring is cut.
    pub junctions: Option<&'j Junctions>,
    /// The box to which polygons were clipped: borders end at its sides.
    pub window: Option<WorldBounds>,
}

impl Borders<'_> {
    /// Whether borders part at `point`.
    pub(crate) fn part_at(&self, point: World) -> bool {
        let Some(junctions) = self.junctions else { return false };
        let is_on_side = |window: WorldBounds| {
            let WorldBounds { min, max } = window;
            point.x == min.x || point.x == max.x || point.y == min.y || point.y == max.y
        };
        self.window.is_some_and(is_on_side) || junctions.contains(point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Finds the junctions of polygons, and compares them with those expected.
    fn check(polygons: &[&[&[(i64, i64)]]], expected: &[(i64, i64)]) {
        let mut all = Vec::new();
        for rings in polygons {
            let mut geometry = Geometry::default();
            geometry.reset(GeometryKind::Polygon);
            for ring in *rings {
                geometry.points.extend(ring.iter().map(|(x, y)| World::new(*x, *y)));
                geometry.end_part();
            }
            geometry.end_polygon();
            visits(&geometry, |point| point, |visit| all.push(visit));
        }
        all.sort_unstable();
        all.dedup();
        let parted = all.chunk_by(|a, b| a.vertex == b.vertex).filter(|visits| visits.len() > 1);
        let junctions = Junctions::from_sorted(&parted.map(|visits| visits[0].vertex).collect::<Vec<_>>());
        let borders = Borders { junctions: Some(&junctions), window: None };
        let mut found: Vec<(i64, i64)> = polygons.concat().concat();
        found.retain(|(x, y)| borders.part_at(World::new(*x, *y)));
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, expected, "{polygons:?}");
        assert_eq!(junctions.len(), expected.len());
    }

    #[test]
    fn borders_part_where_neighbours_change() {
        let west = [(0, 0), (4, 0), (5, 4), (4, 8), (0, 8)];
        let east = [(4, 8), (5, 4), (4, 0), (9, 0), (9, 8)];
        check(&[&[&west]], &[]);
        check(&[&[&west], &[&west]], &[]);
        check(&[&[&west], &[&east]], &[(4, 0), (4, 8)]);
        let south = [(0, 8), (4, 8), (9, 8), (9, 12), (0, 12)];
        check(&[&[&west], &[&east], &[&south]], &[(0, 8), (4, 0), (4, 8), (9, 8)]);
    }

    #[test]
    fn a_hole_and_what_fills_it_part_at_one_vertex() {
        let shell = [(0, 0), (9, 0), (9, 9), (0, 9)];
        let hole = [(6, 4), (6, 2), (2, 2), (2, 4), (2, 4)];
        let enclave = [(2, 2), (6, 2), (6, 4), (2, 4)];
        check(&[&[&shell, &hole]], &[]);
        check(&[&[&shell, &hole], &[&shell, &hole]], &[]);
        check(&[&[&shell, &hole], &[&enclave]], &[(2, 2)]);
        check(&[&[&enclave], &[&shell, &hole], &[&enclave]], &[(2, 2)]);
        let other = [(3, 3), (5, 2), (4, 4)];
        check(&[&[&shell, &hole], &[&enclave, &other], &[&other]], &[(2, 2), (3, 3)]);
    }

    #[test]
    fn a_hole_that_several_fill_or_touch_parts_where_they_do() {
        let shell = [(0, 0), (9, 0), (9, 9), (0, 9)];
        let hole = [(2, 2), (4, 2), (6, 2), (6, 4), (4, 4), (2, 4)];
        let west = [(2, 2), (4, 2), (4, 4), (2, 4)];
        let east = [(4, 2), (6, 2), (6, 4), (4, 4)];
        check(&[&[&shell, &hole], &[&west], &[&east]], &[(2, 2), (4, 2), (4, 4)]);
        check(&[&[&shell, &hole], &[&[(4, 2), (5, 3), (3, 3)]]], &[(4, 2)]);
    }

    #[test]
    fn ring_that_touches_itself_parts_there() {
        check(&[&[&[(0, 0), (4, 4), (8, 0), (8, 8), (4, 4), (0, 8)]]], &[(4, 4)]);
    }

    #[test]
    fn junctions_are_known_among_many_and_nothing_else_is() {
        for n_junctions in [0, 1, 2, 1000, 100_000] {
            let point = |nth: i64| World::new(nth * 3, nth * 5);
            let mut fingerprints: Vec<u64> = (0..n_junctions).map(|nth| fingerprint(point(nth))).collect();
            fingerprints.sort_unstable();
            let junctions = Junctions::from_sorted(&fingerprints);
            assert_eq!((junctions.len() as i64, junctions.is_empty()), (n_junctions, n_junctions == 0));
            assert!((0..n_junctions).all(|nth| junctions.contains(point(nth))));
            assert!(!(n_junctions..2 * n_junctions + 2).any(|nth| junctions.contains(point(nth))));
            let bytes = junctions.size() as i64;
            assert!(2 * bytes <= 9 * n_junctions + 2 * 2 * 4 * PARTS as i64, "{bytes} for {n_junctions}");
        }
    }

    #[test]
    fn repeated_vertices_and_copies_of_the_world_change_nothing() {
        let east = World::SIDE - 4;
        let here = [(east, 0), (World::SIDE, 0), (World::SIDE, 8), (east, 8), (east, 0)];
        let there = [(-4, 0), (-4, 8), (0, 8), (0, 8), (0, 0)];
        check(&[&[&here], &[&there]], &[]);
    }
}
