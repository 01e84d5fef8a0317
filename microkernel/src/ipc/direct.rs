//! The way of most messages: words alone, between two threads of this CPU that wait for each
//! other, of which one runs at once.
//!
//! Made of the same parts as the general way, which does whatever this one does not: each
//! object is looked up once, all checks come first, and nothing here waits, fails or makes
//! work for the exit loop. What is rare (other threads in the lists, a debt, a deadline) comes
//! last, when no object is borrowed.

use super::parts::{answered, arrive, copy_registers, words_alone};
use crate::kernel::{Cpu, Kernel};
use crate::machine::{CpuId, Frame as _, Machine};
use crate::number;
use crate::object::{Enclosure, EndpointId, Pending, Seam, State, Thread, ThreadId};

/// Whether `next`, which waits, would run at once here if it were ready.
#[inline(always)]
fn takes_over<F>(cpu: &Cpu, current: &Thread<F>, next: &Thread<F>) -> bool {
    next.cpu == current.cpu
        && next.affinity.wrapping_shr(u32::from(next.cpu.0)) & 1 != 0
        && cpu.queue.all_below(next.priority)
        && !next.dead
        && !next.suspended
}

impl<M: Machine> Kernel<M> {
    /// Hands the call to a waiting receiver. False when that is for the general way; then
    /// nothing was done.
    #[inline(always)]
    pub(super) fn offer_at_once(&mut self, me: ThreadId, at: EndpointId, call: &Pending) -> bool {
        let endpoint = &mut self.endpoints[at];
        let Some(receiver) = endpoint.receivers.first() else { return false };
        let (from, to) = self.threads.pair_mut(me, receiver);
        let server = &mut self.processes[to.process];
        let place = from.cpu;
        let cpu = &mut self.cpus[usize::from(place.0)];
        let Some(enclosure) = Enclosure::unread(from.frame.envelope()) else { return false };
        from.enclosure = enclosure;
        if !words_alone(from, to) || !takes_over(cpu, from, to) || !server.may_run() {
            return false;
        }
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
        self.stats.switches = self.stats.switches.wrapping_add(1);
        if let Some((client, owed)) = debt {
            self.owe(me, client, owed);
        }
        self.finish(place, me, receiver, [left, joined], peers);
        true
    }

    /// Hands the answer to its caller, and waits for the next message. False when that is
    /// for the general way; then nothing was done.
    #[inline(always)]
    pub(super) fn answer_at_once(
        &mut self,
        me: ThreadId,
        at: EndpointId,
        token: u64,
        label: u32,
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
        let Some(enclosure) = Enclosure::unread(from.frame.envelope()) else { return false };
        from.enclosure = enclosure;
        let bits = from.bound.is_some_and(|bound| self.notifications[bound].bits != 0);
        if !open
            || bits
            || !words_alone(from, to)
            || !takes_over(cpu, from, to)
            || !self.processes[to.process].may_run()
        {
            return false;
        }
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
        self.stats.switches = self.stats.switches.wrapping_add(1);
        if let Some((client, owed)) = debt {
            self.owe(me, client, owed);
        }
        self.finish(place, me, caller, [left, joined], peers);
        true
    }

    /// What is rarely left to do when nothing is borrowed: neighbours in the two lists that
    /// changed, the deadline of the one who runs now, the slice of the one who waits.
    #[inline(always)]
    fn finish(
        &mut self,
        cpu: CpuId,
        me: ThreadId,
        next: ThreadId,
        [left, joined]: [Seam; 2],
        peers: bool,
    ) {
        if !left.is_closed() {
            left.close(&mut self.threads);
        }
        if !joined.is_closed() {
            joined.close(&mut self.threads);
        }
        if self.deadlines.has(next.index()) {
            self.cancel_deadline(next.index());
        }
        if peers {
            self.leave_slice(cpu, me);
        }
    }
}
