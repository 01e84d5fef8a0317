//! PCI devices and their drivers: who has what, and what happens when one of them dies.
#![expect(clippy::expect_used, reason = "a test stops at the first thing that is missing")]

use anyhow::{Context as _, Result, bail, ensure};
use archive::Archive;
use manifest::{System, decode, parse_driven};
use qemu_harness::{Backend, Board, Controller, Disk, Images, Machine, Session};
use system_tests::{
    COMMAND, eventually, expect, machine_with_sections, until_logged, with_machine,
};

/// The drivers that have a device on these machines.
const DRIVERS: [&str; 5] = ["virtio-blk", "nvme", "virtio-net", "virtio-rng", "edu"];

/// A board with each device that there is a driver for.
fn with_devices(board: Board) -> impl FnOnce(&mut Machine) -> Result<()> {
    move |machine| {
        machine.board = board;
        let nvme = Disk { controller: Controller::Nvme, backend: Backend::Null { mib: 16 } };
        machine.disks = vec![Disk::scratch(), nvme];
        machine.random = true;
        machine.extra.extend(["-device", "edu"].map(str::to_owned));
        Ok(())
    }
}

/// The manifest in the archive.
fn system() -> Result<System> {
    let bytes = std::fs::read(&Images::get()?.archive)?;
    let archive = Archive::open(&bytes).expect("an archive");
    Ok(decode(archive.file(manifest::FILE).expect("a manifest")).expect("a manifest"))
}

/// The row of a driver in `devices`, when it has its device open.
fn open<'t>(table: &'t str, driver: &str) -> Option<&'t str> {
    let row = table.lines().find(|line| line.split_whitespace().next() == Some(driver))?;
    row.contains(" open ").then_some(row)
}

/// Waits until all drivers have their devices.
fn all_open(session: &mut Session) -> Result<String> {
    eventually(session, "devices", "that all drivers have their devices", |table| {
        DRIVERS.iter().all(|driver| open(table, driver).is_some()).then(|| table.to_owned())
    })
}

fn each_device_has_its_driver(board: Board, name: &str) {
    with_machine(name, with_devices(board), |session| {
        all_open(session)?;
        expect(
            session,
            "lspci",
            &["1af4:1041", "1af4:1042", "1af4:1044", "1b36:0010", "1234:11e8"],
        )?;
        expect(session, "call edu factorial 5", &["120"])?;
        let told = session.run("graph", COMMAND)?;
        let driven = told.lines().filter_map(parse_driven).count();
        ensure!(driven == DRIVERS.len(), "{driven} devices in\n{told}");
        let wrong = system()?.devices_not_allowed(told.lines());
        ensure!(wrong.is_empty(), "not in the manifest: {wrong:?}");
        Ok(())
    });
}

#[test]
fn each_device_of_q35_has_its_driver() {
    each_device_has_its_driver(Board::Q35, "devices-q35");
}

#[test]
fn each_device_of_pc_has_its_driver() {
    each_device_has_its_driver(Board::Pc, "devices-pc");
}

#[test]
fn a_driver_without_a_device_is_given_up_and_the_rest_runs() {
    let none = |machine: &mut Machine| {
        machine.disks.clear();
        machine.random = false;
        machine.network = None;
        Ok(())
    };
    with_machine("devices-none", none, |session| {
        eventually(session, "servers", "what is not there", |table| {
            let wanted = ["no device 1234:11e8", "no device 1af4:1042", "no device class 0108"];
            wanted.iter().all(|text| table.contains(text)).then_some(())
        })?;
        expect(session, "devices", &["no driver has a device"])?;
        expect(session, "run hello", &["Hello, world!"]).map(|_| ())
    });
}

#[test]
fn the_second_driver_of_a_device_is_told_the_first() {
    let sections = "[server.edu-second]\npriority = 44\npages = 256\nservice = true\n\
         device = { id = \"1234:11e8\", bars = [0] }\n\n";
    let changed = |machine: &mut Machine| {
        *machine = machine_with_sections("devices-second", sections)?;
        with_devices(Board::Q35)(machine)
    };
    with_machine("devices-second", changed, |session| {
        all_open(session)?;
        expect(session, "servers", &["given up: device 1234:11e8 is driven by `edu`"])?;
        expect(session, "call edu factorial 4", &["24"]).map(|_| ())
    });
}

#[test]
fn a_device_without_a_reset_waits_for_its_next_driver() {
    with_machine("devices-quarantine", with_devices(Board::Q35), |session| {
        all_open(session)?;
        let row = seen_in_quarantine(session)?;
        ensure!(row.contains(" off "), "it may do DMA: {row}");
        all_open(session)?;
        expect(session, "call edu factorial 6", &["720"]).map(|_| ())
    });
}

/// Kills edu until it is seen between two drivers: a second is not long for a busy host.
fn seen_in_quarantine(session: &mut Session) -> Result<String> {
    for _ in 0..20 {
        expect(session, "kill -9 edu", &[])?;
        let table = session.run("devices", COMMAND)?;
        let row = table.lines().find(|line| line.starts_with("edu "));
        if let Some(row) = row.filter(|row| row.contains(" quarantine ")) {
            return Ok(row.to_owned());
        }
        all_open(session)?;
    }
    bail!("edu was given to its next driver at once, 20 times")
}

#[test]
fn drivers_come_back_after_the_server_of_the_bus() {
    with_machine("devices-bus", with_devices(Board::Q35), |session| {
        all_open(session)?;
        for _ in 0..3 {
            expect(session, "kill -9 pci", &[])?;
            all_open(session).context("after the death of pci")?;
        }
        expect(session, "call edu factorial 7", &["5040"]).map(|_| ())
    });
}

/// A driver that goes wrong, of a device behind those of the usual drivers.
const SICK: &str = "[server.sick-grasps]\npriority = 44\npages = 256\nargs = [\"grasps\"]\n\
    restart = \"never\"\n\
    device = { slot = \"00:10.0\", bars = [0], vectors = 1, dma_pages = 2, dma = \"trusted\" }\n\n";

#[test]
fn what_a_driver_was_not_given_it_does_not_get() {
    let name = "devices-sick";
    let mut machine = machine_with_sections(name, SICK).expect("the machine of this test");
    with_devices(Board::Q35)(&mut machine).expect("its devices");
    machine.extra.extend(["-device", "nvme,serial=sick,addr=0x10"].map(str::to_owned));
    let log = machine.clone();
    let change = |changed: &mut Machine| {
        *changed = machine;
        Ok(())
    };
    with_machine(name, change, |session| {
        until_logged(&log, "that the driver was refused", |lines| {
            let wanted = [
                "refused to sick-grasps: 00:10.0: no window 0 of BAR 1",
                "refused to sick-grasps: 00:10.0: no window 255 of BAR 0",
                "refused to sick-grasps: 00:10.0: no vector 65535 of 1",
                "all of it was refused",
                "refused to sick-grasps: 00:10.0: no vector 1 of 1",
            ];
            wanted.iter().all(|text| lines.iter().any(|line| line.contains(text)))
        })?;
        all_open(session)?;
        expect(session, "call edu factorial 5", &["120"]).map(|_| ())
    });
}
