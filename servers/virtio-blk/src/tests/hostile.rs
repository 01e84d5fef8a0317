//! Devices that lie: a typed error, or the end of the driver by a panic, never a success that is
//! none.

use super::{Bench, bench, numbered};
use block::{Backend, BlockError, Operation, Submitted};
use std::panic::{AssertUnwindSafe, catch_unwind};
use testkit::device::{Mischief, Setup};

/// How a read ends: an error, or what the driver panics with.
fn read_with(mischief: Mischief) -> Result<(), Result<BlockError, String>> {
    let mut bench = bench(numbered(64), Setup::default());
    bench.device.set_mischief(mischief);
    read(&mut bench)
}

fn read(bench: &mut Bench) -> Result<(), Result<BlockError, String>> {
    let done = catch_unwind(AssertUnwindSafe(|| bench.make(Operation::Read, 5, 2)));
    match done {
        Ok(result) => result.map_err(Ok),
        Err(panic) => Err(Err(panic.downcast_ref::<String>().cloned().unwrap_or_default())),
    }
}

fn ended(result: &Result<(), Result<BlockError, String>>) -> bool {
    matches!(result, Err(Err(why)) if why.contains("the device"))
}

#[test]
fn a_length_that_is_not_the_request_s_is_an_error() {
    for length in [0, 1, 512, 1024, 1026, 0x1_0000, u32::MAX] {
        let result = read_with(Mischief::Length(length));
        if length <= 1025 {
            assert_eq!(result, Err(Ok(BlockError::Device)), "{length}");
        } else {
            assert!(ended(&result), "{length}: {result:?}");
        }
    }
}

#[test]
fn a_descriptor_that_is_not_in_flight_ends_the_driver() {
    for id in [1, 2, 127, 128, 0xffff, u32::MAX] {
        let result = read_with(Mischief::Id(id));
        assert!(ended(&result), "{id}: {result:?}");
    }
}

#[test]
fn completions_that_are_none_end_the_driver() {
    for mischief in
        [Mischief::Twice, Mischief::Skip(1), Mischief::Skip(127), Mischief::Skip(0xfffe)]
    {
        let result = read_with(mischief);
        assert!(ended(&result), "{mischief:?}: {result:?}");
    }
}

/// The status byte tells that the device wrote nothing.
#[test]
fn a_request_that_was_not_worked_on_ends_the_driver() {
    let result = read_with(Mischief::Idle);
    assert!(ended(&result), "{result:?}");
}

/// An entry of the ring that the device left as it was names a request that is in flight again.
#[test]
fn a_stale_entry_does_not_complete_a_new_request() {
    let mut bench = bench(numbered(64), Setup::default());
    // All 128 entries name some descriptor.
    for _ in 0..128 {
        bench.make(Operation::Read, 5, 2).unwrap();
    }
    bench.device.set_mischief(Mischief::Skip(40));
    assert!(ended(&read(&mut bench)));
}

#[test]
fn a_device_that_is_silent_completes_nothing_and_its_queue_fills() {
    let mut bench = bench(numbered(64), Setup::default());
    bench.device.set_mischief(Mischief::Silent);
    let mut accepted = 0;
    for tag in (0..32).cycle().take(100) {
        let request = bench.request(tag, Operation::Read, 0, 1);
        match bench.disk.submit(&request) {
            Submitted::Accepted => accepted += 1,
            submitted => assert_eq!(submitted, Submitted::Full),
        }
        bench.disk.kick();
        assert_eq!(bench.disk.complete(), None);
    }
    assert_eq!(accepted, 128 / 3);
}

/// Lies in any order: what is said to be read is what the disk holds.
#[test]
fn no_read_that_succeeds_has_a_wrong_byte() {
    let (mut good, mut ends) = (0, 0);
    for seed in 0..200 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut bench = bench(numbered(64), Setup::default());
        for lba in 0..50 {
            let lie = match random.u32(..60) {
                0 => Mischief::Length(random.u32(..)),
                1 => Mischief::Length(random.u32(..1100)),
                2 => Mischief::Id(random.u32(..)),
                3 => Mischief::Id(random.u32(..130)),
                4 => Mischief::Skip(random.u16(..)),
                5 => Mischief::Twice,
                6 => Mischief::Idle,
                _ => Mischief::None,
            };
            bench.device.set_mischief(lie);
            bench.pool.write_at(3 * 4096, &[0xee; 1024]).unwrap();
            let done = catch_unwind(AssertUnwindSafe(|| bench.make(Operation::Read, lba, 2)));
            let Ok(result) = done else {
                ends += 1;
                break;
            };
            if result == Ok(()) {
                let bytes = bench.buffer(3, 1024);
                let right =
                    |(place, byte): (usize, &u8)| u64::from(*byte) == lba + place as u64 / 512;
                assert!(bytes.iter().enumerate().all(right), "{lie:?}");
                good += 1;
            }
        }
        assert_eq!(bench.bus.faults(), []);
    }
    assert!(good > 1_000 && ends > 100, "{good} reads, {ends} ends");
}
