//! A TAR archive of named files, and its index.
//!
//! In:     graph tiles by id; bytes of an archive.
//! Out:    bytes of an archive: `index.bin` first, then tiles in order; files with names and places.
//! Keeps:  equal input, equal bytes: owner, group and rights are fixed, the time is given.
//! Source: POSIX.1-1988 ustar. The format is written here because a header is one page; a crate would bring
//!         extended headers, links and owners that must not occur, and a second reader to trust.
//!
//! ```text
//!     512 bytes header, content, zeros up to 512    for each file
//!     1024 zeros
//!     index.bin: 8 bytes where the content of a tile begins, 4 its id, 4 its size; one a tile
//! ```

use std::io::{self, Write};
use std::ops::Range;

use super::level::{GraphId, name};

/// Headers and contents begin at multiples of this.
pub(super) const BLOCK_BYTES: usize = 512;
/// Bytes of an entry of the index.
pub(super) const ENTRY_BYTES: usize = 16;
/// The name of the index.
pub(super) const INDEX_NAME: &str = "index.bin";

/// Writes an archive: its index, then its tiles in the same order, then its end.
pub(super) struct Writer<'a> {
    out: &'a mut dyn Write,
    created_s: u64,
}

impl<'a> Writer<'a> {
    /// Returns the writer of an archive that was made at a time in seconds since 1970.
    pub(super) fn new(out: &'a mut dyn Write, created_s: u64) -> Self {
        Self { out, created_s }
    }

    /// Writes the index of all tiles.
    pub(super) fn begin(&mut self, tiles: &[(GraphId, Vec<u8>)]) -> io::Result<()> {
        let index_bytes = tiles.len() * ENTRY_BYTES;
        let mut offset = BLOCK_BYTES + padded(index_bytes);
        let mut index = Vec::with_capacity(index_bytes);
        for (id, bytes) in tiles {
            offset += BLOCK_BYTES;
            index.extend_from_slice(&(offset as u64).to_le_bytes());
            index.extend_from_slice(&(id.base().0 as u32).to_le_bytes());
            index.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            offset += padded(bytes.len());
        }
        self.add(INDEX_NAME, &index)
    }

    /// Writes a tile.
    pub(super) fn add_tile(&mut self, id: GraphId, bytes: &[u8]) -> io::Result<()> {
        self.add(&format!("{}.gph", name(id.level(), id.tile())), bytes)
    }

    /// Writes the end.
    pub(super) fn end(self) -> io::Result<()> {
        self.out.write_all(&[0; 2 * BLOCK_BYTES])
    }

    fn add(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut header = [0; BLOCK_BYTES];
        let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(NAME.start, name);
        put(100, "0000644");
        put(108, "0000000");
        put(116, "0000000");
        put(SIZE.start, &format!("{:011o}", content.len()));
        put(136, &format!("{:011o}", self.created_s.min(0o77_777_777_777)));
        put(KIND, "0");
        put(MAGIC.start, "ustar\x0000");
        let sum = format!("{:06o}\0 ", checksum(&header));
        header[CHECKSUM].copy_from_slice(sum.as_bytes());
        self.out.write_all(&header)?;
        self.out.write_all(content)?;
        self.out.write_all(&[0; BLOCK_BYTES][..padded(content.len()) - content.len()])
    }
}

/// Returns the sum of the bytes of a header, its own field counted as spaces.
pub(super) fn checksum(header: &[u8]) -> u32 {
    header
        .iter()
        .enumerate()
        .map(|(at, byte)| if CHECKSUM.contains(&at) { 32 } else { u32::from(*byte) })
        .sum()
}

/// Where the fields of a header are.
pub(super) const NAME: Range<usize> = 0..100;
pub(super) const SIZE: Range<usize> = 124..136;
pub(super) const CHECKSUM: Range<usize> = 148..156;
pub(super) const KIND: usize = 156;
pub(super) const MAGIC: Range<usize> = 257..262;

/// Returns the bytes that a content takes, with the zeros behind it.
pub(super) const fn padded(n_bytes: usize) -> usize {
    n_bytes.next_multiple_of(BLOCK_BYTES)
}

/// A file in an archive: its name, without a leading `./`, and where its content is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) content: Range<usize>,
}

/// Reads the list of files of an archive that nobody vouches for.
///
/// # Errors
///
/// What is wrong with it, and at which byte; and the files before that.
pub(super) fn read(archive: &[u8]) -> (Vec<Member>, Result<(), String>) {
    let mut members = Vec::new();
    let mut at = 0;
    loop {
        let Some(header) = archive.get(at..at + BLOCK_BYTES) else {
            return (members, Err(format!("the archive ends at byte {at} without two blocks of zeros")));
        };
        if header.iter().all(|byte| *byte == 0) {
            let rest = &archive[at..];
            let is_end = rest.len() >= 2 * BLOCK_BYTES && rest.iter().all(|byte| *byte == 0);
            let fault = || format!("the archive does not end with two blocks of zeros at byte {at}");
            return (members, if is_end { Ok(()) } else { Err(fault()) });
        }
        match member(header, at, archive.len()) {
            Ok(member) => {
                at = member.content.start + padded(member.content.len());
                members.push(member);
            }
            Err(reason) => return (members, Err(format!("{reason} (byte {at})"))),
        }
    }
}

/// Reads a header that begins at a byte of an archive.
fn member(header: &[u8], at: usize, archive_bytes: usize) -> Result<Member, String> {
    if octal(&header[CHECKSUM]) != Some(u64::from(checksum(header))) {
        return Err("a header has a wrong checksum".to_owned());
    }
    if &header[MAGIC] != b"ustar" || !matches!(header[KIND], b'0' | 0) {
        return Err("a header is not that of a plain file".to_owned());
    }
    let end = header[NAME].iter().position(|byte| *byte == 0).unwrap_or(NAME.len());
    let Ok(name) = std::str::from_utf8(&header[..end]) else {
        return Err("a name is not UTF-8".to_owned());
    };
    let start = at + BLOCK_BYTES;
    let content = octal(&header[SIZE]).filter(|size| *size <= (archive_bytes - start) as u64);
    match content {
        Some(size) => Ok(Member {
            name: name.strip_prefix("./").unwrap_or(name).to_owned(),
            content: start..start + size as usize,
        }),
        None => Err(format!("`{name}` is said to be larger than what is left of the archive")),
    }
}

/// Reads a number that ends with a zero byte or a space.
fn octal(field: &[u8]) -> Option<u64> {
    let digits = field.trim_ascii().split(|byte| matches!(byte, 0 | b' ')).next()?;
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'7');
    let number = |digits: &[u8]| digits.iter().fold(0, |number, digit| number << 3 | u64::from(digit - b'0'));
    (!digits.is_empty() && digits.iter().all(is_digit)).then(|| number(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archive_begins_with_an_index_of_its_tiles() {
        let tiles = [(GraphId::new(1, 47_381, 0), vec![1; 600]), (GraphId::new(2, 762_485, 0), vec![2; 512])];
        let mut archive = Vec::new();
        let mut writer = Writer::new(&mut archive, 1_700_000_000);
        writer.begin(&tiles).unwrap();
        for (id, bytes) in &tiles {
            writer.add_tile(*id, bytes).unwrap();
        }
        writer.end().unwrap();
        assert_eq!(archive.len() % BLOCK_BYTES, 0);
        for (at, expected) in [(0, INDEX_NAME), (1024, "1/047/381.gph"), (2560, "2/000/762/485.gph")] {
            assert_eq!(&archive[at..=at + expected.len()], format!("{expected}\0").as_bytes());
            let header = &archive[at..at + BLOCK_BYTES];
            assert_eq!(&header[CHECKSUM], format!("{:06o}\0 ", checksum(header)).as_bytes());
        }
        let entry = &archive[BLOCK_BYTES + ENTRY_BYTES..BLOCK_BYTES + 2 * ENTRY_BYTES];
        let (offset, size) = (3072_u64.to_le_bytes(), 512_u32.to_le_bytes());
        assert_eq!(entry, [&offset[..], &(762_485_u32 << 3 | 2).to_le_bytes(), &size].concat());
        assert_eq!(archive[3072], 2);
        let (members, end) = read(&archive);
        assert_eq!(end, Ok(()));
        assert_eq!(members[2], Member { name: "2/000/762/485.gph".to_owned(), content: 3072..3584 });
    }
}
