//! Disks in the whole system: both drivers, and a checked workload while the driver dies.

use anyhow::{Context as _, Result, ensure};
use qemu_harness::{Backend, Controller, Disk, Machine, Session};
use std::time::Duration;
use system_tests::{COMMAND, eventually, expect, machine_without_caches, restarts, with_machine};

/// The workload checks this much, again and again for this time.
const LOAD: &str = "run disk blk0 8 4 &";
/// Deaths of the driver meanwhile, at least.
const DEATHS: u32 = 8;

fn only(name: &str, controller: Controller) -> impl FnOnce(&mut Machine) -> Result<()> {
    move |machine| {
        *machine = machine_without_caches(name)?;
        machine.disks = vec![Disk { controller, backend: Backend::Scratch }];
        Ok(())
    }
}

#[test]
fn disks_of_both_drivers_are_listed() {
    let both = |machine: &mut Machine| {
        machine.disks = [Controller::Virtio, Controller::Nvme]
            .map(|controller| Disk { controller, backend: Backend::Scratch })
            .into();
        Ok(())
    };
    with_machine("disk-list", both, |session| {
        expect(session, "call blk identity", &["blk0", "virtio-blk", "blk1", "nvme", "64 MiB"])?;
        expect(session, "run disk blk0 1", &["0 sectors wrong", "disk: good"])?;
        expect(session, "run disk blk1 1", &["0 sectors wrong", "disk: good"])?;
        Ok(())
    });
}

#[test]
fn no_byte_is_wrong_while_virtio_blk_is_killed() {
    let machine = only("disk-virtio", Controller::Virtio);
    with_machine("disk-virtio", machine, |session| killed(session, "virtio-blk"));
}

#[test]
fn no_byte_is_wrong_while_nvme_is_killed() {
    let machine = only("disk-nvme", Controller::Nvme);
    with_machine("disk-nvme", machine, |session| killed(session, "nvme"));
}

/// What `mem` counts: free memory, processes, threads, handles, other objects.
fn counts(table: &str) -> Option<Vec<u64>> {
    let count = |name: &str| {
        let row = table.lines().find(|line| line.starts_with(name))?;
        row.split_whitespace().last()?.parse().ok()
    };
    ["free", "processes", "threads", "handles", "others"].into_iter().map(count).collect()
}

/// Runs the workload and lets the driver fault as often as commands come through.
fn killed(session: &mut Session, driver: &str) -> Result<()> {
    // Caches fill: heaps, the fault record, what `blk` knows of the disk.
    for _ in 0..3 {
        session.run(&format!("crash {driver}"), COMMAND)?;
        expect(session, "run disk blk0 1", &["disk: good"])?;
    }
    let at_first = session.run("mem", COMMAND)?;
    let at_first = counts(&at_first).context("no counts")?;
    let before = restarts(session, driver)?;
    let started = session.run(LOAD, COMMAND)?;
    let job = started.trim().trim_matches(['[', ']']).to_owned();
    for _ in 0..DEATHS {
        session.run(&format!("crash {driver}"), COMMAND)?;
        std::thread::sleep(Duration::from_millis(100));
    }
    // Asked again and again, the terminal would remember more lines: its heap would grow.
    session.run(&format!("wait {job}"), COMMAND)?;
    // When its process is gone too, it has told what became of it.
    let what = format!("what it told before, {at_first:?}");
    eventually(session, "mem", &what, |table| counts(table).filter(|now| *now == at_first))?;
    let deaths = restarts(session, driver)? - before;
    ensure!(deaths >= DEATHS, "{deaths} deaths");
    let transcript = session.transcript();
    let last = |text: &str| transcript.lines().rfind(|line| line.contains(text));
    let recoveries = last(" recoveries, mean ").context("no line about recoveries")?;
    println!("{driver}: {recoveries}");
    ensure!(!recoveries.contains(" 0 recoveries"), "{recoveries}");
    ensure!(last("disk: bad").is_none(), "some sector was wrong");
    Ok(())
}
