//! The loop.
//!
//! It leaves only when, at the same instant, interrupts are off and no work flag is set:
//! flags are read once a turn with interrupts off, and read again after every stretch with
//! interrupts on. Where a turn leaves work for another one the kernel is let go and interrupts
//! are let in between the two, and a turn does a bounded piece of each kind of work: so one
//! turn bounds the latency of interrupts and the wait of other CPUs.

use super::{Context, Kind, Work};
use crate::checks::{self, Place};
use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine, Phys};
use crate::object::{Thread, ThreadId};
use abi::TURN_BUCKETS;
use core::ops::DerefMut;
use core::sync::atomic::Ordering;

/// What the arch has to do now.
#[must_use = "a decision that is not carried out loses the thread"]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Next {
    /// Return to this thread.
    User(ThreadId),
    /// Halt until an interrupt comes, then `wake` and `exit` again.
    Idle,
    /// End the machine with this code.
    Shutdown(u8),
}

/// The thread that a CPU goes to, and the way there.
#[derive(Clone, Copy)]
pub struct Runner<F> {
    /// Which.
    pub id: ThreadId,
    /// Where its registers are saved, stable while it lives.
    pub frame: *mut F,
    /// The root of its space.
    pub root: Phys,
    /// Its own flags.
    work: u32,
}

impl<F> Runner<F> {
    #[inline(always)]
    pub(crate) fn new(id: ThreadId, thread: &mut Thread<F>) -> Self {
        let (root, work) = (thread.root, thread.work.0);
        Self { id, frame: &raw mut thread.frame, root, work }
    }
}

/// A decision, and the way there.
#[must_use = "a decision that is not carried out loses the thread"]
pub enum Way<F> {
    /// As [`Next::User`].
    User(Runner<F>),
    /// As [`Next::Idle`].
    Idle,
    /// As [`Next::Shutdown`].
    Shutdown(u8),
}

impl<F> Way<F> {
    /// What to do.
    pub fn next(&self) -> Next {
        match self {
            Self::User(runner) => Next::User(runner.id),
            Self::Idle => Next::Idle,
            Self::Shutdown(code) => Next::Shutdown(*code),
        }
    }
}

/// The kernel, held by one CPU: nobody else looks at it meanwhile.
pub trait Held<M: Machine>: DerefMut<Target = Kernel<M>> {
    /// Between two turns: lets go of the kernel, lets interrupts in for a moment so that
    /// they are recorded, and takes hold of it again with interrupts off.
    fn let_interrupts_in(&mut self);
}

/// Prepares every way out that [`Kernel::exit_at_once`] does not: drains all work, then
/// decides.
pub fn exit<M: Machine>(held: &mut impl Held<M>, cpu: CpuId) -> Way<M::Frame> {
    loop {
        if let Some(way) = held.stretch(cpu) {
            return way;
        }
        held.let_interrupts_in();
    }
}

impl<M: Machine> Kernel<M> {
    /// The way out, when nothing at all is to be done and a thread runs. `found` is what a
    /// system call said of who that is. `None`: [`exit`] is to be asked.
    #[inline(always)]
    pub fn exit_at_once(
        &mut self,
        cpu: CpuId,
        found: Option<Runner<M::Frame>>,
    ) -> Option<Runner<M::Frame>> {
        self.check_interrupts(Place::Turn);
        // ORDER: whoever sets a flag of this CPU holds the kernel, as this CPU does now.
        let nothing = self.cpu(cpu).work.load(Ordering::Relaxed) == 0
            && !self.machine.interrupt_pending()
            && self.dying.is_empty()
            && self.shutdown.is_none();
        if !nothing || self.timer_is_wrong(cpu) {
            return None;
        }
        let runner = match found {
            Some(runner) => runner,
            None => {
                let id = self.cpu(cpu).current?;
                Runner::new(id, &mut self.threads[id])
            }
        };
        if runner.work != 0 {
            return None;
        }
        self.check_leave(cpu);
        let now = self.machine.ticks();
        self.cpu_mut(cpu).change(now, Context::Kernel, Context::User);
        self.stats.exits = self.stats.exits.wrapping_add(1);
        Some(runner)
    }

    /// What is done in a turn that follows another one at once: it is short.
    const FOLLOWS_AT_ONCE: u32 = Work::Reschedule.flag() | Work::WakeUps.flag();

    /// What a CPU does between two moments in which interrupts are let in: a turn, another
    /// one when only the next thread is to be found, and the decision when nothing is left.
    #[inline(always)]
    fn stretch(&mut self, cpu: CpuId) -> Option<Way<M::Frame>> {
        self.check_interrupts(Place::Turn);
        let mut work = self.read_work(cpu);
        for _ in 0..2 {
            if self.ends_loop(work) {
                break;
            }
            self.one_turn(cpu, work);
            self.count_turn(cpu);
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

    /// One stretch of the loop, for whoever drives the core without the loop.
    pub fn turn(&mut self, cpu: CpuId) -> Option<Next> {
        self.stretch(cpu).map(|way| way.next())
    }

    /// Whether the loop has nothing more to do.
    #[inline(always)]
    fn ends_loop(&self, work: u32) -> bool {
        work & Self::LOOP_MASK == 0 || self.shutdown.is_some()
    }

    /// One turn: a bounded piece of each kind of work that was asked for.
    #[inline(always)]
    fn one_turn(&mut self, cpu: CpuId, work: u32) {
        let since = self.turn_begins();
        self.run_work(cpu, work & Self::LOOP_MASK);
        self.check_turn_ends(since);
    }

    /// The rows after the loop, and the decision.
    #[inline(always)]
    fn last_step(&mut self, cpu: CpuId, work: u32) -> Way<M::Frame> {
        if let Some(code) = self.shutdown {
            return Way::Shutdown(code);
        }
        self.run_work(cpu, work);
        self.count_exit(cpu);
        self.resume_before_idle(cpu);
        self.keep_timer(cpu);
        self.leave(cpu)
    }

    /// The kernel may be let go now: no vector state is left in the registers that is not the
    /// current thread's, and a thread that went to sleep is woken however many turns follow.
    #[inline(always)]
    fn settle_before_window(&mut self, cpu: CpuId) {
        if self.vector_stranded(cpu) {
            self.run_work(cpu, Work::VectorSave.flag());
        }
        self.keep_timer(cpu);
    }

    /// All flags that are set for this CPU and its thread at this instant.
    #[inline(always)]
    pub(crate) fn read_work(&self, cpu: CpuId) -> u32 {
        (self.flags(cpu) | self.derived(cpu)) & Self::MASK
    }

    /// The flags that nobody sets: read from the state itself.
    #[inline(always)]
    fn derived(&self, cpu: CpuId) -> u32 {
        let interrupts = if self.machine.interrupt_pending() { Work::Interrupts.flag() } else { 0 };
        let reap = if self.reap_due(cpu) { Work::Reap.flag() } else { 0 };
        interrupts | reap
    }

    /// The flags that were set for this CPU and its thread.
    #[inline(always)]
    pub(crate) fn flags(&self, cpu: CpuId) -> u32 {
        let cpu = self.cpu(cpu);
        let thread = cpu.current.map_or(0, |id| self.threads[id].work.0);
        cpu.work.load(Ordering::Acquire) | thread
    }

    /// The rows of these flags, in the order of the table, until another thread is current: the
    /// flags were read for this one, and those that are left stay set for the next turn.
    fn run_work(&mut self, cpu: CpuId, mut work: u32) {
        let current = self.cpu(cpu).current;
        while work != 0 && self.cpu(cpu).current == current {
            let index = work.trailing_zeros() as usize;
            work &= work - 1;
            // NOFAIL: `read_work` lets only bits of rows through.
            let item = &Self::WORK[index];
            self.checks.holds.note_row(index);
            if item.kind == Kind::OneShot {
                self.clear_work(cpu, item.work);
            }
            self.cpu_mut(cpu).work_counts[index] += 1;
            (item.run)(self, cpu);
        }
    }

    pub(crate) fn clear_work(&mut self, cpu: CpuId, work: Work) {
        self.cpu(cpu).work.fetch_and(!work.flag(), Ordering::AcqRel);
        if let Some(id) = self.cpu(cpu).current {
            self.threads[id].work.0 &= !work.flag();
        }
    }

    /// Counts an exit by the turns that it took: 1, 2-3, 4-7, and so on.
    #[inline(always)]
    fn count_exit(&mut self, cpu: CpuId) {
        let state = self.cpu_mut(cpu);
        let turns = core::mem::take(&mut state.exit_turns);
        if let Some(bucket) = turns.checked_ilog2() {
            state.turns[(bucket as usize).min(TURN_BUCKETS - 1)] += 1;
        }
        self.stats.most_turns = self.stats.most_turns.max(u64::from(turns));
    }

    /// Interrupts are off, no flag is set, and the timer is right: the context, the decision.
    #[inline(always)]
    fn leave(&mut self, cpu: CpuId) -> Way<M::Frame> {
        self.check_leave(cpu);
        self.stats.exits = self.stats.exits.wrapping_add(1);
        let Some(id) = self.cpu(cpu).current else {
            self.change_context(cpu, Context::Kernel, Context::Idle);
            return Way::Idle;
        };
        self.change_context(cpu, Context::Kernel, Context::User);
        Way::User(Runner::new(id, &mut self.threads[id]))
    }

    /// One turn, as of a loop that lets interrupts in after each, even the last.
    #[cfg(test)]
    pub(crate) fn turn_alone(&mut self, cpu: CpuId) -> Option<Next> {
        let work = self.read_work(cpu);
        if self.ends_loop(work) {
            return Some(self.last_step(cpu, work).next());
        }
        self.one_turn(cpu, work);
        self.count_turn(cpu);
        self.settle_before_window(cpu);
        None
    }

    /// Leaves with whatever flags are set, as a loop would that does not look again.
    #[cfg(test)]
    pub(crate) fn leave_blindly(&mut self, cpu: CpuId) -> Next {
        self.keep_timer(cpu);
        self.leave(cpu).next()
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

    /// Sets a flag of a CPU. Another one that is not in the kernel is kicked before this
    /// one leaves; one that is in the kernel reads its flags before it leaves itself.
    pub(crate) fn set_cpu_work(&mut self, cpu: CpuId, work: Work) {
        self.cpu(cpu).work.fetch_or(work.flag(), Ordering::AcqRel);
        self.notice(cpu);
    }

    /// Sets a flag of a thread; if it runs on another CPU, that one is told.
    pub(crate) fn set_thread_work(&mut self, id: ThreadId, work: Work) {
        self.threads[id].work.0 |= work.flag();
        let cpu = self.threads[id].cpu;
        if self.cpu(cpu).current == Some(id) {
            self.notice(cpu);
        }
    }

    /// Makes sure that a CPU looks at its flags.
    fn notice(&mut self, cpu: CpuId) {
        let here = self.here();
        if cpu != here && self.cpu(cpu).context != Context::Kernel {
            let own = self.cpu_mut(here);
            own.kicks |= 1 << cpu.0;
            own.work.fetch_or(Work::WakeUps.flag(), Ordering::AcqRel);
        }
    }
}
