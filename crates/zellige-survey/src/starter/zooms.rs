//! The zooms that suit a source.
//!
//! In:     a [`Sample`] and its profile.
//! Out:    the first and the deepest zoom.
//! Keeps:  0 to 14, though recipes may go to 16: clients enlarge the tiles of the deepest zoom.
//! Source: a unit of the grid at the deepest zoom is a fraction of the distance between neighbouring vertices or
//!         points, so that overzoomed tiles still look right; at the first zoom the extent is a good part of a tile.

use zellige_model::{Extent, GeometryKind, LonLat, TileCoord, TileId, World, Zoom};
use zellige_tile::project::project_point;

use crate::profile::Profile;
use crate::sample::Sample;

/// The deepest zoom that is proposed.
const ZOOM_MAX: u8 = 14;
/// Units of the grid between neighbouring vertices, at least.
const UNITS_OF_VERTICES: f64 = 32.0;
/// Units of the grid between neighbouring points, at least. A point has nothing but its place.
const UNITS_OF_POINTS: f64 = 256.0;
/// The first zoom is so many above the one at which the extent fits a tile.
const ZOOMS_ABOVE_EXTENT: u8 = 2;
/// So many distances are looked at.
const DISTANCES_MAX: usize = 200_000;

/// Returns the first and the deepest zoom, or nothing when there is no point to look at.
pub(super) fn range(sample: &Sample, profile: &Profile) -> Option<(u8, u8)> {
    let bounds = profile.bounds?;
    let min = project_point(LonLat::new(bounds.west, bounds.north));
    let max = project_point(LonLat::new(bounds.east, bounds.south));
    let extent = (max.x - min.x).max(max.y - min.y).max(1);
    let fits = (World::SIDE as f64 / extent as f64).log2().floor().clamp(0.0, f64::from(ZOOM_MAX)) as u8;
    let units = if profile.n_points == profile.n_features { UNITS_OF_POINTS } else { UNITS_OF_VERTICES };
    let spacing = spacing(sample, profile).unwrap_or(extent as f64);
    let sides = World::SIDE as f64 * units / (f64::from(Extent::DEFAULT.get()) * spacing);
    let deepest = sides.log2().ceil().clamp(f64::from(fits), f64::from(ZOOM_MAX)) as u8;
    Some((fits.saturating_sub(ZOOMS_ABOVE_EXTENT), deepest))
}

/// Returns the median distance between neighbours in world units.
fn spacing(sample: &Sample, profile: &Profile) -> Option<f64> {
    if profile.n_points == profile.n_features {
        // A denser source has its points closer together than the sample.
        return median(between_points(sample)).map(|distance| distance * sample.weight().recip().sqrt());
    }
    let step = (profile.n_vertices as usize).div_ceil(DISTANCES_MAX).max(1);
    let features = sample.features.iter().map(|sampled| &sampled.feature).step_by(step);
    let shapes = features.filter(|feature| feature.geometry.kind != GeometryKind::Point);
    let edges = shapes.flat_map(|feature| feature.geometry.parts()).flat_map(|part| part.windows(2));
    median(
        edges
            .map(|edge| distance(project_point(edge[0]), project_point(edge[1])))
            .take(DISTANCES_MAX)
            .collect(),
    )
}

/// Returns the distances from point to point along a curve that stays among neighbours.
fn between_points(sample: &Sample) -> Vec<f64> {
    let points = sample.features.iter().filter_map(|sampled| sampled.feature.geometry.points.first());
    let mut places: Vec<(TileId, World)> = points
        .filter_map(|point| {
            let place = project_point(*point);
            let side = World::tile_side(Zoom::MAX);
            let tile = TileCoord::new(
                Zoom::MAX,
                u32::try_from(place.x / side).ok()?,
                u32::try_from(place.y / side).ok()?,
            );
            Some((tile?.into(), place))
        })
        .collect();
    places.sort_unstable();
    places.windows(2).map(|pair| distance(pair[0].1, pair[1].1)).collect()
}

fn distance(a: World, b: World) -> f64 {
    ((a.x - b.x) as f64).hypot((a.y - b.y) as f64)
}

/// Returns the median of the distances that are not 0.
fn median(mut distances: Vec<f64>) -> Option<f64> {
    distances.retain(|distance| *distance > 0.0);
    if distances.is_empty() {
        return None;
    }
    let middle = distances.len() / 2;
    Some(*distances.select_nth_unstable_by(middle, f64::total_cmp).1)
}
