//! Once per system call: who may look at it, change it, refuse it or answer it.
//!
//! A thread of a watched process has no call below its `calls_end`, so its calls come here by
//! the comparison that every call makes anyway: an unwatched call pays nothing. Order on the
//! way in: dispatch, tracer, filter, trace point, audit, the call; on the way out, in the row
//! `call exit` of the exit loop: audit, trace point, tracer.

use super::Done;
use crate::kernel::Kernel;
use crate::machine::{Frame, Machine};
use crate::number;
use crate::object::{Objects, ProcessId, ThreadId, ToThread, Watch};
use crate::sched::NextThread;
use crate::work::Work;
use abi::{Error, LogKind, TraceFlags, TraceRecord, TraceStage};
use zerocopy::IntoBytes;

impl<M: Machine> Kernel<M> {
    /// A call that is not below the thread's `calls_end`.
    #[cold]
    pub(super) fn call_with_hooks(&mut self, me: ThreadId) {
        let watch = self.objects.watch_of(me);
        let thread = &mut self.objects.threads[me];
        thread.calls.watched = thread.frame.syscall_number();
        thread.calls.emulated = false;
        let next = if let Some(server) = watch.dispatch {
            self.stop(me, server, TraceStage::Dispatch)
        } else {
            self.sched().set_thread_work(me, Work::CallExit);
            match watch.listener(TraceFlags::ENTER) {
                Some(tracer) => self.stop(me, tracer, TraceStage::Enter),
                None => return self.continue_call(me),
            }
        };
        self.finish_call(me, Ok(Done::Next(next)));
    }

    /// A call that has no arguments, since they cannot be read: it cannot be changed or
    /// answered; its watcher sees its end.
    #[cold]
    pub(super) fn refuse_call(&mut self, me: ThreadId, error: Error) {
        self.stats.syscalls += 1;
        let watch = self.objects.watch_of(me);
        if watch.any() && watch.dispatch.is_none() {
            self.objects.threads[me].calls.watched =
                self.objects.threads[me].frame.syscall_number();
            self.objects.threads[me].calls.emulated = false;
            self.sched().set_thread_work(me, Work::CallExit);
        }
        self.finish_call(me, Err(error));
    }

    /// The call as the tracer left it, if there is one: filter, records, then the call itself.
    /// From the row `call` when the tracer has answered.
    pub(crate) fn continue_call(&mut self, me: ThreadId) {
        let watch = self.objects.watch_of(me);
        let number = self.objects.threads[me].frame.syscall_number();
        self.objects.threads[me].calls.watched = number;
        let allowed = number >= super::CALLS || watch.allowed >> number & 1 != 0;
        if !allowed {
            self.objects.threads[me].calls.emulated = true;
        }
        self.record(me, TraceStage::Enter, 0);
        if !allowed {
            self.finish_call(me, Err(Error::NoRight));
        } else if number < super::CALLS {
            self.plain_call(me, number);
        } else {
            self.finish_call(me, Err(Error::NoSuchCall));
        }
    }

    /// From the row `call exit`: the call has its result.
    pub(crate) fn exit_hooks(&mut self, me: ThreadId) -> NextThread {
        let watch = self.objects.watch_of(me);
        let status = self.objects.threads[me].frame.syscall_number();
        self.record(me, TraceStage::Exit, status);
        let stepped =
            watch.flags.intersects(TraceFlags::STEP) && !self.objects.threads[me].calls.emulated;
        let stage = if stepped { TraceStage::Step } else { TraceStage::Exit };
        if let Some(tracer) = watch.listener(TraceFlags::EXIT.union(TraceFlags::STEP))
            && (stepped || watch.flags.intersects(TraceFlags::EXIT))
        {
            // A stop has no result of its own; the call's result is in the frame.
            return self.stop(me, tracer, stage);
        }
        NextThread::Same
    }

    /// Writes the call to where its process's flags say.
    fn record(&mut self, me: ThreadId, stage: TraceStage, status: u64) {
        let flags = self.objects.watch_of(me).flags;
        let thread = &self.objects.threads[me];
        let record = TraceRecord {
            time_ns: self.machine.now_ns(),
            pid: self.objects.processes[thread.process].pid,
            thread: me.number(),
            number: thread.calls.watched,
            stage: stage as u64,
            status,
        };
        if flags.intersects(TraceFlags::AUDIT) {
            self.audit(me, &record);
        }
        if flags.intersects(TraceFlags::POINT) {
            self.trace.push(record);
        }
    }

    fn audit(&mut self, me: ThreadId, record: &TraceRecord) {
        // A record that is dropped is counted.
        let _ = self.log_of_process(self.objects.own(me), LogKind::Audit, record.as_bytes());
    }

    /// Changes who watches a process: its threads' calls take the long way or do not.
    pub(super) fn set_watch(&mut self, me: ThreadId, process: ProcessId, watch: Watch) -> Done {
        self.objects.processes[process].supervision.watch = watch;
        self.apply_to_threads(me, process, ToThread::Watch)
    }
}

impl<M: Machine> Objects<M> {
    fn watch_of(&self, me: ThreadId) -> Watch {
        self.processes[self.threads[me].process].supervision.watch
    }
}

/// The lower half of a badge, for stops.
pub(super) fn short_badge(badge: u64) -> Result<u32, Error> {
    u32::try_from(badge).map_err(|_| Error::BadArgument)
}

/// A mask of calls from its two halves.
pub(super) fn call_mask(low: u64, high: u64) -> u128 {
    u128::from(low) | u128::from(high) << 64
}

const _: () = assert!(number::low32(super::CALLS) == 128, "two words of bits");
