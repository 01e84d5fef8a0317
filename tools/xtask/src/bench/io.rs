//! `bench --io`: what a client gets from a disk, and from files on it, in a second of this host.

use crate::step::Step;
use anyhow::{Result, ensure};
use qemu_harness::{Backend, Controller, Disk, Images};
use std::time::Duration;

/// The driver's measurements take a second each.
const LIMIT: Duration = Duration::from_secs(60);
const COMMAND: &str = "run disk blk0 speed";
/// The same of files on the system's volume, in one boot with the disk below it.
const FILES: [&str; 2] = [COMMAND, "run fsload /home speed"];
/// The lines of the results begin so.
const RESULTS: [&str; 2] = ["disk: ", "files: "];

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
            show(&format!("{driver}, {what}"), &printed.concat(), &RESULTS[..1])?;
        }
    }
    let step = Step::begin("reading and writing files by virtio-blk and ext4");
    let (printed, _) = images.machine("bench-files").run_at_prompt(&FILES, LIMIT)?;
    step.end();
    show("virtio-blk, the volume", &printed.concat(), &RESULTS)?;
    Ok(0)
}

/// Prints the lines that begin with one of these words, at least one of each.
fn show(title: &str, printed: &str, results: &[&str]) -> Result<()> {
    for result in results {
        let lines: Vec<&str> = printed.lines().filter(|line| line.starts_with(result)).collect();
        ensure!(!lines.is_empty(), "no result of `{result}` but:\n{printed}");
        lines.iter().for_each(|line| println!("{title}: {line}"));
    }
    Ok(())
}
