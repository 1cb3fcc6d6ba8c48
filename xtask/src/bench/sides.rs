//! The two builds that are compared.
//!
//! In:     a revision, names of benches.
//! Out:    for each side a folder with its benches and, when it is wanted, the command line.
//! Keeps:  the working tree and the target directory of this side: the other revision has its own, which stay for the
//!         next time. Its tree lies below the target directory of this side, and in a common one cargo would look
//!         there, and not here, whether the sources of the second build have changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;
use serde_json::Value;

use crate::run;

/// The command line as a file of a side.
const PROGRAM: &str = "zellige";

/// One build.
#[derive(Clone, Debug)]
pub(super) struct Side {
    folder: PathBuf,
}

impl Side {
    /// Returns the folder of its files.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns a bench, if this revision has it.
    pub(super) fn bench(&self, name: &str) -> Option<PathBuf> {
        Some(self.folder.join(format!("bench-{name}"))).filter(|path| path.is_file())
    }

    /// Returns the command line.
    pub(super) fn program(&self) -> PathBuf {
        self.folder.join(PROGRAM)
    }
}

/// Returns the names of the benches of a tree, sorted.
pub(super) fn benches(root: &Path) -> anyhow::Result<Vec<String>> {
    let folder = root.join("benches/benches");
    let entries = fs::read_dir(&folder).with_context(|| format!("listing `{}` failed", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        names.extend(name.to_string_lossy().strip_suffix(".rs").map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// Builds the revision `base` and this tree, in this order.
///
/// # Errors
/// When there is no such revision, or one of the two does not compile.
pub(super) fn build(base: &str, benches: &[String], with_program: bool) -> anyhow::Result<(Side, Side)> {
    let root = run::root();
    let target = run::target()?;
    let folder = target.join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("making `{}` failed", folder.display()))?;
    let tree = folder.join("tree");
    check_out(&root, base, &tree)?;
    let side = |name: &str, root: &Path, target: &Path| -> anyhow::Result<Side> {
        eprintln!("building {name}");
        let side = Side { folder: folder.join(name) };
        // What an earlier run built may be of another revision.
        let _ = fs::remove_dir_all(&side.folder);
        fs::create_dir_all(&side.folder)?;
        build_side(&side, root, target, (benches, with_program))
            .with_context(|| format!("building {name} failed"))?;
        Ok(side)
    };
    let base_side = side("base", &tree, &folder.join("built"))?;
    let head_side = side("this", &root, &target)?;
    let changed = git(&root, &["diff", "--stat", base, "--", "crates", "Cargo.lock"])?;
    judge(&twins(&base_side, &head_side)?, &changed)?;
    Ok((base_side, head_side))
}

/// Returns the programs that both sides have, sorted, and whether they are the same, byte for byte.
fn twins(base: &Side, head: &Side) -> anyhow::Result<Vec<(String, bool)>> {
    let mut twins = Vec::new();
    for entry in fs::read_dir(&head.folder)? {
        let entry = entry?;
        let other = base.folder.join(entry.file_name());
        if other.is_file() {
            let is_same = fs::read(entry.path())? == fs::read(other)?;
            twins.push((entry.file_name().to_string_lossy().into_owned(), is_same));
        }
    }
    twins.sort();
    Ok(twins)
}

/// Tells which programs are the same on both sides, when the sources have `changed`.
///
/// # Errors
/// When all of them are: then there is nothing to compare, or one build was taken for the other.
fn judge(twins: &[(String, bool)], changed: &str) -> anyhow::Result<()> {
    if twins.is_empty() || changed.is_empty() {
        return Ok(());
    }
    let same: Vec<&str> =
        twins.iter().filter(|(_, is_same)| *is_same).map(|(name, _)| name.as_str()).collect();
    anyhow::ensure!(
        same.len() < twins.len(),
        "both builds have the same bytes in `{}`, although sources differ; `cargo clean --release` lets this \
         tree be built anew:\n{changed}",
        same.join("`, `")
    );
    for name in same {
        eprintln!("{name}: the same bytes on both sides, so that its ratios are noise");
    }
    Ok(())
}

/// Puts the files of a revision into a working tree of their own.
fn check_out(root: &Path, base: &str, tree: &Path) -> anyhow::Result<()> {
    let revision = git(root, &["rev-parse", "--verify", &format!("{base}^{{commit}}")]);
    let revision = revision.with_context(|| format!("`{base}` is no revision of this repository"))?;
    if tree.join(".git").exists() {
        git(tree, &["checkout", "--quiet", "--detach", &revision])?;
        return Ok(());
    }
    // A tree whose folder was removed is still known.
    git(root, &["worktree", "prune"])?;
    git(root, &["worktree", "add", "--quiet", "--detach", &tree.to_string_lossy(), &revision])?;
    Ok(())
}

fn git(folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output =
        Command::new("git").current_dir(folder).args(arguments).output().context("starting `git` failed")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "`git {}` failed: {}", arguments[0], complaint.trim_end());
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

fn build_side(
    side: &Side,
    root: &Path,
    target: &Path,
    (names, with_program): (&[String], bool),
) -> anyhow::Result<()> {
    let here = benches(root)?;
    let chosen: Vec<&str> =
        names.iter().filter(|name| here.contains(name)).flat_map(|name| ["--bench", name]).collect();
    if !chosen.is_empty() {
        let mut command = run::cargo(["bench", "--no-run", "--package", "zellige-benches"]);
        for (name, path) in executables(command.args(chosen), root, target)? {
            fs::copy(path, side.folder.join(format!("bench-{name}")))?;
        }
    }
    if with_program {
        let mut command = run::cargo(["build", "--release", "--package", "zellige-cli"]);
        for (_, path) in executables(&mut command, root, target)? {
            fs::copy(path, side.program())?;
        }
    }
    Ok(())
}

/// Runs cargo and returns names and paths of the programs that it made.
fn executables(command: &mut Command, root: &Path, target: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let output = command
        .args(["--quiet", "--message-format", "json-render-diagnostics"])
        .current_dir(root)
        .env("CARGO_TARGET_DIR", target)
        .stderr(Stdio::inherit())
        .output()
        .context("starting cargo failed")?;
    anyhow::ensure!(output.status.success(), "cargo failed");
    Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(executable).collect())
}

/// Returns name and path of the program that a message of cargo tells of.
fn executable(line: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(line).ok()?;
    let path = message["executable"].as_str()?;
    Some((message["target"]["name"].as_str()?.to_owned(), path.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<(&str, &str)>) {
        let found = executable(line);
        assert_eq!(found, expected.map(|(name, path)| (name.to_owned(), PathBuf::from(path))));
    }

    #[test]
    fn programs_are_found_among_the_messages() {
        check(r#"{"target":{"name":"clip"},"executable":"t/clip-1"}"#, Some(("clip", "t/clip-1")));
        check(r#"{"target":{"name":"zellige"},"executable":null}"#, None);
        check("Compiling", None);
    }

    #[test]
    fn every_bench_of_this_tree_is_known() {
        let names = benches(&run::root()).unwrap();
        assert!(
            ["archive", "clip", "parse", "publish"].iter().all(|name| names.contains(&(*name).to_owned()))
        );
    }

    #[test]
    fn builds_of_different_sources_differ() {
        let folder = tempfile::tempdir().unwrap();
        let side = |name: &str, files: &[(&str, &str)]| {
            let side = Side { folder: folder.path().join(name) };
            fs::create_dir_all(&side.folder).unwrap();
            for (file, bytes) in files {
                fs::write(side.folder.join(file), bytes).unwrap();
            }
            side
        };
        let base = side("base", &[("bench-clip", "a"), ("zellige", "a"), ("bench-old", "a")]);
        let head = side("this", &[("zellige", "b"), ("bench-clip", "a"), ("bench-new", "a")]);
        let some = [("bench-clip".to_owned(), true), ("zellige".to_owned(), false)];
        assert_eq!(twins(&base, &head).unwrap(), some);
        assert!(judge(&some, "clip.rs | 2 +-").is_ok());
        assert!(judge(&some[..1], "").is_ok());
        assert_eq!(
            judge(&some[..1], "clip.rs | 2 +-").unwrap_err().to_string(),
            "both builds have the same bytes in `bench-clip`, although sources differ; `cargo clean --release` lets \
             this tree be built anew:\nclip.rs | 2 +-"
        );
    }

    #[test]
    fn revision_that_is_not_there_is_named() {
        let error = check_out(&run::root(), "no-such-revision", Path::new("tree")).unwrap_err();
        assert_eq!(error.to_string(), "`no-such-revision` is no revision of this repository");
    }
}
