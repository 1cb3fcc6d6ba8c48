//! Shapes as they stand between two stages.

use zellige_model::{Extent, Feature, Geometry, GeometryKind, Grid, World, WorldBounds, Zoom};
use zellige_tile::borders::Borders;
use zellige_tile::clip::{self, Pieces, Stripes};
use zellige_tile::project::project;
use zellige_tile::quantize::{TileGrid, quantize};
use zellige_tile::simplify::{Weighted, simplify};
use zellige_tile::weigh::Weigher;

/// The zoom at which stages that know a tile are measured: many features meet two tiles, few meet more.
pub const LEVEL: u8 = 12;
/// Units kept around a tile and units below which detail goes, as recipes have them that name none.
const BUFFER_UNITS: i64 = 20;
const TOLERANCE_UNITS: f64 = 4.0;

/// Part of a shape in one tile.
#[derive(Clone, Debug)]
pub struct Cut {
    /// Number of the feature it comes from.
    pub feature_idx: usize,
    /// The tile.
    pub grid: TileGrid,
    /// The part.
    pub geometry: Geometry<World>,
}

/// Returns the zoom with this level.
#[must_use]
pub fn zoom(level: u8) -> Zoom {
    Zoom::new(level).expect("benches know the zooms")
}

/// Returns the tolerance at a zoom in world units.
#[must_use]
pub fn tolerance(level: u8) -> f64 {
    TOLERANCE_UNITS * World::tile_side(zoom(level)) as f64 / f64::from(Extent::DEFAULT.get())
}

/// Returns the tiles of a zoom along one axis.
#[must_use]
pub fn stripes(level: u8) -> Stripes {
    let side = World::tile_side(zoom(level));
    Stripes { side, buffer: side * BUFFER_UNITS / i64::from(Extent::DEFAULT.get()) }
}

/// Returns the projected geometries.
#[must_use]
pub fn projected(features: &[Feature]) -> Vec<Geometry<World>> {
    let mut out = vec![Geometry::default(); features.len()];
    features.iter().zip(&mut out).for_each(|(feature, out)| project(&feature.geometry, out));
    out
}

/// Returns the geometries with the weights that zooms up to `maxzoom` ask for.
#[must_use]
pub fn weighted(shapes: &[Geometry<World>], maxzoom: u8) -> Vec<Weighted> {
    let mut weigher = Weigher::default();
    let mut weigh = |geometry: &Geometry<World>| {
        let mut weights = Vec::new();
        weigher.weigh(geometry, tolerance(maxzoom), Borders::default(), &mut weights);
        Weighted { geometry: geometry.clone(), weights }
    };
    shapes.iter().map(&mut weigh).collect()
}

/// Returns the geometries as they are at a zoom.
#[must_use]
pub fn simplified(features: &[Feature], level: u8) -> Vec<Geometry<World>> {
    let mut shapes = weighted(&projected(features), level);
    for shape in &mut shapes {
        simplify(shape, tolerance(level));
    }
    shapes.into_iter().map(|shape| shape.geometry).collect()
}

/// Returns what the features, simplified, have in all tiles of a zoom.
#[must_use]
pub fn cuts(features: &[Feature], level: u8) -> Vec<Cut> {
    cuts_of(&simplified(features, level), level)
}

/// Returns what these shapes have in all tiles of a zoom.
#[must_use]
pub fn cuts_of(shapes: &[Geometry<World>], level: u8) -> Vec<Cut> {
    let (stripes, extent) = (stripes(level), Extent::DEFAULT);
    let (mut columns, mut rows, mut out) = (Pieces::default(), Pieces::default(), Vec::new());
    for (feature_idx, shape) in shapes.iter().enumerate() {
        let bounds = WorldBounds::of(&shape.points);
        if shape.kind == GeometryKind::Point {
            let grid = TileGrid::new(
                zoom(level),
                bounds.min.x.div_euclid(stripes.side),
                bounds.min.y.div_euclid(stripes.side),
                extent,
            );
            out.push(Cut { feature_idx, grid, geometry: shape.clone() });
            continue;
        }
        clip::columns(shape, stripes, stripes.touched(bounds.min.x, bounds.max.x), &mut columns);
        for (column, piece) in columns.iter() {
            clip::rows(piece, stripes, stripes.touched(bounds.min.y, bounds.max.y), &mut rows);
            let with_points = rows.iter().filter(|(_, piece)| !piece.is_empty());
            out.extend(with_points.map(|(row, piece)| Cut {
                feature_idx,
                grid: TileGrid::new(zoom(level), column, row, extent),
                geometry: piece.clone(),
            }));
        }
    }
    out
}

/// Returns the same on the grids of the tiles, with the numbers of the features; what vanishes is left out.
#[must_use]
pub fn snapped(cuts: &[Cut]) -> Vec<(usize, Geometry<Grid>)> {
    let snap = |cut: &Cut| {
        let mut out = Geometry::default();
        quantize(&cut.geometry, cut.grid, &mut out);
        (cut.feature_idx, out)
    };
    cuts.iter().map(snap).filter(|(_, geometry)| !geometry.is_empty()).collect()
}

/// Returns the number of vertices of all geometries.
#[must_use]
pub fn n_vertices<'g, P: 'g>(geometries: impl IntoIterator<Item = &'g Geometry<P>>) -> u64 {
    geometries.into_iter().map(|geometry| geometry.points.len() as u64).sum()
}
