//! What ends a job.

use std::path::PathBuf;

use zellige_ingest::Document;

/// Why a publish ended without a tileset; the old one, if any, stands as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The recipe names a source that was not given.
    #[error("source `{id}` of layer `{layer}` was not given")]
    SourceMissing {
        /// The id in the recipe.
        id: String,
        /// The first layer that names it.
        layer: String,
    },
    /// A source was given by the last part of its id, which two sources of the recipe have.
    #[error("source `{id}` could be `{}` or `{}`, give the whole id", meanings[0], meanings[1])]
    SourceAmbiguous {
        /// The id that was given.
        id: String,
        /// Ids of the recipe that end so.
        meanings: [String; 2],
    },
    /// A source was given that no layer names.
    #[error("source `{id}` is named by no layer of the recipe")]
    SourceUnused {
        /// The id that was given.
        id: String,
    },
    /// A source could not be read.
    #[error("reading source `{id}` failed")]
    Read {
        /// The id of the source.
        id: String,
        /// The reason.
        source: zellige_ingest::Error,
    },
    /// The sources have no line.
    #[error("No features in source data.")]
    NoFeatures,
    /// No line of the sources is a feature.
    #[error("No GeoJSON features processed. Make sure your GeoJSON is line-delimited.")]
    NoGeoJson {
        /// What is wrong with the first line that is no feature, if an example was kept.
        reason: Option<String>,
        /// What that line seems to be a part of.
        document: Option<Document>,
    },
    /// Nothing reached a tile.
    #[error(
        "No tiles were created because the recipe removed every feature. \
         You may need to change the filter or limit configurations."
    )]
    NoTiles,
    /// An expression met a value that it cannot use; the text is that of the hosted service.
    #[error("{reason} - Example: tile z: {} x: {} y: {}, layer_name: {layer}", .tile.zoom(), .tile.x(), .tile.y())]
    Expression {
        /// What it could not do.
        reason: String,
        /// The first tile in which it happens.
        tile: zellige_model::TileCoord,
        /// The layer.
        layer: String,
        /// The file of the feature, or the name of another input.
        file: String,
        /// The line of the feature, from 1.
        line: u64,
    },
    /// The features have so many different attribute names that no tile could list them.
    #[error(
        "the names of all attributes take more than {} MiB, which no tile could list",
        zellige_tile::key::NAMES_BYTES_MAX >> 20
    )]
    TooManyNames,
    /// A temporary file could not be used.
    #[error("{attempt} a temporary file in `{folder}` failed after {bytes} bytes")]
    Spill {
        /// What was tried.
        attempt: &'static str,
        /// Where temporary files are.
        folder: PathBuf,
        /// Bytes that the file had.
        bytes: u64,
        /// The reason.
        source: std::io::Error,
    },
    /// The tileset could not be written.
    #[error("writing the tileset failed")]
    Write {
        /// The reason.
        #[from]
        source: zellige_archive::Error,
    },
    /// The threads of the job could not be started.
    #[error("starting {threads} threads failed")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// The reason.
        source: rayon::ThreadPoolBuildError,
    },
    /// The caller ended the job.
    #[error("cancelled")]
    Cancelled,
}

impl Error {
    /// Returns what a user could do about it, if that can be said, in the words of the command line.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        self.hint_with("`--format geojson`")
    }

    /// Returns what a user could do about it, if that can be said; `collection` is how one asks for sources that are
    /// whole `FeatureCollection` documents.
    #[must_use]
    pub fn hint_with(&self, collection: &str) -> Option<String> {
        match self {
            Self::NoGeoJson { reason: Some(reason), document } => {
                let advice = document.map(|document| format!("; {}", document.advice(collection)));
                let advice = advice.unwrap_or_default();
                Some(format!("the first line that is no feature says: {reason}{advice}"))
            }
            Self::Expression { file, line, .. } => Some(format!(
                "look at line {line} of {file}; guard the expression with `has`, `coalesce` or `to-number`"
            )),
            _ => None,
        }
    }
}
