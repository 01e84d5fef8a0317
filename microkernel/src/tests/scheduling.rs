//! Who runs: priorities, slices, preemption, suspension.

use super::kit::boot;
use crate::exit::Next;
use crate::machine::Interrupt;
use abi::Syscall;

const SLICE: u64 = 10_000_000;

#[test]
fn the_more_urgent_thread_runs_at_once() {
    let mut driver = boot();
    let first = driver.running();
    let urgent = driver.start_urgent(0);
    driver.raw(Syscall::ThreadPriority as u64, &[0, 3], 0);
    assert_eq!(driver.next, Next::User(first));
    assert_eq!(driver.kernel.threads[urgent].priority, 3);
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
fn a_lone_thread_takes_no_timer_interrupts() {
    let mut driver = boot();
    assert_eq!(driver.kernel.machine.timer_ns, None);
    driver.interrupt(Interrupt::Kick);
    driver.kernel.machine.now_ns += 100 * SLICE;
    driver.interrupt(Interrupt::Kick);
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
    assert_eq!(driver.kernel.threads[me].user_ns, 700);
}
