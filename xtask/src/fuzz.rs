//! Runs one fuzz target: `cargo xtask fuzz TARGET`.
//!
//! In:     the seeds of the repository, and what earlier runs have found below the target directory.
//! Out:    a run of libFuzzer; the input of a crash is named at its end and kept below the target directory.
//! Keeps:  the repository: who wants an input in the corpus copies it there, see `testdata/fuzz/README.md`.
//! Source: cargo-fuzz, libFuzzer.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::Context;

use crate::run;
use crate::usage::{self, Usage};
use crate::values;

/// So long a run takes unless it is said, seconds.
const SECONDS: usize = 600;
/// So long it may be asked to take, seconds: a week.
const SECONDS_MAX: usize = 604_800;
/// So much memory one input may take, MiB.
const MEMORY_MIB_MAX: u32 = 2048;
/// So long one input may take, seconds.
const INPUT_SECONDS_MAX: u32 = 20;

/// What is fuzzed, and from what.
struct Target {
    name: &'static str,
    /// Folders of inputs to begin with, beside the corpus of the target.
    seeds: &'static [&'static str],
    /// Words that inputs are made of.
    dictionary: Option<&'static str>,
    /// So long an input is at most.
    bytes_max: u32,
}

const TARGETS: &[Target] = &[
    Target {
        name: "recipe",
        seeds: &["testdata/recipe/valid", "testdata/recipe/bad"],
        dictionary: Some("testdata/fuzz/recipe.dict"),
        bytes_max: 4096,
    },
    Target { name: "expression", seeds: &[], dictionary: Some("testdata/fuzz/recipe.dict"), bytes_max: 1024 },
    Target { name: "line", seeds: &[], dictionary: Some("testdata/fuzz/line.dict"), bytes_max: 1024 },
    Target { name: "source", seeds: &[], dictionary: Some("testdata/fuzz/line.dict"), bytes_max: 1024 },
    Target { name: "clip", seeds: &[], dictionary: None, bytes_max: 512 },
    Target { name: "validate", seeds: &[], dictionary: None, bytes_max: 512 },
    Target { name: "shape", seeds: &[], dictionary: None, bytes_max: 512 },
    Target { name: "tile", seeds: &[], dictionary: None, bytes_max: 2048 },
    Target { name: "pmtiles", seeds: &[], dictionary: None, bytes_max: 2048 },
    Target { name: "mbtiles", seeds: &[], dictionary: None, bytes_max: 16384 },
    Target {
        name: "style",
        seeds: &["testdata/style"],
        dictionary: Some("testdata/fuzz/style.dict"),
        bytes_max: 4096,
    },
    Target {
        name: "icon",
        seeds: &["testdata/style/icons"],
        dictionary: Some("testdata/fuzz/icon.dict"),
        bytes_max: 4096,
    },
    Target { name: "font", seeds: &[], dictionary: None, bytes_max: 4096 },
    Target { name: "region", seeds: &["testdata/jobs/regions"], dictionary: None, bytes_max: 4096 },
    Target { name: "roads", seeds: &[], dictionary: None, bytes_max: 8192 },
    Target { name: "graph", seeds: &[], dictionary: None, bytes_max: 16_384 },
    Target { name: "shave", seeds: &["testdata/fuzz/tile"], dictionary: None, bytes_max: 2048 },
];

/// Runs the target that `arguments` name.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let (target, seconds) = read(arguments)?;
    ready()?;
    let root = run::root();
    let built = run::target()?.join("fuzz");
    let [corpus, crashes] = ["corpus", "crashes"].map(|folder| built.join(folder).join(target.name));
    for folder in [&corpus, &crashes] {
        fs::create_dir_all(folder).with_context(|| format!("making `{}` failed", folder.display()))?;
    }
    let status = rustup(&["cargo", "fuzz", "run", "--sanitizer", "none", target.name])
        .current_dir(&root)
        .arg("--target-dir")
        .arg(&built)
        .arg(&corpus)
        .arg(root.join("testdata/fuzz").join(target.name))
        .args(target.seeds.iter().map(|seeds| root.join(seeds)))
        .arg("--")
        .args(limits(target, seconds, &root))
        .arg(format!("-artifact_prefix={}/", crashes.display()))
        .status()
        .context("starting rustup failed")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns what libFuzzer is told of a run.
fn limits(target: &Target, seconds: usize, root: &Path) -> Vec<String> {
    let mut limits = vec![
        format!("-max_total_time={seconds}"),
        format!("-max_len={}", target.bytes_max),
        format!("-rss_limit_mb={MEMORY_MIB_MAX}"),
        format!("-timeout={INPUT_SECONDS_MAX}"),
        "-print_final_stats=1".to_owned(),
    ];
    limits.extend(target.dictionary.map(|words| format!("-dict={}", root.join(words).display())));
    limits
}

fn read(arguments: &[String]) -> anyhow::Result<(&'static Target, usize)> {
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    let Some((name, rest)) = arguments.split_first() else {
        return Err(Usage(format!("`fuzz` wants a target, known are `{}`", names.join("`, `"))).into());
    };
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.ok_or_else(|| usage::unknown("target", name, &names))?;
    let seconds = match rest {
        [] => SECONDS,
        [option, seconds] if option == "--seconds" => values::count("seconds", seconds, SECONDS_MAX)?,
        [other, ..] => return Err(Usage(format!("`fuzz` takes no argument `{other}`")).into()),
    };
    Ok((target, seconds))
}

/// Says what is missing at this desk.
fn ready() -> anyhow::Result<()> {
    let has = |words: &[&str]| {
        let status = rustup(words).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    anyhow::ensure!(
        has(&["rustc", "--version"]),
        "fuzzing needs a nightly compiler; install it by `rustup toolchain install nightly`"
    );
    anyhow::ensure!(
        has(&["cargo", "fuzz", "--version"]),
        "fuzzing needs cargo-fuzz; install it by `cargo install cargo-fuzz`"
    );
    Ok(())
}

/// Returns a command of the nightly toolchain.
fn rustup(words: &[&str]) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly"]).args(words);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &str, expected: &str) {
        let arguments: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
        let found = match read(&arguments) {
            Ok((target, seconds)) => format!("{} {seconds}", target.name),
            Err(error) => error.to_string(),
        };
        assert_eq!(found.lines().next(), Some(expected));
    }

    #[test]
    fn target_and_time_are_read() {
        check("recipe", "recipe 600");
        check("expression --seconds 5", "expression 5");
        check("recipes", "unknown target `recipes`, did you mean `recipe`?; see `cargo xtask help`");
        check("recipe --seconds soon", "`soon` is no number of seconds, expected 1 to 604800");
        check("recipe --fast", "`fuzz` takes no argument `--fast`");
    }

    #[test]
    fn every_target_has_a_corpus_and_an_entry() {
        let root = run::root();
        let manifest = fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap();
        for target in TARGETS {
            assert!(root.join("testdata/fuzz").join(target.name).is_dir(), "{}", target.name);
            assert!(manifest.contains(&format!("name = \"{}\"", target.name)), "{}", target.name);
            for path in target.seeds.iter().chain(&target.dictionary) {
                assert!(root.join(path).exists(), "{path}");
            }
        }
        assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
    }
}
