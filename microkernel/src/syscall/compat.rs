//! System calls of 32-bit code: the same calls, with their values in a block of memory.
//!
//! Shape: the block is read once at enter, into the registers of the 64-bit convention, and
//! no verb knows the difference. The mark, set for each call, is [`Work::CompatResults`]:
//! when the thread is about to run again, the loop writes the results, before an upcall may
//! divert the thread. So what a handler sees is a call that is over, and one that was
//! interrupted can be made again with the same block.

use crate::kernel::Kernel;
use crate::machine::{CpuId, Frame, Machine};
use crate::mem::{Memory, Readable, UserSlice, Writable};
use crate::object::{Fault, State, ThreadId};
use crate::work::Work;
use abi::{CompatCall, Error, FaultKind};
use zerocopy::IntoBytes;

const BLOCK_LEN: u64 = CompatCall::SIZE as u64;
/// Fault code of a write.
const WRITE: u64 = 1;

impl<M: Machine> Kernel<M> {
    /// The current thread of this CPU made a system call from 32-bit code.
    pub(crate) fn compat_syscall(&mut self, cpu: CpuId, me: ThreadId) {
        match self.memory().begin_compat(me) {
            Ok(()) => self.syscall(cpu, me),
            Err(error) => self.refuse_call(me, error),
        }
    }

    /// Writes the results of a call that is over. A block that cannot be written is the
    /// thread's fault; if its handler lets it go on, they are written then.
    pub(crate) fn write_compat_results(&mut self, id: ThreadId) {
        let thread = &self.objects.threads[id];
        let Some(results) = thread.frame.compat_results() else { return };
        if thread.operation.is_some()
            || thread.state != State::Ready
            || thread.faults.raised.is_some()
        {
            self.sched().set_thread_work(id, Work::CompatResults);
            return;
        }
        let (process, address) = (thread.process, thread.frame.compat_block());
        let written = UserSlice::<Writable>::new(address, BLOCK_LEN)
            .and_then(|slice| self.memory().write_user(process, slice, results.as_bytes()));
        if written.is_ok() {
            self.objects.threads[id].frame.end_compat();
            return;
        }
        self.sched().set_thread_work(id, Work::CompatResults);
        self.sched().raise(id, &Fault { kind: FaultKind::Page, code: WRITE, address }, None);
    }
}

impl<M: Machine> Memory<'_, M> {
    /// Reads the block into the frame.
    fn begin_compat(&mut self, me: ThreadId) -> Result<(), Error> {
        let thread = &self.objects.threads[me];
        let (process, address) = (thread.process, thread.frame.compat_block());
        if !address.is_multiple_of(8) {
            return Err(Error::BadAddress);
        }
        let mut call = CompatCall::default();
        let slice = UserSlice::<Readable>::new(address, BLOCK_LEN)?;
        self.read_user(process, slice, call.as_mut_bytes())?;
        let thread = &mut self.objects.threads[me];
        thread.frame.begin_compat(&call);
        // Its CPU is this one, which reads the flag before it leaves.
        thread.work.0 |= Work::CompatResults.flag();
        Ok(())
    }
}
