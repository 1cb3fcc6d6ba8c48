//! Publishes hostile files and tells what came of them.

use std::fmt::Write as _;
use std::fs;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use zellige::archive::ReadTiles;
use zellige::{Error, Report, Settings, Source, tile};
use zellige_testkit::validate::validate;

/// One layer of everything, with as much room as a recipe can give.
const RECIPE: &str = r#"{"version": 1, "layers": {"all": {"source": "mapbox://tileset-source/me/all",
    "minzoom": 0, "maxzoom": 0, "features": {"simplification": 0}, "tiles": {"buffer_size": 0, "layer_size": 2500}}}}"#;

/// Any job on a small source ends within this time, even on a busy machine.
const SMALL_TIME_MAX: Duration = Duration::from_secs(20);

/// A folder with one source and one target.
pub(crate) struct Desk {
    pub(crate) folder: tempfile::TempDir,
}

/// What came of a job.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) report: Result<Report, Error>,
    /// The features of all tiles, as text; none after an error.
    pub(crate) features: Vec<String>,
    pub(crate) elapsed: Duration,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file and returns its path.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Publishes a source; nothing readable may stay after an error.
    pub(crate) fn publish(&self, source: Source) -> Ended {
        let plan = zellige::plan(RECIPE.as_bytes()).unwrap();
        let target = self.path("all.pmtiles");
        let threads = NonZeroUsize::new(2).unwrap();
        let settings =
            Settings { threads, memory_bytes: 64 << 20, tile_bytes_max: 64 << 20, ..Settings::for_machine() };
        let started = Instant::now();
        let go_on = &mut |_: &_| ControlFlow::Continue(());
        let report = zellige::publish(&plan, vec![source], &target, &settings, go_on);
        let elapsed = started.elapsed();
        assert_eq!(target.exists(), report.is_ok());
        let features = if report.is_ok() { features(&target) } else { Vec::new() };
        Ended { report, features, elapsed }
    }

    /// Publishes a small file.
    pub(crate) fn publish_file(&self, path: &Path) -> Ended {
        let ended = self.publish(Source::new("all").file(path));
        assert!(ended.elapsed < SMALL_TIME_MAX, "it took {:?}", ended.elapsed);
        ended
    }
}

impl Ended {
    /// Returns the error and its causes, joined by colons.
    pub(crate) fn error(&self) -> String {
        let Err(error) = &self.report else { panic!("the job succeeds: {:?}", self.features) };
        let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
        causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
    }

    /// Returns findings as `code: reason`, each of this line of the file; the reason only where it says more
    /// than the code.
    pub(crate) fn findings(&self, file: &Path, line: u64) -> Vec<String> {
        let report = self.report.as_ref().unwrap_or_else(|error| panic!("{error}"));
        let mut told = Vec::new();
        for finding in &report.findings {
            let code = finding.code;
            if finding.examples.is_empty() {
                told.push(code.to_string());
            }
            for example in &finding.examples {
                assert_eq!((Path::new(&example.file), example.line), (file, line), "{code}");
                let says_more = example.reason != code.sentence();
                told.push(if says_more { format!("{code}: {}", example.reason) } else { code.to_string() });
            }
        }
        told
    }
}

/// Returns every feature of every tile as text; every tile has to be legal.
fn features(archive: &Path) -> Vec<String> {
    let archive: Box<dyn ReadTiles> = zellige::archive::open(archive).unwrap();
    let mut text = String::new();
    let all = archive.for_each(&mut |coord, bytes| {
        assert_eq!(validate(bytes), [""; 0], "tile {coord} is legal");
        let _ = write!(text, "{}", tile::text::to_text(coord, &tile::decode::decode(bytes).unwrap()));
        Ok(())
    });
    all.unwrap();
    text.lines().filter_map(|line| line.strip_prefix("  ")).map(str::to_owned).collect()
}
