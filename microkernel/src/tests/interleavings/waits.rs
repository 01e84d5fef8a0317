//! Signal, wait, time-out, kill: no bit is lost or seen twice, and no thread waits for bits
//! that are there.

use super::checker::{Leave, Scene, State, boot};
use super::script::{call, park};
use crate::hosted::Smp;
use abi::{Error, Syscall};

const WAIT: Syscall = Syscall::Wait;
const SIGNAL: Syscall = Syscall::Signal;

/// Bits that a thread's waits took.
fn taken(state: &State, thread: usize) -> Vec<u64> {
    let ended = &state.progress[thread].ended;
    ended.iter().filter(|ended| ended.0.is_none() && ended.1 != 0).map(|ended| ended.1).collect()
}

/// Bits that no thread has taken.
fn left(state: &State) -> u64 {
    let notifications = &state.smp.kernel.objects.notifications;
    notifications.ids().map(|id| notifications[id].bits).fold(0, |all, bits| all | bits)
}

/// A thread waits twice, each time not for ever; two others signal.
fn time_outs() -> Scene {
    let mut driver = boot();
    let first = driver.running();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let other = driver.make(Syscall::NotificationCreate, &[]);
    let (a, waiter) = driver.thread(0, 31);
    let (b, second) = driver.thread(0, 29);
    for handle in [b, a] {
        driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    }
    let mut start = Smp::from(driver);
    start.settle();
    let scripts = vec![
        (waiter, vec![call(WAIT, &[bell, 1000]), call(WAIT, &[bell, 2000]), park()]),
        // The same moment twice: one CPU may ask for it while the other one has it behind it.
        (first, vec![call(SIGNAL, &[bell, 1]), call(WAIT, &[other, 1000]), park()]),
        (second, vec![call(SIGNAL, &[bell, 2]), park()]),
    ];
    let end = |state: &State| {
        let seen = taken(state, 0);
        let all = seen.iter().sum::<u64>() + left(state);
        assert_eq!(all, 3, "each bit is seen once or still there: {seen:?}");
        let timed_out = |ended: &&super::script::Ended| ended.0 == Some(Error::TimedOut);
        let timed_out = state.progress[0].ended.iter().filter(timed_out).count();
        assert_eq!(seen.len() + timed_out, 2, "each wait has one end");
    };
    Scene {
        name: "signal, wait, time-out",
        start,
        scripts,
        lines: vec![],
        end,
        leave: Leave::Faithful,
    }
}

/// A thread waits and is killed while another one signals: by itself or with its process.
fn kills(whole_process: bool) -> Scene {
    let mut driver = boot();
    let first = driver.running();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let death = driver.make(Syscall::NotificationCreate, &[]);
    let (child, _) = driver.child(death);
    let in_child = driver.give(child, bell, abi::Rights::ALL, 0);
    let (victim, waiter) = driver.thread(child, 31);
    let (b, second) = driver.thread(0, 29);
    for handle in [b, victim] {
        driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    }
    let mut start = Smp::from(driver);
    start.settle();
    let kill = if whole_process {
        call(Syscall::ProcessKill, &[child, 7])
    } else {
        call(Syscall::ThreadKill, &[victim])
    };
    let scripts = vec![
        (waiter, vec![call(WAIT, &[in_child, 1000]), call(WAIT, &[in_child, u64::MAX]), park()]),
        (first, vec![call(SIGNAL, &[bell, 1]), call(WAIT, &[death, u64::MAX]), park()]),
        // A thread without a handle may still be on its CPU.
        (second, vec![kill, call(Syscall::HandleClose, &[victim]), park()]),
    ];
    let end = |state: &State| {
        assert_eq!(taken(state, 1), [1], "the death is told, once");
        assert_eq!(
            state.smp.kernel.objects.processes.len(),
            2,
            "a handle still names the dead one"
        );
        let seen = taken(state, 0);
        assert!(seen.len() <= 1 && (seen.is_empty() || left(state) == 0), "{seen:?} twice");
    };
    let name =
        if whole_process { "signal, wait, kill process" } else { "signal, wait, kill thread" };
    Scene { name, start, scripts, lines: vec![], end, leave: Leave::Faithful }
}

#[test]
fn exit_10_no_bit_is_lost_between_signal_wait_and_time_out() {
    time_outs().holds();
}

#[test]
fn exit_09_a_thread_killed_at_any_point_is_gone() {
    kills(false).holds();
}

#[test]
fn exit_09_a_process_killed_at_any_point_is_taken_apart() {
    kills(true).holds();
}
