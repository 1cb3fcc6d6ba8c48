//! Features that have the id of an earlier one in their layer (W204).
//!
//! In:     id, layer and place of every feature that has an id, from many workers.
//! Out:    the places of the later ones, which emit passes over, and the first ids for the report.
//! Source: recipe 2.3: the first in source order stays; ids are compared before any filter. Ids that
//!         depend on the zoom are compared zoom by zoom.
//!
//! Ids go through the same bounded sorting as pieces: the id is the slot, layer and zoom are the body. Of
//! the later ones a bit each is kept, so that a source in which all features have one id stays affordable.

use rustc_hash::FxHashMap;
use zellige_model::Zoom;
use zellige_tile::piece::PieceKey;

use crate::Error;
use crate::merge::Runs;
use crate::progress::Counters;

/// How many ids the warning of a layer names.
const EXAMPLES_MAX: usize = 20;
/// Stands for all zooms.
const ALL_ZOOMS: u8 = u8::MAX;
/// Binary digits of a place that say which bit it is.
const PLACE_BITS: u32 = u64::BITS.ilog2();

/// The later ones of features with equal ids.
#[derive(Debug, Default)]
pub(crate) struct Duplicates {
    /// By layer, zoom and place without its lowest [`PLACE_BITS`]: a bit for each place.
    dropped: FxHashMap<(u8, u8, u64), u64>,
    n_dropped: u64,
    /// By layer: ids that occur more than once, lowest first.
    pub(crate) ids: Vec<Vec<u64>>,
}

/// Returns what stands beside an id.
pub(crate) fn body(layer: u8, zoom: Option<Zoom>) -> [u8; 2] {
    [layer, zoom.map_or(ALL_ZOOMS, Zoom::get)]
}

impl Duplicates {
    /// Finds the duplicates among the ids that stand as slots in `runs`.
    pub(crate) fn find(runs: &Runs, n_layers: usize, counters: &Counters) -> Result<Self, Error> {
        let mut found = Self { ids: vec![Vec::new(); n_layers], ..Self::default() };
        let mut last_id = None;
        // Layers and zooms in which the id at hand was seen.
        let mut seen: Vec<[u8; 2]> = Vec::new();
        runs.merge(0, None, &mut |PieceKey { slot: id, place }, _, body| {
            if counters.is_cancelled() {
                return Err(Error::Cancelled);
            }
            if last_id != Some(id) {
                last_id = Some(id);
                seen.clear();
            }
            let [layer, zoom] = *body else { return Ok(()) };
            if !seen.contains(&[layer, zoom]) {
                seen.push([layer, zoom]);
                return Ok(());
            }
            found.drop(layer, zoom, place);
            let ids = &mut found.ids[usize::from(layer)];
            if ids.last() != Some(&id) && ids.len() < EXAMPLES_MAX {
                ids.push(id);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Returns the number of cases.
    pub(crate) fn count(&self) -> u64 {
        self.n_dropped
    }

    fn drop(&mut self, layer: u8, zoom: u8, place: u64) {
        let (key, bit) = bit(layer, zoom, place);
        *self.dropped.entry(key).or_default() |= bit;
        self.n_dropped += 1;
    }

    fn has(&self, layer: u8, zoom: u8, place: u64) -> bool {
        let (key, bit) = bit(layer, zoom, place);
        self.dropped.get(&key).is_some_and(|bits| bits & bit != 0)
    }

    /// Whether the feature at `place` is a later one in this layer at this zoom.
    pub(crate) fn is_dropped(&self, layer: u8, zoom: Zoom, place: u64) -> bool {
        !self.dropped.is_empty() && (self.has(layer, ALL_ZOOMS, place) || self.has(layer, zoom.get(), place))
    }
}

/// Returns under which key the bit of a place stands, and the bit.
const fn bit(layer: u8, zoom: u8, place: u64) -> ((u8, u8, u64), u64) {
    ((layer, zoom, place >> PLACE_BITS), 1 << (place & (u64::BITS as u64 - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sort::{RunStore, RunWriter};
    use crate::spill::Fan;

    /// Finds the duplicates among layer, zoom, id and place.
    fn find(seen: &[(u8, Option<u8>, u64, u64)]) -> Duplicates {
        let counters = Counters::default();
        let store = RunStore::new(1 << 20, 1 << 10, Fan::new(1 << 10, 1), std::env::temp_dir(), &counters);
        let mut writer = RunWriter::new(&store);
        for (layer, zoom, id, place) in seen {
            let zoom = zoom.and_then(Zoom::new);
            writer.push(PieceKey { slot: *id, place: *place }, &body(*layer, zoom));
        }
        writer.finish().unwrap();
        Duplicates::find(&store.into_runs().0, 2, &counters).unwrap()
    }

    #[test]
    fn first_in_the_source_stays_in_each_layer() {
        let found =
            find(&[(0, None, 7, 300), (0, None, 7, 2), (1, None, 7, 300), (0, None, 7, 65), (0, None, 8, 3)]);
        assert_eq!((found.count(), &found.ids[..]), (2, &[vec![7], vec![]][..]));
        let dropped = |layer, place| found.is_dropped(layer, Zoom::default(), place);
        assert_eq!(
            [dropped(0, 2), dropped(0, 65), dropped(0, 300), dropped(0, 3)],
            [false, true, true, false]
        );
        assert!(!dropped(1, 300));
    }

    #[test]
    fn ids_of_a_zoom_meet_only_there() {
        let found = find(&[(0, Some(3), 7, 1), (0, Some(4), 7, 2), (0, Some(3), 7, 2)]);
        let dropped = |zoom, place| found.is_dropped(0, Zoom::new(zoom).unwrap(), place);
        assert_eq!([dropped(3, 1), dropped(3, 2), dropped(4, 2)], [false, true, false]);
    }
}
