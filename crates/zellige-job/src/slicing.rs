//! The first phase: blocks of the sources to sorted runs of pieces.
//!
//! In:     the blocks of all sources, each taken by one worker.
//! Out:    pieces and ids in sorted runs; findings and counters.
//! Keeps:  neighbours. Points and lines are sliced as they come. Polygons that are to be simplified only tell
//!         their vertices at first, and their blocks are put aside; once all junctions are known, these
//!         blocks are read again, and their polygons sliced.
//!
//! ```text
//!     read ──► points, lines ──────────────────────────────► slice
//!          └─► polygons ──► visits ──► junctions ─┐
//!                  └─► shelf ──► read again ──────┴────────► slice
//! ```

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use zellige_ingest::{Block, Blocks, Item, Parser, Shelf};
use zellige_model::finding::EXAMPLE_BYTES_MAX;
use zellige_model::{Example, FindingCode, Findings, GeometryKind, Place, Zoom};
use zellige_recipe::Plan;
use zellige_tile::borders::Junctions;
use zellige_tile::executor::{Executor, Part};
use zellige_tile::key::Keys;
use zellige_tile::piece::{PieceKey, PieceSink};
use zellige_tile::slice::{Sliced, Slicer};
use zellige_tile::tiny::Tiny;

use crate::Error;
use crate::borders::{VisitStore, VisitWriter};
use crate::duplicates;
use crate::on_panic::OnPanic;
use crate::progress::{Counters, Phase, Progress};
use crate::publish::Watch;
use crate::report::BordersReport;
use crate::sort::{RunStore, RunWriter};

/// How often the caller hears of progress.
pub(crate) const WATCH_STEP: Duration = Duration::from_millis(100);

/// An opened source and the layers that take its features.
#[derive(Debug)]
pub(crate) struct OpenSource {
    pub(crate) id: String,
    pub(crate) blocks: Blocks,
    pub(crate) layer_numbers: Vec<usize>,
    /// Where blocks with polygons wait for the junctions; nothing when nobody asks for them.
    pub(crate) shelf: Option<Shelf>,
}

/// What this phase needs, shared by all workers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slicing<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) sources: &'a [OpenSource],
    pub(crate) keys: &'a Keys,
    pub(crate) tiny: Tiny,
    pub(crate) pieces: &'a RunStore<'a>,
    /// Ids of features, to find duplicates.
    pub(crate) ids: &'a RunStore<'a>,
    /// Vertices of polygons, to find junctions.
    pub(crate) visits: &'a VisitStore<'a>,
    pub(crate) counters: &'a Counters,
    pub(crate) idle: IdleWorkers<'a>,
}

/// What the phase found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) sliced: Sliced,
    pub(crate) findings: Findings,
    /// Lines that are not blank.
    pub(crate) lines: u64,
    /// Lines that are features.
    pub(crate) features: u64,
    /// What was learnt about borders, if there are any.
    pub(crate) borders: Option<BordersReport>,
}

impl Found {
    fn merge(&mut self, other: Self) {
        self.sliced.merge(other.sliced);
        self.findings.merge(other.findings);
        self.lines += other.lines;
        self.features += other.features;
    }

    fn merge_all(&mut self, others: Vec<Self>) {
        for other in others {
            self.merge(other);
        }
    }
}

impl Slicing<'_> {
    /// Slices all sources with the threads of `pool`; the calling thread watches.
    pub(crate) fn run(&self, pool: &rayon::ThreadPool, watch: Watch<'_>) -> Result<Found, Error> {
        let started = Instant::now();
        let mut tell = || watch(&self.progress(started));
        let mut found = Found::default();
        let read = self.on_all_threads(pool, &mut tell, &|| self.read())?;
        found.merge_all(read);
        if self.shelves().all(Shelf::is_empty) {
            return Ok(found);
        }
        let search = self.visits.search();
        self.on_all_threads(pool, &mut tell, &|| search.work(self.counters))?;
        let junctions = search.finish();
        found.findings.count(FindingCode::BordersAlone, u64::from(junctions.is_none()));
        let aside_bytes = self.shelves().map(Shelf::spilled_bytes).sum();
        found.borders = Some(self.visits.report(junctions.as_ref(), aside_bytes));
        self.counters.begin_phase();
        let (started, n_blocks) = (Instant::now(), self.n_put_aside());
        let mut tell = || watch(&self.progress_again(started, n_blocks));
        let read = self.on_all_threads(pool, &mut tell, &|| self.read_again(junctions.as_ref()))?;
        found.merge_all(read);
        Ok(found)
    }

    /// Runs `work` once a thread, while the calling thread tells how far it is; breaking off cancels the job.
    fn on_all_threads<T: Send>(
        &self,
        pool: &rayon::ThreadPool,
        tell: &mut dyn FnMut() -> ControlFlow<()>,
        work: &(dyn Fn() -> Result<T, Error> + Sync),
    ) -> Result<Vec<T>, Error> {
        let (sender, receiver) = mpsc::channel();
        let all = pool.in_place_scope(|scope| {
            let _guard = OnPanic(|| self.counters.cancel());
            for _ in 0..pool.current_num_threads() {
                let sender = sender.clone();
                scope.spawn(move |_| {
                    let _guard = OnPanic(|| self.counters.cancel());
                    let done = work();
                    if done.is_err() {
                        self.counters.cancel();
                    }
                    // The receiver lives until all workers have sent.
                    let _ = sender.send(done);
                });
            }
            drop(sender);
            let mut all = Ok(Vec::new());
            loop {
                match receiver.recv_timeout(WATCH_STEP) {
                    Ok(done) => {
                        if done.is_err() {
                            // How much was done by now tells how much more there would have been.
                            let _ = tell();
                        }
                        all = join(all, done);
                    }
                    Err(RecvTimeoutError::Timeout) => {
                        if tell().is_break() {
                            self.counters.cancel();
                        }
                    }
                    Err(RecvTimeoutError::Disconnected) => return all,
                }
            }
        })?;
        // Whoever cancels when the last work is done already means it all the same.
        if self.counters.is_cancelled() { Err(Error::Cancelled) } else { Ok(all) }
    }

    fn shelves(&self) -> impl Iterator<Item = &Shelf> {
        self.sources.iter().filter_map(|source| source.shelf.as_ref())
    }

    /// Returns the number of blocks that wait to be read again.
    fn n_put_aside(&self) -> usize {
        self.shelves().map(Shelf::len).sum()
    }

    fn progress_again(&self, started: Instant, n_blocks: usize) -> Progress {
        let share = 1.0 - self.n_put_aside() as f64 / n_blocks.max(1) as f64;
        self.counters.set_done(share);
        Progress {
            phase: Phase::SlicingAgain,
            elapsed: started.elapsed(),
            features: self.counters.features.load(Ordering::Relaxed),
            bytes: 0,
            bytes_total: None,
            tiles: 0,
            share: Some(share),
        }
    }

    fn progress(&self, started: Instant) -> Progress {
        let bytes = self.sources.iter().map(|source| source.blocks.bytes_taken()).sum();
        let bytes_total: Option<u64> = self.sources.iter().map(|source| source.blocks.bytes_total()).sum();
        let share =
            bytes_total.filter(|total| *total > 0).map(|total| (bytes as f64 / total as f64).min(1.0));
        self.counters.set_done(share.unwrap_or(1.0));
        Progress {
            phase: Phase::Slicing,
            elapsed: started.elapsed(),
            features: self.counters.features.load(Ordering::Relaxed),
            bytes,
            bytes_total,
            tiles: 0,
            share,
        }
    }

    /// Takes blocks until there are no more; those with polygons that have neighbours go to their shelf.
    fn read(&self) -> Result<Found, Error> {
        let mut worker = Worker::new(self, None);
        let mut visits = VisitWriter::new(self.visits);
        for (source_idx, source) in self.sources.iter().enumerate() {
            let failed = |error| Error::Read { id: source.id.clone(), source: error };
            while let Some(mut block) = source.blocks.next().map_err(failed)? {
                let features_before = worker.found.features;
                let is_again =
                    worker.read(source_idx as u32, source, &mut block, &mut visits).map_err(failed)?;
                worker.check(self)?;
                visits.check()?;
                if let Some(shelf) = source.shelf.as_ref().filter(|_| is_again) {
                    let kept_bytes = shelf.put(&mut block, &mut worker.parser).map_err(|error| {
                        self.counters.add_temp(self.shelves().map(Shelf::spilled_bytes).sum());
                        failed(error)
                    })?;
                    self.pieces.reserve(kept_bytes);
                }
                let features = worker.found.features - features_before;
                self.counters.features.fetch_add(features, Ordering::Relaxed);
            }
        }
        visits.finish()?;
        worker.finish()
    }

    /// Takes blocks from the shelves until there are no more, and slices their polygons.
    fn read_again(&self, junctions: Option<&Junctions>) -> Result<Found, Error> {
        let mut worker = Worker::new(self, junctions);
        // Pieces that came before the junctions took memory that these need now.
        worker.sink.pieces.make_room()?;
        for (source_idx, source) in self.sources.iter().enumerate() {
            let Some(shelf) = &source.shelf else { continue };
            let failed = |error| Error::Read { id: source.id.clone(), source: error };
            while let Some(mut block) = shelf.take().map_err(failed)? {
                worker.read_again(source_idx as u32, source, &mut block).map_err(failed)?;
                worker.check(self)?;
                self.pieces.release(block.kept_bytes());
            }
        }
        worker.finish()
    }
}

/// The first error wins, but one that says more than "cancelled".
fn join<T>(all: Result<Vec<T>, Error>, done: Result<T, Error>) -> Result<Vec<T>, Error> {
    match (all, done) {
        (Ok(mut all), Ok(done)) => {
            all.push(done);
            Ok(all)
        }
        (Err(Error::Cancelled) | Ok(_), Err(error)) | (Err(error), _) => Err(error),
    }
}

/// Where pieces and ids go.
struct Sink<'a> {
    pieces: RunWriter<'a>,
    ids: RunWriter<'a>,
}

impl Sink<'_> {
    /// Whether a run could not be kept; then the job is lost.
    const fn has_failed(&self) -> bool {
        self.pieces.has_failed() || self.ids.has_failed()
    }
}

impl PieceSink for Sink<'_> {
    fn attributes(&mut self, block: &[u8]) {
        self.pieces.attributes(block);
    }

    fn id(&mut self, layer: u8, zoom: Option<Zoom>, id: u64, place: u64) {
        self.ids.push(PieceKey { slot: id, place }, &duplicates::body(layer, zoom));
    }

    fn piece(&mut self, key: PieceKey, body: &[u8]) {
        self.pieces.push(key, body);
    }
}

/// Has workers of the same pool that have nothing else to do help with parts of a giant feature.
///
/// Once the job is cancelled, nothing is done any more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdleWorkers<'a>(pub(crate) &'a Counters);

impl Executor for IdleWorkers<'_> {
    fn run(&self, parts: Vec<Part<'_>>) {
        let run = |part: Part<'_>| {
            if !self.is_cancelled() {
                part();
            }
        };
        parts.into_par_iter().with_max_len(1).for_each(run);
    }

    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

struct Worker<'a> {
    slicer: Slicer<'a>,
    sink: Sink<'a>,
    counters: &'a Counters,
    parser: Parser,
    found: Found,
}

impl<'a> Worker<'a> {
    fn new(slicing: &'a Slicing<'a>, junctions: Option<&'a Junctions>) -> Self {
        Self {
            slicer: Slicer::new(slicing.plan, slicing.keys, junctions, slicing.tiny).shared(&slicing.idle),
            sink: Sink { pieces: RunWriter::new(slicing.pieces), ids: RunWriter::new(slicing.ids) },
            counters: slicing.counters,
            parser: Parser::new(),
            found: Found::default(),
        }
    }

    /// Slices what has no neighbours, and takes note of the vertices of the rest; returns whether there is any.
    fn read(
        &mut self,
        source_idx: u32,
        source: &OpenSource,
        block: &mut Block,
        visits: &mut VisitWriter<'_>,
    ) -> Result<bool, zellige_ingest::Error> {
        let Self { slicer, sink, parser, found, counters } = self;
        let mut is_again = false;
        let _ = block.for_each(parser, &mut |place, item| {
            found.lines += 1;
            match item {
                Item::Feature(feature, notes) => {
                    found.features += 1;
                    for code in notes.iter() {
                        let reason = code.sentence();
                        found
                            .findings
                            .add(code, source_idx, place, || example(source_idx, place, reason, &[]));
                    }
                    if source.shelf.is_some() && feature.geometry.kind == GeometryKind::Polygon {
                        is_again = true;
                        visits.push(&feature.geometry);
                    } else {
                        slicer.slice(feature, (source_idx, place), &source.layer_numbers, sink);
                    }
                }
                Item::Fault(fault, line) => {
                    let reason = &fault.reason;
                    found
                        .findings
                        .add(fault.code, source_idx, place, || example(source_idx, place, reason, line));
                }
            }
            go_on(sink.has_failed() || visits.has_failed() || counters.is_cancelled())
        })?;
        Ok(is_again)
    }

    /// Slices the polygons of a block; everything else was done when it was read first.
    fn read_again(
        &mut self,
        source_idx: u32,
        source: &OpenSource,
        block: &mut Block,
    ) -> Result<(), zellige_ingest::Error> {
        let Self { slicer, sink, parser, counters, .. } = self;
        let _ = block.for_each(parser, &mut |place, item| {
            if let Item::Feature(feature, _) = item
                && feature.geometry.kind == GeometryKind::Polygon
            {
                slicer.slice(feature, (source_idx, place), &source.layer_numbers, sink);
            }
            go_on(sink.has_failed() || counters.is_cancelled())
        })?;
        Ok(())
    }

    /// Returns the error that ends the job, if there is one.
    fn check(&mut self, slicing: &Slicing<'_>) -> Result<(), Error> {
        self.sink.pieces.check()?;
        self.sink.ids.check()?;
        if self.counters.is_cancelled() {
            return Err(Error::Cancelled);
        }
        if slicing.keys.is_overfull() {
            return Err(Error::TooManyNames);
        }
        Ok(())
    }

    /// Hands in the last runs and what was found.
    fn finish(self) -> Result<Found, Error> {
        let Self { slicer, sink, mut found, .. } = self;
        sink.pieces.finish()?;
        sink.ids.finish()?;
        found.sliced = slicer.finish();
        found.findings.merge(std::mem::take(&mut found.sliced.findings));
        Ok(found)
    }
}

const fn go_on(is_over: bool) -> ControlFlow<()> {
    if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

fn example(source: u32, place: Place, reason: &str, line: &[u8]) -> Example {
    Example { source, place, reason: reason.to_owned(), text: excerpt(line) }
}

/// Returns the line, cut at a bound.
fn excerpt(line: &[u8]) -> String {
    match line.get(..EXAMPLE_BYTES_MAX) {
        Some(start) => format!("{}…", String::from_utf8_lossy(start)),
        None => String::from_utf8_lossy(line).into_owned(),
    }
}
