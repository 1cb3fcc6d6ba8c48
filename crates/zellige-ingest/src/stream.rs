//! Reads pipes and compressed files, and cuts them into blocks of whole lines.
//!
//! In:     any reader; gzip of many members and zstd of many frames are known by their first bytes.
//! Out:    the plain bytes, cut at the same places as a plain file of the same content.
//! Keeps:  memory: a block and at most one line of the longest kind. A longer line is read over.
//! Source: RFC 1952 §2.3.1, RFC 8878 §3.1.1 (magic numbers).

use std::io::{self, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Error;
use crate::blocks::Limits;
use crate::watch::Watched;

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// Skippable frames may stand before the first zstd frame: 0x184D2A50 to 0x184D2A5F.
const ZSTD_SKIPPABLE: &[u8] = &[0x2a, 0x4d, 0x18];
/// The length of the longest magic number.
pub(crate) const MAGIC_BYTES: usize = 4;

/// So many compressed bytes are read at once.
const READ_BYTES: usize = 256 << 10;
/// So many bytes are read at once in search of a newline.
const STEP_BYTES: usize = 64 << 10;

/// Whether a file that begins like this is compressed.
pub(crate) fn is_compressed(head: &[u8]) -> bool {
    let is_skippable = head.get(1..4) == Some(ZSTD_SKIPPABLE) && head[0] & 0xf0 == 0x50;
    head.starts_with(GZIP_MAGIC) || head.starts_with(ZSTD_MAGIC) || is_skippable
}

/// A reader of plain bytes, whatever the input is.
pub(crate) struct Stream {
    name: String,
    reader: Box<dyn Read + Send>,
    /// The regular file behind it, if there is one.
    watched: Option<Arc<Watched>>,
}

impl Stream {
    /// Looks at the first bytes of `reader` and unpacks what they announce; `taken_bytes` counts what is read.
    pub(crate) fn open(
        name: String,
        reader: Box<dyn Read + Send>,
        watched: Option<Arc<Watched>>,
        taken_bytes: Arc<AtomicU64>,
    ) -> Result<Self, Error> {
        match unpack(Counted { reader, taken_bytes }) {
            Ok(reader) => Ok(Self { name, reader, watched }),
            Err(source) => Err(Error::Read { name, source }),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Appends at most `n_bytes` to `out`; fewer only at the end, where the file behind it is checked.
    pub(crate) fn read(&mut self, n_bytes: usize, out: &mut Vec<u8>) -> Result<usize, Error> {
        let n_read = self
            .reader
            .by_ref()
            .take(n_bytes as u64)
            .read_to_end(out)
            .map_err(|source| Error::Read { name: self.name.clone(), source });
        // Also when reading failed: that the file was changed is then the better reason.
        let is_at_end = n_read.as_ref().map_or(true, |n_read| *n_read < n_bytes);
        if let Some(watched) = self.watched.as_ref().filter(|_| is_at_end) {
            watched.check()?;
        }
        n_read
    }
}

fn unpack(mut reader: Counted) -> io::Result<Box<dyn Read + Send>> {
    let mut head = Vec::new();
    reader.by_ref().take(MAGIC_BYTES as u64).read_to_end(&mut head)?;
    let (is_packed, is_gzip) = (is_compressed(&head), head.starts_with(GZIP_MAGIC));
    let whole = Cursor::new(head).chain(reader);
    if !is_packed {
        return Ok(Box::new(whole));
    }
    let buffered = BufReader::with_capacity(READ_BYTES, whole);
    if is_gzip {
        return Ok(Box::new(flate2::bufread::MultiGzDecoder::new(buffered)));
    }
    Ok(Box::new(zstd::stream::read::Decoder::with_buffer(buffered)?))
}

/// Counts what is read of an input, before it is unpacked.
struct Counted {
    reader: Box<dyn Read + Send>,
    taken_bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_read = self.reader.read(buffer)?;
        self.taken_bytes.fetch_add(n_read as u64, Ordering::Relaxed);
        Ok(n_read)
    }
}

/// A stream of lines and how much of it has been cut.
pub(crate) struct LineStream {
    stream: Stream,
    cut_bytes: u64,
    /// Bytes behind the latest cut that were read already.
    carry: Vec<u8>,
    is_at_end: bool,
}

impl LineStream {
    pub(crate) const fn new(stream: Stream) -> Self {
        Self { stream, cut_bytes: 0, carry: Vec::new(), is_at_end: false }
    }

    /// Fills `out` with whole lines; returns whether the last of them is longer than a line may be and
    /// stands there in part, or nothing at the end of the stream.
    pub(crate) fn cut(&mut self, limits: Limits, out: &mut Vec<u8>) -> Result<Option<bool>, Error> {
        out.clear();
        out.append(&mut self.carry);
        let start = self.cut_bytes;
        let nominal_end = limits.nominal_end(start);
        let nominal_bytes = (nominal_end - start) as usize;
        if out.len() < nominal_bytes {
            self.read(nominal_bytes - out.len(), out)?;
        }
        if out.is_empty() {
            return Ok(None);
        }
        let mut n_searched = nominal_bytes - 1;
        let mut n_dropped = 0;
        // Ends: each round reads on, and no stream is endless without a newline or its end.
        let end = loop {
            if n_searched < out.len()
                && let Some(newline) = memchr::memchr(b'\n', &out[n_searched..])
            {
                break n_searched + newline + 1;
            }
            if self.is_at_end {
                break out.len();
            }
            n_searched = n_searched.max(out.len());
            if limits.is_overlong(nominal_end, start + (out.len() + n_dropped) as u64) {
                n_dropped += out.len() - nominal_bytes;
                out.truncate(nominal_bytes);
                n_searched = nominal_bytes;
            }
            self.read(STEP_BYTES, out)?;
        };
        self.carry.extend_from_slice(&out[end..]);
        out.truncate(end);
        self.cut_bytes = start + (end + n_dropped) as u64;
        let is_cut_short = limits.is_overlong(nominal_end, self.cut_bytes);
        if is_cut_short {
            out.truncate(nominal_bytes);
        }
        Ok(Some(is_cut_short))
    }

    fn read(&mut self, n_bytes: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        if !self.is_at_end {
            self.is_at_end = self.stream.read(n_bytes, out)? < n_bytes;
        }
        Ok(())
    }
}
