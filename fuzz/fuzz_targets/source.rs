//! Fuzzes the cutting of sources; see the body.
#![no_main]

#[path = "../../crates/zellige-ingest/tests/any/source.rs"]
mod source;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| source::run(bytes));
