//! Keys and values of a road in the words of OpenStreetMap.
//!
//! In:     attributes of a feature; words that stand for attributes in another schema.
//! Out:    texts by key, and numbers read from them.
//! Keeps:  the order in which values were given; the first of equal keys wins.
//! Source: tagging of OpenStreetMap, as routing engines read it.

use std::borrow::Cow;

use zellige_model::{ValueRef, feature::Attributes};

/// Texts by key.
#[derive(Clone, Debug, Default)]
pub(super) struct Tags<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Tags<'a> {
    /// Takes the attributes of a feature; numbers and truth values become texts.
    pub(super) fn of(attributes: &'a Attributes) -> Self {
        let text = |(key, value)| Some((Cow::Borrowed(key), text_of(value)?));
        Self(attributes.iter().filter_map(text).collect())
    }

    /// Appends a word.
    pub(super) fn push(&mut self, key: &'a str, value: impl Into<Cow<'a, str>>) {
        self.0.push((Cow::Borrowed(key), value.into()));
    }

    /// Returns the value of `key`.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(there, _)| there == key).map(|(_, value)| value.as_ref())
    }

    /// Whether `key` has the value `word`.
    pub(super) fn is(&self, key: &str, word: &str) -> bool {
        self.get(key) == Some(word)
    }

    /// Whether `key` says yes.
    pub(super) fn is_yes(&self, key: &str) -> bool {
        matches!(self.get(key), Some("yes" | "true" | "1"))
    }
}

/// Returns the text of a value that is no list.
pub(super) fn text_of(value: ValueRef<'_>) -> Option<Cow<'_, str>> {
    match value {
        ValueRef::Null | ValueRef::Json(_) => None,
        ValueRef::Bool(value) => Some(Cow::Borrowed(if value { "yes" } else { "no" })),
        ValueRef::Int(value) => Some(Cow::Owned(value.to_string())),
        ValueRef::UInt(value) => Some(Cow::Owned(value.to_string())),
        ValueRef::Double(value) => Some(Cow::Owned(value.to_string())),
        ValueRef::String(value) => Some(Cow::Borrowed(value)),
    }
}

/// Returns the parts of a list such as `A 8;E 80`, trimmed.
pub(super) fn parts(list: &str) -> impl Iterator<Item = &str> {
    list.split(';').map(str::trim).filter(|part| !part.is_empty())
}

/// Returns the whole number at the beginning of a text.
pub(super) fn number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: ValueRef<'_>, expected: Option<&str>) {
        let mut attributes = Attributes::default();
        attributes.push("key", value);
        assert_eq!(Tags::of(&attributes).get("key"), expected);
    }

    #[test]
    fn values_become_words() {
        check(ValueRef::String("asphalt"), Some("asphalt"));
        check(ValueRef::Bool(true), Some("yes"));
        check(ValueRef::Int(-1), Some("-1"));
        check(ValueRef::Double(50.0), Some("50"));
        check(ValueRef::Null, None);
        check(ValueRef::Json("[1]"), None);
    }

    #[test]
    fn numbers_and_lists_are_read_from_texts() {
        assert_eq!(number("30 mph"), Some(30));
        assert_eq!(number("walk"), None);
        assert_eq!(number("99999999999"), None);
        assert!(parts("A 8; E 80;;").eq(["A 8", "E 80"]));
    }
}
