//! Gives holes to the outer rings that hold them.
//!
//! In:     rings that do not cross: outer ones and holes, in any order.
//! Out:    polygons, each an outer ring and its holes.
//! Source: boxes in an R-tree say which outer rings come into question; of those only all but the largest are asked
//!         exactly, so that a large ring with many holes costs no more than its holes.

use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, Envelope, RTree, RTreeObject};
use zellige_model::{Geometry, GeometryKind, Grid};

use super::area_doubled;
use super::edge::Edge;

/// Rings of which it is known whether they are holes, but not whose.
#[derive(Debug, Default)]
pub(super) struct Rings {
    /// A part for each ring.
    parts: Geometry<Grid>,
    /// Numbers of outer rings.
    shells: Vec<usize>,
    /// Numbers of holes.
    holes: Vec<usize>,
}

impl Rings {
    /// Removes all rings and keeps the buffers.
    pub(super) fn clear(&mut self) {
        self.parts.reset(GeometryKind::Polygon);
        self.shells.clear();
        self.holes.clear();
    }

    /// Adds a ring whose outside lies to the left.
    pub(super) fn push_wound(&mut self, ring: impl IntoIterator<Item = Grid>) {
        let first = self.parts.points.len();
        self.parts.points.extend(ring);
        let is_hole = area_doubled(&self.parts.points[first..]) < 0;
        self.end_ring(is_hole);
    }

    /// Adds a ring, wound in any way.
    pub(super) fn push(&mut self, ring: impl IntoIterator<Item = Grid>, is_hole: bool) {
        self.parts.points.extend(ring);
        self.end_ring(is_hole);
    }

    fn end_ring(&mut self, is_hole: bool) {
        let nth = self.parts.part_ends.len();
        self.parts.end_part();
        if is_hole { self.holes.push(nth) } else { self.shells.push(nth) }
    }

    /// Returns twice the signed area of all rings.
    pub(super) fn area_doubled(&self) -> i64 {
        self.parts.parts().map(area_doubled).sum()
    }

    /// Makes `out` of the rings: each outer ring with the holes of which it is the smallest that holds them.
    pub(super) fn nest_into(&self, out: &mut Geometry<Grid>) {
        let mut homes = self.homes();
        homes.sort_unstable();
        out.reset(GeometryKind::Polygon);
        let mut holes = homes.into_iter().peekable();
        for (home, shell) in self.shells.iter().enumerate() {
            let own = std::iter::from_fn(|| holes.next_if(|(of, _)| *of == home));
            for ring in std::iter::once(*shell).chain(own.map(|(_, hole)| hole)) {
                out.points.extend_from_slice(self.parts.part(ring));
                out.end_part();
            }
            out.end_polygon();
        }
    }

    /// Returns pairs of an outer ring, counted among outer rings, and the number of a hole in it.
    fn homes(&self) -> Vec<(usize, usize)> {
        if self.shells.len() < 2 {
            let only = self.holes.iter().filter(|_| !self.shells.is_empty());
            return only.map(|hole| (0, *hole)).collect();
        }
        if self.holes.is_empty() {
            return Vec::new();
        }
        let boxes = self.shells.iter().enumerate().map(|(home, shell)| {
            let ring = self.parts.part(*shell);
            GeomWithData::new(Rectangle::from_aabb(bounds(ring)), (area_doubled(ring).abs(), home))
        });
        let boxes = RTree::bulk_load(boxes.collect());
        let mut candidates = Vec::new();
        let home = |hole: &usize| {
            let ring = self.parts.part(*hole);
            let corners = bounds(ring);
            candidates.clear();
            let met = boxes.locate_in_envelope_intersecting(corners);
            candidates.extend(
                met.filter(|shell| shell.envelope().contains_envelope(&corners)).map(|shell| shell.data),
            );
            candidates.sort_unstable();
            let ((_, largest), smaller) = candidates.split_last()?;
            let mut smaller = smaller.iter().map(|(_, home)| *home);
            let home = smaller.find(|home| holds(self.parts.part(self.shells[*home]), ring));
            Some((home.unwrap_or(*largest), *hole))
        };
        self.holes.iter().filter_map(home).collect()
    }
}

fn bounds(ring: &[Grid]) -> AABB<[i64; 2]> {
    let corners: Vec<[i64; 2]> = ring.iter().map(|point| [point.x.into(), point.y.into()]).collect();
    AABB::from_points(&corners)
}

/// Whether `hole`, which crosses no edge of `shell`, lies inside of it.
fn holds(shell: &[Grid], hole: &[Grid]) -> bool {
    // The middle of an edge, in half units; where another ring touches it there, the next one.
    let edges = hole.iter().zip(hole.iter().cycle().skip(1));
    let mut middles = edges.map(|(a, b)| Grid::new(a.x + b.x, a.y + b.y));
    middles.find_map(|middle| is_inside(shell, middle)).unwrap_or(false)
}

/// Whether `point`, in half units, lies inside of `ring`; nothing when it lies on it.
fn is_inside(ring: &[Grid], point: Grid) -> Option<bool> {
    let mut inside = false;
    for edge in Edge::of_ring(0, ring) {
        let half_units = |point: Grid| Grid::new(2 * point.x, 2 * point.y);
        let edge = Edge { west: half_units(edge.west), east: half_units(edge.east), ..edge };
        if edge.holds(point) {
            return None;
        }
        inside ^= edge.is_east_of(point);
    }
    Some(inside)
}
