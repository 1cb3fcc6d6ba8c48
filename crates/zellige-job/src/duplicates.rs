//! Features of a source that have the id of an earlier one (W204).
//!
//! In:     id and place of every feature that has an id, from many workers.
//! Out:    the places of the later ones, which emit passes over, and the first ids for the report.
//! Source: recipe 2.3: the first in source order stays; ids are compared before any zoom is looked at.
//!
//! Ids go through the same bounded sorting as pieces: the id is the slot, there is no body.

use rustc_hash::FxHashSet;
use zellige_tile::piece::PieceKey;

use crate::Error;
use crate::merge::Runs;

/// How many ids the warning names.
const EXAMPLES_MAX: usize = 20;

/// The later ones of features with equal ids.
#[derive(Debug, Default)]
pub(crate) struct Duplicates {
    /// Their places.
    pub(crate) places: FxHashSet<u64>,
    /// Ids that occur more than once, lowest first.
    pub(crate) ids: Vec<u64>,
}

/// Finds the duplicates among the ids that stand as slots in `runs`.
pub(crate) fn find(runs: &Runs) -> Result<Duplicates, Error> {
    let mut found = Duplicates::default();
    let mut last = None;
    runs.merge(0, None, &mut |PieceKey { slot: id, place }, _, _| {
        if last == Some(id) {
            found.places.insert(place);
            if found.ids.last() != Some(&id) && found.ids.len() < EXAMPLES_MAX {
                found.ids.push(id);
            }
        }
        last = Some(id);
    })?;
    Ok(found)
}
