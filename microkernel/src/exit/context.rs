//! Context state: what each CPU is doing, asserted on every way in and out.
//!
//! Nobody saves a previous state: entering asserts USER (or IDLE) and sets KERNEL, leaving
//! asserts KERNEL. The same edges feed the time accounting.

use crate::checks::Place;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};

/// What a CPU is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// It runs a user program.
    User,
    /// It runs the kernel.
    Kernel,
    /// It is halted until an interrupt comes.
    Idle,
}

impl<M: Machine> Kernel<M> {
    /// First thing after an entry from user mode.
    pub fn enter(&mut self, cpu: CpuId) {
        self.check_interrupts(Place::Enter);
        self.change_context(cpu, Context::User, Context::Kernel);
        self.check_enters(cpu);
    }

    /// First thing after a halt.
    pub fn wake(&mut self, cpu: CpuId) {
        self.check_interrupts(Place::Enter);
        self.change_context(cpu, Context::Idle, Context::Kernel);
        self.check_enters(cpu);
    }

    /// The one transition: asserts where the CPU comes from, and books the time since.
    pub(super) fn change_context(&mut self, cpu: CpuId, from: Context, to: Context) {
        let state = self.cpu_mut(cpu);
        let found = core::mem::replace(&mut state.context, to);
        // The halted are known by one mask, for whoever looks for a CPU without work.
        if to == Context::Idle {
            self.idle |= 1 << cpu.0;
        } else if from == Context::Idle {
            self.idle &= !(1 << cpu.0);
        }
        if found != from {
            refuse(found, from, to);
        }
        self.account(cpu, from);
    }

    /// Books the time since the last booking to what the CPU was doing: to the current thread,
    /// and to whom it serves.
    pub(crate) fn account(&mut self, cpu: CpuId, doing: Context) {
        let spent = self.book(cpu, doing);
        let Some(id) = self.cpu(cpu).current else { return };
        let thread = &mut self.threads[id];
        thread.slice_ns = thread.slice_ns.saturating_sub(spent);
        let (slice_ns, serving) = (thread.slice_ns, thread.serving);
        if let Some(client) = serving {
            self.owe(id, client, spent);
        }
        if slice_ns == 0 && doing == Context::User {
            self.check_slice(cpu, id);
        }
    }

    /// Books the time since the last booking to the CPU and its thread; how much it was.
    pub(crate) fn book(&mut self, cpu: CpuId, doing: Context) -> u64 {
        let now = self.machine.now_ns();
        let state = self.cpu_mut(cpu);
        let spent = now.saturating_sub(state.since_ns);
        state.since_ns = now;
        match doing {
            Context::User => state.user_ns += spent,
            Context::Kernel => state.kernel_ns += spent,
            Context::Idle => state.idle_ns += spent,
        }
        if let Some(id) = state.current {
            let thread = &mut self.threads[id];
            match doing {
                Context::User => thread.user_ns += spent,
                Context::Kernel => thread.kernel_ns += spent,
                // NOFAIL: a CPU with a thread is not halted, so nothing is booked.
                Context::Idle => {}
            }
        }
        spent
    }
}

/// Out of line, so that the way in stays short.
#[cold]
fn refuse(found: Context, from: Context, to: Context) -> ! {
    panic!("context is {found:?}, expected {from:?} on the way to {to:?}");
}
