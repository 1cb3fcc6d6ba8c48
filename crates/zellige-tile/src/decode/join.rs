//! Several tiles of one place to one: the layers of all.
//!
//! In:     the bytes of tiles, in order of preference.
//! Out:    the bytes of one tile.
//! Keeps:  the bytes of each layer, and their order; of layers with the same name the first one alone, since a
//!         tile may not have two (MVT 2.1 §4.1).
//! Source: composite sources of styles; MVT 2.1 §3.1.

use super::{DecodeError, layer_messages};
use crate::encode::push_varint;

/// Returns the layers of all `tiles` as one tile.
///
/// # Errors
///
/// [`DecodeError`] when the bytes of a tile are no sequence of fields, or a layer has no name.
pub fn join<T: AsRef<[u8]>>(tiles: &[T]) -> Result<Vec<u8>, DecodeError> {
    let mut names: Vec<&str> = Vec::new();
    let mut out = Vec::new();
    for tile in tiles {
        for (name, message) in layer_messages(tile.as_ref())? {
            if names.contains(&name) {
                continue;
            }
            names.push(name);
            out.push(3 << 3 | 2);
            push_varint(&mut out, message.len() as u64);
            out.extend_from_slice(message);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::decode;

    /// A tile of layers with one point each, on a grid of `extent` units.
    fn tile(names: &str, extent: u8) -> Vec<u8> {
        let layer = |name: char| {
            let body = [0x0a, 1, name as u8, 0x12, 7, 0x18, 1, 0x22, 3, 9, 2, 2, 0x28, extent, 0x78, 2];
            [&[0x1a, body.len() as u8][..], &body].concat()
        };
        names.chars().flat_map(layer).collect()
    }

    fn check(tiles: &[(&str, u8)], expected: &str) {
        let tiles: Vec<Vec<u8>> = tiles.iter().map(|(names, extent)| tile(names, *extent)).collect();
        let joined = decode(&join(&tiles).unwrap()).unwrap();
        let layers: Vec<String> =
            joined.layers.iter().map(|layer| format!("{}{}", layer.name, layer.extent)).collect();
        assert_eq!(layers.join(" "), expected);
    }

    #[test]
    fn first_of_a_name_counts() {
        check(&[("ab", 8), ("bc", 16), ("a", 32)], "a8 b8 c16");
        check(&[("", 8), ("a", 16)], "a16");
        check(&[], "");
    }

    #[test]
    fn broken_tiles_are_errors() {
        assert!(join(&[&b"\x1a\x05\x0a"[..]]).is_err());
        assert!(join(&[&b"\x1a\x02\x78\x02"[..]]).is_err());
    }
}
