//! Vector state: whose registers they are, whatever is switched between.

use super::invariants::check;
use super::kit::{CPU, balance, boot};
use crate::exit::Next;
use crate::hosted::{Driver, VECTOR_BYTES, VECTOR_CLEAN};
use crate::object::ThreadId;
use crate::work::Work;
use abi::{Error, FAULT_LABEL, FaultKind, FaultReply, Rights, Syscall};
use std::collections::BTreeMap;

/// What each thread has put into its registers.
#[derive(Default)]
pub(super) struct Shadow(BTreeMap<String, [u8; VECTOR_BYTES]>);

impl Shadow {
    /// The running thread uses its registers: it finds its own values, and puts others there.
    pub(super) fn touch(&mut self, driver: &mut Driver, value: u8) -> bool {
        let me = format!("{:?}", driver.running());
        let wanted = self.0.get(&me).copied().unwrap_or(VECTOR_CLEAN);
        let mut found = wanted;
        let used = driver.vector(|registers| {
            found = core::mem::replace(registers, [value; VECTOR_BYTES]);
        });
        assert_eq!(found, wanted, "{me} finds other registers than its own");
        if used {
            self.0.insert(me, [value; VECTOR_BYTES]);
        }
        used
    }
}

/// How often each of the two rows ran.
fn rows(driver: &Driver) -> [u64; 2] {
    let counts = driver.kernel.cpu(CPU).work_counts;
    [Work::VectorSave, Work::VectorLoad].map(|work| counts[work as usize])
}

/// Loads, saves, loads that were not needed.
fn counts(driver: &Driver) -> [u64; 3] {
    let info = driver.kernel.system_info();
    [info.vector_loads, info.vector_saves, info.vector_kept]
}

fn yield_now(driver: &mut Driver) {
    driver.raw(Syscall::Yield as u64, &[], 0);
}

/// Threads of the first thread's priority, started; it still runs itself.
fn companions(driver: &mut Driver, count: usize) -> Vec<(u64, ThreadId)> {
    let made: Vec<_> = (0..count).map(|_| driver.thread(0, 30)).collect();
    for (handle, _) in &made {
        driver.call(Syscall::ThreadResume, &[*handle]).unwrap();
    }
    made
}

#[test]
fn a_first_use_costs_a_page_and_finds_clean_registers() {
    let mut driver = boot();
    let before = balance(&driver);
    let (handle, thread) = driver.thread(0, 31);
    driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    assert!(Shadow::default().touch(&mut driver, 7));
    assert_eq!(driver.running(), thread);
    assert_eq!(balance(&driver)[0], before[0] - 1);
    check(&driver.kernel);
    driver.raw(Syscall::ThreadKill as u64, &[0], 0);
    driver.call(Syscall::HandleClose, &[handle]).unwrap();
    assert_eq!(balance(&driver), before, "the page is back");
    check(&driver.kernel);
}

#[test]
fn exit_39_a_pattern_is_held_over_100_000_switches() {
    for keeps in [true, false] {
        let mut driver = boot();
        driver.kernel.machine.vector_keeps = keeps;
        let mut shadow = Shadow::default();
        companions(&mut driver, 3);
        let before = driver.kernel.system_info().switches;
        for step in 0..100_000_u32 {
            // Not every time, and one of the four never.
            let me = driver.running().index();
            if me != 2 && step % 3 != 0 {
                assert!(shadow.touch(&mut driver, (step % 251).to_le_bytes()[0]));
            }
            yield_now(&mut driver);
        }
        assert_eq!(driver.kernel.system_info().switches - before, 100_000);
        let [loads, saves, kept] = counts(&driver);
        assert!(loads >= 74_000 && saves >= 74_000, "{loads} loads, {saves} saves");
        assert_eq!(kept, 0, "two others used them in between each time");
        check(&driver.kernel);
    }
}

#[test]
fn exit_39_registers_that_nobody_else_loaded_are_not_loaded_again() {
    let mut driver = boot();
    let mut shadow = Shadow::default();
    companions(&mut driver, 1);
    assert!(shadow.touch(&mut driver, 1));
    assert_eq!(counts(&driver), [1, 0, 0]);
    for round in 1..=50 {
        yield_now(&mut driver);
        assert!(!driver.kernel.machine.vector_unit().unlocked, "the other one never used them");
        yield_now(&mut driver);
        assert_eq!(counts(&driver), [1, round, round]);
        assert!(shadow.touch(&mut driver, 2));
    }
}

#[test]
fn exit_39_emptied_registers_are_loaded_again() {
    let mut driver = boot();
    driver.kernel.machine.vector_keeps = false;
    let mut shadow = Shadow::default();
    companions(&mut driver, 1);
    assert!(shadow.touch(&mut driver, 1));
    yield_now(&mut driver);
    assert_eq!(driver.kernel.machine.vector_unit().registers, VECTOR_CLEAN);
    yield_now(&mut driver);
    assert_eq!(counts(&driver), [2, 1, 0]);
    assert!(shadow.touch(&mut driver, 2));
}

#[test]
fn threads_that_never_use_them_run_no_row() {
    let mut driver = boot();
    companions(&mut driver, 2);
    let me = driver.running();
    assert!(driver.vector(|_| ()));
    yield_now(&mut driver);
    let before = (rows(&driver), counts(&driver));
    // The two others among themselves; the user of vector registers sleeps.
    driver.raw(Syscall::Yield as u64, &[], 0);
    driver.raw(Syscall::Yield as u64, &[], 0);
    assert_eq!(driver.running(), me);
    driver.raw(Syscall::Sleep as u64, &[u64::MAX], 0);
    let asleep = (rows(&driver), counts(&driver));
    assert_eq!(asleep.1[1] - before.1[1], 1, "its second leave");
    for _ in 0..100 {
        yield_now(&mut driver);
        assert_eq!(driver.kernel.read_work(CPU), 0);
    }
    assert_eq!((rows(&driver), counts(&driver)), asleep);
}

#[test]
fn a_dead_thread_leaves_nothing_to_its_successor() {
    let mut driver = boot();
    let mut shadow = Shadow::default();
    let mut slot = None;
    for _ in 0..3 {
        let (handle, thread) = driver.thread(0, 31);
        assert!(slot.is_none_or(|slot| slot == thread.index()), "the same slot again");
        slot = Some(thread.index());
        driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
        assert!(shadow.touch(&mut driver, 0x5a));
        driver.raw(Syscall::ThreadKill as u64, &[0], 0);
        driver.call(Syscall::HandleClose, &[handle]).unwrap();
        assert!(!driver.kernel.machine.vector_unit().unlocked);
        check(&driver.kernel);
    }
    assert!(shadow.touch(&mut driver, 1), "nor to others");
}

/// A child that is out of pages, its handler (an urgent thread of the first process) waiting.
fn poor() -> (Driver, u64, ThreadId, ThreadId, u64) {
    let mut driver = boot();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let (child, _) = driver.child(0);
    driver.call(Syscall::ProcessFaults, &[child, endpoint, 55]).unwrap();
    let (thread, faulty) = driver.thread(child, 25);
    let mut rest = 64;
    let memory = loop {
        match driver.call(Syscall::MemoryCreate, &[rest, child]) {
            Ok(outcome) => break outcome.values.0,
            Err(error) => assert_eq!(error, Error::QuotaExceeded),
        }
        rest -= 1;
    };
    let handler = driver.start_urgent(0);
    driver.raw(Syscall::Recv as u64, &[endpoint], 0);
    driver.call(Syscall::ThreadResume, &[thread]).unwrap();
    driver.raw(Syscall::Sleep as u64, &[u64::MAX], 0);
    assert_eq!(driver.next, Next::User(faulty));
    (driver, endpoint, handler, faulty, memory)
}

#[test]
fn no_quota_is_a_fault_and_the_handler_can_help() {
    let (mut driver, endpoint, handler, faulty, memory) = poor();
    assert!(!driver.vector(|_| panic!("it has no page")));
    assert_eq!(driver.next, Next::User(handler));
    check(&driver.kernel);
    let told = driver.result(handler).unwrap();
    assert_eq!(told.values, (55, u64::from(FAULT_LABEL)));
    assert_eq!(told.words[0], FaultKind::NoMemory as u64);
    driver.call(Syscall::HandleClose, &[memory]).unwrap();
    let resume = FaultReply::Resume as u64 | endpoint << 32;
    driver.raw(Syscall::ReplyRecv as u64, &[told.token, resume], 0);
    assert_eq!(driver.next, Next::User(faulty));
    assert!(Shadow::default().touch(&mut driver, 3));
    check(&driver.kernel);
}

#[test]
fn no_quota_and_nobody_to_help_kills() {
    let (mut driver, endpoint, ..) = poor();
    let first = driver.kernel.objects.processes.id_at(0).unwrap();
    let handle = abi::Handle(u32::try_from(endpoint).unwrap());
    driver.kernel.close(first, handle).unwrap();
    let process = driver.kernel.objects.threads[driver.running()].process;
    assert!(!driver.vector(|_| panic!("it has no page")));
    assert_eq!(driver.kernel.objects.processes[process].status, FaultKind::NoMemory.exit_status());
}

#[test]
fn a_use_of_unlocked_registers_that_stops_is_a_fault_not_a_loop() {
    let mut driver = boot();
    let me = driver.running();
    assert!(driver.vector(|_| ()));
    driver.kernel.enter(CPU);
    driver.kernel.vector_used(CPU);
    let raised = driver.kernel.objects.threads[me].faults.raised.map(|raised| raised.fault.kind);
    assert_eq!(raised, Some(FaultKind::IllegalInstruction));
}

#[test]
#[should_panic(expected = "do not belong to")]
fn exit_39_registers_of_another_thread_are_caught() {
    let mut driver = boot();
    companions(&mut driver, 1);
    assert!(driver.vector(|_| ()));
    yield_now(&mut driver);
    assert!(driver.vector(|_| ()));
    // A CPU that takes the registers for those of the thread that comes next.
    let next = driver.kernel.objects.threads.id_at(0).unwrap();
    driver.kernel.objects.threads[next].registers.vector.as_mut().unwrap().cpu = None;
    driver.kernel.sched.cpu_mut(CPU).vector_owner = Some(next);
    yield_now(&mut driver);
}

#[test]
fn a_call_to_a_server_without_vectors_saves_once_and_loads_never() {
    let mut driver = boot();
    let mut shadow = Shadow::default();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let (child, _) = driver.child(0);
    let received = driver.give(child, endpoint, Rights::ALL, 0);
    let (handle, server) = driver.thread(child, 31);
    driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    driver.raw(Syscall::Recv as u64, &[received], 0);
    let client = driver.running();
    assert!(shadow.touch(&mut driver, 9));
    for round in 1..=20 {
        driver.raw(Syscall::Call as u64, &[endpoint, 1], 0);
        assert_eq!(driver.next, Next::User(server));
        let token = driver.result(server).unwrap().token;
        driver.raw(Syscall::ReplyRecv as u64, &[token, received << 32], 0);
        assert_eq!(driver.next, Next::User(client));
        assert_eq!(counts(&driver), [1, round, round]);
        assert!(shadow.touch(&mut driver, 9));
    }
}
