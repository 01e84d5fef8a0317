//! Who runs: priorities, slices, preemption, suspension.

use super::kit::boot;
use crate::exit::Next;
use crate::hosted::{Driver, Place, Smp};
use crate::kernel::Sizes;
use crate::machine::{CpuId, Interrupt};
use crate::object::{Life, ThreadId};
use abi::Syscall;

pub(super) const SLICE: u64 = 10_000_000;

#[test]
fn the_more_urgent_thread_runs_at_once() {
    let mut driver = boot();
    let first = driver.running();
    let urgent = driver.start_urgent(0);
    driver.raw(Syscall::ThreadPriority as u64, &[0, 3], 0);
    assert_eq!(driver.next, Next::User(first));
    assert_eq!(driver.kernel.objects.threads[urgent].sched.priority, 3);
}

#[test]
fn equal_threads_take_turns_by_time() {
    let mut driver = boot();
    let (handle, second) = driver.thread(0, 30);
    let first = driver.running();
    driver.call(Syscall::ThreadResume, &[handle]).unwrap();
    let mut order = Vec::new();
    for _ in 0..6 {
        order.push(driver.running());
        driver.advance(SLICE);
    }
    assert_eq!(order, [first, second, first, second, first, second]);
}

#[test]
fn a_preempted_thread_keeps_its_turn() {
    let mut driver = boot();
    let (handle, _) = driver.thread(0, 30);
    let first = driver.running();
    driver.call(Syscall::ThreadResume, &[handle]).unwrap();
    driver.advance(SLICE / 2);
    let urgent = driver.start_urgent(0);
    assert_eq!(driver.running(), urgent);
    driver.raw(Syscall::ThreadKill as u64, &[0], 0);
    assert_eq!(driver.running(), first, "not the other one of the same priority");
}

#[test]
fn yield_goes_round() {
    let mut driver = boot();
    let (handle, second) = driver.thread(0, 30);
    let first = driver.running();
    driver.call(Syscall::ThreadResume, &[handle]).unwrap();
    driver.raw(Syscall::Yield as u64, &[], 0);
    assert_eq!(driver.running(), second);
    driver.raw(Syscall::Yield as u64, &[], 0);
    assert_eq!(driver.running(), first);
}

#[test]
fn who_signals_a_peer_goes_on() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let (handle, peer) = driver.thread(0, 30);
    let me = driver.running();
    driver.call(Syscall::ThreadResume, &[handle]).unwrap();
    driver.raw(Syscall::Yield as u64, &[], 0);
    assert_eq!(driver.running(), peer);
    driver.raw(Syscall::Wait as u64, &[bell, u64::MAX], 0);
    driver.raw(Syscall::Signal as u64, &[bell, 1], 0);
    assert_eq!(driver.next, Next::User(me));
}

#[test]
fn the_timer_ends_the_slice_of_the_one_who_runs() {
    let mut driver = boot();
    let (peer, _) = driver.thread(0, 30);
    driver.advance(SLICE / 10 * 9);
    // Two urgent ones have turns of their own; the timer is set for those.
    driver.start_urgent(0);
    let (second, _) = driver.thread(0, 31);
    driver.call(Syscall::ThreadResume, &[second]).unwrap();
    driver.call(Syscall::ThreadResume, &[peer]).unwrap();
    assert_eq!(driver.kernel.machine.timer_ns, Some(SLICE / 10 * 19));
    driver.raw(Syscall::ThreadKill as u64, &[0], 0);
    driver.raw(Syscall::ThreadKill as u64, &[0], 0);
    assert_eq!(driver.kernel.machine.timer_ns, Some(SLICE), "a tenth was left");
}

#[test]
fn a_timer_that_fires_too_early_for_a_slice_ends_nothing() {
    let mut driver = boot();
    let (peer, _) = driver.thread(0, 30);
    let me = driver.running();
    driver.call(Syscall::ThreadResume, &[peer]).unwrap();
    driver.raw(Syscall::Yield as u64, &[], 0);
    driver.advance(SLICE / 2);
    driver.raw(Syscall::Yield as u64, &[], 0);
    // The timer of the turn before is still set: the new one ends later.
    assert_eq!((driver.next, driver.kernel.machine.timer_ns), (Next::User(me), Some(SLICE)));
    driver.advance(SLICE / 2);
    let end = SLICE / 2 * 3;
    assert_eq!((driver.next, driver.kernel.machine.timer_ns), (Next::User(me), Some(end)));
}

#[test]
fn a_lone_thread_takes_no_timer_interrupts() {
    let mut driver = boot();
    assert_eq!(driver.kernel.machine.timer_ns, None);
    driver.interrupt(Interrupt::Ipi);
    driver.kernel.machine.now_ns += 100 * SLICE;
    driver.interrupt(Interrupt::Ipi);
    assert_eq!(driver.kernel.machine.timer_ns, None, "nobody waits, so no slice ends");
}

#[test]
fn an_idle_cpu_waits_for_the_next_deadline() {
    let mut driver = boot();
    let me = driver.raw(Syscall::Sleep as u64, &[5_000], 0);
    assert_eq!(driver.next, Next::Idle);
    assert_eq!(driver.kernel.machine.timer_ns, Some(5_000));
    driver.advance(5_000);
    assert_eq!(driver.next, Next::User(me));
    assert!(driver.kernel.system_info().idle_ns >= 5_000);
}

#[test]
fn a_timer_that_fires_too_early_is_set_again() {
    let mut driver = boot();
    driver.raw(Syscall::Sleep as u64, &[5_000], 0);
    driver.kernel.machine.timer_ns = None;
    driver.interrupt(Interrupt::Timer);
    assert_eq!((driver.next, driver.kernel.machine.timer_ns), (Next::Idle, Some(5_000)));
}

#[test]
fn a_suspended_thread_runs_only_when_resumed() {
    let mut driver = boot();
    let (handle, second) = driver.thread(0, 29);
    driver.call(Syscall::ThreadResume, &[handle]).unwrap();
    driver.call(Syscall::ThreadSuspend, &[handle]).unwrap();
    let me = driver.raw(Syscall::Sleep as u64, &[1_000], 0);
    assert_eq!(driver.next, Next::Idle);
    driver.advance(1_000);
    assert_eq!(driver.next, Next::User(me));
    driver.call(Syscall::ThreadResume, &[handle]).unwrap();
    driver.raw(Syscall::ThreadSuspend as u64, &[0], 0);
    assert_eq!(driver.next, Next::User(second));
}

#[test]
fn time_is_booked_to_who_used_it() {
    let mut driver = boot();
    let me = driver.running();
    driver.kernel.machine.now_ns += 700;
    driver.call(Syscall::Yield, &[]).unwrap();
    assert_eq!(driver.kernel.objects.threads[me].user, 700);
}

/// A machine with this number of CPUs; the first runs, the others are halted.
fn many(cpus: usize) -> Driver {
    Driver::boot_with(&Sizes::for_memory(1024 * abi::PAGE_SIZE, 1024), cpus)
}

/// A thread that may only run on this CPU, started there.
fn pinned(driver: &mut Driver, process: u64, priority: u64, cpu: u64) -> u64 {
    let (handle, _) = driver.thread(process, priority);
    driver.call(Syscall::ThreadAffinity, &[handle, 1 << cpu]).unwrap();
    driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    handle
}

#[test]
fn one_cpu_keeps_the_next_deadline() {
    let mut driver = many(2);
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let timer = driver.make(Syscall::TimerCreate, &[bell, 1]);
    pinned(&mut driver, 0, 29, 1);
    let mut smp = Smp::from(driver);
    smp.settle();
    smp.syscall(CpuId(1), Syscall::Sleep as u64, &[1_000], 0);
    smp.settle();
    // The first CPU looks at the deadlines too, with a later one of its own.
    smp.syscall(CpuId(0), Syscall::TimerArm as u64, &[timer, 5_000], 0);
    smp.settle();
    let timers: Vec<_> = smp.kernel.machine.cpus.iter().map(|cpu| cpu.timer_ns).collect();
    assert_eq!(timers, [None, Some(1_000)]);
}

#[test]
fn a_peer_that_comes_from_another_cpu_ends_the_slice_there() {
    let mut driver = many(2);
    pinned(&mut driver, 0, 29, 1);
    let (second, _) = driver.thread(0, 29);
    driver.call(Syscall::ThreadAffinity, &[second, 1 << 1]).unwrap();
    let mut smp = Smp::from(driver);
    smp.settle();
    assert_eq!(smp.kernel.machine.cpus[1].timer_ns, None, "nobody waits");
    smp.syscall(CpuId(0), Syscall::ThreadResume as u64, &[second], 0);
    smp.settle();
    assert_eq!(smp.kernel.machine.cpus[1].timer_ns, Some(SLICE));
}

/// A thread that blocks leaves the rest of its slice to the next thread of its share alone.
#[test]
fn the_rest_of_a_slice_is_for_the_share() {
    for (own, rest) in [(true, SLICE - 3_000_000), (false, SLICE)] {
        let mut driver = boot();
        let bell = driver.make(Syscall::NotificationCreate, &[]);
        let process = if own { 0 } else { driver.child(0).0 };
        let first = driver.running();
        let priority = u64::from(driver.kernel.objects.threads[first].sched.priority);
        let second = busy(&mut driver, process, priority);
        assert_eq!(driver.running(), first);
        driver.kernel.objects.threads[first].sched.slice = SLICE;
        driver.advance(3_000_000);
        driver.raw(Syscall::Wait as u64, &[bell, u64::MAX], 0);
        assert_eq!(driver.running(), second);
        assert_eq!(
            driver.kernel.objects.threads[second].sched.slice, rest,
            "of its own share: {own}"
        );
    }
}

/// A thread of the running one's priority that waits for the bell, on the first CPU.
fn waiting_peer(driver: &mut Driver, bell: u64) -> ThreadId {
    let first = driver.running();
    let priority = u64::from(driver.kernel.objects.threads[first].sched.priority);
    let (handle, peer) = driver.thread(0, priority);
    driver.call(Syscall::ThreadAffinity, &[handle, 1]).unwrap();
    driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    driver.raw(Syscall::Yield as u64, &[], 0);
    assert_eq!(driver.running(), peer);
    driver.raw(Syscall::Wait as u64, &[bell, u64::MAX], 0);
    assert_eq!(driver.running(), first);
    peer
}

#[test]
fn a_woken_peer_goes_to_a_halted_cpu_that_it_may_use() {
    for (affinity, cpu) in [(0b01, 0), (0b11, 1)] {
        let mut driver = many(2);
        let bell = driver.make(Syscall::NotificationCreate, &[]);
        let peer = waiting_peer(&mut driver, bell);
        driver.kernel.sched().set_affinity(peer, affinity);
        driver.call(Syscall::Signal, &[bell, 1]).unwrap();
        assert_eq!(driver.kernel.objects.threads[peer].sched.cpu, CpuId(cpu));
        assert!(driver.kernel.objects.threads[peer].sched.queued);
    }
}

#[test]
fn who_signals_a_peer_when_its_turn_is_over_makes_room() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let peer = waiting_peer(&mut driver, bell);
    let first = driver.running();
    driver.kernel.objects.threads[first].sched.slice = 0;
    driver.raw(Syscall::Signal as u64, &[bell, 1], 0);
    assert_eq!(driver.running(), peer);
}

#[test]
fn who_yields_where_it_may_not_run_goes_on_elsewhere() {
    let mut driver = many(2);
    let (first, second) = (driver.running(), queued_peer(&mut driver, 0));
    driver.kernel.sched().set_affinity(first, 1 << 1);
    driver.raw(Syscall::Yield as u64, &[], 0);
    assert_eq!(driver.running(), second);
    assert_eq!(driver.kernel.objects.threads[first].sched.cpu, CpuId(1));
}

#[test]
fn who_yields_to_the_dead_goes_on() {
    let mut driver = boot();
    let (child, process) = driver.child(0);
    let (first, second) = (driver.running(), queued_peer(&mut driver, child));
    driver.kernel.objects.processes[process].life = Life::Dying;
    driver.raw(Syscall::Yield as u64, &[], 0);
    assert_ne!(driver.next, Next::User(second));
    assert_eq!(driver.next, Next::User(first));
}

#[test]
fn who_yields_when_it_was_stopped_is_in_no_queue() {
    let mut driver = boot();
    let (first, second) = (driver.running(), queued_peer(&mut driver, 0));
    driver.kernel.objects.threads[first].suspended = true;
    driver.raw(Syscall::Yield as u64, &[], 0);
    assert_eq!(driver.running(), second);
    assert!(!driver.kernel.objects.threads[first].sched.queued);
}

/// A thread of the running one's priority that waits for the first CPU.
fn queued_peer(driver: &mut Driver, process: u64) -> ThreadId {
    let first = driver.running();
    let priority = u64::from(driver.kernel.objects.threads[first].sched.priority);
    let (handle, peer) = driver.thread(process, priority);
    driver.call(Syscall::ThreadAffinity, &[handle, 1]).unwrap();
    driver.call(Syscall::ThreadResume, &[handle]).unwrap();
    assert!(driver.kernel.objects.threads[peer].sched.queued);
    peer
}

/// It was sent away by another CPU and has not heard of it yet.
#[test]
fn who_signals_somebody_urgent_where_it_may_not_run_goes_on_elsewhere() {
    let mut driver = many(2);
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let waiter = driver.start_urgent(0);
    driver.kernel.sched().set_affinity(waiter, 1);
    driver.raw(Syscall::Wait as u64, &[bell, u64::MAX], 0);
    let signaller = driver.running();
    driver.kernel.sched().set_affinity(signaller, 1 << 1);
    driver.raw(Syscall::Signal as u64, &[bell, 1], 0);
    assert_eq!(driver.running(), waiter);
    assert_eq!(driver.kernel.objects.threads[signaller].sched.cpu, CpuId(1));
}

#[test]
fn who_leaves_the_dead_for_somebody_urgent_finds_them_a_halted_cpu() {
    let mut driver = many(3);
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let (child, id) = driver.child_of(0, 30);
    pinned(&mut driver, 0, 50, 1);
    pinned(&mut driver, child, 30, 1);
    let mut smp = Smp::from(driver);
    smp.settle();
    smp.syscall(CpuId(1), Syscall::Wait as u64, &[bell, u64::MAX], 0);
    smp.settle();
    // The CPU of the victim is given something better to do than to take it apart.
    smp.syscall(CpuId(0), Syscall::ThreadPriority as u64, &[0, 40], 0);
    smp.settle();
    smp.syscall(CpuId(0), Syscall::ProcessKill as u64, &[child, 0], 0);
    smp.syscall(CpuId(0), Syscall::Signal as u64, &[bell, 1], 0);
    smp.settle();
    assert!(smp.places[..2].iter().all(|place| matches!(place, Place::User(_))));
    assert_eq!(smp.kernel.objects.processes[id].life, Life::Dead);
}

/// A thread of this priority in the process, started.
pub(super) fn busy(driver: &mut Driver, process: u64, priority: u64) -> ThreadId {
    let (handle, id) = driver.thread(process, priority);
    driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    id
}

#[test]
fn a_slice_that_ends_in_the_middle_of_an_exit_ends_then() {
    let mut driver = boot();
    let second = busy(&mut driver, 0, 30);
    let first = driver.running();
    let mut smp = Smp::from(driver);
    smp.settle();
    smp.syscall(CpuId(0), Syscall::MemoryCreate as u64, &[200], 0);
    assert!(smp.kernel.objects.threads[first].operation.is_some(), "a long exit");
    smp.kernel.machine.now_ns += 2 * SLICE;
    let mut turns = 0;
    while smp.running(CpuId(0)).is_none() {
        // As on a machine: a timer that was set for what is past fires at once.
        let (now_ns, timer_ns) = (smp.kernel.machine.now_ns, smp.kernel.machine.cpus[0].timer_ns);
        if timer_ns.is_some_and(|at_ns| at_ns <= now_ns) {
            smp.timer_fires(CpuId(0));
        }
        smp.turn(CpuId(0));
        turns += 1;
        assert!(turns < 10, "the exit never ends");
    }
    assert_eq!(smp.running(CpuId(0)), Some(second));
}
