//! Fuzzes the reader of regions and their covers; see the body.
#![no_main]

#[path = "../../crates/zellige-pack/tests/any/region.rs"]
mod region;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| region::run(bytes));
