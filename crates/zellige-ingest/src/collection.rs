//! Streams the features of whole `FeatureCollection` documents as if each were a line.
//!
//! In:     a document of any size, pretty or not; several of them may follow one another.
//! Out:    blocks of lines, one feature a line; a newline inside of a feature becomes a blank.
//! Keeps:  order. What stands between `[` and `]` of `features` is cut at the commas and not judged here.
//!         A document whose frame is broken is an error, for nobody knows what else it has lost.
//! Source: RFC 7946 §3.3.

use zellige_model::finding::EXAMPLE_BYTES_MAX;

use crate::Error;
use crate::blocks::Limits;
use crate::lines::without_mark;
use crate::stream::Stream;

/// So many bytes are read at once.
const STEP_BYTES: usize = 256 << 10;
/// The member that holds the features.
const FEATURES: &[u8] = b"\"features\"";

/// A stream of documents and where in it we stand.
pub(crate) struct CollectionStream {
    stream: Stream,
    chunk: Vec<u8>,
    /// The next byte of the chunk.
    at: usize,
    /// Bytes of the stream before the chunk.
    passed_bytes: u64,
    place: Position,
    /// What is stepped over goes here.
    skipped: Vec<u8>,
}

/// What surrounds the next byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// No document.
    Outside,
    /// The object of a document whose features are still to come.
    Before,
    /// The array of features.
    Features,
    /// The object of a document whose features have come.
    Behind,
}

impl CollectionStream {
    pub(crate) const fn new(stream: Stream) -> Self {
        Self {
            stream,
            chunk: Vec::new(),
            at: 0,
            passed_bytes: 0,
            place: Position::Outside,
            skipped: Vec::new(),
        }
    }

    /// Fills `out` with features, one a line; returns whether the last of them is longer than a line may be
    /// and stands there in part, or nothing at the end of the stream.
    pub(crate) fn cut(&mut self, limits: Limits, out: &mut Vec<u8>) -> Result<Option<bool>, Error> {
        out.clear();
        while (out.len() as u64) < limits.block_bytes {
            if self.place != Position::Features && !self.enter()? {
                break;
            }
            match self.token()? {
                None => return Err(self.broken("it ends inside of `features`")),
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    self.place = Position::Behind;
                }
                Some(b'}') => return Err(self.broken("a brace closes nothing")),
                Some(_) => {
                    if !self.value(limits.line_bytes_max, out)? {
                        return Ok(Some(true));
                    }
                    out.push(b'\n');
                }
            }
        }
        Ok((!out.is_empty()).then_some(false))
    }

    /// Goes on to the next array of features; returns whether there is one.
    fn enter(&mut self) -> Result<bool, Error> {
        loop {
            let token = self.token()?;
            match (self.place, token) {
                (Position::Outside, None) => return Ok(false),
                (_, None) => return Err(self.broken("it ends before its object does")),
                (Position::Outside, Some(b'{')) => self.place = Position::Before,
                (Position::Outside, Some(_)) => return Err(self.broken("an object was expected")),
                (Position::Before, Some(b'}')) => return Err(self.broken("it has no `features`")),
                (_, Some(b'}')) => self.place = Position::Outside,
                (_, Some(b',')) => {}
                (_, Some(b'"')) => {
                    if self.member()? {
                        self.place = Position::Features;
                        return Ok(true);
                    }
                    continue;
                }
                (_, Some(_)) => return Err(self.broken("the name of a member was expected")),
            }
            self.at += 1;
        }
    }

    /// Steps over a member; or only into it, which is then said, if it holds the features.
    fn member(&mut self) -> Result<bool, Error> {
        let mut name = std::mem::take(&mut self.skipped);
        name.clear();
        self.name_of_member(&mut name)?;
        let is_features = name == FEATURES;
        self.skipped = name;
        if self.token()? != Some(b':') {
            return Err(self.broken("a colon was expected"));
        }
        self.at += 1;
        let token = self.token()?;
        if is_features {
            if token != Some(b'[') {
                return Err(self.broken("`features` is no array"));
            }
            self.at += 1;
            return Ok(true);
        }
        let mut skipped = std::mem::take(&mut self.skipped);
        skipped.clear();
        self.value(0, &mut skipped)?;
        self.skipped = skipped;
        Ok(false)
    }

    /// Steps over a string and appends the beginning of it, quotes included, to `out`.
    fn name_of_member(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        let mut text = Text::Inside;
        self.at += 1;
        out.push(b'"');
        while text != Text::Outside {
            let Some(byte) = self.byte()? else { return Err(self.broken("it ends inside of a name")) };
            text = text.after(byte);
            if out.len() < EXAMPLE_BYTES_MAX {
                out.push(byte);
            }
            self.at += 1;
        }
        Ok(())
    }

    /// Steps over a value and appends it to `out`; only its beginning when it has more than `bytes_max` bytes,
    /// which is then said by `false`.
    fn value(&mut self, bytes_max: usize, out: &mut Vec<u8>) -> Result<bool, Error> {
        let start = out.len();
        let (mut depth, mut text, mut is_whole) = (0_u64, Text::Outside, true);
        loop {
            if self.byte()?.is_none() {
                return Err(self.broken("it ends inside of a value"));
            }
            let rest = &self.chunk[self.at..];
            let end = value_end(rest, &mut depth, &mut text);
            let run = &rest[..end.unwrap_or(rest.len())];
            self.at += run.len();
            if is_whole {
                out.extend_from_slice(run);
            }
            if is_whole && out.len() - start > bytes_max {
                is_whole = false;
                out.truncate(start + EXAMPLE_BYTES_MAX);
            }
            if end.is_some() {
                break;
            }
        }
        for newline in memchr::memchr_iter(b'\n', &out[start..]).collect::<Vec<_>>() {
            out[start + newline] = b' ';
        }
        Ok(is_whole)
    }

    /// Returns the next byte that is no white space, and stays in front of it.
    fn token(&mut self) -> Result<Option<u8>, Error> {
        loop {
            match self.byte()? {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(0x1e) if self.place == Position::Outside => self.at += 1,
                other => return Ok(other),
            }
        }
    }

    /// Returns the next byte, reading on where necessary.
    fn byte(&mut self) -> Result<Option<u8>, Error> {
        if self.at == self.chunk.len() {
            let is_first = self.passed_bytes == 0 && self.chunk.is_empty();
            self.passed_bytes += self.chunk.len() as u64;
            self.chunk.clear();
            self.at = 0;
            self.stream.read(STEP_BYTES, &mut self.chunk)?;
            if is_first {
                self.at = self.chunk.len() - without_mark(&self.chunk).len();
            }
        }
        Ok(self.chunk.get(self.at).copied())
    }

    fn broken(&self, reason: &'static str) -> Error {
        Error::NotACollection {
            name: self.stream.name().to_owned(),
            reason,
            byte: self.passed_bytes + self.at as u64 + 1,
        }
    }
}

/// Whether the next byte belongs to a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    Outside,
    Inside,
    Escaped,
}

impl Text {
    const fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Outside, b'"') | (Self::Escaped, _) => Self::Inside,
            (Self::Inside, b'\\') => Self::Escaped,
            (Self::Outside, _) | (Self::Inside, b'"') => Self::Outside,
            (Self::Inside, _) => Self::Inside,
        }
    }
}

/// Returns where the value ends whose `depth` and `text` are those before `bytes`, if it ends there.
fn value_end(bytes: &[u8], depth: &mut u64, text: &mut Text) -> Option<usize> {
    let mut at = 0;
    while at < bytes.len() {
        if *text == Text::Inside {
            at += memchr::memchr2(b'"', b'\\', &bytes[at..])?;
        }
        let byte = bytes[at];
        if *text == Text::Outside {
            match byte {
                b'{' | b'[' => *depth += 1,
                b'}' | b']' | b',' if *depth == 0 => return Some(at),
                b'}' | b']' => *depth -= 1,
                _ => {}
            }
        }
        *text = text.after(byte);
        at += 1;
    }
    None
}
