//! Bytes lent for a call: short and long, read and written, by honest and other peers.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use service::{CallError, Caller, Lent, LentMut, Never};
use sys::host;
use sys::{
    Buffer, Endpoint, FOREVER, Memory, Message, Notification, OwnedHandle, Protection, Quota,
    Received, Rights,
};

/// Works on bytes. Up to 1024 bytes travel in a message, up to 512 each of two.
#[service::interface(version = 1, max_message = 2048, max_lend = 262144)]
trait Mill {
    #[idempotent]
    fn sum(&mut self, #[lend] bytes: &[u8]) -> Result<u64, Never>;
    fn reverse(
        &mut self,
        add: u8,
        #[lend] from: &[u8],
        #[lend] to: &mut [u8],
    ) -> Result<u64, String>;
    fn write(&mut self, at: u32, count: u32, #[lend] to: &mut [u8]) -> Result<(), bool>;
    fn copy(
        &mut self,
        #[lend] from: &[u8],
        #[lend] to: &mut [u8],
        #[handle] bell: Notification,
    ) -> Result<(), Never>;
    #[returns_handle]
    fn keep(&mut self, #[lend] bytes: &[u8]) -> Result<(Memory, u8), Never>;
    fn beyond(&mut self, #[lend] from: &[u8], #[lend] to: &mut [u8]) -> Result<bool, Never>;
}

struct Stones;

impl Mill for Stones {
    fn sum(&mut self, _: &Caller, bytes: Lent<'_>) -> Result<u64, Never> {
        Ok(bytes.to_vec().into_iter().map(u64::from).sum())
    }
    fn reverse(
        &mut self,
        _: &Caller,
        add: u8,
        from: Lent<'_>,
        mut to: LentMut<'_>,
    ) -> Result<u64, String> {
        let mut copy = from.to_vec();
        copy.reverse();
        copy.iter_mut().for_each(|byte| *byte = byte.wrapping_add(add));
        to.write(0, &copy).unwrap();
        // The longer one does not fit into the words of the answer.
        if add >= 99 { Err("9".repeat(add.into())) } else { Ok(to.len() as u64) }
    }
    fn write(&mut self, _: &Caller, at: u32, count: u32, mut to: LentMut<'_>) -> Result<(), bool> {
        let (at, count) = (at as usize, count as usize);
        to.write(at, &vec![1; count]).map_err(|_| true)?;
        to.write(at, &vec![2; count.div_ceil(2)]).map_err(|_| false)
    }
    fn copy(
        &mut self,
        _: &Caller,
        from: Lent<'_>,
        mut to: LentMut<'_>,
        bell: Notification,
    ) -> Result<(), Never> {
        to.write(0, &from.to_vec()).unwrap();
        bell.signal(1).unwrap();
        Ok(())
    }
    fn keep(&mut self, _: &Caller, bytes: Lent<'_>) -> Result<(Memory, u8), Never> {
        let mut first = [0];
        bytes.read(0, &mut first).unwrap();
        Ok((Memory::create(1).unwrap(), first[0]))
    }
    fn beyond(&mut self, _: &Caller, from: Lent<'_>, mut to: LentMut<'_>) -> Result<bool, Never> {
        let (len, room) = (from.len(), to.len());
        let reads =
            [(0, len + 1), (len, 1), (usize::MAX, 1), (1, usize::MAX)].map(|(at, count)| {
                from.read(at, &mut vec![0; count.min(8192)]).is_err() || count > 8192
            });
        let writes = [(room, 1), (usize::MAX, 1)].map(|(at, count)| to.write(at, &vec![1; count]));
        Ok(reads.iter().all(|failed| *failed) && writes.iter().all(Result::is_err))
    }
}

fn open_mill() -> (MillClient, Endpoint) {
    let endpoint = Endpoint::create().unwrap();
    let sender = endpoint.copy(Rights::ALL).unwrap();
    let client = MillClient::from_endpoint(endpoint.copy(Rights::SEND).unwrap());
    std::thread::spawn(move || service::serve::<dyn Mill>(endpoint, &mut Stones));
    (client, sender)
}

fn numbers(len: usize) -> Vec<u8> {
    (0..len).map(|n| n.to_le_bytes()[0].wrapping_mul(7)).collect()
}

const LENGTHS: [usize; 9] = [0, 1, 100, 1024, 1025, 4096, 4097, 100_000, 262_144];

#[test]
fn bytes_of_all_lengths_are_read() {
    let (mill, _endpoint) = open_mill();
    for len in LENGTHS {
        let bytes = numbers(len);
        let sum = Ok(bytes.iter().copied().map(u64::from).sum());
        assert_eq!(mill.sum(&bytes), sum, "{len}, a list");
        assert_eq!(mill.sum(&bytes[..]), sum, "{len}, a slice");
        let mut buffer = Buffer::new(len).unwrap();
        buffer.copy_from_slice(&bytes);
        assert_eq!(mill.sum(&buffer), sum, "{len}, pages");
    }
    assert_eq!(mill.sum(&[1; 3]), Ok(3));
    assert_eq!(mill.sum(&numbers(262_145)), Err(CallError::TooLong));
    assert_eq!(mill.keep(&numbers(5000)).unwrap().1, 0);
}

#[test]
fn bytes_of_all_lengths_are_written() {
    let (mill, _endpoint) = open_mill();
    for len in LENGTHS {
        let mut wanted = numbers(len);
        wanted.reverse();
        wanted.iter_mut().for_each(|byte| *byte = byte.wrapping_add(3));
        let mut bytes = numbers(len);
        let source = numbers(len);
        assert_eq!(mill.reverse(3, &source, &mut bytes), Ok(len as u64));
        assert_eq!(bytes, wanted);
        let mut buffer = Buffer::new(len).unwrap();
        buffer.copy_from_slice(&numbers(len));
        assert_eq!(mill.reverse(3, &source, &mut buffer), Ok(len as u64));
        assert_eq!(buffer[..], wanted);
        for error in [99, 200] {
            let mut bytes = numbers(len);
            let failed = mill.within(5_000_000_000).reverse(error, &source, &mut bytes);
            assert_eq!(failed, Err(CallError::Service("9".repeat(error.into()))));
            assert!(len < 2 || bytes != numbers(len), "it was written all the same");
        }
    }
}

#[test]
fn a_part_that_is_written_comes_in_its_place() {
    let (mill, _endpoint) = open_mill();
    for len in [9, 600, 1024, 5000] {
        for (at, count) in [(0, 0), (0, 9), (4, 5), (9, 0), (5, 1)] {
            let mut bytes = vec![7; len];
            assert_eq!(mill.write(at, count, &mut bytes), Ok(()), "{len} {at} {count}");
            let (at, count) = (at as usize, count as usize);
            let (twice, once) = bytes[at..at + count].split_at(count.div_ceil(2));
            assert!(twice.iter().all(|it| *it == 2) && once.iter().all(|it| *it == 1), "{bytes:?}");
        }
        assert_eq!(
            mill.write(5, u32::try_from(len).unwrap(), &mut vec![7; len]),
            Err(CallError::Service(true))
        );
    }
}

#[test]
fn two_are_lent_at_once_and_handles_beside_them() {
    // In a system of its own: here nothing else opens handles.
    host::in_system(|| {
        let before = host::open_handles();
        let endpoint = Endpoint::create().unwrap();
        let mill = MillClient::from_endpoint(endpoint.copy(Rights::SEND).unwrap());
        let serve = move || {
            let mut server = service::Server::<dyn Mill>::new(endpoint);
            (0..4).for_each(|_| assert!(server.next(&mut Stones).is_ok()));
            server.flush();
        };
        let server = sys::spawn_thread(8, sys::Priority(1), serve).unwrap();
        for (from, to) in [(10, 10), (500, 5000), (5000, 500), (600, 70_000)] {
            let bell = Notification::create().unwrap();
            let (source, mut target) = (numbers(from.min(to)), vec![0; to]);
            mill.copy(&source, &mut target, bell.copy(Rights::ALL).unwrap()).unwrap();
            assert_eq!(target[..source.len()], source);
            assert_eq!(bell.poll(), Ok(1));
        }
        drop((mill, server));
        let mut patience = 0..1000;
        while host::open_handles() != before {
            assert!(patience.next().is_some(), "what a call brought is closed with it");
            sys::sleep_for(1_000_000);
        }
    });
}

#[test]
fn nothing_is_read_or_written_beyond_the_end() {
    let (mill, _endpoint) = open_mill();
    for len in [0, 10, 1000, 5000] {
        assert_eq!(mill.beyond(&numbers(len), &mut numbers(len)), Ok(true), "{len}");
    }
}

/// A call of `sum` with these bytes for the argument, and this handle.
fn raw_sum(endpoint: &Endpoint, argument: &[u8], handle: Option<OwnedHandle>) -> u32 {
    let label = service::label(0, MillClient::INTERFACE.hash);
    let mut words = [0; 7];
    for (word, chunk) in words.iter_mut().zip(argument.chunks(8)) {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        *word = u64::from_le_bytes(bytes);
    }
    let mut message = Message::new(label, words);
    if let Some(handle) = handle {
        message.transfers.push(handle).unwrap();
    }
    endpoint.call_with(&mut message, FOREVER, &mut [0; 64]).unwrap().label
}

#[test]
fn false_loans_are_refused() {
    use service::Refusal::{Malformed, TooLong};
    let (mill, endpoint) = open_mill();
    let page = || Some(OwnedHandle::from(Memory::create(1).unwrap()));
    // A loan of 4096 bytes is one page; it need not be a loan for the server to be safe.
    assert_eq!(raw_sum(&endpoint, &[1, 0x80, 0x20], page()), 0);
    assert_eq!(raw_sum(&endpoint, &[1, 0x81, 0x20], page()), Malformed as u32, "a byte too many");
    assert_eq!(raw_sum(&endpoint, &[1, 0x80, 0x20], None), Malformed as u32, "nothing");
    let other = Some(Notification::create().unwrap().into());
    assert_eq!(raw_sum(&endpoint, &[1, 0x80, 0x20], other), Malformed as u32, "another kind");
    let unreadable = Memory::create(1).unwrap().copy(Rights::TRANSFER).unwrap();
    assert_eq!(raw_sum(&endpoint, &[1, 1], Some(unreadable.into())), Malformed as u32);
    let endless = [1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    assert_eq!(raw_sum(&endpoint, &endless, page()), TooLong as u32);
    assert_eq!(raw_sum(&endpoint, &[2, 1], page()), Malformed as u32, "no such form");
    assert_eq!(mill.sum(&[5]), Ok(5));
}

#[test]
fn a_server_that_keeps_the_handle_has_nothing() {
    let endpoint = Endpoint::create().unwrap();
    let mill = MillClient::from_endpoint(endpoint.copy(Rights::SEND).unwrap());
    let thief = std::thread::spawn(move || {
        let received = endpoint.receive(FOREVER, &mut [0; 256]).unwrap();
        let Received::Message(message) = received else { panic!("no call") };
        let [Some(loan), ..] = message.handles else { panic!("no loan") };
        let (_, rights) = loan.info().unwrap();
        assert!(!rights.contains(Rights::WRITE) && !rights.contains(Rights::TRANSFER));
        drop(message.reply);
        Memory::from(loan)
    });
    assert_eq!(mill.sum(&numbers(5000)), Err(CallError::Abandoned));
    let stolen = thief.join().unwrap().map_own(Protection::Read);
    assert_eq!(stolen.err(), Some(sys::Error::PeerDied));
}

#[test]
fn a_false_answer_is_malformed_and_writes_nothing() {
    let endpoint = Endpoint::create().unwrap();
    let mill = MillClient::from_endpoint(endpoint.copy(Rights::SEND).unwrap());
    std::thread::spawn(move || {
        // No value; another mark; a byte too many in the words; more bytes than there is room for,
        // beside the words and behind a value in the bytes.
        let answers: [(u64, &[u8]); 5] =
            [(0, &[]), (2, &[]), (0x0100_0001, &[]), (1, &[9; 4]), (0, &[0, 0, 9, 9, 9, 9])];
        for (word, bytes) in answers {
            let received = endpoint.receive(FOREVER, &mut [0; 256]).unwrap();
            let Received::Message(message) = received else { panic!("no call") };
            let answer = Message::new(0, [word, 0, 0, 0, 0, 0, 0]);
            message.reply.unwrap().reply(&mut answer.with_bytes(bytes)).unwrap();
        }
    });
    for _ in 0..5 {
        let mut bytes = [7; 3];
        assert_eq!(mill.reverse(0, &[], &mut bytes), Err(CallError::Malformed));
        assert_eq!(bytes, [7; 3]);
    }
}

#[test]
fn a_loan_is_lent_again_to_the_next_life_of_a_server() {
    let endpoint = Endpoint::create().unwrap();
    let mill = MillClient::from_endpoint(endpoint.copy(Rights::SEND).unwrap());
    std::thread::spawn(move || {
        let quota = Quota { pages: 64, handles: 8, threads: 2, objects: 8, ..Quota::default() };
        let life = sys::Process::create("mill", &quota, None).unwrap();
        let given = host::give(&life, endpoint.as_handle(), Rights::RECEIVE, 0).unwrap();
        let dying = host::spawn_in(&life, move || {
            let endpoint = Endpoint::from(given.take().unwrap());
            let received = endpoint.receive(FOREVER, &mut [0; 256]).unwrap();
            let Received::Message(message) = received else { panic!("no call") };
            let [Some(loan), ..] = message.handles else { panic!("no loan") };
            let _mapped = Memory::from(loan).map_own(Protection::Read).unwrap();
            sys::exit(0)
        });
        assert!(dying.unwrap().join().is_err());
        service::serve::<dyn Mill>(endpoint, &mut Stones)
    });
    let bytes = numbers(9000);
    assert_eq!(mill.sum(&bytes), Ok(bytes.iter().copied().map(u64::from).sum()));
}
