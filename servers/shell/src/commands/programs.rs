//! `programs`, `run`, `wait`.

use crate::interrupts;
use crate::shell::Shell;
use crate::terminal::Terminal;
use crate::trouble::{INTERRUPTED_STATUS, Outcome, Trouble};
use alloc::format;
use proc_api::{ChildStatus, ExitStatus, ProcClient, Signal, Target, WaitFor};

/// Status of a program that a signal stopped: this plus its number, as other shells have it.
const SIGNALLED: u64 = 128;

pub(crate) fn programs(shell: &mut Shell, words: &[&str]) -> Outcome {
    if !words.is_empty() {
        return Err(Trouble::Usage);
    }
    let names = shell.proc()?.programs()?;
    names.iter().for_each(|name| shell.print(&format!("{name}\n")));
    Ok(0)
}

pub(crate) fn wait(shell: &mut Shell, words: &[&str]) -> Outcome {
    let [pid] = words else { return Err(Trouble::Usage) };
    let pid: u32 = pid.parse().map_err(|_| Trouble::Usage)?;
    let proc = shell.proc()?;
    // From here on Ctrl-C is meant for it, if it is not over yet.
    let _ = proc.set_foreground(pid);
    wait_in_foreground(shell, &proc, pid, &format!("process {pid}"))
}

/// The same for a program alone. Ctrl-C that it has handled, or that came too late for it, does
/// not end the line.
pub(crate) fn wait_in_foreground(
    shell: &Shell,
    proc: &ProcClient,
    pid: u32,
    name: &str,
) -> Outcome {
    let status = wait_for(&shell.terminal, proc, pid, name)?;
    if status != INTERRUPTED_STATUS {
        shell.interrupts.clear();
    }
    Ok(status)
}

/// Waits until the program in the foreground ends or is stopped.
pub(crate) fn wait_for(terminal: &Terminal, proc: &ProcClient, pid: u32, name: &str) -> Outcome {
    let what = WaitFor { stopped: true, ..WaitFor::default() };
    let status = loop {
        interrupts::set_awaited(pid);
        let waited = proc.wait_for(Target::Process(pid), what);
        interrupts::set_awaited(0);
        match waited?.map(|waited| waited.status) {
            Some(ChildStatus::Ended(status)) => {
                // What it has started and left in its group is in the background now. The
                // shell takes the terminal back by reading, too.
                let _ = proc.set_foreground(0);
                break status;
            }
            Some(ChildStatus::Stopped(signal)) => {
                proc.set_foreground(0)?;
                terminal.print(&format!("[{pid}] {name} stopped: `fg {pid}` or `bg {pid}`\n"));
                return Ok(SIGNALLED + u64::from(signal));
            }
            _ => {}
        }
    };
    // A program that exits with a status has said itself what there is to say.
    // One that wrote more than was wanted was told by SIGPIPE.
    let closed = ExitStatus::Killed(Signal::PIPE.number());
    if !matches!(status, ExitStatus::Exited(_)) && status != closed {
        terminal.print(&format!("{name}: {status}\n"));
    }
    Ok(status.code())
}
