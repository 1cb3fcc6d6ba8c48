//! Fuzzes the judging of navigation packs; see the body.
#![no_main]

#[path = "../../crates/zellige-pack/tests/any/graph.rs"]
mod graph;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| graph::run(bytes));
