//! The checks that compilers do not make: `cargo xtask tidy`.
//!
//! In:     the tree of the workspace, and what `cargo metadata` says of its crates.
//! Out:    every fault with its place, in the order of the files; the longest functions, for information.
//! Source: the rules of `ARCHITECTURE.md` and `CONTRIBUTING.md`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use crate::run;

mod arrows;
mod functions;

/// Bytes of all files in `testdata/real` together.
const REAL_BYTES_MAX: u64 = 6_000_000;
/// Bytes of any other file in `testdata`.
const TESTDATA_BYTES_MAX: u64 = 64 << 10;
/// How many of the longest functions are listed.
const FUNCTIONS_SHOWN: usize = 10;
/// Folders of the root that hold what was built.
const BUILT: [&str; 3] = [".git", "target", "tilesets"];

// Put together from parts, so that this file passes its own check.
const MACHINE_PATHS: [&str; 5] = [
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("C:", "\\"),
];
const UNFINISHED: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    faults: Vec<String>,
    longest: Vec<functions::Function>,
}

/// Checks the workspace and prints what was found.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let tidy = check(&run::root())?.report();
    Ok(if tidy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Checks the workspace in `root`.
pub(crate) fn check(root: &Path) -> anyhow::Result<Findings> {
    let mut faults = arrows::faults(&arrows::read(root)?);
    let files = files(root)?;
    faults.extend(size_faults(root, &files)?);
    let mut longest = Vec::new();
    for path in &files {
        let bytes = fs::read(root.join(path)).with_context(|| format!("reading `{path}` failed"))?;
        // What is no text has no lines to judge.
        let Ok(text) = String::from_utf8(bytes) else { continue };
        faults.extend(text_faults(path, &text));
        if Path::new(path).extension().is_some_and(|extension| extension == "rs") {
            faults.extend(code_faults(path, &text));
            longest.extend(functions::find(path, &text));
        }
    }
    longest.sort_by(|a, b| b.lines.cmp(&a.lines).then_with(|| a.place.cmp(&b.place)));
    longest.truncate(FUNCTIONS_SHOWN);
    Ok(Findings { faults, longest })
}

impl Findings {
    /// Prints everything and returns whether there is no fault.
    pub(crate) fn report(&self) -> bool {
        println!("longest functions (for information):");
        for function in &self.longest {
            println!("  {:>4} lines  {}  {}", function.lines, function.name, function.place);
        }
        for fault in &self.faults {
            eprintln!("fault: {fault}");
        }
        println!("{} faults", self.faults.len());
        self.faults.is_empty()
    }
}

/// Returns all files below `root` as relative paths with `/`, sorted, but for what was built.
fn files(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let place = root.join(&folder);
        for entry in fs::read_dir(&place).with_context(|| format!("listing `{}` failed", place.display()))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            let kind = entry.file_type()?;
            if kind.is_dir() && !BUILT.iter().any(|built| path == Path::new(built)) {
                folders.push(path);
            } else if kind.is_file() && path != Path::new(BUILT[0]) {
                // In a second working tree `.git` is a file that says where the first one is.
                found.push(path.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn size_faults(root: &Path, files: &[String]) -> anyhow::Result<Vec<String>> {
    let (mut faults, mut real_bytes) = (Vec::new(), 0);
    for path in files.iter().filter(|path| path.starts_with("testdata/")) {
        let bytes = fs::metadata(root.join(path))?.len();
        if path.starts_with("testdata/real/") {
            real_bytes += bytes;
        } else if bytes > TESTDATA_BYTES_MAX {
            faults.push(format!("{path}: has `{bytes}` bytes, expected at most {TESTDATA_BYTES_MAX}"));
        }
    }
    if real_bytes > REAL_BYTES_MAX {
        faults.push(format!("testdata/real: has `{real_bytes}` bytes, expected at most {REAL_BYTES_MAX}"));
    }
    Ok(faults)
}

/// Judges any text.
fn text_faults(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (idx, line) in text.lines().enumerate() {
        let mut fault = |what: std::fmt::Arguments<'_>| {
            let mut out = format!("{path}:{}: ", idx + 1);
            // Writing to a string cannot fail.
            let _ = out.write_fmt(what);
            faults.push(out);
        };
        if let Some(found) = MACHINE_PATHS.iter().find(|machine| line.contains(**machine)) {
            fault(format_args!("a path of one machine, `{found}`"));
        }
        let words = || line.split(|char: char| !char.is_alphanumeric() && char != '_');
        if let Some(found) = UNFINISHED.iter().find(|mark| words().any(|word| word == **mark)) {
            fault(format_args!("unfinished, `{found}`"));
        }
    }
    faults
}

/// Judges a source file.
fn code_faults(path: &str, text: &str) -> Option<String> {
    let has_header = text.starts_with("//! ");
    (!has_header)
        .then(|| format!("{path}:1: no header; say in `//!` what comes in, what goes out, what is kept"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, expected: &[&str]) {
        let mut faults = text_faults(path, text);
        faults.extend(code_faults(path, text));
        assert_eq!(faults, expected);
    }

    #[test]
    fn clean_file_has_no_fault() {
        check("a.rs", "//! Words.\n\nfn todo() {}\n", &[]);
    }

    #[test]
    fn file_without_header_is_named() {
        let fault = "a.rs:1: no header; say in `//!` what comes in, what goes out, what is kept";
        check("a.rs", "fn main() {}\n", &[fault]);
    }

    #[test]
    fn machine_paths_and_unfinished_places_are_named_with_their_line() {
        let text = format!("//! Words.\n// {}: read {}me\n", UNFINISHED[0], MACHINE_PATHS[0]);
        let machine = format!("a.rs:2: a path of one machine, `{}`", MACHINE_PATHS[0]);
        let unfinished = format!("a.rs:2: unfinished, `{}`", UNFINISHED[0]);
        check("a.rs", &text, &[&machine, &unfinished]);
    }
}
