//! `$(…)`: the output of commands in words.

use crate::shell::Shell;
use crate::stream::{KEPT_MAX, Output};
use crate::syntax::{Command, Part, Redirect, Step, Word};
use crate::trouble::Trouble;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::cell::RefCell;

/// Output that is kept.
#[derive(Clone, Default)]
pub(crate) struct Captured(Rc<RefCell<Vec<u8>>>);

impl Output for Captured {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let mut kept = self.0.borrow_mut();
        if kept.len().saturating_add(bytes.len()) > KEPT_MAX {
            return Err(Trouble::new("the output in $( ) is longer than 256 KiB"));
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
    /// After Ctrl-C.
    pub(super) fn substituted(&mut self, command: &Command) -> Result<Command, Trouble> {
        let mut done = Command::default();
        for word in &command.words {
            self.substitute(word, true, &mut done.words)?;
        }
        for (name, word) in &command.sets {
            done.sets.push((name.clone(), self.one_word(word)?));
        }
        for Redirect { direction, target } in &command.redirects {
            let target = self.one_word(target)?;
            done.redirects.push(Redirect { direction: *direction, target });
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
            let Part::Output { steps, quoted } = part else {
                current.0.push(part.clone());
                continue;
            };
            let text = self.output_of(steps)?;
            if *quoted || !split {
                current.0.push(Part::Quoted(text));
                continue;
            }
            for (place, piece) in text.split_whitespace().enumerate() {
                if place > 0 {
                    into.push(core::mem::take(&mut current));
                }
                current.0.push(Part::Quoted(piece.to_string()));
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
        let before = self.captured.replace(captured.clone());
        self.steps(steps);
        self.captured = before;
        self.interrupts.check()?;
        let kept = captured.0.take();
        Ok(String::from_utf8_lossy(&kept).trim_end_matches('\n').into())
    }
}
