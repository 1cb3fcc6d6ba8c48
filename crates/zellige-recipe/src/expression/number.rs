//! Numbers of three forms as one: compared exactly, added exactly while they fit, spelled as JavaScript does.
//!
//! In:     `Int`, `UInt` and `Double`; all other values are no numbers here.
//! Out:    orders, sums, texts.
//! Keeps:  whole numbers of 64 bits exact; what leaves them goes on as a double.
//! Source: ECMA-262 §7.1.4.1 (text to number).

use std::cmp::Ordering;
use std::fmt::Write as _;

use zellige_model::spelling;

use super::value::Bound;

/// 2^65: doubles from here on are above all whole numbers of 64 bits.
const ABOVE_ALL: f64 = 36_893_488_147_419_103_232.0;

/// Returns the nearest double of a number.
pub(super) const fn to_f64(value: Bound) -> Option<f64> {
    match value {
        Bound::Int(number) => Some(number as f64),
        Bound::UInt(number) => Some(number as f64),
        Bound::Double(number) => Some(number),
        _ => None,
    }
}

/// Returns a number that is stored whole.
const fn to_wide(value: Bound) -> Option<i128> {
    match value {
        Bound::Int(number) => Some(number as i128),
        Bound::UInt(number) => Some(number as i128),
        _ => None,
    }
}

/// Returns a whole number when 64 bits hold it.
fn from_wide(number: i128) -> Option<Bound> {
    i64::try_from(number).map(Bound::Int).or_else(|_| u64::try_from(number).map(Bound::UInt)).ok()
}

/// Returns the order of two numbers; none when one is NaN or no number.
pub(super) fn compare(left: Bound, right: Bound) -> Option<Ordering> {
    match (left, right) {
        (Bound::Int(left), Bound::Int(right)) => Some(left.cmp(&right)),
        (Bound::Double(left), Bound::Double(right)) => left.partial_cmp(&right),
        (Bound::Double(left), right) => compare_wide(to_wide(right)?, left).map(Ordering::reverse),
        (left, Bound::Double(right)) => compare_wide(to_wide(left)?, right),
        (left, right) => Some(to_wide(left)?.cmp(&to_wide(right)?)),
    }
}

fn compare_wide(left: i128, right: f64) -> Option<Ordering> {
    if right.is_nan() {
        return None;
    }
    if ABOVE_ALL <= right.abs() {
        return Some(if right < 0.0 { Ordering::Greater } else { Ordering::Less });
    }
    let whole = right.trunc();
    let order = left.cmp(&(whole as i128));
    Some(order.then(if whole < right {
        Ordering::Less
    } else if right < whole {
        Ordering::Greater
    } else {
        Ordering::Equal
    }))
}

/// Applies `exact` to whole numbers while the result fits 64 bits, `nearest` otherwise; none for no numbers.
pub(super) fn combine(
    left: Bound,
    right: Bound,
    exact: fn(i128, i128) -> Option<i128>,
    nearest: fn(f64, f64) -> f64,
) -> Option<Bound> {
    if let (Some(left), Some(right)) = (to_wide(left), to_wide(right))
        && let Some(whole) = exact(left, right).and_then(from_wide)
    {
        return Some(whole);
    }
    Some(Bound::Double(nearest(to_f64(left)?, to_f64(right)?)))
}

/// Returns the label of `match` that a number equals, if it is whole.
pub(super) fn to_label(value: Bound) -> Option<i64> {
    match value {
        Bound::Int(number) => Some(number),
        Bound::Double(number) if number.fract() == 0.0 && number.abs() < 9.1e15 => Some(number as i64),
        _ => None,
    }
}

/// Reads a number of a JSON text: whole while it fits 64 bits.
pub(super) fn from_json(text: &str) -> Bound {
    let whole = text.parse().map(Bound::Int).or_else(|_| text.parse().map(Bound::UInt));
    whole.unwrap_or_else(|_| Bound::Double(text.parse().unwrap_or(f64::NAN)))
}

/// Reads a text as JavaScript's `Number` does; none for what it calls NaN.
pub(super) fn from_text(text: &str) -> Option<Bound> {
    let text = text.trim_matches(|char: char| char.is_whitespace() && char != '\u{85}' || char == '\u{feff}');
    if text.is_empty() {
        return Some(Bound::Int(0));
    }
    for (prefixes, radix) in [(["0x", "0X"], 16), (["0o", "0O"], 8), (["0b", "0B"], 2)] {
        if let Some(digits) = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)) {
            return from_digits(digits, radix);
        }
    }
    match text.strip_prefix(['+', '-']).unwrap_or(text) {
        "Infinity" if text.starts_with('-') => Some(Bound::Double(f64::NEG_INFINITY)),
        "Infinity" => Some(Bound::Double(f64::INFINITY)),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte)) => text
            .parse()
            .map(Bound::Int)
            .or_else(|_| text.parse().map(Bound::UInt))
            .ok()
            .or_else(|| text.parse().map(Bound::Double).ok()),
        _ => None,
    }
}

fn from_digits(digits: &str, radix: u32) -> Option<Bound> {
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let whole = u64::from_str_radix(digits, radix).map(|number| from_wide(i128::from(number)));
    whole.ok().flatten().or_else(|| {
        let digits = digits.chars().filter_map(|digit| digit.to_digit(radix));
        Some(Bound::Double(digits.fold(0.0, |sum, digit| sum * f64::from(radix) + f64::from(digit))))
    })
}

/// Appends a number in its shortest form; other values append nothing.
pub(super) fn write(value: Bound, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = match value {
        Bound::Int(number) => write!(out, "{number}"),
        Bound::UInt(number) => write!(out, "{number}"),
        Bound::Double(number) => {
            spelling::push_double(number, out);
            Ok(())
        }
        _ => Ok(()),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_javascript_does() {
        let read = |text: &str| from_text(text);
        for (text, expected) in [
            ("", Bound::Int(0)),
            (" \u{a0}\u{feff}\n", Bound::Int(0)),
            (" 12 ", Bound::Int(12)),
            ("-7", Bound::Int(-7)),
            ("+7", Bound::Int(7)),
            ("007", Bound::Int(7)),
            ("12.50", Bound::Double(12.5)),
            ("5.", Bound::Double(5.0)),
            (".5", Bound::Double(0.5)),
            ("1e3", Bound::Double(1000.0)),
            ("0x10", Bound::Int(16)),
            ("0b101", Bound::Int(5)),
            ("0o17", Bound::Int(15)),
            ("9007199254740993", Bound::Int(9_007_199_254_740_993)),
            ("18446744073709551615", Bound::UInt(u64::MAX)),
            ("-Infinity", Bound::Double(f64::NEG_INFINITY)),
        ] {
            assert_eq!(read(text), Some(expected), "{text}");
        }
        for text in [
            "a", "12a", "0x", "-0x10", "0b2", "1_000", "inf", "nan", "NaN", "infinity", "e5", ".", "1 2",
            "--1",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn whole_numbers_and_doubles_compare_exactly() {
        let large = 9_007_199_254_740_993;
        assert_eq!(compare(Bound::Int(large), Bound::Double(large as f64)), Some(Ordering::Greater));
        assert_eq!(compare(Bound::Double(-0.5), Bound::Int(0)), Some(Ordering::Less));
        assert_eq!(compare(Bound::Int(0), Bound::Double(-0.5)), Some(Ordering::Greater));
        assert_eq!(compare(Bound::Int(5), Bound::Double(5.0)), Some(Ordering::Equal));
        assert_eq!(compare(Bound::UInt(u64::MAX), Bound::Int(-1)), Some(Ordering::Greater));
        assert_eq!(compare(Bound::UInt(u64::MAX), Bound::Double(1e300)), Some(Ordering::Less));
        assert_eq!(compare(Bound::Int(1), Bound::Double(f64::NAN)), None);
        assert_eq!(compare(Bound::Int(1), Bound::Null), None);
    }

    #[test]
    fn sums_stay_whole_while_they_fit() {
        let add = |left, right| combine(left, right, i128::checked_add, |a, b| a + b);
        assert_eq!(add(Bound::Int(i64::MAX), Bound::Int(1)), Some(Bound::UInt(1 << 63)));
        assert_eq!(add(Bound::UInt(u64::MAX), Bound::Int(1)), Some(Bound::Double(2.0_f64.powi(64))));
        assert_eq!(add(Bound::Int(1), Bound::Double(0.5)), Some(Bound::Double(1.5)));
        assert_eq!(add(Bound::Int(1), Bound::Bool(true)), None);
    }
}
