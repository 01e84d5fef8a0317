//! The guide's servers, with the manifest's sections that the guide shows.

use anyhow::{Context as _, Result, ensure};
use manifest::System;
use qemu_harness::{Forward, Machine, Network};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use system_tests::{
    expect, machine_with_changes, machine_with_sections, until, wait_for_restarts, with_machine,
};

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

/// What the guide adds to the section of `net`.
fn grant(system: &mut System) {
    for net in system.servers.iter_mut().filter(|it| it.name == "net") {
        net.clients.push("tcp-echo".into());
        net.args.push("tcp-echo=listen:tcp:7".into());
    }
}

/// Sends bytes to the echo server: what comes back.
fn echo(port: u16, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.write_all(bytes)?;
    stream.shutdown(Shutdown::Write)?;
    let mut back = Vec::new();
    stream.read_to_end(&mut back)?;
    Ok(back)
}

#[test]
fn the_network_server_sends_back_what_comes_also_after_the_death_of_net() {
    const SECTIONS: &str = include_str!("../programs/tcp-echo/system.toml");
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|it| it.local_addr());
    let port = free.unwrap_or_else(|error| panic!("{error}")).port();
    let change = |machine: &mut Machine| -> Result<()> {
        let cpus = machine.cpus;
        *machine = machine_with_changes("guide-net", SECTIONS, grant)?;
        machine.cpus = cpus;
        let forwards = vec![Forward { host: port, guest: 7 }];
        machine.network = Some(Network { forwards, ..Network::default() });
        Ok(())
    };
    let sent: Vec<u8> = (0..=u8::MAX).cycle().take(50_000).collect();
    with_machine("guide-net", change, |session| {
        let comes_back = || Ok(echo(port, b"hello").ok().filter(|back| back == b"hello"));
        until("an echo", comes_back)?;
        ensure!(echo(port, &sent).context("a long echo")? == sent, "other bytes came back");
        session.run("kill -9 net", system_tests::COMMAND)?;
        wait_for_restarts(session, "net", 1)?;
        until("an echo by the next life of net", comes_back)?;
        expect(session, "servers", &["tcp-echo"])?;
        Ok(())
    });
}
