//! The first phase: blocks of the sources to sorted runs of pieces.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use zellige_ingest::{Block, Blocks, Item, Parser};
use zellige_model::finding::EXAMPLE_BYTES_MAX;
use zellige_model::{Example, Findings, Place, Zoom};
use zellige_recipe::Plan;
use zellige_tile::key::Keys;
use zellige_tile::piece::{PieceKey, PieceSink};
use zellige_tile::slice::{Sliced, Slicer};

use crate::Error;
use crate::duplicates;
use crate::progress::{Counters, Phase, Progress};
use crate::publish::Watch;
use crate::sort::{RunStore, RunWriter};

/// How often the caller hears of progress.
pub(crate) const WATCH_STEP: Duration = Duration::from_millis(100);

/// An opened source and the layers that take its features.
#[derive(Debug)]
pub(crate) struct OpenSource {
    pub(crate) id: String,
    pub(crate) blocks: Blocks,
    pub(crate) layer_numbers: Vec<usize>,
}

/// What this phase needs, shared by all workers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slicing<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) sources: &'a [OpenSource],
    pub(crate) keys: &'a Keys,
    pub(crate) pieces: &'a RunStore<'a>,
    /// Ids of features, to find duplicates.
    pub(crate) ids: &'a RunStore<'a>,
    pub(crate) counters: &'a Counters,
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
}

impl Found {
    fn merge(&mut self, other: Self) {
        self.sliced.merge(other.sliced);
        self.findings.merge(other.findings);
        self.lines += other.lines;
        self.features += other.features;
    }
}

impl Slicing<'_> {
    /// Slices all sources with the threads of `pool`; the calling thread watches.
    pub(crate) fn run(&self, pool: &rayon::ThreadPool, watch: Watch<'_>) -> Result<Found, Error> {
        let started = Instant::now();
        let (sender, receiver) = mpsc::channel();
        pool.in_place_scope(|scope| {
            for _ in 0..pool.current_num_threads() {
                let sender = sender.clone();
                scope.spawn(move |_| {
                    let found = self.work();
                    if found.is_err() {
                        self.counters.cancel();
                    }
                    // The receiver lives until all workers have sent.
                    let _ = sender.send(found);
                });
            }
            drop(sender);
            let mut all = Ok(Found::default());
            loop {
                match receiver.recv_timeout(WATCH_STEP) {
                    Ok(found) => all = join(all, found),
                    Err(RecvTimeoutError::Timeout) => {
                        if watch(&self.progress(started)).is_break() {
                            self.counters.cancel();
                        }
                    }
                    Err(RecvTimeoutError::Disconnected) => return all,
                }
            }
        })
    }

    fn progress(&self, started: Instant) -> Progress {
        let bytes = self.sources.iter().map(|source| source.blocks.bytes_taken()).sum();
        let bytes_total: Option<u64> = self.sources.iter().map(|source| source.blocks.bytes_total()).sum();
        Progress {
            phase: Phase::Slicing,
            elapsed: started.elapsed(),
            features: self.counters.features.load(Ordering::Relaxed),
            bytes,
            bytes_total,
            tiles: 0,
            share: bytes_total.filter(|total| *total > 0).map(|total| (bytes as f64 / total as f64).min(1.0)),
        }
    }

    /// Takes blocks until there are no more.
    fn work(&self) -> Result<Found, Error> {
        let mut worker = Worker {
            slicer: Slicer::new(self.plan, self.keys),
            sink: Sink { pieces: RunWriter::new(self.pieces), ids: RunWriter::new(self.ids) },
            counters: self.counters,
            parser: Parser::new(),
            found: Found::default(),
        };
        for (source_idx, source) in self.sources.iter().enumerate() {
            let failed = |error| Error::Read { id: source.id.clone(), source: error };
            while let Some(mut block) = source.blocks.next().map_err(failed)? {
                if self.counters.is_cancelled() {
                    return Err(Error::Cancelled);
                }
                let features_before = worker.found.features;
                worker.slice_block(source_idx as u32, source, &mut block).map_err(failed)?;
                worker.sink.pieces.check()?;
                worker.sink.ids.check()?;
                if self.keys.is_overfull() {
                    return Err(Error::TooManyNames);
                }
                let features = worker.found.features - features_before;
                self.counters.features.fetch_add(features, Ordering::Relaxed);
            }
        }
        worker.sink.pieces.finish()?;
        worker.sink.ids.finish()?;
        worker.found.sliced = worker.slicer.finish();
        worker.found.findings.merge(std::mem::take(&mut worker.found.sliced.findings));
        Ok(worker.found)
    }
}

/// The first error wins, but one that says more than "cancelled".
fn join(all: Result<Found, Error>, found: Result<Found, Error>) -> Result<Found, Error> {
    match (all, found) {
        (Ok(mut all), Ok(found)) => {
            all.merge(found);
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

struct Worker<'a> {
    slicer: Slicer<'a>,
    sink: Sink<'a>,
    counters: &'a Counters,
    parser: Parser,
    found: Found,
}

impl Worker<'_> {
    fn slice_block(
        &mut self,
        source_idx: u32,
        source: &OpenSource,
        block: &mut Block,
    ) -> Result<(), zellige_ingest::Error> {
        let Self { slicer, sink, parser, found, counters } = self;
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
                    slicer.slice(feature, (source_idx, place), &source.layer_numbers, sink);
                }
                Item::Fault(fault, line) => {
                    let reason = &fault.reason;
                    found
                        .findings
                        .add(fault.code, source_idx, place, || example(source_idx, place, reason, line));
                }
            }
            if sink.has_failed() || counters.is_cancelled() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        Ok(())
    }
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
