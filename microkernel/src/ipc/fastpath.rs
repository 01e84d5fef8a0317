//! The fast path: a call, a reply with the next receive, or a fault, between two threads of one
//! CPU that wait for each other. The receiver runs at once.
//!
//! Each verb is straight code: checks, which change nothing and may refuse, the point of no return,
//! and the commit, which cannot fail. Anything that a check refuses takes the slow path (`call`,
//! `reply`, `receive`), which does the same step by step; a test compares the two.
//!
//! What is refused: other lists than a waiting receiver or caller, scheduling contexts and donated
//! time, a receiver of another CPU or of lower priority than a ready thread, handles, time-outs
//! (which are in an envelope that has to be read), and bytes whose pages are not all present.
//!
//! The words go from frame to frame. The rest of a commit that needs other objects (neighbours in
//! lists, debts, peers in the run queue) is rare, and comes last, out of line.

use super::parts::{answered, arrive, copy_registers};
use super::transfer::{RECEIPT, RECEIPT_LEN};
use crate::kernel::Kernel;
use crate::machine::{Access, CpuId, Frame, Machine, Phys};
use crate::mem::{Checked, Memory, Readable, UserSlice, Writable, room_in_page};
use crate::number;
use crate::object::{
    CallToken, EndpointId, EnvelopeTag, Fault, FaultRecord, IpcBuffer, Pending, PendingLink,
    ProcessId, Processes, Reason, State, Thread, ThreadId,
};
use crate::sched::{make_current, takes_over};
use abi::{Envelope, FAULT_LABEL, FaultReply, Handle, KERNEL_LABELS, MESSAGE_MAX, Rights, Syscall};
use core::mem::offset_of;

/// Whether messages may take the fast path.
#[cfg(not(test))]
const fn is_on() -> bool {
    true
}
#[cfg(test)]
use switch_off::{is_on, note};
#[cfg(test)]
pub(crate) use switch_off::{took, without};

impl<M: Machine> Kernel<M> {
    /// `Call`: the receiver is current. `None`: nothing was done, the slow path has to do it.
    #[inline(always)]
    pub(crate) fn fast_call(&mut self, cpu: CpuId, me: ThreadId) -> Option<()> {
        match EnvelopeTag::of(self.objects.threads[me].frame.envelope()) {
            EnvelopeTag::Nothing => self.call::<false>(cpu, me, None),
            EnvelopeTag::Receives(envelope) => self.call::<false>(cpu, me, Some(envelope)),
            EnvelopeTag::SendsBytes(envelope) => self.call_with_bytes(cpu, me, envelope),
            EnvelopeTag::Anything(_) => None,
        }
    }

    #[inline(never)]
    fn call_with_bytes(&mut self, cpu: CpuId, me: ThreadId, envelope: u64) -> Option<()> {
        self.call::<true>(cpu, me, Some(envelope))
    }

    #[inline(always)]
    fn call<const BYTES: bool>(
        &mut self,
        cpu: CpuId,
        me: ThreadId,
        envelope: Option<u64>,
    ) -> Option<()> {
        let thread = &self.objects.threads[me];
        let handle = Handle(number::low32(thread.frame.argument(0)));
        let label = number::low32(thread.frame.argument(1));
        if label >= KERNEL_LABELS {
            return None;
        }
        let table = &self.objects.processes[thread.process].handles;
        let (endpoint, badge) = table.endpoint(&self.objects.chunks, handle, Rights::SEND)?;
        let message = Pending { badge, label, call: true };
        self.send::<BYTES>(cpu, (me, endpoint), message, envelope, None)?;
        self.count_call(me, Syscall::Call);
        Some(())
    }

    /// A fault: the handler is current. `None`: nothing was done.
    #[inline(always)]
    pub(crate) fn fast_fault(&mut self, cpu: CpuId, me: ThreadId, fault: &Fault) -> Option<()> {
        let thread = &self.objects.threads[me];
        if thread.work.0 != 0 || self.ports_are_due(me, fault) {
            return None;
        }
        let owner = thread.process;
        let process = &self.objects.processes[owner];
        let (endpoint, badge) = process.supervision.fault_handler?;
        let message = Pending { badge, label: FAULT_LABEL, call: true };
        let words = fault.words(me, thread, process.pid);
        let record = FaultRecord { reason: Reason::Fault(fault.kind), words };
        self.send::<false>(cpu, (me, endpoint), message, None, Some(record))?;
        self.objects.processes[owner].supervision.last_fault = fault.kind as u64;
        Some(())
    }

    /// A call or fault, for the first receiver of an endpoint.
    #[inline(always)]
    fn send<const BYTES: bool>(
        &mut self,
        cpu: CpuId,
        (me, endpoint): (ThreadId, EndpointId),
        message: Pending,
        envelope: Option<u64>,
        fault: Option<FaultRecord>,
    ) -> Option<()> {
        if !is_on() {
            return None;
        }
        // An endpoint with a receiver is not dead.
        let endpoint = &mut self.objects.endpoints[endpoint];
        let receiver = endpoint.receivers.first()?;
        let (from, to) = self.objects.threads.pair_mut(me, receiver);
        let state = &mut self.sched.cpus[usize::from(cpu.0)];
        let runs_here =
            to.sched.cpu == cpu && takes_over(state, to, &self.objects.processes[to.process]);
        if !runs_here || !to.ipc.buffer.sends_nothing() || from.sched.timed | to.sched.timed {
            return None;
        }
        let payload = match envelope {
            Some(envelope) if BYTES => {
                Some(Payload::find(&self.machine, &self.objects.processes, (from, envelope), to)?)
            }
            _ => None,
        };

        // ---- POINT OF NO RETURN: nothing below fails. ----

        let server = &mut self.objects.processes[to.process];
        from.ipc.buffer = IpcBuffer::that_receives(envelope);
        let left = endpoint.receivers.take_out(&mut to.links);
        let time = state.clock.take_unsettled();
        let debt = from.spend(time);
        match fault {
            None => copy_registers(from, to),
            Some(record) => {
                *to.frame.words_mut() = record.words;
                from.faults.unanswered = Some(record);
            }
        }
        to.ipc.buffer = IpcBuffer::Nothing;
        to.state = State::Ready;
        arrive(from, me, to, &message);
        let joined = server.ipc.callers.put_last(me, &mut from.links);
        server.members.receiving = server.members.receiving.wrapping_sub(1);
        self.objects.processes[from.process].sched.book(time);
        make_current(state, self.sched.slice, (receiver, to));
        let peers = state.queue.has(from.sched.priority);
        if let Some(payload) = payload {
            self.memory().copy_payload(&payload);
        }
        self.finish(cpu, me, Rest { links: [left, joined], debt, peers });
        Some(())
    }

    /// `ReplyRecv`: the caller is current. `None`: nothing was done.
    #[inline(always)]
    pub(crate) fn fast_reply_receive(&mut self, cpu: CpuId, me: ThreadId) -> Option<()> {
        match EnvelopeTag::of(self.objects.threads[me].frame.envelope()) {
            EnvelopeTag::Nothing => self.reply_receive::<false>(cpu, me, None),
            EnvelopeTag::Receives(envelope) => self.reply_receive::<false>(cpu, me, Some(envelope)),
            EnvelopeTag::SendsBytes(envelope) => self.reply_with_bytes(cpu, me, envelope),
            EnvelopeTag::Anything(_) => None,
        }
    }

    #[inline(never)]
    fn reply_with_bytes(&mut self, cpu: CpuId, me: ThreadId, envelope: u64) -> Option<()> {
        self.reply_receive::<true>(cpu, me, Some(envelope))
    }

    #[inline(always)]
    fn reply_receive<const BYTES: bool>(
        &mut self,
        cpu: CpuId,
        me: ThreadId,
        envelope: Option<u64>,
    ) -> Option<()> {
        if !is_on() {
            return None;
        }
        let thread = &self.objects.threads[me];
        let (token, second) = (thread.frame.argument(0), thread.frame.argument(1));
        let (handle, label) = (Handle(number::high32(second)), number::low32(second));
        let table = &self.objects.processes[thread.process].handles;
        let (at, _) = table.endpoint(&self.objects.chunks, handle, Rights::RECEIVE)?;
        let endpoint = &mut self.objects.endpoints[at];
        if !endpoint.senders.is_empty() {
            return None;
        }
        let (from, caller, to) = self.objects.threads.pair_at(me, CallToken::slot(token))?;
        // The token may also name a thread that is dead, or that waits for another answer.
        let open = to.state == State::AwaitReply(from.process)
            && to.ipc.token.value() == token
            && words_are_enough(to, label);
        if !open {
            return None;
        }
        let bits = from.ipc.bound.is_some_and(|bound| self.objects.notifications[bound].bits != 0);
        let client = &self.objects.processes[to.process];
        let state = &mut self.sched.cpus[usize::from(cpu.0)];
        let runs_here = to.sched.cpu == cpu && takes_over(state, to, client);
        if bits || !runs_here || !to.ipc.buffer.sends_nothing() || from.sched.timed | to.sched.timed
        {
            return None;
        }
        let payload = match envelope {
            Some(envelope) if BYTES => {
                Some(Payload::find(&self.machine, &self.objects.processes, (from, envelope), to)?)
            }
            _ => None,
        };

        // ---- POINT OF NO RETURN: nothing below fails. ----

        from.ipc.buffer = IpcBuffer::that_receives(envelope);
        let server = &mut self.objects.processes[from.process];
        server.ipc.receives = server.ipc.receives.wrapping_add(1);
        server.members.receiving = server.members.receiving.wrapping_add(1);
        let left = server.ipc.callers.take_out(&mut to.links);
        let time = state.clock.take_unsettled();
        server.sched.book(time);
        let mut debt = from.spend(time);
        if let Some((_, owed)) = debt.take_if(|(client, _)| *client == caller) {
            to.sched.owe(from.sched.share, owed);
        }
        if to.faults.unanswered.take().is_some() {
            to.state = State::Ready;
        } else {
            copy_registers(from, to);
            answered(to, 0, label);
        }
        from.sched.serving = None;
        from.state = State::Receiving(at);
        let joined = endpoint.receivers.put_last(me, &mut from.links);
        make_current(state, self.sched.slice, (caller, to));
        let peers = state.queue.has(from.sched.priority);
        if let Some(payload) = payload {
            self.memory().copy_payload(&payload);
        }
        self.finish(cpu, me, Rest { links: [left, joined], debt, peers });
        self.count_call(me, Syscall::ReplyRecv);
        Some(())
    }

    #[inline(always)]
    fn count_call(&mut self, me: ThreadId, number: Syscall) {
        self.stats.syscalls = self.stats.syscalls.wrapping_add(1);
        self.check_call_ends(me, number as u64);
    }

    /// The switch was made; nearly always nothing is left to do.
    #[inline(always)]
    fn finish(&mut self, cpu: CpuId, me: ThreadId, rest: Rest) {
        #[cfg(test)]
        note();
        let Rest { links: [left, joined], debt, peers } = rest;
        if left.is_open() | joined.is_open() | debt.is_some() | peers {
            self.finish_rest(cpu, me, &Rest { links: [left, joined], debt, peers });
        }
    }

    #[inline(never)]
    fn finish_rest(&mut self, cpu: CpuId, me: ThreadId, rest: &Rest) {
        let Rest { links, debt, peers } = *rest;
        for link in links {
            link.close(&mut self.objects.threads);
        }
        if let Some((client, owed)) = debt {
            self.objects.owe(me, client, owed);
        }
        if peers {
            self.sched.leave_slice(&mut self.objects.threads, cpu, me);
        }
    }
}

impl<M: Machine> Memory<'_, M> {
    /// The words went; now the bytes.
    #[inline(always)]
    fn copy_payload(&mut self, Payload { from, to, receipt }: &Payload) {
        // NOFAIL: both sides were checked by `Payload::find`, and nothing was unmapped since.
        let _copied = self.copy_user(*from, *to);
        // No handles came: an older receipt must not be taken for this one's.
        let mut bytes = [0; RECEIPT_LEN];
        bytes[..8].copy_from_slice(&(from.1.len() as u64).to_le_bytes());
        self.machine.write(*receipt, &bytes);
    }
}

/// What is left to do after a switch, when no object is borrowed.
struct Rest {
    /// Neighbours in the two lists that changed.
    links: [PendingLink; 2],
    /// The client that the blocked thread was serving, and the time to charge to it.
    debt: Option<(ThreadId, u64)>,
    /// Others of the blocked thread's priority are ready.
    peers: bool,
}

/// Whether an answer in words is all that the caller waits for: it called, or it faulted, resumes
/// where it was, and no upcall diverts it.
#[inline(always)]
fn words_are_enough<F>(caller: &Thread<F>, label: u32) -> bool {
    let Some(fault) = &caller.faults.unanswered else { return true };
    let resumes = label == FaultReply::Resume as u32;
    resumes && matches!(fault.reason, Reason::Fault(_)) && caller.upcall.is_none()
}

/// Bytes of a message that were checked on both sides, and where the receiver is told their number.
struct Payload {
    from: (ProcessId, Checked<Readable>),
    to: (ProcessId, Checked<Writable>),
    receipt: Phys,
}

/// Where an envelope names what is sent, and the room for what is received: two words each.
const SENT: u64 = offset_of!(Envelope, send_address) as u64;
const ROOM: u64 = offset_of!(Envelope, receive_address) as u64;

impl Payload {
    /// The bytes that the sender's envelope names, for a receiver whose envelope was not read yet.
    /// The last check: it follows pointers of both programs.
    fn find<M: Machine>(
        machine: &M,
        processes: &Processes<M>,
        (from, envelope): (&Thread<M::FrameHandle>, u64),
        to: &Thread<M::FrameHandle>,
    ) -> Option<Self> {
        let IpcBuffer::Unread(room) = to.ipc.buffer else { return None };
        let sender = processes[from.process].space.table.as_ref()?;
        let receiver = processes[to.process].space.table.as_ref()?;
        let ([source, len], _) = words_at(machine, sender, (envelope, SENT), Access::Read)?;
        let ([target, capacity], place) = words_at(machine, receiver, (room, ROOM), Access::Write)?;
        if len > capacity.min(MESSAGE_MAX as u64) {
            return None;
        }
        Some(Self {
            from: (from.process, UserSlice::new(source, len).ok()?.check(machine, sender)?),
            to: (to.process, UserSlice::new(target, len).ok()?.check(machine, receiver)?),
            receipt: place.plus(RECEIPT),
        })
    }
}

/// Two words of an envelope that lies in one page, and where it lies.
#[inline(always)]
fn words_at<M: Machine>(
    machine: &M,
    table: &M::PageTable,
    (envelope, offset): (u64, u64),
    access: Access,
) -> Option<([u64; 2], Phys)> {
    if room_in_page(envelope) < Envelope::SIZE {
        return None;
    }
    let place = machine.translate(table, envelope, access)?;
    let mut bytes = [0; 16];
    machine.read(place.plus(offset), &mut bytes);
    let [first, second] = bytes.as_chunks().0 else { return None };
    Some(([*first, *second].map(u64::from_le_bytes), place))
}

/// The same calls without the fast path, for the test that compares the two paths.
#[cfg(test)]
mod switch_off {
    use std::cell::Cell;

    thread_local! {
        static ON: Cell<bool> = const { Cell::new(true) };
        static TOOK: Cell<bool> = const { Cell::new(false) };
    }

    /// A message took the fast path.
    pub(super) fn note() {
        TOOK.set(true);
    }

    /// Whether one did since the last question.
    pub(crate) fn took() -> bool {
        TOOK.replace(false)
    }

    pub(crate) fn is_on() -> bool {
        ON.get()
    }

    pub(crate) fn without<R>(act: impl FnOnce() -> R) -> R {
        ON.set(false);
        let result = act();
        ON.set(true);
        result
    }
}
