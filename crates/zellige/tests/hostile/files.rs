//! Hostile files: what is in them as a whole, what they are, and what becomes of them while they are read.

use std::fs;
use std::io::{self, Read, Write as _};
use std::path::Path;
use std::process::Command;

use zellige::Source;
use zellige::ingest::Format;

use crate::job::Desk;

const POINT: &str =
    r#"{"type":"Feature","id":1,"properties":{},"geometry":{"type":"Point","coordinates":[10,20]}}"#;
const NO_GEOJSON: &str = "No GeoJSON features processed. Make sure your GeoJSON is line-delimited.";
/// What becomes of the point at zoom 0.
const MADE: &str = "1 POINT(2162 1816) {}";

/// Checks the error that ends a job, `PATH` for the path of the source.
fn check(desk: &Desk, path: &Path, expected: &str) {
    let error = desk.publish_file(path).error();
    assert_eq!(error, expected.replace("PATH", &path.display().to_string()), "{}", path.display());
}

/// Checks the error that a file with these bytes gives, and that its hint begins with these words.
fn check_bytes(bytes: impl AsRef<[u8]>, expected: &str, words: &str) {
    let desk = Desk::new();
    let path = desk.file("all.geojsonl", bytes);
    let ended = desk.publish_file(&path);
    assert_eq!(ended.error(), expected);
    let hint = ended.report.unwrap_err().hint().unwrap();
    assert!(hint.starts_with(&words.replace("PATH", &path.display().to_string())), "{hint}");
}

/// Checks the features that a file with these bytes gives, and its findings in this line.
fn check_kept(bytes: impl AsRef<[u8]>, n_points: usize, (line, findings): (u64, &[&str])) {
    let desk = Desk::new();
    let path = desk.file("all.geojsonl", bytes);
    let ended = desk.publish_file(&path);
    assert_eq!(ended.findings(&path, line), findings);
    assert_eq!(ended.features, vec![MADE; n_points]);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Points without ids, since equal ones are dropped.
fn points(n_points: usize) -> String {
    format!("{}\n", POINT.replace("\"id\":1,", "")).repeat(n_points)
}

#[test]
fn files_without_a_line_have_no_features() {
    for bytes in ["", "\n", "\r\n\r\n", "   \n\t\n", "\u{feff}", "\u{feff}\n", "\u{1e}\n"] {
        check_bytes(bytes, "No features in source data.", "`PATH` has no line that is not empty");
    }
    check_bytes(gzip(b""), "No features in source data.", "`PATH` has no line that is not empty");
}

#[test]
fn files_of_another_format_have_no_geojson() {
    let collection = format!("{{\"type\":\"FeatureCollection\",\"features\":[{POINT}]}}");
    let utf_16: Vec<u8> = format!("\u{feff}{POINT}\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [
        collection.as_bytes(),
        collection.replace(',', ",\n").replace('{', "{\n").as_bytes(),
        format!("[{POINT},{POINT}]").as_bytes(),
        format!("[\n{POINT},\n{POINT},\n]\n").replace("]\n]", "").as_bytes(),
        format!("{POINT},\n").repeat(3).as_bytes(),
        format!("{POINT}\r{POINT}\r").as_bytes(),
        &utf_16,
        b"id,lon,lat\n1,10,20\n",
        b"<?xml version=\"1.0\"?>\n<gml/>\n",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"PK\x03\x04\x14\0\0\0",
        b"SQLite format 3\0",
        b"PMTiles\x03",
        &vec![0; 70_000],
    ] {
        check_bytes(bytes, NO_GEOJSON, "line 1 of PATH is the first that is no feature: ");
    }
    let ring = r#"{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[0,0],[9,9]]]}}"#;
    check_bytes(format!("\n\n{ring}\n"), NO_GEOJSON, "line 3 of PATH is the first that is no feature: ");
}

#[test]
fn collection_says_what_to_do_about_it() {
    let desk = Desk::new();
    let text = format!("{{\"type\":\"FeatureCollection\",\n\"features\":[\n{POINT},\n{POINT}]}}");
    let path = desk.file("all.geojson", text);
    let ended = desk.publish_file(&path);
    let hint = ended.report.unwrap_err().hint().unwrap();
    assert!(hint.contains("line 1") || hint.contains("FeatureCollection"), "{hint}");
    let whole = desk.publish(Source::new("all").file(&path).format(Format::FeatureCollection));
    assert_eq!(whole.features, [MADE]);
}

#[test]
fn packed_files_are_told_by_their_bytes() {
    let desk = Desk::new();
    for (name, bytes) in
        [("all.geojsonl", gzip(POINT.as_bytes())), ("all.gz", POINT.into()), ("all.zst", POINT.into())]
    {
        let path = desk.file(name, bytes);
        assert_eq!(desk.publish_file(&path).features, [MADE], "{name}");
        fs::remove_file(desk.path("all.pmtiles")).unwrap();
    }
}

#[test]
fn packed_files_that_are_broken_end_the_job() {
    let packed = gzip(points(3).as_bytes());
    let mut changed = packed.clone();
    let at = changed.len() - 6;
    changed[at] ^= 1;
    for bytes in [
        &packed[..packed.len() - 9],
        &packed[..4],
        &changed,
        &[&packed[..], b"more"].concat(),
        b"\x1f\x8b no gzip",
        b"\x28\xb5\x2f\xfd no zstd",
        b"\x28\xb5\x2f\xfd",
    ] {
        let desk = Desk::new();
        let path = desk.file("all.geojsonl", bytes);
        let error = desk.publish_file(&path).error();
        // What is wrong is for the unpacking crates to say.
        let place = format!("reading source `all` failed: cannot read `{}`: ", path.display());
        assert!(error.strip_prefix(&place).is_some_and(|reason| !reason.is_empty()), "{error}");
    }
}

#[test]
fn ends_of_files_that_were_cut_off_are_dropped() {
    let half = format!("{POINT}\n{}", &POINT[..40]);
    let eof = ["line-undecodable: Line is not valid JSON: EOF while parsing an object (column 40)"];
    check_kept(&half, 1, (2, &eof));
    // As a crash of the machine leaves files.
    let zeros = format!("{POINT}\n{}", "\0".repeat(4096));
    check_kept(zeros, 1, (2, &["line-undecodable: Line is not valid JSON: expected value (column 1)"]));
    check_kept(POINT, 1, (0, &[]));
    check_kept(format!("\n\n{POINT}\n\n"), 1, (0, &[]));
    check_kept(format!("\u{feff}\u{1e}{POINT}\r\n"), 1, (0, &[]));
}

#[test]
fn paths_that_are_no_files_are_named() {
    let desk = Desk::new();
    let failed = "reading source `all` failed: ";
    check(
        &desk,
        desk.folder.path(),
        &format!("{failed}cannot read `PATH`: it is a directory, name the files in it"),
    );
    let missing = format!("{failed}cannot open `PATH`: No such file or directory (os error 2)");
    check(&desk, &desk.path("missing"), &missing);
    check(
        &desk,
        &desk.path(&"long".repeat(80)),
        &format!("{failed}cannot open `PATH`: File name too long (os error 36)"),
    );
    check(&desk, Path::new(""), &missing);
    check(&desk, Path::new("/dev/null"), "No features in source data.");
}

#[cfg(unix)]
#[test]
fn links_and_sockets_and_what_may_not_be_read() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let desk = Desk::new();
    let open = "reading source `all` failed: cannot open `PATH`: ";
    let dangling = desk.path("dangling");
    symlink(desk.path("missing"), &dangling).unwrap();
    check(&desk, &dangling, &format!("{open}No such file or directory (os error 2)"));
    let looped = desk.path("looped");
    symlink(&looped, &looped).unwrap();
    check(&desk, &looped, &format!("{open}Too many levels of symbolic links (os error 40)"));
    let socket = desk.path("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    check(&desk, &socket, &format!("{open}No such device or address (os error 6)"));
    let locked = desk.file("locked", POINT);
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o0)).unwrap();
    // Who may do everything reads it nevertheless.
    if fs::File::open(&locked).is_err() {
        check(&desk, &locked, &format!("{open}Permission denied (os error 13)"));
    }
}

#[cfg(unix)]
#[test]
fn pipe_that_ends_early_keeps_its_whole_lines() {
    let desk = Desk::new();
    let path = desk.path("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut pipe = fs::OpenOptions::new().write(true).open(&path).unwrap();
            pipe.write_all(format!("{POINT}\n{}", &POINT[..40]).as_bytes()).unwrap();
        });
        desk.publish_file(&path)
    });
    assert_eq!(ended.features, [MADE]);
    let eof = ["line-undecodable: Line is not valid JSON: EOF while parsing an object (column 40)"];
    assert_eq!(ended.findings(&path, 2), eof);
}

/// A reader that gives some bytes and then fails.
struct Failing(&'static [u8]);

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Err(io::Error::other("the line went dead"));
        }
        self.0.read(buffer)
    }
}

#[test]
fn reader_that_fails_ends_the_job() {
    let desk = Desk::new();
    let error = desk.publish(Source::new("all").reader("phone", Box::new(Failing(POINT.as_bytes())))).error();
    assert_eq!(error, "reading source `all` failed: cannot read `phone`: the line went dead");
}

/// A reader that has nothing to say, but does something when it is asked.
struct Deed(Option<Box<dyn FnOnce() + Send>>);

impl Read for Deed {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(deed) = self.0.take() {
            deed();
        }
        Ok(0)
    }
}

/// Lets something happen to a file between its opening and its reading; returns features or the error.
fn happens(bytes: impl AsRef<[u8]>, deed: impl FnOnce(&Path) + Send + 'static) -> Result<usize, String> {
    let desk = Desk::new();
    let path = desk.file("all.geojsonl", bytes);
    let place = path.clone();
    let before = Deed(Some(Box::new(move || deed(&place))));
    let ended = desk.publish(Source::new("all").reader("before", Box::new(before)).file(&path));
    if ended.report.is_ok() {
        Ok(ended.features.len())
    } else {
        Err(ended.error().replace(&path.display().to_string(), "PATH"))
    }
}

#[test]
fn files_that_change_under_the_reader_end_the_job() {
    let changed = "reading source `all` failed: `PATH` was changed while it was read; \
                   nothing of it can be trusted, start again";
    let open = |path: &Path| fs::OpenOptions::new().write(true).open(path).unwrap();
    for bytes in [points(3).into_bytes(), points(100_000).into_bytes(), gzip(points(100_000).as_bytes())] {
        for left_bytes in [0, 1, 4096, 100_000] {
            let found = happens(&bytes, move |path| open(path).set_len(left_bytes).unwrap());
            assert_eq!(found, Err(changed.to_owned()), "{left_bytes} of {}", bytes.len());
        }
        let found = happens(&bytes, move |path| open(path).write_all(b"{").unwrap());
        assert_eq!(found, Err(changed.to_owned()));
        let found = happens(&bytes, move |path| {
            let modified = fs::metadata(path).unwrap().modified().unwrap();
            // Clocks of file systems may stand still for some milliseconds.
            for _ in 0..10_000 {
                open(path).write_all(b"{").unwrap();
                open(path).set_modified(modified).unwrap();
            }
        });
        assert_eq!(found, Err(changed.to_owned()));
        let found = happens(&bytes, |path| {
            fs::OpenOptions::new().append(true).open(path).unwrap().write_all(b"\n").unwrap();
        });
        assert_eq!(found, Err(changed.to_owned()));
    }
}

#[test]
fn files_that_are_replaced_under_the_reader_end_the_job() {
    let replaced =
        "reading source `all` failed: `PATH` was replaced while it was read; start again to read the new one";
    for bytes in [points(3).into_bytes(), points(100_000).into_bytes(), gzip(points(100_000).as_bytes())] {
        let copy = bytes.clone();
        for new in [b"no more".to_vec(), copy] {
            let replace = move |path: &Path| {
                let other = path.with_extension("new");
                fs::write(&other, new).unwrap();
                fs::rename(other, path).unwrap();
            };
            assert_eq!(happens(&bytes, replace), Err(replaced.to_owned()));
        }
    }
}

#[test]
fn files_that_are_removed_are_read_to_their_end() {
    assert_eq!(happens(points(3), |path| fs::remove_file(path).unwrap()), Ok(3));
}
