//! Any bytes as an archive.

mod archive;
