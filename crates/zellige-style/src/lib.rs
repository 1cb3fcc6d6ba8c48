//! What maps are drawn with: style documents, sprites and glyph ranges.
