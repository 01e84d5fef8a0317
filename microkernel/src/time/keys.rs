//! Keys of the deadline queue: keys of threads, timers and scheduling contexts alternate, so that
//! each arena can grow.

use crate::object::{SchedContextId, ThreadId, TimerId};

/// The owner of a deadline, by its slot.
pub(crate) enum Whose {
    Thread(usize),
    Timer(usize),
    Context(usize),
}

/// Returns the owner of a key.
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

/// Returns the first number above the keys of these numbers of threads, timers and contexts.
pub(crate) fn keys_end(threads: usize, timers: usize, contexts: usize) -> usize {
    3 * threads.max(timers).max(contexts)
}
