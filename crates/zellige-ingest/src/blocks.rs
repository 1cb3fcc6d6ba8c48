//! Hands out the blocks of a source to many workers.
//!
//! In:     the inputs of a source, opened or still to be opened.
//! Out:    blocks in source order, each of them once; then names and line numbers of places.
//! Keeps:  where blocks end: it follows from the bytes of an input and the block size alone, be it a file,
//!         a pipe or compressed. The work under the lock is to find a newline, or to read a stream.

use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use memmap2::MmapMut;
use zellige_model::Place;

use crate::block::{Block, Content};
use crate::collection::CollectionStream;
use crate::memory::{self, Features};
use crate::plain::{PlainFile, Window};
use crate::source::Format;
use crate::stream::{LineStream, Stream};
use crate::watch::Watched;
use crate::{BLOCKS_MAX, Error};

/// So many buffers of blocks are kept of either kind for the next ones.
const SPARE_BUFFERS_MAX: usize = 64;

/// The sizes of [`crate::Settings`] within their bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) block_bytes: u64,
    pub(crate) line_bytes_max: usize,
}

impl Limits {
    /// Returns the multiple of the block size behind `start`; a line that begins before it belongs to the block.
    pub(crate) const fn nominal_end(self, start: u64) -> u64 {
        (start / self.block_bytes + 1) * self.block_bytes
    }

    /// Returns the bytes that nearly every block has room in: its lines are seldom longer than a quarter of it.
    pub(crate) const fn usual_bytes(self) -> usize {
        (self.block_bytes + self.block_bytes / 4) as usize
    }

    /// Whether the last line of a block is longer than a line may be, judged by its part behind `nominal_end`.
    pub(crate) const fn is_overlong(self, nominal_end: u64, end: u64) -> bool {
        end > nominal_end + self.line_bytes_max as u64
    }
}

/// An input that waits for its turn.
pub(crate) enum Waiting {
    /// A plain file.
    Plain(Arc<Watched>),
    /// A file that is compressed or no lines.
    Packed(Arc<Watched>),
    /// A pipe or device; it may block when it is opened.
    Pipe(PathBuf),
    Reader(Box<dyn Read + Send>),
    Features(Features),
}

/// An input that is being read.
enum Feed {
    Plain(PlainFile),
    Lines(LineStream),
    Collection(CollectionStream),
    Features(Features),
}

/// The blocks of a source, for any number of workers.
pub struct Blocks {
    queue: Mutex<Queue>,
    shared: Arc<Shared>,
    bytes_total: Option<u64>,
    limits: Limits,
}

/// What comes next.
struct Queue {
    inputs: std::vec::IntoIter<(String, Waiting)>,
    format: Format,
    feed: Option<Feed>,
    /// Inputs begun so far; the current one is the last of them.
    n_inputs: u32,
    /// Number of the next block in the current input.
    block: u32,
}

/// What blocks and workers have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    ledger: Mutex<Vec<Pages>>,
    spare: Mutex<Vec<Vec<u8>>>,
    spare_pages: Mutex<Vec<MmapMut>>,
    taken_bytes: Arc<AtomicU64>,
}

/// The blocks of one input: how many lines each has, once it is known.
#[derive(Debug)]
struct Pages {
    name: String,
    n_lines: Vec<Option<u32>>,
}

/// A block that is cut; that of a plain file is not read yet.
enum Cut {
    Window(Window),
    Content(Content),
}

impl Blocks {
    pub(crate) fn new(
        inputs: Vec<(String, Waiting)>,
        format: Format,
        bytes_total: Option<u64>,
        limits: Limits,
    ) -> Self {
        let pages = |(name, _): &(String, Waiting)| Pages { name: name.clone(), n_lines: Vec::new() };
        let shared = Shared {
            ledger: Mutex::new(inputs.iter().map(pages).collect()),
            spare: Mutex::default(),
            spare_pages: Mutex::default(),
            taken_bytes: Arc::default(),
        };
        let queue = Queue { inputs: inputs.into_iter(), format, feed: None, n_inputs: 0, block: 0 };
        Self { queue: Mutex::new(queue), shared: Arc::new(shared), bytes_total, limits }
    }

    /// Takes the next block in source order; nothing when all are taken.
    ///
    /// Streams are read and unpacked by whoever asks, while others wait. After an error there are no more
    /// blocks.
    ///
    /// # Errors
    ///
    /// When an input cannot be opened or read, was changed, or is no `FeatureCollection` though it should be.
    pub fn next(&self) -> Result<Option<Block>, Error> {
        let mut queue = lock(&self.queue);
        let taken = self.cut_next(&mut queue);
        if taken.is_err() {
            queue.close();
        }
        drop(queue);
        let Some((file, number, cut)) = taken? else { return Ok(None) };
        let content = match cut {
            Cut::Content(content) => content,
            Cut::Window(window) => {
                let bytes = window
                    .load(self.shared.pages(), self.limits)
                    .inspect_err(|_| lock(&self.queue).close())?;
                Content::Plain(window, bytes)
            }
        };
        let (limits, shared) = (self.limits, Arc::clone(&self.shared));
        Ok(Some(Block { file, number, content, last: None, last_start: None, limits, shared }))
    }

    /// Gives back what is kept for blocks to come, once all of them are read, a second time too; their lines can still be
    /// located.
    pub fn release(&self) {
        lock(&self.shared.spare).clear();
        lock(&self.shared.spare_pages).clear();
    }

    /// Returns the bytes of all inputs, compressed ones as they are; nothing when one of them is no file.
    #[must_use]
    pub fn bytes_total(&self) -> Option<u64> {
        self.bytes_total
    }

    /// Returns the bytes of the inputs that went into blocks so far, compressed ones as they are.
    #[must_use]
    pub fn bytes_taken(&self) -> u64 {
        self.shared.taken_bytes.load(Ordering::Relaxed)
    }

    /// Returns the name of the input and the number of the line there, from 1.
    ///
    /// Known once all blocks before it have been read to their end. In a `FeatureCollection`, and in memory, the
    /// number is that of the feature.
    #[must_use]
    pub fn line_number(&self, place: Place) -> Option<(String, u64)> {
        let ledger = lock(&self.shared.ledger);
        let pages = ledger.get(place.file as usize)?;
        let before = pages.n_lines.get(..place.block as usize)?;
        let n_before: u64 = before.iter().map(|n_lines| n_lines.map(u64::from)).sum::<Option<u64>>()?;
        Some((pages.name.clone(), n_before + u64::from(place.line) + 1))
    }

    /// Cuts the next block: number of its input, its own number, and what is in it.
    fn cut_next(&self, queue: &mut Queue) -> Result<Option<(u32, u32, Cut)>, Error> {
        loop {
            if let Some(feed) = &mut queue.feed {
                if let Some(cut) = self.cut(feed)? {
                    let file = queue.n_inputs - 1;
                    let number = queue.block;
                    if number == BLOCKS_MAX {
                        return Err(Error::TooManyBlocks { name: self.shared.name(file) });
                    }
                    queue.block += 1;
                    self.shared.open_page(file);
                    return Ok(Some((file, number, cut)));
                }
                queue.feed = None;
            }
            let Some((name, waiting)) = queue.inputs.next() else { return Ok(None) };
            queue.feed = Some(self.begin(name, waiting, queue.format)?);
            queue.n_inputs += 1;
            queue.block = 0;
        }
    }

    /// Begins to read an input.
    fn begin(&self, name: String, waiting: Waiting, format: Format) -> Result<Feed, Error> {
        let (reader, watched): (Box<dyn Read + Send>, _) = match waiting {
            Waiting::Plain(watched) => return Ok(Feed::Plain(PlainFile::new(watched))),
            Waiting::Features(features) => return Ok(Feed::Features(features)),
            Waiting::Packed(watched) => (Box::new(watched.reader()?), Some(watched)),
            Waiting::Pipe(path) => match std::fs::File::open(&path) {
                Ok(file) => (Box::new(file), None),
                Err(source) => return Err(Error::Open { path, source }),
            },
            Waiting::Reader(reader) => (reader, None),
        };
        let stream = Stream::open(name, reader, watched, Arc::clone(&self.shared.taken_bytes))?;
        Ok(match format {
            Format::Lines => Feed::Lines(LineStream::new(stream)),
            Format::FeatureCollection => Feed::Collection(CollectionStream::new(stream)),
        })
    }

    /// Cuts the next block of an input; nothing at its end.
    fn cut(&self, feed: &mut Feed) -> Result<Option<Cut>, Error> {
        let content = match feed {
            Feed::Plain(file) => {
                let taken = file.cut(self.limits)?;
                if taken.is_some() {
                    self.shared.taken_bytes.fetch_add(file.take_passed(), Ordering::Relaxed);
                }
                return Ok(taken.map(Cut::Window));
            }
            Feed::Lines(stream) => {
                let mut bytes = self.shared.buffer();
                stream.cut(self.limits, &mut bytes)?.map(|is_cut_short| Content::Owned(bytes, is_cut_short))
            }
            Feed::Collection(stream) => {
                let mut bytes = self.shared.buffer();
                stream.cut(self.limits, &mut bytes)?.map(|is_cut_short| Content::Owned(bytes, is_cut_short))
            }
            Feed::Features(features) => memory::batch(features, self.limits).map(Content::Features),
        };
        Ok(content.map(Cut::Content))
    }
}

impl fmt::Debug for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks")
            .field("shared", &self.shared)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl Queue {
    /// Lets nothing come any more.
    fn close(&mut self) {
        self.inputs = Vec::new().into_iter();
        self.feed = None;
    }
}

impl Shared {
    fn name(&self, file: u32) -> String {
        lock(&self.ledger).get(file as usize).map_or_else(String::new, |pages| pages.name.clone())
    }

    /// Makes room for the number of lines of the next block of an input.
    fn open_page(&self, file: u32) {
        if let Some(pages) = lock(&self.ledger).get_mut(file as usize) {
            pages.n_lines.push(None);
        }
    }

    /// Takes note of how many lines a block has.
    pub(crate) fn report(&self, file: u32, block: u32, n_lines: u32) {
        let mut ledger = lock(&self.ledger);
        let page = ledger.get_mut(file as usize).and_then(|pages| pages.n_lines.get_mut(block as usize));
        if let Some(page) = page {
            *page = Some(n_lines);
        }
    }

    /// Returns an empty buffer, one that was used before if there is any.
    fn buffer(&self) -> Vec<u8> {
        lock(&self.spare).pop().unwrap_or_default()
    }

    /// Keeps pages for a later block, unless a long line made them many.
    pub(crate) fn recycle_pages(&self, pages: MmapMut, limits: Limits) {
        let mut spare = lock(&self.spare_pages);
        if spare.len() < SPARE_BUFFERS_MAX && pages.len() <= limits.usual_bytes() {
            spare.push(pages);
        }
    }

    /// Returns pages that were used before, if there are any.
    pub(crate) fn pages(&self) -> Option<MmapMut> {
        lock(&self.spare_pages).pop()
    }

    /// Keeps a buffer for a later block, unless a long line made it large.
    pub(crate) fn recycle(&self, buffer: Vec<u8>, limits: Limits) {
        let mut spare = lock(&self.spare);
        if spare.len() < SPARE_BUFFERS_MAX && buffer.capacity() as u64 <= 4 * limits.block_bytes {
            spare.push(buffer);
        }
    }
}

/// Locks; a worker that panicked leaves nothing half done behind a lock here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
