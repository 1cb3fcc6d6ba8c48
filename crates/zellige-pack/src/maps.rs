//! Maps packs: one database that native clients open as their own, or merge into it.
//!
//! In:     a region that asks for maps, and what its style draws: tilesets, icons, fonts, files.
//! Out:    a `SQLite` file with everything the map needs, under the URLs by which clients ask for it.
//! Keeps:  the description of the region byte for byte from one refresh to the next, so that clients know it again.
//! Source: the offline database of the native engines, version 6. Merging copies columns by position, so their
//!         order is part of the format.
//!
//! `contents` says what belongs into a pack, `given` is what the caller has for it, `plan` brings the two together
//! and leaves nothing open, with `notes` on what may surprise; `tileset` reads tiles, `database` writes rows, `build`
//! does the deed, `forecast` tells beforehand how large it becomes, and `verify` reads back what is said to be a pack.

pub mod contents;
mod given;
mod notes;
mod plan;
mod tileset;
pub(crate) mod database;
mod build;
mod forecast;
pub mod verify;

pub use build::{Counts, MapsReport, Settings, build};
pub use contents::{CLIENT_TILES_MAX, TILES_MAX};
pub use forecast::{Forecast, SAMPLE_TILES, ZoomForecast, forecast};
pub use given::{Detail, Given, read_icons};
pub use plan::{Plan, plan};
