//! The first 127 bytes of a PMTiles file.
//!
//! In:     the bytes of the file from 0 on, and the length of the file; or what they are to say.
//! Out:    where the sections lie, all within the file; how they are compressed; zooms and box; or the bytes.
//! Keeps:  positions as 10⁻⁷ degrees, as they were written.
//! Source: PMTiles v3 §3.
//!
//! ```text
//! 0 "PMTiles" 3 │ 8 root │ 24 metadata │ 40 leaves │ 56 tiles     each u64 offset, u64 length
//! 72 addressed │ 80 entries │ 88 contents                         each u64, 0 when unknown
//! 96 clustered │ 97 internal compression │ 98 tile compression │ 99 tile type
//! 100 minzoom │ 101 maxzoom │ 102 west south east north │ 118 zoom │ 119 lon lat      i32 each
//! ```

use crate::{Compression, Error};

/// The bytes that every version starts with.
pub(crate) const MAGIC: &[u8] = b"PMTiles";

/// The length of the header.
pub(super) const HEADER_BYTES: usize = 127;

/// Where a section lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) offset: u64,
    pub(super) bytes: u64,
}

/// What the header says, checked against the length of the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Header {
    pub(super) root: Section,
    pub(super) metadata: Section,
    pub(super) leaves: Section,
    pub(super) tiles: Section,
    /// Tiles that can be asked for, 0 when unknown.
    pub(super) n_addressed: u64,
    /// Entries of tiles in all directories, 0 when unknown.
    pub(super) n_entries: u64,
    /// Different contents, 0 when unknown.
    pub(super) n_contents: u64,
    /// Compression of directories and metadata.
    pub(super) internal: Compression,
    /// Compression of tiles.
    pub(super) tile: Compression,
    pub(super) minzoom: u8,
    pub(super) maxzoom: u8,
    /// West, south, east, north in degrees.
    pub(super) bounds: [f64; 4],
    /// Longitude, latitude and zoom.
    pub(super) center: [f64; 3],
}

impl Header {
    /// Reads the header of a file of `file_bytes`.
    pub(super) fn parse(bytes: &[u8; HEADER_BYTES], file_bytes: u64) -> Result<Self, Error> {
        if !bytes.starts_with(MAGIC) {
            return Err(Error::Damaged { found: "the file does not start with `PMTiles`".into() });
        }
        let only = |found: String| Err(Error::Unsupported { found });
        if bytes[7] != 3 {
            return only(format!("version is `{}`, expected 3", bytes[7]));
        }
        if bytes[99] != 1 {
            return only(format!("tile type is `{}`, expected 1 for vector tiles", bytes[99]));
        }
        let section = |name: &str, at: usize| {
            let section = Section { offset: u64_at(bytes, at), bytes: u64_at(bytes, at + 8) };
            match section.offset.checked_add(section.bytes) {
                Some(end) if end <= file_bytes => Ok(section),
                _ => Err(Error::Damaged {
                    found: format!(
                        "section `{name}` of {} bytes at {} ends behind the file of {file_bytes} bytes",
                        section.bytes, section.offset
                    ),
                }),
            }
        };
        let degrees = |at| f64::from(i32_at(bytes, at)) / 1e7;
        Ok(Self {
            root: section("root directory", 8)?,
            metadata: section("metadata", 24)?,
            leaves: section("leaf directories", 40)?,
            tiles: section("tiles", 56)?,
            n_addressed: u64_at(bytes, 72),
            n_entries: u64_at(bytes, 80),
            n_contents: u64_at(bytes, 88),
            internal: compression("directories", bytes[97])?,
            tile: compression("tiles", bytes[98])?,
            minzoom: bytes[100],
            maxzoom: bytes[101],
            bounds: [102, 106, 110, 114].map(degrees),
            center: [degrees(119), degrees(123), f64::from(bytes[118])],
        })
    }

    /// Returns the header of a clustered file of vector tiles.
    pub(super) fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..MAGIC.len()].copy_from_slice(MAGIC);
        bytes[7] = 3;
        let Self { root, metadata, leaves, tiles, .. } = self;
        let sections = [root, metadata, leaves, tiles].map(|section| [section.offset, section.bytes]);
        let numbers = [self.n_addressed, self.n_entries, self.n_contents];
        let numbers = sections.as_flattened().iter().chain(&numbers);
        for (place, number) in bytes[8..96].chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        let codes = [1, code(self.internal), code(self.tile), 1, self.minzoom, self.maxzoom];
        bytes[96..102].copy_from_slice(&codes);
        let [lon, lat, zoom] = self.center;
        bytes[118] = zoom as u8;
        let [west, south, east, north] = self.bounds;
        for (at, degrees) in [(102, west), (106, south), (110, east), (114, north), (119, lon), (123, lat)] {
            bytes[at..at + 4].copy_from_slice(&((degrees * 1e7).round() as i32).to_le_bytes());
        }
        bytes
    }
}

const fn code(compression: Compression) -> u8 {
    match compression {
        Compression::None => 1,
        Compression::Gzip => 2,
    }
}

fn compression(what: &str, code: u8) -> Result<Compression, Error> {
    match code {
        1 => Ok(Compression::None),
        2 => Ok(Compression::Gzip),
        code => {
            let name =
                ["unknown", "none", "gzip", "brotli", "zstd"].get(usize::from(code)).unwrap_or(&"undefined");
            let found = format!("compression of {what} is `{code}` ({name}), expected 1 (none) or 2 (gzip)");
            Err(Error::Unsupported { found })
        }
    }
}

fn u64_at(bytes: &[u8; HEADER_BYTES], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |number| u64::from_le_bytes(*number))
}

fn i32_at(bytes: &[u8; HEADER_BYTES], at: usize) -> i32 {
    bytes[at..].first_chunk().map_or(0, |number| i32::from_le_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A legal header of a file that ends with it.
    fn plain() -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(b"PMTiles\x03");
        (bytes[97], bytes[98], bytes[99]) = (1, 2, 1);
        bytes[102..106].copy_from_slice(&(-1_800_000_000_i32).to_le_bytes());
        bytes
    }

    fn check(change: impl Fn(&mut [u8; HEADER_BYTES]), expected: &str) {
        let mut bytes = plain();
        change(&mut bytes);
        let error = Header::parse(&bytes, 127).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn numbers_are_little_endian() {
        let mut bytes = plain();
        bytes[8..24].copy_from_slice(&[7, 0, 0, 0, 0, 0, 0, 0, 120, 0, 0, 0, 0, 0, 0, 0]);
        let header = Header::parse(&bytes, 127).unwrap();
        assert_eq!(header.root, Section { offset: 7, bytes: 120 });
        assert_eq!((header.internal, header.tile), (Compression::None, Compression::Gzip));
        assert_eq!(header.bounds.map(|degrees| degrees as i32), [-180, 0, 0, 0]);
    }

    #[test]
    fn what_is_written_is_read() {
        let section = |offset| Section { offset, bytes: offset / 2 };
        let header = Header {
            root: section(127),
            metadata: section(900),
            leaves: section(700),
            tiles: section(500),
            n_addressed: 9,
            n_entries: 8,
            n_contents: 7,
            internal: Compression::Gzip,
            tile: Compression::None,
            minzoom: 3,
            maxzoom: 14,
            bounds: [-179.9, -85.05, 180.0, 1e-7],
            center: [8.5, -47.25, 11.0],
        };
        assert_eq!(Header::parse(&header.to_bytes(), 2000).unwrap(), header);
    }

    #[test]
    fn every_lie_has_its_sentence() {
        check(|bytes| bytes[0] = b'Q', "the file does not start with `PMTiles`");
        check(|bytes| bytes[7] = 2, "version is `2`, expected 3");
        check(|bytes| bytes[99] = 2, "tile type is `2`, expected 1 for vector tiles");
        check(|bytes| bytes[98] = 4, "compression of tiles is `4` (zstd), expected 1 (none) or 2 (gzip)");
        check(
            |bytes| bytes[97] = 200,
            "compression of directories is `200` (undefined), expected 1 (none) or 2 (gzip)",
        );
        check(
            |bytes| bytes[16] = 128,
            "section `root directory` of 128 bytes at 0 ends behind the file of 127 bytes",
        );
        check(
            |bytes| bytes[56..72].fill(0xff),
            "section `tiles` of 18446744073709551615 bytes at 18446744073709551615 ends behind the file of 127 bytes",
        );
    }
}
