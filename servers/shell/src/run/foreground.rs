//! Programs with the console, and in the background.

use super::{Call, Meaning};
use crate::commands::programs::wait_in_foreground;
use crate::shell::Shell;
use crate::trouble::{Outcome, Trouble};
use alloc::format;
use alloc::string::String;
use proc_api::LaunchClient;

impl Shell {
    /// Starts a program and does not wait for it.
    pub(super) fn in_background(&mut self, call: &Call) -> Outcome {
        let Meaning::Program(program, arguments) = call.meaning()? else {
            return Err(Trouble::new("only a program can run in the background"));
        };
        let pid =
            self.launch(&self.proc()?, &program, &arguments, false, |it| told(self, call, it));
        let pid = pid.map_err(|trouble| no_such(call, &program, trouble))?;
        self.print(&format!("[{pid}]\n"));
        Ok(0)
    }

    /// Runs a program that has the console.
    pub(super) fn in_foreground(
        &mut self,
        call: &Call,
        program: &str,
        arguments: &[String],
    ) -> Outcome {
        let proc = self.proc()?;
        let pid = self.launch(&proc, program, arguments, true, |launch| told(self, call, launch));
        let pid = pid.map_err(|trouble| no_such(call, program, trouble))?;
        wait_in_foreground(self, &proc, pid, program)
    }
}

/// Tells a program the variables that are exported, and those that were set in front of it.
pub(super) fn told(shell: &Shell, call: &Call, launch: &LaunchClient) -> Result<(), Trouble> {
    for (name, value) in shell.exported() {
        if call.sets.iter().all(|(set, _)| set != name) {
            launch.tell("env", format!("{name}={value}"))?;
        }
    }
    for (name, value) in &call.sets {
        launch.tell("env", format!("{name}={value}"))?;
    }
    Ok(())
}

/// What `run` says of a name that is none; another command's name may be mistyped.
pub(super) fn no_such(call: &Call, program: &str, trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Unknown if call.name == "run" => Trouble::new(format!(
            "no program `{program}`: neither in /bin nor in the manifest as [program.{program}]"
        )),
        trouble => trouble,
    }
}
