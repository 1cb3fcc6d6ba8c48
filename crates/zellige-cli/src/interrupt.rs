//! What becomes of a job that somebody interrupts.
//!
//! In:     SIGINT, SIGTERM and SIGHUP.
//! Out:    a flag that the first of them raises; the end of the process when the job does not end by itself.
//! Keeps:  an old tileset, as the end of the process always does. What the job has built in part is left to it to
//!         remove, and to the next run when there was no time for that.
//! Source: –
//!
//! Whoever presses a key twice within a second means it once. A second interrupt after that ends the process, and so
//! does [`PATIENCE`]: a job is not asked within a step of one giant feature.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

use crate::exit;

/// How long a job may take to end once it is interrupted.
const PATIENCE: Duration = Duration::from_secs(4);
/// Interrupts within this time after the first are part of it.
const BOUNCE: Duration = Duration::from_secs(1);
/// How often it is seen whether there is another interrupt.
const LOOK_STEP: Duration = Duration::from_millis(50);

/// Returns the flag that the first interrupt raises.
///
/// # Errors
///
/// When the system refuses to tell of signals.
pub(crate) fn watch() -> anyhow::Result<Arc<AtomicBool>> {
    let is_cancelled = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&is_cancelled);
    // A file that may grow no further is an error of the write then, like a full disk.
    signal_hook::flag::register(SIGXFSZ, Arc::default())
        .and_then(|_| Signals::new([SIGINT, SIGTERM, SIGHUP]))
        .and_then(|signals| {
            thread::Builder::new().name("zellige-signals".to_owned()).spawn(move || wait(signals, &raised))
        })
        .context("cannot watch for interrupts")?;
    Ok(is_cancelled)
}

/// Waits for the first interrupt, and then for a reason to end the process.
fn wait(mut signals: Signals, is_cancelled: &AtomicBool) {
    if signals.forever().next().is_none() {
        return;
    }
    is_cancelled.store(true, Ordering::Relaxed);
    let first = Instant::now();
    loop {
        thread::sleep(LOOK_STEP);
        let is_again = signals.pending().next().is_some() && first.elapsed() > BOUNCE;
        if is_again || first.elapsed() > PATIENCE {
            exit::interrupted();
        }
    }
}
