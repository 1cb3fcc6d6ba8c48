//! Sources from end to end: every kind of input, cut into blocks of every size.
#![expect(clippy::unwrap_used, reason = "a test ends where a promise is broken")]

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use zellige_ingest::{Blocks, Error, Format, Item, Parser, Settings, Source};
use zellige_model::{Feature, Geometry, GeometryKind, LonLat, Place, Value};

const SMALL: Settings = Settings { block_bytes: 64, line_bytes_max: 1000 };

/// Returns a point with `id`, followed by so many blanks that lines differ in length.
fn point(id: usize) -> String {
    let blanks = " ".repeat(id * 7 % 23);
    format!(r#"{{"type":"Feature","id":{id},"geometry":{{"type":"Point","coordinates":[1,2]}}}}{blanks}"#)
}

fn lines(n_lines: usize) -> String {
    (0..n_lines).fold(String::new(), |mut text, id| {
        let _ = writeln!(text, "{}", point(id));
        text
    })
}

/// Reads all blocks with two workers and returns what was found, one text an item, in source order.
fn read(blocks: &Blocks) -> Result<Vec<String>, Error> {
    let found = Mutex::new(Vec::new());
    let work = || -> Result<(), Error> {
        let mut parser = Parser::new();
        while let Some(mut block) = blocks.next()? {
            let mut items = Vec::new();
            let _ = block.for_each(&mut parser, &mut |place, item| {
                items.push((place, told(&item)));
                ControlFlow::Continue(())
            })?;
            found.lock().unwrap().extend(items);
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        work().and(other.join().unwrap())
    })?;
    blocks.release();
    let mut found = found.into_inner().unwrap();
    found.sort_by_key(|(place, _): &(Place, String)| place.key());
    let numbered = |(place, text): &(Place, String)| {
        let (_, line) = blocks.line_number(*place).unwrap();
        format!("{line} {text}")
    };
    Ok(found.iter().map(numbered).collect())
}

fn told(item: &Item<'_>) -> String {
    match item {
        Item::Feature(feature, _) => match &feature.id {
            Value::Int(id) => format!("id {id}"),
            id => format!("id {id:?}"),
        },
        Item::Fault(fault, text) => {
            let text = String::from_utf8_lossy(&text[..text.len().min(20)]);
            format!("{}: {text}", fault.reason)
        }
    }
}

/// Checks what a source finds, from small blocks and from one.
fn check(source: impl Fn() -> Source, expected: &[&str]) {
    for settings in [SMALL, Settings { block_bytes: 1, ..SMALL }, Settings { block_bytes: 1 << 20, ..SMALL }]
    {
        let found = read(&source().open(&settings).unwrap()).unwrap();
        assert_eq!(found, expected, "{settings:?}");
    }
}

fn text(text: &'static str) -> impl Fn() -> Source {
    move || Source::new("test").reader("text", Box::new(text.as_bytes()))
}

fn file(folder: &tempfile::TempDir, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// Checks text as a pipe and as a file.
fn check_text(bytes: &'static str, expected: &[&str]) {
    check(text(bytes), expected);
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "lines", bytes);
    check(|| Source::new("test").file(&path), expected);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn every_kind_of_input_gives_the_same_in_the_same_order() {
    let text = lines(300);
    let expected: Vec<_> = (0..300).map(|id| format!("{} id {id}", id + 1)).collect();
    let expected: Vec<_> = expected.iter().map(String::as_str).collect();
    let folder = tempfile::tempdir().unwrap();
    let (front, back) = text.as_bytes().split_at(text.len() / 3);
    let plain = file(&folder, "plain.gz", &text);
    let members = file(&folder, "members", [gzip(front), gzip(back)].concat());
    let frames = [zstd::encode_all(front, 3).unwrap(), zstd::encode_all(back, 3).unwrap()].concat();
    let frames = file(&folder, "frames", frames);
    for path in [plain, members, frames] {
        check(|| Source::new("test").file(&path), &expected);
        let open = |path: &Path| Box::new(fs::File::open(path).unwrap()) as Box<dyn Read + Send>;
        check(|| Source::new("test").reader("pipe", open(&path)), &expected);
        let blocks = Source::new("test").file(&path).open(&SMALL).unwrap();
        assert_eq!(blocks.bytes_total(), Some(fs::metadata(&path).unwrap().len()));
        read(&blocks).unwrap();
        assert_eq!(Some(blocks.bytes_taken()), blocks.bytes_total(), "{}", path.display());
    }
}

#[test]
fn split_files_keep_the_order_of_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let first = file(&folder, "first", lines(5));
    let second = file(&folder, "second", format!("{}\n{}", point(5), point(6)));
    let third = || Box::new(format!("{}\n", point(7)).into_bytes().leak() as &[u8]);
    let source = || Source::new("test").file(&first).file(&second).reader("third", third());
    let expected = ["1 id 0", "2 id 1", "3 id 2", "4 id 3", "5 id 4", "1 id 5", "2 id 6", "1 id 7"];
    check(source, &expected);
    let blocks = source().open(&SMALL).unwrap();
    read(&blocks).unwrap();
    assert_eq!(blocks.bytes_total(), None);
    let (name, line) = blocks.line_number(Place { file: 1, block: 0, line: 0 }).unwrap();
    assert_eq!((Path::new(&name), line), (second.as_path(), 1));
}

#[test]
fn line_ends_of_every_kind_count_the_same() {
    check_text("", &[]);
    check_text("\n\n", &[]);
    check_text(
        "\u{feff}{}\r\n\r\n  \n\u{1e}{\n17",
        &[
            "1 Object without a type is not a feature: {}",
            "4 Line is not valid JSON: EOF while parsing an object (column 1): {",
            "5 Line is not a GeoJSON object: 17",
        ],
    );
}

#[test]
fn bad_lines_leave_their_neighbours_alone() {
    check_text(
        concat!(
            r#"{"type":"Feature","id":1,"geometry":{"type":"Point","coordinates":[1,2]}}"#,
            "\n{\"type\":\"Feat\n",
            r#"{"type":"FeatureCollection","features":[]}"#,
            "\n",
            r#"{"type":"Feature","id":2,"geometry":{"type":"Point","coordinates":[1,2]}}"#,
        ),
        &[
            "1 id 1",
            "2 Line is not valid JSON: EOF while parsing a string (column 13): {\"type\":\"Feat",
            "3 FeatureCollection is not a feature: {\"type\":\"FeatureColl",
            "4 id 2",
        ],
    );
}

#[test]
fn line_that_is_too_long_is_skipped_wherever_it_stands() {
    let long = "x".repeat(150_000);
    let text = format!("{}\n{long}\n{}\n{long}", point(0), point(1));
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "long", &text);
    let packed = file(&folder, "packed", gzip(text.as_bytes()));
    for source in [&path, &packed] {
        for (block_bytes, line_bytes_max) in [(64, 1000), (100_000, 1000), (1 << 20, 1000), (64, 149_999)] {
            let settings = Settings { block_bytes, line_bytes_max };
            let found = read(&Source::new("test").file(source).open(&settings).unwrap()).unwrap();
            let found: Vec<_> = found.iter().map(|text| text.split(": ").next().unwrap()).collect();
            let long = format!("Line is longer than {line_bytes_max} bytes");
            let expected = ["1 id 0", &format!("2 {long}"), "3 id 1", &format!("4 {long}")];
            assert_eq!(found, expected, "{settings:?}");
        }
        let settings = Settings { block_bytes: 64, line_bytes_max: 150_000 };
        let found = read(&Source::new("test").file(source).open(&settings).unwrap()).unwrap();
        assert_eq!(found[1], "2 Line is not valid JSON: expected value (column 1): xxxxxxxxxxxxxxxxxxxx");
    }
}

#[test]
fn whole_collection_is_streamed_feature_by_feature() {
    let pretty = format!(
        "\u{feff}{{\n \"type\": \"FeatureCollection\",\n \"name\": \"a \\\"features\\\": [\",\n \"crs\": {{\"features\": [1, \"]\"]}},\n \
         \"features\": [\n  {},\n  {{\n   \"type\": \"Feature\",\n   \"id\": \"]}},\",\n   \"geometry\": null }}, 7\n ],\n \"bbox\": [1, 2]\n}}\n\u{1e}{{\"features\":[]}}\n{{\"features\":[{}]}}",
        point(0),
        point(1)
    );
    let expected = [
        "1 id 0",
        "2 Feature has no geometry: {    \"type\": \"Featur",
        "3 Line is not a GeoJSON object: 7",
        "4 id 1",
    ];
    let folder = tempfile::tempdir().unwrap();
    for path in [file(&folder, "plain", &pretty), file(&folder, "packed", gzip(pretty.as_bytes()))] {
        check(|| Source::new("test").file(&path).format(Format::FeatureCollection), &expected);
    }
    check(text("").map_format(), &[]);
    let many: Vec<_> = (0..3_000).map(point).collect();
    let many = format!("{{\"features\":[{}],\"type\":\"FeatureCollection\"}}", many.join(","));
    let path = file(&folder, "many", &many);
    let blocks = Source::new("test").file(&path).format(Format::FeatureCollection).open(&SMALL).unwrap();
    let found = read(&blocks).unwrap();
    assert_eq!((found.len(), found[2_999].as_str()), (3_000, "3000 id 2999"));
    assert_eq!(blocks.bytes_taken(), many.len() as u64);
}

/// A source of text that is read as collections.
trait MapFormat {
    fn map_format(self) -> impl Fn() -> Source;
}

impl<F: Fn() -> Source> MapFormat for F {
    fn map_format(self) -> impl Fn() -> Source {
        move || self().format(Format::FeatureCollection)
    }
}

#[test]
fn feature_that_is_too_long_is_skipped_in_a_collection() {
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(400_000));
    let text = format!("{{\"features\":[{},{long},{}]}}", point(0), point(1));
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "long", text);
    check(
        || Source::new("test").file(&path).format(Format::FeatureCollection),
        &["1 id 0", "2 Line is longer than 1000 bytes: {\"a\":\"xxxxxxxxxxxxxx", "3 id 1"],
    );
}

/// Checks why a document is no collection.
fn check_broken(document: &'static str, expected: &str) {
    let blocks = text(document).map_format()().open(&Settings::default()).unwrap();
    let error = read(&blocks).unwrap_err();
    assert_eq!(error.to_string(), format!("`text` is not a FeatureCollection: {expected}"), "{document}");
}

#[test]
fn collection_with_a_broken_frame_is_an_error() {
    check_broken("[1]", "an object was expected (byte 1)");
    check_broken("{\"type\":\"Feature\"}", "it has no `features` (byte 18)");
    check_broken("{\"features\":null}", "`features` is no array (byte 13)");
    check_broken("{\"features\":[{},", "it ends inside of `features` (byte 17)");
    check_broken("{\"features\":[{\"a\":\"", "it ends inside of a value (byte 20)");
    check_broken("{\"features\":[]", "it ends before its object does (byte 15)");
    check_broken("{\"feat", "it ends inside of a name (byte 7)");
    check_broken("{\"features\":[{}}]}", "a brace closes nothing (byte 16)");
    check_broken("{\"a\" 1}", "a colon was expected (byte 6)");
    check_broken("{1:2}", "the name of a member was expected (byte 2)");
}

#[test]
fn features_from_memory_are_judged_like_lines() {
    let line = |n_points: usize| {
        let mut geometry = Geometry { kind: GeometryKind::LineString, ..Geometry::default() };
        geometry.points.extend((0..n_points).map(|lon| LonLat::new(lon as f64, 0.0)));
        geometry.end_part();
        Feature { id: Value::Int(n_points as i64), geometry, ..Feature::default() }
    };
    let expected = ["1 LineString must contain at least 2 points: ", "2 id 2", "3 id 3"];
    check(|| Source::new("test").features(Box::new((1..4).map(line))), &expected);
}

/// A foreign reader of two features.
struct Foreign;

impl geozero::GeozeroDatasource for Foreign {
    fn process<P: geozero::FeatureProcessor>(&mut self, processor: &mut P) -> geozero::error::Result<()> {
        for idx in 0..2 {
            processor.feature_begin(idx)?;
            processor.geometry_begin()?;
            processor.linestring_begin(true, 2, 0)?;
            for x in 0..=idx {
                processor.xy(x as f64, 1.0, 0)?;
            }
            processor.linestring_end(true, 0)?;
            processor.geometry_end()?;
            processor.feature_end(idx)?;
        }
        Ok(())
    }
}

#[test]
fn features_come_from_any_geozero_source() {
    let expected = ["1 LineString must contain at least 2 points: ", "2 id Null"];
    check(|| Source::new("test").geozero(&mut Foreign).unwrap(), &expected);
}

#[test]
fn file_that_changes_while_it_is_read_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for bytes in [lines(3_000).into_bytes(), gzip(lines(3_000).as_bytes())] {
        let path = file(&folder, "changing", bytes);
        let blocks = Source::new("test").file(&path).open(&SMALL).unwrap();
        assert!(blocks.next().unwrap().is_some());
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"\n").unwrap();
        let error = read(&blocks).unwrap_err();
        assert!(matches!(&error, Error::Changed { path: named } if *named == path), "{error}");
        assert!(blocks.next().unwrap().is_none(), "there is nothing after an error");
    }
}

#[test]
fn file_that_changes_while_a_block_is_held_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "changing", lines(1));
    let blocks = Source::new("test").file(&path).open(&SMALL).unwrap();
    let mut block = blocks.next().unwrap().unwrap();
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"\n").unwrap();
    let error = block.for_each(&mut Parser::new(), &mut |_, _| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, Error::Changed { .. }));
}

/// A mapped file would end the process here.
#[test]
fn file_that_is_cut_shorter_is_an_error_and_no_signal() {
    let folder = tempfile::tempdir().unwrap();
    for left_bytes in [0, 1, 100, 100_000] {
        let path = file(&folder, "shrinking", lines(3_000));
        let cut = || fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(left_bytes).unwrap();
        let blocks = Source::new("test").file(&path).open(&SMALL).unwrap();
        let mut block = blocks.next().unwrap().unwrap();
        cut();
        let error = block.for_each(&mut Parser::new(), &mut |_, _| ControlFlow::Continue(())).unwrap_err();
        assert!(matches!(error, Error::Changed { .. }), "{error}");
        let error = read(&blocks).unwrap_err();
        assert!(matches!(error, Error::Changed { .. }), "{error}");
    }
}

#[test]
fn file_that_is_replaced_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "replaced", lines(100));
    let blocks = Source::new("test").file(&path).open(&SMALL).unwrap();
    fs::rename(file(&folder, "new", lines(100)), &path).unwrap();
    let error = read(&blocks).unwrap_err();
    assert!(matches!(&error, Error::Replaced { path: named } if *named == path), "{error}");
}

#[test]
fn file_that_is_removed_is_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "removed", lines(100));
    let blocks = Source::new("test").file(&path).open(&SMALL).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(read(&blocks).unwrap().len(), 100);
}

#[cfg(unix)]
#[test]
fn path_that_is_no_regular_file_is_read_as_it_comes() {
    check(|| Source::new("test").file("/dev/null"), &[]);
    let blocks = Source::new("test").file("/dev/null").open(&SMALL).unwrap();
    assert_eq!(blocks.bytes_total(), None);
}

#[test]
fn paths_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let error = Source::new("test").file(&missing).open(&SMALL).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot open `{}`", missing.display()));
    let error = Source::new("test").file(folder.path()).open(&SMALL).unwrap_err();
    assert!(matches!(error, Error::Directory { .. }));
    let cut = gzip(lines(9).as_bytes());
    let path = file(&folder, "cut", &cut[..cut.len() - 9]);
    let error = read(&Source::new("test").file(&path).open(&SMALL).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot read `{}`", path.display()));
    let source = (0..1025).fold(Source::new("many"), |source, _| source.file(&path));
    let error = source.open(&SMALL).unwrap_err();
    assert_eq!(error.to_string(), "source `many` has 1025 inputs, at most 1024 are possible");
}

#[test]
fn worker_that_breaks_off_leaves_the_rest() {
    let blocks = text("1\n2\n3\n")().open(&Settings::default()).unwrap();
    let mut n_items = 0;
    let mut block = blocks.next().unwrap().unwrap();
    let ended = block.for_each(&mut Parser::new(), &mut |_, _| {
        n_items += 1;
        ControlFlow::Break(())
    });
    assert!(ended.unwrap().is_break());
    assert_eq!(n_items, 1);
    assert_eq!(blocks.line_number(Place { file: 0, block: 1, line: 0 }), None);
}
