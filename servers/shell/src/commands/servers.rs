//! `crash`, `faults`, `graph`, `restart`, `servers`: what init supervises.

use crate::shell::Shell;
use crate::table::Table;
use crate::trouble::{Outcome, Trouble};
use crate::units::time;
use alloc::format;
use alloc::string::{String, ToString};
use init_api::{FaultRecord, ServerState};

pub(crate) fn state_text(state: &ServerState) -> String {
    match state {
        ServerState::Running => "running".into(),
        ServerState::Restarting { at_ns } => {
            format!("restarts in {}", time(at_ns.saturating_sub(sys::clock())))
        }
        ServerState::Ended { status } => format!("ended with status {status}"),
        ServerState::GivenUp { why } => format!("given up: {why}"),
    }
}

pub(crate) fn servers(shell: &mut Shell, words: &[&str]) -> Outcome {
    if !words.is_empty() {
        return Err(Trouble::Usage);
    }
    let servers = shell.system().servers()?;
    let faults = shell.system().faults()?;
    let now = sys::clock();
    let mut table = Table::new(&["NAME", ">PID", "STATE", ">RESTARTS", ">UP", "LAST FAULT"]);
    for server in servers {
        let last = faults.iter().rev().find(|fault| fault.server == server.name);
        let up = match server.state {
            ServerState::Running => time(now.saturating_sub(server.started_ns)),
            _ => "-".into(),
        };
        table.row([
            server.name,
            if server.pid == 0 { "-".into() } else { server.pid.to_string() },
            state_text(&server.state),
            server.restarts.to_string(),
            up,
            last.map_or_else(|| "-".into(), fault_text),
        ]);
    }
    shell.print(&table.render());
    Ok(0)
}

pub(crate) fn faults(shell: &mut Shell, words: &[&str]) -> Outcome {
    match words {
        [] => all_faults(shell),
        [server] => one_fault(shell, server),
        _ => Err(Trouble::Usage),
    }
}

fn one_fault(shell: &mut Shell, server: &str) -> Outcome {
    let fault = shell.system().fault(server)?;
    let more = "the names of functions and the server's last lines: cargo xtask log";
    shell.print(&format!("{fault}\n{more}\n"));
    Ok(0)
}

fn all_faults(shell: &mut Shell) -> Outcome {
    let mut table = Table::new(&[">AT", "SERVER", ">PID", ">RESTARTS", "FAULT"]);
    for fault in shell.system().faults()? {
        table.row([
            time(fault.at_ns),
            fault.server.clone(),
            fault.pid.to_string(),
            fault.restarts.to_string(),
            fault_text(&fault),
        ]);
    }
    let text = if table.is_empty() { "no faults\n".into() } else { table.render() };
    shell.print(&text);
    Ok(0)
}

pub(crate) fn graph(shell: &mut Shell, words: &[&str]) -> Outcome {
    if !words.is_empty() {
        return Err(Trouble::Usage);
    }
    let graph = shell.system().graph()?;
    let links = graph.links.iter().map(|link| format!("{} -> {}\n", link.client, link.server));
    let drivers = super::devices::drivers(shell);
    let text = links.collect::<String>() + &drivers + &format!("{} unseen\n", graph.unseen);
    shell.print(&text);
    Ok(0)
}

fn fault_text(fault: &FaultRecord) -> String {
    if !fault.text.is_empty() {
        return format!("{}: {}", fault.kind, fault.text);
    }
    format!("{} at {:#x}, address {:#x}", fault.kind, fault.instruction, fault.address)
}

pub(crate) fn crash(shell: &mut Shell, words: &[&str]) -> Outcome {
    let [server] = words else { return Err(Trouble::Usage) };
    shell.system().crash(server)?;
    Ok(0)
}

pub(crate) fn restart(shell: &mut Shell, words: &[&str]) -> Outcome {
    let [server] = words else { return Err(Trouble::Usage) };
    shell.system().restart(server)?;
    Ok(0)
}
