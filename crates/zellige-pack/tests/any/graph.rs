//! Any bytes as a navigation pack: they are judged, whatever they are.
//!
//! The fuzz target `graph` runs this too.

use zellige_pack::navigation::{FAULTS_MAX, judge};

/// Judges a pack.
pub(crate) fn run(archive: &[u8]) {
    let verdict = judge(archive);
    assert_eq!(verdict.faults.len() as u64, verdict.n_faults.min(FAULTS_MAX as u64));
    assert!(!verdict.is_sound() || verdict.tiles.iter().sum::<u64>() > 0);
    assert!(verdict.mainland_nodes <= verdict.nodes && verdict.islands <= verdict.nodes);
}
