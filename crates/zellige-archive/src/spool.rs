//! Bytes that wait to be read back: in memory up to a bound, in a temporary file beyond it.
//!
//! In:     bytes, piece by piece.
//! Out:    any range of them, in order.
//! Keeps:  every byte. The file has no name, so that the system removes it with the process, however that ends.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::Error;

/// The bytes that wait in memory before they go to the file.
const BUFFER_BYTES: usize = 1 << 20;

/// See the module.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
    /// Nothing before the first bytes went there.
    file: Option<File>,
    file_bytes: u64,
    /// What comes behind the bytes of the file.
    buffer: Vec<u8>,
}

impl Spool {
    /// Returns an empty spool whose file, if it needs one, is made in `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.into(), file: None, file_bytes: 0, buffer: Vec::new() }
    }

    /// Returns the number of all bytes.
    pub(crate) const fn len(&self) -> u64 {
        self.file_bytes + self.buffer.len() as u64
    }

    /// Takes bytes behind all others.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if self.buffer.len() + bytes.len() > BUFFER_BYTES {
            self.flush().map_err(Error::io("write a temporary file in", &self.folder))?;
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => tempfile::tempfile_in(&self.folder)?,
        };
        file.write_all_at(&self.buffer, self.file_bytes)?;
        self.file = Some(file);
        self.file_bytes += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Returns a reader of the bytes from `start` to before `end`.
    pub(crate) const fn reader(&self, start: u64, end: u64) -> SpoolReader<'_> {
        SpoolReader { spool: self, at: start, end }
    }

    /// Returns the error of a reader, for use in `map_err`.
    pub(crate) fn failed(&self) -> impl FnOnce(io::Error) -> Error {
        Error::io("read a temporary file in", &self.folder)
    }
}

/// Reads a range of a spool; each call may read the file, so it wants a buffer.
#[derive(Debug)]
pub(crate) struct SpoolReader<'s> {
    spool: &'s Spool,
    at: u64,
    end: u64,
}

impl Read for SpoolReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Spool { file, file_bytes, buffer, .. } = self.spool;
        let wanted = (self.end - self.at).min(out.len() as u64) as usize;
        let n_read = match file {
            Some(file) if self.at < *file_bytes => {
                let wanted = (file_bytes - self.at).min(wanted as u64) as usize;
                file.read_at(&mut out[..wanted], self.at)?
            }
            _ => {
                let mut rest = &buffer[(self.at - file_bytes) as usize..];
                rest.read(&mut out[..wanted])?
            }
        };
        self.at += n_read as u64;
        Ok(n_read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spools so many pieces of eight bytes, and reads some of them back.
    fn check(n_pieces: u64, expected_in_file: bool) {
        let mut spool = Spool::new(&std::env::temp_dir());
        for piece in 0..n_pieces {
            spool.push(&piece.to_le_bytes()).unwrap();
        }
        assert_eq!((spool.len(), spool.file.is_some()), (8 * n_pieces, expected_in_file));
        for (from, to) in [(0, n_pieces), (n_pieces / 3, n_pieces / 2), (n_pieces, n_pieces)] {
            let mut bytes = Vec::new();
            spool.reader(8 * from, 8 * to).read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, (from..to).flat_map(u64::to_le_bytes).collect::<Vec<_>>());
        }
    }

    #[test]
    fn bytes_come_back_from_memory_and_from_a_file() {
        check(0, false);
        check(1000, false);
        check(BUFFER_BYTES as u64 / 8, false);
        check(BUFFER_BYTES as u64 / 8 * 5 / 2, true);
    }
}
