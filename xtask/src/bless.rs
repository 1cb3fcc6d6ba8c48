//! Writes down what comes out of the golden cases now: `cargo xtask bless`.
//!
//! In:     the folders of `testdata/case`.
//! Out:    their `expected.txt`, anew; the test that reads them judges them once more.
//! Keeps:  nothing: read the difference before you commit it.

use std::process::ExitCode;

use anyhow::Context;

use crate::run;

/// Runs the test of the cases and lets it write.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let status = run::cargo(["test", "--package", "zellige", "--test", "publish", "--", "tiles_and_report"])
        .env("ZELLIGE_BLESS", "1")
        .current_dir(run::root())
        .status()
        .context("starting cargo failed")?;
    println!("see `git diff testdata/case`");
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
