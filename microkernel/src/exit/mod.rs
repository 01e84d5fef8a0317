//! The gate: the one loop through which every return to user mode goes.

mod context;
mod gate;
mod handlers;
mod work;

pub use context::Context;
pub use gate::Next;
pub use work::{ITEMS, Kind, WorkItem};
pub(crate) use work::{cpu_work, thread_work};
