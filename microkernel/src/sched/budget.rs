//! Budgets: a thread that is bound to a scheduling context runs on it, as long as there is
//! some of the budget.
//!
//! What a thread uses is found out where its time is settled, at the latest when the CPU's
//! timer fires at the end of the budget. When it is spent, the end of the period becomes a
//! deadline, and the thread is not to run before that.

use super::Sched;
use crate::machine::{CpuId, Machine};
use crate::object::{
    EndpointId, Fault, Objects, SchedContext, SchedContextId, State, Terms, Thread, ThreadId,
};
use crate::time::context_key;
use abi::{ContextFlags, FaultKind};

impl<M: Machine> Sched<'_, M> {
    /// Binds a context to a thread; neither has a partner.
    pub(crate) fn bind_context(&mut self, id: SchedContextId, thread: ThreadId) {
        let now = self.machine.ticks();
        let context = &mut self.objects.sched_contexts[id];
        context.refs += 1;
        (context.home, context.holder) = (Some(thread), Some(thread));
        context.begin(now);
        self.update_sched_params(thread, |thread| {
            (thread.sched.own, thread.sched.context) = (Some(id), Some(id))
        });
        self.reconsider(thread);
    }

    /// Parts a context from its thread. The thread goes on without one, and so does the thread that
    /// uses its time.
    pub(crate) fn unbind_context(&mut self, id: SchedContextId) {
        let SchedContext { home: Some(home), holder: Some(holder), .. } =
            self.objects.sched_contexts[id]
        else {
            return;
        };
        self.update_sched_params(holder, |thread| thread.sched.context = None);
        self.update_sched_params(home, |thread| thread.sched.own = None);
        self.update_sched_params_below(home);
        self.cancel_deadline(context_key(id));
        let context = &mut self.objects.sched_contexts[id];
        (context.home, context.holder) = (None, None);
        self.objects.release_context(id);
    }

    /// Changes a context; a new period begins.
    pub(crate) fn configure_context(&mut self, id: SchedContextId, terms: Terms) {
        self.settle_holder(id);
        let now = self.machine.ticks();
        let context = &mut self.objects.sched_contexts[id];
        context.terms = terms;
        context.begin(now);
        let (home, holder) = (context.home, context.holder);
        self.cancel_deadline(context_key(id));
        if let (Some(home), Some(holder)) = (home, holder) {
            self.update_sched_params(home, |_| ());
            self.update_sched_params_below(home);
            self.reconsider(holder);
        }
    }

    /// Changes what decides when a thread runs, and puts it where it belongs then.
    pub(crate) fn update_sched_params(
        &mut self,
        id: ThreadId,
        change: impl FnOnce(&mut Thread<M::FrameHandle>),
    ) {
        if self.sched.on_cpu(&self.objects.threads, id) {
            let cpu = self.objects.threads[id].sched.cpu;
            self.settle(cpu);
            self.sched.cpu(cpu).set_timer_dirty();
        }
        self.dequeue(id);
        let before = (
            self.objects.threads[id].sched.priority,
            self.objects.threads[id].sched.context.is_some(),
        );
        change(&mut self.objects.threads[id]);
        self.objects.follow_time(id);
        let thread = &self.objects.threads[id];
        if let State::Sending(endpoint) = thread.state
            && thread.sched.priority != before.0
        {
            self.objects.move_sender(endpoint, id, before.0);
        }
        self.enqueue(id);
        let thread = &self.objects.threads[id];
        let weaker =
            (thread.sched.priority, thread.sched.context.is_some()) < before || thread.sched.spent;
        if weaker && thread.state == State::Ready {
            self.reconsider(id);
        }
    }

    /// Settles the time of the thread that runs on a context.
    pub(crate) fn settle_holder(&mut self, id: SchedContextId) {
        if let Some(holder) = self.objects.sched_contexts[id].holder {
            self.settle_thread(holder);
        }
    }

    /// The current thread's time comes off its context, with what others spent for it.
    #[cold]
    pub(crate) fn settle_on_context(
        &mut self,
        cpu: CpuId,
        id: ThreadId,
        context: SchedContextId,
        (user, kernel): (u64, u64),
    ) {
        let thread = &mut self.objects.threads[id];
        thread.note_user_time(user);
        // Only its own CPU, which is in the kernel now, can set the timer anew.
        let owed = if cpu == self.machine.this_cpu() { &mut thread.sched.debt } else { &mut 0 };
        let debt = core::mem::take(owed);
        let spent = user.wrapping_add(kernel).wrapping_add(debt);
        if debt > 0 {
            // The timer was set before another thread spent this for it.
            self.sched.cpu(cpu).set_timer_dirty();
        }
        let booked = self.sched.cpu(cpu).clock.since;
        self.objects.sched_contexts[context].charge(spent, booked);
        self.follow_budget(context);
    }

    /// A thread on a context is ready: its budget is that of the period that it is now. False
    /// when that does not let it run, or put it into a queue already.
    #[cold]
    pub(super) fn renew_budget(&mut self, thread: ThreadId) -> bool {
        if let Some(context) = self.objects.threads[thread].sched.context {
            let now = self.machine.ticks();
            self.objects.sched_contexts[context].renew(now);
            self.follow_budget(context);
        }
        self.objects.runnable(thread) && !self.objects.threads[thread].sched.queued
    }

    /// The end of a period comes: the next budget.
    pub(crate) fn budget_due(&mut self, id: SchedContextId) {
        let now = self.machine.ticks();
        self.objects.sched_contexts[id].renew(now);
        if self.objects.sched_contexts[id].left == 0 {
            // All of it is owed.
            self.wait_for_budget(id);
        }
        self.follow_budget(id);
    }

    /// The budget changed: whether its thread may run follows.
    fn follow_budget(&mut self, id: SchedContextId) {
        let context = &self.objects.sched_contexts[id];
        let Some(holder) = context.holder else { return };
        let (spent, due) = (context.left == 0, context.until);
        let thread = &mut self.objects.threads[holder];
        if core::mem::replace(&mut thread.sched.due, due) != due {
            // Another one may go before it in its new period.
            self.reconsider(holder);
        }
        let thread = &mut self.objects.threads[holder];
        if core::mem::replace(&mut thread.sched.spent, spent) == spent {
            return;
        }
        if spent {
            self.objects.sched_contexts[id].exhaustions += 1;
            self.wait_for_budget(id);
            self.tell_of_spent_budget(id, holder);
            self.reconsider(holder);
        } else {
            self.cancel_deadline(context_key(id));
            self.enqueue(holder);
        }
    }

    fn wait_for_budget(&mut self, id: SchedContextId) {
        let ticks = self.objects.sched_contexts[id].until.saturating_sub(self.machine.ticks());
        let until_ns = self.after_ticks(ticks);
        self.put_deadline(context_key(id), until_ns);
    }

    /// The fault of a spent budget is for the thread that is bound, at work, and has a handler.
    fn tell_of_spent_budget(&mut self, id: SchedContextId, holder: ThreadId) {
        let context = &self.objects.sched_contexts[id];
        let thread = &self.objects.threads[holder];
        let handler = self.objects.processes[thread.process].supervision.fault_handler;
        let tells = context.terms.flags.intersects(ContextFlags::FAULTS)
            && context.home == Some(holder)
            && thread.state == State::Ready
            && thread.faults.raised.is_none()
            && thread.operation.is_none()
            && handler.is_some_and(|(endpoint, _)| !self.objects.endpoints[endpoint].dead());
        if tells {
            let code = context.exhaustions;
            self.raise(holder, &Fault { kind: FaultKind::TimeOut, code, address: 0 }, None);
        }
    }

    /// When the budget ends that the current thread uses. Its time is not settled for that: a
    /// budget that is found spent is work for the loop, and this is asked on the way out.
    pub(super) fn budget_end_ns(&self, cpu: CpuId, id: SchedContextId) -> Option<u64> {
        let left = self.objects.sched_contexts[id].left;
        let owed =
            self.sched.cpu(cpu).current.map_or(0, |thread| self.objects.threads[thread].sched.debt);
        let used = owed.saturating_add(self.sched.cpu(cpu).clock.unsettled());
        let ticks = left.saturating_sub(used);
        (left > 0).then(|| self.after_ticks(ticks))
    }

    /// The first nanosecond when this number of ticks has passed.
    fn after_ticks(&self, ticks: u64) -> u64 {
        let ns = self.machine.ns_of(ticks);
        let early = self.machine.ticks_of(ns) < ticks;
        // Saturating: a deadline that is never reached.
        self.machine.now_ns().saturating_add(ns).saturating_add(u64::from(early))
    }
}

impl<M: Machine> Objects<M> {
    /// Puts a sender where its new priority belongs; it stands where the old one does.
    fn move_sender(&mut self, endpoint: EndpointId, id: ThreadId, old: u8) {
        let new = core::mem::replace(&mut self.threads[id].sched.priority, old);
        let senders = &mut self.endpoints[endpoint].senders;
        senders.remove(&mut self.threads, id);
        self.threads[id].sched.priority = new;
        senders.insert(&mut self.threads, id);
    }

    /// What follows for a thread from its context and from the donor of its time.
    fn follow_time(&mut self, id: ThreadId) {
        let thread = &self.threads[id];
        let own = thread.sched.own.map(|own| self.sched_contexts[own].terms.priority);
        let own = own.unwrap_or(thread.sched.base);
        let process = thread.process;
        let (priority, share, depth) = match thread.sched.donor.map(|donor| &self.threads[donor]) {
            Some(donor) => {
                (own.max(donor.sched.priority), donor.sched.share, donor.sched.depth + 1)
            }
            None => (own, self.processes[process].sched.share.unwrap_or(process), 0),
        };
        let (left, due) = thread.sched.context.map_or((1, 0), |context| {
            let context = &self.sched_contexts[context];
            (context.left, context.until)
        });
        let thread = &mut self.threads[id];
        (thread.sched.priority, thread.sched.share, thread.sched.depth) = (priority, share, depth);
        (thread.sched.due, thread.sched.spent) = (due, left == 0);
        thread.sched.timed = thread.sched.passive
            || thread.sched.own.is_some()
            || thread.sched.context.is_some()
            || thread.sched.lent_to.is_some();
    }
}
