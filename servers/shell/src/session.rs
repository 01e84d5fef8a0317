//! From a line at the prompt to commands.

use crate::commands::{self, files::rc};
use crate::completion::{Candidates, complete, shown};
use crate::history::History;
use crate::launch::BIN;
use crate::shell::Shell;
use crate::syntax::parse;
use crate::trouble::INTERRUPTED_STATUS;
use alloc::string::String;
use alloc::vec::Vec;
use console_api::{ConsoleError, Input};
use files::{Entry, Kind};
use init_api::{NO_DEVICE, ServerState};
use service::CallError;

const PROMPT: &str = "postern> ";
/// In front of a line that goes on with the one before.
const MORE: &str = "> ";
/// The longest text that several lines make, in bytes.
const LINES_MAX: usize = 64 << 10;

/// The dialogue with the user.
pub struct Session<'a> {
    shell: &'a mut Shell,
    history: History,
}

impl<'a> Session<'a> {
    /// Nothing was said yet.
    pub fn new(shell: &'a mut Shell) -> Self {
        Self { shell, history: History::default() }
    }

    /// Says the first words. On the console these are also which servers do not run, since commands
    /// that need one would only say that it is dead (a driver without its device is no news: not every
    /// machine has each), and the script of the boot runs after them.
    pub fn greet(&mut self) {
        let mut text = String::from("Postern. `help` lists the commands.\n");
        if self.shell.terminal.is_given() {
            self.shell.print(&text);
            return self.load_history();
        }
        for server in self.shell.system().servers().unwrap_or_default() {
            if let ServerState::GivenUp { why } = server.state
                && !why.starts_with(NO_DEVICE)
            {
                text.push_str(&alloc::format!("{} does not run: {why}\n", server.name));
            }
        }
        self.shell.print(&text);
        self.load_history();
        if let Err(trouble) = rc(self.shell) {
            let status = self.shell.complain("rc", &trouble);
            self.shell.set_status(status);
        }
    }

    fn load_history(&mut self) {
        let history = History::load(&self.shell.files);
        if !history.is_empty() {
            // A console that is away has its own last lines.
            let _ = self.shell.terminal.console().set_history(history);
        }
    }

    /// The status that the shell is to end with, after `exit`.
    #[must_use]
    pub fn ended(&self) -> Option<u64> {
        self.shell.ended()
    }

    /// Reads a line and runs it.
    pub fn line(&mut self) {
        match self.shell.terminal.read_or_tab(PROMPT) {
            Ok(Input::Line(line)) => {
                self.history.add(&self.shell.files, &line);
                if let Some(text) = self.whole(line) {
                    self.shell.run_line(&text);
                }
            }
            Ok(Input::Tab(before)) => self.complete(&before),
            Err(CallError::Service(ConsoleError::Interrupted)) => {
                self.shell.set_status(INTERRUPTED_STATUS);
            }
            Err(CallError::Service(ConsoleError::EndOfInput)) => {
                let status = self.shell.status();
                if self.shell.end(status).is_ok() {
                    return;
                }
                self.shell.print("`shutdown` ends the system.\n");
            }
            Err(error) => self.shell.terminal.reconnect("no line", &error),
        }
    }

    /// The text that a line begins: others follow while a quote or a loop has no end. Ctrl-C drops
    /// it, and Ctrl-D leaves it to its error.
    fn whole(&mut self, line: String) -> Option<String> {
        let mut text = line;
        while text.len() < LINES_MAX && parse(&text).is_err_and(|error| error.is_unfinished()) {
            match self.shell.terminal.read(MORE) {
                Ok(line) => {
                    self.history.add(&self.shell.files, &line);
                    text.push('\n');
                    text.push_str(&line);
                }
                Err(CallError::Service(ConsoleError::Interrupted)) => {
                    self.shell.set_status(INTERRUPTED_STATUS);
                    return None;
                }
                Err(_) => break,
            }
        }
        Some(text)
    }

    fn complete(&mut self, before: &str) {
        let found = complete(before, &*self.shell);
        if !found.insert.is_empty() {
            if let Err(error) = self.shell.terminal.console().type_text(found.insert) {
                self.shell.terminal.reconnect("no completion", &error);
            }
        } else if !found.candidates.is_empty() {
            self.shell.terminal.print(&shown(&found.candidates));
        }
    }
}

impl Candidates for Shell {
    fn commands(&self) -> Vec<String> {
        let own = commands::COMMANDS.iter().map(|command| command.name.into());
        let programs = self.proc().and_then(|proc| Ok(proc.programs()?)).unwrap_or_default();
        let found = self.files.list(BIN).unwrap_or_default();
        own.chain(programs).chain(found.into_iter().map(|entry| entry.name)).collect()
    }

    fn names(&self, directory: &str) -> Vec<String> {
        let entries = self.files.list(directory).unwrap_or_default().into_iter();
        let name = |entry: Entry| match entry.kind {
            Kind::Directory => entry.name + "/",
            _ => entry.name,
        };
        entries.map(name).collect()
    }
}
