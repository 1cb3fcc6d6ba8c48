//! Any bytes as a region: they are read or refused, and what is read has a cover with the laws of covers.

use zellige_testkit::corpus::replay;

mod region;

#[test]
fn the_corpus_passes() {
    replay("region", region::run);
}
