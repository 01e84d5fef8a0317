//! The workload over a disk in memory, good and bad ones.

use crate::{Load, report};
use block::{
    Backend, BlockClient, BlockDriverClient, BlockError, Completed, DeviceRequest, DriverDoor,
    Identity, Operation, RamDisk, Submitted,
};
use sys::{DeviceAddress, Memory};

/// A disk that does this to each request before it is done.
struct Spoiled(RamDisk, fn(&mut DeviceRequest));

impl Backend for Spoiled {
    fn identity(&self) -> Identity {
        self.0.identity()
    }
    fn map_pool(&mut self, pool: &Memory, pages: u64) -> Result<DeviceAddress, BlockError> {
        self.0.map_pool(pool, pages)
    }
    fn unmap_pool(&mut self, pool: DeviceAddress, pages: u64) {
        self.0.unmap_pool(pool, pages);
    }
    fn submit(&mut self, request: &DeviceRequest) -> Submitted {
        let mut request = *request;
        (self.1)(&mut request);
        self.0.submit(&request)
    }
    fn kick(&mut self) {}
    fn complete(&mut self) -> Option<Completed> {
        self.0.complete()
    }
}

fn run_over(spoil: fn(&mut DeviceRequest)) -> String {
    over(spoil, |disk| {
        let mut passes = 0;
        let load = Load::new(disk, Load::chunks_of(1 << 30));
        let outcome = load.run(|| {
            passes += 1;
            passes == 3
        });
        report(outcome, 1_500_000)
    })
}

fn over(
    spoil: fn(&mut DeviceRequest),
    work: impl FnOnce(&mut BlockClient) -> String + Send + 'static,
) -> String {
    testkit::run(|system| {
        let driver = system.serve("ram", move |env| {
            let executor = executor::Executor::new()?;
            let disk = Spoiled(RamDisk::new(2048), spoil);
            block::serve(&executor, env.handle("endpoint")?, disk)?;
            Ok(())
        });
        let client = driver.client("disk", |endpoint| {
            let driver = BlockDriverClient::from_endpoint(endpoint);
            let door = DriverDoor::whole(driver, 1).unwrap();
            work(&mut BlockClient::attach(door, 512, 32).unwrap())
        });
        client.join()
    })
}

#[test]
fn a_good_disk_is_good() {
    let text = run_over(|_| ());
    // 128 chunks of 16 sectors, three times; a flush after each half of a pass.
    assert!(
        text.starts_with("disk: 774 requests, 3145728 bytes checked, 0 sectors wrong"),
        "{text}"
    );
    assert!(text.ends_with("disk: good\n"), "{text}");
}

#[test]
fn wrong_places_and_lost_writes_are_noticed() {
    let elsewhere = run_over(|request| {
        if request.operation == Operation::Read && request.lba == 160 {
            request.lba = 176;
        }
    });
    assert!(
        elsewhere.contains("48 sectors wrong") && elsewhere.contains("Number(176)"),
        "{elsewhere}"
    );
    let lost = run_over(|request| {
        if request.operation == Operation::Write && request.lba == 160 {
            request.operation = Operation::Flush;
        }
    });
    assert!(lost.ends_with("disk: bad\n") && lost.contains("Sum"), "{lost}");
}

#[test]
fn the_speed_of_a_disk_is_a_line_for_each_row() {
    let text = over(|_| sys::sleep_for(1_000_000), |disk| crate::speed::measure(disk).unwrap());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    // Each request takes a millisecond of the test's time.
    assert_eq!(lines[0], "disk: read 4096 bytes, 1 in flight: 1000 requests/s, 4 MB/s");
}
