//! Call and send: from a client to a receiver of an endpoint.

use super::parts::arrive;
use super::{Blame, Moved};
use crate::kernel::Kernel;
use crate::machine::{Frame, Machine};
use crate::mem::{Memory, Readable, UserSlice};
use crate::number;
use crate::object::{
    By, Endpoint, EndpointId, EnvelopeTag, IpcBuffer, List, Objects, Operation, Pending, State,
    ThreadId,
};
use crate::sched::NextThread;
use crate::sched::Sched;
use crate::syscall::Done;
use crate::work::Work;
use abi::{Envelope, Error, FOREVER, Handle, KERNEL_LABELS, MESSAGE_MAX, Rights};
use zerocopy::IntoBytes;

impl<M: Machine> Kernel<M> {
    /// `Call`, where the fast path did not do it.
    pub(crate) fn sys_call(&mut self, me: ThreadId) -> Result<Done, Error> {
        self.start_message(me, true)
    }

    /// `Send`.
    pub(crate) fn sys_send(&mut self, me: ThreadId) -> Result<Done, Error> {
        self.start_message(me, false)
    }

    fn start_message(&mut self, me: ThreadId, call: bool) -> Result<Done, Error> {
        let thread = &self.objects.threads[me];
        let handle = Handle(number::low32(thread.frame.argument(0)));
        let label = number::low32(thread.frame.argument(1));
        if label >= KERNEL_LABELS {
            return Err(Error::BadArgument);
        }
        let (endpoint, entry) =
            self.objects.named::<EndpointId>(thread.process, handle, Rights::SEND)?;
        let pending = Pending { badge: entry.badge, label, call };
        if self.objects.endpoints[endpoint].dead() {
            return Err(Error::PeerDied);
        }
        self.memory().load_buffer(me)?;
        Ok(Done::Next(self.offer(me, endpoint, pending)))
    }

    /// Delivers the message to a waiting receiver, or queues the sender.
    pub(crate) fn offer(
        &mut self,
        me: ThreadId,
        endpoint: EndpointId,
        pending: Pending,
    ) -> NextThread {
        self.objects.threads[me].ipc.pending = Some(pending);
        self.offer_piece(me, endpoint)
    }

    /// Offers the message to the first receiver. If that is unable to take it, the next one's turn
    /// is in another hold of the lock.
    fn offer_piece(&mut self, me: ThreadId, endpoint: EndpointId) -> NextThread {
        if let Some(receiver) = self.objects.endpoints[endpoint].receivers.first() {
            self.detach(receiver);
            return match self.deliver(me, receiver) {
                Ok(moved) => {
                    self.objects.threads[receiver].state = State::Ready;
                    self.release_moved(moved);
                    NextThread::To { thread: receiver, donation_returns: false }
                }
                Err(Blame::Receiver(error)) => {
                    self.sched().unblock_detached(receiver, error);
                    self.sched().continue_later(me, Operation::Offer { endpoint })
                }
                Err(Blame::Sender(error)) => {
                    self.objects.join_receivers(receiver, endpoint, List::push_front);
                    self.sched().rearm(receiver);
                    self.fail(me, error);
                    NextThread::Same
                }
            };
        }
        let deadline = self.objects.message_deadline(me);
        if deadline == 0 {
            self.fail(me, Error::WouldBlock);
            return NextThread::Same;
        }
        self.sched().dequeue(me);
        self.objects.threads[me].state = State::Sending(endpoint);
        self.objects.endpoints[endpoint].senders.insert(&mut self.objects.threads, me);
        self.sched().set_deadline(me, deadline);
        NextThread::Blocked
    }

    /// The next piece of an offer. The endpoint may be gone since the last one.
    pub(crate) fn continue_offer(&mut self, me: ThreadId, endpoint: EndpointId) -> NextThread {
        if self.objects.endpoints.get(endpoint).is_none_or(Endpoint::dead) {
            self.fail(me, Error::PeerDied);
            return NextThread::Same;
        }
        self.offer_piece(me, endpoint)
    }

    /// Gives a message to a receiver that is in no queue. Commits or changes nothing.
    /// The caller makes the receiver ready, then releases what was moved.
    pub(crate) fn deliver(&mut self, from: ThreadId, to: ThreadId) -> Result<Option<Moved>, Blame> {
        let Some(pending) = self.objects.threads[from].ipc.pending else {
            return Err(Blame::Sender(Error::BadState));
        };
        let moved = self.memory().transfer(from, to)?;
        // Point of no return: the message has arrived.
        let (sender, receiver) = self.objects.threads.pair_mut(from, to);
        sender.ipc.pending = None;
        arrive(sender, from, receiver, &pending);
        if pending.call {
            let (server, lends) = (receiver.process, receiver.sched.passive);
            self.objects.bytes_have_gone(from);
            let deadline = self.objects.message_deadline(from);
            self.objects.processes[server].ipc.callers.push_back(
                &mut self.objects.threads,
                from,
                By::Queue,
            );
            self.sched().set_deadline(from, deadline);
            if lends {
                self.sched().lend_time(from, to);
            }
        } else {
            self.sched().ready(from);
        }
        Ok(moved)
    }

    /// A message could not be sent. A fault that has no handler kills.
    pub(crate) fn fail(&mut self, me: ThreadId, error: Error) {
        self.objects.threads[me].ipc.pending = None;
        self.objects.threads[me].ipc.buffer = IpcBuffer::Nothing;
        if self.fault_lost(me) {
            self.sched().enqueue(me);
            return;
        }
        self.objects.threads[me].frame.set_status(error as u64);
        self.sched().ready(me);
    }
}

impl<M: Machine> Sched<'_, M> {
    /// The current thread goes on with its message in the next iteration of the exit loop.
    pub(super) fn continue_later(&mut self, me: ThreadId, operation: Operation) -> NextThread {
        self.objects.threads[me].operation = Some(operation);
        self.set_thread_work(me, Work::Operation);
        NextThread::Same
    }
}

impl<M: Machine> Memory<'_, M> {
    /// Sets the memory of the caller's message. An envelope that sends is read now.
    #[inline(always)]
    pub(crate) fn load_buffer(&mut self, me: ThreadId) -> Result<(), Error> {
        let thread = &mut self.objects.threads[me];
        thread.ipc.buffer = IpcBuffer::Nothing;
        match EnvelopeTag::of(thread.frame.envelope()) {
            EnvelopeTag::Nothing => {}
            EnvelopeTag::Receives(address) => thread.ipc.buffer = IpcBuffer::Unread(address),
            EnvelopeTag::SendsBytes(address) => {
                self.read_envelope(me, address)?;
                self.objects.keep_bytes_alone(me);
            }
            EnvelopeTag::Anything(address) => self.read_envelope(me, address)?,
        }
        Ok(())
    }

    /// Reads a thread's envelope.
    #[inline(never)]
    pub(super) fn read_envelope(&mut self, id: ThreadId, address: u64) -> Result<(), Error> {
        if !address.is_multiple_of(8) {
            return Err(Error::BadAddress);
        }
        let mut envelope = Envelope::EMPTY;
        let slice = UserSlice::<Readable>::new(address, Envelope::SIZE as u64)?;
        self.read_user(self.objects.threads[id].process, slice, envelope.as_mut_bytes())?;
        // What the kernel writes is not taken from users.
        (envelope.received_len, envelope.taken) = (0, Envelope::EMPTY.taken);
        if envelope.send_len > MESSAGE_MAX as u64 {
            return Err(Error::TooLong);
        }
        self.objects.threads[id].ipc.buffer = IpcBuffer::Read(address, envelope);
        Ok(())
    }
}

impl<M: Machine> Objects<M> {
    /// The thread said that it sends bytes alone, whatever its envelope says.
    fn keep_bytes_alone(&mut self, id: ThreadId) {
        if let IpcBuffer::Read(_, envelope) = &mut self.threads[id].ipc.buffer {
            (envelope.transfers, envelope.deadline_ns) = (Envelope::EMPTY.transfers, FOREVER);
        }
    }

    /// What the thread had to send is sent: from now on its envelope only receives, if it
    /// said so.
    pub(super) fn bytes_have_gone(&mut self, id: ThreadId) {
        let thread = &mut self.threads[id];
        let tag = EnvelopeTag::of(thread.frame.envelope());
        // The registers of a thread with a fault are not those of a message.
        if matches!(tag, EnvelopeTag::SendsBytes(_)) && thread.faults.unanswered.is_none() {
            thread.ipc.buffer = IpcBuffer::that_receives(tag.room());
        }
    }

    /// The deadline of the thread's message.
    pub(crate) fn message_deadline(&self, me: ThreadId) -> u64 {
        match &self.threads[me].ipc.buffer {
            IpcBuffer::Read(_, envelope) => envelope.deadline_ns,
            IpcBuffer::Nothing | IpcBuffer::Unread(_) => FOREVER,
        }
    }
}
