//! One value from those of all members.
//!
//! In:     the values that one attribute has in the members, in member order.
//! Out:    one value or none, and how many values were of no use.
//! Keeps:  whole numbers exactly as long as they fit.
//! Source: recipe 4.2, the table of operations; text form of numbers as in JavaScript (recipe 3.3,
//!         `to-string`).
//!
//! Missing values and null are of no use to any operation; numbers alone are of use to arithmetic, and
//! to `min` and `max` texts where there is no number.

use std::cmp::Ordering;
use std::fmt::Write as _;

use zellige_model::{Value, ValueRef, spelling};
use zellige_recipe::recipe::Aggregation;

use crate::number::Number;

/// What an operation makes of the values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Aggregated {
    /// The value; nothing when no value was of use, or the result is beyond all doubles.
    pub(super) value: Option<Value>,
    /// How many members had no value, or one of no use.
    pub(super) n_ignored: u64,
}

/// Applies `operation` to the values of all members.
pub(super) fn aggregate<'v>(
    operation: Aggregation,
    values: impl Iterator<Item = Option<ValueRef<'v>>> + Clone,
) -> Aggregated {
    let n_members = values.clone().count();
    let present = values.flatten().filter(|value| is_of_use(*value));
    let numbers = present.clone().filter_map(Number::of);
    let n_numbers = numbers.clone().count();
    let (value, n_used) = match operation {
        Aggregation::Sum => (numbers.reduce(Number::plus).and_then(Number::to_value), n_numbers),
        Aggregation::Product => (numbers.reduce(Number::times).and_then(Number::to_value), n_numbers),
        Aggregation::Mean => {
            let mean = numbers.reduce(Number::plus).map(|sum| sum.divided_by(n_numbers));
            (mean.and_then(Number::to_value), n_numbers)
        }
        Aggregation::Min | Aggregation::Max => {
            let better = if operation == Aggregation::Min { Ordering::Less } else { Ordering::Greater };
            if n_numbers > 0 {
                let best = numbers.reduce(|best, new| if new.compare(best) == better { new } else { best });
                (best.and_then(Number::to_value), n_numbers)
            } else {
                let texts = present.filter_map(text);
                let best = texts.clone().reduce(|best, new| if new.cmp(best) == better { new } else { best });
                (best.map(|text| Value::String(text.to_owned())), texts.count())
            }
        }
        Aggregation::Comma => (joined(present.clone(), ","), present.count()),
        Aggregation::Concat => (joined(present.clone(), ""), present.count()),
        Aggregation::Arbitrary => (present.clone().next().map(ValueRef::to_owned), n_members),
    };
    Aggregated { value, n_ignored: (n_members - n_used) as u64 }
}

/// Whether a value is neither null nor a number that is not finite.
fn is_of_use(value: ValueRef<'_>) -> bool {
    match value {
        ValueRef::Null => false,
        ValueRef::Double(number) => number.is_finite(),
        _ => true,
    }
}

const fn text(value: ValueRef<'_>) -> Option<&str> {
    if let ValueRef::String(text) = value { Some(text) } else { None }
}

fn joined<'v>(values: impl Iterator<Item = ValueRef<'v>>, separator: &str) -> Option<Value> {
    let mut out: Option<String> = None;
    for value in values {
        let out = match &mut out {
            Some(out) => {
                out.push_str(separator);
                out
            }
            none => none.insert(String::new()),
        };
        push_text(value, out);
    }
    out.map(Value::String)
}

/// Appends a value as text: arrays and objects as JSON, numbers as JavaScript writes them.
fn push_text(value: ValueRef<'_>, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = match value {
        ValueRef::Null => Ok(()),
        ValueRef::Bool(is_true) => write!(out, "{is_true}"),
        ValueRef::Int(number) => write!(out, "{number}"),
        ValueRef::UInt(number) => write!(out, "{number}"),
        ValueRef::Double(number) => {
            spelling::push_double(number, out);
            Ok(())
        }
        ValueRef::String(text) | ValueRef::Json(text) => out.write_str(text),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    use ValueRef::{Bool, Double, Int, Json, Null, String as Text, UInt};

    fn check(
        operation: Aggregation,
        values: &[Option<ValueRef<'_>>],
        expected: Option<ValueRef<'_>>,
        n_ignored: u64,
    ) {
        let found = aggregate(operation, values.iter().copied());
        let expected = Aggregated { value: expected.map(ValueRef::to_owned), n_ignored };
        assert_eq!(found, expected, "{operation:?} {values:?}");
    }

    #[test]
    fn whole_numbers_stay_exact() {
        let large = Some(Int(9_007_199_254_740_993));
        check(Aggregation::Sum, &[large, Some(Int(1))], Some(Int(9_007_199_254_740_994)), 0);
        check(Aggregation::Product, &[large, Some(Int(3))], Some(Int(27_021_597_764_222_979)), 0);
        check(Aggregation::Mean, &[large, large], large, 0);
        check(Aggregation::Sum, &[Some(Int(i64::MAX)), Some(Int(1))], Some(UInt(1 << 63)), 0);
        check(Aggregation::Sum, &[Some(UInt(u64::MAX)), Some(Int(1))], Some(Double(2_f64.powi(64))), 0);
    }

    #[test]
    fn fractions_go_as_doubles() {
        check(Aggregation::Sum, &[Some(Int(1)), Some(Double(0.5))], Some(Double(1.5)), 0);
        check(Aggregation::Sum, &[Some(Double(0.5)), Some(Double(0.5))], Some(Int(1)), 0);
        check(Aggregation::Mean, &[Some(Int(1)), Some(Int(2))], Some(Double(1.5)), 0);
        check(Aggregation::Product, &[Some(Double(0.5)), Some(Int(3))], Some(Double(1.5)), 0);
    }

    #[test]
    fn results_beyond_all_numbers_are_none() {
        check(Aggregation::Product, &[Some(Double(1e200)), Some(Double(1e200))], None, 0);
    }

    #[test]
    fn values_of_no_use_are_ignored() {
        let values = [None, Some(Null), Some(Text("7")), Some(Bool(true)), Some(Int(3))];
        for operation in [Aggregation::Sum, Aggregation::Product, Aggregation::Mean, Aggregation::Max] {
            check(operation, &values, Some(Int(3)), 4);
            check(operation, &[Some(Json("[1]"))], None, 1);
        }
    }

    #[test]
    fn extremes_of_numbers_and_texts() {
        let values = [Some(Int(2)), Some(Double(1.5)), Some(Text("a"))];
        check(Aggregation::Min, &values, Some(Double(1.5)), 1);
        check(Aggregation::Max, &values, Some(Int(2)), 1);
        let texts = [Some(Text("b")), Some(Text("Z")), Some(Text("ä")), None];
        check(Aggregation::Min, &texts, Some(Text("Z")), 1);
        check(Aggregation::Max, &texts, Some(Text("ä")), 1);
    }

    #[test]
    fn texts_are_joined_in_member_order() {
        let values = [Some(Text("b")), None, Some(Int(1)), Some(Double(2.0)), Some(Bool(false))];
        check(Aggregation::Comma, &values, Some(Text("b,1,2,false")), 1);
        check(Aggregation::Concat, &values, Some(Text("b12false")), 1);
        check(Aggregation::Comma, &[Some(Text("")), Some(Text(""))], Some(Text(",")), 0);
        check(Aggregation::Concat, &[Some(Json("[1, 2]"))], Some(Text("[1, 2]")), 0);
        check(Aggregation::Concat, &[Some(Double(1e21))], Some(Text("1e+21")), 0);
        check(Aggregation::Comma, &[None], None, 1);
    }

    #[test]
    fn arbitrary_is_the_first_there_is() {
        check(
            Aggregation::Arbitrary,
            &[None, Some(Null), Some(Json("{}")), Some(Int(1))],
            Some(Json("{}")),
            0,
        );
    }
}
