//! All checks, as they run at every desk and on every server: `cargo xtask ci`.
//!
//! The quick ones come first and the tests last, so that what stands at the end is what cargo says about
//! them. The first step that fails ends the run; its output is the last thing on the screen.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::Context;

use crate::{run, tidy};

/// The source that the example is run with.
const EXAMPLE_SOURCE: &str = "testdata/real/places.geojsonl.gz";

/// Runs all checks.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let clippy = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    // The command line and the library have one name, and so would have one page.
    let docs = ["doc", "--workspace", "--exclude", "zellige-cli", "--no-deps", "--all-features"];
    let benches = ["test", "--package", "zellige-benches", "--benches"];
    let tests = ["test", "--workspace", "--all-features"];

    step("format", &mut run::cargo(["fmt", "--all", "--check"]))?;
    timed("tidy", || Ok(tidy::check(&run::root())?.report()))?;
    step("clippy", &mut run::cargo(clippy))?;
    step("docs", run::cargo(docs).env("RUSTDOCFLAGS", "-D warnings"))?;
    example()?;
    step("benches", &mut run::cargo(benches))?;
    step("tests", &mut run::cargo(tests))?;
    eprintln!("all checks passed in {:.1} s", started.elapsed().as_secs_f64());
    Ok(ExitCode::SUCCESS)
}

/// Runs the example of the library, as a reader of the README would.
fn example() -> anyhow::Result<()> {
    let folder = std::env::temp_dir().join(format!("zellige-ci-{}", std::process::id()));
    std::fs::create_dir_all(&folder).with_context(|| format!("making `{}` failed", folder.display()))?;
    let output = folder.join("embed.pmtiles");
    let arguments: [OsString; 2] = [PathBuf::from(EXAMPLE_SOURCE).into(), output.into()];
    let result =
        step("example", run::cargo(["run", "-p", "zellige", "--example", "embed", "--"]).args(arguments));
    // What stays behind in the folder for temporary files harms nobody.
    let _ = std::fs::remove_dir_all(&folder);
    result
}

fn step(name: &str, command: &mut Command) -> anyhow::Result<()> {
    let command = command.current_dir(run::root());
    timed(name, || {
        let status = command.status().with_context(|| format!("starting {command:?} failed"))?;
        Ok(status.success())
    })
}

/// Runs a step that says whether all is well, and tells its name and its time.
fn timed(name: &str, deed: impl FnOnce() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    eprintln!("==> {name}");
    let started = Instant::now();
    let passed = deed()?;
    anyhow::ensure!(passed, "`{name}` failed");
    eprintln!("==> {name} passed in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}
