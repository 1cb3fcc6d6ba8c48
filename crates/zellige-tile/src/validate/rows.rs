//! Puts edges into rows of equal height.
//!
//! In:     edges and their numbers, in the order of their numbers.
//! Out:    for each row the edges that stand in it, in that order or from west to east.
//! Keeps:  a place and a half an edge, and a row for [`EDGES_PER_ROW`] edges, on average at most.
//! Source: bucketing by counting, as a radix sort has it.
//!
//! The fewer edges stand in a row, the less there is to sort and to compare; but edges longer than rows are high stand
//! in many of them.

use super::edge::Edge;

/// There are at most so many rows as would hold so many edges each.
const EDGES_PER_ROW: usize = 8;
/// Rows are at least so many times as high as edges are on average.
const EDGE_HEIGHTS: i64 = 2;

/// Edges in rows, in buffers that stay.
#[derive(Debug, Default)]
pub(super) struct Rows {
    scale: RowScale,
    /// Where rows start, and the end.
    starts: Vec<u32>,
    /// Row after row.
    standing: Vec<Standing>,
}

impl Rows {
    /// Puts `edges`, each with its number, into rows.
    pub(super) fn fill(&mut self, edges: impl Iterator<Item = (usize, Edge)> + Clone) {
        let (mut top, mut bottom, mut heights, mut n_edges) = (i32::MAX, i32::MIN, 0, 0);
        for (_, edge) in edges.clone() {
            let (north, south) = (edge.north(), edge.south());
            (top, bottom) = (top.min(north), bottom.max(south));
            heights += i64::from(south - north);
            n_edges += 1;
        }
        self.starts.clear();
        self.standing.clear();
        if n_edges == 0 {
            self.starts.push(0);
            return;
        }
        // Long edges stand in many rows; then rows are higher, and fewer.
        let height = (bottom - top) / (n_edges / EDGES_PER_ROW + 1) as i32;
        let height_min = (EDGE_HEIGHTS * heights / n_edges as i64).min((bottom - top).into()) as i32;
        self.scale = RowScale::new(top, height.max(height_min) + 1);
        let scale = self.scale;
        // Counts stand two rows further on, so that filling leaves each start where it belongs.
        self.starts.resize(scale.row(bottom) + 3, 0);
        for (_, edge) in edges.clone() {
            // Whether an edge stands in one row or two has no pattern, so nothing branches on it; few stand in more.
            let (first, last) = scale.ends(edge);
            self.starts[first + 2] += 1;
            self.starts[last + 2] += u32::from(first < last);
            for row in first + 1..last {
                self.starts[row + 2] += 1;
            }
        }
        let mut sum = 0;
        for start in &mut self.starts {
            sum += *start;
            *start = sum;
        }
        // One place more: behind the last row is looked when an edge stands in that row alone.
        self.standing.resize(sum as usize + 1, Standing::default());
        for (number, edge) in edges {
            let standing = Standing::new(edge.west.x, number);
            let (first, last) = scale.ends(edge);
            for row in first..last.max(first + 1) {
                let next = &mut self.starts[row + 1];
                self.standing[*next as usize] = standing;
                *next += 1;
            }
            let next = &mut self.starts[last + 1];
            let place = &mut self.standing[*next as usize];
            *place = if first < last { standing } else { *place };
            *next += u32::from(first < last);
        }
        self.starts.pop();
    }

    /// Sorts each row from west to east, by the western ends of edges.
    pub(super) fn sort(&mut self) {
        for row in self.starts.windows(2) {
            self.standing[row[0] as usize..row[1] as usize].sort_unstable();
        }
    }

    /// Returns how many edges stand in the row that has most.
    pub(super) fn longest(&self) -> usize {
        self.starts.windows(2).map(|row| row[1] - row[0]).max().unwrap_or(0) as usize
    }

    /// Returns all rows, from north to south.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[Standing]> {
        self.starts.windows(2).map(|row| &self.standing[row[0] as usize..row[1] as usize])
    }

    /// Returns the edges that a level line at `y` may meet; nothing stands above the first row or below the last one.
    pub(super) fn at(&self, y: i32) -> &[Standing] {
        let row = self.row_of(y);
        let Some([start, end]) = self.starts.get(row..row + 2) else { return &[] };
        &self.standing[*start as usize..*end as usize]
    }

    /// Returns the number of the row that holds `y`, which is no less than that of all edges.
    pub(super) const fn row_of(&self, y: i32) -> usize {
        self.scale.row(y)
    }
}

/// An edge in a row: the x of its western end above its number, so that numbers sort as edges do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Standing(u64);

impl Standing {
    /// What turns an x over so that the order of signed numbers is that of unsigned ones.
    const BIAS: u32 = 1 << 31;

    const fn new(west: i32, number: usize) -> Self {
        Self(((west as u32 ^ Self::BIAS) as u64) << 32 | number as u64)
    }

    /// Returns the number of the edge.
    pub(super) const fn edge(self) -> usize {
        self.0 as u32 as usize
    }
}

/// Rows of equal height.
#[derive(Clone, Copy, Debug, Default)]
struct RowScale {
    top: i32,
    /// The height is two to the power of this.
    height_log2: u32,
}

impl RowScale {
    /// Returns rows of at least this height, which is positive.
    const fn new(top: i32, height_min: i32) -> Self {
        Self { top, height_log2: (height_min as u32).next_power_of_two().trailing_zeros() }
    }

    const fn row(self, y: i32) -> usize {
        ((y - self.top) >> self.height_log2) as usize
    }

    /// Returns the first and the last row in which an edge stands.
    fn ends(self, edge: Edge) -> (usize, usize) {
        (self.row(edge.north()), self.row(edge.south()))
    }
}
