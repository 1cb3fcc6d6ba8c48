//! Replays the corpus of a fuzz target, so that each target is an ordinary test too.
//!
//! In:     the name of a target and its body.
//! Out:    nothing; a panic that names every file whose run panicked.
//! Keeps:  –
//! Source: the files of `testdata/fuzz`; its README says how they came there.

use std::fs;
use std::panic::{RefUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Runs `body` on every file of `testdata/fuzz/TARGET`, in the order of their names.
///
/// # Panics
///
/// When a run panics, or when there is no such corpus.
pub fn replay(target: &str, body: impl Fn(&[u8]) + RefUnwindSafe) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/fuzz").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry of a folder").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    let passes = |path: &PathBuf| {
        let bytes = fs::read(path).expect("a file of the repository can be read");
        catch_unwind(|| body(&bytes)).is_ok()
    };
    paths.retain(|path| !passes(path));
    assert!(paths.is_empty(), "these files of the corpus do not pass: {paths:#?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "V01.json")]
    fn files_that_do_not_pass_are_named() {
        replay("../recipe/valid", |_| panic!("as every target may"));
    }
}
