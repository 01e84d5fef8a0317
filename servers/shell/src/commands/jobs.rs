//! `jobs`, `fg`, `bg`: programs that the shell started and does not wait for.
//!
//! `proc` knows them; the shell keeps no list of its own. A job is a process group, named by
//! the process id of its first program.

use super::processes::state_of;
use super::programs::wait_in_foreground;
use crate::shell::Shell;
use crate::table::Table;
use crate::trouble::{Outcome, Trouble};
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use proc_api::{ProcClient, ProgramInfo, ProgramState, Signal};

/// Lists them. Those that have ended are told of once.
pub(crate) fn jobs(shell: &mut Shell, words: &[&str]) -> Outcome {
    if !words.is_empty() {
        return Err(Trouble::Usage);
    }
    let proc = shell.proc()?;
    let mut table = Table::new(&[">JOB", "NAME", "STATE"]);
    for job in all(&proc)? {
        let pid = job.ids.pid;
        table.row([pid.to_string(), job.name.clone(), state_of(&job)]);
        if matches!(job.state, ProgramState::Ended(_)) {
            // It has ended, so this does not wait. Another shell may have been faster.
            let _ = proc.wait(pid);
        }
    }
    shell.print(&table.render());
    Ok(0)
}

pub(crate) fn fg(shell: &mut Shell, words: &[&str]) -> Outcome {
    let proc = shell.proc()?;
    let job = chosen(&proc, words)?;
    let pid = job.ids.pid;
    proc.set_foreground(pid)?;
    proc.kill_group(job.ids.group, Signal::CONT.number())?;
    // What is pressed from here on is for it.
    shell.print(&format!("[{pid}] {}\n", job.name));
    wait_in_foreground(shell, &proc, pid, &job.name)
}

pub(crate) fn bg(shell: &mut Shell, words: &[&str]) -> Outcome {
    let proc = shell.proc()?;
    let job = chosen(&proc, words)?;
    proc.kill_group(job.ids.group, Signal::CONT.number())?;
    shell.print(&format!("[{}] {} &\n", job.ids.pid, job.name));
    Ok(0)
}

/// The programs that this shell started. On another terminal than the console the shell is a
/// program itself.
fn all(proc: &ProcClient) -> Result<Vec<ProgramInfo>, Trouble> {
    let programs = proc.list()?.into_iter();
    let own = proc.ids(0).map(|ids| ids.pid);
    let own = own.unwrap_or(0);
    let ours = |program: &ProgramInfo| {
        let ids = program.ids;
        ids.parent == own && ids.group == ids.pid && (own != 0 || ids.session == 0)
    };
    Ok(programs.filter(ours).collect())
}

/// The job with this number or name; without either the last that was stopped, else the last.
fn chosen(proc: &ProcClient, words: &[&str]) -> Result<ProgramInfo, Trouble> {
    let alive = |job: &ProgramInfo| !matches!(job.state, ProgramState::Ended(_));
    let jobs: Vec<ProgramInfo> = all(proc)?.into_iter().filter(alive).collect();
    let found = match words {
        [] => {
            let stopped = jobs.iter().rfind(|job| job.state == ProgramState::Stopped);
            stopped.or(jobs.last())
        }
        [word] => {
            let word = word.trim_start_matches('%');
            let named = |job: &&ProgramInfo| job.name == word || job.ids.pid.to_string() == word;
            jobs.iter().rfind(named)
        }
        _ => return Err(Trouble::Usage),
    };
    found.cloned().ok_or_else(|| Trouble::new("no such job: `jobs` lists them"))
}
