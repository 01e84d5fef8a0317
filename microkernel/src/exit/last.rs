//! The last entries of the table: register state that only a few threads use.
//!
//! A thread with a value other than the default keeps the flag set, and so does a CPU that holds
//! such a value. So the entry also runs on the switch away, which loads the default again; all
//! other exits pay nothing. Interrupts are off and no new work is made.

use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine, PortSpans};
use crate::sched::NextThread;
use crate::work::Work;
use core::sync::atomic::Ordering;

/// The CPU's debug registers are those of the thread that it goes to, or watch nothing.
pub(super) fn debug_registers<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) -> NextThread {
    let wanted = kernel.cpu(cpu).current.and_then(|id| kernel.objects.threads[id].registers.debug);
    if kernel.cpu(cpu).debug != wanted {
        kernel.sched.cpu_mut(cpu).debug = wanted;
        kernel.machine.load_debug_registers(&wanted.unwrap_or_default());
    }
    mark(kernel, cpu, Work::Debug, wanted.is_some());
    NextThread::Same
}

/// The ports that instructions may use are those of the process that it goes to.
pub(super) fn ports<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) -> NextThread {
    let process = kernel.cpu(cpu).current.map(|id| kernel.objects.threads[id].process);
    let wanted = process.map(|id| kernel.objects.processes[id].ports).unwrap_or_default();
    let held = core::mem::replace(&mut kernel.sched.cpu_mut(cpu).ports, wanted);
    if held != wanted {
        kernel.machine.allow_ports(&held, &wanted);
    }
    mark(kernel, cpu, Work::Ports, wanted != PortSpans::default());
    NextThread::Same
}

/// Values that last until user mode: whether the time-stamp counter may be read.
pub(super) fn user_values<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) -> NextThread {
    let wanted =
        kernel.cpu(cpu).current.is_some_and(|id| kernel.objects.threads[id].registers.no_clock);
    if core::mem::replace(&mut kernel.sched.cpu_mut(cpu).no_clock, wanted) != wanted {
        kernel.machine.hide_clock(wanted);
    }
    mark(kernel, cpu, Work::UserValues, wanted);
    NextThread::Same
}

/// The CPU's flag says whether it holds something unusual.
fn mark<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId, work: Work, unusual: bool) {
    let flags = &kernel.cpu(cpu).work;
    if unusual {
        flags.fetch_or(work.flag(), Ordering::AcqRel);
    } else {
        flags.fetch_and(!work.flag(), Ordering::AcqRel);
    }
}

/// Vector registers with the state of a thread that is not current are saved and locked.
pub(super) fn vector_save<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) -> NextThread {
    kernel.vector_settle(cpu);
    NextThread::Same
}

/// The current thread gets its vector registers.
pub(super) fn vector_load<M: Machine>(kernel: &mut Kernel<M>, cpu: CpuId) -> NextThread {
    kernel.vector_load(cpu);
    NextThread::Same
}
