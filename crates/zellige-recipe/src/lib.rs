//! Recipe JSON to a checked [`Plan`].

pub mod plan;

pub use plan::{Ids, LayerPlan, Output, Plan, ZoomPlan};
