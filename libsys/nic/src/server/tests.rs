//! The server in the test's own process, with a client that writes what it likes.

use super::slots::Slots;
use super::{END, NEWS, NicServer};
use crate::{
    Backend, Bits, Completed, Completion, DeviceFrame, Link, LoopCard, NicDriver, NicError,
    Operation, Request, Submitted, Terms,
};
use executor::Executor;
use queue::Channel;
use service::Caller;
use sys::{DeviceAddress, Memory, Notification, Rights};

const BITS: Bits = Bits { news: 1, end: 2 };
const TERMS: Terms = Terms { receive: 2, transmit: 2, bits: BITS };
/// Pages of four slots.
const POOL: u64 = 2;

/// Runs a test in a process of its own: an executor stays bound to its thread.
fn alone<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
    testkit::run(|system| system.program("driver").script(|_| test()).join())
}

struct Raw {
    channel: Channel<Request, Completion>,
    epoch: u32,
}

fn attach<B: Backend>(server: &mut NicServer<B>, terms: Terms) -> Result<Raw, NicError> {
    let (pool, bell) = (Memory::create(POOL).unwrap(), Notification::create().unwrap());
    let theirs = bell.copy(Rights::ALL).unwrap();
    let (offer, attached) = server.attach(&Caller::with_badge(1), pool, theirs, terms)?;
    let channel = offer.channel(Some(BITS.bell(bell))).unwrap();
    Ok(Raw { channel, epoch: attached.epoch })
}

fn server() -> NicServer<LoopCard> {
    NicServer::new(Executor::new().unwrap(), LoopCard::new([2, 0, 0, 0, 0, 1])).unwrap()
}

impl Raw {
    fn fill(&self, id: u32) -> Request {
        Request::new(id, self.epoch, Operation::Fill, 0)
    }

    fn transmit(&self, id: u32, bytes: u16) -> Request {
        Request::new(id, self.epoch, Operation::Transmit, bytes)
    }

    fn send(&mut self, server: &mut NicServer<LoopCard>, request: Request) -> bool {
        assert_eq!(self.channel.send(&[request]), Ok(1));
        server.notified(NEWS).is_ok()
    }
}

#[test]
fn a_frame_goes_out_and_comes_back() {
    alone(|| {
        let mut server = server();
        let mut raw = attach(&mut server, TERMS).unwrap();
        let requests = [raw.fill(7 << 16), raw.transmit(3 << 16 | 2, 60)];
        for request in requests {
            assert!(raw.send(&mut server, request));
        }
        let mut done = [Completion::default(); 4];
        assert_eq!(raw.channel.receive(&mut done), Ok(2));
        assert!(done[..2].iter().all(Completion::is_whole));
        assert_eq!((done[0].id, done[0].status, done[0].bytes), (3 << 16 | 2, 0, 0));
        assert_eq!((done[1].id, done[1].status, done[1].bytes), (7 << 16, 0, 60));
    });
}

#[test]
fn a_client_that_writes_what_cannot_be_ends_the_driver() {
    let wrong: [fn(&Raw) -> Request; 9] = [
        |raw| raw.fill(2),
        |raw| raw.transmit(0, 60),
        |raw| raw.fill(4),
        |raw| raw.transmit(u32::from(u16::MAX), 60),
        |raw| raw.transmit(2, 13),
        |raw| raw.transmit(2, 1515),
        |raw| Request { epoch: raw.epoch ^ 1, ..raw.fill(0) }.sealed(),
        |raw| Request { operation: 3, ..raw.fill(0) }.sealed(),
        |raw| Request { bytes: 1, ..raw.fill(0) },
    ];
    for (number, make) in wrong.into_iter().enumerate() {
        alone(move || {
            let mut server = server();
            let mut raw = attach(&mut server, TERMS).unwrap();
            let request = make(&raw);
            assert!(!raw.send(&mut server, request), "{number}");
        });
    }
    alone(|| {
        let mut server = server();
        let mut raw = attach(&mut server, TERMS).unwrap();
        let request = raw.fill(0);
        assert!(raw.send(&mut server, request));
        assert!(!raw.send(&mut server, request), "a slot that the driver has");
    });
}

#[test]
fn a_second_client_waits_for_the_end_of_the_first() {
    alone(|| {
        let mut server = server();
        let raw = attach(&mut server, TERMS).unwrap();
        assert_eq!(attach(&mut server, TERMS).err(), Some(NicError::Busy));
        assert!(server.notified(END).is_ok(), "a bit is no fact");
        drop(raw);
        assert_eq!(attach(&mut server, TERMS).err(), Some(NicError::Busy));
        assert!(server.notified(END).is_err());
    });
}

#[test]
fn pools_and_terms_that_cannot_be_are_refused() {
    alone(|| {
        let mut server = server();
        for (receive, transmit) in [(0, 2), (2, 0), (3, 2), (400, 400), (u16::MAX, u16::MAX)] {
            let terms = Terms { receive, transmit, bits: BITS };
            assert_eq!(attach(&mut server, terms).err(), Some(NicError::BadPool));
        }
        assert!(attach(&mut server, TERMS).is_ok());
    });
}

/// A device that has no room.
struct Small(usize);

impl Backend for Small {
    fn link(&self) -> Link {
        Link { mac: [2; 6], mtu: 1500, depth: 1 }
    }
    fn map_pool(&mut self, _: &Memory, _: u64) -> Result<DeviceAddress, NicError> {
        Ok(DeviceAddress(0))
    }
    fn submit(&mut self, _: &DeviceFrame) -> Submitted {
        match self.0.checked_sub(1) {
            Some(left) => {
                self.0 = left;
                Submitted::Accepted
            }
            None => Submitted::Full,
        }
    }
    fn kick(&mut self) {}
    fn complete(&mut self) -> Option<Completed> {
        None
    }
}

#[test]
fn what_a_device_has_no_room_for_waits_and_what_it_lies_about_is_refused() {
    let mut slots = Slots::new(TERMS, DeviceAddress(0), 9, 1500);
    for (id, operation) in [(0, Operation::Fill), (1, Operation::Fill), (2, Operation::Transmit)] {
        slots.begin(&Request::new(id, 9, operation, 60), 5).unwrap();
    }
    let mut small = Small(1);
    assert!(slots.submit(&mut small));
    assert!(!slots.submit(&mut small));
    assert!(slots.transmits_from(5) && !slots.transmits_from(4));
    small.0 = 8;
    assert!(slots.submit(&mut small));
    assert_eq!(small.0, 6, "two waited");
    let end = |slots: &mut Slots, tag, bytes| slots.end(Completed { tag, result: Ok(bytes) });
    assert_eq!(end(&mut slots, 3, 0), Err(NicError::Protocol), "not in flight");
    assert_eq!(end(&mut slots, 99, 0), Err(NicError::Protocol), "no such slot");
    assert_eq!(end(&mut slots, 0, 2049), Err(NicError::Protocol), "longer than its slot");
    assert_eq!(end(&mut slots, 2, 1), Err(NicError::Protocol), "a transmitted frame has no bytes");
    assert_eq!(end(&mut slots, 1, 2048), Ok(()));
    assert_eq!(slots.done().len(), 1);
}
