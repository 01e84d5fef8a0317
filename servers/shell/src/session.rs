//! From a line at the prompt to commands.

use crate::commands::{self, Command};
use crate::shell::Shell;
use crate::trouble::{Trouble, USAGE_STATUS};
use alloc::string::String;
use alloc::vec::Vec;
use console_api::{ConsoleError, LineReader};
use init_api::{NO_DEVICE, ServerState};
use service::CallError;

const PROMPT: &str = "postern> ";
/// Status after Ctrl-C, as other shells have it.
const INTERRUPTED_STATUS: u64 = 130;
/// Status of a line that names no command.
const UNKNOWN_STATUS: u64 = 127;

/// The dialogue with the user.
pub(crate) struct Session {
    shell: Shell,
    reader: LineReader,
}

impl Session {
    /// Nothing was said yet.
    pub(crate) fn new(shell: Shell) -> Self {
        Self { shell, reader: LineReader::new() }
    }

    /// The first words, and which servers do not run: commands that need one would only say
    /// that it is dead. A driver without its device is no news: not every machine has each.
    pub(crate) fn greet(&mut self) {
        let mut text = String::from("Postern. `help` lists the commands.\n");
        for server in self.shell.system().servers().unwrap_or_default() {
            if let ServerState::GivenUp { why } = server.state
                && !why.starts_with(NO_DEVICE)
            {
                text.push_str(&alloc::format!("{} does not run: {why}\n", server.name));
            }
        }
        self.shell.print(&text);
    }

    /// Reads a line and runs it.
    pub(crate) fn line(&mut self) {
        match self.reader.read(self.shell.console(), PROMPT) {
            Ok(line) => self.run(&line),
            Err(CallError::Service(ConsoleError::Interrupted)) => {
                self.shell.set_status(INTERRUPTED_STATUS);
            }
            Err(CallError::Service(ConsoleError::EndOfInput)) => {
                self.shell.print("`shutdown` ends the system.\n");
            }
            Err(error) => self.shell.reconnect("no line", &error),
        }
    }

    fn run(&mut self, line: &str) {
        match shell_core::words::commands(line) {
            Ok(commands) => commands.iter().for_each(|words| self.command(words)),
            Err(error) => self.complain("shell", &Trouble::new(error), USAGE_STATUS),
        }
    }

    fn command(&mut self, words: &[String]) {
        let Some((name, arguments)) = words.split_first() else { return };
        let Some(command) = commands::find(name) else {
            let why = Trouble::new("no such command: `help` lists them");
            return self.complain(name, &why, UNKNOWN_STATUS);
        };
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match (command.run)(&mut self.shell, &arguments) {
            Ok(status) => self.shell.set_status(status),
            Err(Trouble::Usage) => self.usage(command),
            Err(trouble) => self.complain(name, &trouble, 1),
        }
    }

    fn usage(&mut self, command: &Command) {
        self.shell.print(&alloc::format!("usage: {}\n", command.usage));
        self.shell.set_status(USAGE_STATUS);
    }

    fn complain(&mut self, name: &str, trouble: &Trouble, status: u64) {
        if let Trouble::Failed(why) = trouble {
            self.shell.print(&alloc::format!("{name}: {why}\n"));
        }
        self.shell.set_status(status);
    }
}
