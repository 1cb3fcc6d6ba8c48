//! Fuzzes the evaluator of expressions; see the body.
#![no_main]
#![allow(dead_code, reason = "what is drawn serves other tests too")]

#[path = "../../crates/zellige-recipe/tests/expressions/drawn.rs"]
mod drawn;
#[path = "../../crates/zellige-recipe/tests/expressions/fuzz.rs"]
mod fuzz;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::run(bytes));
