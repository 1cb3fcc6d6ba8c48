//! Decoded tiles in the plain form in which decoders are compared.

use zellige_testkit::plain::{PlainFeature, PlainLayer, PlainTile};
use zellige_tile::decode::DecodedTile;

pub(crate) fn plain(tile: &DecodedTile) -> PlainTile {
    let layers = tile.layers.iter().map(|layer| PlainLayer {
        name: layer.name.clone(),
        version: layer.version,
        extent: layer.extent,
        features: layer
            .features
            .iter()
            .map(|feature| PlainFeature {
                id: feature.id,
                geometry: feature.kind.map(|_| feature.geometry.clone()),
                attributes: layer
                    .attributes(feature)
                    .map(|(key, value)| (key.to_owned(), value.to_owned()))
                    .collect(),
            })
            .collect(),
    });
    PlainTile { layers: layers.collect() }
}
