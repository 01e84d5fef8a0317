//! Arenas that grow: more objects than the boot made room for.

use super::invariants::check;
use crate::hosted::Driver;
use crate::kernel::Sizes;
use abi::{Error, Syscall};

/// Room for hardly more than the first program.
const LITTLE: Sizes = Sizes {
    frames_end: 4096,
    threads: 1,
    processes: 1,
    endpoints: 1,
    notifications: 1,
    memories: 4,
    regions: 4,
    timers: 1,
    lifelines: 1,
    chunks: 1,
    irqs: 1,
    ports: 1,
    sched_contexts: 1,
    records: 1,
};

const MANY: u64 = 40;

/// A thread of the running program that has no handle and was not started.
fn add_thread(driver: &mut Driver) -> Result<(), Error> {
    let made = driver.call(Syscall::ThreadCreate, &[0, 0x40_0000, 0, 0, 20]);
    let handle = made?.values.0;
    driver.call(Syscall::HandleClose, &[handle]).map(drop)
}

fn fill(driver: &mut Driver) -> usize {
    (0..).find(|_| add_thread(driver) == Err(Error::OutOfMemory)).unwrap()
}

#[test]
fn there_can_be_more_of_everything_than_at_boot() {
    let mut driver = Driver::boot_with(&LITTLE, 1);
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let page = driver.make(Syscall::MemoryCreate, &[1]);
    for number in 0..MANY {
        driver.make(Syscall::EndpointCreate, &[]);
        driver.make(Syscall::NotificationCreate, &[]);
        driver.make(Syscall::MemoryCreate, &[1]);
        driver.call(Syscall::LifelineCreate, &[bell, 1]).unwrap();
        let address = 0x1000_0000 + 2 * number * abi::PAGE_SIZE;
        driver.call(Syscall::Map, &[0, page, address, 0, 1, 1]).unwrap();
        add_thread(&mut driver).unwrap();
        driver.child(0);
        check(&driver.kernel);
    }
    assert_eq!(driver.kernel.objects.threads.len() as u64, 1 + MANY);
    assert_eq!(driver.kernel.objects.processes.len() as u64, 1 + MANY);
}

#[test]
fn deadlines_of_threads_and_timers_stay_apart_when_both_become_more() {
    let mut driver = Driver::boot_with(&LITTLE, 1);
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    for number in 0..MANY {
        let timer = driver.make(Syscall::TimerCreate, &[bell, 1 << number]);
        driver.call(Syscall::TimerArm, &[timer, 1000 * (MANY - number)]).unwrap();
        let sleeper = driver.start_urgent(0);
        driver.raw(Syscall::Sleep as u64, &[1_000_000], 0);
        assert_ne!(driver.running(), sleeper);
        check(&driver.kernel);
    }
    for number in (0..MANY).rev() {
        driver.advance(1000);
        let rung = driver.call(Syscall::Wait, &[bell, 0]).unwrap().values.0;
        assert_eq!(rung, 1 << number, "one timer and no other");
    }
    let asleep = |driver: &Driver| {
        let threads = &driver.kernel.objects.threads;
        threads.ids().filter(|id| threads[*id].state == crate::object::State::Sleeping).count()
    };
    assert_eq!(asleep(&driver) as u64, MANY);
    driver.advance(1_000_000);
    assert_eq!(asleep(&driver), 0);
}

#[test]
fn room_ends_with_an_error_and_can_be_used_again() {
    let mut driver = Driver::boot(512);
    let (child, _) = driver.child(0);
    let (thread, _) = driver.thread(child, 20);
    let first = fill(&mut driver);
    assert!(first > driver.kernel.sched.deadlines.keys() / 4, "threads were the most of it");
    check(&driver.kernel);
    assert_eq!(add_thread(&mut driver), Err(Error::OutOfMemory), "as often as it is tried");
    driver.call(Syscall::ThreadKill, &[thread]).unwrap();
    driver.call(Syscall::HandleClose, &[thread]).unwrap();
    driver.call(Syscall::Yield, &[]).unwrap();
    assert_eq!(add_thread(&mut driver), Ok(()));
    check(&driver.kernel);
}

#[test]
fn what_has_room_already_needs_no_growth() {
    let mut driver = Driver::boot_with(&Sizes { frames_end: 512, ..LITTLE }, 1);
    fill(&mut driver);
    assert!(!driver.kernel.objects.chunks.has_room());
    let copy = driver.make(Syscall::HandleCopy, &[1, u64::from(abi::Rights::ALL.bits()), 0]);
    driver.call(Syscall::HandleClose, &[copy]).unwrap();
}

#[test]
fn growth_takes_no_page_that_another_program_was_promised() {
    let mut driver = Driver::boot(512);
    let (child, id) = driver.child(0);
    let quota = driver.kernel.objects.processes[id].accounts.quota;
    let (handle, thread) = driver.thread(child, 31);
    fill(&mut driver);
    driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    assert_eq!(driver.running(), thread);
    let left = driver.kernel.objects.quotas.left(quota, crate::object::Resource::Pages);
    assert!(left > 16, "{left}");
    driver.call(Syscall::MemoryCreate, &[u64::from(left)]).unwrap();
    check(&driver.kernel);
}
