//! Fuzzes the reader of lines; see the body.
#![no_main]

#[path = "../../crates/zellige-ingest/tests/any/line.rs"]
mod line;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| line::run(bytes));
