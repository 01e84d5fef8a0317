//! Context state: what each CPU is doing, asserted on every way in and out.
//!
//! Nobody saves a previous state: entering asserts USER (or IDLE) and sets KERNEL, leaving
//! asserts KERNEL. The same edges feed the time accounting.

use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};

/// What a CPU is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        self.change_context(cpu, Context::User, Context::Kernel);
    }

    /// First thing after a halt.
    pub fn wake(&mut self, cpu: CpuId) {
        self.change_context(cpu, Context::Idle, Context::Kernel);
    }

    /// The one transition: asserts where the CPU comes from, and books the time since.
    pub(super) fn change_context(&mut self, cpu: CpuId, from: Context, to: Context) {
        let found = self.cpu(cpu).context;
        assert!(found == from, "context is {found:?}, expected {from:?} on the way to {to:?}");
        assert!(self.machine.interrupts_off(), "interrupts are on on the way to {to:?}");
        self.account(cpu, from);
        self.cpu_mut(cpu).context = to;
    }

    /// Books the time since the last booking to what the CPU was doing.
    pub(crate) fn account(&mut self, cpu: CpuId, doing: Context) {
        let now = self.machine.now_ns();
        let spent = now.saturating_sub(self.cpu(cpu).since_ns);
        self.cpu_mut(cpu).since_ns = now;
        match (self.cpu(cpu).current, doing) {
            (Some(id), Context::User) => {
                let thread = &mut self.threads[id];
                thread.user_ns += spent;
                thread.slice_ns = thread.slice_ns.saturating_sub(spent);
                self.check_slice(cpu, id);
            }
            (Some(id), Context::Kernel) => {
                let thread = &mut self.threads[id];
                thread.kernel_ns += spent;
                thread.slice_ns = thread.slice_ns.saturating_sub(spent);
            }
            (_, Context::Idle) => self.cpu_mut(cpu).idle_ns += spent,
            (None, _) => {}
        }
    }
}
