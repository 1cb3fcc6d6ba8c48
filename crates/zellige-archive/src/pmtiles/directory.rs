//! Directories: which tile ids lie where.
//!
//! In:     the uncompressed bytes of a root or leaf directory; or its entries.
//! Out:    its entries, ascending by tile id and without overlap; or the bytes.
//! Keeps:  runs as runs; memory is at most six times the bytes.
//! Source: PMTiles v3 §4: count, then id deltas, runs, lengths and offsets, as varints.

use crate::Error;

/// The fewest bytes of an entry: one for each of its four numbers.
const ENTRY_BYTES_MIN: usize = 4;

/// A run of equal tiles, or a pointer to a leaf directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// The first tile id.
    pub(super) id: u64,
    /// Tiles that share the content; 0 for a pointer to a leaf.
    pub(super) run: u32,
    /// Length of the content or leaf in bytes, at least 1.
    pub(super) bytes: u32,
    /// Start within the tile section, or within the leaf section.
    pub(super) offset: u64,
}

impl Entry {
    /// Whether the entry points to a leaf directory.
    pub(super) fn is_leaf(&self) -> bool {
        self.run == 0
    }
}

/// Reads a directory.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Entry>, Error> {
    let mut rest = bytes;
    let n_entries = varint(&mut rest)?;
    if n_entries > (rest.len() / ENTRY_BYTES_MIN) as u64 {
        let found =
            format!("directory states `{n_entries}` entries, its {} bytes cannot hold them", bytes.len());
        return Err(Error::Damaged { found });
    }
    let mut entries = vec![Entry::default(); n_entries as usize];
    let mut id = 0_u64;
    for (entry_idx, entry) in entries.iter_mut().enumerate() {
        let step = varint(&mut rest)?;
        if step == 0 && entry_idx > 0 {
            return Err(Error::Damaged { found: format!("directory names tile id `{id}` twice") });
        }
        id = id.checked_add(step).ok_or_else(overflow)?;
        entry.id = id;
    }
    for entry in &mut entries {
        entry.run = small(&mut rest)?;
    }
    for entry in &mut entries {
        entry.bytes = small(&mut rest)?;
        if entry.bytes == 0 {
            return Err(Error::Damaged { found: format!("entry of tile id `{}` has no bytes", entry.id) });
        }
    }
    let mut end = None;
    for entry in &mut entries {
        // 0 stands for "right behind the entry before", anything else for the offset plus one.
        entry.offset = match (varint(&mut rest)?, end) {
            (0, Some(end)) => end,
            (0, None) => {
                return Err(Error::Damaged { found: "first offset of a directory is missing".into() });
            }
            (offset, _) => offset - 1,
        };
        end = Some(entry.offset.checked_add(u64::from(entry.bytes)).ok_or_else(overflow)?);
    }
    let mut free = 0;
    for entry in &entries {
        if entry.id < free {
            let found = format!("run before tile id `{}` ends at `{}`", entry.id, free - 1);
            return Err(Error::Damaged { found });
        }
        free = entry.id.checked_add(u64::from(entry.run)).ok_or_else(overflow)?;
    }
    Ok(entries)
}

/// Replaces the content of `out` by the bytes of a directory of `entries`, ascending and without overlap.
pub(super) fn to_bytes(entries: &[Entry], out: &mut Vec<u8>) {
    out.clear();
    push_varint(out, entries.len() as u64);
    let mut id = 0;
    for entry in entries {
        push_varint(out, entry.id - id);
        id = entry.id;
    }
    for entry in entries {
        push_varint(out, u64::from(entry.run));
    }
    for entry in entries {
        push_varint(out, u64::from(entry.bytes));
    }
    let mut end = None;
    for entry in entries {
        push_varint(out, if end == Some(entry.offset) { 0 } else { entry.offset + 1 });
        end = Some(entry.offset + u64::from(entry.bytes));
    }
}

/// Returns the entry that has the tile id, or the leaf that may have it.
pub(super) fn find(entries: &[Entry], id: u64) -> Option<&Entry> {
    let behind = entries.partition_point(|entry| entry.id <= id);
    let entry = entries.get(behind.checked_sub(1)?)?;
    (entry.is_leaf() || id - entry.id < u64::from(entry.run)).then_some(entry)
}

fn overflow() -> Error {
    Error::Damaged { found: "number in a directory exceeds its 64 bits".into() }
}

/// Reads a number that fits 32 bits.
fn small(rest: &mut &[u8]) -> Result<u32, Error> {
    let number = varint(rest)?;
    u32::try_from(number)
        .ok()
        .ok_or_else(|| Error::Damaged { found: format!("run or length `{number}` exceeds its 32 bits") })
}

/// Appends a number of seven bits a byte, the lowest first.
pub(super) fn push_varint(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Reads a number of seven bits a byte, the lowest first.
fn varint(rest: &mut &[u8]) -> Result<u64, Error> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let Some((byte, behind)) = rest.split_first() else {
            return Err(Error::Damaged { found: "directory ends within a number".into() });
        };
        *rest = behind;
        let digit = u64::from(byte & 0x7f);
        if digit << shift >> shift != digit {
            return Err(overflow());
        }
        number |= digit << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(overflow())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Result<&[(u64, u32, u32, u64)], &str>) {
        let entries = parse(bytes);
        let found = entries.as_ref().map(|entries| {
            entries.iter().map(|entry| (entry.id, entry.run, entry.bytes, entry.offset)).collect::<Vec<_>>()
        });
        match expected {
            Ok(expected) => {
                assert_eq!(found.unwrap(), expected);
                let mut again = b"left over".to_vec();
                to_bytes(&entries.unwrap(), &mut again);
                assert_eq!(again, bytes);
            }
            Err(expected) => assert_eq!(found.unwrap_err().to_string(), expected),
        }
    }

    #[test]
    fn numbers_stand_in_columns() {
        check(&[0], Ok(&[]));
        check(&[1, 5, 1, 10, 1], Ok(&[(5, 1, 10, 0)]));
        check(&[2, 5, 3, 3, 0, 10, 0xac, 0x02, 1, 0], Ok(&[(5, 3, 10, 0), (8, 0, 300, 10)]));
        check(&[2, 5, 1, 1, 1, 10, 10, 8, 8], Ok(&[(5, 1, 10, 7), (6, 1, 10, 7)]));
    }

    #[test]
    fn broken_directories_say_why() {
        check(&[], Err("directory ends within a number"));
        check(&[0x80; 3], Err("directory ends within a number"));
        check(&[0xff; 11], Err("number in a directory exceeds its 64 bits"));
        check(&[2, 1, 1, 1, 1], Err("directory states `2` entries, its 5 bytes cannot hold them"));
        check(&[2, 5, 0, 1, 1, 9, 9, 1, 0], Err("directory names tile id `5` twice"));
        check(&[2, 5, 1, 2, 1, 9, 9, 1, 0], Err("run before tile id `6` ends at `6`"));
        check(&[1, 5, 1, 0, 1], Err("entry of tile id `5` has no bytes"));
        check(&[1, 5, 1, 1, 0], Err("first offset of a directory is missing"));
        check(
            &[1, 5, 0x80, 0x80, 0x80, 0x80, 0x10, 1, 1],
            Err("run or length `4294967296` exceeds its 32 bits"),
        );
    }

    #[test]
    fn search_finds_runs_and_leaves() {
        let entry = |id, run| Entry { id, run, bytes: 1, offset: 0 };
        let entries = [entry(2, 3), entry(9, 0)];
        for (id, expected) in [(1, None), (2, Some(2)), (4, Some(2)), (5, None), (9, Some(9)), (99, Some(9))]
        {
            assert_eq!(find(&entries, id).map(|entry| entry.id), expected, "{id}");
        }
    }
}
