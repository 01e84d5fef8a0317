//! Nothing runs that no other process can name and end.

use super::invariants::check;
use super::kit::{BYTES, balance, boot};
use crate::exit::Next;
use crate::hosted::Driver;
use crate::object::{Life, ProcessId, ThreadId};
use abi::{Error, Rights, Syscall};

/// The running process makes a child whose thread is the most urgent and spins, in its turn.
fn spinning_child(driver: &mut Driver, share: u32) -> (u64, ProcessId, ThreadId) {
    driver.poke(BYTES, b"child");
    let quota: Vec<u8> =
        [share, 4, 2, 4, 30, 0].iter().flat_map(|half| half.to_le_bytes()).collect();
    driver.poke(BYTES + 64, &quota);
    let child = driver.make(Syscall::ProcessCreate, &[BYTES, 5, BYTES + 64, 0, 0]);
    let id = driver.kernel.objects.processes.ids().last().unwrap();
    let (thread, started) = driver.thread(child, 29);
    driver.call(Syscall::ThreadResume, &[thread]).unwrap();
    driver.call(Syscall::HandleClose, &[thread]).unwrap();
    (child, id, started)
}

#[test]
fn a_process_dies_with_its_last_handle() {
    let mut driver = boot();
    let before = balance(&driver);
    let (child, id, _) = spinning_child(&mut driver, 16);
    let copy = driver.make(Syscall::HandleCopy, &[child, Rights::TRANSFER.bits().into(), 0]);
    driver.call(Syscall::HandleClose, &[child]).unwrap();
    assert_eq!(driver.kernel.objects.processes[id].life, Life::Alive, "it still has a name");
    driver.call(Syscall::HandleClose, &[copy]).unwrap();
    assert!(driver.kernel.objects.processes.get(id).is_none(), "it is gone");
    check(&driver.kernel);
    assert_eq!(balance(&driver), before);
}

/// A line of descendants, each with a thread that runs and a handle to itself.
#[test]
fn a_process_dies_with_its_creator_whatever_still_names_it() {
    let mut driver = boot();
    let death = driver.make(Syscall::NotificationCreate, &[]);
    let before = balance(&driver);
    let (child, first) = driver.child(death);
    driver.give_page(child);
    let maker = driver.start_urgent(child);
    let (grandchild, second, _) = spinning_child(&mut driver, 16);
    driver.give(grandchild, grandchild, Rights::ALL, 0);
    driver.raw(Syscall::ProcessKill as u64, &[0, 3], 0);
    assert_ne!(driver.running(), maker);
    for id in [first, second] {
        let living = driver.kernel.objects.processes.get(id);
        assert!(living.is_none_or(|process| process.life == Life::Dead), "{id:?} lives");
    }
    check(&driver.kernel);
    assert_eq!(driver.call(Syscall::Wait, &[death, 0]).unwrap().values.0, 1);
    driver.call(Syscall::HandleClose, &[child]).unwrap();
    let threads =
        driver.kernel.objects.threads.ids().map(|id| driver.kernel.objects.threads[id].refs);
    assert_eq!(threads.filter(|refs| *refs > 0).count(), 1, "the handle of its first thread");
    let left = balance(&driver);
    assert_eq!((left[0], left[1], left[5]), (before[0], before[1], before[5]));
}

#[test]
fn a_death_is_told_when_the_last_descendant_has_given_back_what_it_held() {
    let mut driver = boot();
    let death = driver.make(Syscall::NotificationCreate, &[]);
    let (child, id) = driver.child(death);
    driver.give_page(child);
    driver.start_urgent(child);
    let (_, grandchild, _) = spinning_child(&mut driver, 24);
    driver.raw(Syscall::Sleep as u64, &[u64::MAX], 0);
    // No handle is left that names the grandchild but one that a third process holds.
    let (third, _) = driver.child(0);
    let process = driver.kernel.objects.processes.ids().last().unwrap();
    let object = crate::object::ObjectRef::Process(grandchild);
    driver.kernel.memory().grant(process, object, Rights::ALL, 0).unwrap();
    let quota = driver.kernel.objects.processes[id].accounts.quota;
    driver.raw(Syscall::ProcessKill as u64, &[child, 0], 0);
    assert!(matches!(driver.next, Next::User(_)));
    assert_eq!(driver.call(Syscall::Wait, &[death, 0]).unwrap().values.0, 1);
    assert!(driver.kernel.objects.quotas.get(quota).is_none_or(|account| account.closed));
    assert_eq!(driver.kernel.objects.processes[grandchild].life, Life::Dead);
    driver.call(Syscall::HandleClose, &[third]).unwrap();
    let late = driver.call(Syscall::ProcessInfo, &[third, BYTES]);
    assert_eq!(late, Err(Error::BadHandle));
    check(&driver.kernel);
}

#[test]
fn a_line_of_descendants_has_an_end() {
    let mut driver = boot();
    let (child, id) = driver.child(0);
    driver.give_page(child);
    driver.kernel.objects.processes[id].family.depth = 31;
    driver.start_urgent(child);
    let (_, last, thread) = spinning_child(&mut driver, 16);
    assert_eq!(driver.kernel.objects.processes[last].family.depth, 32);
    driver.kernel.objects.processes[id].family.depth = 32;
    let more = driver.call(Syscall::ProcessCreate, &[BYTES, 5, BYTES + 64, 0, 0]);
    assert_eq!(more, Err(Error::QuotaExceeded));
    assert!(driver.kernel.objects.threads.get(thread).is_some());
}
