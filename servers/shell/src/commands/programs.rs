//! `programs`, `run`, `wait`.

use crate::interrupts;
use crate::run::{Call, Meaning};
use crate::shell::Shell;
use crate::trouble::{Outcome, Trouble};
use alloc::format;
use alloc::string::String;
use proc_api::{ChildStatus, ExitStatus, ProcClient, Target, WaitFor};

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

impl Shell {
    /// Starts a program and does not wait for it.
    pub(crate) fn in_background(&mut self, call: &Call) -> Outcome {
        let Meaning::Program(program, arguments) = call.meaning()? else {
            return Err(Trouble::new("only a program can run in the background"));
        };
        let pid = self.launch(&self.proc()?, &program, &arguments, false, |_| Ok(()));
        let pid = pid.map_err(|trouble| no_such(call, &program, trouble))?;
        self.print(&format!("[{pid}]\n"));
        Ok(0)
    }

    /// Runs a program that has the console.
    pub(crate) fn in_foreground(
        &mut self,
        call: &Call,
        program: &str,
        arguments: &[String],
    ) -> Outcome {
        let proc = self.proc()?;
        let pid = self.launch(&proc, program, arguments, true, |_| Ok(()));
        let pid = pid.map_err(|trouble| no_such(call, program, trouble))?;
        wait_for(self, &proc, pid, program)
    }
}

/// What `run` says of a name that is none; another command's name may be mistyped.
fn no_such(call: &Call, program: &str, trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Unknown if call.name == "run" => Trouble::new(format!(
            "no program `{program}`: neither in /bin nor in the manifest as [program.{program}]"
        )),
        trouble => trouble,
    }
}

pub(crate) fn wait(shell: &mut Shell, words: &[&str]) -> Outcome {
    let [pid] = words else { return Err(Trouble::Usage) };
    let pid: u32 = pid.parse().map_err(|_| Trouble::Usage)?;
    let proc = shell.proc()?;
    // From here on Ctrl-C is meant for it, if it is not over yet.
    let _ = proc.set_foreground(pid);
    wait_for(shell, &proc, pid, &format!("process {pid}"))
}

/// Waits until the program in the foreground ends or is stopped.
pub(super) fn wait_for(shell: &mut Shell, proc: &ProcClient, pid: u32, name: &str) -> Outcome {
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
                shell.print(&format!("[{pid}] {name} stopped: `fg {pid}` or `bg {pid}`\n"));
                return Ok(SIGNALLED + u64::from(signal));
            }
            _ => {}
        }
    };
    // A program that exits with a status has said itself what there is to say.
    if !matches!(status, ExitStatus::Exited(_)) {
        shell.print(&format!("{name}: {status}\n"));
    }
    Ok(status.code())
}
