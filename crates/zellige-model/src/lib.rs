//! The words of the house: points, geometry, features, tiles, findings.
//!
//! Every crate of zellige speaks in these types and none of them can be serialized:
//! wire formats live where they are spoken.
//! The only dependency is `geo-types`, for conversions at the rim, so that an embedding
//! program hands over and gets back the geometry it already has.
//!
//! Three spaces, three point types: [`LonLat`] in degrees, [`World`] in the unit square as
//! exact integers, [`Grid`] in whole units of one tile.

pub mod coord;
pub mod bounds;
pub mod geometry;
pub mod value;
pub mod spelling;
pub mod feature;
pub mod zoom;
pub mod tile;
pub mod layer;
pub mod tileset;
pub mod finding;
pub mod convert;

pub use bounds::{GridBounds, LonLatBounds, WorldBounds};
pub use coord::{Grid, LonLat, World};
pub use feature::{Attributes, Feature};
pub use finding::{Example, FindingCode, Findings, Place, Tally};
pub use geometry::{Geometry, GeometryKind};
pub use layer::{Extent, LayerName};
pub use tile::{TileCoord, TileId};
pub use tileset::{FieldKind, Tileset, VectorLayer};
pub use value::{Value, ValueRef};
pub use zoom::Zoom;
