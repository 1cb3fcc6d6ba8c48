//! One publish: sources and a plan to an archive and a report.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime};

use zellige_archive::{CreateOptions, Format, WriteTiles};
use zellige_ingest::{Blocks, Document, Shelf, Source};
use zellige_model::{Example, FindingCode, Place};
use zellige_recipe::Plan;
use zellige_tile::fault::Fault;
use zellige_tile::key::Keys;

use crate::blocks::BlockFile;
use crate::borders::{self, VisitStore};
use crate::describe::describe;
use crate::duplicates::Duplicates;
use crate::emitting::{Emitting, Made};
use crate::merge::Runs;
use crate::progress::{Counters, Progress};
use crate::report::{self, Report};
use crate::settings::{Borders, Settings};
use crate::slicing::{Found, IdleWorkers, OpenSource, Slicing};
use crate::sort::RunStore;
use crate::spill::Fan;
use crate::{Error, FirstFault};

/// The least memory that a job works with, bytes, and that each of its threads does.
const MEMORY_BYTES_MIN: u64 = 16 << 20;
const THREAD_BYTES_MIN: u64 = 4 << 20;
/// What a job takes beside its runs, and each of its workers: blocks that are parsed, tiles that are built
/// or wait for the writer; measured.
const JOB_BYTES: u64 = 16 << 20;
const WORKER_BYTES: u64 = 12 << 20;
/// Features of very long lines that are wanted again have at most this part of the memory of full runs.
const FEATURES_SHARE: u64 = 8;
/// One part in so many of the memory has compressed contents that may come again.
const PACKED_SHARE: u64 = 32;
/// Bytes of a run, when memory allows.
const RUN_BYTES_MAX: u64 = 64 << 20;

/// Called a few times a second; breaking off cancels the job.
pub type Watch<'w> = &'w mut dyn FnMut(&Progress) -> ControlFlow<()>;

/// Publishes `sources` by `plan` to an archive at `target`, whose name says the format.
///
/// The archive appears when it is whole; after an error the old one stands as it was.
///
/// # Errors
///
/// See [`Error`]. Defects of data are no errors: they are counted in the report.
pub fn publish(
    plan: &Plan,
    sources: Vec<Source>,
    target: &Path,
    settings: &Settings,
    watch: Watch<'_>,
) -> Result<Report, Error> {
    let started = Started { at: SystemTime::now(), instant: Instant::now() };
    let source_of_layer = match_sources(plan, &sources)?;
    let format = Format::of(target)?;
    let options = CreateOptions { overwrite: settings.overwrite };
    let archive = zellige_archive::create(target, format, &options, &settings.temp)?;
    let job = Job {
        plan,
        settings,
        format,
        source_of_layer,
        pool: pool(settings.threads)?,
        keys: Keys::for_plan(plan),
        counters: Counters::default(),
    };
    // By the time that there is an error, all that was built is removed again.
    let published = job.publish(sources, (target, archive), started, watch);
    published.map_err(|error| error.with_room(target, &settings.temp, &job.counters))
}

#[derive(Clone, Copy, Debug)]
struct Started {
    at: SystemTime,
    instant: Instant,
}

/// What both phases need.
struct Job<'a> {
    plan: &'a Plan,
    settings: &'a Settings,
    format: Format,
    /// By layer: the number of its source.
    source_of_layer: Vec<usize>,
    pool: rayon::ThreadPool,
    keys: Keys,
    counters: Counters,
}

/// What the first phase leaves to the second, and to the report.
struct SlicedJob {
    found: Found,
    lines: Lines,
    runs: Runs,
    blocks: BlockFile,
    duplicates: Duplicates,
    /// The names of all attributes, by number.
    names: Vec<Arc<str>>,
    spilled_bytes: u64,
}

impl Job<'_> {
    /// Runs both phases and completes the archive.
    fn publish(
        &self,
        sources: Vec<Source>,
        (target, mut archive): (&Path, Box<dyn WriteTiles>),
        started: Started,
        watch: Watch<'_>,
    ) -> Result<Report, Error> {
        let Self { plan, settings, .. } = *self;
        let sliced = self.slice(sources, watch)?;
        let sliced_in = started.instant.elapsed();
        let mut made = self.emit(&sliced, &mut *archive, watch)?;

        let SlicedJob { mut found, lines, duplicates, names, spilled_bytes, .. } = sliced;
        found.findings.count(FindingCode::DuplicateId, duplicates.count());
        let title = title(target);
        let layers = std::mem::take(&mut made.emitted.layers);
        let tileset = describe(plan, settings, &title, &names, (&layers, &found));
        let written = archive.finish(&tileset)?;
        let facts = report::Facts {
            plan,
            settings,
            title,
            tileset,
            written,
            found,
            layers,
            sources: &self.source_of_layer,
            checksums: made.checksums,
            duplicates,
            spilled_bytes,
            features: self.counters.features.load(Ordering::Relaxed),
            started: started.at,
            sliced_in,
            elapsed: started.instant.elapsed(),
        };
        Ok(report::write(facts, &|source, place| lines.locate(source, place)))
    }

    /// The first phase: sources to sorted runs of pieces.
    fn slice(&self, sources: Vec<Source>, watch: Watch<'_>) -> Result<SlicedJob, Error> {
        let Self { plan, settings, keys, counters, .. } = self;
        let budget = Budget::new(settings);
        let fan = Fan::new(budget.run, settings.threads.get());
        let store = |bytes| RunStore::new(bytes, budget.run, fan, settings.temp.clone(), counters);
        let (pieces, ids) = (store(budget.pieces), store(budget.ids));
        let visits = VisitStore::new(&pieces, budget.run, settings.temp.clone());
        let sources = self.open(sources)?;
        let slicing = Slicing {
            plan,
            sources: &sources,
            keys,
            tiny: settings.tiny,
            pieces: &pieces,
            ids: &ids,
            visits: &visits,
            counters,
            idle: IdleWorkers(counters),
        };
        let mut found = slicing.run(&self.pool, watch)?;
        for source in &sources {
            source.blocks.release();
        }
        let lines = Lines { sources: sources.into_iter().map(|source| (source.id, source.blocks)).collect() };
        if found.lines == 0 {
            return Err(Error::NoFeatures { file: lines.locate(0, Place::default()).map(|(file, _)| file) });
        }
        if found.features == 0 {
            return Err(no_geojson(&found, &lines));
        }
        if let Some(fault) = found.sliced.fault.take() {
            return Err(self.failed(&lines, fault));
        }
        let spilled_bytes = pieces.spilled_bytes();
        let duplicates = Duplicates::find(&ids.into_runs().0, plan.layers.len(), counters)?;
        let ((runs, blocks), names) = (pieces.into_runs(), keys.names());
        Ok(SlicedJob { found, lines, runs, blocks, duplicates, names, spilled_bytes })
    }

    /// Opens all sources and gives them the layers that take their features.
    fn open(&self, sources: Vec<Source>) -> Result<Vec<OpenSource>, Error> {
        let features_bytes_max =
            Budget::new(self.settings).pieces / FEATURES_SHARE / sources.len().max(1) as u64;
        let open = |(number, source): (usize, Source)| {
            let id = source.id().to_owned();
            let blocks = source
                .open(&self.settings.ingest)
                .map_err(|source| Error::Read { id: id.clone(), source })?;
            let takes = |(layer, source): (usize, &usize)| (*source == number).then_some(layer);
            let layer_numbers: Vec<usize> =
                self.source_of_layer.iter().enumerate().filter_map(takes).collect();
            let is_shared = self.settings.borders == Borders::Shared
                && layer_numbers.iter().any(|layer| borders::are_simplified(&self.plan.layers[*layer]));
            let shelf = is_shared.then(|| Shelf::new(self.settings.temp.clone(), features_bytes_max));
            Ok(OpenSource { id, blocks, layer_numbers, shelf })
        };
        sources.into_iter().enumerate().map(open).collect()
    }

    /// The second phase: runs to tiles in `archive`.
    fn emit(
        &self,
        sliced: &SlicedJob,
        archive: &mut dyn WriteTiles,
        watch: Watch<'_>,
    ) -> Result<Made, Error> {
        let emitting = Emitting {
            plan: self.plan,
            names: &sliced.names,
            runs: &sliced.runs,
            blocks: &sliced.blocks,
            keys: &self.keys,
            duplicates: &sliced.duplicates,
            tile_bytes_max: self.settings.tile_bytes_max,
            format: self.format,
            compression_level: self.settings.compression_level,
            packed_bytes: self.settings.memory_bytes / PACKED_SHARE,
            counters: &self.counters,
        };
        let mut made = emitting.run(&self.pool, archive, watch)?;
        if let Some(fault) = made.emitted.fault.take() {
            return Err(self.failed(&sliced.lines, fault));
        }
        if made.tiles == 0 {
            let layers = made.emitted.layers.iter();
            let over_budget = layers.map(|layer| layer.stats.total(|zoom| zoom.features_over_budget)).sum();
            return Err(Error::NoTiles { over_budget });
        }
        Ok(made)
    }

    /// Returns the error that a fault makes, with its line.
    fn failed(&self, lines: &Lines, fault: Fault) -> Error {
        let Fault { tile, layer, place, error } = fault;
        let source = self.source_of_layer[usize::from(layer)];
        let (file, line) = lines.locate(source as u32, Place::from_key(place)).unwrap_or_default();
        let layer = self.plan.layers[usize::from(layer)].name.as_str().to_owned();
        Error::Expression { reason: error.to_string(), tile, layer, file, line }
    }
}

/// Returns the threads of a job.
fn pool(threads: NonZeroUsize) -> Result<rayon::ThreadPool, Error> {
    let threads = threads.get();
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|number| format!("zellige-{number}"))
        .build()
        .map_err(|source| Error::Threads { threads, source })
}

/// The lines of all sources, read to the end.
struct Lines {
    sources: Vec<(String, Blocks)>,
}

impl Lines {
    /// Returns file and line of a place in a source.
    fn locate(&self, source: u32, place: Place) -> Option<(String, u64)> {
        self.sources.get(source as usize)?.1.line_number(place)
    }
}

/// How the memory of a job is divided.
#[derive(Clone, Copy, Debug)]
struct Budget {
    /// Bytes of a run that a worker fills.
    run: usize,
    /// Bytes of full runs of pieces in memory.
    pieces: u64,
    /// Bytes of full runs of ids in memory.
    ids: u64,
}

impl Budget {
    /// Every worker fills one run of pieces and one of ids, and may merge runs in the space of a third.
    /// What the job takes whatever its input is set aside, up to half; the rest is for full runs.
    fn new(settings: &Settings) -> Self {
        let threads = settings.threads.get() as u64;
        let memory = settings.memory_bytes.max(MEMORY_BYTES_MIN).max(threads * THREAD_BYTES_MIN);
        let run_bytes = (memory / (8 * threads)).min(RUN_BYTES_MAX);
        let set_aside = (JOB_BYTES + threads * WORKER_BYTES).min(memory / 2);
        let left = memory.saturating_sub(3 * threads * run_bytes + set_aside);
        Self { run: run_bytes as usize, pieces: left / 8 * 7, ids: left / 8 }
    }
}

/// Returns for each layer the number of its source.
fn match_sources(plan: &Plan, sources: &[Source]) -> Result<Vec<usize>, Error> {
    let ids: Vec<&str> = sources.iter().map(Source::id).collect();
    let found = plan.layers.iter().map(|layer| {
        match_source(&layer.source, &ids).ok_or_else(|| Error::SourceMissing {
            id: layer.source.clone(),
            layer: layer.name.as_str().to_owned(),
        })
    });
    let found: Vec<usize> = found.collect::<Result<_, Error>>()?;
    for (layer, source) in plan.layers.iter().zip(&found) {
        let first = found.iter().position(|other| other == source).map(|first| &plan.layers[first]);
        if let Some(first) = first.filter(|first| first.source != layer.source) {
            let meanings = [first.source.clone(), layer.source.clone()];
            return Err(Error::SourceAmbiguous { id: ids[*source].to_owned(), meanings });
        }
    }
    match sources.iter().enumerate().find(|(number, _)| !found.contains(number)) {
        Some((_, unused)) => Err(Error::SourceUnused { id: unused.id().to_owned() }),
        None => Ok(found),
    }
}

/// Returns which of the given ids is the one in a recipe, or else its last part.
fn match_source(in_recipe: &str, given: &[&str]) -> Option<usize> {
    let last_part = in_recipe.rsplit('/').next();
    let whole = given.iter().position(|id| *id == in_recipe);
    whole.or_else(|| given.iter().position(|id| Some(*id) == last_part))
}

/// Returns why no line is a feature, judged by the first of them.
fn no_geojson(found: &Found, lines: &Lines) -> Error {
    let codes = [FindingCode::LineUndecodable, FindingCode::GeometryUnencodable];
    let tallies = codes.into_iter().filter_map(|code| found.findings.get(code));
    let first: Option<&Example> =
        tallies.filter_map(|tally| tally.examples.first()).min_by_key(|first| (first.source, first.place));
    let first = first.map(|Example { source, place, reason, text }| {
        let (file, line) = lines.locate(*source, *place).unwrap_or_default();
        let document = Document::of(reason, text.as_bytes());
        FirstFault { file, line, reason: reason.clone(), document }
    });
    Error::NoGeoJson { first }
}

/// Returns what a tileset at `target` is called when nobody names it: its file name without the extension,
/// or that of its folder.
#[must_use]
pub fn title(target: &Path) -> String {
    let name = if Format::of(target).is_ok_and(|format| format == Format::Folder) {
        target.file_name()
    } else {
        target.file_stem()
    };
    name.map_or_else(|| "tileset".to_owned(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_is_named_by_its_id_or_the_last_part_of_it() {
        let id = "mapbox://tileset-source/acme/roads";
        assert_eq!(match_source(id, &["roads", id]), Some(1));
        assert_eq!(match_source(id, &["acme", "oads", "roads"]), Some(2));
        assert_eq!(match_source(id, &["acme", "oads"]), None);
    }

    #[test]
    fn budget_is_never_promised_twice() {
        for (memory_bytes, threads) in
            [(0, 1), (64 << 20, 1), (64 << 20, 8), (16 << 20, 64), (6 << 30, 2), (1 << 40, 64)]
        {
            let threads = NonZeroUsize::new(threads).unwrap();
            let settings = Settings { threads, memory_bytes, ..Settings::for_machine() };
            let budget = Budget::new(&settings);
            let promised = 3 * threads.get() as u64 * budget.run as u64 + budget.pieces + budget.ids;
            let at_least = MEMORY_BYTES_MIN.max(threads.get() as u64 * THREAD_BYTES_MIN);
            assert!(promised <= memory_bytes.max(at_least), "{budget:?}");
        }
    }
}
