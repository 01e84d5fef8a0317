//! Where the output and the error texts of a command go.

use super::call::Call;
use crate::shared::{Errors, Shared};
use crate::shell::Shell;
use crate::sinks::FileOutput;
use crate::stream::{Dropped, NULL, Output};
use crate::trouble::Trouble;
use alloc::boxed::Box;
use alloc::string::String;

/// Where the output or the error texts of a command go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// To a file.
    File {
        /// Its path.
        path: String,
        /// Whether they are added to it.
        append: bool,
    },
    /// Where the other of both goes.
    Other,
}

impl Shell {
    /// Where those of a filter go; none: as those of all others.
    ///
    /// # Errors
    /// [`Trouble::Named`].
    pub(super) fn errors_of(&self, call: &Call) -> Result<Option<Errors>, Trouble> {
        Ok(match &call.errors {
            None => None,
            Some(Target::Other) => Some(Errors::Output),
            Some(Target::File { path, append }) => {
                Some(Errors::To(Shared::new(self.open(path, *append)?)))
            }
        })
    }

    /// Runs work whose error texts go there; without a target, where they went before.
    pub(crate) fn with_errors(
        &mut self,
        target: Option<&Target>,
        work: impl FnOnce(&mut Self) -> u64,
    ) -> u64 {
        let errors = match target {
            None => return work(self),
            Some(Target::Other) => Errors::Output,
            Some(Target::File { path, append }) => match self.open(path, *append) {
                Ok(output) => Errors::To(Shared::new(output)),
                Err(trouble) => return self.complain("shell", &trouble),
            },
        };
        let before = core::mem::replace(&mut self.errors, errors);
        let status = work(self);
        let errors = core::mem::replace(&mut self.errors, before);
        match errors {
            Errors::To(shared) => match shared.finish() {
                Ok(_) => status,
                Err(trouble) => self.complain("shell", &trouble).max(status),
            },
            _ => status,
        }
    }

    /// A file as output.
    ///
    /// # Errors
    /// [`Trouble::Named`].
    pub(crate) fn open(&self, path: &str, append: bool) -> Result<Box<dyn Output>, Trouble> {
        if path == NULL {
            return Ok(Box::new(Dropped));
        }
        let output = FileOutput::open(&self.files, path, append, self.interrupts.clone())?;
        Ok(Box::new(output))
    }

    /// Writes an error text.
    pub(crate) fn tell(&mut self, text: &str) {
        match self.errors.clone() {
            Errors::Terminal => self.terminal.print(text),
            Errors::Output => self.print(text),
            Errors::To(mut shared) => {
                if shared.write(text.as_bytes()).is_err() {
                    self.terminal.print(text);
                }
            }
        }
    }
}
