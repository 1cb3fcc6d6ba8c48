//! Fuzzes the checker of recipes; see the body.
#![no_main]

#[path = "../../crates/zellige-recipe/tests/texts/fuzz.rs"]
mod fuzz;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::run(bytes));
