//! Interrupts become signals, and deadlines that have passed become wake-ups.
//!
//! One that comes in user mode is delivered at once ([`Kernel::interrupted`]). One that comes in
//! the kernel, in a window or while the CPU is halted, was recorded by the machine and is taken
//! by the table's first entry.

use crate::kernel::Kernel;
use crate::machine::{CpuId, Interrupt, Machine};
use crate::object::IrqId;
use crate::sched::NextThread;
use crate::work::Work;

/// Deadlines handled in one iteration.
const DEADLINES_PER_ITERATION: usize = 16;
/// Recorded interrupts handled in one iteration; those that are left are read again.
const INTERRUPTS_PER_ITERATION: usize = 8;

/// Recorded interrupts are delivered.
pub(super) fn recorded<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) -> NextThread {
    for _ in 0..INTERRUPTS_PER_ITERATION {
        match kernel.machine.take_interrupt() {
            Some(interrupt) => kernel.interrupted(cpu, interrupt),
            None => break,
        }
    }
    NextThread::Same
}

/// Deadlines that have passed wake their threads and signal their timers. The flag is set again
/// if there are more.
pub(super) fn deadlines<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) -> NextThread {
    kernel.sched.cpu(cpu).set_timer_dirty();
    let now = kernel.machine.now_ns();
    kernel.expire_deadlines(cpu, now);
    NextThread::Same
}

impl<M: Machine> Kernel<M> {
    /// Delivers an interrupt. Another thread may be current then.
    #[inline(always)]
    pub(super) fn interrupted(&mut self, cpu: CpuId, interrupt: Interrupt) {
        let state = self.sched.cpu_mut(cpu);
        state.interrupts = state.interrupts.wrapping_add(1);
        let next = match interrupt {
            Interrupt::Line(line) => self.line_interrupt(cpu, line),
            Interrupt::Message(number) => self.message_interrupt(cpu, number),
            Interrupt::Timer => return self.timer_interrupt(cpu),
            Interrupt::Ipi => return,
        };
        self.sched().switch(cpu, next);
    }

    /// A device line interrupted; the machine has masked it. Its notification is signalled.
    #[inline(always)]
    fn line_interrupt(&mut self, cpu: CpuId, line: u8) -> NextThread {
        let Some(place) = self.objects.lines.get(usize::from(line)) else {
            return NextThread::Same;
        };
        let count = &mut self.stats.irqs[usize::from(line)];
        *count = count.wrapping_add(1);
        let Some(irq) = *place else { return NextThread::Same };
        self.irq_interrupt(cpu, irq)
    }

    /// A device sent a message to this CPU. One without an object is of a device that was not
    /// stopped before its driver ended.
    fn message_interrupt(&mut self, cpu: CpuId, number: u8) -> NextThread {
        let Some(irq) = self.objects.messages.owner(cpu, number) else {
            self.stats.lost_messages = self.stats.lost_messages.wrapping_add(1);
            return NextThread::Same;
        };
        self.irq_interrupt(cpu, irq)
    }

    #[inline(always)]
    fn irq_interrupt(&mut self, cpu: CpuId, id: IrqId) -> NextThread {
        let irq = &mut self.objects.irqs[id];
        irq.count = irq.count.wrapping_add(1);
        let (notification, bits) = (irq.notification, irq.bits);
        self.signal_and_preempt(cpu, notification, bits)
    }

    fn timer_interrupt(&mut self, cpu: CpuId) {
        self.stats.timer_interrupts = self.stats.timer_interrupts.wrapping_add(1);
        let now = self.machine.now_ns();
        let state = self.sched.cpu_mut(cpu);
        state.timer_ns = None;
        state.set_timer_dirty();
        state.resume_shared_work(now);
        self.expire_deadlines(cpu, now);
        self.sched().end_slice(cpu);
    }

    /// As [`deadlines`].
    #[inline(always)]
    fn expire_deadlines(&mut self, cpu: CpuId, now_ns: u64) {
        for _ in 0..DEADLINES_PER_ITERATION {
            let Some(key) = self.sched.deadlines.pop_due(now_ns) else { return };
            let next = self.deadline_passed(cpu, key);
            self.sched().switch(cpu, next);
        }
        self.sched().set_cpu_work(cpu, Work::Deadlines);
    }
}
