//! Offline packs: what a region needs to be drawn and travelled without a network.
//!
//! `region` reads what is asked for, `cover` says which tiles that takes, `maps` makes a database for native clients,
//! `navigation` graph tiles for routing engines, and `revision` both, with a description beside them; `verify` reads
//! all of it back. What packs have in common stands in `fault`, `progress`, `file`, `digest` and `moment`: what is
//! wrong with one, how far one is and how it is stopped, a reader of whole files with a bound, the checksum that
//! clients compare, and moments in the spellings of packs.

pub mod region;
pub mod japan;
pub mod cover;
pub mod maps;
pub mod navigation;
pub mod revision;
pub mod verify;
pub mod fault;
pub mod progress;
pub mod file;
pub mod digest;
pub mod moment;

mod varint;
mod error;

pub use error::Error;
pub use revision::pack;
