//! Disks: the same to users on each board, behind each controller, from each firmware.

use anyhow::{Result, ensure};
use qemu_harness::{Backend, Board, Boot, Controller, Disk, Images, Machine, Session};
use system_tests::{expect, server_row, with_machine};

const DISK_MIB: u32 = 8;

fn null_disk(controller: Controller) -> Disk {
    Disk { controller, backend: Backend::Null { mib: DISK_MIB } }
}

/// The machine of a test: this board and one disk.
fn with_disk(machine: &mut Machine, board: Board, controller: Controller) {
    machine.board = board;
    machine.disks = vec![null_disk(controller)];
    machine.random = true;
}

fn looks_around(session: &mut Session, controller: Controller) -> Result<()> {
    let (id, driver, absent) = match controller {
        Controller::Virtio => ("1af4:1042", "virtio-blk", "nvme"),
        Controller::Nvme => ("1b36:0010", "nvme", "virtio-blk"),
    };
    expect(session, "lspci", &[id, "1af4:1044"])?;
    expect(session, "devices", &[id, driver, "virtio-rng"])?;
    expect(session, "call blk identity", &["blk0", driver, "8 MiB"])?;
    let row = server_row(session, absent)?;
    ensure!(row.contains("given up") && row.contains("no device"), "{row}");
    Ok(())
}

fn disks_are_found(name: &str, board: Board) {
    for (kind, controller) in [("virtio", Controller::Virtio), ("nvme", Controller::Nvme)] {
        let change = |machine: &mut Machine| {
            with_disk(machine, board, controller);
            Ok(())
        };
        let name = format!("devices-{name}-{kind}");
        with_machine(&name, change, |session| looks_around(session, controller));
    }
}

#[test]
fn disks_are_found_on_a_board_with_memory_mapped_configuration() {
    disks_are_found("q35", Board::Q35);
}

#[test]
fn disks_are_found_on_a_board_with_configuration_ports() {
    disks_are_found("pc", Board::Pc);
}

#[test]
fn disks_are_found_when_the_firmware_boots() {
    for (name, board, controller) in [
        ("devices-bios-q35", Board::Q35, Controller::Nvme),
        ("devices-bios-pc", Board::Pc, Controller::Virtio),
    ] {
        let change = |machine: &mut Machine| {
            let images = Images::get()?;
            *machine = images.machine_with(Boot::Bios(images.bios()?), name);
            with_disk(machine, board, controller);
            Ok(())
        };
        with_machine(name, change, |session| looks_around(session, controller));
    }
}
