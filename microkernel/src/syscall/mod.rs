//! From the saved frame to the verb, one line for each call.

mod device;
mod handle;
mod info;
mod memory;
mod notify;
mod process;
mod thread;

use crate::exit::Work;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Frame, Machine};
use crate::number;
use crate::object::{ProcessId, ThreadId};
use abi::{Error, Handle, Syscall};

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// With these values.
    Values(u64, u64),
    /// The frame was or will be taken care of: a message arrived, the thread waits.
    Elsewhere,
}

impl Done {
    /// Nothing to tell.
    pub(crate) const NOTHING: Self = Self::Values(0, 0);
    /// A new handle.
    pub(crate) fn handle(handle: Handle) -> Self {
        Self::Values(u64::from(handle.0), 0)
    }
}

impl<M: Machine> Kernel<M> {
    /// The current thread of this CPU made a system call.
    pub fn syscall(&mut self, cpu: CpuId) {
        let Some(me) = self.cpu(cpu).current else { return };
        // Killed from another CPU while it was on its way here.
        if self.threads[me].work.0 & Work::Kill.flag() != 0 {
            return;
        }
        self.stats.syscalls += 1;
        let number = self.threads[me].frame.syscall_number();
        let outcome = match Syscall::from_number(number) {
            Some(call) => self.dispatch(me, call),
            None => Err(Error::NoSuchCall),
        };
        match outcome {
            Ok(Done::Values(value0, value1)) => {
                let frame = &mut self.threads[me].frame;
                frame.set_status(0);
                frame.set_values(value0, value1);
            }
            Ok(Done::Elsewhere) => {}
            Err(error) => self.threads[me].frame.set_status(error as u64),
        }
    }

    fn dispatch(&mut self, me: ThreadId, call: Syscall) -> Result<Done, Error> {
        match call {
            Syscall::Call => self.sys_send(me, true),
            Syscall::Send => self.sys_send(me, false),
            Syscall::Recv => self.sys_receive(me),
            Syscall::Reply => self.sys_reply(me),
            Syscall::ReplyRecv => self.sys_reply_receive(me),
            Syscall::HandleClose => self.sys_handle_close(me),
            Syscall::HandleCopy => self.sys_handle_copy(me),
            Syscall::HandleGive => self.sys_handle_give(me),
            Syscall::HandleInfo => self.sys_handle_info(me),
            Syscall::EndpointCreate => self.sys_endpoint_create(me),
            Syscall::NotificationCreate => self.sys_notification_create(me),
            Syscall::Signal => self.sys_signal(me),
            Syscall::Wait => self.sys_wait(me),
            Syscall::Bind => self.sys_bind(me),
            Syscall::UpcallRegister => self.sys_upcall_register(me),
            Syscall::UpcallMask => self.sys_upcall_mask(me),
            Syscall::UpcallReturn => self.sys_upcall_return(me),
            Syscall::MemoryCreate => self.sys_memory_create(me),
            Syscall::MemoryDevice => self.sys_memory_device(me),
            Syscall::MemoryInfo => self.sys_memory_info(me),
            Syscall::Map => self.sys_map(me),
            Syscall::Unmap => self.sys_unmap(me),
            Syscall::Protect => self.sys_protect(me),
            Syscall::ProcessCreate => self.sys_process_create(me),
            Syscall::ProcessFaults => self.sys_process_faults(me),
            Syscall::ProcessKill => self.sys_process_kill(me),
            Syscall::ProcessInfo => self.sys_process_info(me),
            Syscall::ProcessSuspend => self.sys_process_suspend(me),
            Syscall::ProcessResume => self.sys_process_resume(me),
            Syscall::FaultRaise => self.sys_fault_raise(me),
            Syscall::ThreadCreate => self.sys_thread_create(me),
            Syscall::ThreadResume => self.sys_thread_resume(me),
            Syscall::ThreadSuspend => self.sys_thread_suspend(me),
            Syscall::ThreadKill => self.sys_thread_kill(me),
            Syscall::ThreadPriority => self.sys_thread_priority(me),
            Syscall::Yield => self.sys_yield(me),
            Syscall::Sleep => self.sys_sleep(me),
            Syscall::TimerCreate => self.sys_timer_create(me),
            Syscall::TimerArm => self.sys_timer_arm(me),
            Syscall::Clock => Ok(Done::Values(self.machine.now_ns(), 0)),
            Syscall::IrqCreate => self.sys_irq_create(me),
            Syscall::IrqAck => self.sys_irq_ack(me),
            Syscall::PortCreate => self.sys_port_create(me),
            Syscall::PortRead => self.sys_port_read(me),
            Syscall::PortWrite => self.sys_port_write(me),
            Syscall::PortWriteBytes => self.sys_port_write_bytes(me),
            Syscall::LogWrite => self.sys_log_write(me),
            Syscall::SystemInfo => self.sys_system_info(me),
            Syscall::Shutdown => self.sys_shutdown(me),
        }
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
