//! What a recipe means: every default filled in, every expression compiled for every zoom.
//!
//! Holds no optional that means "default"; no stage ever sees raw JSON.

use std::sync::Arc;

use zellige_model::{Extent, LayerName, LonLatBounds, Value, Zoom};

use crate::expression::{Names, Program};
use crate::recipe::Aggregation;

/// A checked recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The layers in recipe order; at most 20.
    pub layers: Vec<LayerPlan>,
    /// The zoom whose ancestor stands in for a missing tile at `maxzoom`; metadata only (recipe 1.4).
    pub fillzoom: Option<Zoom>,
    /// Whether the tileset may later be changed by changesets (recipe 5).
    pub incremental: bool,
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
    /// The attributes that all programs of the layer may ask for.
    pub names: Arc<Names>,
    /// Attributes of which an array gives its element number zoom (recipe 2.4).
    pub zoom_element: Vec<String>,
    /// The box that cuts features (recipe 2.5).
    pub features_bbox: Option<LonLatBounds>,
    /// The box that chooses tiles and cuts nothing (recipe 2.2).
    pub tiles_bbox: Option<LonLatBounds>,
    /// The attributes that are written.
    pub output: Output,
    /// The attribute by which features are sorted, ascending; none means source order.
    pub order: Option<String>,
    /// Upper bound of the encoded layer in one tile, bytes.
    pub layer_bytes_max: u32,
}

impl LayerPlan {
    /// Whether a feature may have different ids at different zooms.
    #[must_use]
    pub fn ids_vary_by_zoom(&self) -> bool {
        self.zooms.windows(2).any(|zooms| zooms[0].features.id != zooms[1].features.id)
    }

    /// Returns what holds at `zoom`, or nothing outside of the zooms of the layer.
    #[must_use]
    pub fn at(&self, zoom: Zoom) -> Option<&ZoomPlan> {
        self.zooms.get(usize::from(zoom.get().checked_sub(self.minzoom.get())?))
    }
}

/// What depends on the zoom. Programs are folded for it: what needs the zoom alone is computed already.
#[derive(Clone, Debug, PartialEq)]
pub struct ZoomPlan {
    /// Grid units along one side of a tile.
    pub extent: Extent,
    /// Units kept around a tile, `0..=extent`.
    pub buffer_units: u32,
    /// What happens to each feature.
    pub features: FeatureStage,
    /// How shapes are simplified.
    pub simplification: Simplification,
    /// What happens to the features of each tile.
    pub tiles: TileStage,
}

/// What happens to one feature at one zoom (recipe 2.8, steps 2 to 5).
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureStage {
    /// The id; none means that of the source.
    pub id: Option<Program>,
    /// Attributes that are computed, all from the old values.
    pub set: Vec<(String, Program)>,
    /// Which features are kept.
    pub filter: Switch,
}

impl FeatureStage {
    /// The stage that changes nothing.
    pub const NOTHING: Self = Self { id: None, set: Vec::new(), filter: Switch::Always };
}

/// What happens to the features of one tile (recipe 2.8, steps 9 to 15).
#[derive(Clone, Debug, PartialEq)]
pub struct TileStage {
    /// Rules that thin them, one after the other, each with the features it applies to.
    pub limits: Vec<(Switch, Limit)>,
    /// Rules that merge them, one after the other.
    pub unions: Vec<UnionStage>,
    /// Which features are kept.
    pub filter: Switch,
    /// Attributes that are computed, all from the old values.
    pub set: Vec<(String, Program)>,
    /// For which features a tile that they fill loses this layer, when it is so for all of them (recipe 2.6).
    pub remove_filled: Switch,
    /// Which ids are written.
    pub id: TileIds,
}

impl TileStage {
    /// The stage that changes nothing.
    pub const NOTHING: Self = Self {
        limits: Vec::new(),
        unions: Vec::new(),
        filter: Switch::Always,
        set: Vec::new(),
        remove_filled: Switch::Never,
        id: TileIds::Feature,
    };

    /// Whether pieces can be copied into the tile without being opened: nothing looks at a feature or
    /// joins it with others.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.limits.iter().all(|(applies, _)| *applies == Switch::Never)
            && self.unions.iter().all(|union| union.takes_part == Switch::Never)
            && self.filter == Switch::Always
            && self.set.is_empty()
            && !matches!(self.remove_filled, Switch::When(_))
            && !matches!(self.id, TileIds::Computed(_))
    }
}

/// One entry of `union`.
#[derive(Clone, Debug, PartialEq)]
pub struct UnionStage {
    /// The features that take part; all others pass.
    pub takes_part: Switch,
    /// How they merge.
    pub union: Union,
    /// How merged lines and polygons are simplified, if at all.
    pub simplification: Option<Simplification>,
}

/// A boolean for each feature.
#[derive(Clone, Debug, PartialEq)]
pub enum Switch {
    /// True for all.
    Always,
    /// False for all.
    Never,
    /// As the program says.
    When(Program),
}

impl Switch {
    /// Returns the switch that a program makes.
    #[must_use]
    pub fn of(program: Program) -> Self {
        match program.constant() {
            Some(Value::Bool(true)) => Self::Always,
            Some(Value::Bool(false)) => Self::Never,
            _ => Self::When(program),
        }
    }
}

/// A number for each feature.
#[derive(Clone, Debug, PartialEq)]
pub enum Amount {
    /// The same for all.
    Constant(f64),
    /// As the program says.
    Computed(Program),
}

/// Which vertices may go (recipe 2.5).
#[derive(Clone, Debug, PartialEq)]
pub struct Simplification {
    /// Distance below which vertices may go, in units, `0.0..=4096.0`; 0 keeps every vertex.
    /// Computed numbers are clamped.
    pub distance: Amount,
    /// Whether polygons may only grow.
    pub outward_only: Switch,
}

impl Simplification {
    /// Returns a plain simplification by a number of units.
    #[must_use]
    pub const fn by(units: f64) -> Self {
        Self { distance: Amount::Constant(units), outward_only: Switch::Never }
    }
}

/// Which attributes reach the tile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// All of them.
    All,
    /// Only these names.
    Only(Vec<String>),
}

impl Output {
    /// Whether the attribute is written.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.iter().any(|allowed| allowed == name),
        }
    }
}

/// Which ids reach the tile.
#[derive(Clone, Debug, PartialEq)]
pub enum TileIds {
    /// The id of the feature (recipe 2.3).
    Feature,
    /// None: `"id": null`.
    None,
    /// What the program gives, by the rules of recipe 2.3.
    Computed(Program),
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
