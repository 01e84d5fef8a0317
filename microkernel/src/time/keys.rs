//! Keys of the deadline queue: threads have the even numbers and timers the odd ones, so that
//! there can be more of both at any time.

use crate::object::{ThreadId, TimerId};

/// Whose deadline it is, by its slot.
pub(crate) enum Whose {
    Thread(usize),
    Timer(usize),
}

/// Whose key this is.
pub(crate) fn whose(key: usize) -> Whose {
    if key.is_multiple_of(2) { Whose::Thread(key / 2) } else { Whose::Timer(key / 2) }
}

/// A thread's key.
pub(crate) fn thread_key(id: ThreadId) -> usize {
    2 * id.index()
}

/// A timer's key.
pub(crate) fn timer_key(id: TimerId) -> usize {
    2 * id.index() + 1
}

/// Keys for so many threads and timers end below this.
pub(crate) fn keys_end(threads: usize, timers: usize) -> usize {
    2 * threads.max(timers)
}
