//! A source: a named list of inputs, and how to read them.
//!
//! In:     paths, readers, iterators, in the order in which their features count.
//! Out:    [`Blocks`] of all of them.
//! Keeps:  that order. Whether a file is compressed is told by its first bytes and not by its name.
//! Source: recipe specification 6.1.

use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use geozero::GeozeroDatasource;
use zellige_model::Feature;

use crate::blocks::{Blocks, Limits, Waiting};
use crate::geozero::FeatureWriter;
use crate::memory::Features;
use crate::stream::{MAGIC_BYTES, is_compressed};
use crate::watch::Watched;
use crate::{Error, INPUTS_MAX};

/// Blocks are at most so large: each of their lines has a number below 2^28.
const BLOCK_BYTES_MAX: usize = 1 << 27;
/// Lines are at most so long: places in their text are 32 bits.
const LINE_BYTES_MAX: usize = 1 << 30;

/// A source has so many blocks at least, as long as they are not tiny, so that threads can share it.
const BLOCKS_MIN: u64 = 32;
/// Blocks of a small source have at least so many bytes.
const BLOCK_BYTES_MIN: u64 = 64 << 10;

/// Sizes of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Nominal bytes of a block, 1 to 2^27; small sources are cut into smaller ones.
    pub block_bytes: usize,
    /// Bytes of the longest line that is read, up to 2^30; longer ones are dropped and counted.
    pub line_bytes_max: usize,
}

impl Default for Settings {
    /// Blocks of 4 MiB, lines up to 256 MiB.
    fn default() -> Self {
        Self { block_bytes: 4 << 20, line_bytes_max: 256 << 20 }
    }
}

/// What the files and readers of a source hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// A feature a line.
    #[default]
    Lines,
    /// Whole `FeatureCollection` documents.
    FeatureCollection,
}

/// A named list of inputs.
pub struct Source {
    id: String,
    inputs: Vec<Input>,
    format: Format,
}

enum Input {
    File(PathBuf),
    Reader { name: String, reader: Box<dyn Read + Send> },
    Features(Features),
}

impl Source {
    /// Returns a source without inputs.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), inputs: Vec::new(), format: Format::Lines }
    }

    /// Returns the name of the source.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the bytes of its files as they are now; nothing when an input is no file that can be looked at.
    #[must_use]
    pub fn file_bytes(&self) -> Option<u64> {
        let bytes = |input: &Input| match input {
            Input::File(path) => {
                fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len())
            }
            Input::Reader { .. } | Input::Features(_) => None,
        };
        self.inputs.iter().map(bytes).sum()
    }

    /// Appends a file: plain, gzip or zstd. Pipes with a path are read as they come.
    #[must_use]
    pub fn file(self, path: impl Into<PathBuf>) -> Self {
        self.with(Input::File(path.into()))
    }

    /// Appends a reader of bytes as a file would hold them, such as standard input.
    #[must_use]
    pub fn reader(self, name: impl Into<String>, reader: Box<dyn Read + Send>) -> Self {
        self.with(Input::Reader { name: name.into(), reader })
    }

    /// Appends features; they are judged by the same rules as lines.
    ///
    /// `geo_types` geometries become features through `TryFrom`, see [`zellige_model::Geometry`].
    #[must_use]
    pub fn features(self, features: Box<dyn Iterator<Item = Feature> + Send>) -> Self {
        self.with(Input::Features(Box::new(features.map(Ok))))
    }

    /// Appends all features of a `geozero` source. They are held in memory, since such a source pushes and
    /// blocks are pulled; for one larger than memory see [`FeatureWriter`].
    ///
    /// # Errors
    ///
    /// [`Error::Geozero`] when the source fails.
    pub fn geozero(self, source: &mut impl GeozeroDatasource) -> Result<Self, Error> {
        let mut features = Vec::new();
        let mut writer = FeatureWriter::new(|feature| features.push(feature));
        source.process(&mut writer).map_err(|source| Error::Geozero { source })?;
        Ok(self.with(Input::Features(Box::new(features.into_iter()))))
    }

    /// Says what files and readers hold; features from memory do not care.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Opens the files and returns the blocks of the source.
    ///
    /// # Errors
    ///
    /// When a file is not there, may not be read or is a directory, or when there are too many inputs.
    pub fn open(self, settings: &Settings) -> Result<Blocks, Error> {
        let n_inputs = self.inputs.len();
        if n_inputs > INPUTS_MAX {
            return Err(Error::TooManyInputs { id: self.id, n_inputs });
        }
        let mut bytes_total = Some(0);
        let mut waiting = Vec::with_capacity(n_inputs);
        for input in self.inputs {
            let (name, input) = match input {
                Input::File(path) => (path.display().to_string(), wait(&path, self.format)?),
                Input::Reader { name, reader } => (name, Waiting::Reader(reader)),
                Input::Features(features) => ("features".to_owned(), Waiting::Features(features)),
            };
            bytes_total = match &input {
                Waiting::Plain(file) | Waiting::Packed(file) => bytes_total.map(|total| total + file.n_bytes),
                _ => None,
            };
            waiting.push((name, input));
        }
        let limits = Limits {
            block_bytes: block_bytes(settings, bytes_total) as u64,
            line_bytes_max: settings.line_bytes_max.min(LINE_BYTES_MAX),
        };
        Ok(Blocks::new(waiting, self.format, bytes_total, limits))
    }

    fn with(mut self, input: Input) -> Self {
        self.inputs.push(input);
        self
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.inputs.iter().map(Input::name).collect();
        f.debug_struct("Source")
            .field("id", &self.id)
            .field("inputs", &names)
            .field("format", &self.format)
            .finish()
    }
}

/// Returns the nominal bytes of a block of a source whose files have `bytes_total`, where that is known.
fn block_bytes(settings: &Settings, bytes_total: Option<u64>) -> usize {
    let wanted = settings.block_bytes.clamp(1, BLOCK_BYTES_MAX);
    bytes_total.map_or(wanted, |total| wanted.min((total / BLOCKS_MIN).max(BLOCK_BYTES_MIN) as usize))
}

impl Input {
    fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Reader { name, .. } => name.clone(),
            Self::Features(_) => "features".to_owned(),
        }
    }
}

/// Opens a regular file and looks at how it begins; a pipe is left alone until its turn.
fn wait(path: &Path, format: Format) -> Result<Waiting, Error> {
    let unopened = |source| Error::Open { path: path.to_owned(), source };
    let metadata = fs::metadata(path).map_err(unopened)?;
    if metadata.is_dir() {
        return Err(Error::Directory { path: path.to_owned() });
    }
    if !metadata.is_file() {
        return Ok(Waiting::Pipe(path.to_owned()));
    }
    let watched = Arc::new(Watched::open(path)?);
    let mut head = Vec::new();
    let n_bytes = MAGIC_BYTES as u64;
    watched.reader()?.take(n_bytes).read_to_end(&mut head).map_err(|source| watched.unreadable(source))?;
    let is_plain = format == Format::Lines && !is_compressed(&head);
    Ok(if is_plain { Waiting::Plain(watched) } else { Waiting::Packed(watched) })
}
