//! Bytes of a message: the direct way and the general one do the same.

use super::kit::{BYTES, ENVELOPE, boot, envelope_bytes};
use crate::exit::Next;
use crate::object::State;
use abi::{Envelope, Error, HandleTransfer, RECEIVES_ONLY, Rights, SENDS_BYTES, Syscall};

/// Envelopes of the caller and of the server.
const CALLERS: u64 = ENVELOPE;
const SERVERS: u64 = ENVELOPE + 512;
/// Where the bytes of each lie, and where they go.
const ROOM: u64 = BYTES + 0x3000;

/// A message's way: where its bytes lie, how many, and how many fit.
#[derive(Clone, Copy, Debug)]
struct Trip {
    from: u64,
    len: u64,
    to: u64,
    fit: u64,
}

/// What both sides saw: results, receipts, and the bytes that arrived.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    arrived: Result<(u64, [u64; 7]), Error>,
    called: Option<Error>,
    receipt: [u8; 24],
    bytes: Vec<u8>,
    state: bool,
}

/// A call with bytes to a waiting server. `direct`: both say beside their envelopes' addresses
/// what is in them, else the kernel has to read them to know.
fn call(trip: Trip, direct: bool) -> Seen {
    let mut driver = boot();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let client = driver.running();
    let text: Vec<u8> = (0..6000_u32).map(|number| number.to_le_bytes()[0] | 1).collect();
    driver.poke(BYTES, &text);
    let room = Envelope { receive_address: trip.to, receive_capacity: trip.fit, ..Envelope::EMPTY };
    driver.poke(SERVERS, &envelope_bytes(&room));
    driver.poke(SERVERS + 72, &[0; 24]);
    let sent = Envelope { send_address: trip.from, send_len: trip.len, ..Envelope::EMPTY };
    driver.poke(CALLERS, &envelope_bytes(&sent));
    let server = driver.start_urgent(0);
    let receives = if direct { RECEIVES_ONLY } else { 0 };
    driver.raw(Syscall::Recv as u64, &[endpoint], SERVERS + receives);
    assert_eq!(driver.next, Next::User(client));
    let sends = if direct { SENDS_BYTES } else { 0 };
    driver.raw(Syscall::Call as u64, &[endpoint, 7, 1, 2, 3], CALLERS + sends);
    let state = matches!(driver.state(client), State::AwaitReply(_));
    let waits = matches!(driver.state(server), State::Receiving(_));
    let arrived = if waits { Err(Error::WouldBlock) } else { driver.result(server) };
    Seen {
        arrived: arrived.map(|outcome| (outcome.values.1, outcome.words)),
        called: driver.result(client).err().filter(|_| driver.state(client) == State::Ready),
        receipt: driver.peek(SERVERS + 72, 24).try_into().unwrap(),
        bytes: driver.peek(ROOM, 6000),
        state,
    }
}

#[test]
fn both_ways_bring_the_same_bytes_and_tell_the_same() {
    let trips = [
        Trip { from: BYTES, len: 1, to: ROOM, fit: 1 },
        Trip { from: BYTES + 3, len: 64, to: ROOM + 5, fit: 200 },
        Trip { from: BYTES, len: 4096, to: ROOM, fit: 4096 },
        // Across the end of a page: here, there, on both sides.
        Trip { from: BYTES + 4000, len: 200, to: ROOM, fit: 200 },
        Trip { from: BYTES, len: 200, to: ROOM + 4000, fit: 200 },
        Trip { from: BYTES + 4090, len: 1500, to: ROOM + 4001, fit: 1500 },
        // Onto themselves, up and down: a program sends to itself.
        Trip { from: BYTES, len: 64, to: BYTES + 8, fit: 64 },
        Trip { from: BYTES + 8, len: 64, to: BYTES, fit: 64 },
        // Memory that is not there, before and after a page that is.
        Trip { from: 0x6666_0000, len: 8, to: ROOM, fit: 8 },
        Trip { from: BYTES, len: 8, to: 0x6666_0000, fit: 8 },
        Trip { from: u64::MAX - 3, len: 8, to: ROOM, fit: 8 },
        Trip { from: BYTES, len: u64::MAX, to: ROOM, fit: u64::MAX },
        // No room.
        Trip { from: BYTES, len: 65, to: ROOM, fit: 64 },
        Trip { from: BYTES, len: 1, to: ROOM, fit: 0 },
    ];
    for trip in trips {
        let (direct, general) = (call(trip, true), call(trip, false));
        assert_eq!(direct, general, "{trip:?}");
        let fits = trip.len <= trip.fit && trip.len < 5000;
        let mapped = |address: u64| address < 0x6666_0000;
        assert_eq!(direct.arrived.is_ok(), fits && mapped(trip.from) && mapped(trip.to));
    }
}

#[test]
fn whoever_says_that_it_sends_bytes_alone_sends_nothing_else() {
    for busy in [false, true] {
        let mut driver = boot();
        let endpoint = driver.make(Syscall::EndpointCreate, &[]);
        let transfer =
            HandleTransfer { handle: u32::try_from(endpoint).unwrap(), rights: 0x3ff, moved: 0 };
        // A deadline that has passed and a handle: neither counts.
        let sent = Envelope {
            send_address: BYTES,
            send_len: 8,
            deadline_ns: 0,
            transfers: [transfer; 4],
            ..Envelope::EMPTY
        };
        driver.poke(CALLERS, &envelope_bytes(&sent));
        let room = Envelope { receive_address: ROOM, receive_capacity: 8, ..Envelope::EMPTY };
        driver.poke(SERVERS, &envelope_bytes(&room));
        driver.poke(SERVERS + 72, &[0; 24]);
        let client = driver.running();
        let server = driver.start_urgent(0);
        if busy {
            driver.raw(Syscall::Sleep as u64, &[1000], 0);
        } else {
            driver.raw(Syscall::Recv as u64, &[endpoint], SERVERS + RECEIVES_ONLY);
        }
        assert_eq!(driver.next, Next::User(client));
        driver.raw(Syscall::Call as u64, &[endpoint], CALLERS + SENDS_BYTES);
        if busy {
            driver.advance(1000);
            driver.raw(Syscall::Recv as u64, &[endpoint], SERVERS + RECEIVES_ONLY);
        }
        assert_eq!(driver.next, Next::User(server));
        assert_eq!(driver.peek(SERVERS + 72, 8), 8_u64.to_le_bytes());
        assert_eq!(driver.peek(SERVERS + 80, 16), [0; 16], "no handles came");
        // The caller's envelope receives the answer, and so does the server's the next call.
        driver.poke(CALLERS + 16, &(ROOM + 64).to_le_bytes());
        driver.poke(CALLERS + 24, &8_u64.to_le_bytes());
        driver.poke(CALLERS + 72, &[0; 24]);
        driver.poke(SERVERS, &BYTES.to_le_bytes());
        driver.poke(SERVERS + 8, &8_u64.to_le_bytes());
        let token = driver.result(server).unwrap().token;
        let next = [token, endpoint << 32];
        driver.raw(Syscall::ReplyRecv as u64, &next, SERVERS + SENDS_BYTES);
        assert_eq!(driver.next, Next::User(client));
        assert_eq!(driver.peek(CALLERS + 72, 8), 8_u64.to_le_bytes());
        assert_eq!(driver.peek(ROOM + 64, 8), driver.peek(BYTES, 8));
        assert!(matches!(driver.state(server), State::Receiving(_)));
    }
}

#[test]
fn bytes_for_a_caller_whose_process_is_gone_go_nowhere() {
    let mut driver = boot();
    let me = driver.running();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let (child, _) = driver.child(0);
    let theirs = driver.give(child, endpoint, Rights::SEND, 0);
    driver.give_page(child);
    // A handle keeps the name of the thread.
    let caller = driver.start_urgent(child);
    driver.raw(Syscall::Call as u64, &[theirs], ENVELOPE + RECEIVES_ONLY);
    driver.raw(Syscall::Recv as u64, &[endpoint], 0);
    let token = driver.result(me).unwrap().token;
    driver.call(Syscall::ProcessKill, &[child, 0]).unwrap();
    driver.call(Syscall::HandleClose, &[child]).unwrap();
    driver.call(Syscall::Yield, &[]).unwrap();
    assert!(driver.kernel.objects.threads[caller].dead);
    assert!(
        driver
            .kernel
            .objects
            .processes
            .get(driver.kernel.objects.threads[caller].process)
            .is_none()
    );
    driver.put_envelope(&Envelope { send_address: BYTES, send_len: 8, ..Envelope::EMPTY });
    let next = [token, endpoint << 32];
    driver.raw(Syscall::ReplyRecv as u64, &next, ENVELOPE + SENDS_BYTES);
    assert!(matches!(driver.state(me), State::Receiving(_)), "it goes on receiving");
}
