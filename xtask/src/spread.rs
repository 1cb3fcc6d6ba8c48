//! What several measurements of one thing say together.
//!
//! In:     numbers of one unit, in any order.
//! Out:    their median, the least and the greatest; as text or JSON.

use std::fmt;

/// The median of some numbers, and the least and the greatest of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Spread {
    /// Returns what the numbers say, or nothing when there is none.
    pub(crate) fn of(numbers: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut numbers: Vec<f64> = numbers.into_iter().collect();
        numbers.sort_by(f64::total_cmp);
        let (low, high) = (*numbers.first()?, *numbers.last()?);
        let middle = numbers.len() / 2;
        let is_odd = numbers.len() % 2 == 1;
        let median =
            if is_odd { numbers[middle] } else { f64::midpoint(numbers[middle - 1], numbers[middle]) };
        Some(Self { median, low, high })
    }

    /// Returns median, least and greatest as a JSON object.
    pub(crate) fn to_json(self) -> serde_json::Value {
        serde_json::json!({"median": self.median, "low": self.low, "high": self.high})
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { median, low, high } = self;
        write!(f, "{median:.2} ({low:.2} to {high:.2})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(numbers: &[f64], expected: Option<&str>) {
        let spread = Spread::of(numbers.iter().copied()).map(|spread| spread.to_string());
        assert_eq!(spread.as_deref(), expected);
    }

    #[test]
    fn median_stands_between_least_and_greatest() {
        check(&[], None);
        check(&[2.0], Some("2.00 (2.00 to 2.00)"));
        check(&[3.0, 1.0, 2.5], Some("2.50 (1.00 to 3.00)"));
        check(&[4.0, 1.0, 2.0, 3.0], Some("2.50 (1.00 to 4.00)"));
    }
}
