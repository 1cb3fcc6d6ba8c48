//! How large a maps pack will be, before it is made.
//!
//! In:     a plan.
//! Out:    tiles of each source and zoom, counted; their bytes, counted up from a few of them; resources, made.
//! Keeps:  nothing on disk.
//! Source: [`SAMPLE_TILES`] tiles of each zoom, evenly spread; what the database adds to a row was measured.

use std::num::NonZeroUsize;

use zellige_model::Zoom;

use super::build::{Pool, Task};
use super::contents::TILES_MAX;
use super::plan::Plan;
use crate::Error;
use crate::progress::{Counter, Phase, Watch};

/// Tiles of each source and zoom that are looked at.
pub const SAMPLE_TILES: u64 = 48;
/// Rows that are made between two questions whether to go on.
const BATCH_ROWS: usize = 64;
/// Bytes of a tile's row and of its places in indexes, beside its data and twice its template.
const ROW_BYTES: u64 = 90;
/// Bytes of a pack without rows.
const EMPTY_BYTES: u64 = 16 * 4096;

/// What a maps pack will hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Tiles by source and zoom.
    pub zooms: Vec<ZoomForecast>,
    /// Tiles of all sources and zooms.
    pub tiles: u64,
    /// Resources beside tiles.
    pub resources: u64,
    /// Bytes of all resources as they will be stored.
    pub resource_bytes: u64,
    /// Bytes of the file; nothing when there would be too many tiles.
    pub bytes: Option<u64>,
    /// What may surprise in the tiles that were looked at: sentences for people.
    pub notes: Vec<String>,
}

/// The tiles of one source at one zoom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoomForecast {
    /// The tilesets of the source, as the style calls them.
    pub source: String,
    /// The zoom.
    pub zoom: Zoom,
    /// Tiles.
    pub tiles: u64,
    /// Bytes of these tiles as they will be stored; nothing when there would be too many tiles.
    pub bytes: Option<u64>,
}

/// Tells what a pack will hold.
///
/// # Errors
///
/// When a tileset or file cannot be read; [`Error::Stopped`] when `watch` says so.
pub fn forecast(plan: &Plan<'_>, threads: NonZeroUsize, watch: Watch<'_>) -> Result<Forecast, Error> {
    let is_within = plan.n_tiles() <= TILES_MAX;
    let sampled = plan
        .sources
        .iter()
        .flat_map(|source| &source.zooms)
        .map(|(_, tiles)| if is_within { tiles.div_ceil(step(*tiles)) } else { 0 });
    let n_rows = plan.n_resources() + sampled.sum::<u64>();
    let mut sampler = Sampler {
        counter: Counter::begin(watch, Phase::Sampling, n_rows)?,
        pool: Pool::new(plan, threads)?,
        n_rows: 0,
    };
    let resources: Vec<Task<'_>> = plan.resources.iter().map(Task::Resource).collect();
    let resource_bytes = sampler.bytes(&resources)?;
    let mut zooms = Vec::new();
    let mut bytes = EMPTY_BYTES + resource_bytes;
    bytes += plan.resources.iter().map(|resource| ROW_BYTES + 2 * resource.url.len() as u64).sum::<u64>();
    for (source_idx, source) in plan.sources.iter().enumerate() {
        for (zoom, tiles) in source.zooms.iter().copied() {
            let mut zoom_bytes = None;
            if is_within {
                let sample = plan.shape.tiles(zoom).step_by(step(tiles) as usize);
                let sample: Vec<Task<'_>> = sample.map(|tile| Task::Tile(source_idx, tile)).collect();
                let sampled_bytes = sampler.bytes(&sample)?;
                let estimate = sampled_bytes * tiles / sample.len().max(1) as u64;
                bytes += estimate + tiles * (ROW_BYTES + 2 * source.tiled.template.len() as u64);
                zoom_bytes = Some(estimate);
            }
            zooms.push(ZoomForecast { source: source.name(), zoom, tiles, bytes: zoom_bytes });
        }
    }
    let notes = if is_within { sampler.pool.notes("tiles that were looked at") } else { Vec::new() };
    Ok(Forecast {
        zooms,
        tiles: plan.n_tiles(),
        resources: plan.n_resources(),
        resource_bytes,
        bytes: is_within.then_some(bytes),
        notes,
    })
}

/// Of so many tiles of a zoom, one in how many is looked at.
fn step(tiles: u64) -> u64 {
    tiles.div_ceil(SAMPLE_TILES).max(1)
}

/// Makes rows to see how large they are.
struct Sampler<'p, 'w> {
    pool: Pool<'p>,
    counter: Counter<'w>,
    /// Rows that were made.
    n_rows: u64,
}

impl Sampler<'_, '_> {
    /// Returns the bytes of rows as they would be stored.
    fn bytes(&mut self, tasks: &[Task<'_>]) -> Result<u64, Error> {
        let mut bytes = 0;
        for batch in tasks.chunks(BATCH_ROWS) {
            for row in self.pool.make(batch) {
                bytes += row?.stored.data.len() as u64;
            }
            self.n_rows += batch.len() as u64;
            self.counter.reach(self.n_rows)?;
        }
        Ok(bytes)
    }
}
