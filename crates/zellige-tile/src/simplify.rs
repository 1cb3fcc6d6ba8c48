//! Keeps the vertices that matter at one zoom.
//!
//! In:     geometry with its weights, tolerance in world units; zooms come from the deepest up.
//! Out:    the same buffers, shorter: each zoom starts from what the last one left.
//! Keeps:  order, ends of lines, four corners of every ring (see `weigh`).
//! Source: recipe 2.5.

use zellige_model::{Geometry, GeometryKind, World};

/// Geometry whose vertices know how much they matter.
#[derive(Clone, Debug, Default)]
pub struct Weighted {
    /// The shape.
    pub geometry: Geometry<World>,
    /// One weight a vertex, squared world units; empty for points.
    pub weights: Vec<f64>,
}

impl Weighted {
    /// Becomes a copy of `other` and keeps its own buffers.
    pub fn copy_from(&mut self, other: &Self) {
        self.geometry.clone_from(&other.geometry);
        self.weights.clone_from(&other.weights);
    }
}

/// Drops the vertices that weigh no more than the square of `tolerance` world units.
///
/// A tolerance of 0 keeps every vertex, also those on a straight line.
pub fn simplify(shape: &mut Weighted, tolerance: f64) {
    if shape.geometry.kind == GeometryKind::Point || tolerance <= 0.0 {
        return;
    }
    let threshold = tolerance * tolerance;
    let Weighted { geometry, weights } = shape;
    let (mut read, mut write) = (0, 0);
    for end in &mut geometry.part_ends {
        while read < *end as usize {
            if weights[read] > threshold {
                geometry.points[write] = geometry.points[read];
                weights[write] = weights[read];
                write += 1;
            }
            read += 1;
        }
        *end = write as u32;
    }
    geometry.points.truncate(write);
    weights.truncate(write);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coarser_tolerances_keep_subsets_and_ends_follow() {
        let mut shape = Weighted::default();
        shape.geometry.reset(GeometryKind::LineString);
        for x in 0..6 {
            shape.geometry.points.push(World::new(x, 0));
            if x % 3 == 2 {
                shape.geometry.end_part();
            }
        }
        shape.weights = vec![f64::INFINITY, 1.0, f64::INFINITY, f64::INFINITY, 9.0, f64::INFINITY];
        simplify(&mut shape, 0.0);
        assert_eq!(shape.geometry.part_ends, [3, 6]);
        simplify(&mut shape, 2.0);
        assert_eq!(shape.geometry.part_ends, [2, 5]);
        simplify(&mut shape, 3.0);
        let left: Vec<i64> = shape.geometry.points.iter().map(|point| point.x).collect();
        assert_eq!((left, shape.geometry.part_ends), (vec![0, 2, 3, 5], vec![2, 4]));
    }
}
