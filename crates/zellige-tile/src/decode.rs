//! Bytes of a vector tile to layers.
