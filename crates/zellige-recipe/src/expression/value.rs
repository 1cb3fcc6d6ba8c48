//! Values while an expression runs: two words each, their text elsewhere.
//!
//! In:     values of features, ids and constants, copied once into a text that outlives the run.
//! Out:    [`Bound`], which is copied freely and never allocates.
//! Keeps:  whole numbers exact; arrays and objects as the JSON text that they came with.

use zellige_model::ValueRef;

/// A value whose text, if any, lies in one of the texts of a run.
///
/// The tag takes a whole word: a value that is written in smaller parts than it is read in costs a dozen
/// cycles each time it is handed on, which was half of the time of a filter.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(u64)]
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

/// A range of bytes of one of the texts, in one word: two bits of home, 31 of each bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span(u64);

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
    ///
    /// # Panics
    ///
    /// When the text has 2 GiB or more.
    pub(super) const fn new(home: Home, start: usize, end: usize) -> Self {
        assert!(end < 1 << 31, "the texts of one feature stay below 2 GiB");
        Self((home as u64) << 62 | (start as u64) << 31 | end as u64)
    }

    /// Returns the text that the place is in.
    pub(super) const fn home(self) -> Home {
        match self.0 >> 62 {
            0 => Home::Program,
            1 => Home::Feature,
            2 => Home::Id,
            _ => Home::Scratch,
        }
    }

    /// Returns a part of the place; `start` and `end` count from its begin.
    pub(super) const fn part(self, start: usize, end: usize) -> Self {
        let first = self.range().start;
        Self::new(self.home(), first + start, first + end)
    }

    /// Returns the bytes as a range.
    pub(super) const fn range(self) -> std::ops::Range<usize> {
        let mask = (1 << 31) - 1;
        (self.0 >> 31 & mask) as usize..(self.0 & mask) as usize
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
