//! Controllers that lie.

use super::{bench, numbered, up};
use block::{Backend, BlockError, Operation};
use std::panic::{AssertUnwindSafe, catch_unwind};
use testkit::device::{Bus, Nvme, NvmeMischief};

/// How a read ends: an error, or what the driver panics with.
fn read_with(mischief: NvmeMischief) -> Result<(), Result<BlockError, String>> {
    let mut bench = bench(&numbered(64), 512);
    bench.device.set_mischief(mischief);
    match catch_unwind(AssertUnwindSafe(|| bench.run(Operation::Read, 5, 2))) {
        Ok(result) => result.map_err(Ok),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            Err(Err(text.unwrap_or_default()))
        }
    }
}

#[test]
fn a_command_that_is_not_in_flight_ends_the_driver() {
    for id in [0, 2, 31, 33, 64, 0xffff] {
        let result = read_with(NvmeMischief::Command(id));
        assert!(matches!(&result, Err(Err(why)) if why.contains("the device")), "{id}: {result:?}");
    }
}

#[test]
fn a_completion_that_comes_twice_ends_the_driver() {
    let result = read_with(NvmeMischief::Twice);
    assert!(matches!(&result, Err(Err(why)) if why.contains("the device")), "{result:?}");
}

#[test]
fn a_failure_is_the_device_s() {
    for status in [1, 0x281, 0x7ff] {
        assert_eq!(read_with(NvmeMischief::Status(status)), Err(Ok(BlockError::Device)));
    }
}

#[test]
fn a_controller_that_is_silent_completes_nothing() {
    let mut bench = bench(&numbered(64), 512);
    bench.device.set_mischief(NvmeMischief::Silent);
    let request = bench.request(0, Operation::Read, 0, 1);
    bench.disk.submit(&request);
    bench.disk.kick();
    bench.device.step();
    assert_eq!(bench.disk.complete(), None);
}

/// The crate would write its doorbells elsewhere in the driver's memory.
#[test]
fn doorbells_beyond_the_registers_are_refused() {
    let bus = Bus::default();
    let device = Nvme::new(&bus, &numbered(8), 512).unwrap();
    device.set_capabilities(63 | 1 << 37 | 15 << 32);
    let error = up(&device, &bus).unwrap_err();
    assert!(error.to_string().contains("doorbells"), "{error}");
}

#[test]
fn a_controller_without_room_for_a_command_is_refused() {
    let bus = Bus::default();
    let device = Nvme::new(&bus, &numbered(8), 512).unwrap();
    device.set_capabilities(1 << 37);
    assert!(up(&device, &bus).unwrap_err().to_string().contains("depth"));
}

#[test]
fn blocks_smaller_than_a_sector_are_refused() {
    let bus = Bus::default();
    let device = Nvme::new(&bus, &numbered(8), 256).unwrap();
    assert!(up(&device, &bus).unwrap_err().to_string().contains("blocks of 256 bytes"));
}
