//! A moved handle is closed when both threads of its message have their new states: what its
//! end signals may wake either of them.

use super::invariants::check;
use super::kit::{BYTES, ENVELOPE, boot, envelope_bytes};
use crate::exit::Next;
use crate::hosted::{DATA, Driver, Place, Smp};
use crate::kernel::Sizes;
use crate::machine::CpuId;
use crate::object::{State, ThreadId};
use abi::{Envelope, Error, HandleTransfer, NOTIFIED_LABEL, Rights, SavedFrame, Syscall};
use zerocopy::FromBytes;

/// The bit of the lifeline.
const END: u64 = 8;

/// An envelope at [`BYTES`] that moves the last holder of a new lifeline of this notification,
/// without the right that makes it one: its arrival ends the lifeline.
fn last_holder(driver: &mut Driver, bell: u64) {
    let (_, holder) = driver.call(Syscall::LifelineCreate, &[bell, END]).unwrap().values;
    let handle = u32::try_from(holder).unwrap();
    let mut sent = Envelope::EMPTY;
    sent.transfers[0] = HandleTransfer { handle, rights: Rights::TRANSFER.bits(), moved: 1 };
    driver.poke(BYTES, &envelope_bytes(&sent));
}

/// A thread that waits at the endpoint with room for handles; the caller runs again.
fn receiver(driver: &mut Driver, endpoint: u64, bell: Option<u64>) -> ThreadId {
    let me = driver.running();
    let id = driver.start_urgent(0);
    if let Some(bell) = bell {
        driver.call(Syscall::Bind, &[bell]).unwrap();
    }
    driver.put_envelope(&Envelope::EMPTY);
    driver.raw(Syscall::Recv as u64, &[endpoint], ENVELOPE);
    assert_eq!(driver.next, Next::User(me));
    id
}

/// A thread that is diverted by the notification, and makes a call with the envelope at [`BYTES`].
fn diverted_caller(driver: &mut Driver, endpoint: u64, bell: u64) -> ThreadId {
    let id = driver.start_urgent(0);
    driver.call(Syscall::UpcallRegister, &[bell, 0x40_0100, DATA + 0x6000, 0]).unwrap();
    driver.raw(Syscall::Call as u64, &[endpoint, 5], BYTES);
    id
}

#[test]
fn a_receiver_bound_to_what_the_message_ends_gets_the_message_then_the_bits() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    last_holder(&mut driver, bell);
    let server = receiver(&mut driver, endpoint, Some(bell));
    let second = receiver(&mut driver, endpoint, None);
    driver.raw(Syscall::Call as u64, &[endpoint, 5], BYTES);
    assert_eq!(driver.next, Next::User(server));
    let got = driver.result(server).unwrap();
    assert_eq!(got.values, (0, 5));
    assert_ne!(got.token, 0);
    assert!(matches!(driver.state(second), State::Receiving(_)));
    check(&driver.kernel);
    driver.raw(Syscall::Recv as u64, &[endpoint], 0);
    assert_eq!(driver.result(server).unwrap().values, (END, u64::from(NOTIFIED_LABEL)));
    check(&driver.kernel);
}

#[test]
fn a_queued_caller_diverted_by_what_its_message_ends_is_interrupted_after_it() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    last_holder(&mut driver, bell);
    let server = driver.running();
    let client = diverted_caller(&mut driver, endpoint, bell);
    let second = driver.start_urgent(0);
    driver.raw(Syscall::Call as u64, &[endpoint, 6], 0);
    assert_eq!(driver.next, Next::User(server));
    driver.put_envelope(&Envelope::EMPTY);
    driver.raw(Syscall::Recv as u64, &[endpoint], ENVELOPE);
    let got = driver.result(server).unwrap();
    assert_eq!(got.values, (0, 5));
    assert!(matches!(driver.state(second), State::Sending(_)));
    check(&driver.kernel);
    // The caller is in its handler: what it waited for was cut short.
    assert_eq!(driver.next, Next::User(client));
    assert_eq!(driver.frame().value0, END);
    driver.raw(Syscall::ThreadKill as u64, &[0], 0);
    assert_eq!(driver.next, Next::User(server));
    assert_eq!(driver.call(Syscall::ReplyWaits, &[got.token]).unwrap().values.0, 0);
    check(&driver.kernel);
}

#[test]
fn a_caller_diverted_by_what_its_answer_ends_has_its_answer() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let lost = driver.make(Syscall::NotificationCreate, &[]);
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    driver.call(Syscall::CallsWatch, &[lost, 1]).unwrap();
    let server = driver.running();
    driver.poke(BYTES, &envelope_bytes(&Envelope::EMPTY));
    let client = diverted_caller(&mut driver, endpoint, bell);
    driver.raw(Syscall::Recv as u64, &[endpoint], 0);
    let token = driver.result(server).unwrap().token;
    let (_, holder) = driver.call(Syscall::LifelineCreate, &[bell, END]).unwrap().values;
    let mut answer = Envelope::EMPTY;
    let handle = u32::try_from(holder).unwrap();
    answer.transfers[0] = HandleTransfer { handle, rights: Rights::TRANSFER.bits(), moved: 1 };
    driver.put_envelope(&answer);
    driver.raw(Syscall::Reply as u64, &[token, 9], ENVELOPE);
    assert_eq!(driver.next, Next::User(client));
    assert_eq!(driver.frame().value0, END, "it is in its handler");
    let saved = driver.peek(driver.kernel.frame(client).value1, size_of::<SavedFrame>());
    let saved = SavedFrame::read_from_bytes(&saved).unwrap();
    assert_eq!((saved.rax, saved.rsi), (0, 9), "its call did not fail");
    driver.raw(Syscall::ThreadKill as u64, &[0], 0);
    assert_eq!(driver.next, Next::User(server));
    let told = driver.call(Syscall::Wait, &[lost, 0]).map(|outcome| outcome.values.0);
    assert_eq!(told, Err(Error::WouldBlock), "no call was lost");
    check(&driver.kernel);
}

/// What a client does to a server of another CPU again and again.
#[test]
fn a_client_of_another_cpu_ends_what_its_server_is_bound_to() {
    let sizes = Sizes::for_memory(2048 * abi::PAGE_SIZE, 2048);
    let mut driver = Driver::boot_with(&sizes, 2);
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    last_holder(&mut driver, bell);
    driver.put_envelope(&Envelope::EMPTY);
    let (handle, server) = driver.thread(0, 31);
    driver.call(Syscall::ThreadAffinity, &[handle, 1 << 1]).unwrap();
    driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    let mut smp = Smp::from(driver);
    smp.settle();
    let (client_cpu, server_cpu) = (CpuId(0), CpuId(1));
    smp.syscall(server_cpu, Syscall::Bind as u64, &[bell], 0);
    smp.settle();
    smp.syscall(server_cpu, Syscall::Recv as u64, &[endpoint], ENVELOPE);
    smp.settle();
    check(&smp.kernel);
    smp.syscall(client_cpu, Syscall::Send as u64, &[endpoint, 5], BYTES);
    check(&smp.kernel);
    smp.settle();
    assert_eq!(smp.places[1], Place::User(server));
    assert_eq!(smp.kernel.frame(server).value1, 5);
    check(&smp.kernel);
    smp.syscall(server_cpu, Syscall::Recv as u64, &[endpoint], 0);
    smp.settle();
    assert_eq!(smp.kernel.frame(server).value0, END);
    check(&smp.kernel);
}

/// The IPI of a signal is still on its way when the thread begins to wait.
#[test]
fn a_signal_that_comes_on_the_way_into_a_call_cuts_its_wait_short() {
    for number in [Syscall::Recv, Syscall::Call, Syscall::Wait, Syscall::Sleep] {
        let sizes = Sizes::for_memory(2048 * abi::PAGE_SIZE, 2048);
        let mut driver = Driver::boot_with(&sizes, 2);
        let bell = driver.make(Syscall::NotificationCreate, &[]);
        let other = match number {
            Syscall::Sleep => u64::MAX,
            Syscall::Wait => driver.make(Syscall::NotificationCreate, &[]),
            _ => driver.make(Syscall::EndpointCreate, &[]),
        };
        let (handle, thread) = driver.thread(0, 31);
        driver.call(Syscall::ThreadAffinity, &[handle, 1 << 1]).unwrap();
        driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
        let mut smp = Smp::from(driver);
        smp.settle();
        let handler = [bell, 0x40_0100, DATA + 0x6000, 0];
        smp.syscall(CpuId(1), Syscall::UpcallRegister as u64, &handler, 0);
        smp.settle();
        smp.syscall(CpuId(0), Syscall::Signal as u64, &[bell, 4], 0);
        assert_eq!(smp.places[1], Place::User(thread), "it does not know yet");
        smp.syscall(CpuId(1), number as u64, &[other, u64::MAX], 0);
        smp.settle();
        assert_eq!(smp.places[1], Place::User(thread), "{number:?}");
        assert_eq!(smp.kernel.frame(thread).value0, 4, "it is in its handler");
        check(&smp.kernel);
    }
}

#[test]
fn bits_that_are_bound_and_divert_cut_other_waits_short() {
    let mut driver = boot();
    let first = driver.running();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let thread = driver.start_urgent(0);
    driver.call(Syscall::Bind, &[bell]).unwrap();
    driver.call(Syscall::UpcallRegister, &[bell, 0x40_0100, DATA + 0x6000, 0]).unwrap();
    driver.raw(Syscall::Sleep as u64, &[u64::MAX], 0);
    assert_eq!(driver.next, Next::User(first));
    driver.raw(Syscall::Signal as u64, &[bell, 4], 0);
    assert_eq!(driver.next, Next::User(thread));
    assert_eq!(driver.frame().value0, 4, "it is in its handler");
    check(&driver.kernel);
}
