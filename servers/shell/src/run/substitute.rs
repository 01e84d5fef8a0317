//! `$(…)`: the output of commands in words.

use crate::shared::Shared;
use crate::shell::Shell;
use crate::stream::{KEPT_MAX, Output};
use crate::sum::sum;
use crate::syntax::{Command, Part, Redirect, Step, Word};
use crate::trouble::Trouble;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;

/// Output that is kept.
#[derive(Clone, Default)]
pub(crate) struct Captured(Rc<RefCell<Vec<u8>>>);

impl Captured {
    /// What was written.
    pub(super) fn take(&self) -> Vec<u8> {
        self.0.take()
    }
}

impl Output for Captured {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let mut kept = self.0.borrow_mut();
        if kept.len().saturating_add(bytes.len()) > KEPT_MAX {
            return Err(Trouble::Named("shell: more than 256 KiB of output cannot be kept".into()));
        }
        kept.extend_from_slice(bytes);
        Ok(())
    }

    fn end(&mut self) -> Result<Option<u64>, Trouble> {
        Ok(None)
    }
}

impl Shell {
    /// A command in which each `$(…)` has run and is its output.
    ///
    /// # Errors
    /// After Ctrl-C; what is wrong with a sum.
    pub(super) fn substituted(&mut self, command: &Command) -> Result<Command, Trouble> {
        let words = self.substituted_words(&command.words)?;
        let control = command.control.clone();
        let mut done = Command { words, control, ..Command::default() };
        for (name, word) in &command.sets {
            done.sets.push((name.clone(), self.one_word(word)?));
        }
        for Redirect { direction, target } in &command.redirects {
            let target = self.one_word(target)?;
            done.redirects.push(Redirect { direction: *direction, target });
        }
        Ok(done)
    }

    /// Words in which each `$(…)` has run and is its output.
    ///
    /// # Errors
    /// After Ctrl-C; what is wrong with a sum.
    pub(super) fn substituted_words(&mut self, words: &[Word]) -> Result<Vec<Word>, Trouble> {
        let mut done = Vec::new();
        for word in words {
            self.substitute(word, true, &mut done)?;
        }
        Ok(done)
    }

    fn one_word(&mut self, word: &Word) -> Result<Word, Trouble> {
        let mut words = Vec::new();
        self.substitute(word, false, &mut words)?;
        Ok(words.pop().unwrap_or_default())
    }

    /// Adds a word; where output that is not quoted becomes several, more than one.
    fn substitute(
        &mut self,
        word: &Word,
        split: bool,
        into: &mut Vec<Word>,
    ) -> Result<(), Trouble> {
        let mut current = Word::default();
        for part in &word.0 {
            let pieces = match part {
                Part::Output { steps, quoted } => {
                    let text = self.output_of(steps)?;
                    match *quoted || !split {
                        true => alloc::vec![text],
                        false => text.split_whitespace().map(String::from).collect(),
                    }
                }
                Part::Variable(name) if name == "@" && split => {
                    if self.arguments().is_empty() {
                        // Not even the empty quotes around it are a word.
                        current.0.retain(|part| *part != Part::Quoted(String::new()));
                    }
                    self.arguments().to_vec()
                }
                Part::Sum(text) => {
                    let value = sum(text, &|name| self.variable(name));
                    alloc::vec![value.map_err(Trouble::Named)?.to_string()]
                }
                part => {
                    current.0.push(part.clone());
                    continue;
                }
            };
            for (place, piece) in pieces.into_iter().enumerate() {
                if place > 0 {
                    into.push(core::mem::take(&mut current));
                }
                current.0.push(Part::Quoted(piece));
            }
        }
        // Output without a word in it is none.
        if !current.0.is_empty() || word.0.is_empty() {
            into.push(current);
        }
        Ok(())
    }

    /// What pipelines write, without the ends of lines at its end.
    fn output_of(&mut self, steps: &[Step]) -> Result<String, Trouble> {
        let captured = Captured::default();
        let shared = Shared::new(Box::new(captured.clone()));
        let before = self.captured.replace(shared);
        self.outside_loops(|shell| shell.steps(steps));
        self.captured = before;
        self.interrupts.check()?;
        Ok(String::from_utf8_lossy(&captured.take()).trim_end_matches('\n').into())
    }
}
