//! How the program ends: the one place that picks exit codes and words the last message.
//!
//! In:     the result of a verb.
//! Out:    0 done, 1 failed, 2 wrong usage, or a recipe, region or style with problems; the message on standard error.
//! Keeps:  each cause of an error once, outermost first, joined by colons.
//! Source: –

use std::io::Write as _;
use std::process::ExitCode;

/// The deed was tried and failed.
const FAILED: u8 = 1;
/// The deed was not tried: wrong usage, or a recipe with problems.
const REFUSED: u8 = 2;

/// Why a verb ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments make no sense.
    Usage {
        /// What is wrong with them; may have several lines.
        message: String,
        /// Whose help tells more; empty for the program's own.
        verb: &'static str,
    },
    /// The recipe, region or style has problems, and they have been shown.
    Refused,
    /// The deed failed.
    Failed {
        /// What was tried, and why it failed.
        error: anyhow::Error,
        /// What a user could do about it.
        hint: Option<String>,
    },
    /// The reader of standard output has seen enough.
    NobodyReads,
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed { error, hint: None }
    }
}

/// Tells what went wrong, if anything, and returns the code to exit with.
pub(crate) fn code(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) | Err(Failure::NobodyReads) => ExitCode::SUCCESS,
        Err(Failure::Refused) => ExitCode::from(REFUSED),
        Err(Failure::Usage { message, verb }) => {
            let space = if verb.is_empty() { "" } else { " " };
            tell(&format!("error: {message}\nsee `zellige{space}{verb} --help`"));
            ExitCode::from(REFUSED)
        }
        Err(Failure::Failed { error, hint }) => {
            let hint = hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            tell(&format!("error: {}{hint}", chain(&error)));
            ExitCode::from(FAILED)
        }
    }
}

/// Ends the process at once, after an interrupt that the job did not heed in time.
pub(crate) fn interrupted() -> ! {
    tell("error: cancelled");
    signal_hook::low_level::exit(FAILED.into())
}

/// Writes a line to standard error.
pub(crate) fn tell(line: &str) {
    // There is no one left to tell that standard error is closed.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Joins an error and its causes, leaving out a cause that its effect already quotes.
fn chain(error: &anyhow::Error) -> String {
    let mut out = String::new();
    let mut last = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if last.is_empty() {
            out.push_str(&cause);
        } else if !last.contains(&cause) {
            out.push_str(": ");
            out.push_str(&cause);
        }
        last = cause;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(causes: &'static [&'static str], expected: &str) {
        let (innermost, outer) = causes.split_last().unwrap();
        let error = outer.iter().rev().fold(anyhow::Error::msg(*innermost), anyhow::Error::context);
        assert_eq!(chain(&error), expected);
    }

    #[test]
    fn causes_are_told_once_and_outermost_first() {
        check(&["cannot open `a`", "no such file"], "cannot open `a`: no such file");
        check(&["cannot open `a`: no such file", "no such file"], "cannot open `a`: no such file");
        check(&["alone"], "alone");
    }
}
