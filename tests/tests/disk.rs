//! Disks in the whole system: both drivers, and a checked workload while the driver dies.

use anyhow::{Context as _, Result, ensure};
use qemu_harness::{Backend, Controller, Disk, Machine, Session};
use std::time::Duration;
use system_tests::{COMMAND, expect, restarts, with_machine};

/// The workload checks this much, again and again for this time.
const LOAD: &str = "run disk blk0 8 4 &";
/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Deaths of the driver meanwhile, at least.
const DEATHS: u32 = 8;

fn only(controller: Controller) -> impl FnOnce(&mut Machine) -> Result<()> {
    move |machine| {
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
    with_machine("disk-virtio", only(Controller::Virtio), |session| killed(session, "virtio-blk"));
}

#[test]
fn no_byte_is_wrong_while_nvme_is_killed() {
    with_machine("disk-nvme", only(Controller::Nvme), |session| killed(session, "nvme"));
}

/// Runs the workload and lets the driver fault as often as commands come through.
fn killed(session: &mut Session, driver: &str) -> Result<()> {
    let before = restarts(session, driver)?;
    session.mark();
    session.run(LOAD, COMMAND)?;
    for _ in 0..DEATHS {
        session.run(&format!("crash {driver}"), COMMAND)?;
        std::thread::sleep(Duration::from_millis(100));
    }
    session.wait_shown("longest", PATIENCE)?;
    session.wait_shown("disk: good", COMMAND)?;
    let transcript = session.transcript();
    let line = transcript.lines().find(|line| line.contains(" recoveries, mean "));
    let line = line.context("no line about recoveries")?;
    println!("{driver}: {line}");
    let deaths = restarts(session, driver)? - before;
    ensure!(deaths >= DEATHS, "{deaths} deaths, {line}");
    Ok(())
}
