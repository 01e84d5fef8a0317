//! Calls on scheduling contexts and passive threads.

use super::Done;
use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::object::{ObjectRef, Objects, SchedContext, SchedState, Terms, ThreadId};
use crate::sched::Sched;
use abi::{BUDGET_LEAST_NS, ContextFlags, Error, PERIOD_MOST_NS, Rights};

impl<M: Machine> Kernel<M> {
    pub(super) fn sys_context_create(&mut self, me: ThreadId) -> Result<Done, Error> {
        self.objects.resource(me)?;
        let terms = self.objects.terms(&self.machine, me)?;
        self.ensure_context_capacity()?;
        let quota = self.objects.pay_for_object(me)?;
        let made = self.objects.sched_contexts.insert(SchedContext::new(terms, quota));
        self.grant_new(me, made.map(ObjectRef::SchedContext))
    }
}

impl<M: Machine> Sched<'_, M> {
    pub(super) fn sys_context_configure(&mut self, me: ThreadId) -> Result<Done, Error> {
        let id = self.objects.id(me, 0, Rights::MANAGE)?;
        let terms = self.objects.terms(self.machine, me)?;
        if let Some(home) = self.objects.sched_contexts[id].home {
            self.objects.may_be_as_urgent(home, &terms)?;
        }
        self.configure_context(id, terms);
        Ok(Done::NOTHING)
    }

    pub(super) fn sys_context_bind(&mut self, me: ThreadId) -> Result<Done, Error> {
        let id = self.objects.id(me, 0, Rights::MANAGE)?;
        let thread = self.objects.thread_argument(me, 1)?;
        let home = self.objects.sched_contexts[id].home;
        let SchedState { own, passive, lent_to, .. } = &self.objects.threads[thread].sched;
        let alone = own.is_none() && !passive && lent_to.is_none();
        match self.objects.argument(me, 2) {
            0 if home == Some(thread) => self.unbind_context(id),
            1 if home.is_none() && alone => {
                self.objects.may_be_as_urgent(thread, &self.objects.sched_contexts[id].terms)?;
                self.bind_context(id, thread);
            }
            0 | 1 => return Err(Error::BadState),
            _ => return Err(Error::BadArgument),
        }
        Ok(Done::NOTHING)
    }

    pub(super) fn sys_thread_passive(&mut self, me: ThreadId) -> Result<Done, Error> {
        let id = self.objects.thread_argument(me, 0)?;
        let passive = match self.objects.argument(me, 1) {
            0 => false,
            1 => true,
            _ => return Err(Error::BadArgument),
        };
        let thread = &self.objects.threads[id];
        let was = thread.sched.passive;
        if thread.sched.donor.is_some() || thread.sched.own.is_some() {
            return Err(Error::BadState);
        }
        self.update_sched_params(id, |thread| thread.sched.passive = passive);
        Ok(Done::Values(u64::from(was), 0))
    }

    pub(super) fn sys_context_info(&mut self, me: ThreadId) -> Result<Done, Error> {
        let id = self.objects.id(me, 0, Rights::MANAGE)?;
        self.settle_holder(id);
        let context = &self.objects.sched_contexts[id];
        Ok(Done::Values(self.machine.ns_of(context.used), context.exhaustions))
    }
}

impl<M: Machine> Objects<M> {
    /// The terms in arguments 1 to 4.
    fn terms(&self, machine: &M, me: ThreadId) -> Result<Terms, Error> {
        let [budget_ns, period_ns, priority, flags] = [1, 2, 3, 4].map(|at| self.argument(me, at));
        let good =
            BUDGET_LEAST_NS <= budget_ns && budget_ns <= period_ns && period_ns <= PERIOD_MOST_NS;
        if !good {
            return Err(Error::BadArgument);
        }
        Ok(Terms {
            budget: machine.ticks_of(budget_ns),
            period: machine.ticks_of(period_ns),
            priority: self.priority_for(self.own(me), priority)?,
            flags: ContextFlags::from_bits(flags).ok_or(Error::BadArgument)?,
        })
    }

    /// The limit of a process holds for the contexts of its threads too.
    fn may_be_as_urgent(&self, thread: ThreadId, terms: &Terms) -> Result<(), Error> {
        self.priority_for(self.threads[thread].process, u64::from(terms.priority)).map(drop)
    }
}
