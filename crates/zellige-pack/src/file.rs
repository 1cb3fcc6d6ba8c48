//! Reads files that packs are made of whole, up to a bound.
//!
//! In:     the path of a file, also of a pipe or a device; the most bytes that it may have.
//! Out:    its bytes.
//! Keeps:  memory: no more than the bound is read, however much a file would give.
//! Source: –

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use zellige_archive::TILE_BYTES_MAX;
use zellige_style::document::STYLE_BYTES_MAX;

use crate::Error;

/// The most bytes of a font: collections of all ideographs have half of that.
pub const FONT_BYTES_MAX: usize = 256 << 20;
/// The most bytes of a GeoJSON file or image: what a row of a maps pack holds beside a URL of a style.
pub const FILE_BYTES_MAX: usize = TILE_BYTES_MAX - STYLE_BYTES_MAX;

/// Reads the file at `path`, which may have at most `bytes_max` bytes.
///
/// # Errors
///
/// [`Error::Io`] when it cannot be read, [`Error::TooLarge`] when it has more bytes.
pub fn read(path: &Path, bytes_max: usize) -> Result<Vec<u8>, Error> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let mut bytes = Vec::new();
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    if bytes.len() <= bytes_max { Ok(bytes) } else { Err(Error::TooLarge { path: path.into(), bytes_max }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes_max: usize, expected: Result<usize, &str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "abc").unwrap();
        let found = read(&path, bytes_max).map(|bytes| bytes.len());
        let found = found.map_err(|error| error.to_string().replace(&path.display().to_string(), "a"));
        assert_eq!(found, expected.map_err(str::to_owned));
    }

    #[test]
    fn files_have_a_bound() {
        check(3, Ok(3));
        check(2, Err("`a` has more than 2 bytes"));
    }

    #[test]
    fn devices_that_never_end_are_refused() {
        let error = read(Path::new("/dev/zero"), 1 << 20).unwrap_err();
        assert_eq!(error.to_string(), "`/dev/zero` has more than 1048576 bytes");
    }
}
