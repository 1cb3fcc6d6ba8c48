//! Fuzzes the drawing of glyphs; see the body.
#![no_main]

#[path = "../../crates/zellige-style/tests/any/font.rs"]
mod font;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| font::run(bytes));
