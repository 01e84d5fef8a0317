//! A command with its words, variables and files.

use super::errors::Target;
use crate::commands::{self, Command, Run};
use crate::expand::{self, Scope};
use crate::shell::Shell;
use crate::syntax::{self, Control, Direction};
use crate::trouble::Trouble;
use alloc::rc::Rc;
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
    /// Where its output goes.
    pub(crate) output: Option<Target>,
    /// Where its error texts go.
    pub(crate) errors: Option<Target>,
    /// What it is in place of a name.
    pub(crate) control: Option<Rc<Control>>,
}

/// What a name stands for.
pub(crate) enum Meaning {
    /// A command that the shell carries out.
    Command(&'static Command),
    /// A program, with its name and arguments.
    Program(String, Vec<String>),
    /// A loop, a condition or a group.
    Control(Rc<Control>),
    /// Only redirections.
    Nothing,
}

/// What is said of words that become too many.
pub(super) fn too_many(_: expand::TooMany) -> Trouble {
    Trouble::Named(alloc::format!("shell: more than {} paths", expand::PATHS_MAX))
}

impl Call {
    /// Expands a command.
    ///
    /// # Errors
    /// When it becomes too many words, or a command in it has too much output.
    pub(crate) fn expand(shell: &mut Shell, command: &syntax::Command) -> Result<Self, Trouble> {
        let command = &shell.substituted(command)?;
        let shell = &*shell;
        let mut words = expand::words(&command.words, shell).map_err(too_many)?.into_iter();
        let sets = command.sets.iter();
        let mut call = Self {
            name: words.next().unwrap_or_default(),
            arguments: words.collect(),
            sets: sets.map(|(name, word)| (name.clone(), expand::text(word, shell))).collect(),
            control: command.control.clone(),
            ..Self::default()
        };
        for redirect in &command.redirects {
            let path = expand::text(&redirect.target, shell);
            let file = |append| Some(Target::File { path: path.clone(), append });
            match redirect.direction {
                Direction::Input => call.input = Some(path),
                Direction::Replace => call.output = file(false),
                Direction::Append => call.output = file(true),
                Direction::ToErrors => call.output = Some(Target::Other),
                Direction::ErrorsReplace => call.errors = file(false),
                Direction::ErrorsAppend => call.errors = file(true),
                Direction::ErrorsToOutput => call.errors = Some(Target::Other),
            }
        }
        Ok(call)
    }

    /// A command of these words.
    pub(crate) fn of(name: &str, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        Self { name: name.into(), arguments, ..Self::default() }
    }

    /// Takes this word away in front of a command.
    pub(super) fn drop_prefix(&mut self, prefix: &str) -> bool {
        let drops = self.name == prefix && !(self.arguments.is_empty() && self.control.is_none());
        if drops {
            self.name = match self.arguments.is_empty() {
                true => String::new(),
                false => self.arguments.remove(0),
            };
        }
        drops
    }

    /// Whether it only sets variables.
    pub(super) fn is_only_sets(&self) -> bool {
        self.name.is_empty() && self.control.is_none() && self.output.is_none()
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
        if let Some(control) = &self.control {
            return Ok(Meaning::Control(control.clone()));
        }
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
