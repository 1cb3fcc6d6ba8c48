//! Any bytes as a source: the same items wherever its blocks end, and the lines that a plain split finds.
//!
//! The fuzz target `source` runs this too.

use std::io::{Cursor, Read};
use std::ops::ControlFlow;

use zellige_ingest::{Format, Item, Parser, Settings, Source};

/// Lines are at most so long here.
const LINE_BYTES_MAX: usize = 200;
/// Nominal bytes of the blocks that are compared.
const BLOCK_BYTES: [usize; 4] = [1, 7, 64, 1 << 20];

/// What was found: an item a line, or what ended the reading.
type Found = Result<Vec<(u64, String)>, String>;

/// Reads bytes as lines and as a collection, in blocks of every size.
pub(crate) fn run(bytes: &[u8]) {
    for format in [Format::Lines, Format::FeatureCollection] {
        let found = BLOCK_BYTES.map(|block_bytes| read(bytes, format, block_bytes));
        for other in &found[1..] {
            assert_eq!(found[0], *other, "{format:?}");
        }
        if format == Format::Lines && !is_packed(bytes) {
            check_lines(bytes, &found[0]);
        }
    }
}

fn read(bytes: &[u8], format: Format, block_bytes: usize) -> Found {
    let settings = Settings { block_bytes, line_bytes_max: LINE_BYTES_MAX };
    // Unpacked bytes may be a thousand times as many.
    let reader = Box::new(Cursor::new(bytes.to_vec()).take(1 << 20));
    let source = Source::new("any").reader("bytes", reader).format(format);
    let blocks = source.open(&settings).map_err(|error| error.to_string())?;
    let (mut found, mut parser) = (Vec::new(), Parser::new());
    while let Some(mut block) = blocks.next().map_err(|error| error.to_string())? {
        let mut items = Vec::new();
        let _ = block
            .for_each(&mut parser, &mut |place, item| {
                let told = match item {
                    Item::Feature(feature, notes) => format!("{feature:?} {notes:?}"),
                    Item::Fault(fault, _) => format!("{fault:?}"),
                };
                items.push((place, told));
                ControlFlow::Continue(())
            })
            .map_err(|error| error.to_string())?;
        for (place, told) in items {
            let (_, line) = blocks.line_number(place).expect("all blocks before it were read");
            found.push((line, told));
        }
    }
    Ok(found)
}

fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
        || bytes.get(1..3).is_some_and(|magic| magic == [0xb5, 0x2f] || magic == [0x2a, 0x4d])
}

/// Compares the numbers of lines with those of a plain split.
fn check_lines(bytes: &[u8], found: &Found) {
    let found = found.as_ref().expect("lines cannot fail");
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | 0x1e);
    let lines = bytes.split(|byte| *byte == b'\n');
    let expected: Vec<u64> =
        (1..).zip(lines).filter(|(_, line)| !line.iter().all(is_space)).map(|(number, _)| number).collect();
    let numbers: Vec<u64> = found.iter().map(|(line, _)| *line).collect();
    // Record separators at the end of a line, and blank lines that are too long, are no blanks.
    if !bytes.contains(&0x1e) && bytes.len() <= LINE_BYTES_MAX {
        assert_eq!(numbers, expected);
    }
}

#[test]
fn corpus_passes() {
    zellige_testkit::corpus::replay("source", run);
}
