//! Carries out lines and scripts.

mod call;
mod foreground;
mod pipeline;
mod program;
mod substitute;

use call::{Call, Meaning};
pub(crate) use substitute::Captured;

use crate::shell::Shell;
use crate::syntax::{Step, When, parse};
use crate::trouble::{Outcome, Trouble, USAGE_STATUS};
use alloc::format;

/// Status after Ctrl-C, as other shells have it.
pub(crate) const INTERRUPTED_STATUS: u64 = 130;
/// Status of a line that names no command.
pub(crate) const UNKNOWN_STATUS: u64 = 127;
/// Scripts that can run inside each other.
const DEPTH_MAX: u32 = 8;

impl Shell {
    /// Runs a line; tells of what is wrong with it.
    pub fn run_line(&mut self, line: &str) {
        self.interrupts.clear();
        match parse(line) {
            Ok(steps) => self.steps(&steps),
            Err(error) => {
                self.terminal.print(&format!("shell: {error}\n"));
                self.set_status(USAGE_STATUS);
            }
        }
    }

    /// Runs the lines of a script.
    ///
    /// # Errors
    /// When it is no script, or is run by too many others.
    pub(crate) fn run_script(&mut self, path: &str, text: &str) -> Outcome {
        let steps = parse(text).map_err(|error| Trouble::Named(format!("{path}: {error}")))?;
        if self.depth >= DEPTH_MAX {
            return Err(Trouble::new(format!(
                "{path}: more than {DEPTH_MAX} scripts in each other"
            )));
        }
        self.depth += 1;
        self.steps(&steps);
        self.depth -= 1;
        self.interrupts.check()?;
        Ok(self.status())
    }

    /// Runs one command of these words: its status.
    pub(crate) fn run_words(&mut self, name: &str, arguments: &[&str]) -> u64 {
        pipeline::run_calls(self, alloc::vec![Call::of(name, arguments)], false)
    }

    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            let runs = match step.when {
                When::Always => true,
                When::Success => self.status() == 0,
                When::Failure => self.status() != 0,
            };
            if !runs {
                continue;
            }
            let status = pipeline::run(self, step);
            self.set_status(status);
            // A program that handles SIGINT has a status of its own, and the line goes on.
            if status == INTERRUPTED_STATUS && self.interrupts.check().is_err() {
                return;
            }
            self.interrupts.clear();
        }
    }

    /// Tells why a command failed: its status.
    pub(crate) fn complain(&mut self, name: &str, trouble: &Trouble) -> u64 {
        match trouble {
            Trouble::Usage => {
                let usage = crate::commands::find(name).map_or(name, |command| command.usage);
                self.terminal.print(&format!("usage: {usage}\n"));
                return USAGE_STATUS;
            }
            Trouble::Failed(why) => self.terminal.print(&format!("{name}: {why}\n")),
            Trouble::Named(why) => self.terminal.print(&format!("{why}\n")),
            Trouble::Unknown => {
                self.terminal.print(&format!("{name}: no such command: `help` lists them\n"));
                return UNKNOWN_STATUS;
            }
            Trouble::Closed => return 0,
            Trouble::Interrupted => return INTERRUPTED_STATUS,
        }
        1
    }
}
