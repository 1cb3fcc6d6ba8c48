//! Why a text could not be read as JSON at all.

/// A text that is not JSON, or more of it than a recipe may have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at byte {offset}")]
pub struct SyntaxError {
    /// What is wrong, such as `expected a key`.
    pub reason: &'static str,
    /// The byte at which it is wrong; the length of the text when more was expected.
    pub offset: usize,
    /// What to do about it, when that can be told.
    pub hint: Option<&'static str>,
}
