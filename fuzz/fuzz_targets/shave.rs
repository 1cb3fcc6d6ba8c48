//! Fuzzes the shaving of tiles; see the body.
#![no_main]

#[path = "../../crates/zellige-style/tests/any/shave.rs"]
mod shave;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shave::run(bytes));
