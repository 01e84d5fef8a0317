//! Faults: what a thread did wrong becomes a call to its handler.

use crate::kernel::Kernel;
use crate::machine::{CpuId, Frame, Machine};
use crate::object::{
    Fault, FaultRecord, IpcBuffer, Pending, Raised, Reason, State, Thread, ThreadId,
};
use crate::sched::NextThread;
use crate::work::Work;
use abi::{Envelope, FAULT_LABEL, FaultKind, FaultReply, WORDS};
use core::ops::Deref;

impl Fault {
    /// What its handler is told.
    #[inline(always)]
    pub(crate) fn words(
        &self,
        id: ThreadId,
        thread: &Thread<impl Deref<Target: Frame>>,
        pid: u32,
    ) -> [u64; WORDS] {
        [
            self.kind as u64,
            self.code,
            self.address,
            thread.frame.instruction_pointer(),
            thread.frame.stack_pointer(),
            u64::from(pid),
            u64::from(id.number()),
        ]
    }
}

impl<M: Machine> Kernel<M> {
    /// The current thread did something wrong. A waiting handler runs next; else the exit loop
    /// delivers the fault.
    #[inline(always)]
    pub(crate) fn fault(&mut self, cpu: CpuId, me: ThreadId, fault: &Fault) {
        if self.fast_fault(cpu, me, fault).is_none() {
            self.note_fault(cpu, fault);
        }
    }

    /// Notes a fault of the current thread of this CPU; the exit loop delivers it. For a fault that
    /// comes beside the event that is handled.
    pub fn note_fault(&mut self, cpu: CpuId, fault: &Fault) {
        let Some(id) = self.cpu(cpu).current else { return };
        if self.ports_are_due(id, fault) {
            return self.sched().set_thread_work(id, Work::Ports);
        }
        self.sched().raise(id, fault, None);
    }

    /// Whether the process was allowed ports that the CPU does not let it use yet, and the thread
    /// may have tried: then the instruction runs again, with the ports. So `PortAllow` does not
    /// have to reach every thread of the process.
    #[inline(always)]
    pub(crate) fn ports_are_due(&self, id: ThreadId, fault: &Fault) -> bool {
        fault.kind == FaultKind::Protection && {
            let thread = &self.objects.threads[id];
            self.objects.processes[thread.process].ports != self.cpu(thread.sched.cpu).ports
        }
    }

    /// Sends the fault to the handler and waits for its answer; without a handler the
    /// process is killed.
    pub(crate) fn deliver_fault(&mut self, id: ThreadId) -> NextThread {
        let thread = &mut self.objects.threads[id];
        let Some(Raised { fault, text }) = thread.faults.raised.take() else {
            return NextThread::Same;
        };
        let process = &mut self.objects.processes[thread.process];
        if fault.kind != FaultKind::TimeOut {
            process.supervision.last_fault = fault.kind as u64;
        }
        let words = fault.words(id, thread, process.pid);
        let (owner, handler) = (thread.process, process.supervision.fault_handler);
        let living = handler.filter(|(endpoint, _)| !self.objects.endpoints[*endpoint].dead());
        let Some((endpoint, badge)) = living else {
            if fault.kind == FaultKind::TimeOut {
                self.sched().reconsider(id);
            } else {
                self.kill_process(owner, fault.kind.exit_status());
            }
            return NextThread::Same;
        };
        let thread = &mut self.objects.threads[id];
        thread.faults.unanswered = Some(FaultRecord { reason: Reason::Fault(fault.kind), words });
        thread.ipc.buffer = text.map_or(IpcBuffer::Nothing, |(send_address, send_len)| {
            IpcBuffer::Read(0, Envelope { send_address, send_len, ..Envelope::EMPTY })
        });
        let pending = Pending { badge, label: FAULT_LABEL, call: true };
        self.offer(id, endpoint, pending)
    }

    /// The answer to a fault or stop. The caller enqueues the thread.
    pub(crate) fn fault_answer(&mut self, id: ThreadId, label: u32, words: [u64; WORDS]) {
        let thread = &mut self.objects.threads[id];
        let Some(fault) = thread.faults.unanswered.take() else { return };
        thread.ipc.buffer = IpcBuffer::Nothing;
        thread.state = State::Inactive;
        let owner = thread.process;
        let kind = match fault.reason {
            Reason::Trace(stage) => return self.stop_answer(id, stage, label, words),
            Reason::Fault(kind) => kind,
        };
        if label == FaultReply::ResumeAt as u32 {
            thread.frame.set_instruction_pointer(words[0]);
        } else if label != FaultReply::Resume as u32 {
            self.kill_process(owner, kind.exit_status());
            return;
        }
        self.objects.threads[id].state = State::Ready;
        self.recheck_upcall(id);
    }

    /// No answer will come for a fault or stop. A fault kills the process, a call that was only
    /// watched goes on, and a thread whose budget is spent waits for the next one. The caller
    /// enqueues the thread. False when it waited for no such answer.
    pub(crate) fn fault_lost(&mut self, id: ThreadId) -> bool {
        match self.objects.threads[id].faults.unanswered {
            None => return false,
            Some(FaultRecord { reason: Reason::Trace(_), .. }) => self.stop_lost(id),
            Some(FaultRecord { reason: Reason::Fault(FaultKind::TimeOut), .. }) => {
                self.objects.threads[id].faults.unanswered = None;
                self.objects.threads[id].state = State::Ready;
            }
            Some(FaultRecord { reason: Reason::Fault(kind), .. }) => {
                self.objects.threads[id].faults.unanswered = None;
                self.objects.threads[id].state = State::Inactive;
                self.kill_process(self.objects.threads[id].process, kind.exit_status());
            }
        }
        true
    }
}
