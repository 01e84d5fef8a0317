//! The end of others: lifelines, and callers that stop waiting.

use super::kit::{BYTES, CPU, ENVELOPE, balance, boot};
use crate::exit::Next;
use crate::hosted::{DATA, Driver};
use crate::object::{State, ThreadId};
use crate::work::Work;
use abi::{Envelope, Error, FOREVER, HandleTransfer, Rights, Syscall};

const HELD: Syscall = Syscall::LifelineHeld;

/// A notification, and a lifeline that sets its bit 8: watch and holder.
fn lifeline(driver: &mut Driver) -> (u64, u64, u64) {
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let made = driver.call(Syscall::LifelineCreate, &[bell, 8]).unwrap().values;
    (bell, made.0, made.1)
}

fn bits(driver: &mut Driver, bell: u64) -> Result<u64, Error> {
    driver.call(Syscall::Wait, &[bell, 0]).map(|outcome| outcome.values.0)
}

#[test]
fn the_last_holder_ends_a_lifeline_and_others_do_not() {
    let mut driver = boot();
    let (bell, watch, holder) = lifeline(&mut driver);
    let copy = driver.make(Syscall::HandleCopy, &[holder, Rights::ALL.bits().into(), 0]);
    let blind = driver.make(Syscall::HandleCopy, &[holder, Rights::TRANSFER.bits().into(), 0]);
    driver.call(Syscall::HandleClose, &[holder]).unwrap();
    assert_eq!(driver.call(HELD, &[watch]).unwrap().values.0, 1);
    assert_eq!(bits(&mut driver, bell), Err(Error::WouldBlock));
    driver.call(Syscall::HandleClose, &[copy]).unwrap();
    assert_eq!(driver.call(HELD, &[watch]).unwrap().values.0, 0);
    assert_eq!(bits(&mut driver, bell), Ok(8));
    driver.call(Syscall::HandleClose, &[blind]).unwrap();
    driver.call(Syscall::HandleClose, &[watch]).unwrap();
    assert_eq!(bits(&mut driver, bell), Err(Error::WouldBlock), "told once");
}

#[test]
fn only_the_watch_can_ask_and_only_a_lifeline_is_asked() {
    let mut driver = boot();
    let (bell, watch, holder) = lifeline(&mut driver);
    assert_eq!(driver.call(HELD, &[holder]), Err(Error::NoRight));
    assert_eq!(driver.call(HELD, &[bell]), Err(Error::WrongKind));
    assert_eq!(driver.call(Syscall::LifelineCreate, &[watch, 1]), Err(Error::WrongKind));
    let mute = driver.make(Syscall::HandleCopy, &[bell, Rights::WAIT.bits().into(), 0]);
    assert_eq!(driver.call(Syscall::LifelineCreate, &[mute, 1]), Err(Error::NoRight));
}

#[test]
fn a_process_that_dies_lets_go() {
    let mut driver = boot();
    let (bell, watch, holder) = lifeline(&mut driver);
    let (child, _) = driver.child(0);
    driver.give(child, holder, Rights::ALL, 0);
    driver.call(Syscall::HandleClose, &[holder]).unwrap();
    assert_eq!(driver.call(HELD, &[watch]).unwrap().values.0, 1);
    driver.call(Syscall::ProcessKill, &[child, 1]).unwrap();
    assert_eq!(bits(&mut driver, bell), Ok(8));
    assert_eq!(driver.call(HELD, &[watch]).unwrap().values.0, 0);
}

#[test]
fn a_holder_that_travels_is_never_nobodys() {
    let mut driver = boot();
    let (bell, watch, holder) = lifeline(&mut driver);
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let server = driver.start_urgent(0);
    driver.put_envelope(&Envelope { deadline_ns: FOREVER, ..Envelope::EMPTY });
    driver.raw(Syscall::Recv as u64, &[endpoint], ENVELOPE);
    let mut sent = Envelope { deadline_ns: FOREVER, ..Envelope::EMPTY };
    sent.transfers[0] = HandleTransfer {
        handle: u32::try_from(holder).unwrap(),
        rights: Rights::ALL.bits(),
        moved: 1,
    };
    driver.poke(BYTES, &super::kit::envelope_bytes(&sent));
    driver.raw(Syscall::Send as u64, &[endpoint], BYTES);
    assert_eq!(driver.next, Next::User(server));
    assert_eq!(bits(&mut driver, bell), Err(Error::WouldBlock));
    assert_eq!(driver.call(HELD, &[watch]).unwrap().values.0, 1);
}

#[test]
fn lifelines_are_paid_for_and_leave_nothing_behind() {
    let mut driver = boot();
    let before = balance(&driver);
    let (bell, watch, holder) = lifeline(&mut driver);
    // The bell outlives its own handle while the lifeline needs it.
    for handle in [bell, watch, holder] {
        driver.call(Syscall::HandleClose, &[handle]).unwrap();
    }
    assert_eq!(balance(&driver), before);
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let full = core::iter::from_fn(|| driver.call(Syscall::LifelineCreate, &[bell, 1]).err())
        .next()
        .is_none();
    assert!(full);
}

/// A server thread that has received the call of a client of another process.
fn call_is_open(driver: &mut Driver, deadline_ns: u64) -> (u64, ThreadId, ThreadId, u64) {
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    driver.call(Syscall::CallsWatch, &[bell, 4]).unwrap();
    let server = driver.running();
    let client = driver.start_urgent(0);
    driver.put_envelope(&Envelope { deadline_ns, ..Envelope::EMPTY });
    driver.raw(Syscall::Call as u64, &[endpoint, 1], ENVELOPE);
    driver.raw(Syscall::Recv as u64, &[endpoint], 0);
    let token = driver.result(server).unwrap().token;
    assert_eq!(driver.call(Syscall::ReplyWaits, &[token]).unwrap().values.0, 1);
    (bell, server, client, token)
}

#[test]
fn a_server_learns_of_a_caller_that_ran_out_of_time() {
    let mut driver = boot();
    let (bell, _, client, token) = call_is_open(&mut driver, 500);
    driver.advance(500);
    assert_eq!(driver.result(client), Err(Error::TimedOut));
    driver.raw(Syscall::Sleep as u64, &[FOREVER], 0);
    assert_eq!(bits(&mut driver, bell), Ok(4));
    assert_eq!(driver.call(Syscall::ReplyWaits, &[token]).unwrap().values.0, 0);
    assert_eq!(driver.call(Syscall::Reply, &[token]), Err(Error::BadReply));
}

#[test]
fn a_server_learns_of_a_caller_that_was_killed() {
    let mut driver = boot();
    let (bell, ..) = call_is_open(&mut driver, FOREVER);
    let clients = driver.make(Syscall::ProcessThread, &[0, 1]);
    driver.call(Syscall::ThreadKill, &[clients]).unwrap();
    assert_eq!(bits(&mut driver, bell), Ok(4));
}

#[test]
fn an_answered_call_is_no_news() {
    let mut driver = boot();
    let (bell, _, client, token) = call_is_open(&mut driver, FOREVER);
    driver.raw(Syscall::Reply as u64, &[token], 0);
    assert_eq!(driver.next, Next::User(client));
    driver.raw(Syscall::Sleep as u64, &[FOREVER], 0);
    assert_eq!(bits(&mut driver, bell), Err(Error::WouldBlock));
    driver.call(Syscall::CallsWatch, &[0]).unwrap();
}

#[test]
fn a_watch_of_calls_ends_with_its_process() {
    let mut driver = boot();
    let before = balance(&driver);
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    driver.call(Syscall::CallsWatch, &[bell, 1]).unwrap();
    driver.call(Syscall::HandleClose, &[bell]).unwrap();
    assert_ne!(balance(&driver), before, "still named");
    driver.call(Syscall::CallsWatch, &[0, 0]).unwrap();
    assert_eq!(balance(&driver), before);
}

/// A process that receives a call, never answers, and is told of its loss: the endpoint,
/// and the notification whose bit 1 tells. The first thread runs again.
fn silent_server(driver: &mut Driver) -> (u64, u64) {
    let first = driver.running();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let (child, _) = driver.child(0);
    driver.give_page(child);
    let receive = driver.give(child, endpoint, Rights::RECEIVE, 0);
    let signal = driver.give(child, bell, Rights::SIGNAL, 0);
    let (thread, _) = driver.thread(child, 40);
    driver.raw(Syscall::ThreadResume as u64, &[thread], 0);
    driver.call(Syscall::CallsWatch, &[signal, 1]).unwrap();
    driver.raw(Syscall::Recv as u64, &[receive], 0);
    assert_eq!(driver.running(), first);
    (endpoint, bell)
}

/// An urgent thread of the first process that calls the server, which then sleeps.
fn urgent_call(driver: &mut Driver, endpoint: u64, envelope: u64) {
    driver.raw(Syscall::Call as u64, &[endpoint], envelope);
    driver.raw(Syscall::Sleep as u64, &[FOREVER], 0);
}

/// Each notified server diverts a thread out of its own call, which makes the next notice due.
#[test]
fn a_chain_of_losses_is_told_link_by_link() {
    const LINKS: usize = 40;
    let mut driver = Driver::boot(8192);
    let first = driver.running();
    let start = driver.make(Syscall::NotificationCreate, &[]);
    let mut last = start;
    let mut callers = Vec::new();
    for _ in 0..LINKS {
        let (endpoint, bell) = silent_server(&mut driver);
        callers.push(driver.start_urgent(0));
        let handler = [last, 0x40_0100, DATA + 0x6000, 0];
        driver.call(Syscall::UpcallRegister, &handler).unwrap();
        urgent_call(&mut driver, endpoint, 0);
        assert_eq!(driver.running(), first);
        last = bell;
    }
    let told = driver.kernel.cpu(CPU).work_counts[Work::LostCalls as usize];
    driver.raw(Syscall::Signal as u64, &[start, 1], 0);
    for caller in &callers {
        assert!(!matches!(driver.state(*caller), State::AwaitReply(_)), "{caller:?} waits still");
    }
    let turns = driver.kernel.cpu(CPU).work_counts[Work::LostCalls as usize] - told;
    assert_eq!(turns, 6, "8 links in a turn, and a turn that finds none");
    assert_eq!(bits(&mut driver, last), Ok(1));
    crate::tests::invariants::check(&driver.kernel);
}

#[test]
fn many_losses_at_once_are_all_told() {
    const MANY: usize = 40;
    let mut driver = Driver::boot(8192);
    let first = driver.running();
    driver.put_envelope(&Envelope { deadline_ns: 1_000_000, ..Envelope::EMPTY });
    let mut bells = Vec::new();
    for _ in 0..MANY {
        let (endpoint, bell) = silent_server(&mut driver);
        driver.start_urgent(0);
        urgent_call(&mut driver, endpoint, ENVELOPE);
        assert_eq!(driver.running(), first);
        bells.push(bell);
    }
    driver.advance(1_000_000);
    // The urgent callers run first, and end.
    while driver.running() != first {
        driver.raw(Syscall::ThreadKill as u64, &[0], 0);
    }
    for bell in bells {
        assert_eq!(bits(&mut driver, bell), Ok(1));
    }
    crate::tests::invariants::check(&driver.kernel);
}
