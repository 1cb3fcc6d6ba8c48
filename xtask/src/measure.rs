//! Runs a program and tells what it took: `cargo xtask measure PROGRAM [ARGUMENTS]`.
//!
//! In:     a program and its arguments; what it prints goes to standard error.
//! Out:    a line of JSON: wall and CPU time in seconds, peak memory in bytes; the exit code of the program.
//! Keeps:  nothing of this program in the numbers: the system counts processes that have ended and were waited
//!         for, of which there is one, with those that it started itself.
//! Source: `getrusage` of POSIX; the peak is that of the largest single process.

use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::Context;
use serde_json::{Value, json};

use crate::usage::Usage;

/// Of what a program says before it fails, so many lines are shown.
const COMPLAINT_LINES_MAX: usize = 12;

/// What a run took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measured {
    pub(crate) wall_seconds: f64,
    pub(crate) user_seconds: f64,
    pub(crate) system_seconds: f64,
    pub(crate) peak_bytes: u64,
}

impl Measured {
    /// Returns the time of all cores together, seconds.
    #[cfg(feature = "engine")]
    pub(crate) const fn cpu_seconds(&self) -> f64 {
        self.user_seconds + self.system_seconds
    }

    /// Returns the numbers as a JSON object.
    pub(crate) fn to_json(self) -> Value {
        json!({
            "wall_seconds": self.wall_seconds,
            "user_seconds": self.user_seconds,
            "system_seconds": self.system_seconds,
            "peak_bytes": self.peak_bytes,
        })
    }

    fn parse(line: &str) -> Option<Self> {
        let object: Value = serde_json::from_str(line).ok()?;
        Some(Self {
            wall_seconds: object["wall_seconds"].as_f64()?,
            user_seconds: object["user_seconds"].as_f64()?,
            system_seconds: object["system_seconds"].as_f64()?,
            peak_bytes: object["peak_bytes"].as_u64()?,
        })
    }
}

/// Runs the program that the arguments name and prints what it took.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let Some((program, arguments)) = arguments.split_first() else {
        return Err(Usage("`measure` needs a program and its arguments".to_owned()).into());
    };
    let started = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdout(Stdio::from(std::io::stderr()))
        .status()
        .with_context(|| format!("starting `{program}` failed"))?;
    let wall_seconds = started.elapsed().as_secs_f64();
    println!("{}", used(wall_seconds)?.to_json());
    let code = status.code().map_or(1, |code| code.clamp(0, 255) as u8);
    Ok(ExitCode::from(code))
}

/// Runs a command, whose environment and folder are not looked at, through a process of its own that measures it.
///
/// # Errors
/// When it cannot be started, or fails; the message has the last lines that it said.
pub(crate) fn measured(command: &Command) -> anyhow::Result<Measured> {
    let name = command.get_program().to_string_lossy().into_owned();
    let myself = std::env::current_exe().context("this program cannot tell its own path")?;
    let mut measuring = Command::new(myself);
    measuring.arg("measure").arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        value.map(|value| measuring.env(key, value));
    }
    let output = measuring.output().context("starting the measuring process failed")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().collect();
    let last = lines[lines.len().saturating_sub(COMPLAINT_LINES_MAX)..].join("\n  ");
    anyhow::ensure!(output.status.success(), "`{name}` failed:\n  {last}");
    Measured::parse(&String::from_utf8_lossy(&output.stdout))
        .with_context(|| format!("what `{name}` took was not told"))
}

/// Returns what the one process took that this one waited for.
#[cfg(unix)]
fn used(wall_seconds: f64) -> anyhow::Result<Measured> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeVal;

    /// Bytes of the unit in which the system counts memory.
    const UNIT_BYTES: u64 = if cfg!(target_vendor = "apple") { 1 } else { 1024 };

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("the system did not tell what was used")?;
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(Measured {
        wall_seconds,
        user_seconds: seconds(usage.user_time()),
        system_seconds: seconds(usage.system_time()),
        peak_bytes: usage.max_rss().unsigned_abs() * UNIT_BYTES,
    })
}

/// Says that this system does not tell.
#[cfg(not(unix))]
fn used(_wall_seconds: f64) -> anyhow::Result<Measured> {
    anyhow::bail!("programs can be measured on systems in the manner of Unix alone")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<Measured>) {
        assert_eq!(Measured::parse(line), expected);
    }

    #[test]
    fn what_is_printed_can_be_read() {
        let measured =
            Measured { wall_seconds: 1.5, user_seconds: 2.25, system_seconds: 0.5, peak_bytes: 4096 };
        check(&measured.to_json().to_string(), Some(measured));
        check("{}", None);
        check("", None);
    }

    #[test]
    fn measuring_needs_a_program_that_is_there() {
        assert_eq!(run(&[]).unwrap_err().to_string(), "`measure` needs a program and its arguments");
        let error = run(&["no-such-program".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "starting `no-such-program` failed");
    }

    #[cfg(unix)]
    #[test]
    fn system_tells_what_was_used() {
        assert_eq!(run(&["true".to_owned()]).unwrap(), ExitCode::SUCCESS);
        assert!(used(1.0).unwrap().peak_bytes > 0);
    }
}
