//! What each entry of the work table does.

use crate::cpu::Context;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Frame, Machine};
use crate::object::{Operation, State};
use crate::sched::NextThread;
use crate::work::Work;
use core::sync::atomic::Ordering;

/// The current thread or its process was killed: it never runs again.
pub(super) fn kill<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) -> NextThread {
    if let Some(id) = kernel.cpu(cpu).current {
        leave_cpu(kernel, cpu);
        kernel.free_thread(id);
    }
    NextThread::Same
}

/// The current thread gives up this CPU.
fn leave_cpu<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) {
    kernel.sched().account(cpu, Context::Kernel);
    kernel.sched.cpu_mut(cpu).current = None;
    kernel.sched().set_cpu_work(cpu, Work::Reschedule);
}

/// The current thread was suspended: it waits off its CPU until it is resumed.
pub(super) fn stop<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) -> NextThread {
    if kernel.cpu(cpu).current.is_some_and(|id| !kernel.objects.runnable(id)) {
        leave_cpu(kernel, cpu);
    }
    NextThread::Same
}

/// The tracer let the current thread's system call through.
pub(super) fn call<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) -> NextThread {
    if let Some(id) = kernel.cpu(cpu).current {
        kernel.continue_call(id);
        kernel.signalled_before(id);
    }
    NextThread::Same
}

/// The current thread's watched system call has its result, unless it still waits for it.
pub(super) fn call_exit<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) -> NextThread {
    if let Some(id) = kernel.cpu(cpu).current {
        let thread = &kernel.objects.threads[id];
        if thread.state == State::Ready && thread.operation.is_none() {
            return kernel.exit_hooks(id);
        }
        kernel.sched().set_thread_work(id, Work::CallExit);
    }
    NextThread::Same
}

/// The current thread goes to a CPU that it may run on.
pub(super) fn migrate<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) -> NextThread {
    if let Some(id) = kernel.cpu(cpu).current
        && !kernel.objects.threads[id].sched.allows(cpu)
    {
        leave_cpu(kernel, cpu);
        kernel.sched().enqueue(id);
    }
    NextThread::Same
}

/// Whether a thread may be waiting for this CPU: a long piece of work can be done later.
fn others_first<M: Machine>(kernel: &Kernel<M>, cpu: CpuId) -> bool {
    let waiting = Work::Deadlines.flag() | Work::Reschedule.flag();
    kernel.cpu(cpu).work.load(Ordering::Acquire) & waiting != 0
}

/// A piece of the current thread's long operation.
pub(super) fn operation<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) -> NextThread {
    if let Some(id) = kernel.cpu(cpu).current {
        if others_first(kernel, cpu) {
            kernel.sched().set_thread_work(id, Work::Operation);
            return NextThread::Same;
        }
        let operation = &mut kernel.objects.threads[id].operation;
        match *operation {
            Some(Operation::Offer { endpoint }) => {
                *operation = None;
                return kernel.continue_offer(id, endpoint);
            }
            Some(Operation::Receive { endpoint }) => {
                *operation = None;
                return kernel.continue_receive(id, endpoint);
            }
            _ => kernel.operation_piece(id),
        }
        if kernel.objects.threads[id].operation.is_some() {
            kernel.sched().set_thread_work(id, Work::Operation);
        }
    }
    NextThread::Same
}

/// A piece of taking a dead process apart.
pub(super) fn reap<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) -> NextThread {
    if !others_first(kernel, cpu) {
        kernel.reap_on_debt(cpu);
    }
    NextThread::Same
}

/// Servers are told that a caller of theirs waits no longer, and threads that what they waited
/// for has ended.
pub(super) fn lost_calls<M: Machine>(kernel: &mut Kernel<M>, _: CpuId) -> NextThread {
    kernel.signal_abandoned_calls();
    kernel.release_ended();
    NextThread::Same
}

/// The current thread's handler is told what it did wrong.
pub(super) fn fault<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) -> NextThread {
    kernel.cpu(cpu).current.map_or(NextThread::Same, |id| kernel.deliver_fault(id))
}

/// The thread of the highest priority becomes current. The time until now is booked first, since
/// a slice may be over.
pub(super) fn reschedule<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) -> NextThread {
    kernel.sched().account(cpu, Context::Kernel);
    NextThread::Other
}

/// The results of the current thread's 32-bit call go into its block.
pub(super) fn compat_results<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) -> NextThread {
    if let Some(id) = kernel.cpu(cpu).current {
        kernel.write_compat_results(id);
    }
    NextThread::Same
}

/// The current thread is diverted to its handler.
pub(super) fn upcall<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) -> NextThread {
    if let Some(id) = kernel.cpu(cpu).current {
        // A call is finished first: its results belong into the saved frame and the block.
        let thread = &kernel.objects.threads[id];
        if thread.operation.is_some() || thread.frame.compat_results().is_some() {
            kernel.sched().set_thread_work(id, Work::Upcall);
        } else if kernel.objects.threads[id].state == State::Ready {
            kernel.deliver_upcall(id);
        }
    }
    NextThread::Same
}

/// CPUs that have new work get an IPI, each one.
pub(super) fn wake_ups<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) -> NextThread {
    let mut ipis = core::mem::take(&mut kernel.sched.cpu_mut(cpu).ipis);
    while ipis != 0 {
        let target = ipis.trailing_zeros().to_le_bytes()[0];
        ipis &= ipis - 1;
        kernel.machine.send_ipi(CpuId(u16::from(target)));
    }
    NextThread::Same
}
