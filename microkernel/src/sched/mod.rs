//! Scheduling: 64 priorities, round robin within one, preemptive.
//!
//! [`switch`] makes threads current; [`next`] finds the next one; [`decide`] says
//! where a ready thread waits. [`budget`], [`debt`] and [`lend`] account for time, [`timer`] ends
//! slices and budgets. [`flags`] sets work flags and notifies other CPUs.

mod budget;
mod clock;
mod debt;
mod decide;
mod flags;
mod lend;
mod next;
mod reaper;
mod switch;
mod timer;

pub(crate) use decide::takes_over;
pub(crate) use switch::{NextThread, make_current};
