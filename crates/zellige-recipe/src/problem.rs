//! What is wrong with a recipe, or odd about it, and where; also as text for people.
//!
//! Source: the messages are those that users of hosted tiling know, so programs may compare them;
//!         everything beside them (place, found, expected, hint) is ours.

use std::fmt::Write as _;
use std::ops::Range;

/// How many characters of a line an excerpt shows, so that a recipe on one line stays readable.
const EXCERPT_CHARS_MAX: usize = 100;

/// A reason why a recipe cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The exact text of the wire, such as `layers.a.source is required.`.
    pub message: String,
    /// The second text of the wire, which a wrong expression has: what is wrong inside it.
    pub reason: Option<String>,
    /// The value as a JSON pointer (RFC 6901), for a missing one that of the object it is missing in.
    pub pointer: String,
    /// The bytes of the file to look at; never empty unless the file ends there.
    pub span: Range<usize>,
    /// What stands there.
    pub found: String,
    /// What may stand there.
    pub expected: String,
    /// What to do, when that can be told.
    pub hint: Option<String>,
}

impl Problem {
    /// Returns the texts of the wire in order: the message, then the reason of an expression.
    pub fn wire_messages(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.message.as_str()).chain(self.reason.as_deref())
    }
}

/// Something odd that a recipe may do, but that is seldom meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// What kind of oddity it is.
    pub code: LintCode,
    /// What is odd, in lower case without full stop.
    pub message: String,
    /// The value as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// The bytes of the file to look at.
    pub span: Range<usize>,
    /// What stands there.
    pub found: String,
    /// What would raise no question.
    pub expected: String,
    /// What to do, when that can be told.
    pub hint: Option<String>,
}

macro_rules! codes {
    ($($(#[doc = $sentence:literal])+ $variant:ident = $code:literal,)+) => {
        /// What is odd; the text form is stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum LintCode { $($(#[doc = $sentence])+ $variant,)+ }

        impl LintCode {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Returns the stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }
        }
    };
}

codes! {
    /// A key stands twice in an object; the last value counts.
    DuplicateKey = "duplicate-key",
    /// The source has a placeholder that was never filled in.
    PlaceholderSource = "placeholder-source",
    /// A comparison of two constants, as old filters have them.
    ConstantComparison = "constant-comparison",
    /// A comparison with the text `zoom` instead of the zoom.
    ZoomAsText = "zoom-as-text",
    /// A comparison with the zoom that has the same result at all zooms of the layer.
    ZoomOutsideLayer = "zoom-outside-layer",
    /// An operator that the recipe reference does not list.
    UndocumentedOperator = "undocumented-operator",
    /// A constant of `set` replaces an attribute that the filter asks for.
    SetHidesFilterAttribute = "set-hides-filter-attribute",
    /// An attribute is made or kept by a union or by `tiles.attributes.set` and then not written.
    AttributeNotWritten = "attribute-not-written",
    /// An attribute stands in `group_by` and in `aggregate`; the aggregate wins.
    GroupedAndAggregated = "grouped-and-aggregated",
    /// `region_count` does nothing without `cluster`.
    RegionCountWithoutCluster = "region-count-without-cluster",
    /// `cluster` does nothing to lines and polygons.
    ClusterWithoutPoints = "cluster-without-points",
    /// `outward_only` does nothing to points and lines.
    OutwardOnlyWithoutPolygons = "outward-only-without-polygons",
    /// The object form of `simplification` without `distance`.
    DistanceByDefault = "distance-by-default",
    /// Simplification above 1 unit at maxzoom, which overzoomed tiles show.
    CoarseAtMaxzoom = "coarse-at-maxzoom",
    /// `fillzoom` is not below the maxzoom of every layer.
    FillzoomNotBelowMaxzoom = "fillzoom-not-below-maxzoom",
    /// A `layer_size` so small that ordinary tiles lose features.
    SmallLayerSize = "small-layer-size",
    /// A `layer_size` above the limit of a whole tile.
    LayerSizeAboveTileLimit = "layer-size-above-tile-limit",
    /// An extent that is no power of two.
    ExtentNotPowerOfTwo = "extent-not-power-of-two",
    /// An attribute of a feature in a size of the tile.
    FeatureInTileSize = "feature-in-tile-size",
    /// An attribute is asked for that no feature of the source has.
    UnknownAttribute = "unknown-attribute",
    /// An expression meets a value in the source that it cannot use; this would end the job.
    ExpressionFails = "expression-fails",
    /// A filter that no feature of the source passes.
    FilterKeepsNothing = "filter-keeps-nothing",
    /// A filter that every feature of the source passes, at all zooms.
    FilterKeepsEverything = "filter-keeps-everything",
    /// A layer that would be empty, whatever its filter says.
    LayerWithoutFeatures = "layer-without-features",
    /// Full tiles leave out the features with the highest values of the order attribute.
    OrderInFullTiles = "order-in-full-tiles",
}

/// Returns a problem as text for people: message, place, the line with the place underlined, what was found
/// and expected, and the hint.
///
/// ```text
/// layers.a has an unknown key "feature".
///   at line 3, column 5: /layers/a/feature
///     |
///   3 |     "feature": {"simplification": 4}
///     |     ^^^^^^^^^
///   found:    the key "feature"
///   expected: "source", "minzoom", "maxzoom", "features" or "tiles"
///   hint:     did you mean "features"?
/// ```
#[must_use]
pub fn render_problem(text: &[u8], problem: &Problem) -> String {
    let Problem { message, reason, pointer, span, found, expected, hint } = problem;
    let (line, column) = line_column(text, span.start);
    let excerpt = excerpt(text, span);
    let margin = " ".repeat(line.to_string().len());
    let mut out = printable(message);
    // Writing to a string cannot fail.
    if let Some(reason) = reason {
        let _ = write!(out, "\n  {}", printable(reason));
    }
    let _ = write!(out, "\n  at line {line}, column {column}");
    if !pointer.is_empty() {
        let _ = write!(out, ": {}", printable(pointer));
    }
    let _ = writeln!(out, "\n  {margin} |\n  {line} | {}\n  {margin} | {}", excerpt.line, excerpt.underline);
    let hint = hint.as_deref().unwrap_or_default();
    for (name, what) in [("found:   ", found.as_str()), ("expected:", expected), ("hint:    ", hint)] {
        if !what.is_empty() {
            let _ = writeln!(out, "  {name} {}", printable(what));
        }
    }
    out
}

/// Returns a lint as text for people, in the form of [`render_problem`].
#[must_use]
pub fn render_lint(text: &[u8], lint: &Lint) -> String {
    let Lint { code, message, pointer, span, found, expected, hint } = lint.clone();
    let message = format!("{message} ({})", code.code());
    render_problem(text, &Problem { message, reason: None, pointer, span, found, expected, hint })
}

/// Returns line and column of a byte, both from 1; columns count characters.
#[must_use]
pub fn line_column(text: &[u8], offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let line = before.split(|byte| *byte == b'\n').count();
    (line, 1 + n_chars(&before[line_start..]))
}

/// Counts characters: the bytes that do not continue one.
fn n_chars(text: &[u8]) -> usize {
    text.iter().filter(|byte| (**byte & 0xc0) != 0x80).count()
}

struct Excerpt {
    line: String,
    underline: String,
}

/// Cuts a window of one line around the start of `span`.
fn excerpt(text: &[u8], span: &Range<usize>) -> Excerpt {
    let start = span.start.min(text.len());
    let line_start = text[..start].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let line_end = text[start..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |len| start + len);
    let before = n_chars(&text[line_start..start]);
    let marked = n_chars(&text[start..span.end.clamp(start, line_end)]);
    let skipped = before.saturating_sub(EXCERPT_CHARS_MAX / 2);
    let line = String::from_utf8_lossy(&text[line_start..line_end]);
    let window: String = line.chars().skip(skipped).take(EXCERPT_CHARS_MAX).collect();
    let room = EXCERPT_CHARS_MAX - (before - skipped);
    Excerpt {
        line: printable(window.trim_end()),
        underline: " ".repeat(before - skipped) + &"^".repeat(marked.clamp(1, room)),
    }
}

/// Replaces characters that would move the cursor of a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, span: Range<usize>, expected: &str) {
        let problem = Problem {
            message: "this is wrong.".to_owned(),
            reason: None,
            pointer: "/a".to_owned(),
            span,
            found: "one".to_owned(),
            expected: "two".to_owned(),
            hint: Some("three".to_owned()),
        };
        assert_eq!(render_problem(text.as_bytes(), &problem), expected);
    }

    #[test]
    fn place_is_underlined() {
        check(
            "{\n\t\"ä\": one, 1\n}",
            9..12,
            "this is wrong.\n  at line 2, column 7: /a\n    |\n  2 |  \"ä\": one, 1\n    |       ^^^\n  \
             found:    one\n  expected: two\n  hint:     three\n",
        );
    }

    #[test]
    fn place_over_several_lines_is_underlined_to_the_end_of_the_first() {
        check(
            "[\n1]",
            0..4,
            "this is wrong.\n  at line 1, column 1: /a\n    |\n  1 | [\n    | ^\n  \
             found:    one\n  expected: two\n  hint:     three\n",
        );
    }

    #[test]
    fn long_line_is_cut_around_the_place() {
        let line = "x".repeat(1_000) + "here" + &"y".repeat(1_000);
        let cut = excerpt(line.as_bytes(), &(1_000..1_004));
        assert_eq!(cut.line, "x".repeat(50) + "here" + &"y".repeat(46));
        assert_eq!(cut.underline, " ".repeat(50) + "^^^^");
        assert_eq!(excerpt(line.as_bytes(), &(1_000..2_004)).underline, " ".repeat(50) + &"^".repeat(50));
    }

    #[test]
    fn place_behind_the_text_is_its_end() {
        let cut = excerpt(b"ab", &(2..2));
        assert_eq!((cut.line.as_str(), cut.underline.as_str()), ("ab", "  ^"));
        assert_eq!(line_column(b"a\n", 9), (2, 1));
    }

    #[test]
    fn reason_follows_the_message() {
        let problem = Problem {
            message: "where".to_owned(),
            reason: Some("why".to_owned()),
            pointer: String::new(),
            span: 0..1,
            found: String::new(),
            expected: String::new(),
            hint: None,
        };
        assert_eq!(problem.wire_messages().collect::<Vec<_>>(), ["where", "why"]);
        let text = render_problem(b"1", &problem);
        assert_eq!(text, "where\n  why\n  at line 1, column 1\n    |\n  1 | 1\n    | ^\n");
    }
}
