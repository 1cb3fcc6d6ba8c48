//! What a recipe says: checked, typed, and without any default filled in.
//!
//! Stands between the check and the [`Plan`](crate::Plan): an absent option is absent here, and every option
//! knows where it was written, so that lints and refusals can point at it.

use zellige_model::{Extent, LayerName, LonLatBounds, Zoom};

use crate::expression::Expression;
use crate::raw::NodeId;

/// A recipe without problems.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// The layers in document order; 1 to 20.
    pub layers: Vec<Layer>,
    /// `fillzoom` (recipe 1.4).
    pub fillzoom: Option<At<Zoom>>,
    /// `incremental` (recipe 5).
    pub incremental: Option<At<bool>>,
}

/// A value and where it was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// The JSON value that it was read from.
    pub origin: NodeId,
}

/// An entry of `layers`.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// The key.
    pub name: LayerName,
    /// The JSON object of the layer.
    pub origin: NodeId,
    /// `source`, as written.
    pub source: At<String>,
    /// `minzoom`.
    pub minzoom: Zoom,
    /// `maxzoom`.
    pub maxzoom: Zoom,
    /// `features`.
    pub features: Features,
    /// `tiles`.
    pub tiles: Tiles,
}

/// The options of `features` (recipe 2.1).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Features {
    /// `id`.
    pub id: Option<At<Expression>>,
    /// `bbox`.
    pub bbox: Option<LonLatBounds>,
    /// `attributes.zoom_element`.
    pub zoom_element: Option<At<Vec<String>>>,
    /// `attributes.set`.
    pub set: Option<At<Vec<Assignment>>>,
    /// `attributes.allowed_output`.
    pub allowed_output: Option<Vec<String>>,
    /// `filter`.
    pub filter: Option<At<Expression>>,
    /// `simplification`.
    pub simplification: Option<At<Simplification>>,
}

/// The options of `tiles` (recipe 2.2).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tiles {
    /// `bbox`.
    pub bbox: Option<LonLatBounds>,
    /// `extent`.
    pub extent: Option<At<Amount<Extent>>>,
    /// `buffer_size`, percent of the tile side, 0 to 100.
    pub buffer_size: Option<At<Amount<f64>>>,
    /// `limit`.
    pub limit: Option<At<Vec<Limit>>>,
    /// `union`.
    pub union: Option<At<Vec<Union>>>,
    /// `filter`.
    pub filter: Option<At<Expression>>,
    /// `attributes.set`.
    pub set: Option<At<Vec<Assignment>>>,
    /// `order`.
    pub order: Option<String>,
    /// `remove_filled`.
    pub remove_filled: Option<At<Expression>>,
    /// `id`; the literal `null` writes none.
    pub id: Option<At<Expression>>,
    /// `layer_size`, KiB, 1 to 2500.
    pub layer_size: Option<At<u32>>,
}

/// An entry of `set`.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The attribute.
    pub name: String,
    /// What it becomes.
    pub value: At<Expression>,
}

/// A number as such or as an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Amount<T> {
    /// The same everywhere.
    Number(T),
    /// Depends on zoom or feature.
    Expression(Expression),
}

/// A tolerance in its short or its long form.
#[derive(Clone, Debug, PartialEq)]
pub struct Simplification {
    /// `distance`, units, 0 to 4096; absent only in the long form.
    pub distance: Option<At<Amount<f64>>>,
    /// `outward_only`.
    pub outward_only: Option<At<Expression>>,
}

/// A rule of `limit` (recipe 4.1).
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// What is kept.
    pub rule: LimitRule,
    /// The features it applies to.
    pub filter: At<Expression>,
    /// How many, or how densely.
    pub number: u32,
    /// The attribute that ranks, or none for source order.
    pub attribute: Option<String>,
}

/// The four rules of `limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitRule {
    /// `lowest_where`
    Lowest,
    /// `highest_where`
    Highest,
    /// `lowest_where_in_distance`
    LowestInDistance,
    /// `highest_where_in_distance`
    HighestInDistance,
}

/// An entry of `union` (recipe 4.2).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Union {
    /// `where`.
    pub filter: Option<At<Expression>>,
    /// `group_by`.
    pub group_by: Option<At<Vec<String>>>,
    /// `aggregate`.
    pub aggregate: Vec<(At<String>, Aggregation)>,
    /// `maintain_direction`.
    pub maintain_direction: Option<bool>,
    /// `simplification`.
    pub simplification: Option<At<Simplification>>,
    /// `cluster`.
    pub cluster: Option<At<bool>>,
    /// `region_count`.
    pub region_count: Option<At<u32>>,
}

/// The operations of `aggregate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregation {
    /// `sum`
    Sum,
    /// `product`
    Product,
    /// `min`
    Min,
    /// `max`
    Max,
    /// `mean`
    Mean,
    /// `comma`
    Comma,
    /// `concat`
    Concat,
    /// `arbitrary`
    Arbitrary,
}

impl LimitRule {
    /// All rules with their names.
    pub const ALL: [(&'static str, Self); 4] = [
        ("lowest_where", Self::Lowest),
        ("highest_where", Self::Highest),
        ("lowest_where_in_distance", Self::LowestInDistance),
        ("highest_where_in_distance", Self::HighestInDistance),
    ];
}

impl Aggregation {
    /// All operations with their names.
    pub const ALL: [(&'static str, Self); 8] = [
        ("sum", Self::Sum),
        ("product", Self::Product),
        ("min", Self::Min),
        ("max", Self::Max),
        ("mean", Self::Mean),
        ("comma", Self::Comma),
        ("concat", Self::Concat),
        ("arbitrary", Self::Arbitrary),
    ];
}

impl Layer {
    /// Returns every expression of the layer.
    #[must_use]
    pub fn expressions(&self) -> Vec<&Expression> {
        let Features { id, set, filter, simplification, .. } = &self.features;
        let tiles = &self.tiles;
        let mut all: Vec<&Expression> = Vec::new();
        for option in [id, filter, &tiles.filter, &tiles.remove_filled, &tiles.id] {
            all.extend(option.iter().map(|at| &at.value));
        }
        for set in [set, &tiles.set] {
            all.extend(set.iter().flat_map(|set| &set.value).map(|assignment| &assignment.value.value));
        }
        all.extend(simplification.iter().flat_map(|at| at.value.expressions()));
        all.extend(tiles.extent.iter().filter_map(|at| at.value.expression()));
        all.extend(tiles.buffer_size.iter().filter_map(|at| at.value.expression()));
        all.extend(tiles.limit.iter().flat_map(|limit| &limit.value).map(|limit| &limit.filter.value));
        for union in tiles.union.iter().flat_map(|union| &union.value) {
            all.extend(union.filter.iter().map(|at| &at.value));
            all.extend(union.simplification.iter().flat_map(|at| at.value.expressions()));
        }
        all
    }
}

impl<T> Amount<T> {
    /// Returns the expression, when it is one.
    #[must_use]
    pub fn expression(&self) -> Option<&Expression> {
        if let Self::Expression(expression) = self { Some(expression) } else { None }
    }
}

impl Simplification {
    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let distance = self.distance.iter().filter_map(|at| at.value.expression());
        distance.chain(self.outward_only.iter().map(|at| &at.value))
    }
}
