//! Any feature through all stages: its tiles are legal, and three decoders read the same in them.
//!
//! The fuzz target `shape` runs this too.

use std::sync::{Arc, OnceLock};

use zellige_model::{Feature, Geometry, GeometryKind, LonLat, Place, Value, ValueRef, Zoom};
use zellige_recipe::{Options, Plan, check};
use zellige_testkit::{foreign, validate::validate};
use zellige_tile::decode::decode;
use zellige_tile::emit::Emitter;
use zellige_tile::key::Keys;
use zellige_tile::piece::{PieceKey, PieceSink};
use zellige_tile::slice::Slicer;
use zellige_tile::text::to_text;
use zellige_tile::tiny::Tiny;

use crate::draw::{Draw, Part};
use crate::read::plain;

/// What the layer of a recipe says beside its source.
const RECIPES: [&str; 6] = [
    r#""minzoom": 0, "maxzoom": 3"#,
    r#""minzoom": 2, "maxzoom": 4, "features": {"simplification": 0}, "tiles": {"buffer_size": 0}"#,
    r#""minzoom": 0, "maxzoom": 4, "features": {"simplification": {"distance": 8, "outward_only": true}}"#,
    r#""minzoom": 0, "maxzoom": 2, "tiles": {"extent": 32, "buffer_size": 25, "union": [{"group_by": []}]}"#,
    r#""minzoom": 1, "maxzoom": 3, "features": {"bbox": [-100, -60, 90, 45]}, "tiles": {"extent": 256, "remove_filled": true}"#,
    r#""minzoom": 0, "maxzoom": 4, "features": {"id": ["get", "n"], "attributes": {"set": {"z": ["zoom"]}}}, "tiles": {"layer_size": 1}"#,
];
/// Bytes of a tile at most; half of it in some runs, to cut layers.
const TILE_BYTES_MAX: u64 = 512_000;

/// Slices what is drawn and emits all of its tiles.
pub(crate) fn run(bytes: &[u8]) {
    let mut draw = Draw(bytes);
    let plan = &plans()[draw.below(RECIPES.len())];
    let tile_bytes_max = TILE_BYTES_MAX >> draw.below(12);
    let features = features(&mut draw);
    let keys = Keys::for_plan(plan);
    let mut pieces = Sorter::default();
    let mut slicer = Slicer::new(plan, &keys, None, Tiny::Keep);
    for (line, feature) in (0..).zip(&features) {
        slicer.slice(feature, (0, Place { line, ..Place::default() }), &[0], &mut pieces);
    }
    assert!(slicer.finish().fault.is_none());
    pieces.rows.sort();
    let names: Vec<Arc<str>> = keys.names();
    let mut emitter = Emitter::new(plan, &keys, &names, tile_bytes_max);
    let mut tile_bytes = Vec::new();
    for rows in pieces.rows.chunk_by(|a, b| a.0.tile() == b.0.tile()) {
        let tile = rows[0].0.tile().coord();
        emitter.begin(tile);
        for (key, block, body) in rows {
            emitter.push(*key, block, body);
        }
        emitter.finish(&mut tile_bytes);
        assert!(tile_bytes.len() as u64 <= tile_bytes_max, "{tile} has {} bytes", tile_bytes.len());
        if !tile_bytes.is_empty() {
            assert_eq!(validate(&tile_bytes), [""; 0], "tile {tile}");
            let decoded = decode(&tile_bytes).expect("what is encoded can be decoded");
            foreign::assert_agree(&tile_bytes, &plain(&decoded));
            assert!(!to_text(tile, &decoded).is_empty());
        }
    }
    assert!(emitter.into_emitted().fault.is_none());
}

fn plans() -> &'static [Plan] {
    static PLANS: OnceLock<Vec<Plan>> = OnceLock::new();
    let plan = |layer: &str| {
        let text = format!(
            r#"{{"version": 1, "layers": {{"a": {{"source": "mapbox://tileset-source/me/a", {layer}}}}}}}"#
        );
        check(text.as_bytes(), &Options::default()).plan.expect("a valid recipe")
    };
    PLANS.get_or_init(|| RECIPES.iter().copied().map(plan).collect())
}

/// Every polygon that begins is a feature; points and lines are one each.
fn features(draw: &mut Draw<'_>) -> Vec<Feature> {
    let kind = [GeometryKind::Point, GeometryKind::LineString, GeometryKind::Polygon][draw.below(3)];
    let values = [
        ValueRef::Int(-1),
        ValueRef::UInt(u64::MAX),
        ValueRef::Double(0.5),
        ValueRef::String("text"),
        ValueRef::Bool(true),
        ValueRef::Null,
    ];
    let first = draw.below(values.len());
    let parts = draw.parts();
    let of_feature = parts.chunk_by(|_, next| !next.begins_polygon);
    let made = (0..).zip(of_feature).filter_map(|(number, parts)| {
        let geometry = geometry_of(kind, parts)?;
        let mut feature = Feature { geometry, ..Feature::default() };
        if number % 3 > 0 {
            feature.id = Value::Int(number);
        }
        feature.attributes.push("n", values[(first + number as usize) % values.len()]);
        feature.attributes.push("same", ValueRef::String("text"));
        Some(feature)
    });
    made.collect()
}

/// Makes a geometry as the reader of a source lets it through.
fn geometry_of(kind: GeometryKind, parts: &[Part]) -> Option<Geometry<LonLat>> {
    let mut geometry = Geometry::default();
    geometry.reset(kind);
    let n_points_min = kind as usize + 1;
    for part in parts {
        let mut points = part.points.clone();
        points.sort_unstable();
        points.dedup();
        let n_distinct = if kind == GeometryKind::Polygon { points.len() } else { part.points.len() };
        if n_distinct < n_points_min {
            return None;
        }
        // Beyond the antimeridian on both sides, and up to the poles.
        let degrees = |[x, y]: &[i16; 2]| LonLat::new(f64::from(*x) / 128.0, f64::from(*y) * 90.0 / 32_768.0);
        geometry.points.extend(part.points.iter().map(degrees));
        if kind != GeometryKind::Point {
            geometry.end_part();
        }
    }
    if kind == GeometryKind::Polygon {
        geometry.end_polygon();
    }
    (!geometry.is_empty()).then_some(geometry)
}

/// Keeps all pieces with the attributes of their features.
#[derive(Default)]
struct Sorter {
    block: Vec<u8>,
    rows: Vec<(PieceKey, Vec<u8>, Vec<u8>)>,
}

impl PieceSink for Sorter {
    fn attributes(&mut self, block: &[u8]) {
        block.clone_into(&mut self.block);
    }

    fn id(&mut self, _layer: u8, _zoom: Option<Zoom>, _id: u64, _place: u64) {}

    fn piece(&mut self, key: PieceKey, body: &[u8]) {
        self.rows.push((key, self.block.clone(), body.to_vec()));
    }
}

#[test]
fn corpus_passes() {
    zellige_testkit::corpus::replay("shape", run);
}
