//! Time: the queue of deadlines behind time-outs and timers.

mod deadlines;

pub use deadlines::{Deadlines, Entry};
