//! Scheduling: 64 priorities, round robin within one, preemptive.
//!
//! [`switch`] makes threads current; [`next`] and [`queue`] find the next one; [`decide`] says
//! where a ready thread waits. [`budget`], [`debt`] and [`lend`] account for time, [`timer`] ends
//! slices and budgets. [`flags`] sets work flags and notifies other CPUs.

mod budget;
mod clock;
mod cpu;
mod debt;
mod decide;
mod flags;
mod lend;
mod next;
mod queue;
mod reaper;
mod scheduler;
mod switch;
mod timer;

pub use clock::{Clock, Context};
pub use cpu::{CPUS, Cpu};
pub(crate) use decide::{SLICE_NS, takes_over};
pub use queue::RunQueue;
pub(crate) use scheduler::{SHARED_TURNS, Scheduler};
pub(crate) use switch::{NextThread, make_current};
