//! `ps` and `kill`, for all that runs: servers of init, programs of `proc`, and processes that
//! programs have created themselves.

use super::servers::state_text;
use crate::shell::Shell;
use crate::table::Table;
use crate::trouble::{Outcome, Trouble};
use crate::units::{cpu_time, pages};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use init_api::{ProcessEntry, ServerInfo};
use proc_api::{ProgramInfo, ProgramState, Signal};

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

/// Returns the processes that are neither servers nor these programs, and the number of those
/// left out of the list.
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

/// Returns the state of a program, for tables.
pub(crate) fn state_of(program: &ProgramInfo) -> String {
    match program.state {
        ProgramState::Running => "running".into(),
        ProgramState::Stopped => "stopped".into(),
        ProgramState::Ended(status) => status.to_string(),
    }
}

/// A process that `kill` means, by the service that ends it.
enum Target {
    /// A server, by its name: init.
    Server(String),
    /// A program, by its process id: `proc`.
    Program(u32),
    /// A process that a program has made: init.
    Process(u32),
}

pub(crate) fn kill(shell: &mut Shell, words: &[&str]) -> Outcome {
    let (signal, target) = match words {
        [target] => (Signal::TERM, target),
        [signal, target] if signal.starts_with('-') => (parse_signal(signal)?, target),
        _ => return Err(Trouble::Usage),
    };
    match find(shell, target)? {
        Target::Server(name) => shell.system().kill(&name, signal.number())?,
        Target::Program(pid) => shell.proc()?.kill(pid, signal.number())?,
        Target::Process(pid) => shell.system().kill_process(pid, signal.number())?,
    }
    Ok(0)
}

fn parse_signal(text: &str) -> Result<Signal, Trouble> {
    Signal::parse(text).ok_or_else(|| {
        let known: Vec<_> = Signal::NAMED.iter().map(|signal| signal.name()).collect();
        let known = known.join(" ");
        Trouble::new(format!("no signal `{text}`; there are {known} and RTMIN to RTMIN+31"))
    })
}

/// Finds what has this process id or name. A name means what runs.
fn find(shell: &Shell, word: &str) -> Result<Target, Trouble> {
    let wanted = word.parse::<u32>();
    let is_meant = |pid: u32, name: &str| match wanted {
        Ok(wanted) => wanted == pid && pid != 0,
        Err(_) => name == word,
    };
    let servers = shell.system().servers()?;
    if let Some(server) = servers.into_iter().find(|server| is_meant(server.pid, &server.name)) {
        return Ok(Target::Server(server.name));
    }
    // Without `proc`, init still ends what runs.
    let programs = shell.proc().and_then(|proc| Ok(proc.list()?));
    let known: Vec<u32> = programs.iter().flatten().map(|program| program.ids.pid).collect();
    let (others, _) = others(shell, &known)?;
    let may_be_meant =
        |program: &&ProgramInfo| wanted.is_ok() || !matches!(program.state, ProgramState::Ended(_));
    let found = programs.iter().flatten().filter(may_be_meant);
    let found = found.filter(|program| is_meant(program.ids.pid, &program.name));
    let program = |program: &ProgramInfo| (program.ids.pid, Target::Program(program.ids.pid));
    let mut found: Vec<(u32, Target)> = found.map(program).collect();
    let others = others.iter().filter(|process| is_meant(process.pid, &process.name));
    found.extend(others.map(|process| (process.pid, Target::Process(process.pid))));
    if found.len() > 1 {
        let pids: Vec<u32> = found.iter().map(|(pid, _)| *pid).collect();
        return Err(Trouble::new(format!("`{word}` runs more than once: {pids:?}")));
    }
    match (found.pop(), wanted) {
        (Some((_, target)), _) => Ok(target),
        // `proc` has the error for a process id that nothing has.
        (None, Ok(pid)) => Ok(Target::Program(pid)),
        (None, Err(_)) => programs
            .and_then(|_| Err(Trouble::new(format!("no server or running program `{word}`")))),
    }
}
