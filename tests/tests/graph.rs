//! A process of a running system can call the servers that the manifest lists, and no others.
#![expect(clippy::expect_used, reason = "a test stops at the first thing that is missing")]

use anyhow::{Result, ensure};
use archive::Archive;
use manifest::{System, decode};
use qemu_harness::Session;
use system_tests::{COMMAND, at_prompt, eventually, expect, machine_with_sections, with_machine};

/// The manifest in an archive.
fn system(archive: &std::path::Path) -> System {
    let bytes = std::fs::read(archive).expect("the boot archive");
    let archive = Archive::open(&bytes).expect("an archive");
    decode(archive.file(manifest::FILE).expect("a manifest")).expect("a manifest of this version")
}

/// What `graph` says when no process is on its way in or out.
fn graph(session: &mut Session) -> Result<String> {
    let known = |told: &str| told.contains("\n0 unseen").then(|| told.to_owned());
    eventually(session, "graph", "that init knows all processes", known)
}

#[test]
fn the_running_system_has_no_way_that_the_manifest_does_not_have() {
    at_prompt("graph", |session| {
        let system = system(&qemu_harness::Images::get()?.archive);
        session.run("run client 8 &", COMMAND)?;
        session.run("run mandelbrot &", COMMAND)?;
        expect(session, "run hello", &["Hello, world!"])?;
        session.run("crash template", COMMAND)?;
        session.run("kill -9 console", COMMAND)?;
        let told = graph(session)?;
        let wrong = system.not_allowed(told.lines());
        ensure!(wrong.is_empty(), "not in the manifest: {wrong:?}\n{told}");
        for way in [
            "client -> template",
            "client -> proc",
            "shell -> console",
            "shell -> init",
            "proc -> init",
            "names -> console",
            "template -> names",
        ] {
            ensure!(told.lines().any(|line| line.trim() == way), "no `{way}` in\n{told}");
        }
        Ok(())
    });
}

#[test]
fn a_smuggled_handle_is_found() {
    let sections = "[server.sick-takes]\npriority = 20\npages = 128\nservice = true\n\
         args = [\"takes\"]\nclients = [\"sick-gives\"]\n\n[server.sick-gives]\npriority = 10\n\
         pages = 128\nsupervisor = true\nargs = [\"gives\"]\n\n";
    let machine = machine_with_sections("graph-smuggled", sections).expect("a machine");
    let archive = machine.archive().expect("a direct boot").to_owned();
    let change = |other: &mut qemu_harness::Machine| {
        *other = machine;
        Ok(())
    };
    with_machine("graph-smuggled", change, |session| {
        let system = system(&archive);
        let wrong = eventually(session, "graph", "of a way that is not allowed", |told| {
            let wrong = system.not_allowed(told.lines());
            let found = told.contains("\n0 unseen") && !wrong.is_empty();
            found.then(|| wrong.iter().map(ToString::to_string).collect::<Vec<_>>())
        })?;
        ensure!(wrong == ["sick-takes -> init"], "{wrong:?}");
        Ok(())
    });
}
