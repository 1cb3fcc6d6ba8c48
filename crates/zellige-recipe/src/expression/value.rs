//! Values while an expression runs: two words each, their text elsewhere.
//!
//! In:     values of features, ids and constants, copied once into a text that outlives the run.
//! Out:    [`Bound`], which is copied freely and never allocates.
//! Keeps:  whole numbers exact; arrays and objects as the JSON text that they came with.

use zellige_model::ValueRef;

/// A value whose text, if any, lies in one of the texts of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Bound {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number that fits 64 bits with sign.
    Int(i64),
    /// A whole number above `i64::MAX`.
    UInt(u64),
    /// Any other number; may be NaN or infinite.
    Double(f64),
    /// A text.
    Text(Span),
    /// An array or object, as JSON text.
    Json(Span),
}

/// A range of bytes of one of the texts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub home: Home,
    pub start: u32,
    pub end: u32,
}

/// The texts that values of a run lie in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// The constants of the program.
    Program,
    /// The attributes of the feature.
    Feature,
    /// The id of the feature.
    Id,
    /// What the run itself has made.
    Scratch,
}

impl Span {
    /// Returns the place of bytes `start..end` of `home`.
    pub(super) const fn new(home: Home, start: usize, end: usize) -> Self {
        Self { home, start: start as u32, end: end as u32 }
    }

    /// Returns a part of the place; `start` and `end` count from its begin.
    pub(super) const fn part(self, start: usize, end: usize) -> Self {
        Self { home: self.home, start: self.start + start as u32, end: self.start + end as u32 }
    }

    /// Returns the bytes as a range.
    pub(super) const fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Bound {
    /// Returns the place of the text, if the value has one.
    pub(super) const fn span(self) -> Option<Span> {
        match self {
            Self::Text(span) | Self::Json(span) => Some(span),
            _ => None,
        }
    }

    /// Returns the value with its text in another place.
    pub(super) const fn moved(self, span: Span) -> Self {
        match self {
            Self::Text(_) => Self::Text(span),
            Self::Json(_) => Self::Json(span),
            other => other,
        }
    }

    /// Whether this is a number of any form.
    pub(super) const fn is_number(self) -> bool {
        matches!(self, Self::Int(_) | Self::UInt(_) | Self::Double(_))
    }

    /// Returns the value with its `text` beside it.
    pub(super) const fn with_text(self, text: &str) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Bool(flag) => ValueRef::Bool(flag),
            Self::Int(number) => ValueRef::Int(number),
            Self::UInt(number) => ValueRef::UInt(number),
            Self::Double(number) => ValueRef::Double(number),
            Self::Text(_) => ValueRef::String(text),
            Self::Json(_) => ValueRef::Json(text),
        }
    }
}

/// Returns a value whose text starts at byte `start` of `home`, and that text.
pub(super) const fn bind(value: ValueRef<'_>, home: Home, start: usize) -> (Bound, &str) {
    match value {
        ValueRef::Null => (Bound::Null, ""),
        ValueRef::Bool(flag) => (Bound::Bool(flag), ""),
        ValueRef::Int(number) => (Bound::Int(number), ""),
        ValueRef::UInt(number) => (Bound::UInt(number), ""),
        ValueRef::Double(number) => (Bound::Double(number), ""),
        ValueRef::String(text) => (Bound::Text(Span::new(home, start, start + text.len())), text),
        ValueRef::Json(text) => (Bound::Json(Span::new(home, start, start + text.len())), text),
    }
}

/// Copies a value to the end of the text of `home`.
pub(super) fn store(value: ValueRef<'_>, home: Home, texts: &mut String) -> Bound {
    let (bound, text) = bind(value, home, texts.len());
    texts.push_str(text);
    bound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_two_words() {
        assert_eq!((size_of::<Bound>(), size_of::<Option<Bound>>()), (16, 16));
    }

    #[test]
    fn what_is_stored_comes_back() {
        let mut texts = "before".to_owned();
        for value in [ValueRef::Null, ValueRef::Int(-1), ValueRef::String("é"), ValueRef::Json("[1]")] {
            let bound = store(value, Home::Scratch, &mut texts);
            let text = bound.span().map_or("", |span| &texts[span.range()]);
            assert_eq!(bound.with_text(text), value);
        }
    }
}
