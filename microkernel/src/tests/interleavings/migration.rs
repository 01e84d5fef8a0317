//! Migrate, wake: a thread runs only where it may, on one CPU at a time, and is not lost on
//! the way.

use super::checker::{Leave, Scene, State, boot};
use super::script::{Step, call, park};
use crate::hosted::{DATA, Smp};
use crate::machine::Access;
use abi::Syscall;

/// One thread is sent from CPU to CPU while others wake it and idle CPUs pull.
fn scene() -> Scene {
    let mut driver = boot();
    let first = driver.running();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let (a, traveller) = driver.thread(0, 29);
    let (b, second) = driver.thread(0, 31);
    for handle in [a, b] {
        driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    }
    let mut start = Smp::from(driver);
    start.settle();
    let affinity = |mask: u64| call(Syscall::ThreadAffinity, &[a, mask]);
    let scripts = vec![
        (
            traveller,
            vec![call(Syscall::Wait, &[bell, u64::MAX]), call(Syscall::Yield, &[]), park()],
        ),
        (first, vec![affinity(0b01), affinity(0b10), affinity(0b01), park()]),
        (second, vec![call(Syscall::Signal, &[bell, 1]), affinity(0b10), affinity(0b11), park()]),
    ];
    let end = |state: &State| {
        assert_eq!(state.progress[0].at, 3, "the traveller did all its steps");
    };
    Scene { name: "migrate, wake", start, scripts, lines: vec![], end, leave: Leave::Faithful }
}

#[test]
fn exit_08_a_thread_sent_about_is_never_lost() {
    scene().holds();
}

/// One CPU uses a page that the other one takes away, or makes read-only.
fn shoot_down(call_it: Syscall) -> Scene {
    let mut driver = boot();
    let first = driver.running();
    let (a, user) = driver.thread(0, 29);
    driver.raw(Syscall::ThreadResume as u64, &[a], 0);
    let mut start = Smp::from(driver);
    start.settle();
    let page = DATA + 4096;
    let write = || Step::Touch(page, Access::Write);
    let scripts = vec![
        (user, vec![write(), call(Syscall::Yield, &[]), write(), park()]),
        (first, vec![call(call_it, &[0, page, 1, 1]), write(), park()]),
    ];
    let end = |state: &State| {
        let worked = |thread: usize, step: usize| state.progress[thread].ended[step].1 == 1;
        assert!(!worked(1, 1), "the page could be written after it was taken away");
        assert!(worked(0, 0) || !worked(0, 2), "what was taken away came back");
    };
    let leave = Leave::Faithful;
    Scene { name: "use, unmap", start, scripts, lines: vec![], end, leave }
}

/// A thread is stopped and started by another one at any point of what it does.
fn stops() -> Scene {
    let mut driver = boot();
    let first = driver.running();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let (a, stopped) = driver.thread(0, 29);
    let (b, third) = driver.thread(0, 28);
    for handle in [a, b] {
        driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    }
    let mut start = Smp::from(driver);
    start.settle();
    let wait = call(Syscall::Wait, &[bell, u64::MAX]);
    let scripts = vec![
        (stopped, vec![call(Syscall::Yield, &[]), wait, call(Syscall::Clock, &[])]),
        (
            first,
            vec![
                call(Syscall::ThreadSuspend, &[a]),
                call(Syscall::Signal, &[bell, 1]),
                call(Syscall::ThreadResume, &[a]),
                park(),
            ],
        ),
        (third, vec![call(Syscall::ThreadPriority, &[a, 27]), park()]),
    ];
    let end = |state: &State| {
        assert_eq!(state.progress[0].at, 3, "the stopped thread went on");
    };
    Scene { name: "stop, start", start, scripts, lines: vec![], end, leave: Leave::Faithful }
}

#[test]
fn exit_08_no_cpu_uses_a_page_that_was_taken_away() {
    shoot_down(Syscall::Unmap).holds();
}

#[test]
fn exit_08_no_cpu_writes_a_page_that_became_read_only() {
    shoot_down(Syscall::Protect).holds();
}

#[test]
fn exit_08_a_thread_stopped_at_any_point_goes_on() {
    stops().holds();
}
