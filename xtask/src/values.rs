//! Reads values that several verbs take, each with its bound.
//!
//! In:     words as a user typed them.
//! Out:    numbers within their bounds, and files; or a sentence that says what is expected.

use std::path::PathBuf;

use crate::usage::Usage;

/// The deepest zoom that a recipe may have.
const ZOOM_MAX: u8 = 16;
/// Rounds that may be asked for.
const ROUNDS_MAX: usize = 99;

/// Reads how many of `what` there are to be, from 1 to `max`.
pub(crate) fn count(what: &str, text: &str, max: usize) -> Result<usize, Usage> {
    let count = text.parse().ok().filter(|count| (1..=max).contains(count));
    count.ok_or_else(|| Usage(format!("`{text}` is no number of {what}, expected 1 to {max}")))
}

/// Reads a number of rounds.
pub(crate) fn rounds(text: &str) -> Result<usize, Usage> {
    count("rounds", text, ROUNDS_MAX)
}

/// Reads a file with its highest zoom, `FILE@MAXZOOM`.
pub(crate) fn file_and_zoom(text: &str) -> Result<(PathBuf, u8), Usage> {
    let (file, maxzoom) = text
        .rsplit_once('@')
        .ok_or_else(|| Usage(format!("`{text}` is no input, expected `FILE@MAXZOOM`")))?;
    Ok((file.into(), zoom(maxzoom)?))
}

/// Reads a highest zoom.
pub(crate) fn zoom(text: &str) -> Result<u8, Usage> {
    let zoom = text.parse().ok().filter(|zoom| *zoom <= ZOOM_MAX);
    zoom.ok_or_else(|| Usage(format!("`{text}` is no zoom, expected 0 to {ZOOM_MAX}")))
}

/// Reads a compression level.
#[cfg(feature = "engine")]
pub(crate) fn level(text: &str) -> Result<u8, Usage> {
    use zellige::archive::Compressor;

    let level = text.parse().ok().filter(|level| (1..=Compressor::LEVEL_MAX).contains(level));
    level.ok_or_else(|| {
        Usage(format!("`{text}` is no compression level, expected 1 to {}", Compressor::LEVEL_MAX))
    })
}

/// Reads a size of memory, bytes.
#[cfg(feature = "engine")]
pub(crate) fn memory(text: &str) -> Result<u64, Usage> {
    zellige::parse_memory(text)
        .ok_or_else(|| Usage(format!("`{text}` is no size of memory, expected one such as `256MiB`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: PartialEq + std::fmt::Debug>(read: Result<T, Usage>, expected: Result<T, &str>) {
        assert_eq!(read.map_err(|usage| usage.to_string()), expected.map_err(str::to_owned));
    }

    #[test]
    fn numbers_have_bounds() {
        check(count("jobs", "64", 64), Ok(64));
        check(count("jobs", "65", 64), Err("`65` is no number of jobs, expected 1 to 64"));
        check(rounds("0"), Err("`0` is no number of rounds, expected 1 to 99"));
        check(zoom("16"), Ok(16));
        check(zoom("17"), Err("`17` is no zoom, expected 0 to 16"));
    }

    #[test]
    fn files_have_a_zoom() {
        check(file_and_zoom("a@b@14"), Ok(("a@b".into(), 14)));
        check(file_and_zoom("a"), Err("`a` is no input, expected `FILE@MAXZOOM`"));
        check(file_and_zoom("a@b"), Err("`b` is no zoom, expected 0 to 16"));
    }

    #[cfg(feature = "engine")]
    #[test]
    fn levels_and_memory_are_those_of_the_engine() {
        check(level("12"), Ok(12));
        check(level("13"), Err("`13` is no compression level, expected 1 to 12"));
        check(memory("256MiB"), Ok(256 << 20));
        check(memory("all"), Err("`all` is no size of memory, expected one such as `256MiB`"));
    }
}
