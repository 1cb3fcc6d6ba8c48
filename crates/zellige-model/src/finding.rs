//! Findings: defects in data that are counted and shown, and that never end a job.
//!
//! Every code stands in this one file, with a sentence for people.

use std::collections::BTreeMap;
use std::fmt;

/// How many examples of a code are kept: those that stand first in the source.
pub const EXAMPLES_MAX: usize = 20;
/// How many bytes of an offending line an example shows.
pub const EXAMPLE_BYTES_MAX: usize = 2_000;

macro_rules! codes {
    ($($(#[doc = $sentence:literal])+ $variant:ident = $code:literal,)+) => {
        /// What is wrong; the text form is stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum FindingCode { $($(#[doc = $sentence])+ $variant,)+ }

        impl FindingCode {
            /// All codes, in the order in which reports list them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Returns the stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// Returns the sentence for people.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => concat!($($sentence),+).trim_ascii_start(),)+ }
            }
        }
    };
}

codes! {
    /// The line could not be read as a feature and was dropped (W202).
    LineUndecodable = "line-undecodable",
    /// The geometry could not be written to tiles and the feature was dropped (W203).
    GeometryUnencodable = "geometry-unencodable",
    /// A ring did not end where it started and was closed.
    RingNotClosed = "ring-not-closed",
    /// A point beyond the latitudes of Web Mercator was dropped.
    OutsideMercator = "outside-mercator",
    /// Two neighbouring vertices are more than 180 degrees of longitude apart; the edge was drawn the long way.
    LongitudeJump = "longitude-jump",
    /// An id is a boolean, array or object; the feature has no id in tiles.
    IdUnusable = "id-unusable",
    /// An id is above 2^53 - 1, which clients written in JavaScript cannot read exactly.
    IdInexact = "id-inexact",
    /// A feature of an incremental tileset has no id, so that no later change can name it.
    IdMissing = "id-missing",
    /// A feature has the id of an earlier one and was dropped (W204).
    DuplicateId = "duplicate-id",
    /// A number is not finite and the attribute was dropped.
    NumberNotFinite = "number-not-finite",
    /// Borders part at more vertices than the table of a job has room for; each outline was simplified alone.
    BordersAlone = "borders-alone",
    /// A polygon crosses itself more often than a tile can show, and is drawn there in coarse cells.
    NoiseRedrawn = "noise-redrawn",
    /// A feature became smaller than a grid unit at a zoom and is in no tile of it.
    FeatureVanished = "feature-vanished",
    /// A polygon became smaller than a grid unit at a zoom and is in no tile of it; others stand for its area.
    FeatureMerged = "feature-merged",
    /// The order attribute has values of several types; numbers come before texts.
    OrderMixed = "order-mixed",
    /// The attribute of a limit has values of several types; numbers come before texts.
    LimitMixed = "limit-mixed",
    /// A value is missing or cannot be aggregated, and was left out.
    AggregateIgnored = "aggregate-ignored",
    /// A line or polygon is in a group to be clustered; only points are.
    ClusterNotPoints = "cluster-not-points",
    /// A feature was left out of a full tile (W201).
    LayerOverBudget = "layer-over-budget",
    /// No feature of the layer reached a tile (W205).
    LayerEmpty = "layer-empty",
    /// The feature is no road and is in no navigation pack.
    NotARoad = "not-a-road",
    /// Nobody can travel on a road, or it cannot be connected, and it was left out of a navigation pack.
    RoadUnusable = "road-unusable",
    /// A property of a road is not understood, and the usual value was taken instead.
    RoadValueIgnored = "road-value-ignored",
    /// A turn restriction was left out: its roads do not meet as it says, or there are too many.
    TurnBanIgnored = "turn-ban-ignored",
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Where a line stands: file, block of the file, line of the block; sorts as the source does.
///
/// Blocks are cut and parsed in parallel, so line numbers of the file are known only once all blocks
/// have been counted. [`Place::key`] is also the source position by which pieces sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Number of the file in its source, from 0; below 2^10.
    pub file: u32,
    /// Number of the block in the file, from 0; below 2^26.
    pub block: u32,
    /// Number of the line in the block, from 0; below 2^28.
    pub line: u32,
}

impl Place {
    /// Returns one number that sorts as the place does: 10 bits file, 26 bits block, 28 bits line.
    #[must_use]
    pub const fn key(self) -> u64 {
        (self.file as u64) << 54 | (self.block as u64) << 28 | self.line as u64
    }

    /// Returns the place that [`Place::key`] was made from.
    #[must_use]
    pub const fn from_key(key: u64) -> Self {
        Self {
            file: (key >> 54) as u32,
            block: (key >> 28 & 0x3ff_ffff) as u32,
            line: (key & 0xfff_ffff) as u32,
        }
    }
}

/// One case of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Number of the source among those of the job.
    pub source: u32,
    /// Where the line stands.
    pub place: Place,
    /// What exactly is wrong, such as `LineString must contain at least 2 points`.
    pub reason: String,
    /// The line as written, cut at [`EXAMPLE_BYTES_MAX`]; may be empty.
    pub text: String,
}

/// How often a code was found, and its first examples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The exact number of cases.
    pub count: u64,
    /// The first [`EXAMPLES_MAX`] cases in source order.
    pub examples: Vec<Example>,
}

/// Findings of a job or of a part of it; merging is independent of order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    tallies: BTreeMap<FindingCode, Tally>,
}

impl Findings {
    /// Counts a case without an example.
    pub fn count(&mut self, code: FindingCode, cases: u64) {
        if cases > 0 {
            self.tallies.entry(code).or_default().count += cases;
        }
    }

    /// Counts a case; `example` is made only when it would be kept.
    pub fn add(&mut self, code: FindingCode, source: u32, place: Place, example: impl FnOnce() -> Example) {
        self.count(code, 1);
        self.show(code, source, place, example);
    }

    /// Shows a case that is counted elsewhere; `example` is made only when it would be kept.
    pub fn show(&mut self, code: FindingCode, source: u32, place: Place, example: impl FnOnce() -> Example) {
        let examples = &mut self.tallies.entry(code).or_default().examples;
        let is_early = examples.last().is_none_or(|last| (source, place) < (last.source, last.place));
        if examples.len() < EXAMPLES_MAX || is_early {
            examples.push(example());
            settle(examples);
        }
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: Self) {
        for (code, theirs) in other.tallies {
            let tally = self.tallies.entry(code).or_default();
            tally.count += theirs.count;
            tally.examples.extend(theirs.examples);
            settle(&mut tally.examples);
        }
    }

    /// Returns the tally of `code`, if it was found.
    #[must_use]
    pub fn get(&self, code: FindingCode) -> Option<&Tally> {
        self.tallies.get(&code)
    }

    /// Returns all codes that were found, in the order of [`FindingCode::ALL`].
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (FindingCode, &Tally)> {
        self.tallies.iter().map(|(code, tally)| (*code, tally))
    }
}

/// Sorts examples by place and keeps the first ones.
fn settle(examples: &mut Vec<Example>) {
    examples
        .sort_by(|a, b| (a.source, a.place).cmp(&(b.source, b.place)).then_with(|| a.reason.cmp(&b.reason)));
    examples.truncate(EXAMPLES_MAX);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: impl IntoIterator<Item = u32>) -> Findings {
        let mut findings = Findings::default();
        for line in lines {
            let place = Place { file: 0, block: 0, line };
            findings.add(FindingCode::RingNotClosed, 0, place, || Example {
                source: 0,
                place,
                reason: format!("line {line}"),
                text: String::new(),
            });
        }
        findings
    }

    #[test]
    fn first_examples_stay_whatever_the_order_of_finding() {
        let mut split = found((0..50).rev());
        split.merge(found(50..100));
        assert_eq!(split, found(0..100));
        let tally = split.get(FindingCode::RingNotClosed).unwrap();
        assert_eq!((tally.count, tally.examples.len(), tally.examples[19].place.line), (100, 20, 19));
    }

    #[test]
    fn place_survives_its_key() {
        let place = Place { file: 3, block: 70_000, line: 123_456 };
        assert_eq!(Place::from_key(place.key()), place);
    }

    #[test]
    fn every_code_has_a_sentence() {
        for code in FindingCode::ALL {
            assert!(code.sentence().ends_with('.') || code.sentence().ends_with(')'), "{code}");
        }
    }
}
