//! The second phase: sorted runs to tiles in an archive.
//!
//! The keys are cut into shards of a few megabytes. Workers merge, emit and compress one shard each;
//! the calling thread writes them in order.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use zellige_archive::{Compression, Compressor, Format, TileHash, WriteTiles};
use zellige_model::{TileCoord, Zoom};
use zellige_recipe::Plan;
use zellige_tile::emit::{Emitted, Emitter};
use zellige_tile::key::Keys;
use zellige_tile::piece::PieceKey;

use crate::Error;
use crate::blocks::{BlockCache, BlockFile};
use crate::duplicates::Duplicates;
use crate::merge::Runs;
use crate::on_panic::OnPanic;
use crate::packed::PackedContents;
use crate::progress::{Counters, Phase, Progress};
use crate::publish::Watch;
use crate::queue::{OrderedQueue, Taken};
use crate::slicing::WATCH_STEP;

/// Bounds of the pieces in a shard, bytes.
const SHARD_BYTES_MIN: u64 = 256 << 10;
const SHARD_BYTES_MAX: u64 = 4 << 20;
/// Bytes that a shard takes of each run in a file, where memory allows.
const SHARD_RUN_BYTES: u64 = 16 << 10;
/// What the index of an archive has for a tile, bytes, and what a disk gives a file at least.
const INDEX_BYTES: u64 = 32;
const DISK_BLOCK_BYTES: u64 = 4096;
/// The most bytes of finished shards that wait for the writer, a worker.
const WAITING_BYTES_MAX: u64 = 16 << 20;

/// What this phase needs, shared by all workers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Emitting<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) names: &'a [Arc<str>],
    pub(crate) runs: &'a Runs,
    pub(crate) blocks: &'a BlockFile,
    pub(crate) keys: &'a Keys,
    pub(crate) duplicates: &'a Duplicates,
    pub(crate) tile_bytes_max: u64,
    pub(crate) format: Format,
    pub(crate) compression_level: u8,
    /// Bytes of compressed contents that may come again.
    pub(crate) packed_bytes: u64,
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
    /// Bytes of it that no tile is known to have had before.
    fresh_bytes: u64,
    tiles: Vec<StoredTile>,
    checksums: Vec<(u8, u64)>,
}

impl Shard {
    /// Returns the bytes of memory that it takes.
    const fn memory_bytes(&self) -> u64 {
        let beside = self.tiles.capacity() * size_of::<StoredTile>()
            + self.checksums.capacity() * size_of::<(u8, u64)>();
        (self.stored.capacity() + beside) as u64
    }
}

/// A finished tile.
#[derive(Debug)]
struct StoredTile {
    tile: TileCoord,
    hash: TileHash,
    /// Where its bytes stand in the shard.
    bytes: Range<usize>,
}

/// What all workers see.
struct Shared {
    queue: OrderedQueue<Result<Shard, Error>>,
    packed: PackedContents,
    /// Where the tiles of deeper zooms start, once an expression has failed: they would be in vain.
    in_vain_from: AtomicU64,
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
        let mut cuts = self.runs.cuts(self.shard_bytes(threads));
        if cuts.first() != Some(&0) {
            cuts.insert(0, 0);
        }
        let shared = Shared {
            queue: OrderedQueue::new(cuts.len(), threads as u64 * self.waiting_bytes()),
            packed: PackedContents::new(self.packed_bytes),
            in_vain_from: AtomicU64::new(u64::MAX),
        };
        let emitted = Mutex::new(Emitted::default());
        let mut made = Made { checksums: vec![0; self.plan.layers.len()], ..Made::default() };
        pool.in_place_scope(|scope| {
            // Workers wait for the writer, and the writer for them: a panic ends both waits.
            let _guard = OnPanic(|| shared.queue.close());
            for _ in 0..threads {
                scope.spawn(|_| {
                    let counted = self.work(&cuts, &shared);
                    emitted.lock().unwrap_or_else(PoisonError::into_inner).merge(counted);
                });
            }
            let written = self.write(&shared.queue, started, (archive, watch), &mut made);
            shared.queue.close();
            written
        })?;
        made.emitted = emitted.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(made)
    }

    /// Returns how many bytes of rows a shard has: many shards for few threads to share, and enough bytes of each run
    /// in a file that reading it piece by piece pays; with blocks a quarter of what a merge may take at most.
    fn shard_bytes(&self, threads: usize) -> u64 {
        let heaviness = self.runs.heaviness();
        let pieces_bytes = self.runs.size() * heaviness;
        let shared = (pieces_bytes / (threads as u64 * 16)).clamp(SHARD_BYTES_MIN, SHARD_BYTES_MAX);
        let from_files = self.runs.files.len() as u64 * SHARD_RUN_BYTES * heaviness;
        shared.max(from_files).min(self.runs.window_bytes as u64 / 4) / heaviness
    }

    /// Returns how many bytes of shards may wait for the writer, a worker: half of what a merge may take.
    fn waiting_bytes(&self) -> u64 {
        WAITING_BYTES_MAX.min(self.runs.window_bytes as u64 / 2)
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
                    self.counters.add_archive(self.archive_bytes(&shard));
                    self.counters.set_done(queue.share_written());
                    for StoredTile { tile, hash, bytes } in shard.tiles {
                        archive.write(tile, &shard.stored[bytes], hash)?;
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
            if self.counters.is_cancelled() {
                return Err(Error::Cancelled);
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

    /// Returns about how many bytes a shard takes in the archive.
    fn archive_bytes(&self, shard: &Shard) -> u64 {
        match self.format {
            Format::PMTiles | Format::MBTiles => shard.fresh_bytes + shard.tiles.len() as u64 * INDEX_BYTES,
            Format::Folder => {
                let stored = shard.tiles.iter().map(|tile| tile.bytes.len() as u64);
                stored.map(|bytes| bytes.next_multiple_of(DISK_BLOCK_BYTES)).sum()
            }
        }
    }

    /// Takes shards until there are no more.
    fn work(&self, cuts: &[u64], shared: &Shared) -> Emitted {
        let mut worker = Worker {
            emitter: Emitter::new(self.plan, self.keys, self.names, self.tile_bytes_max),
            compressor: Compressor::new(self.compression_level),
            format: self.format,
            known: &shared.packed,
            blocks: BlockCache::new(self.blocks, self.runs.window_bytes / 2),
            raw: Vec::new(),
        };
        let _guard = OnPanic(|| shared.queue.close());
        while let Some(number) = shared.queue.take_work() {
            let from = cuts[number];
            if from >= shared.in_vain_from.load(Ordering::Relaxed) {
                shared.queue.put(number, Ok(Shard::default()), 0);
                continue;
            }
            let shard = self.build(from, cuts.get(number + 1).copied(), &mut worker);
            if let Some(fault) = worker.emitter.fault() {
                shared.in_vain_from.fetch_min(first_slot_below(fault.tile), Ordering::Relaxed);
            }
            let bytes = shard.as_ref().map_or(0, Shard::memory_bytes);
            shared.queue.put(number, shard, bytes);
        }
        worker.emitter.into_emitted()
    }

    /// Returns the error of a tile that could not be made, if there was one.
    fn check(&self, emitter: &Emitter<'_>) -> Result<(), Error> {
        let Some((tile, layer)) = emitter.overfull() else { return Ok(()) };
        Err(Error::TileOverfull {
            tile,
            layer: self.plan.layers[usize::from(layer)].name.as_str().to_owned(),
        })
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
                worker.emitter.push(key, worker.blocks.get(block)?, body);
            }
            self.check(&worker.emitter)
        })?;
        worker.finish(tile.map(|(_, coord)| coord), &mut shard);
        self.check(&worker.emitter)?;
        // Shards wait for the writer, and compressing asked for more room than was needed.
        shard.stored.shrink_to_fit();
        Ok(shard)
    }
}

/// Returns the first slot of the zoom below that of `tile`.
fn first_slot_below(tile: TileCoord) -> u64 {
    let corner = Zoom::new(tile.zoom().get() + 1).and_then(|zoom| TileCoord::new(zoom, 0, 0));
    corner.map_or(u64::MAX, |corner| PieceKey::new(corner.into(), 0, 0).slot)
}

struct Worker<'a> {
    emitter: Emitter<'a>,
    compressor: Compressor,
    format: Format,
    known: &'a PackedContents,
    blocks: BlockCache<'a>,
    raw: Vec<u8>,
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
        self.store(hash, shard);
        shard.tiles.push(StoredTile { tile, hash, bytes: start..shard.stored.len() });
        shard.checksums.extend_from_slice(self.emitter.checksums());
    }

    /// Appends the tile as its format stores it.
    fn store(&mut self, hash: TileHash, Shard { stored, fresh_bytes, .. }: &mut Shard) {
        match self.format.compression() {
            Compression::None => stored.extend_from_slice(&self.raw),
            Compression::Gzip if self.known.append(hash, stored) => {}
            Compression::Gzip => {
                let start = stored.len();
                self.compressor.append_gzip(&self.raw, stored);
                let packed = &stored[start..];
                *fresh_bytes += packed.len() as u64;
                self.known.put(hash, packed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tile: &str, expected: Option<&str>) {
        let first = expected.map(|tile| PieceKey::new(TileCoord::parse(tile).unwrap().into(), 0, 0).slot);
        assert_eq!(first_slot_below(TileCoord::parse(tile).unwrap()), first.unwrap_or(u64::MAX), "{tile}");
    }

    #[test]
    fn deeper_zooms_start_in_their_corner() {
        check("0/0/0", Some("1/0/0"));
        check("3/7/2", Some("4/0/0"));
        check("22/5/5", None);
    }
}
