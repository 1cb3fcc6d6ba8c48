//! The two directions of cutting, and the one place where a new vertex is computed.

use zellige_model::World;

/// A direction along which stripes lie side by side.
pub(crate) trait Axis {
    /// Returns the coordinate along the stripes.
    fn along(point: World) -> i64;

    /// Returns the other coordinate.
    fn across(point: World) -> i64;

    /// Returns the point with these two coordinates.
    fn point(along: i64, across: i64) -> World;

    /// Returns the point of the edge from `a` to `b` at `cut`, which lies between them.
    ///
    /// The edge is always computed from its lesser end, so both directions give the same point.
    fn cross(a: World, b: World, cut: i64) -> World {
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        let (a_along, b_along) = (Self::along(a), Self::along(b));
        let share = (cut - a_along) as f64 / (b_along - a_along) as f64;
        let rise = (Self::across(b) - Self::across(a)) as f64 * share;
        Self::point(cut, Self::across(a) + (rise + 0.5_f64.copysign(rise)) as i64)
    }
}

/// Columns: stripes lie side by side from west to east.
#[derive(Clone, Copy, Debug)]
pub(crate) struct X;

/// Rows: stripes lie side by side from north to south.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Y;

impl Axis for X {
    fn along(point: World) -> i64 {
        point.x
    }

    fn across(point: World) -> i64 {
        point.y
    }

    fn point(along: i64, across: i64) -> World {
        World::new(along, across)
    }
}

impl Axis for Y {
    fn along(point: World) -> i64 {
        point.y
    }

    fn across(point: World) -> i64 {
        point.x
    }

    fn point(along: i64, across: i64) -> World {
        World::new(across, along)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_is_the_same_from_both_ends() {
        for k in 1..200 {
            let (a, b) = (World::new(-k, k * k % 71), World::new(3 * k + 1, -k * 17 % 113));
            for cut in [0, 1, k, 2 * k] {
                assert_eq!(X::cross(a, b, cut), X::cross(b, a, cut));
            }
        }
    }
}
