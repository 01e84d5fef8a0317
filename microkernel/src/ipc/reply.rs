//! Reply: the one answer to a call.

use super::Blame;
use super::parts::answered;
use crate::kernel::Kernel;
use crate::machine::{Frame, Machine};
use crate::number;
use crate::object::{CallToken, IpcBuffer, Objects, Operation, State, ThreadId};
use crate::sched::NextThread;
use crate::syscall::Done;
use abi::{Error, Handle, Rights};

/// Bytes of an answer after which the next message, perhaps as long, is received in another hold of
/// the lock.
const LONG_ANSWER: u64 = 4096;

impl<M: Machine> Kernel<M> {
    /// `Reply`.
    pub(crate) fn sys_reply(&mut self, me: ThreadId) -> Result<Done, Error> {
        self.memory().load_buffer(me)?;
        let answered = self.answer(me);
        self.objects.threads[me].ipc.buffer = IpcBuffer::Nothing;
        self.sched().enqueue(answered?);
        Ok(Done::NOTHING)
    }

    /// `ReplyRecv`, where the fast path did not do it. A caller that is gone is no error
    /// of the server's: it goes on receiving.
    pub(crate) fn sys_reply_receive(&mut self, me: ThreadId) -> Result<Done, Error> {
        let thread = &self.objects.threads[me];
        let handle = Handle(number::high32(thread.frame.argument(1)));
        let (endpoint, _) = self.objects.named(thread.process, handle, Rights::RECEIVE)?;
        self.memory().load_buffer(me)?;
        let donor = self.objects.threads[me].sched.donor;
        let answered = match self.answer(me) {
            Ok(caller) => Some(caller),
            Err(Error::BadReply) => None,
            Err(error) => {
                self.objects.threads[me].ipc.buffer = IpcBuffer::Nothing;
                return Err(error);
            }
        };
        let sent = self.objects.threads[me].ipc.buffer.envelope().send_len;
        self.objects.bytes_have_gone(me);
        let received = if sent > LONG_ANSWER && !self.objects.endpoints[endpoint].senders.is_empty()
        {
            self.begin_receive(me);
            Ok(self.sched().continue_later(me, Operation::Receive { endpoint }))
        } else {
            self.receive(me, endpoint)
        };
        let Some(caller) = answered else { return received.map(Done::Next) };
        if received == Ok(NextThread::Blocked) {
            let donation_returns = donor == Some(caller);
            return Ok(Done::Next(NextThread::To { thread: caller, donation_returns }));
        }
        self.sched().enqueue(caller);
        received.map(Done::Next)
    }

    /// Answers the call behind the token in argument 0. Returns the caller, which the caller of this
    /// function makes ready.
    #[inline(always)]
    fn answer(&mut self, me: ThreadId) -> Result<ThreadId, Error> {
        let frame = &self.objects.threads[me].frame;
        let (token, label) = (frame.argument(0), number::low32(frame.argument(1)));
        let caller = self.objects.awaiting(me, token).ok_or(Error::BadReply)?;
        if self.objects.threads[caller].faults.unanswered.is_some() {
            let words = *self.objects.threads[me].frame.words();
            self.detach(caller);
            self.fault_answer(caller, label, words);
            return Ok(caller);
        }
        let (status, moved) = match self.memory().transfer(me, caller) {
            Ok(moved) => (0, moved),
            // The server's own memory or handles: it may try again, the call is still open.
            Err(Blame::Sender(
                error
                @ (Error::BadAddress | Error::BadHandle | Error::NoRight | Error::BadArgument),
            )) => {
                return Err(error);
            }
            // What exceeds the caller's capacity is the caller's error; the handles stay with the server.
            Err(Blame::Sender(error) | Blame::Receiver(error)) => (error as u64, None),
        };
        // Point of no return: the call is over.
        self.detach(caller);
        answered(&mut self.objects.threads[caller], status, label);
        self.release_moved(moved);
        if status == Error::HandlesFull as u64 {
            self.sched().enqueue(caller);
            return Err(Error::HandlesFull);
        }
        Ok(caller)
    }
}

impl<M: Machine> Objects<M> {
    /// The thread that this token of `me`'s process names, if it still waits for the answer.
    #[inline(always)]
    pub(crate) fn awaiting(&self, me: ThreadId, token: u64) -> Option<ThreadId> {
        let (caller, thread) = self.threads.at(CallToken::slot(token))?;
        let expected = State::AwaitReply(self.threads[me].process);
        (thread.state == expected && thread.ipc.token.value() == token).then_some(caller)
    }
}
