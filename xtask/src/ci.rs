//! All checks, as they run at every desk and on every server: `cargo xtask ci`.
//!
//! In:     the tree of the workspace.
//! Out:    what each step prints, and how long it took.
//!
//! The quick ones come first and the tests last, so that what stands at the end is what cargo says about
//! them. The first step that fails ends the run; its output is the last thing on the screen.

use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::Context;

use crate::{run, tidy};

/// The source that the example is run with.
const EXAMPLE_SOURCE: &str = "testdata/real/places.geojsonl.gz";

/// Runs all checks.
///
/// All steps choose the same crates and kinds of targets as far as they can, for dependencies are compiled
/// anew whenever a choice asks for other features of them.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let all = ["--workspace", "--all-features"];
    // The command line and the library have one name, and so would have one page.
    let docs = ["--no-deps", "--exclude", "zellige-cli", "--lib", "--bins", "--examples"];

    step("format", &mut run::cargo(["fmt", "--all", "--check"]))?;
    timed("tidy", || Ok(tidy::check(&run::root())?.report()))?;
    step("clippy", run::cargo(["clippy"]).args(all).args(["--all-targets", "--", "-D", "warnings"]))?;
    step("docs", run::cargo(["doc"]).args(all).args(docs).env("RUSTDOCFLAGS", "-D warnings"))?;
    step("examples", run::cargo(["build"]).args(all).arg("--examples"))?;
    example()?;
    step("benches", run::cargo(["test"]).args(all).args(["--bench", "*"]))?;
    step("tests", run::cargo(["test"]).args(all))?;
    eprintln!("all checks passed in {:.1} s", started.elapsed().as_secs_f64());
    Ok(ExitCode::SUCCESS)
}

/// Runs the example of the library on real data.
fn example() -> anyhow::Result<()> {
    let folder = std::env::temp_dir().join(format!("zellige-ci-{}", std::process::id()));
    std::fs::create_dir_all(&folder).with_context(|| format!("making `{}` failed", folder.display()))?;
    let program = run::target()?.join("debug/examples/embed");
    let output = folder.join("embed.pmtiles");
    let result = step("embed", Command::new(program).arg(EXAMPLE_SOURCE).arg(output));
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
