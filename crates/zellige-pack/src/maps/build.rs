//! Makes a maps pack by its plan.
//!
//! In:     a plan; a moment that counts as the time of the build.
//! Out:    the pack at its path when it is whole, and what it holds.
//! Keeps:  nothing that checking would find fault with goes in; bytes do not depend on threads; memory: as many rows as
//!         a batch has are on their way, twice.
//! Source: workers make the rows of a batch while the calling thread writes those of the batch before.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rayon::iter::{IndexedParallelIterator as _, IntoParallelRefIterator as _, ParallelIterator as _};
use rayon::{ThreadPool, ThreadPoolBuilder};
use zellige_archive::{Compressor, CreateOptions};
use zellige_model::TileCoord;
use zellige_style::glyph::{Face, glyph_range, stack};
use zellige_style::shave::Saved;
use zellige_style::url::SpriteFile;

use super::contents::{Resource, What};
use super::database::{Stored, Writer};
use super::given::Detail;
use super::plan::{DEFAULT_SPRITE, Plan, TiledSource, tile_json};
use super::tileset::Archives;
use super::verify::rows::judge;
use crate::Error;
use crate::digest::Digest;
use crate::file::{self, FILE_BYTES_MAX};
use crate::moment::Moment;
use crate::progress::{Counter, Phase, Watch};

/// Rows that are made at a time.
const BATCH_ROWS: usize = 256;
/// How hard rows are compressed: packs are made once and downloaded often.
const LEVEL: u8 = 9;

/// How a pack is made.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Threads that work.
    pub threads: NonZeroUsize,
    /// Whether a pack that stands there already is replaced when the new one is whole.
    pub overwrite: bool,
    /// The time of the build; rows are replaced in clients by later ones.
    pub moment: Moment,
}

/// A maps pack that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapsReport {
    /// Size and checksum of the file.
    pub digest: Digest,
    /// The text of its moment.
    pub data_version: String,
    /// What it holds.
    pub counts: Counts,
    /// What may surprise in its tiles: sentences for people.
    pub notes: Vec<String>,
}

/// What a maps pack holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tiles, empty ones included.
    pub tiles: u64,
    /// Tiles at whose place no tileset has anything.
    pub tiles_empty: u64,
    /// Bytes of all tiles as they are stored.
    pub tile_bytes: u64,
    /// Resources beside tiles.
    pub resources: u64,
    /// Bytes of all resources as they are stored.
    pub resource_bytes: u64,
    /// What was taken out of tiles since the style cannot draw it; nothing when tiles are packed whole.
    pub saved: Option<Saved>,
}

/// One row to be made.
pub(super) enum Task<'p> {
    Resource(&'p Resource),
    Tile(usize, TileCoord),
}

/// A row that was made.
pub(super) struct Made {
    pub(super) stored: Stored,
    saved: Saved,
}

/// Threads that make rows.
pub(super) struct Pool<'p> {
    plan: &'p Plan<'p>,
    threads: ThreadPool,
    /// One for each thread.
    workers: Vec<Mutex<Worker>>,
}

/// What a thread keeps from row to row.
struct Worker {
    sources: Vec<Archives>,
    compressor: Compressor,
    open_sans: Face<'static>,
}

/// Makes the pack of `plan` at `path`.
///
/// # Errors
///
/// [`Error::Region`] when it would have too many tiles, [`Error::Archive`] when something stands at `path` that may
/// not be replaced, [`Error::Stopped`] when `watch` says so; otherwise when a tileset or file cannot be read, or
/// the pack cannot be written. The pack that stood at `path` is then untouched.
pub fn build(
    plan: &Plan<'_>,
    path: &Path,
    settings: &Settings,
    watch: Watch<'_>,
) -> Result<MapsReport, Error> {
    plan.check_limit()?;
    let mut counter = Counter::begin(watch, Phase::Maps, plan.n_resources() + plan.n_tiles())?;
    let options = CreateOptions { overwrite: settings.overwrite };
    let mut writer = Writer::create(path, &options, settings.moment)?;
    let pool = Pool::new(plan, settings.threads)?;
    let saved = (plan.given.detail == Detail::Drawn).then(Saved::default);
    let mut counts = Counts { saved, ..Counts::default() };
    let mut tasks = tasks(plan);
    let (mut batch, mut rows) = (Vec::new(), Vec::new());
    loop {
        let next: Vec<Task<'_>> = tasks.by_ref().take(BATCH_ROWS).collect();
        let (mut next_rows, mut written) = (Vec::new(), Ok(()));
        pool.threads.in_place_scope(|scope| {
            scope.spawn(|_| next_rows = pool.make(&next));
            written = batch
                .iter()
                .zip(rows.drain(..))
                .try_for_each(|(task, row)| write(plan, &mut writer, task, row?, &mut counts));
        });
        written?;
        counter.reach(counts.resources + counts.tiles)?;
        if next.is_empty() {
            break;
        }
        (batch, rows) = (next, next_rows);
    }
    let digest = writer.finish(&plan.definition, &plan.description)?;
    let notes = pool.notes("region");
    Ok(MapsReport { digest, data_version: settings.moment.iso_milliseconds(), counts, notes })
}

/// Returns the rows of a pack in their order.
fn tasks<'p>(plan: &'p Plan<'_>) -> impl Iterator<Item = Task<'p>> {
    let tiles = plan.sources.iter().enumerate().flat_map(move |(source_idx, source)| {
        let zooms = source.zooms.iter().map(|(zoom, _)| *zoom);
        zooms.flat_map(move |zoom| plan.shape.tiles(zoom).map(move |tile| Task::Tile(source_idx, tile)))
    });
    plan.resources.iter().map(Task::Resource).chain(tiles)
}

impl<'p> Pool<'p> {
    /// Starts threads, each with the tilesets of the plan open.
    pub(super) fn new(plan: &'p Plan<'p>, n_threads: NonZeroUsize) -> Result<Self, Error> {
        let n_threads = n_threads.get();
        let threads = ThreadPoolBuilder::new().num_threads(n_threads).build().map_err(Error::Threads)?;
        let workers = (0..n_threads).map(|_| Worker::new(plan).map(Mutex::new));
        Ok(Self { plan, threads, workers: workers.collect::<Result<_, Error>>()? })
    }

    /// Makes rows on all threads, in order.
    pub(super) fn make(&self, tasks: &[Task<'_>]) -> Vec<Result<Made, Error>> {
        let row = |task: &Task<'_>| {
            let thread_idx = rayon::current_thread_index().unwrap_or(0);
            let mut worker = self.workers[thread_idx].lock().unwrap_or_else(PoisonError::into_inner);
            worker.row(self.plan, task)
        };
        self.threads.install(|| tasks.par_iter().with_max_len(1).map(row).collect())
    }

    /// Returns notes on tilesets that had nothing at the deepest zoom of the tiles that were made, which are those of
    /// a `place`: shallow tiles reach far beyond the region, so they would tell nothing.
    pub(super) fn notes(&self, place: &str) -> Vec<String> {
        let mut drawn = BTreeMap::new();
        for worker in &self.workers {
            let worker = worker.lock().unwrap_or_else(PoisonError::into_inner);
            for (source, archives) in self.plan.sources.iter().zip(&worker.sources) {
                let names = source.tiled.tilesets.iter().filter(|_| !source.zooms.is_empty());
                for (name, has_drawn) in names.zip(archives.has_drawn()) {
                    *drawn.entry(name).or_insert(false) |= has_drawn;
                }
            }
        }
        let empty = drawn.into_iter().filter(|(_, has_drawn)| !has_drawn);
        empty.map(|(name, _)| format!("tileset `{name}` has nothing in the {place}")).collect()
    }
}

fn write(
    plan: &Plan<'_>,
    writer: &mut Writer,
    task: &Task<'_>,
    Made { stored, saved }: Made,
    counts: &mut Counts,
) -> Result<(), Error> {
    if let Some(sum) = &mut counts.saved {
        *sum += saved;
    }
    let bytes = stored.data.len() as u64;
    match task {
        Task::Resource(resource) => {
            writer.resource(resource.kind(), &resource.url, &stored)?;
            counts.resources += 1;
            counts.resource_bytes += bytes;
        }
        Task::Tile(source_idx, tile) => {
            let TiledSource { tiled, .. } = &plan.sources[*source_idx];
            let row = if tiled.is_tms { tile.zoom().tiles_per_side() - 1 - tile.y() } else { tile.y() };
            writer.tile(&tiled.template, *tile, row, &stored)?;
            counts.tiles += 1;
            counts.tiles_empty += u64::from(bytes == 0);
            counts.tile_bytes += bytes;
        }
    }
    Ok(())
}

/// Takes out of a tile what the style cannot draw, if that is wanted.
fn shaved(source: &TiledSource, tile: TileCoord, whole: Vec<u8>) -> Result<(Vec<u8>, Saved), Error> {
    let Some(shaver) = source.shaver.as_ref().filter(|_| !whole.is_empty()) else {
        return Ok((whole, Saved::default()));
    };
    let shaved = shaver.shave(&whole, tile.zoom().get(), source.maxzoom());
    shaved.map_err(|error| Error::Shave { tile, name: source.name(), source: error })
}

impl Worker {
    fn new(plan: &Plan<'_>) -> Result<Self, Error> {
        let sources = plan.sources.iter().map(Archives::open).collect::<Result<_, Error>>()?;
        Ok(Self { sources, compressor: Compressor::new(LEVEL), open_sans: Face::open_sans() })
    }

    /// Makes the bytes of a row.
    fn row(&mut self, plan: &Plan<'_>, task: &Task<'_>) -> Result<Made, Error> {
        let (plain, saved) = match task {
            Task::Resource(resource) => (self.resource(plan, resource)?, Saved::default()),
            Task::Tile(source_idx, tile) => {
                let whole = self.sources[*source_idx].tile(*tile)?;
                shaved(&plan.sources[*source_idx], *tile, whole)?
            }
        };
        Ok(Made { stored: self.stored(plain), saved })
    }

    fn resource(&self, plan: &Plan<'_>, resource: &Resource) -> Result<Vec<u8>, Error> {
        match &resource.what {
            What::Style => Ok(plan.style_text.clone()),
            What::TileJson { template } => {
                let source = plan.sources.iter().find(|source| source.tiled.template == *template);
                Ok(source.map(tile_json).unwrap_or_default().into_bytes())
            }
            What::Glyphs { stack: names, range } => {
                let faces = stack(names, &plan.faces, &self.open_sans);
                Ok(glyph_range(&names.join(", "), &faces, *range))
            }
            What::Sprite { sprite, file, ratio } => {
                let files = if sprite == DEFAULT_SPRITE { &plan.sprite } else { &plan.empty_sprite };
                let sheet = if *ratio == 1 { &files.single } else { &files.double };
                Ok(match file {
                    SpriteFile::Index => sheet.index.clone().into_bytes(),
                    SpriteFile::Image => sheet.image.clone(),
                })
            }
            What::File(kind) => {
                let missing = || Error::Missing { missing: vec![resource.url.clone()] };
                let content = file::read(plan.file(&resource.url).ok_or_else(missing)?, FILE_BYTES_MAX)?;
                match judge(*kind, &resource.url, &content) {
                    Ok(()) => Ok(content),
                    Err(found) => Err(Error::Unfit { url: resource.url.clone(), found }),
                }
            }
        }
    }

    /// Compresses what becomes smaller by it.
    fn stored(&mut self, plain: Vec<u8>) -> Stored {
        let mut data = Vec::new();
        self.compressor.zlib(&plain, &mut data);
        if data.len() < plain.len() {
            Stored { data, is_compressed: true }
        } else {
            Stored { data: plain, is_compressed: false }
        }
    }
}
