//! What ends the reading of a source.
//!
//! In:     failures of the system, and broken promises of whoever wrote the files.
//! Out:    one sentence with the name of the input; the cause is `source()`.
//! Keeps:  lines that cannot be read are no errors, see [`crate::Fault`].

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a source cannot be read to its end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A file is not there or may not be read.
    #[error("cannot open `{}`", path.display())]
    Open {
        /// The file as it was named.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A directory was named where a file belongs.
    #[error("cannot read `{}`: it is a directory, name the files in it", path.display())]
    Directory {
        /// The directory as it was named.
        path: PathBuf,
    },
    /// Reading or decompressing failed on the way.
    #[error("cannot read `{name}`")]
    Read {
        /// The input: a path, or the name of a reader.
        name: String,
        /// What the system or the decompressor says.
        source: io::Error,
    },
    /// A file has another size or time of change than when it was opened.
    #[error("`{}` was changed while it was read; nothing of it can be trusted, start again", path.display())]
    Changed {
        /// The file as it was named.
        path: PathBuf,
    },
    /// Another file has the name of the one that is read.
    #[error("`{}` was replaced while it was read; start again to read the new one", path.display())]
    Replaced {
        /// The file as it was named.
        path: PathBuf,
    },
    /// The input is no document of one `FeatureCollection`.
    #[error("`{name}` is not a FeatureCollection: {reason} (byte {byte})")]
    NotACollection {
        /// The input: a path, or the name of a reader.
        name: String,
        /// What was found instead.
        reason: &'static str,
        /// Where, counted from 1.
        byte: u64,
    },
    /// More inputs than a [`zellige_model::Place`] can number.
    #[error("source `{id}` has {n_inputs} inputs, at most {} are possible", crate::INPUTS_MAX)]
    TooManyInputs {
        /// The source.
        id: String,
        /// How many inputs it was given.
        n_inputs: usize,
    },
    /// More blocks than a [`zellige_model::Place`] can number.
    #[error("`{name}` has more than {} blocks, read it in larger ones", crate::BLOCKS_MAX)]
    TooManyBlocks {
        /// The input: a path, or the name of a reader.
        name: String,
    },
    /// The temporary file of blocks that are read twice could not be used.
    #[error("{attempt} a temporary file in `{}` failed after {bytes} bytes", folder.display())]
    Aside {
        /// What was tried.
        attempt: &'static str,
        /// Where temporary files are.
        folder: PathBuf,
        /// Bytes that the file had.
        bytes: u64,
        /// The reason.
        source: io::Error,
    },
    /// A foreign source of features gave up.
    #[error("cannot read features of another format")]
    Geozero {
        /// What its reader says.
        source: geozero::error::GeozeroError,
    },
}
