//! Which tiles of a zoom are made, when a part of them is enough to know what all of them are like.
//!
//! In:     one of how many tiles is wanted.
//! Out:    whether a tile is made.
//! Keeps:  an even spread: the chosen tiles lie on a lattice, `step` apart in each column and shifted from column to
//!         column, so that neither rows nor columns nor squares of tiles are favoured.
//! Source: Fibonacci lattices: the shift is an odd number near `step` times the golden section.

/// Chooses one of every `step` tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sieve {
    /// A power of two.
    step: i64,
    /// Odd, so that each row has as many chosen tiles as each column.
    shift: i64,
}

impl Sieve {
    /// Chooses all tiles.
    pub const ALL: Self = Self { step: 1, shift: 1 };

    /// Chooses one of every `step` tiles, which is rounded up to a power of two, at most 2^31.
    #[must_use]
    pub fn one_of(step: u32) -> Self {
        let step = step.clamp(1, 1 << 31).next_power_of_two();
        let shift = (f64::from(step) * 0.618_033_988_749_894_9) as i64 | 1;
        Self { step: i64::from(step), shift }
    }

    /// Returns how many tiles each chosen one stands for.
    #[must_use]
    pub const fn step(self) -> u32 {
        self.step as u32
    }

    /// Whether all tiles are chosen.
    #[must_use]
    pub const fn is_all(self) -> bool {
        self.step == 1
    }

    /// Whether a tile is chosen.
    #[must_use]
    pub const fn has(self, column: i64, row: i64) -> bool {
        (row + column * self.shift) & (self.step - 1) == 0
    }

    /// Returns the chosen rows of a column among `first..=last`.
    pub fn rows(self, column: i64, first: i64, last: i64) -> impl Iterator<Item = i64> {
        let start = first + (-(first + column * self.shift)).rem_euclid(self.step);
        (start..=last).step_by(self.step as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares how many tiles of a box are chosen.
    fn check(step: u32, columns: std::ops::Range<i64>, rows: std::ops::Range<i64>, expected: usize) {
        let sieve = Sieve::one_of(step);
        let chosen = |column| sieve.rows(column, rows.start, rows.end - 1).count();
        assert_eq!(columns.clone().map(chosen).sum::<usize>(), expected);
        let is_chosen = |column| rows.clone().filter(|row| sieve.has(column, *row)).count();
        assert_eq!(columns.map(is_chosen).sum::<usize>(), expected);
    }

    #[test]
    fn all_parts_of_the_map_have_their_share() {
        check(1, 3..7, -2..8, 40);
        check(16, 0..16, 0..16, 16);
        check(16, 0..16, 5..6, 1);
        check(16, 7..8, 0..16, 1);
        check(16, -8..8, -8..8, 16);
        for (x, y) in [(0, 0), (4, 4), (8, 12), (100, 7)] {
            check(64, x..x + 64, y..y + 8, 8);
        }
    }
}
