//! Scheduling: 64 priorities, round robin within one, preemptive.

mod at_once;
mod budget;
mod debt;
mod decide;
mod lend;
mod next;
mod queue;
mod timer;

pub(crate) use decide::{SLICE_NS, takes_over};
pub use queue::RunQueue;
