//! Whole jobs through the facade: sources and a recipe go in, tiles and a report come out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod cases;
mod common;
mod jobs;
mod sources;
mod borders;
mod rows;
mod valid;
mod laws;
mod docs;
mod hostile;
mod losses;
mod tiny;
mod giant;
