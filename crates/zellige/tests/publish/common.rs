//! Publishes small sources into a temporary folder and shows all tiles as text.

use std::fmt::Write as _;
use std::io::Cursor;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use zellige::archive::ReadTiles;
use zellige::{Error, Report, Settings, Source, tile};
use zellige_testkit::validate::validate;

/// Returns the folder of test data in the workspace.
pub(crate) fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata")
}

/// A finished publish.
pub(crate) struct Published {
    pub(crate) report: Report,
    /// The archive, byte for byte.
    pub(crate) bytes: Vec<u8>,
    /// All tiles as text, in order.
    pub(crate) text: String,
}

/// Returns settings that a machine does not influence.
pub(crate) fn settings(threads: usize, memory_bytes: u64) -> Settings {
    let threads = NonZeroUsize::new(threads).expect("a test has threads");
    Settings { threads, memory_bytes, ..Settings::for_machine() }
}

/// Publishes the lines of one source by `recipe`; every tile has to be legal.
pub(crate) fn publish(recipe: &str, source: &str, settings: &Settings) -> Result<Published, Error> {
    let plan = zellige::plan(recipe.as_bytes()).expect("the recipe of a test is valid and supported");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let target = folder.path().join("out.pmtiles");
    let id = plan.layers[0].source.clone();
    let lines = Source::new(id).reader("source.geojsonl", Box::new(Cursor::new(source.to_owned())));
    let report = zellige::publish(&plan, vec![lines], &target, settings, &mut |_| ControlFlow::Continue(()))?;
    let archive = zellige::archive::open(&target).expect("the archive opens");
    let bytes = std::fs::read(&target).expect("the archive is there");
    Ok(Published { report, bytes, text: all_tiles(&*archive) })
}

fn all_tiles(archive: &dyn ReadTiles) -> String {
    let mut out = String::new();
    let shown = archive.for_each(&mut |coord, bytes| {
        assert_eq!(validate(bytes), [""; 0], "tile {coord} is legal");
        let decoded = tile::decode::decode(bytes).expect("the tile decodes");
        let _ = write!(out, "{}", tile::text::to_text(coord, &decoded));
        Ok(())
    });
    shown.expect("all tiles can be read");
    out
}
