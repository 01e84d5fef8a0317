//! Endpoints: call, send, receive, reply, in every order, with everything that can go wrong.

use super::kit::{ALL, BYTES, ENVELOPE, balance, boot};
use crate::exit::Next;
use crate::hosted::Driver;
use crate::object::{State, ThreadId};
use abi::{Envelope, Error, FOREVER, HandleTransfer, NOTIFIED_LABEL, Rights, Syscall};

const CALL: u64 = Syscall::Call as u64;
const SEND: u64 = Syscall::Send as u64;
const RECV: u64 = Syscall::Recv as u64;

/// A server thread (urgent, of the same process) that waits on a new endpoint.
fn server_waits() -> (Driver, u64, ThreadId, ThreadId) {
    let mut driver = boot();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let client = driver.running();
    let server = driver.start_urgent(0);
    driver.raw(RECV, &[endpoint], 0);
    assert_eq!(driver.next, Next::User(client));
    (driver, endpoint, client, server)
}

#[test]
fn a_call_reaches_a_waiting_server_and_the_reply_comes_back() {
    let (mut driver, endpoint, client, server) = server_waits();
    driver.raw(CALL, &[endpoint, 7, 1, 2, 3, 4, 5, 6, 9], 0);
    assert_eq!(driver.next, Next::User(server));
    let got = driver.result(server).unwrap();
    assert_eq!((got.values, got.words), ((0, 7), [1, 2, 3, 4, 5, 6, 9]));
    driver.raw(Syscall::Reply as u64, &[got.token, 8, 11, 12], 0);
    assert_eq!(driver.next, Next::User(server), "the server is more urgent and runs on");
    driver.raw(RECV, &[endpoint], 0);
    assert_eq!(driver.next, Next::User(client));
    let answer = driver.result(client).unwrap();
    assert_eq!((answer.values.1, answer.words[0], answer.words[1]), (8, 11, 12));
}

#[test]
fn a_call_waits_for_its_server() {
    let mut driver = boot();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let client = driver.start_urgent(0);
    driver.raw(CALL, &[endpoint, 5], 0);
    assert!(matches!(driver.state(client), State::Sending(_)));
    let server = driver.raw(RECV, &[endpoint], 0);
    assert_eq!(driver.result(server).unwrap().values.1, 5);
    assert!(matches!(driver.state(client), State::AwaitReply(_)));
}

#[test]
fn a_send_is_over_when_it_was_received() {
    let (mut driver, endpoint, client, server) = server_waits();
    driver.raw(SEND, &[endpoint, 3], 0);
    assert_eq!(driver.result(server).unwrap().token, 0, "nothing to reply to");
    assert_eq!(driver.state(client), State::Ready);
}

#[test]
fn a_reply_is_used_once() {
    let (mut driver, endpoint, _, server) = server_waits();
    driver.raw(CALL, &[endpoint], 0);
    let token = driver.result(server).unwrap().token;
    assert!(driver.call(Syscall::Reply, &[token]).is_ok());
    assert_eq!(driver.call(Syscall::Reply, &[token]), Err(Error::BadReply));
    for forged in [0, 1, token + 1, token ^ 1, token | 1 << 63, u64::MAX] {
        assert_eq!(driver.call(Syscall::Reply, &[forged]), Err(Error::BadReply), "{forged:#x}");
    }
}

#[test]
fn a_token_of_an_earlier_call_does_not_answer_a_later_one() {
    let (mut driver, endpoint, client, server) = server_waits();
    driver.raw(CALL, &[endpoint], 0);
    let old = driver.result(server).unwrap().token;
    driver.raw(Syscall::ReplyRecv as u64, &[old, endpoint << 32], 0);
    assert_eq!(driver.next, Next::User(client));
    driver.raw(CALL, &[endpoint], 0);
    assert_ne!(driver.result(server).unwrap().token, old);
    assert_eq!(driver.call(Syscall::Reply, &[old]), Err(Error::BadReply));
    assert!(matches!(driver.state(client), State::AwaitReply(_)));
}

#[test]
fn an_old_token_does_not_answer_on_the_way_to_the_next_message() {
    let (mut driver, endpoint, client, server) = server_waits();
    driver.raw(CALL, &[endpoint], 0);
    let old = driver.result(server).unwrap().token;
    driver.raw(Syscall::ReplyRecv as u64, &[old, endpoint << 32], 0);
    driver.raw(CALL, &[endpoint], 0);
    driver.raw(Syscall::ReplyRecv as u64, &[old, endpoint << 32], 0);
    assert!(matches!(driver.state(client), State::AwaitReply(_)));
    assert!(matches!(driver.state(server), State::Receiving(_)));
}

#[test]
fn an_answer_is_followed_by_the_bits_that_wait() {
    let (mut driver, endpoint, client, server) = server_waits();
    driver.raw(CALL, &[endpoint], 0);
    let token = driver.result(server).unwrap().token;
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    driver.call(Syscall::Bind, &[bell]).unwrap();
    driver.call(Syscall::Signal, &[bell, 6]).unwrap();
    driver.raw(Syscall::ReplyRecv as u64, &[token, endpoint << 32], 0);
    assert_eq!(driver.next, Next::User(server));
    assert_eq!(driver.result(server).unwrap().values, (6, u64::from(NOTIFIED_LABEL)));
    assert_eq!(driver.state(client), State::Ready);
}

#[test]
fn another_process_cannot_use_a_token() {
    let (mut driver, endpoint, client, server) = server_waits();
    driver.raw(CALL, &[endpoint], 0);
    let token = driver.result(server).unwrap().token;
    let (child, _) = driver.child(0);
    let (thread, _) = driver.thread(child, 40);
    driver.raw(Syscall::ThreadResume as u64, &[thread], 0);
    assert_ne!(driver.running(), server);
    assert_eq!(driver.call(Syscall::Reply, &[token]), Err(Error::BadReply));
    assert!(matches!(driver.state(client), State::AwaitReply(_)));
}

#[test]
fn a_token_of_a_killed_caller_answers_nobody() {
    let (mut driver, endpoint, client, server) = server_waits();
    driver.raw(SEND, &[endpoint], 0);
    assert_eq!(driver.running(), server);
    // Two callers wait; a handle keeps the name of the one that is killed.
    let (handle, victim) = driver.thread(0, 40);
    driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    driver.raw(CALL, &[endpoint], 0);
    driver.raw(RECV, &[endpoint], 0);
    let token = driver.result(server).unwrap().token;
    driver.raw(RECV, &[endpoint], 0);
    driver.raw(CALL, &[endpoint], 0);
    let other = driver.result(server).unwrap().token;
    driver.call(Syscall::ThreadKill, &[handle]).unwrap();
    assert!(driver.kernel.objects.threads[victim].dead);
    assert_eq!(driver.call(Syscall::Reply, &[token]), Err(Error::BadReply));
    assert!(driver.call(Syscall::Reply, &[other]).is_ok(), "the other caller is still there");
    driver.raw(RECV, &[endpoint], 0);
    assert_eq!(driver.next, Next::User(client));
    crate::tests::invariants::check(&driver.kernel);
}

#[test]
fn reply_receive_answers_and_waits() {
    let (mut driver, endpoint, client, server) = server_waits();
    driver.raw(CALL, &[endpoint], 0);
    let token = driver.result(server).unwrap().token;
    driver.raw(Syscall::ReplyRecv as u64, &[token, 4 | endpoint << 32, 21], 0);
    assert_eq!(driver.next, Next::User(client));
    assert_eq!(driver.result(client).unwrap().words[0], 21);
    assert!(matches!(driver.state(server), State::Receiving(_)));
}

#[test]
fn a_client_that_gave_up_does_not_stop_the_server() {
    let (mut driver, endpoint, client, server) = server_waits();
    driver.put_envelope(&Envelope { deadline_ns: 1000, ..Envelope::EMPTY });
    driver.raw(CALL, &[endpoint], ENVELOPE);
    let token = driver.result(server).unwrap().token;
    driver.advance(2000);
    assert_eq!(driver.result(client), Err(Error::TimedOut));
    driver.raw(Syscall::ReplyRecv as u64, &[token, endpoint << 32], 0);
    assert!(matches!(driver.state(server), State::Receiving(_)));
    assert_eq!(driver.next, Next::User(client));
}

#[test]
fn deadlines_of_every_kind_of_wait() {
    let mut driver = boot();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    for number in [CALL, SEND, RECV] {
        driver.put_envelope(&Envelope { deadline_ns: 0, ..Envelope::EMPTY });
        let me = driver.raw(number, &[endpoint], ENVELOPE);
        assert_eq!(driver.result(me), Err(Error::WouldBlock), "0 never waits");
        let soon = driver.kernel.machine.now_ns + 500;
        driver.put_envelope(&Envelope { deadline_ns: soon, ..Envelope::EMPTY });
        driver.raw(number, &[endpoint], ENVELOPE);
        assert_eq!(driver.next, Next::Idle);
        driver.advance(499);
        assert_eq!(driver.next, Next::Idle, "not before its time");
        driver.advance(1);
        assert_eq!(driver.next, Next::User(me));
        assert_eq!(driver.result(me), Err(Error::TimedOut));
    }
}

#[test]
fn a_receiver_keeps_its_deadline_when_a_sender_fails() {
    let (mut driver, endpoint, client, server) = server_waits();
    driver.raw(SEND, &[endpoint], 0);
    driver.put_envelope(&Envelope { deadline_ns: 1000, ..Envelope::EMPTY });
    driver.raw(RECV, &[endpoint], ENVELOPE);
    assert_eq!(driver.next, Next::User(client));
    driver.put_envelope(&Envelope { send_address: BYTES, send_len: 1, ..Envelope::EMPTY });
    driver.raw(SEND, &[endpoint], ENVELOPE);
    assert_eq!(driver.result(client), Err(Error::TooLong));
    driver.advance(1000);
    assert_eq!(driver.result(server), Err(Error::TimedOut));
}

#[test]
fn badges_name_the_sender() {
    let (mut driver, endpoint, client, server) = server_waits();
    let badged = driver.make(
        Syscall::HandleCopy,
        &[endpoint, u64::from(Rights::SEND.bits() | Rights::TRANSFER.bits()), 77],
    );
    driver.raw(SEND, &[badged], 0);
    assert_eq!(driver.result(server).unwrap().values.0, 77);
    driver.raw(RECV, &[endpoint], 0);
    assert_eq!(driver.next, Next::User(client));
    let copy = [badged, ALL, 78];
    assert_eq!(driver.call(Syscall::HandleCopy, &copy), Err(Error::NoRight), "no second badge");
    assert_eq!(driver.call(Syscall::Recv, &[badged]), Err(Error::NoRight));
    let all = driver.make(Syscall::HandleCopy, &[endpoint, ALL, 77]);
    let copy = [all, ALL, 78];
    assert_eq!(driver.call(Syscall::HandleCopy, &copy), Err(Error::NoRight), "whatever its rights");
}

#[test]
fn who_may_only_receive_cannot_call() {
    let mut driver = boot();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let receive =
        driver.make(Syscall::HandleCopy, &[endpoint, u64::from(Rights::RECEIVE.bits()), 0]);
    for call in [Syscall::Call, Syscall::Send] {
        assert_eq!(driver.call(call, &[receive]), Err(Error::NoRight));
    }
}

#[test]
fn a_sent_handle_has_no_more_rights_than_the_original() {
    let (mut driver, endpoint, _, server) = server_waits();
    driver.raw(SEND, &[endpoint], 0);
    driver.put_envelope(&Envelope::EMPTY);
    driver.raw(RECV, &[endpoint], ENVELOPE);
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let few = Rights::WAIT.union(Rights::TRANSFER);
    let handle = driver.make(Syscall::HandleCopy, &[bell, u64::from(few.bits()), 0]);
    let handle = u32::try_from(handle).unwrap();
    let transfer = HandleTransfer { handle, rights: Rights::ALL.bits(), moved: 0 };
    let none = HandleTransfer::default();
    driver.put_envelope(&Envelope { transfers: [transfer, none, none, none], ..Envelope::EMPTY });
    driver.raw(SEND, &[endpoint], ENVELOPE);
    assert_eq!(driver.running(), server);
    let process = driver.kernel.objects.threads[server].process;
    assert_eq!(driver.entry(process, driver.receipt().1[0]), Ok(few));
}

#[test]
fn bytes_are_copied_and_counted() {
    let (mut driver, endpoint, client, server) = server_waits();
    let text: Vec<u8> = (0..5000_u32).map(|number| number.to_le_bytes()[0]).collect();
    driver.poke(BYTES, &text);
    // The server waits again, with room for the bytes.
    driver.raw(SEND, &[endpoint], 0);
    driver.put_envelope(&Envelope {
        receive_address: BYTES + 0x2001,
        receive_capacity: 5000,
        ..Envelope::EMPTY
    });
    driver.raw(RECV, &[endpoint], ENVELOPE);
    assert_eq!(driver.next, Next::User(client));
    let outgoing = ENVELOPE + 512;
    let mut envelope = [0_u8; 96];
    envelope[0..8].copy_from_slice(&BYTES.to_le_bytes());
    envelope[8..16].copy_from_slice(&5000_u64.to_le_bytes());
    envelope[32..40].copy_from_slice(&FOREVER.to_le_bytes());
    driver.poke(outgoing, &envelope);
    driver.raw(SEND, &[endpoint], outgoing);
    assert_eq!(driver.running(), server);
    assert_eq!(driver.receipt().0, 5000);
    assert_eq!(driver.peek(BYTES + 0x2001, 5000), text);
}

#[test]
fn too_long_is_the_senders_error_and_the_receiver_waits_on() {
    let (mut driver, endpoint, client, server) = server_waits();
    let send = Envelope { send_address: BYTES, send_len: 1, ..Envelope::EMPTY };
    driver.put_envelope(&send);
    driver.raw(SEND, &[endpoint], ENVELOPE);
    assert_eq!(driver.result(client), Err(Error::TooLong));
    assert!(matches!(driver.state(server), State::Receiving(_)));
    driver.put_envelope(&Envelope { send_len: 1 << 20, ..send });
    driver.raw(SEND, &[endpoint], ENVELOPE);
    assert_eq!(driver.result(client), Err(Error::TooLong), "longer than any message");
}

#[test]
fn handles_move_and_copy() {
    let mut driver = boot();
    let before = balance(&driver);
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let moved = driver.make(Syscall::NotificationCreate, &[]);
    let copied = driver.make(Syscall::NotificationCreate, &[]);
    let client = driver.running();
    let server = driver.start_urgent(0);
    driver.put_envelope(&Envelope::EMPTY);
    driver.raw(RECV, &[endpoint], ENVELOPE);
    let transfer = |handle: u64, rights: Rights, moved| HandleTransfer {
        handle: u32::try_from(handle).unwrap(),
        rights: rights.bits(),
        moved,
    };
    let none = HandleTransfer::default();
    let transfers =
        [transfer(moved, Rights::ALL, 1), none, transfer(copied, Rights::SIGNAL, 0), none];
    driver.put_envelope(&Envelope { transfers, ..Envelope::EMPTY });
    driver.raw(SEND, &[endpoint], ENVELOPE);
    assert_eq!(driver.running(), server);
    let (_, taken) = driver.receipt();
    let process = driver.kernel.objects.threads[server].process;
    assert_eq!(driver.entry(process, transfers[0].handle), Err(Error::BadHandle), "moved away");
    assert_eq!(driver.entry(process, taken[0]), Ok(Rights::ALL));
    assert_eq!(driver.entry(process, taken[2]), Ok(Rights::SIGNAL), "no more than was given");
    assert_eq!((taken[1], taken[3]), (0, 0));
    driver.raw(Syscall::ThreadKill as u64, &[0], 0);
    assert_eq!(driver.next, Next::User(client));
    for handle in [endpoint, copied, u64::from(taken[0]), u64::from(taken[2])] {
        driver.call(Syscall::HandleClose, &[handle]).unwrap();
    }
    // What is left is the handle of the dead server thread.
    let left = balance(&driver);
    assert_eq!((left[2], left[3]), (before[2] + 1, before[3] + 1));
    assert_eq!((left[0], left[4]), (before[0], before[4]));
}

#[test]
fn a_handle_is_not_given_twice_nor_without_the_right() {
    let (mut driver, endpoint, client, _) = server_waits();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    let fixed =
        driver.make(Syscall::HandleCopy, &[notification, u64::from(Rights::SIGNAL.bits()), 0]);
    let transfer = |handle: u64, moved| HandleTransfer {
        handle: u32::try_from(handle).unwrap(),
        rights: Rights::ALL.bits(),
        moved,
    };
    let none = HandleTransfer::default();
    let attempts = [
        ([transfer(notification, 1), transfer(notification, 1), none, none], Error::BadArgument),
        ([transfer(notification, 0), transfer(notification, 1), none, none], Error::BadArgument),
        ([transfer(notification, 2), none, none, none], Error::BadArgument),
        ([transfer(fixed, 0), none, none, none], Error::NoRight),
        ([transfer(0xbeef, 0), none, none, none], Error::BadHandle),
        ([transfer(notification, 1), none, none, none], Error::HandlesFull),
    ];
    for (transfers, error) in attempts {
        driver.put_envelope(&Envelope { transfers, ..Envelope::EMPTY });
        driver.raw(SEND, &[endpoint], ENVELOPE);
        assert_eq!(driver.result(client), Err(error), "{transfers:?}");
    }
    assert!(driver.call(Syscall::HandleInfo, &[notification]).is_ok(), "nothing was lost");
}

#[test]
fn a_dead_server_is_an_error_for_queued_and_received_calls() {
    let mut driver = boot();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let (child, _) = driver.child(0);
    let in_child = driver.give(child, endpoint, Rights::RECEIVE, 0);
    driver.call(Syscall::HandleCopy, &[endpoint, u64::from(Rights::SEND.bits()), 0]).unwrap();
    let (thread, server) = driver.thread(child, 40);
    driver.raw(Syscall::ThreadResume as u64, &[thread], 0);
    driver.raw(RECV, &[in_child], 0);
    let received = driver.raw(CALL, &[endpoint], 0);
    assert_eq!(driver.next, Next::User(server));
    assert!(matches!(driver.state(received), State::AwaitReply(_)));
    driver.raw(Syscall::ProcessKill as u64, &[0, 1], 0);
    assert_eq!(driver.next, Next::User(received));
    assert_eq!(driver.result(received), Err(Error::OutcomeUnknown), "it was taken");
}

#[test]
fn an_endpoint_without_receivers_is_dead() {
    let mut driver = boot();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let send = driver.make(Syscall::HandleCopy, &[endpoint, u64::from(Rights::SEND.bits()), 0]);
    let client = driver.start_urgent(0);
    driver.raw(CALL, &[send], 0);
    driver.raw(Syscall::HandleClose as u64, &[endpoint], 0);
    assert_eq!(driver.next, Next::User(client));
    assert_eq!(driver.result(client), Err(Error::PeerDied));
    assert_eq!(driver.call(Syscall::Call, &[send]), Err(Error::PeerDied));
}

#[test]
fn receive_returns_for_the_bound_notification() {
    let (mut driver, endpoint, client, server) = server_waits();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    driver.raw(SEND, &[endpoint], 0);
    assert_eq!(driver.running(), server);
    driver.call(Syscall::Bind, &[notification]).unwrap();
    driver.raw(RECV, &[endpoint], 0);
    assert_eq!(driver.running(), client);
    driver.raw(Syscall::Signal as u64, &[notification, 6], 0);
    assert_eq!(driver.next, Next::User(server));
    assert_eq!(driver.result(server).unwrap().values, (6, u64::from(NOTIFIED_LABEL)));
    // Bits that are there already come first.
    driver.call(Syscall::Signal, &[notification, 1]).unwrap();
    assert_eq!(driver.call(Syscall::Recv, &[endpoint]).unwrap().values.0, 1);
}

#[test]
fn a_receiver_with_bad_memory_is_told_and_the_sender_waits_on() {
    let (mut driver, endpoint, client, server) = server_waits();
    driver.raw(SEND, &[endpoint], 0);
    // Room for bytes in memory that is not there.
    driver.put_envelope(&Envelope {
        receive_address: 0x6666_0000,
        receive_capacity: 64,
        ..Envelope::EMPTY
    });
    driver.raw(RECV, &[endpoint], ENVELOPE);
    assert_eq!(driver.running(), client);
    driver.put_envelope(&Envelope { send_address: BYTES, send_len: 8, ..Envelope::EMPTY });
    driver.raw(SEND, &[endpoint], ENVELOPE);
    assert_eq!(driver.running(), server);
    assert_eq!(driver.result(server), Err(Error::BadAddress));
    driver.raw(Syscall::Sleep as u64, &[u64::MAX], 0);
    assert!(matches!(driver.state(client), State::Sending(_)));
}
