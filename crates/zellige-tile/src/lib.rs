//! The tile core: pure functions from features to encoded tiles.
//!
//! `slice` takes one feature through all zooms to its pieces; the caller sorts the pieces of all
//! features; `emit` builds one tile from all of its pieces. Nothing here opens a file, starts a
//! thread, reads a clock or logs. Modules stand in the order of the data.

pub mod slice;
pub mod executor;
pub mod project;
pub mod precision;
pub mod borders;
pub mod weigh;
pub mod key;
pub mod id;
pub mod select;
pub mod fault;
pub mod simplify;
pub mod sieve;
pub mod tiny;
pub mod spread;
mod tangle;
pub mod clip;
pub mod quantize;
pub mod validate;
pub mod piece;
pub mod diffuse;
mod room;
pub mod snap_round;
mod crowd;
mod waiting;
pub mod staged;
mod number;
pub mod limit;
pub mod union;
pub mod stage;
pub mod block;
pub mod emit;
mod order;
pub mod encode;
pub mod budget;
pub mod stats;
pub mod explain;
pub mod checksum;
pub mod decode;
pub mod text;
