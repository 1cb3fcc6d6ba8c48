//! Fuzzes the decoder of tiles and the memory that it takes; see the body.
#![no_main]

use peak_alloc::PeakAlloc;

#[path = "../../crates/zellige-tile/tests/decoder/fuzz.rs"]
mod fuzz;
#[path = "../../crates/zellige-tile/tests/read/mod.rs"]
mod read;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::run(bytes, MEMORY));
