//! The driver of the teaching device, and transfers that outlive their driver.

use anyhow::{Result, ensure};
use qemu_harness::Machine;
use system_tests::{
    COMMAND, eventually, expect, machine_with_sections, restarts, row, server_row, until_logged,
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

const STORM: &str = "[server.sick-storms]\npriority = 14\npages = 128\nargs = [\"storms\"]\n\
    restart = \"never\"\n\
    device = { slot = \"00:10.0\", bars = [0], vectors = 1, dma_pages = 1, dma = \"trusted\" }\n\n";

/// The interrupts of a driver's device, and its storms, as `devices` tells.
fn interrupts_and_storms(table: &str, driver: &str) -> Option<(u64, String)> {
    let words: Vec<&str> = row(table, driver)?.split_whitespace().collect();
    let place = words.iter().position(|word| *word == "of")?;
    let [_vectors, interrupts, storms @ .., _restarts] = words.get(place + 1..)? else {
        return None;
    };
    Some((interrupts.parse().ok()?, storms.join(" ")))
}

#[test]
fn a_storm_of_interrupts_is_masked_and_reported_and_the_system_goes_on() {
    let change = |machine: &mut Machine| {
        *machine = machine_with_sections("devices-storm", STORM)?;
        // The first is for the usual driver.
        for device in ["edu", "edu,addr=0x10"] {
            machine.extra.extend(["-device".into(), device.into()]);
        }
        Ok(())
    };
    let outcome = with_machine("devices-storm", change, |session| {
        let masked = eventually(session, "devices", "that the storm is masked", |table| {
            interrupts_and_storms(table, "sick-storms")
                .filter(|(_, storms)| storms == "1 (1 masked)")
        })?;
        ensure!(masked.0 > 1000, "masked after {} interrupts only", masked.0);
        // Its device interrupts on, and none of it comes.
        expect(session, "call edu factorial 5", &["120"])?;
        expect(session, "call template greet you", &["Hello, you!"])?;
        let later = session.run("devices", COMMAND)?;
        ensure!(interrupts_and_storms(&later, "sick-storms") == Some(masked), "{later}");
        Ok(())
    });
    let log = outcome.log_lines().join("\n");
    let wanted = "interrupts without end from 00:10.0 of sick-storms: masked";
    assert!(log.contains(wanted), "no `{wanted}` in\n{log}");
}
