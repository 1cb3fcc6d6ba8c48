//! Fuzzes the reader of styles; see the body.
#![no_main]

#[path = "../../crates/zellige-style/tests/any/style.rs"]
mod style;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| style::run(bytes));
