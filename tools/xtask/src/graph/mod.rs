//! `graph`: who may call whom, drawn from the manifest and compared with a running system.

mod running;
mod svg;

use crate::run::MachineArguments;
use crate::{build, metadata, workspace};
use anyhow::{Context as _, Result};
use clap::Args;
use manifest::System;
use std::path::PathBuf;

/// Draw who may call whom as SVG, from the manifest; with --running also boot the system
/// and compare what its processes can really do.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Boot the system and compare: a way that the manifest does not have is an error
    #[arg(long)]
    running: bool,
    /// Commands for the shell before it looks, separated by `;` (with --running)
    #[arg(short, long, value_name = "COMMANDS", default_value = "run client 3 &; run hello")]
    command: String,
    /// The drawing [default: target/graph.svg]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    machine: MachineArguments,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let system = build::system(&metadata::packages()?)?;
    print!("{}", system.graph());
    let running = arguments
        .running
        .then(|| running::links(&arguments.machine.prepare("graph")?, &arguments.command))
        .transpose()?;
    let file = arguments.output.clone().unwrap_or_else(|| workspace::target().join("graph.svg"));
    std::fs::write(&file, svg::drawing(&system, running.as_deref()))
        .with_context(|| format!("cannot write {}", file.display()))?;
    println!("drawn: {}", file.display());
    Ok(running.map_or(0, |lines| compare(&system, &lines)))
}

/// Tells the differences; the status.
fn compare(system: &System, running: &[String]) -> u8 {
    let wrong = system.not_allowed(running.iter().map(String::as_str));
    for link in &wrong {
        println!("NOT ALLOWED: {link}: the manifest does not have it");
    }
    let (count, allowed) = (running.len(), system.links().len());
    println!(
        "{count} ways in the running system, {allowed} in the manifest, {} not allowed",
        wrong.len()
    );
    u8::from(!wrong.is_empty())
}

#[cfg(test)]
mod tests {
    use super::compare;
    use manifest::{Server, System};

    #[test]
    fn a_way_that_is_not_allowed_is_a_failure() {
        let server = |name: &str| Server { name: name.into(), ..Server::default() };
        let servers = vec![server("names"), server("disk"), server("shell")];
        let system = System { servers, programs: Vec::new() };
        let lines = |lines: &[&str]| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(compare(&system, &lines(&["shell -> names"])), 0);
        assert_eq!(compare(&system, &lines(&["shell -> names", "shell -> disk"])), 1);
    }
}
