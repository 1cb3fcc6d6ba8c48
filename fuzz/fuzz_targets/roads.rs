//! Fuzzes the making of navigation packs; see the body.
#![no_main]

#[path = "../../crates/zellige-pack/tests/any/roads.rs"]
mod roads;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| roads::run(bytes));
