//! A tile in a plain form that every decoder can be brought to.

use zellige_model::{Geometry, Grid, Value};

use crate::drawn;

/// What a tile says, whoever reads it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlainTile {
    /// The layers in tile order.
    pub layers: Vec<PlainLayer>,
}

/// What a layer says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlainLayer {
    /// The name.
    pub name: String,
    /// The version of the specification.
    pub version: u32,
    /// Grid units along one side of the tile.
    pub extent: u32,
    /// The features in layer order.
    pub features: Vec<PlainFeature>,
}

/// What a feature says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlainFeature {
    /// The id, if there is one.
    pub id: Option<u64>,
    /// The geometry with open rings, or nothing when its kind is unknown.
    pub geometry: Option<Geometry<Grid>>,
    /// The attributes in order; whole numbers that fit are [`Value::Int`], floats are [`Value::Double`].
    pub attributes: Vec<(String, Value)>,
}

impl PlainTile {
    /// Asserts that `self` and `other` say the same, and names the first difference.
    ///
    /// # Panics
    ///
    /// When they differ; `ours` and `theirs` say who is who.
    pub fn assert_same(&self, ours: &str, other: &Self, theirs: &str) {
        let whom = format!("{ours} and {theirs}");
        let names = |tile: &Self| tile.layers.iter().map(|layer| layer.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(self), names(other), "layers of {whom}");
        for (a, b) in self.layers.iter().zip(&other.layers) {
            let grid = |layer: &PlainLayer| (layer.version, layer.extent, layer.features.len());
            let name = &a.name;
            assert_eq!(grid(a), grid(b), "version, extent and features of layer `{name}` by {whom}");
            for (idx, (a, b)) in a.features.iter().zip(&b.features).enumerate() {
                let place = format!("feature {idx} of layer `{name}` by {whom}");
                assert_eq!(a.id, b.id, "id of {place}");
                // As text, since what is not a number equals nothing.
                let attributes = |feature: &PlainFeature| format!("{:?}", feature.attributes);
                assert_eq!(attributes(a), attributes(b), "attributes of {place}");
                let drawing = |feature: &PlainFeature| feature.geometry.as_ref().map(drawn::text);
                assert_eq!(drawing(a), drawing(b), "geometry of {place}");
            }
        }
    }
}

/// Returns an unsigned number as the house holds it.
pub(crate) fn unsigned(number: u64) -> Value {
    i64::try_from(number).map_or(Value::UInt(number), Value::Int)
}
