//! The guide's first server, with the manifest's sections that the guide shows.

use anyhow::Result;
use qemu_harness::Machine;
use system_tests::{expect, machine_with_sections, with_machine};

const SECTIONS: &str = include_str!("../programs/echo/system.toml");

#[test]
fn the_echo_server_answers_its_client_and_the_shell() {
    let change = |machine: &mut Machine| -> Result<()> {
        let cpus = machine.cpus;
        *machine = machine_with_sections("guide", SECTIONS)?;
        machine.cpus = cpus;
        Ok(())
    };
    let outcome = with_machine("guide", change, |session| {
        expect(session, "services echo", &["echo version 1", "echo(text: String)"])?;
        expect(session, "call echo echo Hello", &["Hello"])?;
        session.run("run echo-client", system_tests::COMMAND)?;
        expect(session, "status", &["0"])?;
        Ok(())
    });
    let log = outcome.log_lines().join("\n");
    assert!(log.contains("echo said: Hello"), "{log}");
}
