//! Results of parallel work in the order of the work, with a bound on what waits.
//!
//! Workers take numbers in order and put results; the writer takes results in order. While too many bytes of results
//! wait for it, workers take no new work.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// See the module.
#[derive(Debug)]
pub(crate) struct OrderedQueue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    len: usize,
    waiting_bytes_max: u64,
}

#[derive(Debug)]
struct State<T> {
    next_to_work: usize,
    next_to_write: usize,
    /// Results that wait, each with its bytes.
    done: BTreeMap<usize, (T, u64)>,
    waiting_bytes: u64,
    is_closed: bool,
}

/// What the writer gets.
#[derive(Debug)]
pub(crate) enum Taken<T> {
    /// The next result.
    Next(T),
    /// Not yet; ask again.
    Wait,
    /// All results were taken, or the queue was closed.
    End,
}

impl<T> OrderedQueue<T> {
    /// Returns a queue for work numbered from 0 to before `len`; workers wait while more than `waiting_bytes_max` do.
    pub(crate) fn new(len: usize, waiting_bytes_max: u64) -> Self {
        let state = State {
            next_to_work: 0,
            next_to_write: 0,
            done: BTreeMap::new(),
            waiting_bytes: 0,
            is_closed: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), len, waiting_bytes_max }
    }

    /// Returns the next number to work on, as soon as few enough bytes wait for the writer.
    pub(crate) fn take_work(&self) -> Option<usize> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if state.is_closed || state.next_to_work == self.len {
                return None;
            }
            if state.waiting_bytes <= self.waiting_bytes_max {
                state.next_to_work += 1;
                return Some(state.next_to_work - 1);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Puts the result of work `number`, which takes so many bytes.
    pub(crate) fn put(&self, number: usize, result: T, bytes: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.done.insert(number, (result, bytes));
        state.waiting_bytes += bytes;
        drop(state);
        self.changed.notify_all();
    }

    /// Returns the next result, waiting for it no longer than `patience`.
    pub(crate) fn take_result(&self, patience: Duration) -> Taken<T> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let next = state.next_to_write;
        if !state.is_closed && next < self.len && !state.done.contains_key(&next) {
            state = self.changed.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.is_closed || next == self.len {
            return Taken::End;
        }
        let Some((result, bytes)) = state.done.remove(&next) else { return Taken::Wait };
        state.next_to_write += 1;
        state.waiting_bytes -= bytes;
        drop(state);
        self.changed.notify_all();
        Taken::Next(result)
    }

    /// Returns the part of the results that the writer has taken, `0.0..=1.0`.
    pub(crate) fn share_written(&self) -> f64 {
        let next = self.state.lock().unwrap_or_else(PoisonError::into_inner).next_to_write;
        next as f64 / self.len.max(1) as f64
    }

    /// Ends all work.
    pub(crate) fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).is_closed = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_workers_wait_for_the_writer() {
        let queue = OrderedQueue::new(100, 30);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while let Some(number) = queue.take_work() {
                        queue.put(number, number * 2, 10);
                        // As many as fit and one more, and those of the other workers.
                        assert!(queue.state.lock().unwrap().done.len() <= 4 + 3);
                    }
                });
            }
            let mut taken = Vec::new();
            loop {
                match queue.take_result(Duration::from_secs(5)) {
                    Taken::Next(result) => taken.push(result),
                    Taken::Wait => {}
                    Taken::End => break,
                }
            }
            assert_eq!(taken, (0..100).map(|number| number * 2).collect::<Vec<_>>());
        });
    }

    #[test]
    fn closing_frees_everyone() {
        let queue = OrderedQueue::<()>::new(5, 1);
        assert_eq!(queue.take_work(), Some(0));
        assert_eq!(queue.take_work(), Some(1));
        queue.put(1, (), 2);
        queue.close();
        assert_eq!(queue.take_work(), None);
        assert!(matches!(queue.take_result(Duration::ZERO), Taken::End));
    }
}
