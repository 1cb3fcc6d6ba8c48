//! Any bytes as a region, as roads, as a navigation pack: they are read or refused, and what is read obeys the laws of covers
//! and of packs.

use zellige_testkit::corpus::replay;

mod graph;
mod region;
mod roads;

#[test]
fn the_corpus_passes() {
    replay("region", region::run);
    replay("roads", roads::run);
    replay("graph", graph::run);
}
