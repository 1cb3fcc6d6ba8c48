//! A feature of one tile while it is limited, merged and filtered.
//!
//! In:     pieces (see `piece`) whose geometry is opened again.
//! Out:    features that own their geometry and all their attributes, those that are hidden later
//!         among them.
//! Keeps:  every vertex; rings open and grouped into polygons.
//! Source: recipe 2.8, steps 9 to 16.
//!
//! Only plans that limit or merge stage features; all others copy the bytes of pieces into the tile.

use zellige_model::{Attributes, Geometry, Grid, Value};

use crate::decode::decode_geometry;
use crate::piece::Body;

/// A feature of one tile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StagedFeature {
    /// The id in the tile.
    pub id: Option<u64>,
    /// The id as expressions see it, before hashing; [`Value::Null`] when absent.
    pub id_value: Value,
    /// What lies in the window of the tile; legal, see `validate`.
    pub geometry: Geometry<Grid>,
    /// Whether the polygon covers the whole window.
    pub fills: bool,
    /// All attributes, each key once; arrays and objects as JSON text.
    pub attributes: Attributes,
}

/// Reads the geometry of a piece into the emptied `out`.
///
/// # Panics
///
/// When [`write_body`](crate::piece::write_body) did not write the body.
pub fn open_geometry(body: Body<'_>, out: &mut Geometry<Grid>) {
    decode_geometry(body.commands, body.kind, out).expect("the commands were written from a geometry");
}

#[cfg(test)]
mod tests {
    use zellige_testkit::drawn;

    use super::*;
    use crate::piece::write_body;

    fn check(wkt: &str) {
        let (mut bytes, mut out) = (Vec::new(), Geometry::default());
        write_body(&drawn::geometry(wkt), Some(7), false, &mut bytes);
        open_geometry(Body::open(&bytes), &mut out);
        assert_eq!(drawn::text(&out), wkt);
    }

    #[test]
    fn geometry_of_a_piece_comes_back() {
        for wkt in [
            "POINT(-20 4116)",
            "MULTIPOINT(1 2,1 2,-3 4)",
            "LINESTRING(0 0,8 8,0 0)",
            "MULTILINESTRING((0 0,8 8),(100000 -100000,1 1))",
            "POLYGON((0 0,8 0,8 8,0 8),(2 2,2 6,6 6,6 2))",
            "MULTIPOLYGON(((0 0,8 0,8 8,0 8),(1 1,1 7,7 7,7 1)),((2 2,6 2,6 6,2 6)))",
        ] {
            check(wkt);
        }
    }
}
