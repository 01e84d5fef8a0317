//! `bench --io`: what a client gets from a disk, in requests and bytes of a second of this host.

use crate::step::Step;
use anyhow::{Result, ensure};
use qemu_harness::{Backend, Controller, Disk, Images};
use std::time::Duration;

/// The driver's measurements take a second each.
const LIMIT: Duration = Duration::from_secs(60);
const COMMAND: &str = "run disk blk0 speed";
/// The lines of the results begin so.
const RESULT: &str = "disk: ";

/// Reads through each driver, from a file and from nothing, and prints the results. They vary with
/// the host: compare them with another guest's of the same hour.
pub(super) fn run(images: &Images) -> Result<u8> {
    let backends = [("a file", Backend::Scratch), ("nothing", Backend::Null { mib: 64 })];
    for (driver, controller) in [("virtio-blk", Controller::Virtio), ("nvme", Controller::Nvme)] {
        for (what, backend) in &backends {
            let step = Step::begin(&format!("reading {what} by {driver}"));
            let mut machine = images.machine("bench-io");
            machine.disks = vec![Disk { controller, backend: backend.clone() }];
            let (printed, _) = machine.run_at_prompt(&[COMMAND], LIMIT)?;
            step.end();
            let printed = printed.concat();
            let results: Vec<&str> =
                printed.lines().filter_map(|line| line.strip_prefix(RESULT)).collect();
            ensure!(!results.is_empty(), "`{COMMAND}` printed no result but:\n{printed}");
            for result in results {
                println!("{driver}, {what}: {result}");
            }
        }
    }
    Ok(0)
}
