//! Line-delimited GeoJSON to features, with places.
//!
//! A [`Source`] is a named list of inputs: plain files, which are read block by block; pipes, gzip and zstd;
//! features from memory. Opened, it hands out [`Block`]s, and any number of workers takes them, each with
//! a [`Parser`] of its own. A line that cannot be read is no error: it is an [`Item::Fault`] with its reason and
//! its place. Blocks are numbered, so the order of the source is kept whoever reads them when.
//!
//! ```text
//!     Source ──open──► Blocks ──next──► Block ──for_each──► (Place, Item)
//!                      files, pipes     lines               Feature and Notes, or Fault
//! ```
//!
//! A block that has to be read again waits on a [`Shelf`].
//!
//! This crate starts no threads and knows nothing of recipes or tiles.
//!
//! # Examples
//!
//! ```
//! use std::ops::ControlFlow;
//! use zellige_ingest::{Item, Parser, Settings, Source};
//!
//! let text: &[u8] = br#"{"type":"Feature","geometry":{"type":"Point","coordinates":[7,47]}}"#;
//! let blocks = Source::new("places").reader("memory", Box::new(text)).open(&Settings::default())?;
//! let mut parser = Parser::new();
//! let mut n_features = 0;
//! while let Some(mut block) = blocks.next()? {
//!     let _ = block.for_each(&mut parser, &mut |_place, item| {
//!         if let Item::Feature(..) = item {
//!             n_features += 1;
//!         }
//!         ControlFlow::Continue(())
//!     })?;
//! }
//! assert_eq!(n_features, 1);
//! # Ok::<(), zellige_ingest::Error>(())
//! ```

mod source;
mod blocks;
mod watch;
mod plain;
mod stream;
mod collection;
mod memory;
mod stored;
mod block;
mod shelf;
mod lines;
mod parse;
mod check;
mod fault;
mod geozero;
mod error;

pub use block::{Block, Item};
pub use blocks::Blocks;
pub use check::LONGITUDE_MAX;
pub use error::Error;
pub use fault::{Document, Fault, Notes};
pub use geozero::FeatureWriter;
pub use parse::{NESTING_MAX, Parser};
pub use shelf::Shelf;
pub use source::{Format, Settings, Source};

/// So many inputs a source has at most, see [`zellige_model::Place`].
pub const INPUTS_MAX: usize = 1 << 10;
/// So many blocks an input has at most, see [`zellige_model::Place`].
pub const BLOCKS_MAX: u32 = 1 << 26;
