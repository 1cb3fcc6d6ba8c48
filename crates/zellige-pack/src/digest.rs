//! Size and MD5 of a file, as clients check what they have downloaded.
//!
//! In:     bytes, or a file of any length.
//! Out:    16 bytes, and their text of 32 hexadecimal digits.
//! Keeps:  one chunk of the file in memory.
//! Source: RFC 1321. It finds broken downloads and protects from nobody.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Bytes that are read at a time.
const CHUNK_BYTES: usize = 1 << 18;
/// Bytes of a block of the algorithm.
const BLOCK_BYTES: usize = 64;

/// How far each step turns, by round and by place within four.
const TURNS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// What each step adds: the whole part of 2³² · |sin(step + 1)|.
const SINES: [u32; 64] = [
    0xd76a_a478,
    0xe8c7_b756,
    0x2420_70db,
    0xc1bd_ceee,
    0xf57c_0faf,
    0x4787_c62a,
    0xa830_4613,
    0xfd46_9501,
    0x6980_98d8,
    0x8b44_f7af,
    0xffff_5bb1,
    0x895c_d7be,
    0x6b90_1122,
    0xfd98_7193,
    0xa679_438e,
    0x49b4_0821,
    0xf61e_2562,
    0xc040_b340,
    0x265e_5a51,
    0xe9b6_c7aa,
    0xd62f_105d,
    0x0244_1453,
    0xd8a1_e681,
    0xe7d3_fbc8,
    0x21e1_cde6,
    0xc337_07d6,
    0xf4d5_0d87,
    0x455a_14ed,
    0xa9e3_e905,
    0xfcef_a3f8,
    0x676f_02d9,
    0x8d2a_4c8a,
    0xfffa_3942,
    0x8771_f681,
    0x6d9d_6122,
    0xfde5_380c,
    0xa4be_ea44,
    0x4bde_cfa9,
    0xf6bb_4b60,
    0xbebf_bc70,
    0x289b_7ec6,
    0xeaa1_27fa,
    0xd4ef_3085,
    0x0488_1d05,
    0xd9d4_d039,
    0xe6db_99e5,
    0x1fa2_7cf8,
    0xc4ac_5665,
    0xf429_2244,
    0x432a_ff97,
    0xab94_23a7,
    0xfc93_a039,
    0x655b_59c3,
    0x8f0c_cc92,
    0xffef_f47d,
    0x8584_5dd1,
    0x6fa8_7e4f,
    0xfe2c_e6e0,
    0xa301_4314,
    0x4e08_11a1,
    0xf753_7e82,
    0xbd3a_f235,
    0x2ad7_d2bb,
    0xeb86_d391,
];

/// An MD5 checksum; its text is 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Md5(pub [u8; 16]);

impl Md5 {
    /// Returns the checksum of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::default();
        hasher.add(bytes);
        hasher.end()
    }
}

impl fmt::Display for Md5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a client compares after a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    /// Bytes of the file.
    pub bytes: u64,
    /// The checksum over all of them.
    pub md5: Md5,
}

impl Digest {
    /// Reads the file at `path` from front to back.
    ///
    /// # Errors
    ///
    /// When it cannot be opened or read.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let (mut chunk, mut hasher) = (vec![0; CHUNK_BYTES], Hasher::default());
        loop {
            match file.read(&mut chunk) {
                Ok(0) => break,
                Ok(n_bytes) => hasher.add(&chunk[..n_bytes]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { bytes: hasher.bytes, md5: hasher.end() })
    }
}

/// A checksum in the making.
struct Hasher {
    state: [u32; 4],
    bytes: u64,
    /// The start of a block that is not whole yet.
    block: Vec<u8>,
}

impl Default for Hasher {
    fn default() -> Self {
        let state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
        Self { state, bytes: 0, block: Vec::with_capacity(BLOCK_BYTES) }
    }
}

impl Hasher {
    fn add(&mut self, mut bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        if !self.block.is_empty() {
            let (start, rest) = bytes.split_at(bytes.len().min(BLOCK_BYTES - self.block.len()));
            self.block.extend_from_slice(start);
            bytes = rest;
            if let Some(block) = self.block.first_chunk() {
                mix(&mut self.state, block);
                self.block.clear();
            }
        }
        let (blocks, rest) = bytes.as_chunks::<BLOCK_BYTES>();
        for block in blocks {
            mix(&mut self.state, block);
        }
        self.block.extend_from_slice(rest);
    }

    fn end(mut self) -> Md5 {
        let bits = self.bytes.wrapping_mul(8);
        let n_zeros = (BLOCK_BYTES + 55 - self.block.len()) % BLOCK_BYTES;
        let mut tail = vec![0; 1 + n_zeros];
        tail[0] = 0x80;
        tail.extend_from_slice(&bits.to_le_bytes());
        self.add(&tail);
        let mut out = [0; 16];
        for (place, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(self.state) {
            *place = word.to_le_bytes();
        }
        Md5(out)
    }
}

/// Takes one block into the state.
fn mix(state: &mut [u32; 4], block: &[u8; BLOCK_BYTES]) {
    let words = block.as_chunks::<4>().0;
    let [mut a, mut b, mut c, mut d] = *state;
    for step in 0..64 {
        let (f, word) = match step / 16 {
            0 => ((b & c) | (!b & d), step),
            1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
            2 => (b ^ c ^ d, (3 * step + 5) % 16),
            _ => (c ^ (b | !d), 7 * step % 16),
        };
        let sum = a.wrapping_add(f).wrapping_add(SINES[step]).wrapping_add(u32::from_le_bytes(words[word]));
        (a, d, c) = (d, c, b);
        b = b.wrapping_add(sum.rotate_left(TURNS[step / 16][step % 4]));
    }
    for (sum, word) in state.iter_mut().zip([a, b, c, d]) {
        *sum = sum.wrapping_add(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(Md5::of(text.as_bytes()).to_string(), expected, "{text}");
    }

    // RFC 1321, A.5.
    #[test]
    fn examples_of_the_algorithm() {
        check("", "d41d8cd98f00b204e9800998ecf8427e");
        check("a", "0cc175b9c0f1b6a831c399e269772661");
        check("message digest", "f96b697d7cb7938d525a2f31aaf161d0");
        check(&"1234567890".repeat(8), "57edf4a22be3c955ac49da2e2107b67a");
    }

    #[test]
    fn chunks_make_no_difference() {
        let bytes: Vec<u8> = (0..300_u16).map(|number| number as u8).collect();
        for len in [55, 56, 63, 64, 65, 119, 120, 300] {
            let mut hasher = Hasher::default();
            bytes[..len].chunks(7).for_each(|chunk| hasher.add(chunk));
            assert_eq!(hasher.end(), Md5::of(&bytes[..len]), "{len}");
        }
    }

    #[test]
    fn files_are_read_to_their_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pack");
        let bytes = vec![7; CHUNK_BYTES + 1];
        std::fs::write(&path, &bytes).unwrap();
        let expected = Digest { bytes: bytes.len() as u64, md5: Md5::of(&bytes) };
        assert_eq!(Digest::of_file(&path).unwrap(), expected);
    }
}
