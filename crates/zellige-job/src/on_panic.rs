//! What has to happen when a thread panics, so that nobody waits for it.

/// Calls its function when it is dropped by a panic, and only then.
pub(crate) struct OnPanic<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnPanic<F> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            (self.0)();
        }
    }
}
