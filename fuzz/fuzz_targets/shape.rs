//! Fuzzes the tile core by `shape`; see the body.
#![no_main]
#![allow(dead_code, reason = "what draws serves other targets too")]

#[path = "../../crates/zellige-tile/tests/any/shape.rs"]
mod shape;
#[path = "../../crates/zellige-tile/tests/any/draw.rs"]
mod draw;
#[path = "../../crates/zellige-tile/tests/read/mod.rs"]
mod read;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shape::run(bytes));
