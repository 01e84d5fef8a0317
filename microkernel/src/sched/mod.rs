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

use crate::cpu::Scheduler;
use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::object::Objects;

/// The parts of the kernel that scheduling is made of. No frame, trace or check is among them, and
/// the machine is asked only for time, the timer and the CPU that this code runs on.
pub(crate) struct Sched<'a, M: Machine> {
    pub(crate) machine: &'a mut M,
    pub(crate) objects: &'a mut Objects<M>,
    pub(crate) sched: &'a mut Scheduler,
}

impl<M: Machine> Sched<'_, M> {
    /// The same, for a rare call out of an inlined function: made where the call is, so that
    /// the common way stores no pointers on the stack.
    #[inline(always)]
    fn rare(&mut self) -> Sched<'_, M> {
        Sched { machine: self.machine, objects: self.objects, sched: self.sched }
    }
}

impl<M: Machine> Kernel<M> {
    /// Its scheduler.
    #[inline(always)]
    pub(crate) fn sched(&mut self) -> Sched<'_, M> {
        Sched { machine: &mut self.machine, objects: &mut self.objects, sched: &mut self.sched }
    }
}
