//! Finds the vertices at which borders of polygons part.
//!
//! In:     polygons in the world, all of a job, in any order.
//! Out:    a [`Visit`] for every vertex of every ring; of all visits the caller makes the [`Junctions`].
//! Keeps:  nothing of a vertex but a fingerprint of 64 bits. Two vertices with one fingerprint make a junction
//!         where there is none, in all rings alike; so chance costs a vertex and never an agreement.
//! Source: the arcs of topological formats (TIGER/Line, `TopoJSON`): a border between two junctions is the same
//!         list of vertices on both of its sides. Hashing by folded products, as in wyhash.
//!
//! ```text
//!          │ A           Rings pass through j as a–b, b–c and c–a: three pairs of neighbours, a junction.
//!     ──v──j──w──        Rings pass through v as u–j and j–u: one pair, the inside of a border.
//!     B    │    C
//! ```
//!
//! A vertex that only one of two neighbours has is no vertex of their common border: there the data
//! disagree before any tile is made, and they still do afterwards.

use zellige_model::{Geometry, GeometryKind, World, WorldBounds};

/// Numbers without a pattern: the digits of π.
const SALTS: [u64; 3] = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7345, 0xa409_3822_299f_31d1];
/// Fingerprints of a bucket of [`Junctions`], on the average.
const BUCKET_FINGERPRINTS: usize = 4;
/// Bits of the sieve for a fingerprint, on the average.
const SIEVE_BITS: usize = 16;

/// A ring passing through a vertex.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Visit {
    /// The fingerprint of the vertex.
    pub vertex: u64,
    /// The fingerprint of the two vertices around it, whichever comes first.
    pub neighbours: u64,
}

/// Calls `visit` for every vertex of the rings of `geometry`; one that is repeated on the spot counts once.
///
/// `fingerprints` is a buffer. Points and lines have no borders.
pub fn visits(geometry: &Geometry<World>, fingerprints: &mut Vec<u64>, visit: &mut dyn FnMut(Visit)) {
    if geometry.kind != GeometryKind::Polygon {
        return;
    }
    for ring in geometry.parts() {
        fingerprints.clear();
        fingerprints.extend(ring.iter().map(|point| fingerprint(*point)));
        fingerprints.dedup();
        while fingerprints.len() > 1 && fingerprints.first() == fingerprints.last() {
            fingerprints.pop();
        }
        let (Some(mut before), Some(first)) = (fingerprints.last().copied(), fingerprints.first().copied())
        else {
            continue;
        };
        for (idx, vertex) in fingerprints.iter().enumerate() {
            let after = fingerprints.get(idx + 1).copied().unwrap_or(first);
            visit(Visit { vertex: *vertex, neighbours: before.wrapping_add(after) });
            before = *vertex;
        }
    }
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

/// The vertices at which borders part, as a sorted list of fingerprints behind an index.
///
/// Nearly all vertices that are looked up are none; a sieve of a bit for each that is one stops them, in a
/// tenth of the memory and without a search. About 12 bytes a junction.
#[derive(Debug, Default)]
pub struct Junctions {
    fingerprints: Vec<u64>,
    /// Where the fingerprints of each bucket start, by their upper bits, and behind the last one.
    starts: Vec<u32>,
    shift: u32,
    /// Bits by the lower bits of fingerprints; a power of two of words.
    sieve: Vec<u64>,
}

impl Junctions {
    /// Returns the junctions with these fingerprints of vertices, which are sorted and below 2^32 in number.
    #[must_use]
    pub fn from_sorted(fingerprints: Vec<u64>) -> Self {
        let n_buckets = (fingerprints.len() / BUCKET_FINGERPRINTS).next_power_of_two().max(2);
        let shift = u64::BITS - n_buckets.ilog2();
        let mut starts = vec![0; n_buckets + 1];
        for fingerprint in &fingerprints {
            starts[(fingerprint >> shift) as usize + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut sieve = vec![0; (fingerprints.len() * SIEVE_BITS / 64).next_power_of_two()];
        let word_mask = sieve.len() as u64 - 1;
        for fingerprint in &fingerprints {
            sieve[((fingerprint / 64) & word_mask) as usize] |= 1 << (fingerprint % 64);
        }
        Self { fingerprints, starts, shift, sieve }
    }

    /// Returns the number of junctions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fingerprints.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fingerprints.is_empty()
    }

    /// Returns the bytes of memory that they take.
    #[must_use]
    pub fn size(&self) -> u64 {
        let words = self.fingerprints.capacity() + self.sieve.capacity();
        (words * size_of::<u64>() + self.starts.capacity() * size_of::<u32>()) as u64
    }

    fn contains(&self, point: World) -> bool {
        if self.is_empty() {
            return false;
        }
        let fingerprint = fingerprint(point);
        let word = self.sieve[(fingerprint / 64) as usize & (self.sieve.len() - 1)];
        if word & (1 << (fingerprint % 64)) == 0 {
            return false;
        }
        let bucket = (fingerprint >> self.shift) as usize;
        let range = self.starts[bucket] as usize..self.starts[bucket + 1] as usize;
        self.fingerprints[range].contains(&fingerprint)
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

    /// Finds the junctions of polygons of one ring each, and compares them with those expected.
    fn check(rings: &[&[(i64, i64)]], expected: &[(i64, i64)]) {
        let mut all = Vec::new();
        for ring in rings {
            let mut geometry = Geometry::default();
            geometry.reset(GeometryKind::Polygon);
            geometry.points.extend(ring.iter().map(|(x, y)| World::new(*x, *y)));
            geometry.end_part();
            geometry.end_polygon();
            visits(&geometry, &mut Vec::new(), &mut |visit| all.push(visit));
        }
        all.sort_unstable();
        all.dedup();
        let parted = all.chunk_by(|a, b| a.vertex == b.vertex).filter(|visits| visits.len() > 1);
        let junctions = Junctions::from_sorted(parted.map(|visits| visits[0].vertex).collect());
        let borders = Borders { junctions: Some(&junctions), window: None };
        let mut found: Vec<(i64, i64)> = rings.concat();
        found.retain(|(x, y)| borders.part_at(World::new(*x, *y)));
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, expected, "{rings:?}");
        assert_eq!(junctions.len(), expected.len());
    }

    #[test]
    fn borders_part_where_neighbours_change() {
        let west = [(0, 0), (4, 0), (5, 4), (4, 8), (0, 8)];
        let east = [(4, 8), (5, 4), (4, 0), (9, 0), (9, 8)];
        check(&[&west], &[]);
        check(&[&west, &west], &[]);
        check(&[&west, &east], &[(4, 0), (4, 8)]);
        let south = [(0, 8), (4, 8), (9, 8), (9, 12), (0, 12)];
        check(&[&west, &east, &south], &[(0, 8), (4, 0), (4, 8), (9, 8)]);
    }

    #[test]
    fn enclave_and_hole_do_not_part() {
        let enclave = [(2, 2), (4, 2), (4, 4), (2, 4)];
        let hole = [(4, 4), (4, 2), (2, 2), (2, 4)];
        check(&[&enclave, &hole], &[]);
    }

    #[test]
    fn ring_that_touches_itself_parts_there() {
        check(&[&[(0, 0), (4, 4), (8, 0), (8, 8), (4, 4), (0, 8)]], &[(4, 4)]);
    }

    #[test]
    fn repeated_vertices_and_copies_of_the_world_change_nothing() {
        let east = World::SIDE - 4;
        let here = [(east, 0), (World::SIDE, 0), (World::SIDE, 8), (east, 8), (east, 0)];
        let there = [(-4, 0), (-4, 8), (0, 8), (0, 8), (0, 0)];
        check(&[&here, &there], &[]);
    }
}
