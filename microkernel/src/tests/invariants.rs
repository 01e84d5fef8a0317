//! What is true of the kernel after every step.

use crate::exit::{Context, Work};
use crate::hosted::Hosted;
use crate::kernel::Kernel;
use crate::machine::CpuId;
use crate::object::{By, Life, QuotaId, Resource, State, Storage, ThreadId};
use core::sync::atomic::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Panics when something is not as it must be.
pub(super) fn check(kernel: &Kernel<Hosted>) {
    check_queues(kernel);
    check_threads(kernel);
    check_references(kernel);
    check_memory(kernel);
    check_quotas(kernel);
    check_vectors(kernel);
    let cpu = &kernel.cpus[0];
    assert_ne!(cpu.context, Context::Kernel, "looked at between two entries");
}

/// Each thread is in exactly the queue that its state names.
fn check_queues(kernel: &Kernel<Hosted>) {
    let mut found: BTreeMap<usize, State> = BTreeMap::new();
    let mut see = |id: ThreadId, state: State| {
        assert!(found.insert(id.index(), state).is_none(), "{id:?} is in two queues");
    };
    for id in kernel.cpus[0].queue.iter(&kernel.threads) {
        see(id, State::Ready);
    }
    for endpoint in kernel.endpoints.ids() {
        let object = &kernel.endpoints[endpoint];
        let both = !object.senders.is_empty() && !object.receivers.is_empty();
        assert!(!both, "senders and receivers both wait at {endpoint:?}");
        object
            .senders
            .iter(&kernel.threads, By::Queue)
            .for_each(|id| see(id, State::Sending(endpoint)));
        object
            .receivers
            .iter(&kernel.threads, By::Queue)
            .for_each(|id| see(id, State::Receiving(endpoint)));
    }
    for notification in kernel.notifications.ids() {
        let waiters = kernel.notifications[notification].waiters;
        waiters
            .iter(&kernel.threads, By::Queue)
            .for_each(|id| see(id, State::Waiting(notification)));
        let bits = kernel.notifications[notification].bits;
        assert!(bits == 0 || waiters.is_empty(), "bits are set and somebody waits for them");
    }
    for process in kernel.processes.ids() {
        let callers = kernel.processes[process].callers;
        callers.iter(&kernel.threads, By::Queue).for_each(|id| see(id, State::AwaitReply(process)));
    }
    for id in kernel.threads.ids() {
        let thread = &kernel.threads[id];
        if thread.dead {
            assert!(!found.contains_key(&id.index()), "dead {id:?} is in a queue");
            continue;
        }
        match thread.state {
            State::Ready if kernel.runnable(id) => {
                let current = kernel.cpus[0].current == Some(id);
                assert!(current != found.contains_key(&id.index()), "ready {id:?} is lost");
            }
            State::Ready | State::Sleeping | State::Inactive => {}
            state => assert_eq!(found.get(&id.index()), Some(&state), "{id:?}"),
        }
    }
}

fn check_threads(kernel: &Kernel<Hosted>) {
    for id in kernel.threads.ids() {
        let thread = &kernel.threads[id];
        if thread.dead {
            assert!(thread.refs > 0, "dead {id:?} has no name and is not removed");
            continue;
        }
        let owner = &kernel.processes[thread.process];
        assert!(owner.threads.iter(&kernel.threads, By::Sibling).any(|sibling| sibling == id));
        if let Some(bound) = thread.bound {
            assert_eq!(kernel.notifications[bound].bound, Some(id));
        }
        if let Some(upcall) = thread.upcall {
            assert_eq!(kernel.notifications[upcall.notification].upcall, Some(id));
        }
    }
    if let Some(current) = kernel.cpus[0].current {
        assert!(kernel.runnable(current), "current {current:?} must not run");
        let highest = kernel.cpus[0].queue.highest();
        assert!(highest.is_none_or(|highest| highest <= kernel.threads[current].priority));
    } else {
        assert_eq!(kernel.cpus[0].queue.highest(), None, "idle while somebody is ready");
        assert_eq!(kernel.dying, None, "idle while a dead process holds something");
    }
}

/// Objects that handles name exist, and no object lives without a name.
fn check_references(kernel: &Kernel<Hosted>) {
    for id in kernel.endpoints.ids() {
        assert!(
            kernel.endpoints[id].refs > 0
                && kernel.endpoints[id].refs >= kernel.endpoints[id].receive_refs
        );
    }
    assert!(kernel.notifications.ids().all(|id| kernel.notifications[id].refs > 0));
    assert!(kernel.memories.ids().all(|id| kernel.memories[id].refs > 0));
    assert!(kernel.timers.ids().all(|id| kernel.timers[id].refs > 0));
    assert!(kernel.irqs.ids().all(|id| kernel.irqs[id].refs > 0));
    let handles: u32 = kernel.processes.ids().map(|id| kernel.processes[id].handles.used()).sum();
    assert_eq!(u64::from(handles), kernel.stats.handles);
    for id in kernel.processes.ids() {
        let process = &kernel.processes[id];
        assert!(process.life != Life::Dead || process.refs > 0, "dead {id:?} is not removed");
    }
}

/// Every frame is free or somebody's, and regions are sorted and apart.
fn check_memory(kernel: &Kernel<Hosted>) {
    let mut used = 0;
    for id in kernel.memories.ids() {
        let object = &kernel.memories[id];
        if matches!(object.storage, Storage::Frames(_)) {
            used += object.pages;
        }
    }
    let charged: u64 = kernel.quotas.ids().map(|id| own_pages(kernel, id)).sum();
    let taken = kernel.frames.total() - kernel.frames.available();
    assert_eq!(charged, taken, "frames in use are paid for");
    assert!(used <= taken);
    let mut seen = BTreeSet::new();
    for process in kernel.processes.ids() {
        let mut end = 0;
        let mut next = kernel.processes[process].regions;
        while let Some(id) = next {
            let region = &kernel.regions[id];
            assert!(region.start >= end && region.pages > 0, "regions are sorted and apart");
            assert!(seen.insert(id.index()));
            end = region.end();
            next = region.next;
        }
    }
    assert_eq!(seen.len(), kernel.regions.len(), "no region is lost");
}

/// Pages that an account pays for itself: what it uses, less what its children may.
fn own_pages(kernel: &Kernel<Hosted>, id: QuotaId) -> u64 {
    let children = kernel.quotas.ids().filter(|child| kernel.quotas[*child].parent == Some(id));
    let lent: u32 = children.map(|child| kernel.quotas[child].limit.of(Resource::Pages)).sum();
    u64::from(kernel.quotas[id].used.of(Resource::Pages) - lent)
}

fn check_quotas(kernel: &Kernel<Hosted>) {
    for id in kernel.quotas.ids() {
        let account = &kernel.quotas[id];
        for resource in [Resource::Pages, Resource::Handles, Resource::Threads, Resource::Objects] {
            assert!(account.used.of(resource) <= account.limit.of(resource), "{id:?} {resource:?}");
        }
    }
    let living = kernel.processes.ids().map(|id| &kernel.processes[id]);
    for process in living.filter(|process| process.life != Life::Dead) {
        let account = &kernel.quotas[process.quota];
        let threads = process.threads.iter(&kernel.threads, By::Sibling).count();
        assert!(account.used.of(Resource::Threads) as usize >= threads);
        assert!(account.used.of(Resource::Handles) >= process.handles.used());
    }
}

/// Vector registers are unlocked for the thread that runs and for nobody else, and a state
/// is in memory or in the registers of the CPU that runs it.
fn check_vectors(kernel: &Kernel<Hosted>) {
    for (number, cpu) in kernel.cpus.iter().enumerate() {
        let live = cpu.work.load(Ordering::Relaxed) & Work::VectorSave.flag() != 0;
        let number = u16::try_from(number).unwrap();
        let unlocked = kernel.machine.vectors.get(&number).is_some_and(|unit| unit.unlocked);
        assert_eq!(live, unlocked, "the flag and the machine disagree");
        assert!(!live || cpu.vector_owner == cpu.current, "live registers are not the current's");
        if let Some(owner) = cpu.vector_owner {
            let state = kernel.threads[owner].vector.expect("an owner has a state");
            assert_eq!(state.cpu, Some(CpuId(number)), "it was loaded elsewhere since");
        }
    }
    for id in kernel.threads.ids() {
        let thread = &kernel.threads[id];
        let in_memory = thread.work.0 & Work::VectorLoad.flag() != 0;
        let live = thread.vector.and_then(|state| state.cpu).is_some_and(|cpu| {
            let cpu = kernel.cpu(cpu);
            cpu.current == Some(id)
                && cpu.work.load(Ordering::Relaxed) & Work::VectorSave.flag() != 0
        });
        assert_eq!(thread.vector.is_some(), in_memory != live, "{id:?}: in memory or live");
        assert!(thread.vector.is_some() || !(in_memory || live));
    }
}
