//! Scheduling contexts: budgets, periods, priorities, and who gets how much.

use super::invariants;
use super::kit::{BYTES, CPU, balance, boot};
use crate::exit::Next;
use crate::hosted::{Driver, Smp};
use crate::kernel::Sizes;
use crate::machine::{CpuId, Interrupt};
use crate::object::{Fault, Life, SchedContextId, State, ThreadId};
use abi::{
    BUDGET_LEAST_NS, ContextFlags, Error, FaultKind, FaultReply, PERIOD_MOST_NS, Rights, Syscall,
};

const MS: u64 = 1_000_000;
/// The first program's handle of the resource.
const RESOURCE: u64 = 1;

/// A context: (handle, id).
fn context(driver: &mut Driver, budget: u64, period: u64, priority: u64) -> (u64, SchedContextId) {
    flagged(driver, [budget, period, priority], ContextFlags::NONE)
}

fn flagged(driver: &mut Driver, terms: [u64; 3], flags: ContextFlags) -> (u64, SchedContextId) {
    let [budget, period, priority] = terms;
    let arguments = [RESOURCE, budget, period, priority, flags.bits()];
    let handle = driver.make(Syscall::ContextCreate, &arguments);
    (handle, driver.kernel.objects.sched_contexts.ids().last().unwrap())
}

/// A thread of this process on such a context, started.
fn reserved(driver: &mut Driver, process: u64, terms: [u64; 3]) -> ThreadId {
    let (handle, id) = driver.thread(process, 1);
    let (context, _) = flagged(driver, terms, ContextFlags::NONE);
    driver.call(Syscall::ContextBind, &[context, handle, 1]).unwrap();
    driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    id
}

/// A thread without a context in a process of its own, started.
fn hog(driver: &mut Driver, priority: u32) -> ThreadId {
    let (process, _) = driver.child_of(0, priority);
    let (handle, id) = driver.thread(process, u64::from(priority));
    driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    id
}

/// The first program waits for good.
fn step_aside(driver: &mut Driver) {
    driver.raw(Syscall::ThreadSuspend as u64, &[0], 0);
}

/// Lets all run for so long, in steps: the user time of each.
fn run(driver: &mut Driver, time: u64, step: u64, of: &[ThreadId]) -> Vec<u64> {
    let before: Vec<u64> = of.iter().map(|id| driver.kernel.objects.threads[*id].user).collect();
    for _ in 0..time / step {
        driver.advance(step);
        invariants::check(&driver.kernel);
    }
    let used =
        of.iter().zip(before).map(|(id, before)| driver.kernel.objects.threads[*id].user - before);
    used.collect()
}

#[test]
fn thirty_percent_beside_hogs_of_any_priority_below() {
    for hogs in [[20, 20, 20], [19, 20, 10], [5, 5, 5]] {
        let mut driver = boot();
        let id = reserved(&mut driver, 0, [3 * MS, 10 * MS, 20]);
        let hogs = hogs.map(|priority| hog(&mut driver, priority));
        step_aside(&mut driver);
        let used = run(&mut driver, 1000 * MS, MS / 4, &[id, hogs[0], hogs[1], hogs[2]]);
        assert_eq!(used[0], 300 * MS, "{used:?}");
        assert_eq!(used.iter().sum::<u64>(), 1000 * MS, "the rest is the others'");
    }
}

#[test]
fn a_budget_ends_to_the_nanosecond_and_comes_back_so() {
    let mut driver = boot();
    let id = reserved(&mut driver, 0, [3 * MS, 10 * MS, 25]);
    let other = hog(&mut driver, 20);
    step_aside(&mut driver);
    assert_eq!(driver.running(), id);
    let mut changes = Vec::new();
    let start = driver.kernel.machine.now_ns;
    while changes.len() < 5 {
        let before = driver.running();
        let at = driver.kernel.machine.timer_ns.expect("somebody's time ends");
        driver.advance(at - driver.kernel.machine.now_ns);
        if driver.running() != before {
            changes.push((driver.running(), driver.kernel.machine.now_ns - start));
        }
    }
    let expected = [3 * MS, 10 * MS, 13 * MS, 20 * MS, 23 * MS];
    for ((who, at), (turn, expected)) in changes.iter().zip(expected.iter().enumerate()) {
        assert_eq!(*who, if turn % 2 == 0 { other } else { id });
        assert_eq!(at, expected, "{changes:?}");
    }
}

#[test]
fn time_beyond_the_budget_is_owed() {
    let mut driver = boot();
    let id = reserved(&mut driver, 0, [3 * MS, 10 * MS, 25]);
    let other = hog(&mut driver, 20);
    step_aside(&mut driver);
    // The timer's interrupt comes late by 1 ms.
    driver.advance(4 * MS);
    assert_eq!(driver.running(), other);
    let used = run(&mut driver, 16 * MS, MS / 2, &[id]);
    assert_eq!(used, [2 * MS], "the next budget is shorter by that");
    let used = run(&mut driver, 10 * MS, MS / 2, &[id]);
    assert_eq!(used, [3 * MS]);
}

/// What a server that has answered still spends for a client on another CPU, say.
#[test]
fn a_debt_that_comes_while_a_thread_runs_ends_its_budget_earlier() {
    let mut driver = boot();
    let main = driver.running();
    let (handle, id) = context(&mut driver, 3 * MS, 10 * MS, 25);
    driver.call(Syscall::ContextBind, &[handle, 0, 1]).unwrap();
    driver.kernel.objects.threads[main].sched.debt = MS;
    driver.call(Syscall::ContextInfo, &[handle]).unwrap();
    invariants::check(&driver.kernel);
    assert_eq!(driver.kernel.objects.sched_contexts[id].used, MS);
}

#[test]
fn what_is_not_used_is_lost() {
    let mut driver = boot();
    let id = reserved(&mut driver, 0, [3 * MS, 10 * MS, 25]);
    hog(&mut driver, 20);
    step_aside(&mut driver);
    assert_eq!(driver.running(), id);
    let later = driver.kernel.machine.now_ns + 55 * MS;
    driver.raw(Syscall::Sleep as u64, &[later], 0);
    let used = run(&mut driver, 60 * MS, MS / 2, &[id]);
    assert_eq!(used, [3 * MS], "one budget in the period in which it wakes");
}

#[test]
fn contexts_of_one_priority_all_get_theirs() {
    let mut driver = boot();
    let all = [[3, 10], [25, 100], [7, 20]]
        .map(|[budget, period]: [u64; 2]| reserved(&mut driver, 0, [budget * MS, period * MS, 20]));
    let other = hog(&mut driver, 20);
    step_aside(&mut driver);
    let used = run(&mut driver, 2000 * MS, MS / 4, &[all[0], all[1], all[2], other]);
    for (used, percent) in used.iter().zip([30, 25, 35, 10]) {
        assert!(used.abs_diff(20 * percent * MS) <= 10 * MS, "{percent} of 100: {used}");
    }
}

#[test]
fn a_spent_budget_is_told_where_that_is_asked() {
    let mut driver = boot();
    let line = driver.make(Syscall::EndpointCreate, &[]);
    let (process, child) = driver.child(0);
    driver.call(Syscall::ProcessFaults, &[process, line, 7]).unwrap();
    let (handle, id) = driver.thread(process, 1);
    let (context, _) = flagged(&mut driver, [3 * MS, 10 * MS, 20], ContextFlags::FAULTS);
    driver.call(Syscall::ContextBind, &[context, handle, 1]).unwrap();
    driver.call(Syscall::ThreadResume, &[handle]).unwrap();
    let handler = driver.raw(Syscall::Recv as u64, &[line], 0);
    assert_eq!(driver.running(), id);
    driver.advance(3 * MS);
    assert_eq!(driver.running(), handler);
    let told = driver.result(handler).unwrap();
    assert_eq!((told.values.0, told.words[0]), (7, FaultKind::TimeOut as u64));
    // Resumed, it has to wait all the same.
    driver.raw(Syscall::Reply as u64, &[told.token, FaultReply::Resume as u64], 0);
    assert_eq!(driver.state(id), State::Ready);
    driver.raw(Syscall::Recv as u64, &[line], 0);
    assert_eq!(driver.next, Next::Idle);
    driver.advance(7 * MS);
    assert_eq!(driver.running(), id);
    // A handler that changes the context gives it time at once.
    driver.advance(3 * MS);
    let told = driver.result(handler).unwrap();
    driver.call(Syscall::ContextConfigure, &[context, MS, 10 * MS, 20, 0]).unwrap();
    driver.raw(Syscall::ReplyRecv as u64, &[told.token, line << 32], 0);
    assert_eq!(driver.running(), id);
    assert_eq!(driver.kernel.objects.processes[child].life, Life::Alive);
}

#[test]
fn nobody_to_tell_of_a_spent_budget_is_no_death() {
    let mut driver = boot();
    let (process, child) = driver.child(0);
    let (handle, id) = driver.thread(process, 1);
    let (context, _) = flagged(&mut driver, [3 * MS, 10 * MS, 20], ContextFlags::FAULTS);
    driver.call(Syscall::ContextBind, &[context, handle, 1]).unwrap();
    driver.call(Syscall::ThreadResume, &[handle]).unwrap();
    step_aside(&mut driver);
    let used = run(&mut driver, 100 * MS, MS / 2, &[id]);
    assert_eq!(used, [30 * MS]);
    assert_eq!(driver.kernel.objects.processes[child].life, Life::Alive);
}

#[test]
fn a_handler_that_dies_leaves_a_thread_without_budget_alive() {
    let mut driver = boot();
    let line = driver.make(Syscall::EndpointCreate, &[]);
    let (process, child) = driver.child(0);
    driver.call(Syscall::ProcessFaults, &[process, line, 7]).unwrap();
    let (handle, id) = driver.thread(process, 1);
    let (context, _) = flagged(&mut driver, [3 * MS, 10 * MS, 25], ContextFlags::FAULTS);
    driver.call(Syscall::ContextBind, &[context, handle, 1]).unwrap();
    driver.call(Syscall::ThreadResume, &[handle]).unwrap();
    let now = driver.kernel.machine.now_ns;
    driver.raw(Syscall::Sleep as u64, &[now + 4 * MS], 0);
    driver.advance(3 * MS);
    assert!(matches!(driver.state(id), State::Sending(_)));
    driver.advance(MS);
    driver.call(Syscall::HandleClose, &[line]).unwrap();
    step_aside(&mut driver);
    assert_eq!(driver.next, Next::Idle);
    assert_eq!(driver.kernel.objects.processes[child].life, Life::Alive);
    driver.advance(6 * MS);
    assert_eq!(driver.running(), id);
}

#[test]
fn contexts_are_made_by_who_has_the_resource_within_limits() {
    let mut driver = boot();
    let good = [RESOURCE, 3 * MS, 10 * MS, 20, 0];
    let refused = |driver: &mut Driver, place: usize, value: u64| {
        let mut arguments = good;
        arguments[place] = value;
        driver.call(Syscall::ContextCreate, &arguments).unwrap_err()
    };
    let line = driver.make(Syscall::EndpointCreate, &[]);
    assert_eq!(refused(&mut driver, 0, line), Error::WrongKind);
    let weak = driver.make(Syscall::HandleCopy, &[RESOURCE, u64::from(Rights::TRANSFER.bits())]);
    assert_eq!(refused(&mut driver, 0, weak), Error::NoRight);
    for (place, value) in [
        (1, BUDGET_LEAST_NS - 1),
        (1, 10 * MS + 1),
        (2, PERIOD_MOST_NS + 1),
        (2, 0),
        (3, 64),
        (4, 2),
    ] {
        assert_eq!(refused(&mut driver, place, value), Error::BadArgument, "{place}: {value}");
    }
    let (handle, _) = context(&mut driver, 3 * MS, 10 * MS, 41);
    let (child, _) = driver.child_of(0, 40);
    let (thread, _) = driver.thread(child, 10);
    let bind = |driver: &mut Driver, context: u64, thread: u64, how: u64| {
        driver.call(Syscall::ContextBind, &[context, thread, how])
    };
    assert_eq!(bind(&mut driver, handle, thread, 1), Err(Error::BadArgument), "too urgent");
    driver.call(Syscall::ContextConfigure, &[handle, MS, 10 * MS, 40, 0]).unwrap();
    assert_eq!(bind(&mut driver, handle, thread, 2), Err(Error::BadArgument));
    assert_eq!(bind(&mut driver, handle, thread, 0), Err(Error::BadState), "it is not bound");
    bind(&mut driver, handle, thread, 1).unwrap();
    assert_eq!(bind(&mut driver, handle, 0, 1), Err(Error::BadState), "it has a thread");
    let (second, _) = context(&mut driver, MS, 10 * MS, 20);
    assert_eq!(bind(&mut driver, second, thread, 1), Err(Error::BadState), "it has a context");
    let urgent = [handle, MS, 10 * MS, 41, 0];
    assert_eq!(driver.call(Syscall::ContextConfigure, &urgent), Err(Error::BadArgument));
    bind(&mut driver, handle, thread, 0).unwrap();
    bind(&mut driver, second, thread, 1).unwrap();
}

#[test]
fn a_context_goes_with_its_last_name() {
    let mut driver = boot();
    let before = balance(&driver);
    let (child, _) = driver.child(0);
    let (thread, id) = driver.thread(child, 10);
    let (handle, context) = context(&mut driver, 3 * MS, 10 * MS, 20);
    driver.call(Syscall::ContextBind, &[handle, thread, 1]).unwrap();
    driver.call(Syscall::HandleClose, &[handle]).unwrap();
    assert_eq!(driver.kernel.objects.threads[id].sched.priority, 20, "the binding is a name too");
    assert_eq!(driver.kernel.objects.sched_contexts[context].home, Some(id));
    driver.raw(Syscall::ProcessKill as u64, &[child, 0], 0);
    driver.call(Syscall::HandleClose, &[thread]).unwrap();
    driver.call(Syscall::HandleClose, &[child]).unwrap();
    invariants::check(&driver.kernel);
    assert_eq!(balance(&driver), before);
}

#[test]
fn a_thread_that_leaves_its_context_is_as_it_was() {
    let mut driver = boot();
    let (handle, id) = context(&mut driver, MS, 10 * MS, 25);
    driver.call(Syscall::ContextBind, &[handle, 0, 1]).unwrap();
    let me = driver.running();
    assert_eq!(driver.kernel.objects.threads[me].sched.priority, 25);
    driver.call(Syscall::ThreadPriority, &[0, 33]).unwrap();
    assert_eq!(
        driver.kernel.objects.threads[me].sched.priority, 25,
        "the context says how urgent it is"
    );
    driver.advance(MS);
    assert_eq!(driver.next, Next::Idle);
    driver.advance(9 * MS);
    driver.call(Syscall::ContextBind, &[handle, 0, 0]).unwrap();
    assert_eq!(driver.kernel.objects.threads[me].sched.priority, 33);
    driver.advance(100 * MS);
    assert_eq!(driver.running(), me);
    let told = driver.call(Syscall::ContextInfo, &[handle]).unwrap();
    assert_eq!(told.values, (MS, 1), "used, exhausted");
    assert_eq!(driver.kernel.objects.sched_contexts[id].holder, None);
}

#[test]
fn a_server_without_a_context_works_on_the_budget_of_its_client() {
    let mut driver = boot();
    let line = driver.make(Syscall::EndpointCreate, &[]);
    let (caller, _) = driver.child_of(0, 40);
    let sends = driver.give(caller, line, Rights::SEND, 0);
    let client = reserved(&mut driver, caller, [3 * MS, 10 * MS, 20]);
    let server = driver.raw(Syscall::Recv as u64, &[line], 0);
    assert_eq!(driver.running(), client);
    driver.raw(Syscall::Call as u64, &[sends, 1], 0);
    assert_eq!(driver.running(), server);
    driver.advance(2 * MS);
    let token = driver.result(server).unwrap().token;
    driver.raw(Syscall::ReplyRecv as u64, &[token, line << 32], 0);
    assert_eq!(driver.running(), client);
    driver.advance(MS - 1);
    assert_eq!(driver.running(), client);
    driver.advance(1);
    assert_eq!(driver.next, Next::Idle, "2 ms by the server, 1 ms by itself");
}

#[test]
fn on_two_cpus_two_of_sixty_percent_get_theirs() {
    let sizes = Sizes::for_memory(2048 * abi::PAGE_SIZE, 2048);
    let mut driver = Driver::boot_with(&sizes, 2);
    let two = [(); 2].map(|()| reserved(&mut driver, 0, [6 * MS, 10 * MS, 20]));
    for _ in 0..4 {
        hog(&mut driver, 20);
    }
    step_aside(&mut driver);
    let mut smp = Smp::from(driver);
    for _ in 0..2000 {
        smp.kernel.machine.now_ns += MS / 4;
        for cpu in [CpuId(0), CpuId(1)] {
            let due = smp.kernel.machine.cpus[usize::from(cpu.0)].timer_ns;
            if due.is_some_and(|due| due <= smp.kernel.machine.now_ns) {
                smp.timer_fires(cpu);
            }
        }
        smp.settle();
        invariants::check(&smp.kernel);
    }
    for id in two {
        let used = smp.kernel.objects.threads[id].user;
        assert!(used.abs_diff(300 * MS) <= 6 * MS, "{used}");
    }
}

/// Time that a server spent for a running thread shortens its budget, whose end is in the timer of
/// its CPU: another CPU that asks for the thread's times leaves both alone.
#[test]
fn a_look_from_another_cpu_moves_no_end_of_a_budget() {
    let sizes = Sizes::for_memory(2048 * abi::PAGE_SIZE, 2048);
    let mut driver = Driver::boot_with(&sizes, 2);
    let id = reserved(&mut driver, 0, [3 * MS, 10 * MS, 20]);
    let mut smp = Smp::from(driver);
    smp.settle();
    let main = smp.kernel.objects.threads.ids().next().unwrap();
    let asks = smp.cpus().find(|cpu| smp.running(*cpu) == Some(main)).expect("it runs");
    assert!(smp.cpus().any(|cpu| smp.running(cpu) == Some(id)), "on the other CPU");
    smp.kernel.objects.threads[id].sched.debt = MS;
    smp.syscall(asks, Syscall::ProcessInfo as u64, &[0, BYTES], 0);
    smp.settle();
    assert_eq!(smp.kernel.frame(main).number_status, 0);
    invariants::check(&smp.kernel);
}

#[test]
fn on_many_cpus_a_budget_ends_in_time() {
    for cpus in [2, 4] {
        let sizes = Sizes::for_memory(2048 * abi::PAGE_SIZE, 2048);
        let mut driver = Driver::boot_with(&sizes, cpus);
        let id = reserved(&mut driver, 0, [3 * MS, 10 * MS, 20]);
        for _ in 0..2 * cpus {
            hog(&mut driver, 20);
        }
        let mut smp = Smp::from(driver);
        let context = smp.kernel.objects.threads[id].sched.own.unwrap();
        let main = smp.kernel.objects.threads.ids().next().unwrap();
        for step in 0..40_000_u64 {
            smp.kernel.machine.now_ns += MS / 100;
            for cpu in smp.cpus() {
                let due = smp.kernel.machine.cpus[usize::from(cpu.0)].timer_ns;
                if due.is_some_and(|due| due <= smp.kernel.machine.now_ns) {
                    smp.timer_fires(cpu);
                }
                // The first program comes and goes, and asks.
                if smp.running(cpu) == Some(main) && step % 7 == 0 {
                    let until = smp.kernel.machine.now_ns + MS * (step % 20);
                    smp.syscall(cpu, Syscall::Sleep as u64, &[until], 0);
                }
                smp.settle();
            }
            let context = &smp.kernel.objects.sched_contexts[context];
            assert!(context.owed <= MS / 50, "{cpus} CPUs, step {step}: {context:?}");
        }
        let used = smp.kernel.objects.sched_contexts[context].used;
        assert!(used.abs_diff(120 * MS) <= 3 * MS, "{cpus} CPUs: {used}");
    }
}

#[test]
fn nobody_pays_for_waiting_for_the_kernel() {
    let mut driver = boot();
    let id = reserved(&mut driver, 0, [3 * MS, 10 * MS, 25]);
    step_aside(&mut driver);
    let before = driver.kernel.cpu_info(CPU);
    driver.kernel.machine.now_ns += 5 * MS;
    // As the arch tells it, on its way in.
    driver.kernel.waited(CPU, 4 * MS);
    driver.interrupt(Interrupt::Timer);
    assert_eq!(driver.running(), id, "it has used 1 ms");
    let context = driver.kernel.objects.threads[id].sched.own.unwrap();
    assert_eq!(driver.kernel.objects.sched_contexts[context].used, MS);
    let after = driver.kernel.cpu_info(CPU);
    assert_eq!(after.kernel_ns - before.kernel_ns, 4 * MS, "it was the CPU's time");
}

#[test]
fn a_fault_of_its_own_is_told_before_the_budget_matters() {
    let mut driver = boot();
    let line = driver.make(Syscall::EndpointCreate, &[]);
    let (process, _) = driver.child(0);
    driver.call(Syscall::ProcessFaults, &[process, line, 7]).unwrap();
    let id = reserved(&mut driver, process, [3 * MS, 10 * MS, 20]);
    let handler = driver.raw(Syscall::Recv as u64, &[line], 0);
    assert_eq!(driver.running(), id);
    driver.kernel.machine.now_ns += 3 * MS;
    driver.fault(&Fault { kind: FaultKind::Page, code: 0, address: 8 });
    assert_eq!(driver.running(), handler);
    assert_eq!(driver.result(handler).unwrap().words[0], FaultKind::Page as u64);
}
