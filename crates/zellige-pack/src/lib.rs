//! Offline packs: what a region needs to be drawn and travelled without a network.
//!
//! `region` reads what is asked for, `cover` says which tiles that takes, `maps` makes a database for native clients,
//! `navigation` graph tiles for routing engines, and `revision` both, with a description beside them. What packs have in common
//! stands in `progress`, `file`, `digest` and `moment`: how far they are and how they are stopped, a reader of whole files
//! with a bound, the checksum that clients compare, and moments in the spellings of packs.

pub mod region;
pub mod japan;
pub mod cover;
pub mod maps;
pub mod navigation;
pub mod revision;
pub mod verify;
pub mod progress;
pub mod file;
pub mod digest;
pub mod moment;

mod error;

pub use error::Error;
pub use revision::pack;
