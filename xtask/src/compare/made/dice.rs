//! Numbers without pattern, from a seed.
//!
//! In:     a seed, and the number of a place.
//! Out:    numbers of several distributions, picks among choices.
//! Keeps:  the stream: what comes next follows from the seed and from what was asked for before.
//! Source: splitmix64 (Steele, Lea, Flood 2014).

use std::f64::consts::TAU;

/// A stream of numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// Returns the stream of a seed.
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the stream of a place: a thing that two neighbours have in common is the same for both.
    pub(super) fn at(seed: u64, place: [i64; 3]) -> Self {
        let mut dice = Self(seed);
        for number in place {
            dice.0 = dice.next() ^ number as u64;
        }
        dice
    }

    /// Returns a number from 0 to below 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns a number from -1 to below 1.
    pub(super) fn swing(&mut self) -> f64 {
        2.0 * self.unit() - 1.0
    }

    /// Returns a number around 0 that is normal, with variance 1.
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (TAU * self.unit()).cos()
    }

    /// Returns a number from 0 to below `limit`, which is not 0.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        ((self.next() >> 32) as usize) % limit
    }

    /// Whether something happens that happens in `percent` of all cases.
    pub(super) fn happens(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Returns one of several, each with its weight.
    pub(super) fn pick<T: Copy>(&mut self, among: &[(usize, T)]) -> T {
        let total: usize = among.iter().map(|(weight, _)| weight).sum();
        let mut left = self.below(total);
        for (weight, one) in among {
            if left < *weight {
                return *one;
            }
            left -= weight;
        }
        among[0].1
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
