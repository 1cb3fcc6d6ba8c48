//! Fuzzes the tile core by `clip`; see the body.
#![no_main]
#![allow(dead_code, reason = "what draws serves other targets too")]

#[path = "../../crates/zellige-tile/tests/any/clip.rs"]
mod clip;
#[path = "../../crates/zellige-tile/tests/any/draw.rs"]
mod draw;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| clip::run(bytes));
