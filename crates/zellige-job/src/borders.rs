//! Finds the junctions of all polygons of a job, before any of them is sliced.
//!
//! In:     polygons from many workers, each vertex of them a [`Visit`] of 16 bytes.
//! Out:    [`Junctions`]: the vertices whose visits differ in their neighbours.
//! Keeps:  the answer, whatever the number of threads and the memory: it is a set.
//! Source: partitioning by hash. Visits of one vertex meet in one of [`PARTS`], and there in a hash table; a part
//!         larger than memory is read several times, a slice of its vertices each.
//!
//! Chunks of visits stay in memory while the job's budget allows it, and go to one unnamed temporary file
//! beyond it:
//!
//! ```text
//! chunk     n × (vertex u64, neighbours u64)      (little endian)
//! ```

use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zellige_model::{Geometry, LonLat};
use zellige_recipe::LayerPlan;
use zellige_recipe::plan::{Amount, Switch};
use zellige_tile::borders::{JunctionPart, Junctions, PARTS, Visit, part_of, visits};
use zellige_tile::project::project_point;

use crate::Error;
use crate::hand_back::hand_back;
use crate::progress::Counters;
use crate::report::BordersReport;
use crate::sort::RunStore;

/// More junctions than this are not kept, whatever the memory, so that the budget never decides about bytes;
/// their table has 4.5 bytes each.
pub(crate) const JUNCTIONS_MAX: u64 = 1 << 25;

/// Visits of a chunk at most, and at least: 1 to 16 KiB.
const CHUNK_VISITS_MAX: usize = 1024;
const CHUNK_VISITS_MIN: usize = 64;
/// Slots of a table for each visit, at most.
const SLOTS_PER_VISIT_MAX: usize = 3;
/// Bytes of a visit in a file.
const VISIT_BYTES: usize = 16;

/// Whether neighbours of this layer have to agree on what simplification leaves of their border.
pub(crate) fn are_simplified(layer: &LayerPlan) -> bool {
    layer.zooms.iter().map(|zoom| &zoom.simplification).any(|simplification| {
        let is_nothing = matches!(simplification.distance, Amount::Constant(units) if units <= 0.0);
        !is_nothing && simplification.outward_only != Switch::Always
    })
}

/// Where visits wait for each other; shared by all workers.
#[derive(Debug)]
pub(crate) struct VisitStore<'m> {
    /// Whose memory is used.
    memory: &'m RunStore<'m>,
    folder: PathBuf,
    chunk_visits: usize,
    /// Visits that a worker has in memory when it looks for junctions.
    visits_max: usize,
    /// By part of all vertices.
    parts: Vec<Mutex<Vec<Chunk>>>,
    spill: Mutex<Spill>,
    n_visits: AtomicU64,
    junctions_max: u64,
}

/// Some visits of a part.
#[derive(Debug)]
enum Chunk {
    Memory(Vec<Visit>),
    /// So many visits from this place of the temporary file on.
    File(u64, usize),
}

impl Chunk {
    const fn n_visits(&self) -> usize {
        match self {
            Self::Memory(visits) => visits.len(),
            Self::File(_, n_visits) => *n_visits,
        }
    }

    /// Returns the bytes of memory that the chunk takes.
    const fn size(&self) -> u64 {
        size_of::<Self>() as u64
            + match self {
                Self::Memory(visits) => bytes_in_memory(visits),
                Self::File(..) => 0,
            }
    }
}

/// The temporary file.
#[derive(Debug, Default)]
struct Spill {
    file: Option<Arc<File>>,
    len: u64,
    bytes: Vec<u8>,
}

impl<'m> VisitStore<'m> {
    /// Returns an empty store that takes its memory from the budget of `memory`; a worker has `worker_bytes`
    /// of it for chunks that are not full.
    pub(crate) fn new(memory: &'m RunStore<'m>, worker_bytes: usize, folder: PathBuf) -> Self {
        let chunk_visits = worker_bytes / (PARTS * size_of::<Visit>());
        Self {
            memory,
            folder,
            chunk_visits: chunk_visits.clamp(CHUNK_VISITS_MIN, CHUNK_VISITS_MAX),
            visits_max: worker_bytes / size_of::<Visit>(),
            parts: (0..PARTS).map(|_| Mutex::default()).collect(),
            spill: Mutex::default(),
            n_visits: AtomicU64::new(0),
            junctions_max: JUNCTIONS_MAX,
        }
    }

    /// Keeps a chunk of a part; it comes back empty.
    fn keep(&self, part: usize, visits: &mut Vec<Visit>) -> Result<(), Error> {
        if visits.is_empty() {
            return Ok(());
        }
        self.n_visits.fetch_add(visits.len() as u64, Ordering::Relaxed);
        let bytes = bytes_in_memory(visits);
        let chunk = if self.memory.try_reserve(bytes) {
            Chunk::Memory(std::mem::take(visits))
        } else {
            let start = self.spill(visits)?;
            let n_visits = visits.len();
            visits.clear();
            Chunk::File(start, n_visits)
        };
        self.memory.reserve(size_of::<Chunk>() as u64);
        lock(&self.parts[part]).push(chunk);
        Ok(())
    }

    fn spill(&self, visits: &[Visit]) -> Result<u64, Error> {
        let mut spill = lock(&self.spill);
        let Spill { file, len, bytes } = &mut *spill;
        let failed =
            |attempt, bytes, source| Error::Spill { attempt, folder: self.folder.clone(), bytes, source };
        if file.is_none() {
            let new = tempfile::tempfile_in(&self.folder).map_err(|source| failed("creating", 0, source))?;
            *file = Some(Arc::new(new));
        }
        bytes.clear();
        for visit in visits {
            bytes.extend_from_slice(&visit.vertex.to_le_bytes());
            bytes.extend_from_slice(&visit.neighbours.to_le_bytes());
        }
        self.memory.counters().add_temp(bytes.len() as u64);
        let mut file: &File = file.as_ref().expect("the file was made just now");
        file.write_all(bytes).map_err(|source| failed("writing", *len, source))?;
        let start = *len;
        *len += bytes.len() as u64;
        Ok(start)
    }

    /// Gives the memory of chunks back that nobody will look at again.
    fn release(&self, chunks: &[Chunk]) {
        self.memory.release(chunks.iter().map(Chunk::size).sum());
    }

    /// Drops all visits.
    fn clear(&self) {
        for part in &self.parts {
            self.release(&std::mem::take(&mut *lock(part)));
        }
        self.drop_file();
    }

    /// Drops the temporary file: what it takes on disk is room for pieces.
    fn drop_file(&self) {
        let mut spill = lock(&self.spill);
        if spill.file.take().is_some() {
            self.memory.counters().take_temp(spill.len);
        }
    }

    /// Returns what the report says about these junctions, or about too many of them; so many bytes of sources
    /// were put aside.
    pub(crate) fn report(&self, junctions: Option<&Junctions>, aside_bytes: u64) -> BordersReport {
        BordersReport {
            is_shared: junctions.is_some(),
            vertices: self.n_visits.load(Ordering::Relaxed),
            junctions: junctions.map_or(0, |junctions| junctions.len() as u64),
            table_bytes: junctions.map_or(0, Junctions::size),
            spilled_bytes: lock(&self.spill).len,
            aside_bytes,
        }
    }

    /// Ends collecting. Any number of workers calls [`Search::work`]; then [`Search::finish`] has the answer.
    pub(crate) fn search(&self) -> Search<'_> {
        Search { store: self, next: AtomicUsize::new(0), n_found: AtomicU64::new(0), found: Mutex::default() }
    }
}

/// The visits that one worker collects.
#[derive(Debug)]
pub(crate) struct VisitWriter<'s> {
    store: &'s VisitStore<'s>,
    parts: Vec<Vec<Visit>>,
    failed: Option<Error>,
}

impl<'s> VisitWriter<'s> {
    pub(crate) fn new(store: &'s VisitStore<'s>) -> Self {
        Self { store, parts: vec![Vec::new(); PARTS], failed: None }
    }

    /// Whether a chunk could not be kept.
    pub(crate) const fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// Returns the first error that keeping a chunk met; vertices after it are lost.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        self.failed.take().map_or(Ok(()), Err)
    }

    /// Takes the vertices of a polygon.
    pub(crate) fn push(&mut self, polygon: &Geometry<LonLat>) {
        let Self { store, parts, failed } = self;
        visits(polygon, project_point, |visit| {
            let part = part_of(visit.vertex);
            let chunk = &mut parts[part];
            if chunk.capacity() == 0 {
                chunk.reserve_exact(store.chunk_visits);
            }
            chunk.push(visit);
            if chunk.len() == store.chunk_visits
                && let Err(error) = store.keep(part, chunk)
            {
                chunk.clear();
                failed.get_or_insert(error);
            }
        });
    }

    /// Hands in what is left.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        for (part, chunk) in self.parts.iter_mut().enumerate() {
            chunk.shrink_to_fit();
            self.store.keep(part, chunk)?;
        }
        Ok(())
    }
}

/// Looks through the parts.
#[derive(Debug)]
pub(crate) struct Search<'s> {
    store: &'s VisitStore<'s>,
    /// The next part.
    next: AtomicUsize,
    n_found: AtomicU64,
    /// The junctions of each part.
    found: Mutex<Vec<(usize, JunctionPart)>>,
}

impl Search<'_> {
    /// Looks through parts until there are no more, or there are too many junctions.
    pub(crate) fn work(&self, counters: &Counters) -> Result<(), Error> {
        let mut table = Table::new();
        while self.n_found.load(Ordering::Relaxed) <= self.store.junctions_max {
            if counters.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let part = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(chunks) = self.store.parts.get(part) else { break };
            let chunks = std::mem::take(&mut *lock(chunks));
            let junctions = JunctionPart::from_sorted(&self.junctions(&chunks, &mut table)?);
            self.n_found.fetch_add(junctions.len() as u64, Ordering::Relaxed);
            self.store.memory.reserve(junctions.size());
            lock(&self.found).push((part, junctions));
            self.store.release(&chunks);
        }
        Ok(())
    }

    /// Returns the junctions, or nothing when there are more than [`JUNCTIONS_MAX`]; the visits are gone then.
    pub(crate) fn finish(self) -> Option<Junctions> {
        let mut found = self.found.into_inner().unwrap_or_else(PoisonError::into_inner);
        if self.n_found.into_inner() > self.store.junctions_max {
            self.store.memory.release(found.iter().map(|(_, junctions)| junctions.size()).sum());
            self.store.clear();
            return None;
        }
        self.store.drop_file();
        found.sort_unstable_by_key(|(part, _)| *part);
        Some(Junctions::from_parts(found.into_iter().map(|(_, junctions)| junctions).collect()))
    }

    /// Returns the junctions among the visits of a part, sorted.
    fn junctions(&self, chunks: &[Chunk], table: &mut Table) -> Result<Vec<u64>, Error> {
        let n_visits: usize = chunks.iter().map(Chunk::n_visits).sum();
        let visits_max = (self.store.visits_max / SLOTS_PER_VISIT_MAX).max(1);
        let n_slices = n_visits.div_ceil(visits_max).next_power_of_two();
        let slice_of = |visit: &Visit| {
            let rest = u128::from(visit.vertex << PARTS.ilog2());
            ((rest * n_slices as u128) >> u64::BITS) as usize
        };
        let mut junctions = Vec::new();
        let mut bytes = Vec::new();
        for slice in 0..n_slices {
            table.begin(n_visits / n_slices);
            for chunk in chunks {
                match chunk {
                    Chunk::Memory(some) => {
                        let own = some.iter().filter(|visit| slice_of(visit) == slice);
                        own.for_each(|visit| table.add(*visit, &mut junctions));
                    }
                    Chunk::File(start, n_visits) => {
                        bytes.resize(n_visits * VISIT_BYTES, 0);
                        self.read(*start, &mut bytes)?;
                        let some = bytes.chunks_exact(VISIT_BYTES).map(decode);
                        let own = some.filter(|visit| slice_of(visit) == slice);
                        own.for_each(|visit| table.add(visit, &mut junctions));
                    }
                }
            }
        }
        junctions.sort_unstable();
        Ok(junctions)
    }

    fn read(&self, start: u64, bytes: &mut [u8]) -> Result<(), Error> {
        let file = lock(&self.store.spill).file.clone().expect("a chunk in the file was written to it");
        let failed = |source| Error::Spill {
            attempt: "reading",
            folder: self.store.folder.clone(),
            bytes: start,
            source,
        };
        file.read_exact_at(bytes, start).map_err(failed)
    }
}

/// The vertices of a slice of a part, each with the neighbours it was met with first.
#[derive(Debug)]
struct Table {
    /// As many as a power of two. Each vertex stands in the first slot that was free from its place on; in front of its
    /// number stands, instead of that of the part, what is known of it.
    slots: Vec<Visit>,
    n_vertices: usize,
    /// Says where places are. It is drawn by lot, so that nobody can choose vertices that have one place; where they
    /// stand decides about nothing but time.
    multiplier: u64,
}

impl Drop for Table {
    fn drop(&mut self) {
        hand_back(&mut self.slots);
    }
}

impl Table {
    /// In front of a vertex that was met; and of one that was met with different neighbours, too.
    const MET: u64 = 1 << (u64::BITS - PARTS.ilog2());
    const PARTED: u64 = Self::MET << 1;
    /// What is left of a vertex.
    const VERTEX: u64 = Self::MET - 1;

    fn new() -> Self {
        Self { slots: Vec::new(), n_vertices: 0, multiplier: RandomState::new().hash_one(0) | 1 }
    }

    /// Empties the table and makes room for about so many visits.
    fn begin(&mut self, n_visits: usize) {
        let n_slots = (n_visits + n_visits / 2 + 2).next_power_of_two();
        self.slots.clear();
        self.slots.resize(n_slots, Visit::default());
        self.n_vertices = 0;
    }

    /// Takes a visit; a vertex whose borders turn out to part is added to `junctions`, once.
    fn add(&mut self, visit: Visit, junctions: &mut Vec<u64>) {
        let vertex = visit.vertex & Self::VERTEX;
        let slot = self.slot(vertex);
        let known = &mut self.slots[slot];
        if known.vertex == 0 {
            *known = Visit { vertex: vertex | Self::MET, ..visit };
            self.n_vertices += 1;
            if self.slots.len() <= self.n_vertices + self.n_vertices / 4 + 1 {
                self.grow();
            }
        } else if known.neighbours != visit.neighbours && known.vertex & Self::PARTED == 0 {
            known.vertex |= Self::PARTED;
            junctions.push(visit.vertex);
        }
    }

    /// Returns the slot of a vertex, or the one that it will have.
    fn slot(&self, vertex: u64) -> usize {
        let place = vertex.wrapping_mul(self.multiplier) >> (u64::BITS - self.slots.len().ilog2());
        let last = self.slots.len() - 1;
        let mut slot = place as usize;
        loop {
            let known = self.slots[slot].vertex;
            if known == 0 || known & Self::VERTEX == vertex {
                return slot;
            }
            slot = (slot + 1) & last;
        }
    }

    /// Makes twice as many slots.
    fn grow(&mut self) {
        let slots = vec![Visit::default(); 2 * self.slots.len()];
        let mut known = std::mem::replace(&mut self.slots, slots);
        for known in known.iter().filter(|known| known.vertex != 0) {
            let slot = self.slot(known.vertex & Self::VERTEX);
            self.slots[slot] = *known;
        }
        hand_back(&mut known);
    }
}

fn decode(bytes: &[u8]) -> Visit {
    let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    Visit { vertex: number(&bytes[..8]), neighbours: number(&bytes[8..]) }
}

const fn bytes_in_memory(visits: &Vec<Visit>) -> u64 {
    (visits.capacity() * size_of::<Visit>()) as u64
}

/// Locks; a worker that panicked leaves nothing half done behind a lock here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use zellige_model::GeometryKind;

    use super::*;
    use crate::spill::Fan;

    /// A grid of squares of two triangles each, which share vertices with all around them.
    fn triangles(n_side: u32) -> Vec<Geometry<LonLat>> {
        let corner = |x: u32, y: u32| LonLat::new(f64::from(x) * 0.01, f64::from(y) * 0.01);
        let mut all = Vec::new();
        for (x, y) in (0..n_side).flat_map(|x| (0..n_side).map(move |y| (x, y))) {
            let (a, b, c, d) = (corner(x, y), corner(x + 1, y), corner(x + 1, y + 1), corner(x, y + 1));
            for ring in [[a, b, c], [a, c, d]] {
                let mut geometry = Geometry::default();
                geometry.reset(GeometryKind::Polygon);
                geometry.points.extend(ring);
                geometry.end_part();
                geometry.end_polygon();
                all.push(geometry);
            }
        }
        all
    }

    /// Returns the number of junctions by another way.
    fn n_junctions(polygons: &[Geometry<LonLat>]) -> usize {
        let mut known: BTreeMap<u64, u64> = BTreeMap::new();
        let mut parted = BTreeSet::new();
        for polygon in polygons {
            visits(polygon, project_point, |visit| {
                if *known.entry(visit.vertex).or_insert(visit.neighbours) != visit.neighbours {
                    parted.insert(visit.vertex);
                }
            });
        }
        parted.len()
    }

    /// Finds the junctions with so much memory for full chunks, and for a worker.
    fn check(polygons: &[Geometry<LonLat>], memory_bytes: u64, worker_bytes: usize, junctions_max: u64) {
        let counters = Counters::default();
        let memory =
            RunStore::new(memory_bytes, 1 << 20, Fan::new(1 << 20, 2), std::env::temp_dir(), &counters);
        let mut store = VisitStore::new(&memory, worker_bytes, std::env::temp_dir());
        store.junctions_max = junctions_max;
        let mut writers = [VisitWriter::new(&store), VisitWriter::new(&store)];
        for (nth, polygon) in polygons.iter().enumerate() {
            writers[nth % 2].push(polygon);
        }
        for mut writer in writers {
            writer.check().unwrap();
            writer.finish().unwrap();
        }
        let search = store.search();
        search.work(&counters).unwrap();
        let found = search.finish();
        let expected = n_junctions(polygons);
        let is_kept = expected as u64 <= junctions_max;
        assert_eq!(found.as_ref().map(Junctions::len), is_kept.then_some(expected));
        let report = store.report(found.as_ref(), 0);
        assert_eq!(report.is_shared, is_kept);
        assert_eq!(report.vertices, 3 * polygons.len() as u64);
        assert_eq!(report.spilled_bytes == 0, memory_bytes > 0);
    }

    #[test]
    fn junctions_are_found_in_memory_and_in_files() {
        let grid = triangles(100);
        check(&grid, u64::MAX >> 1, 1 << 20, JUNCTIONS_MAX);
        check(&grid, 0, 1 << 20, JUNCTIONS_MAX);
    }

    #[test]
    fn a_table_grows_with_its_vertices_and_tells_each_junction_once() {
        let mut table = Table::new();
        table.begin(0);
        let mut junctions = Vec::new();
        for neighbours in 0..3 {
            for vertex in 0..1000 {
                table.add(Visit { vertex, neighbours: neighbours * (vertex % 2) }, &mut junctions);
            }
        }
        assert_eq!((table.n_vertices, junctions.len()), (1000, 500));
        assert!(junctions.iter().all(|vertex| vertex % 2 == 1));
    }

    #[test]
    fn parts_larger_than_memory_are_read_in_slices() {
        check(&triangles(100), 0, 256, JUNCTIONS_MAX);
    }

    #[test]
    fn shapes_that_lie_on_each_other_are_no_junctions() {
        let one = triangles(1);
        check(&vec![one[0].clone(); 10_000], 0, 256, JUNCTIONS_MAX);
    }

    #[test]
    fn too_many_junctions_are_none() {
        check(&triangles(20), 0, 1 << 20, 100);
    }
}
