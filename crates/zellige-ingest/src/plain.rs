//! Cuts a plain file into blocks of whole lines, and reads them one by one.
//!
//! In:     a regular file that is not compressed.
//! Out:    windows of bytes; the window of a block ends behind the first newline at or behind the next
//!         multiple of the block size, so that where it ends does not depend on what was read before.
//! Keeps:  resident memory: the bytes of a window lie in anonymous pages, which serve the next block or, when a
//!         long line made them many, go back to the system at once; an allocator would keep them.
//!
//! When a file changes underneath: [`Watched::check`] runs before a window is read and after its last line
//! was, and turns that into [`Error::Changed`], so no mixture survives. A file that is cut shorter ends
//! too early, which is the same error. Nothing of the file itself is mapped: touching a page behind
//! its new end would raise SIGBUS, which ends the process.

use std::fs::File;
use std::io;
use std::sync::Arc;

use memmap2::MmapMut;

use crate::Error;
use crate::blocks::Limits;
use crate::watch::Watched;

/// So many bytes are read at once to find a newline.
const PROBE_BYTES: usize = 64 << 10;

/// A file and how much of it has been cut.
#[derive(Debug)]
pub(crate) struct PlainFile {
    watched: Arc<Watched>,
    cut_bytes: u64,
    /// How many of them have been told.
    told_bytes: u64,
}

/// A part of a file that holds whole lines.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) watched: Arc<Watched>,
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// Whether the last line goes on behind the window, beyond what a line may have.
    pub(crate) is_cut_short: bool,
}

impl PlainFile {
    pub(crate) fn new(watched: Arc<Watched>) -> Self {
        Self { watched, cut_bytes: 0, told_bytes: 0 }
    }

    /// Cuts the next window; nothing at the end of the file.
    pub(crate) fn cut(&mut self, limits: Limits) -> Result<Option<Window>, Error> {
        let (start, n_bytes) = (self.cut_bytes, self.watched.n_bytes);
        if start >= n_bytes {
            self.watched.check()?;
            return Ok(None);
        }
        let nominal_end = limits.nominal_end(start);
        let end = if nominal_end < n_bytes { self.line_end(nominal_end - 1)? } else { None };
        let end = end.map_or(n_bytes, |end| end.min(n_bytes));
        self.cut_bytes = end;
        let is_cut_short = limits.is_overlong(nominal_end, end);
        let end = if is_cut_short { nominal_end } else { end };
        Ok(Some(Window { watched: Arc::clone(&self.watched), start, end, is_cut_short }))
    }

    /// Returns the number of bytes that were cut since it was asked last.
    pub(crate) fn take_passed(&mut self) -> u64 {
        let told_bytes = std::mem::replace(&mut self.told_bytes, self.cut_bytes);
        self.cut_bytes - told_bytes
    }

    /// Returns the place behind the first newline at or behind `at`.
    fn line_end(&self, mut at: u64) -> Result<Option<u64>, Error> {
        let mut probe = vec![0; PROBE_BYTES];
        loop {
            let n_read = read_at(&self.watched.file, &mut probe, at)
                .map_err(|source| self.watched.unreadable(source))?;
            if n_read == 0 {
                return Ok(None);
            }
            if let Some(newline) = memchr::memchr(b'\n', &probe[..n_read]) {
                return Ok(Some(at + newline as u64 + 1));
            }
            at += n_read as u64;
        }
    }
}

/// The bytes of a window, in pages that may be more.
#[derive(Debug)]
pub(crate) struct Bytes {
    pub(crate) pages: MmapMut,
    n_bytes: usize,
}

impl Window {
    /// Reads the bytes of the window; `pages` serve when there are enough of them.
    pub(crate) fn load(&self, pages: Option<MmapMut>, limits: Limits) -> Result<Bytes, Error> {
        self.watched.check()?;
        let n_bytes = (self.end - self.start) as usize;
        let mut pages = match pages.filter(|pages| n_bytes <= pages.len()) {
            Some(pages) => pages,
            None => self.room(n_bytes, limits)?,
        };
        match read_exact_at(&self.watched.file, &mut pages[..n_bytes], self.start) {
            Ok(()) => Ok(Bytes { pages, n_bytes }),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(Error::Changed { path: self.watched.path.clone() })
            }
            Err(source) => Err(self.watched.unreadable(source)),
        }
    }

    fn room(&self, n_bytes: usize, limits: Limits) -> Result<MmapMut, Error> {
        let n_usual = limits.usual_bytes();
        let pages =
            MmapMut::map_anon(n_bytes.max(n_usual)).map_err(|source| self.watched.unreadable(source))?;
        // A line of 60 MB touches 15,000 pages of the usual size, or 30 large ones; without them all is as it was.
        #[cfg(target_os = "linux")]
        if n_usual < n_bytes {
            let _ = pages.advise(memmap2::Advice::HugePage);
        }
        Ok(pages)
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.pages[..self.n_bytes]
    }
}

/// Fills `buffer` from `at` on without moving the place of the file, which workers share.
pub(crate) fn read_exact_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    let mut n_read = 0;
    while n_read < buffer.len() {
        match read_at(file, &mut buffer[n_read..], at + n_read as u64)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n_more => n_read += n_more,
        }
    }
    Ok(())
}

/// Reads at `at` without moving the place of the file, which workers share.
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    loop {
        match positioned(file, buffer, at) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

#[cfg(unix)]
fn positioned(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn positioned(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}
