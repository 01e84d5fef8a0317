//! Loops, conditions and groups, and what leaves them.

use crate::expand;
use crate::shared::Shared;
use crate::shell::{Leave, Shell};
use crate::syntax::{Control, Step, Word};
use crate::trouble::Trouble;
use alloc::string::String;
use alloc::vec::Vec;

/// Scripts, `$(…)`, loops and conditions that can run inside each other: each takes a part of the
/// stack.
const DEPTH_MAX: u32 = 20;

impl Shell {
    /// Whether the commands that follow do not run: Ctrl-C, `break`, `exit`, or their output is
    /// wanted no more.
    pub(super) fn is_leaving(&self) -> bool {
        self.leaving.is_some()
            || self.interrupts.check().is_err()
            || self.captured.as_ref().is_some_and(Shared::is_closed)
    }

    /// Runs pipelines one level deeper.
    pub(super) fn deeper(&mut self, work: impl FnOnce(&mut Self)) {
        if self.depth >= DEPTH_MAX {
            let why = alloc::format!(
                "more than {DEPTH_MAX} scripts, $(, loops and conditions in each other"
            );
            let status = self.complain("shell", &Trouble::new(why));
            self.leaving = Some(Leave::Exit);
            return self.set_status(status);
        }
        self.depth += 1;
        work(self);
        self.depth -= 1;
    }

    /// Runs what is no loop of those around it.
    pub(super) fn outside_loops(&mut self, work: impl FnOnce(&mut Self)) {
        let loops = core::mem::take(&mut self.loops);
        work(self);
        self.loops = loops;
        if self.leaving == Some(Leave::Exit) {
            self.leaving = None;
        }
    }

    /// Runs a loop, a condition or a group: its status.
    ///
    /// # Errors
    /// When its words become too many.
    pub(super) fn control(&mut self, control: &Control) -> Result<u64, Trouble> {
        match control {
            Control::Group(steps) => self.steps(steps),
            Control::If { branches, otherwise } => self.choose(branches, otherwise),
            Control::While { condition, until, body } => self.repeat(condition, *until, body),
            Control::For { name, words, body } => {
                let words = match words {
                    Some(words) => self.for_words(words)?,
                    None => self.arguments().to_vec(),
                };
                self.for_each(name, words, body)?;
            }
        }
        Ok(self.status())
    }

    fn for_words(&mut self, words: &[Word]) -> Result<Vec<String>, Trouble> {
        let words = self.substituted_words(words)?;
        expand::words(&words, self).map_err(super::call::too_many)
    }

    fn choose(&mut self, branches: &[(Vec<Step>, Vec<Step>)], otherwise: &[Step]) {
        for (condition, body) in branches {
            self.steps(condition);
            if self.is_leaving() {
                return;
            }
            if self.status() == 0 {
                return self.steps(body);
            }
        }
        match otherwise {
            [] => self.set_status(0),
            steps => self.steps(steps),
        }
    }

    fn repeat(&mut self, condition: &[Step], until: bool, body: &[Step]) {
        let mut status = 0;
        self.loops += 1;
        while self.turn(condition) && (self.status() != 0) == until {
            let goes_on = self.turn(body);
            status = self.status();
            if !goes_on {
                break;
            }
        }
        self.loops -= 1;
        if !self.is_leaving() {
            self.set_status(status);
        }
    }

    fn for_each(&mut self, name: &str, words: Vec<String>, body: &[Step]) -> Result<(), Trouble> {
        self.set_status(0);
        self.loops += 1;
        let mut set = Ok(());
        for word in words {
            set = self.set_variable(name, word);
            if set.is_err() || !self.turn(body) {
                break;
            }
        }
        self.loops -= 1;
        set
    }

    /// Runs a part of a loop; whether the loop goes on.
    fn turn(&mut self, steps: &[Step]) -> bool {
        self.steps(steps);
        let (leaving, goes_on) = match self.leaving {
            Some(Leave::Break(loops)) if loops > 1 => (Some(Leave::Break(loops - 1)), false),
            Some(Leave::Continue(loops)) if loops > 1 => (Some(Leave::Continue(loops - 1)), false),
            Some(Leave::Break(_)) => (None, false),
            Some(Leave::Continue(_)) => (None, true),
            other => (other, true),
        };
        self.leaving = leaving;
        goes_on && !self.is_leaving()
    }
}
