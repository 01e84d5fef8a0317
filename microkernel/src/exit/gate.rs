//! The loop.
//!
//! It leaves only when, at the same instant, interrupts are off and no work flag is set:
//! flags are read once a turn with interrupts off, and read again after every stretch with
//! interrupts on. Interrupts are let in between turns, and a turn does a bounded piece of
//! each kind of work, so that their latency is bounded by one turn.

use super::{Context, Kind};
use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};
use crate::object::ThreadId;
use core::sync::atomic::Ordering;

/// What the arch has to do now.
#[must_use = "a decision that is not carried out loses the thread"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Return to this thread.
    User(ThreadId),
    /// Halt until an interrupt comes, then `wake` and `exit` again.
    Idle,
    /// End the machine with this code.
    Shutdown(u8),
}

/// More turns than any sane exit takes: a handler that makes its own work for ever.
const LIVELOCK_TURNS: u64 = 10_000_000;

impl<M: Machine> Kernel<M> {
    /// Prepares every way out: drains all work, then decides.
    pub fn exit(&mut self, cpu: CpuId) -> Next {
        let mut turns = 0;
        loop {
            assert!(self.machine.interrupts_off(), "interrupts are on in the exit loop");
            if let Some(code) = self.shutdown {
                return Next::Shutdown(code);
            }
            let work = self.read_work(cpu);
            if work == 0 {
                return self.leave(cpu, turns);
            }
            self.turn(cpu, work);
            turns += 1;
            assert!(turns < LIVELOCK_TURNS, "exit work never ends: flags {work:#x}");
            self.machine.let_interrupts_in();
        }
    }

    /// All flags that are set for this CPU and its thread at this instant.
    pub(crate) fn read_work(&self, cpu: CpuId) -> u32 {
        let own = self.cpu(cpu).work.load(Ordering::Acquire);
        let thread = self.cpu(cpu).current.map_or(0, |id| self.threads[id].work.0);
        let interrupts =
            if self.machine.interrupt_pending() { super::cpu_work::INTERRUPTS } else { 0 };
        let reap = if self.reap_due(cpu) { super::cpu_work::REAP } else { 0 };
        (own | thread | interrupts | reap) & Self::MASK
    }

    fn turn(&mut self, cpu: CpuId, work: u32) {
        for (index, item) in Self::WORK.iter().enumerate() {
            if work & item.flag != 0 {
                if item.kind == Kind::OneShot {
                    self.clear_work(cpu, item.flag);
                }
                self.cpu_mut(cpu).work_counts[index] += 1;
                (item.run)(self, cpu);
            }
        }
    }

    fn clear_work(&mut self, cpu: CpuId, flag: u32) {
        self.cpu(cpu).work.fetch_and(!flag, Ordering::AcqRel);
        if let Some(id) = self.cpu(cpu).current {
            self.threads[id].work.0 &= !flag;
        }
    }

    /// Interrupts are off and no flag is set: the timer, the context, the decision.
    fn leave(&mut self, cpu: CpuId, turns: u64) -> Next {
        self.set_next_timer(cpu);
        self.stats.exits += 1;
        self.stats.most_turns = self.stats.most_turns.max(turns);
        match self.cpu(cpu).current {
            Some(thread) => {
                self.change_context(cpu, Context::Kernel, Context::User);
                Next::User(thread)
            }
            None => {
                self.change_context(cpu, Context::Kernel, Context::Idle);
                Next::Idle
            }
        }
    }

    /// Sets a flag of a CPU; interrupts it when it is another one.
    pub(crate) fn set_cpu_work(&mut self, from: CpuId, cpu: CpuId, flag: u32) {
        self.cpu(cpu).work.fetch_or(flag, Ordering::AcqRel);
        if from != cpu {
            self.machine.kick(cpu);
        }
    }
}
