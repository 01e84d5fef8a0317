//! The one entry and the one exit: what a CPU does from an event to the decision where it goes.
//!
//! ```text
//! entry ─▶ event ─▶ fast exit ────────────────────────────▶ action
//!                      └─▶ pass: iterations ─▶ last rows ──▶ action
//!                            └─▶ nothing yet: interrupt window, then Resume
//! ```
//! [`Kernel::handle`] is one section under the kernel lock with interrupts off. It returns what the
//! CPU does next, or nothing: then the caller releases the kernel, lets interrupts in for a moment,
//! acquires it again and calls with [`Entry::Resume`].
//!
//! The CPU leaves only when, at the same instant, interrupts are off and no work flag is set. Flags
//! are read before each iteration and after the last, and again after each window. One iteration
//! does a bounded piece of each kind of work, and one pass takes at most two, so a pass bounds the
//! latency of interrupts and the wait of other CPUs.

use super::Kind;
use crate::checks::{self, Place};
use crate::cpu::Context;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Interrupt, Machine, Phys};
use crate::object::{Fault, Thread, ThreadId};
use crate::work::Work;
use abi::TURN_BUCKETS;
use core::ops::DerefMut;
use core::sync::atomic::Ordering;

/// Why a CPU comes into the kernel.
#[derive(Clone, Copy, Debug)]
pub enum Entry<'a> {
    /// The current thread made a system call; number and arguments are in its frame.
    Syscall,
    /// The same from 32-bit code; number and arguments are in a block in memory.
    CompatSyscall,
    /// The current thread did something wrong.
    Fault(&'a Fault),
    /// The current thread used its vector registers while they were locked.
    VectorUse,
    /// An interrupt in user mode; none if the machine has handled it by itself.
    Interrupt(Option<Interrupt>),
    /// The CPU was halted, and an interrupt was recorded.
    Wake,
    /// The CPU is in the kernel: after an interrupt window, or for the first time.
    Resume,
}

/// What a CPU does when it leaves the kernel.
#[must_use = "a decision that is not carried out loses the thread"]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExitAction<T> {
    /// Returns to user mode, to this thread.
    User(T),
    /// Halts until an interrupt is recorded, then enters with [`Entry::Wake`].
    Idle,
    /// Ends the machine with this code.
    Shutdown(u8),
}

/// The thread that a CPU returns to, and what that takes.
#[derive(Clone, Copy, Debug)]
pub struct Switch<F> {
    /// Which.
    pub id: ThreadId,
    /// Where its registers are saved.
    pub frame: *mut F,
    /// The root of its space.
    pub root: Phys,
}

impl<F> Switch<F> {
    #[inline(always)]
    pub(crate) fn to(id: ThreadId, thread: &mut Thread<impl DerefMut<Target = F>>) -> Self {
        Self { id, frame: &raw mut *thread.frame, root: thread.root }
    }
}

impl<F> ExitAction<Switch<F>> {
    /// The action with the thread's name alone.
    pub fn thread(self) -> ExitAction<ThreadId> {
        match self {
            Self::User(switch) => ExitAction::User(switch.id),
            Self::Idle => ExitAction::Idle,
            Self::Shutdown(code) => ExitAction::Shutdown(code),
        }
    }
}

impl<M: Machine> Kernel<M> {
    /// Handles an event on this CPU, which holds the kernel with interrupts off.
    ///
    /// Returns what the CPU does next. `None`: the caller opens an interrupt window, then calls
    /// with [`Entry::Resume`].
    #[must_use = "a decision that is not carried out loses the thread"]
    #[inline(always)]
    pub fn handle(&mut self, cpu: CpuId, entry: Entry<'_>) -> Option<ExitAction<Switch<M::Frame>>> {
        self.event(cpu, entry);
        if let Some(switch) = self.fast_exit(cpu) {
            return Some(ExitAction::User(switch));
        }
        let is_call = matches!(entry, Entry::Syscall | Entry::CompatSyscall);
        self.pass(cpu, is_call).map(|action| self.with_switch(cpu, action))
    }

    /// The action with what it takes to return to the thread that is current.
    #[inline(always)]
    fn with_switch(&mut self, cpu: CpuId, action: ExitAction<()>) -> ExitAction<Switch<M::Frame>> {
        match (action, self.cpu(cpu).current) {
            (ExitAction::User(()), Some(id)) => {
                ExitAction::User(Switch::to(id, &mut self.objects.threads[id]))
            }
            (ExitAction::Shutdown(code), _) => ExitAction::Shutdown(code),
            _ => ExitAction::Idle,
        }
    }

    /// The event itself. Another thread may be current then.
    #[inline(always)]
    fn event(&mut self, cpu: CpuId, entry: Entry<'_>) {
        let current = match entry {
            Entry::Resume => return,
            Entry::Wake => return self.wake(cpu),
            _ => self.enter(cpu),
        };
        let Some(me) = current else { return };
        match entry {
            Entry::Syscall => self.syscall(cpu, me),
            Entry::CompatSyscall => self.compat_syscall(cpu, me),
            Entry::Fault(fault) => self.fault(cpu, me, fault),
            Entry::VectorUse => self.vector_used(cpu),
            Entry::Interrupt(Some(interrupt)) => self.interrupted(cpu, interrupt),
            Entry::Interrupt(None) | Entry::Resume | Entry::Wake => {}
        }
    }

    /// The exit when no work is pending and a thread is current.
    #[inline(always)]
    fn fast_exit(&mut self, cpu: CpuId) -> Option<Switch<M::Frame>> {
        self.check_interrupts(Place::Turn);
        // The word also says whether the timer is wrong.
        // ORDER: a CPU sets flags of this one only while it holds the kernel, as this one does now.
        let nothing = self.cpu(cpu).work.load(Ordering::Relaxed) == 0
            && !self.machine.interrupt_pending()
            && self.objects.dying.is_empty()
            && self.shutdown.is_none();
        if !nothing {
            return None;
        }
        let id = self.cpu(cpu).current?;
        let thread = &mut self.objects.threads[id];
        if thread.work.0 != 0 {
            return None;
        }
        let switch = Switch::to(id, thread);
        self.check_leave(cpu);
        let now = self.machine.ticks();
        self.sched.cpu_mut(cpu).change(now, Context::Kernel, Context::User);
        self.stats.exits = self.stats.exits.wrapping_add(1);
        Some(switch)
    }

    /// Flags whose iteration may follow another one without a window: it is short.
    const FOLLOWS_AT_ONCE: u32 = Work::Reschedule.flag() | Work::WakeUps.flag();

    /// What a CPU does between two windows: an iteration, a second one if it only finds the next
    /// thread, and the decision if no work is left. A system call has done a piece of its
    /// operation itself: the window comes before the next piece.
    #[inline(never)]
    fn pass(&mut self, cpu: CpuId, is_call: bool) -> Option<ExitAction<()>> {
        self.check_interrupts(Place::Turn);
        if is_call && self.has_operation(cpu) {
            // Other CPUs do not wait for the next piece.
            let work = self.read_work(cpu);
            self.run_work(cpu, work & Work::WakeUps.flag());
            self.settle_before_window(cpu);
            return None;
        }
        let mut work = self.read_work(cpu);
        for _ in 0..2 {
            if self.ends_loop(work) {
                break;
            }
            self.iteration(cpu, work);
            work = self.read_work(cpu);
            if work & Self::LOOP_MASK & !Self::FOLLOWS_AT_ONCE != 0 {
                break;
            }
        }
        if self.ends_loop(work) {
            return Some(self.last_step(cpu, work));
        }
        self.settle_before_window(cpu);
        None
    }

    /// Whether the current thread's long operation is not over.
    #[inline(always)]
    fn has_operation(&self, cpu: CpuId) -> bool {
        let current = self.cpu(cpu).current;
        current.is_some_and(|id| self.objects.threads[id].operation.is_some())
    }

    /// Whether the loop has nothing more to do.
    #[inline(always)]
    fn ends_loop(&self, work: u32) -> bool {
        work & Self::LOOP_MASK == 0 || self.shutdown.is_some()
    }

    /// One iteration: a bounded piece of each kind of work that is pending.
    #[inline(always)]
    fn iteration(&mut self, cpu: CpuId, work: u32) {
        let since = self.iteration_begins();
        self.run_work(cpu, work & Self::LOOP_MASK);
        self.check_iteration_ends(since);
        self.count_iteration(cpu);
    }

    /// The entries of the table that run after the loop, and the decision.
    #[inline(always)]
    fn last_step(&mut self, cpu: CpuId, work: u32) -> ExitAction<()> {
        if let Some(code) = self.shutdown {
            return ExitAction::Shutdown(code);
        }
        self.run_work(cpu, work);
        self.count_exit(cpu);
        self.resume_before_idle(cpu);
        self.sched().program_timer(cpu);
        self.decide(cpu)
    }

    /// Before the kernel is released: no vector state of a thread that is not current is left in
    /// the registers, and the timer wakes a sleeping thread however many passes follow.
    #[inline(always)]
    fn settle_before_window(&mut self, cpu: CpuId) {
        if self.sched.vector_stranded(cpu) {
            self.run_work(cpu, Work::VectorSave.flag());
        }
        self.sched().program_timer(cpu);
    }

    /// Runs the entries of these flags, in the order of the table, until another thread is current:
    /// the flags were read for this one, and those that are left stay set.
    fn run_work(&mut self, cpu: CpuId, mut work: u32) {
        let current = self.cpu(cpu).current;
        while work != 0 && self.cpu(cpu).current == current {
            let index = work.trailing_zeros() as usize;
            work &= work - 1;
            // NOFAIL: `read_work` lets only bits of the table through.
            let item = &Self::WORK[index];
            self.check_row(cpu, current);
            self.checks.holds.note_row(index);
            if item.kind == Kind::OneShot {
                self.sched.clear_work(&mut self.objects.threads, cpu, item.work);
            }
            self.sched.cpu_mut(cpu).work_counts[index] += 1;
            let next = (item.run)(self, cpu);
            self.sched().switch(cpu, next);
        }
    }

    /// A row acts on the thread whose flags were read.
    #[inline(always)]
    fn check_row(&mut self, cpu: CpuId, current: Option<ThreadId>) {
        if checks::ON && self.cpu(cpu).current != current {
            self.report(format_args!("{cpu:?} has work for {current:?}, which is not current"));
        }
    }

    /// Counts an exit by its iterations: 1, 2-3, 4-7, and so on.
    #[inline(always)]
    fn count_exit(&mut self, cpu: CpuId) {
        let state = self.sched.cpu_mut(cpu);
        let turns = core::mem::take(&mut state.exit_iterations);
        if let Some(bucket) = turns.checked_ilog2() {
            state.turns[(bucket as usize).min(TURN_BUCKETS - 1)] += 1;
        }
        self.stats.most_turns = self.stats.most_turns.max(u64::from(turns));
    }

    /// Interrupts are off, no flag is set, and the timer is right: the context and the action.
    #[inline(always)]
    fn decide(&mut self, cpu: CpuId) -> ExitAction<()> {
        self.check_leave(cpu);
        self.stats.exits = self.stats.exits.wrapping_add(1);
        if self.cpu(cpu).current.is_none() {
            self.change_context(cpu, Context::Kernel, Context::Idle);
            return ExitAction::Idle;
        }
        self.change_context(cpu, Context::Kernel, Context::User);
        ExitAction::User(())
    }

    /// At this instant interrupts are off and no flag of the loop is set.
    #[inline]
    fn check_leave(&mut self, cpu: CpuId) {
        self.check_interrupts(Place::Leave);
        self.check_leaves(cpu);
        if checks::ON && self.read_work(cpu) & Self::LOOP_MASK != 0 {
            let work = self.read_work(cpu);
            self.report(format_args!("{cpu:?} leaves with flags {work:#x}"));
        }
    }

    /// As [`Kernel::handle`], with a pass of one iteration: it lets interrupts in after each, even
    /// the last.
    #[cfg(test)]
    pub(crate) fn handle_one(
        &mut self,
        cpu: CpuId,
        entry: Entry<'_>,
    ) -> Option<ExitAction<Switch<M::Frame>>> {
        self.event(cpu, entry);
        let work = self.read_work(cpu);
        if self.ends_loop(work) {
            let action = self.last_step(cpu, work);
            return Some(self.with_switch(cpu, action));
        }
        self.iteration(cpu, work);
        self.settle_before_window(cpu);
        None
    }

    /// Leaves with whatever flags are set, as a loop would that does not look again.
    #[cfg(test)]
    pub(crate) fn leave_blindly(&mut self, cpu: CpuId) -> ExitAction<Switch<M::Frame>> {
        self.sched().program_timer(cpu);
        let action = self.decide(cpu);
        self.with_switch(cpu, action)
    }
}
