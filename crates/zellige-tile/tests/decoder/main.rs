//! Any bytes as a tile, and the memory that the decoder takes for them.
//!
//! A program of its own with one test, since memory is counted for all threads together.

use peak_alloc::PeakAlloc;

mod fuzz;
#[path = "../read/mod.rs"]
mod read;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

#[test]
fn corpus_passes() {
    zellige_testkit::corpus::replay("tile", |bytes| fuzz::run(bytes, MEMORY));
}
