//! Numbers as text, spelled as JavaScript does.
//!
//! In:     a double.
//! Out:    its shortest text.
//! Source: ECMA-262 §6.1.6.1.20; recipe 3.3 (`to-string`), 4.2 (`concat`, `comma`) and 2.3 (ids).

use std::fmt::{self, Write as _};

/// Appends the shortest digits that give the same double: plain below 10^21 and down to 10^-6, beyond that
/// with an exponent; `NaN`, `Infinity`, and `0` for both zeros.
pub fn push_double(number: f64, out: &mut String) {
    if !number.is_finite() {
        let word = if number.is_nan() { "NaN" } else { "Infinity" };
        out.push_str(if number < 0.0 { "-" } else { "" });
        return out.push_str(word);
    }
    if number == 0.0 {
        return out.push('0');
    }
    let mut shortest = Shortest::default();
    // Twenty-five bytes hold every double in this form.
    let _ = write!(shortest, "{:e}", number.abs());
    let text = std::str::from_utf8(&shortest.bytes[..shortest.len]).unwrap_or_default();
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if number < 0.0 {
        out.push('-');
    }
    let zeros = |count: i32, out: &mut String| out.extend(std::iter::repeat_n('0', count.max(0) as usize));
    match exponent {
        0..=20 => {
            let whole = rest.len().min(exponent as usize);
            out.push_str(first);
            out.push_str(&rest[..whole]);
            zeros(exponent - whole as i32, out);
            if whole < rest.len() {
                out.push('.');
                out.push_str(&rest[whole..]);
            }
        }
        -6..0 => {
            out.push_str("0.");
            zeros(-exponent - 1, out);
            out.push_str(first);
            out.push_str(rest);
        }
        _ => {
            out.push_str(mantissa);
            let _ = write!(out, "e{exponent:+}");
        }
    }
}

/// A few bytes to write into.
#[derive(Default)]
struct Shortest {
    bytes: [u8; 32],
    len: usize,
}

impl fmt::Write for Shortest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares the spelling of a double.
    fn check(number: f64, expected: &str) {
        let mut out = String::new();
        push_double(number, &mut out);
        assert_eq!(out, expected);
    }

    #[test]
    fn doubles_are_spelled_as_javascript_does() {
        check(1.0, "1");
        check(-1.5, "-1.5");
        check(-0.0, "0");
        check(1234.5678, "1234.5678");
        check(1e20, "100000000000000000000");
        check(123_456_789_012_345_680_000.0, "123456789012345680000");
        check(1e21, "1e+21");
        check(1.5e300, "1.5e+300");
        check(0.000_001, "0.000001");
        check(0.000_000_15, "1.5e-7");
        check(5e-324, "5e-324");
        check(f64::MAX, "1.7976931348623157e+308");
        check(f64::NAN, "NaN");
        check(f64::NEG_INFINITY, "-Infinity");
        check(-1e20, "-100000000000000000000");
        check(0.1 + 0.2, "0.30000000000000004");
    }
}
