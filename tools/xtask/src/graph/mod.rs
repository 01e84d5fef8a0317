//! `graph`: which process may call which server and drives which device, by the manifest and in a
//! running system.

mod mermaid;

use crate::run::MachineArguments;
use crate::{build, metadata, workspace};
use anyhow::{Result, ensure};
use clap::Args;
use manifest::{System, parse_driven, parse_link};
use std::path::PathBuf;
use std::time::Duration;

/// The limit of the boot, and of each command.
const LIMIT: Duration = Duration::from_secs(60);

/// Show which process may call which server and drives which device, by the manifest and in a
/// running system.
///
/// With --running it boots the system and compares the handles of its processes with the
/// manifest.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Boot the system and compare: a link or a device that the manifest does not have is an error
    #[arg(long)]
    running: bool,
    /// Commands for the shell before the comparison, separated by `;` (with --running)
    #[arg(short, long, value_name = "COMMANDS", default_value = "run client 3 &; run hello")]
    command: String,
    /// The drawing, Markdown with Mermaid [default: target/graph.md]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    machine: MachineArguments,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let system = build::system(&metadata::packages()?)?;
    print!("{}", system.graph());
    let running = arguments.running.then(|| links(arguments)).transpose()?;
    let file = arguments.output.clone().unwrap_or_else(|| workspace::target().join("graph.md"));
    workspace::write(&file, mermaid::drawing(&system, running.as_deref()))?;
    println!("drawn: {}", file.display());
    Ok(running.map_or(0, |lines| compare(&system, &lines)))
}

/// The links of a running system after the commands: lines `client -> server`, and those of
/// drivers with a device.
fn links(arguments: &Arguments) -> Result<Vec<String>> {
    let commands = arguments.command.split(';').map(str::trim).filter(|it| !it.is_empty());
    let commands: Vec<&str> = commands.chain(["graph"]).collect();
    let machine = arguments.machine.prepare("graph")?;
    let (printed, _) = machine.run_at_prompt(&commands, LIMIT)?;
    let told = printed.last().map(String::as_str).unwrap_or_default();
    let lines = told.lines().map(str::trim);
    let is_told = |line: &&str| parse_link(line).is_some() || parse_driven(line).is_some();
    let links: Vec<String> = lines.filter(is_told).map(str::to_owned).collect();
    ensure!(!links.is_empty(), "the system told of no link:\n{told}");
    Ok(links)
}

/// Prints the differences. Returns the exit status.
fn compare(system: &System, running: &[String]) -> u8 {
    let wrong = system.not_allowed(running.iter().map(String::as_str));
    for link in &wrong {
        println!("NOT ALLOWED: {link}: the manifest does not have it");
    }
    let wrong_devices = system.devices_not_allowed(running.iter().map(String::as_str));
    wrong_devices.iter().for_each(|line| println!("NOT ALLOWED: {line}"));
    let devices = running.iter().filter(|line| parse_driven(line).is_some()).count();
    let granted = system.driver_grants().count();
    println!(
        "{} links in the running system, {} in the manifest, {} not allowed",
        running.len() - devices,
        system.links().len(),
        wrong.len()
    );
    println!(
        "{devices} devices with a driver, {granted} drivers in the manifest, {} not allowed",
        wrong_devices.len()
    );
    u8::from(!wrong.is_empty() || !wrong_devices.is_empty())
}

#[cfg(test)]
mod tests {
    use super::compare;
    use manifest::{Server, System};

    #[test]
    fn a_link_that_is_not_allowed_is_a_failure() {
        let server = |name: &str| Server { name: name.into(), ..Server::default() };
        let servers = vec![server("names"), server("disk"), server("shell")];
        let system = System { servers, programs: Vec::new() };
        let lines = |lines: &[&str]| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(compare(&system, &lines(&["shell -> names"])), 0);
        assert_eq!(compare(&system, &lines(&["shell -> names", "shell -> disk"])), 1);
        let device = "disk drives 1af4:1042 class 010000 at 00:04.0: vectors 2, dma 64";
        assert_eq!(compare(&system, &lines(&["shell -> names", device])), 1);
    }
}
