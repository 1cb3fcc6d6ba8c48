//! What is wrong with a pack: faults, counted and shown.
//!
//! In:     places and sentences of those who look.
//! Out:    [`Faults`]: how many there are, and the first of them.
//! Keeps:  memory: so many faults are kept, all are counted.
//! Source: –

use std::fmt;

/// So many faults are shown.
pub const FAULTS_MAX: usize = 100;

/// A fault of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The row, document or file, such as `tile 3/4/5` or `2/000/791/314.gph: edge 17`; empty for the pack itself.
    pub place: String,
    /// What is wrong with it.
    pub found: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.found)
    }
}

/// The faults of a pack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Faults {
    /// How many there are.
    pub count: u64,
    /// The first [`FAULTS_MAX`] of them.
    pub first: Vec<Fault>,
}

impl Faults {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes note of a fault.
    pub(crate) fn add(&mut self, place: impl Into<String>, found: impl Into<String>) {
        self.count += 1;
        if self.first.len() < FAULTS_MAX {
            self.first.push(Fault { place: place.into(), found: found.into() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(n_faults: usize, n_shown: usize) {
        let mut faults = Faults::default();
        for number in 0..n_faults {
            faults.add(format!("row {number}"), "it is missing");
        }
        assert_eq!((faults.count, faults.first.len()), (n_faults as u64, n_shown));
        assert_eq!(faults.is_empty(), n_faults == 0);
    }

    #[test]
    fn all_are_counted_and_the_first_are_kept() {
        check(0, 0);
        check(1, 1);
        check(FAULTS_MAX + 1, FAULTS_MAX);
    }

    #[test]
    fn fault_says_where_it_is() {
        let text =
            |place: &str| Fault { place: place.to_owned(), found: "it is missing".to_owned() }.to_string();
        assert_eq!([text("tile 3/4/5"), text("")], ["tile 3/4/5: it is missing", "it is missing"]);
    }
}
