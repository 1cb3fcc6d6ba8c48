//! Any bytes as a navigation pack: they are judged, whatever they are.
//!
//! The fuzz target `graph` runs this too.

use zellige_pack::fault::FAULTS_MAX;
use zellige_pack::navigation::judge;

/// Judges a pack.
pub(crate) fn run(archive: &[u8]) {
    let verdict = judge(archive);
    assert_eq!(verdict.faults.first.len() as u64, verdict.faults.count.min(FAULTS_MAX as u64));
    assert!(!verdict.faults.is_empty() || verdict.tiles.iter().sum::<u64>() > 0);
    assert!(verdict.mainland_nodes <= verdict.nodes && verdict.islands <= verdict.nodes);
}
