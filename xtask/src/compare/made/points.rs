//! Points all over a world, most of them in and around towns of very different size.
//!
//! In:     a seed.
//! Out:    2,400,000 points in degrees, with four attributes, the points of a town not together.

use std::fmt::Write as _;
use std::io;

use super::dice::Dice;
use super::lines::{Lines, Position};

const POINTS: usize = 2_400_000;
const TOWNS: usize = 4_000;
/// Syllables of names.
const SYLLABLES: [&str; 16] =
    ["ba", "ren", "to", "li", "mar", "ko", "sen", "du", "va", "fel", "os", "tri", "gan", "hue", "pil", "nor"];

struct Town {
    middle: Position,
    /// How far its points scatter, degrees.
    spread: f64,
    country: usize,
    region: usize,
}

/// Writes the points, those of a town not together.
pub(super) fn points(lines: &mut Lines<'_>) -> io::Result<()> {
    let mut dice = Dice::new(51);
    let towns: Vec<Town> = (0..TOWNS).map(|_| town(&mut dice)).collect();
    let mut attributes = String::new();
    for id in 0..POINTS {
        // The low numbers are taken far more often: the first town has most of the points.
        let town = &towns[(TOWNS as f64 * dice.unit().powi(3)) as usize];
        let spread = town.spread * if dice.happens(20) { 6.0 } else { 1.0 };
        let lon = (town.middle[0] + spread * dice.normal()).clamp(-180.0, 180.0);
        let lat = (town.middle[1] + 0.7 * spread * dice.normal()).clamp(-84.0, 84.0);
        describe(id, town, &mut dice, &mut attributes);
        lines.point(&attributes, [lon, lat])?;
    }
    Ok(())
}

fn town(dice: &mut Dice) -> Town {
    Town {
        middle: [dice.swing() * 170.0, 20.0 + dice.swing() * 45.0],
        spread: 0.03 + 0.4 * dice.unit().powi(2),
        country: dice.below(26 * 26),
        region: dice.below(80),
    }
}

fn describe(id: usize, town: &Town, dice: &mut Dice, out: &mut String) {
    out.clear();
    out.push_str(r#""name":""#);
    for _ in 0..2 + dice.below(3) {
        out.push_str(SYLLABLES[dice.below(16)]);
    }
    let letter = |number: usize| char::from(b'A' + number as u8);
    let country = [letter(town.country / 26), letter(town.country % 26)];
    let _ = write!(
        out,
        r#" {id}","country":"{}{}","admin1":"{:02}","population":{}"#,
        country[0],
        country[1],
        town.region,
        (10.0 * (dice.unit() * 9.0).exp()) as u64,
    );
}
