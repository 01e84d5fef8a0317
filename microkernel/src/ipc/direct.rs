//! The way of most messages: words, perhaps with bytes, between two threads of this CPU that
//! wait for each other, of which one runs at once.
//!
//! Made of the same parts as the general way, which does whatever this one does not: each
//! object is looked up once, all checks come first, and nothing here waits, fails or makes
//! work for the exit loop. Nobody here has a deadline: it would be in an envelope. What is
//! rare (other threads in the lists, a debt, peers) comes last, when no object is borrowed.

use super::parts::{answered, arrive, copy_registers};
use super::transfer::RECEIPT;
use crate::kernel::Kernel;
use crate::machine::{Access, CpuId, Machine, Phys};
use crate::mem::{Checked, Readable, UserSlice, Writable, room_in_page};
use crate::number;
use crate::object::{Beside, Enclosure, EndpointId, Pending, ProcessId, Seam, State, ThreadId};
use crate::sched::takes_over;
use abi::{Envelope, MESSAGE_MAX};
use core::mem::offset_of;

/// Bytes that were checked, and where the receiver is told how many.
#[derive(Clone, Copy)]
struct Parcel {
    from: (ProcessId, Checked<Readable>),
    to: (ProcessId, Checked<Writable>),
    receipt: Phys,
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
    /// Hands the call to a waiting receiver. False when that is for the general way; then
    /// nothing was done.
    #[inline(always)]
    pub(super) fn offer_at_once(
        &mut self,
        me: ThreadId,
        at: EndpointId,
        call: &Pending,
        beside: Beside,
    ) -> bool {
        match beside {
            Beside::Nothing | Beside::Receives(_) => self.offer_words(me, at, call, beside),
            Beside::SendsBytes(envelope) => self.offer_bytes(me, at, call, envelope),
            Beside::Anything(_) => false,
        }
    }

    #[inline(never)]
    fn offer_bytes(&mut self, me: ThreadId, at: EndpointId, call: &Pending, from: u64) -> bool {
        let receiver = self.endpoints[at].receivers.first();
        self.with_bytes((me, from), receiver, |kernel, beside| {
            kernel.offer_words(me, at, call, beside)
        })
    }

    #[inline(always)]
    fn offer_words(
        &mut self,
        me: ThreadId,
        at: EndpointId,
        call: &Pending,
        beside: Beside,
    ) -> bool {
        let endpoint = &mut self.endpoints[at];
        let Some(receiver) = endpoint.receivers.first() else { return false };
        let (from, to) = self.threads.pair_mut(me, receiver);
        let server = &mut self.processes[to.process];
        let place = from.cpu;
        let cpu = &mut self.cpus[usize::from(place.0)];
        let here = to.cpu == place && takes_over(cpu, place, to, server);
        if !here || !to.enclosure.sends_nothing() || from.timed || to.timed {
            return false;
        }
        from.enclosure = beside.back();
        let left = endpoint.receivers.take_out(&mut to.links);
        let debt = from.spend(cpu.clock.take_unsettled());
        copy_registers(from, to);
        to.enclosure = Enclosure::Nothing;
        to.state = State::Ready;
        arrive(from, me, to, call);
        let joined = server.callers.put_last(me, &mut from.links);
        to.begin_slice(self.slice);
        cpu.current = Some(receiver);
        let peers = cpu.queue.has(from.priority);
        self.finish(place, me, Rest { seams: [left, joined], debt, peers });
        true
    }

    /// Hands the answer to its caller, and waits for the next message. False when that is
    /// for the general way; then nothing was done.
    #[inline(always)]
    pub(super) fn answer_at_once(
        &mut self,
        me: ThreadId,
        at: EndpointId,
        answer: (u64, u32),
        beside: Beside,
    ) -> bool {
        match beside {
            Beside::Nothing | Beside::Receives(_) => self.answer_words(me, at, answer, beside),
            Beside::SendsBytes(envelope) => self.answer_bytes(me, at, answer, envelope),
            Beside::Anything(_) => false,
        }
    }

    #[inline(never)]
    fn answer_bytes(
        &mut self,
        me: ThreadId,
        at: EndpointId,
        answer: (u64, u32),
        from: u64,
    ) -> bool {
        let caller = self.awaiting(me, answer.0);
        self.with_bytes((me, from), caller, |kernel, beside| {
            kernel.answer_words(me, at, answer, beside)
        })
    }

    #[inline(always)]
    fn answer_words(
        &mut self,
        me: ThreadId,
        at: EndpointId,
        (token, label): (u64, u32),
        beside: Beside,
    ) -> bool {
        let place = number::low32(token) as usize;
        let endpoint = &mut self.endpoints[at];
        if !endpoint.senders.is_empty() {
            return false;
        }
        let Some((from, caller, to)) = self.threads.pair_at(me, place) else { return false };
        let place = from.cpu;
        let cpu = &mut self.cpus[usize::from(place.0)];
        let open = to.state == State::AwaitReply(from.process)
            && to.calls == number::high32(token)
            && to.fault.is_none();
        // Whatever else the token may name: a dead thread of a process that is gone, say.
        if !open {
            return false;
        }
        let bits = from.bound.is_some_and(|bound| self.notifications[bound].bits != 0);
        let client = &self.processes[to.process];
        let here = to.cpu == place && takes_over(cpu, place, to, client);
        if bits || !here || !to.enclosure.sends_nothing() || from.timed || to.timed {
            return false;
        }
        from.enclosure = beside.back();
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
        from.state = State::Receiving(at);
        let joined = endpoint.receivers.put_last(me, &mut from.links);
        to.begin_slice(self.slice);
        cpu.current = Some(caller);
        let peers = cpu.queue.has(from.priority);
        self.finish(place, me, Rest { seams: [left, joined], debt, peers });
        true
    }

    /// Hands over what the envelope at this address says beside the words, when those went.
    #[inline(always)]
    fn with_bytes(
        &mut self,
        (me, envelope): (ThreadId, u64),
        to: Option<ThreadId>,
        words: impl FnOnce(&mut Self, Beside) -> bool,
    ) -> bool {
        let parcel = to.and_then(|to| self.parcel(me, envelope, to));
        let Some(Parcel { from, to, receipt }) = parcel else { return false };
        if !words(self, Beside::Receives(envelope)) {
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

    /// The switch was made from this thread; nearly always nothing is left to do.
    #[inline(always)]
    fn finish(&mut self, cpu: CpuId, me: ThreadId, rest: Rest) {
        self.stats.switches = self.stats.switches.wrapping_add(1);
        for seam in rest.seams {
            if !seam.is_closed() {
                seam.close(&mut self.threads);
            }
        }
        if let Some((client, owed)) = rest.debt {
            self.owe(me, client, owed);
        }
        if rest.peers {
            self.leave_slice(cpu, me);
        }
    }
}
