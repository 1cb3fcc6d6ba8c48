//! Any bytes as a line and as a source.

mod line;
mod source;
