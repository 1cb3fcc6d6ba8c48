//! Twenty cities: roads, buildings, land use and points of interest.
//!
//! In:     seeds.
//! Out:    lines, polygons and points in degrees, city after city, with the attributes of OpenStreetMap.
//! Keeps:  what layers have in common: the lattice of a city is the same for all of them.
//!
//! A city is a bent lattice of streets, dense in the middle. Roads go along its lines from crossing to crossing,
//! so that they share their ends; buildings stand on lots within its blocks, and those of a row share walls.

use std::f64::consts::TAU;
use std::fmt::Write as _;
use std::io;

use super::dice::Dice;
use super::lines::{Lines, Position};

const CITIES: i64 = 20;
/// Blocks from the middle of a city to its rim.
const BLOCKS: i64 = 64;
/// Side of a block, meters.
const BLOCK_METERS: f64 = 90.0;
const METERS_A_DEGREE: f64 = 111_320.0;
/// Lots along a block; there are two rows of them.
const LOTS: i64 = 4;

const HIGHWAYS: [(usize, &str); 8] = [
    (34, "residential"),
    (22, "service"),
    (16, "footway"),
    (8, "tertiary"),
    (6, "secondary"),
    (5, "track"),
    (5, "cycleway"),
    (4, "primary"),
];
const BUILDINGS: [(usize, &str); 6] =
    [(52, "yes"), (20, "house"), (14, "apartments"), (6, "garage"), (5, "retail"), (3, "industrial")];
const LANDUSES: [(usize, &str); 6] =
    [(30, "residential"), (22, "grass"), (16, "forest"), (14, "farmland"), (10, "commercial"), (8, "meadow")];
const AMENITIES: [(usize, &str); 8] = [
    (24, "bench"),
    (18, "parking"),
    (14, "restaurant"),
    (12, "waste_basket"),
    (10, "cafe"),
    (9, "bicycle_parking"),
    (8, "pharmacy"),
    (5, "school"),
];
const SURFACES: [(usize, &str); 4] =
    [(60, "asphalt"), (20, "paving_stones"), (12, "gravel"), (8, "concrete")];
/// Parts of the names of streets.
const NAMES: [&str; 12] = [
    "Oak", "Mill", "Baker", "King", "Church", "Garden", "Station", "Harbour", "Linden", "Market", "Castle",
    "North",
];

/// Outlines of buildings on a lot of side 1, open.
const OUTLINES: [(usize, &[Position]); 5] = [
    (44, &[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]),
    (26, &[[0.0, 0.0], [1.0, 0.0], [1.0, 0.6], [0.45, 0.6], [0.45, 1.0], [0.0, 1.0]]),
    (14, &[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.7, 1.0], [0.7, 0.5], [0.3, 0.5], [0.3, 1.0], [0.0, 1.0]]),
    (
        10,
        &[
            [0.2, 0.0],
            [0.8, 0.0],
            [0.8, 0.2],
            [1.0, 0.2],
            [1.0, 0.8],
            [0.8, 0.8],
            [0.8, 1.0],
            [0.2, 1.0],
            [0.2, 0.8],
            [0.0, 0.8],
            [0.0, 0.2],
            [0.2, 0.2],
        ],
    ),
    (
        6,
        &[
            [1.0, 0.5],
            [0.98, 0.65],
            [0.93, 0.75],
            [0.85, 0.85],
            [0.75, 0.93],
            [0.65, 0.98],
            [0.5, 1.0],
            [0.35, 0.98],
            [0.25, 0.93],
            [0.15, 0.85],
            [0.07, 0.75],
            [0.02, 0.65],
            [0.0, 0.5],
            [0.02, 0.35],
            [0.07, 0.25],
            [0.15, 0.15],
            [0.25, 0.07],
            [0.35, 0.02],
            [0.5, 0.0],
            [0.65, 0.02],
            [0.75, 0.07],
            [0.85, 0.15],
            [0.93, 0.25],
            [0.98, 0.35],
        ],
    ),
];

/// One city: where it lies and how its lattice is bent.
struct City {
    number: i64,
    middle: Position,
    turn: f64,
    waves: [f64; 4],
}

impl City {
    fn all() -> impl Iterator<Item = Self> {
        (0..CITIES).map(|number| {
            let mut dice = Dice::at(1, [number, 0, 0]);
            Self {
                number,
                middle: [dice.swing() * 130.0, 10.0 + dice.swing() * 48.0],
                turn: dice.unit() * TAU,
                waves: [dice.unit() * TAU, dice.unit() * TAU, dice.unit() * TAU, dice.unit() * TAU],
            }
        })
    }

    /// Returns the place at `u` blocks to the side and `v` blocks up; crossings are at whole numbers.
    fn place(&self, u: f64, v: f64) -> Position {
        let bend = |along: f64, wave: f64| {
            0.9 * (along / 7.0 + wave).sin() + 0.25 * (along / 1.9 + 2.0 * wave).sin()
        };
        let x = u + bend(v, self.waves[0]) + 0.2 * bend(u, self.waves[1]);
        let y = v + bend(u, self.waves[2]) + 0.2 * bend(v, self.waves[3]);
        let (sin, cos) = self.turn.sin_cos();
        let degrees = BLOCK_METERS / METERS_A_DEGREE;
        let lat = self.middle[1] + (x * sin + y * cos) * degrees;
        let lon = self.middle[0] + (x * cos - y * sin) * degrees / self.middle[1].to_radians().cos();
        [lon, lat]
    }

    fn dice(&self, what: i64) -> Dice {
        Dice::at(2, [self.number, what, 0])
    }
}

/// Returns how densely the block at `u`, `v` is built, from 100 in the middle to 0 at the rim.
fn density(u: i64, v: i64) -> usize {
    let away = ((u * u + v * v) as f64).sqrt() / BLOCKS as f64;
    (100.0 * (1.0 - away * 0.75)).clamp(0.0, 100.0) as usize
}

/// Writes roads: every line of the lattice, cut where its roads end.
pub(super) fn roads(lines: &mut Lines<'_>) -> io::Result<()> {
    let (mut road, mut attributes) = (Vec::new(), String::new());
    for city in City::all() {
        let mut dice = city.dice(1);
        for (axis, line) in (0..2).flat_map(|axis| (-BLOCKS..=BLOCKS).map(move |line| (axis, line))) {
            let mut at = -BLOCKS;
            while at < BLOCKS {
                if !dice.happens(density(at, line) * 9 / 10) {
                    at += 1;
                    continue;
                }
                let blocks = dice.pick(&[(52, 1), (22, 2), (12, 3), (8, 4), (4, 6), (2, 9)]);
                let end = (at + blocks).min(BLOCKS);
                road_vertices(&city, (axis, line), at..end, &mut dice, &mut road);
                road_attributes(&mut dice, &mut attributes);
                lines.line(&attributes, &road)?;
                at = end;
            }
        }
    }
    Ok(())
}

/// Lists the vertices of a road: the crossings, and between them more of them the more it winds.
fn road_vertices(
    city: &City,
    (axis, line): (i32, i64),
    blocks: std::ops::Range<i64>,
    dice: &mut Dice,
    out: &mut Vec<Position>,
) {
    let (steps, swing) = dice.pick(&[(40, (1, 0.0)), (22, (3, 0.03)), (22, (4, 0.08)), (16, (9, 0.2))]);
    out.clear();
    for block in blocks.clone() {
        let side = swing * dice.swing();
        for step in 0..steps {
            let share = f64::from(step) / f64::from(steps);
            let away = line as f64 + side * (share * TAU / 2.0).sin() + side * 0.3 * (share * TAU).sin();
            let along = block as f64 + share;
            out.push(if axis == 0 { city.place(along, away) } else { city.place(away, along) });
        }
    }
    let (along, away) = (blocks.end as f64, line as f64);
    out.push(if axis == 0 { city.place(along, away) } else { city.place(away, along) });
}

fn road_attributes(dice: &mut Dice, out: &mut String) {
    out.clear();
    let id = 20_000_000 + dice.below(900_000_000);
    let _ = write!(out, r#""osm_id":"w{id}","highway":"{}""#, dice.pick(&HIGHWAYS));
    if dice.happens(65) {
        let _ = write!(out, r#","name":"{}""#, street(dice));
    }
    if dice.happens(40) {
        let _ = write!(out, r#","surface":"{}""#, dice.pick(&SURFACES));
    }
    if dice.happens(30) {
        let _ = write!(out, r#","maxspeed":"{}""#, [30, 50, 60, 80][dice.below(4)]);
    }
    if dice.happens(35) {
        let _ = write!(out, r#","oneway":"{}""#, ["yes", "no"][dice.below(2)]);
    }
    if dice.happens(30) {
        let _ = write!(out, r#","lanes":"{}","lit":"yes""#, 1 + dice.below(4));
    }
}

fn street(dice: &mut Dice) -> String {
    let kind = ["Street", "Road", "Lane", "Avenue"][dice.below(4)];
    format!("{} {} {}", NAMES[dice.below(12)], NAMES[dice.below(12)], kind)
}

/// Writes buildings: on the lots of built blocks, alone or wall to wall.
pub(super) fn buildings(lines: &mut Lines<'_>) -> io::Result<()> {
    let (mut ring, mut attributes) = (Vec::new(), String::new());
    for city in City::all() {
        let mut dice = city.dice(2);
        for (u, v) in (-BLOCKS..BLOCKS).flat_map(|u| (-BLOCKS..BLOCKS).map(move |v| (u, v))) {
            if !dice.happens(density(u, v) / 7) {
                continue;
            }
            let is_row = dice.happens(30);
            for (lot, row) in (0..LOTS).flat_map(|lot| (0..2).map(move |row| (lot, row))) {
                if dice.happens(20) {
                    continue;
                }
                // A lot, in shares of the block; those of a row reach from wall to wall.
                let (width, margin) = (0.8 / LOTS as f64, if is_row { 0.0 } else { 0.15 });
                let left = |lot: i64| 0.1 + lot as f64 * width;
                let (left, right) = (left(lot) + margin * width, left(lot + 1) - margin * width);
                let bottom = 0.12 + 0.45 * f64::from(row);
                let depth = if is_row { 0.22 } else { 0.12 + 0.14 * dice.unit() };
                let outline = if is_row { OUTLINES[0].1 } else { dice.pick(&OUTLINES) };
                ring.clear();
                ring.extend(outline.iter().map(|[x, y]| {
                    let across = left * (1.0 - x) + right * x;
                    city.place(u as f64 + across, v as f64 + bottom + y * depth)
                }));
                building_attributes(&mut dice, &mut attributes);
                lines.polygon(&attributes, &ring)?;
            }
        }
    }
    Ok(())
}

fn building_attributes(dice: &mut Dice, out: &mut String) {
    out.clear();
    let id = 20_000_000 + dice.below(900_000_000);
    let _ = write!(out, r#""osm_id":"a{id}","building":"{}""#, dice.pick(&BUILDINGS));
    if dice.happens(55) {
        let (number, street) = (1 + dice.below(180), street(dice));
        let _ = write!(out, r#","addr:housenumber":"{number}","addr:street":"{street}""#);
    }
    if dice.happens(30) {
        let _ = write!(out, r#","building:levels":"{}""#, 1 + dice.below(9));
    }
}

/// Writes land use: round shapes of all sizes, which may lie over each other.
pub(super) fn landuse(lines: &mut Lines<'_>) -> io::Result<()> {
    let (mut ring, mut attributes) = (Vec::new(), String::new());
    for city in City::all() {
        let mut dice = city.dice(3);
        for _ in 0..800 {
            let (u, v) = anywhere(&mut dice);
            let (radius, corners) = (0.2 + 3.0 * dice.unit().powi(4), 5 + dice.below(30));
            ring.clear();
            ring.extend((0..corners).map(|corner| {
                let (sin, cos) = (corner as f64 / corners as f64 * TAU).sin_cos();
                let away = radius * (0.6 + 0.4 * dice.unit());
                city.place(u + away * cos, v + away * sin)
            }));
            attributes.clear();
            let id = 20_000_000 + dice.below(900_000_000);
            let _ = write!(attributes, r#""osm_id":"a{id}","landuse":"{}""#, dice.pick(&LANDUSES));
            if dice.happens(20) {
                let _ = write!(attributes, r#","name":"{} Park""#, NAMES[dice.below(12)]);
            }
            lines.polygon(&attributes, &ring)?;
        }
    }
    Ok(())
}

/// Writes points of interest.
pub(super) fn pois(lines: &mut Lines<'_>) -> io::Result<()> {
    let mut attributes = String::new();
    for city in City::all() {
        let mut dice = city.dice(4);
        for _ in 0..5_900 {
            let (u, v) = anywhere(&mut dice);
            attributes.clear();
            let id = 20_000_000 + dice.below(900_000_000);
            let _ = write!(attributes, r#""osm_id":"n{id}","amenity":"{}""#, dice.pick(&AMENITIES));
            if dice.happens(45) {
                let _ = write!(attributes, r#","name":"{} {}""#, NAMES[dice.below(12)], dice.below(400));
            }
            if dice.happens(25) {
                let _ = write!(attributes, r#","opening_hours":"Mo-Fr 0{}:00-18:00""#, 6 + dice.below(4));
            }
            lines.point(&attributes, city.place(u, v))?;
        }
    }
    Ok(())
}

/// Returns a place in a city, oftener near its middle.
fn anywhere(dice: &mut Dice) -> (f64, f64) {
    let away = 0.4 * BLOCKS as f64;
    (away * dice.normal(), away * dice.normal())
}
