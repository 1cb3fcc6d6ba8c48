//! Where and why an expression could not be evaluated; it ends the job.

use zellige_model::TileCoord;
use zellige_recipe::expression::EvalError;

/// An expression that met a value it cannot use.
///
/// Of several the job names the first: the lowest zoom, then the tile by x and y, then the layer and
/// the place in the source (recipe 10, no. 40), whichever worker found it first.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The tile; for features that are not cut yet the first one that they touch.
    pub tile: TileCoord,
    /// Number of the layer in the plan.
    pub layer: u8,
    /// Position of the feature in its source.
    pub place: u64,
    /// The reason.
    pub error: Box<EvalError>,
}

impl Fault {
    const fn rank(&self) -> (TileCoord, u8, u64) {
        (self.tile, self.layer, self.place)
    }

    /// Keeps the earlier one of two.
    pub fn keep_first(known: &mut Option<Self>, found: Option<Self>) {
        let Some(found) = found else { return };
        if known.as_ref().is_none_or(|known| found.rank() < known.rank()) {
            *known = Some(found);
        }
    }
}
