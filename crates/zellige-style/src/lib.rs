//! What maps are drawn with: style documents, sprites and glyph ranges.
//!
//! A style is read and checked whole, all problems at once; then it says what it refers to, so that all of it
//! can be made or packed. Modules stand in the order in which a pack needs them. Nothing here opens a file or a
//! network connection, starts a thread or reads a clock.
//!
//! ```
//! let text = br##"{"version": 8, "sources": {"land": {"type": "vector", "url": "mapbox://acme.land"}},
//!   "glyphs": "mapbox://fonts/acme/{fontstack}/{range}.pbf",
//!   "layers": [{"id": "towns", "type": "symbol", "source": "land", "source-layer": "towns",
//!     "filter": [">", ["get", "size"], 3],
//!     "layout": {"text-field": ["get", "name"], "text-font": ["Open Sans Regular"]}}]}"##;
//! let style = zellige_style::parse(text)?;
//! assert_eq!(style.fonts().stacks, [["Open Sans Regular"]]);
//! # Ok::<(), zellige_style::StyleRefused>(())
//! ```

pub mod document;
pub mod range;
pub mod url;
pub mod glyph;
pub mod sprite;
pub mod shave;

pub use document::{Style, StyleRefused, parse};
pub use range::GlyphRange;
