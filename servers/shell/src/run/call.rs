//! A command with its words, variables and files.

use crate::commands::{self, Command, Run};
use crate::expand::{self, Scope};
use crate::shell::Shell;
use crate::syntax::{self, Direction};
use crate::trouble::Trouble;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A command that can run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Call {
    /// Its name.
    pub(crate) name: String,
    /// Its arguments.
    pub(crate) arguments: Vec<String>,
    /// Variables for it alone.
    pub(crate) sets: Vec<(String, String)>,
    /// The file that its input comes from.
    pub(crate) input: Option<String>,
    /// The file that its output goes to, and whether it is added there.
    pub(crate) output: Option<(String, bool)>,
}

/// What a name stands for.
pub(crate) enum Meaning {
    /// A command that the shell carries out.
    Command(&'static Command),
    /// A program, with its name and arguments.
    Program(String, Vec<String>),
    /// Only redirections.
    Nothing,
}

impl Call {
    /// Expands a command.
    ///
    /// # Errors
    /// When it becomes too many words, or a command in it has too much output.
    pub(crate) fn expand(shell: &mut Shell, command: &syntax::Command) -> Result<Self, Trouble> {
        let command = &shell.substituted(command)?;
        let shell = &*shell;
        let words = expand::words(&command.words, shell);
        let mut words = words
            .map_err(|expand::TooMany| {
                Trouble::Named(alloc::format!("shell: more than {} paths", expand::PATHS_MAX))
            })?
            .into_iter();
        let sets = command.sets.iter();
        let mut call = Self {
            name: words.next().unwrap_or_default(),
            arguments: words.collect(),
            sets: sets.map(|(name, word)| (name.clone(), expand::text(word, shell))).collect(),
            ..Self::default()
        };
        for redirect in &command.redirects {
            let file = expand::text(&redirect.target, shell);
            match redirect.direction {
                Direction::Input => call.input = Some(file),
                Direction::Replace => call.output = Some((file, false)),
                Direction::Append => call.output = Some((file, true)),
            }
        }
        Ok(call)
    }

    /// A command of these words.
    pub(crate) fn of(name: &str, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        Self { name: name.into(), arguments, ..Self::default() }
    }

    /// The arguments as commands take them.
    pub(crate) fn words(&self) -> Vec<&str> {
        self.arguments.iter().map(String::as_str).collect()
    }

    /// What it is.
    ///
    /// # Errors
    /// [`Trouble::Usage`] for `run` without a program.
    pub(crate) fn meaning(&self) -> Result<Meaning, Trouble> {
        match (commands::find(&self.name), self.arguments.split_first()) {
            _ if self.name.is_empty() => Ok(Meaning::Nothing),
            (Some(Command { run: Run::Program, .. }), Some((program, arguments))) => {
                Ok(Meaning::Program(program.clone(), arguments.to_vec()))
            }
            (Some(Command { run: Run::Program, .. }), None) => Err(Trouble::Usage),
            (Some(command), _) => Ok(Meaning::Command(command)),
            (None, _) => Ok(Meaning::Program(self.name.clone(), self.arguments.clone())),
        }
    }
}

impl Scope for Shell {
    fn variable(&self, name: &str) -> String {
        Self::variable(self, name)
    }

    fn names(&self, directory: &str) -> Vec<String> {
        let entries = self.files.list(directory).unwrap_or_default();
        entries.into_iter().map(|entry| entry.name).collect()
    }

    fn exists(&self, path: &str) -> bool {
        self.files.link_metadata(path).is_ok()
    }
}
