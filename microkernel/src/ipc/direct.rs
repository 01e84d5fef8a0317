//! The way of most messages: words alone, between two threads of this CPU that wait for each
//! other, of which one runs at once.
//!
//! Made of the same parts as the general way, which does whatever this one does not: each
//! object is looked up once, all checks come first, and nothing here waits, fails or makes
//! work for the exit loop. Nobody here has a deadline: it would be in an envelope. What is
//! rare (other threads in the lists, a debt, peers) comes last, when no object is borrowed.

use super::parts::{answered, arrive, copy_registers, words_alone};
use crate::kernel::Kernel;
use crate::machine::{CpuId, Frame as _, Machine};
use crate::number;
use crate::object::{Enclosure, EndpointId, Pending, Seam, State, ThreadId};
use crate::sched::takes_over;

/// What is left to do after a switch, when no object is borrowed.
struct Rest {
    /// Neighbours in the two lists that changed.
    seams: [Seam; 2],
    /// Whom the one who waits now worked for, and how long.
    debt: Option<(ThreadId, u64)>,
    /// Others of its priority are ready.
    peers: bool,
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
        let here = to.cpu == place && takes_over(cpu, place, to, server);
        if !here || !words_alone(from, to) {
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
        // Whatever else the token may name: a dead thread of a process that is gone, say.
        if !open {
            return false;
        }
        let Some(enclosure) = Enclosure::unread(from.frame.envelope()) else { return false };
        from.enclosure = enclosure;
        let bits = from.bound.is_some_and(|bound| self.notifications[bound].bits != 0);
        let client = &self.processes[to.process];
        let here = to.cpu == place && takes_over(cpu, place, to, client);
        if bits || !here || !words_alone(from, to) {
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
        self.finish(place, me, Rest { seams: [left, joined], debt, peers });
        true
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
