//! The way of most messages: words, perhaps with bytes, between two threads of this CPU that
//! wait for each other, of which one runs at once.
//!
//! Made of the same parts as the general way, which does whatever this one does not: each
//! object is looked up once, all checks come first, and nothing here waits, fails or makes
//! work for the exit loop. Nobody here has a deadline: it would be in an envelope. What is
//! rare (other threads in the lists, a debt, peers) comes last, when no object is borrowed.

use super::parts::{answered, arrive, copy_registers};
use super::transfer::RECEIPT;
use crate::exit::Runner;
use crate::kernel::Kernel;
use crate::machine::{Access, CpuId, Frame, Machine, Phys};
use crate::mem::{Checked, Readable, UserSlice, Writable, room_in_page};
use crate::number;
use crate::object::{Beside, Enclosure, EndpointId, Pending, ProcessId, Seam, State, ThreadId};
use crate::sched::takes_over;
use abi::{Envelope, Handle, MESSAGE_MAX, Rights, Syscall};
use core::mem::offset_of;

/// Bytes that were checked, and where the receiver is told how many.
#[derive(Clone, Copy)]
struct Parcel {
    from: (ProcessId, Checked<Readable>),
    to: (ProcessId, Checked<Writable>),
    receipt: Phys,
}

/// Who waits from now on, and where.
#[derive(Clone, Copy)]
struct Waiter {
    cpu: CpuId,
    me: ThreadId,
    at: EndpointId,
    /// Its envelope, which only receives.
    room: Option<u64>,
}

/// What is left to do after a switch, when no object is borrowed.
struct Rest {
    /// Neighbours in the two lists that changed.
    seams: [Seam; 2],
    /// Whom the one who waits now worked for, and how long.
    debt: Option<(ThreadId, u64)>,
    /// Others of its priority are ready.
    peers: bool,
}

/// Where an envelope says what is sent, and where that goes which is received: two words each.
const SENT: u64 = offset_of!(Envelope, send_address) as u64;
const ROOM: u64 = offset_of!(Envelope, receive_address) as u64;

impl<M: Machine> Kernel<M> {
    /// `Call`, as words for a waiting receiver, which is next. `None` when that is for
    /// `other_call`; then nothing was done.
    #[inline(always)]
    pub fn call_at_once(&mut self, cpu: CpuId, me: ThreadId) -> Option<Runner<M::Frame>> {
        let thread = &self.threads[me];
        let beside = Beside::of(thread.frame.envelope());
        if !beside.sends_nothing() || !thread.calls_plainly(Syscall::Call) {
            return None;
        }
        let handle = Handle(number::low32(thread.frame.argument(0)));
        let label = number::low32(thread.frame.argument(1));
        let table = &self.processes[thread.process].handles;
        let (at, badge) = table.endpoint(&self.chunks, handle, Rights::SEND)?;
        let call = Pending { badge, label, call: true };
        let next = self.offer_words(Waiter { cpu, me, at, room: beside.room() }, call)?;
        self.call_is_over(me, Syscall::Call);
        Some(next)
    }

    /// The same with bytes. False when that is for the general way.
    pub(super) fn offer_bytes(&mut self, me: ThreadId, at: EndpointId, call: Pending) -> bool {
        let receiver = self.endpoints[at].receivers.first();
        self.with_bytes(me, at, receiver, |kernel, waiter| kernel.offer_words(waiter, call))
    }

    #[inline(always)]
    fn offer_words(&mut self, waiter: Waiter, call: Pending) -> Option<Runner<M::Frame>> {
        let me = waiter.me;
        let endpoint = &mut self.endpoints[waiter.at];
        // Where somebody receives, the endpoint is not dead.
        let receiver = endpoint.receivers.first()?;
        let (from, to) = self.threads.pair_mut(me, receiver);
        let server = &mut self.processes[to.process];
        let cpu = &mut self.cpus[usize::from(waiter.cpu.0)];
        let here = to.cpu == waiter.cpu && takes_over(cpu, to, server);
        if !here || !to.enclosure.sends_nothing() || from.timed | to.timed {
            return None;
        }
        from.enclosure = Enclosure::that_receives(waiter.room);
        let left = endpoint.receivers.take_out(&mut to.links);
        let debt = from.spend(cpu.clock.take_unsettled());
        copy_registers(from, to);
        to.enclosure = Enclosure::Nothing;
        to.state = State::Ready;
        arrive(from, me, to, &call);
        let joined = server.callers.put_last(me, &mut from.links);
        to.begin_slice(self.slice);
        cpu.current = Some(receiver);
        let peers = cpu.queue.has(from.priority);
        let next = Runner::new(receiver, to);
        self.finish(waiter, Rest { seams: [left, joined], debt, peers });
        Some(next)
    }

    /// `ReplyRecv`, as words, when nobody else waits to be received: the answer goes to its
    /// caller, who is next. `None` when that is for `other_call`; then nothing was done.
    #[inline(always)]
    pub fn answer_at_once(&mut self, cpu: CpuId, me: ThreadId) -> Option<Runner<M::Frame>> {
        let thread = &self.threads[me];
        let beside = Beside::of(thread.frame.envelope());
        if !beside.sends_nothing() || !thread.calls_plainly(Syscall::ReplyRecv) {
            return None;
        }
        let (token, second) = (thread.frame.argument(0), thread.frame.argument(1));
        let handle = Handle(number::high32(second));
        let table = &self.processes[thread.process].handles;
        let (at, _) = table.endpoint(&self.chunks, handle, Rights::RECEIVE)?;
        let answer = (token, number::low32(second));
        let next = self.answer_words(Waiter { cpu, me, at, room: beside.room() }, answer)?;
        self.call_is_over(me, Syscall::ReplyRecv);
        Some(next)
    }

    /// The same with bytes. False when that is for the general way.
    pub(super) fn answer_bytes(
        &mut self,
        me: ThreadId,
        at: EndpointId,
        answer: (u64, u32),
    ) -> bool {
        let caller = self.awaiting(me, answer.0);
        self.with_bytes(me, at, caller, |kernel, waiter| kernel.answer_words(waiter, answer))
    }

    #[inline(always)]
    fn answer_words(
        &mut self,
        waiter: Waiter,
        (token, label): (u64, u32),
    ) -> Option<Runner<M::Frame>> {
        let me = waiter.me;
        let endpoint = &mut self.endpoints[waiter.at];
        if !endpoint.senders.is_empty() {
            return None;
        }
        let (from, caller, to) = self.threads.pair_at(me, number::low32(token) as usize)?;
        let open = to.state == State::AwaitReply(from.process)
            && to.calls == number::high32(token)
            && to.fault.is_none();
        // Whatever else the token may name: a dead thread of a process that is gone, say.
        if !open {
            return None;
        }
        let bits = from.bound.is_some_and(|bound| self.notifications[bound].bits != 0);
        let client = &self.processes[to.process];
        let cpu = &mut self.cpus[usize::from(waiter.cpu.0)];
        let here = to.cpu == waiter.cpu && takes_over(cpu, to, client);
        if bits || !here || !to.enclosure.sends_nothing() || from.timed | to.timed {
            return None;
        }
        from.enclosure = Enclosure::that_receives(waiter.room);
        let server = &mut self.processes[from.process];
        server.receives = server.receives.wrapping_add(1);
        let left = server.callers.take_out(&mut to.links);
        let mut debt = from.spend(cpu.clock.take_unsettled());
        if let Some((_, owed)) = debt.take_if(|(client, _)| *client == caller) {
            to.owe(from.share, owed);
        }
        copy_registers(from, to);
        answered(to, 0, label);
        from.serving = None;
        from.state = State::Receiving(waiter.at);
        let joined = endpoint.receivers.put_last(me, &mut from.links);
        to.begin_slice(self.slice);
        cpu.current = Some(caller);
        let peers = cpu.queue.has(from.priority);
        let next = Runner::new(caller, to);
        self.finish(waiter, Rest { seams: [left, joined], debt, peers });
        Some(next)
    }

    /// Hands over what the envelope says beside the words, when those went.
    #[inline(always)]
    fn with_bytes(
        &mut self,
        me: ThreadId,
        at: EndpointId,
        to: Option<ThreadId>,
        words: impl FnOnce(&mut Self, Waiter) -> Option<Runner<M::Frame>>,
    ) -> bool {
        let thread = &self.threads[me];
        let (cpu, beside) = (thread.cpu, Beside::of(thread.frame.envelope()));
        let (Beside::SendsBytes(envelope), Some(to)) = (beside, to) else { return false };
        let Some(parcel) = self.parcel(me, envelope, to) else { return false };
        let Parcel { from, to, receipt } = parcel;
        if words(self, Waiter { cpu, me, at, room: Some(envelope) }).is_none() {
            return false;
        }
        // NOFAIL: both sides were checked by `parcel`, and nothing was unmapped since.
        let _copied = self.copy_user(from, to);
        self.machine.write(receipt, &(from.1.len() as u64).to_le_bytes());
        true
    }

    /// The bytes of the envelope at this address, for a thread that did not say yet where it
    /// wants them.
    fn parcel(&self, from: ThreadId, envelope: u64, to: ThreadId) -> Option<Parcel> {
        let (receiver, sender) = (&self.threads[to], self.threads[from].process);
        let Enclosure::Unread(room) = receiver.enclosure else { return None };
        let (from, to) = (sender, receiver.process);
        let sender = self.processes[from].table.as_ref()?;
        let receiver = self.processes[to].table.as_ref()?;
        let ([source, len], _) = self.words_at(sender, envelope, SENT, Access::Read)?;
        let ([target, capacity], place) = self.words_at(receiver, room, ROOM, Access::Write)?;
        if len > capacity.min(MESSAGE_MAX as u64) {
            return None;
        }
        Some(Parcel {
            from: (from, self.check_in(sender, UserSlice::new(source, len).ok()?)?),
            to: (to, self.check_in(receiver, UserSlice::new(target, len).ok()?)?),
            receipt: Phys(place.0 + RECEIPT),
        })
    }

    /// Two words of an envelope that lies in one page, and where it lies.
    #[inline(always)]
    fn words_at(
        &self,
        table: &M::PageTable,
        envelope: u64,
        offset: u64,
        access: Access,
    ) -> Option<([u64; 2], Phys)> {
        if room_in_page(envelope) < Envelope::SIZE {
            return None;
        }
        let place = self.machine.translate(table, envelope, access)?;
        let mut bytes = [0; 16];
        self.machine.read(Phys(place.0 + offset), &mut bytes);
        let [first, second] = bytes.as_chunks().0 else { return None };
        Some(([*first, *second].map(u64::from_le_bytes), place))
    }

    #[inline(always)]
    fn call_is_over(&mut self, me: ThreadId, number: Syscall) {
        self.stats.syscalls = self.stats.syscalls.wrapping_add(1);
        self.check_call_ends(me, number as u64);
    }

    /// The switch was made; nearly always nothing is left to do.
    #[inline(always)]
    fn finish(&mut self, waiter: Waiter, Rest { seams: [left, joined], debt, peers }: Rest) {
        self.stats.switches = self.stats.switches.wrapping_add(1);
        if left.is_open() | joined.is_open() | debt.is_some() | peers {
            self.tidy(waiter, &Rest { seams: [left, joined], debt, peers });
        }
    }

    #[inline(never)]
    fn tidy(&mut self, Waiter { cpu, me, .. }: Waiter, rest: &Rest) {
        for seam in rest.seams {
            seam.close(&mut self.threads);
        }
        if let Some((client, owed)) = rest.debt {
            self.owe(me, client, owed);
        }
        if rest.peers {
            self.leave_slice(cpu, me);
        }
    }
}
