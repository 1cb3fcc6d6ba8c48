//! Sampled features of one layer in sampled tiles, encoded and compressed.
//!
//! In:     the plan of a layer, a [`Sample`].
//! Out:    a [`Draft`]: the sizes of each tile that was made, by zoom.
//! Keeps:  features without limits of size; those with the id of an earlier one are left out, as in a job.
//! Source: –

use std::collections::BTreeMap;
use std::ops::Range;

use rustc_hash::FxHashSet;
use zellige_archive::Compressor;
use zellige_model::{Feature, GeometryKind, LonLat, TileCoord, World, WorldBounds, Zoom};
use zellige_recipe::{LayerPlan, Plan};
use zellige_tile::borders::{Junctions, visits};
use zellige_tile::emit::Emitter;
use zellige_tile::key::Keys;
use zellige_tile::piece::{PieceKey, PieceSink};
use zellige_tile::project::project_point;
use zellige_tile::sieve::Sieve;
use zellige_tile::slice::{N_ZOOMS, Slicer};
use zellige_tile::tiny::Tiny;

use crate::Error;
use crate::sample::Sample;

/// So many tiles of a zoom are made, more or less.
const TILES_MAX: u64 = 4_096;

/// A layer in sampled tiles.
#[derive(Debug)]
pub(super) struct Draft {
    /// The tiles, by zoom.
    pub(super) zooms: BTreeMap<Zoom, BTreeMap<TileCoord, Drawn>>,
    /// The share of all features that are in the sample.
    pub(super) share: f64,
    sieves: [Sieve; N_ZOOMS],
}

/// A layer in one tile.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Drawn {
    /// How many units of the sample are in it.
    pub(super) n_units: u32,
    /// Bytes of the tile.
    pub(super) bytes: u64,
    pub(super) compressed_bytes: u64,
    /// Bytes of the tile with every second unit of the sample; 0 when none of them is in it.
    pub(super) half_bytes: u64,
    pub(super) half_compressed_bytes: u64,
}

impl Draft {
    /// Makes the tiles.
    pub(super) fn new(plan: &Plan, layer: &LayerPlan, sample: &Sample, level: u8) -> Result<Self, Error> {
        let mut plan = Plan { layers: vec![layer.clone()], ..plan.clone() };
        plan.layers[0].layer_bytes_max = u32::MAX;
        let sieves = sieves(layer, sample);
        let keys = Keys::for_plan(&plan);
        let junctions = junctions(sample);
        let mut slicer = Slicer::new(&plan, &keys, Some(&junctions), Tiny::Keep).sieved(sieves);
        let mut pieces = Pieces::default();
        for sampled in &sample.features {
            pieces.begin(sampled.unit);
            slicer.slice(&sampled.feature, (0, sampled.place), &[0], &mut pieces);
        }
        let expression = |fault: zellige_tile::fault::Fault| Error::Expression {
            reason: fault.error.to_string(),
            tile: fault.tile,
            layer: layer.name.as_str().to_owned(),
        };
        if let Some(fault) = slicer.finish().fault {
            return Err(expression(fault));
        }
        let share = 1.0 / sample.weight();
        let names = keys.names();
        let mut press = Press {
            emitter: Emitter::new(&plan, &keys, &names, u64::MAX),
            compressor: Compressor::new(level),
            raw: Vec::new(),
            packed: Vec::new(),
        };
        pieces.rows.sort_unstable_by_key(|row| row.key);
        let mut zooms: BTreeMap<Zoom, BTreeMap<TileCoord, Drawn>> = BTreeMap::new();
        for rows in pieces.rows.chunk_by(|a, b| a.key.tile() == b.key.tile()) {
            let tile = rows[0].key.tile().coord();
            let (bytes, compressed_bytes) = press.measure(tile, &pieces, rows.iter());
            if bytes == 0 {
                continue;
            }
            let mut drawn = Drawn { bytes, compressed_bytes, ..Drawn::default() };
            drawn.n_units = rows.chunk_by(|a, b| a.unit == b.unit).count() as u32;
            if share < 1.0 {
                let half = rows.iter().filter(|row| row.unit % 2 == 0);
                (drawn.half_bytes, drawn.half_compressed_bytes) = press.measure(tile, &pieces, half);
            }
            zooms.entry(tile.zoom()).or_default().insert(tile, drawn);
        }
        match press.emitter.into_emitted().fault {
            Some(fault) => Err(expression(fault)),
            None => Ok(Self { zooms, share, sieves }),
        }
    }

    /// Returns which tiles of a zoom were made.
    pub(super) const fn sieve(&self, zoom: Zoom) -> Sieve {
        self.sieves[zoom.get() as usize]
    }
}

/// Chooses sieves so that about [`TILES_MAX`] tiles of each zoom are made.
fn sieves(layer: &LayerPlan, sample: &Sample) -> [Sieve; N_ZOOMS] {
    let boxes: Vec<WorldBounds> = sample.features.iter().map(|sampled| bounds(&sampled.feature)).collect();
    let mut corners: Vec<World> = boxes.iter().map(|bounds| bounds.min).collect();
    let mut sieves = [Sieve::ALL; N_ZOOMS];
    for zoom in layer.minzoom.to(layer.maxzoom) {
        let side = World::tile_side(zoom);
        let tile = |at: i64| at.div_euclid(side);
        // Corners in different tiles, and beside them the tiles that boxes reach beyond their first one.
        corners.sort_unstable_by_key(|corner| (tile(corner.x), tile(corner.y)));
        let is_same = |a: &World, b: &World| (tile(a.x), tile(a.y)) == (tile(b.x), tile(b.y));
        let n_corners = corners.chunk_by(is_same).count() as u64;
        let n_tiles = |bounds: &WorldBounds| {
            let columns = tile(bounds.max.x) - tile(bounds.min.x) + 1;
            let rows = tile(bounds.max.y) - tile(bounds.min.y) + 1;
            columns.max(1) as u64 * rows.max(1) as u64
        };
        let n_beyond: u64 = boxes.iter().map(|bounds| n_tiles(bounds) - 1).sum();
        let side_tiles = u64::from(zoom.tiles_per_side());
        let n_tiles = (n_corners + n_beyond).min(side_tiles * side_tiles);
        sieves[usize::from(zoom.get())] = Sieve::one_of((n_tiles / TILES_MAX).min(1 << 31) as u32);
    }
    sieves
}

/// Returns the vertices at which borders of the sampled polygons part; their outlines are simplified as in a job.
fn junctions(sample: &Sample) -> Junctions {
    let mut all = Vec::new();
    let polygons = sample.features.iter().map(|sampled| &sampled.feature.geometry);
    for polygon in polygons.filter(|geometry| geometry.kind == GeometryKind::Polygon) {
        visits(polygon, project_point, |visit| all.push(visit));
    }
    all.sort_unstable();
    all.dedup();
    let parted = all.chunk_by(|a, b| a.vertex == b.vertex).filter(|visits| visits.len() > 1);
    Junctions::from_sorted(&parted.map(|visits| visits[0].vertex).collect::<Vec<_>>())
}

/// Returns the box around a feature in the world; a feature without points lies at its corner.
fn bounds(feature: &Feature) -> WorldBounds {
    let mut bounds = zellige_model::LonLatBounds::EMPTY;
    feature.geometry.points.iter().for_each(|point| bounds.add(*point));
    if bounds.is_empty() {
        return WorldBounds { min: World::default(), max: World::default() };
    }
    let in_world = |point: World| World::new(point.x, point.y.clamp(0, World::SIDE - 1));
    WorldBounds {
        min: in_world(project_point(LonLat::new(bounds.west, bounds.north))),
        max: in_world(project_point(LonLat::new(bounds.east, bounds.south))),
    }
}

/// Pieces of all tiles, in the order in which they were made.
#[derive(Debug, Default)]
struct Pieces {
    bytes: Vec<u8>,
    rows: Vec<Row>,
    unit: u32,
    block: Range<usize>,
    ids: FxHashSet<(Option<Zoom>, u64)>,
    /// The zooms, or all of them, at which an earlier feature has the id of the one at hand.
    repeated: Vec<Option<Zoom>>,
}

#[derive(Debug)]
struct Row {
    key: PieceKey,
    unit: u32,
    block: Range<usize>,
    body: Range<usize>,
}

impl Pieces {
    /// Begins a feature.
    fn begin(&mut self, unit: u32) {
        self.unit = unit;
        self.repeated.clear();
    }

    fn store(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }
}

impl PieceSink for Pieces {
    fn attributes(&mut self, block: &[u8]) {
        self.block = self.store(block);
    }

    fn id(&mut self, _layer: u8, zoom: Option<Zoom>, id: u64, _place: u64) {
        if !self.ids.insert((zoom, id)) {
            self.repeated.push(zoom);
        }
    }

    fn piece(&mut self, key: PieceKey, body: &[u8]) {
        let zoom = || key.tile().coord().zoom();
        if self.repeated.iter().any(|repeated| repeated.is_none_or(|repeated| repeated == zoom())) {
            return;
        }
        let body = self.store(body);
        self.rows.push(Row { key, unit: self.unit, block: self.block.clone(), body });
    }
}

/// Encodes and compresses tiles.
struct Press<'p> {
    emitter: Emitter<'p>,
    compressor: Compressor,
    raw: Vec<u8>,
    packed: Vec<u8>,
}

impl Press<'_> {
    /// Returns bytes of a tile with these pieces, uncompressed and compressed; 0 when it is empty.
    fn measure<'r>(
        &mut self,
        tile: TileCoord,
        pieces: &Pieces,
        rows: impl Iterator<Item = &'r Row>,
    ) -> (u64, u64) {
        self.emitter.begin(tile);
        for row in rows {
            let (block, body) = (&pieces.bytes[row.block.clone()], &pieces.bytes[row.body.clone()]);
            self.emitter.push(row.key, block, body);
        }
        self.emitter.finish(&mut self.raw);
        if self.raw.is_empty() {
            return (0, 0);
        }
        self.compressor.gzip(&self.raw, &mut self.packed);
        (self.raw.len() as u64, self.packed.len() as u64)
    }
}
