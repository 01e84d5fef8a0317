//! From the saved frame to the verb, one line for each call.

mod compat;
mod context;
mod debug;
mod device;
mod handle;
mod hooks;
mod info;
mod inspect;
mod io_space;
mod irq;
mod lifeline;
mod memory;
mod notify;
mod process;
mod thread;

pub(crate) use crate::ipc::Done;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Frame, Machine};
use crate::number;
use crate::object::{Objects, ProcessId, Thread, ThreadId};
use crate::work::Work;
use abi::{Error, Handle, Syscall};

/// Numbers of calls are below this.
const CALLS: u64 = Syscall::END;
/// Places in the table of calls.
const PLACES: usize = 128;
const _: () = assert!(CALLS == PLACES as u64 && CALLS.is_power_of_two());

/// Carries a call out: arguments and results are in the caller's frame.
type Verb<M> = fn(&mut Kernel<M>, ThreadId);

/// What carries a call out and tells the caller how it ended: one function for each, so that
/// an outcome is in no memory on its way. A call is a method of the part of the kernel that it
/// needs, or of all of it.
macro_rules! verb {
    ($($call:tt)+) => {
        |kernel: &mut Self, me| {
            let outcome = kernel.$($call)+(me);
            kernel.finish_call(me, outcome);
        }
    };
}

impl<M: Machine> Kernel<M> {
    /// The current thread of this CPU made a system call.
    #[inline(always)]
    pub(crate) fn syscall(&mut self, cpu: CpuId, me: ThreadId) {
        const CALL: u64 = Syscall::Call as u64;
        const REPLY_RECEIVE: u64 = Syscall::ReplyRecv as u64;
        let thread = &self.objects.threads[me];
        let number = thread.frame.syscall_number();
        if !thread.calls_plainly(number) {
            return self.unusual_syscall(me, number);
        }
        let done = match number {
            CALL => self.fast_call(cpu, me),
            REPLY_RECEIVE => self.fast_reply_receive(cpu, me),
            _ => None,
        };
        if done.is_none() {
            self.check_call_begins(me);
            self.stats.syscalls = self.stats.syscalls.wrapping_add(1);
            self.plain_call(me, number);
            self.check_call_ends(me, number);
        }
    }

    /// A call that is watched or has no such number, or of a thread that another CPU killed or
    /// signalled on its way here.
    #[inline(never)]
    fn unusual_syscall(&mut self, me: ThreadId, number: u64) {
        self.check_call_begins(me);
        self.stats.syscalls = self.stats.syscalls.wrapping_add(1);
        let thread = &self.objects.threads[me];
        let (work, plain) = (thread.work.0, number < thread.calls.plain_end);
        if work & Work::Kill.flag() != 0 {
            return self.check_call_ends(me, 0);
        }
        if plain {
            self.plain_call(me, number);
        } else {
            self.call_with_hooks(me);
        }
        self.check_call_ends(me, number);
        if work & Work::Upcall.flag() != 0 {
            // As if the signal had come a moment later: it cuts short what the call waits for.
            self.signalled_before(me);
        }
    }

    /// A thread that may be blocked now was signalled before it blocked.
    pub(crate) fn signalled_before(&mut self, id: ThreadId) {
        let signalled = |thread: &Thread<M::FrameHandle>| thread.work.0 & Work::Upcall.flag() != 0;
        if self.objects.threads.get(id).is_some_and(signalled) {
            self.recheck_upcall(id);
        }
    }

    /// A call below [`CALLS`].
    #[inline(always)]
    fn plain_call(&mut self, me: ThreadId, number: u64) {
        // The mask keeps the CPU from running ahead with a number that was compared wrongly.
        let place = number::size(number & (CALLS - 1));
        Self::VERBS[place](self, me);
    }

    /// Tells the caller how its call ended.
    #[inline(always)]
    pub(crate) fn finish_call(&mut self, me: ThreadId, outcome: Result<Done, Error>) {
        match outcome {
            Ok(Done::Values(value0, value1)) => {
                let frame = &mut self.objects.threads[me].frame;
                frame.set_status(0);
                frame.set_values(value0, value1);
            }
            Ok(Done::Elsewhere) => {}
            Ok(Done::Next(next)) => self.sched().switch_from(me, next),
            Err(error) => self.objects.threads[me].frame.set_status(error as u64),
        }
    }

    /// What each number does.
    const VERBS: [Verb<M>; PLACES] = {
        let mut verbs: [Verb<M>; PLACES] = [verb!(objects.sys_nothing); PLACES];
        let mut index = 0;
        while index < Syscall::ALL.len() {
            let call = Syscall::ALL[index];
            verbs[call as usize] = Self::verb(call);
            index += 1;
        }
        verbs
    };

    const fn verb(call: Syscall) -> Verb<M> {
        match call {
            Syscall::Call => verb!(sys_call),
            Syscall::Send => verb!(sys_send),
            Syscall::Recv => verb!(sys_receive),
            Syscall::Reply => verb!(sys_reply),
            Syscall::ReplyRecv => verb!(sys_reply_receive),
            Syscall::ReplyWaits => verb!(objects.sys_reply_waits),
            Syscall::CallsWatch => verb!(sys_calls_watch),
            Syscall::HandleClose => verb!(sys_handle_close),
            Syscall::HandleCopy => verb!(memory().sys_handle_copy),
            Syscall::HandleGive => verb!(memory().sys_handle_give),
            Syscall::HandleInfo => verb!(objects.sys_handle_info),
            Syscall::EndpointCreate => verb!(sys_endpoint_create),
            Syscall::NotificationCreate => verb!(sys_notification_create),
            Syscall::Signal => verb!(sys_signal),
            Syscall::Wait => verb!(sched().sys_wait),
            Syscall::Bind => verb!(sys_bind),
            Syscall::UpcallRegister => verb!(sys_upcall_register),
            Syscall::UpcallMask => verb!(sys_upcall_mask),
            Syscall::UpcallReturn => verb!(sys_upcall_return),
            Syscall::LifelineCreate => verb!(memory().sys_lifeline_create),
            Syscall::LifelineHeld => verb!(objects.sys_lifeline_held),
            Syscall::MemoryCreate => verb!(sys_memory_create),
            Syscall::MemoryDevice => verb!(sys_memory_device),
            Syscall::MemoryInfo => verb!(objects.sys_memory_info),
            Syscall::Map => verb!(sys_map),
            Syscall::Unmap => verb!(sys_unmap),
            Syscall::Protect => verb!(sys_protect),
            Syscall::MemoryLend => verb!(memory().sys_memory_lend),
            Syscall::ProcessMemory => verb!(memory().sys_process_memory),
            Syscall::ProcessHandles => verb!(memory().sys_process_handles),
            Syscall::ProcessCreate => verb!(sys_process_create),
            Syscall::ProcessFaults => verb!(sys_process_faults),
            Syscall::ProcessKill => verb!(sys_process_kill),
            Syscall::ProcessInfo => verb!(sys_process_info),
            Syscall::ProcessSuspend => verb!(sched().sys_process_suspend),
            Syscall::ProcessResume => verb!(sys_process_resume),
            Syscall::FaultRaise => verb!(sys_fault_raise),
            Syscall::ThreadCreate => verb!(sys_thread_create),
            Syscall::ThreadResume => verb!(sched().sys_thread_resume),
            Syscall::ThreadSuspend => verb!(sched().sys_thread_suspend),
            Syscall::ThreadKill => verb!(sys_thread_kill),
            Syscall::ThreadPriority => verb!(sched().sys_thread_priority),
            Syscall::Yield => verb!(sys_yield),
            Syscall::Sleep => verb!(sched().sys_sleep),
            Syscall::TimerCreate => verb!(sys_timer_create),
            Syscall::TimerArm => verb!(sched().sys_timer_arm),
            Syscall::IrqCreate => verb!(sys_irq_create),
            Syscall::IrqAck => verb!(sys_irq_ack),
            Syscall::PortCreate => verb!(sys_port_create),
            Syscall::PortRead => verb!(memory().sys_port_read),
            Syscall::PortWrite => verb!(memory().sys_port_write),
            Syscall::PortWriteBytes => verb!(memory().sys_port_write_bytes),
            Syscall::LogWrite => verb!(sys_log_write),
            Syscall::LogRead => verb!(memory().sys_log_read),
            Syscall::SystemInfo => verb!(sys_system_info),
            Syscall::Shutdown => verb!(sys_shutdown),
            Syscall::ProcessThread => verb!(sys_process_thread),
            Syscall::ProcessTrace => verb!(sys_process_trace),
            Syscall::ProcessFilter => verb!(sys_process_filter),
            Syscall::ProcessDispatch => verb!(sys_process_dispatch),
            Syscall::ThreadRegisters => verb!(sys_thread_registers),
            Syscall::ThreadDebug => verb!(sys_thread_debug),
            Syscall::ThreadAffinity => verb!(sched().sys_thread_affinity),
            Syscall::TraceRead => verb!(sys_trace_read),
            Syscall::CpuInfo => verb!(sys_cpu_info),
            Syscall::Clock => verb!(sys_clock),
            Syscall::ThreadPointer => verb!(sys_thread_pointer),
            Syscall::ThreadClock => verb!(sched().sys_thread_clock),
            Syscall::ContextCreate => verb!(sys_context_create),
            Syscall::ContextConfigure => verb!(sched().sys_context_configure),
            Syscall::ContextBind => verb!(sched().sys_context_bind),
            Syscall::ContextInfo => verb!(sched().sys_context_info),
            Syscall::ThreadPassive => verb!(sched().sys_thread_passive),
            Syscall::PortAllow => verb!(sys_port_allow),
            Syscall::ProcessFind => verb!(memory().sys_process_find),
            Syscall::IrqInfo => verb!(objects.sys_irq_info),
            Syscall::MsiCreate => verb!(sys_msi_create),
            Syscall::IoSpaceCreate => verb!(sys_io_space_create),
            Syscall::IoMap => verb!(memory().sys_io_map),
            Syscall::IoUnmap => verb!(sys_io_unmap),
            Syscall::IoSpaceClear => verb!(sys_io_space_clear),
        }
    }

    fn sys_clock(&mut self, _me: ThreadId) -> Result<Done, Error> {
        Ok(Done::Values(self.machine.now_ns(), 0))
    }
}

impl<M: Machine> Objects<M> {
    /// A number that no call has.
    fn sys_nothing(&mut self, _me: ThreadId) -> Result<Done, Error> {
        Err(Error::NoSuchCall)
    }

    /// Argument 0 to 5 of the call.
    fn argument(&self, me: ThreadId, index: usize) -> u64 {
        self.threads[me].frame.argument(index)
    }

    /// An argument that is a handle. What does not fit into 32 bits is none.
    fn handle_argument(&self, me: ThreadId, index: usize) -> Result<Handle, Error> {
        u32::try_from(self.argument(me, index)).map(Handle).map_err(|_| Error::BadHandle)
    }

    /// The process of the thread.
    fn own(&self, me: ThreadId) -> ProcessId {
        self.threads[me].process
    }

    /// The low half of an argument.
    fn half(&self, me: ThreadId, index: usize) -> u32 {
        number::low32(self.argument(me, index))
    }
}
