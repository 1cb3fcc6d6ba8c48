//! Steps through the JSON text of one line, token by token.
//!
//! In:     the line, valid UTF-8.
//! Out:    strings as ranges of the line, numbers as [`Digits`]; nothing is copied.
//! Keeps:  the grammar of JSON to the letter: what steps over a value has checked it. Anything else
//!         is `None`, and the caller asks [`super::thorough`] why.
//! Source: RFC 8259; eight bytes at a time with the zero byte test of Hacker's Delight, 6-1.

use super::NESTING_MAX;
use super::number::{Digits, Number};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// A place in a line.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

/// A string between its quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quoted<'a> {
    /// As written, escapes included.
    pub(super) text: &'a str,
    /// Whether there are escapes.
    pub(super) is_escaped: bool,
}

impl<'a> Scan<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0 }
    }

    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) const fn n_bytes_left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(super) const fn text_since(&self, start: usize) -> &'a str {
        self.text.split_at(start).1.split_at(self.at - start).0
    }

    /// Returns a second scan of the same line that stands at `at`.
    pub(super) const fn from(&self, at: usize) -> Self {
        Self { text: self.text, bytes: self.bytes, at }
    }

    /// Returns the next byte that is no white space; 0 at the end, which no rule accepts.
    #[inline]
    pub(super) fn peek(&mut self) -> u8 {
        match self.bytes.get(self.at) {
            Some(byte) if *byte > b' ' => *byte,
            _ => self.peek_behind_space(),
        }
    }

    fn peek_behind_space(&mut self) -> u8 {
        loop {
            let byte = self.bytes.get(self.at).copied().unwrap_or(0);
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                return byte;
            }
            self.at += 1;
        }
    }

    /// Steps over `token` if it comes next.
    #[inline]
    pub(super) fn eat(&mut self, token: u8) -> Option<()> {
        if self.peek() != token {
            return None;
        }
        self.at += 1;
        Some(())
    }

    /// Whether nothing but white space is left.
    pub(super) fn is_done(&mut self) -> bool {
        self.peek();
        self.at == self.bytes.len()
    }

    /// Steps over a list and calls `item` at each of its items, which steps over it.
    #[inline]
    pub(super) fn list(&mut self, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.eat(b'[')?;
        if self.eat(b']').is_some() {
            return Some(());
        }
        loop {
            item(self)?;
            if self.eat(b',').is_none() {
                return self.eat(b']');
            }
        }
    }

    /// Steps over an object and calls `member` at each value, which steps over it.
    #[inline]
    pub(super) fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, Quoted<'a>) -> Option<()>,
    ) -> Option<()> {
        self.eat(b'{')?;
        if self.eat(b'}').is_some() {
            return Some(());
        }
        loop {
            let key = self.key()?;
            member(self, key)?;
            if self.eat(b',').is_none() {
                return self.eat(b'}');
            }
        }
    }

    /// Steps over a key and its colon.
    #[inline]
    fn key(&mut self) -> Option<Quoted<'a>> {
        let key = self.string()?;
        self.eat(b':')?;
        Some(key)
    }

    /// Steps over a string.
    #[inline]
    pub(super) fn string(&mut self) -> Option<Quoted<'a>> {
        self.eat(b'"')?;
        let start = self.at;
        let mut is_escaped = false;
        loop {
            self.at = plain_end(self.bytes, self.at)?;
            match self.bytes[self.at] {
                b'"' => break,
                b'\\' => {
                    is_escaped = true;
                    self.at += escape_bytes(&self.bytes[self.at..])?;
                }
                _ => return None,
            }
        }
        let text = self.text_since(start);
        self.at += 1;
        Some(Quoted { text, is_escaped })
    }

    /// Steps over a number and returns it as attributes hold it.
    #[inline(never)]
    pub(super) fn number(&mut self) -> Option<Number> {
        self.digits().map(Digits::to_number)
    }

    /// Steps over a number and returns it as a double, infinite beyond the largest.
    #[inline(never)]
    pub(super) fn coordinate(&mut self) -> Option<f64> {
        self.digits().map(Digits::to_f64)
    }

    /// Digits that travel through memory are written in small pieces and read in large ones, which costs a
    /// third of the time of a polygon; inlined they stay in registers.
    #[expect(clippy::inline_always, reason = "measured: 1.5 times as fast on polygons")]
    #[inline(always)]
    fn digits(&mut self) -> Option<Digits<'a>> {
        self.peek();
        let digits = Digits::read(&self.bytes[self.at..])?;
        self.at += digits.text.len();
        Some(digits)
    }

    /// Steps over the literal `word`.
    pub(super) fn word(&mut self, word: &str) -> Option<()> {
        self.peek();
        self.bytes[self.at..].starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    /// Steps over any value that stands inside of `depth` arrays and objects.
    ///
    /// The kinds of open brackets are bits of one number, so deep input costs nothing but time.
    pub(super) fn skip(&mut self, depth: u32) -> Option<()> {
        let room = NESTING_MAX.checked_sub(depth)?;
        let (mut open, mut is_object) = (0, 0_u128);
        loop {
            match self.peek() {
                b'"' => self.string().map(drop)?,
                b't' => self.word("true")?,
                b'f' => self.word("false")?,
                b'n' => self.word("null")?,
                bracket @ (b'{' | b'[') => {
                    self.at += 1;
                    open += 1;
                    if open > room {
                        return None;
                    }
                    is_object = is_object << 1 | u128::from(bracket == b'{');
                    if self.eat(bracket + 2).is_some() {
                        open -= 1;
                        is_object >>= 1;
                    } else {
                        if bracket == b'{' {
                            self.key()?;
                        }
                        continue;
                    }
                }
                _ => self.number().map(drop)?,
            }
            loop {
                if open == 0 {
                    return Some(());
                }
                let in_object = is_object & 1 == 1;
                if self.eat(b',').is_some() {
                    if in_object {
                        self.key()?;
                    }
                    break;
                }
                self.eat(if in_object { b'}' } else { b']' })?;
                open -= 1;
                is_object >>= 1;
            }
        }
    }
}

/// Returns where the first quote, backslash or control character stands.
#[inline]
fn plain_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    while let Some(chunk) = bytes.get(at..at + 8) {
        let word = u64::from_le_bytes(chunk.try_into().ok()?);
        let hits = zero_bytes(word ^ (ONES * u64::from(b'"')))
            | zero_bytes(word ^ (ONES * u64::from(b'\\')))
            | (word.wrapping_sub(ONES * 0x20) & !word & HIGH_BITS);
        if hits != 0 {
            return Some(at + hits.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = bytes[at..].iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
    Some(at + rest)
}

/// Marks zero bytes of `word` by their high bits; right up to the lowest one, noise above it.
const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH_BITS
}

/// Returns the length of the escape that `bytes` begin with.
fn escape_bytes(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => bytes.get(2..6)?.iter().all(u8::is_ascii_hexdigit).then_some(6),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: bool) {
        let mut scan = Scan::new(text);
        let accepted = scan.skip(0).is_some() && scan.is_done();
        assert_eq!(accepted, expected, "{text}");
        assert_eq!(serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok(), expected, "{text}");
    }

    #[test]
    fn json_and_nothing_else_is_skipped() {
        for text in [
            "1",
            "-0",
            "1.5e-3",
            "1E+9",
            "\"\"",
            "\"a\\u00e9\\n\"",
            "[]",
            "{}",
            "[[],{}]",
            " [ 1 , 2 ] ",
            "true",
            "false",
            "null",
            "{\"a\":{\"b\":[1,{\"c\":null}]},\"d\":\"é\"}",
            "\"12345678901234567\\\\\"",
            "1e400",
            "\"\\ud800\"",
            "[{}]",
            "0.0",
        ] {
            check(text, true);
        }
        for text in [
            "",
            "01",
            "1.",
            ".5",
            "+1",
            "-",
            "1e",
            "[1,]",
            "[,]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{1:2}",
            "[1}",
            "{\"a\":1]",
            "tru",
            "nul",
            "\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"a\tb\"",
            "\"1234567\u{1}\"",
            "[1 2]",
            "1 2",
            "{\"a\" 1}",
            "[",
            "{",
            "NaN",
            "Infinity",
            "'a'",
            "\"\\u12\"",
            "0x10",
            "1_000",
            "\u{0}",
            "-01",
            "\"\\",
        ] {
            check(text, false);
        }
    }

    #[test]
    fn nesting_is_bounded_and_needs_no_stack() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        let max = NESTING_MAX as usize;
        check(&nested(max), true);
        assert!(Scan::new(&nested(max)).skip(1).is_none());
        assert!(Scan::new(&nested(max + 1)).skip(0).is_none());
        assert!(Scan::new(&nested(100_000)).skip(0).is_none());
    }
}
