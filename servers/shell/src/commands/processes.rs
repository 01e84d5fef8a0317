//! `ps`, `kill`: servers (init's), programs (proc's), and processes that programs have made
//! themselves: all that runs.

use super::servers::state_text;
use crate::shell::Shell;
use crate::trouble::{Outcome, Trouble};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use init_api::{ProcessEntry, ServerInfo};
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
    let known: Vec<u32> = programs.iter().flatten().map(|program| program.ids.pid).collect();
    let (others, more) = others(shell, &known)?;
    others.iter().for_each(|process| table.row(process_row(process)));
    shell.print(&table.render());
    if more > 0 {
        shell.print(&format!("and {more} more processes\n"));
    }
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

/// The processes that are neither servers nor among these programs, and how many could not be
/// told.
pub(super) fn others(shell: &Shell, known: &[u32]) -> Result<(Vec<ProcessEntry>, u64), Trouble> {
    let mut list = shell.system().processes()?;
    list.processes.retain(|process| !known.contains(&process.pid));
    Ok((list.processes, list.more))
}

fn process_row(process: &ProcessEntry) -> [String; 10] {
    [
        process.pid.to_string(),
        process.name.clone(),
        "process".into(),
        if process.suspended { "stopped".into() } else { "running".into() },
        process.priority.to_string(),
        cpu_time(process.user_ns),
        cpu_time(process.kernel_ns),
        pages(process.pages.into()),
        process.threads.to_string(),
        process.handles.to_string(),
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
        None => kill_other(shell, pid, signal)?,
    }
    Ok(0)
}

/// A program that `proc` knows gets the signal; what it does not know is ended.
fn kill_other(shell: &Shell, pid: u32, signal: Signal) -> Result<(), Trouble> {
    let of_program = shell.proc().and_then(|proc| Ok(proc.list()?));
    let is_program = |program: &ProgramInfo| program.ids.pid == pid;
    // Without `proc` all that can be done is to end it.
    let unknown = of_program.map_or(true, |programs| !programs.iter().any(is_program));
    let exists = || shell.system().processes().map(|list| list.processes);
    if unknown && exists()?.iter().any(|process| process.pid == pid) {
        return Ok(shell.system().kill_process(pid, signal.number())?);
    }
    Ok(shell.proc()?.kill(pid, signal.number())?)
}

fn kill_name(shell: &mut Shell, name: &str, signal: Signal) -> Outcome {
    if shell.system().servers()?.iter().any(|server| server.name == name) {
        shell.system().kill(name, signal.number())?;
        return Ok(0);
    }
    let proc = shell.proc()?;
    let programs = proc.list()?;
    let known: Vec<u32> = programs.iter().map(|program| program.ids.pid).collect();
    let lives = |program: &&ProgramInfo| !matches!(program.state, ProgramState::Ended(_));
    let named = programs.iter().filter(lives).filter(|program| program.name == name);
    let mut running: Vec<u32> = named.map(|program| program.ids.pid).collect();
    let (others, _) = others(shell, &known)?;
    let named = others.iter().filter(|process| process.name == name);
    running.extend(named.map(|process| process.pid));
    match running.as_slice() {
        [pid] => kill_other(shell, *pid, signal)?,
        [] => return Err(Trouble::new(format!("no server or running program `{name}`"))),
        several => {
            return Err(Trouble::new(format!("`{name}` runs more than once: {several:?}")));
        }
    }
    Ok(0)
}
