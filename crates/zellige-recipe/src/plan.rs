//! What a recipe means: every default filled in, every number resolved for every zoom.
//!
//! Holds no optional that means "default"; no stage ever sees raw JSON.

use zellige_model::{Extent, LayerName, LonLatBounds, Zoom};

use crate::recipe::Aggregation;

/// A checked recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The layers in recipe order; at most 20.
    pub layers: Vec<LayerPlan>,
    /// The zoom whose ancestor stands in for a missing tile at `maxzoom`; metadata only (recipe 1.4).
    pub fillzoom: Option<Zoom>,
    /// The recipe as written, for the report.
    pub recipe: serde_json::Value,
}

impl Plan {
    /// Returns the lowest and the highest zoom of all layers.
    ///
    /// # Panics
    ///
    /// When there is no layer, which the checker does not let pass.
    #[must_use]
    pub fn zooms(&self) -> (Zoom, Zoom) {
        let minzoom = self.layers.iter().map(|layer| layer.minzoom).min();
        let maxzoom = self.layers.iter().map(|layer| layer.maxzoom).max();
        minzoom.zip(maxzoom).expect("a checked recipe has a layer")
    }
}

/// One layer of the tiles.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerPlan {
    /// The name in the tile.
    pub name: LayerName,
    /// The source id as written, `mapbox://tileset-source/…`.
    pub source: String,
    /// The lowest zoom that has tiles.
    pub minzoom: Zoom,
    /// The highest zoom that has tiles.
    pub maxzoom: Zoom,
    /// What depends on the zoom, for `minzoom..=maxzoom` in this order.
    pub zooms: Vec<ZoomPlan>,
    /// The box that cuts features (recipe 2.5).
    pub features_bbox: Option<LonLatBounds>,
    /// The box that chooses tiles and cuts nothing (recipe 2.2).
    pub tiles_bbox: Option<LonLatBounds>,
    /// The attributes that are written.
    pub output: Output,
    /// The attribute by which features are sorted, ascending; none means source order.
    pub order: Option<String>,
    /// Whether tiles in which every feature covers the whole window lose this layer (recipe 2.6).
    pub remove_filled: bool,
    /// Which ids are written.
    pub ids: Ids,
    /// Upper bound of the encoded layer in one tile, bytes.
    pub layer_bytes_max: u32,
}

impl LayerPlan {
    /// Returns what holds at `zoom`, or nothing outside of the zooms of the layer.
    #[must_use]
    pub fn at(&self, zoom: Zoom) -> Option<&ZoomPlan> {
        self.zooms.get(usize::from(zoom.get().checked_sub(self.minzoom.get())?))
    }
}

/// What depends on the zoom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ZoomPlan {
    /// Grid units along one side of a tile.
    pub extent: Extent,
    /// Units kept around a tile, `0..=extent`.
    pub buffer_units: u32,
    /// Distance below which vertices may go, in units, `0.0..=4096.0`; 0 keeps every vertex.
    pub tolerance_units: f64,
}

/// Which attributes reach the tile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// All of them.
    All,
    /// Only these names.
    Only(Vec<String>),
}

/// Which ids reach the tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ids {
    /// The id of the feature (recipe 2.3).
    Feature,
    /// None: `"id": null`.
    None,
}

/// How many features of a tile stay (recipe 4.1); which ones it applies to stands beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Which end of the ranking stays.
    pub order: RankOrder,
    /// Whether what stays is also kept apart, by `extent / √number` units.
    pub in_distance: bool,
    /// How many features stay at most.
    pub number: u32,
    /// The attribute that ranks; none means source order.
    pub attribute: Option<String>,
}

/// Which end of a ranking is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RankOrder {
    /// The lowest values.
    Lowest,
    /// The highest values.
    Highest,
}

/// How features of a tile merge (recipe 4.2); which ones take part, and how the result is simplified,
/// stands beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Union {
    /// The attributes that members of a group share; none means all that are not aggregated.
    pub group_by: Option<Vec<String>>,
    /// The attributes that are made from those of all members, each named once.
    pub aggregate: Vec<(String, Aggregation)>,
    /// Whether lines keep their direction and so join end to start only.
    pub maintain_direction: bool,
    /// `region_count` where points become one point a region, else none.
    pub cluster: Option<u32>,
}
