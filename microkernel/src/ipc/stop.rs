//! Stops: a thread whose system calls are watched waits for its listener's answer.

use crate::kernel::Kernel;
use crate::machine::{Frame, Machine};
use crate::object::{
    FaultRecord, IpcBuffer, Listener, Objects, Pending, ProcessId, Reason, State, ThreadId, Watch,
};
use crate::sched::NextThread;
use crate::work::Work;
use abi::{Error, TraceReply, TraceStage, WORDS};

impl<M: Machine> Kernel<M> {
    /// The thread waits for the listener's answer.
    pub(crate) fn stop(
        &mut self,
        me: ThreadId,
        listener: Listener,
        stage: TraceStage,
    ) -> NextThread {
        let words = self.objects.stop_words(me, stage);
        let thread = &mut self.objects.threads[me];
        thread.faults.unanswered = Some(FaultRecord { reason: Reason::Trace(stage), words });
        thread.ipc.buffer = IpcBuffer::Nothing;
        let badge = u64::from(listener.badge) | u64::from(me.number()) << 32;
        if self.objects.endpoints[listener.endpoint].dead() {
            self.stop_lost(me);
            return NextThread::Same;
        }
        self.offer(me, listener.endpoint, Pending { badge, label: stage.label(), call: true })
    }

    /// The listener's answer. The caller enqueues the thread.
    pub(crate) fn stop_answer(
        &mut self,
        id: ThreadId,
        stage: TraceStage,
        label: u32,
        words: [u64; WORDS],
    ) {
        let thread = &mut self.objects.threads[id];
        thread.state = State::Ready;
        let rewritten = label == TraceReply::Rewrite as u32;
        let [word0, word1, word2, word3, rest @ ..] = words;
        match stage {
            TraceStage::Enter if label == TraceReply::Skip as u32 => {
                thread.calls.emulated = true;
                set_result(&mut *thread.frame, word0, word1, word2);
            }
            TraceStage::Enter => {
                if rewritten {
                    let [_, arguments @ ..] = words;
                    thread.frame.set_call(word0, arguments);
                }
                self.sched().set_thread_work(id, Work::Call);
            }
            TraceStage::Exit | TraceStage::Step if rewritten => {
                set_result(&mut *thread.frame, word1, word2, word3);
            }
            TraceStage::Exit | TraceStage::Step => {}
            TraceStage::Dispatch => {
                set_result(&mut *thread.frame, word0, word1, word2);
                let given = [word3, rest[0], rest[1], rest[2]];
                thread.frame.words_mut()[..given.len()].copy_from_slice(&given);
            }
        }
        self.recheck_upcall(id);
    }

    /// No answer will come: a call that was only watched goes on, a dispatched call has failed.
    pub(crate) fn stop_lost(&mut self, id: ThreadId) {
        let Some(FaultRecord { reason: Reason::Trace(stage), .. }) =
            self.objects.threads[id].faults.unanswered.take()
        else {
            return;
        };
        let died = [Error::PeerDied as u64; WORDS];
        self.stop_answer(id, stage, TraceReply::Resume as u32, died);
    }

    /// Releases the listeners of a process that is gone.
    pub(crate) fn end_watch(&mut self, process: ProcessId) {
        let watch =
            core::mem::replace(&mut self.objects.processes[process].supervision.watch, Watch::NONE);
        self.change_listener(None, watch.tracer);
        self.change_listener(None, watch.dispatch);
    }

    /// Exchanges the endpoints of two listeners in the count of names.
    pub(crate) fn change_listener(&mut self, new: Option<Listener>, old: Option<Listener>) {
        if let Some(new) = new {
            self.objects.endpoints[new.endpoint].refs += 1;
        }
        if let Some(old) = old {
            self.release_endpoint(old.endpoint, false);
        }
    }
}

fn set_result<F: Frame>(frame: &mut F, status: u64, value0: u64, value1: u64) {
    frame.set_status(status);
    frame.set_values(value0, value1);
}

impl<M: Machine> Objects<M> {
    fn stop_words(&self, me: ThreadId, stage: TraceStage) -> [u64; WORDS] {
        let thread = &self.threads[me];
        let frame = &thread.frame;
        match stage {
            TraceStage::Enter | TraceStage::Dispatch => {
                let argument = |index: usize| frame.argument(index - 1);
                core::array::from_fn(|at| if at == 0 { thread.calls.watched } else { argument(at) })
            }
            TraceStage::Exit | TraceStage::Step => {
                let [word0, word1, word2, ..] = *frame.words();
                let (value0, value1) = (frame.argument(0), frame.argument(1));
                [thread.calls.watched, frame.syscall_number(), value0, value1, word0, word1, word2]
            }
        }
    }
}
