//! Receive: a message, or the bits of the bound notification.

use super::Blame;
use crate::kernel::Kernel;
use crate::machine::{Frame, Machine};
use crate::number;
use crate::object::{
    By, Endpoint, EndpointId, IpcBuffer, List, Objects, Operation, State, ThreadId, Threads,
};
use crate::sched::NextThread;
use crate::syscall::Done;
use abi::{Error, Handle, NOTIFIED_LABEL, Rights};

impl<M: Machine> Kernel<M> {
    /// `Recv`.
    pub(crate) fn sys_receive(&mut self, me: ThreadId) -> Result<Done, Error> {
        let thread = &self.objects.threads[me];
        let handle = Handle(number::low32(thread.frame.argument(0)));
        let (endpoint, _) = self.objects.named(thread.process, handle, Rights::RECEIVE)?;
        self.memory().load_buffer(me)?;
        self.receive(me, endpoint).map(Done::Next)
    }

    /// Takes a pending message or bits, else blocks.
    #[inline(always)]
    pub(crate) fn receive(
        &mut self,
        me: ThreadId,
        endpoint: EndpointId,
    ) -> Result<NextThread, Error> {
        self.begin_receive(me);
        self.receive_piece(me, endpoint)
    }

    /// The thread works for no client any more.
    #[inline(always)]
    pub(super) fn begin_receive(&mut self, me: ThreadId) {
        let receives = &mut self.objects.processes[self.objects.threads[me].process].ipc.receives;
        *receives = receives.wrapping_add(1);
        if self.objects.threads[me].sched.serving.is_some() {
            // It worked for a client until now, perhaps on donated time.
            if let Some(donor) = self.objects.threads[me].sched.donor {
                self.sched().take_back_time(donor);
            }
            self.sched().settle_thread(me);
            self.objects.threads[me].sched.serving = None;
        }
    }

    /// Takes a message of the first sender, unless it is unable to send it: the next one's turn is
    /// in another hold of the lock.
    fn receive_piece(&mut self, me: ThreadId, endpoint: EndpointId) -> Result<NextThread, Error> {
        if self.objects.take_bound_bits(me) {
            return Ok(NextThread::Same);
        }
        if let Some(sender) = self.objects.endpoints[endpoint].senders.first() {
            self.detach(sender);
            return match self.deliver(sender, me) {
                Ok(moved) => {
                    self.release_moved(moved);
                    Ok(NextThread::Same)
                }
                Err(Blame::Sender(error)) => {
                    self.fail(sender, error);
                    Ok(self.sched().continue_later(me, Operation::Receive { endpoint }))
                }
                Err(Blame::Receiver(error)) => {
                    self.objects.threads[sender].state = State::Sending(endpoint);
                    self.objects.endpoints[endpoint]
                        .senders
                        .put_back(&mut self.objects.threads, sender);
                    self.sched().rearm(sender);
                    Err(error)
                }
            };
        }
        let deadline = self.objects.message_deadline(me);
        if deadline == 0 {
            return Err(Error::WouldBlock);
        }
        self.objects.join_receivers(me, endpoint, List::push_back);
        self.sched().set_deadline(me, deadline);
        Ok(NextThread::Blocked)
    }

    /// The next piece of a receive. The endpoint may be gone since the last one.
    pub(crate) fn continue_receive(&mut self, me: ThreadId, endpoint: EndpointId) -> NextThread {
        let received = if self.objects.endpoints.get(endpoint).is_none_or(Endpoint::dead) {
            Err(Error::PeerDied)
        } else {
            self.receive_piece(me, endpoint)
        };
        received.unwrap_or_else(|error| {
            self.objects.threads[me].frame.set_status(error as u64);
            NextThread::Same
        })
    }
}

impl<M: Machine> Objects<M> {
    /// The thread waits for a message of this endpoint, in front of the others or behind them.
    #[inline(always)]
    pub(super) fn join_receivers(
        &mut self,
        id: ThreadId,
        endpoint: EndpointId,
        push: fn(&mut List, &mut Threads<M::FrameHandle>, ThreadId, By),
    ) {
        push(&mut self.endpoints[endpoint].receivers, &mut self.threads, id, By::Queue);
        let thread = &mut self.threads[id];
        thread.state = State::Receiving(endpoint);
        self.processes[thread.process].members.receiving += 1;
    }

    /// Gives the thread the bits of its bound notification, if there are any.
    #[inline(always)]
    pub(crate) fn take_bound_bits(&mut self, me: ThreadId) -> bool {
        let Some(bound) = self.threads[me].ipc.bound else { return false };
        let bits = core::mem::take(&mut self.notifications[bound].bits);
        if bits == 0 {
            return false;
        }
        let thread = &mut self.threads[me];
        thread.ipc.buffer = IpcBuffer::Nothing;
        thread.frame.set_status(0);
        thread.frame.set_values(bits, u64::from(NOTIFIED_LABEL));
        thread.frame.set_token(0);
        true
    }
}
