//! The tile core: pure functions from features to encoded tiles.

pub mod decode;
pub mod text;
