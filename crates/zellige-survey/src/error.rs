//! What ends a survey.

use thiserror::Error;

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
}
