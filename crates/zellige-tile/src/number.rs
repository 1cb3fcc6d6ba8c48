//! The three forms of numbers as one, exact as long as they are whole.
//!
//! In:     attribute values.
//! Out:    numbers that compare, add and multiply; 1 and 1.0 are the same.
//! Keeps:  whole numbers below 2^126; beyond that, and for fractions, the nearest double.
//! Source: recipe 4.1 and 4.2: ranks, equality and aggregation of values.

use std::cmp::Ordering;

use zellige_model::{Value, ValueRef};

/// Doubles below this one are kept as whole numbers if they are: 2^126.
const WHOLE_MAX: f64 = (1_u128 << 126) as f64;

/// A finite number in the one form that its value has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    /// A whole number.
    Whole(i128),
    /// A fraction, or a whole number that is too large.
    Double(f64),
}

impl Number {
    /// Returns the number that `value` is; nothing for other types, and for what is not finite.
    pub(crate) fn of(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Int(number) => Some(Self::Whole(number.into())),
            ValueRef::UInt(number) => Some(Self::Whole(number.into())),
            ValueRef::Double(number) if number.is_finite() => Some(Self::from_double(number)),
            _ => None,
        }
    }

    /// Returns the value in its shortest form; nothing when calculating went beyond all doubles.
    pub(crate) fn to_value(self) -> Option<Value> {
        match self {
            Self::Whole(number) => Some(
                i64::try_from(number)
                    .map(Value::Int)
                    .or_else(|_| u64::try_from(number).map(Value::UInt))
                    .unwrap_or(Value::Double(number as f64)),
            ),
            Self::Double(number) => number.is_finite().then_some(Value::Double(number)),
        }
    }

    fn from_double(number: f64) -> Self {
        if number.abs() < WHOLE_MAX && number.fract() == 0.0 {
            Self::Whole(number as i128)
        } else {
            Self::Double(number)
        }
    }

    const fn as_double(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Double(number) => number,
        }
    }

    /// Compares by value.
    pub(crate) fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => a.cmp(&b),
            (Self::Double(a), Self::Double(b)) => a.total_cmp(&b),
            (Self::Whole(a), Self::Double(b)) => compare_mixed(a, b),
            (Self::Double(a), Self::Whole(b)) => compare_mixed(b, a).reverse(),
        }
    }

    /// Adds.
    pub(crate) fn plus(self, other: Self) -> Self {
        if let (Self::Whole(a), Self::Whole(b)) = (self, other)
            && let Some(sum) = a.checked_add(b)
        {
            return Self::Whole(sum);
        }
        Self::from_double(self.as_double() + other.as_double())
    }

    /// Multiplies.
    pub(crate) fn times(self, other: Self) -> Self {
        if let (Self::Whole(a), Self::Whole(b)) = (self, other)
            && let Some(product) = a.checked_mul(b)
        {
            return Self::Whole(product);
        }
        Self::from_double(self.as_double() * other.as_double())
    }

    /// Divides by a number of things that is not 0.
    pub(crate) fn divided_by(self, count: usize) -> Self {
        match self {
            Self::Whole(number) if number % (count as i128) == 0 => Self::Whole(number / count as i128),
            _ => Self::from_double(self.as_double() / count as f64),
        }
    }
}

/// Compares with a double that equals no whole number of 126 bits.
fn compare_mixed(whole: i128, double: f64) -> Ordering {
    // The cast saturates, which is right for the largest ones.
    if whole <= double.floor() as i128 { Ordering::Less } else { Ordering::Greater }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_value_in_all_forms() {
        let sorted = [
            ValueRef::Double(-1e300),
            ValueRef::Double(-1.8e19),
            ValueRef::Int(i64::MIN),
            ValueRef::Double(-1.5),
            ValueRef::Int(-1),
            ValueRef::Double(-0.5),
            ValueRef::Int(0),
            ValueRef::Double(0.5),
            ValueRef::Int(9_007_199_254_740_992),
            ValueRef::Int(9_007_199_254_740_993),
            ValueRef::Int(i64::MAX),
            ValueRef::UInt(u64::MAX),
            ValueRef::Double(1.9e19),
            ValueRef::Double(1e300),
        ];
        for (nth, a) in sorted.iter().enumerate() {
            for (mth, b) in sorted.iter().enumerate() {
                let (a, b) = (Number::of(*a).unwrap(), Number::of(*b).unwrap());
                assert_eq!(a.compare(b), nth.cmp(&mth), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn one_value_is_one_number() {
        assert_eq!(Number::of(ValueRef::Double(1.0)), Number::of(ValueRef::Int(1)));
        assert_eq!(Number::of(ValueRef::Double(-0.0)), Number::of(ValueRef::UInt(0)));
        assert_eq!(Number::of(ValueRef::Double(f64::NAN)), None);
        assert_eq!(Number::of(ValueRef::String("1")), None);
    }
}
