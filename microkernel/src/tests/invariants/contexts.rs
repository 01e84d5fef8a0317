//! Scheduling contexts and donated time.

use crate::hosted::Hosted;
use crate::kernel::Kernel;
use crate::object::{State, ThreadId};
use crate::time::context_key;

/// A context and its thread know each other, and who has no budget left waits for the next.
pub(super) fn check_contexts(kernel: &Kernel<Hosted>) {
    for id in kernel.objects.sched_contexts.ids() {
        let context = &kernel.objects.sched_contexts[id];
        if let Some(home) = context.home {
            assert_eq!(kernel.objects.threads[home].sched.own, Some(id));
        }
        assert_eq!(context.home.is_some(), context.holder.is_some(), "{id:?} is somebody's");
        let Some(holder) = context.holder else { continue };
        assert_eq!(kernel.objects.threads[holder].sched.context, Some(id));
        let due = kernel.sched.deadlines.has(context_key(id));
        assert_eq!(due, context.left == 0, "{id:?}: the next budget comes when it is spent");
    }
    for id in kernel.objects.threads.ids() {
        let thread = &kernel.objects.threads[id];
        let own = thread.sched.own.map(|own| &kernel.objects.sched_contexts[own]);
        assert!(own.is_none_or(|own| own.home == Some(id)));
        assert!(
            thread.sched.timed || (thread.sched.own.is_none() && thread.sched.context.is_none())
        );
        let context = thread.sched.context.map(|context| &kernel.objects.sched_contexts[context]);
        assert!(context.is_none_or(|context| context.holder == Some(id)));
        assert_eq!(thread.sched.spent, context.is_some_and(|context| context.left == 0), "{id:?}");
        assert_eq!(thread.sched.due, context.map_or(0, |context| context.until), "{id:?}");
        let own = own.map_or(thread.sched.base, |own| own.terms.priority);
        let donor = thread.sched.donor.map(|donor| &kernel.objects.threads[donor]);
        assert_eq!(
            thread.sched.priority,
            own.max(donor.map_or(0, |donor| donor.sched.priority)),
            "{id:?}"
        );
        check_lent(kernel, id);
    }
}

/// Who uses whose time is known on both sides, and it is with the last of a chain.
pub(super) fn check_lent(kernel: &Kernel<Hosted>, id: ThreadId) {
    let thread = &kernel.objects.threads[id];
    if thread.dead {
        assert!(
            thread.sched.own.or(thread.sched.context).is_none()
                && thread.sched.donor.or(thread.sched.lent_to).is_none()
        );
        return;
    }
    let process = thread.process;
    if let Some(donor) = thread.sched.donor {
        let lender = &kernel.objects.threads[donor];
        assert!(
            thread.sched.passive && lender.sched.lent_to == Some(id),
            "{donor:?} lends to {id:?}"
        );
        assert_eq!(lender.state, State::AwaitReply(process));
        assert_eq!(
            (thread.sched.share, thread.sched.depth),
            (lender.sched.share, lender.sched.depth + 1)
        );
    } else {
        assert_eq!(
            thread.sched.share,
            kernel.objects.processes[process].sched.share.unwrap_or(process)
        );
        assert_eq!(thread.sched.depth, 0);
    }
    if let Some(server) = thread.sched.lent_to {
        assert_eq!(kernel.objects.threads[server].sched.donor, Some(id));
        assert_eq!(thread.sched.context, None, "{id:?} keeps what it lent");
    } else if thread.sched.donor.is_some() || thread.sched.own.is_some() {
        let head =
            std::iter::successors(Some(id), |id| kernel.objects.threads[*id].sched.donor).last();
        assert_eq!(
            thread.sched.context,
            kernel.objects.threads[head.unwrap()].sched.own,
            "{id:?} has it all"
        );
    }
}
