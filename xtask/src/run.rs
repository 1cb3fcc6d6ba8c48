//! Starts cargo in the workspace.
//!
//! In:     arguments of cargo.
//! Out:    commands; what cargo says of the workspace and its folders.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use serde_json::Value;

/// The variable that names the interpreter of Python programs.
pub(crate) const PYTHON: &str = "ZELLIGE_PYTHON";

/// Returns the folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map_or_else(PathBuf::new, PathBuf::from)
}

/// Returns the command `cargo` with arguments; it is the cargo that started this program, if any.
pub(crate) fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// Returns what cargo says of the workspace in `root`, dependencies left out.
pub(crate) fn metadata(root: &Path) -> anyhow::Result<Value> {
    let output = cargo(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()
        .context("starting `cargo metadata` failed")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "`cargo metadata` failed: {}", complaint.trim_end());
    serde_json::from_slice(&output.stdout).context("reading `cargo metadata` failed")
}

/// Returns the folder into which cargo builds the workspace.
pub(crate) fn target() -> anyhow::Result<PathBuf> {
    let target = metadata(&root())?["target_directory"].as_str().map(PathBuf::from);
    target.context("`cargo metadata` names no target directory")
}
