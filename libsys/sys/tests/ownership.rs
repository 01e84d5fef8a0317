//! Handles are closed once, by their last owner; replies are given once.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::thread;
use sys::{
    Buffer, Endpoint, Error, FOREVER, Handle, Loan, Memory, Message, Notification, Object,
    ObjectKind, OwnedHandle, Pages, Process, Protection, Quota, Received, ReplyRight, Rights, host,
};

fn is_closed(handle: Handle) -> bool {
    // SAFETY: its owner is gone or does nothing meanwhile, and it is given up again below.
    let owned = unsafe { OwnedHandle::from_raw(handle) };
    let closed = owned.info() == Err(Error::BadHandle);
    let _ = owned.into_raw();
    closed
}

/// Serves one call with this reply.
fn serve_once(endpoint: Endpoint, reply: impl FnOnce(ReplyRight) + Send + 'static) {
    thread::spawn(move || {
        if let Ok(Received::Message(message)) = endpoint.receive(FOREVER, &mut [0; 64]) {
            reply(message.reply.unwrap());
        }
    });
}

#[test]
fn dropping_closes_and_into_raw_does_not() {
    let bell = Notification::create().unwrap();
    let handle = bell.handle();
    drop(bell);
    assert!(is_closed(handle));
    let kept = OwnedHandle::from(Notification::create().unwrap()).into_raw();
    assert!(!is_closed(kept));
    // SAFETY: `into_raw` gave it up.
    drop(unsafe { OwnedHandle::from_raw(kept) });
    assert!(is_closed(kept));
}

#[test]
fn copies_have_fewer_rights_and_lives_of_their_own() {
    let bell = Notification::create().unwrap();
    let deaf = bell.copy(Rights::SIGNAL).unwrap();
    let info = OwnedHandle::from(bell.copy(Rights::ALL).unwrap()).info().unwrap();
    assert_eq!(info, (ObjectKind::Notification, Rights::ALL));
    assert_eq!(deaf.poll(), Err(Error::NoRight));
    drop(bell);
    assert_eq!(deaf.signal(1), Ok(()));
}

#[test]
fn a_moved_handle_leaves_with_the_message_only_if_that_was_taken() {
    let endpoint = Endpoint::create().unwrap();
    let client = endpoint.copy(Rights::SEND).unwrap();
    let bell = Notification::create().unwrap();
    let handle = bell.handle();
    let mut message = Message::new(1, [0; 7]);
    message.transfers.push(bell).unwrap();
    serve_once(endpoint, |right| right.reply(&mut Message::default()).unwrap());
    client.call_with(&mut message, FOREVER, &mut []).unwrap();
    assert!(is_closed(handle), "it is the receiver's now");

    let bell = Notification::create().unwrap();
    let handle = bell.handle();
    let dead = Endpoint::create().unwrap().copy(Rights::SEND).unwrap();
    let mut message = Message::new(1, [0; 7]);
    message.transfers.push(bell).unwrap();
    let failed = dead.call_with(&mut message, FOREVER, &mut []).map(|answer| answer.label);
    assert_eq!(failed, Err(Error::PeerDied));
    assert!(!is_closed(handle), "still the sender's");
    drop(message);
    assert!(is_closed(handle), "closed with the message");
}

#[test]
fn a_fifth_handle_is_refused_and_closed() {
    let mut message = Message::default();
    for _ in 0..4 {
        message.transfers.push(Notification::create().unwrap()).unwrap();
    }
    let fifth = Notification::create().unwrap();
    let handle = fifth.handle();
    assert_eq!(message.transfers.push(fifth), Err(Error::TooLong));
    assert!(is_closed(handle));
}

#[test]
fn a_dropped_reply_right_answers_that_the_call_was_abandoned() {
    let endpoint = Endpoint::create().unwrap();
    let client = endpoint.copy(Rights::SEND).unwrap();
    serve_once(endpoint, drop);
    assert_eq!(client.call(1, &[0; 7]).unwrap().label, ReplyRight::ABANDONED);
}

#[test]
fn a_gone_caller_takes_the_reply_right_along() {
    let endpoint = Endpoint::create().unwrap();
    let client = endpoint.copy(Rights::SEND).unwrap();
    let caller = thread::spawn(move || {
        let deadline = sys::clock() + 10_000_000;
        client.call_with(&mut Message::default(), deadline, &mut []).map(|answer| answer.label)
    });
    let Received::Message(message) = endpoint.receive(FOREVER, &mut []).unwrap() else {
        panic!("no message");
    };
    assert_eq!(caller.join().unwrap(), Err(Error::TimedOut));
    let (error, right) = message.reply.unwrap().reply(&mut Message::default()).unwrap_err();
    assert_eq!(error, Error::BadReply);
    assert!(right.is_none());
}

#[test]
fn a_wrong_answer_leaves_the_right_to_give_another() {
    let endpoint = Endpoint::create().unwrap();
    let client = endpoint.copy(Rights::SEND).unwrap();
    serve_once(endpoint, |right| {
        let mut wrong = Message::new(1, [0; 7]);
        let fixed = Notification::create().unwrap().copy(Rights::SIGNAL).unwrap();
        wrong.transfers.push(fixed).unwrap(); // may not travel: no TRANSFER
        let (error, right) = right.reply(&mut wrong).unwrap_err();
        assert_eq!(error, Error::NoRight);
        right.unwrap().reply(&mut Message::new(2, [0; 7])).unwrap();
    });
    assert_eq!(client.call(1, &[0; 7]).unwrap().label, 2);
}

#[test]
fn names_of_kinds_match() {
    assert_eq!(<sys::Ports as Object>::KIND, ObjectKind::Port);
    assert_eq!(<sys::Endpoint as Object>::KIND, ObjectKind::Endpoint);
}

#[test]
fn a_loan_shows_the_lenders_pages_and_ends_with_its_lender() {
    let memory = Memory::create(3).unwrap();
    let own = memory.map_own(Protection::ReadWrite).unwrap();
    own.write_at(4096, b"lent").unwrap();
    let loan = Loan::of(&memory, 1, 2, Protection::Read).unwrap();
    let borrowed = Memory::from(loan.handle_to_send().unwrap());
    let (_, rights) = OwnedHandle::from(borrowed.copy(Rights::ALL).unwrap()).info().unwrap();
    assert_eq!(rights, Rights::READ | Rights::TRANSFER);
    let mapping = borrowed.map_own(Protection::Read).unwrap();
    let mut bytes = [0; 4];
    mapping.read_at(0, &mut bytes).unwrap();
    assert_eq!(&bytes, b"lent");
    drop(mapping);
    drop(loan);
    assert_eq!(borrowed.map_own(Protection::Read).unwrap_err(), Error::PeerDied);
}

/// The slices of a buffer rest on the end of the loan. The borrower could write them for ever.
#[test]
fn a_loan_that_cannot_be_taken_back_ends_the_lender() {
    let quota = Quota { pages: 64, handles: 8, threads: 2, objects: 8, ..Quota::default() };
    let process = Process::create("lender", &quota, None).unwrap();
    let thread = host::spawn_in(&process, || {
        let mut buffer = Buffer::new(8).unwrap();
        sys::trace::filter_own(!(1 << abi::Syscall::HandleClose as u32)).unwrap();
        buffer.lend_mut(|_| ())
    });
    let ended = host::away(|| thread.unwrap().join());
    assert!(ended.is_err_and(|panic| host::killed(&*panic)), "it did not go on");
    assert_eq!(process.info().unwrap().status, abi::EXIT_PANIC);
}

#[test]
fn a_process_does_not_reach_its_own_memory_by_a_handle() {
    let quota = Quota { pages: 64, handles: 8, threads: 2, objects: 8, ..Quota::default() };
    let process = Process::create("own", &quota, None).unwrap();
    let given = host::give(&process, process.as_handle(), Rights::ALL, 0).unwrap();
    let thread = host::spawn_in(&process, move || {
        let own = Process::from(given.take()?);
        let memory = Memory::create(1)?;
        assert_eq!(own.write_memory(0x40_0000, &[1]), Err(Error::BadArgument));
        assert_eq!(own.read_memory(0x40_0000, &mut [0]), Err(Error::BadArgument));
        let mapped = own.map(&memory, 0x40_0000, 0, 1, Protection::Read);
        assert_eq!(mapped, Err(Error::BadArgument));
        assert_eq!(own.unmap(0x40_0000, 1), Err(Error::BadArgument));
        assert_eq!(own.handles().map(drop), Err(Error::BadArgument));
        let traced = sys::trace::Tracer::watch(own, sys::trace::TraceFlags::ENTER);
        assert_eq!(traced.map(drop), Err(Error::BadArgument));
        Ok::<(), Error>(())
    });
    host::away(|| thread.unwrap().join()).unwrap().unwrap();
}

#[test]
fn what_was_given_is_taken_in_its_process_only() {
    let quota = Quota { pages: 64, handles: 8, threads: 2, objects: 8, ..Quota::default() };
    let process = Process::create("other", &quota, None).unwrap();
    let bell = Notification::create().unwrap();
    let given = host::give(&process, bell.as_handle(), Rights::ALL, 0).unwrap();
    assert_eq!(given.take(), Err(Error::BadHandle));
}

#[test]
fn memory_is_filled_within_its_pages_only() {
    assert_eq!(Pages::filled(2, 4095, &[1, 2]).unwrap().info().unwrap().pages, 2);
    assert_eq!(Pages::filled(2, 0, &[]).unwrap().info().unwrap().pages, 2);
    for (offset, bytes) in [(4095, &[1, 2][..]), (4097, &[]), (usize::MAX, &[1])] {
        assert_eq!(Pages::filled(1, offset, bytes).map(drop), Err(Error::BadArgument));
    }
}
