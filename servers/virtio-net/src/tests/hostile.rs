//! Devices that lie: the end of the driver by a panic, never a frame that is none.

use super::{Bench, bench, done};
use nic::{Backend, Completed, Operation};
use std::panic::{AssertUnwindSafe, catch_unwind};
use testkit::device::Mischief;

/// What comes of a frame: what the driver says, or why it ends.
fn receive_with(mischief: Mischief) -> Result<Option<Completed>, String> {
    let mut bench = bench();
    bench.submit(3, Operation::Fill, 2048);
    assert_eq!(bench.card.complete(), None);
    bench.device.set_mischief(mischief);
    assert!(bench.arrive(&[7; 60]));
    take(&mut bench)
}

fn take(bench: &mut Bench) -> Result<Option<Completed>, String> {
    let taken = catch_unwind(AssertUnwindSafe(|| {
        let first = bench.card.complete();
        // A lie may show only at the next look.
        let second = bench.card.complete();
        assert_eq!(second, None, "the device gave back a second frame");
        first
    }));
    taken.map_err(|panic| panic.downcast_ref::<String>().cloned().unwrap_or_default())
}

#[test]
fn lengths_that_cannot_be_end_the_driver() {
    for length in [0, 1, 11, 12 + 2049, 0x1_0000, u32::MAX] {
        let taken = receive_with(Mischief::Length(length));
        assert!(taken.as_ref().is_err_and(|why| why.contains("the device")), "{length}: {taken:?}");
    }
    for (length, bytes) in [(12, 0), (13, 1), (12 + 2048, 2048)] {
        assert_eq!(receive_with(Mischief::Length(length)), Ok(done(3, bytes)));
    }
}

#[test]
fn frames_that_it_does_not_have_end_the_driver() {
    let lies = [1, 2, 255, 256, 0xffff, u32::MAX].map(Mischief::Id);
    for lie in lies.into_iter().chain([Mischief::Twice, Mischief::Skip(1), Mischief::Skip(255)]) {
        let taken = receive_with(lie);
        assert!(taken.as_ref().is_err_and(|why| why.contains("the device")), "{lie:?}: {taken:?}");
    }
}

#[test]
fn a_transmitted_frame_with_bytes_ends_the_driver() {
    let mut bench = bench();
    bench.device.set_mischief(Mischief::Length(1));
    bench.transmit(3, &[1; 60]);
    assert!(take(&mut bench).is_err());
}

/// Lies in any order: what is said to be received lies in its slot, and no other byte is changed.
#[test]
fn no_byte_outside_of_a_slot_is_touched() {
    let mut ends = 0;
    for seed in 0..200 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut bench = bench();
        for round in 0..50_u8 {
            let tag = u16::from(round % 32);
            bench.submit(tag, Operation::Fill, 2048);
            bench.device.set_mischief(match random.u32(..40) {
                0 => Mischief::Length(random.u32(..)),
                1 => Mischief::Length(random.u32(..2200)),
                2 => Mischief::Id(random.u32(..300)),
                3 => Mischief::Skip(random.u16(..)),
                4 => Mischief::Twice,
                _ => Mischief::None,
            });
            bench.arrive(&vec![round; random.usize(14..=2048)]);
            if take(&mut bench).is_err() {
                ends += 1;
                break;
            }
        }
        assert_eq!(bench.bus.faults(), []);
        let mut beyond = vec![0; 64];
        bench.pool.read_at(32 * 2048, &mut beyond).unwrap();
        assert!(beyond.iter().all(|byte| *byte == 0));
    }
    assert!(ends > 100, "{ends}");
}
