//! Fuzzes the reader of archives with bytes of a `.mbtiles` file; see the body.
#![no_main]

#[path = "../../crates/zellige-archive/tests/any/archive.rs"]
mod archive;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| archive::run(bytes, "mbtiles"));
