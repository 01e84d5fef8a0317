//! Faults as messages: told, resumed, killed.

use super::kit::{BYTES, boot};
use crate::exit::Next;
use crate::hosted::Driver;
use crate::object::{Fault, ProcessId, State, ThreadId};
use abi::{Error, FAULT_LABEL, FaultKind, FaultReply, Syscall};

const PAGE: Fault = Fault { kind: FaultKind::Page, code: 1, address: 0x1234 };

/// A child that runs, its handler (an urgent thread of the first process) waiting.
fn handled() -> (Driver, u64, ThreadId, ThreadId, ProcessId) {
    let mut driver = boot();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let (child, process) = driver.child(0);
    driver.call(Syscall::ProcessFaults, &[child, endpoint, 55]).unwrap();
    let (thread, faulty) = driver.thread(child, 25);
    let handler = driver.start_urgent(0);
    driver.raw(Syscall::Recv as u64, &[endpoint], 0);
    driver.call(Syscall::ThreadResume, &[thread]).unwrap();
    driver.raw(Syscall::Sleep as u64, &[u64::MAX], 0);
    assert_eq!(driver.next, Next::User(faulty));
    (driver, endpoint, handler, faulty, process)
}

#[test]
fn a_fault_is_told_and_resumed_with_all_registers() {
    let (mut driver, endpoint, handler, faulty, _) = handled();
    driver.frame().words = [9; 7];
    let before = driver.frame().clone();
    driver.fault(&PAGE);
    assert_eq!(driver.next, Next::User(handler));
    let told = driver.result(handler).unwrap();
    assert_eq!(told.values, (55, u64::from(FAULT_LABEL)));
    assert_eq!(told.words[..4], [FaultKind::Page as u64, 1, 0x1234, 0x40_0000]);
    let resume = FaultReply::Resume as u64 | endpoint << 32;
    driver.raw(Syscall::ReplyRecv as u64, &[told.token, resume, 77], 0);
    assert_eq!(driver.next, Next::User(faulty));
    assert_eq!(*driver.frame(), before, "the handler's words do not leak into registers");
    let process = driver.kernel.objects.threads[faulty].process;
    assert_eq!(
        driver.kernel.objects.processes[process].supervision.last_fault,
        FaultKind::Page as u64
    );
    assert!(driver.kernel.objects.threads[faulty].faults.unanswered.is_none());
}

/// Another CPU killed the process while the fault was on its way in.
#[test]
fn the_killed_tell_nobody_of_a_fault() {
    let (mut driver, _, handler, _, process) = handled();
    driver.kernel.kill_process(process, 9);
    driver.fault(&PAGE);
    assert!(matches!(driver.kernel.objects.threads[handler].state, State::Receiving(_)));
    assert_eq!(driver.kernel.objects.processes[process].status, 9);
}

#[test]
fn a_handler_can_move_the_thread_on() {
    let (mut driver, endpoint, handler, faulty, _) = handled();
    driver.fault(&PAGE);
    let told = driver.result(handler).unwrap();
    let resume = FaultReply::ResumeAt as u64 | endpoint << 32;
    driver.raw(Syscall::ReplyRecv as u64, &[told.token, resume, 0x40_0020], 0);
    assert_eq!(driver.next, Next::User(faulty));
    assert_eq!(driver.frame().instruction, 0x40_0020);
}

#[test]
fn a_handler_can_kill() {
    for label in [FaultReply::Kill as u64, 3, 0x7777] {
        let (mut driver, endpoint, handler, _, process) = handled();
        driver.fault(&PAGE);
        let told = driver.result(handler).unwrap();
        driver.raw(Syscall::ReplyRecv as u64, &[told.token, label | endpoint << 32], 0);
        assert_eq!(driver.kernel.objects.processes[process].status, 128 + 11);
    }
}

#[test]
fn without_a_living_handler_a_fault_kills() {
    let (mut driver, endpoint, _, _, process) = handled();
    driver
        .kernel
        .close(ProcessId::clone(&first(&driver)), abi::Handle(u32::try_from(endpoint).unwrap()))
        .unwrap();
    driver.fault(&Fault { kind: FaultKind::Arithmetic, ..PAGE });
    assert_eq!(driver.kernel.objects.processes[process].status, 128 + 8);
}

fn first(driver: &Driver) -> ProcessId {
    driver.kernel.objects.processes.id_at(0).unwrap()
}

#[test]
fn a_handler_that_dies_takes_no_hostage() {
    let (mut driver, endpoint, handler, _, process) = handled();
    driver.fault(&PAGE);
    assert_eq!(driver.running(), handler);
    // The handler goes on without answering; the last way to receive goes.
    driver.call(Syscall::HandleClose, &[endpoint]).unwrap();
    assert_eq!(driver.kernel.objects.processes[process].status, 0, "still waits for the answer");
    let told = driver.result(handler);
    assert!(told.is_ok());
}

#[test]
fn a_panic_is_told_with_its_text() {
    let mut driver = boot();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    driver.call(Syscall::ProcessFaults, &[0, endpoint, 1]).unwrap();
    let handler = driver.start_urgent(0);
    let envelope = abi::Envelope {
        receive_address: BYTES + 4096,
        receive_capacity: 256,
        ..abi::Envelope::EMPTY
    };
    driver.put_envelope(&envelope);
    driver.raw(Syscall::Recv as u64, &[endpoint], super::kit::ENVELOPE);
    driver.poke(BYTES, b"index out of bounds");
    driver.raw(Syscall::FaultRaise as u64, &[FaultKind::Panic as u64, BYTES, 19], 0);
    assert_eq!(driver.running(), handler);
    assert_eq!(driver.receipt().0, 19);
    assert_eq!(driver.peek(BYTES + 4096, 19), b"index out of bounds");
    let wild = driver.call(Syscall::FaultRaise, &[7, 0x6666_0000, 4]);
    assert_eq!(wild, Err(Error::BadAddress));
    let odd = driver.call(Syscall::FaultRaise, &[99, BYTES, 4]);
    assert_eq!(odd, Err(Error::BadArgument));
}
