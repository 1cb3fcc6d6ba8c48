//! Any bytes as shapes, through the stages one by one and all together.

mod clip;
mod draw;
#[path = "../read/mod.rs"]
mod read;
mod shape;
mod validate;
