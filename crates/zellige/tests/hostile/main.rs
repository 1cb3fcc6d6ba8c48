//! Sources that nobody should have written: a sentence with file and line, good neighbours kept, and an end in time.
//!
//! Exit codes follow from what `publish` returns: a report is 0, an error is 1. A signal would end the
//! test program itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod job;
mod lines;
mod files;
mod large;
mod dense;
