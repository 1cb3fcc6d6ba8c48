//! The reader of JSON texts; keeps a stack of its own, so no nesting reaches that of the program.

use std::borrow::Cow;
use std::ops::Range;

use super::{Document, Key, Kind, NESTING_MAX, Node, NodeId, RECIPE_BYTES_MAX, Standing};
use crate::error::SyntaxError;

/// Reads `text` as one JSON value.
///
/// # Errors
///
/// When the text is no UTF-8 or no JSON, has a number beyond the range of doubles, is nested deeper than
/// [`NESTING_MAX`] or larger than [`RECIPE_BYTES_MAX`].
pub fn parse(text: &[u8]) -> Result<Document<'_>, SyntaxError> {
    if text.len() > RECIPE_BYTES_MAX {
        return Err(SyntaxError { reason: "more than 16 MiB", offset: RECIPE_BYTES_MAX, hint: None });
    }
    let text = std::str::from_utf8(text).map_err(|error| SyntaxError {
        reason: "bytes that are not UTF-8",
        offset: error.valid_up_to(),
        hint: Some("save the file as UTF-8"),
    })?;
    let mut document = Document { text, nodes: Vec::new(), duplicates: Vec::new() };
    // Some editors begin a file with a byte order mark, which RFC 8259 allows readers to pass over.
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut scan = Scan { text, at };
    let mut open: Vec<Open> = Vec::new();
    let mut key = None;
    loop {
        scan.space();
        if let Some(shape) = scan.container() {
            if open.len() == NESTING_MAX {
                return Err(scan.error("nesting deeper than 512 levels"));
            }
            let start = scan.at;
            scan.at += 1;
            let node = document.push(shape.kind(), start..start, key.take(), &open);
            open.push(Open { node, shape, children: 0 });
            scan.space();
            if scan.peek() != Some(shape.close()) {
                key = scan.key_in(shape)?;
                continue;
            }
        } else {
            let start = scan.at;
            let kind = scan.scalar()?;
            document.push(kind, start..scan.at, key.take(), &open);
        }
        if !document.climb(&mut scan, &mut open)? {
            return Ok(document);
        }
        key = scan.key_in(open[open.len() - 1].shape)?;
    }
}

/// An array or object whose end has not been seen.
struct Open {
    node: u32,
    shape: Shape,
    children: u32,
}

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Array,
    Object,
}

impl Shape {
    const fn close(self) -> u8 {
        match self {
            Self::Array => b']',
            Self::Object => b'}',
        }
    }

    const fn kind<'a>(self) -> Kind<'a> {
        match self {
            Self::Array => Kind::Array,
            Self::Object => Kind::Object,
        }
    }
}

impl<'a> Document<'a> {
    fn push(&mut self, kind: Kind<'a>, span: Range<usize>, key: Option<Key<'a>>, open: &[Open]) -> u32 {
        let idx = self.nodes.len() as u32;
        let (parent, position) = open.last().map_or((0, 0), |open| (open.node, open.children));
        self.nodes.push(Node {
            kind,
            span,
            key,
            parent,
            position,
            after: idx + 1,
            standing: Standing::Single,
        });
        idx
    }

    /// Closes what ends behind a value; whether another value follows.
    fn climb(&mut self, scan: &mut Scan<'a>, open: &mut Vec<Open>) -> Result<bool, SyntaxError> {
        loop {
            scan.space();
            let Some(top) = open.last_mut() else {
                return if scan.peek().is_none() {
                    Ok(false)
                } else {
                    Err(scan.expected("expected the end of the document"))
                };
            };
            let is_empty = self.nodes.len() as u32 == top.node + 1;
            match scan.peek() {
                Some(b',') if !is_empty => {
                    scan.at += 1;
                    scan.space();
                    top.children += 1;
                    return Ok(true);
                }
                Some(byte) if byte == top.shape.close() => {
                    scan.at += 1;
                    self.close(top, scan.at);
                    open.pop();
                }
                _ if top.shape == Shape::Array => return Err(scan.expected("expected a comma or \"]\"")),
                _ => return Err(scan.expected("expected a comma or \"}\"")),
            }
        }
    }

    fn close(&mut self, open: &Open, end: usize) {
        let after = self.nodes.len() as u32;
        let node = &mut self.nodes[open.node as usize];
        node.after = after;
        node.span.end = end;
        if open.shape == Shape::Object && open.children > 0 {
            self.settle_keys(open.node);
        }
    }

    /// Lets the last of equal keys stand in the place of the first; O(n log n).
    fn settle_keys(&mut self, object: u32) {
        let mut members = Vec::new();
        let mut idx = object + 1;
        while idx < self.node(object).after {
            members.push(idx);
            idx = self.node(idx).after;
        }
        let nodes = &mut self.nodes;
        let key = |nodes: &[Node<'a>], idx: u32| match &nodes[idx as usize].key {
            Some(key) => key.text.clone(),
            None => Cow::Borrowed(""),
        };
        let mut sorted: Vec<(Cow<'a, str>, u32)> =
            members.iter().map(|idx| (key(nodes, *idx), *idx)).collect();
        sorted.sort();
        let mut repeated = Vec::new();
        for run in sorted.chunk_by(|a, b| a.0 == b.0) {
            let [(_, first), rest @ ..] = run else { continue };
            let Some((_, last)) = rest.last() else { continue };
            nodes[*first as usize].standing = Standing::ReplacedBy(*last);
            for (_, later) in rest {
                nodes[*later as usize].standing = Standing::Repeated;
                repeated.push(NodeId(*later));
            }
        }
        repeated.sort_unstable();
        self.duplicates.append(&mut repeated);
    }
}

/// The rest of the text.
struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn error(&self, reason: &'static str) -> SyntaxError {
        SyntaxError { reason, offset: self.at, hint: None }
    }

    /// Returns the error for a text that goes on otherwise than JSON does.
    fn expected(&self, reason: &'static str) -> SyntaxError {
        let reason = if self.at == self.text.len() { "unexpected end" } else { reason };
        let before = self.text[..self.at].trim_ascii_end();
        let hint = match self.peek() {
            None => Some("the file seems to be cut off; look for a missing bracket or brace"),
            Some(b'/' | b'#') => Some("JSON has no comments; remove it"),
            Some(b'\'') => Some("strings and keys take double quotes"),
            Some(b'}' | b']') if before.ends_with(',') => Some("remove the comma before it"),
            Some(b'N' | b'I') => Some("JSON has no NaN and no Infinity"),
            Some(b'+' | b'.') => Some("numbers begin with a digit or a minus sign"),
            _ => None,
        };
        SyntaxError { reason, offset: self.at, hint }
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn container(&self) -> Option<Shape> {
        match self.peek() {
            Some(b'[') => Some(Shape::Array),
            Some(b'{') => Some(Shape::Object),
            _ => None,
        }
    }

    /// Reads a key and its colon, when `shape` has keys.
    fn key_in(&mut self, shape: Shape) -> Result<Option<Key<'a>>, SyntaxError> {
        if shape == Shape::Array {
            return Ok(None);
        }
        if self.peek() != Some(b'"') {
            return Err(self.expected("expected a key"));
        }
        let start = self.at;
        let text = self.string()?;
        let span = start..self.at;
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.expected("expected a colon"));
        }
        self.at += 1;
        Ok(Some(Key { text, span }))
    }

    fn scalar(&mut self) -> Result<Kind<'a>, SyntaxError> {
        match self.peek() {
            Some(b'"') => self.string().map(Kind::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(Kind::Number),
            Some(b't') => self.word("true", Kind::Bool(true)),
            Some(b'f') => self.word("false", Kind::Bool(false)),
            Some(b'n') => self.word("null", Kind::Null),
            _ => Err(self.expected("expected a value")),
        }
    }

    fn word(&mut self, word: &str, kind: Kind<'a>) -> Result<Kind<'a>, SyntaxError> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.expected("expected a value"));
        }
        self.at += word.len();
        Ok(kind)
    }

    fn number(&mut self) -> Result<f64, SyntaxError> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        let has_zero = self.peek() == Some(b'0');
        let whole = self.digits()?;
        if has_zero && whole > 1 {
            self.at = start;
            return Err(self.error("number with a leading zero"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        let number = self.text[start..self.at].parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or(SyntaxError {
            reason: "number out of range",
            offset: start,
            hint: Some("numbers reach from -1.7976931348623157e308 to 1.7976931348623157e308"),
        })
    }

    fn digits(&mut self) -> Result<usize, SyntaxError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { Err(self.error("expected a digit")) } else { Ok(self.at - start) }
    }

    /// Reads a string, the quotes included; borrows it when nothing is escaped.
    fn string(&mut self) -> Result<Cow<'a, str>, SyntaxError> {
        let opening = self.at;
        self.at += 1;
        let mut run = self.at;
        let mut made = String::new();
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    made.push_str(&self.text[run..self.at]);
                    made.push(self.escape()?);
                    run = self.at;
                }
                Some(0..0x20) => return Err(self.error("control character in a string")),
                Some(_) => self.at += 1,
                None => {
                    self.at = opening;
                    return Err(self.error("string without end"));
                }
            }
        }
        let rest = &self.text[run..self.at];
        self.at += 1;
        if made.is_empty() && run == opening + 1 {
            return Ok(Cow::Borrowed(rest));
        }
        made.push_str(rest);
        Ok(Cow::Owned(made))
    }

    fn escape(&mut self) -> Result<char, SyntaxError> {
        let start = self.at;
        self.at += 2;
        let simple = match self.text.as_bytes().get(start + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(start),
            _ => {
                self.at = start;
                return Err(self.error("unknown escape"));
            }
        };
        Ok(simple)
    }

    /// Reads the digits of a `\u` escape, and its second half when it is the first of a pair.
    fn unicode(&mut self, start: usize) -> Result<char, SyntaxError> {
        let lone = SyntaxError { reason: "half of a surrogate pair", offset: start, hint: None };
        let high = self.hex()?;
        if !(0xd800..0xe000).contains(&high) {
            return char::from_u32(high).ok_or(lone);
        }
        if 0xdc00 <= high || !self.text.as_bytes()[self.at..].starts_with(b"\\u") {
            return Err(lone);
        }
        self.at += 2;
        let low = self.hex()?;
        if !(0xdc00..0xe000).contains(&low) {
            return Err(lone);
        }
        char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)).ok_or(lone)
    }

    fn hex(&mut self) -> Result<u32, SyntaxError> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4);
        let mut code = 0;
        for digit in digits.unwrap_or(b"-") {
            let Some(digit) = char::from(*digit).to_digit(16) else {
                return Err(self.error("expected four hexadecimal digits"));
            };
            code = code * 16 + digit;
        }
        self.at += 4;
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let found = match parse(text.as_bytes()) {
            Ok(document) => document.root().to_json().to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn legal_texts_are_read() {
        check(" null ", "null");
        check("[]", "[]");
        check("[[],{},[ ]]", "[[],{},[]]");
        check("{\"a\" : {} , \"b\":[true,false]}", "{\"a\":{},\"b\":[true,false]}");
        check("[0,-0.5,1E2,12.25e-1]", "[0,-0.5,100.0,1.225]");
        check(r#""a\"\\\/\b\n\u00e4\ud83d\ude00""#, "\"a\\\"\\\\/\\b\\nä😀\"");
        check("\"\\n\"", "\"\\n\"");
    }

    #[test]
    fn illegal_texts_are_refused_where_they_leave_json() {
        check("", "unexpected end at byte 0");
        check("{", "unexpected end at byte 1");
        check("[1", "unexpected end at byte 2");
        check("[1 2]", "expected a comma or \"]\" at byte 3");
        check("[,1]", "expected a value at byte 1");
        check("[1,]", "expected a value at byte 3");
        check("{,}", "expected a key at byte 1");
        check("{\"a\":1,}", "expected a key at byte 7");
        check("{\"a\" 1}", "expected a colon at byte 5");
        check("{\"a\":1]", "expected a comma or \"}\" at byte 6");
        check("{a: 1}", "expected a key at byte 1");
        check("1 1", "expected the end of the document at byte 2");
        check("tru", "expected a value at byte 0");
        check("01", "number with a leading zero at byte 0");
        check("1.", "expected a digit at byte 2");
        check("-", "expected a digit at byte 1");
        check("1e400", "number out of range at byte 0");
        check("\"a", "string without end at byte 0");
        check("\"\t\"", "control character in a string at byte 1");
        check(r#""\x""#, "unknown escape at byte 1");
        check(r#""\u12g4""#, "expected four hexadecimal digits at byte 3");
        check(r#""\u12"#, "expected four hexadecimal digits at byte 3");
        check(r#""\ud83d""#, "half of a surrogate pair at byte 1");
        check(r#""\ud83d\u0041""#, "half of a surrogate pair at byte 1");
        check(r#""\ude00""#, "half of a surrogate pair at byte 1");
    }

    #[test]
    fn deep_nesting_ends_at_the_bound() {
        check(&"[".repeat(10_000), "nesting deeper than 512 levels at byte 512");
        check(&"{\"a\":".repeat(100_000), "nesting deeper than 512 levels at byte 2560");
        let deepest = "[".repeat(NESTING_MAX) + &"]".repeat(NESTING_MAX);
        check(&deepest, &deepest);
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let error = parse(b"{\"a\": \"\xff\"}").err().unwrap();
        assert_eq!(error.to_string(), "bytes that are not UTF-8 at byte 7");
    }

    #[test]
    fn text_above_the_bound_is_refused() {
        let error = parse(&vec![b' '; RECIPE_BYTES_MAX + 1]).err().unwrap();
        assert_eq!(error.reason, "more than 16 MiB");
    }
}
