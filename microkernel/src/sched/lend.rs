//! Donation: a passive thread serves its caller on the caller's time and at its priority.
//!
//! ```text
//! caller ──lent_to──▶ passive thread ──lent_to──▶ passive thread   runs
//!        ◀──donor────                ◀──donor────
//! ```
//! Only the last thread of the chain runs, on the donated context, or the slice of a caller without
//! one; the others are blocked on replies. Time goes back when the caller stops waiting, for any
//! reason, when the server asks for its next message, and when it dies. A thread that was cut off
//! goes on by itself, at its own priority.

use super::Sched;
use crate::machine::Machine;
use crate::object::ThreadId;

/// The longest chain of donations: a caller deeper down donates nothing.
const DEEPEST: u8 = 32;

impl<M: Machine> Sched<'_, M> {
    /// A passive server received the call of this client, and uses the client's time. A fault's
    /// handler does not: the time may be what is missing.
    pub(crate) fn lend_time(&mut self, client: ThreadId, server: ThreadId) {
        let lender = &self.objects.threads[client];
        if lender.faults.unanswered.is_some() || lender.sched.depth >= DEEPEST {
            return;
        }
        let mut time = (None, 0);
        self.update_sched_params(client, |thread| {
            thread.sched.lent_to = Some(server);
            time = (thread.sched.context.take(), core::mem::take(&mut thread.sched.slice));
        });
        self.move_time(server, time, |thread| thread.sched.donor = Some(client));
    }

    /// The client's time is its own again.
    pub(crate) fn take_back_time(&mut self, client: ThreadId) {
        let Some(server) = self.objects.threads[client].sched.lent_to else { return };
        let mut last = server;
        while let Some(next) = self.objects.threads[last].sched.lent_to {
            last = next;
        }
        let mut time = (None, 0);
        self.update_sched_params(last, |thread| {
            time = (thread.sched.context.take(), core::mem::take(&mut thread.sched.slice));
        });
        self.update_sched_params(server, |thread| thread.sched.donor = None);
        self.update_sched_params_below(server);
        self.move_time(client, time, |thread| thread.sched.lent_to = None);
    }

    /// The thread goes on with this context, or with what is left of this slice.
    fn move_time(
        &mut self,
        id: ThreadId,
        (context, slice): (Option<crate::object::SchedContextId>, u64),
        change: impl FnOnce(&mut crate::object::Thread<M::FrameHandle>),
    ) {
        if let Some(context) = context {
            self.objects.sched_contexts[context].holder = Some(id);
        }
        self.update_sched_params(id, |thread| {
            thread.sched.context = context;
            // At least a tick: a slice of nothing would be taken for one that has not begun.
            thread.sched.slice = slice.max(1);
            change(thread);
        });
    }

    /// All that use this thread's time follow it.
    pub(crate) fn update_sched_params_below(&mut self, id: ThreadId) {
        let mut next = self.objects.threads[id].sched.lent_to;
        while let Some(id) = next {
            self.update_sched_params(id, |_| ());
            next = self.objects.threads[id].sched.lent_to;
        }
    }

    /// A thread that dies gives donated time back and leaves its context.
    pub(crate) fn leave_contexts(&mut self, id: ThreadId) {
        if let Some(donor) = self.objects.threads[id].sched.donor {
            self.take_back_time(donor);
        }
        self.take_back_time(id);
        if let Some(context) = self.objects.threads[id].sched.own {
            self.unbind_context(context);
        }
    }
}
