//! Looks at sources before a job.
//!
//! ```text
//!     Source ──sample──► Sample ──profile──► Profile      kinds, bounds, attributes
//!                          ├─────lint──────► [Lint]       what the recipe gets wrong about this data
//!                          ├───forecast────► Forecast     tiles, bytes and full tiles by zoom
//!                          └───starter─────► Starter      a first recipe
//! ```
//!
//! A [`Sample`] is evenly spread over its source and bounded, whatever the size of the source. Everything else looks at
//! samples alone and says so. Nothing here starts a thread, prints or writes a file.

pub mod sample;
pub mod profile;
pub mod lint;
pub mod forecast;
pub mod starter;
mod trial;
mod error;

pub use error::Error;
pub use forecast::{Forecast, forecast};
pub use lint::{lint, lint_forecast};
pub use profile::{AttributeProfile, Profile};
pub use sample::{FirstFault, Sample, Sampled};
pub use starter::{Starter, starter};

/// Whether a given id is the id in a recipe or its last part.
#[must_use]
pub fn is_same_source(in_recipe: &str, given: &str) -> bool {
    in_recipe == given || in_recipe.rsplit('/').next() == Some(given)
}
