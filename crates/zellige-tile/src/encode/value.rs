//! Attribute values to the message `Value`.
//!
//! In:     a value; arrays, objects and null are never written (recipe 2.4).
//! Out:    the bytes of a `Value` message, without the length in front of it.
//! Source: MVT 2.1 §4.1 (`Value`), recipe 2.4: whole numbers as integers, others as doubles.

use zellige_model::{FieldKind, ValueRef};

/// Whole doubles up to here are written as integers: 2^53.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// Why a value is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwritten {
    /// Null, an array or an object: tiles have no such values.
    Kind,
    /// Not a finite number.
    NotFinite,
}

/// Appends the `Value` message of `value` and returns the kind of field it makes.
///
/// # Errors
///
/// Returns why nothing was appended.
pub fn push_value(value: ValueRef<'_>, out: &mut Vec<u8>) -> Result<FieldKind, Unwritten> {
    match value {
        ValueRef::String(text) => {
            out.push(1 << 3 | 2);
            super::push_varint(out, text.len() as u64);
            out.extend_from_slice(text.as_bytes());
            return Ok(FieldKind::String);
        }
        ValueRef::Bool(is_true) => {
            out.extend_from_slice(&[7 << 3, u8::from(is_true)]);
            return Ok(FieldKind::Boolean);
        }
        ValueRef::Int(number) => push_int(number, out),
        ValueRef::UInt(number) => push_uint(number, out),
        ValueRef::Double(number) if !number.is_finite() => return Err(Unwritten::NotFinite),
        ValueRef::Double(number) if number.fract() == 0.0 && number.abs() <= WHOLE_MAX => {
            push_int(number as i64, out);
        }
        ValueRef::Double(number) => {
            out.push(3 << 3 | 1);
            out.extend_from_slice(&number.to_le_bytes());
        }
        ValueRef::Null | ValueRef::Json(_) => return Err(Unwritten::Kind),
    }
    Ok(FieldKind::Number)
}

/// Negative numbers go as `sint_value`: `int_value` would take ten bytes.
fn push_int(number: i64, out: &mut Vec<u8>) {
    if let Ok(number) = u64::try_from(number) {
        return push_uint(number, out);
    }
    out.push(6 << 3);
    super::push_varint(out, ((number << 1) ^ (number >> 63)) as u64);
}

fn push_uint(number: u64, out: &mut Vec<u8>) {
    out.push(5 << 3);
    super::push_varint(out, number);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: ValueRef<'_>, expected: Result<FieldKind, Unwritten>, bytes: &[u8]) {
        let mut out = Vec::new();
        assert_eq!(push_value(value, &mut out), expected, "{value:?}");
        assert_eq!(out, bytes, "{value:?}");
    }

    #[test]
    fn values_take_their_shortest_form() {
        check(ValueRef::String("ö"), Ok(FieldKind::String), &[0x0a, 2, 0xc3, 0xb6]);
        check(ValueRef::Bool(true), Ok(FieldKind::Boolean), &[0x38, 1]);
        check(ValueRef::Int(3), Ok(FieldKind::Number), &[0x28, 3]);
        check(ValueRef::Int(-3), Ok(FieldKind::Number), &[0x30, 5]);
        check(ValueRef::Double(3.0), Ok(FieldKind::Number), &[0x28, 3]);
        check(ValueRef::Double(-0.0), Ok(FieldKind::Number), &[0x28, 0]);
        check(ValueRef::Double(0.5), Ok(FieldKind::Number), &[0x19, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f]);
        check(
            ValueRef::UInt(u64::MAX),
            Ok(FieldKind::Number),
            &[0x28, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
        );
    }

    #[test]
    fn null_arrays_and_odd_numbers_are_not_written() {
        check(ValueRef::Null, Err(Unwritten::Kind), &[]);
        check(ValueRef::Json("[1]"), Err(Unwritten::Kind), &[]);
        check(ValueRef::Double(f64::NAN), Err(Unwritten::NotFinite), &[]);
    }
}
