//! Who does the parts of work that is too large for one thread.
//!
//! In:     parts that need nothing of each other.
//! Out:    all of them done.
//! Keeps:  no order: whoever makes parts brings together what they made, so that threads decide about no byte.
//!
//! The tile core starts no threads; the job that runs it may have some to spare while one is at a giant feature.

use std::fmt;

/// A part of some work; it is done once.
pub type Part<'p> = Box<dyn FnOnce() + Send + 'p>;

/// Does the parts of some work.
pub trait Executor: fmt::Debug + Sync {
    /// Does all parts, in any order and several at a time if it can; returns when they are done.
    fn run(&self, parts: Vec<Part<'_>>);

    /// Whether nobody waits for the work any more; then it does not matter what of it is left undone.
    fn is_cancelled(&self) -> bool;
}

/// Does one part after another.
#[derive(Clone, Copy, Debug)]
pub struct Serial;

impl Executor for Serial {
    fn run(&self, parts: Vec<Part<'_>>) {
        for part in parts {
            part();
        }
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}
