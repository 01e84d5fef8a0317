//! Scheduling: 64 priorities, round robin within one, preemptive.

mod budget;
mod debt;
mod decide;
mod lend;
mod queue;
mod runs;
mod timer;

pub(crate) use decide::{SLICE_NS, takes_over};
pub use queue::RunQueue;
