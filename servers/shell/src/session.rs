//! From a line at the prompt to commands.

use crate::commands::files::rc;
use crate::run::INTERRUPTED_STATUS;
use crate::shell::Shell;
use alloc::string::String;
use console_api::ConsoleError;
use init_api::{NO_DEVICE, ServerState};
use service::CallError;

const PROMPT: &str = "postern> ";

/// The dialogue with the user.
pub struct Session {
    shell: Shell,
}

impl Session {
    /// Nothing was said yet.
    pub fn new(shell: Shell) -> Self {
        Self { shell }
    }

    /// Runs the script of the boot, after the first words: which servers do not run: commands that need one would only say
    /// that it is dead. A driver without its device is no news: not every machine has each.
    pub fn greet(&mut self) {
        let mut text = String::from("Postern. `help` lists the commands.\n");
        for server in self.shell.system().servers().unwrap_or_default() {
            if let ServerState::GivenUp { why } = server.state
                && !why.starts_with(NO_DEVICE)
            {
                text.push_str(&alloc::format!("{} does not run: {why}\n", server.name));
            }
        }
        self.shell.print(&text);
        if let Err(trouble) = rc(&mut self.shell) {
            let status = self.shell.complain("rc", &trouble);
            self.shell.set_status(status);
        }
    }

    /// Reads a line and runs it.
    pub fn line(&mut self) {
        match self.shell.terminal.read(PROMPT) {
            Ok(line) => self.shell.run_line(&line),
            Err(CallError::Service(ConsoleError::Interrupted)) => {
                self.shell.set_status(INTERRUPTED_STATUS);
            }
            Err(CallError::Service(ConsoleError::EndOfInput)) => {
                self.shell.print("`shutdown` ends the system.\n");
            }
            Err(error) => self.shell.terminal.reconnect("no line", &error),
        }
    }
}
