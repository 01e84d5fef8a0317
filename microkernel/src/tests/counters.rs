//! Counters that come to their end, and names that must not come back.

use super::kit::{CPU, boot};
use crate::exit::Next;
use crate::hosted::Driver;
use crate::object::{State, ThreadId};
use abi::{Error, Rights, Syscall};

const RECV: u64 = Syscall::Recv as u64;
const CALL: u64 = Syscall::Call as u64;

/// A thread of the running process that calls the endpoint; the caller runs again and has
/// received it: handle, thread, token.
fn open_call(driver: &mut Driver, endpoint: u64) -> (u64, ThreadId, u64) {
    let server = driver.running();
    let (handle, client) = driver.thread(0, 31);
    driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    driver.raw(CALL, &[endpoint, 1], 0);
    driver.raw(RECV, &[endpoint], 0);
    assert_eq!(driver.next, Next::User(server));
    (handle, client, driver.result(server).unwrap().token)
}

/// Ends a thread and its last name: its slot is the next one to be used.
fn end(driver: &mut Driver, handle: u64) {
    driver.call(Syscall::ThreadKill, &[handle]).unwrap();
    driver.call(Syscall::HandleClose, &[handle]).unwrap();
}

#[test]
fn the_token_of_a_dead_caller_does_not_answer_the_next_thread_of_its_slot() {
    let mut driver = boot();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let mut tokens = Vec::new();
    for _ in 0..4 {
        let (handle, client, token) = open_call(&mut driver, endpoint);
        for old in &tokens {
            assert_eq!(driver.call(Syscall::ReplyWaits, &[*old]).unwrap().values.0, 0);
            assert_eq!(driver.call(Syscall::Reply, &[*old, 7]), Err(Error::BadReply));
            driver.put_envelope(&abi::Envelope { deadline_ns: 0, ..abi::Envelope::EMPTY });
            let answer = [*old, 7 | endpoint << 32];
            let me = driver.raw(Syscall::ReplyRecv as u64, &answer, super::kit::ENVELOPE);
            assert_eq!(driver.result(me), Err(Error::WouldBlock));
        }
        assert!(matches!(driver.state(client), State::AwaitReply(_)), "nobody answered it");
        assert_eq!(driver.call(Syscall::ReplyWaits, &[token]).unwrap().values.0, 1);
        tokens.push(token);
        end(&mut driver, handle);
    }
}

#[test]
fn a_closed_handle_never_names_what_came_after_it() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let copy = [bell, u64::from(Rights::ALL.bits()), 0];
    let first = driver.make(Syscall::HandleCopy, &copy);
    driver.call(Syscall::HandleClose, &[first]).unwrap();
    for _ in 0..70_000 {
        let next = driver.make(Syscall::HandleCopy, &copy);
        assert_ne!(next, first);
        driver.call(Syscall::HandleClose, &[next]).unwrap();
    }
    assert_eq!(driver.call(Syscall::HandleClose, &[first]), Err(Error::BadHandle));
}

#[test]
fn process_ids_stay_apart_when_their_counter_has_come_round() {
    let mut driver = boot();
    let (early, old) = driver.child(0);
    let old = driver.kernel.objects.processes[old].pid;
    driver.kernel.objects.pids.end_is_near();
    let mut seen = vec![1, old];
    for _ in 0..4 {
        let (_, id) = driver.child(0);
        let pid = driver.kernel.objects.processes[id].pid;
        assert!(pid != 0 && !seen.contains(&pid), "{pid} again");
        seen.push(pid);
    }
    driver.call(Syscall::HandleClose, &[early]).unwrap();
    assert!(driver.kernel.current(CPU).is_some());
}
