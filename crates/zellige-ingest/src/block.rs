//! A block of a source: what one worker reads at a time.
//!
//! In:     bytes of whole lines, or features from memory.
//! Out:    an item for each line that is not blank, with its place.
//! Keeps:  order; every line counts, blank ones too.

use std::fmt;
use std::mem;
use std::ops::ControlFlow;
use std::sync::Arc;

use zellige_model::{Feature, Place};

use crate::blocks::{Limits, Shared};
use crate::lines::{lines, trimmed, without_mark};
use crate::plain::{Bytes, Window};
use crate::{Error, Fault, Notes, Parser, check};

/// What a line turned out to be.
#[derive(Debug)]
pub enum Item<'a> {
    /// A feature, and what was noticed about it.
    Feature(&'a Feature, Notes),
    /// The reason why the line was dropped, and its bytes: at least as much of it as an example shows.
    /// There are none for a feature from memory.
    Fault(Fault, &'a [u8]),
}

/// Features of shorter lines are read again, see [`crate::Shelf`]: from here on it is the lines that take the time.
const LONG_LINE_BYTES: usize = 16 << 20;

/// A block of a source; whoever holds it reads it.
pub struct Block {
    pub(crate) file: u32,
    pub(crate) number: u32,
    pub(crate) content: Content,
    /// The last line, if it was read before and kept as what it is; the content ends before it.
    pub(crate) last: Option<Feature>,
    /// Where the last line begins, if it was read and is a feature.
    pub(crate) last_start: Option<usize>,
    pub(crate) limits: Limits,
    pub(crate) shared: Arc<Shared>,
}

/// Where the lines of a block are.
pub(crate) enum Content {
    /// Bytes of a file, and the part of the file that they are.
    Plain(Window, Bytes),
    /// Bytes of a stream; whether the last line stands there only in part.
    Owned(Vec<u8>, bool),
    /// No lines but features.
    Features(Vec<Result<Feature, Fault>>),
}

impl Block {
    /// Calls `f` for each line that is not blank, in order, until it breaks off.
    ///
    /// # Errors
    ///
    /// [`Error::Changed`] or [`Error::Replaced`] when the file is no longer what it was; what `f` was given cannot be
    /// trusted then.
    pub fn for_each(
        &mut self,
        parser: &mut Parser,
        f: &mut dyn FnMut(Place, Item<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Error> {
        let (file, block) = (self.file, self.number);
        let place = |line| Place { file, block, line };
        let (last, last_start) = (&self.last, &mut self.last_start);
        let read = match &mut self.content {
            Content::Plain(window, bytes) => {
                let text = Text { bytes: bytes.as_ref(), is_cut_short: window.is_cut_short };
                text.for_each(place(0), self.limits, (parser, last_start), f)
            }
            Content::Owned(bytes, is_cut_short) => {
                let text = Text { bytes, is_cut_short: *is_cut_short };
                text.for_each(place(0), self.limits, (parser, last_start), f)
            }
            Content::Features(features) => for_each_feature(features, place(0), f),
        };
        if let Content::Plain(window, _) = &self.content {
            window.watched.check()?;
        }
        Ok(match for_last(last.as_ref(), read, place(0), f) {
            ControlFlow::Continue(n_lines) => {
                self.shared.report(file, block, n_lines);
                ControlFlow::Continue(())
            }
            ControlFlow::Break(()) => ControlFlow::Break(()),
        })
    }

    /// Returns where the last line begins, if it is a feature and so long that it is kept as such.
    pub(crate) fn long_line(&self) -> Option<usize> {
        let n_bytes = match &self.content {
            Content::Plain(_, bytes) => bytes.as_ref().len(),
            Content::Owned(bytes, _) => bytes.len(),
            Content::Features(_) => 0,
        };
        self.last_start.filter(|start| LONG_LINE_BYTES <= n_bytes - start)
    }

    /// Leaves out the lines from the one on that begins at `start`.
    pub(crate) fn end_at(&mut self, start: usize) {
        match &mut self.content {
            Content::Plain(window, _) => window.end = window.start + start as u64,
            Content::Owned(bytes, _) => bytes.truncate(start),
            Content::Features(_) => {}
        }
    }

    /// Returns the bytes of memory of the feature that was kept instead of its line, if one was.
    #[must_use]
    pub fn kept_bytes(&self) -> u64 {
        self.last.as_ref().map_or(0, Feature::memory_bytes)
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        match mem::replace(&mut self.content, Content::Features(Vec::new())) {
            Content::Plain(_, bytes) => self.shared.recycle_pages(bytes.pages, self.limits),
            Content::Owned(bytes, _) => self.shared.recycle(bytes, self.limits),
            Content::Features(_) => {}
        }
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block")
            .field("file", &self.file)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

/// The lines of a block.
struct Text<'a> {
    bytes: &'a [u8],
    is_cut_short: bool,
}

impl Text<'_> {
    /// Returns the number of lines, unless `f` breaks off; tells where the last line begins if it is a feature, which
    /// `parser` then still has.
    fn for_each(
        &self,
        mut place: Place,
        limits: Limits,
        (parser, last_start): (&mut Parser, &mut Option<usize>),
        f: &mut dyn FnMut(Place, Item<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<(), u32> {
        let end = self.bytes.as_ptr_range().end;
        let mut feature = mem::take(&mut parser.feature);
        let mut start = 0;
        for line in lines(self.bytes) {
            let line_start = start;
            start += line.len() + 1;
            *last_start = None;
            let is_last = line.as_ptr_range().end == end;
            let is_overlong = line.len() > limits.line_bytes_max || (is_last && self.is_cut_short);
            // The mark counts as a part of its line, as it does where blocks are cut.
            let is_first = place.block == 0 && place.line == 0;
            let text = trimmed(if is_first { without_mark(line) } else { line });
            if is_overlong {
                f(place, Item::Fault(overlong(limits), text))?;
            } else if !text.is_empty() {
                let item = match parser.parse(text, &mut feature) {
                    Ok(notes) => {
                        *last_start = Some(line_start);
                        Item::Feature(&feature, notes)
                    }
                    Err(fault) => Item::Fault(fault, text),
                };
                f(place, item)?;
            }
            place.line += 1;
        }
        parser.feature = feature;
        ControlFlow::Continue(place.line)
    }
}

/// Calls `f` for the line behind so many others, if it was kept; returns the number of all lines.
fn for_last(
    last: Option<&Feature>,
    n_before: ControlFlow<(), u32>,
    place: Place,
    f: &mut dyn FnMut(Place, Item<'_>) -> ControlFlow<()>,
) -> ControlFlow<(), u32> {
    let line = n_before?;
    let Some(feature) = last else { return ControlFlow::Continue(line) };
    // What was noticed about it was told when it was read.
    f(Place { line, ..place }, Item::Feature(feature, Notes::default()))?;
    ControlFlow::Continue(line + 1)
}

fn for_each_feature(
    features: &mut [Result<Feature, Fault>],
    mut place: Place,
    f: &mut dyn FnMut(Place, Item<'_>) -> ControlFlow<()>,
) -> ControlFlow<(), u32> {
    for feature in features {
        let item = match feature {
            Ok(feature) => match check::stored(feature) {
                Ok(notes) => Item::Feature(feature, notes),
                Err(fault) => Item::Fault(fault, &[]),
            },
            Err(fault) => Item::Fault(fault.clone(), &[]),
        };
        f(place, item)?;
        place.line += 1;
    }
    ControlFlow::Continue(place.line)
}

fn overlong(limits: Limits) -> Fault {
    Fault::found(format!("Line is longer than {} bytes", limits.line_bytes_max))
}
