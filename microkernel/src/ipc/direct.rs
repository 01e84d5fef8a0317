//! The way of most messages: words, perhaps with bytes, between two threads of this CPU that
//! wait for each other, of which one runs at once. A fault for a waiting handler is such a call.
//!
//! Made of the same parts as the general way, which does whatever this one does not: each
//! object is looked up once, all checks come first, and nothing here waits, fails or makes
//! work for the exit loop. Nobody here has a deadline: it would be in an envelope. What is
//! rare (other threads in the lists, a debt, peers) comes last, when no object is borrowed.

use super::load::{Bytes, Load, Nothing};
use super::parts::{answered, arrive, copy_registers};
use crate::exit::Runner;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Frame, Machine};
use crate::number;
use crate::object::{
    Beside, CallToken, Enclosure, EndpointId, FaultRecord, Pending, Reason, Seam, State, Thread,
    ThreadId,
};
use crate::sched::takes_over;
use abi::{FAULT_LABEL, FaultReply, Handle, KERNEL_LABELS, Rights, Syscall};

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

/// The numbers of the two calls that may go directly.
pub(crate) const CALL: u64 = Syscall::Call as u64;
pub(crate) const REPLY_RECEIVE: u64 = Syscall::ReplyRecv as u64;
/// Whether words with this label are all that the caller waits for: it called, or it faulted, is
/// to go on as it was, and nobody diverts it.
#[inline(always)]
fn waits_for_words<F>(caller: &Thread<F>, label: u32) -> bool {
    let Some(fault) = &caller.fault else { return true };
    let resumes = label == FaultReply::Resume as u32;
    resumes && matches!(fault.reason, Reason::Fault(_)) && caller.upcall.is_none()
}

/// The answer to who [`waits_for_words`].
#[inline(always)]
fn tell<F: Frame>(server: &mut Thread<F>, caller: &mut Thread<F>, label: u32) {
    if caller.fault.is_some() {
        caller.fault = None;
        caller.state = State::Ready;
    } else {
        copy_registers(server, caller);
        answered(caller, 0, label);
    }
}

impl<M: Machine> Kernel<M> {
    /// `Call`, as words for a waiting receiver, which is next. `None` when that is for
    /// `other_call`; then nothing was done.
    #[inline(always)]
    pub fn call_at_once(&mut self, cpu: CpuId, me: ThreadId) -> Option<Runner<M::Frame>> {
        let beside = Beside::of(self.threads[me].frame.envelope());
        if !beside.sends_nothing() {
            return None;
        }
        let (at, call) = self.call_of(me)?;
        let waiter = Waiter { cpu, me, at, room: beside.room() };
        let (next, ()) = self.offer_at(waiter, call, &Nothing, copy_registers)?;
        self.call_is_over(me, Syscall::Call);
        Some(next)
    }

    /// Where the thread's `Call` goes, and what its receiver will be told of it.
    #[inline(always)]
    fn call_of(&self, me: ThreadId) -> Option<(EndpointId, Pending)> {
        let thread = &self.threads[me];
        if !thread.calls_plainly(Syscall::Call) {
            return None;
        }
        let handle = Handle(number::low32(thread.frame.argument(0)));
        let label = number::low32(thread.frame.argument(1));
        if label >= KERNEL_LABELS {
            return None;
        }
        let table = &self.processes[thread.process].handles;
        let (at, badge) = table.endpoint(&self.chunks, handle, Rights::SEND)?;
        Some((at, Pending { badge, label, call: true }))
    }

    /// `carry` moves the words.
    #[inline(always)]
    fn offer_at<L: Load<M>>(
        &mut self,
        waiter: Waiter,
        call: Pending,
        load: &L,
        carry: impl FnOnce(&mut Thread<M::Frame>, &mut Thread<M::Frame>),
    ) -> Option<(Runner<M::Frame>, L::Found)> {
        let me = waiter.me;
        let endpoint = &mut self.endpoints[waiter.at];
        // Where somebody receives, the endpoint is not dead.
        let receiver = endpoint.receivers.first()?;
        let (from, to) = self.threads.pair_mut(me, receiver);
        let cpu = &mut self.cpus[usize::from(waiter.cpu.0)];
        let here = to.cpu == waiter.cpu && takes_over(cpu, to, &self.processes[to.process]);
        if !here || !to.enclosure.sends_nothing() || from.timed | to.timed {
            return None;
        }
        let found = load.find(&self.machine, &self.processes, from, to)?;
        let server = &mut self.processes[to.process];
        from.enclosure = Enclosure::that_receives(waiter.room);
        let left = endpoint.receivers.take_out(&mut to.links);
        let time = cpu.clock.take_unsettled();
        let debt = from.spend(time);
        carry(from, to);
        to.enclosure = Enclosure::Nothing;
        to.state = State::Ready;
        arrive(from, me, to, &call);
        let joined = server.callers.put_last(me, &mut from.links);
        server.receiving = server.receiving.wrapping_sub(1);
        self.processes[from.process].book(time);
        to.begin_slice(self.slice);
        cpu.current = Some(receiver);
        let peers = cpu.queue.has(from.priority);
        let next = Runner::new(receiver, to);
        self.finish(waiter, Rest { seams: [left, joined], debt, peers });
        Some((next, found))
    }

    /// `ReplyRecv`, as words, when nobody else waits to be received: the answer goes to its
    /// caller, who is next. `None` when that is for `other_call`; then nothing was done.
    #[inline(always)]
    pub fn answer_at_once(&mut self, cpu: CpuId, me: ThreadId) -> Option<Runner<M::Frame>> {
        let beside = Beside::of(self.threads[me].frame.envelope());
        if !beside.sends_nothing() {
            return None;
        }
        let (at, answer) = self.answer_of(me)?;
        let waiter = Waiter { cpu, me, at, room: beside.room() };
        let (next, ()) = self.answer_at(waiter, answer, &Nothing)?;
        self.call_is_over(me, Syscall::ReplyRecv);
        Some(next)
    }

    /// Where the thread's `ReplyRecv` waits; token and label of the answer.
    #[inline(always)]
    fn answer_of(&self, me: ThreadId) -> Option<(EndpointId, (u64, u32))> {
        let thread = &self.threads[me];
        if !thread.calls_plainly(Syscall::ReplyRecv) {
            return None;
        }
        let (token, second) = (thread.frame.argument(0), thread.frame.argument(1));
        let handle = Handle(number::high32(second));
        let table = &self.processes[thread.process].handles;
        let (at, _) = table.endpoint(&self.chunks, handle, Rights::RECEIVE)?;
        Some((at, (token, number::low32(second))))
    }

    #[inline(always)]
    fn answer_at<L: Load<M>>(
        &mut self,
        waiter: Waiter,
        (token, label): (u64, u32),
        load: &L,
    ) -> Option<(Runner<M::Frame>, L::Found)> {
        let me = waiter.me;
        let endpoint = &mut self.endpoints[waiter.at];
        if !endpoint.senders.is_empty() {
            return None;
        }
        let (from, caller, to) = self.threads.pair_at(me, CallToken::slot(token))?;
        let open = to.state == State::AwaitReply(from.process)
            && to.token.value() == token
            && waits_for_words(to, label);
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
        let found = load.find(&self.machine, &self.processes, from, to)?;
        from.enclosure = Enclosure::that_receives(waiter.room);
        let server = &mut self.processes[from.process];
        server.receives = server.receives.wrapping_add(1);
        server.receiving = server.receiving.wrapping_add(1);
        let left = server.callers.take_out(&mut to.links);
        let time = cpu.clock.take_unsettled();
        server.book(time);
        let mut debt = from.spend(time);
        if let Some((_, owed)) = debt.take_if(|(client, _)| *client == caller) {
            to.owe(from.share, owed);
        }
        tell(from, to, label);
        from.serving = None;
        from.state = State::Receiving(waiter.at);
        let joined = endpoint.receivers.put_last(me, &mut from.links);
        to.begin_slice(self.slice);
        cpu.current = Some(caller);
        let peers = cpu.queue.has(from.priority);
        let next = Runner::new(caller, to);
        self.finish(waiter, Rest { seams: [left, joined], debt, peers });
        Some((next, found))
    }

    /// The same two calls with words and bytes.
    #[inline(always)]
    pub fn bytes_at_once(&mut self, cpu: CpuId, me: ThreadId) -> Option<Runner<M::Frame>> {
        let frame = &self.threads[me].frame;
        let Beside::SendsBytes(envelope) = Beside::of(frame.envelope()) else { return None };
        match frame.syscall_number() {
            CALL => self.call_with_bytes(cpu, me, envelope),
            REPLY_RECEIVE => self.answer_with_bytes(cpu, me, envelope),
            _ => None,
        }
    }

    /// A fault, as words for a handler that waits, which is next. `None` when that is for the
    /// loop; then nothing was done.
    #[inline(always)]
    pub fn fault_at_once(
        &mut self,
        cpu: CpuId,
        me: ThreadId,
        fault: &Fault,
    ) -> Option<Runner<M::Frame>> {
        let thread = &self.threads[me];
        if thread.work.0 != 0 || self.ports_are_due(me, fault) {
            return None;
        }
        let owner = thread.process;
        let process = &self.processes[owner];
        let (at, badge) = process.fault_handler?;
        let call = Pending { badge, label: FAULT_LABEL, call: true };
        let words = fault.words(me, thread, process.pid);
        let record = FaultRecord { reason: Reason::Fault(fault.kind), words };
        let waiter = Waiter { cpu, me, at, room: None };
        let (next, ()) = self.offer_at(waiter, call, &Nothing, |from, to| {
            from.fault = Some(record);
            *to.frame.words_mut() = words;
        })?;
        self.processes[owner].last_fault = fault.kind as u64;
        Some(next)
    }

    fn call_with_bytes(
        &mut self,
        cpu: CpuId,
        me: ThreadId,
        envelope: u64,
    ) -> Option<Runner<M::Frame>> {
        let (at, call) = self.call_of(me)?;
        let waiter = Waiter { cpu, me, at, room: Some(envelope) };
        let (next, parcel) = self.offer_at(waiter, call, &Bytes(envelope), copy_registers)?;
        self.hand_over_bytes(&parcel);
        self.call_is_over(me, Syscall::Call);
        Some(next)
    }

    fn answer_with_bytes(
        &mut self,
        cpu: CpuId,
        me: ThreadId,
        envelope: u64,
    ) -> Option<Runner<M::Frame>> {
        let (at, answer) = self.answer_of(me)?;
        let waiter = Waiter { cpu, me, at, room: Some(envelope) };
        let (next, parcel) = self.answer_at(waiter, answer, &Bytes(envelope))?;
        self.hand_over_bytes(&parcel);
        self.call_is_over(me, Syscall::ReplyRecv);
        Some(next)
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
