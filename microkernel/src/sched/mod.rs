//! Scheduling: 64 priorities, round robin within one, preemptive.

mod debt;
mod decide;
mod queue;
mod runs;

pub(crate) use decide::{SLICE_NS, takes_over};
pub use queue::RunQueue;
