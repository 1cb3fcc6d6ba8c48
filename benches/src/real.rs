//! Real inputs, where there are some.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::PathBuf;

use flate2::read::MultiGzDecoder;

use crate::say;

/// The environment variable that names a folder with real files `*.geojsonl.gz`.
pub const DATA: &str = "ZELLIGE_DATA";

const ENDING: &str = ".geojsonl.gz";

/// One real file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealInput {
    /// The name of the file without its endings.
    pub name: String,
    path: PathBuf,
}

impl RealInput {
    /// Returns the lines of the file.
    #[must_use]
    pub fn lines(&self) -> String {
        let file = File::open(&self.path).expect("the file was listed");
        let mut lines = String::new();
        MultiGzDecoder::new(file).read_to_string(&mut lines).expect("the file is gzip of UTF-8");
        lines
    }
}

/// Returns the real files by name; says so when none are given.
#[must_use]
pub fn real_inputs() -> Vec<RealInput> {
    let Some(folder) = std::env::var_os(DATA) else {
        say(&format!("real inputs are left out: {DATA} names no folder with *{ENDING}"));
        return Vec::new();
    };
    let entries = fs::read_dir(&folder).expect("the folder of real inputs can be read");
    let named = |name: OsString| {
        let name = name.to_str()?.strip_suffix(ENDING)?.to_owned();
        let path = PathBuf::from(&folder).join(format!("{name}{ENDING}"));
        Some(RealInput { name, path })
    };
    let mut inputs: Vec<_> = entries.flatten().filter_map(|entry| named(entry.file_name())).collect();
    inputs.sort_by(|a, b| a.name.cmp(&b.name));
    inputs
}
