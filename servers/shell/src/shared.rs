//! Output that several commands share, and where error texts go.

use crate::stream::{Dropped, Output};
use crate::trouble::Trouble;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::{Cell, RefCell};

/// Output of several commands, one after the other. It is ended by its owner.
#[derive(Clone)]
pub(crate) struct Shared {
    output: Rc<RefCell<Box<dyn Output>>>,
    closed: Rc<Cell<bool>>,
}

impl Shared {
    /// Shares this.
    pub(crate) fn new(output: Box<dyn Output>) -> Self {
        Self { output: Rc::new(RefCell::new(output)), closed: Rc::default() }
    }

    /// Whether it took no more: then a loop that writes has no reason to go on.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Takes back what is shared; what the others write from now on is dropped.
    pub(crate) fn take_back(&self) -> Box<dyn Output> {
        self.output.replace(Box::new(Dropped))
    }

    /// Ends what is shared.
    ///
    /// # Errors
    /// Those of the output.
    pub(crate) fn finish(&self) -> Result<Option<u64>, Trouble> {
        self.output.borrow_mut().end()
    }
}

impl Output for Shared {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let written = self.output.borrow_mut().write(bytes);
        self.closed.set(self.closed.get() || written.is_err());
        written
    }

    fn pump(&mut self) -> Result<(), Trouble> {
        self.output.borrow_mut().pump()
    }

    fn end(&mut self) -> Result<Option<u64>, Trouble> {
        Ok(None)
    }
}

/// Where error texts go.
#[derive(Clone, Default)]
pub(crate) enum Errors {
    /// To the terminal.
    #[default]
    Terminal,
    /// Where the output of the command goes.
    Output,
    /// To a file, or into the output of a loop.
    To(Shared),
}
