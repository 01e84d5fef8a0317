//! What is true of the kernel after every step, on any number of CPUs.

mod devices;

use crate::cpu::{Context, Cpu};
use crate::hosted::Hosted;
use crate::kernel::Kernel;
use crate::machine::{Access, CpuId, Machine};
use crate::object::{
    By, Life, Loan, MemoryId, NotificationId, ObjectRef, Operation, ProcessId, QuotaId, Region,
    Resource, State, Storage, ThreadId, checked_regions,
};
use crate::time::context_key;
use crate::time::thread_key;
use crate::work::Work;
use core::sync::atomic::Ordering;
use std::collections::BTreeSet;

/// Panics when something is not as it must be.
pub(super) fn check(kernel: &Kernel<Hosted>) {
    check_running(kernel);
    check_runs(kernel);
    check_threads(kernel);
    check_contexts(kernel);
    check_references(kernel);
    check_memory(kernel);
    check_loans(kernel);
    check_quotas(kernel);
    check_vectors(kernel);
    assert_eq!(kernel.checks.violations, 0, "a debug check found something");
}

/// The part that is about CPUs and threads: cheap enough for every step of a long run.
pub(super) fn check_running(kernel: &Kernel<Hosted>) {
    check_queues(kernel);
    check_cpus(kernel);
    check_deadlines(kernel);
    check_translations(kernel);
}

/// Each thread is in exactly the one place that its state names: current on one CPU, or in
/// one queue.
fn check_queues(kernel: &Kernel<Hosted>) {
    let mut found = [None; MOST_THREADS];
    let mut see = |id: ThreadId, state: State| {
        assert!(found[id.index()].replace(state).is_none(), "{id:?} is in two places");
    };
    for (number, cpu) in kernel.sched.cpus.iter().enumerate() {
        for id in cpu.queue.iter(&kernel.objects.threads) {
            see(id, State::Ready);
            let thread = &kernel.objects.threads[id];
            assert!(
                kernel.objects.allowed(id, thread.sched.cpu),
                "{id:?} waits for a CPU that it may not use"
            );
            assert!(
                thread.sched.queued && usize::from(thread.sched.cpu.0) == number,
                "{id:?} is misplaced"
            );
        }
        let thread = |id: &ThreadId| &kernel.objects.threads[*id];
        // A thread that dies may be caught between two iterations of the loop.
        let ends = |id: &ThreadId| thread(id).dead || thread(id).work.0 & Work::Kill.flag() != 0;
        let waits = |id: &ThreadId| !ends(id) && thread(id).state != State::Ready;
        assert_eq!(cpu.current.filter(waits), None, "who waits is current nowhere");
        if let Some(current) = cpu.current
            && kernel.objects.runnable(current)
        {
            see(current, State::Ready);
            let table = kernel.objects.processes[kernel.objects.threads[current].process]
                .space
                .table
                .as_ref();
            let root = table.map(|table| kernel.machine.root(table));
            assert_eq!(
                root,
                Some(kernel.objects.threads[current].root),
                "{current:?} has another space"
            );
            let its = kernel.objects.threads[current].sched.cpu;
            assert_eq!(usize::from(its.0), number, "{current:?} runs on another CPU than its own");
        }
    }
    for endpoint in kernel.objects.endpoints.ids() {
        let object = &kernel.objects.endpoints[endpoint];
        let both = !object.senders.is_empty() && !object.receivers.is_empty();
        let urgencies = object.senders.iter(&kernel.objects.threads);
        let urgencies = urgencies.map(|id| kernel.objects.threads[id].sched.priority);
        assert!(urgencies.is_sorted_by(|one, next| one >= next), "senders by urgency");
        assert!(!both, "senders and receivers both wait at {endpoint:?}");
        object
            .senders
            .iter(&kernel.objects.threads)
            .for_each(|id| see(id, State::Sending(endpoint)));
        object
            .receivers
            .iter(&kernel.objects.threads, By::Queue)
            .for_each(|id| see(id, State::Receiving(endpoint)));
    }
    for notification in kernel.objects.notifications.ids() {
        let waiters = kernel.objects.notifications[notification].waiters;
        waiters
            .iter(&kernel.objects.threads, By::Queue)
            .for_each(|id| see(id, State::Waiting(notification)));
        let bits = kernel.objects.notifications[notification].bits;
        assert!(bits == 0 || waiters.is_empty(), "bits are set and somebody waits for them");
    }
    for process in kernel.objects.processes.ids() {
        let callers = kernel.objects.processes[process].ipc.callers;
        callers
            .iter(&kernel.objects.threads, By::Queue)
            .for_each(|id| see(id, State::AwaitReply(process)));
    }
    for id in kernel.objects.threads.ids() {
        let thread = &kernel.objects.threads[id];
        let found = found[id.index()];
        let waits = !thread.dead && !matches!(thread.state, State::Ready | State::Inactive);
        assert!(waits || !kernel.sched.deadlines.has(thread_key(id)), "{id:?} has an old deadline");
        match thread.state {
            state if thread.dead => {
                assert_eq!((found, state), (None, State::Inactive), "dead {id:?} is somewhere");
            }
            State::Ready if kernel.objects.runnable(id) && !is_resumed(kernel, thread.process) => {
                assert_eq!(found, Some(State::Ready), "ready {id:?} is lost");
            }
            State::Ready | State::Sleeping | State::Inactive => {}
            state => assert_eq!(found, Some(state), "{id:?}"),
        }
    }
}

/// The long operations in progress: those of threads, and those of processes that end.
fn long_operations(kernel: &Kernel<Hosted>) -> impl Iterator<Item = Operation> {
    let objects = &kernel.objects;
    let of_threads = objects.threads.ids().filter_map(|id| objects.threads[id].operation);
    let of_processes =
        objects.processes.ids().filter_map(|id| objects.processes[id].teardown.revoking);
    of_threads.chain(of_processes)
}

/// Whether a process is being resumed: not all of its threads are where they belong.
fn is_resumed(kernel: &Kernel<Hosted>, process: ProcessId) -> bool {
    long_operations(kernel).any(
        |operation| matches!(operation, Operation::EachThread { process: it, .. } if it == process),
    )
}

/// Ends of runs know each other wherever shares change in a run queue.
fn check_runs(kernel: &Kernel<Hosted>) {
    let share = |id: &ThreadId| kernel.objects.threads[*id].sched.share;
    for cpu in &kernel.sched.cpus {
        for priority in 0..abi::PRIORITIES {
            let priority = u8::try_from(priority).unwrap();
            let in_turn = |id: &ThreadId| {
                let thread = &kernel.objects.threads[*id];
                thread.sched.priority == priority && thread.sched.context.is_none()
            };
            let queued: Vec<ThreadId> =
                cpu.queue.iter(&kernel.objects.threads).filter(in_turn).collect();
            let runs = queued.chunk_by(|one, other| share(one) == share(other));
            let runs: Vec<_> = runs.map(|run| (run[0], run[run.len() - 1])).collect();
            assert_eq!(cpu.queue.runs(&kernel.objects.threads, priority), runs);
        }
    }
}

/// The most threads of any test that checks invariants.
const MOST_THREADS: usize = 256;

/// Whether something is on its way that makes the CPU look at its flags.
fn told(kernel: &Kernel<Hosted>, number: usize) -> bool {
    let cpu = &kernel.machine.cpus[number];
    let mut others = kernel.sched.cpus.iter().filter(|cpu| cpu.context == Context::Kernel);
    cpu.ipi_sent || !cpu.pending.is_empty() || others.any(|other| other.ipis >> number & 1 != 0)
}

/// A CPU outside the kernel has no work, or is told of it; it runs who is to run.
fn check_cpus(kernel: &Kernel<Hosted>) {
    let in_kernel =
        |(number, cpu): (usize, &Cpu)| cpu.context == Context::Kernel || told(kernel, number);
    let in_kernel = kernel.sched.cpus.iter().enumerate().any(in_kernel);
    for (number, cpu) in kernel.sched.cpus.iter().enumerate() {
        let at = CpuId(u16::try_from(number).unwrap());
        let halted = kernel.sched.idle >> number & 1 != 0;
        assert_eq!(halted, cpu.context == Context::Idle, "the mask of halted CPUs is wrong");
        if cpu.context == Context::Kernel || told(kernel, number) || kernel.shutdown.is_some() {
            continue;
        }
        assert_eq!(cpu.ipis, 0, "{at:?} has left without sending its ipis");
        check_postponed(kernel, number);
        // That a CPU or thread has something unusual in registers is no work before the next exit.
        let lasting = [Work::VectorSave, Work::Debug, Work::Ports, Work::UserValues];
        let lasting = lasting.iter().fold(0, |all, work| all | work.flag());
        let flags = kernel.flags(at) & Kernel::<Hosted>::MASK & !lasting;
        assert_eq!(flags, 0, "{at:?} is in {:?} with flags set and nothing tells it", cpu.context);
        let Some(current) = cpu.current else {
            assert_eq!(cpu.context, Context::Idle);
            assert_eq!(cpu.queue.highest(), None, "{at:?} is idle while somebody is ready");
            assert!(
                in_kernel
                    || kernel.objects.dying.is_empty()
                    || kernel.sched.is_postponed(at, Work::Reap),
                "{at:?} is idle while a dead process holds something"
            );
            continue;
        };
        assert_eq!(cpu.context, Context::User);
        assert!(kernel.objects.runnable(current), "current {current:?} must not run");
        assert!(
            kernel.objects.allowed(current, at),
            "{current:?} runs on {at:?}, where it may not"
        );
        let debug = kernel.objects.threads[current].registers.debug;
        assert_eq!(cpu.debug, debug, "{at:?} has the debug registers of another thread");
        // Threads of a suspended process stay in the queue until they are looked at.
        let ready =
            cpu.queue.iter(&kernel.objects.threads).filter(|id| kernel.objects.runnable(*id));
        let highest = ready.map(|id| kernel.objects.threads[id].sched.priority).max();
        let priority = kernel.objects.threads[current].sched.priority;
        assert!(highest.is_none_or(|highest| highest <= priority));
        if cpu.queue.has(priority) {
            let timer = kernel.machine.cpus[number].timer_ns;
            assert!(timer.is_some(), "nothing ends the slice of {current:?}");
        }
        let running = &kernel.objects.threads[current];
        if let Some(first) =
            cpu.queue.first_reserved(&kernel.objects.threads, running.sched.priority)
        {
            let first = &kernel.objects.threads[first];
            let later = running.sched.context.is_some() && first.sched.due >= running.sched.due;
            assert!(later, "{at:?} keeps one waiting that goes before {current:?}");
        }
        if let Some(context) = running.sched.context {
            let left = kernel.objects.sched_contexts[context].left;
            let timer = kernel.machine.cpus[number].timer_ns;
            let ends = cpu.clock.since + left;
            assert!(
                timer.is_some_and(|timer| timer <= ends),
                "{at:?} runs {current:?} beyond its budget, which ends at {ends}: timer {timer:?}"
            );
        }
        let table =
            kernel.objects.processes[kernel.objects.threads[current].process].space.table.as_ref();
        let root = table.map(|table| kernel.machine.root(table));
        assert_eq!(kernel.machine.cpus[number].active, root, "{at:?} runs in the wrong space");
    }
}

/// Shared work that a CPU has put off goes on when its timer fires, at once when it is halted.
fn check_postponed(kernel: &Kernel<Hosted>, number: usize) {
    let cpu = &kernel.sched.cpus[number];
    assert_eq!(cpu.postponed != 0, cpu.resume_ns.is_some(), "CPU {number}");
    let Some(resume) = cpu.resume_ns else { return };
    let timer = kernel.machine.cpus[number].timer_ns;
    assert!(timer.is_some_and(|timer| timer <= resume), "CPU {number} never goes on");
    assert!(cpu.current.is_some() || resume <= kernel.machine.now_ns, "CPU {number} waits idly");
}

/// The timer of some CPU fires no later than the next deadline.
fn check_deadlines(kernel: &Kernel<Hosted>) {
    let Some(next) = kernel.sched.deadlines.next_ns() else { return };
    let sees = |(number, cpu): (usize, &Cpu)| {
        let timer = kernel.machine.cpus[number].timer_ns;
        cpu.context == Context::Kernel
            || told(kernel, number)
            || timer.is_some_and(|timer| timer <= next)
            || cpu.postponed & Work::Deadlines.flag() != 0
    };
    assert!(kernel.sched.cpus.iter().enumerate().any(sees), "nobody waits for the deadline {next}");
}

/// No CPU knows a translation that is no longer, nor has a table loaded that is no more.
fn check_translations(kernel: &Kernel<Hosted>) {
    let table_of = |root| {
        let living = kernel
            .objects
            .processes
            .ids()
            .filter_map(|id| kernel.objects.processes[id].space.table.as_ref());
        living.into_iter().find(|table| kernel.machine.root(table) == root)
    };
    for (number, cpu) in kernel.machine.cpus.iter().enumerate() {
        if let Some(root) = cpu.active {
            assert!(table_of(root).is_some(), "CPU {number} has a freed table loaded");
        }
        let stale = cpu.stale(table_of);
        assert_eq!(stale, None, "CPU {number} still translates an address that changed");
    }
}

fn check_threads(kernel: &Kernel<Hosted>) {
    for id in kernel.objects.threads.ids() {
        let thread = &kernel.objects.threads[id];
        if thread.dead {
            let current = kernel.sched.cpus.iter().any(|cpu| cpu.current == Some(id));
            assert!(thread.refs > 0 || current, "dead {id:?} has no name and is not removed");
            continue;
        }
        let owner = &kernel.objects.processes[thread.process];
        assert!(
            owner
                .members
                .list
                .iter(&kernel.objects.threads, By::Sibling)
                .any(|sibling| sibling == id)
        );
        if let Some(bound) = thread.ipc.bound {
            assert_eq!(kernel.objects.notifications[bound].bound, Some(id));
        }
        if let Some(upcall) = thread.upcall {
            assert_eq!(kernel.objects.notifications[upcall.notification].upcall, Some(id));
            // The answer to a fault looks for bits itself.
            let waits = !matches!(thread.state, State::Ready | State::Inactive);
            let cut_short =
                !waits || thread.faults.unanswered.is_some() || kernel.objects.upcall_bits(id) == 0;
            let (state, work) = (thread.state, thread.work.0);
            assert!(cut_short, "{id:?} is {state:?} with {work:#x}; bits are there to divert it");
        }
    }
}

/// A context and its thread know each other, and who has no budget left waits for the next.
fn check_contexts(kernel: &Kernel<Hosted>) {
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
fn check_lent(kernel: &Kernel<Hosted>, id: ThreadId) {
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

/// Objects that handles name exist, and no object lives without a name.
fn check_references(kernel: &Kernel<Hosted>) {
    for id in kernel.objects.endpoints.ids() {
        assert!(
            (kernel.objects.endpoints[id].refs > 0 || kernel.objects.endpoints[id].ended)
                && kernel.objects.endpoints[id].refs >= kernel.objects.endpoints[id].receive_refs
        );
    }
    let ended = |id: &NotificationId| kernel.objects.notifications[*id].next_ended;
    let ended: Vec<_> = std::iter::successors(kernel.objects.ended_notifications, ended).collect();
    let named =
        |id: NotificationId| kernel.objects.notifications[id].refs > 0 || ended.contains(&id);
    assert!(kernel.objects.notifications.ids().all(named));
    assert!(kernel.objects.memories.ids().all(|id| kernel.objects.memories[id].refs > 0));
    assert!(kernel.objects.timers.ids().all(|id| kernel.objects.timers[id].refs > 0));
    let lifelines = kernel.objects.lifelines.ids().map(|id| &kernel.objects.lifelines[id]);
    for lifeline in lifelines {
        assert!(lifeline.refs > 0 && lifeline.refs >= lifeline.holders);
    }
    devices::check(kernel);
    assert!(
        kernel.objects.sched_contexts.ids().all(|id| kernel.objects.sched_contexts[id].refs > 0)
    );
    let handles: u32 =
        kernel.objects.processes.ids().map(|id| kernel.objects.processes[id].handles.used()).sum();
    assert_eq!(u64::from(handles), kernel.objects.handle_count);
    let dying = |id: &ProcessId| kernel.objects.processes[*id].life == Life::Dying;
    let listed = kernel.objects.dying.all(&kernel.objects.processes);
    assert!(listed.iter().all(dying), "a process that is not dying is to be taken apart");
    assert_eq!(
        listed.len(),
        kernel.objects.processes.ids().filter(dying).count(),
        "a dying one is lost"
    );
    check_abandoned(kernel);
    check_families(kernel);
    let living = kernel
        .objects
        .processes
        .ids()
        .filter(|id| kernel.objects.processes[*id].life == Life::Alive);
    assert_eq!(kernel.objects.living, living.count() as u64);
    for id in kernel.objects.processes.ids() {
        let process = &kernel.objects.processes[id];
        assert!(process.life != Life::Dead || process.refs > 0, "dead {id:?} is not removed");
    }
}

/// The children of a process are in its list for the living or in that for the dying, know it, and
/// do not outlive it; a process that is not dead has a name.
fn check_families(kernel: &Kernel<Hosted>) {
    let mut found = BTreeSet::new();
    for creator in kernel.objects.processes.ids() {
        let process = &kernel.objects.processes[creator];
        for (first, life) in
            [(process.family.living, Life::Alive), (process.family.dying, Life::Dying)]
        {
            let mut previous = None;
            let children =
                std::iter::successors(first, |id| kernel.objects.processes[*id].family.next);
            for child in children {
                let family = &kernel.objects.processes[child].family;
                assert_eq!((family.creator, family.previous), (Some(creator), previous));
                assert_eq!(
                    kernel.objects.processes[child].life, life,
                    "{child:?} is in the wrong list"
                );
                assert_ne!(process.life, Life::Dead, "{child:?} outlives {creator:?}");
                assert!(found.insert(child.index()), "{child:?} is in two lists");
                previous = Some(child);
            }
        }
    }
    for id in kernel.objects.processes.ids() {
        let process = &kernel.objects.processes[id];
        let child = process.life != Life::Dead && process.pid != crate::object::FIRST_PID;
        assert_eq!(found.contains(&id.index()), child, "{id:?} is no creator's");
        assert!(process.life != Life::Alive || process.refs > 0, "{id:?} runs and has no name");
    }
}

/// Servers with abandoned calls that were not signalled yet are in one list, and a CPU has the flag.
fn check_abandoned(kernel: &Kernel<Hosted>) {
    let listed = std::iter::successors(kernel.objects.abandoned_calls, |id| {
        kernel.objects.processes[*id].ipc.next_abandoned
    });
    let listed: Vec<ProcessId> = listed.take(kernel.objects.processes.len() + 1).collect();
    let abandoned = |id: &ProcessId| kernel.objects.processes[*id].ipc.in_abandoned;
    assert!(listed.iter().all(abandoned), "a server is listed without an abandoned call");
    assert_eq!(
        listed.len(),
        kernel.objects.processes.ids().filter(abandoned).count(),
        "one is lost"
    );
    let tells = |cpu: &Cpu| {
        (cpu.work.load(Ordering::Relaxed) | cpu.postponed) & Work::LostCalls.flag() != 0
    };
    let ended =
        kernel.objects.ended_endpoints.is_some() || kernel.objects.ended_notifications.is_some();
    let none = listed.is_empty() && !ended;
    assert!(none || kernel.sched.cpus.iter().any(tells), "no CPU will tell {listed:?}");
}

/// Frames that are neither free nor of a memory object: tables, blank pages of loans, vector
/// states, what is behind the arenas.
fn other_frames(kernel: &Kernel<Hosted>) -> u64 {
    let tables = kernel
        .objects
        .processes
        .ids()
        .filter_map(|id| kernel.objects.processes[id].space.table.as_ref());
    let loans = kernel.objects.memories.ids().map(|id| &kernel.objects.memories[id].storage);
    let loans = loans.filter(|storage| matches!(storage, Storage::Loan(_))).count();
    let vectors = kernel
        .objects
        .threads
        .ids()
        .filter(|id| kernel.objects.threads[*id].registers.vector.is_some())
        .count();
    let tables: u64 = tables.map(|table| table.frames()).sum();
    tables + (loans + vectors) as u64 + kernel.machine.grown
}

/// Every frame is free or has one owner, and regions are balanced trees, sorted and apart.
fn check_memory(kernel: &Kernel<Hosted>) {
    let mut used = 0;
    for id in kernel.objects.memories.ids() {
        let object = &kernel.objects.memories[id];
        if matches!(object.storage, Storage::Frames(_)) {
            used += object.pages;
        }
    }
    let charged: u64 = kernel.objects.quotas.ids().map(|id| own_pages(kernel, id)).sum();
    let taken = kernel.frames.total() - kernel.frames.available();
    assert_eq!(charged, taken, "frames in use are paid for");
    assert_eq!(used + other_frames(kernel), taken, "a frame is lost or has two owners");
    let mut seen = BTreeSet::new();
    for process in kernel.objects.processes.ids() {
        for id in checked_regions(
            &kernel.objects.processes[process].space.regions,
            &kernel.objects.regions,
        ) {
            assert!(kernel.objects.regions[id].pages > 0, "{id:?} is empty");
            assert!(seen.insert(id.index()));
        }
    }
    assert_eq!(seen.len(), kernel.objects.regions.len(), "no region is lost");
}

/// A loan is mapped in one space, shows its parent's pages or blanks, and is revoked
/// by a thread or a reaper once its lender's handle is closed.
fn check_loans(kernel: &Kernel<Hosted>) {
    let taken_back: Vec<MemoryId> = long_operations(kernel)
        .filter_map(|operation| match operation {
            Operation::Revoke { loan, .. } => Some(loan),
            _ => None,
        })
        .collect();
    for id in kernel.objects.memories.ids() {
        let Storage::Loan(loan) = &kernel.objects.memories[id].storage else { continue };
        assert_eq!(loan.regions > 0, loan.space.is_some(), "{id:?}");
        let works = taken_back.iter().filter(|taken| **taken == id).count();
        let expected = usize::from(loan.revoked && loan.parent.is_some());
        assert!(works == expected || works == 1, "{id:?} is taken back by {works}");
        assert!(loan.revoked || works == 0);
        let mut found = 0;
        for process in kernel.objects.processes.ids() {
            for region in checked_regions(
                &kernel.objects.processes[process].space.regions,
                &kernel.objects.regions,
            ) {
                let region = &kernel.objects.regions[region];
                if region.memory == id {
                    assert_eq!(loan.space, Some(process), "{id:?} is mapped in two spaces");
                    let end = loan.address + kernel.objects.memories[id].pages * abi::PAGE_SIZE;
                    let inside = region.start >= loan.address && region.end() <= end;
                    assert!(inside, "{id:?} is not looked for at {:#x}", region.start);
                    check_loan_pages(kernel, process, region, loan);
                    found += 1;
                }
            }
        }
        assert_eq!(found, loan.regions, "{id:?} is mapped elsewhere");
        check_lender(kernel, id, loan);
    }
}

/// What is mapped of a loan is the parent's page, or the blank one.
fn check_loan_pages(kernel: &Kernel<Hosted>, process: ProcessId, region: &Region, loan: &Loan) {
    let Some(table) = &kernel.objects.processes[process].space.table else { return };
    for page in 0..region.pages {
        let address = region.start + page * abi::PAGE_SIZE;
        let Some(seen) = kernel.machine.translate(table, address, Access::Read) else { continue };
        let lent = loan
            .parent
            .and_then(|parent| kernel.memory_page(parent, loan.first + region.first_page + page));
        let lent = lent == Some(seen);
        assert!(lent || (loan.revoked && seen == loan.blank.phys()), "{address:#x} shows {seen:?}");
    }
}

/// A loan has one lender's handle until it is revoked, and none from then on.
fn check_lender(kernel: &Kernel<Hosted>, id: MemoryId, loan: &Loan) {
    let mut lenders = 0;
    for process in kernel.objects.processes.ids() {
        let mut slot = 0;
        while let Some((handle, entry)) =
            kernel.objects.processes[process].handles.next(&kernel.objects.chunks, slot..u16::MAX)
        {
            lenders += usize::from(
                entry.object == ObjectRef::Memory(id) && kernel.objects.is_lender(&entry),
            );
            slot = handle.slot() + 1;
        }
    }
    assert_eq!(lenders, usize::from(!loan.revoked), "{id:?}");
}

/// Pages that an account pays for itself: what it uses, less what its children may.
fn own_pages(kernel: &Kernel<Hosted>, id: QuotaId) -> u64 {
    let children = kernel
        .objects
        .quotas
        .ids()
        .filter(|child| kernel.objects.quotas[*child].parent == Some(id));
    let lent: u32 =
        children.map(|child| kernel.objects.quotas[child].limit.of(Resource::Pages)).sum();
    u64::from(kernel.objects.quotas[id].used.of(Resource::Pages) - lent)
}

fn check_quotas(kernel: &Kernel<Hosted>) {
    for id in kernel.objects.quotas.ids() {
        let account = &kernel.objects.quotas[id];
        for resource in [Resource::Pages, Resource::Handles, Resource::Threads, Resource::Objects] {
            assert!(account.used.of(resource) <= account.limit.of(resource), "{id:?} {resource:?}");
        }
    }
    let living = kernel.objects.processes.ids().map(|id| &kernel.objects.processes[id]);
    for process in living.filter(|process| process.life != Life::Dead) {
        let account = &kernel.objects.quotas[process.accounts.quota];
        let siblings = process.members.list.iter(&kernel.objects.threads, By::Sibling);
        let waits =
            |id: &ThreadId| matches!(kernel.objects.threads[*id].state, State::Receiving(_));
        let receiving = siblings.filter(waits).count();
        assert_eq!(
            process.members.receiving as usize, receiving,
            "threads that wait for a message"
        );
        let threads = process.members.list.iter(&kernel.objects.threads, By::Sibling).count();
        assert_eq!(process.members.count as usize, threads);
        assert!(account.used.of(Resource::Threads) as usize >= threads);
        assert!(account.used.of(Resource::Handles) >= process.handles.used());
    }
}

/// Vector registers are unlocked for the thread that runs and no other, and a state
/// is in memory or in the registers of the CPU that runs it.
fn check_vectors(kernel: &Kernel<Hosted>) {
    if kernel.shutdown.is_some() {
        // The CPU that ends the machine never lets the kernel go.
        return;
    }
    for (number, cpu) in kernel.sched.cpus.iter().enumerate() {
        let live = cpu.work.load(Ordering::Relaxed) & Work::VectorSave.flag() != 0;
        let number = u16::try_from(number).unwrap();
        let unlocked = kernel.machine.vectors.get(&number).is_some_and(|unit| unit.unlocked);
        assert_eq!(live, unlocked, "the flag and the machine disagree");
        // They have no owner: another CPU killed the thread that runs here.
        let owned = cpu.vector_owner.is_none() || cpu.vector_owner == cpu.current;
        assert!(!live || owned, "live registers are not the current's");
        if let Some(owner) = cpu.vector_owner {
            let state = kernel.objects.threads[owner]
                .registers
                .vector
                .as_ref()
                .expect("an owner has a state");
            assert_eq!(state.cpu, Some(CpuId(number)), "it was loaded elsewhere since");
        }
    }
    for id in kernel.objects.threads.ids() {
        let thread = &kernel.objects.threads[id];
        let in_memory = thread.work.0 & Work::VectorLoad.flag() != 0;
        let live =
            thread.registers.vector.as_ref().and_then(|state| state.cpu).is_some_and(|cpu| {
                let cpu = kernel.cpu(cpu);
                cpu.current == Some(id)
                    && cpu.work.load(Ordering::Relaxed) & Work::VectorSave.flag() != 0
            });
        assert_eq!(
            thread.registers.vector.is_some(),
            in_memory != live,
            "{id:?}: in memory or live"
        );
        assert!(thread.registers.vector.is_some() || !(in_memory || live));
    }
}
