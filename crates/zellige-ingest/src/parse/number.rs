//! Numbers of a line.
//!
//! In:     bytes that begin with a JSON number.
//! Out:    its digits as one integer and where the point stood, then the value that is wanted.
//! Keeps:  integers up to 64 bits as integers; every float is the nearest one to the digits.
//! Source: RFC 8259 §6; Clinger, "How to read floating point numbers accurately": an integer up to
//!         2^53 divided by a power of ten up to 10^22 is rounded once. Others go to `fast-float2`.

/// A number that was read digit by digit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digits<'a> {
    /// As written.
    pub(super) text: &'a [u8],
    /// All digits before the exponent as one integer; wrong when there are more than [`DIGITS_MAX`].
    mantissa: u64,
    /// Digits before the exponent, leading zeros included.
    n_all: usize,
    /// Digits behind the point.
    n_decimals: usize,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Whole,
    Decimal,
    Exponent,
}

/// A number as attributes hold it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i64),
    UInt(u64),
    /// May be infinite.
    Double(f64),
}

/// So many digits always fit the mantissa.
const DIGITS_MAX: usize = 19;

/// The powers of ten that a double holds exactly and that [`DIGITS_MAX`] digits can ask for.
const POWERS_OF_TEN: [f64; DIGITS_MAX + 1] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19,
];

/// The powers of ten by which eight digits or fewer move what stands before them.
const TENS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

impl<'a> Digits<'a> {
    /// Reads the number that `bytes` begin with; nothing when there is none.
    #[expect(clippy::inline_always, reason = "as the scan that calls it, where the reason stands")]
    #[inline(always)]
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
        let first = usize::from(byte(0) == b'-');
        let (mut mantissa, mut at) = digits(bytes, first, 0);
        let n_whole = at - first;
        if n_whole == 0 || (n_whole > 1 && bytes[first] == b'0') {
            return None;
        }
        let mut form = Form::Whole;
        let mut n_decimals = 0;
        if byte(at) == b'.' {
            form = Form::Decimal;
            let start = at + 1;
            (mantissa, at) = digits(bytes, start, mantissa);
            n_decimals = at - start;
            if n_decimals == 0 {
                return None;
            }
        }
        if matches!(byte(at), b'e' | b'E') {
            form = Form::Exponent;
            let start = at + 1 + usize::from(matches!(byte(at + 1), b'+' | b'-'));
            at = digits(bytes, start, 0).1;
            if at == start {
                return None;
            }
        }
        Some(Self { text: &bytes[..at], mantissa, n_all: n_whole + n_decimals, n_decimals, form })
    }

    /// Returns the nearest double; infinite beyond the largest.
    #[inline]
    pub(super) fn to_f64(self) -> f64 {
        let is_exact = self.n_all <= DIGITS_MAX && self.mantissa <= 1 << 53 && self.form != Form::Exponent;
        if !is_exact {
            return self.to_f64_slowly();
        }
        let size = self.mantissa as f64 / POWERS_OF_TEN[self.n_decimals];
        if self.is_negative() { -size } else { size }
    }

    /// Returns the number in the form in which it was written; `-0` has no integer.
    pub(super) fn to_number(self) -> Number {
        if self.form != Form::Whole {
            return Number::Double(self.to_f64());
        }
        let size = if self.n_all <= DIGITS_MAX { Some(self.mantissa) } else { self.large_whole() };
        let int = match size {
            Some(0) if self.is_negative() => None,
            Some(size) if self.is_negative() => 0_i64.checked_sub_unsigned(size).map(Number::Int),
            Some(size) => Some(i64::try_from(size).map_or(Number::UInt(size), Number::Int)),
            None => None,
        };
        int.unwrap_or_else(|| Number::Double(self.to_f64()))
    }

    fn is_negative(self) -> bool {
        self.text.first() == Some(&b'-')
    }

    #[cold]
    fn to_f64_slowly(self) -> f64 {
        // Cannot fail: the grammar of JSON is a part of what it reads. Infinity would be refused.
        fast_float2::parse(self.text).unwrap_or(f64::INFINITY)
    }

    /// Returns the integer of twenty digits if it fits.
    fn large_whole(self) -> Option<u64> {
        let text = if self.is_negative() { &self.text[1..] } else { self.text };
        str::from_utf8(text).ok()?.parse().ok()
    }
}

/// Appends the digits from `at` on to `mantissa`; returns it with the place behind them.
///
/// Coordinates have one to three digits before the point and any number behind it, so a loop over digits is
/// mispredicted at the end of nearly every number. Eight bytes are looked at together instead.
#[inline]
fn digits(bytes: &[u8], mut at: usize, mut mantissa: u64) -> (u64, usize) {
    while let Some(chunk) = bytes.get(at..at + 8).and_then(|chunk| chunk.try_into().ok()) {
        let (value, n_digits) = leading_digits(chunk);
        mantissa = mantissa.wrapping_mul(TENS[n_digits]).wrapping_add(value);
        at += n_digits;
        if n_digits < 8 {
            return (mantissa, at);
        }
    }
    last_digits(bytes, at, mantissa)
}

/// Does the same one by one, at the end of a line.
fn last_digits(bytes: &[u8], mut at: usize, mut mantissa: u64) -> (u64, usize) {
    while let Some(byte) = bytes.get(at).filter(|byte| byte.is_ascii_digit()) {
        mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
        at += 1;
    }
    (mantissa, at)
}

/// Returns the number that `chunk` begins with, and how many digits it has.
///
/// The first digit stands in the lowest byte. Digits are pushed up until the last of them is in the highest, which
/// fills up with zeros in front; then neighbours are joined: 8 digits, 4 numbers below 100, 2 below 10^4, 1.
#[inline]
fn leading_digits(chunk: [u8; 8]) -> (u64, usize) {
    let values = u64::from_le_bytes(chunk) ^ 0x3030_3030_3030_3030;
    // A high bit stands where a value is above 9; right up to the lowest one, noise above it.
    let others = (values.wrapping_add(0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080;
    let n_digits = others.trailing_zeros() as usize / 8;
    let eight = if n_digits == 8 { values } else { values << 8 << (8 * (7 - n_digits)) };
    let pairs = (eight.wrapping_mul(10) + (eight >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    ((fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff, n_digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Number) {
        let digits = Digits::read(text.as_bytes()).unwrap();
        assert_eq!(digits.text.len(), text.len(), "{text}");
        let found = digits.to_number();
        assert_eq!(found, expected, "{text}");
        let std: f64 = text.parse().unwrap();
        assert_eq!(digits.to_f64().to_bits(), std.to_bits(), "{text}");
    }

    #[test]
    fn integers_stay_integers_as_far_as_64_bits_go() {
        check("0", Number::Int(0));
        check("-7", Number::Int(-7));
        check("9223372036854775807", Number::Int(i64::MAX));
        check("-9223372036854775808", Number::Int(i64::MIN));
        check("9223372036854775808", Number::UInt(1 << 63));
        check("18446744073709551615", Number::UInt(u64::MAX));
        check("18446744073709551616", Number::Double(18_446_744_073_709_551_616.0));
        check("-9223372036854775809", Number::Double(-9_223_372_036_854_775_809.0));
    }

    #[test]
    fn everything_with_a_point_or_exponent_is_a_double() {
        check("1.0", Number::Double(1.0));
        check("-0", Number::Double(-0.0));
        check("-0.0", Number::Double(-0.0));
        check("1e2", Number::Double(100.0));
        check("1e400", Number::Double(f64::INFINITY));
        check("-1E+999999999999999999999", Number::Double(f64::NEG_INFINITY));
        check("5e-324", Number::Double(5e-324));
        check("1e-999999999999999999999", Number::Double(0.0));
    }

    #[test]
    fn every_float_is_the_nearest_one() {
        let mut state = 7_u64;
        for n_decimals in (0..22).cycle().take(50_000) {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let number = (state >> 11) as f64 / (1_u64 << 53) as f64 * 360.0 - 180.0;
            let text = format!("{number:.n_decimals$}");
            let found = Digits::read(text.as_bytes()).unwrap().to_f64();
            assert_eq!(found.to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
        }
    }

    #[test]
    fn digits_end_at_the_first_other_byte() {
        for n_digits in 0..=8 {
            for other in (0..=255).filter(|byte: &u8| !byte.is_ascii_digit()) {
                for behind in *b"\x00059\xff" {
                    let mut chunk = [behind; 8];
                    chunk[..n_digits].copy_from_slice(&b"90785634"[..n_digits]);
                    if n_digits < 8 {
                        chunk[n_digits] = other;
                    }
                    let value = "90785634"[..n_digits].parse().unwrap_or(0);
                    assert_eq!(leading_digits(chunk), (value, n_digits), "{chunk:?}");
                }
            }
        }
    }
}
