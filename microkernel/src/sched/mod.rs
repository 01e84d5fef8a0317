//! Scheduling: 64 priorities, round robin within one, preemptive.

mod debt;
mod decide;
mod queue;

pub use queue::RunQueue;
