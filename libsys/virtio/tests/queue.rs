//! The queue on a fake device: what it carries, and what a hostile device tries.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "tests and their helpers")]

mod common;

use common::{ask, entropy, up};
use dma::{Buffer, FOREIGN_MAX, Fault, Ring, Used, map_run};
use sys::{Memory, Protection};
use testkit::device::{Mischief, Setup};

#[test]
fn bytes_arrive_where_they_were_asked_for() {
    let (bus, device) = entropy(Setup::default());
    let (mut transport, mut ring, pool) = up(&bus, &device).unwrap();
    let part = pool.take(5).unwrap();
    assert_eq!(ring.complete(), Ok(None));
    ask(&mut ring, &mut transport, part);
    assert_eq!(ring.complete(), Ok(Some(Used { tag: 7, written: 5 })));
    let mut bytes = [0; 5];
    part.read(0, &mut bytes).unwrap();
    assert_eq!(bytes, [1, 2, 3, 4, 5]);
    assert_eq!(bus.faults(), []);
}

#[test]
fn a_foreign_buffer_is_reached_by_the_device_alone() {
    let (bus, device) = entropy(Setup::default());
    let (mut transport, mut ring, pool) = up(&bus, &device).unwrap();
    let memory = Memory::create(2).unwrap();
    let address = map_run(&bus, &memory, 2).unwrap().plus(0x1010);
    let own = pool.take(3).unwrap();
    let foreign = Buffer::Foreign { address, bytes: 4 };
    ring.submit(1, &[], &[Buffer::Own(own), foreign]).unwrap();
    ring.kick(&mut transport);
    assert_eq!(ring.complete(), Ok(Some(Used { tag: 1, written: 7 })));
    let mut bytes = [0; 6];
    memory.map_own(Protection::Read).unwrap().read_at(0x100f, &mut bytes).unwrap();
    assert_eq!(bytes, [0, 4, 5, 6, 7, 0]);
}

#[test]
fn requests_that_cannot_be_are_refused() {
    let (bus, device) = entropy(Setup::default());
    let (_, mut ring, pool) = up(&bus, &device).unwrap();
    let own = Buffer::Own(pool.take(3).unwrap());
    let foreign = |bytes| Buffer::Foreign { address: sys::DeviceAddress(1 << 20), bytes };
    let empty = Buffer::Own(pool.take(0).unwrap());
    let bad: [&[Buffer]; 5] =
        [&[], &[own, own, own], &[foreign(1), foreign(1)], &[foreign(FOREIGN_MAX + 1)], &[empty]];
    for buffers in bad {
        assert_eq!(ring.submit(0, &[], buffers), Err(Fault::BadRequest), "{buffers:?}");
    }
}

#[test]
fn a_full_queue_says_so_and_goes_on() {
    let (bus, device) = entropy(Setup::default());
    let (mut transport, mut ring, pool) = up(&bus, &device).unwrap();
    device.hold();
    let part = Buffer::Own(pool.take(1).unwrap());
    for tag in 0..8 {
        ring.submit(tag, &[], &[part]).unwrap();
    }
    assert_eq!(ring.submit(8, &[], &[part]), Err(Fault::Full));
    ring.kick(&mut transport);
    device.release();
    let tags = std::iter::from_fn(|| ring.complete().unwrap()).map(|used| used.tag);
    assert_eq!(tags.collect::<Vec<_>>(), [7, 6, 5, 4, 3, 2, 1, 0], "the device's order");
    assert_eq!(ring.submit(8, &[], &[part]), Ok(()));
}

/// The index has 16 bits.
#[test]
fn no_doorbell_is_missed_when_the_index_wraps() {
    let (bus, device) = entropy(Setup::default());
    let (mut transport, mut ring, pool) = up(&bus, &device).unwrap();
    let part = pool.take(1).unwrap();
    // Fewer where each instruction is interpreted.
    let rounds = if cfg!(miri) { 20 } else { 66_000 };
    for _ in 0..rounds {
        ask(&mut ring, &mut transport, part);
        assert!(ring.complete().unwrap().is_some());
    }
    assert_eq!((device.doorbells(), device.violations().len()), (rounds, 0));
}

#[test]
fn interrupts_come_when_they_are_listened_for() {
    let (bus, device) = entropy(Setup::default());
    let (mut transport, mut ring, pool) = up(&bus, &device).unwrap();
    let bell = sys::Notification::create().unwrap();
    device.interrupt_to(bell.copy(sys::Rights::ALL).unwrap(), 4);
    let part = pool.take(1).unwrap();
    ask(&mut ring, &mut transport, part);
    assert_eq!((bell.poll(), device.interrupts()), (Ok(4), 1));
    ring.listen(false);
    ask(&mut ring, &mut transport, part);
    assert_eq!(bell.poll(), Err(sys::Error::WouldBlock));
    ring.listen(true);
    assert!(ring.has_completed(), "found without an interrupt");
}

/// What comes of asking when the device does this.
fn asked(mischief: Mischief) -> (Ring<8>, Result<Option<Used>, Fault>) {
    let (bus, device) = entropy(Setup::default());
    let (mut transport, mut ring, pool) = up(&bus, &device).unwrap();
    device.set_mischief(mischief);
    ask(&mut ring, &mut transport, pool.take(4).unwrap());
    let completed = ring.complete();
    (ring, completed)
}

#[test]
fn a_wild_length_is_an_error() {
    for length in [5, 0x1_0000, u32::MAX] {
        assert_eq!(asked(Mischief::Length(length)).1, Err(Fault::WildLength));
    }
    // What it may say, and the driver must not believe.
    assert_eq!(asked(Mischief::Length(0)).1, Ok(Some(Used { tag: 7, written: 0 })));
}

#[test]
fn a_wild_descriptor_is_an_error() {
    for id in [1, 7, 8, 0xffff, u32::MAX] {
        assert_eq!(asked(Mischief::Id(id)).1, Err(Fault::NotInFlight), "{id:#x}");
    }
}

#[test]
fn an_index_that_jumps_is_an_error_behind_the_last_request() {
    for skip in [1, 7, 8, 0x7fff, 0xfffe] {
        let (mut ring, first) = asked(Mischief::Skip(skip));
        // Of the entries that it did not write, one names descriptor 0, which is not in flight.
        assert_eq!(first, Ok(Some(Used { tag: 7, written: 4 })));
        assert_eq!(ring.complete(), Err(Fault::NotInFlight), "{skip}");
    }
}

#[test]
fn an_answer_that_comes_twice_is_an_error() {
    let (mut ring, first) = asked(Mischief::Twice);
    assert_eq!(first, Ok(Some(Used { tag: 7, written: 4 })));
    assert_eq!(ring.complete(), Err(Fault::NotInFlight));
}

#[test]
fn a_device_that_does_not_answer_has_completed_nothing() {
    assert_eq!(asked(Mischief::Silent).1, Ok(None));
}
