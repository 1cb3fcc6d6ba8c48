//! Redraws polygons in coarse cells.
//!
//! In:     polygons that cross themselves more often than can be shown (see `noise`).
//! Out:    about the same area as rectangles of cells, which touch each other.
//! Keeps:  the area under the even-odd rule, several polygons by union, to half a cell: what a cell is filled too
//!         much or too little, the next one that is met makes good.
//! Source: even-odd filling by toggling bits where scan lines cross edges; error diffusion, which Floyd and Steinberg
//!         made for pictures, in one direction; samples shifted by the sequence R2 of Roberts.
//!
//! An edge is met once by each scan line, and a polygon is filled once on each: five million edges through the whole
//! box, or a million squares at one place, have fewer scan lines, so that time is bounded by the number of edges.

use zellige_model::{Geometry, GeometryKind, Grid, GridBounds};

use super::edge::Edge;

/// Cells along a side of the box of what lies in one tile, at most.
pub(super) const CELLS_OF_TILE_MAX: usize = 256;
/// And at least; a power of two, as all numbers of cells and samples are.
const CELLS_MIN: usize = 64;
/// So many cells an edge at most: what little there is has no fine texture.
const CELLS_PER_EDGE: usize = 16;
/// Samples along a side of a cell, where edges are few enough.
const SAMPLES: usize = 4;
/// Bits that are toggled, and words of bits that are filled, for each edge, on average at most.
const STEPS_PER_EDGE_MAX: f64 = 128.0;
/// But so many in all are no matter.
const STEPS_FREE: f64 = 4_194_304.0;

/// Replaces `geometry` by rectangles of cells that cover about the same, `cells_max` along a side of its box at most,
/// which is a power of two; they touch each other.
pub(super) fn redraw(geometry: &mut Geometry<Grid>, cells_max: usize) {
    let Some(bounds) = GridBounds::of(&geometry.points) else { return };
    let raster = Raster::fit(geometry, bounds, cells_max);
    let filled = fill(geometry, raster);
    geometry.reset(GeometryKind::Polygon);
    let mut owed = 0;
    for row in 0..raster.rows.n {
        let mut run = None;
        for column in 0..=raster.columns.n {
            let n_samples = if column < raster.columns.n { filled.n_samples(column, row) } else { 0 };
            owed += n_samples;
            let is_filled = n_samples > 0 && owed >= raster.cell_samples() / 2;
            if is_filled {
                owed -= raster.cell_samples();
                run.get_or_insert(column);
            } else if let Some(first) = run.take() {
                let min = Grid::new(raster.columns.start(first), raster.rows.start(row));
                let max = Grid::new(raster.columns.start(column), raster.rows.start(row + 1));
                push_rectangle(min, max, geometry);
            }
        }
    }
}

fn push_rectangle(min: Grid, max: Grid, out: &mut Geometry<Grid>) {
    let corners = [min, Grid::new(max.x, min.y), max, Grid::new(min.x, max.y)];
    out.points.extend(corners);
    out.end_part();
    out.end_polygon();
}

/// How finely a box is sampled.
#[derive(Clone, Copy, Debug)]
struct Raster {
    /// Samples along a side of the box, a power of two.
    side: usize,
    /// Samples along a side of a cell, a power of two up to the bits of a word.
    samples: usize,
    columns: Strips,
    rows: Strips,
}

impl Raster {
    /// Returns the finest one for the box of polygons that is not too dear.
    fn fit(geometry: &Geometry<Grid>, GridBounds { min, max }: GridBounds, cells_max: usize) -> Self {
        let n_edges = geometry.points.len();
        let mut cells = cells_max;
        while CELLS_MIN < cells && CELLS_PER_EDGE * n_edges < cells * cells {
            cells /= 2;
        }
        let steps_max = STEPS_FREE.max(STEPS_PER_EDGE_MAX * n_edges as f64);
        let heights = Heights::of(geometry, f64::from(max.y - min.y).max(1.0));
        let mut side = cells * SAMPLES;
        while CELLS_MIN < side && steps_max < heights.steps(side) {
            side /= 2;
        }
        let cells = cells.min(side);
        let samples = side / cells;
        let strips = |ends| Strips::new(ends, cells, samples);
        Self { side, samples, columns: strips((min.x, max.x)), rows: strips((min.y, max.y)) }
    }

    /// Returns the samples of a cell: so much is owed for a full one.
    const fn cell_samples(self) -> i32 {
        (self.samples * self.samples) as i32
    }

    /// Returns how many words have the samples of a row, a bit each.
    const fn words_per_row(self) -> usize {
        self.side / u64::BITS as usize
    }
}

/// How high edges and polygons are, in heights of the box.
#[derive(Clone, Copy, Debug, Default)]
struct Heights {
    edges: f64,
    polygons: f64,
}

impl Heights {
    fn of(geometry: &Geometry<Grid>, height: f64) -> Self {
        let mut sum = Self::default();
        for rings in geometry.polygons() {
            let (mut north, mut south) = (i32::MAX, i32::MIN);
            for edge in rings.flat_map(|ring| Edge::of_ring(0, geometry.part(ring))) {
                (north, south) = (north.min(edge.north()), south.max(edge.south()));
                sum.edges += f64::from(edge.south() - edge.north()) / height;
            }
            sum.polygons += f64::from(south.saturating_sub(north).max(0)) / height;
        }
        sum
    }

    /// Returns about how many steps it takes to sample them on so many lines of as many samples.
    fn steps(self, side: usize) -> f64 {
        let words = side / u64::BITS as usize;
        side as f64 * (self.edges + words as f64 * self.polygons)
    }
}

/// Which samples lie inside, a bit each, row after row.
struct Filled {
    raster: Raster,
    words: Vec<u64>,
}

impl Filled {
    /// Counts the samples of a cell that lie inside.
    fn n_samples(&self, column: usize, row: usize) -> i32 {
        let Raster { samples, .. } = self.raster;
        let words_per_row = self.raster.words_per_row();
        let first = column * samples;
        let (word, shift) = (first / u64::BITS as usize, first % u64::BITS as usize);
        let mask = u64::MAX >> (u64::BITS as usize - samples);
        let rows = self.words.chunks_exact(words_per_row).skip(row * samples).take(samples);
        rows.map(|row| (row[word] >> shift & mask).count_ones() as i32).sum()
    }
}

/// Samples `geometry`.
fn fill(geometry: &Geometry<Grid>, raster: Raster) -> Filled {
    let Raster { side, columns, rows, .. } = raster;
    let words_per_row = raster.words_per_row();
    let mut filled = vec![0; side * words_per_row];
    let mut toggled = filled.clone();
    // Where each row of samples is, and how far it is shifted.
    let samples: Vec<(f64, f64)> = (0..side).map(|row| (rows.row(row), shift(row, SHIFTS.1))).collect();
    let per_unit = columns.step().recip();
    for rings in geometry.polygons() {
        let (mut first, mut last) = (side, 0);
        for edge in rings.flat_map(|ring| Edge::of_ring(0, geometry.part(ring))) {
            let crossed = rows.first_row(edge.north().into())..rows.first_row(edge.south().into());
            (first, last) = (first.min(crossed.start), last.max(crossed.end));
            let slope = f64::from(edge.east.x - edge.west.x) / f64::from(edge.east.y - edge.west.y);
            let from_west = f64::from(edge.west.x - columns.min);
            let toggled = toggled[crossed.start * words_per_row..].chunks_exact_mut(words_per_row);
            for ((y, shift), toggled) in samples[crossed].iter().zip(toggled) {
                let rise = y - f64::from(edge.west.y);
                let place = ((from_west + rise * slope) * per_unit - shift).max(0.0);
                // Rounded up.
                let column = place as usize + usize::from((place as usize as f64) < place);
                if let Some(word) = toggled.get_mut(column / u64::BITS as usize) {
                    *word ^= 1 << (column % u64::BITS as usize);
                }
            }
        }
        let words = (first.min(last) * words_per_row)..(last * words_per_row);
        let rows = filled[words.clone()].chunks_exact_mut(words_per_row);
        for (filled, toggled) in rows.zip(toggled[words].chunks_exact_mut(words_per_row)) {
            let mut is_inside = 0;
            for (word, toggled) in filled.iter_mut().zip(toggled) {
                let inside = running_parity(std::mem::take(toggled)) ^ is_inside;
                is_inside = 0_u64.wrapping_sub(inside >> (u64::BITS - 1));
                *word |= inside;
            }
        }
    }
    Filled { raster, words: filled }
}

/// Returns a word whose bits say whether an odd number of bits up to theirs are set in `word`.
const fn running_parity(mut word: u64) -> u64 {
    let mut shift = 1;
    while shift < u64::BITS {
        word ^= word << shift;
        shift *= 2;
    }
    word
}

/// A side of the box, cut into strips of cells.
#[derive(Clone, Copy, Debug)]
struct Strips {
    min: i32,
    len: i32,
    n: usize,
    /// Samples across a strip.
    samples: usize,
}

impl Strips {
    /// Returns so many strips, or one for each unit when there are fewer.
    fn new((min, max): (i32, i32), cells: usize, samples: usize) -> Self {
        Self { min, len: max - min, n: cells.min((max - min).max(1) as usize), samples }
    }

    /// Returns where a strip starts.
    fn start(self, strip: usize) -> i32 {
        self.min + (i64::from(self.len) * strip as i64 / self.n as i64) as i32
    }

    /// Returns the distance between two samples.
    fn step(self) -> f64 {
        f64::from(self.len) / self.n_samples() as f64
    }

    const fn n_samples(self) -> usize {
        self.n * self.samples
    }

    /// Returns where a row of samples is.
    fn row(self, row: usize) -> f64 {
        f64::from(self.min) + (row as f64 + shift(row, SHIFTS.0)) * self.step()
    }

    /// Returns the first row of samples at or behind a place, at most their number.
    fn first_row(self, at: f64) -> usize {
        let row = ((at - f64::from(self.min)) / self.step()) as usize;
        (row + usize::from(self.row(row) < at)).min(self.n_samples())
    }
}

/// How rows of samples are shifted against each other, down and to the right: samples in step with the stripes of a
/// comb would all lie in it or all beside it.
const SHIFTS: (f64, f64) = (0.754_877_666_246_692_7, 0.569_840_290_998_053_2);

/// Returns the shift of a row, `0.0..1.0` of the distance between two samples.
fn shift(row: usize, step: f64) -> f64 {
    (row as f64 * step).fract()
}

#[cfg(test)]
mod tests {
    use super::super::area_doubled;
    use zellige_testkit::polygon::polygon;

    use super::*;

    /// Redraws a polygon and compares its area.
    fn check(rings: &[Vec<(i32, i32)>], expected_area: i64, tolerance: i64) {
        let mut geometry = polygon(rings);
        redraw(&mut geometry, CELLS_OF_TILE_MAX);
        let area: i64 = geometry.parts().map(area_doubled).sum::<i64>() / 2;
        assert!((area - expected_area).abs() <= tolerance, "{area} is not {expected_area}");
    }

    fn square(min: i32, max: i32) -> Vec<(i32, i32)> {
        vec![(min, min), (max, min), (max, max), (min, max)]
    }

    #[test]
    fn area_stays() {
        check(&[square(0, 256)], 256 * 256, 0);
        check(&[square(-80, 4_176)], 4_256 * 4_256, 0);
        check(&[square(0, 4_096), square(1_000, 2_000)], 4_096 * 4_096 - 1_000_000, 8_000);
        check(&[vec![(0, 0), (4_000, 0), (0, 4_000)]], 8_000_000, 24_000);
        // Stripes of a unit, which no cell shows one by one.
        let stripe = |nth: i32| vec![(4 * nth, 0), (4 * nth + 1, 0), (4 * nth + 1, 4_096), (4 * nth, 4_096)];
        check(&(0..1_024).map(stripe).collect::<Vec<_>>(), 4_096 * 1_024, 100_000);
    }

    #[test]
    fn polygons_count_by_union_and_rings_by_the_even_odd_rule() {
        let mut geometry = polygon(&[square(0, 200), square(50, 150)]);
        let inner = square(60, 256);
        geometry.points.extend(inner.iter().map(|(x, y)| Grid::new(*x, *y)));
        geometry.end_part();
        geometry.end_polygon();
        redraw(&mut geometry, CELLS_OF_TILE_MAX);
        let area: i64 = geometry.parts().map(area_doubled).sum::<i64>() / 2;
        let ring = 200 * 200 - 100 * 100;
        let both = ring + 196 * 196 - (140 * 140 - 90 * 90);
        assert!((area - both).abs() <= 16, "{area} is not {both}");
    }
}
