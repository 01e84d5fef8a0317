//! Carries out lines and scripts.

mod call;
mod control;
mod errors;
mod foreground;
mod pipeline;
mod program;
mod segment;
mod substitute;

use call::{Call, Meaning};

use crate::input::Input;
use crate::shell::{Script, Shell};
use crate::syntax::{Step, When, parse};
use crate::trouble::{INTERRUPTED_STATUS, Outcome, Trouble, USAGE_STATUS};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Status of a line that names no command.
pub(crate) const UNKNOWN_STATUS: u64 = 127;
/// Scripts that can run inside each other.
const SCRIPTS_MAX: usize = 8;

impl Shell {
    /// Runs a line; tells of what is wrong with it.
    pub fn run_line(&mut self, line: &str) {
        self.interrupts.clear();
        match parse(line) {
            Ok(steps) => self.outside_loops(|shell| shell.steps(&steps)),
            Err(error) => {
                self.terminal.print(&format!("shell: {error}\n"));
                self.set_status(USAGE_STATUS);
            }
        }
    }

    /// Runs the lines of a script with these arguments.
    ///
    /// # Errors
    /// When it is no script, or is run by too many others.
    pub(crate) fn run_script(&mut self, path: &str, text: &str, arguments: &[&str]) -> Outcome {
        let steps = parse(text).map_err(|error| Trouble::Named(format!("{path}: {error}")))?;
        if self.scripts.len() >= SCRIPTS_MAX {
            return Err(Trouble::new(format!(
                "{path}: more than {SCRIPTS_MAX} scripts in each other"
            )));
        }
        let arguments = arguments.iter().map(|word| String::from(*word)).collect::<Vec<_>>();
        self.scripts.push(Script { path: path.into(), line: 0, arguments });
        self.set_status(0);
        self.outside_loops(|shell| shell.steps(&steps));
        self.scripts.pop();
        self.interrupts.check()?;
        Ok(self.status())
    }

    /// Runs one command of these words: its status.
    pub(crate) fn run_words(&mut self, name: &str, arguments: &[&str]) -> u64 {
        pipeline::run_calls(self, alloc::vec![Call::of(name, arguments)], false)
    }

    /// The same for a command that is a part of the one that runs: it writes where that one does.
    pub(crate) fn run_inside(&mut self, name: &str, arguments: &[&str]) -> u64 {
        self.with_shared_output(|shell| {
            let call = Call::of(name, arguments);
            shell.with_input(Some(Input::of_bytes(Vec::new())), |shell| {
                pipeline::run_calls(shell, alloc::vec![call], false)
            })
        })
    }

    fn steps(&mut self, steps: &[Step]) {
        self.deeper(|shell| {
            for step in steps {
                if shell.is_leaving() || shell.ended().is_some() {
                    return;
                }
                let runs = match step.when {
                    When::Always => true,
                    When::Success => shell.status() == 0,
                    When::Failure => shell.status() != 0,
                };
                if runs {
                    shell.begin_line(step.line);
                    let status = pipeline::run(shell, step);
                    shell.set_status(status);
                }
            }
        });
        // A program that handles SIGINT has a status of its own, and nothing is left of the key.
        if self.interrupts.check().is_err() {
            self.set_status(INTERRUPTED_STATUS);
        }
    }

    /// Tells why a command failed: its status. In a script, the text begins with the line.
    pub(crate) fn complain(&mut self, name: &str, trouble: &Trouble) -> u64 {
        let (text, status) = match trouble {
            Trouble::Usage => {
                let usage = crate::commands::find(name).map_or(name, |command| command.usage);
                (format!("usage: {usage}"), USAGE_STATUS)
            }
            Trouble::Failed(why) => (format!("{name}: {why}"), 1),
            Trouble::Named(why) => (why.clone(), 1),
            Trouble::Unknown => {
                (format!("{name}: no such command: `help` lists them"), UNKNOWN_STATUS)
            }
            Trouble::Closed => return 0,
            Trouble::Interrupted => {
                self.interrupts.press();
                return INTERRUPTED_STATUS;
            }
        };
        let place = match self.scripts.last() {
            Some(Script { path, line, .. }) => format!("{path}: line {line}: "),
            None => String::new(),
        };
        self.tell(&format!("{place}{text}\n"));
        status
    }
}
