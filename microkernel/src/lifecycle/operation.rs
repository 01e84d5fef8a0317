//! Long operations of a thread: the pieces, and the result at the end.

use crate::kernel::Kernel;
use crate::machine::{Frame, Machine};
use crate::mem::{Memory, Progress};
use crate::object::{MemoryId, ObjectRef, Operation, ThreadId};
use crate::work::Work;
use abi::Rights;

impl<M: Machine> Kernel<M> {
    /// Starts a long operation: does the first piece of it, most often the only one; the
    /// others are done on the way out.
    pub(crate) fn start_operation(&mut self, me: ThreadId, operation: Operation) {
        let progress = self.piece(operation);
        self.operation_began(me, progress);
    }

    /// The first piece of a long operation is done.
    #[inline(always)]
    pub(crate) fn operation_began(&mut self, me: ThreadId, progress: Progress) {
        if let Some(left) = self.piece_done(me, progress) {
            self.postpone_operation(me, left);
        }
    }

    /// Leaves all pieces of a long operation to the way out, each in a hold of its own.
    pub(crate) fn postpone_operation(&mut self, me: ThreadId, operation: Operation) {
        self.objects.threads[me].operation = Some(operation);
        self.sched().set_thread_work(me, Work::Operation);
    }

    /// Does a piece of the thread's operation.
    pub(crate) fn operation_piece(&mut self, me: ThreadId) {
        let Some(operation) = self.objects.threads[me].operation.take() else { return };
        let progress = self.piece(operation);
        if let Some(left) = self.piece_done(me, progress) {
            self.objects.threads[me].operation = Some(left);
        }
    }

    /// What a piece left of an operation; at the end the thread has its result.
    #[inline(always)]
    fn piece_done(&mut self, me: ThreadId, progress: Progress) -> Option<Operation> {
        let status = match progress {
            Progress::More(operation) => return Some(operation),
            Progress::Finished(status) => status,
            Progress::Memory(memory) => match self.memory().grant_memory(me, memory) {
                Ok(status) => status,
                Err(left) => return Some(left),
            },
            Progress::Thread(thread) => self.memory().grant_thread(me, thread),
        };
        self.objects.threads[me].frame.set_status(status);
        None
    }

    #[inline(always)]
    fn piece(&mut self, operation: Operation) -> Progress {
        match operation {
            Operation::EachThread { process, act, next } => {
                self.sched().each_thread_piece(process, act, next)
            }
            Operation::FindThread { process, at, left } => {
                self.objects.find_thread_piece(process, at, left)
            }
            operation => self.memory().memory_piece(operation),
        }
    }

    /// Does a piece of an operation that is no thread's: what is left of it.
    pub(crate) fn piece_alone(&mut self, operation: Operation) -> Option<Operation> {
        match self.piece(operation) {
            Progress::More(operation) => Some(operation),
            Progress::Finished(_) | Progress::Thread(_) => None,
            // Nothing is there that could have the handle.
            Progress::Memory(memory) => self.memory().release_memory(memory),
        }
    }
}

impl<M: Machine> Memory<'_, M> {
    /// Gives the thread the handle of memory that is ready: the status of its call. Without a
    /// handle the memory ends, perhaps by an operation.
    fn grant_memory(&mut self, me: ThreadId, memory: MemoryId) -> Result<u64, Operation> {
        let granted =
            self.grant(self.objects.threads[me].process, ObjectRef::Memory(memory), Rights::ALL, 0);
        let status = granted.err().map_or(0, |error| error as u64);
        if let Ok(handle) = granted {
            self.objects.threads[me].frame.set_values(u64::from(handle.0), 0);
        }
        self.release_memory_then(memory, status).map_or(Ok(status), Err)
    }
}
