//! `ps`, `kill`: servers (init's) and programs (proc's) side by side.

use super::servers::state_text;
use crate::shell::Shell;
use crate::trouble::{Outcome, Trouble};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use init_api::ServerInfo;
use proc_api::{ProgramInfo, ProgramState, Signal};
use shell_core::table::Table;
use shell_core::units::{cpu_time, pages};

pub(crate) fn ps(shell: &mut Shell, words: &[&str]) -> Outcome {
    if !words.is_empty() {
        return Err(Trouble::Usage);
    }
    let servers = shell.system().servers()?;
    let programs = shell.proc().and_then(|proc| Ok(proc.list()?));
    let mut table = Table::new(&[
        ">PID",
        "NAME",
        "KIND",
        "STATE",
        ">PRIORITY",
        ">USER",
        ">KERNEL",
        ">MEMORY",
        ">THREADS",
        ">HANDLES",
    ]);
    servers.iter().filter(|server| server.pid != 0).for_each(|server| {
        table.row(server_row(server));
    });
    programs.iter().flatten().for_each(|program| table.row(program_row(program)));
    shell.print(&table.render());
    // Servers are shown even when `proc` is away.
    programs.map(|_| 0)
}

fn server_row(server: &ServerInfo) -> [String; 10] {
    [
        server.pid.to_string(),
        server.name.clone(),
        "server".into(),
        state_text(&server.state),
        server.priority.to_string(),
        cpu_time(server.user_ns),
        cpu_time(server.kernel_ns),
        pages(server.pages.into()),
        server.threads.to_string(),
        server.handles.to_string(),
    ]
}

fn program_row(program: &ProgramInfo) -> [String; 10] {
    let state = state_of(program);
    [
        program.ids.pid.to_string(),
        program.name.clone(),
        "program".into(),
        state,
        program.priority.to_string(),
        cpu_time(program.user_ns),
        cpu_time(program.kernel_ns),
        pages(program.pages.into()),
        program.threads.to_string(),
        program.handles.to_string(),
    ]
}

/// What a program is doing.
pub(crate) fn state_of(program: &ProgramInfo) -> String {
    match program.state {
        ProgramState::Running => "running".into(),
        ProgramState::Stopped => "stopped".into(),
        ProgramState::Ended(status) => status.to_string(),
    }
}

pub(crate) fn kill(shell: &mut Shell, words: &[&str]) -> Outcome {
    let (signal, target) = match words {
        [target] => (Signal::TERM, target),
        [signal, target] if signal.starts_with('-') => (parse_signal(signal)?, target),
        _ => return Err(Trouble::Usage),
    };
    match target.parse::<u32>() {
        Ok(pid) => kill_pid(shell, pid, signal),
        Err(_) => kill_name(shell, target, signal),
    }
}

fn parse_signal(text: &str) -> Result<Signal, Trouble> {
    Signal::parse(text).ok_or_else(|| {
        let known: Vec<_> = Signal::NAMED.iter().map(|signal| signal.name()).collect();
        let known = known.join(" ");
        Trouble::new(format!("no signal `{text}`; there are {known} and RTMIN to RTMIN+31"))
    })
}

fn kill_pid(shell: &mut Shell, pid: u32, signal: Signal) -> Outcome {
    let servers = shell.system().servers()?;
    match servers.into_iter().find(|server| server.pid == pid && pid != 0) {
        Some(server) => shell.system().kill(&server.name, signal.number())?,
        None => shell.proc()?.kill(pid, signal.number())?,
    }
    Ok(0)
}

fn kill_name(shell: &mut Shell, name: &str, signal: Signal) -> Outcome {
    if shell.system().servers()?.iter().any(|server| server.name == name) {
        shell.system().kill(name, signal.number())?;
        return Ok(0);
    }
    let proc = shell.proc()?;
    let running: Vec<u32> = proc
        .list()?
        .into_iter()
        .filter(|program| program.name == name)
        .filter(|program| !matches!(program.state, ProgramState::Ended(_)))
        .map(|program| program.ids.pid)
        .collect();
    match running.as_slice() {
        [pid] => proc.kill(*pid, signal.number())?,
        [] => return Err(Trouble::new(format!("no server or running program `{name}`"))),
        several => {
            return Err(Trouble::new(format!("`{name}` runs more than once: {several:?}")));
        }
    }
    Ok(0)
}
