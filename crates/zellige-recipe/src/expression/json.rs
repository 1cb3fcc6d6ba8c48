//! Arrays and objects as JSON text: walked where it stands, never built as a tree.
//!
//! In:     the text of a JSON value (RFC 8259), as a source or a recipe gave it.
//! Out:    places of elements and members; texts without spaces, in the manner of `JSON.stringify`.
//! Keeps:  order; of equal keys the last one counts. Nesting costs no stack.
//!         Texts that are not JSON give nonsense, in linear time and without a panic.

use std::borrow::Cow;
use std::ops::Range;

use super::number;

/// An element of an array or a member of an object.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    /// The text between the quotes of the key; of a member only.
    pub key: Option<Range<usize>>,
    /// The text of the value.
    pub value: Range<usize>,
}

/// Walks through the items of an array or object.
#[derive(Clone, Debug)]
pub(super) struct Items<'t> {
    bytes: &'t [u8],
    at: usize,
    has_keys: bool,
}

/// Returns the items of an array or object.
pub(super) fn items(text: &str) -> Items<'_> {
    let at = if text.starts_with(['[', '{']) { 1 } else { text.len() };
    Items { bytes: text.as_bytes(), at, has_keys: is_object(text) }
}

/// Returns the first element of an array that stands behind byte `after`; 0 is before all of them.
pub(super) fn item_after(text: &str, after: usize) -> Option<Item> {
    let mut items = items(text);
    items.at = items.at.max(after);
    items.next()
}

/// Whether the text is an object.
pub(super) fn is_object(text: &str) -> bool {
    text.starts_with('{')
}

/// Returns the place between the quotes of a text, if the value is one.
pub(super) fn between_quotes(bytes: &[u8], value: Range<usize>) -> Option<Range<usize>> {
    let is_text = 2 <= value.len() && bytes[value.start] == b'"' && bytes[value.end - 1] == b'"';
    is_text.then_some(value.start + 1..value.end - 1)
}

/// Returns the place of the value of `key` in an object.
pub(super) fn member(text: &str, key: &str) -> Option<Range<usize>> {
    let is_it = |item: &Item| item.key.clone().is_some_and(|found| is_key(&text[found], key));
    items(text).filter(is_it).last().map(|item| item.value)
}

fn is_key(written: &str, key: &str) -> bool {
    if written.contains('\\') { unescaped(written) == key } else { written == key }
}

impl Items<'_> {
    fn space(&mut self) {
        while self.bytes.get(self.at).is_some_and(|byte| is_space(*byte) || matches!(byte, b',' | b':')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Option<Range<usize>> {
        self.space();
        let start = self.at;
        self.at = value_end(self.bytes, start);
        (start < self.at).then_some(start..self.at)
    }
}

impl Iterator for Items<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        let key = if self.has_keys {
            let key = self.value()?;
            Some(between_quotes(self.bytes, key)?)
        } else {
            None
        };
        self.value().map(|value| Item { key, value })
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Returns the end of the value that starts at `at`; `at` itself where no value stands.
fn value_end(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = text_end(bytes, at),
            b'[' | b'{' => {
                depth += 1;
                at += 1;
                continue;
            }
            b']' | b'}' if depth == 0 => return at,
            b']' | b'}' => {
                depth -= 1;
                at += 1;
            }
            _ => at = word_end(bytes, at),
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

/// Returns the end of the text whose opening quote stands at `at`.
fn text_end(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Returns the end of a number, a word, or what stands between values.
fn word_end(bytes: &[u8], at: usize) -> usize {
    let is_between = |byte: u8| is_space(byte) || matches!(byte, b',' | b':');
    let is_other = |byte: u8| !is_between(byte) && !matches!(byte, b'"' | b'[' | b']' | b'{' | b'}');
    let starts_between = is_between(bytes[at]);
    let rest = &bytes[at..];
    let len = rest.iter().position(|byte| if starts_between { !is_between(*byte) } else { !is_other(*byte) });
    at + len.unwrap_or(rest.len())
}

/// Returns what the text between two quotes stands for.
pub(super) fn unescaped(written: &str) -> Cow<'_, str> {
    let Some(first) = written.find('\\') else { return Cow::Borrowed(written) };
    let mut text = written[..first].to_owned();
    let mut rest = written[first..].chars();
    while let Some(char) = rest.next() {
        text.push(if char == '\\' { escape(&mut rest) } else { char });
    }
    Cow::Owned(text)
}

/// Reads what follows a backslash; halves of surrogate pairs become U+FFFD.
fn escape(rest: &mut std::str::Chars<'_>) -> char {
    match rest.next() {
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('u') => {
            let unit = hex(rest);
            let mut ahead = rest.clone();
            if (0xd800..0xdc00).contains(&unit) && ahead.next() == Some('\\') && ahead.next() == Some('u') {
                let low = hex(&mut ahead);
                if (0xdc00..0xe000).contains(&low) {
                    *rest = ahead;
                    let code = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                    return char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                }
            }
            char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        Some(other) => other,
        None => char::REPLACEMENT_CHARACTER,
    }
}

fn hex(rest: &mut std::str::Chars<'_>) -> u32 {
    rest.by_ref().take(4).fold(0, |code, digit| code << 4 | digit.to_digit(16).unwrap_or(0))
}

/// Appends `text` in quotes, escaped as `JSON.stringify` does.
pub(super) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(|char| char < ' ' || matches!(char, '"' | '\\')) {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x08 => out.push_str("\\b"),
            0x0c => out.push_str("\\f"),
            other => {
                let digits = b"0123456789abcdef";
                out.push_str("\\u00");
                out.push(digits[usize::from(other >> 4)] as char);
                out.push(digits[usize::from(other & 15)] as char);
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

/// Appends an array or object without spaces, numbers and texts spelled as `JSON.stringify` does.
pub(super) fn write(text: &str, out: &mut String) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let end = text_end(bytes, at);
                match between_quotes(bytes, at..end).map(|inside| &text[inside]) {
                    Some(written) if written.contains('\\') => write_text(&unescaped(written), out),
                    _ => out.push_str(&text[at..end]),
                }
                at = end;
            }
            b'-' | b'0'..=b'9' => {
                let end = word_end(bytes, at);
                number::write(number::from_json(&text[at..end]), out);
                at = end;
            }
            byte if is_space(*byte) => at += 1,
            b'[' | b']' | b'{' | b'}' | b',' | b':' => {
                out.push(*byte as char);
                at += 1;
            }
            _ => {
                let end = word_end(bytes, at);
                out.push_str(&text[at..end]);
                at = end;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares the items of an array or object, one after another.
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = items(text)
            .map(|item| {
                let key = item.key.map(|key| format!("{}=", &text[key]));
                key.unwrap_or_default() + &text[item.value]
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn items_are_found_where_they_stand() {
        check("[]", &[]);
        check("[ ]", &[]);
        check("[1, -2.5e3 ,\"a,]\", null]", &["1", "-2.5e3", "\"a,]\"", "null"]);
        check("[[1, [2]], {\"a\": [3]}, true]", &["[1, [2]]", "{\"a\": [3]}", "true"]);
        check("{\"a\": 1, \"b\\\"\" : [\"}\"]}", &["a=1", "b\\\"=[\"}\"]"]);
        check("[[[]]]", &["[[]]"]);
    }

    #[test]
    fn texts_that_are_not_json_end() {
        for text in [
            "[", "{", "[1", "{\"a", "{\"a\"", "{\"a\":", "{1:2}", "[\"\\", "]", "{,:}", "[1 2", "é", "",
            "{é", "{\"é",
        ] {
            let _ = items(text).count();
            let _ = member(text, "a");
            write(text, &mut String::new());
        }
    }

    #[test]
    fn the_last_of_equal_keys_counts() {
        let text = r#"{"a": 1, "b": 2, "\u0061": [3]}"#;
        assert_eq!(member(text, "a").map(|value| &text[value]), Some("[3]"));
        assert_eq!(member(text, "c"), None);
        assert_eq!(member(r#"{"x": {"a": 1}}"#, "a"), None);
    }

    #[test]
    fn written_as_javascript_does() {
        let written = |text: &str| {
            let mut out = String::new();
            write(text, &mut out);
            out
        };
        assert_eq!(written("[ 1.0, 1e3, \"a b\",\n{\"k\" : null} ]"), "[1,1000,\"a b\",{\"k\":null}]");
        assert_eq!(
            written(r#"["\/", "\u00e9", "\u0001\n", "\ud83d\ude00", "\ud83d"]"#),
            "[\"/\",\"é\",\"\\u0001\\n\",\"😀\",\"\u{fffd}\"]"
        );
    }

    #[test]
    fn deep_nesting_costs_no_stack() {
        let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
        assert_eq!(items(&deep).count(), 1);
    }
}
