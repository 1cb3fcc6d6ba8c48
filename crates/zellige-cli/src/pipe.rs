//! Reads pipes and standard input so that a waiting read can be given up.
//!
//! In:     standard input, or a path that may block when it is opened or read.
//! Out:    its bytes, as a reader that fails once the job is cancelled.
//! Keeps:  every byte and their order; at most [`CHUNKS_WAITING`] chunks of [`CHUNK_BYTES`] in memory.
//! Source: –
//!
//! A read of a pipe that nobody writes to never returns, and a worker that waits in it would keep the whole
//! job from ending. So the reading is done by a thread of its own, which may wait for ever: it ends with the
//! process, while the reader looks at the flag between two waits.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 256 << 10;
/// Chunks that may wait for the reader.
const CHUNKS_WAITING: usize = 8;
/// How long the reader waits before it looks at the flag again.
const WAIT_STEP: Duration = Duration::from_millis(50);

/// Where the bytes come from.
#[derive(Debug)]
pub(crate) enum Origin {
    Stdin,
    Path(PathBuf),
}

/// A reader of a pipe that can be given up.
#[derive(Debug)]
pub(crate) struct Pipe {
    /// Until the first read; then the thread has it.
    origin: Option<Origin>,
    chunks: Option<Receiver<io::Result<Vec<u8>>>>,
    chunk: io::Cursor<Vec<u8>>,
    is_cancelled: Arc<AtomicBool>,
}

impl Pipe {
    /// Returns a reader of `origin`; nothing is opened before the first read.
    pub(crate) fn new(origin: Origin, is_cancelled: Arc<AtomicBool>) -> Self {
        Self { origin: Some(origin), chunks: None, chunk: io::Cursor::default(), is_cancelled }
    }

    /// Returns the next chunk; nothing at the end.
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        if let Some(origin) = self.origin.take() {
            let (sender, receiver) = sync_channel(CHUNKS_WAITING);
            std::thread::Builder::new()
                .name("zellige-pipe".to_owned())
                .spawn(move || pump(origin, &sender))?;
            self.chunks = Some(receiver);
        }
        let Some(chunks) = &self.chunks else { return Ok(None) };
        loop {
            if self.is_cancelled.load(Ordering::Relaxed) {
                return Err(io::Error::other("cancelled"));
            }
            match chunks.recv_timeout(WAIT_STEP) {
                Ok(chunk) => return chunk.map(Some),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            }
        }
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.chunk.position() == self.chunk.get_ref().len() as u64 {
            match self.next()? {
                Some(chunk) => self.chunk = io::Cursor::new(chunk),
                None => return Ok(0),
            }
        }
        self.chunk.read(buffer)
    }
}

/// Sends what `origin` holds, until its end, an error, or nobody listens.
fn pump(origin: Origin, chunks: &SyncSender<io::Result<Vec<u8>>>) {
    let mut reader: Box<dyn Read> = match origin {
        Origin::Stdin => Box::new(io::stdin().lock()),
        Origin::Path(path) => match File::open(path) {
            Ok(file) => Box::new(file),
            // Whoever does not listen any more needs no reason.
            Err(error) => return drop(chunks.send(Err(error))),
        },
    };
    loop {
        let mut chunk = vec![0; CHUNK_BYTES];
        let sent = match reader.read(&mut chunk) {
            Ok(0) => return,
            Ok(n_read) => {
                chunk.truncate(n_read);
                chunks.send(Ok(chunk))
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return drop(chunks.send(Err(error))),
        };
        if sent.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, is_cancelled: bool, expected: Result<&str, &str>) {
        let mut pipe = Pipe::new(Origin::Path(PathBuf::from(path)), Arc::new(AtomicBool::new(is_cancelled)));
        let mut text = String::new();
        let found = pipe.read_to_string(&mut text).map_err(|error| error.to_string());
        match expected {
            Ok(start) => assert!(found.is_ok() && text.starts_with(start), "{found:?} {text}"),
            Err(part) => assert!(found.as_ref().is_err_and(|found| found.contains(part)), "{found:?}"),
        }
    }

    #[test]
    fn bytes_pass_until_the_end_or_the_flag() {
        let own = concat!(env!("CARGO_MANIFEST_DIR"), "/src/pipe.rs");
        check(own, false, Ok("//! Reads pipes"));
        check(own, true, Err("cancelled"));
        check("no/such/file", false, Err("No such file"));
    }
}
