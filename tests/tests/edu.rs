//! The driver of the teaching device, and transfers that outlive their driver.

use anyhow::{Result, ensure};
use qemu_harness::Machine;
use system_tests::{
    eventually, expect, machine_with_sections, restarts, row, server_row, until_logged,
    wait_for_restarts, with_machine,
};

#[test]
fn the_teaching_device_calculates_and_copies_and_its_driver_comes_back() {
    let change = |machine: &mut Machine| {
        machine.extra.extend(["-device".into(), "edu".into()]);
        Ok(())
    };
    with_machine("devices-edu", change, |session| {
        expect(session, "call edu factorial 5", &["120"])?;
        expect(session, "call edu echo 1,2,3", &["[1, 2, 3]"])?;
        let before = restarts(session, "edu")?;
        expect(session, "kill -9 edu", &[])?;
        expect(session, "call edu factorial 6", &["720"])?;
        wait_for_restarts(session, "edu", before + 1)
    });
}

/// The slots of the devices that are added: behind those of the harness.
const GHOST: &str = "[server.sick-ghost]\npriority = 44\npages = 256\nargs = [\"ghost\"]\n\
    restart = \"always\"\nbackoff_ms = 1\nbackoff_max_ms = 1\nrestart_limit = 1000\n\
    device = { slot = \"00:10.0\", bars = [0], dma_pages = 1, dma = \"trusted\" }\n\n\
    [server.sick-watches]\npriority = 43\npages = 2560\nargs = [\"watches\"]\nrestart = \"never\"\n\n";

#[test]
fn a_transfer_of_a_dead_driver_lands_nowhere() {
    let name = "devices-ghost";
    let machine = || -> Result<Machine> {
        let mut machine = machine_with_sections(name, GHOST)?;
        // The first is for the usual driver.
        for device in ["edu", "edu,addr=0x10"] {
            machine.extra.extend(["-device".into(), device.into()]);
        }
        Ok(machine)
    };
    let made = machine().expect("the machine of this test");
    let log = made.clone();
    with_machine(
        name,
        |machine| {
            *machine = made;
            Ok(())
        },
        |session| {
            until_logged(&log, "that nothing landed", |lines| {
                lines.iter().any(|line| line.contains("nothing landed"))
            })?;
            let deaths = eventually(session, "servers", "that the driver died often", |table| {
                let row = row(table, "sick-ghost")?;
                let deaths: u32 = row.split_whitespace().nth(3)?.parse().ok()?;
                (deaths >= 5).then_some(deaths)
            })?;
            let watcher = server_row(session, "sick-watches")?;
            ensure!(watcher.contains("running"), "after {deaths} deaths: {watcher}");
            Ok(())
        },
    );
}
