//! Vector registers: each thread finds its own values after migrations, kills and births.

use super::checker::{Leave, Scene, State, boot};
use super::script::{Step, call, park};
use crate::hosted::{Driver, Smp, VECTOR_CLEAN};
use crate::object::ThreadId;
use abi::Syscall;

const CLEAN: u8 = VECTOR_CLEAN[0];

/// A machine whose locked registers stay as they are, or are emptied.
fn machine(keeps: bool) -> Driver {
    let mut driver = boot();
    driver.kernel.machine.vector_keeps = keeps;
    driver
}

/// Two more threads, started, and their handles.
fn two_more(driver: &mut Driver) -> [(u64, ThreadId); 2] {
    let made = [driver.thread(0, 29), driver.thread(0, 31)];
    for (handle, _) in made {
        driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    }
    made
}

/// One thread is sent from CPU to CPU while it and others use the registers.
fn travel(keeps: bool) -> Scene {
    let mut driver = machine(keeps);
    let first = driver.running();
    let [(a, traveller), (_, second)] = two_more(&mut driver);
    let mut start = Smp::from(driver);
    start.settle();
    let affinity = |mask: u64| call(Syscall::ThreadAffinity, &[a, mask]);
    let uses = |value: u8| {
        let again = Step::Vector(value, value + 1);
        vec![Step::Vector(CLEAN, value), call(Syscall::Yield, &[]), again, park()]
    };
    let scripts = vec![
        (traveller, uses(1)),
        (first, vec![affinity(0b10), affinity(0b01), park()]),
        (second, uses(9)),
    ];
    let end = |state: &State| {
        assert!(state.progress.iter().all(|thread| thread.at >= 3), "all did all their steps");
    };
    Scene { name: "vectors, migrate", start, scripts, lines: vec![], end, leave: Leave::Faithful }
}

/// A thread is killed while it uses the registers, and another one uses them after it.
fn death(keeps: bool) -> Scene {
    let mut driver = machine(keeps);
    let first = driver.running();
    let [(a, victim), (_, heir)] = two_more(&mut driver);
    let mut start = Smp::from(driver);
    start.settle();
    let scripts = vec![
        (
            victim,
            vec![Step::Vector(CLEAN, 1), call(Syscall::Yield, &[]), Step::Vector(1, 2), park()],
        ),
        (first, vec![call(Syscall::ThreadKill, &[a]), Step::Vector(CLEAN, 5), park()]),
        (heir, vec![Step::Vector(CLEAN, 9), call(Syscall::Yield, &[]), Step::Vector(9, 8), park()]),
    ];
    let end = |state: &State| {
        let states = state.smp.kernel.objects.threads.ids();
        let with = states
            .filter(|id| state.smp.kernel.objects.threads[*id].registers.vector.is_some())
            .count();
        assert_eq!(with, 2, "the dead one has no state any more");
    };
    Scene { name: "vectors, kill", start, scripts, lines: vec![], end, leave: Leave::Faithful }
}

#[test]
fn exit_39_vector_state_of_threads_sent_about() {
    travel(true).holds();
    travel(false).holds();
}

#[test]
fn exit_39_vector_state_of_threads_that_are_killed() {
    death(true).holds();
    death(false).holds();
}
