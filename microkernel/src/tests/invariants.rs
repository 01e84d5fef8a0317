//! What is true of the kernel after every step, on any number of CPUs.

mod contexts;
mod devices;
mod memory;

use crate::cpu::{Context, Cpu};
use crate::hosted::Hosted;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};
use crate::object::{By, Life, NotificationId, Operation, ProcessId, Resource, State, ThreadId};
use crate::time::thread_key;
use crate::work::Work;
use core::sync::atomic::Ordering;
use std::collections::BTreeSet;

/// Panics when something is not as it must be.
pub(super) fn check(kernel: &Kernel<Hosted>) {
    check_running(kernel);
    check_runs(kernel);
    check_threads(kernel);
    contexts::check_contexts(kernel);
    check_references(kernel);
    memory::check_memory(kernel);
    memory::check_loans(kernel);
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
                kernel.objects.threads[id].sched.allows(thread.sched.cpu),
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
        let flags =
            kernel.sched.flags(&kernel.objects.threads, at) & Kernel::<Hosted>::MASK & !lasting;
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
            kernel.objects.threads[current].sched.allows(at),
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
