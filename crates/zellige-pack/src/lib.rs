//! Offline packs: what a region needs to be drawn and travelled without a network.

pub mod navigation;
