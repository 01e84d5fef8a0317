//! What each row of the work table does.

use super::Work;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Frame, Interrupt, Machine};
use crate::object::State;
use core::sync::atomic::Ordering;

/// Deadlines handled in one turn.
const DEADLINES_PER_TURN: usize = 16;
/// Recorded interrupts handled in one turn; those that are left are read again.
const INTERRUPTS_PER_TURN: usize = 8;

/// Recorded interrupts become signals and deadlines.
pub(super) fn interrupts<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) {
    for _ in 0..INTERRUPTS_PER_TURN {
        let Some(interrupt) = kernel.machine.take_interrupt() else { return };
        kernel.cpu_mut(cpu).interrupts += 1;
        match interrupt {
            Interrupt::Timer => {
                kernel.stats.timer_interrupts += 1;
                kernel.cpu_mut(cpu).timer_ns = None;
                kernel.timer_is_stale(cpu);
                kernel.resume_shared_work(cpu);
                deadlines(kernel, cpu);
                slice_ended(kernel, cpu);
            }
            Interrupt::Line(line) => kernel.line_interrupt(line),
            Interrupt::Kick => {}
        }
    }
}

/// The timer may have fired for the end of the slice, in the middle of an exit: then nobody
/// booked the time yet, and a timer that is set for what is past would only fire again.
fn slice_ended<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) {
    kernel.account(cpu, super::Context::Kernel);
    if let Some(id) = kernel.cpu(cpu).current
        && kernel.threads[id].context.is_none()
    {
        kernel.check_slice(cpu, id);
    }
}

/// Deadlines that have passed wake their threads and signal their timers; the row, when there
/// are many.
pub(super) fn deadlines<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) {
    let now = kernel.machine.now_ns();
    for _ in 0..DEADLINES_PER_TURN {
        match kernel.next_deadline(now) {
            Some(key) => kernel.deadline_passed(key),
            None => return,
        }
    }
    kernel.set_cpu_work(cpu, Work::Deadlines);
}

/// The current thread or its process was killed: it never runs again.
pub(super) fn kill<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) {
    if let Some(id) = kernel.cpu(cpu).current {
        leave_cpu(kernel, cpu);
        kernel.bury_thread(id);
    }
}

/// The current thread gives up this CPU.
fn leave_cpu<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) {
    kernel.account(cpu, super::Context::Kernel);
    kernel.cpu_mut(cpu).current = None;
    kernel.set_cpu_work(cpu, Work::Reschedule);
}

/// The current thread was suspended: it waits off its CPU until it is resumed.
pub(super) fn stop<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) {
    if kernel.cpu(cpu).current.is_some_and(|id| !kernel.runnable(id)) {
        leave_cpu(kernel, cpu);
    }
}

/// The tracer let the current thread's system call through.
pub(super) fn call<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) {
    if let Some(id) = kernel.cpu(cpu).current {
        kernel.continue_call(id);
        kernel.signalled_before(id);
    }
}

/// The current thread's watched system call has its result, unless it still waits for it.
pub(super) fn call_exit<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) {
    if let Some(id) = kernel.cpu(cpu).current {
        let thread = &kernel.threads[id];
        if thread.state == State::Ready && thread.operation.is_none() {
            kernel.exit_hooks(id);
        } else {
            kernel.set_thread_work(id, Work::CallExit);
        }
    }
}

/// The current thread goes to a CPU that it may run on.
pub(super) fn migrate<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) {
    if let Some(id) = kernel.cpu(cpu).current
        && !kernel.allowed(id, cpu)
    {
        leave_cpu(kernel, cpu);
        kernel.enqueue(id);
    }
}

/// Somebody may be waiting for this CPU: a long piece of work can be done later.
fn others_first<M: Machine>(kernel: &Kernel<M>, cpu: CpuId) -> bool {
    let waiting = Work::Deadlines.flag() | Work::Reschedule.flag();
    kernel.cpu(cpu).work.load(Ordering::Acquire) & waiting != 0
}

/// A piece of the current thread's long operation.
pub(super) fn operation<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) {
    if let Some(id) = kernel.cpu(cpu).current {
        if others_first(kernel, cpu) {
            kernel.set_thread_work(id, Work::Operation);
            return;
        }
        kernel.operation_piece(id);
        if kernel.threads[id].operation.is_some() {
            kernel.set_thread_work(id, Work::Operation);
        }
    }
}

/// A piece of taking a dead process apart.
pub(super) fn reap<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) {
    if !others_first(kernel, cpu) {
        kernel.reap_on_debt(cpu);
    }
}

/// Servers are told that a caller of theirs waits no longer, and threads that what they waited
/// for has ended.
pub(super) fn lost_calls<M: Machine>(kernel: &mut Kernel<M>, _: CpuId) {
    kernel.tell_of_lost_calls();
    kernel.release_ended();
}

/// The current thread's handler is told what it did wrong.
pub(super) fn fault<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) {
    if let Some(id) = kernel.cpu(cpu).current {
        kernel.deliver_fault(id);
    }
}

/// The most urgent thread becomes current.
pub(super) fn reschedule<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) {
    kernel.schedule(cpu);
}

/// The results of the current thread's 32-bit call go into its block.
pub(super) fn compat_results<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) {
    if let Some(id) = kernel.cpu(cpu).current {
        kernel.write_compat_results(id);
    }
}

/// The current thread is diverted to its handler.
pub(super) fn upcall<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) {
    if let Some(id) = kernel.cpu(cpu).current {
        // A call is finished first: its results belong into the saved frame and the block.
        let thread = &kernel.threads[id];
        if thread.operation.is_some() || thread.frame.compat_results().is_some() {
            kernel.set_thread_work(id, Work::Upcall);
        } else if kernel.threads[id].state == State::Ready {
            kernel.deliver_upcall(id);
        }
    }
}

/// CPUs that have new work are interrupted, each once.
pub(super) fn wake_ups<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) {
    let mut kicks = core::mem::take(&mut kernel.cpu_mut(cpu).kicks);
    while kicks != 0 {
        let target = kicks.trailing_zeros().to_le_bytes()[0];
        kicks &= kicks - 1;
        kernel.machine.kick(CpuId(u16::from(target)));
    }
}
