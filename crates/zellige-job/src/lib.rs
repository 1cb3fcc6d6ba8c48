//! One publish from start to report: threads, sorting, temporary files, progress.
//!
//! Slice, sort, emit: workers of a private pool take blocks of the sources and slice their features
//! into pieces; pieces wait in sorted runs, in memory up to a budget and in temporary files beyond it;
//! then the key space is cut into shards, and workers merge, emit and compress them while the calling
//! thread writes finished shards in key order. The same bytes come out whatever the number of threads
//! and the budget.

pub mod progress;
pub mod publish;
pub mod report;
pub mod settings;

mod slicing;
mod borders;
mod duplicates;
mod sort;
mod blocks;
mod row;
mod spill;
mod merge;
mod emitting;
mod packed;
mod queue;
mod on_panic;
mod hand_back;
mod describe;
mod error;

pub use error::{Error, FirstFault, Growing};
pub use progress::{Phase, Progress};
pub use publish::publish;
pub use report::Report;
pub use settings::{Borders, Settings, parse_memory};
