//! Clients and devices that say anything.

use super::{Raw, SECTORS, alone, attach, attach_pool, server, step, whole};
use crate::server::attach::{CLIENTS, PER_OWNER, POOL_PAGES};
use crate::{BlockError, Operation, Range, Request};
use driver::{END, NEWS, TICK, TICKS};
use queue::QueueError;

/// What a request comes to that is a good one but for this change.
fn spoiled(range: Range, spoil: fn(&mut Request)) -> Result<(), BlockError> {
    alone(move || {
        let mut server = server(4);
        let mut client = attach(&mut server, 1, range, 4).unwrap();
        let mut request = client.read(10, 2);
        spoil(&mut request);
        client.send(request.sealed());
        step(&mut server, 1);
        let results = client.results();
        assert_eq!(results.len(), 1);
        assert_eq!(server.backend.queue.len(), 0);
        results[0].1
    })
}

/// What it comes to, and the change.
type Row = (BlockError, fn(&mut Request));

#[test]
fn wild_requests_are_typed_errors() {
    let part = Range { first: 100, sectors: 50, read_only: true };
    let rows: &[Row] = &[
        (BlockError::OutOfRange, |r| r.lba = 49),
        (BlockError::OutOfRange, |r| r.lba = u64::MAX),
        (BlockError::OutOfRange, |r| r.lba = u64::MAX - 99),
        (BlockError::BadBuffer, |r| r.offset = 4 * 4096 - 512),
        (BlockError::BadBuffer, |r| r.offset = u32::MAX),
        (BlockError::BadBuffer, |r| r.offset = 1),
        (BlockError::BadRequest, |r| r.sectors = 0),
        (BlockError::BadRequest, |r| r.sectors = u32::MAX),
        (BlockError::BadRequest, |r| r.operation = 0),
        (BlockError::BadRequest, |r| r.operation = 77),
        (BlockError::ReadOnly, |r| r.operation = Operation::Write as u32),
        (BlockError::ReadOnly, |r| r.operation = Operation::Discard as u32),
        (BlockError::WrongEpoch, |r| r.epoch = r.epoch.wrapping_sub(1)),
    ];
    for (number, (error, spoil)) in rows.iter().enumerate() {
        assert_eq!(spoiled(part, *spoil), Err(*error), "row {number}");
    }
    assert_eq!(spoiled(part, |_| ()), Ok(()));
    assert_eq!(spoiled(whole(), |r| r.operation = Operation::Write as u32), Ok(()));
    let unsupported = spoiled(whole(), |r| r.operation = Operation::Discard as u32);
    assert_eq!(unsupported, Err(BlockError::Unsupported));
    // A flush needs neither sectors nor a buffer.
    assert_eq!(spoiled(part, |r| (r.operation, r.offset) = (Operation::Flush as u32, 1)), Ok(()));
}

#[test]
fn a_range_begins_where_it_begins_on_the_disk() {
    alone(|| {
        let mut server = server(4);
        let part = Range { first: 100, sectors: 50, read_only: false };
        let mut client = attach(&mut server, 1, part, 4).unwrap();
        let mut request = client.read(7, 1);
        request.offset = 512;
        client.send(request.sealed());
        step(&mut server, 0);
        let submitted = server.backend.queue[0];
        assert_eq!((submitted.lba, submitted.address.0), (107, (1 << 32) + 512));
    });
}

/// What is not sealed was not written by a client's code: its ring is damaged, and it attaches
/// again.
#[test]
fn a_damaged_record_ends_the_attachment() {
    alone(|| {
        let mut server = server(4);
        let mut client = attach(&mut server, 1, whole(), 4).unwrap();
        let mut honest = attach(&mut server, 2, whole(), 4).unwrap();
        let good = client.read(1, 1);
        client.send(good);
        client.send(Request { lba: 3, ..good });
        honest.ask(5, 1);
        step(&mut server, 9);
        assert_eq!(client.channel.receive(&mut []), Ok(0));
        let closed = client.channel.receive(&mut [crate::Completion::default()]);
        assert_eq!(closed, Err(QueueError::Closed));
        assert_eq!(honest.results(), [(1, Ok(()))]);
        assert_eq!(server.backend.pools.len(), 1, "its pool is unmapped");
    });
}

#[test]
fn a_client_that_takes_no_completions_ends_itself_alone() {
    alone(|| {
        let mut server = server(8);
        let mut lazy = attach(&mut server, 1, whole(), 2).unwrap();
        let mut honest = attach(&mut server, 2, whole(), 2).unwrap();
        for _ in 0..2 {
            for _ in 0..2 {
                lazy.ask(0, 1);
            }
            honest.ask(0, 1);
            step(&mut server, 9);
            assert_eq!(honest.results().len(), 1);
        }
        assert_eq!(lazy.channel.send(&[Request::default()]), Ok(1), "it finds out later");
        assert_eq!(lazy.results().len(), 2, "what fitted");
        assert_eq!(lazy.channel.check_peer(), Err(QueueError::Closed));
    });
}

#[test]
fn a_pool_stays_mapped_until_the_device_is_done_with_it() {
    alone(|| {
        let mut server = server(4);
        let mut client = attach(&mut server, 1, whole(), 4).unwrap();
        for _ in 0..3 {
            client.ask(0, 1);
        }
        step(&mut server, 1);
        assert_eq!(server.backend.queue.len(), 2);
        drop(client);
        server.notified(NEWS | END);
        assert_eq!((server.backend.pools.len(), server.clients.len()), (1, 1));
        step(&mut server, 1);
        assert_eq!(server.backend.pools.len(), 1);
        step(&mut server, 1);
        assert_eq!((server.backend.pools.len(), server.clients.len()), (0, 0));
    });
}

#[test]
fn attachments_are_finite() {
    alone(|| {
        let mut server = server(4);
        let mut clients: Vec<Raw> =
            (0..PER_OWNER).map(|_| attach(&mut server, 1, whole(), 4).unwrap()).collect();
        let refused = attach(&mut server, 1, whole(), 4);
        assert_eq!(refused.err(), Some(BlockError::TooMany));
        for owner in 2.. {
            match attach(&mut server, owner, whole(), 4) {
                Ok(client) => clients.push(client),
                Err(error) => {
                    assert_eq!((error, clients.len()), (BlockError::TooMany, CLIENTS));
                    break;
                }
            }
        }
        // The end of one makes room for another, also before the server heard of it.
        clients.pop();
        assert!(attach(&mut server, 99, whole(), 4).is_ok());
    });
}

#[test]
fn the_pools_of_an_owner_are_finite() {
    alone(|| {
        let mut server = server(4);
        let half = POOL_PAGES / 2;
        let too_large = attach_pool(&mut server, 1, whole(), (4, POOL_PAGES + 1));
        assert_eq!(too_large.err(), Some(BlockError::BadPool));
        let first = attach_pool(&mut server, 1, whole(), (4, half)).unwrap();
        let second = attach_pool(&mut server, 1, whole(), (4, half + 1));
        assert_eq!(second.err(), Some(BlockError::TooMany));
        assert!(attach_pool(&mut server, 2, whole(), (4, half)).is_ok());
        drop(first);
        assert!(attach_pool(&mut server, 1, whole(), (4, half + 1)).is_ok());
    });
}

#[test]
fn a_range_outside_of_the_disk_is_refused() {
    alone(|| {
        let mut server = server(4);
        for (first, sectors) in [(0, SECTORS + 1), (SECTORS, 1), (u64::MAX, 2)] {
            let range = Range { first, sectors, read_only: false };
            let refused = attach(&mut server, 1, range, 4);
            assert_eq!(refused.err(), Some(BlockError::OutOfRange));
        }
        assert_eq!(server.backend.pools.len(), 0);
    });
}

/// How a driver ends to which this is done.
fn end_of(work: impl FnOnce() + Send + 'static) -> String {
    testkit::run(|system| {
        let driver = system.program("driver").script(|_| work());
        driver.wait().panic.unwrap_or_default()
    })
}

#[test]
fn a_device_that_completes_what_it_does_not_have_ends_the_driver() {
    for lie in [0, 1, 3, 4, u16::MAX] {
        let end = end_of(move || {
            let mut server = server(4);
            let mut client = attach(&mut server, 1, whole(), 4).unwrap();
            client.ask(0, 1);
            step(&mut server, 0);
            // The tag that is in flight is answered twice.
            let tag = server.backend.queue[0].tag;
            server.backend.lies.extend([tag, if lie == 3 { tag } else { lie }]);
            server.notified(NEWS);
        });
        assert_eq!(end, "the device completed a request that it does not have", "{lie}");
    }
}

#[test]
fn a_device_that_never_answers_ends_the_driver() {
    let end = end_of(|| {
        let mut server = server(4);
        let mut client = attach(&mut server, 1, whole(), 4).unwrap();
        client.ask(0, 1);
        step(&mut server, 0);
        (1..TICKS).for_each(|_| server.notified(TICK));
        // One that was submitted later does not make the first younger.
        client.ask(0, 1);
        step(&mut server, 0);
        server.notified(TICK);
    });
    assert_eq!(end, "the device does not answer");
}
