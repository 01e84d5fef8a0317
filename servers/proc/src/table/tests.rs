use super::{Full, MAX_ENDED, MAX_PROGRAMS, Table, Wait};
use proc_api::ExitStatus;

type Programs = Table<(), &'static str>;

/// Starts a program with this process id.
fn start(table: &mut Programs, pid: u32) -> (u8, u32) {
    let place = table.reserve().unwrap();
    table.insert(place, (pid, 0), "hello", ());
    place
}

#[test]
fn waiting_before_the_end() {
    let mut table = Programs::default();
    let (slot, _) = start(&mut table, 7);
    assert!(matches!(table.wait(7, "a"), Wait::Later));
    assert!(matches!(table.wait(7, "b"), Wait::Later));
    let gone = table.died(slot, 3).unwrap();
    assert_eq!((gone.pid, gone.status), (7, ExitStatus::Exited(3)));
    assert_eq!(gone.waiters, ["a", "b"]);
    assert!(matches!(table.wait(7, "c"), Wait::NoSuchProcess("c")), "it was waited for");
    assert!(table.died(slot, 3).is_none(), "nobody dies twice");
}

#[test]
fn waiting_after_the_end() {
    let mut table = Programs::default();
    let (slot, _) = start(&mut table, 7);
    assert!(table.died(slot, 0).unwrap().waiters.is_empty());
    assert!(table.alive(7).is_none());
    assert_eq!(table.all().count(), 1, "it is remembered");
    assert!(matches!(table.wait(7, "a"), Wait::Ended("a", ExitStatus::Exited(0))));
    assert_eq!(table.all().count(), 0);
}

#[test]
fn the_cause_goes_before_the_status() {
    let mut table = Programs::default();
    let (slot, instance) = start(&mut table, 7);
    table.instance(instance).unwrap().cause = Some(ExitStatus::Killed(9));
    assert_eq!(table.died(slot, 137).unwrap().status, ExitStatus::Killed(9));
}

#[test]
fn slots_are_used_again_and_instances_are_not() {
    let mut table = Programs::default();
    let first = start(&mut table, 7);
    let second = start(&mut table, 8);
    assert_ne!(first.0, second.0);
    table.died(first.0, 0);
    let third = start(&mut table, 9);
    assert_eq!(third.0, first.0);
    assert!(third.1 > second.1);
    assert!(table.instance(first.1).is_none());
    assert_eq!(table.slot(third.0).unwrap().pid, 9, "the dead one does not hide the new one");
}

#[test]
fn there_is_an_end_to_it() {
    let mut table = Programs::default();
    for pid in 0..u32::from(MAX_PROGRAMS) {
        start(&mut table, pid + 10);
    }
    assert_eq!(table.reserve(), Err(Full));
    table.died(5, 0);
    assert_eq!(table.reserve().unwrap().0, 5);
}

#[test]
fn only_so_many_of_the_dead_are_remembered() {
    let mut table = Programs::default();
    for pid in 1..=u32::try_from(MAX_ENDED).unwrap() + 1 {
        let (slot, _) = start(&mut table, pid);
        table.died(slot, 0);
    }
    assert_eq!(table.all().count(), MAX_ENDED);
    assert!(matches!(table.wait(1, "a"), Wait::NoSuchProcess("a")), "the oldest is forgotten");
    assert!(matches!(table.wait(2, "a"), Wait::Ended("a", _)));
}

#[test]
fn the_foreground_ends_with_its_program() {
    let mut table = Programs::default();
    let (slot, _) = start(&mut table, 7);
    assert!(!table.set_foreground(8), "there is no such program");
    assert!(table.set_foreground(7));
    assert_eq!(table.foreground(), 7);
    table.died(slot, 0);
    assert_eq!(table.foreground(), 0);
    assert!(!table.set_foreground(7), "it has ended");
    assert!(table.set_foreground(0));
}
