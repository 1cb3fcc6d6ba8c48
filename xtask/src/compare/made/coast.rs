//! The land of a world: three continents, the first one ring of 2.6 million vertices, and 78,000 islands.
//!
//! In:     a seed.
//! Out:    polygons of one ring each, in degrees: continents, then islands from west to east.
//! Keeps:  rings that cross neither themselves nor one another.
//!
//! A coast is refined again and again: each edge gets a bump in its middle, always on the side of the sea, as in the
//! curve of Cesàro. The steeper the bumps, the narrower the fjords between them; with these a coast has the dimension
//! 1.4, where that of Norway has 1.5. Rounded to the grid of a tile, such a ring touches itself all over.
//! An edge and all that becomes of it stay within a triangle whose sides rise by half the angle of the steepest bump;
//! below 90 degrees, the triangles of four new edges lie within that of the old one and meet only at their tips. So a
//! ring whose first triangles meet only at their tips never crosses itself.

use std::f64::consts::TAU;
use std::fmt::Write as _;
use std::io;

use super::dice::Dice;
use super::lines::{Lines, Position};

const ISLANDS: u64 = 78_000;

struct Continent {
    middle: Position,
    /// Half its width and height, degrees.
    radius: Position,
    /// Edges to begin with.
    edges: usize,
    /// Times that each edge becomes four.
    refinements: u32,
}

const CONTINENTS: [Continent; 3] = [
    Continent { middle: [75.0, 32.0], radius: [68.0, 32.0], edges: 40, refinements: 8 },
    Continent { middle: [-90.0, 20.0], radius: [42.0, 40.0], edges: 16, refinements: 8 },
    Continent { middle: [135.0, -30.0], radius: [20.0, 12.0], edges: 20, refinements: 7 },
];
/// How steeply bumps rise, degrees: least and greatest.
const STEEPNESS: (f64, f64) = (58.0, 82.0);
/// No island is within an ellipse so much larger than a continent.
const CLEARANCE: f64 = 1.4;

/// Writes continents, then islands from west to east.
pub(super) fn land(lines: &mut Lines<'_>) -> io::Result<()> {
    let mut dice = Dice::new(41);
    let mut attributes = String::new();
    for continent in &CONTINENTS {
        let mut ring = star(continent.middle, continent.radius, continent.edges, 0.82, &mut dice);
        (0..continent.refinements).for_each(|_| ring = refined(&ring, &mut dice));
        describe("continent", &mut dice, &mut attributes);
        lines.polygon(&attributes, &ring)?;
    }
    let n_all = lines.n_features + ISLANDS;
    for (lon, lat) in (-179..179).flat_map(|lon| (-72..78).map(move |lat| (lon, lat))) {
        let corner = [f64::from(lon), f64::from(lat)];
        if is_near_land(corner) {
            continue;
        }
        // So many islands along each axis of one degree.
        let along = dice.pick(&[(58, 0), (32, 1), (7, 4), (3, 8)]);
        for (x, y) in (0..along).flat_map(|x| (0..along).map(move |y| (x, y))) {
            if lines.n_features >= n_all {
                return Ok(());
            }
            let share = 1.0 / f64::from(along);
            let middle = [corner[0] + (f64::from(x) + 0.5) * share, corner[1] + (f64::from(y) + 0.5) * share];
            let radius = share * (0.08 + 0.3 * dice.unit());
            let edges = 5 + dice.below(4);
            let mut ring = star(middle, [radius, radius], edges, 0.7, &mut dice);
            let refinements = match along {
                1 => dice.pick(&[(40, 1), (40, 2), (20, 3)]),
                _ => dice.pick(&[(50, 0), (42, 1), (8, 2)]),
            };
            (0..refinements).for_each(|_| ring = refined(&ring, &mut dice));
            describe("island", &mut dice, &mut attributes);
            lines.polygon(&attributes, &ring)?;
        }
    }
    Ok(())
}

/// Whether a square degree is on a continent or close to one.
fn is_near_land([lon, lat]: Position) -> bool {
    CONTINENTS.iter().any(|continent| {
        let x = (lon + 0.5 - continent.middle[0]) / (continent.radius[0] * CLEARANCE);
        let y = (lat + 0.5 - continent.middle[1]) / (continent.radius[1] * CLEARANCE);
        x * x + y * y < 1.0
    })
}

/// Returns a ring that no ray from its middle meets twice, its corners between `inner` and 1 radius away.
fn star(middle: Position, radius: Position, edges: usize, inner: f64, dice: &mut Dice) -> Vec<Position> {
    let corner = |nth: usize| {
        let (sin, cos) = (nth as f64 / edges as f64 * TAU).sin_cos();
        let away = inner + (1.0 - inner) * dice.unit();
        [middle[0] + radius[0] * away * cos, middle[1] + radius[1] * away * sin]
    };
    (0..edges).map(corner).collect()
}

/// Returns the ring with four edges for each of its edges.
fn refined(ring: &[Position], dice: &mut Dice) -> Vec<Position> {
    let mut finer = Vec::with_capacity(4 * ring.len());
    for ([ax, ay], [bx, by]) in ring.iter().zip(ring.iter().cycle().skip(1)) {
        let (dx, dy) = (bx - ax, by - ay);
        let rise = (STEEPNESS.0 + (STEEPNESS.1 - STEEPNESS.0) * dice.unit()).to_radians();
        // Four edges of one length.
        let along = 0.5 / (1.0 + rise.cos());
        let height = along * rise.sin();
        finer.extend([
            [*ax, *ay],
            [ax + dx * along, ay + dy * along],
            [ax + dx / 2.0 + dy * height, ay + dy / 2.0 - dx * height],
            [bx - dx * along, by - dy * along],
        ]);
    }
    finer
}

fn describe(kind: &str, dice: &mut Dice, out: &mut String) {
    out.clear();
    let _ = write!(out, r#""kind":"{kind}","scalerank":{},"source":"made""#, dice.below(7));
}
