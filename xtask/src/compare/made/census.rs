//! Areas that cover a country without a gap: neighbours have every vertex of their border in common.
//!
//! In:     seeds.
//! Out:    198,916 polygons in degrees, row by row, with the attributes of block groups.
//! Keeps:  borders, vertex by vertex: a side is the same for the areas on both sides of it.
//!
//! A mesh with four sides an area, narrow where people live. A side is a chain of up to 16 edges that keeps close to
//! its chord, closer than any other side comes, so that no two cross.

use std::fmt::Write as _;
use std::io;

use super::dice::Dice;
use super::lines::{Lines, Position};

/// Areas along each axis; 198,916 in all.
const AREAS: i64 = 446;
/// The country: west, south, east, north, degrees.
const COUNTRY: [f64; 4] = [-124.0, 25.0, -67.0, 49.0];
/// How far corners leave the mesh, in shares of the narrower area beside them.
const JITTER: f64 = 0.15;
/// How far the middle of a side leaves its chord, in shares of the narrower area.
const BEND: f64 = 0.08;
/// How much less the middles of its halves do.
const BEND_FALL: f64 = 0.45;

/// Where the lines of the mesh are, degrees.
struct Mesh {
    columns: Vec<f64>,
    rows: Vec<f64>,
}

#[derive(Clone, Copy)]
enum Side {
    /// From a corner to the next in its row.
    Along,
    /// From a corner to the next in its column.
    Up,
}

/// Writes all areas, row by row.
pub(super) fn areas(lines: &mut Lines<'_>) -> io::Result<()> {
    let mesh = Mesh { columns: spaced(COUNTRY[0], COUNTRY[2], 31), rows: spaced(COUNTRY[1], COUNTRY[3], 32) };
    let (mut ring, mut attributes) = (Vec::new(), String::new());
    for (row, column) in (0..AREAS).flat_map(|row| (0..AREAS).map(move |column| (row, column))) {
        ring.clear();
        mesh.side(Side::Along, column, row, &mut ring);
        mesh.side(Side::Up, column + 1, row, &mut ring);
        mesh.side_back(Side::Along, column, row + 1, &mut ring);
        mesh.side_back(Side::Up, column, row, &mut ring);
        describe(column, row, mesh.corner(column, row), &mut attributes);
        lines.polygon(&attributes, &ring)?;
    }
    Ok(())
}

/// Returns the lines of one axis from `low` to `high`: now close together, now far apart.
fn spaced(low: f64, high: f64, seed: u64) -> Vec<f64> {
    let mut dice = Dice::new(seed);
    let mut steps = Vec::new();
    let mut crowd = 0.0_f64;
    for _ in 0..AREAS {
        crowd = 0.9 * crowd + 0.45 * dice.normal();
        steps.push(crowd.clamp(-1.8, 1.8).exp());
    }
    let total: f64 = steps.iter().sum();
    let mut at = vec![low];
    let mut sum = 0.0;
    for step in steps {
        sum += step;
        at.push(low + (high - low) * sum / total);
    }
    at
}

/// Returns the shorter of the steps before and after a line.
fn step(lines: &[f64], line: i64) -> f64 {
    let line = line as usize;
    let before = if line == 0 { f64::INFINITY } else { lines[line] - lines[line - 1] };
    let after = lines.get(line + 1).map_or(f64::INFINITY, |next| next - lines[line]);
    before.min(after)
}

impl Mesh {
    fn corner(&self, column: i64, row: i64) -> Position {
        let mut dice = Dice::at(33, [column, row, 0]);
        let narrow = self.narrow(column, row) * JITTER;
        [
            self.columns[column as usize] + narrow * dice.swing(),
            self.rows[row as usize] + narrow * dice.swing(),
        ]
    }

    /// Returns the narrowest step around a corner, degrees.
    fn narrow(&self, column: i64, row: i64) -> f64 {
        step(&self.columns, column).min(step(&self.rows, row))
    }

    /// Appends a side without its last vertex.
    fn side(&self, side: Side, column: i64, row: i64, out: &mut Vec<Position>) {
        let chain = self.chain(side, column, row);
        out.extend(&chain[..chain.len() - 1]);
    }

    /// Appends a side from its end to its start, without the latter.
    fn side_back(&self, side: Side, column: i64, row: i64, out: &mut Vec<Position>) {
        let chain = self.chain(side, column, row);
        out.extend(chain[1..].iter().rev());
    }

    fn chain(&self, side: Side, column: i64, row: i64) -> Vec<Position> {
        let (number, end) = match side {
            Side::Along => (1, (column + 1, row)),
            Side::Up => (2, (column, row + 1)),
        };
        let mut dice = Dice::at(34, [column, row, number]);
        let doublings = dice.pick(&[(10, 0), (20, 1), (28, 2), (27, 3), (15, 4)]);
        let mut bend = BEND * self.narrow(column, row).min(self.narrow(end.0, end.1));
        let mut chain = vec![self.corner(column, row), self.corner(end.0, end.1)];
        for _ in 0..doublings {
            let mut finer = Vec::with_capacity(2 * chain.len());
            for pair in chain.windows(2) {
                let ([ax, ay], [bx, by]) = (pair[0], pair[1]);
                let (dx, dy) = (bx - ax, by - ay);
                let away = bend * dice.swing() / dx.hypot(dy);
                finer.extend([pair[0], [ax + dx / 2.0 - dy * away, ay + dy / 2.0 + dx * away]]);
            }
            finer.extend(chain.last());
            bend *= BEND_FALL;
            chain = finer;
        }
        chain
    }
}

fn describe(column: i64, row: i64, [lon, lat]: Position, out: &mut String) {
    let mut dice = Dice::at(35, [column, row, 0]);
    let (state, county) = (1 + row / 64 * 7 + column / 64, 1 + row % 64 / 8 * 8 + column % 64 / 8);
    let (tract, group) = (row % 8 * 8 + column % 8, 1 + dice.below(9));
    let block = format!("{state:02}{county:03}{tract:06}{group}");
    let (land, water) = (100_000 + dice.below(90_000_000), dice.below(3) * dice.below(400_000));
    let (people, homes) = (dice.below(4_000), dice.below(1_900));
    out.clear();
    // Writing to a string cannot fail.
    let _ = write!(out, r#""STATEFP":"{state:02}","COUNTYFP":"{county:03}","TRACTCE":"{tract:06}","#);
    let _ = write!(out, r#""BLKGRPCE":"{group}","GEOID":"{block}","GEOIDFQ":"1500000US{block}","#);
    let _ = write!(out, r#""NAMELSAD":"Block Group {group}","MTFCC":"G5030","FUNCSTAT":"S","#);
    let _ = write!(out, r#""ALAND":{land},"AWATER":{water},"INTPTLAT":"{lat:+.7}","INTPTLON":"{lon:+.7}","#);
    let _ = write!(out, r#""POP20":{people},"HU20":{homes}"#);
}
