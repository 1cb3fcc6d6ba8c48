//! Hands large buffers back to the system when nobody wants them any more.
//!
//! In:     a buffer.
//! Out:    next to nothing of it.
//! Keeps:  memory small. An allocator has large pieces from the system, each for itself, and gives them back when they
//!         are freed. That of glibc learns from each of them to serve pieces of its size from what it keeps, and to keep
//!         twice as much at the end of each thread's memory: with a small budget that was a sixth of all memory.
//!         From a small piece it learns nothing.
//! Source: dynamic thresholds of malloc, `mallopt(3)`.

/// What is left of a buffer, in bytes: less than the least that teaches an allocator.
const LEFT_BYTES: usize = 64 << 10;

/// Empties a buffer that is about to be dropped, and gives its memory back but a rest.
pub(crate) fn hand_back<T>(buffer: &mut Vec<T>) {
    buffer.clear();
    buffer.shrink_to(LEFT_BYTES / size_of::<T>());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(capacity: usize, expected: usize) {
        let mut buffer: Vec<u64> = Vec::with_capacity(capacity);
        buffer.resize(capacity, 1);
        hand_back(&mut buffer);
        assert_eq!((buffer.len(), buffer.capacity()), (0, expected));
    }

    #[test]
    fn little_is_left_of_a_large_buffer() {
        check(1 << 20, 8192);
        check(8193, 8192);
    }

    #[test]
    fn small_buffer_stays_as_it_is() {
        check(0, 0);
        check(100, 100);
    }
}
