//! The numeric id of a feature.
//!
//! In:     the id as it stands in the source.
//! Out:    the number that tiles carry, or none, and a finding where the rule is not plain.
//! Source: recipe 2.3. Fractions go as the text that JavaScript has for them, negative numbers as their
//!         digits. The hash of texts is FNV-1a with 64 bits, masked to the 53 bits that JavaScript reads
//!         exactly; it is part of the format and never changes.

use zellige_model::{FindingCode, Value, spelling};

const EXACT_MAX: u64 = (1 << 53) - 1;

/// What becomes of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumericId {
    /// The id in tiles.
    pub id: Option<u64>,
    /// What to tell.
    pub finding: Option<FindingCode>,
}

/// Returns the numeric id for an id of a source.
#[must_use]
pub fn numeric_id(id: &Value) -> NumericId {
    let plain = |id| NumericId { id: Some(id), finding: (id > EXACT_MAX).then_some(FindingCode::IdInexact) };
    match id {
        Value::Null => NumericId { id: None, finding: None },
        Value::Bool(_) | Value::Json(_) => NumericId { id: None, finding: Some(FindingCode::IdUnusable) },
        Value::UInt(number) => plain(*number),
        Value::Int(number) => match u64::try_from(*number) {
            Ok(number) => plain(number),
            Err(_) => plain(hash(&number.to_string())),
        },
        Value::Double(number) if number.fract() == 0.0 && (0.0..=EXACT_MAX as f64).contains(number) => {
            plain(*number as u64)
        }
        Value::Double(number) => {
            let mut text = String::new();
            spelling::push_double(*number, &mut text);
            plain(hash(&text))
        }
        Value::String(text) => plain(digits(text).unwrap_or_else(|| hash(text))),
    }
}

/// Returns the number that a text of decimal digits spells, if it fits.
fn digits(text: &str) -> Option<u64> {
    let only_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if only_digits { text.parse().ok() } else { None }
}

/// FNV-1a, 64 bits, masked to 53.
fn hash(text: &str) -> u64 {
    let full = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    full & EXACT_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: &Value, expected: Option<u64>, finding: Option<FindingCode>) {
        assert_eq!(numeric_id(id), NumericId { id: expected, finding }, "{id:?}");
    }

    #[test]
    fn numbers_and_digits_stay() {
        check(&Value::Int(53_318_076_736), Some(53_318_076_736), None);
        check(&Value::String("01001".into()), Some(1001), None);
        check(&Value::Double(7.0), Some(7), None);
        check(&Value::UInt(u64::MAX), Some(u64::MAX), Some(FindingCode::IdInexact));
    }

    #[test]
    fn texts_are_hashed_to_53_bits() {
        check(&Value::String("A-17".into()), Some(hash("A-17")), None);
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c & EXACT_MAX);
        check(&Value::Int(-5), Some(hash("-5")), None);
        check(&Value::Double(1.5), Some(hash("1.5")), None);
        check(&Value::Double(1e21), Some(hash("1e+21")), None);
        check(&Value::String("99999999999999999999".into()), Some(hash("99999999999999999999")), None);
    }

    #[test]
    fn other_kinds_are_no_ids() {
        check(&Value::Null, None, None);
        check(&Value::Bool(true), None, Some(FindingCode::IdUnusable));
        check(&Value::Json("{}".into()), None, Some(FindingCode::IdUnusable));
    }
}
