//! Time: the queue of deadlines behind time-outs and timers.

mod deadlines;
mod keys;

pub use deadlines::{Deadlines, Entry};
pub(crate) use keys::{Whose, context_key, keys_end, thread_key, timer_key, whose};
