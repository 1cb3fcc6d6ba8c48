//! Laws that every shape keeps, whatever it looks like; judged by code that the engine does not use.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod read;

use std::collections::BTreeSet;

use geo::line_measures::{Distance, Euclidean};
use geo::{Area, BooleanOps};
use geo_types as gt;
use proptest::prelude::*;
use zellige_model::{
    Attributes, Extent, Feature, Geometry, GeometryKind, Grid, LayerName, LonLat, Place, TileCoord, Value,
    ValueRef, World, WorldBounds, Zoom,
};
use zellige_recipe::plan::{FeatureStage, Simplification, TileStage};
use zellige_recipe::{LayerPlan, Output, Plan, ZoomPlan};
use zellige_testkit::polygon::polygon_faults;
use zellige_testkit::{foreign, validate::validate};
use zellige_tile::borders::{Borders, Junctions, Visit, visits};
use zellige_tile::clip::{self, Pieces, Stripes};
use zellige_tile::decode::decode;
use zellige_tile::emit::Emitter;
use zellige_tile::key::Keys;
use zellige_tile::piece::{PieceKey, PieceSink};
use zellige_tile::quantize::TileGrid;
use zellige_tile::sieve::Sieve;
use zellige_tile::simplify::{Weighted, simplify, simplify_outward};
use zellige_tile::slice::{N_ZOOMS, Slicer};
use zellige_tile::tiny::Tiny;
use zellige_tile::validate::{Validator, area_doubled};
use zellige_tile::weigh::Weigher;

use crate::read::plain;

fn polygon_of<P: Copy>(rings: &[Vec<P>]) -> Geometry<P> {
    let mut geometry = Geometry::default();
    geometry.reset(GeometryKind::Polygon);
    for ring in rings {
        geometry.points.extend_from_slice(ring);
        geometry.end_part();
    }
    geometry.end_polygon();
    geometry
}

/// Rings that cross, touch and run over themselves: few coordinates, many vertices.
fn wild_ring(side: i32, vertices: usize) -> impl Strategy<Value = Vec<Grid>> {
    prop::collection::vec((0..side, 0..side).prop_map(|(x, y)| Grid::new(x, y)), 3..vertices)
}

/// Twice the area under the even-odd rule, by boolean operations on triangles of a fan.
fn even_odd_area(rings: &[Vec<Grid>]) -> f64 {
    let mut area = gt::MultiPolygon::<f64>(Vec::new());
    for ring in rings {
        for edge in ring.windows(2).skip(1).map(|edge| [ring[0], edge[0], edge[1]]) {
            let corners = edge.map(|point| gt::Coord { x: f64::from(point.x), y: f64::from(point.y) });
            let triangle = gt::Polygon::new(gt::LineString::from(corners.to_vec()), Vec::new());
            if triangle.unsigned_area() > 0.0 {
                area = area.xor(&gt::MultiPolygon(vec![triangle]));
            }
        }
    }
    2.0 * area.unsigned_area()
}

fn world(ring: &[(i64, i64)]) -> Vec<World> {
    ring.iter().map(|(x, y)| World::new(*x, *y)).collect()
}

fn doubled_area(geometry: &Geometry<World>) -> i128 {
    let cross =
        |(a, b): (&World, &World)| i128::from(a.x) * i128::from(b.y) - i128::from(b.x) * i128::from(a.y);
    geometry.parts().flat_map(|ring| ring.iter().zip(ring.iter().cycle().skip(1)).map(cross)).sum()
}

/// How often the rings wind around a point, or nothing when it lies on one of them. Exact.
fn winding(geometry: &Geometry<World>, point: World) -> Option<i32> {
    let mut winding = 0;
    for ring in geometry.parts() {
        for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            let side = i128::from(b.x - a.x) * i128::from(point.y - a.y)
                - i128::from(b.y - a.y) * i128::from(point.x - a.x);
            let is_beside =
                |low: i64, value: i64, high: i64| low.min(high) <= value && value <= low.max(high);
            if side == 0 && is_beside(a.x, point.x, b.x) && is_beside(a.y, point.y, b.y) {
                return None;
            }
            if a.y <= point.y && point.y < b.y && side < 0 {
                winding += 1;
            } else if b.y <= point.y && point.y < a.y && 0 < side {
                winding -= 1;
            }
        }
    }
    Some(winding)
}

/// Returns a vertex or middle of an edge of `shape` that `simplify_outward` leaves uncovered.
fn uncovered(mut shape: Weighted, tolerance: f64) -> Option<World> {
    // Middles of edges are whole in doubled coordinates.
    for point in &mut shape.geometry.points {
        *point = World::new(2 * point.x, 2 * point.y);
    }
    let mut grown = Geometry::default();
    simplify_outward(&shape, tolerance, &mut grown);
    let edges =
        |ring: &[World]| ring.iter().copied().zip(ring.iter().copied().cycle().skip(1)).collect::<Vec<_>>();
    let tried = shape.geometry.parts().flat_map(edges);
    let tried = tried.flat_map(|(a, b)| [a, World::new(i64::midpoint(a.x, b.x), i64::midpoint(a.y, b.y))]);
    tried.into_iter().find(|point| winding(&grown, *point) == Some(0))
}

fn weighted(rings: &[Vec<(i64, i64)>]) -> Weighted {
    let rings: Vec<Vec<World>> = rings.iter().map(|ring| world(ring)).collect();
    Weighted { geometry: polygon_of(&rings), weights: Vec::new() }
}

/// What a shape has on the seam at `x`: vertices, and edges that cross it between two vertices; those that
/// are square to it by the place where they cross.
fn crossings(shape: &Geometry<World>, x: i64) -> BTreeSet<(World, World)> {
    let mut crossings: BTreeSet<_> =
        shape.points.iter().filter(|point| point.x == x).map(|point| (*point, *point)).collect();
    for part in shape.parts() {
        let n_edges = if shape.kind == GeometryKind::Polygon { part.len() } else { part.len() - 1 };
        for (a, b) in part.iter().zip(part.iter().cycle().skip(1)).take(n_edges) {
            if (a.x - x) * (b.x - x) < 0 {
                let square = (World::new(x, a.y), World::new(x, a.y));
                crossings.insert(if a.y == b.y { square } else { (*a.min(b), *a.max(b)) });
            }
        }
    }
    crossings
}

/// Returns the junctions of polygons, in the plainest way.
fn junctions(polygons: &[&Geometry<World>]) -> Junctions {
    let mut all: Vec<Visit> = Vec::new();
    for polygon in polygons {
        visits(polygon, |point| point, |visit| all.push(visit));
    }
    all.sort_unstable();
    all.dedup();
    let parted = all.chunk_by(|a, b| a.vertex == b.vertex).filter(|visits| visits.len() > 1);
    Junctions::from_sorted(&parted.map(|visits| visits[0].vertex).collect::<Vec<_>>())
}

/// Returns a polygon of one ring that begins at another vertex, and runs the other way if `is_turned`.
fn turned(ring: &[World], first: usize, is_turned: bool) -> Geometry<World> {
    let mut ring = ring.to_vec();
    let first = first % ring.len();
    ring.rotate_left(first);
    if is_turned {
        ring.reverse();
    }
    polygon_of(&[ring])
}

/// Returns the vertices that are left of `polygon`, sorted.
fn left_of(polygon: &Geometry<World>, tolerance: f64, borders: Borders<'_>) -> Vec<World> {
    let mut shape = Weighted { geometry: polygon.clone(), weights: Vec::new() };
    Weigher::default().weigh(&shape.geometry, tolerance * 0.9, borders, &mut shape.weights);
    simplify(&mut shape, tolerance);
    shape.geometry.points.sort_unstable();
    shape.geometry.points
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn validated_polygons_are_legal(
        rings in prop::collection::vec(wild_ring(12, 9), 1..3),
    ) {
        let mut geometry = polygon_of(&rings);
        Validator::default().validate(&mut geometry);
        prop_assert_eq!(polygon_faults(&geometry), [""; 0], "{:?}", geometry);
    }

    #[test]
    fn validated_polygons_keep_the_even_odd_area(
        rings in prop::collection::vec(wild_ring(4000, 12), 1..3),
    ) {
        // Holes go with a shell that has no area.
        prop_assume!(even_odd_area(&rings[..1]) > 0.0);
        let mut geometry = polygon_of(&rings);
        let mut validator = Validator::default();
        validator.validate(&mut geometry);
        prop_assert_eq!(polygon_faults(&geometry), [""; 0], "{:?}", geometry);
        let area: i64 = geometry.parts().map(area_doubled).sum();
        let expected = even_odd_area(&rings);
        // A crossing is rounded to the grid: by half a unit, along edges of at most the side.
        let tolerance = 0.01 * expected + 4000.0;
        prop_assert!((area as f64 - expected).abs() <= tolerance, "{} {}", area, expected);
        // Shapes that touch at a point are looked at again, but nothing is left to mend.
        validator.validate(&mut geometry);
        prop_assert_eq!(geometry.parts().map(area_doubled).sum::<i64>(), area);
    }

    #[test]
    fn several_polygons_become_legal_together(
        rings in prop::collection::vec(wild_ring(40, 12), 2..5),
    ) {
        let mut geometry = Geometry::default();
        geometry.reset(GeometryKind::Polygon);
        for ring in &rings {
            geometry.points.extend_from_slice(ring);
            geometry.end_part();
            geometry.end_polygon();
        }
        Validator::default().validate(&mut geometry);
        prop_assert_eq!(polygon_faults(&geometry), [""; 0], "{:?}", geometry);
    }

    #[test]
    fn areas_of_columns_add_up(
        ring in prop::collection::vec((0_i64..4000, 0_i64..4000), 3..40), side in 100_i64..1500,
    ) {
        let polygon = polygon_of(&[world(&ring)]);
        let stripes = Stripes { side, buffer: 0 };
        let mut columns = Pieces::default();
        clip::columns(&polygon, stripes, stripes.touched(0, 4000), &mut columns);
        let sum: i128 = columns.iter().map(|(_, piece)| doubled_area(piece)).sum();
        // Every cut is rounded by at most half a unit along at most the height of the shape.
        let tolerance = 4000 * 4 * ring.len() as i128 * (4000 / i128::from(side) + 1);
        prop_assert!((sum - doubled_area(&polygon)).abs() <= tolerance);
    }

    #[test]
    fn neighbours_agree_on_the_seam(
        points in prop::collection::vec((0_i64..4000, 0_i64..4000), 3..30),
        side in 300_i64..1500,
        buffer in prop::sample::select(vec![0_i64, 1, 5, 80, 300]),
    ) {
        let mut line = Geometry::default();
        line.reset(GeometryKind::LineString);
        line.points = world(&points);
        line.end_part();
        let mut columns = Pieces::default();
        let stripes = Stripes { side, buffer };
        let touched = stripes.touched(0, 4000);
        for shape in [line, polygon_of(&[world(&points)])] {
            clip::columns(&shape, stripes, touched, &mut columns);
            for column in touched.0..touched.1 {
                let seam = (column + 1) * side;
                let (here, there) = (columns.get(column), columns.get(column + 1));
                prop_assert_eq!(crossings(here, seam), crossings(there, seam));
            }
        }
    }

    #[test]
    fn clipping_to_a_window_twice_is_clipping_once(
        ring in prop::collection::vec((0_i64..4000, 0_i64..4000), 3..40),
    ) {
        let bounds = WorldBounds { min: World::new(700, 900), max: World::new(2900, 3100) };
        let (mut scratch, mut once, mut twice) = (Pieces::default(), Geometry::default(), Geometry::default());
        clip::window(&polygon_of(&[world(&ring)]), &bounds, &mut scratch, &mut once);
        clip::window(&once, &bounds, &mut scratch, &mut twice);
        prop_assert_eq!(doubled_area(&once), doubled_area(&twice));
        for point in &twice.points {
            prop_assert!(once.points.contains(point));
        }
    }

    #[test]
    fn coarser_tolerances_keep_subsets(
        line in prop::collection::vec((0_i32..1000, 0_i32..1000), 2..60), fine in 0.5_f64..50.0, factor in 1.0_f64..9.0,
    ) {
        let mut shape = Weighted::default();
        shape.geometry.reset(GeometryKind::LineString);
        shape.geometry.points = line.iter().map(|(x, y)| World::new((*x).into(), (*y).into())).collect();
        shape.geometry.end_part();
        Weigher::default().weigh(&shape.geometry, 0.0, Borders::default(), &mut shape.weights);
        simplify(&mut shape, fine);
        let kept = shape.geometry.points.clone();
        simplify(&mut shape, fine * factor);
        let mut rest = kept.iter();
        prop_assert!(shape.geometry.points.iter().all(|point| rest.any(|other| other == point)));
    }

    #[test]
    fn a_simplified_line_stays_within_its_tolerance(
        line in prop::collection::vec((0_i32..1000, 0_i32..1000), 2..60), tolerance in 0.5_f64..200.0,
    ) {
        let mut shape = Weighted::default();
        shape.geometry.reset(GeometryKind::LineString);
        shape.geometry.points = line.iter().map(|(x, y)| World::new((*x).into(), (*y).into())).collect();
        shape.geometry.end_part();
        Weigher::default().weigh(&shape.geometry, 0.0, Borders::default(), &mut shape.weights);
        simplify(&mut shape, tolerance);
        let coord = |point: &World| gt::Coord { x: point.x as f64, y: point.y as f64 };
        let kept: gt::LineString<f64> = shape.geometry.points.iter().map(coord).collect();
        for (x, y) in line {
            let distance = Euclidean.distance(&gt::Point::new(x.into(), y.into()), &kept);
            prop_assert!(distance <= tolerance + 1e-9, "{} {} is {} away", x, y, distance);
        }
    }

    #[test]
    fn neighbours_keep_the_same_vertices_of_their_border(
        border in prop::collection::vec((1000_i64..2000, 0_i64..1000), 1..40),
        west in prop::collection::vec((0_i64..900, 0_i64..1000), 1..12),
        east in prop::collection::vec((2100_i64..3000, 0_i64..1000), 1..12),
        turns in prop::array::uniform2((0_usize..99, any::<bool>())), tolerance in 0.5_f64..2000.0,
    ) {
        let ends = [World::new(1500, -500), World::new(1500, 1500)];
        let border: Vec<World> = std::iter::once(ends[0]).chain(world(&border)).chain([ends[1]]).collect();
        let back: Vec<World> = border.iter().rev().copied().collect();
        let whole = [[border, world(&west)].concat(), [back, world(&east)].concat()];
        let sides = [0, 1].map(|side| turned(&whole[side], turns[side].0, turns[side].1));
        let junctions = junctions(&[&sides[0], &sides[1]]);
        let borders = Borders { junctions: Some(&junctions), window: None };
        let left = sides.map(|side| {
            let mut left = left_of(&side, tolerance, borders);
            left.retain(|point| 1000 <= point.x && point.x <= 2000);
            left
        });
        prop_assert_eq!(&left[0], &left[1]);
        prop_assert!(ends.iter().all(|end| left[0].contains(end)));
    }

    #[test]
    fn enclaves_fill_their_holes(
        ring in prop::collection::vec((0_i64..1000, 0_i64..1000), 3..40),
        turns in prop::array::uniform2((0_usize..99, any::<bool>())), tolerance in 0.5_f64..2000.0,
    ) {
        // A copy of the world is no other place.
        let far: Vec<World> = world(&ring).iter().map(|point| World::new(point.x + World::SIDE, point.y)).collect();
        let enclave = turned(&world(&ring), turns[0].0, turns[0].1);
        let shell = [(-900, -900), (1900, -900), (1900, 1900), (-900, 1900)];
        let shell: Vec<World> = shell.iter().map(|(x, y)| World::new(x + World::SIDE, *y)).collect();
        let around = polygon_of(&[shell, turned(&far, turns[1].0, turns[1].1).points]);
        let junctions = junctions(&[&enclave, &around]);
        for junctions in [None, Some(&junctions)] {
            // Without junctions, a ring that visits its least vertex twice may begin at either.
            let mut distinct = ring.clone();
            distinct.sort_unstable();
            distinct.dedup();
            if junctions.is_none() && distinct.len() < ring.len() {
                continue;
            }
            let borders = Borders { junctions, window: None };
            let mut far = left_of(&around, tolerance, borders);
            for point in &mut far {
                point.x -= World::SIDE;
            }
            far.retain(|point| (0..1000).contains(&point.x) && (0..1000).contains(&point.y));
            prop_assert_eq!(left_of(&enclave, tolerance, borders), far);
        }
    }

    #[test]
    fn outward_simplification_covers_what_was_there(
        radii in prop::collection::vec((1000_i64..9000, 0_i64..900), 4..60), tolerance in 0.0_f64..9000.0,
        is_turned in any::<bool>(),
    ) {
        // A star around the origin, with a smaller star as its hole.
        let turn = std::f64::consts::TAU / radii.len() as f64;
        let ring = |radius: fn(&(i64, i64)) -> i64| {
            let spoke = |(idx, both): (usize, &(i64, i64))| {
                let (sine, cosine) = (idx as f64 * turn).sin_cos();
                ((radius(both) as f64 * cosine) as i64, (radius(both) as f64 * sine) as i64)
            };
            let mut ring: Vec<(i64, i64)> = radii.iter().enumerate().map(spoke).collect();
            ring.dedup();
            ring
        };
        let mut rings = [ring(|both| both.0), ring(|both| 50 + both.1 / 2)];
        rings[usize::from(!is_turned)].reverse();
        prop_assert_eq!(uncovered(weighted(&rings), tolerance), None);
    }

    #[test]
    fn outward_simplification_covers_shapes_that_touch_themselves(
        rings in prop::collection::vec(wild_ring(60, 14), 1..4), tolerance in 0.0_f64..60.0,
    ) {
        let mut legal = polygon_of(&rings);
        Validator::default().validate(&mut legal);
        let mut shape = Weighted::default();
        shape.geometry.reset(GeometryKind::Polygon);
        shape.geometry.points = legal.points.iter().map(|point| World::new(point.x.into(), point.y.into())).collect();
        shape.geometry.part_ends.extend_from_slice(&legal.part_ends);
        shape.geometry.polygon_ends.extend_from_slice(&legal.polygon_ends);
        prop_assert_eq!(uncovered(shape, tolerance), None);
    }

    #[test]
    fn sieved_tiles_are_those_of_the_whole_job(
        corners in prop::collection::vec((-200.0..200.0_f64, -80.0..80.0_f64), 3..8),
        kind in prop::sample::select(vec![GeometryKind::Point, GeometryKind::LineString, GeometryKind::Polygon]),
        zoom in 2..7_u8,
        step in prop::sample::select(vec![2_u32, 8, 64]),
    ) {
        let mut feature = Feature::default();
        feature.geometry.reset(kind);
        feature.geometry.points.extend(corners.iter().map(|(lon, lat)| LonLat::new(*lon, *lat)));
        if kind != GeometryKind::Point {
            feature.geometry.end_part();
        }
        if kind == GeometryKind::Polygon {
            feature.geometry.end_polygon();
        }
        let mut plan = plan();
        plan.layers[0].minzoom = Zoom::new(zoom).unwrap();
        plan.layers[0].maxzoom = plan.layers[0].minzoom;
        let sieve = Sieve::one_of(step);
        let made = |sieve: Sieve| {
            let keys = Keys::default();
            let mut made = Made::default();
            let mut slicer = Slicer::new(&plan, &keys, None, Tiny::Keep).sieved([sieve; N_ZOOMS]);
            slicer.slice(&feature, (0, Place::default()), &[0], &mut made);
            made.0
        };
        let is_chosen = |tile: &TileCoord| sieve.has(tile.x().into(), tile.y().into());
        let expected: Vec<_> = made(Sieve::ALL).into_iter().filter(|(tile, _)| is_chosen(tile)).collect();
        prop_assert_eq!(made(sieve).into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_tile_reads_back_as_it_was_meant(
        features in prop::collection::vec(feature(), 1..12),
    ) {
        let (bytes, expected) = tile_of(&features);
        prop_assert_eq!(validate(&bytes), [""; 0]);
        let decoded = plain(&decode(&bytes).unwrap());
        foreign::assert_agree(&bytes, &decoded);
        let points: Vec<_> = decoded.layers.iter().flat_map(|layer| &layer.features).collect();
        prop_assert_eq!(points.len(), expected.len());
        for (feature, (position, id)) in points.iter().zip(expected) {
            prop_assert_eq!(feature.id, id);
            let geometry = feature.geometry.as_ref().unwrap();
            prop_assert_eq!(&geometry.points, &[position]);
        }
    }
}

#[derive(Debug)]
struct Meant {
    lon: f64,
    lat: f64,
    id: Option<u32>,
    attributes: Vec<(usize, Option<String>)>,
}

fn feature() -> impl Strategy<Value = Meant> {
    let attributes = prop::collection::btree_map(0_usize..6, prop::option::of("[a-zä]{0,3}"), 0..5);
    (-179.0..179.0, -80.0..80.0, prop::option::of(any::<u32>()), attributes).prop_map(
        |(lon, lat, id, attributes)| Meant { lon, lat, id, attributes: attributes.into_iter().collect() },
    )
}

/// Emits everything it is given at once.
struct Direct<'a, 'p>(&'a mut Emitter<'p>, Vec<u8>);

impl PieceSink for Direct<'_, '_> {
    fn attributes(&mut self, block: &[u8]) {
        self.1.clear();
        self.1.extend_from_slice(block);
    }

    fn id(&mut self, _layer: u8, _zoom: Option<Zoom>, _id: u64, _place: u64) {}

    fn piece(&mut self, key: PieceKey, body: &[u8]) {
        self.0.push(key, &self.1, body);
    }
}

/// Pieces by tile.
#[derive(Default)]
struct Made(std::collections::BTreeMap<TileCoord, Vec<u8>>);

impl PieceSink for Made {
    fn attributes(&mut self, _block: &[u8]) {}

    fn id(&mut self, _layer: u8, _zoom: Option<Zoom>, _id: u64, _place: u64) {}

    fn piece(&mut self, key: PieceKey, body: &[u8]) {
        self.0.insert(key.tile().coord(), body.to_vec());
    }
}

fn plan() -> Plan {
    let zoom = ZoomPlan {
        extent: Extent::DEFAULT,
        buffer_units: 0,
        features: FeatureStage::NOTHING,
        simplification: Simplification::by(0.0),
        tiles: TileStage::NOTHING,
    };
    Plan {
        layers: vec![LayerPlan {
            name: LayerName::new("points").unwrap(),
            source: "points".into(),
            minzoom: Zoom::default(),
            maxzoom: Zoom::default(),
            zooms: vec![zoom],
            features_bbox: None,
            tiles_bbox: None,
            output: Output::All,
            order: None,
            names: std::sync::Arc::default(),
            zoom_element: Vec::new(),
            layer_bytes_max: 512_000,
        }],
        fillzoom: None,
        incremental: false,
        recipe: serde_json::Value::Null,
    }
}

/// Returns the tile 0/0/0 of point features, and position and id of each.
fn tile_of(meant: &[Meant]) -> (Vec<u8>, Vec<(Grid, Option<u64>)>) {
    let (plan, keys) = (plan(), Keys::default());
    let names: Vec<std::sync::Arc<str>> = (0..6).map(|key| format!("key {key}").into()).collect();
    for name in &names {
        let _ = keys.number(name);
    }
    let mut emitter = Emitter::new(&plan, &keys, &names, 512_000);
    emitter.begin(TileCoord::parse("0/0/0").unwrap());
    let mut slicer = Slicer::new(&plan, &keys, None, Tiny::Keep);
    let mut expected = Vec::new();
    for (place, meant) in meant.iter().enumerate() {
        let mut feature = Feature::default();
        feature.geometry.points.push(LonLat::new(meant.lon, meant.lat));
        feature.id = meant.id.map_or(Value::Null, |id| Value::Int(id.into()));
        feature.attributes = Attributes::default();
        for (key, value) in &meant.attributes {
            let value = value.as_deref().map_or(ValueRef::Int(*key as i64), ValueRef::String);
            feature.attributes.push(&names[*key], value);
        }
        slicer.slice(
            &feature,
            (0, Place { line: place as u32, ..Place::default() }),
            &[0],
            &mut Direct(&mut emitter, Vec::new()),
        );
        let grid = TileGrid::new(Zoom::default(), 0, 0, Extent::DEFAULT);
        let position = grid.snap(zellige_tile::project::project_point(LonLat::new(meant.lon, meant.lat)));
        expected.push((position, meant.id.map(u64::from)));
    }
    let mut bytes = Vec::new();
    emitter.finish(&mut bytes);
    (bytes, expected)
}
