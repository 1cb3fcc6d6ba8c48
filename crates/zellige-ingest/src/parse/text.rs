//! Takes the escapes out of a string.
//!
//! In:     the text between the quotes; its escapes are known to be well formed.
//! Out:    the text meant; nothing when half of a surrogate pair stands alone.
//! Keeps:  everything that is no escape, byte for byte.
//! Source: RFC 8259 §7.

/// Writes `text` without escapes into `out`, which is emptied first.
pub(super) fn unescape(mut text: &str, out: &mut String) -> Option<()> {
    out.clear();
    while let Some((plain, rest)) = text.split_once('\\') {
        out.push_str(plain);
        let (letter, mut after) = rest.split_at_checked(1)?;
        match letter {
            "b" => out.push('\u{8}'),
            "f" => out.push('\u{c}'),
            "n" => out.push('\n'),
            "r" => out.push('\r'),
            "t" => out.push('\t'),
            "u" => {
                let character;
                (character, after) = unicode(after)?;
                out.push(character);
            }
            _ => out.push_str(letter),
        }
        text = after;
    }
    out.push_str(text);
    Some(())
}

/// Returns the character of the hexadecimal digits that `text` begins with, and what follows.
fn unicode(text: &str) -> Option<(char, &str)> {
    let (high, rest) = hex(text)?;
    if let Some(character) = char::from_u32(high) {
        return Some((character, rest));
    }
    let (low, rest) = hex(rest.strip_prefix("\\u")?)?;
    if !(0xd800..0xdc00).contains(&high) || !(0xdc00..0xe000).contains(&low) {
        return None;
    }
    Some((char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))?, rest))
}

/// Returns the value of four hexadecimal digits, and what follows.
fn hex(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) {
        let mut found = String::from("left over");
        let unescaped = unescape(text, &mut found).map(|()| found);
        assert_eq!(unescaped, serde_json::from_str(&format!("\"{text}\"")).ok(), "{text}");
    }

    #[test]
    fn escapes_mean_what_serde_json_says() {
        for text in [
            "",
            "plain",
            r"\n",
            r#"a\"b\\c\/d"#,
            r"\b\f\r\t",
            r"\u00e9\u20AC",
            r"\ud83d\ude00",
            r"é\u0000é",
            r"\\u0041",
            r"\ud83d",
            r"\ude00",
            r"\ud83dx",
            r"\ud83d\n",
            r"\ud83d\ud83d",
            r"\udc00\ud800",
            r"x\ud83d\u0041",
            r"\uFFFF\uffff",
        ] {
            check(text);
        }
    }
}
