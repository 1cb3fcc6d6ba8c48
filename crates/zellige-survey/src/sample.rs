//! A part of a source that is evenly spread over it.
//!
//! In:     a [`Source`], before it is opened.
//! Out:    a [`Sample`]: features with their places, and which share of the source they are.
//! Keeps:  source order. The same source gives the same sample.
//! Source: cluster sampling: of small blocks of lines those are kept whose number hashes below a bound. Neighbours in
//!         a file are often neighbours on the map, and whether one is kept must tell nothing of the other, or
//!         what they share is misjudged; so blocks are not taken by turns. When what is kept outgrows its size, the
//!         bound falls and blocks are dropped again, so that the length of a pipe need not be known.

use std::borrow::Cow;
use std::ops::ControlFlow;

use zellige_ingest::{Blocks, Document, Item, Parser, Settings, Source};
use zellige_model::{Feature, Place, ValueRef};

use crate::Error;

/// Bytes that the features of a sample take, about as much as their lines do.
pub const SAMPLE_BYTES_MAX: u64 = 32 << 20;
/// Blocks that are looked at or passed over; a pipe that has more is sampled in its beginning only.
pub const BLOCKS_MAX: u64 = 1 << 18;
/// Bytes of a block, unless the files are so large that there would be too many.
const BLOCK_BYTES_MIN: u64 = 16 << 10;
/// Bytes of a block of the largest files.
const BLOCK_BYTES_MAX: u64 = 16 << 20;
/// How full a sample is meant to become when the size of its source is known.
const FILLED_FIRST: f64 = 0.9;
/// What is left of the bound when a sample has outgrown its size.
const LOWERED: f64 = 0.75;
/// Bytes that a feature and an attribute take beside their texts and points.
const FEATURE_BYTES: u64 = 40;
const ATTRIBUTE_BYTES: u64 = 6;
/// Bytes of a point.
const POINT_BYTES: u64 = 20;

/// Features of a source, evenly spread over it.
#[derive(Debug)]
pub struct Sample {
    /// The id of the source, as it was given.
    pub id: String,
    /// The features in source order.
    pub features: Vec<Sampled>,
    /// Blocks that were kept; features of one block stand beside each other in the source.
    pub n_units: u32,
    /// The share of the source that was kept, above 0 and at most 1.
    pub share: f64,
    /// The share of the source that was looked at: 1 unless a stream is longer than what is read of it. Nothing when
    /// its end was not reached and its length is not known.
    pub reach: Option<f64>,
    /// Lines of the kept blocks that are no features.
    pub n_faults: u64,
    /// The first of them.
    pub first_fault: Option<FirstFault>,
    blocks: Blocks,
}

/// A feature and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampled {
    /// The number of its block among those that were kept, from 0.
    pub unit: u32,
    /// Its place in the source.
    pub place: Place,
    /// The feature.
    pub feature: Feature,
}

/// The first line of a sample that is no feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstFault {
    /// Its place in the source.
    pub place: Place,
    /// What is wrong with it.
    pub reason: Cow<'static, str>,
    /// What it seems to be a part of, if features were meant to stand one a line.
    pub document: Option<Document>,
}

/// A block that was kept.
#[derive(Debug, Default)]
struct Unit {
    /// Its number among all blocks.
    number: u64,
    features: Vec<(Place, Feature)>,
    n_faults: u64,
    first_fault: Option<FirstFault>,
    bytes: u64,
}

impl Sample {
    /// Reads a sample of `source` that takes at most about `bytes_max` bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] when the source cannot be opened or read.
    pub fn take(source: Source, bytes_max: u64) -> Result<Self, Error> {
        let id = source.id().to_owned();
        let failed = |error| Error::Read { id: id.clone(), source: error };
        let bytes_total = source.file_bytes();
        let block_bytes =
            bytes_total.map_or(0, |total| total / (BLOCKS_MAX / 2)).clamp(BLOCK_BYTES_MIN, BLOCK_BYTES_MAX);
        let settings = Settings { block_bytes: block_bytes as usize, ..Settings::default() };
        let blocks = source.open(&settings).map_err(failed)?;
        let mut keeper = Keeper::new(bytes_total, bytes_max);
        let (mut parser, mut n_blocks) = (Parser::new(), 0);
        let mut is_whole = true;
        while let Some(mut block) = blocks.next().map_err(failed)? {
            if n_blocks == BLOCKS_MAX {
                is_whole = false;
                break;
            }
            if keeper.wants(n_blocks) {
                let mut unit = Unit { number: n_blocks, ..Unit::default() };
                let flow = block.for_each(&mut parser, &mut |place, item| {
                    unit.add(place, &item);
                    ControlFlow::Continue(())
                });
                let _ = flow.map_err(failed)?;
                keeper.keep(unit);
            }
            n_blocks += 1;
        }
        let reach = match blocks.bytes_total().filter(|total| *total > 0) {
            _ if is_whole => Some(1.0),
            Some(total) => Some(blocks.bytes_taken() as f64 / total as f64),
            None => None,
        };
        let n_units = keeper.units.len() as u32;
        let share = if n_blocks == 0 { 1.0 } else { f64::from(n_units) / n_blocks as f64 };
        let n_faults = keeper.units.iter().map(|unit| unit.n_faults).sum();
        let first_fault = keeper.units.iter().find_map(|unit| unit.first_fault.clone());
        let mut features = Vec::new();
        for (unit_idx, unit) in keeper.units.into_iter().enumerate() {
            let sampled = |(place, feature)| Sampled { unit: unit_idx as u32, place, feature };
            features.extend(unit.features.into_iter().map(sampled));
        }
        Ok(Self { id, features, n_units, share, reach, n_faults, first_fault, blocks })
    }

    /// Whether every feature of the source is in the sample.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.share >= 1.0 && self.reach == Some(1.0)
    }

    /// Returns the factor by which counts of the sample grow to those of the whole source.
    #[must_use]
    pub fn weight(&self) -> f64 {
        1.0 / (self.share * self.reach.unwrap_or(1.0))
    }

    /// Returns the input and the number of the line there, from 1; nothing when lines before it were not read. In a
    /// whole document the number is that of the feature.
    #[must_use]
    pub fn line_number(&self, place: Place) -> Option<(String, u64)> {
        self.blocks.line_number(place)
    }

    /// Says where a feature stands: its input and line, or the input alone when lines before it were not read.
    #[must_use]
    pub fn locate(&self, place: Place) -> String {
        if let Some((input, line)) = self.line_number(place) {
            return format!("line {line} of {input}");
        }
        let start = Place { block: 0, line: 0, ..place };
        self.blocks.line_number(start).map_or_else(String::new, |(input, _)| format!("a line of {input}"))
    }
}

impl Unit {
    fn add(&mut self, place: Place, item: &Item<'_>) {
        match item {
            Item::Feature(feature, _) => {
                let feature = (*feature).clone();
                self.bytes += size(&feature);
                self.features.push((place, feature));
            }
            Item::Fault(fault, line) => {
                self.n_faults += 1;
                self.first_fault.get_or_insert_with(|| FirstFault {
                    place,
                    reason: fault.reason.clone(),
                    document: Document::of(&fault.reason, line),
                });
            }
        }
    }
}

/// Keeps units whose numbers hash to at most `hash_max`, and lowers it when they outgrow `bytes_max`.
struct Keeper {
    units: Vec<Unit>,
    hash_max: u64,
    bytes: u64,
    bytes_max: u64,
}

impl Keeper {
    /// Returns a keeper for a source of so many bytes, if that is known.
    fn new(bytes_total: Option<u64>, bytes_max: u64) -> Self {
        let mut keeper = Self { units: Vec::new(), hash_max: u64::MAX, bytes: 0, bytes_max };
        if let Some(total) = bytes_total.filter(|total| *total > bytes_max) {
            keeper.lower(bytes_max as f64 / total as f64 * FILLED_FIRST);
        }
        keeper
    }

    fn wants(&self, number: u64) -> bool {
        hash(number) <= self.hash_max
    }

    fn keep(&mut self, unit: Unit) {
        self.bytes += unit.bytes;
        self.units.push(unit);
        // Ends: each round lowers the bound until one unit is left.
        while self.bytes > self.bytes_max && self.units.len() > 1 {
            self.lower(LOWERED);
            let hash_max = self.hash_max;
            self.units.retain(|unit| hash(unit.number) <= hash_max);
            self.bytes = self.units.iter().map(|unit| unit.bytes).sum();
        }
    }

    fn lower(&mut self, factor: f64) {
        self.hash_max = (self.hash_max as f64 * factor) as u64;
    }
}

/// Mixes the bits of a number (the finalizer of `splitmix64`); 0 stays 0, so that the first block is always kept.
const fn hash(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// Returns about how many bytes a feature takes in its source.
fn size(feature: &Feature) -> u64 {
    let texts = feature.attributes.iter().map(|(name, value)| {
        let text = if let ValueRef::String(text) | ValueRef::Json(text) = value { text.len() } else { 5 };
        ATTRIBUTE_BYTES + (name.len() + text) as u64
    });
    FEATURE_BYTES + texts.sum::<u64>() + feature.geometry.points.len() as u64 * POINT_BYTES
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn lines(n: usize) -> Vec<u8> {
        let mut text = String::new();
        for n in 0..n {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                r#"{{"type":"Feature","properties":{{"n":{n}}},"geometry":{{"type":"Point","coordinates":[{},1]}}}}"#,
                n % 180
            );
        }
        text.into_bytes()
    }

    fn take(text: Vec<u8>, bytes_max: u64) -> Sample {
        let source = Source::new("a").reader("memory", Box::new(std::io::Cursor::new(text)));
        Sample::take(source, bytes_max).unwrap()
    }

    #[test]
    fn small_sources_are_kept_whole() {
        let sample = take(lines(5_000), SAMPLE_BYTES_MAX);
        assert!(sample.is_whole());
        assert_eq!((sample.features.len(), sample.n_faults), (5_000, 0));
        assert_eq!(sample.locate(sample.features[4_321].place), "line 4322 of memory");
    }

    #[test]
    fn large_ones_are_thinned_evenly() {
        let sample = take(lines(60_000), 1 << 20);
        assert!(sample.share < 0.7 && sample.share > 0.1, "{}", sample.share);
        let guess = sample.features.len() as f64 * sample.weight();
        assert!((guess / 60_000.0 - 1.0).abs() < 0.05, "{guess}");
        let thirds = [0, 20_000, 40_000].map(|from| {
            let is_in = |sampled: &&Sampled| match sampled.feature.attributes.get("n") {
                Some(ValueRef::Int(n)) => (from..from + 20_000).contains(&n),
                _ => false,
            };
            sample.features.iter().filter(is_in).count() as f64
        });
        let third = sample.features.len() as f64 / 3.0;
        assert!(thirds.iter().all(|n| (n / third - 1.0).abs() < 0.25), "{thirds:?}");
        assert_eq!(sample.locate(sample.features[sample.features.len() - 1].place), "a line of memory");
    }

    #[test]
    fn files_and_pipes_give_about_the_same() {
        let folder = std::env::temp_dir().join(format!("zellige-sample-{}", std::process::id()));
        std::fs::write(&folder, lines(60_000)).unwrap();
        let sample = Sample::take(Source::new("a").file(&folder), 1 << 20).unwrap();
        std::fs::remove_file(&folder).unwrap();
        assert!(sample.share < 0.7 && sample.share > 0.1, "{}", sample.share);
    }

    #[test]
    fn bad_lines_are_counted_and_the_first_is_kept() {
        let mut text = lines(2_000);
        text.extend(b"nonsense\n{\n");
        let sample = take(text, SAMPLE_BYTES_MAX);
        assert_eq!((sample.features.len(), sample.n_faults), (2_000, 2));
        let first = sample.first_fault.clone().unwrap();
        assert_eq!(sample.locate(first.place), "line 2001 of memory");
        assert_eq!(first.reason, "Line is not valid JSON: expected ident (column 2)");
        assert_eq!(first.document, None);
        assert_eq!(take(Vec::new(), 1).first_fault, None);
    }
}
