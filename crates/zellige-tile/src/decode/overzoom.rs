//! A tile below the deepest zoom of a tileset, cut from the ancestor that holds it.
//!
//! In:     an ancestor, decoded, and the places of both.
//! Out:    what of it lies in the window of the deeper tile, on the deeper grid; layers left empty are gone.
//! Keeps:  names, extents, attributes, ids and order; the position of each vertex in the world.
//! Source: the stages `clip`, `quantize` and `validate`, as for features.
//!
//! Nothing becomes finer by that: it is what clients do when they draw a tile larger than it is.

use zellige_model::{Extent, Geometry, GeometryKind, Grid, TileCoord, World, WorldBounds};

use crate::clip::{self, Pieces};
use crate::decode::{DecodedFeature, DecodedLayer, DecodedTile};
use crate::quantize::{TileGrid, quantize};
use crate::validate::Validator;

/// What of the side of a tile is kept around it: one part in so many.
const BUFFER_PARTS: i64 = 64;
/// How far from its tile a vertex may lie, sides of the tile: farther ones are nobody's data.
const FAR_SIDES: i64 = 64;

/// Buffers that stay from tile to tile.
#[derive(Debug, Default)]
pub struct Overzoom {
    validator: Validator,
    pieces: Pieces,
    world: Geometry<World>,
    clipped: Geometry<World>,
}

impl Overzoom {
    /// Returns what `tile`, which stands at `ancestor`, holds of `descendant`.
    ///
    /// A layer whose extent is beyond what tiles of this engine have is left out, and so is a feature that lies
    /// farther from its tile than any data does.
    ///
    /// # Panics
    ///
    /// When `ancestor` does not hold `descendant`.
    pub fn cut(&mut self, tile: &DecodedTile, ancestor: TileCoord, descendant: TileCoord) -> DecodedTile {
        let levels = descendant.zoom().get().checked_sub(ancestor.zoom().get());
        let holds = levels.is_some_and(|levels| {
            (descendant.x() >> levels, descendant.y() >> levels) == (ancestor.x(), ancestor.y())
        });
        assert!(holds, "{ancestor} does not hold {descendant}");
        let layers = tile.layers.iter().filter_map(|layer| {
            let extent = Extent::new(layer.extent)?;
            let grids = [ancestor, descendant]
                .map(|tile| TileGrid::new(tile.zoom(), tile.x().into(), tile.y().into(), extent));
            let features: Vec<_> =
                layer.features.iter().filter_map(|feature| self.feature(feature, grids)).collect();
            let DecodedLayer { name, version, extent, keys, values, .. } = layer;
            (!features.is_empty()).then(|| DecodedLayer {
                name: name.clone(),
                version: *version,
                extent: *extent,
                keys: keys.clone(),
                values: values.clone(),
                features,
            })
        });
        DecodedTile { layers: layers.collect() }
    }

    fn feature(&mut self, feature: &DecodedFeature, [from, to]: [TileGrid; 2]) -> Option<DecodedFeature> {
        let kind = feature.kind?;
        let window = window(to);
        self.world.reset(kind);
        let far = FAR_SIDES * i64::from(from.extent.get());
        if feature
            .geometry
            .points
            .iter()
            .any(|point| far < i64::from(point.x).abs().max(i64::from(point.y).abs()))
        {
            return None;
        }
        self.world.points.extend(feature.geometry.points.iter().map(|point| place(*point, from)));
        if !WorldBounds::of(&self.world.points).meets(&window) {
            return None;
        }
        self.world.part_ends.extend_from_slice(&feature.geometry.part_ends);
        self.world.polygon_ends.extend_from_slice(&feature.geometry.polygon_ends);
        clip::window(&self.world, &window, &mut self.pieces, &mut self.clipped);
        let mut geometry = Geometry::default();
        quantize(&self.clipped, to, &mut geometry);
        if kind == GeometryKind::Polygon {
            self.validator.validate(&mut geometry);
        }
        let (id, tags) = (feature.id, feature.tags.clone());
        (!geometry.is_empty()).then_some(DecodedFeature { id, kind: Some(kind), geometry, tags })
    }
}

/// Returns where a grid point lies in the world.
fn place(point: Grid, grid: TileGrid) -> World {
    let side = i128::from(World::tile_side(grid.zoom));
    let along = |at: i32| (i128::from(at) * side).div_euclid(grid.extent.get().into()) as i64;
    World::new(grid.origin.x + along(point.x), grid.origin.y + along(point.y))
}

/// Returns the square of a tile with its buffer.
const fn window(grid: TileGrid) -> WorldBounds {
    let side = World::tile_side(grid.zoom);
    let buffer = side / BUFFER_PARTS;
    let World { x, y } = grid.origin;
    WorldBounds {
        min: World::new(x - buffer, y - buffer),
        max: World::new(x + side + buffer, y + side + buffer),
    }
}

#[cfg(test)]
mod tests {
    use zellige_testkit::drawn::{geometry, text};

    use super::*;

    const EXTENT: u32 = 64;

    fn tile(wkt: &str) -> DecodedTile {
        let geometry = geometry::<Grid>(wkt);
        let kind = Some(geometry.kind);
        let feature = DecodedFeature { id: Some(5), kind, geometry, tags: Vec::new() };
        let layer = DecodedLayer {
            name: "a".to_owned(),
            version: 2,
            extent: EXTENT,
            features: vec![feature],
            ..DecodedLayer::default()
        };
        DecodedTile { layers: vec![layer] }
    }

    /// Cuts `descendant` from a tile at 1/0/0 of 64 units, with a buffer of one unit.
    fn check(wkt: &str, descendant: &str, expected: &str) {
        let [ancestor, descendant] = ["1/0/0", descendant].map(|text| TileCoord::parse(text).unwrap());
        let cut = Overzoom::default().cut(&tile(wkt), ancestor, descendant);
        let found: Vec<String> = cut
            .layers
            .iter()
            .flat_map(|layer| &layer.features)
            .map(|feature| {
                assert_eq!(feature.id, Some(5));
                text(&feature.geometry)
            })
            .collect();
        assert_eq!(found.join("; "), expected);
    }

    #[test]
    fn points_move_to_the_finer_grid() {
        check("POINT(40 10)", "2/1/0", "POINT(16 20)");
        check("POINT(40 10)", "2/0/0", "");
        check("POINT(40 10)", "3/2/0", "POINT(32 40)");
    }

    #[test]
    fn lines_end_at_the_buffer() {
        check("LINESTRING(0 8, 64 8)", "2/0/0", "LINESTRING(0 16,65 16)");
        check("LINESTRING(0 8, 64 8)", "2/1/0", "LINESTRING(-1 16,64 16)");
        check("LINESTRING(0 8, 64 8)", "2/1/1", "");
    }

    #[test]
    fn polygons_stay_legal() {
        check("POLYGON((16 16, 48 16, 48 48, 16 48))", "2/0/0", "POLYGON((32 65,32 32,65 32,65 65))");
        // A letter U whose arms alone reach into the tile below: two polygons.
        check(
            "POLYGON((2 2, 30 2, 30 50, 26 50, 26 6, 6 6, 6 50, 2 50))",
            "2/0/1",
            "MULTIPOLYGON(((12 -1,12 36,4 36,4 -1)),((52 -1,60 -1,60 36,52 36)))",
        );
    }

    #[test]
    fn what_is_very_far_is_left_out() {
        check("LINESTRING(0 8, 4096 8)", "2/0/0", "LINESTRING(0 16,65 16)");
        check("LINESTRING(0 8, 4097 8)", "2/0/0", "");
    }

    #[test]
    #[should_panic(expected = "1/0/0 does not hold 2/2/0")]
    fn strangers_are_refused() {
        check("POINT(0 0)", "2/2/0", "");
    }
}
