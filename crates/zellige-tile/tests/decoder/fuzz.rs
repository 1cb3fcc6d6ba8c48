//! Any bytes as a tile: an error or layers, never more memory than a small multiple of the bytes.
//!
//! The fuzz target `tile` runs this too.

use peak_alloc::PeakAlloc;
use zellige_model::{TileCoord, TileId};
use zellige_testkit::{foreign, validate::validate};
use zellige_tile::decode::overzoom::Overzoom;
use zellige_tile::decode::recode::recode;
use zellige_tile::decode::{DecodedTile, check, decode};
use zellige_tile::text::to_text;

use crate::read::plain;

/// Bytes of memory for a byte of a tile, at most.
const FACTOR_MAX: usize = 40;
/// Other decoders add up coordinates in 32 bits, some of them twice: no farther from the tile, grid units.
const DISTANCE_MAX: u32 = 1 << 28;
/// What an error and its text may take in any case, and what the test program does beside it, bytes.
const SLACK_BYTES: usize = 16 << 10;

/// Decodes `bytes`; `memory` is the allocator of the program.
pub(crate) fn run(bytes: &[u8], memory: PeakAlloc) {
    memory.reset_peak_usage();
    let before = memory.current_usage();
    let decoded = decode(bytes);
    let taken_bytes = memory.peak_usage().saturating_sub(before);
    assert!(
        taken_bytes <= FACTOR_MAX * bytes.len() + SLACK_BYTES,
        "{taken_bytes} bytes for a tile of {}",
        bytes.len()
    );
    assert_eq!(check(bytes).as_ref().err(), decoded.as_ref().err());
    match decoded {
        Ok(tile) => {
            drop(to_text(TileId::default().coord(), &tile));
            write_again(&tile, validate(bytes).is_empty());
            if is_near(&tile) && validate(bytes).is_empty() {
                foreign::assert_agree(bytes, &plain(&tile));
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Writes a tile again, and a part of it as a deeper tile; what is written can be read.
fn write_again(tile: &DecodedTile, is_legal: bool) {
    let n_features = |tile: &DecodedTile| {
        let features = tile.layers.iter().flat_map(|layer| &layer.features);
        features.filter(|feature| feature.kind.is_some() && !feature.geometry.is_empty()).count()
    };
    let mut bytes = Vec::new();
    recode(tile, &mut bytes);
    let again = decode(&bytes).expect("what is written can be read");
    assert_eq!(n_features(&again), n_features(tile));
    bytes.clear();
    let [ancestor, descendant] = ["1/1/0", "5/20/9"].map(|text| TileCoord::parse(text).expect("a tile"));
    recode(&Overzoom::default().cut(tile, ancestor, descendant), &mut bytes);
    decode(&bytes).expect("what is cut can be read");
    if is_legal && !bytes.is_empty() {
        assert_eq!(validate(&bytes), Vec::<String>::new());
    }
}

/// Whether all coordinates are such that other decoders can read them.
fn is_near(tile: &DecodedTile) -> bool {
    let mut points =
        tile.layers.iter().flat_map(|layer| &layer.features).flat_map(|feature| &feature.geometry.points);
    points.all(|point| point.x.unsigned_abs() < DISTANCE_MAX && point.y.unsigned_abs() < DISTANCE_MAX)
}
