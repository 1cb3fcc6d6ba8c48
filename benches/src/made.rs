//! Lines and shapes from a seed: equal on every machine.

use std::f64::consts::TAU;
use std::fmt::Write as _;

use zellige_model::{Feature, GeometryKind, LonLat};

/// The south-western corner of the square degree in which everything lies.
const CORNER: LonLat = LonLat::new(9.5, 47.0);
/// Vertices of the outer ring and of the hole of an area.
const SHELL_VERTICES: u32 = 60;
const HOLE_VERTICES: u32 = 12;

/// Numbers without pattern, from a seed (a linear congruence; the high bits are good enough).
#[derive(Clone, Copy, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Returns the numbers of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a number from 0 to 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns a number from 0 to below `limit`, which is not 0.
    pub fn below(&mut self, limit: u32) -> u32 {
        ((self.next() >> 33) % u64::from(limit)) as u32
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0
    }
}

/// What an input is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Character {
    /// Points with six attributes, one of them different everywhere.
    Points,
    /// Lines of 20 to 100 vertices, 15 to 45 metres apart, with five attributes.
    Roads,
    /// Polygons of 60 vertices with a hole of 12, a few hundred metres wide, with four attributes.
    Areas,
}

impl Character {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Points, Self::Roads, Self::Areas];

    /// Returns its name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Points => "points",
            Self::Roads => "roads",
            Self::Areas => "areas",
        }
    }

    /// Returns the number of features: 60,000 vertices of lines and polygons or 2,000 points when small.
    #[must_use]
    pub const fn n_features(self, size: Size) -> usize {
        let small = match self {
            Self::Points => 2_000,
            Self::Roads => 1_000,
            Self::Areas => 800,
        };
        small * size.factor()
    }
}

/// How much there is of an input; each is four times the one before, so that growth can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Fits the caches.
    Small,
    /// Four times that.
    Medium,
    /// Sixteen times that.
    Large,
}

impl Size {
    const fn factor(self) -> usize {
        match self {
            Self::Small => 1,
            Self::Medium => 4,
            Self::Large => 16,
        }
    }
}

/// Returns the lines of an input, each with its line end.
#[must_use]
pub fn lines(character: Character, size: Size) -> String {
    let mut out = String::new();
    let mut dice = Dice::new(20_260_719);
    for id in 0..character.n_features(size) {
        let written = match character {
            Character::Points => point(id, &mut dice, &mut out),
            Character::Roads => road(id, &mut dice, &mut out),
            Character::Areas => area(id, &mut dice, &mut out),
        };
        written.expect("a string takes everything");
        out.push('\n');
    }
    out
}

/// Returns one polygon of a single ring with `8 << doublings` vertices that is rugged at every scale.
///
/// Starts from an octagon and bends the middle of every edge sideways, again and again.
#[must_use]
pub fn coast(doublings: u32) -> Feature {
    let mut dice = Dice::new(1_967);
    let corner = |nth: u32| {
        let angle = f64::from(nth) / 8.0 * TAU;
        LonLat::new(CORNER.lon + angle.cos(), CORNER.lat + angle.sin())
    };
    let mut ring: Vec<LonLat> = (0..8).map(corner).collect();
    for _ in 0..doublings {
        let mut finer = Vec::with_capacity(2 * ring.len());
        for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            let (dx, dy) = (b.lon - a.lon, b.lat - a.lat);
            let bend = (dice.unit() - 0.5) * 0.4;
            let middle = LonLat::new(a.lon + dx / 2.0 - dy * bend, a.lat + dy / 2.0 + dx * bend);
            finer.extend([*a, middle]);
        }
        ring = finer;
    }
    let mut feature = Feature::default();
    feature.geometry.reset(GeometryKind::Polygon);
    feature.geometry.points = ring;
    feature.geometry.end_part();
    feature.geometry.end_polygon();
    feature
}

fn point(id: usize, dice: &mut Dice, out: &mut String) -> std::fmt::Result {
    write!(
        out,
        r#"{{"type":"Feature","id":{id},"properties":{{"name":"Place {id}","kind":"kind-{}","rank":{},"height":{:.1},"open":{},"note":"seen by {}"}},"geometry":{{"type":"Point","coordinates":"#,
        dice.below(24),
        dice.below(12),
        dice.unit() * 3000.0,
        dice.below(2) == 0,
        dice.below(500),
    )?;
    let place = anywhere(dice);
    position(place, out)?;
    out.push_str("}}");
    Ok(())
}

fn road(id: usize, dice: &mut Dice, out: &mut String) -> std::fmt::Result {
    write!(
        out,
        r#"{{"type":"Feature","id":{id},"properties":{{"osm_id":"w{id}","highway":"class-{}","name":"Straße {}","lanes":{},"oneway":{}}},"geometry":{{"type":"LineString","coordinates":["#,
        dice.below(9),
        dice.below(997),
        dice.below(4),
        dice.below(3) == 0,
    )?;
    let mut at = anywhere(dice);
    let mut heading = dice.unit() * TAU;
    for nth in 0..20 + dice.below(81) {
        if nth > 0 {
            out.push(',');
        }
        position(at, out)?;
        heading += dice.unit() - 0.5;
        let step = 0.000_2 + dice.unit() * 0.000_4;
        at = LonLat::new(at.lon + step * heading.cos(), at.lat + step / 1.5 * heading.sin());
    }
    out.push_str("]}}");
    Ok(())
}

fn area(id: usize, dice: &mut Dice, out: &mut String) -> std::fmt::Result {
    write!(
        out,
        r#"{{"type":"Feature","id":{id},"properties":{{"name":"Area {id}","kind":"kind-{}","level":{},"size":{:.2}}},"geometry":{{"type":"Polygon","coordinates":["#,
        dice.below(24),
        dice.below(7),
        dice.unit() * 10_000.0,
    )?;
    let middle = anywhere(dice);
    let radius = 0.001 + dice.unit() * 0.004;
    ring(middle, radius, SHELL_VERTICES, dice, out)?;
    out.push(',');
    ring(middle, radius / 3.0, HOLE_VERTICES, dice, out)?;
    out.push_str("]}}");
    Ok(())
}

/// Writes a ring that no ray from its middle meets twice, between 7 and 10 tenths of `radius` away.
fn ring(middle: LonLat, radius: f64, n_vertices: u32, dice: &mut Dice, out: &mut String) -> std::fmt::Result {
    let mut corner = |nth: u32| {
        let angle = f64::from(nth) / f64::from(n_vertices) * TAU;
        let away = radius * (0.7 + 0.3 * dice.unit());
        LonLat::new(middle.lon + away * angle.cos(), middle.lat + away / 1.5 * angle.sin())
    };
    out.push('[');
    let first = corner(0);
    position(first, out)?;
    for nth in 1..n_vertices {
        out.push(',');
        position(corner(nth), out)?;
    }
    out.push(',');
    position(first, out)?;
    out.push(']');
    Ok(())
}

fn anywhere(dice: &mut Dice) -> LonLat {
    LonLat::new(CORNER.lon + dice.unit(), CORNER.lat + dice.unit())
}

fn position(at: LonLat, out: &mut String) -> std::fmt::Result {
    write!(out, "[{:.7},{:.7}]", at.lon, at.lat)
}
