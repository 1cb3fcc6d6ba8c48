//! Takes a block apart into lines.
//!
//! In:     bytes of whole lines.
//! Out:    every line, blank ones too since they count; then what of a line is to be read.
//! Keeps:  the bytes between the white space at both ends.
//! Source: recipe specification 6.1; RFC 8142 §2 for the record separator.

/// The mark that some programs put at the beginning of a UTF-8 file.
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];
/// The byte that RFC 8142 puts before every text.
const RECORD_SEPARATOR: u8 = 0x1e;

/// Returns the lines of `bytes` without their newlines; nothing behind the last newline is no line.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let (line, tail) = rest.split_at(end);
        rest = tail.get(1..).unwrap_or_default();
        Some(line)
    })
}

/// Returns a line without record separators and white space around it; empty when it is blank.
pub(crate) fn trimmed(mut line: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\r' | RECORD_SEPARATOR, rest @ ..] = line {
        line = rest;
    }
    while let [rest @ .., b' ' | b'\t' | b'\r'] = line {
        line = rest;
    }
    line
}

/// Returns the beginning of a file without its byte order mark.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let bytes = without_mark(text.as_bytes());
        let found: Vec<_> = lines(bytes).map(|line| str::from_utf8(trimmed(line)).unwrap()).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn line_ends_marks_and_separators_go_away() {
        check("", &[]);
        check("a", &["a"]);
        check("a\n", &["a"]);
        check("a\nb", &["a", "b"]);
        check("\u{feff}a\r\n\r\n b \t\r\n", &["a", "", "b"]);
        check("\u{1e}a\n\u{1e}b\n", &["a", "b"]);
        check("\n\n", &["", ""]);
        check("\u{1e}\u{1e} \u{1e}a \n \n", &["a", ""]);
    }
}
