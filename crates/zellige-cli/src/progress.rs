//! Shows how far a job is.
//!
//! In:     what the engine tells, several times a second.
//! Out:    a bar that moves on a terminal; otherwise a plain line every few seconds; all on standard error.
//! Keeps:  standard output clean.
//! Source: –

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use zellige::{Phase, Progress};

use crate::exit::tell;
use crate::show::{bytes, grouped, put, span};

/// Time between two plain lines.
const LINE_STEP: Duration = Duration::from_secs(5);
/// Steps of the bar.
const BAR_STEPS: u64 = 1000;

/// Shows progress in the manner that suits.
#[derive(Debug)]
pub(crate) enum Teller {
    /// Says nothing.
    Quiet,
    /// Draws a bar.
    Bar(ProgressBar),
    /// Writes lines.
    Lines {
        /// When the last line was written, at first when the job began.
        last: Instant,
    },
}

impl Teller {
    /// Returns the teller that suits standard error.
    pub(crate) fn for_stderr() -> Self {
        if std::io::stderr().is_terminal() {
            Self::Bar(ProgressBar::with_draw_target(Some(BAR_STEPS), ProgressDrawTarget::stderr()))
        } else {
            Self::Lines { last: Instant::now() }
        }
    }

    /// Shows `progress`, if it is time.
    pub(crate) fn tell(&mut self, progress: &Progress) {
        self.tell_share(progress.share, || sentence(progress));
    }

    /// Shows what share of the work is done, if it is time.
    pub(crate) fn tell_share(&mut self, share: Option<f64>, sentence: impl FnOnce() -> String) {
        match self {
            Self::Quiet => {}
            Self::Bar(bar) => {
                let template = match share {
                    Some(_) => "[{bar:24}] {percent:>3} % {msg}",
                    None => "{spinner} {msg}",
                };
                if let Ok(style) = ProgressStyle::with_template(template) {
                    bar.set_style(style.progress_chars("=> "));
                }
                bar.set_message(sentence());
                bar.set_position((share.unwrap_or(0.0) * BAR_STEPS as f64) as u64);
            }
            Self::Lines { last } => {
                if last.elapsed() >= LINE_STEP {
                    *last = Instant::now();
                    let share = share.map(|share| format!(" ({:.0} %)", share * 100.0));
                    tell(&format!("{}{}", sentence(), share.unwrap_or_default()));
                }
            }
        }
    }

    /// Ends the showing; a bar goes away.
    pub(crate) fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// Returns where a job is, how fast it is, and what time it will still take for this phase.
fn sentence(progress: &Progress) -> String {
    let per_second = |amount: u64| {
        let seconds = progress.elapsed.as_secs_f64().max(0.001);
        (amount as f64 / seconds) as u64
    };
    let mut text = match progress.phase {
        Phase::Slicing => format!(
            "reading: {} features, {} features/s, {}/s",
            grouped(progress.features),
            grouped(per_second(progress.features)),
            bytes(per_second(progress.bytes)),
        ),
        Phase::SlicingAgain => "cutting polygons along their common borders".to_owned(),
        Phase::Emitting => {
            format!(
                "writing: {} tiles, {} tiles/s",
                grouped(progress.tiles),
                grouped(per_second(progress.tiles))
            )
        }
    };
    if let Some(left) = progress.time_left() {
        put(&mut text, format_args!(", {} left", span(left)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(phase: Phase, share: Option<f64>, expected: &str) {
        let progress = Progress {
            phase,
            elapsed: Duration::from_secs(4),
            features: 6_000_000,
            bytes: 400 << 20,
            bytes_total: None,
            tiles: 12_000,
            share,
        };
        assert_eq!(sentence(&progress), expected);
    }

    #[test]
    fn speed_and_time_left_follow_from_the_phase() {
        check(Phase::Slicing, None, "reading: 6,000,000 features, 1,500,000 features/s, 100 MiB/s");
        check(Phase::Emitting, Some(0.25), "writing: 12,000 tiles, 3,000 tiles/s, 12.0 s left");
    }
}
