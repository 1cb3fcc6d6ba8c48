//! The second phase: sorted runs to tiles in an archive.
//!
//! The keys are cut into shards of a few megabytes. Workers merge, emit and compress one shard each;
//! the calling thread writes them in order.

use std::ops::Range;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rustc_hash::FxHashMap;
use zellige_archive::{Compression, Compressor, TileHash, WriteTiles};
use zellige_model::TileCoord;
use zellige_recipe::Plan;
use zellige_tile::emit::{Emitted, Emitter};
use zellige_tile::key::Keys;

use crate::Error;
use crate::duplicates::Duplicates;
use crate::merge::Runs;
use crate::progress::{Counters, Phase, Progress};
use crate::publish::Watch;
use crate::queue::{OrderedQueue, Taken};
use crate::slicing::WATCH_STEP;

/// Bounds of the pieces in a shard, bytes.
const SHARD_BYTES_MIN: u64 = 256 << 10;
const SHARD_BYTES_MAX: u64 = 4 << 20;
/// Finished shards that may wait for the writer, per worker.
const SHARDS_WAITING: usize = 4;
/// Tiles of at most so many bytes, uncompressed, are remembered when compressed: fills repeat.
const REMEMBERED_BYTES_MAX: usize = 512;
/// How many of them a worker remembers.
const REMEMBERED_TILES_MAX: usize = 4096;

/// What this phase needs, shared by all workers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Emitting<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) names: &'a [Arc<str>],
    pub(crate) runs: &'a Runs,
    pub(crate) keys: &'a Keys,
    pub(crate) duplicates: &'a Duplicates,
    pub(crate) tile_bytes_max: u64,
    pub(crate) compression: Compression,
    pub(crate) compression_level: u8,
    pub(crate) counters: &'a Counters,
}

/// What the phase made.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub(crate) emitted: Emitted,
    /// By layer: checksum over geometry and attributes of all tiles, in order.
    pub(crate) checksums: Vec<u64>,
    pub(crate) tiles: u64,
}

/// Finished tiles of a shard.
#[derive(Debug, Default)]
struct Shard {
    stored: Vec<u8>,
    tiles: Vec<(TileCoord, Range<usize>, TileHash)>,
    checksums: Vec<(u8, u64)>,
}

impl Emitting<'_> {
    /// Builds all tiles with the threads of `pool` and writes them from the calling thread.
    pub(crate) fn run(
        &self,
        pool: &rayon::ThreadPool,
        archive: &mut dyn WriteTiles,
        watch: Watch<'_>,
    ) -> Result<Made, Error> {
        let started = Instant::now();
        let threads = pool.current_num_threads();
        let shard_bytes = self.runs.size() / (threads as u64 * 16);
        let mut cuts = self.runs.cuts(shard_bytes.clamp(SHARD_BYTES_MIN, SHARD_BYTES_MAX));
        if cuts.first() != Some(&0) {
            cuts.insert(0, 0);
        }
        let queue = OrderedQueue::new(cuts.len(), threads * SHARDS_WAITING);
        let emitted = Mutex::new(Emitted::default());
        let mut made = Made { checksums: vec![0; self.plan.layers.len()], ..Made::default() };
        pool.in_place_scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|_| {
                    let counted = self.work(&cuts, &queue);
                    emitted.lock().unwrap_or_else(PoisonError::into_inner).merge(counted);
                });
            }
            let written = self.write(&queue, started, (archive, watch), &mut made);
            queue.close();
            written
        })?;
        made.emitted = emitted.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(made)
    }

    /// Writes shards in order until all are written.
    fn write(
        &self,
        queue: &OrderedQueue<Result<Shard, Error>>,
        started: Instant,
        (archive, watch): (&mut dyn WriteTiles, Watch<'_>),
        made: &mut Made,
    ) -> Result<(), Error> {
        let mut last_watched = started;
        loop {
            match queue.take_result(WATCH_STEP) {
                Taken::Next(shard) => {
                    let shard = shard?;
                    for (tile, range, hash) in shard.tiles {
                        archive.write(tile, &shard.stored[range], hash)?;
                        made.tiles += 1;
                    }
                    for (layer, checksum) in shard.checksums {
                        let sum = &mut made.checksums[usize::from(layer)];
                        *sum = zellige_tile::checksum::mix(*sum, checksum);
                    }
                }
                Taken::Wait => {}
                Taken::End => return Ok(()),
            }
            if last_watched.elapsed() >= WATCH_STEP {
                last_watched = Instant::now();
                let progress = Progress {
                    phase: Phase::Emitting,
                    elapsed: started.elapsed(),
                    features: self.counters.features.load(Ordering::Relaxed),
                    bytes: 0,
                    bytes_total: None,
                    tiles: made.tiles,
                    share: Some(queue.share_written()),
                };
                if watch(&progress).is_break() {
                    return Err(Error::Cancelled);
                }
            }
        }
    }

    /// Takes shards until there are no more.
    fn work(&self, cuts: &[u64], queue: &OrderedQueue<Result<Shard, Error>>) -> Emitted {
        let mut worker = Worker {
            emitter: Emitter::new(self.plan, self.keys, self.names, self.tile_bytes_max),
            compressor: Compressor::new(self.compression_level),
            compression: self.compression,
            remembered: FxHashMap::default(),
            raw: Vec::new(),
            packed: Vec::new(),
        };
        let _guard = CloseOnPanic(queue);
        while let Some(number) = queue.take_work() {
            let shard = self.build(cuts[number], cuts.get(number + 1).copied(), &mut worker);
            queue.put(number, shard);
        }
        worker.emitter.into_emitted()
    }

    /// Builds the tiles between two cuts.
    fn build(&self, from: u64, to: Option<u64>, worker: &mut Worker<'_>) -> Result<Shard, Error> {
        let mut shard = Shard::default();
        let mut tile = None;
        self.runs.merge(from, to, &mut |key, block, body| {
            let slot = key.slot >> 8;
            if tile.map(|(slot, _)| slot) != Some(slot) {
                worker.finish(tile.map(|(_, coord)| coord), &mut shard);
                let coord = key.tile().coord();
                worker.emitter.begin(coord);
                tile = Some((slot, coord));
            }
            let is_dropped = tile.is_some_and(|(_, coord): (u64, TileCoord)| {
                self.duplicates.is_dropped(key.layer(), coord.zoom(), key.place)
            });
            if !is_dropped {
                worker.emitter.push(key, block, body);
            }
        })?;
        worker.finish(tile.map(|(_, coord)| coord), &mut shard);
        Ok(shard)
    }
}

/// Ends the writer's wait when a worker panics, so that the panic comes out.
struct CloseOnPanic<'q>(&'q OrderedQueue<Result<Shard, Error>>);

impl Drop for CloseOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.close();
        }
    }
}

struct Worker<'a> {
    emitter: Emitter<'a>,
    compressor: Compressor,
    compression: Compression,
    remembered: FxHashMap<u128, Vec<u8>>,
    raw: Vec<u8>,
    packed: Vec<u8>,
}

impl Worker<'_> {
    /// Ends a tile and puts it into the shard, compressed.
    fn finish(&mut self, tile: Option<TileCoord>, shard: &mut Shard) {
        let Some(tile) = tile else { return };
        self.emitter.finish(&mut self.raw);
        if self.raw.is_empty() {
            return;
        }
        let hash = TileHash::of(&self.raw);
        let start = shard.stored.len();
        self.store(hash, &mut shard.stored);
        shard.tiles.push((tile, start..shard.stored.len(), hash));
        shard.checksums.extend_from_slice(self.emitter.checksums());
    }

    fn store(&mut self, hash: TileHash, out: &mut Vec<u8>) {
        if self.compression == Compression::None {
            out.extend_from_slice(&self.raw);
            return;
        }
        let is_small = self.raw.len() <= REMEMBERED_BYTES_MAX;
        if is_small && let Some(packed) = self.remembered.get(&hash.0) {
            out.extend_from_slice(packed);
            return;
        }
        self.packed.clear();
        self.compressor.gzip(&self.raw, &mut self.packed);
        out.extend_from_slice(&self.packed);
        if is_small && self.remembered.len() < REMEMBERED_TILES_MAX {
            self.remembered.insert(hash.0, self.packed.clone());
        }
    }
}
