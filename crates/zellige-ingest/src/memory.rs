//! Features that are in memory already, or that a program makes as it goes.
//!
//! In:     an iterator of features.
//! Out:    batches of them.
//! Keeps:  order; a batch is about as large as a block of lines would be.

use zellige_model::{Feature, LonLat};

use crate::Fault;
use crate::blocks::Limits;

/// So many features are at most in a batch.
const BATCH_FEATURES_MAX: usize = 4096;

/// Features of one input, or what is wrong with them.
pub(crate) type Features = Box<dyn Iterator<Item = Result<Feature, Fault>> + Send>;

/// Returns the next features; nothing when there are no more.
pub(crate) fn batch(features: &mut Features, limits: Limits) -> Option<Vec<Result<Feature, Fault>>> {
    let mut batch = Vec::new();
    let mut n_bytes = 0;
    while batch.len() < BATCH_FEATURES_MAX && n_bytes < limits.block_bytes {
        let Some(feature) = features.next() else { break };
        n_bytes += feature.as_ref().map_or(1, |feature| {
            let points_bytes = feature.geometry.points.len() * size_of::<LonLat>();
            (size_of::<Feature>() + points_bytes) as u64
        });
        batch.push(feature);
    }
    (!batch.is_empty()).then_some(batch)
}
