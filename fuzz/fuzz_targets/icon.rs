//! Fuzzes the reader of icons; see the body.
#![no_main]

#[path = "../../crates/zellige-style/tests/any/icon.rs"]
mod icon;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| icon::run(bytes));
