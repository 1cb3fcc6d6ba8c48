//! A folder to work in, the program, and small inputs.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

/// A recipe of one source `towns` and one layer, zooms 0 to 3.
pub(crate) const TOWNS: &str = r#"{"version": 1, "layers": {"towns": {
  "source": "mapbox://tileset-source/me/towns", "minzoom": 0, "maxzoom": 3,
  "features": {"simplification": 1}}}}"#;

/// A folder that goes away with the test; the program runs in it.
pub(crate) struct Desk {
    folder: tempfile::TempDir,
}

/// A finished run of the program.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Desk {
    /// Returns a folder with these files.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        for (name, content) in files {
            desk.write(name, content.as_bytes());
        }
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_slice(&self.read(name)).unwrap()
    }

    /// Returns the names of everything in the folder, hidden files too, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Returns the program with words that are parted by spaces.
    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zellige"));
        command.current_dir(self.folder.path()).args(words.split_whitespace());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, words: &str) -> Ran {
        self.command(words).output().unwrap().into()
    }

    /// Runs the program with bytes on its standard input.
    pub(crate) fn run_with(&self, words: &str, input: &[u8]) -> Ran {
        let mut child = self.command(words).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let feed = |child: Child| {
            std::thread::scope(|scope| {
                // A program that refuses its input does not read it.
                scope.spawn(move || drop(stdin.write_all(input)));
                child.wait_with_output().unwrap()
            })
        };
        feed(child).into()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// Asserts that the program succeeded, and returns what it printed.
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.out
    }

    /// Asserts the exit code, an empty standard output, and that the message has all `parts`.
    pub(crate) fn fails(self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.out, "");
        for part in parts {
            assert!(self.err.contains(part), "`{part}` is not in {self:?}");
        }
    }
}

/// Returns a line with a named point.
pub(crate) fn point(name: &str, lon: f64, lat: f64) -> String {
    format!(
        "{{\"type\":\"Feature\",\"properties\":{{\"name\":\"{name}\"}},\
         \"geometry\":{{\"type\":\"Point\",\"coordinates\":[{lon},{lat}]}}}}\n"
    )
}

/// Returns lines of `n` short zigzags all over the world, each with an attribute of its own.
pub(crate) fn zigzags(n: usize) -> String {
    let mut lines = String::new();
    for i in 0..n {
        let (x, y) = ((i * 7919 % 3400) as f64 / 10.0 - 170.0, (i * 104_729 % 1600) as f64 / 10.0 - 80.0);
        let bends = [[x, y], [x + 1.0, y + 1.0], [x + 2.0, y], [x + 3.0, y + 1.0]];
        // Writing to a string cannot fail.
        let _ = writeln!(
            lines,
            "{{\"type\":\"Feature\",\"id\":{i},\"properties\":{{\"text\":\"{i:04000}\"}},\
             \"geometry\":{{\"type\":\"LineString\",\"coordinates\":{bends:?}}}}}"
        );
    }
    lines
}
