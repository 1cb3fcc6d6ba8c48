//! What ends a job.

use std::fmt;
use std::path::{Path, PathBuf};

use zellige_ingest::Document;

use crate::progress::Counters;

/// What takes room on a disk while a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growing {
    /// Pieces that do not fit the memory.
    Temp,
    /// What is to be the tileset.
    Tileset,
}

impl fmt::Display for Growing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Temp => "temporary files in",
            Self::Tileset => "the tileset",
        })
    }
}

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
    NoFeatures {
        /// The first input; `None` when there is none.
        file: Option<String>,
    },
    /// No line of the sources is a feature.
    #[error("No GeoJSON features processed. Make sure your GeoJSON is line-delimited.")]
    NoGeoJson {
        /// The first line that is no feature, if an example was kept.
        first: Option<FirstFault>,
    },
    /// Nothing reached a tile.
    #[error(
        "No tiles were created because the recipe removed every feature. \
         You may need to change the filter or limit configurations."
    )]
    NoTiles {
        /// Features that were left out of full tiles, each in every tile.
        over_budget: u64,
    },
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
    /// A recipe looks at features of a tile together, and there are too many.
    #[error(
        "layer `{layer}` has more than {} MiB of features in tile `{tile}`, and its recipe looks at all of them together",
        zellige_tile::emit::KEPT_BYTES_MAX >> 20
    )]
    TileOverfull {
        /// The tile.
        tile: zellige_model::TileCoord,
        /// The layer.
        layer: String,
    },
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
    /// A disk is full, or its owner may have no more of it.
    #[error("no room for {what} `{}`: about {needed_bytes} bytes are needed, and {free_bytes} are free", path.display())]
    NoRoom {
        /// What there is no room for.
        what: Growing,
        /// The tileset, or the folder of temporary files.
        path: PathBuf,
        /// What was written, counted up to the whole job, bytes.
        needed_bytes: u64,
        /// What is free now that everything unfinished is removed, bytes.
        free_bytes: u64,
        /// What could not be done.
        source: Box<Self>,
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

/// The first line of all sources that is no feature.
#[derive(Debug)]
pub struct FirstFault {
    /// Its file, or the name of another input.
    pub file: String,
    /// Its number, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
    /// What it seems to be a part of.
    pub document: Option<Document>,
}

impl Error {
    /// Whether temporary files in `temp` could not grow.
    fn is_no_room_for_temp(&self, temp: &Path) -> bool {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        use zellige_ingest::Error::Aside;
        if let Self::Write { source } = self {
            return source.no_room() == Some(temp);
        }
        let (Self::Spill { source, .. } | Self::Read { source: Aside { source, .. }, .. }) = self else {
            return false;
        };
        matches!(source.kind(), StorageFull | QuotaExceeded | FileTooLarge)
    }

    /// Returns the same error with what is needed and what there is, if the disk of the tileset at `target` or of
    /// temporary files in `temp` is full.
    pub(crate) fn with_room(self, target: &Path, temp: &Path, counters: &Counters) -> Self {
        let (what, path, needed) = if self.is_no_room_for_temp(temp) {
            (Growing::Temp, temp, counters.temp_bytes_needed())
        } else if matches!(&self, Self::Write { source } if source.no_room().is_some()) {
            (Growing::Tileset, target, counters.archive_bytes_needed())
        } else {
            return self;
        };
        let free_bytes = free_bytes(if what == Growing::Temp { temp } else { around(target) });
        // Where everything seems to fit, there was too little all the same.
        let needed_bytes = needed.max(free_bytes + 1);
        Self::NoRoom { what, path: path.into(), needed_bytes, free_bytes, source: Box::new(self) }
    }

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
            Self::NoFeatures { file: Some(file) } => Some(format!("`{file}` has no line that is not empty")),
            Self::NoGeoJson { first: Some(first) } => {
                let FirstFault { file, line, reason, document } = first;
                let advice = document.map(|document| format!("; {}", document.advice(collection)));
                let advice = advice.unwrap_or_default();
                Some(format!("line {line} of {file} is the first that is no feature: {reason}{advice}"))
            }
            Self::NoTiles { over_budget: 1.. } => Some(
                "features were left out since none fits a tile; `tiles.layer_size` in the recipe and \
                 `--tile-size-limit` say how large a tile may be"
                    .to_owned(),
            ),
            Self::Expression { file, line, .. } => Some(format!(
                "look at line {line} of {file}; guard the expression with `has`, `coalesce` or `to-number`"
            )),
            Self::TileOverfull { .. } => Some(
                "a filter by zoom leaves fewer features there, and so does a deeper `minzoom`; only layers with \
                 `limit`, `union`, `order` or other options that look at the features of a tile keep them all"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

/// Returns the folder that `path` is in.
fn around(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns the bytes that are free on the disk of a folder, or none when that cannot be told.
fn free_bytes(folder: &Path) -> u64 {
    rustix::fs::statvfs(folder).map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}
