//! What the tileset says of itself: fields, zooms, bounds and centre, from what was written.

use std::collections::BTreeMap;
use std::sync::Arc;

use zellige_model::{FieldKind, LonLat, LonLatBounds, Tileset, VectorLayer, World, WorldBounds, Zoom};
use zellige_recipe::Plan;
use zellige_tile::emit::EmittedLayer;
use zellige_tile::project::unproject;

use crate::settings::Settings;
use crate::slicing::Found;

/// Returns the metadata; `names` are those of all keys, `title` stands in for a name.
pub(crate) fn describe(
    plan: &Plan,
    settings: &Settings,
    title: &str,
    names: &[Arc<str>],
    (layers, found): (&[EmittedLayer], &Found),
) -> Tileset {
    let mut bounds = WorldBounds::EMPTY;
    for (layer, sliced) in layers.iter().zip(&found.sliced.layers) {
        if layer.stats.total(|zoom| zoom.tiles) > 0 {
            bounds.merge(&sliced.bounds);
        }
    }
    let bounds = degrees(bounds);
    let (plan_minzoom, plan_maxzoom) = plan.zooms();
    let with_tiles = || {
        let zooms = layers.iter().flat_map(|layer| &layer.stats.zooms);
        zooms.filter(|(_, stats)| stats.tiles > 0).map(|(zoom, _)| *zoom)
    };
    let minzoom = with_tiles().min().unwrap_or(plan_minzoom);
    let maxzoom = with_tiles().max().unwrap_or(plan_maxzoom);
    let center =
        LonLat::new(f64::midpoint(bounds.west, bounds.east), f64::midpoint(bounds.south, bounds.north));
    Tileset {
        name: if settings.name.is_empty() { title.to_owned() } else { settings.name.clone() },
        description: settings.description.clone(),
        attribution: settings.attribution.clone(),
        minzoom,
        maxzoom,
        fillzoom: plan.fillzoom,
        bounds,
        center,
        center_zoom: fitting_zoom(&bounds).clamp(minzoom, maxzoom),
        vector_layers: plan
            .layers
            .iter()
            .zip(layers)
            .map(|(layer, emitted)| VectorLayer {
                id: layer.name.as_str().to_owned(),
                description: String::new(),
                fields: fields(names, &emitted.fields),
                minzoom: layer.minzoom,
                maxzoom: layer.maxzoom,
                source: layer.source.clone(),
            })
            .collect(),
    }
}

fn fields(names: &[Arc<str>], kinds: &[Option<FieldKind>]) -> BTreeMap<String, FieldKind> {
    names.iter().zip(kinds).filter_map(|(name, kind)| Some((name.to_string(), (*kind)?))).collect()
}

/// Returns the box in degrees, cut to the Web Mercator square; data beyond ±180 takes the whole width.
fn degrees(bounds: WorldBounds) -> LonLatBounds {
    let (mut west, mut east) = (bounds.min.x, bounds.max.x);
    if west < 0 || east > World::SIDE {
        (west, east) = (0, World::SIDE);
    }
    let clamp = |y: i64| y.clamp(0, World::SIDE);
    let upper_left = unproject(World::new(west, clamp(bounds.min.y)));
    let lower_right = unproject(World::new(east, clamp(bounds.max.y)));
    LonLatBounds {
        west: upper_left.lon,
        south: lower_right.lat,
        east: lower_right.lon,
        north: upper_left.lat,
    }
}

/// Returns the deepest zoom at which the box is no wider than a tile.
fn fitting_zoom(bounds: &LonLatBounds) -> Zoom {
    let width = (bounds.east - bounds.west).max((bounds.north - bounds.south) * 2.0).max(1e-6);
    let level = (360.0 / width).log2().floor().clamp(0.0, f64::from(Zoom::MAX.get()));
    Zoom::new(level as u8).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_city_opens_deeper_than_the_world() {
        let world = LonLatBounds { west: -180.0, south: -85.0, east: 180.0, north: 85.0 };
        let city = LonLatBounds { west: 9.4, south: 47.0, east: 9.7, north: 47.3 };
        assert_eq!(fitting_zoom(&world).get(), 0);
        assert_eq!(fitting_zoom(&city).get(), 9);
    }
}
