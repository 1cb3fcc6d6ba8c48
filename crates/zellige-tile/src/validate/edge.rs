//! One edge of a ring, and the exact questions that are asked of it.

use zellige_model::Grid;

/// One edge of a ring, from west to east (north to south when vertical).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Edge {
    pub(super) west: Grid,
    pub(super) east: Grid,
    pub(super) ring: u32,
    /// Number of the edge in its ring; the next one shares a vertex.
    pub(super) nth: u32,
    pub(super) ring_len: u32,
}

impl Edge {
    /// Returns an edge that belongs to no ring.
    pub(super) fn between(a: Grid, b: Grid) -> Self {
        let (west, east) = if a <= b { (a, b) } else { (b, a) };
        Self { west, east, ..Self::default() }
    }

    /// Returns the edges of an open ring, beginning with the one that closes it.
    pub(super) fn of_ring(ring: u32, part: &[Grid]) -> impl Iterator<Item = Self> {
        let ring_len = part.len() as u32;
        let mut a = part.last().copied().unwrap_or_default();
        part.iter().enumerate().map(move |(nth, b)| {
            let edge = Self { ring, nth: nth as u32, ring_len, ..Self::between(a, *b) };
            a = *b;
            edge
        })
    }

    /// Returns the y of the northern end.
    pub(super) fn north(self) -> i32 {
        self.west.y.min(self.east.y)
    }

    /// Returns the y of the southern end.
    pub(super) fn south(self) -> i32 {
        self.west.y.max(self.east.y)
    }

    /// Whether the two edges share no point, but as neighbours in a ring.
    pub(super) fn is_apart(self, other: Self) -> bool {
        self.is_neighbour(other) || !self.meets(other)
    }

    pub(super) const fn is_neighbour(self, other: Self) -> bool {
        if self.ring != other.ring {
            return false;
        }
        let apart = self.nth.abs_diff(other.nth);
        apart <= 1 || apart == self.ring_len - 1
    }

    /// Whether the two closed segments share a point.
    pub(super) fn meets(self, other: Self) -> bool {
        if self.south() < other.north() || other.south() < self.north() {
            return false;
        }
        let side = |edge: Self, point| turn(edge.west, edge.east, point).signum();
        let (a, b) = (side(self, other.west), side(self, other.east));
        if a == 0 && b == 0 {
            // On one line, and their boxes overlap.
            return self.west.x <= other.east.x && other.west.x <= self.east.x;
        }
        a * b <= 0 && side(other, self.west) * side(other, self.east) <= 0
    }

    /// Whether the closed segment holds `point`.
    pub(super) fn holds(self, point: Grid) -> bool {
        self.west <= point && point <= self.east && turn(self.west, self.east, point) == 0
    }

    /// Returns where the edge meets another one that it crosses: the nearest point of the grid, halves to the east and
    /// south, and whether that is the place itself.
    pub(super) fn crossing(self, other: Self) -> (Grid, bool) {
        // The share of the way to the east is a quotient of two areas.
        let before = i128::from(turn(other.west, other.east, self.west));
        let all = before - i128::from(turn(other.west, other.east, self.east));
        let (before, all) = if all < 0 { (-before, -all) } else { (before, all.max(1)) };
        let along = |from: i32, to: i32| {
            let part = before * i128::from(i64::from(to) - i64::from(from));
            (from + (2 * part + all).div_euclid(2 * all) as i32, part % all == 0)
        };
        let ((x, x_is_exact), (y, y_is_exact)) =
            (along(self.west.x, self.east.x), along(self.west.y, self.east.y));
        (Grid::new(x, y), x_is_exact && y_is_exact)
    }

    /// Whether a ray from `vertex` to the east crosses the edge; upper ends count, lower ends do not.
    pub(super) fn is_east_of(self, vertex: Grid) -> bool {
        self.turn_beside(vertex) > 0
    }

    /// Whether a ray from `vertex` to the west crosses the edge; upper ends count, lower ends do not.
    pub(super) fn is_west_of(self, vertex: Grid) -> bool {
        self.turn_beside(vertex) < 0
    }

    /// Returns the turn from the edge, taken southward, to `vertex`; 0 unless a level line through it crosses the edge.
    fn turn_beside(self, vertex: Grid) -> i64 {
        if (self.west.y <= vertex.y) == (self.east.y <= vertex.y) {
            return 0;
        }
        let turn = turn(self.west, self.east, vertex);
        if self.west.y < self.east.y { turn } else { -turn }
    }
}

/// Returns twice the signed area of the triangle; positive when `c` lies to the right, y down: clockwise.
pub(super) const fn turn(a: Grid, b: Grid, c: Grid) -> i64 {
    (b.x - a.x) as i64 * (c.y - a.y) as i64 - (b.y - a.y) as i64 * (c.x - a.x) as i64
}
