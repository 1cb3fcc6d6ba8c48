//! Offline packs: what a region needs to be drawn and travelled without a network.
//!
//! `region` reads what is asked for, `cover` says which tiles that takes. What packs have in common stands
//! in `digest` and `moment`: the checksum that clients compare, and moments in the spellings of packs.

pub mod region;
pub mod japan;
pub mod cover;
pub mod navigation;
pub mod digest;
pub mod moment;
