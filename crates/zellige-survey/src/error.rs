//! What ends a survey.

use thiserror::Error;
use zellige_model::TileCoord;

/// Why nothing can be said about a source.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The source cannot be read.
    #[error("cannot read a sample of source `{id}`")]
    Read {
        /// The source.
        id: String,
        /// What ingest says.
        source: zellige_ingest::Error,
    },
    /// A source of the recipe was not given.
    #[error("source `{id}` was not given, so nothing can be said of its layers")]
    NoSample {
        /// The source.
        id: String,
    },
    /// An expression met a value that it cannot use; a job would end there.
    #[error("{reason} - Example: tile z: {} x: {} y: {}, layer_name: {layer}", tile.zoom(), tile.x(), tile.y())]
    Expression {
        /// What the expression says.
        reason: String,
        /// The first tile.
        tile: TileCoord,
        /// The name of the layer.
        layer: String,
    },
    /// A source has no feature to make a recipe for.
    #[error("`{id}` has no features, so there is nothing to make a recipe for")]
    NoFeatures {
        /// The source.
        id: String,
    },
    /// More sources than a recipe may have layers.
    #[error("{n_layers} layers are more than the {} that a recipe may have", zellige_recipe::LAYERS_MAX)]
    TooManyLayers {
        /// How many there would be.
        n_layers: usize,
    },
}
