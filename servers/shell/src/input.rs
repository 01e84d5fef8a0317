//! What a command, loop or script reads in place of what is typed.

use crate::shell::Shell;
use crate::sinks::FileInput;
use crate::stream::{KEPT_MAX, NULL};
use crate::trouble::Trouble;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use console_api::ConsoleError;
use core::cell::RefCell;
use service::CallError;

/// A file, or what a command before it has written. Commands that read it one after the other
/// each begin where the one before has ended.
pub(crate) struct Input {
    file: Option<FileInput>,
    read: Vec<u8>,
    used: usize,
}

impl Input {
    /// A file.
    ///
    /// # Errors
    /// [`Trouble::Named`].
    pub(crate) fn of_file(shell: &Shell, path: &str) -> Result<Self, Trouble> {
        if path == NULL {
            return Ok(Self::of_bytes(Vec::new()));
        }
        let file = Some(FileInput::open(shell, path).map_err(Trouble::named)?);
        Ok(Self { file, read: Vec::new(), used: 0 })
    }

    /// These bytes.
    pub(crate) fn of_bytes(read: Vec<u8>) -> Self {
        Self { file: None, read, used: 0 }
    }

    /// The next bytes; none at the end.
    fn piece(&mut self) -> Result<Option<Vec<u8>>, Trouble> {
        if self.used == self.read.len() && !self.fill()? {
            return Ok(None);
        }
        let rest = self.read.split_off(self.used);
        (self.read, self.used) = (Vec::new(), 0);
        Ok(Some(rest))
    }

    /// The next line without its end; none at the end.
    fn line(&mut self) -> Result<Option<String>, Trouble> {
        loop {
            let rest = self.read.get(self.used..).unwrap_or(&[]);
            let end = rest.iter().position(|byte| *byte == b'\n');
            if end.is_none() && rest.len() > KEPT_MAX {
                return Err(Trouble::new("a line is longer than 256 KiB"));
            }
            if end.is_none() && self.fill()? {
                continue;
            }
            let rest = self.read.get(self.used..).unwrap_or(&[]);
            if rest.is_empty() {
                return Ok(None);
            }
            let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest);
            let text = String::from_utf8_lossy(line).into_owned();
            let behind = self.used.saturating_add(line.len()).saturating_add(1);
            self.used = behind.min(self.read.len());
            return Ok(Some(text));
        }
    }

    fn fill(&mut self) -> Result<bool, Trouble> {
        let Some(file) = &mut self.file else { return Ok(false) };
        self.read.drain(..self.used);
        self.used = 0;
        match file.next().map_err(Trouble::named)? {
            Some(piece) => self.read.extend_from_slice(piece),
            None => self.file = None,
        }
        Ok(self.file.is_some())
    }
}

impl Shell {
    /// Runs work that reads this; without any, what was read before.
    pub(crate) fn with_input<T>(
        &mut self,
        input: Option<Input>,
        work: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let Some(input) = input else { return work(self) };
        let before = self.input.replace(Rc::new(RefCell::new(input)));
        let result = work(self);
        self.input = before;
        result
    }

    /// The next line of the input, which may be what is typed; none at its end.
    ///
    /// # Errors
    /// Those of the input, and Ctrl-C.
    pub(crate) fn read_line(&mut self, prompt: &str) -> Result<Option<String>, Trouble> {
        if let Some(input) = self.input.clone() {
            return input.borrow_mut().line();
        }
        match self.terminal.read(prompt) {
            Ok(line) => Ok(Some(line)),
            Err(CallError::Service(ConsoleError::EndOfInput)) => Ok(None),
            Err(CallError::Service(ConsoleError::Interrupted)) => Err(Trouble::Interrupted),
            Err(error) => Err(error.into()),
        }
    }

    /// The next bytes of the input; none at its end.
    ///
    /// # Errors
    /// As for [`Shell::read_line`].
    pub(crate) fn read_piece(&mut self) -> Result<Option<Vec<u8>>, Trouble> {
        match self.input.clone() {
            Some(input) => input.borrow_mut().piece(),
            None => Ok(self.read_line("")?.map(|line| (line + "\n").into_bytes())),
        }
    }
}
