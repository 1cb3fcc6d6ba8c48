//! Any bytes as a font: it is refused or drawn.
//!
//! The fuzz target `font` runs this too, with a limit of time and memory.

use zellige_style::GlyphRange;
use zellige_style::glyph::{Face, glyph_range};

/// Reads a font and draws the first range of two faces.
pub(crate) fn run(font: &[u8]) {
    match Face::all(font) {
        Ok(faces) => {
            let faces: Vec<&Face<'_>> = faces.iter().take(2).collect();
            assert!(glyph_range("x", &faces, GlyphRange::new(0)).len() < 256 * (261 * 261 + 64));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
