//! Keys of the deadline queue: threads, timers and scheduling contexts take turns, so that there
//! can be more of each at any time.

use crate::object::{SchedContextId, ThreadId, TimerId};

/// Whose deadline it is, by its slot.
pub(crate) enum Whose {
    Thread(usize),
    Timer(usize),
    Context(usize),
}

/// Whose key this is.
pub(crate) fn whose(key: usize) -> Whose {
    match key % 3 {
        0 => Whose::Thread(key / 3),
        1 => Whose::Timer(key / 3),
        _ => Whose::Context(key / 3),
    }
}

/// A thread's key.
pub(crate) fn thread_key(id: ThreadId) -> usize {
    3 * id.index()
}

/// A timer's key.
pub(crate) fn timer_key(id: TimerId) -> usize {
    3 * id.index() + 1
}

/// A scheduling context's key.
pub(crate) fn context_key(id: SchedContextId) -> usize {
    3 * id.index() + 2
}

/// Keys for so many threads, timers and contexts end below this.
pub(crate) fn keys_end(threads: usize, timers: usize, contexts: usize) -> usize {
    3 * threads.max(timers).max(contexts)
}
