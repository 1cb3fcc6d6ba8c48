//! What an archive says of itself.

use std::collections::BTreeMap;

use crate::{LonLat, LonLatBounds, Zoom};

/// The metadata of a tileset; TileJSON 3.0, MBTiles and PMTiles are spellings of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tileset {
    /// A short name for people.
    pub name: String,
    /// A longer text for people; may be empty.
    pub description: String,
    /// Whom to name on maps, as HTML or text; may be empty.
    pub attribution: String,
    /// The lowest zoom that has tiles.
    pub minzoom: Zoom,
    /// The highest zoom that has tiles.
    pub maxzoom: Zoom,
    /// The zoom of the ancestor to cut when a tile at `maxzoom` is missing (recipe 1.4).
    pub fillzoom: Option<Zoom>,
    /// The box of the data, within the Web Mercator square.
    pub bounds: LonLatBounds,
    /// Where a map opens.
    pub center: LonLat,
    /// The zoom at which a map opens, within `minzoom..=maxzoom`.
    pub center_zoom: Zoom,
    /// The layers in recipe order.
    pub vector_layers: Vec<VectorLayer>,
}

/// One layer as TileJSON 3.0 §3.3 describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorLayer {
    /// The name of the layer in the tiles.
    pub id: String,
    /// A text for people; may be empty.
    pub description: String,
    /// The attributes that were written, with the kind of their values.
    pub fields: BTreeMap<String, FieldKind>,
    /// The lowest zoom of the layer in the recipe.
    pub minzoom: Zoom,
    /// The highest zoom of the layer in the recipe.
    pub maxzoom: Zoom,
    /// The source id of the recipe; empty when unknown.
    pub source: String,
}

/// The kind of the values of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Text only.
    String,
    /// Numbers only.
    Number,
    /// `true` and `false` only.
    Boolean,
    /// More than one kind.
    Mixed,
}

impl FieldKind {
    /// Returns the word that TileJSON uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Number => "Number",
            Self::Boolean => "Boolean",
            Self::Mixed => "Mixed",
        }
    }

    /// Returns the kind that a word of TileJSON stands for; an unknown word is [`FieldKind::Mixed`].
    #[must_use]
    pub fn parse(name: &str) -> Self {
        match name {
            "String" => Self::String,
            "Number" => Self::Number,
            "Boolean" => Self::Boolean,
            _ => Self::Mixed,
        }
    }
}
